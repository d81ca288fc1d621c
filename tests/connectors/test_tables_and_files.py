"""Files: rows as spreadsheets write them, bad rows kept with their number, the same rows the same answers."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from connectors.base import BadRow, Draft, Source, finish
from connectors.errors import Misconfigured, Rejected
from connectors.registry import configured
from connectors.tables import Row, Table
from connectors.web.govmetric import GovMetric
from schemas.feedback import Channel

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)
SOURCE = Source("waterdam", "smileys", "govmetric", Channel.SURVEY_LINK)
COLUMNS = {"source_id": "id", "text": "words", "subject.service": "service"}


def rows(content: bytes, columns: dict[str, str] = COLUMNS, **settings: Any) -> list[Row | BadRow]:
    return list(Table(**settings).rows(content, columns))


def told(content: bytes, **settings: Any) -> list[tuple[int, str, dict[str, Any]] | int]:
    return [
        (row.number, row.source_id, row.fields) if isinstance(row, Row) else row.row
        for row in rows(content, **settings)
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"id;words;service\n1;a, b;x\n",
        b"id\twords\tservice\r\n1\ta, b\tx\r\n",
        b'id,words,service\n1,"a, b",x\n',
        b"\xef\xbb\xbfid;words;service\n1;a, b;x",
        "id;words;service\n1;a, b;x".encode("utf-16"),
        b"sep=|\r\nid|words|service\r\n1|a, b|x\r\n",
    ],
)
def test_a_table_is_read_however_it_was_written(content: bytes) -> None:
    number = 3 if content.startswith(b"sep") else 2
    assert told(content) == [(number, "1", {"text": "a, b", "subject": {"service": "x"}})]


def test_letters_in_the_encodings_of_spreadsheets() -> None:
    assert told("id;words\n1;Grüße – é\n".encode("cp1252")) == [(2, "1", {"text": "Grüße – é"})]
    assert told("id;words\n1;źdźbło\n".encode("cp1250"), encoding="cp1250") == [(2, "1", {"text": "źdźbło"})]
    with pytest.raises(Rejected, match="encoding"):
        rows("id;words\n1;é\n".encode("cp1252"), encoding="utf-8")


def test_rows_are_counted_as_a_spreadsheet_counts_them() -> None:
    content = b'id;words\n1;"two\nlines"\n\n3;c\n4;d;e\n5;"not "closed" well"\n6;f\n'
    assert [entry if isinstance(entry, int) else entry[0] for entry in told(content)] == [2, 4, 5, 6, 7]
    bad = [row for row in rows(content) if isinstance(row, BadRow)]
    assert [row.reason for row in bad] == [
        "row 5: more cells than the header has columns",
        "row 6: it cannot be read",
    ]
    assert bad[1].content == b'id,words\r\n5;"not "closed" well"\n'


def test_a_quote_that_is_not_closed_swallows_no_rows_without_a_word() -> None:
    content = b'id;words\n1;a\n2;"b\n3;c\n'
    good, bad = rows(content)
    assert isinstance(good, Row)
    assert isinstance(bad, BadRow)
    assert bad.content.endswith(b'2;"b\n3;c\n')


def test_rows_without_an_id_are_told_apart() -> None:
    columns = {"text": "words"}
    content = b"id;words\n1;a\n1;a\n2;a\n"
    ids = [row.source_id for row in rows(content, columns) if isinstance(row, Row)]
    assert len(set(ids)) == 3
    assert ids == [row.source_id for row in rows(content, columns) if isinstance(row, Row)]
    keyed = [row.source_id for row in rows(content, columns, key_columns=("id",)) if isinstance(row, Row)]
    assert keyed[0] == keyed[1] != keyed[2]


def test_a_file_without_a_header_is_read_by_the_names_of_its_columns() -> None:
    table = Table(header=("id", "words", "service"), separator=",")
    one, two, bad = table.rows(b'1,"a, b",x\n2,c\n,d,x\n', COLUMNS)
    assert one == Row(1, "1", {"text": "a, b", "subject": {"service": "x"}})
    assert two == Row(2, "2", {"text": "c"})
    assert isinstance(bad, BadRow)
    assert (bad.row, bad.content) == (3, b",d,x\r\n")
    assert list(table.rows(b"3" + bad.content, COLUMNS)) == [Row(1, "3", {"text": "d", "subject": {"service": "x"}})]
    with_one = list(table.rows(b"id, words ,service\n1,a\n", COLUMNS))
    assert with_one == [Row(2, "1", {"text": "a"})]
    assert list(table.rows(b"", COLUMNS)) == []


@pytest.mark.parametrize("content", [b"", b"\n\n", b"words\na\n", b"\x00\x01"])
def test_a_file_that_is_not_the_export_is_refused(content: bytes) -> None:
    with pytest.raises(Rejected):
        rows(content)


@pytest.mark.parametrize(
    "settings",
    [
        {"table": {"encoding": "klingon"}},
        {"columns": {"tenant": "x"}},
        {"columns": {"subject.a.b": "x"}},
        {"links": {"abc": {"guid": "g"}}},
        {"unknown": 1},
    ],
)
def test_settings_that_cannot_work_are_said(settings: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured, match="settings of connector govmetric"):
        configured("govmetric", settings)


def test_secrets_are_in_no_message_and_no_repr() -> None:
    with pytest.raises(Misconfigured) as caught:
        configured("form", {"secrets": ["canary"], "public": "canary"})
    assert "canary" not in str(caught.value)
    assert "canary" not in repr(configured("twilio", {"auth_tokens": ["canary"]}))
    with pytest.raises(Misconfigured, match="choose one of"):
        configured("nothing", {})


def test_the_same_rows_again_are_the_same_answers() -> None:
    header = "Response ID;Date;Rating;Comments\n"
    first = (header + "1;01-11-2026 09:00;Goed;a\n2;gisteren;Slecht;b\n").encode()
    overlapping = (header + "2;gisteren;Slecht;b\n1;01-11-2026 09:00;Goed;a\n3;01-11-2026 10:00;Goed;c\n").encode()
    (one,), (bad,) = taken(first)
    (again, other), (bad_again,) = taken(overlapping)
    assert one == again != other
    assert bad.reason == "row 3: occurred_at is in none of the time_formats"
    # What is kept of a bad row does not depend on its place, and is a file again: mended, it gives the answer.
    assert bad.content == bad_again.content
    mended, still_bad = taken(bad.content.replace(b"gisteren", b"01-11-2026 09:30"))
    assert (len(mended), still_bad) == (1, [])


def taken(content: bytes) -> tuple[list[UUID], list[BadRow]]:
    rows = list(GovMetric().parse_rows(content, SOURCE, NOW))
    drafts = [finish(row, SOURCE, NOW).feedback_id for row in rows if isinstance(row, Draft)]
    return drafts, [row for row in rows if isinstance(row, BadRow)]
