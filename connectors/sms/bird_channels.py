"""Bird Channels: messages to a channel of a Bird workspace, by SMS, WhatsApp or another.

https://docs.bird.com/api/channels-api/supported-channels/programmable-sms/receiving-messages; proofs:
https://docs.bird.com/api/notifications-api/api-reference/webhook-subscriptions/verifying-a-webhook-subscription
The signature is HMAC-SHA256 over the time, the URL and the SHA-256 of the body (its bytes), a line each.

What a message is, and which of them are one answer, `connectors/dialogue.py` tells. Not confirmed on a primary page:
the wrapper `service`, `event`, `payload` round the message; it is read with and without. E-mail and voice channels are
not read: their bodies are no `text`.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import ClassVar

from pydantic import Field, SecretStr

from connectors import reading
from connectors.base import Draft, Ignored, Item, Question, Request, Source, Webhook
from connectors.dialogue import item_of
from connectors.errors import Rejected
from connectors.signatures import demand, demand_fresh, header, same
from schemas.feedback import Channel

SIGNATURE = "messagebird-signature"
TIMESTAMP = "messagebird-request-timestamp"


class BirdChannels(Webhook):
    """Settings of a webhook subscription to a channel."""

    channel: ClassVar[Channel] = Channel.SMS
    documentation: ClassVar[str] = "https://docs.bird.com/api/notifications-api"

    secrets: tuple[SecretStr, ...] = Field(
        description="Signing key of the subscription; the old and the new one while it is changed", min_length=1
    )
    asks: Question = Field(Question(), description="The question that a message of only a number answers, if any")
    survey: str | None = Field(None, description="Id of the survey")

    def verify(self, request: Request, now: datetime) -> None:
        given, timestamp = header(request.headers, SIGNATURE), header(request.headers, TIMESTAMP)
        demand(same(given, [_signature(secret.get_secret_value(), timestamp, request) for secret in self.secrets]))
        demand_fresh(timestamp, now)

    def sign(self, request: Request, now: datetime) -> Request:
        timestamp = str(int(now.timestamp()))
        signature = _signature(self.secrets[0].get_secret_value(), timestamp, request)
        return replace(request, headers={**request.headers, SIGNATURE: signature, TIMESTAMP: timestamp})

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        told = request.json()
        message = reading.mapping(told, "payload") or reading.mapping(told)
        if message.get("direction") != "incoming":
            return [Ignored("no message to us")]
        source_id = reading.identifier(message, "id")
        if source_id is None:
            raise Rejected(400, "the id of the message is missing")
        contact = reading.mapping(message, "sender", "contact")
        identifier = reading.identifier(contact, "identifierValue")
        has_number = contact.get("identifierKey") in (None, "phonenumber")
        draft = Draft(
            source_id=source_id,
            occurred_at=reading.moment(message, "createdAt"),
            language=source.language,
            survey=reading.present(id=self.survey),
            person=reading.present(
                phone=identifier if has_number else None, name=reading.text(contact, "annotations", "name")
            ),
        )
        return [item_of(_words(message), identifier or reading.identifier(contact, "id"), self.asks, draft)]


def _words(message: object) -> str | None:
    """The text, or what a picture says beneath it."""
    texts = (reading.text(message, "body", kind, "text") for kind in ("text", "image", "file"))
    return next((text for text in texts if text), None)


def _signature(secret: str, timestamp: str, request: Request) -> str:
    head = f"{timestamp}\n{request.url}\n".encode("utf-8", "surrogateescape")
    return b64encode(hmac.digest(secret.encode(), head + sha256(request.body).digest(), sha256)).decode()
