"""What a worker of the pipeline works with, opened once a process: the log, the warehouse, the enrichments."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol

from pipelines.enrichment import Enrichment
from storage.log.base import Log
from storage.warehouse.client import Warehouse


@dataclass(frozen=True)
class Rooms:
    """Open connections and settings; never pickled."""

    log: Log
    warehouse: Warehouse
    enrichment: Enrichment
    failures_topic: str


class Opener(Hashable, Protocol):
    """Opens the rooms. It is pickled into the pipeline, so it holds no secret: a path of settings, not what they say.

    Equal openers open the same rooms.
    """

    def __call__(self) -> Rooms: ...


_open: dict[Hashable, Rooms] = {}
_lock = threading.Lock()


def rooms_of(opener: Opener) -> Rooms:
    """The rooms, opened at the first call in this process: Beam sets its workers up anew for each micro-batch."""
    with _lock:
        if opener not in _open:
            _open[opener] = opener()
            # What is there by now stays: without this, the garbage collector goes over all of Beam and the word lists
            # again and again, a seventh of the time of the pipeline.
            gc.collect()
            gc.freeze()
        return _open[opener]


def use(opener: Opener, rooms: Rooms) -> Callable[[], None]:
    """Give rooms that are already open to the pipeline of this process; call what is returned to take them back."""
    with _lock:
        _open[opener] = rooms

    def take_back() -> None:
        with _lock:
            _open.pop(opener, None)

    return take_back
