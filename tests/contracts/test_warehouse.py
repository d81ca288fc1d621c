"""What every warehouse promises: over chDB behind serve.py, and over a ClickHouse server where one is given."""

import os
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from storage.errors import Fatal, Retriable
from storage.warehouse import codes
from storage.warehouse.client import Warehouse, connect
from storage.warehouse.migrations import migrate, pending
from storage.warehouse.process import WarehouseProcess

TABLE = """
CREATE TABLE IF NOT EXISTS answer
(
    tenant LowCardinality(String),
    feedback_id UUID,
    version UInt256,
    is_deleted UInt8,
    occurred_at DateTime64(3, 'UTC'),
    channel Enum8('phone' = 1, 'web' = 2),
    language LowCardinality(Nullable(String)),
    ip_hash Nullable(FixedString(16)),
    flags Array(LowCardinality(String)),
    weight Nullable(Float64),
    answers Nested
    (
        metric LowCardinality(String),
        score Nullable(Float64),
        text Nullable(String)
    )
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (tenant, feedback_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
"""
IDS = [uuid.UUID(int=number << 64 | 7) for number in range(1, 4)]
AT = datetime(2026, 3, 29, 1, 30, 0, 123000, tzinfo=UTC)


@pytest.fixture(params=["chdb", "server"])
def address(request: pytest.FixtureRequest) -> Iterator[tuple[str, str | None]]:
    """URL, with a database of this test's own that is not there yet, and token."""
    database = f"test_{uuid.uuid4().hex[:12]}"
    token: str | None = None
    if request.param == "chdb":
        process: WarehouseProcess = request.getfixturevalue("warehouse_process")
        url, token = process.url, process.token
    elif not (url := os.environ.get("CLICKHOUSE_URL", "")):
        pytest.skip(
            "no ClickHouse server: set CLICKHOUSE_URL=http(s)://user:password@host:port to run this against one"
        )
    yield f"{url.rstrip('/')}/{database}", token
    warehouse = connect(f"{url.rstrip('/')}/default", token)
    warehouse.command(f"DROP DATABASE IF EXISTS {database}")
    warehouse.close()


@pytest.fixture
def warehouse(address: tuple[str, str | None]) -> Iterator[Warehouse]:
    warehouse = connect(*address)
    warehouse.create_database()
    yield warehouse
    warehouse.close()


@pytest.fixture
def answers(warehouse: Warehouse) -> Warehouse:
    warehouse.command(TABLE)
    return warehouse


def block(
    ids: list[uuid.UUID], *, version: int = 1, deleted: int = 0, tenant: str = "town", score: float | None = 4.0
) -> pa.Table:
    count = len(ids)
    lists = pa.list_(pa.float64())
    return pa.table(
        {
            "tenant": pa.array([tenant] * count).dictionary_encode(),
            "feedback_id": pa.array([id_.bytes for id_ in ids], pa.binary(16)),
            "version": pa.array([version.to_bytes(32, "little")] * count, pa.binary(32)),
            "is_deleted": pa.array([deleted] * count, pa.uint8()),
            "occurred_at": pa.array([AT] * count, pa.timestamp("ms", tz="UTC")),
            "channel": pa.array(["phone"] * count).dictionary_encode(),
            "language": pa.array(["nl", None, "fr"] * count)[:count].dictionary_encode(),
            "ip_hash": pa.array([None, b"0123456789abcdef", None] * count, pa.binary(16))[:count],
            "flags": pa.array([["test", "bot"], [], ["test"]] * count, pa.list_(pa.string()))[:count],
            "weight": pa.array([None, 0.5, float("inf")] * count, pa.float64())[:count],
            "answers.metric": pa.array([["nps", "open"]] * count, pa.list_(pa.string())),
            "answers.score": pa.array([[score, None]] * count, lists),
            "answers.text": pa.array([[None, "Zoë's \n\\ é"]] * count, pa.list_(pa.string())),
        }
    )


def test_every_kind_of_column_comes_back_as_it_went_in(answers: Warehouse) -> None:
    version = (3 << 250) + 12345678901234567890
    answers.insert_arrow("answer", block(IDS, version=version))
    rows = answers.rows("SELECT * FROM answer ORDER BY feedback_id")
    assert [row["feedback_id"] for row in rows] == IDS
    assert rows[1] == {
        "tenant": "town",
        "feedback_id": IDS[1],
        "version": version,
        "is_deleted": 0,
        "occurred_at": AT,
        "channel": "phone",
        "language": None,
        "ip_hash": b"0123456789abcdef",
        "flags": [],
        "weight": 0.5,
        "answers.metric": ["nps", "open"],
        "answers.score": [4.0, None],
        "answers.text": [None, "Zoë's \n\\ é"],
    }
    assert rows[0]["occurred_at"].tzinfo is not None
    assert [row["ip_hash"] for row in rows] == [None, b"0123456789abcdef", None]


def test_query_gives_columns_that_can_be_inserted_again(answers: Warehouse) -> None:
    answers.insert_arrow("answer", block(IDS))
    read = answers.query("SELECT * REPLACE (version + 1 AS version) FROM answer ORDER BY feedback_id")
    assert read.num_rows == 3
    answers.insert_arrow("answer", read)
    assert answers.rows("SELECT count() AS n, min(version) AS version FROM answer FINAL") == [{"n": 3, "version": 2}]
    sql = "SELECT * EXCEPT version FROM answer WHERE version = {n:UInt256} ORDER BY feedback_id"
    first, second = (answers.rows(sql, {"n": n}) for n in (1, 2))
    assert first == second


def test_the_highest_version_wins_in_any_order_and_a_deleted_row_stays_deleted(answers: Warehouse) -> None:
    answers.insert_arrow("answer", block(IDS[:1], version=1 << 200, deleted=1))
    answers.insert_arrow("answer", block(IDS[:2], version=5, score=1.0))
    answers.insert_arrow("answer", block(IDS[1:2], version=3, score=2.0))
    rows = answers.rows("SELECT feedback_id, version, answers.score AS score FROM answer FINAL")
    assert rows == [{"feedback_id": IDS[1], "version": 5, "score": [1.0, None]}]


def test_the_highest_version_wins_within_one_batch_too(answers: Warehouse) -> None:
    tellings = [
        block(IDS[:2], version=7, score=7.0),
        block(IDS[:1], version=9, deleted=1),
        block(IDS[:2], version=8, score=8.0),
    ]
    answers.insert_arrow("answer", pa.concat_tables(tellings))
    expected = [{"feedback_id": IDS[1], "version": 8, "score": [8.0, None]}]
    sql = "SELECT feedback_id, version, answers.score AS score FROM answer FINAL"
    assert answers.rows(sql) == expected
    answers.command("OPTIMIZE TABLE answer FINAL")
    assert answers.rows(sql) == expected
    assert answers.rows("SELECT count() AS n FROM answer") == [{"n": 2}]  # the deleted row is there, and outlives all


def test_a_batch_is_one_part_whatever_its_chunks_and_dictionaries(answers: Warehouse) -> None:
    ids = [uuid.uuid4() for _ in range(3000)]
    tables = [block(ids[start : start + 1000], tenant=f"town {start}") for start in (0, 1000, 2000)]
    answers.insert_arrow("answer", pa.concat_tables(tables))
    parts = answers.rows("SELECT rows FROM system.parts WHERE database = currentDatabase() AND table = 'answer'")
    assert parts == [{"rows": 3000}]
    assert answers.rows("SELECT uniqExact(tenant) AS towns FROM answer") == [{"towns": 3}]


def test_a_batch_with_a_bad_row_leaves_nothing(answers: Warehouse) -> None:
    bad = block(IDS)
    uneven = bad.set_column(
        bad.schema.get_field_index("answers.score"),
        "answers.score",
        pa.array([[1.0], [1.0, 2.0], []], pa.list_(pa.float64())),
    )
    with pytest.raises(Fatal):
        answers.insert_arrow("answer", uneven)
    assert answers.rows("SELECT count() AS n FROM answer") == [{"n": 0}]


def test_an_empty_batch_is_nothing(answers: Warehouse) -> None:
    answers.insert_arrow("answer", block([]))
    assert answers.rows("SELECT count() AS n FROM answer") == [{"n": 0}]


def test_an_insert_is_on_disk_when_it_returns(answers: Warehouse) -> None:
    answers.command(
        TABLE.replace("answer\n", "hasty\n").replace("= 1, fsync_part_directory = 1", "= 0, fsync_part_directory = 0")
    )

    def syncs() -> int:
        return int(answers.rows("SELECT sum(value) AS n FROM system.events WHERE event = 'FileSync'")[0]["n"])

    def syncs_of_one_insert(table: str) -> int:
        before = syncs()
        answers.insert_arrow(table, block(IDS))
        return syncs() - before

    assert syncs_of_one_insert("answer") >= 1
    assert syncs_of_one_insert("hasty") == 0  # the counter tells the two apart


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "it's",
        'a "quote"',
        "back\\slash",
        "tab\tline\nreturn\r",
        "Zoë 👍",
        "\\N",
        "x" * 100_000,
        "{a:String}",
        "\0",
    ],
)
def test_parameters_are_bound_by_the_server_and_come_back_as_they_are(warehouse: Warehouse, text: str) -> None:
    assert warehouse.rows("SELECT {text:String} AS text", {"text": text}) == [{"text": text}]


def test_parameters_have_types(warehouse: Warehouse) -> None:
    parameters = {"n": 2**200, "id": IDS[0], "at": AT, "none": None, "list": ["a'b", "c\n"], "money": Decimal("1.50")}
    sql = (
        "SELECT {n:UInt256} AS n, {id:UUID} AS id, {at:DateTime64(3, 'UTC')} AS at, {none:Nullable(String)} AS none, "
        "{list:Array(String)} AS list, {money:Decimal(9, 2)} AS money"
    )
    assert warehouse.rows(sql, parameters) == [parameters]
    assert warehouse.query(sql, parameters).column("list").to_pylist() == [["a'b", "c\n"]]


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT nothing_such FROM answer WHERE tenant = {secret:String}", "nothing_such"),
        ("SELECT (1 + ) WHERE {secret:String}", "Syntax error"),
        ("SELECT * FROM no_such_table WHERE a = {secret:String}", "no_such_table"),
        ("SELECT toUInt8({secret:String})", "CANNOT_PARSE_TEXT"),
        ("SELECT throwIf(1, {secret:String})", "FUNCTION_THROW_IF"),
        ("SELECT {secret:UInt8}", ""),
    ],
)
def test_a_statement_that_cannot_run_is_fatal_and_quotes_no_parameter(answers: Warehouse, sql: str, told: str) -> None:
    for call in (answers.query, answers.rows):
        with pytest.raises(Fatal) as caught:
            call(sql, {"secret": "canary@example.org"})
        assert told in str(caught.value)
        assert "canary" not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("column", "values", "told"),
    [
        ("no_such_column", pa.array(["canary"]), "no_such_column"),
        ("weight", pa.array(["canary"]), "weight is text, not double"),
        ("channel", pa.array(["canary"]), "UNKNOWN_ELEMENT_OF_ENUM"),
        ("ip_hash", pa.array([b"canary that is too long"], pa.binary(23)), "ip_hash"),
        ("ip_hash", pa.array([b"canary"]), "ip_hash"),
        ("is_deleted", pa.array([300]), "is_deleted is int64, not uint8"),
        ("is_deleted", pa.array([None], pa.uint8()), ""),
        ("occurred_at", pa.array([None], pa.timestamp("ms")), ""),
        ("answers.score", pa.array([["canary", "canary"]]), "answers.score is list of text"),
    ],
)
def test_a_batch_that_does_not_fit_is_fatal_and_quotes_no_row(
    answers: Warehouse, column: str, values: pa.Array, told: str
) -> None:
    batch = block(IDS[:1])
    if column in batch.column_names:
        batch = batch.drop_columns([column])
    with pytest.raises(Fatal) as caught:
        answers.insert_arrow("answer", batch.append_column(column, values))
    assert told in str(caught.value)
    assert "canary" not in str(caught.value)
    assert answers.rows("SELECT count() AS n FROM answer") == [{"n": 0}]


def test_what_the_table_refuses_is_never_acknowledged(warehouse: Warehouse) -> None:
    warehouse.command("CREATE TABLE checked (n UInt64, CONSTRAINT small CHECK n < 10) ENGINE = MergeTree ORDER BY n")
    warehouse.command("CREATE TABLE source (n UInt64) ENGINE = MergeTree ORDER BY n")
    warehouse.command(
        "CREATE MATERIALIZED VIEW view ENGINE = MergeTree ORDER BY n AS SELECT n, throwIf(n = 99) FROM source"
    )
    for table in ("checked", "source"):
        with pytest.raises(Fatal):
            warehouse.insert_arrow(table, pa.table({"n": pa.array([1, 99], pa.uint64())}))
    assert warehouse.rows("SELECT count() AS n FROM checked") == [{"n": 0}]


def test_a_table_that_was_migrated_meanwhile_takes_its_new_column(answers: Warehouse) -> None:
    answers.insert_arrow("answer", block(IDS[:1]))
    answers.command("ALTER TABLE answer ADD COLUMN extra Nullable(String)")
    answers.insert_arrow("answer", block(IDS[1:2]).append_column("extra", pa.array(["more"])))
    rows = answers.rows("SELECT extra FROM answer ORDER BY feedback_id")
    assert [row["extra"] for row in rows] == [None, "more"]


def test_too_many_parts_and_too_little_memory_are_retriable(warehouse: Warehouse) -> None:
    warehouse.command(
        "CREATE TABLE full (n UInt64) ENGINE = MergeTree ORDER BY n "
        "SETTINGS parts_to_delay_insert = 1, parts_to_throw_insert = 1, max_delay_to_insert = 1"
    )
    warehouse.command("SYSTEM STOP MERGES full")
    batch = pa.table({"n": pa.array([1], pa.uint64())})
    warehouse.insert_arrow("full", batch)
    with pytest.raises(Retriable, match="TOO_MANY_PARTS"):
        warehouse.insert_arrow("full", batch)
    with pytest.raises(Retriable, match="MEMORY_LIMIT_EXCEEDED"):
        warehouse.rows("SELECT groupArray(number) FROM numbers(10000000) SETTINGS max_memory_usage = 10000000")
    with pytest.raises(Retriable, match="TIMEOUT_EXCEEDED"):
        warehouse.rows("SELECT sum(sipHash64(number)) FROM numbers(1000000000000) SETTINGS max_execution_time = 1")


def test_error_codes_are_clickhouse_s(warehouse: Warehouse) -> None:
    ours = codes.RETRIABLE | codes.AUTHENTICATION | codes.STATEMENT
    rows = warehouse.rows(
        "SELECT code, errorCodeToName(code) AS name FROM (SELECT arrayJoin({codes:Array(UInt32)}) AS code)",
        {"codes": sorted(ours)},
    )
    assert {row["code"]: row["name"] for row in rows} == ours


def test_the_wrong_token_is_fatal(address: tuple[str, str | None]) -> None:
    scheme, _, rest = address[0].partition("://")
    with pytest.raises(Fatal, match="token") as caught:
        connect(f"{scheme}://default@{rest.rpartition('@')[2]}", "not the token")
    assert "not the token" not in str(caught.value)


def test_eight_clients_at_once(answers: Warehouse, address: tuple[str, str | None]) -> None:
    def work(number: int) -> None:
        client = connect(*address)
        for turn in range(5):
            client.insert_arrow("answer", block([uuid.uuid4() for _ in range(20)], tenant=f"town {number}"))
            count = client.rows("SELECT count() AS n FROM answer WHERE tenant = {t:String}", {"t": f"town {number}"})
            assert count == [{"n": 20 * (turn + 1)}]
        client.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert answers.rows("SELECT count() AS n FROM answer") == [{"n": 800}]


def test_one_client_serves_several_threads(answers: Warehouse) -> None:
    with ThreadPoolExecutor(8) as pool:
        sums = pool.map(lambda n: answers.rows("SELECT {n:UInt64} + sleep(0.05) AS n", {"n": n})[0]["n"], range(16))
        assert list(sums) == list(range(16))


def test_an_insert_does_not_wait_for_a_long_query(answers: Warehouse) -> None:
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(
            answers.rows, "SELECT count() AS n FROM numbers(20) WHERE NOT sleepEachRow(0.1) SETTINGS max_block_size = 1"
        )
        answers.insert_arrow("answer", block(IDS))
        assert answers.rows("SELECT count() AS n FROM answer") == [{"n": 3}]
        assert not long.done()
        assert long.result() == [{"n": 20}]


def test_it_answers_pings(warehouse: Warehouse) -> None:
    assert warehouse.ping()


def test_migrations_are_applied_once_in_order(address: tuple[str, str | None], tmp_path: Path) -> None:
    warehouse = connect(*address)
    (tmp_path / "0002_add.sql").write_text("ALTER TABLE t ADD COLUMN IF NOT EXISTS b String;")
    (tmp_path / "0001_first.sql").write_text(
        "-- it's; the first\nCREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = MergeTree ORDER BY a;\n"
        "CREATE OR REPLACE VIEW v AS SELECT 'a;b' AS x, a FROM t;"
    )
    assert pending(warehouse, tmp_path) == ["0001_first.sql", "0002_add.sql"]
    assert warehouse.tables() == set()
    assert migrate(warehouse, tmp_path) == ["0001_first.sql", "0002_add.sql"]
    assert migrate(warehouse, tmp_path) == []
    assert pending(warehouse, tmp_path) == []
    assert warehouse.tables() == {"t", "v", "balie_migrations"}
    assert warehouse.query("SELECT a, b FROM t").column_names == ["a", "b"]
    (tmp_path / "0003_more.sql").write_text("CREATE TABLE IF NOT EXISTS u (a UInt8) ENGINE = MergeTree ORDER BY a")
    assert migrate(warehouse, tmp_path) == ["0003_more.sql"]


def test_a_migration_that_failed_midway_runs_again(warehouse: Warehouse, tmp_path: Path) -> None:
    file = tmp_path / "0001_first.sql"
    create = "CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = MergeTree ORDER BY a;"
    file.write_text(create + "SELECT no_such_column;")
    with pytest.raises(Fatal, match=r"0001_first\.sql, statement 2"):
        migrate(warehouse, tmp_path)
    assert "t" in warehouse.tables()
    file.write_text(create + "SELECT 1;")
    assert migrate(warehouse, tmp_path) == ["0001_first.sql"]


def test_migrations_that_do_not_fit_are_refused(warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="no migrations"):
        migrate(warehouse, tmp_path)
    first, third = tmp_path / "0001_a.sql", tmp_path / "0003_c.sql"
    first.write_text("SELECT 1")
    third.write_text("SELECT 3")
    migrate(warehouse, tmp_path)
    first.write_text("SELECT 2")
    with pytest.raises(Fatal, match=r"0001_a\.sql was changed"):
        pending(warehouse, tmp_path)
    first.write_text("SELECT 1")
    second = tmp_path / "0002_b.sql"
    second.write_text("SELECT 2")
    with pytest.raises(Fatal, match=r"0002_b\.sql comes before 0003_c\.sql"):
        migrate(warehouse, tmp_path)
    second.unlink()
    third.unlink()
    with pytest.raises(Fatal, match=r"0003_c\.sql, which is not among the files"):
        migrate(warehouse, tmp_path)
    twin = tmp_path / "0001_b.sql"
    twin.write_text("SELECT 1")
    with pytest.raises(Fatal, match="one number"):
        migrate(warehouse, tmp_path)
    twin.rename(tmp_path / "last.sql")
    with pytest.raises(Fatal, match="not named"):
        migrate(warehouse, tmp_path)


def test_several_may_migrate_at_once(address: tuple[str, str | None], tmp_path: Path) -> None:
    for number in range(1, 6):
        (tmp_path / f"000{number}_table.sql").write_text(
            f"CREATE TABLE IF NOT EXISTS t{number} (a UInt8) ENGINE = MergeTree ORDER BY a;"
            f"ALTER TABLE t{number} ADD COLUMN IF NOT EXISTS b String;"
            f"CREATE OR REPLACE VIEW v AS SELECT {number} AS n;"
        )

    def work(_: int) -> list[str]:
        warehouse = connect(*address)
        try:
            return migrate(warehouse, tmp_path)
        finally:
            warehouse.close()

    with ThreadPoolExecutor(4) as pool:
        applied = [name for names in pool.map(work, range(4)) for name in names]
    assert {name[:4] for name in applied} == {"0001", "0002", "0003", "0004", "0005"}
    assert work(0) == []
