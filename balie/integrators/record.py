"""Keeps the next requests of a provider as payload files, answering them as the connector would."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from balie.integrators import payloads
from balie.integrators.anonymous import Scrub, anonymous
from connectors.base import Reply, Request, Source, Webhook
from connectors.collector.http import Disconnected, Edge, plain, send_reply
from connectors.collector.limits import Limits
from connectors.errors import Rejected

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class Recorder:
    """An ASGI app that takes any request as one for this source, until it is `full`. `written` hears of each file."""

    def __init__(
        self,
        source: Source,
        connector: Webhook,
        folder: Path,
        count: int,
        public_url: str | None,
        scrub: Scrub,
        written: Callable[[Path], None],
    ) -> None:
        self._source = source
        self._connector = connector
        self._folder = folder
        self._count = count
        self._edge = Edge(public_url=public_url)
        self._scrub = scrub
        self._written = written
        self._limits = Limits()
        self.full = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            request = await self._edge.request(scope, receive, self._limits.body_bytes)
        except Disconnected:
            return
        except Rejected as rejected:
            await send_reply(send, plain(rejected.status, rejected.reason))
            return
        reply = self._reply(request)
        self._keep(request)
        await send_reply(send, reply)

    def _reply(self, request: Request) -> Reply:
        with suppress(Rejected):
            self._connector.parse(request, self._source, datetime.now(UTC))
            return self._connector.reply(request, self._source, None)
        return Reply()

    def _keep(self, request: Request) -> None:
        now = datetime.now(UTC)
        kept = anonymous(request, "/v1/waterdam/account", self._scrub)
        case = f"recorded_{now:%Y%m%d_%H%M%S_%f}"
        settings = payloads.settings_without_secrets(self._connector)
        moment = f"{now:%Y-%m-%dT%H:%M:%SZ}"
        self._written(payloads.write(self._folder, self._source.connector, case, settings, moment, [kept]))
        self._count -= 1
        if self._count <= 0:
            self.full.set()


def record(recorder: Recorder, host: str, port: int) -> None:
    """Serves the recorder until it has what it wants, or is told to stop."""

    async def run() -> None:
        options: dict[str, Any] = {
            "access_log": False,
            "server_header": False,
            "log_level": "warning",
            "lifespan": "off",
        }
        server = uvicorn.Server(uvicorn.Config(recorder, host=host, port=port, **options))

        async def end() -> None:
            await recorder.full.wait()
            server.should_exit = True

        ending = asyncio.create_task(end())
        await server.serve()
        ending.cancel()

    asyncio.run(run())
