"""Which files were taken, by the hash of their content: a file is taken once, whatever it is called by then."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from storage.state.base import Database
from storage.state.tables import taken_files

# A file that lies about for longer is taken again, which adds nothing: its answers have their ids.
KEPT = timedelta(days=400)


class TakenFiles:
    """The files of all sources that were taken."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_taken(self, tenant: str, source: str, digest: str) -> bool:
        """Whether a file with this content was taken; `digest` is the SHA-256 of it, in hex."""
        return self._database.read(lambda connection: _contains(connection, tenant, source, digest))

    def take(self, tenant: str, source: str, digest: str, now: datetime) -> None:
        """Note it as taken, once what is in it is durable."""

        def job(connection: Connection) -> None:
            if not _contains(connection, tenant, source, digest):
                row = {"tenant": tenant, "source": source, "digest": digest, "taken_at": now}
                connection.execute(insert(taken_files).values(row))

        self._database.write(job)

    def expire(self, now: datetime) -> int:
        """Forget what was taken `KEPT` ago or longer; how many."""
        old = delete(taken_files).where(taken_files.c.taken_at <= now - KEPT)
        return self._database.write(lambda connection: connection.execute(old).rowcount)


def _contains(connection: Connection, tenant: str, source: str, digest: str) -> bool:
    own = (taken_files.c.tenant == tenant) & (taken_files.c.source == source) & (taken_files.c.digest == digest)
    return connection.execute(select(taken_files.c.digest).where(own)).first() is not None
