"""Makes records durable for many requests at once: in the log, or in the spool while the log is down.

All entries that wait are appended together, so the disk syncs once for all of them. While anything is in the spool,
everything goes behind it, so the records of one feedback id keep their order.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from typing import Any, TypeVar

from connectors.collector.metrics import Metrics
from connectors.collector.spool import Entry, Spool, Spooled
from schemas.failure import FailedEvent
from schemas.feedback import FeedbackEvent
from schemas.topics import FAILURES, FEEDBACK
from storage.errors import StorageError, TooLarge
from storage.log.base import Log, NewRecord
from storage.log.records import event_record, failure_record

logger = logging.getLogger(__name__)
T = TypeVar("T")

_MOST_GROUPS = 500
_DRAINED_AT_ONCE = 1_000


class NoRoom(Exception):
    """Neither the log nor the spool takes it now. Nothing of it was kept: the sender tries again later."""


class _Group:
    """What one request brought, the entries that are made of it, and who waits for them."""

    def __init__(
        self, events: Sequence[FeedbackEvent], failure: FailedEvent | None, done: asyncio.Future[None]
    ) -> None:
        self.events = events
        self.failure = failure
        self.entries: list[Entry] = []
        self.done = done

    def end(self, error: Exception | None = None) -> None:
        if self.done.done():  # the request was cancelled
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)


class Writer:
    """`append_seconds`: how long the log may take before it counts as down; `retry_seconds`: between tries of it."""

    def __init__(
        self,
        log: Log,
        spool: Spool,
        metrics: Metrics,
        *,
        feedback_topic: str = FEEDBACK,
        failures_topic: str = FAILURES,
        append_seconds: float = 5.0,
        retry_seconds: float = 1.0,
    ) -> None:
        self._log = log
        self._feedback_topic = feedback_topic
        self._failures_topic = failures_topic
        self._spool = spool
        self._metrics = metrics
        self._append_seconds = append_seconds
        self._retry_seconds = retry_seconds
        self._waiting: deque[_Group] = deque()
        self._tasks: list[asyncio.Task[None]] = []
        # One thread each: what the log hangs on must not keep the spool from taking over.
        self._log_thread = ThreadPoolExecutor(1, "log")
        self._spool_thread = ThreadPoolExecutor(1, "spool")
        self.log_up = True
        self.full = False
        """Whether the spool refused the last it was given."""

    async def start(self) -> None:
        """Begin to write. What an earlier process left in the spool goes first."""
        self._loop = asyncio.get_running_loop()  # asking for it is a system call each time
        self._wake = asyncio.Event()
        self._spooled = asyncio.Event()
        self._show()
        if self._spool.pending:
            self._spooled.set()
        self._tasks = [asyncio.create_task(self._write_all()), asyncio.create_task(self._drain_all())]

    async def stop(self) -> None:
        """Write what waits, then end. What is in the spool stays for the next start."""
        while self._waiting:
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._log_thread.shutdown(wait=False, cancel_futures=True)
        self._spool_thread.shutdown()

    async def append(self, events: Sequence[FeedbackEvent], failure: FailedEvent | None = None) -> None:
        """Returns once all of it is durable.

        Raises:
            NoRoom: the log is down and the spool is full.
            TooLarge: one of them is over the limit of its topic.
        """
        done: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(_Group(events, failure, done))
        self._wake.set()
        await done

    async def _write_all(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                # They leave the queue once they are written, so that `stop` waits for them.
                groups = list(islice(self._waiting, _MOST_GROUPS))
                try:
                    # One after the other they are made in half the time that each takes within its request.
                    if made := [group for group in groups if self._make(group)]:
                        await self._write(made)
                except Exception as error:
                    logger.error("writing failed in a way it should not: %s", type(error).__name__)
                    for group in groups:
                        group.end(NoRoom(type(error).__name__))
                for _ in groups:
                    self._waiting.popleft()

    def _make(self, group: _Group) -> bool:
        try:
            group.entries = [Entry(self._feedback_topic, event_record(event)) for event in group.events]
            if group.failure is not None:
                group.entries.append(Entry(self._failures_topic, failure_record(group.failure)))
        except Exception as error:
            group.end(error)
            return False
        return True

    async def _write(self, groups: list[_Group]) -> None:
        if not self._spool.pending:
            try:
                async with asyncio.timeout(self._append_seconds):
                    await self._in(self._log_thread, self._append, [e for group in groups for e in group.entries])
            except TooLarge as error:
                if len(groups) > 1:  # one of them is to blame: alone, the others go through
                    for group in groups:
                        await self._write([group])
                else:
                    groups[0].end(error)
                return
            except Exception as error:
                self._found_down(error)
            else:
                self._found_up()
                for group in groups:
                    group.end()
                return
        kept = await self._in(self._spool_thread, self._spool.append, [group.entries for group in groups])
        self.full = not all(kept)
        self._show()
        self._spooled.set()
        for group, was_kept in zip(groups, kept, strict=True):
            group.end(None if was_kept else NoRoom("the spool is full"))

    async def _drain_all(self) -> None:
        while True:
            await self._spooled.wait()
            if not self._spool.pending:
                self._spooled.clear()
                continue
            try:
                await self._drain(await self._in(self._spool_thread, self._spool.oldest, _DRAINED_AT_ONCE))
            except Exception as error:  # of the log, or of the spool's own disk: this must never end
                self._found_down(error)
                await asyncio.sleep(self._retry_seconds)
            else:
                self._found_up()
            self._show()

    async def _drain(self, waiting: Sequence[Spooled]) -> None:
        try:
            await self._in(self._log_thread, self._append, [spooled.entry for spooled in waiting])
        except TooLarge:
            for position, entry in waiting:
                try:
                    await self._in(self._log_thread, self._append, [entry])
                except TooLarge:
                    logger.error("a record in the spool is over the limit of its topic: raise max_message_bytes")
                    await self._in(self._spool_thread, self._spool.refuse, position)
        await self._in(self._spool_thread, self._spool.remove, waiting[-1].position)

    def _append(self, entries: Sequence[Entry]) -> None:
        by_topic: dict[str, list[NewRecord]] = {}
        for topic, record in entries:
            by_topic.setdefault(topic, []).append(record)
        for topic, records in by_topic.items():
            self._log.append(topic, records)

    def _found_down(self, error: Exception) -> None:
        if self.log_up:
            told = str(error) if isinstance(error, StorageError) else type(error).__name__
            logger.error("the log does not take records, so they go to the spool: %s", told)
        self.log_up = False

    def _found_up(self) -> None:
        if not self.log_up:
            logger.warning("the log takes records again")
        self.log_up, self.full = True, False

    def _show(self) -> None:
        self._metrics.log_up.set(self.log_up)
        self._metrics.spool_entries.set(self._spool.pending)
        self._metrics.spool_bytes.set(self._spool.bytes)
        self._metrics.spool_refused.set(self._spool.refused)

    async def _in(self, thread: ThreadPoolExecutor, job: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(thread, job, *arguments)
