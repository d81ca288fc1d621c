"""Chatwoot: what citizens write in its chat, and the rating they give after it, by its webhook.

https://www.chatwoot.com/hc/user-guide/articles/1677693021-how-to-use-webhooks

A message is one answer in words. The survey after a conversation (`input_csat`) is a message of its own, which is
updated with `submitted_values` once the citizen has rated, and again once they have said why; its updates carry no
time, so the one that comes last counts. Browser and system come as names, and become client hints.

Newer versions sign: `X-Chatwoot-Signature` is sha256= and the HMAC of the time, a dot and the body. Older ones do not;
then the URL is a secret. Not confirmed on a primary page: the signature (seen in several clients), `browser_language`.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from connectors.base import Draft, Ignored, Item, Question, Request, Source
from connectors.errors import Rejected
from connectors.reading import at, identifier, mapping, moment, order, present, score, text
from connectors.signatures import demand, demand_fresh, header, same
from connectors.unsigned import Unsigned
from schemas.feedback import Channel, Metric

SIGNATURE, TIMESTAMP = "x-chatwoot-signature", "x-chatwoot-timestamp"
_EVENTS = ("message_created", "message_updated")
_INCOMING = ("incoming", 0)
# Systems as Chatwoot names them → as browsers do.
PLATFORMS = {
    "Macintosh": "macOS",
    "iOS (iPhone)": "iOS",
    "iOS (iPad)": "iOS",
    "iOS (iPod)": "iOS",
    "Generic Linux": "Linux",
}


class Chatwoot(Unsigned):
    """Settings of a Chatwoot account or inbox."""

    channel: ClassVar[Channel] = Channel.CHAT
    documentation: ClassVar[str] = "https://www.chatwoot.com/hc/user-guide/articles/1677693021-how-to-use-webhooks"

    proofs: ClassVar[tuple[str, ...]] = ("secrets", *Unsigned.proofs)

    secrets: tuple[SecretStr, ...] = Field(
        (), description="Secrets of the webhook, where Chatwoot signs; the old and the new one while it is changed"
    )
    asks: Question = Field(
        Question(question="satisfied", metric=Metric.CSAT), description="The survey after a conversation, from 1 to 5"
    )
    survey: str | None = Field(None, description="Id of the survey")

    @property
    def has_other_proof(self) -> bool:
        return bool(self.secrets)

    def verify(self, request: Request, now: datetime) -> None:
        if not self.has_other_proof:
            return super().verify(request, now)
        given, timestamp = header(request.headers, SIGNATURE), header(request.headers, TIMESTAMP)
        demand(same(given, [_signature(secret, timestamp, request.body) for secret in self.secrets]))
        demand_fresh(timestamp, now)

    def sign(self, request: Request, now: datetime) -> Request:
        if not self.has_other_proof:
            return super().sign(request, now)
        timestamp = str(int(now.timestamp()))
        signed = {TIMESTAMP: timestamp, SIGNATURE: _signature(self.secrets[0], timestamp, request.body)}
        return replace(request, headers={**request.headers, **signed})

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        told = request.json()
        event = text(told, "event")
        if event not in _EVENTS:
            return [Ignored("an event that is no message")]
        source_id = identifier(told, "id")
        if source_id is None:
            raise Rejected(400, "id is missing")
        if text(told, "content_type") == "input_csat":
            return [self._rating(source_id, told, source, now)]
        if at(told, "private") is True:
            return [Ignored("a private note")]
        if at(told, "message_type") not in _INCOMING or isinstance(at(told, "message_type"), bool):
            return [Ignored("a message of the town's")]
        if at(told, "content_attributes", "deleted") is True:
            return [Draft(source_id=source_id, order=order(now), authority="withdrawn")]
        words = text(told, "content")
        if event != "message_created" or words is None:
            return [Ignored("an update, or a message without words")]
        answer = {"metric": Metric.OPEN, "text": words}
        return [replace(self._draft(source_id, told, source), answers=[answer], occurred_at=_time(told))]

    def _rating(self, source_id: str, told: object, source: Source, now: datetime) -> Item:
        values = mapping(told, "content_attributes", "submitted_values") or mapping(told, "submitted_values")
        given = mapping(values, "csat_survey_response")
        answer = self.asks.answer(score=score(given, "rating"), text=text(given, "feedback_message"))
        if not answer.keys() & {"score", "text"}:
            return Ignored("a rating that is not given yet")
        draft = self._draft(source_id, told, source)
        return replace(draft, answers=[answer], order=order(now), survey=present(id=self.survey))

    def _draft(self, source_id: str, told: object, source: Source) -> Draft:
        conversation = mapping(told, "conversation")
        about = mapping(conversation, "additional_attributes")
        # Their documentation has the citizen as `contact` and an agent as `sender`; what is sent has the former alone.
        sender = mapping(conversation, "meta", "sender") or mapping(told, "contact") or mapping(told, "sender")
        return Draft(
            source_id=source_id,
            language=(text(about, "browser_language") or "").partition("-")[0].lower() or source.language,
            subject=present(
                conversation_id=identifier(conversation, "id") or identifier(conversation, "display_id"),
                page_url=text(about, "referer"),
            ),
            client=_client(mapping(about, "browser")),
            person=present(
                name=text(sender, "name"),
                email=text(sender, "email"),
                phone=text(sender, "phone_number"),
                user_id=identifier(sender, "identifier"),
            ),
        )


def _client(browser: Mapping[str, Any]) -> dict[str, Any] | None:
    """Browser and system, which come as names, as the hints in which browsers tell the same."""
    known = {name: found for name in browser if (found := text(browser, name)) and not found.startswith("Unknown")}
    name, platform = known.get("browser_name", "").replace('"', ""), known.get("platform_name", "")
    hints = present(
        **{
            "sec-ch-ua-full-version-list": name and f'"{name}";v="{known.get("browser_version", "")}"',
            "sec-ch-ua-platform": PLATFORMS.get(platform, platform),
            "sec-ch-ua-platform-version": known.get("platform_version"),
            "sec-ch-ua-model": known.get("device_name"),
        }
    )
    return present(client_hints=hints)


def _time(told: object) -> datetime | str | None:
    """When it was written: older versions end it in 'UTC'."""
    found = moment(told, "created_at")
    return found.removesuffix(" UTC") + "Z" if isinstance(found, str) and found.endswith(" UTC") else found


def _signature(secret: SecretStr, timestamp: str, body: bytes) -> str:
    signed = timestamp.encode("utf-8", "surrogateescape") + b"." + body
    return "sha256=" + hmac.digest(secret.get_secret_value().encode(), signed, sha256).hex()
