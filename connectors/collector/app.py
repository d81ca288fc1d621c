"""The collector: every source of every town behind one HTTP app.

    create_app(sources, log, state, spool) → an ASGI app, which `server.serve` runs

A request is answered 2xx only when all it brought is durable. Its way: find the source (404), its rate (429), the
body (413), the proof (401, 403), parse; pieces of an answer go to the state first (503 where that is down); then the
events go to the log, or to the spool while the log is down (507 where that is full). What proved its sender and
cannot be read is kept as a failure, and answered 2xx.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.base import Connector, Fetch, Piece, Reply, Request, Source, Webhook
from connectors.collector.document import openapi, page
from connectors.collector.http import Disconnected, Edge, plain, send_reply
from connectors.collector.limits import Bucket, Limits
from connectors.collector.metrics import Metrics
from connectors.collector.spool import Spool
from connectors.collector.writer import NoRoom, Writer
from connectors.conversation import keep
from connectors.errors import Misconfigured, Rejected
from connectors.intake import KEPT, Intake, parsed, settled
from connectors.records import failed_request
from schemas.feedback import FeedbackEvent
from schemas.topics import FAILURES, FEEDBACK
from storage.errors import StorageError, TooLarge
from storage.log.base import Log
from storage.state.store import State

access = logging.getLogger("balie.access")
logger = logging.getLogger(__name__)

_NOT_FOUND = Reply(404, b'{"detail":"Not Found"}', {"content-type": "application/json"})
_STATE_THREADS = 16
_VERSION = version("balie")


@dataclass(frozen=True)
class Configured:
    """A source, and the connector with its settings."""

    source: Source
    connector: Connector


def create_app(
    sources: Sequence[Configured],
    log: Log,
    state: State,
    spool: Spool,
    limits: Limits = Limits(),  # noqa: B008 (it is frozen)
    *,
    trusted_proxies: Sequence[str] = (),
    public_url: str | None = None,
    feedback_topic: str = FEEDBACK,
    failures_topic: str = FAILURES,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> ASGIApp:
    """The app. `trusted_proxies` are networks (CIDR) whose `X-Forwarded-*` count; `public_url` is what senders call,
    'https://feedback.example', where that cannot be told from the request.

    Log, state and spool stay the caller's: they are not closed here.

    Raises:
        Misconfigured: two sources are to answer at one address.
    """
    metrics = Metrics()
    writer = Writer(
        log,
        spool,
        metrics,
        feedback_topic=feedback_topic,
        failures_topic=failures_topic,
        append_seconds=limits.append_seconds,
        retry_seconds=limits.retry_seconds,
    )

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        await writer.start()
        yield
        await writer.stop()
        front.close()

    pages = FastAPI(title="Balie collector", lifespan=running, openapi_url=None, docs_url=None, redirect_slashes=False)

    @pages.get("/health")
    async def health() -> dict[str, str]:
        """200 while the process lives."""
        return {"status": "ok"}

    @pages.get("/ready")
    async def ready(response: Response) -> dict[str, str | int]:
        """200 while answers can be made durable: 503 once the log is down and the spool has no room."""
        response.status_code = 503 if writer.full else 200
        return {"log": "up" if writer.log_up else "down", "spooled": spool.pending, "refused": spool.refused}

    @pages.get("/metrics")
    async def show_metrics() -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @pages.get("/openapi.json", response_model=None)
    async def show_openapi() -> dict[str, Any]:
        return openapi(_VERSION)

    @pages.get("/docs")
    async def show_docs() -> Response:
        return Response(page(_VERSION), media_type="text/html; charset=utf-8")

    front = FrontDoor(
        pages,
        sources,
        writer,
        state,
        metrics,
        limits,
        Edge(trusted_proxies, public_url, limits.body_seconds),
        clock=clock,
    )
    return front


class FrontDoor:
    """The addresses of all sources, as ASGI; everything else is the app's behind it.

    It stands before FastAPI and not in it: sources want the raw bytes and the connector's own answer, and FastAPI's
    layers would cost each request more than its signature does.
    """

    def __init__(
        self,
        pages: ASGIApp,
        sources: Sequence[Configured],
        writer: Writer,
        state: State,
        metrics: Metrics,
        limits: Limits,
        edge: Edge,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._pages = pages
        self._writer = writer
        self._state = state
        self._metrics = metrics
        self._limits = limits
        self._edge = edge
        self._clock = clock
        self._threads = ThreadPoolExecutor(_STATE_THREADS, "state")
        # Finding a counter by its labels costs more than counting.
        self._answered = cache(lambda tenant, source, status: metrics.requests.labels(tenant, source, str(status)))
        self._doors: dict[str, _Door] = {}
        for configured in sources:
            source, connector = configured.source, configured.connector
            if not isinstance(connector, Webhook):
                continue  # it is polled, or reads files
            most = max(limits.body_bytes, connector.body_bytes)
            door = _Door(source, connector, most, Bucket(limits.per_second, limits.burst), metrics)
            own = f"/v1/{source.tenant}/{source.name}"
            for path in (own, *connector.paths()):
                if path in self._doors:
                    raise Misconfigured(f"two sources are to answer at {path}: change the settings of one of them")
                self._doors[path] = door

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        door = self._find(path) if scope["type"] == "http" else None
        if door is None and not (scope["type"] == "http" and path.startswith("/v1/")):
            await self._pages(scope, receive, send)
            return
        started = time.perf_counter()
        try:
            reply = _NOT_FOUND if door is None else await self._answer(door, scope, receive)
        except Disconnected:
            return
        await send_reply(send, reply, with_body=scope["method"] != "HEAD")
        tenant, source = (door.source.tenant, door.source.name) if door else ("", "")
        seconds = time.perf_counter() - started
        self._answered(tenant, source, reply.status).inc()
        self._metrics.seconds.observe(seconds)
        access.info("%s %s/%s %d %.1f ms", scope["method"][:10], tenant, source, reply.status, seconds * 1000)

    def _find(self, path: str) -> _Door | None:
        """The source at a path; behind its own name a secret may follow, which its connector checks."""
        return self._doors.get(path) or self._doors.get("/".join(path.split("/", 4)[:4]))

    async def _answer(self, door: _Door, scope: Scope, receive: Receive) -> Reply:
        if wait := door.bucket.take():
            return plain(429, "too many requests for this source", {"retry-after": str(math.ceil(wait))})
        try:
            request = await self._edge.request(scope, receive, door.body_bytes)
            return await self._take(door, request, self._clock())
        except Rejected as rejected:
            return plain(rejected.status, rejected.reason, rejected.headers)
        except Disconnected:
            raise
        except NoRoom:
            return plain(507, "there is no room to keep this now", {"retry-after": "60"})
        except TooLarge:
            return plain(413, "this is too large to keep")
        except StorageError as error:
            logger.error("the state does not answer: %s", error)
            return plain(503, "this cannot be kept now", {"retry-after": "10"})
        except Exception as error:
            # A fault of ours. The message of an error may quote what it was given; its type does not.
            logger.error("a request to %s failed: %s", door.source.connector, type(error).__name__)
            return plain(500, "this failed here")

    async def _take(self, door: _Door, request: Request, now: datetime) -> Reply:
        source, connector = door.source, door.connector
        # Requests that came together take each step together: one right after the other, a step costs them less than
        # in turns with other steps.
        await asyncio.sleep(0)
        items, unread = parsed(connector, source, request, now)

        def join(piece: Piece, session: str) -> FeedbackEvent:
            return keep(self._state.conversations, piece, session, source, now, self._limits.conversation)

        def settle() -> Intake:
            intake = settled(connector, source, items, unread, now, join)
            for url in intake.fetches:
                self._state.fetches.queue(source.tenant, source.name, url, now)
            return intake

        # Only these touch the disk here; a thread for each other answer would cost more than it does.
        if any(isinstance(item, (Piece, Fetch)) for item in items):
            intake = await asyncio.get_running_loop().run_in_executor(self._threads, settle)
        else:
            await asyncio.sleep(0)
            intake = settle()
        failure = None if intake.unread is None else failed_request(request, source, intake.unread, now)
        if intake.events or failure is not None:
            await self._writer.append(intake.events, failure)
        door.count(intake)
        if intake.unread is not None and not intake.events:
            return KEPT
        return connector.reply(request, source, intake.session)


class _Door:
    """Where one source comes in, and its counters."""

    def __init__(self, source: Source, connector: Webhook, body_bytes: int, bucket: Bucket, metrics: Metrics) -> None:
        self.source = source
        self.connector = connector
        self.body_bytes = body_bytes
        self.bucket = bucket
        labels = (self.source.tenant, self.source.name)
        self._events = metrics.events.labels(*labels)
        self._failures = metrics.failures.labels(*labels)
        self._ignored = metrics.ignored.labels(*labels)

    def count(self, intake: Intake) -> None:
        # Each of them takes a lock, and most requests bring only one thing.
        if intake.events:
            self._events.inc(len(intake.events))
        if intake.unread is not None:
            self._failures.inc()
        if intake.ignored:
            self._ignored.inc(len(intake.ignored))
