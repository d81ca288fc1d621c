"""Rows of files and items of pages into the log: answers to one topic, what is none to the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice

from connectors.base import BadRow, Draft, Ignored, Source, finish
from connectors.records import failed_fetch, failed_row
from schemas.failure import FailedEvent, Protocol
from schemas.feedback import Unreadable
from storage.errors import TooLarge
from storage.log.base import Log, NewRecord
from storage.log.records import event_record, failure_record

_BLOCK = 1_000


@dataclass
class Kept:
    """How many answers are in the log, how many rows were none, and which became failures, with the reason.

    A failed row has its number as a spreadsheet counts, or its place on the page.
    """

    answers: int = 0
    ignored: int = 0
    failed_rows: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: Kept) -> None:
        """Count it in."""
        self.answers += other.answers
        self.ignored += other.ignored
        self.failed_rows += other.failed_rows


class Keeper:
    """Appends rows to the log; what has returned is durable. Safe between threads as its log is."""

    def __init__(
        self,
        log: Log,
        feedback_topic: str,
        failures_topic: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._log = log
        self._feedback, self._failures = feedback_topic, failures_topic
        self.clock = clock

    def keep(self, rows: Iterable[Draft | Ignored | BadRow], source: Source, protocol: Protocol) -> Kept:
        """Appends the answers among the rows. The same rows again add no second answer.

        Raises:
            Rejected: from `rows`, where the file or page as a whole cannot be read.
            storage.errors.StorageError: not all of it was kept.
        """
        kept = Kept()
        made = self._records(rows, source, protocol, kept)
        while block := list(islice(made, _BLOCK)):
            self._append([record for record in block if isinstance(record, FailedEvent)])
            answers = [record for record in block if isinstance(record, NewRecord)]
            try:
                self._log.append(self._feedback, answers)
            except TooLarge:
                self._one_by_one(answers, source, protocol, kept)
        return kept

    def fail(self, content: bytes, source: Source, reason: str, protocol: Protocol) -> Kept:
        """What cannot be taken as a whole, a file, a page or a record, becomes a failure; as a row it has no number."""
        self._append([failed_row(content, source, reason, self.clock(), protocol)])
        return Kept(failed_rows=[(0, reason)])

    def give_up(self, url: str, source: Source, reason: str) -> Kept:
        """What cannot be fetched becomes a failure, whose replay queues it again."""
        self._append([failed_fetch(url, source, reason, self.clock())])
        return Kept(failed_rows=[(0, reason)])

    def _records(
        self, rows: Iterable[Draft | Ignored | BadRow], source: Source, protocol: Protocol, kept: Kept
    ) -> Iterator[NewRecord | FailedEvent]:
        now = self.clock()
        for place, row in enumerate(rows, start=1):
            if isinstance(row, Ignored):
                kept.ignored += 1
            elif isinstance(row, BadRow):
                kept.failed_rows.append((row.row, row.reason))
                yield failed_row(row.content, source, row.reason, now, protocol)
            else:
                try:
                    record = event_record(finish(row, source, now))
                except Unreadable as reason:
                    kept.failed_rows.append((place, str(reason)))
                    told = json.dumps(asdict(row), default=str).encode()
                    yield failed_row(told, source, str(reason), now, protocol)
                else:
                    kept.answers += 1
                    yield record

    def _append(self, failures: Sequence[FailedEvent]) -> None:
        try:
            self._log.append(self._failures, [failure_record(failure) for failure in failures])
        except TooLarge:
            for failure in failures:
                try:
                    self._log.append(self._failures, [failure_record(failure)])
                except TooLarge:
                    self._log.append(self._failures, [failure_record(failure.without_body())])

    def _one_by_one(self, answers: Sequence[NewRecord], source: Source, protocol: Protocol, kept: Kept) -> None:
        for record in answers:
            try:
                self._log.append(self._feedback, [record])
            except TooLarge:
                kept.answers -= 1
                kept.add(self.fail(record.value or b"", source, "it is too large for the log", protocol))
