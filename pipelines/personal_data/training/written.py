"""Comments written by hand for training, with their names drawn anew: what people say around names, and what they say
without any, that no template has.

A line of `comments/*.jsonl` is `{"lang", "text", "names": [[start, end], …]}`: every person is invented, and other
personal data are DATUM characters.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

COMMENTS: Final = Path(__file__).with_name("comments")
ANEW: Final = {"nl": 0.6, "en": 0.6, "nb": 0.6, "pl": 0.3, "fi": 0.3}
"""How often a name is drawn anew: less where its form says what its place in the sentence is."""


class Written(NamedTuple):
    """A comment and the spans of its names, in order."""

    text: str
    names: list[tuple[int, int]]


@cache
def written(folder: Path = COMMENTS) -> dict[str, list[Written]]:
    """The comments by language."""
    found = defaultdict(list)
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            comment = json.loads(line)
            found[comment["lang"]].append(Written(comment["text"], [(start, end) for start, end in comment["names"]]))
    return dict(found)


def with_names(comment: Written, another: Callable[[str], str]) -> tuple[str, list[tuple[int, int]]]:
    """The comment with other names, and their spans. `another` gives the name to be put for one."""
    text, spans, at = "", [], 0
    for start, end in comment.names:
        text += comment.text[at:start]
        name = another(comment.text[start:end])
        spans.append((len(text), len(text) + len(name)))
        text += name
        at = end
    return text + comment.text[at:], spans
