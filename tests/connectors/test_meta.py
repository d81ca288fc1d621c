"""Meta's webhooks: the test of the URL, the signature, and a post of which one part cannot be read."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from connectors.base import Request, Source
from connectors.chat.whatsapp import WhatsApp
from connectors.errors import Rejected
from connectors.trial import Trial
from schemas.feedback import Channel

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)
SOURCE = Source("waterdam", "whatsapp", "whatsapp", Channel.CHAT)
URL = "https://feedback.example/v1/waterdam/whatsapp"
SETTINGS = {"secrets": ["new app secret", "old app secret"], "verify_token": "our words"}
CONNECTOR = WhatsApp.model_validate(SETTINGS)


def asked(**query: str) -> Request:
    return Request("GET", f"{URL}?{urlencode({f'hub.{name}': value for name, value in query.items()})}")


def test_the_test_of_the_url_is_answered_with_what_it_asked() -> None:
    url = asked(mode="subscribe", challenge="1158201444", verify_token="our words").url
    result = Trial("whatsapp")({"settings": SETTINGS, "request": {"method": "GET", "url": url}})
    assert (result["outcome"], result["status"], result["body"]) == ("challenge", 200, "1158201444")


def test_what_the_test_asked_is_no_page() -> None:
    request = asked(mode="subscribe", challenge="<script>" + "x" * 1_000, verify_token="our words")
    reply = CONNECTOR.reply(request, SOURCE, None)
    assert reply.headers == {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"}
    assert len(reply.body) == 500


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"mode": "subscribe", "challenge": "1"}, 401),
        ({"mode": "subscribe", "challenge": "1", "verify_token": "guessed"}, 403),
        ({"mode": "unsubscribe", "challenge": "1", "verify_token": "our words"}, 403),
        ({"challenge": "1", "verify_token": "our words"}, 403),
    ],
)
def test_a_test_without_our_words_is_refused(query: dict[str, str], status: int) -> None:
    with pytest.raises(Rejected) as caught:
        CONNECTOR.verify(asked(**query), NOW)
    assert caught.value.status == status


def test_a_secret_that_is_being_changed_is_still_good() -> None:
    old = CONNECTOR.model_copy(update={"secrets": CONNECTOR.secrets[1:]})
    CONNECTOR.verify(old.sign(Request("POST", URL, {}, b"{}"), NOW), NOW + timedelta(days=1))


def test_one_message_that_cannot_be_read_keeps_the_others() -> None:
    def message(**parts: Any) -> dict[str, Any]:
        return {"from": "31612345678", "type": "text", "text": {"body": "Goed"}, **parts}

    value = {"messages": [message(), message(id="wamid.2"), "no message", message(id=3)]}
    body = json.dumps({"entry": [{"changes": [{"field": "messages", "value": value}]}]}).encode()
    request = CONNECTOR.sign(Request("POST", URL, {}, body), NOW)
    told = {"method": "POST", "url": URL, "headers": dict(request.headers), "body": body.decode()}
    result = Trial("whatsapp")({"settings": SETTINGS, "request": told})
    assert [event["source_id"] for event in result["events"]] == ["wamid.2"]
    assert len(result["failures"]) == 1
