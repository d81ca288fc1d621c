"""The end of the pipeline, over a real log: what cannot be loaded is kept, whatever its size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.decode import decode
from pipelines.enrichment import Enrichment
from pipelines.rooms import Rooms, use
from pipelines.sinks.warehouse import Load
from schemas.failure import FailedEvent, Origin
from schemas.topics import DAY_MS, FAILURES, FEEDBACK, RECORD_LIMIT, Topic, topics
from storage.log.base import Log, NewRecord, OffsetRange, in_chunks, stored_size
from storage.log.records import failure_record
from storage.log.sqlite import SqliteLog
from storage.warehouse.client import Warehouse


@dataclass(frozen=True)
class _Opener:
    folder: Path

    def __call__(self) -> Rooms:
        raise AssertionError("the rooms of this test are given")


@pytest.fixture
def log(tmp_path: Path) -> SqliteLog:
    log = SqliteLog(tmp_path / "log")
    log.apply_topics(topics())
    return log


@pytest.fixture
def load(tmp_path: Path, log: SqliteLog, warehouse: Warehouse) -> Iterator[Load]:
    opener = _Opener(tmp_path)
    with_towns = Enrichment({}, keys=None)  # type: ignore[arg-type]  # no event comes so far that it is hashed
    take_back = use(opener, Rooms(log, warehouse, with_towns, FAILURES))
    yield Load(opener)
    take_back()


def _records(log: Log, topic: str) -> list[FailedEvent]:
    (ends,) = log.ends(topic).values()
    chunks = in_chunks(log, OffsetRange(topic, 0, *ends), 100)
    return [FailedEvent.model_validate_json(record.value or b"") for chunk in chunks for record in chunk]


def _loaded(load: Load, log: SqliteLog) -> OffsetRange:
    """Loads all of the topic of feedback as one batch; the range that is done."""
    (ends,) = log.ends(FEEDBACK).values()
    offsets = OffsetRange(FEEDBACK, 0, *ends)
    columns = decode(offsets, log.read(offsets), frozenset())
    (done,) = load.process(columns)
    return done


def test_the_largest_record_of_the_log_can_be_kept_as_a_failure(load: Load, log: SqliteLog) -> None:
    largest = b"x" * (RECORD_LIMIT - RECORD_LIMIT // 128 - 200)
    assert (
        stored_size(NewRecord(b"k" * 36, largest)) <= RECORD_LIMIT < stored_size(NewRecord(b"k", largest + b"x" * 600))
    )
    log.append(FEEDBACK, [NewRecord(b"k" * 36, largest)])
    _loaded(load, log)
    (kept,) = _records(log, FAILURES)
    assert kept.body == largest


def test_a_failure_that_its_topic_does_not_take_holds_nothing_up(load: Load, log: SqliteLog) -> None:
    """The record of someone whose batch was small because it was compressed; a limit that was set by hand."""
    log.apply_topics([Topic(FAILURES, "compact,delete", 20 * DAY_MS, max_message_bytes=2_000)])
    values = [b"small", b"canary" * 1_000, b"other", b"small too"]
    log.append(FEEDBACK, [NewRecord(b"k", value) for value in values])
    assert _loaded(load, log) == OffsetRange(FEEDBACK, 0, 0, 4)
    kept = _records(log, FAILURES)
    assert [failure.body for failure in kept] == [b"small", b"", b"other", b"small too"]
    assert kept[1].reason.startswith("not valid JSON in UTF-8 (too large to keep")
    assert kept[1].origin == Origin(topic=FEEDBACK, partition=0, offset=1)
    assert all("too large" not in failure.reason for failure in (kept[0], *kept[2:]))
    assert stored_size(failure_record(kept[1])) <= 2_000
