"""A real collector: uvicorn on a loopback port, over the SQLite log, state and spool of a temporary folder."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import uvicorn

from connectors.base import Source
from connectors.collector.app import Configured, create_app
from connectors.collector.limits import Limits
from connectors.collector.server import OPTIONS
from connectors.collector.spool import Spool
from connectors.registry import configured
from schemas.topics import FAILURES, FEEDBACK, topics
from storage.errors import Retriable
from storage.log.base import NewRecord, OffsetRange
from storage.log.sqlite import SqliteLog
from storage.state.master_key import create_master_key
from storage.state.store import State, open_state


class Outage(SqliteLog):
    """The real log, with a switch that makes it refuse as it does when its disk is gone."""

    down = False
    slow_seconds = 0.0

    def append(self, topic: str, records: Sequence[NewRecord]) -> list[tuple[int, int]]:
        time.sleep(self.slow_seconds)
        if self.down:
            raise Retriable("the log is down")
        return super().append(topic, records)


class Running:
    """One running collector and what is behind it."""

    def __init__(self, url: str, log: Outage, state: State, spool: Spool) -> None:
        self.url = url
        self.log = log
        self.state = state
        self.spool = spool
        self.http = httpx.Client(base_url=url, timeout=20, trust_env=False)

    def records(self, topic: str = FEEDBACK) -> list[dict[str, Any]]:
        """The values in a topic, in order."""
        found = self.log.read(OffsetRange(topic, 0, *self.log.ends(topic)[0]))
        return [orjson.loads(record.value or b"null") for record in found]

    def failures(self) -> list[dict[str, Any]]:
        return self.records(FAILURES)

    def wait_for_log(self, count: int, seconds: float = 10) -> list[dict[str, Any]]:
        """The events, once there are so many."""
        until = time.monotonic() + seconds
        while len(self.records()) < count and time.monotonic() < until:
            time.sleep(0.02)
        return self.records()


Start = Callable[..., Running]


def entry(tenant: str, name: str, connector: str, settings: dict[str, Any], **source: Any) -> Configured:
    """A source of a town with its connector."""
    made = configured(connector, settings)
    source.setdefault("channel", made.channel)
    return Configured(Source(tenant, name, connector, **source), made)


@pytest.fixture
def make_entry() -> Callable[..., Configured]:
    return entry


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts collectors over one folder, each on a port of its own; all end with the test."""
    with ExitStack() as stack:

        def run(sources: Sequence[Configured], limits: Limits | None = None, **options: Any) -> Running:
            log = Outage(tmp_path / "log")
            log.apply_topics(topics())
            key = tmp_path / "master.key"
            state = open_state(
                tmp_path / "state.db", create_master_key(key) if not key.exists() else pytest.fail("started twice")
            )
            spool = Spool(tmp_path / "spool.db", max_bytes=options.pop("spool_bytes", 10_000_000))
            app = create_app(sources, log, state, spool, limits or Limits(retry_seconds=0.05), **options)
            server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, **OPTIONS))
            thread = threading.Thread(target=server.run)
            thread.start()
            until = time.monotonic() + 10
            while not server.started and thread.is_alive() and time.monotonic() < until:
                time.sleep(0.005)
            port = server.servers[0].sockets[0].getsockname()[1]
            running = Running(f"http://127.0.0.1:{port}", log, state, spool)

            def stop() -> None:
                running.http.close()
                server.should_exit = True
                thread.join(10)
                spool.close()
                state.close()
                log.close()

            stack.callback(stop)
            return running

        yield run
