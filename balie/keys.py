"""The end of hash keys, and their change of master key: what `balie keys` and `balie tidy` do with them.

A key ends in three steps, and may be stopped after any of them: its bytes are destroyed in the state store
(`KeyRing.destroy_expired`), the pipelines that may still be hashing with it are waited for, and the hashes that were
made with it are cleared in the warehouse (`clear_ended`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from storage.errors import Fatal, Retriable
from storage.state.keys import CACHE_SECONDS, KeyRecord, KeyRing
from storage.state.master_key import MasterKey, create_master_key, load_master_key
from storage.warehouse.erasure import clear_hashes, count_hashes

if TYPE_CHECKING:
    from storage.warehouse.client import Warehouse

IN_USE = timedelta(seconds=2 * CACHE_SECONDS)
"""How long after its destruction a pipeline may still load hashes of a key: it is in the cache, then in a batch."""


@dataclass(frozen=True, slots=True)
class EndedKey:
    """A key whose time is over, and how many rows of the warehouse carry hashes made with it."""

    key: KeyRecord
    rows: int


def ended(keys: KeyRing, warehouse: Warehouse, now: datetime) -> list[EndedKey]:
    """The keys whose time is over and of which something is left: the key itself, or hashes.

    Hashes of a key that was done with come back when an older copy of the warehouse is restored.
    """
    rows = count_hashes(warehouse)
    listed = (EndedKey(key, rows.get(key.key_id, 0)) for key in keys.list_ended(now))
    return [one for one in listed if one.rows or one.key.hashes_cleared_at is None]


def clear_ended(keys: KeyRing, warehouse: Warehouse, now: datetime) -> list[EndedKey]:
    """Clear the hashes of destroyed keys that no pipeline uses any more, and note it; the keys, as they were before.

    Retriable where rows with such hashes came in meanwhile: those keys stay noted as not cleared.
    """
    done = [one for one in ended(keys, warehouse, now) if _is_out_of_use(one.key, now)]
    if stale := [one.key.key_id for one in done if one.rows]:
        clear_hashes(warehouse, stale)
    left = count_hashes(warehouse) if stale else {}
    keys.confirm_cleared([one.key.key_id for one in done if one.key.key_id not in left], now)
    if any(one.key.key_id in left for one in done):
        raise Retriable("rows with hashes of a destroyed key came in while they were cleared: do it again")
    return done


def wait_until_out_of_use(destroyed: Iterable[KeyRecord]) -> None:
    """Sleep until no pipeline can be hashing with these keys any more: `IN_USE` after the last was destroyed."""
    ends = [key.destroyed_at + IN_USE for key in destroyed if key.destroyed_at is not None]
    while ends and (seconds := (max(ends) - datetime.now(UTC)).total_seconds()) >= 0:
        time.sleep(seconds + 0.01)


def new_master_key(file: Path, *, create: bool) -> MasterKey:
    """The master key in `file`; with `create` it is made where the file is missing. Fatal says what to mend."""
    if file.exists():
        return load_master_key(file=file)
    if create:
        return create_master_key(file)
    raise Fatal(f"{file} is missing: name the file of the new master key, or have it made with --create")


def _is_out_of_use(key: KeyRecord, now: datetime) -> bool:
    return key.destroyed_at is not None and now - key.destroyed_at > IN_USE
