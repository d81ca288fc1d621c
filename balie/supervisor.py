"""`balie serve`: collector, pipeline and embedded warehouse as processes of one machine, started again when they end.

Each is a command of its own, the same that several machines would run; none shares memory with another, so that a
pipeline that dies loses no answer at the door.
"""

from __future__ import annotations

import logging
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from threading import Event
from typing import Protocol

from balie.failures import bury
from balie.keys import clear_ended
from balie.open import answers, migrations_folder, open_log, open_state, open_warehouse, serve_warehouse, topics_of
from balie.poller import has_work
from balie.processes import CommandProcess
from balie.settings import Settings
from storage.errors import Fatal, StorageError
from storage.warehouse.migrations import migrate

_log = logging.getLogger(__name__)
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0
_LIVED = 60.0
_TIDY_SECONDS = 3600.0


class Process(Protocol):
    """A child: runs until it is told to stop, or ends by itself."""

    def running(self) -> bool: ...

    def stop(self) -> None: ...


@dataclass
class _Kept:
    """A child that is started again when it ends, a little later each time."""

    name: str
    start: Callable[[], Process]
    process: Process | None = None
    started: float = 0.0
    wait: float = _FIRST_WAIT
    again_at: float = 0.0

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()

    def begin(self, now: float) -> None:
        """Start it. Fatal where that does not go."""
        self.process = self.start()
        self.started = now

    def look(self, now: float) -> None:
        """Start it again if it has ended; one that does not start is tried later, and the others go on."""
        if self.process is None:
            if now >= self.again_at:
                try:
                    self.begin(now)
                except StorageError as reason:
                    self._try_later(f"does not start ({reason})", now)
        elif not self.process.running():
            if now - self.started > _LIVED:
                self.wait = _FIRST_WAIT
            self.process.stop()
            self.process = None
            self._try_later("has ended", now)

    def _try_later(self, what: str, now: float) -> None:
        _log.warning("%s %s; it is started again in %.0f s", self.name, what, self.wait)
        self.again_at = now + self.wait
        self.wait = min(self.wait * 2, _LONGEST_WAIT)


def serve(settings: Settings, stop: Event, ready: Callable[[], None] = lambda: None) -> None:
    """Runs everything until `stop` is set. `ready` is called once, when the collector takes requests.

    Raises:
        Fatal: the collector's port, the warehouse, the log or the state cannot be used; nothing was started, or all is
            stopped again.
    """
    collector = settings.collector
    if answers(collector.url):
        raise Fatal(f"something listens at {collector.url} already: stop it, or set port of [collector] to another")
    with ExitStack() as stack:
        children: list[_Kept] = []

        def keep(name: str, start: Callable[[], Process]) -> None:
            child = _Kept(name, start)
            stack.callback(child.stop)
            child.begin(time.monotonic())
            children.append(child)

        if settings.warehouse.kind == "embedded":
            keep("warehouse", partial(serve_warehouse, settings))
        prepare(settings)
        keep("pipeline", partial(CommandProcess, settings.path, "run"))
        keep("collector", partial(CommandProcess, settings.path, "collect"))
        if has_work(settings):
            keep("poller", partial(CommandProcess, settings.path, "poll"))
        tidied, is_ready = time.monotonic(), False
        while not stop.wait(0.5):
            for child in children:
                child.look(time.monotonic())
            if not is_ready and is_taking_requests(settings):
                is_ready = True
                ready()
            if time.monotonic() - tidied > _TIDY_SECONDS:
                tidied = time.monotonic()
                try:
                    tidy(settings)
                except StorageError as reason:
                    _log.warning("tidying is put off: %s", reason)


def wait_until_it_answers(settings: Settings, stop: Event) -> bool:
    """Waits until the collector takes requests; False if it does not within a minute, or is to stop before."""
    end = time.monotonic() + _LIVED
    while time.monotonic() < end and not stop.wait(0.2):
        if is_taking_requests(settings):
            return True
    return False


def is_taking_requests(settings: Settings) -> bool:
    """Whether the collector can make answers durable now."""
    try:
        with urllib.request.urlopen(f"{settings.collector.url}/ready", timeout=2):  # noqa: S310 - it is http
            return True
    except OSError:
        return False


def prepare(settings: Settings) -> None:
    """Topics, tables and state as this version wants them; doing it again changes nothing."""
    with closing(open_log(settings)) as log:
        log.apply_topics(topics_of(settings))
    with closing(open_warehouse(settings)) as warehouse:
        migrate(warehouse, migrations_folder())
    open_state(settings).close()


def tidy(settings: Settings) -> None:
    """Removes what has expired: records and failures in the log, conversations and discarded failures in the state,
    hash keys whose time is over, and the hashes made with them."""
    now = datetime.now(UTC)
    with closing(open_state(settings)) as state:
        state.expire(now)
        with closing(open_log(settings)) as log:
            feedback, failures = topics_of(settings)
            bury(log, failures.name, state.discarded.discarded_ids())
            for topic in (feedback, failures):
                log.clean(topic.name)
        # Keys go also while the warehouse is away. What a pipeline may still be hashing with is cleared the next time.
        state.keys.destroy_expired(now)
        with closing(open_warehouse(settings)) as warehouse:
            clear_ended(state.keys, warehouse, now)
