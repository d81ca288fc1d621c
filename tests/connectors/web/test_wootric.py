"""How Wootric's API is gone through: nothing missed, nothing for ever."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr, ValidationError

from connectors.base import Ignored
from connectors.web.wootric import Wootric
from tests.played import asked_for, wootric
from tests.providers import NOW

CONNECTOR = Wootric(client_id="town", client_secret=SecretStr("secret"), account_token="NPS-EU-1234")
START = datetime(2026, 1, 1, tzinfo=UTC)


def one(number: int, created: datetime, updated: datetime | None = None) -> dict[str, Any]:
    return {"id": number, "score": 7, "created_at": created.isoformat(), "updated_at": (updated or created).isoformat()}


def test_more_than_all_pages_of_one_time_are_gone_through() -> None:
    responses = [one(number, START + timedelta(minutes=number)) for number in range(1_601)]
    declines = [one(number, START + timedelta(hours=number)) for number in range(120)]
    first = asked_for(CONNECTOR, wootric(responses, declines))
    told = first.ids
    assert set(told) == {str(number) for number in range(1_601)} | {f"decline-{number}" for number in range(120)}
    assert len(told) < 1_601 + 120 + 60, "hardly any is told twice"


def test_a_second_fuller_than_all_pages_does_not_hold_it_up() -> None:
    responses = [one(number, START) for number in range(1_500)] + [one(5_000, START + timedelta(seconds=1))]
    assert "5000" in asked_for(CONNECTOR, wootric(responses, [])).ids


def test_a_later_round_tells_what_is_new_and_what_was_edited_only() -> None:
    hour = timedelta(hours=1)
    responses = [one(1, NOW - 30 * hour), one(2, NOW - 2 * hour), one(3, NOW - hour)]
    first = asked_for(CONNECTOR, wootric(responses, []))
    later = NOW + timedelta(minutes=30)
    responses = [one(1, NOW - 30 * hour), one(2, NOW - 2 * hour, later), one(3, NOW - hour), one(4, later)]
    second = asked_for(CONNECTOR, wootric(responses, []), first.cursor, later + timedelta(minutes=1))
    assert second.ids == ["2", "4"]
    assert [item.reason for item in second.items if isinstance(item, Ignored)] == ["told in an earlier round"]
    third = asked_for(CONNECTOR, wootric(responses, []), second.cursor, later + timedelta(hours=1))
    assert third.ids == ["2", "4"]  # so fresh at the second round that another one of that time could be late
    fourth = asked_for(CONNECTOR, wootric(responses, []), third.cursor, later + timedelta(hours=2))
    assert fourth.ids == []
    assert len(fourth.calls) == 2


def test_a_round_that_was_cut_goes_on_where_it_was() -> None:
    responses = [one(number, START + timedelta(minutes=number)) for number in range(120)]
    answer = wootric(responses, [])
    with pytest.raises(AssertionError, match="never ends"):
        asked_for(CONNECTOR, answer, most=2)
    begun = {"began": int(NOW.timestamp()), "looked": 0, "of": "responses", "from": 0, "page": 3}
    rest = asked_for(CONNECTOR, answer, begun)
    assert rest.ids == [str(number) for number in range(100, 120)]


@pytest.mark.parametrize(
    ("token", "host"),
    [
        ("NPS-EU-1", "api.wootric.eu"),
        ("NPS-AU-1", "api.wootric.au"),
        ("NPS-1", "api.wootric.com"),
        (None, "api.wootric.com"),
    ],
)
def test_the_token_of_the_account_says_where_the_api_is(token: str | None, host: str) -> None:
    connector = Wootric(client_id="town", client_secret=SecretStr("secret"), account_token=token)
    login = connector.login(NOW)
    assert urlsplit(login.url).netloc == urlsplit(connector.call({}, "t", NOW).url).netloc == host
    assert parse_qs(login.body.decode())["client_secret"] == ["secret"]
    assert "secret" not in login.url


def test_settings_that_cannot_work_are_refused() -> None:
    for settings in ({}, {"client_id": "town"}, {"path_secrets": ["s"], "client_secret": "x"}):
        with pytest.raises(ValidationError):
            Wootric.model_validate(settings)
