"""Failures: the bytes as they came, an id that repeats, and nothing that quotes them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.failure import (
    LIFETIME,
    REPLAY_HEADER,
    FailedEvent,
    Origin,
    Replay,
    Stage,
    failure_of_record,
    failure_of_request,
    without_secrets,
)

AT = datetime(2026, 3, 1, 10, 0, 0, 123_000, tzinfo=UTC)


def _failure(body: bytes = b"canary.devries@example.org") -> FailedEvent:
    return FailedEvent.model_validate(
        {
            "failure_id": failure_of_record("feedback", 0, 7),
            "stage": Stage.PARSE,
            "reason": "not a form",
            "tenant": "utrecht",
            "source": "website",
            "origin": Origin(topic="feedback", partition=0, offset=7),
            "method": "POST",
            "url": "https://example.org/in?canary",
            "headers": {"content-type": "application/json", "x": "canary"},
            "body": base64.b64encode(body),
            "first_received_at": AT,
            "failed_at": AT + timedelta(hours=1),
        }
    )


@given(st.binary(max_size=300))
def test_the_bytes_come_back_as_they_were(body: bytes) -> None:
    failure = _failure(body)
    assert failure.body == body
    again = FailedEvent.model_validate_json(failure.to_json())
    assert again == failure
    assert again.body == body
    assert again.to_json() == failure.to_json()


def test_a_failure_lasts_from_its_first_receipt() -> None:
    assert _failure().expires_at == AT + LIFETIME == datetime(2026, 3, 21, 10, 0, 0, 123_000, tzinfo=UTC)


def test_a_repeat_is_the_same_failure_and_another_is_another() -> None:
    assert failure_of_record("feedback", 0, 7) == failure_of_record("feedback", 0, 7)
    ids = {
        failure_of_record("feedback", 0, 7),
        failure_of_record("feedback", 7, 0),
        failure_of_record("f", 0, 7),
        failure_of_request("utrecht", "website", b"x"),
        failure_of_request("utrecht", "website", b"y"),
        failure_of_request("utrecht", "sms", b"x"),
        failure_of_request("zwolle", "website", b"x"),
    }
    assert len(ids) == 7


def test_a_replay_carries_the_failure_at_its_next_attempt() -> None:
    name, value = Replay.of(_failure()).header()
    assert name == REPLAY_HEADER
    replay = Replay.model_validate_json(value)
    assert (replay.failure_id, replay.attempt, replay.first_received_at) == (_failure().failure_id, 2, AT)


def test_moments_are_utc() -> None:
    oslo = timezone(timedelta(hours=2))
    replay = Replay(failure_id=uuid4(), attempt=1, first_received_at=AT.astimezone(oslo))
    assert replay.first_received_at.utcoffset() == timedelta(0)
    with pytest.raises(ValidationError):
        Replay(failure_id=uuid4(), attempt=1, first_received_at=AT.replace(tzinfo=None))


def test_without_its_bytes_a_failure_still_says_what_it_was_and_fits_anywhere() -> None:
    cut = _failure().model_copy(update={"reason": "x" * 300}).without_body()
    assert FailedEvent.model_validate_json(cut.to_json()) == cut
    assert (cut.failure_id, cut.body) == (_failure().failure_id, b"")
    assert cut.reason.startswith("x" * 200 + " (too large")


def test_no_repr_or_error_quotes_what_failed() -> None:
    assert "canary" not in repr(_failure()) + str(_failure())
    with pytest.raises(ValidationError) as caught:
        FailedEvent.model_validate({"body": "canary", "stage": "canary", "headers": "canary", "tenant": "canary@x"})
    assert "canary" not in str(caught.value)


def test_headers_that_hold_a_secret_or_a_sender_are_not_kept() -> None:
    kept = without_secrets(
        {
            "Content-Type": "application/json",
            "User-Agent": "curl",
            "Authorization": "Bearer x",
            "Proxy-Authorization": "x",
            "Cookie": "x",
            "Set-Cookie": "x",
            "X-Twilio-Signature": "x",
            "X-Hub-Signature-256": "x",
            "webhook-signature": "x",
            "X-HON-API-Token": "x",
            "X-Api-Key": "x",
            "X-Webhook-Secret": "x",
            "X-Forwarded-For": "192.0.2.1",
            "Forwarded": "for=192.0.2.1",
            "X-Real-IP": "192.0.2.1",
            "CF-Connecting-IP": "192.0.2.1",
            "True-Client-IP": "192.0.2.1",
            "Client-IP": "192.0.2.1",
            "X-Original-Forwarded-For": "192.0.2.1",
            "X-Envoy-External-Address": "192.0.2.1",
            "X-AppEngine-User-IP": "192.0.2.1",
            "X-Auth-Key": "x",
            "ApiKey": "x",
            "Ocp-Apim-Subscription-Key": "x",
            "X-Shopify-Hmac-Sha256": "x",
        }
    )
    assert kept == {"content-type": "application/json", "user-agent": "curl"}
