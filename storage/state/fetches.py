"""What is still to be fetched: addresses that a provider's webhook named, until what is there is in the log."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from storage.state.base import Database
from storage.state.tables import fetches


@dataclass(frozen=True, slots=True)
class QueuedFetch:
    """One address. `tries` counts those that failed."""

    id: int
    url: str = field(repr=False)
    queued_at: datetime
    tries: int


class Fetches:
    """The addresses that all sources wait for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def queue(self, tenant: str, source: str, url: str, now: datetime) -> None:
        """Have it fetched. One that waits already is not queued twice."""

        def job(connection: Connection) -> None:
            own = (fetches.c.tenant == tenant) & (fetches.c.source == source) & (fetches.c.url == url)
            if connection.execute(select(fetches.c.id).where(own)).first() is None:
                row = {"tenant": tenant, "source": source, "url": url, "queued_at": now, "due_at": now, "tries": 0}
                connection.execute(insert(fetches).values(row))

        self._database.write(job)

    def due(self, tenant: str, source: str, now: datetime, most: int = 100) -> list[QueuedFetch]:
        """Those of a source that are to be tried now, the longest waiting first."""
        query = (
            select(fetches)
            .where(fetches.c.tenant == tenant, fetches.c.source == source, fetches.c.due_at <= now)
            .order_by(fetches.c.due_at, fetches.c.id)
            .limit(most)
        )
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return [QueuedFetch(row.id, row.url, row.queued_at, row.tries) for row in rows]

    def put_off(self, fetch: QueuedFetch, until: datetime) -> None:
        """It failed: try it again then."""
        later = update(fetches).where(fetches.c.id == fetch.id).values(due_at=until, tries=fetch.tries + 1)
        self._database.write(lambda connection: connection.execute(later))

    def done(self, fetch: QueuedFetch) -> None:
        """What it brought, or that it is given up, is in the log."""
        self._database.write(lambda connection: connection.execute(delete(fetches).where(fetches.c.id == fetch.id)))
