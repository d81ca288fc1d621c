"""Providers that sign as Standard Webhooks (https://www.standardwebhooks.com)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from connectors.base import Request, Webhook
from connectors.signatures import standard_webhook_headers, standard_webhook_key, verify_standard_webhook


def _are_keys(secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    for secret in secrets:
        standard_webhook_key(secret.get_secret_value())
    return secrets


Secrets = Annotated[tuple[SecretStr, ...], AfterValidator(_are_keys)]
"""Secrets 'whsec_…'; several while one is changed."""


def verify(request: Request, secrets: Sequence[SecretStr], now: datetime) -> None:
    """Rejected (401, 403) unless it is signed with one of the secrets, and fresh."""
    known = [secret.get_secret_value() for secret in secrets]
    verify_standard_webhook(request.headers, request.body, known, now)


def signed(request: Request, secrets: Sequence[SecretStr], now: datetime) -> Request:
    """The request, signed with the first of the secrets; one without `webhook-id` gets that of its body."""
    message_id = request.headers.get("webhook-id") or "msg_" + sha256(request.body).hexdigest()[:24]
    proof = standard_webhook_headers(message_id, request.body, secrets[0].get_secret_value(), now)
    return replace(request, headers={**request.headers, **proof})


class StandardWebhook(Webhook):
    """Settings and proof of such a provider."""

    secrets: Secrets = Field(description="Secrets 'whsec_…'; the old and the new one while it is changed", min_length=1)

    def verify(self, request: Request, now: datetime) -> None:
        verify(request, self.secrets, now)

    def sign(self, request: Request, now: datetime) -> Request:
        return signed(request, self.secrets, now)
