"""What could not be read or enriched: which failures are open, trying one again, and giving one up.

What is done to a failure is on disk before its tombstone is: a crash between the two leaves it open, and doing it
again changes nothing, since the answer it becomes has the same identity.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid5

from pydantic import ValidationError

from schemas.failure import FailedEvent, Stage
from schemas.feedback import FeedbackEvent, Unreadable
from schemas.topics import Topic
from storage.errors import Fatal
from storage.log.base import Log, NewRecord, OffsetRange, in_chunks
from storage.log.records import event_record, failure_record, replay_record, tombstone

if TYPE_CHECKING:
    from connectors.base import Connector, Source
    from storage.state.discarded import DiscardedFailures
    from storage.state.store import State


class Refused(Exception):
    """What was asked for a failure is not done; the message says why, and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an original request or row gives when it is read again: the records, and why some of it still gives none."""

    records: Sequence[NewRecord]
    unread: str | None = None


Reader = Callable[[FailedEvent], Reading]
"""Reads the original bytes of a failure of stage `parse` again."""


def open_failures(log: Log, topic: str, discarded: Collection[str], now: datetime) -> Iterator[FailedEvent]:
    """The failures that wait for someone: not replayed, not among the `discarded` ids, not expired."""
    for failure in _standing(log, topic):
        if failure.expires_at > now and str(failure.failure_id) not in discarded:
            yield failure


def bury(log: Log, topic: str, discarded: Collection[str]) -> int:
    """Give up again what was discarded and stands again, since its record was read anew; how many.

    Call `log.clean` on the topic afterwards, which is what removes the bytes.
    """
    again = [tombstone(failure) for failure in _standing(log, topic) if str(failure.failure_id) in discarded]
    if again:
        log.append(topic, again)
    return len(again)


def _standing(log: Log, topic: str) -> Iterator[FailedEvent]:
    for record in log.latest_by_key(topic):
        try:
            failure = FailedEvent.model_validate_json(record.value or b"")
        except ValidationError:
            raise Fatal(
                f"the record {record.partition}:{record.offset} of {topic} is no failure this Balie can read: "
                "upgrade Balie, or look who else writes to this topic"
            ) from None
        yield failure


def replay(failure: FailedEvent, log: Log, topics: tuple[Topic, Topic], read: Reader, now: datetime) -> int:
    """Try a failure again; the number of records appended to the topic of feedback.

    One of the pipeline goes back as it came and meets the pipeline anew; failing again it is the same failure, at its
    next attempt. One of the edge is read again by `read`; what it gives now is appended, and while some of it cannot be
    read the failure stays open, at its next attempt. Call `log.clean` on the topic of failures when all are done.

    Raises:
        Refused: it has expired, was kept without its bytes, or cannot be read now either (it stays open).
        storage.errors.StorageError: it stays open.
    """
    feedback, failures = (topic.name for topic in topics)
    if failure.expires_at <= now:
        raise Refused(f"it expired on {failure.expires_at:%Y-%m-%d} and counts as discarded")
    if failure.stage is not Stage.PARSE and not failure.body:
        raise Refused("it has no bytes to try again: they were too large to keep, or there were none; discard it")
    reading = read(failure) if failure.stage is Stage.PARSE else Reading([replay_record(failure)])
    before = log.ends(failures)
    if reading.records:
        log.append(feedback, reading.records)
    if reading.unread is not None:
        again = failure.model_copy(
            update={"attempt": failure.attempt + 1, "reason": reading.unread[:300], "failed_at": now}
        )
        log.append(failures, [failure_record(again)])
        raise Refused(f"it cannot be read: {reading.unread}")
    ((partition, offset),) = log.append(failures, [tombstone(failure)])
    _keep_newer(failure, log, OffsetRange(failures, partition, before[partition][1], offset))
    return len(reading.records)


def discard(
    failures: Sequence[FailedEvent], log: Log, topic: str, discarded: DiscardedFailures, reason: str, now: datetime
) -> None:
    """Give failures up: their ids are kept, so that each offset stays accounted for, and their bytes are let go.

    Call `log.clean` on the topic afterwards, which is what removes the bytes.
    """
    discarded.discard([str(failure.failure_id) for failure in failures], reason=reason, now=now)
    log.append(topic, [tombstone(failure) for failure in failures])


def reader(sources: Sequence[tuple[Source, Connector]], state: State, now: datetime) -> Reader:
    """Reads by the connector of the failure's source, as the settings have it now. What is to be fetched is queued."""
    by_name = {(source.tenant, source.name): (source, connector) for source, connector in sources}

    def read(failure: FailedEvent) -> Reading:
        found = by_name.get((failure.tenant or "", failure.source or ""))
        if found is None:
            raise Refused("its source is not in the settings any more: put it back, or discard the failure")
        return _read(failure, *found, state, now)

    return read


def _read(failure: FailedEvent, source: Source, connector: Connector, state: State, now: datetime) -> Reading:
    from connectors.errors import Rejected

    try:
        if failure.method is None:
            return _read_rows(failure, source, connector)
        if failure.protocol == "fetch":
            state.fetches.queue(source.tenant, source.name, failure.body.decode(), now)
            return Reading([])
        return _read_request(failure, source, connector, state, now)
    except Rejected as rejected:
        return Reading([], rejected.reason)


def _read_rows(failure: FailedEvent, source: Source, connector: Connector) -> Reading:
    """A row of a file or an item of a page, which was kept as a file or page of that only."""
    from connectors.base import BadRow, Ignored, Request, finish
    from connectors.intake import rows_of

    received_at = failure.first_received_at
    records: list[NewRecord] = []
    unread: str | None = None
    protocol = failure.protocol or "file"
    page = Request("GET", failure.url or "", failure.headers, failure.body)
    found = rows_of(connector, protocol, page, {}, source, received_at)
    if found is None:
        raise Refused(f"the connector {source.connector} does not take {protocol}: configure the one that does")
    for row in list(found):
        try:
            if isinstance(row, BadRow):
                unread = row.reason
            elif not isinstance(row, Ignored):
                records.append(event_record(finish(row, source, received_at)))
        except Unreadable as error:
            unread = str(error)
    return Reading(records, unread)


def _read_request(failure: FailedEvent, source: Source, connector: Connector, state: State, now: datetime) -> Reading:
    from connectors.base import Piece, Webhook
    from connectors.collector.limits import Limits
    from connectors.conversation import keep
    from connectors.intake import parsed, settled
    from connectors.records import request_of

    if not isinstance(connector, Webhook):
        raise Refused(f"the connector {source.connector} takes no requests: configure the one that does")
    received_at = failure.first_received_at
    stays_open = now + Limits().conversation - received_at  # as if it had come now, but for its time of receipt

    def join(piece: Piece, session: str) -> FeedbackEvent:
        return keep(state.conversations, piece, session, source, received_at, stays_open)

    items, unread = parsed(connector, source, request_of(failure), received_at, replayed=True)
    # A session that the collector would mint is here the same however often this is replayed.
    with_sessions = [
        replace(item, session=item.session or uuid5(failure.failure_id, item.piece_id).hex)
        if isinstance(item, Piece)
        else item
        for item in items
    ]
    intake = settled(connector, source, with_sessions, unread, received_at, join)
    for url in intake.fetches:
        state.fetches.queue(source.tenant, source.name, url, now)
    return Reading([event_record(event) for event in intake.events], intake.unread)


def _keep_newer(failure: FailedEvent, log: Log, meanwhile: OffsetRange) -> None:
    """If the pipeline failed on the replayed record before the tombstone stood, the tombstone covers that failure too:
    put it after."""
    key = tombstone(failure).key
    newer: NewRecord | None = None
    for records in in_chunks(log, meanwhile, 1_000):
        for record in records:
            if record.key == key and record.value is not None:
                newer = NewRecord(record.key, record.value, record.headers)
    if newer is not None:
        log.append(meanwhile.topic, [newer])
