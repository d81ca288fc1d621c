"""HTML as mail programs write it, as the plain text a reader sees, with its quotes and signatures marked as in text.

A `blockquote` becomes lines that start with '>', and a signature that a program marked as one gets the line '-- '
before it, so that one set of rules (`connectors/email/reply.py`) cuts both kinds of mail.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

_MAX_CHARACTERS = 1_000_000
# The parser's time grows with the square of how deep tags are nested: 10,000 of them take a quarter of a second.
_MAX_TAGS = 10_000
_UNSEEN = frozenset({"script", "style", "head", "title", "template", "noscript", "object", "svg", "math"})
_BLOCKS = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
    }
)
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote"})
_SIGNATURE = re.compile(
    r"(?:gmail_signature|moz-signature|ms-outlook-mobile-signature|^x?_?signature)\b", re.IGNORECASE
)
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_INDENTED = re.compile(r"border\s*:\s*(?:none|0)", re.IGNORECASE)  # Gmail's button for indenting, which quotes nobody


def html_to_text(html: str) -> str:
    """The text of a page, a line a line. Looks at the first million characters and ten thousand tags."""
    html = "<".join(html[:_MAX_CHARACTERS].split("<", _MAX_TAGS)[:_MAX_TAGS])
    root = LexborHTMLParser(html).root
    writer = _Writer()
    node = root
    while node is not None:
        if writer.open(node) and node.child is not None:
            node = node.child
            continue
        writer.close(node)
        while node is not None and node.next is None:
            node = node.parent
            if node is not None:
                writer.close(node)
        node = node.next if node is not None else None
    return writer.text()


class _Writer:
    """Collects lines while the tree is walked; recursion would end at the depth a sender chooses."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line = ""
        self._quoted = 0
        self._verbatim = 0

    def open(self, node: LexborNode) -> bool:
        """Whether to look into the node."""
        tag = node.tag or ""
        if tag == "-text":
            self._add(node.text_content or "")
            return False
        if tag.startswith(("-", "!")) and tag != "-document":
            return False
        if tag in _UNSEEN or (node.attributes and _HIDDEN.search(node.attributes.get("style") or "")):
            return False
        if tag == "br":
            self._break()
        elif tag in _BLOCKS:
            self._end_line()
        if tag in _PARAGRAPHS:
            self._blank_line()
        if tag == "li":
            self._line = "- "
        elif tag in ("td", "th") and self._line.strip():
            self._line += " "
        if _is_quote(node):
            self._quoted += 1
        elif tag == "pre":
            self._verbatim += 1
        elif _is_signature(node):
            self._end_line()
            self._lines.append(self._prefix() + "-- ")
        return True

    def close(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag in _BLOCKS:
            self._end_line()
        if _is_quote(node):
            self._quoted -= 1
        elif tag == "pre":
            self._verbatim -= 1
        if tag in _PARAGRAPHS:
            self._blank_line()

    def text(self) -> str:
        self._end_line()
        return "\n".join(self._lines).strip("\n")

    def _add(self, text: str) -> None:
        if self._verbatim:
            first, *others = text.split("\n")
            self._line += first
            for other in others:
                self._break()
                self._line = other
            return
        text = re.sub(r"[ \t\r\n\f]+", " ", text)
        self._line += text[1:] if text.startswith(" ") and (not self._line or self._line.endswith(" ")) else text

    def _prefix(self) -> str:
        return "> " * min(self._quoted, 5)

    def _break(self) -> None:
        self._lines.append(self._prefix() + self._line.rstrip())
        self._line = ""

    def _end_line(self) -> None:
        if self._line.strip():
            self._break()
        self._line = ""

    def _blank_line(self) -> None:
        if self._lines and self._lines[-1].strip("> "):
            self._lines.append(self._prefix().rstrip())


def _is_quote(node: LexborNode) -> bool:
    return node.tag == "blockquote" and not _INDENTED.search((node.attributes or {}).get("style") or "")


def _is_signature(node: LexborNode) -> bool:
    attributes = node.attributes or {}
    return any(_SIGNATURE.search(attributes.get(name) or "") for name in ("class", "id"))
