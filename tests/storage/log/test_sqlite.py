"""The embedded log: days, erasure, syncs, and several processes at once."""

import itertools
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from schemas.topics import DAY_MS, FAILURES, FEEDBACK, topics
from storage.errors import Fatal, Retriable
from storage.log.base import NewRecord, OffsetRange, Record
from storage.log.sqlite import SqliteLog
from tests.clock import Clock

ROOT = Path(__file__).parents[3]
DAY = DAY_MS / 1000
NOON = 1_780_000_000 // DAY * DAY + DAY / 2


@pytest.fixture
def clock() -> Clock[float]:
    return Clock(NOON)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def log(folder: Path, clock: Clock[float]) -> SqliteLog:
    log = SqliteLog(folder, clock)
    log.apply_topics(topics())
    return log


def files_with(folder: Path, canary: bytes) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and canary in path.read_bytes())


def files_of(folder: Path, topic: str) -> list[str]:
    return sorted(path.name for path in (folder / topic).glob("*.sqlite"))


def everything(log: SqliteLog, topic: str) -> list[Record]:
    first, end = log.ends(topic)[0]
    return log.read(OffsetRange(topic, 0, first, end))


def test_a_file_a_day_and_offsets_that_go_on(log: SqliteLog, folder: Path, clock: Clock[float]) -> None:
    for day in range(4):
        log.append(FEEDBACK, [NewRecord(b"k", b"%d-%d" % (day, n)) for n in range(3)])
        clock.now += DAY
    assert [name[:20].lstrip("0") for name in files_of(folder, FEEDBACK)] == ["", "3", "6", "9"]
    assert [record.offset for record in everything(log, FEEDBACK)] == list(range(12))
    assert [record.offset for record in log.read(OffsetRange(FEEDBACK, 0, 2, 10), 5)] == [2, 3, 4, 5, 6]
    assert [record.value for record in log.read(OffsetRange(FEEDBACK, 0, 5, 7))] == [b"1-2", b"2-0"]


def test_what_has_expired_is_gone_from_the_disk(log: SqliteLog, folder: Path, clock: Clock[float]) -> None:
    log.append(FEEDBACK, [NewRecord(b"k", b"canary-of-the-first-day")])
    other = SqliteLog(folder, clock)
    assert len(everything(other, FEEDBACK)) == 1
    clock.now += 7 * DAY
    log.append(FEEDBACK, [NewRecord(b"k", b"canary-of-the-eighth-day")])
    log.clean(FEEDBACK)
    assert files_with(folder, b"canary-of-the-first-day"), "it must be readable for seven full days"
    clock.now += DAY
    log.clean(FEEDBACK)
    assert files_with(folder, b"canary-of-the-first-day") == []
    assert files_with(folder, b"canary-of-the-eighth-day")
    assert log.ends(FEEDBACK) == other.ends(FEEDBACK) == {0: (1, 2)}
    assert [record.offset for record in other.read(OffsetRange(FEEDBACK, 0, 0, 2))] == [1]
    for descriptor in Path("/proc/self/fd").iterdir():  # an open file would keep its bytes on the disk
        with suppress(FileNotFoundError):
            assert not str(descriptor.readlink()).startswith(f"{folder}/{FEEDBACK}/00000000000000000000")


def test_an_idle_log_is_emptied_and_keeps_its_offsets(log: SqliteLog, folder: Path, clock: Clock[float]) -> None:
    log.append(FEEDBACK, [NewRecord(b"k", b"canary")] * 5)
    clock.now += 30 * DAY
    log.clean(FEEDBACK)
    log.clean(FEEDBACK)
    assert files_with(folder, b"canary") == []
    assert log.ends(FEEDBACK) == {0: (5, 5)}
    log.close()
    clock.now += 30 * DAY
    log.clean(FEEDBACK)
    assert log.append(FEEDBACK, [NewRecord(b"k", b"next")]) == [(0, 5)]
    assert [record.offset for record in everything(log, FEEDBACK)] == [5]
    clock.now += 5 * DAY  # the day that counts is that of the append
    log.clean(FEEDBACK)
    assert len(everything(log, FEEDBACK)) == 1


def test_a_clock_that_was_ahead_keeps_nothing_for_ever(log: SqliteLog, folder: Path, clock: Clock[float]) -> None:
    log.append(FEEDBACK, [NewRecord(b"k", b"right")])
    clock.now += 20_000 * DAY
    log.append(FEEDBACK, [NewRecord(b"k", b"far ahead")])
    clock.now -= 20_000 * DAY
    log.append(FEEDBACK, [NewRecord(b"k", b"right again")])
    assert [record.offset for record in everything(log, FEEDBACK)] == [0, 1, 2]
    clock.now += 9 * DAY
    log.clean(FEEDBACK)
    assert files_with(folder, b"far ahead") == []
    assert log.append(FEEDBACK, [NewRecord(b"k", b"on")]) == [(0, 3)]


def test_a_discarded_failure_is_gone_from_the_disk(log: SqliteLog, folder: Path, clock: Clock[float]) -> None:
    log.append(FAILURES, [NewRecord(b"%d" % n, b"keep-%d" % n) for n in range(3)])
    clock.now += DAY
    log.append(FAILURES, [NewRecord(b"old", b"canary-old"), NewRecord(b"only", b"keep-only")])
    clock.now += DAY
    log.append(FAILURES, [NewRecord(b"alone", b"canary-alone")])
    clock.now += DAY
    log.append(
        FAILURES, [NewRecord(b"new", b"canary-new"), NewRecord(b"new", b"canary-newer"), NewRecord(b"x", b"keep-x")]
    )
    before = {record.key: record for record in log.latest_by_key(FAILURES)}
    log.append(FAILURES, [NewRecord(key, None) for key in (b"old", b"alone", b"new")])
    assert files_with(folder, b"canary-")
    log.clean(FAILURES)
    assert files_with(folder, b"canary-") == []
    after = {record.key: record for record in log.latest_by_key(FAILURES)}
    assert after == {key: record for key, record in before.items() if key not in (b"old", b"alone", b"new")}
    offsets = [record.offset for record in everything(log, FAILURES)]
    assert offsets == [0, 1, 2, 4, 8, 9, 10, 11]
    log.clean(FAILURES)
    assert [record.offset for record in everything(log, FAILURES)] == offsets
    assert log.append(FAILURES, [NewRecord(b"y", b"next")]) == [(0, 12)]
    clock.now += 25 * DAY
    log.clean(FAILURES)
    assert everything(log, FAILURES) == []
    assert log.ends(FAILURES) == {0: (13, 13)}


CLEANER = """
import sys
from pathlib import Path
from schemas.topics import FAILURES
from storage.log.base import NewRecord
from storage.log.sqlite import SqliteLog
log = SqliteLog(Path(sys.argv[1]))
n = int(sys.argv[2])
while True:
    log.append(FAILURES, [NewRecord(b"%d" % n, b"canary-%d." % n)])
    print("+", n, flush=True)
    log.append(FAILURES, [NewRecord(b"%d" % (n - 3), None)])
    print("-", n - 3, flush=True)
    log.clean(FAILURES)
    n += 1
"""


@pytest.mark.slow
def test_killed_while_cleaning_nothing_is_lost_and_nothing_stays(folder: Path) -> None:
    log = SqliteLog(folder)
    log.apply_topics(topics())
    alive: set[int] = set()
    n = 3
    for run in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", CLEANER, str(folder), str(n)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for _ in range(20):
            process.stdout.readline()
        time.sleep(0.004 * run)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        found = {int(record.key or b"") for record in log.latest_by_key(FAILURES)}
        n = max(found) + 1
        alive |= found
        assert found >= {n - 2, n - 3}
        assert len(found) <= 4 * (run + 1)
        log.append(FAILURES, [NewRecord(b"%d" % key, None) for key in found if key < n - 3])
        log.clean(FAILURES)
        kept = {int(record.key or b"") for record in log.latest_by_key(FAILURES)}
        assert kept == {key for key in found if key >= n - 3}
        on_disk = {
            int(m)
            for path in folder.rglob("*")
            if path.is_file()
            for m in re.findall(rb"canary-(\d+)\.", path.read_bytes())
        }
        assert on_disk == kept
        assert not list(folder.rglob("*unfinished*"))
    assert n > 8


def test_reading_while_another_cleans_misses_nothing(log: SqliteLog, folder: Path, clock: Clock[float]) -> None:
    kept = [NewRecord(b"keep-%d" % n, b"value") for n in range(50)]
    log.append(FAILURES, kept)
    stop = threading.Event()

    def churn() -> None:
        other = SqliteLog(folder, clock)
        while not stop.is_set():
            other.append(FAILURES, [NewRecord(b"churn", b"canary")])
            other.append(FAILURES, [NewRecord(b"churn", None)])
            other.clean(FAILURES)
        other.close()

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        last_end = 0
        for _ in range(200):
            found = {record.key for record in log.latest_by_key(FAILURES)}
            assert found >= {record.key for record in kept}
            end = log.ends(FAILURES)[0][1]
            assert end >= last_end
            last_end = end
    finally:
        stop.set()
        thread.join()
    assert last_end > 50


def test_processes_append_at_once_over_midnight(folder: Path) -> None:
    SqliteLog(folder).apply_topics(topics())
    script = (
        "import sys; from pathlib import Path; from storage.log.sqlite import SqliteLog\n"
        "from storage.log.base import NewRecord; from schemas.topics import FEEDBACK\n"
        f"days = iter([{NOON} + i // 20 * {DAY} for i in range(60)])\n"
        "log = SqliteLog(Path(sys.argv[1]), lambda: next(days))\n"
        "for n in range(60): print(log.append(FEEDBACK, [NewRecord(b'k', sys.argv[2].encode())])[0][1])\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script, str(folder), str(n)], cwd=ROOT, stdout=subprocess.PIPE)
        for n in range(3)
    ]
    own = [[int(line) for line in process.communicate()[0].split()] for process in processes]
    log = SqliteLog(folder)
    found = {record.offset: record.value for record in everything(log, FEEDBACK)}
    assert sorted(found) == list(range(180))
    for n, offsets in enumerate(own):
        assert len(offsets) == 60
        assert offsets == sorted(offsets)
        assert {found[offset] for offset in offsets} == {b"%d" % n}


@pytest.mark.strace
def test_each_group_is_synced_before_it_is_acknowledged(folder: Path, tmp_path: Path) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("syncs are not counted: strace is not on this machine")
    script = (
        "import os, sys; from pathlib import Path; from storage.log.sqlite import SqliteLog\n"
        "from storage.log.base import NewRecord; from schemas.topics import FEEDBACK, topics\n"
        "log = SqliteLog(Path(sys.argv[1])); log.apply_topics(topics())\n"
        "log.append(FEEDBACK, [NewRecord(b'k', b'v')])\n"
        "for n in range(25):\n"
        "    log.append(FEEDBACK, [NewRecord(b'k', b'v')] * 10)\n"
        "    os.write(1, b'acknowledged\\n')\n"
    )
    trace = tmp_path / "trace"
    command = [strace, "-f", "-e", "trace=fsync,fdatasync,write", "-o", str(trace), sys.executable, "-c", script]
    subprocess.run([*command, str(folder)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    calls = re.findall(r"(fsync|fdatasync|acknowledged)", trace.read_text())
    acknowledged = [index for index, call in enumerate(calls) if call == "acknowledged"]
    assert len(acknowledged) == 25
    between = [b - a - 1 for a, b in itertools.pairwise(acknowledged)]
    assert min(between) >= 1, "a group was acknowledged that was not synced"
    assert sum(between) / len(between) < 2, "records of a group do not share one sync"


def test_threads_share_a_sync(log: SqliteLog, folder: Path) -> None:
    transactions = []
    connect = sqlite3.connect

    class Counting(sqlite3.Connection):
        def execute(self, sql: str, *parameters: object) -> sqlite3.Cursor:
            if sql == "COMMIT":
                transactions.append(1)
                time.sleep(0.005)  # a slow disk
            return super().execute(sql, *parameters)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", lambda *args, **kwargs: connect(*args, **kwargs, factory=Counting))
        threads = [
            threading.Thread(target=lambda: [log.append(FEEDBACK, [NewRecord(b"k", b"v")]) for _ in range(10)])
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert log.ends(FEEDBACK) == {0: (0, 200)}
    assert len(transactions) < 80


def test_what_is_wrong_with_the_folder_is_said(log: SqliteLog, folder: Path, tmp_path: Path) -> None:
    log.append(FEEDBACK, [NewRecord(b"k", b"v")])
    log.close()
    (file,) = (folder / FEEDBACK).glob("*.sqlite")
    file.write_bytes(b"secret, and no database" * 1000)
    for use in (lambda: log.ends(FEEDBACK), lambda: log.append(FEEDBACK, [NewRecord(b"k", b"v")])):
        with pytest.raises(Fatal, match=r"damaged.*restore") as raised:
            use()
        assert "secret" not in str(raised.value)
    (tmp_path / "file").write_text("")
    with pytest.raises((Fatal, Retriable)):
        SqliteLog(tmp_path / "file" / "log")


def test_a_full_disk_is_retriable_and_breaks_nothing(log: SqliteLog) -> None:
    log.append(FEEDBACK, [NewRecord(b"k", b"before")])
    connection = log._topics[FEEDBACK].files._writer
    assert connection is not None
    pages = connection[1].execute("PRAGMA page_count").fetchone()[0]
    connection[1].execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(Retriable, match="see to its space"):
        log.append(FEEDBACK, [NewRecord(b"k", b"x" * 100_000)])
    assert log.append(FEEDBACK, [NewRecord(b"k", b"after")]) == [(0, 1)]


def test_only_its_owner_can_read_the_folder(log: SqliteLog, folder: Path) -> None:
    log.append(FEEDBACK, [NewRecord(b"k", b"v")])
    for path in [folder, *folder.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0 or path.parent.stat().st_mode & 0o077 == 0, path
