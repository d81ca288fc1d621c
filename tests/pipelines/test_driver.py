"""What a driver loads next."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from pipelines.driver import pending
from pipelines.sources.log import records_of
from schemas.topics import DAY_MS, FEEDBACK, GROUP, topics
from storage.errors import Retriable
from storage.log.base import Log, Member, NewRecord, OffsetRange
from storage.log.sqlite import SqliteLog


@dataclass
class _Topic:
    """What is asked of a log and of a member: the ends of partitions, and what is committed of those it has."""

    kept: Mapping[int, tuple[int, int]]
    next_offsets: Mapping[int, int] = field(default_factory=dict)

    def ends(self, topic: str) -> Mapping[int, tuple[int, int]]:
        return self.kept

    def partitions(self) -> frozenset[int]:
        return frozenset(self.next_offsets)

    def committed(self) -> Mapping[int, int]:
        return self.next_offsets

    def pending(self, most: int) -> tuple[list[OffsetRange], int]:
        return pending(cast(Log, cast(Any, self)), cast(Member, cast(Any, self)), FEEDBACK, most)


def test_a_micro_batch_has_a_size_however_many_partitions_there_are() -> None:
    of_six = _Topic(dict.fromkeys(range(6), (0, 1_000)), dict.fromkeys(range(6), 0))
    ranges, lag = of_six.pending(300)
    assert ranges == [OffsetRange(FEEDBACK, p, 0, 50) for p in range(6)]
    assert lag == 6_000
    of_one = _Topic(of_six.kept, {**dict.fromkeys(range(5), 1_000), 5: 10})
    assert of_one.pending(300) == ([OffsetRange(FEEDBACK, 5, 10, 310)], 990)
    assert len(of_six.pending(2)[0]) == 6, "each goes on, be it by one"


def test_partitions_of_others_are_left_to_them() -> None:
    assert _Topic({0: (0, 10), 1: (0, 10)}, {1: 4}).pending(100) == ([OffsetRange(FEEDBACK, 1, 4, 10)], 6)


def test_a_log_that_ends_before_what_was_committed_is_waited_for() -> None:
    """Its next records would have offsets that count as loaded."""
    with pytest.raises(Retriable, match="ends at 7, and 10 is committed"):
        _Topic({0: (0, 7)}, {0: 10}).pending(100)
    assert _Topic({0: (0, 10)}, {0: 10}).pending(100) == ([], 0)


def test_records_that_expired_unloaded_are_told_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    now = 1_780_000_000.0
    log = SqliteLog(tmp_path, lambda: now)
    log.apply_topics(topics())
    log.append(FEEDBACK, [NewRecord(b"k", b"old")] * 5)
    with log.join(GROUP, FEEDBACK) as member, caplog.at_level(logging.ERROR):
        member.partitions()
        member.commit({0: 2})
        now += 9 * DAY_MS / 1000
        log.append(FEEDBACK, [NewRecord(b"k", b"new")] * 3)
        log.clean(FEEDBACK)
        assert log.ends(FEEDBACK) == {0: (5, 8)}
        (offsets,), lag = pending(log, member, FEEDBACK, 2)
        assert (offsets, lag) == (OffsetRange(FEEDBACK, 0, 2, 7), 6)
        assert caplog.messages == [
            "3 records of balie.feedback, partition 0, expired before they were loaded: let the pipeline run more"
            " often, or the topic keep longer"
        ]
        batches = list(records_of(log, offsets, 100))
        assert [record.value for batch in batches for record in batch.records] == [b"new"] * 2
        member.commit({0: batches[-1].offsets.end})
        caplog.clear()
        assert pending(log, member, FEEDBACK, 100) == ([OffsetRange(FEEDBACK, 0, 7, 8)], 1)
        assert not caplog.messages
    log.close()
