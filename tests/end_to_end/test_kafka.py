"""Kafka as the log: pipelines share its partitions, one of them dies, and the rows are those of a plain fold."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from kafka import KafkaAdminClient
from kafka.errors import CoordinatorNotAvailableError

from balie.demo.stage import TENANT, Stage
from balie.failures import open_failures
from balie.open import group_of, topics_of
from schemas.failure import FailedEvent
from schemas.feedback import feedback_id, read
from storage.log.base import NewRecord
from storage.log.records import event_record

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

NOW = datetime.now(UTC).replace(microsecond=0)
AUTHORITIES = ("source", "corrected", "withdrawn")


@dataclass(frozen=True)
class Telling:
    """One telling of one answer; `broken` is one that is no event."""

    number: int
    score: int = 0
    authority: str = "source"
    order: int = 0
    received_at: datetime = NOW
    broken: bool = False

    @property
    def id(self) -> UUID:
        return feedback_id(TENANT, "website", str(self.number))

    @property
    def rank(self) -> tuple[int, int, float]:
        return AUTHORITIES.index(self.authority), self.order, -self.received_at.timestamp()

    def record(self) -> NewRecord:
        if self.broken:
            return NewRecord(str(self.id).encode(), b'{"tenant": "%s", "number": %d' % (TENANT.encode(), self.number))
        return event_record(
            read(
                {
                    "feedback_id": str(self.id),
                    "tenant": TENANT,
                    "source": "website",
                    "source_id": str(self.number),
                    "connector": "form",
                    "channel": "web_form",
                    "authority": self.authority,
                    "order": self.order,
                    "received_at": self.received_at.isoformat(),
                    "occurred_at": (NOW - timedelta(days=1)).isoformat(),
                    "occurred_at_from": "source",
                    "answers": [{"metric": "nps", "score": self.score, "scale": {"min": 0, "max": 10, "best": 10}}],
                }
            )
        )


def tellings(answers: int, seed: int) -> list[Telling]:
    """Answers told again at another time, revised, corrected, withdrawn, one in a hundred broken; in any order."""
    chance = random.Random(seed)
    told: list[Telling] = []
    for number in range(answers):
        first = Telling(
            number, chance.randrange(11), received_at=NOW - timedelta(seconds=chance.randrange(3600, 80_000))
        )
        kind = chance.random()
        if kind < 0.01:
            told.append(replace(first, broken=True))
            continue
        told.append(first)
        if kind < 0.3:
            told += [replace(first, received_at=first.received_at + timedelta(seconds=n)) for n in (7, 60)]
        elif kind < 0.5:
            told += [replace(first, order=n, score=chance.randrange(11)) for n in (1, 2)]
        elif kind < 0.6:
            told.append(replace(first, authority="withdrawn", order=1))
        elif kind < 0.7:
            told += [replace(first, authority="corrected", score=10), replace(first, order=99, score=0)]
    chance.shuffle(told)
    return told


def folded(told: Sequence[Telling]) -> dict[UUID, dict[str, Any]]:
    """What an analyst should see: of each answer the telling that is first in the order, unless it was withdrawn."""
    best: dict[UUID, Telling] = {}
    for telling in told:
        if not telling.broken and (telling.id not in best or telling.rank > best[telling.id].rank):
            best[telling.id] = telling
    return {
        known: {
            "score": [winner.score],
            "authority": winner.authority,
            "source_order": winner.order,
            "received_at": winner.received_at,
        }
        for known, winner in best.items()
        if winner.authority != "withdrawn"
    }


def shown(stage: Stage) -> dict[UUID, dict[str, Any]]:
    rows = stage.warehouse.rows(
        "SELECT feedback_id, `answers.score` AS score, authority, source_order, received_at FROM feedback FINAL"
    )
    return {row.pop("feedback_id"): row for row in rows}


@contextmanager
def pipeline(stage: Stage) -> "Iterator[subprocess.Popen[bytes]]":
    """A pipeline as an operator runs one on each host; killed at the end if it still runs."""
    command = [sys.executable, "-m", "balie", "--settings", str(stage.settings_file), "run", "--batch", "100", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def end(process: "subprocess.Popen[bytes]") -> dict[str, int]:
    """Ends a pipeline as an operator does; what it says that it did."""
    process.terminate()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    said: dict[str, int] = json.loads(output)
    return said


def wait_for(reached: Callable[[], bool], seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < until
        time.sleep(0.1)


def shares(bootstrap: str, group: str, topic: str) -> list[int]:
    """How many partitions each member of the group has."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        members = admin.describe_groups([group])[group]["members"]
    except CoordinatorNotAvailableError:  # no group was ever asked for on this broker
        return []
    finally:
        admin.close()
    assigned = [member["member_assignment"]["assigned_partitions"] for member in members if member["member_assignment"]]
    return [len(one["partitions"]) for each in assigned for one in each if one["topic"] == topic]


def test_two_pipelines_share_the_work_and_one_takes_over_from_the_other(
    open_stage: Callable[..., Stage], kafka_bootstrap: str
) -> None:
    told = tellings(2_000, seed=5)
    half = len(told) // 2
    stage = open_stage(log="kafka", prefix=f"shared-{uuid4().hex[:8]}.")
    topic, failures = (one.name for one in topics_of(stage.settings))
    assert len(stage.log.ends(topic)) == 6

    def committed() -> int:
        return sum(stage.log.committed(group_of(stage.settings), topic).values())

    with pipeline(stage) as dying, pipeline(stage) as surviving:
        wait_for(lambda: shares(kafka_bootstrap, group_of(stage.settings), topic) == [3, 3])
        stage.log.append(topic, [telling.record() for telling in told[:half]])
        wait_for(lambda: committed() == half)
        assert shown(stage) == folded(told[:half])

        # Both work on the second half when one of them dies; the other gets its partitions and goes on.
        stage.log.append(topic, [telling.record() for telling in told[half:]])
        wait_for(lambda: committed() > half)
        dying.kill()
        assert committed() < len(told)
        wait_for(lambda: committed() == len(told))
        did = end(surviving)

    assert shown(stage) == folded(told)
    assert 0 < did["loaded"] < len(told)  # the other had its share
    broken = {telling.record().value for telling in told if telling.broken}  # each has bytes of its own
    failed: list[FailedEvent] = list(open_failures(stage.log, failures, (), datetime.now(UTC)))
    assert len(failed) == len(broken) > 0
    assert {failure.body for failure in failed} == broken

    command = [sys.executable, "-m", "balie", "--settings", str(stage.settings_file), "reconcile", "--json"]
    account = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    assert (account["missing"], account["waiting"], account["open_failures"]) == (0, 0, len(broken))
    assert account["loaded"] + account["superseded"] + len(broken) == len(told)
