"""Forms as they are posted, in both encodings: fields as bytes, and files (RFC 7578)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from connectors.base import Request
from connectors.errors import Rejected

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MULTIPART = "multipart/form-data"
_MOST_PARTS = 500
_LONGEST_HEADERS = 8_192


@dataclass(frozen=True, slots=True)
class FormPart:
    """A field, or a file where `is_file`. `content_type` is as it came, with parameters, empty where there is none."""

    name: str
    content: bytes = field(repr=False)
    content_type: str = ""
    is_file: bool = False

    @property
    def text(self) -> str:
        """The content as UTF-8, which forms are in unless they say otherwise."""
        return self.content.decode("utf-8", "replace")


def form_parts(request: Request) -> list[FormPart]:
    """Fields and files of a form, in order. Rejected (400) where the body is no whole form of at most 500 parts."""
    if request.media_type != MULTIPART:
        return [FormPart(name, value.encode("utf-8", "replace")) for name, value in request.form_fields]
    _, options = parse_options_header(request.headers.get("content-type", ""))
    collector = _Collector()
    try:
        parser = MultipartParser(options.get(b"boundary", b""), collector.callbacks())
        parser.write(request.body)
        parser.finalize()
    except (FormParserError, ValueError):
        raise Rejected(400, "the body is not multipart/form-data") from None
    if not collector.ended:
        raise Rejected(400, "the form ends in the middle")
    return collector.parts


class _Collector:
    """Takes what the parser finds, within bounds."""

    def __init__(self) -> None:
        self.parts: list[FormPart] = []
        self.ended = False
        self._headers: dict[bytes, bytes] = {}
        self._name = self._value = b""
        self._chunks: list[bytes] = []

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        if len(self.parts) >= _MOST_PARTS:
            raise Rejected(400, "more form fields than are read")
        self._headers, self._chunks = {}, []

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name = self._bounded(self._name + data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value = self._bounded(self._value + data[start:end])

    def _header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._chunks.append(data[start:end])

    def _end(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self.parts.append(
            FormPart(
                name=options.get(b"name", b"").decode("utf-8", "replace"),
                content=b"".join(self._chunks),
                content_type=self._headers.get(b"content-type", b"").decode("latin-1"),
                is_file=b"filename" in options,
            )
        )

    def _finish(self) -> None:
        self.ended = True

    def _bounded(self, header: bytes) -> bytes:
        if len(header) > _LONGEST_HEADERS:
            raise Rejected(400, "a header of the form is too long")
        return header
