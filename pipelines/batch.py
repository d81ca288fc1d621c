"""What flows through the pipeline: a batch of events in columns, the offsets it came from, what failed on the way."""

from __future__ import annotations

import base64
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from schemas.failure import FailedEvent, Origin, Stage, failure_of_record
from storage.errors import StorageError
from storage.log.base import OffsetRange, Record
from storage.log.records import replay_of

ROW = "_row"
"""The column that says which record of the batch a row came from."""

Step = Callable[[pa.Table], pa.Table]
"""Columns in, columns out; the same number of rows in the same order. Raises where it cannot do a row."""


class ProgramFault(Exception):
    """A step fails in the same way on several towns' events, or on none at all, or something raises that never should:
    it is the program, so the run stops instead of filing everything under failures. Mend it, then run again from the
    same offset."""


@dataclass(frozen=True, slots=True)
class Records:
    """Records of one partition as they stand in the log, and the range of offsets they account for."""

    offsets: OffsetRange
    records: Sequence[Record]


@dataclass(frozen=True, slots=True)
class Batch:
    """`columns` has one row an event (`ROW` points into `records`); `failures` are the records that have no row.

    `offsets` is the range accounted for: every record in it is a row, a failure, or one of the log's own markers.
    """

    offsets: OffsetRange
    records: Sequence[Record]
    columns: pa.Table = field(repr=False)  # a table's repr shows its values
    failures: tuple[FailedEvent, ...] = ()


def failed(
    batch_topic: str, record: Record, stage: Stage, reason: str, tenant: str | None, source: str | None, now: datetime
) -> FailedEvent:
    """The failure of one record; one that was replayed keeps the id and the first receipt it had."""
    replay = replay_of(record)
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


@contextmanager
def quoting_nothing(name: str) -> Iterator[None]:
    """Around what Beam calls: Beam logs the words of what is raised, and those of a library may quote an event.

    Raises:
        StorageError, OSError, MemoryError, ProgramFault: as they are raised inside.
        ProgramFault: anything else is raised inside; it says kind and place.
    """
    try:
        yield
    except (StorageError, OSError, MemoryError, ProgramFault):
        raise
    except Exception as error:
        raise ProgramFault(f"{name}: {_what(error)}") from None


def apply(step: Step, batch: Batch, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Batch:
    """The batch after a step. A single row at which the step raises becomes a failure; the others go on.

    Raises:
        StorageError, OSError, MemoryError: what the step needs is not to be had; nothing is a failure for that.
        ProgramFault: the step raises the same exception on rows of several towns, or without any row.
    """
    faults: list[_Fault] = []
    columns = _bisect(step, batch.columns, faults)
    if not faults:
        return replace(batch, columns=columns)
    failures = [
        failed(
            batch.offsets.topic,
            batch.records[fault.row],
            Stage.ENRICH,
            f"{step.__name__}: {fault.what}",
            fault.tenant,
            fault.source,
            now(),
        )
        for fault in faults
    ]
    return replace(batch, columns=columns, failures=(*batch.failures, *failures))


@dataclass(frozen=True, slots=True)
class _Fault:
    """What a step raised on one row: the kind of exception and where it was raised."""

    row: int
    tenant: str
    source: str
    what: str


def _what(fault: Exception) -> str:
    """Kind and place of an exception. Its own words may quote the event, so they are left out."""
    frames = traceback.extract_tb(fault.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(fault).__name__}{where}"


def _bisect(step: Step, columns: pa.Table, faults: list[_Fault]) -> pa.Table:
    try:
        return step(columns)
    except (StorageError, OSError):
        raise
    except Exception as error:
        if isinstance(error, MemoryError) and columns.num_rows <= 1:
            raise
        what = _what(error)
    if columns.num_rows == 0:
        raise ProgramFault(f"{step.__name__}: {what}, without any event")
    if columns.num_rows == 1:
        row, tenant, source = (columns.column(name)[0].as_py() for name in (ROW, "tenant", "source"))
        if any(fault.what == what and fault.tenant != tenant for fault in faults):
            raise ProgramFault(f"{step.__name__}: {what} on events of several towns")
        faults.append(_Fault(row, tenant, source, what))
        return _bisect(step, columns.slice(0, 0), faults)
    middle = columns.num_rows // 2
    halves = [
        _bisect(step, columns.slice(start, length), faults)
        for start, length in ((0, middle), (middle, columns.num_rows - middle))
    ]
    return pa.concat_tables(halves)
