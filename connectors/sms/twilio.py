"""Twilio SMS: what citizens send to the town's number (https://www.twilio.com/docs/messaging/guides/webhook-request).

One message is one answer: its words, or a score where the town asks for one and the message is only a number. Twilio
sends no time of its own, so the time of receipt counts. Both methods that Twilio offers, POST and GET, are read.
A message without words (a picture) is no answer. `OptOutType`, sent where the town uses Twilio's Advanced Opt-Out, is
not confirmed on a primary page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr

from connectors.base import Draft, Ignored, Item, Question, Reply, Request, Source, Webhook
from connectors.errors import Rejected
from connectors.signatures import demand, header, same, twilio_signature
from schemas.feedback import Channel

SIGNATURE = "x-twilio-signature"
_FORM = "application/x-www-form-urlencoded"
_NUMBER = re.compile(r"\s*([0-9]{1,3})\s*[.!]?\s*")
_NO_ANSWER = Reply(200, b'<?xml version="1.0" encoding="UTF-8"?><Response/>', {"content-type": "text/xml"})


class TwilioSms(Webhook):
    """Settings of a Twilio number or messaging service."""

    channel: ClassVar[Channel] = Channel.SMS
    documentation: ClassVar[str] = "https://www.twilio.com/docs/usage/security"

    auth_tokens: tuple[SecretStr, ...] = Field(
        description="Auth token of the account; the old and the new one while it is changed", min_length=1
    )
    asks: Question = Field(Question(), description="The question that a message of only a number answers, if any")
    survey: str | None = Field(None, description="Id of the survey")

    def verify(self, request: Request, now: datetime) -> None:
        given = header(request.headers, SIGNATURE)
        if (body_hash := request.query.get("bodySHA256")) is not None:
            # Anything but a form is signed by its hash in the URL.
            demand(same(sha256(request.body).hexdigest(), [body_hash]))
        form = request.form_fields if request.media_type == _FORM else []
        demand(
            any(
                same(given, [twilio_signature(token.get_secret_value(), url, form) for token in self.auth_tokens])
                for url in _spellings(request.url)
            )
        )

    def sign(self, request: Request, now: datetime) -> Request:
        form = request.form_fields if request.media_type == _FORM else []
        signature = twilio_signature(self.auth_tokens[0].get_secret_value(), request.url, form)
        return replace(request, headers={**request.headers, SIGNATURE: signature})

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        given = request.query if request.method == "GET" else request.form
        if "MessageStatus" in given:
            return [Ignored("a delivery status")]
        if given.get("OptOutType"):
            return [Ignored("opting in or out")]
        source_id = given.get("MessageSid") or given.get("SmsSid")
        if not source_id:
            raise Rejected(400, "MessageSid is missing")
        text = given.get("Body", "").strip()
        if not text:
            return [Ignored("a message without words")]
        return [
            Draft(
                source_id=source_id,
                answers=[self._answer(text)],
                language=source.language,
                survey={"id": self.survey} if self.survey else None,
                person={"phone": given.get("From")},
            )
        ]

    def reply(self, request: Request, source: Source, session: str | None) -> Reply:
        return _NO_ANSWER

    def _answer(self, text: str) -> dict[str, object]:
        number = _NUMBER.fullmatch(text)
        if number is None or self.asks.scale is None:
            return self.asks.words(text)
        score = int(number[1])
        on_scale = self.asks.scale.min <= score <= self.asks.scale.max
        return self.asks.answer(score=score, text=None if on_scale else text)


def _spellings(url: str) -> Iterator[str]:
    """The URL, and the same without or with its scheme's own port: Twilio does not always sign the one it calls."""
    yield url
    parts = urlsplit(url)
    default = {"https": "443", "http": "80"}.get(parts.scheme)
    host, colon, port = parts.netloc.partition(":")
    if default and not colon:
        yield urlunsplit(parts._replace(netloc=f"{host}:{default}"))
    elif port == default:
        yield urlunsplit(parts._replace(netloc=host))
