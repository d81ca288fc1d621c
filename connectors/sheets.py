"""The rows of a file as text, however it was exported: CSV in any encoding and with any separator, Excel, JSON Lines.

Excel is read by calamine, .xls and .ods as well as .xlsx; of a workbook the first sheet.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from python_calamine import CalamineWorkbook

from connectors.base import json_of
from connectors.errors import Rejected

Line = tuple[int, list[str] | str]
"""Number of a row as a spreadsheet counts, and its cells; or its text, where it cannot be read."""

JSON_BEGINS: Final = re.compile(r'\s*(\{\s*"|\[\s*\{)')
"""How the text of a file begins that is JSON Lines, or a list of objects."""

_SEPARATORS: Final = ";,\t|"
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MOST_UNZIPPED: Final = 512 * 1024 * 1024
_DEEPEST: Final = 3


def lines_of(content: bytes, encoding: str | None = None, separator: str | None = None) -> Iterator[Line]:
    """The rows of a file, the header first. For JSON Lines the header is made of all keys, inner ones with a dot.

    Raises:
        Rejected: 400, it is a workbook that cannot be read, or not in the encoding that it is said to be in.
    """
    if content.startswith((_ZIP, _OLE)):
        return _workbook(content)
    text = decoded(content, encoding)
    if JSON_BEGINS.match(text):
        return _json_lines(text)
    return _csv(text, separator)


def _workbook(content: bytes) -> Iterator[Line]:
    try:
        if content.startswith(_ZIP):
            with zipfile.ZipFile(io.BytesIO(content)) as unzipped:
                if sum(entry.file_size for entry in unzipped.infolist()) > _MOST_UNZIPPED:
                    raise Rejected(400, "the workbook is too large")
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as workbook:
            rows = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except Rejected:
        raise
    except BaseException as error:  # a panic of the library is no Exception
        if isinstance(error, (KeyboardInterrupt, SystemExit, MemoryError)):
            raise
        raise Rejected(400, "the file is no workbook that can be read") from None
    return ((number, [_cell(value) for value in row]) for number, row in enumerate(rows, start=1))


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value.total_seconds())
    return str(value)


def _json_lines(text: str) -> Iterator[Line]:
    """JSON Lines, or one JSON array of objects, which some exports are instead."""
    numbered: list[tuple[int, dict[str, str] | str]] = []
    header: dict[str, None] = {}
    for number, told in enumerate(_values(text), start=1):
        row = _flat(told) if isinstance(told, dict) else told if isinstance(told, str) else json.dumps(told)
        if isinstance(row, dict):
            header.update(dict.fromkeys(row))
        numbered.append((number, row))
    yield 0, list(header)
    for number, row in numbered:
        yield number, row if isinstance(row, str) else [row.get(name, "") for name in header]


def _values(text: str) -> Iterator[Any]:
    """Each object; where a line is none, its text. A file may also be one object or list, over several lines."""
    if text.lstrip().startswith("["):
        told = json_of(text.encode())
        yield from told
        return
    if re.match(r"\s*\{\s*\n", text):
        yield json_of(text.encode())
        return
    for line in text.splitlines():
        if line.strip():
            try:
                yield json_of(line.encode())
            except Rejected:
                yield line


def _flat(told: Mapping[str, Any], before: str = "", depth: int = 0) -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in told.items():
        if isinstance(value, dict) and depth < _DEEPEST:
            flat |= _flat(value, f"{before}{name}.", depth + 1)
        elif value is not None:
            flat[before + name] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return flat


def _csv(text: str, separator: str | None) -> Iterator[Line]:
    """Numbers count rows, not lines: a quoted cell may hold several lines."""
    marked = re.match(r"sep=(.)\r?\n", text)  # how Excel marks its separator
    number = 1 if marked else 0
    text = text[marked.end() :] if marked else text
    separator = separator or (marked[1] if marked else _likely_separator(text))
    read: list[str] = []

    def lines() -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            read.append(line)
            yield line

    # Strict: a quote that is not closed would else swallow the rows behind it without a word.
    reader = csv.reader(lines(), delimiter=separator, strict=True)
    while True:
        number += 1
        read.clear()
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield number, "".join(read)


def decoded(content: bytes, encoding: str | None = None) -> str:
    """The text of a file: in this encoding, else the one its first bytes tell, else UTF-8 or Windows-1252.

    Raises:
        Rejected: 400, it is not in the encoding that it is said to be in.
    """
    if encoding is None:
        encoding = next((name for bom, name in _BOMS if content.startswith(bom)), None)
    try:
        return content.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        if encoding is None:
            return content.decode("cp1252", "replace")
        raise Rejected(400, f"the file is not in the encoding {encoding}") from None


def _likely_separator(text: str) -> str:
    header = re.sub(r'"[^"]*"', "", text.partition("\n")[0])
    return max(_SEPARATORS, key=header.count)
