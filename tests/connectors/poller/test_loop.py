from __future__ import annotations

import threading
import time
from threading import Event

import pytest

from connectors.poller.http import Away
from connectors.poller.loop import Beat, run
from connectors.rows import Kept
from tests.providers import source_of


class Rounds:
    def __init__(self, *outcomes: Exception | Kept) -> None:
        self.outcomes = list(outcomes)
        self.times: list[float] = []

    def round(self, stop: Event) -> Kept:
        self.times.append(time.monotonic())
        outcome = self.outcomes.pop(0) if self.outcomes else Kept()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def test_who_does_not_answer_is_asked_later_and_later() -> None:
    rounds = Rounds(Away("down"), Away("down"), Away("slow down", 429, 100.0), Kept(answers=2))
    beat = Beat(source_of("invented"), "poll", rounds, every=10.0)
    assert [beat.run(Event()) for _ in range(3)] == [10.0, 20.0, 100.0]
    assert (beat.trouble, beat.kept) == ("slow down", None)
    assert beat.run(Event()) == 10.0
    assert beat.kept == Kept(answers=2)


def test_each_source_has_its_own_beat_and_a_slow_one_holds_up_no_other() -> None:
    class Slow(Rounds):
        def round(self, stop: Event) -> Kept:
            stop.wait(10)
            return Kept()

    quick, stop = Rounds(), Event()
    beats = [Beat(source_of("slow"), "poll", Slow(), 0.1), Beat(source_of("quick"), "poll", quick, 0.1)]
    thread = threading.Thread(target=run, args=(beats, stop))
    thread.start()
    end = time.monotonic() + 10
    while len(quick.times) < 5 and time.monotonic() < end:
        time.sleep(0.01)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert len(quick.times) >= 5
    assert all(later - earlier >= 0.1 for earlier, later in zip(quick.times, quick.times[1:], strict=False))


def test_nothing_to_do_ends_when_told() -> None:
    stop = Event()
    stop.set()
    run([], stop)


def test_a_fault_of_ours_ends_the_loop_loudly() -> None:
    with pytest.raises(ZeroDivisionError):
        run([Beat(source_of("invented"), "poll", Rounds(ZeroDivisionError()), 1.0)], Event())
