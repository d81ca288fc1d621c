"""The end of the pipeline: failures to their topic, rows to the warehouse, and only then the range is done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import apache_beam as beam
from apache_beam.metrics.metric import Metrics

from pipelines.batch import ROW, Batch, quoting_nothing
from pipelines.rooms import Opener, Rooms, rooms_of
from schemas.failure import FailedEvent
from storage.errors import Retriable, TooLarge
from storage.log.base import Log, OffsetRange
from storage.log.records import failure_record

TABLE = "feedback"
LOADED, FAILED, DONE = "rows_loaded", "events_failed", "done"
"""Metrics: rows that are in the warehouse, events that became failures, and by partition how far everything is."""

# Long enough for a restart of ClickHouse, short enough that the runner still sees a bundle that lives.
_WAITS = (0.2, 0.5, 1.0, 2.0)


class Load(beam.DoFn):
    """Batch → the OffsetRange that is done: each record is a row on disk, a failure in its topic, or a marker."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._loaded = Metrics.counter("balie", LOADED)
        self._failed = Metrics.counter("balie", FAILED)

    def process(self, batch: Batch) -> Iterator[OffsetRange]:
        rooms = rooms_of(self._opener)
        with quoting_nothing("load"):
            self._load(rooms, batch)
        done = Metrics.distribution("balie", f"{DONE} {batch.offsets.topic} {batch.offsets.partition}")
        done.update(batch.offsets.end)
        yield batch.offsets

    def _load(self, rooms: Rooms, batch: Batch) -> None:
        # One that has outlived its time counts as discarded: appended, it would be kept as long again.
        failures = [failure for failure in batch.failures if failure.expires_at > failure.failed_at]
        if failures:
            _keep(rooms.log, rooms.failures_topic, failures)
            self._failed.inc(len(failures))
        rows = batch.columns.drop_columns([ROW])
        if rows.num_rows:
            _patiently(lambda: rooms.warehouse.insert_arrow(TABLE, rows))
            self._loaded.inc(rows.num_rows)


def _keep(log: Log, topic: str, failures: Sequence[FailedEvent]) -> None:
    """Appends failures. One that is too large goes without its bytes: it must not hold up its partition for ever."""
    try:
        _patiently(lambda: log.append(topic, [failure_record(failure) for failure in failures]))
    except TooLarge:
        if len(failures) > 1:
            middle = len(failures) // 2
            _keep(log, topic, failures[:middle])
            _keep(log, topic, failures[middle:])
            return
        _patiently(lambda: log.append(topic, [failure_record(failures[0].without_body())]))


def _patiently(work: Callable[[], object]) -> None:
    """Does `work`, again after a short wait where the store is not to be had; then it is for the runner to repeat."""
    for wait in _WAITS:
        try:
            work()
            return
        except Retriable:
            time.sleep(wait)
    work()
