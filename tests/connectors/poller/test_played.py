"""Every provider that is asked, over HTTP: with pages, too many calls, a fault, a connection that breaks off."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from connectors.base import Poll
from connectors.poller.http import Away, Caller
from connectors.poller.polls import Polled
from connectors.registry import configured, connectors
from connectors.rows import Keeper
from storage.log.sqlite import SqliteLog
from storage.state.store import State
from tests import played
from tests.providers import NOW, TROUBLES, Provider, events_in, source_of

MINUTE = timedelta(minutes=1)
TIMES = [NOW - (300 - number) * MINUTE for number in range(250)]
STAMPS = [time.isoformat() for time in TIMES]

# By connector: its settings, where its API is below the provider's address, and what plays it.
PLAYED: dict[str, tuple[dict[str, Any], str, Callable[[], played.Handler]]] = {
    "wootric": (
        {"client_id": "town", "client_secret": "s"},
        "",
        lambda: played.wootric(
            [{"id": n, "score": 7, "created_at": at, "updated_at": at} for n, at in enumerate(STAMPS)], []
        ),
    ),
    "happyornot": (
        {"api_token": "town"},
        "/v2",
        lambda: played.happyornot(
            [{"feedbackId": str(n), "localTime": at[:19], "buttonIndex": 3} for n, at in enumerate(STAMPS)], []
        ),
    ),
    "mastodon": (
        {"access_token": "town"},
        "",
        lambda: played.mastodon(
            [
                {
                    "id": str(n + 1),
                    "type": "mention",
                    "created_at": at,
                    "status": {"id": str(n), "content": "<p>Dank</p>"},
                }
                for n, at in enumerate(STAMPS)
            ]
        ),
    ),
    "bluesky": (
        {"identifier": "town", "app_password": "s"},
        "",
        lambda: played.bluesky(
            [
                {"uri": str(n), "reason": "mention", "record": {"text": "Dank"}, "indexedAt": at}
                for n, at in enumerate(STAMPS)
            ]
        ),
    ),
    "signalen": (
        {"access_token": "town"},
        "",
        lambda: played.signalen(
            [{"id": n, "text": "Lamp stuk", "created_at": at, "updated_at": at} for n, at in enumerate(STAMPS)]
        ),
    ),
    "open311": (
        {},
        "/open311/v2",
        lambda: played.open311(
            [
                {"service_request_id": str(n), "description": "Lamp stuk", "requested_datetime": at}
                for n, at in enumerate(STAMPS)
            ]
        ),
    ),
}


def test_no_connector_that_asks_is_left_out() -> None:
    assert set(PLAYED) == {name for name, kind in connectors().items() if issubclass(kind, Poll)}


@pytest.fixture(params=PLAYED)
def polled(
    request: pytest.FixtureRequest,
    provider: Provider,
    state: State,
    keeper: Keeper,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[], Polled]:
    """A poller of that provider as it is after a start; the provider is in trouble at first."""
    settings, path, handler = PLAYED[request.param]
    connector = configured(request.param, {**settings, "url": provider.url + path})
    assert isinstance(connector, Poll)
    monkeypatch.setattr(type(connector), "pause", 0.0)
    provider.answer = handler()
    provider.is_data = lambda asked: asked.method == "GET"
    provider.troubles = list(TROUBLES)
    return lambda: Polled(source_of(request.param), connector, Caller(), state.cursors, keeper)


EVERYTHING = {str(number) for number in range(len(TIMES))}


def test_everything_is_told_whatever_goes_wrong(polled: Callable[[], Polled], log: SqliteLog) -> None:
    rounds = polled()
    for _ in TROUBLES:
        with pytest.raises(Away):
            rounds.round(Event())
    assert rounds.round(Event()).failed_rows == []
    assert {event.source_id for event in events_in(log)} == EVERYTHING
    # After a restart it goes on from its cursor.
    assert polled().round(Event()).answers == 0


def test_everything_is_told_through_a_crash_after_every_second_page(
    polled: Callable[[], Polled], state: State, log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, puts = state.cursors.put, itertools.count()

    class Crash(Exception):
        """Between a page's answers and its cursor."""

    def crash_or_put(*arguments: Any) -> None:
        if next(puts) % 2 == 0:
            raise Crash
        put(*arguments)

    monkeypatch.setattr(state.cursors, "put", crash_or_put)
    for _ in range(200):
        try:
            polled().round(Event())
            break
        except (Away, Crash):
            continue
    assert {event.source_id for event in events_in(log)} == EVERYTHING
    assert next(puts) > 1
