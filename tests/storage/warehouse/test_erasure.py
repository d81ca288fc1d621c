"""Hashes go when their key has gone; scores stay."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from balie.open import migrations_folder
from storage.warehouse.client import Warehouse
from storage.warehouse.erasure import clear_hashes, count_hashes
from storage.warehouse.migrations import migrate


def test_clears_the_hashes_of_some_keys_and_nothing_else(warehouse: Warehouse) -> None:
    migrate(warehouse, migrations_folder())
    rows = pa.table(
        {
            "tenant": ["zuidveen", "zuidveen"],
            "feedback_id": pa.array([bytes(16), bytes(15) + b"\1"], pa.binary(16)),
            "version": pa.array([b"\1" + bytes(31)] * 2, pa.binary(32)),
            "received_at": pa.array([datetime.now(UTC)] * 2, pa.timestamp("ms", "UTC")),
            "service": ["paspoort", "afval"],
            "ip_hash": pa.array([b"h" * 16, b"k" * 16], pa.binary(16)),
            "ip_key": ["0a", "0b"],
        }
    )
    warehouse.insert_arrow("feedback", rows)
    assert count_hashes(warehouse) == {"0a": 1, "0b": 1}
    clear_hashes(warehouse, ["0a"])
    assert count_hashes(warehouse) == {"0b": 1}
    found = warehouse.rows("SELECT service, ip_hash, ip_key FROM feedback FINAL ORDER BY feedback_id")
    assert found == [
        {"service": "paspoort", "ip_hash": None, "ip_key": ""},
        {"service": "afval", "ip_hash": b"k" * 16, "ip_key": "0b"},
    ]


def test_takes_only_ids(warehouse: Warehouse) -> None:
    with pytest.raises(ValueError, match="letters and digits"):
        clear_hashes(warehouse, ["' OR 1 = 1 --"])
