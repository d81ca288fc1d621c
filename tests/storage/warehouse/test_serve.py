"""ClickHouse's HTTP interface over chDB: what clients send, and what the process does when it ends or is ended."""

import gzip
import http.client
import json
import os
import signal
import stat
import subprocess
import sys
import time
import uuid
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import clickhouse_connect
import lz4.frame
import pyarrow as pa
import pytest
from backports import zstd

from storage.errors import Fatal, Retriable
from storage.warehouse.client import Warehouse, connect
from storage.warehouse.codes import RETRIABLE
from storage.warehouse.process import WarehouseProcess


class Http:
    """Requests as a plain HTTP client sends them, over one connection."""

    def __init__(self, url: str, token: str | None) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        self.headers = {"X-ClickHouse-Key": token} if token else {}

    def close(self) -> None:
        self.connection.close()

    def __call__(
        self, body: bytes | str | list[bytes] | None = None, *, method: str = "POST", path: str = "/", **parameters: str
    ) -> tuple[int, str, dict[str, str]]:
        headers = {
            **self.headers,
            **{k[2:].replace("_", "-"): parameters.pop(k) for k in [*parameters] if k[:2] == "h_"},
        }
        self.connection.request(
            method, f"{path}?{urlencode(parameters)}", iter(body) if isinstance(body, list) else body, headers
        )
        response = self.connection.getresponse()
        return response.status, response.read().decode(), dict(response.headers)


@pytest.fixture
def send(warehouse_process: WarehouseProcess) -> Iterator[Http]:
    with closing(Http(warehouse_process.url, warehouse_process.token)) as http:
        yield http


@pytest.fixture
def stranger(warehouse_process: WarehouseProcess) -> Iterator[Http]:
    """Shows no token of its own accord."""
    with closing(Http(warehouse_process.url, None)) as http:
        yield http


@pytest.fixture
def table(warehouse: Warehouse) -> str:
    warehouse.command("CREATE TABLE t (a UInt64, b String DEFAULT 'x') ENGINE = MergeTree ORDER BY a")
    return f"{warehouse.database}.t"


def test_ping_needs_no_token_and_everything_else_does(warehouse_process: WarehouseProcess, stranger: Http) -> None:
    send = stranger
    assert send(method="GET", path="/ping")[:2] == (200, "Ok.\n")
    assert send(method="GET")[:2] == (200, "Ok.\n")
    assert send("SELECT 1")[0] == 401
    assert send(method="GET", path="/elsewhere")[0] == 404
    token = warehouse_process.token
    for wrong in (token[:-1], token + "x", "", "é"):
        status, text, headers = send("SELECT 1", password=wrong)
        assert (status, headers["X-ClickHouse-Exception-Code"]) == (403, "516")
        assert token not in text
    assert send("SELECT 1", password=token)[:2] == (200, "1\n")
    assert send("SELECT 1", h_Authorization=f"Bearer {token}")[:2] == (200, "1\n")
    assert send("SELECT 1", h_Authorization="Basic %%%")[0] == 403


def test_statement_in_the_url_in_the_body_or_in_both(send: Http, table: str) -> None:
    assert send(f"INSERT INTO {table} (a) VALUES (1), (2)")[0] == 200
    assert send('{"a": 3}\n{"a": 4, "b": "y"}', query=f"INSERT INTO {table} FORMAT JSONEachRow")[0] == 200
    assert send("5\tz\n", query=f"INSERT INTO {table}", default_format="TSV")[0] == 200
    assert send(f"INSERT INTO {table} (a) SELECT 6")[0] == 200
    status, text, headers = send(method="GET", query=f"SELECT * FROM {table} ORDER BY a")
    assert (status, text) == (200, "1\tx\n2\tx\n3\tx\n4\ty\n5\tz\n6\tx\n")
    assert headers["X-ClickHouse-Format"] == "TabSeparated"
    assert json.loads(headers["X-ClickHouse-Summary"])["read_rows"] == "6"
    assert send("FORMAT CSV", query=f"SELECT max(a) FROM {table}")[1] == "6\n"
    assert send("SELECT 1 AS one", default_format="JSONEachRow")[1] == '{"one":1}\n'
    assert send(f"SELECT 1 -- {'x' * 50}")[1] == "1\n"
    assert send("SELECT 1;")[1] == "1\n"


def test_a_client_may_ask_before_it_sends_a_large_body(
    warehouse_process: WarehouseProcess, warehouse: Warehouse, table: str
) -> None:
    """As curl does above 1 MiB."""
    with closing(http.client.HTTPConnection(urlsplit(warehouse_process.url).netloc, timeout=10)) as asking:
        asking.putrequest("POST", "/?" + urlencode({"query": f"INSERT INTO {table} (a) FORMAT TSV"}))
        for header, value in (
            ("X-ClickHouse-Key", warehouse_process.token),
            ("Expect", "100-continue"),
            ("Content-Length", "4"),
        ):
            asking.putheader(header, value)
        asking.endheaders()
        assert asking.sock.recv(100).startswith(b"HTTP/1.1 100 ")
        asking.send(b"1\n2\n")
        assert asking.getresponse().status == 200
    assert warehouse.rows("SELECT sum(a) AS a FROM t") == [{"a": 3}]


def test_a_request_that_can_never_be_read_is_not_one_to_repeat(warehouse_process: WarehouseProcess) -> None:
    with closing(http.client.HTTPConnection(urlsplit(warehouse_process.url).netloc, timeout=10)) as asking:
        asking.request(
            "POST",
            "/?" + urlencode({"query": "SELECT 1"}),
            b"x",
            {"X-ClickHouse-Key": warehouse_process.token, "Content-Encoding": "br"},
        )
        answer = asking.getresponse()
        assert answer.status == 415
        assert int(answer.headers["X-ClickHouse-Exception-Code"]) not in RETRIABLE


def test_parameters_serve_inserts_too(send: Http, warehouse: Warehouse, table: str) -> None:
    sql = f"INSERT INTO {table} (a, b) SELECT {{a:UInt64}}, {{b:String}}"
    assert send(sql, param_a="7", param_b="it's\\n")[0] == 200
    assert warehouse.rows("SELECT a, b FROM t") == [{"a": 7, "b": "it's\n"}]


def test_get_only_reads(send: Http, table: str) -> None:
    for readonly in ({}, {"readonly": "0"}):
        status, _, headers = send(method="GET", query=f"INSERT INTO {table} (a) SELECT 1", **readonly)
        assert (status, headers["X-ClickHouse-Exception-Code"]) == (500, "164")
    for level in ("1", "2"):
        assert send(method="GET", query="SELECT 1", readonly=level, max_threads="1")[:2] == (200, "1\n")


def test_settings_database_and_query_id_are_of_one_request(send: Http, warehouse: Warehouse) -> None:
    sql = "SELECT getSetting('max_threads'), currentDatabase()"
    before = send(sql)[1]
    status, text, headers = send(
        sql, max_threads="1", database=warehouse.database, query_id="mine-1", session_id="s", wait_end_of_query="1"
    )
    assert (status, text) == (200, f"1\t{warehouse.database}\n")
    assert headers["X-ClickHouse-Query-Id"] == "mine-1"
    assert send(sql, session_id="s")[1] == before
    assert send("SELECT 1", no_such_setting="1")[0] == 404
    assert send("SELECT 1", **{"a b": "1"})[0] == 404
    assert send("SELECT 1", max_threads="1', readonly='1")[0] != 200
    assert send("SELECT 1", database="no`such")[0] == 404


def test_one_statement_a_request(send: Http) -> None:
    for sql in ("SELECT 1; SELECT 2", "", "-- nothing"):
        assert send(sql)[0] == 400
    assert send("SELECT '" + "x" * 2_000_000 + "'")[0] == 400
    assert send("SELECT ';'")[1] == ";\n"
    assert send(b"SELECT '\xff'")[0] == 400
    assert send(method="HEAD")[0] == 501


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("zstd", zstd.compress),
        ("lz4", lz4.frame.compress),
    ],
)
def test_bodies_may_be_compressed_and_chunked(
    send: Http, warehouse: Warehouse, table: str, encoding: str, compress: "type[bytes]"
) -> None:
    rows = [b'{"a": 1}\n' * 1000, b'{"a": 2}\n' * 1000]
    query = f"INSERT INTO {table} FORMAT JSONEachRow"
    whole = compress(b"".join(rows))
    for body in (whole, [whole[:7], whole[7:]], [compress(part) for part in rows]):
        assert send(body, query=query, h_Content_Encoding=encoding)[0] == 200
    assert warehouse.rows("SELECT count() AS n, sum(a) AS a FROM t") == [{"n": 6000, "a": 9000}]
    assert send(whole[:-4], query=query, h_Content_Encoding=encoding)[0] == 400
    assert send(b"no such thing", query=query, h_Content_Encoding=encoding)[0] == 400
    assert warehouse.rows("SELECT count() AS n FROM t") == [{"n": 6000}]
    assert send("SELECT 1", h_Content_Encoding="br")[0] == 415


def test_a_broken_insert_leaves_nothing_and_is_not_quoted(send: Http, warehouse: Warehouse, table: str) -> None:
    bodies = [
        ("JSONEachRow", '{"a": 1}\n{"a": "canary"}'),
        ("CSV", "1,x\ncanary,y"),
        ("Values", "(1, canary)"),
        ("Values", "(canary(1), 'x')"),
        ("Arrow", "canary"),
    ]
    for format_, body in bodies:
        for arguments in (
            (body, f"INSERT INTO {table} FORMAT {format_}"),
            (f"INSERT INTO {table} FORMAT {format_} {body}", ""),
        ):
            status, text, headers = send(arguments[0], query=arguments[1])
            assert status >= 400
            assert int(headers["X-ClickHouse-Exception-Code"])
            assert "canary" not in text
    assert "no_column" in send("1", query=f"INSERT INTO {table} (no_column) FORMAT TSV")[1]
    assert warehouse.rows("SELECT count() AS n FROM t") == [{"n": 0}]


def test_a_client_that_goes_away_within_its_rows_leaves_nothing(
    warehouse_process: WarehouseProcess, send: Http, warehouse: Warehouse, table: str
) -> None:
    leaving = http.client.HTTPConnection(urlsplit(warehouse_process.url).netloc)
    leaving.putrequest("POST", "/?" + urlencode({"query": f"INSERT INTO {table} FORMAT TSV"}))
    leaving.putheader("X-ClickHouse-Key", warehouse_process.token)
    leaving.putheader("Content-Length", "1000")
    leaving.endheaders(b"1\tx\n2\ty\n")
    leaving.close()
    assert send("SELECT 1")[1] == "1\n"
    time.sleep(0.3)
    assert warehouse.rows("SELECT count() AS n FROM t") == [{"n": 0}]


def test_an_answer_of_any_size_takes_little_memory_and_leaves_no_file(
    warehouse_process: WarehouseProcess, warehouse: Warehouse
) -> None:
    def resident() -> int:
        for line in Path(f"/proc/{warehouse_process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024
        raise AssertionError

    connection = http.client.HTTPConnection(urlsplit(warehouse_process.url).netloc)
    sql = "SELECT repeat('x', 100) FROM numbers(6000000) FORMAT RowBinary"
    connection.request("POST", "/", sql, {"X-ClickHouse-Key": warehouse_process.token})
    before = resident()
    response = connection.getresponse()
    size = 0
    while chunk := response.read(1 << 20):
        size += len(chunk)
    assert size == 101 * 6_000_000
    assert resident() - before < 200 * 1024 * 1024
    connection.close()
    data = Path(warehouse.rows("SELECT path FROM system.disks")[0]["path"])
    assert list((data.parent / "tmp").iterdir()) == []


def test_clickhouse_connect_with_its_defaults(
    warehouse_process: WarehouseProcess, warehouse: Warehouse, table: str
) -> None:
    address = urlsplit(warehouse_process.url)
    client = clickhouse_connect.get_client(
        dsn=f"clickhouse://anyone:{warehouse_process.token}@{address.netloc}/{warehouse.database}"
    )
    client.insert("t", [[1, "é"], [2, "ü"]], column_names=["a", "b"])
    client.insert_arrow("t", pa.table({"a": pa.array([3], pa.uint64()), "b": ["ö"]}))
    assert client.query("SELECT * FROM t ORDER BY a").result_rows == [(1, "é"), (2, "ü"), (3, "ö")]
    assert client.query_df("SELECT a FROM t WHERE a > {x:UInt64}", parameters={"x": 1})["a"].tolist() == [2, 3]
    with client.query_row_block_stream("SELECT number FROM numbers(200000)") as stream:
        assert sum(len(block) for block in stream) == 200_000
    assert client.command("SELECT count() FROM t WHERE a = 99 HAVING count() > 0") == ""
    assert client.query("SELECT {x:String}", parameters={"x": "é\n" * 20_000}).result_rows == [("é\n" * 20_000,)]
    assert client.command("EXISTS TABLE t") == 1
    assert client.query("SELECT * FROM t LIMIT 0").column_names == ("a", "b")
    client.close_connections()
    client.close()


def test_the_token_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    token_file = tmp_path / "secrets" / "token"
    tokens = []
    for _ in range(2):
        with WarehouseProcess(tmp_path / "data", token_file=token_file) as process:
            assert connect(f"{process.url}/default", process.token).ping()
        assert stat.S_IMODE(token_file.stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
        tokens.append(process.token)
    assert tokens[0] == tokens[1]
    assert len(tokens[0]) > 40
    token_file.chmod(0o640)
    outcome = serve(tmp_path / "data", "--token-file", str(token_file))
    assert outcome.returncode == 2
    assert "chmod 600" in outcome.stderr


def serve(path: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "storage.warehouse.serve", "--path", str(path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_second_process_is_told_who_holds_the_folder(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with WarehouseProcess(tmp_path) as process:
        outcome = serve(tmp_path)
        assert (outcome.returncode, outcome.stdout) == (2, "")
        assert f"held by process {process.pid}" in outcome.stderr
        assert process.url in outcome.stderr
        with pytest.raises(Fatal):
            WarehouseProcess(tmp_path)
        assert connect(f"{process.url}/default", process.token).ping()
    outcome = serve(tmp_path, "--port", str(urlsplit(process.url).port), "--memory", "x")
    assert outcome.returncode == 2


def test_what_was_acknowledged_survives_a_kill_and_the_rest_is_retriable(tmp_path: Path) -> None:
    process = WarehouseProcess(tmp_path)
    port = urlsplit(process.url).port or 0
    warehouse = connect(process.url, process.token)
    warehouse.create_database()
    warehouse.command("CREATE TABLE t (a UUID) ENGINE = MergeTree ORDER BY a SETTINGS fsync_after_insert = 1")
    acknowledged: list[uuid.UUID] = []

    def insert_until_it_fails() -> None:
        while True:
            ids = [uuid.uuid4() for _ in range(100)]
            warehouse.insert_arrow("t", pa.table({"a": pa.array([i.bytes for i in ids], pa.binary(16))}))
            acknowledged.extend(ids)

    with ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(insert_until_it_fails) for _ in range(4)]
        while len(acknowledged) < 2000:
            time.sleep(0.01)
        process.kill()
        for worker in workers:
            with pytest.raises(Retriable, match="does not answer"):
                worker.result()
    assert not warehouse.ping()
    with pytest.raises(Retriable):
        warehouse.rows("SELECT 1")
    with WarehouseProcess(tmp_path, port=port):
        assert warehouse.ping()
        stored = {row["a"] for row in warehouse.rows("SELECT a FROM t")}
        assert stored >= set(acknowledged)
        assert len(stored) % 100 == 0  # a batch is there whole or not at all
        assert list((tmp_path / "tmp").iterdir()) == []
    warehouse.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_requests_in_flight_end_before_the_process_does(tmp_path: Path, number: signal.Signals) -> None:
    process = WarehouseProcess(tmp_path)
    idle = connect(f"{process.url}/default", process.token)
    warehouse = connect(f"{process.url}/default", process.token)
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(
            warehouse.rows,
            "SELECT count() AS n FROM numbers(15) WHERE NOT sleepEachRow(0.1) SETTINGS max_block_size = 1",
        )
        time.sleep(0.5)
        os.kill(process.pid, number)
        time.sleep(0.3)
        with pytest.raises(Retriable):
            idle.rows("SELECT 1")
        assert long.result() == [{"n": 15}]
    process.stop()
    assert not process.running()
    idle.close()
    warehouse.close()


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib; from storage.warehouse.process import WarehouseProcess; "
        "process = WarehouseProcess(pathlib.Path(sys.argv[1])); print(process.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    outcome = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    pid = int(outcome.stdout)
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists() or ") Z " in Path(f"/proc/{pid}/stat").read_text():
            return
        time.sleep(0.1)
    raise AssertionError("still there")
