"""How events and failures stand in the log: key, value and headers, written in this one place."""

from __future__ import annotations

from functools import cache

from pydantic import ValidationError

from schemas.failure import REPLAY_HEADER, FailedEvent, Replay
from schemas.feedback import SCHEMA_VERSION, SCHEMA_VERSION_HEADER, FeedbackEvent
from storage.log.base import Headers, NewRecord, Record


def event_record(event: FeedbackEvent) -> NewRecord:
    """An event, keyed by feedback id so that the tellings of one answer keep their order."""
    return NewRecord(str(event.feedback_id).encode(), event.to_json(), _headers(event.schema_version))


@cache
def _headers(version: int) -> Headers:
    return ((SCHEMA_VERSION_HEADER, str(version).encode()),)


def failure_record(failure: FailedEvent) -> NewRecord:
    """A failure, keyed by its id so that the same failure again replaces it."""
    return NewRecord(str(failure.failure_id).encode(), failure.to_json())


def tombstone(failure: FailedEvent) -> NewRecord:
    """What takes a failure out: replayed, discarded or erased."""
    return NewRecord(str(failure.failure_id).encode(), None)


def replay_record(failure: FailedEvent) -> NewRecord:
    """The record that a failure of the pipeline was, to be tried again; failing again it is the same failure."""
    headers: Headers = (Replay.of(failure).header(),)
    return NewRecord(str(failure.failure_id).encode(), failure.body, headers)


def replay_of(record: Record) -> Replay | None:
    """Which failure a record is another attempt at; None where it is a first one."""
    for name, value in record.headers:
        if name == REPLAY_HEADER:
            try:
                return Replay.model_validate_json(value)
            except ValidationError:
                return None
    return None


def is_newer(record: Record) -> bool:
    """Whether an event was written under a contract newer than this program knows."""
    for name, value in record.headers:
        if name == SCHEMA_VERSION_HEADER:
            # A version has at most five digits; what has more is noise, and no reason to wait for a newer program.
            return value.isdigit() and len(value) <= 5 and int(value) > SCHEMA_VERSION
    return False
