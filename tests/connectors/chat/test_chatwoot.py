"""The signature of Chatwoot, and the hints that its names of browsers become."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from connectors.base import Draft, Request
from connectors.chat.chatwoot import Chatwoot
from connectors.errors import Misconfigured, Rejected
from connectors.registry import configured
from tests.providers import source_of

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)
BODY = b"""{"event": "message_created", "id": 1, "message_type": "incoming", "content": "Hallo", "conversation":
{"additional_attributes": {"browser": {"browser_name": "Firefox", "browser_version": "132.0",
"platform_name": "Windows", "platform_version": "10.0"}}}}"""


def test_a_signature_is_of_time_and_body_and_grows_stale() -> None:
    connector = Chatwoot(secrets=(SecretStr("new"), SecretStr("old")))
    signed = connector.sign(Request("POST", "https://x.example/v1/a/b", {}, BODY), NOW)
    connector.verify(signed, NOW + timedelta(minutes=4))
    for away in (timedelta(minutes=6), -timedelta(minutes=6)):
        with pytest.raises(Rejected):
            connector.verify(signed, NOW + away)
    with pytest.raises(Rejected):
        connector.verify(replace(signed, headers={**signed.headers, "x-chatwoot-timestamp": "1793613700"}), NOW)
    Chatwoot(secrets=(SecretStr("old"), SecretStr("new"))).verify(signed, NOW)


def test_one_that_signs_is_not_called_without_a_signature() -> None:
    connector = Chatwoot(secrets=(SecretStr("new"),), path_secrets=(SecretStr("path"),))
    with pytest.raises(Rejected) as caught:
        connector.verify(Request("POST", "https://x.example/v1/a/b/path", {}, BODY), NOW)
    assert caught.value.status == 401


def test_names_of_browser_and_system_become_client_hints() -> None:
    connector = Chatwoot(secrets=(SecretStr("new"),))
    (item,) = connector.parse(Request("POST", "https://x.example", {}, BODY), source_of("chatwoot"), NOW)
    assert isinstance(item, Draft)
    assert item.client == {
        "client_hints": {
            "sec-ch-ua-full-version-list": '"Firefox";v="132.0"',
            "sec-ch-ua-platform": "Windows",
            "sec-ch-ua-platform-version": "10.0",
        }
    }


def test_one_that_proves_nothing_is_told_what_would() -> None:
    with pytest.raises(Misconfigured, match="set secrets or path_secrets or passwords"):
        configured("chatwoot", {})
