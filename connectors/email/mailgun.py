"""Mailgun: what a route's forward() posts (https://documentation.mailgun.com, "Receiving Messages via HTTP").

A form, multipart where the mail has attachments, with the mail taken apart (`body-plain`, `message-headers`), or whole
as `body-mime` where the URL ends in 'mime'. `signature` is the hex HMAC-SHA256 of `timestamp` and `token`, so it covers
no more than these two. They are therefore the answer's time and id: who has seen one signature can make no second
answer with it, nor date one back. Our own cutting is used on `body-plain`, not Mailgun's `stripped-text`, which is made
for English. Each header of the mail is also a field of its own, and counts where `message-headers` has none.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlencode

from pydantic import Field, SecretStr

from connectors.base import Ignored, Item, Request, Source, Webhook
from connectors.email.answers import Answers
from connectors.email.message import Message, is_shown, kind_of, of_parts, read
from connectors.errors import Rejected
from connectors.html_text import html_to_text
from connectors.multipart import MULTIPART, FormPart, form_parts
from connectors.reading import loaded, mapping, moment, text
from connectors.signatures import demand, demand_fresh, same
from schemas.feedback import Channel

_JSON = "application/json"
_PROOF = ("timestamp", "token", "signature")


class Mailgun(Answers, Webhook):
    """Settings of a Mailgun account."""

    channel: ClassVar[Channel] = Channel.EMAIL
    documentation: ClassVar[str] = (
        "https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store/receive-http"
    )

    secrets: tuple[SecretStr, ...] = Field(
        description="HTTP webhook signing key; the old and the new one while it is changed", min_length=1
    )

    def verify(self, request: Request, now: datetime) -> None:
        timestamp, token, signature = _proof(request)
        if not signature:
            raise Rejected(401, "the field signature is missing")
        demand(same(signature, [_signature(secret, timestamp, token) for secret in self.secrets]))
        demand_fresh(timestamp, now)

    def sign(self, request: Request, now: datetime) -> Request:
        token = _proof(request)[1] or hashlib.sha256(request.body).hexdigest()[:50]
        timestamp = str(int(now.timestamp()))
        proof = {"timestamp": timestamp, "token": token, "signature": _signature(self.secrets[0], timestamp, token)}
        if request.media_type == _JSON:
            return replace(request, body=json.dumps({**mapping(loaded(request.body)), "signature": proof}).encode())
        if request.media_type != MULTIPART:
            return replace(request, body=urlencode(proof).encode() + b"&" + request.body)
        boundary = request.headers["content-type"].partition("boundary=")[2].strip('"')
        parts = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in proof.items()
        )
        return replace(request, body="".join(parts).encode() + request.body)

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        parts = [] if request.media_type == _JSON else form_parts(request)
        if any(part.name.startswith(("body-", "stripped-")) for part in parts):
            return [self._item(parts, source)]
        if request.media_type == _JSON or any(part.name == "event" for part in parts):
            return [Ignored("a delivery status")]
        raise Rejected(400, "neither body-plain nor body-mime is there")

    def _item(self, parts: Sequence[FormPart], source: Source) -> Item:
        given = {part.name: part.text for part in reversed(parts) if not part.is_file}
        answer = self.answer_of(_message(given, parts), source)
        if isinstance(answer, Ignored):
            return answer
        return replace(
            answer,
            source_id=given.get("token"),
            occurred_at=moment(given, "timestamp"),
            occurred_at_from="transport",
        )


def _proof(request: Request) -> tuple[str, str, str]:
    """Timestamp, token and signature, empty where missing; of a field that is there twice the first counts."""
    try:
        if request.media_type == _JSON:  # events are posted so, should they come to this URL
            told = loaded(request.body)
            given = {name: text(told, "signature", name) or "" for name in _PROOF}
        else:
            given = {part.name: part.text for part in reversed(form_parts(request)) if part.name in _PROOF}
    except Rejected:
        given = {}
    return given.get("timestamp", ""), given.get("token", ""), given.get("signature", "")


def _signature(secret: SecretStr, timestamp: str, token: str) -> str:
    return hmac.digest(secret.get_secret_value().encode(), (timestamp + token).encode(), hashlib.sha256).hex()


def _message(given: Mapping[str, str], parts: Sequence[FormPart]) -> Message:
    mime = next((part.content for part in parts if part.name == "body-mime"), None)
    headers = [("subject", given.get("subject", "")), ("from", given.get("from") or given.get("sender", ""))]
    headers += [(name, value) for name, value in given.items() if name[:1].isupper()]
    if mime is not None:
        return read(mime, behind=headers, envelope_sender=given.get("sender"), recipients=[given.get("recipient", "")])
    html = given.get("body-html", "")
    ids = mapping(loaded(given.get("content-id-map", "").encode()))
    shown = [name for content_id, name in ids.items() if is_shown(content_id, html)]
    files = [part for part in parts if part.is_file]
    return of_parts(
        [*_headers(given.get("message-headers", "")), *headers],
        text=given.get("body-plain", "").strip() or html_to_text(html) or given.get("stripped-text", ""),
        attachments=sum(part.name not in shown for part in files),
        content_types=[kind_of(part.content_type, part.content) for part in files],
        envelope_sender=given.get("sender"),
        recipients=[given.get("recipient", "")],
    )


def _headers(told: str) -> list[tuple[str, str]]:
    listed = loaded(told.encode())
    pairs = [pair for pair in listed if isinstance(pair, list) and len(pair) == 2] if isinstance(listed, list) else []
    return [(name, value) for name, value in pairs if isinstance(name, str) and isinstance(value, str)]
