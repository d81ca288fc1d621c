"""What was answered 2xx is kept: the log down, slow or killed; the spool full or cut off."""

import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.durability import BrokerDead, FolderAway, Town, answered, killed, outlived, refused
from connectors.collector.limits import Limits
from connectors.collector.spool import Entry, Spool
from schemas.topics import RECORD_LIMIT
from storage.errors import Fatal
from storage.log.base import NewRecord
from storage.log.local_broker import LocalBroker, missing_tools

TOOLS = Path(__file__).parents[3] / ".tools" / "kafka"
CONNECTIONS = 50
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


@pytest.fixture
def real_town(tmp_path: Path) -> Iterator[Town]:
    """A town whose collector is the process `balie collect`."""
    with Town(tmp_path) as town:
        yield town


@pytest.mark.slow
def test_ten_kills_under_load_lose_nothing_that_was_answered(real_town: Town) -> None:
    kills = killed(real_town, 10, CONNECTIONS)
    print("answered at each kill:", [kill.answered for kill in kills])
    assert min(kill.answered for kill in kills) >= 200
    assert [kill.lost for kill in kills] == [0] * 10


@pytest.mark.slow
def test_what_is_in_the_spool_outlives_kills_too(real_town: Town) -> None:
    kills = killed(real_town, 3, CONNECTIONS, FolderAway(real_town.topic_folder))
    assert min(kill.answered for kill in kills) >= 200
    assert [kill.lost for kill in kills] == [0] * 3


@pytest.mark.slow
def test_a_log_that_is_away_under_load_gets_everything_in_order(real_town: Town) -> None:
    found = outlived(real_town, FolderAway(real_town.topic_folder), 5, CONNECTIONS)
    assert found.during.keys() == {200}
    assert found.spooled > 100
    assert found.lost == found.out_of_order == 0


@pytest.mark.slow
def test_a_full_spool_under_load_keeps_requests_whole_or_not_at_all(tmp_path: Path) -> None:
    with Town(tmp_path, spool_bytes=500_000) as town:
        found = refused(town, FolderAway(town.topic_folder), CONNECTIONS)
    assert found.answered.keys() == {200, 507}
    assert found.lost == found.kept == 0


@pytest.mark.slow
@pytest.mark.kafka
def test_a_broker_that_dies_under_load_gets_everything_in_order(tmp_path: Path) -> None:
    if missing := missing_tools():
        pytest.skip(f"no Kafka broker: {' and '.join(missing)} not on this machine")
    folder = tmp_path / "town"
    folder.mkdir()
    with LocalBroker(tmp_path / "kafka", TOOLS) as broker, Town(folder, kafka=broker.bootstrap) as town:
        found = outlived(town, BrokerDead(broker), 6, 20)
    assert found.during.keys() == {200}
    assert found.spooled > 100
    assert found.lost == found.out_of_order == 0


@pytest.mark.slow
@pytest.mark.strace
def test_the_disk_is_synced_between_a_request_and_its_answer(real_town: Town, tmp_path: Path) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("syncs are not seen: strace is not on this machine")
    trace = tmp_path / "trace"
    # -D: what is traced is our child, to be stopped; -y: the paths of what is read, written and synced.
    real_town.start(strace, "-D", "-f", "-y", "-s", "30", "-e", "trace=read,write,fdatasync,fsync", "-o", str(trace))
    posts = [real_town.tellings("traced", connection) for connection in range(8)]
    answered(real_town, posts, 100, lambda: None)
    real_town.stop()
    assert synced_answers(trace.read_text().splitlines(), real_town.topic_folder) >= 100


def synced_answers(trace: Iterable[str], folder: Path) -> int:
    """How many answers 200 there are to posts; each must have begun after a sync of the folder that ended after the
    post was read."""
    asked: dict[str, int] = {}
    begun: dict[str, str] = {}
    last_sync, answers = -1, 0
    for number, line in enumerate(trace):
        pid, call = line.split(maxsplit=1)
        # What other threads do meanwhile cuts a line in two: its begin, and what it came to.
        if call.endswith("<unfinished ...>"):
            begun[pid] = call.removesuffix("<unfinished ...>")
        else:
            resumed = re.match(r"<\.\.\. \w+ resumed>", call)
            ended = begun.pop(pid, "") + call[resumed.end() :] if resumed else call
            if re.search(rf"f(data)?sync\(\d+<{re.escape(str(folder))}/.* = 0$", ended):
                last_sync = number
            elif request := re.search(r"read\((\d+)<[^>]*>, *\"POST /v1", ended):
                asked[request[1]] = number
        if (answer := re.search(r"write\((\d+)<[^>]*>, \"HTTP/1.1 200", call)) and answer[1] in asked:
            assert last_sync > asked.pop(answer[1]), "answered before it was on the disk"
            answers += 1
    return answers
