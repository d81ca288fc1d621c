"""Every connector's recorded payloads on the way they really take, through to ClickHouse.

Webhooks are signed and posted to a collector over HTTP, pages are answered by a server to the poller, messages lie in a
mailbox, files in a watched folder. Each case has a source of its own, whose rows are compared with what was recorded.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
import uvicorn
from pydantic import SecretStr

import connectors.intake
from balie.demo.stage import TENANT, Stage
from balie.integrators.send import addressed
from connectors.base import Call, Connector, Fetcher, File, Mail, Poll, Request, Response, Source, Webhook
from connectors.collector.app import Configured, create_app
from connectors.collector.limits import Limits
from connectors.collector.server import OPTIONS
from connectors.collector.spool import Spool
from connectors.poller import files
from connectors.poller.fetches import Fetched
from connectors.poller.files import Watched
from connectors.poller.http import Away, Caller
from connectors.poller.mailbox import Mailbox
from connectors.poller.mails import Mailed, answers_in
from connectors.poller.places import Folder
from connectors.poller.polls import Polled
from connectors.registry import configured
from connectors.rows import Keeper
from connectors.trial import request_of
from pipelines.driver import Driver
from schemas.topics import FAILURES, FEEDBACK
from storage.state.master_key import KEY_BYTES, MasterKey
from storage.state.store import State, open_state
from tests.clock import Clock
from tests.mail_server import HOST, PASSWORD, USER, MailServer
from tests.providers import Answer, Asked, Provider, playing

PAYLOADS = Path(__file__).parents[1] / "payloads"
AUTHORITIES = ("source", "corrected", "withdrawn", "erased")


@dataclass(frozen=True)
class Case:
    """A recorded case, as a source of its own."""

    name: str
    protocol: str
    told: dict[str, Any]
    source: Source
    connector: Connector

    @property
    def now(self) -> datetime:
        return datetime.fromisoformat(self.told["now"])

    @property
    def requests(self) -> list[Request]:
        return [request_of(request) for request in self.told["requests"]]

    def expected(self) -> Counter[tuple[Any, ...]]:
        """Outcome and scores of the answers that are to be there in the end: the latest telling of each."""
        recorded = json.loads((PAYLOADS / f"{self.name}.events.json").read_text())
        latest: dict[str, dict[str, Any]] = {}
        for event in (event for result in recorded for event in result.get("events", ())):
            known = latest.get(event["feedback_id"])
            if known is None or rank(event) > rank(known):
                latest[event["feedback_id"]] = event
        standing = (e for e in latest.values() if e["authority"] not in ("withdrawn", "erased"))
        return Counter((e["outcome"], *(answer.get("score") for answer in e["answers"])) for e in standing)


def rank(event: dict[str, Any]) -> tuple[int, int]:
    return AUTHORITIES.index(event["authority"]), event["order"]


def all_cases() -> list[Case]:
    cases: list[Case] = []
    for path in sorted(PAYLOADS.rglob("*.request.json")):
        told = json.loads(path.read_text())
        name = path.relative_to(PAYLOADS).as_posix().removesuffix(".request.json")
        connector = configured(name.partition("/")[0], told["settings"])
        own = {"channel": connector.channel, **told["source"], "tenant": TENANT, "name": f"case_{len(cases)}"}
        source = Source(**own, connector=name.partition("/")[0])
        cases.append(Case(name, told.get("protocol", "webhook"), told, source, connector))
    return cases


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "stage") as stage:
        yield stage


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "state.sqlite", MasterKey(bytes(KEY_BYTES))) as state:
        yield state


@contextmanager
def collecting(
    sources: list[Configured], stage: Stage, state: State, clock: Clock[datetime], spool: Path
) -> Iterator[str]:
    app = create_app(
        sources, stage.log, state, Spool(spool, max_bytes=10_000_000), Limits(per_second=1e6, burst=1e6), clock=clock
    )
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, **OPTIONS))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def post(case: Case, url: str, client: httpx.Client) -> None:
    """As the provider sends it: to the source's address, or to the fixed one that the payload has."""
    assert isinstance(case.connector, Webhook)
    for request in case.requests:
        signed = case.connector.sign(replace(request, url=addressed(request.url, case.source, url)), case.now)
        answer = client.request(signed.method, signed.url, headers=dict(signed.headers), content=signed.body)
        assert answer.status_code < 500, case.name


class Redirected(Caller):
    """Makes real calls, to the server that plays all providers."""

    def __init__(self, provider: Provider) -> None:
        super().__init__()
        self._url = provider.url

    def __call__(self, call: Call) -> Response:
        parts, here = urlsplit(call.url), urlsplit(self._url)
        return super().__call__(replace(call, url=parts._replace(scheme="http", netloc=here.netloc).geturl()))


def pages_of(case: Case) -> Callable[[Asked], Answer]:
    """Answers logins with tokens, and then with the recorded pages, each once."""
    pages = iter(case.requests)

    def answer(asked: Asked) -> Answer:
        if "token" in asked.path or "ession" in asked.path:
            return Answer.of({"access_token": "t", "accessJwt": "t", "refreshJwt": "t", "did": "did:plc:town"})
        page = next(pages, None)
        return Answer(status=503) if page is None else Answer(page.body, headers=page.headers)

    return answer


@dataclass(frozen=True)
class Account:
    """The server's one user, with a folder for each case."""

    port: int
    folder: str
    host: str = HOST
    tls: str = "implicit"
    user: str = USER
    password: SecretStr = field(default_factory=lambda: SecretStr(PASSWORD))
    mark_seen: bool = False


def read_mails(case: Case, server: MailServer, state: State, keeper: Keeper) -> None:
    assert isinstance(case.connector, Mail)
    server.make_anew(case.source.name)
    server.deliver(*(request.body for request in case.requests), folder=case.source.name)
    mailbox = Mailbox(Account(server.port, case.source.name))
    Mailed(case.source, mailbox, state.cursors, keeper, answers_in(case.connector)).round(Event())


@pytest.mark.slow
def test_the_events_of_every_case_reach_the_warehouse(
    stage: Stage, state: State, imap_server: MailServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases, clock = all_cases(), Clock(datetime.now(UTC))
    keeper = Keeper(stage.log, FEEDBACK, FAILURES, clock)
    monkeypatch.setattr(files, "_SETTLED", 0.0)
    taken: set[str] = set()
    # Two accounts that answer at one fixed address cannot be in one collector.
    fixed = {case.name for case in cases if isinstance(case.connector, Webhook) and list(case.connector.paths())}
    shared = [Configured(case.source, case.connector) for case in cases if case.name not in fixed]
    with (
        playing() as provider,
        collecting(shared, stage, state, clock, tmp_path / "shared.spool") as door,
        httpx.Client() as client,
    ):
        caller = Redirected(provider)
        for case in cases:
            clock.now = case.now
            numbers = iter(range(1, 1_000))
            monkeypatch.setattr(connectors.intake, "uuid4", lambda numbers=numbers: UUID(int=next(numbers)))
            if case.name in fixed and case.protocol == "webhook":
                spool = tmp_path / f"{case.source.name}.spool"
                with collecting([Configured(case.source, case.connector)], stage, state, clock, spool) as own:
                    post(case, own, client)
            elif case.protocol == "webhook":
                post(case, door, client)
            elif case.protocol == "file":
                assert isinstance(case.connector, File)
                folder = tmp_path / case.source.name
                folder.mkdir()
                for number, request in enumerate(case.requests):
                    (folder / f"export {number}").write_bytes(request.body)
                Watched(case.source, case.connector, Folder(folder), state.taken_files, keeper).round(Event())
            elif case.protocol == "fetch":
                assert isinstance(case.connector, Fetcher)
                provider.answer = pages_of(case)
                for request in case.requests:
                    state.fetches.queue(TENANT, case.source.name, request.url, clock.now)
                Fetched(case.source, case.connector, caller, state.fetches, keeper).round(Event())
            elif isinstance(case.connector, Poll):
                provider.answer = pages_of(case)
                if "cursor" in case.told:
                    state.cursors.put(TENANT, case.source.name, "poll", case.told["cursor"], clock.now)
                with suppress(Away):  # of what was recorded there is no more
                    Polled(case.source, case.connector, caller, state.cursors, keeper).round(Event())
            else:
                assert isinstance(case.connector, Mail)
                read_mails(case, imap_server, state, keeper)
            taken.add(case.name)
    Driver(stage.log, stage.opener, FEEDBACK, group="test").run(Event(), until_idle=True)
    rows = stage.warehouse.rows("SELECT source, outcome, answers.score AS scores FROM responses")
    found: dict[str, Counter[tuple[Any, ...]]] = {}
    for row in rows:
        found.setdefault(row["source"], Counter())[(row["outcome"], *row["scores"])] += 1
    wrong = {
        case.name: (case.expected(), found.get(case.source.name, Counter()))
        for case in cases
        if case.name in taken and found.get(case.source.name, Counter()) != case.expected()
    }
    assert wrong == {}
    channels = {row["channel"] for row in stage.warehouse.rows("SELECT DISTINCT channel FROM responses")}
    print(f"{len(taken)} cases of {len({name.partition('/')[0] for name in taken})} connectors, channels {channels}")
