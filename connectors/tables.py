"""Tables as spreadsheets and survey systems export them, row by row: which column is which field of an answer."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import chain
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from connectors.base import BadRow
from connectors.errors import Rejected
from connectors.reading import language, moment
from connectors.sheets import Line, lines_of

_LONGEST_ID = 500
_TIME_FORMATS = tuple(
    day + time for day in ("%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y") for time in (" %H:%M:%S", " %H:%M", "")
)
# What a column may be mapped to: fields of a Draft, and fields of its parts.
_PLAIN = frozenset({"source_id", "occurred_at", "score", "reason", "text", "language"})
_PARTS = ("survey", "subject", "person", "client")
_DECIMAL_COMMA = re.compile(r"-?[0-9]+,[0-9]+")  # as spreadsheets write numbers in most of Europe
_PART = re.compile(rf"({'|'.join(_PARTS)})\.[a-z_]{{1,40}}")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as a spreadsheet counts, the id of its answer, and its fields, those of parts nested."""

    number: int
    source_id: str
    fields: dict[str, Any] = field(repr=False)


class Table(BaseModel):
    """How a table is written. What is not set is found out from the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    encoding: str | None = Field(None, description="Such as 'cp1250'; by default UTF-8 or UTF-16, else Windows-1252")
    separator: str | None = Field(
        None, description="One character; by default the commonest in the header", max_length=1
    )
    time_formats: tuple[str, ...] = Field(
        _TIME_FORMATS,
        description="Ways a time may be written beside ISO 8601 (strptime); local time of the source",
    )
    header: tuple[str, ...] = Field(
        (), description="Names of the columns in order, where the file has no header; a row of just these is left out"
    )
    key_columns: tuple[str, ...] = Field(
        (), description="Columns that together tell rows apart, where the export has no id"
    )

    @field_validator("encoding")
    @classmethod
    def _known(cls, encoding: str | None) -> str | None:
        try:
            return encoding and codecs.lookup(encoding).name
        except LookupError:
            raise ValueError("there is no such encoding") from None

    def check_columns(self, columns: Mapping[str, str]) -> None:
        """ValueError where a column is mapped to something that an answer does not have."""
        for name in columns:
            if name not in _PLAIN and not _PART.fullmatch(name):
                raise ValueError(f"columns: an answer has no field {name}")

    def rows(
        self,
        content: bytes,
        columns: Mapping[str, str],
        *,
        ids_needed: bool = True,
        usual_header: Sequence[str] = (),
    ) -> Iterator[Row | BadRow]:
        """The rows of a file under its header. `columns` says which column a field of the answer comes from.

        `usual_header` is that of a system whose files have none, for where neither they nor `header` name the columns.

        An answer's id is that of its column, else the key columns', else a hash of the whole row and the how-manieth
        of equal rows it is: so the same export again gives the same ids. Where a column holds ids, a row must have one
        if they are needed.

        Raises:
            Rejected: 400, not in the encoding, without a header, or without a column that is mapped or a key.
        """
        header, lines = self._under_header(lines_of(content, self.encoding, self.separator), columns, usual_header)
        # An export may leave out a column that it has nothing for, but not what tells rows apart.
        if not set(self.key_columns) <= set(header):
            raise Rejected(400, "the file lacks one of the key_columns")
        ids_needed = ids_needed and "source_id" in columns and not self.key_columns
        if ids_needed and columns["source_id"] not in header:
            raise Rejected(400, "the file lacks the column that is mapped to source_id")
        if not any(column in header for column in columns.values()):
            raise Rejected(400, "the file has none of the columns that are mapped")
        seen: Counter[str] = Counter()
        for number, cells in lines:
            if isinstance(cells, str):
                content = self._file_of(header) + cells.encode(self.encoding or "utf-8", "replace")
                yield BadRow(number, f"row {number}: it cannot be read", content)
            elif any(cell.strip() for cell in cells) and not (self.header and [*map(str.strip, cells)] == header):
                yield self._row(number, header, cells, columns, None if ids_needed else seen)

    def _under_header(
        self, lines: Iterator[Line], columns: Mapping[str, str], usual: Sequence[str]
    ) -> tuple[list[str], Iterator[Line]]:
        """The names of the columns, and what stands beneath them."""
        if self.header:
            return [name.strip() for name in self.header], lines
        number, cells = _first(lines)
        names = [name.strip() for name in cells]
        if usual and set(names).isdisjoint(columns.values()):
            return [*usual], chain([(number, cells)], lines)
        return names, lines

    def _row(
        self, number: int, header: list[str], cells: list[str], columns: Mapping[str, str], seen: Counter[str] | None
    ) -> Row | BadRow:
        def bad(reason: str) -> BadRow:
            return BadRow(number, f"row {number}: {reason}", self._file_of(header, cells))

        if any(cell.strip() for cell in cells[len(header) :]):
            return bad("more cells than the header has columns")
        by_column = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        given: dict[str, Any] = {name: by_column.get(column, "") for name, column in columns.items()}
        if given.get("occurred_at"):
            time = self.time(given["occurred_at"])
            if time is None:
                # Not only noted: a wrong format would put a whole export at the time of its import.
                return bad("occurred_at is in none of the time_formats")
            given["occurred_at"] = time
        if "language" in given:
            given["language"] = language(given, "language")
        source_id = given.pop("source_id", "")
        if self.key_columns:
            keys = [by_column.get(column, "") for column in self.key_columns]
            source_id = _digest(keys) if any(keys) else ""
        elif not source_id and seen is not None:
            row = _digest(cells)
            seen[row] += 1
            source_id = f"{row}-{seen[row]}"
        if not 1 <= len(source_id) <= _LONGEST_ID:
            return bad(f"the id is not 1 to {_LONGEST_ID} characters")
        return Row(number, source_id, _nested(given))

    def _file_of(self, header: list[str], *rows: list[str]) -> bytes:
        """A file of these rows that this table reads: one row can be taken in by itself once it is mended."""
        written = io.StringIO()
        csv.writer(written, delimiter=self.separator or ",").writerows(rows if self.header else (header, *rows))
        return written.getvalue().encode(self.encoding or "utf-8", "replace")

    def time(self, written: str) -> datetime | None:
        """A time that is written in one of the ways that this table knows; None where it is none."""
        try:
            return datetime.fromisoformat(written)
        except ValueError:
            pass
        for time_format in self.time_formats:
            try:
                return datetime.strptime(written, time_format)  # noqa: DTZ007 (the source's zone is added later)
            except ValueError:
                continue
        seconds = moment([written], 0)  # Unix seconds, which exports as JSON hold
        return seconds if isinstance(seconds, datetime) else None


def number(written: str) -> str:
    """A number as JSON has it, where a spreadsheet of most of Europe wrote it with a comma; other text as it is."""
    return written.replace(",", ".") if _DECIMAL_COMMA.fullmatch(written) else written


def _first(lines: Iterator[Line]) -> tuple[int, list[str]]:
    """The first row that can be read and holds something, and its number; Rejected (400) where there is none."""
    for number, cells in lines:
        if isinstance(cells, list) and any(cell.strip() for cell in cells):
            return number, cells
    raise Rejected(400, "the file is empty")


def _nested(given: Mapping[str, Any]) -> dict[str, Any]:
    """`{'subject.service': 'x'}` as `{'subject': {'service': 'x'}}`, without what is empty."""
    nested: dict[str, Any] = {}
    for name, value in given.items():
        head, _, last = name.rpartition(".")
        if value != "":
            (nested.setdefault(head, {}) if head else nested)[last] = value
    return nested


def _digest(cells: list[str]) -> str:
    return sha256(json.dumps(cells).encode()).hexdigest()[:32]
