"""A score by SMS and the reason after it: one answer, whatever is sent again and whatever fails in between."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from connectors.base import Request
from connectors.collector.limits import Limits
from tests.clock import Clock

FORM = {"content-type": "application/x-www-form-urlencoded"}
SETTINGS = {"auth_tokens": ["token"], "asks": {"question": "recommend", "metric": "nps"}}
NUMBER = "+31612345678"


@pytest.fixture
def clock() -> Clock[datetime]:
    return Clock(datetime(2026, 11, 2, 10, tzinfo=UTC))


@pytest.fixture
def town(start: Callable[..., Any], make_entry: Callable[..., Any], clock: Clock[datetime]) -> Any:
    entry = make_entry("waterdam", "sms", "twilio", SETTINGS)
    limits = Limits(retry_seconds=0.02, append_seconds=0.3)
    running = start([entry], limits, public_url="https://feedback.example", clock=clock, spool_bytes=1)
    running.twilio = entry.connector
    return running


def send(town: Any, clock: Clock[datetime], sid: str, text: str, number: str = NUMBER) -> int:
    """One message, as Twilio sends and signs it; the status of the answer."""
    body = urlencode({"MessageSid": sid, "From": number, "Body": text}).encode()
    request = town.twilio.sign(Request("POST", "https://feedback.example/v1/waterdam/sms", FORM, body), clock.now)
    status: int = town.http.post("/v1/waterdam/sms", content=body, headers=dict(request.headers)).status_code
    clock.now += timedelta(minutes=1)
    return status


def told(events: list[dict[str, Any]]) -> list[tuple[str, int, float | None, str | None]]:
    return [
        (event["source_id"], event["order"], event["answers"][0].get("score"), event["answers"][0].get("text"))
        for event in events
    ]


def test_score_and_reason_each_sent_twice_are_one_answer(town: Any, clock: Clock[datetime]) -> None:
    for sid, text in (("SM1", "9"), ("SM1", "9"), ("SM2", "Snel"), ("SM2", "Snel"), ("SM1", "9")):
        assert send(town, clock, sid, text) == 200
    events = town.records()
    assert told(events) == [
        ("SM1", 1, 9, None),
        ("SM1", 1, 9, None),
        ("SM1", 2, 9, "Snel"),
        ("SM1", 2, 9, "Snel"),
        ("SM1", 1, 9, None),
    ]
    assert len({event["feedback_id"] for event in events}) == 1
    assert events[0] == events[1] == events[4]
    assert events[2] == events[3]


def test_senders_and_rounds_are_kept_apart(town: Any, clock: Clock[datetime]) -> None:
    for sid, text, number in (
        ("SM1", "9", NUMBER),
        ("SM2", "3", "+31687654321"),
        ("SM3", "Snel", NUMBER),
        ("SM4", "Traag", "+31687654321"),
        ("SM5", "10", NUMBER),
        ("SM6", "Nog sneller", NUMBER),
    ):
        assert send(town, clock, sid, text, number) == 200
    last = {event["source_id"]: event for event in town.records()}
    assert sorted(told(list(last.values()))) == [
        ("SM1", 2, 9, "Snel"),
        ("SM2", 2, 3, "Traag"),
        ("SM5", 2, 10, "Nog sneller"),
    ]


def test_after_a_day_words_are_an_answer_of_their_own(town: Any, clock: Clock[datetime]) -> None:
    send(town, clock, "SM1", "9")
    clock.now += timedelta(days=1)
    send(town, clock, "SM2", "Snel")
    assert told(town.records()) == [("SM1", 1, 9, None), ("SM2", 1, None, "Snel")]


@pytest.mark.parametrize("failing", ["SM1", "SM2"])
def test_what_was_not_appended_is_the_same_event_when_it_is_sent_again(
    town: Any, clock: Clock[datetime], failing: str
) -> None:
    for sid, text in (("SM1", "9"), ("SM2", "Snel")):
        if sid == failing:
            town.log.down = True  # and the spool has no room: its piece is on the disk, and nothing is in the log
            assert send(town, clock, sid, text) == 507
            assert len(town.records()) == (sid == "SM2")
            town.log.down = False
        assert send(town, clock, sid, text) == 200
    assert told(town.records()) == [("SM1", 1, 9, None), ("SM1", 2, 9, "Snel")]
    times = {event["received_at"] for event in town.records()}
    assert times == {"2026-11-02T10:00:00.000Z"}  # that of the first message, though it was appended later
