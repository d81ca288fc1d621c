"""What was answered 2xx is kept: the log down, slow or killed; the spool full or cut off."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from connectors.collector.limits import Limits
from connectors.collector.spool import Entry, Spool
from schemas.topics import FEEDBACK, RECORD_LIMIT, topics
from storage.errors import Fatal
from storage.log.base import NewRecord, OffsetRange
from storage.log.sqlite import SqliteLog

SIGNED = {"secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "asks": {"metric": "nps"}}
STAFF = {"passwords": ["p"], "asks": {"metric": "nps"}}
AUTH = ("staff", "p")


@pytest.fixture
def town(start: Callable[..., Any], make_entry: Callable[..., Any]) -> Any:
    entry = make_entry("waterdam", "desk", "form", STAFF)
    return start([entry], Limits(retry_seconds=0.02, append_seconds=0.3), spool_bytes=20_000)


def post(town: Any, number: int, order: int = 0) -> int:
    told = {"id": f"R-{number}", "order": order, "score": 7}
    status: int = town.http.post("/v1/waterdam/desk", json=told, auth=AUTH).status_code
    return status


def test_while_the_log_is_down_answers_wait_on_disk_and_then_go_in_order(town: Any) -> None:
    assert post(town, 0) == 200
    town.log.down = True
    told = [(number, order) for order in range(1, 6) for number in (1, 2, 3)]
    assert {post(town, number, order) for number, order in told} == {200}
    assert town.spool.pending == len(told)
    assert town.http.get("/ready").json()["log"] == "down"
    assert len(town.records()) == 1
    town.log.down = False
    assert post(town, 4) == 200
    events = town.wait_for_log(1 + len(told) + 1)
    assert [(event["source_id"], event["order"]) for event in events[1:-1]] == [(f"R-{n}", o) for n, o in told]
    until = time.monotonic() + 5
    while town.http.get("/ready").json() != {"log": "up", "spooled": 0, "refused": 0}:
        assert time.monotonic() < until


def test_a_log_that_hangs_counts_as_down(town: Any) -> None:
    town.log.slow_seconds = 1.0
    started = time.monotonic()
    assert post(town, 1) == 200
    assert time.monotonic() - started < 0.9
    town.log.slow_seconds = 0.0
    assert {event["source_id"] for event in town.wait_for_log(1)} == {"R-1"}


def test_a_spool_that_cannot_be_read_for_a_moment_is_emptied_later(town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    town.log.down = True
    assert post(town, 1) == 200
    read, failed = town.spool.oldest, threading.Event()

    def disk_is_gone(count: int) -> Any:
        if not failed.is_set():
            failed.set()
            raise sqlite3.OperationalError("disk I/O error")
        return read(count)

    monkeypatch.setattr(town.spool, "oldest", disk_is_gone)
    assert failed.wait(5)
    town.log.down = False
    assert [event["source_id"] for event in town.wait_for_log(1)] == ["R-1"]


def test_a_full_spool_is_said_and_keeps_nothing_by_halves(town: Any) -> None:
    town.log.down = True
    answered = [post(town, number) for number in range(60)]
    assert set(answered) == {200, 507}
    assert answered == sorted(answered)
    assert town.http.get("/ready").status_code == 503
    town.log.down = False
    events = town.wait_for_log(answered.count(200))
    time.sleep(0.1)
    assert [event["source_id"] for event in town.records()] == [f"R-{n}" for n in range(answered.count(200))]
    assert len(events) == answered.count(200)
    assert post(town, 99) == 200


def test_the_spool_outlives_the_collector_and_lets_one_in(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    spool = Spool(path)
    entries = [Entry("t", NewRecord(b"k", bytes([n]), (("h", b"\xff"),))) for n in range(3)]
    assert spool.append([entries[:2], entries[2:]]) == [True, True]
    with pytest.raises(Fatal, match="stop the other collector"):
        Spool(path)
    spool.close()
    again = Spool(path)
    assert again.pending == 3
    assert [spooled.entry for spooled in again.oldest(10)] == entries
    again.remove(again.oldest(2)[-1].position)
    assert [spooled.entry for spooled in again.oldest(10)] == entries[2:]
    again.close()
    assert path.stat().st_mode & 0o077 == 0


def test_the_spool_takes_a_group_whole_or_not_at_all(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", max_bytes=2_000)
    small, large = Entry("t", NewRecord(b"k", b"x" * 100)), Entry("t", NewRecord(b"k", b"x" * 1_500))
    over = Entry("t", NewRecord(b"k", b"x" * (RECORD_LIMIT + 1)))
    assert spool.append([[small], [small, large], [small], [over]]) == [True, False, True, False]
    assert spool.pending == 2
    spool.close()


def test_what_has_gone_from_the_spool_is_not_on_the_disk(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db")
    spool.append([[Entry("t", NewRecord(b"k", b"canary" * 50))] for _ in range(200)])
    assert any(b"canary" in path.read_bytes() for path in tmp_path.iterdir())
    spool.remove(spool.oldest(1_000)[-1].position)
    assert not any(b"canary" in path.read_bytes() for path in tmp_path.iterdir())
    spool.close()


_COLLECTOR = """
import sys
from pathlib import Path
from connectors.base import Source
from connectors.collector.app import Configured, create_app, serve
from connectors.collector.limits import Limits
from connectors.collector.spool import Spool
from connectors.registry import configured
from storage.errors import Retriable
from storage.log.sqlite import SqliteLog
from storage.state.master_key import create_master_key, load_master_key
from storage.state.store import open_state

folder, port = Path(sys.argv[1]), int(sys.argv[2])
class Log(SqliteLog):
    def append(self, topic, records):
        if (folder / "down").exists():
            raise Retriable("down")
        return super().append(topic, records)
key = folder / "key"
master = load_master_key(file=key) if key.exists() else create_master_key(key)
form = configured("form", {"public": True, "asks": {"metric": "csat"}})
source = Source("waterdam", "site", "form", form.channel)
limits = Limits(per_second=1e6, burst=1e6, retry_seconds=0.02)
log, state, spool = Log(folder / "log"), open_state(folder / "state.db", master), Spool(folder / "spool.db")
serve(create_app([Configured(source, form)], log, state, spool, limits), "127.0.0.1", port)
"""


@pytest.mark.slow
@pytest.mark.parametrize("down", [False, True])
def test_after_a_kill_everything_that_was_answered_is_there(tmp_path: Path, down: bool) -> None:
    SqliteLog(tmp_path / "log").apply_topics(topics())
    port = free_port()
    answered: set[str] = set()
    for _ in range(2):
        if down:
            (tmp_path / "down").touch()
        killed_under_load(tmp_path, port, answered)
    assert len(answered) >= 100
    spool = Spool(tmp_path / "spool.db")
    waiting = [orjson.loads(spooled.entry.record.value or b"") for spooled in spool.oldest(1_000_000, 10**12)]
    spool.close()
    log = SqliteLog(tmp_path / "log")
    logged = [orjson.loads(r.value or b"") for r in log.read(OffsetRange(FEEDBACK, 0, *log.ends(FEEDBACK)[0]))]
    log.close()
    assert bool(waiting) is down
    assert answered <= {event["source_id"] for event in [*waiting, *logged]}


def killed_under_load(folder: Path, port: int, answered: set[str]) -> None:
    process = subprocess.Popen([sys.executable, "-c", _COLLECTOR, str(folder), str(port)])
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_up(url)
        threads = [threading.Thread(target=load, args=(url, answered)) for _ in range(8)]
        for thread in threads:
            thread.start()
        enough, until = len(answered) + 50, time.monotonic() + 60
        while len(answered) < enough and time.monotonic() < until:
            time.sleep(0.01)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
    for thread in threads:
        thread.join(10)


def load(url: str, answered: set[str]) -> None:
    with httpx.Client(base_url=url, trust_env=False) as client:
        while True:
            try:
                reply = client.post("/v1/waterdam/site", json={"score": 4, "text": "x"})
            except httpx.TransportError:
                return
            assert reply.status_code == 200
            answered.add(reply.json()["session"])


def wait_until_up(url: str) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            httpx.get(url + "/health", trust_env=False).raise_for_status()
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise TimeoutError


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
