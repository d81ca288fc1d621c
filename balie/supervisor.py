"""`balie serve`: collector, pipeline and embedded warehouse as processes of one machine, started again when they end.

Each is a command of its own, the same that several machines would run; none shares memory with another, so that a
pipeline that dies loses no answer at the door.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event
from typing import IO, Protocol

from balie.keys import clear_ended
from balie.open import migrations_folder, open_log, open_state, open_warehouse, serve_warehouse, topics_of
from balie.settings import Settings
from storage.errors import StorageError
from storage.warehouse.migrations import migrate

_log = logging.getLogger(__name__)
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0
_LIVED = 60.0
_TIDY_SECONDS = 3600.0


class Process(Protocol):
    """A child: runs until it is told to stop, or ends by itself."""

    def running(self) -> bool: ...

    def stop(self) -> None: ...


class CommandProcess:
    """A command of `balie` as a child; it ends when this process does, however this one ends."""

    def __init__(self, settings_file: Path, command: str, output: IO[bytes] | None = None) -> None:
        """What it says goes to `output`, or where this process says things."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "balie", "--settings", str(settings_file), command, "--with-parent"],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """Ask it to end, and wait until it has; what it has taken in is durable then."""
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()


def end_with_parent() -> None:
    """Have this process told to stop when its standard input closes, which it does when the parent is gone."""

    def wait() -> None:
        # Not through sys.stdin: its lock, held by a thread, would break the interpreter's end.
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


@dataclass
class _Kept:
    """A child that is started again when it ends, a little later each time."""

    name: str
    start: Callable[[], Process]
    process: Process | None = None
    started: float = 0.0
    wait: float = _FIRST_WAIT

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()

    def look(self, now: float) -> None:
        if self.process is not None and self.process.running():
            return
        if self.process is not None:
            if now - self.started > _LIVED:
                self.wait = _FIRST_WAIT
            _log.warning("%s has ended; it is started again in %.0f s", self.name, self.wait)
            self.process.stop()
            self.process = None
            self.started = now + self.wait
            self.wait = min(self.wait * 2, _LONGEST_WAIT)
        if now >= self.started:
            self.process = self.start()
            self.started = now


def serve(settings: Settings, stop: Event, ready: Callable[[], None] = lambda: None) -> None:
    """Runs everything until `stop` is set. `ready` is called once when all have been started for the first time.

    Raises:
        Fatal: the warehouse, the log or the state cannot be used; nothing was started, or all is stopped again.
    """
    with ExitStack() as stack:
        children: list[_Kept] = []

        def keep(name: str, start: Callable[[], Process]) -> None:
            child = _Kept(name, start)
            stack.callback(child.stop)
            child.look(time.monotonic())
            children.append(child)

        if settings.warehouse.kind == "embedded":
            keep("warehouse", partial(serve_warehouse, settings))
        prepare(settings)
        keep("pipeline", partial(CommandProcess, settings.path, "run"))
        keep("collector", partial(CommandProcess, settings.path, "collect"))
        if wait_until_it_answers(settings, stop):
            ready()
        tidied = time.monotonic()
        while not stop.wait(0.5):
            for child in children:
                child.look(time.monotonic())
            if time.monotonic() - tidied > _TIDY_SECONDS:
                tidied = time.monotonic()
                try:
                    tidy(settings)
                except StorageError as reason:
                    _log.warning("tidying is put off: %s", reason)


def wait_until_it_answers(settings: Settings, stop: Event) -> bool:
    """Waits until the collector takes requests; False if it does not within a minute, or is to stop before."""
    url = f"http://{settings.collector.host}:{settings.collector.port}/ready"
    end = time.monotonic() + _LIVED
    while time.monotonic() < end and not stop.wait(0.2):
        try:
            with urllib.request.urlopen(url, timeout=2):
                return True
        except OSError:
            continue
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
    with closing(open_log(settings)) as log:
        for topic in topics_of(settings):
            log.clean(topic.name)
    with closing(open_state(settings)) as state:
        state.expire(now)
        # Keys go also while the warehouse is away. What a pipeline may still be hashing with is cleared the next time.
        state.keys.destroy_expired(now)
        with closing(open_warehouse(settings)) as warehouse:
            clear_ended(state.keys, warehouse, now)
