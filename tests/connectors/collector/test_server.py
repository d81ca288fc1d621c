"""How replies leave: the head and the body of one together, and before the connection is closed."""

from __future__ import annotations

import asyncio

from connectors.collector.server import OneWrite


class Written(asyncio.Transport):
    """A transport that keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed
        self.pieces.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def test_head_and_body_leave_as_one() -> None:
    async def written() -> list[bytes]:
        transport = Written()
        one = OneWrite(transport, asyncio.get_running_loop())
        one.write(b"head ")
        one.write(b"body")
        await asyncio.sleep(0)
        one.write(b"next")
        await asyncio.sleep(0)
        return transport.pieces

    assert asyncio.run(written()) == [b"head body", b"next"]


def test_what_is_held_leaves_before_the_connection_closes() -> None:
    async def written() -> list[bytes]:
        transport = Written()
        one = OneWrite(transport, asyncio.get_running_loop())
        one.write(b"head ")
        one.write(b"body")
        one.close()
        await asyncio.sleep(0)
        return transport.pieces

    assert asyncio.run(written()) == [b"head body"]


def test_nothing_is_written_once_the_sender_is_gone() -> None:
    async def written() -> list[bytes]:
        transport = Written()
        one = OneWrite(transport, asyncio.get_running_loop())
        one.write(b"reply")
        transport.close()
        await asyncio.sleep(0)
        return transport.pieces

    assert asyncio.run(written()) == []
