from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Event
from typing import ClassVar

import pytest

from connectors.base import Call, Draft, Fetch, Fetcher, Ignored, Response, Source
from connectors.errors import Rejected
from connectors.poller.fetches import GIVEN_UP_AFTER, Fetched
from connectors.poller.http import Caller
from connectors.rows import Keeper
from schemas.failure import FailedEvent
from schemas.feedback import Channel
from schemas.topics import FAILURES, FEEDBACK
from storage.log.sqlite import SqliteLog
from storage.state.store import State
from tests.providers import NOW, TROUBLES, Answer, Provider, events_in, source_of, values_in


class Invented(Fetcher):
    """A provider whose webhooks name where an answer is."""

    channel: ClassVar[Channel] = Channel.WEB
    documentation: ClassVar[str] = "https://example.org"
    at: str

    def fetch_call(self, url: str, now: datetime) -> Call:
        return Call(self.at + url.removeprefix("https://zaken.example.org"), headers={"authorization": "token"})

    def parse_fetched(self, url: str, response: Response, source: Source, now: datetime) -> Sequence[Draft | Ignored]:
        told = response.json()
        if not isinstance(told, dict):
            raise Rejected(400, "it is no answer")
        return [Draft(source_id=url, answers=[{"metric": "open", "text": told["text"]}])]


@pytest.mark.parametrize(
    ("url", "fetched"),
    [
        ("https://zaken.example.org/contacten/1", True),
        ("http://zaken.example.org/contacten/1", False),
        ("https://zaken.example.org:8443/contacten/1", False),
        ("https://zaken.example.org@evil.example/", False),
        ("https://evil.example/zaken.example.org", False),
        ("https://[::1", False),
        ("file:///etc/passwd", False),
    ],
)
def test_only_configured_hosts_are_fetched_from(url: str, fetched: bool) -> None:
    connector = Invented(at="", fetch_hosts=("zaken.example.org",))
    assert isinstance(connector.fetch(url), Fetch if fetched else Ignored)


def test_what_was_queued_is_fetched_in_spite_of_troubles(provider: Provider, state: State, log: SqliteLog) -> None:
    now = NOW
    keeper = Keeper(log, FEEDBACK, FAILURES, lambda: now)
    connector = Invented(at=provider.url, fetch_hosts=("zaken.example.org",))
    fetched = Fetched(source_of("invented"), connector, Caller(), state.fetches, keeper)
    provider.answer = lambda asked: Answer.of({"text": asked.path})
    provider.troubles = list(TROUBLES)
    for number in (1, 2):
        state.fetches.queue("waterdam", "account", f"https://zaken.example.org/{number}", NOW)
    rounds = 0
    while len(events_in(log)) < 2:
        rounds += 1
        fetched.round(Event())
        now += timedelta(hours=1)
        assert rounds < 10
    assert sorted(event.answers[0].text or "" for event in events_in(log)) == ["/1", "/2"]
    assert state.fetches.due("waterdam", "account", now + timedelta(days=1)) == []
    assert values_in(log, FAILURES) == []


def test_what_cannot_be_fetched_for_a_week_becomes_a_failure(provider: Provider, state: State, log: SqliteLog) -> None:
    now = NOW
    keeper = Keeper(log, FEEDBACK, FAILURES, lambda: now)
    connector = Invented(at=provider.url, fetch_hosts=("zaken.example.org",))
    fetched = Fetched(source_of("invented"), connector, Caller(), state.fetches, keeper)
    state.fetches.queue("waterdam", "account", "https://zaken.example.org/gone", NOW)
    fetched.round(Event())
    assert values_in(log, FAILURES) == []
    now += GIVEN_UP_AFTER
    kept = fetched.round(Event())
    assert [reason for _, reason in kept.failed_rows] == ["given up to fetch: it answers 404"]
    (failure,) = (FailedEvent.model_validate_json(value) for value in values_in(log, FAILURES))
    assert (failure.protocol, failure.body) == ("fetch", b"https://zaken.example.org/gone")
    assert state.fetches.due("waterdam", "account", now + timedelta(days=9)) == []


def test_a_host_that_left_the_settings_is_fetched_from_no_more(
    provider: Provider, state: State, log: SqliteLog
) -> None:
    keeper = Keeper(log, FEEDBACK, FAILURES, lambda: NOW)
    fetched = Fetched(source_of("invented"), Invented(at=provider.url), Caller(), state.fetches, keeper)
    state.fetches.queue("waterdam", "account", "https://zaken.example.org/1", NOW)
    assert fetched.round(Event()).ignored == 1
    assert provider.asked == []
