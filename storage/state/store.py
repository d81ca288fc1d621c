"""The state store as the rest of Balie opens it."""

from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from storage.state.base import Database
from storage.state.conversations import Conversations
from storage.state.cursors import Cursors
from storage.state.discarded import DiscardedFailures
from storage.state.fetches import Fetches
from storage.state.keys import KeyRing
from storage.state.master_key import MasterKey
from storage.state.sqlite import SqliteDatabase
from storage.state.taken_files import TakenFiles


class State:
    """All that is remembered beside the log and the warehouse. Safe between threads and processes."""

    def __init__(self, database: Database, master_key: MasterKey) -> None:
        self._database = database
        self.keys = KeyRing(database, master_key)
        self.conversations = Conversations(database, self.keys)
        self.discarded = DiscardedFailures(database)
        self.cursors = Cursors(database)
        self.taken_files = TakenFiles(database)
        self.fetches = Fetches(database)

    def expire(self, now: datetime) -> None:
        """Forget what has an end (conversations, discarded failures, taken files), down to its bytes. Once a day."""
        removed = self.conversations.expire(now) + self.discarded.expire(now) + self.taken_files.expire(now)
        if removed:
            self._database.scrub()

    def close(self) -> None:
        self.keys.forget()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def open_state(path: Path, master_key: MasterKey) -> State:
    """The state store in the SQLite file at `path`, made if it is not there. Open it after a fork, never before.

    Fatal where the file is damaged or newer than this Balie; Retriable where other processes keep it busy.
    """
    return State(SqliteDatabase(path), master_key)
