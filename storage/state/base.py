"""The protocol of the database under the state store: what SQLite does now, and PostgreSQL can do later.

What is kept (`keys`, `conversations`, `discarded`) is written once, in SQLAlchemy Core without a dialect of its own.
A database only has to say how a transaction is run and how bytes are made to vanish.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")


class Database(Protocol):
    """Transactions that are safe between threads and between processes.

    Every method raises `storage.errors.Retriable` where the database is busy, full or away, and `Fatal` where it is
    broken.
    """

    def read(self, job: Callable[[Connection], T]) -> T:
        """What the job returns; it sees one consistent state and does not write."""

    def write(self, job: Callable[[Connection], T]) -> T:
        """What the job returns, once what it wrote is on the disk (fsync).

        Writing jobs run as though one at a time, over all processes: what a job has read cannot have changed when it
        commits. Jobs of several threads may share one commit. If a job raises, nothing of it is kept and its error
        is raised here; other jobs are not touched. A job may be run more than once before it is kept, so it must do
        nothing but use its connection.
        """

    def scrub(self) -> None:
        """Remove from all files of the database the bytes of what was deleted or overwritten before this call."""

    def close(self) -> None:
        """Give up connections. Nothing that `write` has returned is lost without it."""
