"""Bounded micro-batches, one after the other: the way the pipeline runs without a streaming runner.

The end offsets are fixed, the graph is run up to them, and only when all is on disk they are committed. While the log
is idle nothing runs. What can be had again later (a store that is down) is waited for; a fault of the program stops.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event

from pipelines.batch import ProgramFault
from pipelines.jobs import Done, load_ranges
from pipelines.rooms import Opener
from pipelines.sources.log import BATCH_RECORDS
from schemas.topics import GROUP
from storage.errors import Retriable, StorageError
from storage.log.base import Log, Member, OffsetRange

_log = logging.getLogger(__name__)
_LONGEST_WAIT = 30.0


@dataclass
class Progress:
    """What a driver has done so far, for whoever asks; `waiting_for` says why it does not go on, '' where it does."""

    loaded: int = 0
    failed: int = 0
    lag: int = 0
    waiting_for: str = ""
    next_offsets: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Driver:
    """Loads `topic` for `group` in micro-batches of at most `most_records` records, over all partitions together.

    A group waits for a member that does not call for too long, so a micro-batch has to end in minutes.
    """

    log: Log
    opener: Opener
    topic: str
    group: str = GROUP
    runner: str = "FnApiRunner"
    options: Sequence[str] = ()
    most_records: int = 200_000
    batch_records: int = BATCH_RECORDS
    idle_seconds: float = 0.1
    progress: Progress = field(default_factory=Progress)
    on_progress: Callable[[Progress], None] = lambda _: None

    def run(self, stop: Event, *, until_idle: bool = False) -> Progress:
        """Loads until `stop` is set, or, with `until_idle`, until the log has nothing more for this member.

        Raises:
            Fatal: a store will refuse the same thing again; the message says what to mend.
            ProgramFault: a step fails on several towns' events.
        """
        wait = self.idle_seconds
        with self.log.join(self.group, self.topic) as member:
            while not stop.is_set():
                try:
                    worked = self._round(member)
                except Retriable as reason:
                    self._say(str(reason))
                    stop.wait(wait)
                    wait = min(wait * 2, _LONGEST_WAIT)
                    continue
                wait = self.idle_seconds
                if not worked:
                    if until_idle and member.partitions():
                        break
                    stop.wait(self.idle_seconds)
        return self.progress

    def _round(self, member: Member) -> bool:
        ranges, lag = pending(self.log, member, self.topic, self.most_records)
        self.progress.lag = lag
        if not ranges:
            self._say("")
            return False
        done = _with_own_errors(
            lambda: load_ranges(
                ranges, self.opener, runner=self.runner, options=self.options, batch_records=self.batch_records
            )
        )
        member.commit(done.next_offsets)
        self.progress.loaded += done.loaded
        self.progress.failed += done.failed
        self.progress.next_offsets.update(done.next_offsets)
        loaded = sum(done.next_offsets[r.partition] - r.start for r in ranges if r.partition in done.next_offsets)
        self.progress.lag -= loaded
        self._say("an event of a newer contract: upgrade the pipeline" if done.newer else "")
        return loaded > 0

    def _say(self, waiting_for: str) -> None:
        if waiting_for and waiting_for != self.progress.waiting_for:
            _log.warning("waiting: %s", waiting_for)
        self.progress.waiting_for = waiting_for
        self.on_progress(self.progress)


def pending(log: Log, member: Member, topic: str, most: int) -> tuple[list[OffsetRange], int]:
    """What is to be loaded next, a range a partition and `most` records in all, and how many offsets wait.

    Raises:
        Retriable: the log ends before what was committed, so that what comes next would be taken for loaded.
    """
    mine = member.partitions()  # first: what is committed is told of these only
    committed = member.committed()
    waiting: list[tuple[OffsetRange, int]] = []
    for partition, (first, end) in sorted(log.ends(topic).items()):
        if partition not in mine:
            continue
        start = committed.get(partition, first)
        if start > end:
            raise Retriable(
                f"{topic}, partition {partition}, ends at {end}, and {start} is committed: a broker that has just taken"
                " over may catch up; if it was made anew or restored, commit where it is to go on from"
            )
        if start < first:
            _log.error(
                "%d records of %s, partition %d, expired before they were loaded: let the pipeline run more often, or"
                " the topic keep longer", first - start, topic, partition
            )  # fmt: skip
        if start < end:
            waiting.append((OffsetRange(topic, partition, start, end), max(first, start)))
    each = max(1, most // max(1, len(waiting)))
    # What has expired is part of the range, so that it is committed past and complained of once.
    ranges = [OffsetRange(topic, r.partition, r.start, min(r.end, there + each)) for r, there in waiting]
    return ranges, sum(r.end - r.start for r, _ in waiting)


def _with_own_errors(work: Callable[[], Done]) -> Done:
    """Beam wraps what a step raises; what matters here is the error of ours at the bottom of it."""
    try:
        return work()
    except (StorageError, ProgramFault):
        raise
    except Exception as error:
        inner: BaseException | None = error
        while inner is not None:
            if isinstance(inner, StorageError | ProgramFault):
                raise inner from None
            inner = inner.__cause__ or inner.__context__
        raise
