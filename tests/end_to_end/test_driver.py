"""Micro-batches from one run to the next."""

from collections.abc import Callable
from threading import Event

import pytest

from balie.demo.stage import Stage
from pipelines.driver import Driver, Progress
from schemas.topics import FEEDBACK, GROUP
from storage.log.base import NewRecord


@pytest.mark.slow
def test_a_run_goes_on_where_the_last_one_committed(open_stage: Callable[..., Stage]) -> None:
    stage = open_stage()
    seen: list[int] = []

    def run() -> Progress:
        def look(_: Progress) -> None:
            seen.append(stage.log.committed(GROUP, FEEDBACK).get(0, 0))

        driver = Driver(stage.log, stage.opener, FEEDBACK, most_records=4, on_progress=look)
        return driver.run(Event(), until_idle=True)

    # What is no event takes the whole way as well, into the failures.
    for count in (10, 5):
        stage.log.append(FEEDBACK, [NewRecord(b"key", b"no event")] * count)
        progress = run()
        assert (progress.failed, progress.lag) == (count, 0)
    assert seen == sorted(seen)
    assert seen[-1] == 15
