"""What only SQLite needs: its pragmas, its files, and how its troubles are named."""

import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from storage.errors import Fatal, Retriable
from storage.state.sqlite import SqliteDatabase
from storage.state.tables import discarded, facts

NOW = datetime(2026, 4, 15, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "state.db"


@pytest.fixture
def database(path: Path) -> Iterator[SqliteDatabase]:
    database = SqliteDatabase(path, busy_seconds=0.2)
    yield database
    database.close()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("secure_delete", 1), ("foreign_keys", 1), ("temp_store", 2)],
)
def test_every_connection_is_durable_and_leaves_no_trace(database: SqliteDatabase, pragma: str, value: object) -> None:
    assert database.read(lambda connection: connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()) == value
    assert database.write(lambda connection: connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()) == value


def test_all_files_are_for_their_owner_only(path: Path) -> None:
    before = os.umask(0)
    try:
        database = SqliteDatabase(path)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}
        database.close()
        path.chmod(0o644)
        SqliteDatabase(path).close()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_a_busy_file_is_retriable_and_waited_for_no_longer_than_told(database: SqliteDatabase, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    with pytest.raises(Retriable, match="locked"):
        database.write(lambda connection: connection.execute(facts.select()))
    assert time.monotonic() - started < 5
    other.execute("ROLLBACK")
    other.close()
    database.write(lambda connection: connection.execute(facts.insert().values(name="x", value="y")))


def test_scrubbing_past_a_reader_is_retriable_and_done_later(database: SqliteDatabase, path: Path) -> None:
    database.write(lambda connection: connection.execute(facts.insert().values(name="x", value="needle-in-the-file")))
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM facts").fetchall()
    database.write(lambda connection: connection.execute(facts.delete().where(facts.c.name == "x")))
    with pytest.raises(Retriable, match="try again"):
        database.scrub()
    reader.execute("ROLLBACK")
    reader.close()
    database.scrub()
    database.close()
    assert b"needle-in-the-file" not in b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_what_is_no_database_is_fatal(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database " * 1000)
    with pytest.raises(Fatal, match="restore it"):
        SqliteDatabase(path)


def test_a_folder_that_cannot_be_used_is_fatal(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Fatal, match="cannot be made"):
        SqliteDatabase(tmp_path / "file" / "state.db")


def test_a_newer_schema_is_left_alone(path: Path) -> None:
    database = SqliteDatabase(path)
    database.write(
        lambda connection: connection.execute(facts.update().where(facts.c.name == "schema_version").values(value="2"))
    )
    database.close()
    with pytest.raises(Fatal, match="upgrade"):
        SqliteDatabase(path)


def test_no_error_quotes_what_was_written(database: SqliteDatabase) -> None:
    def twice(connection: object) -> None:
        for _ in range(2):
            connection.execute(  # type: ignore[attr-defined]
                discarded.insert().values(failure_id="secret-id", reason="secret", discarded_at=NOW)
            )

    with pytest.raises(IntegrityError) as caught:
        database.write(twice)
    assert "secret" not in str(caught.value)
