"""MessageBird, the classic APIs: messages of a conversation, by SMS or another of its channels.

https://developers.messagebird.com/api/conversations/#webhooks; proofs: https://developers.messagebird.com/docs/verify-http-requests
A proof is a JWT over the URL and the body, good for a short time. Its `jti` is not remembered: within that time a
message that is repeated is the same answer by its id.

What a message is, and which of them are one answer, `connectors/dialogue.py` tells. The sender is the `from` of the
message, else the number of its contact, else the conversation. Not confirmed on a primary page: `from` in a webhook,
and the content of a reply by a button (its label is taken).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar

import jwt
from jwt.warnings import InsecureKeyLengthWarning
from pydantic import Field, SecretStr

from connectors import reading
from connectors.base import Draft, Ignored, Item, Question, Request, Source, Webhook
from connectors.dialogue import item_of
from connectors.errors import Rejected
from connectors.signatures import demand, header, same
from schemas.feedback import Channel

SIGNATURE = "messagebird-signature-jwt"
_ISSUER = "MessageBird"
_ALGORITHMS = ("HS256", "HS384", "HS512")
_LEEWAY_SECONDS = 1
_GOOD_FOR_SECONDS = 60
# Times are compared with the clock that was given, not with the library's.
_OPTIONS: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["iss", "nbf", "exp"]}


class MessageBird(Webhook):
    """Settings of a MessageBird account."""

    channel: ClassVar[Channel] = Channel.SMS
    documentation: ClassVar[str] = "https://developers.messagebird.com/docs/verify-http-requests"

    secrets: tuple[SecretStr, ...] = Field(
        description="Signing key of the account (no API key); the old and the new one while it is changed", min_length=1
    )
    asks: Question = Field(Question(), description="The question that a message of only a number answers, if any")
    survey: str | None = Field(None, description="Id of the survey")

    def verify(self, request: Request, now: datetime) -> None:
        claims = self._claims(header(request.headers, SIGNATURE))
        moment = now.timestamp()
        from_, until = claims.get("nbf"), claims.get("exp")
        demand(isinstance(from_, int | float) and from_ - _LEEWAY_SECONDS <= moment)
        demand(isinstance(until, int | float) and moment <= until + _LEEWAY_SECONDS)
        demand(same(str(claims.get("url_hash")), [_hash(request.url.encode("utf-8", "surrogateescape"))]))
        if request.body or "payload_hash" in claims:
            demand(same(str(claims.get("payload_hash")), [_hash(request.body)]))

    def sign(self, request: Request, now: datetime) -> Request:
        start, body_hash = int(now.timestamp()), _hash(request.body)
        claims = {
            "iss": _ISSUER,
            "nbf": start,
            "exp": start + _GOOD_FOR_SECONDS,
            "jti": body_hash[:32],
            "url_hash": _hash(request.url.encode("utf-8", "surrogateescape")),
            **({"payload_hash": body_hash} if request.body else {}),
        }
        with _whatever_length_of_key():
            token = jwt.encode(claims, self.secrets[0].get_secret_value(), "HS256")
        return replace(request, headers={**request.headers, SIGNATURE: token})

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        told = request.json()
        if reading.text(told, "type") != "message.created":
            return [Ignored("no new message")]
        message = reading.mapping(told, "message")
        if message.get("direction") != "received":
            return [Ignored("a message of our own")]
        source_id = reading.identifier(message, "id")
        if source_id is None:
            raise Rejected(400, "the id of the message is missing")
        number = reading.identifier(message, "from") or reading.identifier(told, "contact", "msisdn")
        draft = Draft(
            source_id=source_id,
            occurred_at=reading.moment(message, "createdDatetime"),
            language=source.language,
            survey=reading.present(id=self.survey),
            subject=reading.present(conversation_id=reading.text(message, "conversationId")),
            person=reading.present(phone=_international(number)),
        )
        sender = number or reading.text(message, "conversationId")
        return [item_of(_words(message), sender, self.asks, draft)]

    def _claims(self, token: str) -> dict[str, Any]:
        with _whatever_length_of_key():
            for secret in self.secrets:
                try:
                    return jwt.decode(token, secret.get_secret_value(), _ALGORITHMS, _OPTIONS, issuer=_ISSUER)
                except (jwt.PyJWTError, ValueError, RecursionError):
                    continue
        raise Rejected(403, "the signature is not valid")


@contextmanager
def _whatever_length_of_key() -> Iterator[None]:
    """Without a warning that a key is short: MessageBird decides how long it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InsecureKeyLengthWarning)
        yield


def _words(message: object) -> str | None:
    said = (("text",), ("interactive", "reply", "text"), *((kind, "caption") for kind in ("image", "video", "file")))
    return next((found for path in said if (found := reading.text(message, "content", *path))), None)


def _international(number: str | None) -> str | None:
    """A number with its +, which MessageBird leaves out of a contact's."""
    return f"+{number}" if number and number.isdecimal() and not number.startswith("0") else number


def _hash(content: bytes) -> str:
    return sha256(content).hexdigest()
