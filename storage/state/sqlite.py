"""The state database in one SQLite file: the only place in this room that knows SQLite."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, create_engine, event, insert, select
from sqlalchemy.exc import DatabaseError, TimeoutError

from storage.errors import Fatal, Retriable
from storage.state.tables import SCHEMA_VERSION, facts, metadata

T = TypeVar("T")


class SqliteDatabase:
    """A `Database` in the file at `path`, which is made, readable for its owner only, if it is not there.

    Several processes may hold it at once, on one machine: SQLite's locks do not reach over a network file system.
    Open it after a fork, never before. `busy_seconds`: how long a call waits for other processes.
    """

    def __init__(self, path: Path, *, busy_seconds: float = 30.0) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._lock = threading.Lock()
        self._waiting: list[_Job[Any]] = []
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="state-writer")
        _create_private(path)
        # Errors of SQLAlchemy quote the parameters of a statement unless told not to.
        self._engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": busy_seconds}, hide_parameters=True)
        event.listen(self._engine, "connect", self._set_up)
        event.listen(self._engine, "begin", _begin)
        try:
            self.write(self._create_schema)
        except BaseException:
            self.close()
            raise

    def read(self, job: Callable[[Connection], T]) -> T:
        with self._errors_named(), self._engine.connect() as connection:
            return job(connection)

    def write(self, job: Callable[[Connection], T]) -> T:
        """Group commit: one thread runs all jobs that wait and commits them together.

        A commit costs a sync of the disk, whatever its size; the jobs that arrive during one share the next.
        """
        done: Future[T] = Future()
        with self._lock:
            if not self._waiting:  # else that has been asked for, and will take this job along
                self._writer.submit(self._commit_waiting)
            self._waiting.append(_Job(job, done))
        return done.result()

    def scrub(self) -> None:
        """Rewrite the file without what was deleted, then empty the write-ahead log, which still holds old pages.

        `secure_delete` alone leaves some rows readable. Retriable where a reader of another process stays on an old
        state for longer than `busy_seconds`: the bytes may then still be in the write-ahead log.
        """
        self._writer.submit(self._scrub).result()

    def close(self) -> None:
        self._writer.shutdown()
        self._engine.dispose()

    def _commit_waiting(self) -> None:
        with self._lock:
            group, self._waiting = self._waiting, []
        self._commit(group)

    def _commit(self, group: list["_Job[Any]"]) -> None:
        try:
            with self._errors_named(), self._engine.connect() as connection:
                connection.execution_options(balie_writes=True)
                with connection.begin():
                    results = [job.run(connection) for job in group]
        except Retriable as error:
            for job in group:
                job.done.set_exception(Retriable(*error.args))
        except BaseException as error:  # whatever it is, the thread that waits for it must hear of it
            if len(group) == 1:
                group[0].done.set_exception(error)
            else:  # one of them is to blame: alone, the others go through
                for job in group:
                    self._commit([job])
        else:
            for job, result in zip(group, results, strict=True):
                job.done.set_result(result)

    def _scrub(self) -> None:
        with self._errors_named():
            connection = self._engine.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute("VACUUM")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                refused = cursor.fetchall()[0][0]
            finally:
                connection.close()
        if refused:
            raise Retriable(f"{self._path} is being read, so deleted bytes may still be in its -wal file; try again")

    def _set_up(self, connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the module begins no transaction by itself: `_begin` does
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA temp_store = MEMORY")  # VACUUM would leave a copy in /var/tmp
        deadline = time.monotonic() + self._busy_seconds
        while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError:
                # Two processes turning a new file to WAL at once: SQLite does not wait here by itself.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def _create_schema(self, connection: Connection) -> None:
        metadata.create_all(connection)
        version = connection.scalar(select(facts.c.value).where(facts.c.name == "schema_version"))
        if version is None:
            connection.execute(insert(facts).values(name="schema_version", value=str(SCHEMA_VERSION)))
        elif int(version) > SCHEMA_VERSION:
            raise Fatal(f"{self._path} was written by a newer Balie (state schema {version}): upgrade this one")

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError as error:
            raise Retriable(f"the state store {self._path} has all its connections in use; try again") from error
        except (DatabaseError, sqlite3.DatabaseError) as error:
            cause = error.orig if isinstance(error, DatabaseError) else error
            code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise Fatal(f"{self._path} is no sound SQLite file ({cause}): restore it from a backup") from error
            if isinstance(cause, sqlite3.OperationalError) and code != sqlite3.SQLITE_ERROR:
                raise Retriable(f"the state store {self._path} cannot be used now ({cause}); try again") from error
            raise  # a fault of our own SQL


@dataclass(frozen=True, slots=True)
class _Job(Generic[T]):
    """A writing job of one thread, and where that thread waits for its result."""

    run: Callable[[Connection], T]
    done: Future[T]


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later would fail where another wrote between; so writers say so at once.
    writes = connection.get_execution_options().get("balie_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _create_private(path: Path) -> None:
    """Make the file with mode 0600; SQLite gives -wal and -shm the mode of the file they belong to.

    An existing file is not opened here: closing it would drop the locks that SQLite holds on it in this process.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            with suppress(FileExistsError):  # another process was faster
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        elif path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise Fatal(
            f"the state store {path} cannot be made ({error.strerror}): mend the folder or its rights"
        ) from None
