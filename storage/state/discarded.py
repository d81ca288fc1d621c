"""Failures that were discarded: an id, a time and a reason, so that each offset of the log stays accounted for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from storage.state.base import Database
from storage.state.tables import discarded

# Longer than any copy of the failed bytes lives, in the log or among the failures.
KEPT = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class DiscardedFailure:
    """`reason` is a code, never words of a citizen."""

    failure_id: str
    reason: str
    discarded_at: datetime


class DiscardedFailures:
    """The ids of discarded failures."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def discard(self, failure_ids: Iterable[str], *, reason: str, now: datetime) -> int:
        """Note these failures as discarded; how many were not yet. The first reason and time stay."""
        asked = dict.fromkeys(failure_ids)

        def job(connection: Connection) -> int:
            new = [failure_id for failure_id in asked if not _contains(connection, failure_id)]
            if new:
                connection.execute(
                    insert(discarded),
                    [{"failure_id": failure_id, "reason": reason, "discarded_at": now} for failure_id in new],
                )
            return len(new)

        return self._database.write(job)

    def is_discarded(self, failure_id: str) -> bool:
        return self._database.read(lambda connection: _contains(connection, failure_id))

    def discarded_ids(self) -> set[str]:
        return {failure.failure_id for failure in self.list_discarded()}

    def list_discarded(self) -> list[DiscardedFailure]:
        """All of them, the oldest first."""
        query = select(discarded).order_by(discarded.c.discarded_at, discarded.c.failure_id)
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return [DiscardedFailure(row.failure_id, row.reason, row.discarded_at) for row in rows]

    def expire(self, now: datetime) -> int:
        """Forget what was discarded `KEPT` ago or longer; how many."""
        old = delete(discarded).where(discarded.c.discarded_at <= now - KEPT)
        return self._database.write(lambda connection: connection.execute(old).rowcount)


def _contains(connection: Connection, failure_id: str) -> bool:
    query = select(discarded.c.failure_id).where(discarded.c.failure_id == failure_id)
    return connection.execute(query).first() is not None
