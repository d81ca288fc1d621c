"""What the client makes of addresses and of servers that are not ClickHouse."""

import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from storage.errors import Fatal, Retriable
from storage.warehouse.client import Warehouse, connect


class Proxy(BaseHTTPRequestHandler):
    """Says what a proxy says when what it stands for is down."""

    def do_GET(self) -> None:
        self.send_error(502)

    def do_POST(self) -> None:
        self.send_error(502)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def proxy() -> Iterator[str]:
    with socketserver.TCPServer(("127.0.0.1", 0), Proxy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("url", ["", "clickhouse", "ftp://host", "http://", "http://host:port/db", "http://h:99999"])
def test_an_address_that_is_none_is_fatal(url: str) -> None:
    with pytest.raises(Fatal, match="URL"):
        connect(url, "canary")


def test_nobody_there_is_retriable_and_tells_no_secret() -> None:
    with pytest.raises(Retriable, match=r"127\.0\.0\.1:1 does not answer") as caught:
        connect("http://user:canary@127.0.0.1:1/db", "canary")
    assert "canary" not in str(caught.value)


def test_a_proxy_before_a_server_that_is_down_is_retriable(proxy: str) -> None:
    with pytest.raises(Retriable):
        connect(proxy, "token")


def test_parameters_that_cannot_be_sent_are_fatal(warehouse: Warehouse) -> None:
    with pytest.raises(Fatal):
        warehouse.rows("SELECT {a:UInt8} AS a", {})


def test_the_database_is_of_the_url(warehouse_url: str, warehouse: Warehouse) -> None:
    assert warehouse.database == warehouse_url.rpartition("/")[2]
    assert warehouse.rows("SELECT currentDatabase() AS name") == [{"name": warehouse.database}]
