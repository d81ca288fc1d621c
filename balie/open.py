"""Opens the rooms as the settings say. The only place that knows which implementation stands behind a protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from balie.settings import Settings, SettingsError
from schemas.topics import Topic, topics
from storage.errors import Fatal

if TYPE_CHECKING:
    from storage.log.base import Log
    from storage.state.master_key import MasterKey
    from storage.state.store import State
    from storage.warehouse.client import Warehouse

# Imports of implementations are inside: a collector host has no ClickHouse client, and `balie --help` waits for none.

MASTER_KEY_VARIABLE = "BALIE_MASTER_KEY"


def topics_of(settings: Settings) -> tuple[Topic, Topic]:
    """The topics of feedback and of failures, in this order, as the settings name and divide them."""
    return topics(settings.log.topic_prefix, settings.log.partitions)


def open_log(settings: Settings) -> Log:
    """The log. Topics are not made here: `balie topics apply` does."""
    if settings.log.kind == "sqlite":
        from storage.log.sqlite import SqliteLog

        return SqliteLog(settings.log.folder)
    raise SettingsError("log.kind: kafka is not built in yet; set sqlite")


def master_key(settings: Settings) -> MasterKey:
    """The master key, from BALIE_MASTER_KEY or from its file."""
    from storage.state.master_key import load_master_key

    return load_master_key(file=settings.keys.master_key_file, env=MASTER_KEY_VARIABLE)


def open_state(settings: Settings) -> State:
    """The state store: hash keys, open conversations, discarded failures. Open it after a fork, never before."""
    from storage.state.store import open_state as open_sqlite_state

    return open_sqlite_state(settings.state.folder / "state.sqlite", master_key(settings))


def open_warehouse(settings: Settings) -> Warehouse:
    """The warehouse, by its URL. Retriable where nothing answers there."""
    from storage.warehouse.client import connect

    return connect(settings.warehouse.url, warehouse_token(settings))


def warehouse_token(settings: Settings) -> str | None:
    """What the warehouse asks for: from BALIE_WAREHOUSE__TOKEN, else from its file; None where neither is set."""
    if settings.warehouse.token is not None:
        return settings.warehouse.token.get_secret_value()
    file = settings.warehouse.token_file
    if file is None:
        return None
    try:
        token = file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise Fatal(f"the warehouse's token {file} is missing: make it with `balie init`, or copy it here") from None
    except (OSError, UnicodeDecodeError):
        raise Fatal(f"the warehouse's token {file} cannot be read: mend its rights, owner or content") from None
    if not token:
        raise Fatal(f"the warehouse's token {file} is empty: restore it")
    return token
