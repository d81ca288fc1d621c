"""How long from the collector's 2xx to a row that a query sees, in `balie serve` as `balie init` sets it up.

Answers are posted at a steady pace, whatever the replies take (an open loop); each is looked for in ClickHouse by its
id. The warehouse is asked for the number of rows every 20 ms and for the new ones when it has grown, so a figure is at
most one such look too high, never too low. A first answer, which waits for the start of the pipeline, is left out.

    python -m benchmarks.latency [--per-second 200] [--seconds 60] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit

import httpx

from balie.demo.invented import Answer, answers
from balie.first_settings import DATA
from balie.settings import FILE_NAME, TOKEN_NAME
from schemas.feedback import feedback_id
from storage.errors import Retriable
from storage.loopback import free_ports
from storage.warehouse.client import Warehouse, connect

TOWN, SOURCE = "voorbeeldstad", "website"  # of the settings that `balie init` writes
_LOOK_SECONDS = 0.02
_START_SECONDS = 120
_LAST_SECONDS = 60


@dataclass
class Seen:
    """When each answer was acknowledged and when its row was first seen, by feedback id, on one clock."""

    acknowledged: dict[str, float] = field(default_factory=dict)
    visible: dict[str, float] = field(default_factory=dict)
    replies: list[float] = field(default_factory=list)
    refused: int = 0
    looks: list[float] = field(default_factory=list)


class Served:
    """`balie init && balie serve` in a folder, on free ports."""

    def __init__(self, folder: Path) -> None:
        warehouse, collector = free_ports(2)
        self.url = f"http://127.0.0.1:{collector}/v1/{TOWN}/{SOURCE}"
        self._ready = f"http://127.0.0.1:{collector}/ready"
        self._warehouse = f"http://127.0.0.1:{warehouse}/balie"
        self._folder = folder
        environment = {
            **os.environ,
            "BALIE_WAREHOUSE__URL": self._warehouse,
            "BALIE_COLLECTOR__PORT": str(collector),
            "BALIE_COLLECTOR__RATE": "10000",  # the usual limit is for one source, and here all come by one
        }
        balie = [sys.executable, "-m", "balie", "--settings", str(folder / FILE_NAME)]
        subprocess.run([*balie, "init"], check=True, stdout=subprocess.DEVNULL, env=environment)
        with (folder / "output").open("wb") as output:  # a line a request
            self._process = subprocess.Popen([*balie, "serve"], stdout=output, stderr=output, env=environment)

    def wait(self) -> None:
        """Until answers are taken."""
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            try:
                if httpx.get(self._ready).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.2)
        raise self.failed("does not answer")

    def failed(self, what: str) -> SystemExit:
        """What went wrong, and the last that was said."""
        return SystemExit(f"balie serve {what}; it said:\n{(self._folder / 'output').read_text()[-2_000:]}")

    def open_warehouse(self) -> Warehouse:
        return connect(self._warehouse, (self._folder / DATA / TOKEN_NAME).read_text("ascii").strip())

    def cpu_seconds(self) -> dict[str, float]:
        """What each process has used so far, ours too. It says how full the machine was, whatever else ran on it."""
        used = {"this bench": sum(os.times()[:2])}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended meanwhile
                numbers = (folder / "stat").read_text().rpartition(") ")[2].split()
                words = (folder / "cmdline").read_text().split("\0")
                if int(numbers[1]) == self._process.pid:
                    name = "warehouse" if "storage.warehouse.serve" in words else words[-3]
                    used[name] = (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")
        return used

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def watch(warehouse: Warehouse, seen: Seen, stop: threading.Event) -> None:
    """Notes when rows are seen, until told to stop."""
    count = 0
    newest = datetime.now(UTC) - timedelta(minutes=1)
    while not stop.is_set():
        began = time.perf_counter()
        ((rows,),) = (row.values() for row in warehouse.rows("SELECT count() FROM feedback"))
        if rows != count:
            since = newest - timedelta(seconds=5)
            found = warehouse.rows(
                "SELECT toString(feedback_id) AS id, loaded_at FROM feedback WHERE loaded_at >= {since:DateTime64(3)}",
                {"since": since},
            )
            now = time.perf_counter()
            for row in found:
                seen.visible.setdefault(row["id"], now)
                newest = max(newest, row["loaded_at"])
            count = rows
        seen.looks.append(time.perf_counter() - began)
        stop.wait(max(0.0, _LOOK_SECONDS - seen.looks[-1]))


class Sender:
    """Connections that are kept open; a request takes one that is free, or a new one, and never waits for another.

    By hand, since an HTTP client that shares out a pool takes more of the machine than what is measured.
    """

    def __init__(self, url: str) -> None:
        self._to = urlsplit(url)
        self._free = deque[tuple[asyncio.StreamReader, asyncio.StreamWriter]]()

    async def post(self, answer: Answer, seen: Seen) -> None:
        """One answer, as the page sends it."""
        told: dict[str, Any] = {"score": 1 + answer.score // 3, "language": answer.language}
        told |= {"text": answer.text} if answer.text else {}
        told["subject"] = {"service": answer.service, "page_url": answer.page_url}
        body = json.dumps(told).encode()
        head = (
            f"POST {self._to.path} HTTP/1.1\r\nhost: {self._to.netloc}\r\ncontent-type: application/json\r\n"
            f"user-agent: {answer.user_agent}\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        began = time.perf_counter()
        try:
            reader, writer = connection = await self._connection()
            writer.write(head.encode() + body)
            status = await reader.readuntil(b"\r\n\r\n")
            said = await reader.readexactly(int(status.lower().partition(b"content-length: ")[2].split(b"\r")[0]))
        except (OSError, EOFError):
            seen.refused += 1
            return
        now = time.perf_counter()
        self._free.append(connection)
        if not status.startswith(b"HTTP/1.1 200"):
            seen.refused += 1
            return
        seen.replies.append(now - began)
        seen.acknowledged[str(feedback_id(TOWN, SOURCE, json.loads(said)["session"]))] = now

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._free:
            reader, writer = self._free.popleft()  # in turns, so that none rests for long
            if not reader.at_eof():  # the collector closes those that do
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self._to.hostname, self._to.port)

    def close(self) -> None:
        for _, writer in self._free:
            writer.close()


async def send(url: str, per_second: float, seconds: float, seen: Seen) -> None:
    """Posts at a steady pace, without waiting for replies."""
    said = list(answers(int(per_second * seconds), datetime.now(UTC), seed=random.randrange(10**6)))
    with closing(Sender(url)) as sender:
        async with asyncio.TaskGroup() as group:
            began = time.perf_counter()
            for number, answer in enumerate(said):
                await asyncio.sleep(began + number / per_second - time.perf_counter())
                group.create_task(sender.post(answer, seen))


def wait_until_seen(seen: Seen, seconds: float) -> bool:
    """Until every acknowledged answer has been seen."""
    until = time.monotonic() + seconds
    while seen.acknowledged.keys() - seen.visible.keys():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def measure(per_second: float, seconds: float) -> dict[str, Any]:
    """Start everything, send, look, stop everything; the figures."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        served = Served(Path(folder))
        stack.callback(served.stop)
        served.wait()
        warehouse = served.open_warehouse()
        stack.callback(warehouse.close)
        seen = Seen()
        stop = threading.Event()
        watcher = threading.Thread(target=_watch_patiently, args=(warehouse, seen, stop))
        watcher.start()
        stack.callback(watcher.join)
        stack.callback(stop.set)
        asyncio.run(send(served.url, 1, 1, seen))
        if not wait_until_seen(seen, _START_SECONDS):
            raise served.failed("does not load")
        first = set(seen.acknowledged)
        used, began = served.cpu_seconds(), time.perf_counter()
        asyncio.run(send(served.url, per_second, seconds, seen))
        took = time.perf_counter() - began
        cores = {name: round((after - used[name]) / took, 2) for name, after in served.cpu_seconds().items()}
        last = max(seen.acknowledged.values())
        complete = wait_until_seen(seen, _LAST_SECONDS)
        latencies = sorted(
            seen.visible[known] - at
            for known, at in seen.acknowledged.items()
            if known not in first and known in seen.visible
        )
        (parts,) = warehouse.rows(
            "SELECT count() AS number FROM system.parts WHERE table = 'feedback' AND database = 'balie' AND active"
        )
        return {
            "per_second": round(len(latencies) / took, 1),
            "seconds": round(took, 1),
            "acknowledged": len(seen.acknowledged) - len(first),
            "refused": seen.refused,
            "seen": len(latencies),
            "all_seen": complete,
            "visible_after": _percentiles(latencies),
            "last_visible_after": round(max(seen.visible.values()) - last, 3),
            "most_waiting": _most_waiting(seen),
            "reply_after": _percentiles(sorted(seen.replies)),
            "look": _percentiles(sorted(seen.looks)),
            "parts": parts["number"],
            "cores": cores,
        }


def _watch_patiently(warehouse: Warehouse, seen: Seen, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            watch(warehouse, seen, stop)
        except Retriable:
            stop.wait(0.2)


def _most_waiting(seen: Seen) -> int:
    """The most answers that were acknowledged and not seen at one time."""
    steps = [(at, 1) for at in seen.acknowledged.values()] + [
        (at, -1) for known, at in seen.visible.items() if known in seen.acknowledged
    ]
    waiting = most = 0
    for _, step in sorted(steps):
        waiting += step
        most = max(most, waiting)
    return most


def _percentiles(values: list[float]) -> dict[str, float]:
    """Seconds: p50, p95, p99 and the highest."""
    cuts = quantiles(values, n=100, method="inclusive")
    return {
        "p50": round(cuts[49], 3),
        "p95": round(cuts[94], 3),
        "p99": round(cuts[98], 3),
        "max": round(max(values), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--per-second", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    figures = measure(asked.per_second, asked.seconds)
    if asked.json:
        print(json.dumps(figures))
        return
    print(f"{figures['acknowledged']:,} answers in {figures['seconds']} s, {figures['refused']} refused")
    for name, title in (
        ("visible_after", "2xx → visible"),
        ("reply_after", "post → 2xx"),
        ("look", "one look, the precision"),
    ):
        said = ", ".join(f"{label} {value:.3f} s" for label, value in figures[name].items())
        print(f"  {title:<24} {said}")
    print(
        f"  lag                      at most {figures['most_waiting']:,} answers; the last was seen "
        f"{figures['last_visible_after']:.3f} s after its 2xx{'' if figures['all_seen'] else '; NOT ALL WERE SEEN'}"
    )
    print(f"  parts of the table       {figures['parts']} at the end")
    print(f"  cores in use             {', '.join(f'{name} {share}' for name, share in figures['cores'].items())}")


if __name__ == "__main__":
    main()
