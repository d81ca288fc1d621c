"""The log without a server: SQLite files in a folder, for one machine, with one partition a topic.

Several processes may use the folder at once, on a local disk (not NFS: SQLite's locks do not hold there). Threads that
append at the same time share a transaction, so that the disk syncs once for all of them.
"""

import fcntl
import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from schemas.topics import Topic
from storage.errors import Fatal, Retriable, StorageError
from storage.log.base import Member, NewRecord, OffsetRange, Record, check_records, newest_of_each_key
from storage.log.day_files import DayFiles, day_of

_TABLES = """
CREATE TABLE IF NOT EXISTS topic (
    name              TEXT PRIMARY KEY,
    cleanup           TEXT NOT NULL,
    retention_ms      INTEGER NOT NULL,
    partitions        INTEGER NOT NULL,
    segment_ms        INTEGER NOT NULL,
    max_message_bytes INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS committed (
    group_name  TEXT NOT NULL,
    topic       TEXT NOT NULL,
    next_offset INTEGER NOT NULL,
    PRIMARY KEY (group_name, topic)
);
"""
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")  # Kafka's, and safe as the name of a folder

Clock = Callable[[], float]
"""Seconds since 1970, like time.time."""


class SqliteLog:
    """The embedded log. `clock` says which day it is; tests turn it."""

    def __init__(self, folder: Path, clock: Clock = time.time) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._topics: dict[str, _OpenTopic] = {}
        with _storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with closing(self._settings()) as settings:
                settings.execute("PRAGMA journal_mode = WAL")
                settings.executescript(_TABLES)

    def append(self, topic: str, records: Sequence[NewRecord]) -> list[tuple[int, int]]:
        opened = self._open(topic)
        check_records(topic, records, opened.settings.max_message_bytes, opened.settings.compacted)
        if not records:
            return []
        with _storage_errors(self._folder):
            first = opened.appender.append(records)
        return [(0, offset) for offset in range(first, first + len(records))]

    def ends(self, topic: str) -> dict[int, tuple[int, int]]:
        opened = self._open(topic)
        with _storage_errors(self._folder):
            return {0: opened.files.ends()}

    def read(self, offsets: OffsetRange, max_records: int | None = None) -> list[Record]:
        opened = self._open(offsets.topic)
        if offsets.partition != 0:
            raise Fatal(f"the embedded log has only partition 0: there is no {offsets.partition} of {offsets.topic}")
        with _storage_errors(self._folder):
            return opened.files.read(offsets.start, offsets.end, max_records)

    def latest_by_key(self, topic: str) -> Iterator[Record]:
        return newest_of_each_key(self, topic)

    def committed(self, group: str, topic: str) -> dict[int, int]:
        with _storage_errors(self._folder), closing(self._settings()) as settings:
            return dict(
                settings.execute(
                    "SELECT 0, next_offset FROM committed WHERE group_name = ? AND topic = ?", (group, topic)
                ).fetchall()
            )

    def commit(self, group: str, topic: str, next_offsets: Mapping[int, int]) -> None:
        self._open(topic)
        if not next_offsets:
            return
        if set(next_offsets) != {0}:
            raise Fatal(f"the embedded log has only partition 0 of {topic}")
        with _storage_errors(self._folder), closing(self._settings()) as settings:
            settings.execute(
                "INSERT INTO committed VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
                " SET next_offset = excluded.next_offset WHERE excluded.next_offset > next_offset",
                (group, topic, next_offsets[0]),
            )

    def join(self, group: str, topic: str) -> Member:
        """The first member of a group has the one partition; a second has none until the first leaves or dies."""
        self._open(topic)
        if not _NAME.fullmatch(group):
            raise Fatal("a group is named by letters, digits, '.', '_' and '-'")
        return _SqliteMember(self, group, topic, self._folder / topic / f"{group}.member")

    def apply_topics(self, topics: Sequence[Topic]) -> list[str]:
        changed = []
        for topic in topics:
            if not _NAME.fullmatch(topic.name):
                raise Fatal("a topic is named by letters, digits, '.', '_' and '-', and does not begin with '.'")
            with _storage_errors(self._folder):
                (self._folder / topic.name).mkdir(exist_ok=True, mode=0o700)
                old = self._find(topic.name)
                if old == topic:
                    continue
                with closing(self._settings()) as settings:
                    settings.execute(
                        "INSERT OR REPLACE INTO topic VALUES"
                        " (:name, :cleanup, :retention_ms, :partitions, :segment_ms, :max_message_bytes)",
                        asdict(topic),
                    )
            with self._lock:
                if opened := self._topics.get(topic.name):
                    opened.settings = topic
            if old is None:
                changed.append(f"{topic.name}: created")
            else:
                new = asdict(topic)
                changed += [f"{topic.name}: {k} {v} -> {new[k]}" for k, v in asdict(old).items() if v != new[k]]
        return changed

    def clean(self, topic: str) -> None:
        opened = self._open(topic)
        now_ms = int(self._clock() * 1000)
        with _storage_errors(self._folder):
            opened.files.expire(day_of(now_ms - opened.settings.retention_ms), day_of(now_ms))
            if opened.settings.compacted:
                opened.files.compact(day_of(now_ms))

    def close(self) -> None:
        with self._lock:
            for opened in self._topics.values():
                opened.files.close()
            self._topics.clear()

    def _commit(self, group: str, topic: str, next_offset: int) -> None:
        with _storage_errors(self._folder), closing(self._settings()) as settings:
            settings.execute("INSERT OR REPLACE INTO committed VALUES (?, ?, ?)", (group, topic, next_offset))

    def _settings(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._folder / "log.sqlite", timeout=30, isolation_level=None)
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def _find(self, topic: str) -> Topic | None:
        with closing(self._settings()) as settings:
            row = settings.execute(
                "SELECT name, cleanup, retention_ms, partitions, segment_ms, max_message_bytes FROM topic"
                " WHERE name = ?",
                (topic,),
            ).fetchone()
        return Topic(*row) if row else None

    def _open(self, topic: str) -> "_OpenTopic":
        with self._lock:
            if topic not in self._topics:
                with _storage_errors(self._folder):
                    settings = self._find(topic)
                if settings is None:
                    raise Fatal(f"there is no topic {topic} in this log: run `balie topics apply`")
                self._topics[topic] = _OpenTopic(settings, DayFiles(self._folder / topic), self._clock)
            return self._topics[topic]


class _OpenTopic:
    def __init__(self, settings: Topic, files: DayFiles, clock: Clock) -> None:
        self.settings = settings
        self.files = files
        self.appender = _GroupCommit(files, clock)


class _Waiting:
    """What one thread wants to append, and what came of it."""

    def __init__(self, records: Sequence[NewRecord]) -> None:
        self.records = records
        self.first: int | None = None
        self.error: Exception | None = None
        self.turn = threading.Event()  # it was written, or it is this thread that writes now


class _GroupCommit:
    """Lets threads that append at the same time share one transaction, which one of them writes for all that wait."""

    def __init__(self, files: DayFiles, clock: Clock) -> None:
        self._files = files
        self._clock = clock
        self._lock = threading.Lock()
        self._queue: list[_Waiting] = []
        self._writing = False

    def append(self, records: Sequence[NewRecord]) -> int:
        """The offset of the first record; returns when they are on the disk."""
        mine = _Waiting(records)
        with self._lock:
            self._queue.append(mine)
            if not self._writing:
                self._writing = True
                mine.turn.set()
        mine.turn.wait()
        if mine.first is None and mine.error is None:
            self._write_for_all()
        if mine.error is not None:
            raise mine.error
        return mine.first or 0

    def _write_for_all(self) -> None:
        with self._lock:
            group, self._queue = self._queue, []
        try:
            records = [record for waiting in group for record in waiting.records]
            first = self._files.append(records, int(self._clock() * 1000))
            for waiting in group:
                waiting.first = first
                first += len(waiting.records)
        except Exception as error:
            for waiting in group:
                waiting.error = error
        except BaseException:  # this thread is being stopped, the others are not
            for waiting in group:
                waiting.error = Retriable("the append was interrupted: append again")
            raise
        finally:
            with self._lock:
                if self._queue:
                    self._queue[0].turn.set()
                else:
                    self._writing = False
            for waiting in group:
                waiting.turn.set()


class _SqliteMember:
    def __init__(self, log: SqliteLog, group: str, topic: str, lock_file: Path) -> None:
        self._log = log
        self._group = group
        self._topic = topic
        self._lock_file = lock_file
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def partitions(self) -> frozenset[int]:
        if self._descriptor is None:
            with _storage_errors(self._lock_file.parent):
                descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return frozenset()
            self._descriptor = descriptor
        return frozenset({0})

    def committed(self) -> dict[int, int]:
        return self._log.committed(self._group, self._topic) if self._descriptor is not None else {}

    def commit(self, next_offsets: Mapping[int, int]) -> None:
        if not next_offsets:
            return
        if self._descriptor is None or set(next_offsets) != {0}:
            raise Retriable("this member does not have that partition (now): go on from what is committed")
        self._log._commit(self._group, self._topic, next_offsets[0])


@contextmanager
def _storage_errors(folder: Path) -> Iterator[None]:
    """Say of what SQLite or the disk refuses what can be done about it. SQLite's messages quote no values."""
    try:
        yield
    except StorageError:
        raise
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "") or type(error).__name__
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL")):
            raise Retriable(f"the log in {folder} is held by another process ({name})") from error
        if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
            raise Retriable(f"the disk of the log in {folder} does not take this ({name}): see to its space") from error
        if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM")):
            raise Fatal(f"the log in {folder} cannot be opened to write ({name}): see who owns the folder") from error
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            raise Fatal(f"the log in {folder} is damaged ({name}): stop Balie and restore the folder") from error
        raise
    except PermissionError as error:
        raise Fatal(f"the log in {folder} cannot be opened to write: see who owns the folder") from error
    except OSError as error:
        raise Retriable(f"the log in {folder} cannot be reached: {os.strerror(error.errno or 0)}") from error
