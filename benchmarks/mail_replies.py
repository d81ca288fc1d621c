"""How well the citizen's new words are found in mails: our rules, and libraries where they are installed.

    .venv/bin/python -m benchmarks.mail_replies

over the labelled mails of tests/data/mails (invented, in the layouts of the usual mail programs; five languages). Each
sees the same text. `exact` counts mails whose words come out as labelled, white space aside; `lost` those in which a
word of the citizen is missing, which is the worse fault; `kept` those in which a word of somebody else is left. To
compare, install mail-parser-reply, email-reply-parser, quotequail or unquotemail beside ours.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from connectors.email.message import read
from connectors.email.reply import new_words

MAILS = Path(__file__).parents[1] / "tests" / "data" / "mails"
LANGUAGES = ["nl", "en", "pl", "sv", "da"]  # of mail-parser-reply; it has no Norwegian and no Finnish

Cut = Callable[[str], str]


def mail_parser_reply() -> Cut:
    parser = import_module("mailparser_reply").EmailReplyParser(languages=LANGUAGES)
    return lambda text: parser.read(text).replies[0].body or ""


def email_reply_parser() -> Cut:
    parser = import_module("email_reply_parser").EmailReplyParser
    return lambda text: parser.parse_reply(text) or ""


def quotequail() -> Cut:
    quote = import_module("quotequail").quote
    return lambda text: "\n".join(part for expanded, part in quote(text) if expanded)


def unquotemail() -> Cut:
    unquote = import_module("unquotemail").Unquote
    return lambda text: unquote(None, text).get_text() or ""


def main() -> None:
    labels: dict[str, str] = json.loads((MAILS / "words.json").read_text())
    texts = {name: read((MAILS / f"{name}.eml").read_bytes()).text for name in labels}
    cutters: dict[str, Cut] = {"ours": new_words, "nothing cut": str}
    for make in (mail_parser_reply, email_reply_parser, quotequail, unquotemail):
        with suppress(ImportError):
            cutters[make.__name__.replace("_", "-")] = make()
    print(f"{len(labels)} mails{'':14}  exact   lost   kept   ms/mail")
    for name, cut in cutters.items():
        start = time.perf_counter()
        cuts = {mail: cut(text) for mail, text in texts.items()}
        took = (time.perf_counter() - start) / len(texts) * 1000
        counts = Counter[str]()
        for mail, label in labels.items():
            expected, found = Counter(label.split()), Counter(cuts[mail].split())
            counts["exact"] += label.split() == cuts[mail].split()
            counts["lost"] += bool(expected - found)
            counts["kept"] += bool(found - expected)
        print(f"{name:22} {counts['exact']:6} {counts['lost']:6} {counts['kept']:6} {took:9.2f}")


if __name__ == "__main__":
    main()
