"""What flows through the pipeline: a batch of events in columns, the offsets it came from, what failed on the way."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pyarrow as pa
from pydantic import ValidationError

from schemas.failure import REPLAY_HEADER, FailedEvent, Origin, Replay, Stage, failure_of_record
from storage.errors import StorageError
from storage.log.base import OffsetRange, Record

ROW = "_row"
"""The column that says which record of the batch a row came from."""

Step = Callable[[pa.Table], pa.Table]
"""Columns in, columns out; the same number of rows in the same order. Raises where it cannot do a row."""


class ProgramFault(Exception):
    """A step fails in the same way on several towns' events: it is the program, so the run stops instead of filing
    everything under failures. Mend the step, then run again from the same offset."""


@dataclass(frozen=True, slots=True)
class Batch:
    """`columns` has one row an event (`ROW` points into `records`); `failures` are the records that have no row.

    `offsets` is the range accounted for: every record in it is a row, a failure, or one of the log's own markers.
    """

    offsets: OffsetRange
    records: Sequence[Record]
    columns: pa.Table
    failures: tuple[FailedEvent, ...] = ()


def failed(
    batch_topic: str, record: Record, stage: Stage, reason: str, tenant: str | None, source: str | None, now: datetime
) -> FailedEvent:
    """The failure of one record; one that was replayed keeps the id and the first receipt it had."""
    replay = _replay(record)
    received_at = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
    return FailedEvent(
        failure_id=replay.failure_id if replay else failure_of_record(batch_topic, record.partition, record.offset),
        stage=stage,
        reason=reason[:300],
        tenant=tenant,
        source=source,
        origin=Origin(topic=batch_topic, partition=record.partition, offset=record.offset),
        body=base64.b64encode(record.value or b""),
        first_received_at=replay.first_received_at if replay else received_at,
        failed_at=now,
        attempt=replay.attempt if replay else 1,
    )


def _replay(record: Record) -> Replay | None:
    for name, value in record.headers:
        if name == REPLAY_HEADER:
            try:
                return Replay.model_validate_json(value)
            except ValidationError:
                return None
    return None


def apply(step: Step, batch: Batch, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Batch:
    """The batch after a step. A single row at which the step raises becomes a failure; the others go on.

    Raises:
        StorageError: what the step reads from is not to be had; nothing is a failure for that.
        ProgramFault: the step raises the same exception on rows of several towns.
    """
    faults: list[tuple[pa.Table, Exception]] = []
    columns = _bisect(step, batch.columns, faults)
    if not faults:
        return replace(batch, columns=columns)
    failures = []
    towns: dict[str, set[str]] = {}
    for row, fault in faults:
        tenant, source = row.column("tenant")[0].as_py(), row.column("source")[0].as_py()
        kind = type(fault).__name__
        towns.setdefault(kind, set()).add(tenant)
        if len(towns[kind]) > 1:
            raise ProgramFault(f"{step.__name__}: {kind} on events of several towns") from fault
        record = batch.records[row.column(ROW)[0].as_py()]
        # The exception's own words may quote the event: its kind and the step have to do.
        reason = f"{step.__name__}: {kind}"
        failures.append(failed(batch.offsets.topic, record, Stage.ENRICH, reason, tenant, source, now()))
    return replace(batch, columns=columns, failures=(*batch.failures, *failures))


def _bisect(step: Step, columns: pa.Table, faults: list[tuple[pa.Table, Exception]]) -> pa.Table:
    try:
        return step(columns)
    except StorageError:
        raise
    except Exception as fault:
        if columns.num_rows == 1:
            faults.append((columns, fault))
            return step(columns.slice(0, 0))
    middle = columns.num_rows // 2
    halves = [
        _bisect(step, columns.slice(start, length), faults)
        for start, length in ((0, middle), (middle, columns.num_rows - middle))
    ]
    return pa.concat_tables(halves)
