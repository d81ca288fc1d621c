"""A time limit that many short waits share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


class Patience:
    """At most `seconds` for each wait.

    asyncio.timeout has a timer for each, which costs more than reading a body that is there already. Here one timer
    looks at all that wait, ten times within the limit.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: dict[asyncio.Task[Any], float] = {}
        self._overdue: set[asyncio.Task[Any]] = set()
        self._looking = False
        self._loop: asyncio.AbstractEventLoop | None = None

    async def wait_for(self, awaited: Awaitable[T]) -> T:
        """What is waited for. TimeoutError: it took too long, and was cancelled."""
        # Asking for the running loop is a system call each time.
        loop = self._loop = self._loop or asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("only a task can wait")
        self._waiting[task] = loop.time()
        if not self._looking:
            self._look_later(loop)
        try:
            return await awaited
        except asyncio.CancelledError:
            if task in self._overdue and not task.uncancel():
                raise TimeoutError from None
            raise
        finally:
            del self._waiting[task]
            self._overdue.discard(task)

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        self._looking = True
        loop.call_later(self._seconds / 10, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._looking = False
        if not self._waiting:
            return
        latest = loop.time() - self._seconds
        for task, since in self._waiting.items():
            if since <= latest and task not in self._overdue:
                self._overdue.add(task)
                task.cancel()
        self._look_later(loop)
