"""What Twilio's messages and calls have in common: how they prove themselves, and how their fields are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr

from connectors.base import FORM, Reply, Request, Webhook
from connectors.errors import Rejected
from connectors.signatures import demand, header, same, twilio_signature

SIGNATURE = "x-twilio-signature"
# Numbers that spell ANONYMOUS, RESTRICTED, BLOCKED, UNAVAILABLE and UNKNOWN on a keypad: who hides theirs is nobody.
_NOBODY = {"+266696687", "+7378742833", "+2562533", "+86282452253", "+8656696", "anonymous"}
_BODY_HASH = "bodySHA256"


class Twilio(Webhook):
    """Settings and proof of an account (https://www.twilio.com/docs/usage/security)."""

    auth_tokens: tuple[SecretStr, ...] = Field(
        description="Auth token of the account; the old and the new one while it is changed", min_length=1
    )

    def verify(self, request: Request, now: datetime) -> None:
        given = header(request.headers, SIGNATURE)
        body_hash = request.query.get(_BODY_HASH)
        if body_hash is not None or not (_is_form(request) or request.body == b""):
            # Anything but a form is signed by its hash in the URL, and what is not signed is nobody's.
            demand(same(sha256(request.body).hexdigest(), [body_hash or ""]))
        form = request.form_fields if _is_form(request) else []
        demand(
            any(
                same(given, [twilio_signature(token.get_secret_value(), url, form) for token in self.auth_tokens])
                for url in _spellings(request.url)
            )
        )

    def sign(self, request: Request, now: datetime) -> Request:
        form, url = request.form_fields if _is_form(request) else [], request.url
        if request.body and not _is_form(request):
            parts = urlsplit(url)
            others = [part for part in parts.query.split("&") if part and not part.startswith(f"{_BODY_HASH}=")]
            hashed = f"{_BODY_HASH}={sha256(request.body).hexdigest()}"
            url = urlunsplit(parts._replace(query="&".join([*others, hashed])))
        signature = twilio_signature(self.auth_tokens[0].get_secret_value(), url, form)
        return replace(request, url=url, headers={**request.headers, SIGNATURE: signature})


def given_in(request: Request) -> dict[str, str]:
    """The fields of a request's URL, its form, or (as Studio may post them) its JSON. Rejected where it is none."""
    if request.method == "GET":
        return request.query
    if _is_form(request):
        return request.form
    told = request.json()
    if not isinstance(told, dict):
        raise Rejected(400, "the body is no JSON object")
    return {name: str(value) for name, value in told.items() if isinstance(value, str | int | float)}


def _is_form(request: Request) -> bool:
    return request.media_type == FORM or (not request.media_type and _BODY_HASH not in request.query)


def caller(given: dict[str, str]) -> str | None:
    """The number a message or call comes from, where it does not hide."""
    number = given.get("From", "")
    return None if number.lower() in _NOBODY else number or None


def twiml(content: str = "") -> Reply:
    """An answer in Twilio's own words (https://www.twilio.com/docs/voice/twiml); the content is XML already."""
    body = f'<?xml version="1.0" encoding="UTF-8"?><Response>{content}</Response>'
    return Reply(200, body.encode(), {"content-type": "text/xml"})


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
