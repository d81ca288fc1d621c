"""The page an answer is about: its address without what could name a person."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from pipelines.personal_data import Scrubber

# What stands for blanks in a path: /contact/mevrouw-jansen, /dorpsstraat/12.
_JOINTS = re.compile(r"[-_+./]+")
_MOST_ROUNDS = 10

_Piece = tuple[str, tuple[str, ...]]
"""A part of an address, and the contact details of who gave the address."""


def cut_many(
    urls: Sequence[str],
    parameters: Collection[str],
    scrubber: Scrubber,
    contacts: Sequence[Sequence[str]] | None = None,
) -> list[str]:
    """Scheme, host and path of each URL, and those of its parameters that are in `parameters`; the rest is gone.

    User information, port and fragment go too. Host, path and values are scrubbed as they are and as the words that
    they would be with blanks. What is no address of the web is scrubbed as text, up to its parameters. `contacts` are
    the contact details that came with each URL.
    """
    given = [tuple(details) for details in contacts] if contacts else [()] * len(urls)
    pages = [(_page(url, parameters), details) for url, details in zip(urls, given, strict=True)]
    clean = _cleaned(((piece, details) for page, details in pages for piece in page.pieces()), scrubber)
    # Street and number may stand in two segments.
    paths = ["/".join([clean[segment, details] for segment in page.segments]) for page, details in pages]
    clean |= _cleaned(((path, details) for path, (_, details) in zip(paths, pages, strict=True)), scrubber)
    return [
        page.written(
            clean[page.host, details], clean[path, details], [clean[value, details] for _, value in page.pairs]
        )
        for path, (page, details) in zip(paths, pages, strict=True)
    ]


class _Page(NamedTuple):
    """What is kept of a URL, decoded. What is no address of the web is one segment."""

    is_address: bool
    scheme: str
    host: str
    segments: Sequence[str]
    pairs: Sequence[tuple[str, str]]

    def pieces(self) -> Iterator[str]:
        """All that is scrubbed of it."""
        yield self.host
        yield from self.segments
        for _, value in self.pairs:
            yield value

    def written(self, host: str, path: str, values: Sequence[str]) -> str:
        """The URL, of its scrubbed parts."""
        if not self.is_address:
            return path
        if not path.startswith("/"):
            path = f"/{path.strip()}" if path else ""
        scheme = f"{self.scheme}://" if self.scheme else "//"
        origin = f"{scheme}{host}" if self.host else ""
        query = "&".join(f"{name}={_quoted(value)}" for (name, _), value in zip(self.pairs, values, strict=True))
        return f"{origin}{_quoted(path)}" + (f"?{query}" if query else "")


def _page(url: str, parameters: Collection[str]) -> _Page:
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
        pairs = [(name, value) for name, value in parse_qsl(parts.query, max_num_fields=200) if name in parameters]
    except ValueError:
        return _text(url)
    # Another scheme could be anyone's name: jan.jansen://
    if parts.scheme not in ("", "http", "https") or (not host and not parts.path.startswith("/")):
        return _text(url)
    segments = [_decoded(segment) for segment in parts.path.split("/")]
    return _Page(True, parts.scheme, _decoded(host), segments, [(name, _decoded(value)) for name, value in pairs])


def _text(url: str) -> _Page:
    return _Page(False, "", "", [_decoded(re.split("[?#]", url)[0])], [])


def _decoded(text: str) -> str:
    """Without percent signs of any round of encoding: a link that was encoded twice still holds its address."""
    for _ in range(_MOST_ROUNDS):
        plain = unquote(text)
        if plain == text:
            return text
        text = plain
    return ""  # nobody's link; what it hides is not worth finding out


def _cleaned(pieces: Iterable[_Piece], scrubber: Scrubber) -> dict[_Piece, str]:
    """Each distinct piece scrubbed; where only its words with blanks show something, those words, scrubbed."""
    distinct = list(dict.fromkeys(pieces))
    contacts = [details for _, details in distinct]
    as_is = [found.text for found in scrubber.scrub_all([text for text, _ in distinct], contacts=contacts)]
    as_words = scrubber.scrub_all([_JOINTS.sub(" ", text) for text in as_is], contacts=contacts)
    return {
        piece: words.text if words.spans else text for piece, text, words in zip(distinct, as_is, as_words, strict=True)
    }


def _quoted(part: str) -> str:
    return quote(part, safe="/[]@:!$'()*,;~-_.")
