"""Events from a file into the log, as an integrator or an export has them: one FeedbackEvent a line."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from schemas.failure import FailedEvent, Stage, failure_of_request
from schemas.feedback import NewerSchema, Unreadable, read
from schemas.topics import Topic
from storage.errors import TooLarge
from storage.log.base import Log, NewRecord, stored_size
from storage.log.records import event_record, failure_record

_BLOCK = 1_000


@dataclass
class Published:
    """How many events are in the log, and which lines (from 1) became failures, each with the reason.

    `left_out` are lines that are neither: no event, and larger than a failure may be. They stand in the file only.
    """

    events: int = 0
    failed_lines: list[tuple[int, str]] = field(default_factory=list)
    left_out: list[int] = field(default_factory=list)


def publish(lines: Iterable[bytes], log: Log, topics: tuple[Topic, Topic], now: datetime) -> Published:
    """Appends each line's event to the topic of feedback; what is none goes to the topic of failures, bytes and all.

    Everything that was read is durable when this returns. Publishing a file twice changes nothing: the same line is
    the same answer, or the same failure.
    """
    feedback, failures = (topic.name for topic in topics)
    published = Published()
    numbered = enumerate(lines, start=1)
    while block := list(islice(numbered, _BLOCK)):
        events: list[NewRecord] = []
        failed: list[NewRecord] = []
        for number, line in block:
            line = line.strip(b"\r\n")
            if not line.strip():
                continue
            try:
                record = event_record(read(line))
                _fits(record, topics[0])
                events.append(record)
            except (Unreadable, NewerSchema, TooLarge) as reason:
                failure = failure_record(_failure(line, str(reason), now))
                if stored_size(failure) > topics[1].max_message_bytes:
                    published.left_out.append(number)
                else:
                    published.failed_lines.append((number, str(reason)))
                    failed.append(failure)
        log.append(feedback, events)
        log.append(failures, failed)
        published.events += len(events)
    return published


def _fits(record: NewRecord, topic: Topic) -> None:
    if stored_size(record) > topic.max_message_bytes:
        raise TooLarge("larger than the topic of feedback takes")


def _failure(line: bytes, reason: str, now: datetime) -> FailedEvent:
    return FailedEvent(
        failure_id=failure_of_request("", "", line),
        stage=Stage.DECODE,
        reason=reason[:300],
        body=base64.b64encode(line),
        first_received_at=now,
        failed_at=now,
    )
