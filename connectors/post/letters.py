"""Letters that were scanned: the text that OCR read, as JSON Lines with what is known of each, or as text files.

JSON Lines (or CSV, or Excel) have a letter a row; `columns` says which field is which. A file that is neither is one
letter in plain text. It may begin with lines `name: value`, of the names that `columns` knows, and an empty line:

    id: 2026-000123
    date: 2026-11-01
    case_number: Z2026-00012345

    Geachte gemeente, …

Without an id a letter is known by a hash of its words or of its row, so the same file again is the same letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from connectors.base import BadRow, Draft, File, Ignored, Question, Source
from connectors.errors import Rejected
from connectors.reading import dumped, present
from connectors.sheets import JSON_BEGINS, decoded
from connectors.tables import Table
from schemas.feedback import Channel

_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_HEADER = re.compile(r"\s*([\w .-]{1,40}?)\s*:\s*(.*)")


class Letters(File):
    """Settings of a place where scanned letters are put."""

    channel: ClassVar[Channel] = Channel.POST
    documentation: ClassVar[str] = "https://jsonlines.org"

    columns: dict[str, str] = Field(
        {
            "source_id": "id",
            "occurred_at": "date",
            "text": "text",
            "language": "language",
            "subject.case_number": "case_number",
            "subject.service": "service",
            "subject.department": "department",
        },
        description="Field of the answer → field of the JSON Lines, column of the table, or name in a text file",
    )
    table: Table = Field(Table(), description="How a table is written; the encoding and time_formats of text files too")
    asks: Question = Field(Question(), description="The question, where letters answer one (columns may map a score)")
    survey: str | None = Field(None, description="Id of the survey")

    @model_validator(mode="after")
    def _columns_are_fields(self) -> Self:
        self.table.check_columns(self.columns)
        if "text" not in self.columns:
            raise ValueError("columns: say which field is the text")
        return self

    def parse_rows(self, content: bytes, source: Source, now: datetime) -> Iterator[Draft | Ignored | BadRow]:
        if not content.startswith(_WORKBOOKS):
            text = decoded(content, self.table.encoding)
            if not JSON_BEGINS.match(text) and not self._is_table(text):
                content = self._row_of(text)
        for row in self.table.rows(content, self.columns, ids_needed=False):
            yield row if isinstance(row, BadRow) else self._item(row.source_id, dict(row.fields), source)

    def _is_table(self, text: str) -> bool:
        """Whether its first line is a header: names of columns, and the one of the text among them."""
        first = re.split(r"[;,\t|]", text.lstrip("\ufeff").lstrip().partition("\n")[0])
        names = [name.strip().strip('"') for name in first]
        return len(names) > 1 and self.columns["text"] in names

    def _row_of(self, letter: str) -> bytes:
        """A letter in plain text as a line of JSON Lines."""
        if not letter.strip():
            raise Rejected(400, "the file is empty")
        by_name = {column.lower(): column for name, column in self.columns.items() if name != "text"}
        words = letter.replace("\f", "\n").replace("\r\n", "\n").strip()
        begin, _, rest = words.partition("\n\n")
        headers = [_HEADER.fullmatch(line) for line in begin.split("\n")]
        row: dict[str, str] = {}
        if all(header and header[1].lower() in by_name for header in headers):
            row = {by_name[header[1].lower()]: header[2] for header in headers if header}
            words = rest.strip()
        row[self.columns["text"]] = words
        if id_column := self.columns.get("source_id"):
            row.setdefault(id_column, sha256(words.encode()).hexdigest()[:32])
        return dumped(row)

    def _item(self, source_id: str, given: dict[str, Any], source: Source) -> Draft | Ignored:
        told = {name: given.pop(name, None) for name in ("score", "reason", "text")}
        if not any(told.values()):
            return Ignored("a letter without words")
        language, survey = given.pop("language", None) or source.language, given.pop("survey", None)
        return Draft(
            source_id=source_id,
            answers=[self.asks.answer(**told)],
            language=language,
            survey=survey or present(id=self.survey),
            **given,
        )
