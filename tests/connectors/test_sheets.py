from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from connectors import sheets
from connectors.errors import Rejected
from connectors.sheets import lines_of


def workbook(*rows: list[Any]) -> bytes:
    book, written = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.create_sheet("another").append(["not", "this"])
    book.save(written)
    return written.getvalue()


def test_a_workbook_is_its_first_sheet_as_text() -> None:
    content = workbook(
        ["id", "when", "day", "score", "mean", "yes", "words"],
        [17, datetime(2026, 10, 25, 2, 30), date(2026, 3, 29), 5, 4.5, True, "Zażółć; gęślą"],  # noqa: DTZ001
        [],
        [18, None, None, None, None, None, None],
    )
    assert list(lines_of(content)) == [
        (1, ["id", "when", "day", "score", "mean", "yes", "words"]),
        (2, ["17", "2026-10-25T02:30:00", "2026-03-29", "5", "4.5", "true", "Zażółć; gęślą"]),
        (3, [""] * 7),
        (4, ["18"] + [""] * 6),
    ]


@pytest.mark.parametrize("cut", [10, 500, 2000, -1])
def test_a_broken_workbook_is_refused(cut: int) -> None:
    with pytest.raises(Rejected, match="no workbook"):
        list(lines_of(workbook(["a"])[:cut]))


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "_MOST_UNZIPPED", 1_000)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"\0" * 10_000)
    with pytest.raises(Rejected, match="too large"):
        list(lines_of(packed.getvalue()))


def test_json_lines_are_rows_under_all_their_keys() -> None:
    content = '{"id": 1, "subject": {"case_number": "Z-1"}, "tags": ["a"]}\n\nnonsense\n{"id": 2, "text": "på"}\n'
    assert list(lines_of(content.encode())) == [
        (0, ["id", "subject.case_number", "tags", "text"]),
        (1, ["1", "Z-1", '["a"]', ""]),
        (2, "nonsense"),
        (3, ["2", "", "", "på"]),
    ]


def test_a_json_array_is_rows_too() -> None:
    assert list(lines_of(b'[{"id": 1}, {"id": 2}, 3]')) == [(0, ["id"]), (1, ["1"]), (2, ["2"]), (3, "3")]


@given(
    st.binary(max_size=200)
    | st.binary(max_size=200).map(lambda tail: b"PK\x03\x04" + tail)
    | st.text(alphabet='[{"a:1}],\n', max_size=60).map(str.encode)
)
def test_no_bytes_whatever_throw(content: bytes) -> None:
    with suppress(Rejected):
        list(lines_of(content))
