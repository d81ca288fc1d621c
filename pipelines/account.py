"""Where every record of the log has gone: loaded, superseded, an open failure, discarded, or missing.

It makes the rows of the log anew and looks them up. A row is loaded if the warehouse's newest telling of the answer has
its place in the order, superseded if that telling has a higher one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from pipelines.batch import ROW, Batch
from pipelines.rooms import Rooms
from pipelines.sinks.warehouse import TABLE
from pipelines.sources.log import records_of
from pipelines.version import order_of
from storage.log.base import OffsetRange, is_marker
from storage.log.records import replay_of

_NEWEST = f"""
SELECT tenant, feedback_id, max(version) AS version FROM {TABLE}
WHERE feedback_id IN {{ids:Array(UUID)}} GROUP BY tenant, feedback_id
"""  # noqa: S608 - TABLE is ours


@dataclass
class Account:
    """How many records went where; `missing` are (topic, partition, offset) that are nowhere: there must be none."""

    loaded: int = 0
    superseded: int = 0
    open_failures: int = 0
    discarded: int = 0
    markers: int = 0
    missing: list[tuple[str, int, int]] = field(default_factory=list)


def account(
    rooms: Rooms, ranges: Collection[OffsetRange], open_failures: Collection[str], discarded: Collection[str]
) -> Account:
    """Accounts for every record of the ranges. The ids of open and of discarded failures are given as text.

    Raises:
        Retriable: the log or the warehouse is not to be had.
    """
    total = Account()
    gone: dict[str, tuple[str, int, int]] = {}  # failures that are neither open nor discarded, by id
    replayed: set[str] = set()
    for offsets in ranges:
        for records in records_of(rooms.log, offsets, 5_000):
            batch = rooms.enrichment.enriched(records)
            total.markers += sum(map(is_marker, records.records))
            replayed.update(str(replay.failure_id) for replay in map(replay_of, records.records) if replay)
            for failure in batch.failures:
                known, origin = str(failure.failure_id), failure.origin
                if known in open_failures:
                    total.open_failures += 1
                elif known in discarded or failure.expires_at <= failure.failed_at:
                    total.discarded += 1
                elif origin is not None:
                    gone[known] = (origin.topic, origin.partition, origin.offset)
            _count_rows(total, rooms, batch)
    # A failure that was replayed stands again, further on in the log: that record has an account of its own.
    total.superseded += sum(known in replayed for known in gone)
    total.missing += [place for known, place in gone.items() if known not in replayed]
    return total


def _count_rows(total: Account, rooms: Rooms, batch: Batch) -> None:
    rows = batch.columns
    if not rows.num_rows:
        return
    keys = list(zip(rows.column("tenant").to_pylist(), rows.column("feedback_id").to_pylist(), strict=True))
    found = rooms.warehouse.rows(_NEWEST, {"ids": [str(UUID(bytes=key)) for _, key in keys]})
    newest = {(row["tenant"], row["feedback_id"].bytes): row["version"] for row in found}
    versions = [int.from_bytes(version, "little") for version in rows.column("version").to_pylist()]
    for key, version, row in zip(keys, versions, rows.column(ROW).to_pylist(), strict=True):
        there = newest.get(key)
        if there is None or order_of(there) < order_of(version):
            record = batch.records[row]
            total.missing.append((batch.offsets.topic, record.partition, record.offset))
        elif there == version:
            total.loaded += 1
        else:
            total.superseded += 1
