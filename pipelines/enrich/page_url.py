"""The page an answer is about: its address without what could name a person."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from pipelines.personal_data import Scrubber

# What stands for blanks in a path: /contact/mevrouw-jansen, /dorpsstraat/12.
_JOINTS = re.compile(r"[-_+./]+")
_MOST_ROUNDS = 10


def cut(url: str, parameters: Collection[str], scrubber: Scrubber, contacts: Sequence[str] = ()) -> str:
    """Scheme, host and path of `url`, and those of its parameters that are in `parameters`; the rest is gone.

    User information, port and fragment go too. Host, path and values are scrubbed as they are and as the words that
    they would be with blanks. What is no address of the web is scrubbed as text, up to its parameters.
    """
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
        pairs = [(name, value) for name, value in parse_qsl(parts.query, max_num_fields=200) if name in parameters]
    except ValueError:
        return _as_text(url, scrubber, contacts)
    # Another scheme could be anyone's name: jan.jansen://
    if parts.scheme not in ("", "http", "https") or (not host and not parts.path.startswith("/")):
        return _as_text(url, scrubber, contacts)
    path = "/".join(_clean(_decoded(segment), scrubber, contacts) for segment in parts.path.split("/"))
    # Street and number may stand in two segments.
    path = _clean(path, scrubber, contacts)
    if not path.startswith("/"):
        path = f"/{path.strip()}" if path else ""
    scheme = f"{parts.scheme}://" if parts.scheme else "//"
    origin = f"{scheme}{_clean(_decoded(host), scrubber, contacts)}" if host else ""
    query = "&".join(f"{name}={_quoted(_clean(_decoded(value), scrubber, contacts))}" for name, value in pairs)
    return f"{origin}{_quoted(path)}" + (f"?{query}" if query else "")


def _as_text(url: str, scrubber: Scrubber, contacts: Sequence[str]) -> str:
    return _clean(_decoded(re.split("[?#]", url)[0]), scrubber, contacts)


def _decoded(text: str) -> str:
    """Without percent signs of any round of encoding: a link that was encoded twice still holds its address."""
    for _ in range(_MOST_ROUNDS):
        plain = unquote(text)
        if plain == text:
            return text
        text = plain
    return ""  # nobody's link; what it hides is not worth finding out


def _clean(text: str, scrubber: Scrubber, contacts: Sequence[str]) -> str:
    """The text scrubbed; where only its words with blanks show something, those words, scrubbed."""
    as_is = scrubber.scrub(text, contacts=contacts).text
    words = _JOINTS.sub(" ", as_is)
    as_words = scrubber.scrub(words, contacts=contacts)
    return as_words.text if as_words.spans else as_is


def _quoted(part: str) -> str:
    return quote(part, safe="/[]@:!$'()*,;~-_.")
