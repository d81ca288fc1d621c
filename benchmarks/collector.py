"""How many signed webhooks a second the collector makes durable, beside a FastAPI route that only reads the body.

    python -m benchmarks.collector [--seconds 5] [--rounds 3] [--connections 50]

Server and sender each have a core of their own; both servers run under the same uvicorn settings, in turns. Every
request is another one, signed: JSON as Standard Webhooks has it, or a Twilio message; the bare route gets the latter.
The collector answers when it is synced to disk in the SQLite log.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import fastapi

from connectors.base import Request, Source
from connectors.collector.app import Configured, create_app
from connectors.collector.limits import Limits
from connectors.collector.server import serve
from connectors.collector.spool import Spool
from connectors.registry import configured
from connectors.sms.twilio import TwilioSms
from connectors.web.form import WebForm
from schemas.topics import FEEDBACK, topics
from storage.log.sqlite import SqliteLog
from storage.state.master_key import create_master_key
from storage.state.store import open_state

TOKEN = "a token of a benchmark"  # noqa: S105
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105
TWILIO, STANDARD = {"auth_tokens": [TOKEN]}, {"secrets": [SECRET], "asks": {"metric": "nps"}}
SERVER_CORE, SENDER_CORE = 0, 1
TEXT = "Ik werd snel en vriendelijk geholpen aan de balie, maar het formulier op de site was niet te vinden."


def serve_collector(folder: Path, port: int) -> None:
    """The collector as `balie serve` runs it, with the limit of requests out of the way."""
    log = SqliteLog(folder / "log")
    log.apply_topics(topics())
    state = open_state(folder / "state.db", create_master_key(folder / "key"))
    twilio, form = configured("twilio", TWILIO), configured("form", STANDARD)
    sources = [
        Configured(Source("waterdam", "sms", "twilio", twilio.channel), twilio),
        Configured(Source("waterdam", "portal", "form", form.channel), form),
    ]
    limits = Limits(per_second=1e9, burst=1e9)
    serve(create_app(sources, log, state, Spool(folder / "spool.db"), limits), "127.0.0.1", port)


def serve_bare(port: int) -> None:
    """The least a FastAPI app can do with a body."""
    app = fastapi.FastAPI()

    @app.post("/v1/waterdam/sms")
    async def take(request: fastapi.Request) -> fastapi.Response:
        await request.body()
        return fastapi.Response(status_code=200)

    serve(app, "127.0.0.1", port)


def standard_webhooks(count: int, port: int, run: int) -> list[bytes]:
    """Whole HTTP requests, each with an answer of its own in JSON, signed."""
    form = WebForm.model_validate(STANDARD)
    url, now, made = f"http://127.0.0.1:{port}/v1/waterdam/portal", datetime.now(UTC), []
    for number in range(count):
        told = {
            "id": f"R-{run:02d}-{number}",
            "occurred_at": now.isoformat(),
            "score": number % 11,
            "text": TEXT,
            "language": "nl",
            "subject": {"case_number": f"Z-2026-{number:06d}", "form": "Verhuizing doorgeven"},
        }
        headers = {"content-type": "application/json", "user-agent": "Portal/3.2"}
        made.append(as_sent(form.sign(Request("POST", url, headers, json.dumps(told).encode()), now)))
    return made


def twilio_messages(count: int, port: int, run: int) -> list[bytes]:
    """Whole HTTP requests, each with a message of its own, signed."""
    twilio = TwilioSms.model_validate(TWILIO)
    url, now, made = f"http://127.0.0.1:{port}/v1/waterdam/sms", datetime.now(UTC), []
    for number in range(count):
        form = {
            "ToCountry": "NL",
            "SmsStatus": "received",
            "NumMedia": "0",
            "NumSegments": "1",
            "MessageSid": f"SM{run:02d}{number:030d}",
            "SmsSid": f"SM{run:02d}{number:030d}",
            "AccountSid": "AC00000000000000000000000000000001",
            "From": f"+31612{number % 1_000_000:06d}",
            "To": "+3197010201234",
            "Body": TEXT,
            "ApiVersion": "2010-04-01",
        }
        headers = {"content-type": "application/x-www-form-urlencoded", "user-agent": "TwilioProxy/1.1"}
        made.append(as_sent(twilio.sign(Request("POST", url, headers, urlencode(form).encode()), now)))
    return made


def as_sent(request: Request) -> bytes:
    """A request as it goes over the wire."""
    url = urlsplit(request.url)
    headers = {"host": url.netloc, "content-length": str(len(request.body)), **request.headers}
    lines = [f"{request.method} {url.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + request.body


LOADS = {"bare": twilio_messages, "standard": standard_webhooks, "twilio": twilio_messages}
"""What each kind of run is sent: the bare route, and the collector with each of two providers."""
MOST_A_SECOND = 15_000
"""More than any of them answers, so that no run ends before its time."""


@dataclass
class Measured:
    """Answers a second, the time to an answer in milliseconds, and the server's CPU time for one in microseconds.

    The CPU time is what stays comparable when something else runs on the machine.
    """

    per_second: float
    p50: float
    p99: float
    cpu: float
    answered: int


class _Sender(asyncio.Protocol):
    """One connection that sends the next message when the last is answered."""

    def __init__(self, waiting: Iterator[bytes], until: float, times: list[float], done: asyncio.Future[None]) -> None:
        self._waiting, self._until, self._times, self._done = waiting, until, times, done
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def _send(self) -> None:
        message = next(self._waiting, None) if time.perf_counter() < self._until else None
        if message is None:
            self._transport.close()
            self._done.set_result(None)
            return
        self._sent = time.perf_counter()
        self._transport.write(message)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        if len(body) < length:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self._transport.close()
            self._done.set_exception(RuntimeError(f"answered {head[:15]!r}"))
            return
        self._times.append(time.perf_counter() - self._sent)
        self._answer = b""
        self._send()


def cpu_seconds(pid: int) -> float:
    """What a process has used so far, all threads, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def send(waiting: list[bytes], port: int, pid: int, connections: int, seconds: float) -> Measured:
    used = cpu_seconds(pid)
    loop, times = asyncio.get_running_loop(), list[float]()
    started, supply = time.perf_counter(), iter(waiting)
    ends = [loop.create_future() for _ in range(connections)]
    for end in ends:
        await loop.create_connection(partial(_Sender, supply, started + seconds, times, end), "127.0.0.1", port)
    await asyncio.gather(*ends)
    taken = time.perf_counter() - started
    quantiles = statistics.quantiles(times, n=100)
    cpu = (cpu_seconds(pid) - used) / len(times) * 1e6
    return Measured(len(times) / taken, quantiles[49] * 1000, quantiles[98] * 1000, cpu, len(times))


@contextmanager
def running(kind: str, folder: Path, port: int) -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.collector", "--serve", kind, str(folder), str(port)]
    process = subprocess.Popen(command)
    os.sched_setaffinity(process.pid, {SERVER_CORE})
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


async def until_up(port: int) -> None:
    for _ in range(400):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise TimeoutError("the server did not start")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=5)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--connections", type=int, default=50)
    options.add_argument("--folder", type=Path, help="where the log is written; its disk is what is measured")
    options.add_argument("--json", action="store_true")
    options.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.serve:
        kind, folder, port = given.serve
        serve_bare(int(port)) if kind == "bare" else serve_collector(Path(folder), int(port))
        return
    os.sched_setaffinity(0, {SENDER_CORE})
    root = Path(tempfile.mkdtemp(prefix="balie-bench-", dir=given.folder))
    results: dict[str, list[Measured]] = {kind: [] for kind in LOADS}
    durable = 0
    try:
        for run in range(given.rounds):
            for number, (kind, found) in enumerate(results.items()):
                folder, port = root / f"{kind}{run}", 18_700 + run * len(LOADS) + number
                folder.mkdir()
                with running(kind, folder, port) as pid:
                    asyncio.run(until_up(port))
                    asyncio.run(send(LOADS[kind](500, port, 98), port, pid, given.connections, 5))  # warm
                    waiting = LOADS[kind](int(given.seconds * MOST_A_SECOND), port, run)
                    found.append(asyncio.run(send(waiting, port, pid, given.connections, given.seconds)))
                if kind != "bare":
                    log = SqliteLog(folder / "log")
                    start, end = log.ends(FEEDBACK)[0]
                    durable += end - start - 500
                    log.close()
    finally:
        shutil.rmtree(root)
    answered = sum(round_.answered for kind, found in results.items() for round_ in found if kind != "bare")
    assert durable == answered, f"{answered} answered, {durable} in the log"
    middle = {
        kind: {
            name: round(statistics.median(getattr(one, name) for one in found), 1)
            for name in ("per_second", "p50", "p99", "cpu")
        }
        for kind, found in results.items()
    }
    shares = {
        kind: round(one["per_second"] / middle["bare"]["per_second"], 3)
        for kind, one in middle.items()
        if kind != "bare"
    }
    if given.json:
        print(json.dumps({**middle, "shares": shares, "answered_and_durable": answered}))
        return
    for kind, one in middle.items():
        told = "{per_second:8.0f}/s   p50 {p50:5.1f} ms   p99 {p99:5.1f} ms   {cpu:4.0f} µs of CPU"
        share = f"   share of the bare route {shares[kind]:.2f}" if kind in shares else ""
        print(f"{kind:10}", told.format(**one) + share)
    print(f"aim: a share of 0.75; {answered} answered, all of them in the log")


if __name__ == "__main__":
    main()
