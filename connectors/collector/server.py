"""How the collector is served: by uvicorn, which here writes each reply in one piece."""

from __future__ import annotations

import asyncio
import gc
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class _Protocol(HttpToolsProtocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast(asyncio.Transport, OneWrite(transport, self.loop)))


class OneWrite:
    """A transport that writes at once what it is given within one turn of the loop.

    uvicorn gives it the head of a reply and then the body, and of each the loop would make a system call and a packet.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Write data before the loop waits again."""
        if not self._held:
            self._loop.call_soon(self._write_held)
        self._held.append(data)

    def close(self) -> None:
        """Close once all is written."""
        self._write_held()
        self._transport.close()

    def _write_held(self) -> None:
        if self._held and not self._transport.is_closing():
            self._transport.write(b"".join(self._held))
        self._held.clear()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


OPTIONS: dict[str, Any] = {
    "http": _Protocol,
    "access_log": False,
    "proxy_headers": False,
    "server_header": False,
    "log_level": "warning",
}
"""What uvicorn is told. Logs of its own hold no addresses and no URLs."""


def serve(app: ASGIApp, host: str, port: int) -> None:
    """Run the app until SIGTERM or SIGINT."""
    # What is there before the first request stays, and what a request makes is gone once it is answered: looking
    # through either of them time and again takes a sixth of the processor, and single answers wait for it. Fifty that
    # wait for the disk have some ten thousand objects between them.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    uvicorn.run(app, host=host, port=port, **OPTIONS)
