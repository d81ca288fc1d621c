"""Events and exports into the log: each line and row is an event or a failure with its bytes."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest

from balie.import_file import NoFiles, import_file
from balie.publish import publish
from connectors.base import BadRow, Draft, File, Ignored, Source
from connectors.errors import Rejected
from connectors.web.form import WebForm
from connectors.web.govmetric import GovMetric
from schemas.failure import FailedEvent
from schemas.feedback import Channel, feedback_id, read
from schemas.topics import FAILURES, FEEDBACK, topics
from storage.log.base import OffsetRange, Record
from storage.log.sqlite import SqliteLog

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)
SOURCE = Source("zuidveen", "website", "govmetric", Channel.WEB)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(tmp_path / "log")
    log.apply_topics(topics())
    yield log
    log.close()


def records(log: SqliteLog, topic: str) -> list[Record]:
    return log.read(OffsetRange(topic, 0, *log.ends(topic)[0]))


def line(**fields: object) -> bytes:
    event = {
        "feedback_id": str(feedback_id("zuidveen", "website", "1")),
        "tenant": "zuidveen",
        "source": "website",
        "source_id": "1",
        "connector": "form",
        "channel": "web",
        "received_at": "2026-11-02T10:00:00Z",
    }
    return json.dumps(event | fields).encode()


def test_a_line_is_an_event_or_a_failure_with_its_bytes(log: SqliteLog) -> None:
    lines = [line(), b"", line(language="Dutch"), b'{"tenant": "zuidveen"}', b"\xff\xfe", line(schema_version=9)]
    published = publish(io.BytesIO(b"\n".join(lines)), log, topics(), NOW)
    assert published.events == 2
    assert [number for number, _ in published.failed_lines] == [4, 5, 6]
    events = [read(record.value or b"") for record in records(log, FEEDBACK)]
    assert events[0].notes == ()
    assert events[1].notes[0].field == "language"
    failures = [FailedEvent.model_validate_json(record.value or b"") for record in records(log, FAILURES)]
    assert [failure.body for failure in failures] == [lines[3], lines[4], lines[5]]
    assert all("zuidveen" not in failure.reason for failure in failures)


def test_publishing_a_file_twice_changes_no_identity(log: SqliteLog) -> None:
    for _ in range(2):
        publish(io.BytesIO(line() + b"\nbroken"), log, topics(), NOW)
    assert len({record.key for record in records(log, FEEDBACK)}) == 1
    assert len(list(log.latest_by_key(FAILURES))) == 1


def test_an_export_becomes_answers_and_bad_rows_become_failures(log: SqliteLog) -> None:
    content = (
        b"Response ID,Date,Rating,Reason,Comments,Service\n"
        b"GM-1,2026-11-01 09:30:00,Good,speed,Snel geholpen,paspoort\n"
        b",2026-11-01 09:30:00,Good,speed,Zonder nummer,paspoort\n"
        b"GM-3,2026-11-01 09:31:00,Poor,,,afval\n"
    )
    for _ in range(2):
        imported = import_file(content, SOURCE, GovMetric(), log, topics(), NOW)
        assert imported.answers + len(imported.failed_rows) == 3
    events = [read(record.value or b"") for record in records(log, FEEDBACK)]
    assert {event.answers[0].score for event in events} == {3.0, 1.0}
    assert len({event.feedback_id for event in events}) == imported.answers
    assert len(list(log.latest_by_key(FAILURES))) == len(imported.failed_rows)


class Calls(File):
    """An export in which not every row is an answer."""

    channel: ClassVar[Channel] = Channel.PHONE
    documentation: ClassVar[str] = ""

    def parse_rows(self, content: bytes, source: Source, now: datetime) -> Iterator[Draft | Ignored | BadRow]:
        for line in content.decode().split():
            yield Draft(source_id=line, answers=[{"text": line}]) if line.isalpha() else Ignored("no rating")


def test_rows_that_are_no_answers_are_counted_and_leave_nothing(log: SqliteLog) -> None:
    imported = import_file(b"1 a 2", SOURCE, Calls(), log, topics(), NOW)
    assert (imported.answers, imported.ignored, imported.failed_rows) == (1, 2, [])
    assert (len(records(log, FEEDBACK)), records(log, FAILURES)) == (1, [])


def test_an_export_of_something_else_is_refused_whole(log: SqliteLog) -> None:
    with pytest.raises(Rejected):
        import_file(b"a;b\n1;2\n", SOURCE, GovMetric(), log, topics(), NOW)
    assert records(log, FEEDBACK) == []


def test_a_connector_without_files_says_so(log: SqliteLog) -> None:
    with pytest.raises(NoFiles, match="reads no files"):
        import_file(b"", SOURCE, WebForm(public=True), log, topics(), NOW)
