"""When each source is looked at: on its own beat, ever later while it does not answer, none behind another."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event
from time import monotonic
from typing import Protocol

from connectors.base import Source
from connectors.poller.http import Away
from connectors.rows import Kept
from storage.errors import StorageError

logger = logging.getLogger(__name__)
_LONGEST_WAIT = 3600.0
_THREADS = 8
_BLINK = 0.5


class Rounds(Protocol):
    """What is done for a source, again and again."""

    def round(self, stop: Event) -> Kept:
        """One round: all that is new now. Away or StorageError where it has to be tried again later."""


@dataclass
class Beat:
    """A source, what is done for it, and every how many seconds."""

    source: Source
    what: str
    rounds: Rounds
    every: float
    kept: Kept | None = None
    """What the last round brought; None where it failed."""
    trouble: str = ""
    failures: int = 0

    def run(self, stop: Event) -> float:
        """One round; in how many seconds the next is due."""
        source = self.source
        try:
            self.kept = self.rounds.round(stop)
        except (Away, StorageError) as reason:
            self.kept, self.trouble = None, str(reason)
            self.failures += 1
            asked = reason.wait if isinstance(reason, Away) else None
            due: float = max(min(self.every * 2 ** min(self.failures - 1, 10), _LONGEST_WAIT), asked or 0.0)
            logger.warning("%s/%s (%s): %s; next try in %.0f s", source.tenant, source.name, self.what, reason, due)
            return due
        if self.failures:
            logger.warning("%s/%s (%s): it answers again", source.tenant, source.name, self.what)
        self.trouble, self.failures = "", 0
        for row, reason_of_row in self.kept.failed_rows[:5]:
            logger.warning("%s/%s (%s): item %d: %s", source.tenant, source.name, self.what, row, reason_of_row)
        return self.every


def run(beats: Iterable[Beat], stop: Event) -> None:
    """Runs all beats until `stop` is set, and then waits for the rounds that are under way."""
    order = list(beats)
    queue = [(monotonic(), place) for place in range(len(order))]
    under_way: dict[Future[float], int] = {}
    with ThreadPoolExecutor(_THREADS, "poller") as threads:
        while not stop.is_set():
            while queue and queue[0][0] <= monotonic() and len(under_way) < _THREADS:
                place = heapq.heappop(queue)[1]
                under_way[threads.submit(order[place].run, stop)] = place
            done = wait(under_way, timeout=_BLINK, return_when=FIRST_COMPLETED).done if under_way else set()
            for future in done:
                place = under_way.pop(future)
                heapq.heappush(queue, (monotonic() + future.result(), place))
            if not under_way:
                stop.wait(min(_BLINK, max(queue[0][0] - monotonic(), 0.0)) if queue else _BLINK)
