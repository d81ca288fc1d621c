"""The files of one topic of the embedded log: a SQLite file a day, so that what expires is removed whole.

A row that is deleted inside a SQLite file stays readable on the disk; a file that is removed does not. So rows are
never deleted: a day that has expired is unlinked, and compaction writes what is left of a file into a new one.

A file is named `<first offset>.<day>.<generation>.sqlite`. The newest takes the appends; the others no longer change,
but for compaction, which puts one of a higher generation in their place. Three lock files, held with flock(2) and so
freed when a process dies, keep threads and processes apart:

    clean.lock    for expiry and compaction
    append.lock   for the group that is being written, and for making the newest file
    files.lock    shared while files are listed and opened, exclusive while they are put in or taken out

Who needs more than one takes them in this order.
"""

import fcntl
import os
import re
import sqlite3
import struct
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from storage.log.base import READ_BYTES, Headers, NewRecord, Record

_TABLE = """
CREATE TABLE record (
    record_offset INTEGER PRIMARY KEY,
    appended_at   INTEGER NOT NULL,  -- milliseconds since 1970 UTC
    key           BLOB,
    value         BLOB,              -- NULL is a tombstone
    headers       BLOB               -- NULL for none
)
"""
_NAME = re.compile(r"(\d{20})\.(\d{4}-\d\d-\d\d)\.(\d+)\.sqlite")
_SUFFIXES = ("", "-wal", "-shm")  # what SQLite keeps beside a file holds its rows, too
_UNFINISHED = ".unfinished"
_BUSY_SECONDS = 30.0  # SQLite's own locks are held for a transaction; ours keep writers apart before it comes to that


class DayFile(NamedTuple):
    """One file, as its name says. Sorts by offset: the last one is the newest."""

    base: int
    day: date
    generation: int
    path: Path


class DayFiles:
    """The records of one topic in a folder. Safe for several threads, and for several processes on one machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: tuple[Path, sqlite3.Connection] | None = None  # touched under append.lock only
        self._readers: dict[Path, sqlite3.Connection] = {}
        self._reading = threading.Lock()

    def append(self, records: Iterable[NewRecord], now_ms: int) -> int:
        """Write records in one durable transaction; returns the offset of the first, the others follow it."""
        with self._locked("append.lock"):
            newest = self._newest_for(day_of(now_ms))
            connection = self._writer_of(newest)
            try:
                connection.execute("BEGIN IMMEDIATE")
                first = _next_offset(connection, newest)
                connection.executemany(
                    "INSERT INTO record VALUES (?, ?, ?, ?, ?)",
                    (
                        (offset, now_ms, record.key, record.value, _encode(record.headers))
                        for offset, record in enumerate(records, first)
                    ),
                )
                connection.execute("COMMIT")
            except BaseException:
                self._drop_writer()  # closing rolls back, whatever state it was in
                raise
            return first

    def ends(self) -> tuple[int, int]:
        """The first offset still kept, and the next one."""
        with self._reading, self._locked("files.lock", shared=True):
            files = self._files()
            return (files[0].base, _next_offset(self._reader_of(files, -1), files[-1])) if files else (0, 0)

    def read(self, start: int, end: int, max_records: int | None) -> list[Record]:
        """The records from `start` up to `end`, in order; with `max_records` the first ones (see `Log.read`)."""
        records: list[Record] = []
        size = 0
        with self._reading:
            while start < end and (max_records is None or (len(records) < max_records and size < READ_BYTES)):
                with self._locked("files.lock", shared=True):
                    files = self._files()
                    at = max((index for index, file in enumerate(files) if file.base <= start), default=0)
                    if not files or files[at].base >= end:
                        break
                    connection = self._reader_of(files, at)
                rows = connection.execute(
                    "SELECT record_offset, appended_at, key, value, headers FROM record"
                    " WHERE record_offset >= ? AND record_offset < ? ORDER BY record_offset LIMIT ?",
                    (start, end, -1 if max_records is None else max_records - len(records)),
                )
                with closing(rows):
                    for offset, appended_at, key, value, headers in rows:
                        records.append(Record(0, offset, appended_at, key, value, _decode(headers)))
                        if value is not None:
                            size += len(value)
                            if size >= READ_BYTES and max_records is not None:
                                break
                if at + 1 == len(files):
                    break
                start = files[at + 1].base
        return records

    def expire(self, before: date, today: date) -> None:
        """Remove every file whose day is before `before`."""
        with self._locked("clean.lock"):
            files = self._files()
            # A clock that was once ahead must not keep its file for ever: none is taken to be newer than its followers.
            days = [min(file.day for file in files[index:]) for index in range(len(files))]
            expired = [file for file, day in zip(files, days, strict=True) if day < before]
            if expired and expired[-1] == files[-1] and not self._roll(files[-1], today):
                del expired[-1]  # it is empty, and stays: its name keeps the next offset
            self._remove(file.path for file in expired)
            self._sweep()

    def compact(self, today: date) -> None:
        """Write anew, without them, every file that holds records which a later one of the same key covers."""
        with self._locked("clean.lock"):
            files = self._files()
            last: dict[bytes, int] = {}
            for file in files:
                with closing(_open(file.path)) as connection:
                    last.update(connection.execute("SELECT key, record_offset FROM record ORDER BY record_offset"))
            for file in files:
                with closing(_open(file.path)) as connection:
                    rows = connection.execute("SELECT key, record_offset FROM record WHERE key IS NOT NULL")
                    covered = [offset for key, offset in rows if last[key] > offset]
                if covered:
                    if file == files[-1]:
                        self._roll(file, today)
                    self._put_rest(file, covered)
                    self._remove([file.path])
            self._sweep()

    def close(self) -> None:
        """Close the files. A method that is called later opens them again."""
        with self._locked("append.lock"):
            self._drop_writer()
        with self._reading:
            self._drop_readers(keep=())

    # The files, and who may touch them

    @contextmanager
    def _locked(self, name: str, shared: bool = False) -> Iterator[None]:
        descriptor = os.open(self._folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _files(self) -> list[DayFile]:
        """Needs one of the locks: without, a listing may miss a file that is replaced meanwhile."""
        newest: dict[tuple[int, str], DayFile] = {}
        for name in sorted(os.listdir(self._folder)):
            if match := _NAME.fullmatch(name):
                file = DayFile(int(match[1]), date.fromisoformat(match[2]), int(match[3]), self._folder / name)
                other = newest.get((file.base, match[2]))
                if other is None or other.generation < file.generation:
                    newest[file.base, match[2]] = file
        return sorted(newest.values())

    def _newest_for(self, day: date) -> DayFile:
        """The file that takes the appends of a day, made where it is missing. Needs append.lock."""
        files = self._files()
        if not files:
            return self._put(DayFile(0, day, 0, self._folder), ())
        newest = files[-1]
        if newest.day == day:
            return newest
        following = _next_offset(self._writer_of(newest), newest)
        if following == newest.base and day < newest.day:
            return newest  # empty, and the clock went back: names must sort, and that it expires later is no harm
        return self._put(DayFile(following, day, 0, self._folder), ())

    def _roll(self, newest: DayFile, today: date) -> bool:
        """Have a newer file than `newest` take the appends. False where that one is empty, and takes them itself."""
        with self._locked("append.lock"):
            if self._files()[-1] == newest:
                following = _next_offset(self._writer_of(newest), newest)
                if following == newest.base:
                    return False
                self._put(DayFile(following, today, 0, self._folder), ())
            self._drop_writer()
            return True

    def _put_rest(self, file: DayFile, covered: Sequence[int]) -> None:
        """Put a next generation of a file beside it, without the offsets that are covered; none where none are left."""
        with closing(_open(file.path)) as connection:
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("CREATE TEMP TABLE covered (record_offset INTEGER PRIMARY KEY)")
            connection.executemany("INSERT INTO covered VALUES (?)", ((offset,) for offset in covered))
            rest = "FROM main.record WHERE record_offset NOT IN (SELECT record_offset FROM covered)"
            if connection.execute(f"SELECT EXISTS (SELECT 1 {rest})").fetchone() == (1,):
                rows = connection.execute(f"SELECT * {rest} ORDER BY record_offset")
                self._put(file._replace(generation=file.generation + 1), rows)

    def _put(self, file: DayFile, rows: Iterable[Sequence[object]]) -> DayFile:
        """Make a file with these rows: whole and on the disk under its name, or not at all."""
        path = self._folder / f"{file.base:020d}.{file.day.isoformat()}.{file.generation}.sqlite"
        unfinished = path.with_name(path.name + _UNFINISHED)
        self._unlink(unfinished)
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(unfinished, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN")
            connection.execute(_TABLE)
            connection.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?)", rows)
            connection.execute("COMMIT")
        _sync(unfinished)
        with self._locked("files.lock"):
            unfinished.rename(path)
            _sync(self._folder)
        return file._replace(path=path)

    def _remove(self, paths: Iterable[Path]) -> None:
        """Take files out with all that SQLite keeps beside them, and let go of them in this process."""
        with self._locked("files.lock"):
            for path in paths:
                self._unlink(path)
            _sync(self._folder)
        with self._reading:
            self._drop_readers(keep=[file.path for file in self._files()])

    def _unlink(self, path: Path) -> None:
        for suffix in _SUFFIXES:
            path.with_name(path.name + suffix).unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what a process left that died while it was cleaning or making a file. Needs clean.lock."""
        with self._locked("append.lock"):  # so that nothing unfinished is someone's work
            kept = {file.path.name + suffix for file in self._files() for suffix in _SUFFIXES}
            left = [name for name in os.listdir(self._folder) if ".sqlite" in name and name not in kept]
            self._remove(self._folder / name for name in left)

    # Connections

    def _writer_of(self, file: DayFile) -> sqlite3.Connection:
        if self._writer is None or self._writer[0] != file.path:
            self._drop_writer()
            connection = _open(file.path)
            connection.execute("PRAGMA synchronous = FULL")  # a commit returns when the disk has it
            connection.execute("PRAGMA fullfsync = ON")  # also on macOS, where fsync alone does not see to that
            self._writer = (file.path, connection)
        return self._writer[1]

    def _drop_writer(self) -> None:
        if self._writer is not None:
            self._writer[1].close()
            self._writer = None

    def _reader_of(self, files: Sequence[DayFile], index: int) -> sqlite3.Connection:
        """Needs files.lock, so that the file is not taken out between its listing and its opening."""
        self._drop_readers(keep=[file.path for file in files])  # a removed file's bytes stay while it is open
        path = files[index].path
        if path not in self._readers:
            self._readers[path] = connection = _open(path)
            connection.execute("PRAGMA query_only = ON")
            connection.execute("SELECT 1 FROM record LIMIT 1").fetchone()  # SQLite opens its files at the first use
        return self._readers[path]

    def _drop_readers(self, keep: Sequence[Path]) -> None:
        for path in self._readers.keys() - set(keep):
            self._readers.pop(path).close()


def day_of(timestamp_ms: int) -> date:
    """The day, in UTC, of a time in milliseconds since 1970."""
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC).date()


def _open(path: Path) -> sqlite3.Connection:
    """Open a file that exists; the connection may go from thread to thread, one at a time."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


def _next_offset(connection: sqlite3.Connection, file: DayFile) -> int:
    (last,) = connection.execute("SELECT max(record_offset) FROM record").fetchone()
    return file.base if last is None else int(last) + 1


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _encode(headers: Headers) -> bytes | None:
    """Each header as length and name, length and value."""
    if not headers:
        return None
    parts = []
    for name, value in headers:
        encoded = name.encode()
        parts += [struct.pack(">II", len(encoded), len(value)), encoded, value]
    return b"".join(parts)


@lru_cache(maxsize=256)  # most records of a topic have the same headers
def _decode(blob: bytes | None) -> Headers:
    headers = []
    at = 0
    while blob is not None and at < len(blob):
        name_length, value_length = struct.unpack_from(">II", blob, at)
        at += 8
        headers.append((blob[at : at + name_length].decode(), blob[at + name_length : at + name_length + value_length]))
        at += name_length + value_length
    return tuple(headers)
