"""Migrations: numbered SQL files, each applied once, in order, and recorded with its checksum.

A file is named `NNNN_what_it_does.sql` and holds any number of statements; names without a database mean the
warehouse's own. Files are only ever added: one that was applied is never changed, renamed or removed. ClickHouse has
neither transactions over DDL nor locks, so **every statement must do no harm when it runs again** (`CREATE … IF NOT
EXISTS`, `CREATE OR REPLACE VIEW`, `ALTER … ADD COLUMN IF NOT EXISTS`): a file that failed midway runs again from its
first statement, and two processes that migrate at once both run it.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from storage.errors import Fatal, Retriable, StorageError
from storage.warehouse.client import Warehouse
from storage.warehouse.statements import split

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_TABLE = "balie_migrations"
# Ordered by checksum too: where two processes applied two versions of a file, both are seen and refused.
_CREATE = f"""
CREATE TABLE IF NOT EXISTS {_TABLE} (name String, checksum String, applied_at DateTime64(3, 'UTC'))
ENGINE = ReplacingMergeTree ORDER BY (name, checksum)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
"""


@dataclass(frozen=True)
class _Migration:
    name: str
    checksum: str
    statements: list[str]


def migrate(warehouse: Warehouse, folder: Path) -> list[str]:
    """Apply what is pending, making the database where it is missing; the names of the files that were applied now.

    Raises Fatal where files and warehouse do not fit or a statement fails, naming the file, and Retriable where the
    warehouse is not to be had; what was applied before that stays, and the next call goes on from there.
    """
    migrations = _read(folder)
    warehouse.create_database()
    warehouse.command(_CREATE)
    names: list[str] = []
    for migration in _not_applied(warehouse, migrations):
        for number, statement in enumerate(migration.statements, start=1):
            try:
                warehouse.command(statement)
            except StorageError as error:
                kind = Retriable if isinstance(error, Retriable) else Fatal
                raise kind(f"{migration.name}, statement {number}: {error}") from None
        warehouse.insert_arrow(
            _TABLE,
            pa.table(
                {
                    "name": [migration.name],
                    "checksum": [migration.checksum],
                    "applied_at": pa.array([datetime.now(UTC)], pa.timestamp("ms", tz="UTC")),
                }
            ),
        )
        names.append(migration.name)
    return names


def pending(warehouse: Warehouse, folder: Path) -> list[str]:
    """The names of the files that `migrate` would apply; changes nothing. Raises as `migrate` does."""
    return [migration.name for migration in _not_applied(warehouse, _read(folder))]


def _read(folder: Path) -> list[_Migration]:
    migrations: list[_Migration] = []
    for path in sorted(folder.glob("*.sql")):
        if not _NAME.fullmatch(path.name):
            raise Fatal(f"{path} is not named as a migration: call it NNNN_what_it_does.sql.")
        if migrations and migrations[-1].name[:4] == path.name[:4]:
            raise Fatal(f"{migrations[-1].name} and {path.name} have one number: give the newer the next free one.")
        content = path.read_bytes()
        migrations.append(_Migration(path.name, hashlib.sha256(content).hexdigest(), split(content.decode())))
    if not migrations:
        raise Fatal(f"There are no migrations in {folder}: give the folder of Balie's schemas/clickhouse.")
    return migrations


def _not_applied(warehouse: Warehouse, migrations: list[_Migration]) -> list[_Migration]:
    if _TABLE not in warehouse.tables():
        return migrations
    applied = warehouse.rows("SELECT DISTINCT name, checksum FROM balie_migrations ORDER BY name")
    known = {migration.name: migration.checksum for migration in migrations}
    for row in applied:
        if row["name"] not in known:
            raise Fatal(f"The warehouse has {row['name']}, which is not among the files: upgrade Balie, or restore it.")
        if row["checksum"] != known[row["name"]]:
            raise Fatal(
                f"{row['name']} was changed after it was applied: restore it, and put the change in a new file."
            )
    names = {row["name"] for row in applied}
    rest = [migration for migration in migrations if migration.name not in names]
    if names and rest and rest[0].name < max(names):
        raise Fatal(f"{rest[0].name} comes before {max(names)}, which was applied: give it the next free number.")
    return rest
