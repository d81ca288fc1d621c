"""chDB, held by one process: a folder, its memory, and statements that run side by side.

What was found by experiment with chDB 4.4 (engine 26.9), and why this looks as it does:
- One session runs one statement at a time: `SELECT 1` waits behind a query of half a minute. Sessions of one process
  run in parallel, each with its own settings and database, and one costs 0.5 ms. So every statement has its own.
- A large answer taken into memory breaks the engine: past the memory limit its buffer is never given back. Answers are
  written to a file instead (`INTO OUTFILE`, 0.2 ms), which takes any format and size in constant memory, and makes an
  error arrive before the first byte of the answer.
- `send_insert` takes rows in chunks without a file between, but says nothing when the table refuses them (a constraint,
  uneven arrays, too many parts): they are lost. So rows pass through a file too (`FROM INFILE`), as fast.
- A process has one folder only, and a folder one process only.
"""

import errno
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from chdb.session import Session

from storage.errors import Fatal
from storage.warehouse.codes import RETRIABLE
from storage.warehouse.statements import Insert, RowsQuery

# For two cores and a product of 1.5 GiB at most. Parts are synced when an insert returns, not after merges: what was
# merged stays on disk for old_parts_lifetime (8 minutes), by when the new part has been written out. Merges go column
# by column, however small the parts: with buffers for all columns at once each merge took 330 MB, and two of them left
# no memory for an insert.
_CONFIG = """\
<clickhouse>
    <timezone>UTC</timezone>
    <max_server_memory_usage>{memory}</max_server_memory_usage>
    <mark_cache_size>67108864</mark_cache_size>
    <background_pool_size>2</background_pool_size>
    <merge_tree>
        <fsync_after_insert>1</fsync_after_insert>
        <fsync_part_directory>1</fsync_part_directory>
        <vertical_merge_algorithm_min_rows_to_activate>1</vertical_merge_algorithm_min_rows_to_activate>
    </merge_tree>
</clickhouse>
"""
_SETTING = re.compile(r"[A-Za-z_]\w*")
_ERROR = re.compile(
    r"Code: (\d+)\. DB::Exception: (.*?)(?: \(([A-Z][A-Z0-9_]+)\))?(?: \(version [^)]*\))?\.?\s*$", re.S
)


class EngineError(Exception):
    """ClickHouse refused a statement. `message` may quote what was put in: never log it."""

    def __init__(self, code: int, name: str, message: str) -> None:
        super().__init__(f"ClickHouse error {code} ({name})")
        self.code, self.name, self.message = code, name, message


@dataclass(frozen=True)
class Written:
    """What an insert put down, materialized views included."""

    rows: int
    bytes: int


@dataclass(frozen=True)
class Answer:
    """The rows of a query, as a file that no longer has a name. Close it."""

    file: BinaryIO
    rows_read: int
    bytes_read: int


class Engine:
    """The chDB of one folder. Safe to call from many threads.

    folder: made when missing, readable by its owner only; holds `data` (chDB's), `tmp`, `engine.xml` and `lock`.
    memory: bytes for all statements together; one statement may take two thirds of it.
    Raises Fatal where the folder is held by another process or cannot be used.
    """

    def __init__(self, folder: Path, *, memory: int) -> None:
        self._folder = folder.absolute()
        if re.search(r"[?&%+#*{}]", str(self._folder)):  # chDB reads it as a URL, and as a pattern of files
            raise Fatal(f"chDB takes no folder with any of ?&%+#*{{}} in its name: {self._folder}. Choose another.")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = _hold(self._folder)
            self._tmp = self._folder / "tmp"
            shutil.rmtree(self._tmp, ignore_errors=True)  # what a crash left behind
            self._tmp.mkdir()
            config = self._folder / "engine.xml"
            config.write_text(_CONFIG.format(memory=memory), encoding="ascii")
        except OSError as error:
            raise Fatal(
                f"{self._folder} cannot be used ({error.strerror}): give its owner the right to write."
            ) from None
        options = {"config-file": config, "implicit_select": 0, "async_insert": 0}
        options["max_memory_usage"] = memory * 2 // 3
        self._connection = f"{self._folder / 'data'}?" + "&".join(f"{name}={value}" for name, value in options.items())
        try:
            self._keeper = Session(self._connection)  # the engine lives as long as one session does
        except RuntimeError:
            os.close(self._lock)
            raise Fatal(
                f"chDB cannot open {self._folder / 'data'}: another program has it open (one process holds a folder), "
                "or its files are not this user's. Close that program, or mend the owner."
            ) from None

    def announce(self, url: str) -> None:
        """Write where this folder is served into its lock, for the message to a second process."""
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()} {url}".encode(), 0)

    def query(
        self,
        query: RowsQuery,
        *,
        default_format: str = "TabSeparated",
        database: str | None = None,
        settings: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> Answer:
        """Run a statement that answers with rows. Raises EngineError."""
        with self._file() as path:
            into = f"INTO OUTFILE {_text(path)} FORMAT {query.format or default_format}"
            try:
                with self._session(database, settings) as session:
                    result = session.query(f"{query.before}\n{into} {query.after}", params=dict(parameters or {}))
            except EngineError as error:
                raise EngineError(error.code, error.name, error.message.replace(into, "end of query")) from None
            return Answer(open(path, "rb"), result.rows_read(), result.bytes_read())

    def command(
        self,
        sql: str,
        *,
        database: str | None = None,
        settings: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> None:
        """Run a statement that answers with nothing: DDL, INSERT … SELECT, OPTIMIZE. Raises EngineError."""
        with self._session(database, settings) as session:
            session.query(sql, params=dict(parameters or {}))

    def insert(
        self,
        insert: Insert,
        rows: Iterable[bytes],
        *,
        default_format: str = "Values",
        database: str | None = None,
        settings: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> Written:
        """Insert rows in any input format; nothing of them is kept when `rows` raises. Raises EngineError."""
        with self._file() as path:
            try:
                with open(path, "xb") as file:
                    file.writelines(rows)
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                raise EngineError(243, RETRIABLE[243], f"There is no room left in {self._tmp}.") from None
            sql = f"{insert.into}\nFROM INFILE {_text(path)} {insert.settings} FORMAT {insert.format or default_format}"
            with self._session(database, settings) as session:
                result = session.query(sql, params=dict(parameters or {}))
        return Written(result.rows_written(), result.bytes_written())

    def close(self) -> None:
        """Give the folder back. Statements that still run are waited for by the caller."""
        self._keeper.close()
        os.close(self._lock)

    @contextmanager
    def _file(self) -> Iterator[str]:
        """A path for rows on their way in or out; without an ending, which would mean compression."""
        directory = tempfile.mkdtemp(dir=self._tmp)
        try:
            yield os.path.join(directory, "rows")
        finally:
            shutil.rmtree(directory)

    @contextmanager
    def _session(self, database: str | None, settings: Mapping[str, str] | None) -> Iterator[Session]:
        session = Session(self._connection)
        try:
            if database:
                session.query("USE `" + database.replace("\\", "\\\\").replace("`", "\\`") + "`")
            if settings:
                session.query("SET " + ", ".join(_assignment(name, value) for name, value in settings.items()))
            yield session
        except RuntimeError as error:  # chDB's own error is one
            raise _engine_error(str(error)) from None
        finally:
            session.close()


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _assignment(name: str, value: str) -> str:
    if not _SETTING.fullmatch(name):
        raise EngineError(115, "UNKNOWN_SETTING", "A setting has a name that no setting can have.")
    return f"{name} = {_text(value)}"


def _hold(folder: Path) -> int:
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        process, _, url = os.pread(lock, 200, 0).decode(errors="replace").partition(" ")
        os.close(lock)
        raise Fatal(
            f"{folder} is held by process {process or 'unknown'}, since chDB lets one process in: "
            f"talk to it at {url or 'its URL'}, or stop it first."
        ) from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def _engine_error(text: str) -> EngineError:
    found = _ERROR.search(text)
    if not found:
        return EngineError(1002, "UNKNOWN_EXCEPTION", "chDB refused the statement without a code.")
    return EngineError(int(found[1]), found[3] or "UNKNOWN", found[2])
