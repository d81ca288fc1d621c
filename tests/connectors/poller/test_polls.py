from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from threading import Event
from typing import Any, ClassVar

import pytest

from connectors.base import BadRow, Call, Cursor, Draft, Page, Poll, Response, Source
from connectors.errors import Rejected
from connectors.poller.http import Away, Caller
from connectors.poller.polls import Polled
from connectors.rows import Keeper
from schemas.feedback import Channel
from schemas.topics import FAILURES
from storage.errors import Retriable
from storage.log.sqlite import SqliteLog
from storage.state.store import State
from tests.providers import TROUBLES, Answer, Asked, Provider, events_in, source_of, values_in


class Invented(Poll):
    """A provider of numbered answers, two a page, behind a login."""

    channel: ClassVar[Channel] = Channel.WEB
    documentation: ClassVar[str] = "https://example.org"
    url: str

    def login(self, now: datetime) -> Call | None:
        return Call(f"{self.url}/token", "POST")

    def token(self, response: Response) -> str:
        return str(response.json()["token"])

    def call(self, cursor: Cursor, token: str, now: datetime) -> Call:
        return Call(f"{self.url}/answers?after={cursor.get('after', 0)}", headers={"authorization": token})

    def parse_page(self, response: Response, cursor: Cursor, source: Source, now: datetime) -> Page:
        told = response.json()
        if not isinstance(told, dict) or "answers" not in told:
            raise Rejected(400, "the page has no answers")
        items = [_item(place, answer) for place, answer in enumerate(told["answers"], start=1)]
        return Page(items, {"after": told["last"]}, told["more"])


def _item(place: int, answer: Mapping[str, Any]) -> Draft | BadRow:
    if "id" not in answer:
        return BadRow(place, "it has no id", b"{}")
    return Draft(source_id=str(answer["id"]), answers=[{"metric": "open", "text": "x"}])


class Answers:
    """Plays it: `count` answers; tokens that are good for some calls only."""

    def __init__(self, provider: Provider, count: int, refusal: int = 401) -> None:
        self.count = count
        self.refusal = refusal
        self.token = 1
        self.logins = 0
        provider.answer = self
        provider.is_data = lambda asked: asked.path == "/answers"

    def __call__(self, asked: Asked) -> Answer:
        if asked.path == "/token":
            self.logins += 1
            return Answer.of({"token": str(self.token)})
        if asked.headers.get("authorization") != str(self.token):
            return Answer(status=self.refusal)
        after = int(asked.query["after"])
        ids = list(range(after + 1, self.count + 1))[:2]
        last = ids[-1] if ids else after
        return Answer.of({"answers": [{"id": n} for n in ids], "last": last, "more": last < self.count})


@pytest.fixture
def polled(provider: Provider, state: State, keeper: Keeper) -> Polled:
    return Polled(source_of("invented"), Invented(url=provider.url), Caller(), state.cursors, keeper)


def ids(log: SqliteLog) -> list[str]:
    return [event.source_id for event in events_in(log)]


def test_it_asks_until_there_is_nothing_more_and_later_only_for_what_is_new(
    polled: Polled, provider: Provider, log: SqliteLog
) -> None:
    answers = Answers(provider, 5)
    assert polled.round(Event()).answers == 5
    answers.count = 7
    assert polled.round(Event()).answers == 2
    assert ids(log) == [str(n) for n in range(1, 8)]
    assert answers.logins == 1


def test_a_provider_in_trouble_is_asked_again_and_nothing_is_missed(
    polled: Polled, provider: Provider, log: SqliteLog
) -> None:
    Answers(provider, 5)
    provider.troubles = list(TROUBLES)
    reasons = []
    for _ in TROUBLES:
        with pytest.raises(Away) as caught:
            polled.round(Event())
        reasons.append((str(caught.value), caught.value.wait))
    assert polled.round(Event()).answers == 5
    assert ids(log) == ["1", "2", "3", "4", "5"]
    assert [wait for _, wait in reasons] == [0.0, None, None, None]
    assert "429" in reasons[0][0]
    assert "500" in reasons[1][0]
    assert "breaks off" in reasons[2][0]
    assert "cannot be read" in reasons[3][0]


def test_a_token_that_has_expired_is_asked_for_again(polled: Polled, provider: Provider, log: SqliteLog) -> None:
    answers = Answers(provider, 2)
    polled.round(Event())
    answers.token, answers.count = 2, 3
    polled.round(Event())
    assert (ids(log), answers.logins) == (["1", "2", "3"], 2)


def test_some_say_in_another_way_that_a_token_has_expired(
    provider: Provider, state: State, keeper: Keeper, log: SqliteLog
) -> None:
    class Other(Invented):
        expired: ClassVar[frozenset[int]] = frozenset({400})

    answers = Answers(provider, 2, refusal=400)
    polled = Polled(source_of("invented"), Other(url=provider.url), Caller(), state.cursors, keeper)
    polled.round(Event())
    answers.token, answers.count = 2, 3
    polled.round(Event())
    assert (ids(log), answers.logins) == (["1", "2", "3"], 2)


def test_a_wrong_key_says_what_to_mend(provider: Provider, state: State, keeper: Keeper) -> None:
    provider.answer = lambda asked: Answer.of({"token": "t"}) if asked.path == "/token" else Answer(status=403)
    polled = Polled(source_of("invented"), Invented(url=provider.url), Caller(), state.cursors, keeper)
    with pytest.raises(Away, match="mend the key or password"):
        polled.round(Event())


def test_after_a_crash_between_log_and_cursor_a_page_comes_again_as_the_same_answers(
    provider: Provider, state: State, keeper: Keeper, log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    Answers(provider, 3)
    polled = Polled(source_of("invented"), Invented(url=provider.url), Caller(), state.cursors, keeper)
    with monkeypatch.context() as patched:
        patched.setattr(state.cursors, "put", lambda *_: (_ for _ in ()).throw(Retriable("gone")))
        with pytest.raises(Retriable):
            polled.round(Event())
    Polled(source_of("invented"), Invented(url=provider.url), Caller(), state.cursors, keeper).round(Event())
    assert ids(log) == ["1", "2", "1", "2", "3"]
    assert len({event.feedback_id for event in events_in(log)}) == 3


def test_an_item_that_is_none_becomes_a_failure_and_the_others_go_on(
    polled: Polled, provider: Provider, log: SqliteLog
) -> None:
    provider.answer = lambda asked: Answer.of(
        {"token": "t"} if asked.path == "/token" else {"answers": [{}, {"id": 2}], "last": 2, "more": False}
    )
    kept = polled.round(Event())
    assert (kept.answers, kept.failed_rows) == (1, [(1, "it has no id")])
    assert len(values_in(log, FAILURES)) == 1


def test_a_connector_that_does_not_move_on_is_stopped(polled: Polled, provider: Provider) -> None:
    provider.answer = lambda asked: Answer.of(
        {"token": "t"} if asked.path == "/token" else {"answers": [], "last": 0, "more": True}
    )
    with pytest.raises(Away, match="again and again"):
        polled.round(Event())
