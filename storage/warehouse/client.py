"""What the rest of Balie does with the warehouse, over clickhouse-connect by URL: chDB and a server are one to it."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, Self
from urllib.parse import unquote, urlsplit

import clickhouse_connect
import pyarrow as pa
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DataError, NotSupportedError, ProgrammingError
from urllib3.exceptions import HTTPError

from storage.errors import Fatal, Retriable, StorageError
from storage.warehouse.codes import AUTHENTICATION, RETRIABLE, STATEMENT

DATABASE = "balie"
_CONNECT_TIMEOUT = 5  # seconds
_ANSWER_TIMEOUT = 300  # seconds
# One insert is one block and so one part, whole or not at all; the server answers when it is written, not when queued.
# That written means on disk is a matter of the table: fsync_after_insert and fsync_part_directory in its DDL.
_INSERT = {
    "async_insert": 0,
    "max_insert_block_size": 1 << 30,
    "min_insert_block_size_rows": 1 << 30,
    "min_insert_block_size_bytes": 1 << 40,
    "input_format_null_as_default": 0,
    # Rows of one identity within a batch are parted by FINAL and by merges, as those of two batches are. Doing it at
    # the insert too, row by row over all columns, costs four times the insert.
    "optimize_on_insert": 0,
}
_MESSAGE = re.compile(r"DB::Exception: (.{1,400}?)(?:: )?(?:In scope|\([A-Z_]+\)|$)", re.DOTALL)


class Warehouse(Protocol):
    """ClickHouse, as Balie needs it. Safe to share between threads.

    Every call raises Retriable where the server is down, busy or full, and Fatal where it would fail again: a schema
    or a statement that does not fit, the wrong token. No message quotes rows, parameters or secrets.
    """

    @property
    def database(self) -> str:
        """The database that unqualified names mean."""
        ...

    def insert_arrow(self, table: str, batch: pa.Table) -> None:
        """Add the rows of `batch` by the names of its columns: all of them or none, durable on return.

        ClickHouse would wrap a number and make null of a text that does not fit, so a column of another type than the
        table's is refused (Fatal), as is a null where the table takes none. Columns that are not given get defaults.
        UUID is a fixed size binary of 16 bytes in the order of `uuid.bytes`, UInt256 one of 32 bytes, little-endian;
        Nested is one list column per field, its name dotted, all of one row equally long.
        """
        ...

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """The rows of a query as columns. Parameters are bound by the server: `{name:String}` in the query."""
        ...

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The rows of a query as Python values by column name; times are aware, in UTC."""
        ...

    def command(self, sql: str) -> None:
        """Run a statement that answers with nothing: DDL, INSERT … SELECT, OPTIMIZE."""
        ...

    def create_database(self) -> None:
        """Make `database` where it is missing."""
        ...

    def tables(self) -> set[str]:
        """Names of the tables and views of `database`; none where the database is missing."""
        ...

    def ping(self) -> bool:
        """Whether the server answers."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def connect(url: str, token: str | None = None) -> Warehouse:
    """The warehouse at `url`: http(s)://[user@]host:port[/database], by default user `default`, database `balie`.

    token: the password, or the token of an embedded warehouse. Raises Retriable and Fatal as every call does.
    """
    return _ClickHouse(url, token)


class _ClickHouse:
    def __init__(self, url: str, token: str | None) -> None:
        parts = urlsplit(url)
        try:
            port = parts.port or (8443 if parts.scheme == "https" else 8123)
        except ValueError:  # no number, or none that a port can have
            port = 0
        if parts.scheme not in ("http", "https") or not parts.hostname or not port:
            raise Fatal("The warehouse's URL must be http(s)://host:port/database: mend it in the settings.")
        self._where = f"{parts.hostname}:{port}"
        self._database = parts.path.strip("/") or DATABASE
        loopback = parts.hostname in ("127.0.0.1", "localhost", "::1")
        with self._faults():
            self._client: Client = clickhouse_connect.get_client(
                interface=parts.scheme,
                host=parts.hostname,
                port=port,
                username=unquote(parts.username or "default"),
                password=token or unquote(parts.password or ""),
                compress=False if loopback else "zstd",
                connect_timeout=_CONNECT_TIMEOUT,
                send_receive_timeout=_ANSWER_TIMEOUT,
                autogenerate_session_id=False,  # a session is for one thread; this is for many
                dedicated_pool=True,
                tz_mode="aware",
            )
        self._client.database = self._database  # only now: it may not be there yet
        self._kinds: dict[str, dict[str, str]] = {}  # by table and column

    @property
    def database(self) -> str:
        return self._database

    def insert_arrow(self, table: str, batch: pa.Table) -> None:
        if not batch.num_rows:
            return
        self._check(table, batch)
        whole = batch.unify_dictionaries().combine_chunks()
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, whole.schema) as writer:
            writer.write_table(whole, max_chunksize=whole.num_rows)
        with self._faults():
            self._client.raw_insert(
                table, whole.column_names, sink.getvalue().to_pybytes(), settings=_INSERT, fmt="ArrowStream"
            )

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        with self._faults():
            return self._client.query_arrow(sql, parameters=dict(parameters or {}))

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        with self._faults():
            return list(self._client.query(sql, parameters=dict(parameters or {})).named_results())

    def command(self, sql: str) -> None:
        with self._faults():
            self._client.command(sql)

    def create_database(self) -> None:
        with self._faults():
            self._client.command(f"CREATE DATABASE IF NOT EXISTS {_quoted(self._database)}", use_database=False)

    def tables(self) -> set[str]:
        with self._faults():
            names = self._client.raw_query(
                "SELECT name FROM system.tables WHERE database = {database:String}",
                parameters={"database": self._database},
                fmt="TabSeparated",
                use_database=False,
            )
        return set(names.decode().split())

    def ping(self) -> bool:
        return bool(self._client.ping())

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self, table: str, batch: pa.Table) -> None:
        """Refuse what the table would take as something else."""
        for known in (True, False):  # a table may have been migrated since it was read
            if table not in self._kinds or not known:
                self._kinds[table] = _kinds(self.query(f"SELECT * FROM {table} LIMIT 0"))  # noqa: S608
            kinds = self._kinds[table]
            wrong = [name for name, kind in _kinds(batch).items() if not _fits(kind, kinds.get(name))]
            if not wrong:
                return
        told = "; ".join(f"{name} is {_kinds(batch)[name]}, not {kinds.get(name, 'there')}" for name in wrong)
        raise Fatal(f"The batch does not fit {table}: {told}. Run `balie migrate`, or mend the batch's schema.")

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (ClickHouseError, HTTPError, OSError) as error:
            raise _fault(error, self._where) from None


def _kinds(table: pa.Table) -> dict[str, str]:
    return {field.name: _kind(field.type) for field in table.schema}


def _kind(type_: pa.DataType) -> str:
    """An Arrow type, without what makes no difference to ClickHouse."""
    if isinstance(type_, pa.BaseExtensionType):
        return _kind(type_.storage_type)
    if pa.types.is_dictionary(type_):
        return _kind(type_.value_type)
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return f"list of {_kind(type_.value_type)}"
    if pa.types.is_timestamp(type_):
        return "time"
    if type_ in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary()):
        return "text"
    return str(type_)


def _fits(given: str, wanted: str | None) -> bool:
    """Whether the kinds are one; ClickHouse shows Enum8 and Enum16 as integers, and DateTime as uint32."""
    return given == wanted or (given, wanted) in (("text", "int8"), ("text", "int16"), ("time", "uint32"))


def _quoted(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _told(error: Exception) -> str:
    """What ClickHouse says of names and grammar, up to where it repeats the statement with its parameters filled in."""
    found = _MESSAGE.search(str(error))
    return f"{found[1].strip(' .:')}." if found else ""


def _fault(error: Exception, where: str) -> StorageError:
    """What a caller can do about it, in words without rows, parameters or secrets."""
    code = getattr(error, "code", None)
    name = getattr(error, "name", None) or "no name"
    if code is None and isinstance(error, (ProgrammingError, NotSupportedError, DataError)):
        return Fatal("The statement or its parameters cannot be sent to a warehouse: mend the call.")
    if code is None:  # no connection, a timeout, or a proxy that speaks for a server that is down
        return Retriable(f"The warehouse at {where} does not answer: see whether it runs. It is tried again.")
    if code in RETRIABLE:
        return Retriable(f"The warehouse at {where} cannot do it now (ClickHouse error {code}, {name}).")
    if code in AUTHENTICATION:
        return Fatal(f"The warehouse at {where} does not take this token: set the one of its token file or user.")
    if code in STATEMENT:
        return Fatal(
            f"The warehouse at {where} has another schema than asked for, or cannot read the statement: "
            f"{_told(error)} Run `balie migrate`, or mend the statement."
        )
    return Fatal(f"The warehouse at {where} refuses this (ClickHouse error {code}, {name}).")
