"""The allow-list, the contract, the DDL and docs/privacy.md say the same, and rows fit the table as it really is."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines import privacy_page
from pipelines.columns import COLUMNS, DROPPED, IDENTITY, TECHNICAL, Rule
from pipelines.contract import contract, leaves
from pipelines.sources.log import BATCH_RECORDS
from storage.warehouse.client import Warehouse
from storage.warehouse.migrations import migrate

ROOT = Path(__file__).parents[2]
DDL = ROOT / "schemas" / "clickhouse"
SECRET = {"ip_hash", "ip_key", "person_keys", "version"}
KINDS = {
    pa.string(): ("String", "LowCardinality(String)"),
    pa.list_(pa.string()): ("Array(String)", "Array(LowCardinality(String))"),
    pa.list_(pa.float64()): ("Array(Nullable(Float64))",),
    pa.list_(pa.binary(16)): ("Array(FixedString(16))",),
    pa.timestamp("ms", "UTC"): ("DateTime64(3, 'UTC')", "Nullable(DateTime64(3, 'UTC'))"),
    pa.uint8(): ("UInt8",),
    pa.uint16(): ("UInt16",),
    pa.int64(): ("Int64",),
}
TECHNICAL_KINDS = {
    "version": "UInt256",
    "is_deleted": "UInt8",
    "enrichment_version": "UInt16",
    "loaded_at": "DateTime64(3, 'UTC')",
}


@pytest.fixture
def migrated(warehouse: Warehouse) -> Warehouse:
    migrate(warehouse, DDL)
    return warehouse


def _described(warehouse: Warehouse, table: str) -> dict[str, str]:
    rows = warehouse.query(
        "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String}",
        {"table": table},
    ).to_pylist()
    return {row["name"]: row["type"] for row in rows}


def test_every_leaf_of_the_contract_is_loaded_or_dropped_and_not_both() -> None:
    derived = {"case_number_from", "platform", "os_name", "os_version", "browser_name", "browser_version", "device",
               "is_bot", "ip_hash", "ip_key", "person_keys"}  # fmt: skip
    loaded = [column.source for column in COLUMNS if column.source not in derived]
    assert len(set(loaded)) == len(loaded)
    assert set(loaded) | set(DROPPED) == set(leaves())
    assert not set(loaded) & set(DROPPED)
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)
    assert {column.name for column in COLUMNS} >= IDENTITY
    assert not {column.name for column in COLUMNS} & set(TECHNICAL)


def _node(leaf: str) -> dict[str, object]:
    node = contract()
    for step in leaf.split("."):
        node = node["properties"][step]
        node = node["items"] if node["type"] == "array" else node
    return node


def test_a_string_is_kept_only_where_the_contract_binds_it() -> None:
    for column in COLUMNS:
        if column.rule is Rule.KEPT:
            node = _node(column.source)
            bound = {"enum", "pattern", "format"} & set(node) or node["type"] != "string"
            assert bound or column.name == "time_zone", column.name  # a zone is one of the IANA database


def test_the_table_has_these_columns_and_types_and_no_other(migrated: Warehouse) -> None:
    described = _described(migrated, "feedback")
    assert set(described) == {column.name for column in COLUMNS} | set(TECHNICAL)
    for column in COLUMNS:
        allowed: tuple[str, ...] = KINDS.get(column.type, ())
        if column.name == "feedback_id":
            allowed = ("UUID",)
        elif column.name == "ip_hash":
            allowed = ("Nullable(FixedString(16))",)
        assert described[column.name] in allowed, column.name
    assert {name: described[name] for name in TECHNICAL} == TECHNICAL_KINDS


def test_a_batch_of_a_backlog_is_one_file_for_all_columns(migrated: Warehouse) -> None:
    migrated.command(
        "INSERT INTO feedback (tenant, feedback_id, case_number)"
        f" SELECT 'utrecht', generateUUIDv4(), repeat('1', 400) FROM numbers({BATCH_RECORDS})"
    )
    (part,) = migrated.rows(
        "SELECT part_type, data_uncompressed_bytes AS bytes FROM system.parts"
        f" WHERE active AND table = 'feedback' AND database = '{migrated.database}'"
    )
    assert part["part_type"] == "Compact"
    assert part["bytes"] > 10 * 1024 * 1024  # where ClickHouse itself would make a file a column


def test_no_view_shows_what_serves_to_find_a_person(migrated: Warehouse) -> None:
    for view in ("responses", "answers"):
        shown = _described(migrated, view)
        assert shown
        assert not SECRET & set(shown)
    of_answers = {column.name.removeprefix("answers.") for column in COLUMNS}
    assert set(_described(migrated, "answers")) <= of_answers
    assert set(_described(migrated, "responses")) == {column.name for column in COLUMNS} - SECRET - {
        "schema_version", "source_order",
    }  # fmt: skip


def test_the_privacy_page_shows_the_rules_as_they_are() -> None:
    page = privacy_page.PAGE.read_text(encoding="utf-8")
    assert privacy_page.renewed(page) == page, "run `make schemas`"
    for column in COLUMNS:
        assert re.search(rf"^\| `{re.escape(column.name)}` \| {column.rule} \|", page, re.MULTILINE), column.name
    for name in (*DROPPED, *TECHNICAL):
        assert re.search(rf"^\| `{re.escape(name)}` \|", page, re.MULTILINE), name
    for rule in Rule:
        assert re.search(rf"^\| {rule} \| \w", page, re.MULTILINE), rule
