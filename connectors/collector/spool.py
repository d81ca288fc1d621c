"""Where records wait on this host's disk while the log is down: a queue in one SQLite file, with an upper bound."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from schemas.topics import RECORD_LIMIT
from storage.errors import Fatal
from storage.log.base import NewRecord

_TABLE = """
CREATE TABLE IF NOT EXISTS waiting (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    topic    TEXT NOT NULL,
    key      BLOB,
    value    BLOB,
    headers  TEXT NOT NULL,
    refused  INTEGER NOT NULL DEFAULT 0
) STRICT
"""
_ROW_OVERHEAD = 200
_COUNT = f"""
SELECT count(*) FILTER (WHERE NOT refused),
       coalesce(sum(length(coalesce(key, x'')) + length(coalesce(value, x'')) + length(headers) + {_ROW_OVERHEAD}), 0),
       count(*) FILTER (WHERE refused)
FROM waiting
"""  # noqa: S608


class Entry(NamedTuple):
    """A record and the topic it is for."""

    topic: str
    record: NewRecord


class Spooled(NamedTuple):
    """An entry that waits, and its place in the queue."""

    position: int
    entry: Entry


class Spool:
    """A queue on disk that survives `kill -9` and a power cut. One process, and there one thread at a time, uses it.

    `pending` is how many entries wait and `bytes` their size; both may be read from any thread.
    """

    def __init__(self, path: Path, max_bytes: int = 1024**3) -> None:
        self.max_bytes = max_bytes
        self.pending = self.bytes = self.refused = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # SQLite gives -wal the mode of the file it belongs to.
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=1)
            # Exclusive: a second collector on the same file must not send its records in between.
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA auto_vacuum = FULL")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.execute(_TABLE)
            self._count()
        except (OSError, sqlite3.Error) as error:
            raise Fatal(
                f"the spool {path} cannot be used ({error}): stop the other collector that uses it, or mend its disk"
            ) from error

    def append(self, groups: Sequence[Sequence[Entry]]) -> list[bool]:
        """Keep groups of entries, each whole or not at all; whether each was kept. On disk when this returns."""
        kept, rows, size = [], [], self.bytes
        for group in groups:
            needed = sum(_size(entry) for entry in group)
            fits = size + needed <= self.max_bytes and all(
                len(entry.record.value or b"") <= RECORD_LIMIT for entry in group
            )
            kept.append(fits)
            if fits:
                size += needed
                rows += [
                    (entry.topic, entry.record.key, entry.record.value, _headers_text(entry.record)) for entry in group
                ]
        try:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT INTO waiting (topic, key, value, headers) VALUES (?, ?, ?, ?)", rows)
            self._db.execute("COMMIT")
        except sqlite3.Error:  # the disk is full, or gone
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            return [False] * len(groups)
        self.pending += len(rows)
        self.bytes = size
        return kept

    def oldest(self, count: int, max_bytes: int = 16 * 1024 * 1024) -> list[Spooled]:
        """The entries that wait longest, in order: at most so many, and not much more than so many bytes."""
        found, size = [], 0
        for position, topic, key, value, headers in self._db.execute(
            "SELECT position, topic, key, value, headers FROM waiting WHERE NOT refused ORDER BY position LIMIT ?",
            (count,),
        ):
            record = NewRecord(key, value, tuple((name, text.encode("latin-1")) for name, text in json.loads(headers)))
            found.append(Spooled(position, Entry(topic, record)))
            size += _size(found[-1].entry)
            if size > max_bytes:
                break
        return found

    def remove(self, last: int) -> None:
        """Forget the entries up to this position: the log has them. Once none is left, their bytes leave the disk."""
        self._db.execute("DELETE FROM waiting WHERE position <= ? AND NOT refused", (last,))
        self._count()
        if not self.pending:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def refuse(self, position: int) -> None:
        """Set an entry aside that the log will never take, so that it does not hold up the others. It stays here."""
        self._db.execute("UPDATE waiting SET refused = 1 WHERE position = ?", (position,))
        self._count()

    def close(self) -> None:
        """Give up the file. Nothing that `append` has kept is lost without it."""
        self._db.close()

    def _count(self) -> None:
        (self.pending, self.bytes, self.refused) = self._db.execute(_COUNT).fetchone()


def _headers_text(record: NewRecord) -> str:
    return json.dumps([(name, value.decode("latin-1")) for name, value in record.headers])


def _size(entry: Entry) -> int:
    record = entry.record
    return len(record.key or b"") + len(record.value or b"") + len(_headers_text(record)) + _ROW_OVERHEAD
