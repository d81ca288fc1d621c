"""Takes out of the warehouse what may not be there any longer."""

from __future__ import annotations

from collections.abc import Sequence

from storage.warehouse.client import Warehouse


def count_hashes(warehouse: Warehouse) -> dict[str, int]:
    """By the id of each key, how many rows carry an address hash made with it; all tellings of an answer count."""
    rows = warehouse.rows("SELECT ip_key, count() AS n FROM feedback WHERE ip_key != '' GROUP BY ip_key")
    return {row["ip_key"]: row["n"] for row in rows}


def clear_hashes(warehouse: Warehouse, key_ids: Sequence[str]) -> None:
    """Empties the address hashes that were made with these keys, in all tellings of an answer, and waits for it.

    A telling's place in the order stays what it was; the column is not part of the sorting key.
    """
    if not all(key_id.isalnum() for key_id in key_ids):
        raise ValueError("a key id is letters and digits")
    wanted = ", ".join(f"'{key_id}'" for key_id in key_ids)
    warehouse.command(
        f"ALTER TABLE feedback UPDATE ip_hash = NULL, ip_key = '' WHERE ip_key IN ({wanted})"
        " SETTINGS mutations_sync = 1"
    )
