"""What all of Meta's webhooks have in common: the test of the URL, and the signature.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode, urlsplit

from pydantic import Field, SecretStr

from connectors import reading
from connectors.base import Challenge, Reply, Request, Source, Webhook
from connectors.errors import Rejected
from connectors.signatures import demand, header, same

SIGNATURE = "x-hub-signature-256"
_LONGEST_CHALLENGE = 500


class Meta(Webhook):
    """Settings and proof of an app at Meta. Its signature covers the body and no time: identity absorbs a repeat."""

    secrets: tuple[SecretStr, ...] = Field(
        description="App secret; the old and the new one while it is changed", min_length=1
    )
    verify_token: SecretStr = Field(description="What was filled in at Meta as 'Verify token' beside the URL")

    def verify(self, request: Request, now: datetime) -> None:
        if request.method == "GET":
            given = request.query.get("hub.verify_token", "")
            if not given:
                raise Rejected(401, "hub.verify_token is missing")
            demand(request.query.get("hub.mode") == "subscribe" and same(given, [self.verify_token.get_secret_value()]))
            return
        given = header(request.headers, SIGNATURE)
        demand(same(given, [_signature(secret.get_secret_value(), request.body) for secret in self.secrets]))

    def sign(self, request: Request, now: datetime) -> Request:
        if request.method == "GET":
            parts = urlsplit(request.url)
            query = request.query | {"hub.verify_token": self.verify_token.get_secret_value()}
            return replace(request, url=parts._replace(query=urlencode(query)).geturl())
        signature = _signature(self.secrets[0].get_secret_value(), request.body)
        return replace(request, headers={**request.headers, SIGNATURE: signature})

    def reply(self, request: Request, source: Source, session: str | None) -> Reply:
        if request.method != "GET":
            return Reply()
        challenge = request.query.get("hub.challenge", "")[:_LONGEST_CHALLENGE]
        # As plain text that no browser takes for a page: who knows the token could else write one here.
        headers = {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"}
        return Reply(200, challenge.encode("utf-8", "replace"), headers)


def challenged(request: Request) -> list[Challenge]:
    """The item of Meta's test of the URL; none where it is a post."""
    return [Challenge("Meta's test of the URL")] if request.method == "GET" else []


def changes(request: Request) -> Sequence[Any]:
    """The changes of all entries of a post, in order. Rejected (400) where it is no post of Meta's."""
    told = request.json()
    if not isinstance(told, dict) or not isinstance(told.get("entry"), list):
        raise Rejected(400, "entry is no list")
    return [change for entry in told["entry"] for change in reading.listed(entry, "changes")]


def _signature(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.digest(secret.encode(), body, sha256).hex()
