"""The three connectors through the running collector: proofs, landing links, proxies, failures kept."""

from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from connectors.base import Draft, Request, Source
from connectors.collector.app import Configured
from connectors.web.form import WebForm

FORM = {"content-type": "application/x-www-form-urlencoded"}
LINK = {"links": {"10031": {"guid": "g-1", "form_outcome": "finished"}}}
SIGNED = {"secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "asks": {"metric": "nps"}}


@pytest.fixture
def town(start: Callable[..., Any], make_entry: Callable[..., Any]) -> Any:
    sources = [
        make_entry("waterdam", "sms", "twilio", {"auth_tokens": ["new token", "old token"]}),
        make_entry("waterdam", "smileys", "govmetric", LINK, language="nl"),
        make_entry("waterdam", "portal", "form", SIGNED),
        make_entry("waterdam", "letters", "form", {"passwords": ["p"], "asks": {"metric": "open"}}, channel="post"),
    ]
    running = start(sources, public_url="https://feedback.example", trusted_proxies=["127.0.0.0/8"])
    running.connectors = {entry.source.name: entry.connector for entry in sources}
    return running


def sent(town: Any, source: str, request: Request, now: datetime | None = None) -> httpx.Response:
    """Signs a request to the public address, and sends it as the proxy hands it on."""
    signed = town.connectors[source].sign(request, now or datetime.now(UTC))
    path = signed.url.removeprefix("https://feedback.example")
    reply: httpx.Response = town.http.request(signed.method, path, headers=dict(signed.headers), content=signed.body)
    return reply


def sms(sid: str, body: str) -> Request:
    form = urlencode({"MessageSid": sid, "From": "+31612345678", "Body": body}).encode()
    return Request("POST", "https://feedback.example/v1/waterdam/sms", FORM, form)


def test_a_signed_message_is_an_event_and_a_forged_one_is_nothing(town: Any) -> None:
    reply = sent(town, "sms", sms("SM1", "Heel goed"))
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/xml")
    forged = town.http.post("/v1/waterdam/sms", content=sms("SM2", "x").body, headers=FORM)
    assert forged.status_code == 401
    signed = town.connectors["sms"].sign(sms("SM3", "x"), datetime.now(UTC))
    changed = town.http.post("/v1/waterdam/sms", content=signed.body + b"y", headers=dict(signed.headers))
    assert changed.status_code == 403
    (event,) = town.records()
    assert (event["source_id"], event["channel"], event["person"]) == ("SM1", "sms", {"phone": "+31612345678"})
    assert "client" not in event  # Twilio's address is nobody's
    assert town.failures() == []


def test_a_retry_is_the_same_answer(town: Any) -> None:
    for _ in range(2):
        assert sent(town, "sms", sms("SM1", "Heel goed")).status_code == 200
    first, second = town.records()
    assert first["feedback_id"] == second["feedback_id"]


def test_a_secret_that_is_being_changed_is_still_good(town: Any) -> None:
    old = town.connectors["sms"].model_copy(update={"auth_tokens": town.connectors["sms"].auth_tokens[1:]})
    signed = old.sign(sms("SM1", "x"), datetime.now(UTC))
    assert town.http.post("/v1/waterdam/sms", content=signed.body, headers=dict(signed.headers)).status_code == 200


def test_a_stale_message_is_refused(town: Any) -> None:
    request = Request("POST", "https://feedback.example/v1/waterdam/portal", {}, b'{"id": "1", "score": 9}')
    assert sent(town, "portal", request, datetime.now(UTC) - timedelta(minutes=6)).status_code == 403
    assert sent(town, "portal", request).status_code == 200


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe\x00", b"[" * 100_000, b"null", b'{"id": {}, "score": 1}'])
def test_a_signed_body_that_cannot_be_read_is_kept(town: Any, body: bytes) -> None:
    request = Request(
        "POST",
        "https://feedback.example/v1/waterdam/portal?token=s3cret&page=2",
        {"authorization": "Bearer s3cret"},
        body,
    )
    for _ in range(2):  # the provider's retry is the same failure
        assert sent(town, "portal", request).status_code == 202
    assert town.records() == []
    first, second = town.failures()
    assert first["failure_id"] == second["failure_id"]
    assert b64decode(first["body"]) == body
    assert (first["stage"], first["tenant"], first["source"]) == ("parse", "waterdam", "portal")
    assert "s3cret" not in str(first)
    assert "webhook-signature" not in first["headers"]
    assert first["url"] == "https://feedback.example/v1/waterdam/portal?page=2"


class Faulty(WebForm):
    """A connector whose draft no event can be made of: found out only after it has parsed."""

    def parse(self, request: Request, source: Source, now: datetime) -> Any:
        yield Draft(source_id="1", person="canary")  # type: ignore[arg-type]


def test_what_a_faulty_connector_makes_no_event_of_is_kept(
    start: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    faulty = Faulty.model_validate({"passwords": ["p"]})
    town = start([Configured(Source("waterdam", "desk", "form", faulty.channel), faulty)])
    reply = town.http.post("/v1/waterdam/desk", content=b"canary", auth=("staff", "p"))
    assert reply.status_code == 202
    (failure,) = town.failures()
    assert b64decode(failure["body"]) == b"canary"
    assert failure["reason"].startswith("the connector failed: ")
    assert "canary" not in caplog.text


def test_staff_is_asked_for_a_password(town: Any) -> None:
    path = "/v1/waterdam/letters"
    asked = town.http.get(path, headers={"accept": "text/html"})
    assert (asked.status_code, asked.headers["www-authenticate"][:5]) == (401, "Basic")
    assert "occurred_at" in town.http.get(path, auth=("staff", "p"), headers={"accept": "text/html"}).text
    assert town.http.post(path, auth=("staff", "q"), data={"text": "x"}).status_code == 401
    assert town.http.post(path, auth=("staff", "p"), data={"text": "Een brief"}).status_code == 200
    (event,) = town.records()
    assert event["channel"] == "post"
    assert "client" not in event  # the browser is that of staff


def test_a_click_counts_at_once_and_its_steps_are_one_answer(town: Any) -> None:
    browser = {"accept": "text/html", "user-agent": "Mozilla/5.0", "x-forwarded-for": "198.51.100.1, 203.0.113.5"}
    landing = town.http.get("/theme/kf/10031?Q_Formid=paspoort&GUID=g-1&Q_RATINGID=4", headers=browser)
    assert landing.status_code == 303
    (event,) = town.records()
    assert event["answers"][0]["score"] == 1
    assert event["client"]["ip"] == "203.0.113.5"  # what stands before it in the header, anyone may have written
    page = "/theme/kf/10031" + landing.headers["location"]
    for _ in range(2):  # reloading the page is no second answer
        reasons = town.http.get(page, headers=browser)
    assert reasons.text.count('type="radio"') == 4
    session = page.rpartition("=")[2]
    words = town.http.post(page, data={"session": session, "step": "reason", "reason": "speed"}, headers=browser)
    assert "<textarea" in words.text
    text = "<script>alert(1)</script> & 'te' \"lang\""
    thanks = town.http.post(page, data={"session": session, "step": "text", "text": text}, headers=browser)
    assert "<script" not in thanks.text
    events = town.records()
    assert [event["order"] for event in events] == [1, 2, 3]
    assert len({event["feedback_id"] for event in events}) == 1
    answer = events[-1]["answers"][0]
    assert (answer["score"], answer["reason"], answer["text"]) == (1, "speed", text)


@pytest.mark.parametrize("query", ["Q_RATINGID=3", "GUID=other&Q_RATINGID=3"])
def test_a_link_without_its_guid_counts_nothing(town: Any, query: str) -> None:
    assert town.http.get(f"/theme/kf/10031?{query}").status_code == 403
    assert town.http.get("/theme/kf/10032?GUID=g-1&Q_RATINGID=3").status_code == 404
    assert town.records() == []


def test_what_looks_ahead_counts_nothing(town: Any) -> None:
    link = "/theme/kf/10031?GUID=g-1&Q_RATINGID=3"
    assert town.http.head(link).status_code == 200
    assert town.http.get(link, headers={"sec-purpose": "prefetch"}).status_code == 403
    assert town.records() == []


@pytest.mark.parametrize(
    ("wanted", "language"),
    [("fi", "fi"), ("pl-PL,en;q=0.5", "pl"), ("nn-NO", "nb"), ("de, en;q=0.8", "en"), ("de", "nl"), ("", "nl")],
)
def test_a_page_speaks_the_readers_language(town: Any, wanted: str, language: str) -> None:
    page = town.http.get("/theme/kf/10031?GUID=g-1", headers={"accept-language": wanted})
    assert f'<html lang="{language}">' in page.text


def test_without_trust_a_forwarded_address_is_not_believed(
    start: Callable[..., Any], make_entry: Callable[..., Any]
) -> None:
    town = start([make_entry("waterdam", "site", "form", {"public": True})])
    town.http.post("/v1/waterdam/site", json={"score": 4}, headers={"x-forwarded-for": "203.0.113.5"})
    assert town.records()[0]["client"]["ip"] == "127.0.0.1"


def test_no_log_line_tells_what_was_sent(town: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    sent(town, "sms", sms("SM-canary", "canary words"))
    town.http.get("/theme/kf/10031?GUID=canary-guid&Q_RATINGID=3", headers={"x-forwarded-for": "203.0.113.77"})
    town.http.post("/v1/waterdam/canary-source", content=b"canary body")
    town.http.post("/v1/waterdam/letters", auth=("staff", "canary"), data={"text": "canary"})
    lines = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert len(lines) >= 4
    assert not any("canary" in line or "203.0.113" in line or "GUID" in line for line in lines)
