"""The time, as a test sets it."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class Clock(Generic[T]):
    """What asks it the time is told `now`: seconds or a moment, whatever it reckons in."""

    now: T

    def __call__(self) -> T:
        return self.now
