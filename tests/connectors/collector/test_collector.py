"""The collector over real HTTP: what it answers, and that 2xx means the log has it."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from connectors.collector.limits import Limits

PUBLIC = {"public": True, "asks": {"question": "satisfied", "metric": "csat"}}


@pytest.fixture
def town(start: Callable[..., Any], make_entry: Callable[..., Any]) -> Any:
    return start([make_entry("waterdam", "site", "form", PUBLIC)], Limits(body_bytes=20_000, retry_seconds=0.05))


def test_an_answer_is_in_the_log_when_it_is_answered(town: Any) -> None:
    reply = town.http.post("/v1/waterdam/site", json={"score": 4, "text": "Snel geholpen"})
    assert reply.status_code == 200
    (event,) = town.records()
    assert event["answers"] == [
        {
            "question": "satisfied",
            "metric": "csat",
            "scale": {"min": 1, "max": 5, "best": 5},
            "score": 4,
            "text": "Snel geholpen",
        }
    ]
    assert event["source_id"] == reply.json()["session"]
    assert event["client"]["ip"] == "127.0.0.1"


@pytest.mark.parametrize("path", ["/v1/waterdam/nowhere", "/v1/nowhere/site", "/v1/nowhere", "/elsewhere"])
def test_unknown_town_and_unknown_source_look_the_same(town: Any, path: str) -> None:
    reply = town.http.post(path, json={"score": 4})
    assert (reply.status_code, reply.content) == (404, b'{"detail":"Not Found"}')
    assert town.records() == []


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff\xfe{}", b'"x"', b'{"score": 4, "session": "../../etc"}'])
def test_a_public_form_refuses_what_it_cannot_read(town: Any, body: bytes) -> None:
    assert town.http.post("/v1/waterdam/site", content=body).status_code == 400
    assert (town.records(), town.failures()) == ([], [])


@pytest.mark.parametrize("depth", [100, 600, 990, 2_000])
def test_a_public_form_keeps_nothing_that_is_nested_without_end(town: Any, depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    told = b'{"score": 3, "subject": {"service": %s}}' % nested
    reply = town.http.post("/v1/waterdam/site", content=told, headers={"content-type": "application/json"})
    assert reply.status_code == 400
    assert (town.records(), town.failures()) == ([], [])


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b'{"score": NaN, "text": "x"}', "not_a_number"),
        (b'{"score": 99, "text": "x"}', "off_scale"),
        (b'{"score": {"a": 1}, "text": "x"}', "float_type"),
        (b'{"score": true, "text": "x"}', "float_parsing"),
    ],
)
def test_a_score_that_is_none_leaves_a_note_and_the_rest(town: Any, body: bytes, problem: str) -> None:
    assert town.http.post("/v1/waterdam/site", content=body).status_code == 200
    (event,) = town.records()
    assert "score" not in event["answers"][0]
    assert event["answers"][0]["text"] == "x"
    assert event["notes"] == [{"field": "answers[0].score", "problem": problem}]


def test_a_body_over_the_limit_is_refused_announced_chunked_or_compressed(town: Any) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 1000

    path = "/v1/waterdam/site"
    assert town.http.post(path, content=b"x" * 20_001).status_code == 413
    assert town.http.post(path, content=chunks()).status_code == 413
    bomb = gzip.compress(b"x" * 1_000_000)
    assert len(bomb) < 20_000
    assert town.http.post(path, content=bomb, headers={"content-encoding": "gzip"}).status_code == 413
    assert town.http.post(path, content=b"no gzip", headers={"content-encoding": "gzip"}).status_code == 400
    assert town.http.post(path, content=b"{}", headers={"content-encoding": "br"}).status_code == 415
    small = gzip.compress(json.dumps({"score": 3}).encode())
    assert town.http.post(path, content=small, headers={"content-encoding": "gzip"}).status_code == 200
    assert len(town.records()) == 1


def test_ten_megabytes_are_refused_at_the_limit_of_the_product(
    start: Callable[..., Any], make_entry: Callable[..., Any]
) -> None:
    town = start([make_entry("waterdam", "site", "form", PUBLIC)])
    # The refusal comes before the body is sent; a client that goes on sending may see the connection close.
    with suppress(httpx.TransportError):
        assert town.http.post("/v1/waterdam/site", content=b"x" * 10_000_000).status_code == 413
    assert (town.records(), town.failures()) == ([], [])


def test_a_source_that_sends_too_fast_is_told_to_wait(
    start: Callable[..., Any], make_entry: Callable[..., Any]
) -> None:
    sources = [make_entry("waterdam", name, "form", PUBLIC) for name in ("site", "desk")]
    town = start(sources, Limits(per_second=0.5, burst=3))
    codes = [town.http.post("/v1/waterdam/site", json={"score": 4}).status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    assert 1 <= int(town.http.post("/v1/waterdam/site", json={"score": 4}).headers["retry-after"]) <= 2
    assert town.http.post("/v1/waterdam/desk", json={"score": 4}).status_code == 200


def test_health_readiness_and_metrics(town: Any) -> None:
    town.http.post("/v1/waterdam/site", json={"score": 4})
    town.http.post("/v1/nowhere/x")
    assert town.http.get("/health").json() == {"status": "ok"}
    assert town.http.get("/ready").json() == {"log": "up", "spooled": 0, "refused": 0}
    text = town.http.get("/metrics").text
    assert 'balie_collector_events_total{source="site",tenant="waterdam"} 1.0' in text
    assert 'balie_collector_requests_total{source="",status="404",tenant=""} 1.0' in text


def test_two_steps_are_one_answer(town: Any) -> None:
    page = {"accept": "text/html"}
    first = town.http.post("/v1/waterdam/site", data={"score": "2"}, headers=page)
    assert first.status_code == 303
    second = "/v1/waterdam/site" + first.headers["location"]
    asked = town.http.get(second, headers=page)
    session = first.headers["location"].removeprefix("?session=")
    assert f'name="session" value="{session}"' in asked.text
    for _ in range(2):  # a double click
        town.http.post(second, data={"session": session, "text": "Te <b>lang</b>"}, headers=page)
    town.http.post(second, data={"session": session, "text": "Veel te lang"}, headers=page)
    events = town.records()
    assert {event["feedback_id"] for event in events} == {events[0]["feedback_id"]}
    assert [event["order"] for event in events] == [1, 2, 2, 3]
    assert events[1] == events[2]
    assert [event["answers"][0].get("text") for event in events] == [
        None,
        "Te <b>lang</b>",
        "Te <b>lang</b>",
        "Veel te lang",
    ]
    assert {event["received_at"] for event in events} == {events[0]["received_at"]}


def test_two_who_answer_the_same_are_two_answers(town: Any) -> None:
    for _ in range(2):
        town.http.post("/v1/waterdam/site", json={"score": 4})
    assert len({event["feedback_id"] for event in town.records()}) == 2


def test_a_decline_has_no_score(town: Any) -> None:
    reply = town.http.post("/v1/waterdam/site", data={"decline": "1"}, headers={"accept": "text/html"})
    assert reply.status_code == 200
    (event,) = town.records()
    assert (event["outcome"], event["answers"]) == ("declined", [])


def test_what_fills_in_the_field_for_machines_leaves_nothing(town: Any) -> None:
    reply = town.http.post("/v1/waterdam/site", data={"score": "4", "website": "x"}, headers={"accept": "text/html"})
    assert reply.status_code == 200
    assert town.records() == []


def test_a_mail_may_bring_its_photos(start: Callable[..., Any], make_entry: Callable[..., Any]) -> None:
    town = start([make_entry("waterdam", "mail", "postmark", {"passwords": ["secret"]})], Limits(body_bytes=20_000))
    photo = {"Name": "a.jpg", "Content": "x" * 3_000_000, "ContentType": "image/jpeg"}
    mail = {"MessageID": "m1", "From": "sam@example.org", "TextBody": "Zie de foto", "Attachments": [photo]}
    answer = town.http.post("/v1/waterdam/mail", json=mail, auth=("balie", "secret"))
    assert answer.status_code == 200
    (event,) = town.wait_for_log(1)
    assert event["answers"][0]["text"] == "Zie de foto"
    assert event["notes"] == [{"field": "attachments[0]", "problem": "not_kept"}]
