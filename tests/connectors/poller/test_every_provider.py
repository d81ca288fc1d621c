"""Every connector that asks, over real HTTP, of a server that plays its provider: page after page, through 429, 500, a
cut connection and an answer that is none, and through a crash after every page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from connectors.base import Call, Poll, Response
from connectors.cases.open311 import Open311
from connectors.cases.signalen import Signalen
from connectors.counter.happyornot import HappyOrNot
from connectors.poller.http import Away, Caller
from connectors.poller.polls import Polled
from connectors.registry import connectors
from connectors.rows import Keeper
from connectors.social.bluesky import Bluesky
from connectors.social.mastodon import Mastodon
from connectors.web.wootric import Wootric
from storage.log.sqlite import SqliteLog
from storage.state.store import State
from tests.played import Handler, bluesky, happyornot, mastodon, open311, signalen, wootric
from tests.providers import NOW, TROUBLES, Answer, Asked, Provider, events_in, source_of

COUNT = 230
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Played:
    """A connector, who plays its provider with answers of these times, and what the answers are called."""

    connector: Poll
    plays: Callable[[list[datetime]], Handler]
    id_of: Callable[[int], str] = str
    most_told_again: int = 20


def _wootric(times: list[datetime]) -> Handler:
    return wootric(
        [
            {"id": number, "score": 7, "created_at": at.isoformat(), "updated_at": at.isoformat()}
            for number, at in enumerate(times)
        ],
        [],
    )


def _happyornot(times: list[datetime]) -> Handler:
    local = [(at + timedelta(hours=1)).replace(tzinfo=None).isoformat() for at in times]  # Amsterdam, in winter
    return happyornot([{"feedbackId": str(n), "localTime": at, "buttonIndex": 3} for n, at in enumerate(local)], [])


def _mastodon(times: list[datetime]) -> Handler:
    def mention(number: int, at: datetime) -> dict[str, Any]:
        status = {"id": str(number), "content": "<p>Dank</p>"}
        return {"id": str(1_000 + number), "type": "mention", "created_at": at.isoformat(), "status": status}

    return mastodon([mention(number, at) for number, at in enumerate(times)])


def _bluesky(times: list[datetime]) -> Handler:
    def post(number: int, at: datetime) -> dict[str, Any]:
        stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"uri": str(number), "reason": "mention", "record": {"text": "Dank"}, "indexedAt": stamp}

    return bluesky([post(number, at) for number, at in enumerate(times)])


def _signalen(times: list[datetime]) -> Handler:
    return signalen(
        [
            {"id": number, "text": "Lamp kapot", "created_at": at.isoformat(), "updated_at": at.isoformat()}
            for number, at in enumerate(times)
        ]
    )


def _open311(times: list[datetime]) -> Handler:
    return open311(
        [
            {"service_request_id": str(n), "description": "Lamp kapot", "requested_datetime": at.isoformat()}
            for n, at in enumerate(times)
        ]
    )


TOWN = SecretStr("town")
PLAYED = {
    "bluesky": Played(Bluesky(identifier="town", app_password=TOWN), _bluesky),
    "happyornot": Played(
        HappyOrNot(api_token=TOWN), _happyornot, most_told_again=COUNT
    ),  # a day that is over, once more
    "mastodon": Played(Mastodon(url="https://social.example.org", access_token=TOWN), _mastodon),
    "open311": Played(Open311(url="https://melding.example.org/open311/v2"), _open311),
    "signalen": Played(Signalen(url="https://api.example.org", access_token=TOWN), _signalen),
    "wootric": Played(Wootric(client_id="town", client_secret=TOWN), _wootric),
}


class Here(Caller):
    """Makes the calls to the server that plays the provider."""

    def __init__(self, provider: Provider) -> None:
        super().__init__()
        self._netloc = urlsplit(provider.url).netloc

    def __call__(self, call: Call) -> Response:
        parts = urlsplit(call.url)._replace(scheme="http", netloc=self._netloc)
        return super().__call__(replace(call, url=parts.geturl()))


def test_no_connector_that_asks_is_left_out() -> None:
    assert set(PLAYED) == {name for name, kind in connectors().items() if issubclass(kind, Poll)}


@pytest.mark.parametrize("name", sorted(PLAYED))
def test_all_answers_come_through_troubles_and_crashes(
    name: str, provider: Provider, state: State, log: SqliteLog, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    played, now = PLAYED[name], NOW
    monkeypatch.setattr(type(played.connector), "pause", 0.0)
    times = [NOW - 3 * (COUNT - number) * MINUTE for number in range(COUNT)]
    provider.answer = played.plays(times)
    provider.is_data = _is_data
    provider.troubles = list(TROUBLES)
    keeper.clock = lambda: now
    crashes = 0

    def polled() -> Polled:
        return Polled(source_of(name), played.connector, Here(provider), state.cursors, keeper)

    class Crash(Exception):
        """Between a page's answers and its cursor."""

    put = state.cursors.put

    def crash_every_second(*arguments: Any) -> None:
        nonlocal crashes
        crashes += 1
        if crashes % 2:
            raise Crash
        put(*arguments)

    monkeypatch.setattr(state.cursors, "put", crash_every_second)
    for _ in range(500):
        try:
            polled().round(Event())
        except (Away, Crash):
            continue
        break
    assert not provider.troubles
    assert {event.source_id for event in events_in(log)} == {played.id_of(number) for number in range(COUNT)}
    # A later round brings what is new, and hardly anything that it has told.
    monkeypatch.setattr(state.cursors, "put", put)
    before = len(events_in(log))
    now = NOW + timedelta(days=2)
    provider.answer = played.plays([*times, NOW + timedelta(days=1)])
    polled().round(Event())
    told = [event.source_id for event in events_in(log)[before:]]
    assert played.id_of(COUNT) in told
    assert len(told) <= played.most_told_again + 2


def _is_data(asked: Asked) -> bool:
    return "token" not in asked.path and "ession" not in asked.path


def test_a_refused_key_is_said(provider: Provider, state: State, keeper: Keeper) -> None:
    provider.answer = lambda asked: Answer(status=401)
    for name, played in PLAYED.items():
        polled = Polled(source_of(name), played.connector, Here(provider), state.cursors, keeper)
        with pytest.raises(Away, match=r"mend the key|401"):
            polled.round(Event())
