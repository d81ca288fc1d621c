"""Takes a file in: its rows become events in the log, and its bad rows failures that can be mended and replayed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from connectors.base import BadRow, File, Source, finish
from connectors.records import event_record, failed_row, failure_record
from schemas.topics import FAILURES, FEEDBACK
from storage.log.base import Log, NewRecord

_AT_ONCE = 1_000


@dataclass(slots=True)
class Taken:
    """How many events a file gave, and what was wrong with which rows (in words that quote nothing of them)."""

    events: int = 0
    bad_rows: list[str] = field(default_factory=list)


def take_file(
    connector: File,
    source: Source,
    content: bytes,
    log: Log,
    now: datetime,
    *,
    feedback_topic: str = FEEDBACK,
    failures_topic: str = FAILURES,
) -> Taken:
    """Append all rows of a file to the log. The same file again brings the same answers.

    Raises:
        Rejected: the file as a whole cannot be read; nothing of it was taken.
        storage.errors.StorageError: the log; take the whole file again.
    """
    taken = Taken()
    for topic, records in _in_chunks(_records(connector, source, content, now, taken, feedback_topic, failures_topic)):
        log.append(topic, records)
    return taken


def _records(
    connector: File,
    source: Source,
    content: bytes,
    now: datetime,
    taken: Taken,
    feedback_topic: str,
    failures_topic: str,
) -> Iterator[tuple[str, NewRecord]]:
    for row in connector.parse_rows(content, source, now):
        if isinstance(row, BadRow):
            taken.bad_rows.append(row.reason)
            yield failures_topic, failure_record(failed_row(row.content, source, row.reason, now))
            continue
        yield feedback_topic, event_record(finish(row, source, now))
        taken.events += 1


def _in_chunks(records: Iterable[tuple[str, NewRecord]]) -> Iterator[tuple[str, list[NewRecord]]]:
    remaining = iter(records)
    while chunk := list(islice(remaining, _AT_ONCE)):
        for topic in dict.fromkeys(topic for topic, _ in chunk):
            yield topic, [record for of, record in chunk if of == topic]
