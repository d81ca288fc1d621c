"""A provider's export into the log: each row an answer, or a failure with its bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice

from connectors.base import BadRow, Connector, Draft, File, Ignored, Source, finish
from connectors.records import failed_row
from schemas.feedback import Unreadable
from schemas.topics import Topic
from storage.log.base import Log, NewRecord
from storage.log.records import event_record, failure_record

_BLOCK = 1_000


class NoFiles(Exception):
    """The connector of this source reads no files."""


@dataclass
class Imported:
    """How many answers are in the log, how many rows are no answers (a call without a rating), and which rows (as a
    spreadsheet counts) became failures, with the reason."""

    answers: int = 0
    ignored: int = 0
    failed_rows: list[tuple[int, str]] = field(default_factory=list)


def import_file(
    content: bytes, source: Source, connector: Connector, log: Log, topics: tuple[Topic, Topic], now: datetime
) -> Imported:
    """Appends the answers of an export. Importing it again, or one that overlaps, adds no second answer.

    Raises:
        NoFiles: the source's connector reads none.
        Rejected: the file as a whole cannot be read.
    """
    if not isinstance(connector, File):
        raise NoFiles(f"the connector {source.connector} reads no files: name a source whose connector does")
    imported = Imported()
    rows = _records(connector.parse_rows(content, source, now), source, now, imported)
    feedback, failures = (topic.name for topic in topics)
    while block := list(islice(rows, _BLOCK)):
        log.append(failures, [record for good, record in block if not good])
        log.append(feedback, [record for good, record in block if good])
        imported.answers += sum(good for good, _ in block)
    return imported


def _records(
    rows: Iterable[Draft | Ignored | BadRow], source: Source, now: datetime, imported: Imported
) -> Iterator[tuple[bool, NewRecord]]:
    """Whether it is an answer, and its record."""
    for place, row in enumerate(rows, start=1):
        if isinstance(row, Ignored):
            imported.ignored += 1
            continue
        if isinstance(row, BadRow):
            imported.failed_rows.append((row.row, row.reason))
            yield False, failure_record(failed_row(row.content, source, row.reason, now))
            continue
        try:
            yield True, event_record(finish(row, source, now))
        except Unreadable as reason:
            imported.failed_rows.append((place, str(reason)))
            told = json.dumps(asdict(row), default=str).encode()
            yield False, failure_record(failed_row(told, source, str(reason), now))
