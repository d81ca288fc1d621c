"""A time limit that many waits share: each has its own time, and a cancellation from elsewhere stays one."""

from __future__ import annotations

import asyncio

import pytest

from connectors.collector.patience import Patience


def test_what_is_in_time_comes_back() -> None:
    async def waits() -> list[int]:
        patience = Patience(5)
        return await asyncio.gather(*(patience.wait_for(asyncio.sleep(0.001 * n, n)) for n in range(20)))

    assert asyncio.run(waits()) == [*range(20)]


def test_each_wait_has_its_own_time() -> None:
    patience = Patience(0.5)

    async def late() -> str:
        await asyncio.sleep(0.3)
        return await patience.wait_for(asyncio.sleep(0.3, "in time"))

    async def over() -> str:
        with pytest.raises(TimeoutError):
            await patience.wait_for(asyncio.sleep(60))
        await asyncio.sleep(0)  # its task goes on
        return "over"

    async def waits() -> list[str]:
        return [*await asyncio.wait_for(asyncio.gather(late(), over(), over()), 10)]

    assert asyncio.run(waits()) == ["in time", "over", "over"]


def test_who_is_cancelled_is_not_overdue() -> None:
    async def waits() -> None:
        waiting = asyncio.create_task(Patience(5).wait_for(asyncio.sleep(60)))
        await asyncio.sleep(0.01)
        waiting.cancel()
        await waiting

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(waits())


def test_a_fault_comes_through() -> None:
    async def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(Patience(5).wait_for(fail()))
