"""The graph without an end, on Beam's portable runner: it loads what is there and what comes, and commits after it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from balie.demo.stage import TENANT, Stage
from balie.open import group_of, topics_of
from pipelines.local_prism import LocalPrism
from schemas.feedback import feedback_id, read
from storage.log.base import NewRecord
from storage.log.records import event_record

pytestmark = [pytest.mark.prism, pytest.mark.slow]


def events(first: int, count: int) -> list[NewRecord]:
    """Answers that each have an id of their own, so that there are as many rows as offsets."""
    now = datetime.now(UTC).isoformat()
    return [
        event_record(
            read(
                {
                    "feedback_id": str(feedback_id(TENANT, "website", str(number))),
                    "tenant": TENANT,
                    "source": "website",
                    "source_id": str(number),
                    "connector": "form",
                    "channel": "web_form",
                    "received_at": now,
                    "answers": [{"metric": "nps", "score": number % 11, "scale": {"min": 0, "max": 10, "best": 10}}],
                }
            )
        )
        for number in range(first, first + count)
    ]


class Run:
    """`balie run --unbounded` on a stage, and how far it is."""

    def __init__(self, stage: Stage, process: "subprocess.Popen[bytes]") -> None:
        self._stage = stage
        self._topic = topics_of(stage.settings)[0].name
        self.process = process

    def committed(self) -> int:
        """Offsets committed, over all partitions, which all begin at 0."""
        return sum(self._stage.log.committed(group_of(self._stage.settings), self._topic).values())

    def rows(self) -> int:
        ((count,),) = (row.values() for row in self._stage.warehouse.rows("SELECT count() AS n FROM feedback FINAL"))
        return int(count)

    def append(self, first: int, count: int) -> None:
        self._stage.log.append(self._topic, events(first, count))

    def wait_for(self, count: int, seconds: float = 60) -> None:
        """Until so many are loaded and committed; at no look are more committed than loaded."""
        until = time.monotonic() + seconds
        committed = rows = 0
        while (committed, rows) != (count, count):
            assert self.process.poll() is None, (self._stage.folder / "run.log").read_text()[-3_000:]
            assert time.monotonic() < until, f"{committed} committed and {rows} loaded of {count}"
            time.sleep(0.05)
            committed = self.committed()
            rows = self.rows()  # after the other, so that a commit that ran ahead is seen
            assert committed <= rows

    def ends(self, seconds: float = 30) -> int:
        return self.process.wait(seconds)


@contextmanager
def running(stage: Stage, prism: LocalPrism) -> Iterator[Run]:
    """What an operator would start; killed at the end if it still runs."""
    options = [argument for option in prism.options for argument in ("--beam", option)]
    command = [sys.executable, "-m", "balie", "--settings", str(stage.settings_file), "run", "--unbounded"]
    output = stage.folder / "run.log"
    with output.open("ab") as log:
        process = subprocess.Popen([*command, "--runner", "PortableRunner", *options], stdout=log, stderr=log)
    try:
        yield Run(stage, process)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("kafka", marks=pytest.mark.kafka)])
def test_what_comes_after_the_start_is_loaded_and_then_committed(
    open_stage: Callable[..., Stage], prism: LocalPrism, kind: str
) -> None:
    stage = open_stage(log=kind, prefix=f"unbounded-{uuid4().hex[:8]}.")
    with running(stage, prism) as run:
        run.append(0, 500)
        run.wait_for(500)
        run.append(500, 300)
        run.wait_for(800)

        # While the warehouse does not answer, nothing is committed; when it does again, all is.
        os.kill(stage.server.pid, signal.SIGSTOP)
        try:
            run.append(800, 200)
            time.sleep(2)
            assert run.committed() == 800
        finally:
            os.kill(stage.server.pid, signal.SIGCONT)
        run.wait_for(1000)

        run.process.kill()
    run.append(1000, 500)
    with running(stage, prism) as run:
        run.wait_for(1500)
        # Nothing was read again: each row was inserted once.
        (row,) = stage.warehouse.rows("SELECT count() AS n FROM feedback")
        assert row["n"] == 1500
        run.process.terminate()
        assert run.ends() == 0


def test_when_the_runner_is_gone_the_command_ends_and_says_so(
    open_stage: Callable[..., Stage], prism: LocalPrism
) -> None:
    stage = open_stage()
    with running(stage, prism) as run:
        run.append(0, 10)
        run.wait_for(10)
        prism.stop()
        assert run.ends() == 1
    assert "start the job again" in (stage.folder / "run.log").read_text()
