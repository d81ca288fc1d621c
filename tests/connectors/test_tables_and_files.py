"""Files taken in: rows as spreadsheets write them, bad rows kept with their number, the same file the same answers."""

from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.base import BadRow, Source
from connectors.errors import Misconfigured, Rejected
from connectors.files import take_file
from connectors.registry import configured
from connectors.tables import Row, Table
from connectors.web.govmetric import GovMetric
from schemas.feedback import Channel
from schemas.topics import FAILURES, FEEDBACK, topics
from storage.log.base import OffsetRange
from storage.log.sqlite import SqliteLog

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
        "row 6: it is not valid CSV",
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


def test_the_same_file_twice_is_the_same_answers(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path)
    log.apply_topics(topics())
    header = "Response ID;Date;Rating;Comments\n"
    first = (header + "1;01-11-2026 09:00;Goed;a\n2;gisteren;Slecht;b\n").encode()
    overlapping = (header + "2;gisteren;Slecht;b\n1;01-11-2026 09:00;Goed;a\n3;01-11-2026 10:00;Goed;c\n").encode()
    takings = [take_file(GovMetric(), SOURCE, content, log, NOW) for content in (first, first, overlapping)]
    assert [(taken.events, len(taken.bad_rows)) for taken in takings] == [(1, 1), (1, 1), (2, 1)]
    assert takings[0].bad_rows == ["row 3: occurred_at is in none of the time_formats"]
    events = read(log, FEEDBACK)
    assert len({event["feedback_id"] for event in events}) == 2
    failures = read(log, FAILURES)
    assert len({failure["failure_id"] for failure in failures}) == 1
    # What was kept is a file again: mended, it gives the answer.
    mended = b64decode(failures[0]["body"]).replace(b"gisteren", b"01-11-2026 09:30")
    assert take_file(GovMetric(), SOURCE, mended, log, NOW).events == 1
    with pytest.raises(Rejected):
        take_file(GovMetric(), SOURCE, b"a;b\n1;2\n", log, NOW)
    log.close()


def read(log: SqliteLog, topic: str) -> list[dict[str, Any]]:
    found = log.read(OffsetRange(topic, 0, *log.ends(topic)[0]))
    return [orjson.loads(record.value or b"") for record in found]
