"""How MessageBird and Bird prove themselves: times, URLs and bodies that are not what was signed."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import jwt
import pytest

from connectors.base import Request, Webhook
from connectors.errors import Misconfigured, Rejected
from connectors.registry import configured
from connectors.signatures import twilio_signature
from connectors.sms.messagebird import SIGNATURE, MessageBird

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)
START = int(NOW.timestamp())
URL = "https://feedback.example/v1/waterdam/sms?town=%C5%81%C3%B3d%C5%BA"
BODY = json.dumps({"type": "message.created", "message": {"id": "1"}}).encode()
KEY = "vQ6nqY2Wb0cXo7mGJr5tZyHkLpSdFa1evQ6nqY2Wb0cXo7mGJr5tZyHkLpSdFa1e"  # long enough for all three algorithms
MESSAGEBIRD = MessageBird.model_validate({"secrets": [KEY]})
REQUEST = Request("POST", URL, {}, BODY)
SIGNERS: Mapping[str, dict[str, Any]] = {
    "messagebird": {"secrets": [KEY]},
    "bird_channels": {"secrets": [KEY]},
    "bird": {"secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]},
}


def signed(algorithm: str = "HS256", key: str = KEY, **changed: Any) -> Request:
    """A request as MessageBird signs it; a claim that is None is left out."""
    claims = {
        "iss": "MessageBird",
        "nbf": START,
        "exp": START + 60,
        "jti": "1",
        "url_hash": sha256(URL.encode()).hexdigest(),
        "payload_hash": sha256(BODY).hexdigest(),
        **changed,
    }
    token = jwt.encode({name: value for name, value in claims.items() if value is not None}, key, algorithm)
    return replace(REQUEST, headers={SIGNATURE: token})


def refused(connector: Webhook, request: Request, now: datetime = NOW) -> None:
    with pytest.raises(Rejected) as caught:
        connector.verify(request, now)
    assert caught.value.status == 403


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_the_three_algorithms_are_good(algorithm: str) -> None:
    MESSAGEBIRD.verify(signed(algorithm), NOW)


def test_no_other_algorithm_is_good() -> None:
    refused(MESSAGEBIRD, signed("none", key=""))


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "Somebody"},
        {"iss": None},
        {"nbf": None},
        {"exp": None},
        {"url_hash": None},
        {"url_hash": sha256(b"https://feedback.example/v1/waterdam/sms").hexdigest()},
        {"payload_hash": None},
        {"payload_hash": sha256(b"another").hexdigest()},
        {"nbf": "soon"},
        {"exp": True, "nbf": False},
    ],
)
def test_a_claim_that_is_missing_or_another_is_refused(changed: dict[str, Any]) -> None:
    refused(MESSAGEBIRD, signed(**changed))


def test_times_have_a_second_of_leeway() -> None:
    for seconds in (-1, 0, 61):
        MESSAGEBIRD.verify(signed(), NOW + timedelta(seconds=seconds))
    for seconds in (-2, 62):
        refused(MESSAGEBIRD, signed(), NOW + timedelta(seconds=seconds))


def test_a_key_of_another_is_refused_and_the_old_one_is_good_while_it_is_changed() -> None:
    refused(MESSAGEBIRD, signed(key=KEY[::-1]))
    both = MessageBird.model_validate({"secrets": [KEY, KEY[::-1]]})
    both.verify(signed(key=KEY[::-1]), NOW)


def test_a_request_without_a_body_needs_no_hash_of_it() -> None:
    MESSAGEBIRD.verify(replace(signed(payload_hash=None), body=b""), NOW)
    refused(MESSAGEBIRD, replace(signed(), body=b""))


def test_how_long_a_key_is_the_provider_decides() -> None:
    connector = MessageBird.model_validate({"secrets": ["short"]})
    connector.verify(connector.sign(REQUEST, NOW), NOW)  # a warning would be an error here


@pytest.mark.parametrize("token", ["x", "a.b.c", "[" * 50_000, "e30.e30.e30", "é", "\udcff"])
def test_what_is_no_token_is_refused(token: str) -> None:
    refused(MESSAGEBIRD, replace(REQUEST, headers={SIGNATURE: token}))


@pytest.mark.parametrize("name", sorted(SIGNERS))
def test_what_is_stale_or_went_to_another_url_is_refused(name: str) -> None:
    connector = configured(name, SIGNERS[name])
    assert isinstance(connector, Webhook)
    request = connector.sign(REQUEST, NOW)
    connector.verify(request, NOW + timedelta(seconds=30))
    for away in (timedelta(minutes=6), -timedelta(minutes=6)):
        refused(connector, request, NOW + away)
    if name != "bird":  # Standard Webhooks sign no URL
        refused(connector, replace(request, url="https://feedback.example/v1/waterdam/sms"))


def test_bird_needs_a_key_and_a_host_to_fetch_from() -> None:
    with pytest.raises(Misconfigured, match="set both api_key and fetch_hosts"):
        configured("bird", {**SIGNERS["bird"], "api_key": "k"})
    with pytest.raises(Misconfigured, match="whsec_"):
        configured("bird", {"secrets": ["short"]})


@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_a_body_that_twilio_did_not_sign_is_refused(kind: str) -> None:
    twilio = configured("twilio", {"auth_tokens": [KEY]})
    assert isinstance(twilio, Webhook)
    headers = {"content-type": kind, "x-twilio-signature": twilio_signature(KEY, URL)}
    twilio.verify(Request("GET", URL, headers), NOW)
    refused(twilio, Request("POST", URL, headers, b'{"MessageSid": "SM1"}'))
    signed_body = twilio.sign(Request("POST", URL, headers, b'{"MessageSid": "SM1"}'), NOW)
    twilio.verify(signed_body, NOW)
    refused(twilio, replace(signed_body, body=b'{"MessageSid": "SM2"}'))


def test_a_form_of_twilio_that_does_not_say_it_is_one_is_signed_as_one() -> None:
    twilio = configured("twilio", {"auth_tokens": [KEY]})
    assert isinstance(twilio, Webhook)
    headers = {"x-twilio-signature": twilio_signature(KEY, URL, [("MessageSid", "SM1"), ("Body", "Fijn")])}
    twilio.verify(Request("POST", URL, headers, b"MessageSid=SM1&Body=Fijn"), NOW)
    refused(twilio, Request("POST", URL, headers, b"MessageSid=SM1&Body=Niet"))
