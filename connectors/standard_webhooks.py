"""Providers that sign as Standard Webhooks (https://www.standardwebhooks.com)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from pydantic import Field, SecretStr, field_validator

from connectors.base import Request, Webhook
from connectors.signatures import standard_webhook_headers, standard_webhook_key, verify_standard_webhook


class StandardWebhook(Webhook):
    """Settings and proof of such a provider."""

    secrets: tuple[SecretStr, ...] = Field(
        description="Secrets 'whsec_…'; the old and the new one while it is changed", min_length=1
    )

    @field_validator("secrets")
    @classmethod
    def _are_keys(cls, secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for secret in secrets:
            standard_webhook_key(secret.get_secret_value())
        return secrets

    def verify(self, request: Request, now: datetime) -> None:
        secrets = [secret.get_secret_value() for secret in self.secrets]
        verify_standard_webhook(request.headers, request.body, secrets, now)

    def sign(self, request: Request, now: datetime) -> Request:
        message_id = request.headers.get("webhook-id") or "msg_" + sha256(request.body).hexdigest()[:24]
        signed = standard_webhook_headers(message_id, request.body, self.secrets[0].get_secret_value(), now)
        return replace(request, headers={**request.headers, **signed})
