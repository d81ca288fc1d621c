"""How much a sender may bring: bytes of a request, seconds to send it, requests a second of a source."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from schemas.topics import BODY_LIMIT


@dataclass(frozen=True, slots=True)
class Limits:
    """`per_second` and `burst` are requests of one source of one tenant; `conversation` how long an answer in steps
    stays open; `append_seconds` how long the log may take before the spool takes over, and `retry_seconds` how long
    to wait between tries to drain it."""

    body_bytes: int = BODY_LIMIT
    body_seconds: float = 30.0
    per_second: float = 200.0
    burst: float = 1_000.0
    conversation: timedelta = timedelta(days=1)
    append_seconds: float = 5.0
    retry_seconds: float = 1.0


class Bucket:
    """A token bucket: `per_second` on average, `burst` at once."""

    __slots__ = ("_burst", "_clock", "_left", "_per_second", "_seen")

    def __init__(self, per_second: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._left = burst
        self._clock = clock
        self._seen = clock()

    def take(self) -> float:
        """0 where there was a token; else the seconds until there is one."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._seen) * self._per_second)
        self._seen = now
        if self._left >= 1:
            self._left -= 1
            return 0.0
        return (1 - self._left) / self._per_second
