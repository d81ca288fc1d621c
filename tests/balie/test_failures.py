"""Failures tried again and given up, over the real log and state."""

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

from balie.failures import Refused, bury, discard, open_failures, reader, replay
from connectors.base import Connector, Request, Source
from connectors.records import failed_fetch, failed_request, failed_row
from connectors.registry import configured
from connectors.web.form import WebForm
from connectors.web.govmetric import GovMetric
from schemas.failure import LIFETIME, REPLAY_HEADER, FailedEvent, Origin, Replay, Stage, failure_of_record
from schemas.feedback import Channel, FeedbackEvent
from schemas.topics import topics
from storage.errors import Fatal, Retriable
from storage.log.base import NewRecord, OffsetRange, Record
from storage.log.records import failure_record
from storage.log.sqlite import SqliteLog
from storage.state.master_key import create_master_key
from storage.state.store import State, open_state

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
RECEIVED = NOW - timedelta(days=3)
TOPICS = topics()
FEEDBACK, FAILURES = (topic.name for topic in TOPICS)
SOURCE = Source("a", "desk", "form", Channel.COUNTER)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(tmp_path / "log", clock=lambda: NOW.timestamp())
    log.apply_topics(TOPICS)
    yield log
    log.close()


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "state.sqlite", create_master_key(tmp_path / "master.key")) as state:
        yield state


def decode_failure(body: bytes = b"{not json", *, offset: int = 7, received_at: datetime = RECEIVED) -> FailedEvent:
    return FailedEvent(
        failure_id=failure_of_record(FEEDBACK, 0, offset),
        stage=Stage.DECODE,
        reason="not valid JSON in UTF-8",
        origin=Origin(topic=FEEDBACK, partition=0, offset=offset),
        body=b64encode(body),
        first_received_at=received_at,
        failed_at=received_at,
    )


def request_failure(body: bytes, *, headers: dict[str, str] | None = None) -> FailedEvent:
    sent = {"content-type": "application/json", "authorization": "Basic secret", **(headers or {})}
    request = Request("POST", "http://balie.example/v1/a/desk", sent, body)
    return failed_request(request, SOURCE, "the body is not JSON in UTF-8", RECEIVED)


def put(log: SqliteLog, *failures: FailedEvent) -> None:
    log.append(FAILURES, [failure_record(failure) for failure in failures])


def open_ids(log: SqliteLog, now: datetime = NOW) -> list[UUID]:
    return [failure.failure_id for failure in open_failures(log, FAILURES, (), now)]


def feedback(log: SqliteLog) -> list[Record]:
    ((first, end),) = log.ends(FEEDBACK).values()
    return log.read(OffsetRange(FEEDBACK, 0, first, end))


def no_reader(failure: FailedEvent) -> Any:
    raise AssertionError("what failed in the pipeline is not read again by a connector")


def events(log: SqliteLog) -> list[FeedbackEvent]:
    return [FeedbackEvent.model_validate_json(record.value or b"") for record in feedback(log)]


@dataclass
class Between:
    """The real log, with something that happens at an append to a topic: before it, or after."""

    real: SqliteLog
    before: dict[str, Any]
    after: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def append(self, topic: str, records: Sequence[NewRecord]) -> list[tuple[int, int]]:
        if topic in self.before:
            self.before[topic]()
        places = self.real.append(topic, records)
        if topic in self.after:
            self.after[topic]()
        return places


def test_what_was_kept_without_its_bytes_is_not_replayed_as_nothing(log: SqliteLog) -> None:
    cut = decode_failure(b"x" * 100).without_body()
    log.append(FAILURES, [failure_record(cut)])
    with pytest.raises(Refused, match="no bytes"):
        replay(cut, log, TOPICS, lambda _: pytest.fail("it is of the pipeline"), NOW)
    assert log.ends(FEEDBACK) == {0: (0, 0)}
    assert list(open_failures(log, FAILURES, (), NOW)) == [cut]


def test_a_failure_of_the_pipeline_goes_back_as_it_came(log: SqliteLog) -> None:
    failure = decode_failure(b"\xff the original bytes")
    put(log, failure)
    assert replay(failure, log, TOPICS, no_reader, NOW) == 1
    (record,) = feedback(log)
    assert record.value == b"\xff the original bytes"
    told = Replay.model_validate_json(dict(record.headers)[REPLAY_HEADER])
    assert told == Replay(failure_id=failure.failure_id, attempt=2, first_received_at=RECEIVED)
    assert open_ids(log) == []


def test_a_crash_before_the_tombstone_leaves_it_open(log: SqliteLog) -> None:
    failure = decode_failure()
    put(log, failure)

    def crash() -> None:
        raise Retriable("the disk is full")

    with pytest.raises(Retriable):
        replay(failure, Between(log, {FAILURES: crash}, {}), TOPICS, no_reader, NOW)
    assert len(feedback(log)) == 1
    assert open_ids(log) == [failure.failure_id]
    replay(failure, log, TOPICS, no_reader, NOW)
    assert open_ids(log) == []


def test_a_log_that_does_not_take_it_leaves_it_open(log: SqliteLog) -> None:
    failure = decode_failure()
    put(log, failure)

    def crash() -> None:
        raise Retriable("the disk is full")

    with pytest.raises(Retriable):
        replay(failure, Between(log, {FEEDBACK: crash}, {}), TOPICS, no_reader, NOW)
    assert open_ids(log) == [failure.failure_id]


def test_failing_again_before_the_tombstone_stands_is_not_covered_by_it(log: SqliteLog) -> None:
    failure, other = decode_failure(), decode_failure(offset=8)
    put(log, failure, other)
    again = failure.model_copy(update={"attempt": 2})
    fast = Between(log, {}, {FEEDBACK: lambda: put(log, again)})
    replay(failure, fast, TOPICS, no_reader, NOW)
    assert {f.failure_id: f.attempt for f in open_failures(log, FAILURES, (), NOW)} == {
        failure.failure_id: 2,
        other.failure_id: 1,
    }


def test_what_has_expired_is_not_open_and_not_replayed(log: SqliteLog) -> None:
    old = decode_failure(received_at=NOW - LIFETIME)
    put(log, old)
    assert open_ids(log) == []
    assert open_ids(log, NOW - timedelta(milliseconds=1)) == [old.failure_id]
    with pytest.raises(Refused, match="counts as discarded"):
        replay(old, log, TOPICS, no_reader, NOW)
    assert feedback(log) == []


def read_by(connector: Connector, state: State) -> Any:
    return reader([(SOURCE, connector)], state, NOW)


SIGNED = WebForm(passwords=(SecretStr("pw"),))


def test_a_request_is_read_again_by_its_connector(log: SqliteLog, state: State) -> None:
    failure = request_failure(b'{"id": "r1", "score": 4, "text": "snel geholpen"}')
    put(log, failure)
    assert replay(failure, log, TOPICS, read_by(SIGNED, state), NOW) == 1
    (event,) = events(log)
    assert (event.tenant, event.source, event.source_id) == ("a", "desk", "r1")
    assert event.received_at == RECEIVED
    assert event.answers[0].score == 4
    assert open_ids(log) == []


def test_a_request_that_cannot_be_read_stays_open_at_its_next_attempt(log: SqliteLog, state: State) -> None:
    failure = request_failure(b"canary no json")
    put(log, failure)
    for attempt in (2, 3):
        (current,) = open_failures(log, FAILURES, (), NOW)
        with pytest.raises(Refused) as refused:
            replay(current, log, TOPICS, read_by(SIGNED, state), NOW)
        assert "canary" not in str(refused.value)
        (after,) = open_failures(log, FAILURES, (), NOW)
        assert after == failure.model_copy(update={"attempt": attempt, "failed_at": NOW, "reason": after.reason})
    assert feedback(log) == []


def test_a_connector_that_raises_leaves_it_open_and_is_not_quoted(log: SqliteLog, state: State) -> None:
    class Broken(GovMetric):
        @property
        def proves_sender(self) -> bool:
            return True

        def parse(self, request: Request, source: Source, now: datetime) -> Any:
            raise KeyError("canary")

        def parse_rows(self, content: bytes, source: Source, now: datetime) -> Any:
            raise KeyError("canary")

    failures = [request_failure(b"{}"), failed_row(b"a,b", SOURCE, "bad", RECEIVED)]
    put(log, *failures)
    for failure in failures:
        with pytest.raises(Refused) as refused:
            replay(failure, log, TOPICS, read_by(Broken(), state), NOW)
        assert str(refused.value) == "it cannot be read: the connector failed: KeyError"
    assert open_ids(log) == [failure.failure_id for failure in failures]


def test_a_piece_becomes_the_same_answer_however_often_it_is_replayed(log: SqliteLog, state: State) -> None:
    failure = request_failure(b'{"score": 5}')
    read = read_by(WebForm(public=True), state)
    for _ in range(2):
        put(log, failure)
        replay(failure, log, TOPICS, read, NOW)
    first, second = events(log)
    assert first == second
    assert first.answers[0].score == 5
    assert first.received_at == RECEIVED


def test_a_row_of_a_file_is_read_again(log: SqliteLog, state: State) -> None:
    content = b"Response ID,Date,Rating,Reason,Comments,Service\r\n77,2026-11-20 10:00,Good,,prima,Paspoort\r\n"
    failure = failed_row(content, SOURCE, "row 12: no such rating", RECEIVED)
    put(log, failure)
    assert replay(failure, log, TOPICS, read_by(GovMetric(), state), NOW) == 1
    (event,) = events(log)
    assert (event.source_id, event.answers[0].score) == ("77", 3)
    assert open_ids(log) == []


def test_a_row_that_is_still_bad_stays_open(log: SqliteLog, state: State) -> None:
    content = b"Response ID,Date,Rating,Reason,Comments,Service\r\n,2026-11-20 10:00,Good,,prima\r\n"
    failure = failed_row(content, SOURCE, "row 12: no id", RECEIVED)
    put(log, failure)
    with pytest.raises(Refused, match="it cannot be read"):
        replay(failure, log, TOPICS, read_by(GovMetric(), state), NOW)
    assert open_ids(log) == [failure.failure_id]


def test_what_is_only_named_is_queued_to_be_fetched_by_both_kinds_of_failure(log: SqliteLog, state: State) -> None:
    case = "https://zaken.example/zaken/1"
    told = {"kanaal": "zaken", "hoofdObject": case, "resource": "zaak", "resourceUrl": case, "actie": "create"}
    body = json.dumps({**told, "aanmaakdatum": "2026-11-01T09:15:00Z"}).encode()
    zgw = configured("zgw", {"auth": ["Token x"], "fetch_hosts": ["zaken.example"]})
    for failure in (request_failure(body), failed_fetch(case, SOURCE, "given up to fetch: it answers 404", RECEIVED)):
        put(log, failure)
        assert replay(failure, log, TOPICS, read_by(zgw, state), NOW) == 0
        (fetch,) = state.fetches.due("a", "desk", NOW)
        assert (fetch.url, fetch.queued_at) == (case, NOW)
        state.fetches.done(fetch)
    assert open_ids(log) == []


def test_a_source_that_is_gone_or_reads_something_else(log: SqliteLog, state: State) -> None:
    failure = request_failure(b"{}")
    with pytest.raises(Refused, match="not in the settings any more"):
        replay(failure, log, TOPICS, reader([], state, NOW), NOW)
    row = failed_row(b"a,b", SOURCE, "bad", RECEIVED)
    with pytest.raises(Refused, match="configure the one that does"):
        replay(row, log, TOPICS, read_by(SIGNED, state), NOW)


def test_discarding_keeps_the_id_and_lets_the_bytes_go(tmp_path: Path, state: State) -> None:
    clock = [NOW.timestamp()]
    log = SqliteLog(tmp_path / "log", clock=lambda: clock[0])
    log.apply_topics(TOPICS)
    gone, kept = decode_failure(b"canary-gone"), decode_failure(b"canary-kept", offset=8)
    put(log, gone, kept)
    discard([gone], log, FAILURES, state.discarded, "spam", NOW)
    assert open_ids(log) == [kept.failure_id]
    assert [(f.failure_id, f.reason) for f in state.discarded.list_discarded()] == [(str(gone.failure_id), "spam")]
    log.clean(FAILURES)
    log.close()
    on_disk = b"".join(path.read_bytes() for path in (tmp_path / "log").rglob("*") if path.is_file())
    assert b64encode(b"canary-kept")[:-4] in on_disk
    assert b64encode(b"canary-gone")[:-4] not in on_disk


def test_a_record_that_is_no_failure_is_said(log: SqliteLog) -> None:
    log.append(FAILURES, [NewRecord(b"x", b"canary")])
    with pytest.raises(Fatal, match="no failure this Balie can read") as caught:
        open_ids(log)
    assert "canary" not in str(caught.value)


def test_what_was_discarded_stays_so_when_its_record_is_read_anew(log: SqliteLog, state: State) -> None:
    failure = decode_failure(b"needle")
    put(log, failure)
    discard([failure], log, FAILURES, state.discarded, "spam", NOW)
    put(log, failure)  # as the pipeline does that starts from the log's beginning
    discarded = state.discarded.discarded_ids()
    assert list(open_failures(log, FAILURES, discarded, NOW)) == []
    assert bury(log, FAILURES, discarded) == 1
    assert list(open_failures(log, FAILURES, (), NOW)) == []
    assert bury(log, FAILURES, discarded) == 0
