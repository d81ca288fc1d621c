"""A small HTTP server that plays a provider, well and badly."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import orjson

from connectors.base import Source
from schemas.feedback import Channel, FeedbackEvent
from schemas.topics import FEEDBACK
from storage.log.base import OffsetRange
from storage.log.sqlite import SqliteLog

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Asked:
    """A request that the provider got."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


@dataclass
class Answer:
    """What it answers. A `cut` one breaks off in the middle of its body."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False

    @classmethod
    def of(cls, value: object, **headers: str) -> Answer:
        return cls(orjson.dumps(value), headers={"content-type": "application/json", **headers})


TROUBLES = [
    Answer(b"slow down", 429, {"retry-after": "0"}),
    Answer(b"<html>oops</html>", 500),
    Answer(b'{"half of', cut=True),
    Answer(b"<html>maintenance</html>"),
]


@dataclass
class Provider:
    """A provider at `url`. `troubles` come first, one a request of those that `is_data` says are for data."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    answer: Callable[[Asked], Answer] = field(default=lambda asked: Answer(status=404))
    troubles: list[Answer] = field(default_factory=list)
    is_data: Callable[[Asked], bool] = field(default=lambda asked: True)

    def reply(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        if self.troubles and self.is_data(asked):
            return self.troubles.pop(0)
        return self.answer(asked)


@contextmanager
def playing() -> Iterator[Provider]:
    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = provider.reply(Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer.body) + (100 if answer.cut else 0)))
            self.end_headers()
            self.wfile.write(answer.body)
            self.close_connection = True

        do_GET = do_POST = handle_any  # noqa: N815 - the names that http.server asks for

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def source_of(connector: str, channel: Channel = Channel.WEB) -> Source:
    return Source("waterdam", "account", connector, channel)


def events_in(log: SqliteLog) -> list[FeedbackEvent]:
    """All events of the log, in order."""
    return [FeedbackEvent.model_validate_json(value) for value in values_in(log, FEEDBACK)]


def values_in(log: SqliteLog, topic: str) -> list[bytes]:
    return [
        record.value or b""
        for partition, (first, end) in log.ends(topic).items()
        for record in log.read(OffsetRange(topic, partition, first, end))
    ]
