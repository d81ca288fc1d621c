"""The log as a Beam source: fixed ranges of offsets, or without an end. Both give batches of raw records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.coders import coders
from apache_beam.io.unbounded_source import CheckpointMark, UnboundedReader, UnboundedSource
from apache_beam.metrics.metric import Metrics
from apache_beam.utils.timestamp import MAX_TIMESTAMP, Timestamp

from pipelines.batch import Records
from pipelines.rooms import Opener, rooms_of
from pipelines.sources.coder import BatchCoder
from storage.log.base import Log, OffsetRange, in_chunks
from storage.log.records import is_newer

BATCH_RECORDS = 40_000
"""Records of a batch at the most: as many as `storage.log.base.READ_BYTES` holds of the usual ones. ClickHouse gets few
parts, each of which costs it a merge or more; a worker's memory is bound by the bytes."""

NEWER = "newer_contract"
"""Metric: ranges that end before an event that only a newer program can read."""


def records_of(log: Log, offsets: OffsetRange, batch_records: int) -> Iterator[Records]:
    """A range in batches, without a gap between them. It ends early before an event of a newer contract."""
    start = offsets.start
    for records in in_chunks(log, offsets, batch_records):
        newer = next((place for place, record in enumerate(records) if is_newer(record)), None)
        end = records[-1].offset + 1 if newer is None else records[newer].offset
        yield Records(OffsetRange(offsets.topic, offsets.partition, start, end), records[:newer])
        if newer is not None:
            return
        start = end
    if start < offsets.end:
        # Gaps up to the end: what has expired or was compacted is accounted for as well.
        yield Records(OffsetRange(offsets.topic, offsets.partition, start, offsets.end), [])


class ReadRange(beam.DoFn):
    """OffsetRange → Records."""

    def __init__(self, opener: Opener, batch_records: int = BATCH_RECORDS) -> None:
        self._opener = opener
        self._batch_records = batch_records
        self._newer = Metrics.counter("balie", NEWER)

    def process(self, offsets: OffsetRange) -> Iterator[Records]:
        end = offsets.start
        for records in records_of(rooms_of(self._opener).log, offsets, self._batch_records):
            end = records.offsets.end
            yield records
        if end < offsets.end:
            self._newer.inc()


@dataclass(frozen=True)
class Committed(CheckpointMark):
    """The next offset of a partition to read. Finalized, it is committed for the group: absolute, so twice is once."""

    opener: Opener
    group: str
    topic: str
    partition: int
    next_offset: int

    def finalize_checkpoint(self) -> None:
        rooms_of(self.opener).log.commit(self.group, self.topic, {self.partition: self.next_offset})


@dataclass(frozen=True)
class LogSource(UnboundedSource):
    """A topic without an end, from what the group has committed. Each partition is a source of its own."""

    opener: Opener
    group: str
    topic: str
    partition: int | None = None
    batch_records: int = BATCH_RECORDS

    def split(self, desired_num_splits: int, options: Any = None) -> Sequence[UnboundedSource]:
        partitions = sorted(rooms_of(self.opener).log.ends(self.topic))
        return [LogSource(self.opener, self.group, self.topic, p, self.batch_records) for p in partitions]

    def create_reader(self, options: Any, checkpoint_mark: CheckpointMark | None) -> UnboundedReader:
        if self.partition is None:
            raise ValueError("split the source first: a reader reads one partition")
        log = rooms_of(self.opener).log
        if isinstance(checkpoint_mark, Committed):
            start = checkpoint_mark.next_offset
        else:
            first, _ = log.ends(self.topic)[self.partition]
            start = log.committed(self.group, self.topic).get(self.partition, first)
        return _Reader(self, log, self.partition, start)

    def default_output_coder(self) -> coders.Coder:
        return BatchCoder()

    def get_checkpoint_mark_coder(self) -> coders.Coder:
        return coders.PickleCoder()


class _Reader(UnboundedReader):
    def __init__(self, source: LogSource, log: Log, partition: int, start: int) -> None:
        self._source = source
        self._log = log
        self._partition = partition
        self._next = start
        self._current: Records | None = None

    def start(self) -> bool:
        return self.advance()

    def advance(self) -> bool:
        _, end = self._log.ends(self._source.topic)[self._partition]
        waiting = OffsetRange(self._source.topic, self._partition, self._next, max(self._next, end))
        self._current = next(records_of(self._log, waiting, self._source.batch_records), None)
        # Before an event of a newer contract nothing comes any more; the lag of this partition grows and says so.
        if self._current is None or self._current.offsets.end == self._next:
            self._current = None
            return False
        self._next = self._current.offsets.end
        return True

    def get_current(self) -> Records:
        if self._current is None:
            raise ValueError("nothing was read: call advance first")
        return self._current

    def get_current_timestamp(self) -> Timestamp:
        records = self.get_current().records
        return Timestamp.of(records[-1].timestamp_ms / 1000) if records else Timestamp.now()

    def get_watermark(self) -> Timestamp:
        # No step looks at event time; below the end of time, so that the read never counts as finished.
        return Timestamp.now() if self._current is None else min(self.get_current_timestamp(), MAX_TIMESTAMP)

    def get_checkpoint_mark(self) -> Committed:
        return Committed(self._source.opener, self._source.group, self._source.topic, self._partition, self._next)
