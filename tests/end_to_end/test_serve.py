"""`balie init && balie serve` as one would run it: answers become figures, what dies comes back, nothing that was
acknowledged is lost, and nothing is left behind."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from balie.first_settings import DATA
from balie.settings import FILE_NAME, TOKEN_NAME
from schemas.feedback import feedback_id
from storage.errors import Retriable
from storage.loopback import free_ports
from storage.warehouse.client import connect

pytestmark = pytest.mark.slow

TOWN, SOURCE = "voorbeeldstad", "website"  # of the settings that `balie init` writes
BROWSER = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"  # a robot is not counted
# What a citizen and a browser say, and no log may.
SAID = {"comment": "kanariegeel fietspad", "address": "203.0.113.77", "query": "kanarievraag"}


class Serve:
    """The command in a folder of its own, on free ports."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        warehouse, collector = free_ports(2)
        self.door = f"http://127.0.0.1:{collector}"
        self._warehouse = f"http://127.0.0.1:{warehouse}/balie"
        self._environment = {
            **os.environ,
            "BALIE_WAREHOUSE__URL": self._warehouse,
            "BALIE_COLLECTOR__PORT": str(collector),
            "BALIE_COLLECTOR__TRUSTED_PROXIES": '["127.0.0.0/8"]',
        }
        self.balie("init")
        with (folder / "said").open("wb") as said:
            self.process = subprocess.Popen(
                self._command("serve"), stdout=said, stderr=said, env=self._environment, cwd=folder
            )
        self.wait_for(lambda: "collector  http://" in self.said())

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "balie", "--settings", str(self._folder / FILE_NAME), *arguments]

    def balie(self, *arguments: str) -> bytes:
        """Another command, beside it."""
        return subprocess.run(
            self._command(*arguments), check=True, stdout=subprocess.PIPE, env=self._environment
        ).stdout

    def said(self) -> str:
        return (self._folder / "said").read_text()

    def children(self) -> dict[str, int]:
        """Its processes by what they are: warehouse, run, collect."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rpartition(") ")[2].split()[1])
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:  # it has ended meanwhile
                continue
            if parent == self.process.pid and len(words) > 1:
                name = "warehouse" if b"storage.warehouse.serve" in words else words[-3].decode()
                found[name] = int(folder.name)
        return found

    def kill(self, name: str) -> None:
        """As a crash would; returns when there is another one."""
        before = self.children()[name]
        os.kill(before, signal.SIGKILL)
        self.wait_for(lambda: self.children().get(name, before) != before)

    def answer(self, http: httpx.Client, text: str) -> UUID:
        """One answer of a citizen; its id, once it is acknowledged."""
        reply = http.post(
            f"{self.door}/v1/{TOWN}/{SOURCE}",
            params={"about": SAID["query"]},
            json={"score": 5, "text": text},
            headers={"x-forwarded-for": SAID["address"], "user-agent": BROWSER},
        )
        reply.raise_for_status()
        return feedback_id(TOWN, SOURCE, reply.json()["session"])

    def loaded(self) -> set[UUID]:
        token = (self._folder / DATA / TOKEN_NAME).read_text("ascii").strip()
        try:
            with connect(self._warehouse, token) as warehouse:
                return {row["feedback_id"] for row in warehouse.rows("SELECT feedback_id FROM feedback FINAL")}
        except Retriable:
            return set()

    def wait_for(self, reached: Callable[[], bool], seconds: float = 90) -> None:
        until = time.monotonic() + seconds
        while not reached():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < until, self.said()[-3_000:]
            time.sleep(0.1)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    with ExitStack() as stack:
        serve = Serve(tmp_path)
        stack.callback(serve.stop)
        yield serve


def still_there(processes: dict[str, int]) -> list[str]:
    """Which of them have not ended."""
    alive = []
    for name, pid in processes.items():
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
        except OSError:
            continue
        if state != "Z":  # ended, and whoever inherited it has not looked yet
            alive.append(name)
    return alive


def test_what_dies_comes_back_and_nothing_acknowledged_is_lost(serve: Serve) -> None:
    assert serve.children().keys() == {"warehouse", "run", "collect"}
    acknowledged: list[UUID] = []
    done = threading.Event()

    def citizens() -> None:
        with httpx.Client(timeout=10) as http:
            while not done.wait(0.02):
                try:
                    acknowledged.append(serve.answer(http, SAID["comment"]))
                except httpx.HTTPError:  # a citizen who got no answer knows that it was not taken
                    time.sleep(0.1)

    crowd = threading.Thread(target=citizens)
    crowd.start()
    try:
        serve.wait_for(lambda: len(serve.loaded()) > 20)
        for name in ("run", "collect", "warehouse"):
            serve.kill(name)
            taken = len(acknowledged)
            serve.wait_for(lambda taken=taken: len(acknowledged) > taken + 20)  # type: ignore[misc]
    finally:
        done.set()
        crowd.join()
    # Who got no answer may have been taken all the same; who got one was.
    serve.wait_for(lambda: serve.loaded() >= set(acknowledged))

    report = json.loads(serve.balie("report", "--json"))
    assert report["total"]["figures"]["responses"]["value"] >= len(acknowledged)
    account = json.loads(serve.balie("reconcile", "--json"))
    assert (account["missing"], account["waiting"]) == (0, 0)

    children = serve.children()
    serve.process.terminate()
    assert serve.process.wait(30) == 0
    assert still_there(children) == []
    for name, word in SAID.items():
        assert word not in serve.said(), f"the log holds a citizen's {name}"


def test_when_it_is_killed_itself_it_leaves_no_process_behind(serve: Serve) -> None:
    children = serve.children()
    assert len(children) == 3
    serve.process.kill()
    until = time.monotonic() + 30
    while still_there(children):
        assert time.monotonic() < until
        time.sleep(0.1)
