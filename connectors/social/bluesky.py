"""Bluesky: posts that mention, answer or quote the town, asked by its API.

https://docs.bsky.app/docs/api/app-bsky-notification-list-notifications

The account logs in with an app password. Notifications come newest first, so a round walks back until what the last
round has told; ten minutes are told again, for what is indexed late. Posts cannot be edited there, and a deleted one
is not told.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from pydantic import Field, SecretStr

from connectors.addresses import ApiUrl
from connectors.base import BadRow, Call, Cursor, Draft, Ignored, Page, Poll, Response, Source
from connectors.errors import Rejected
from connectors.reading import at, dumped, language, moment, order, present, text, whole
from connectors.social.mentions import without_mentions
from schemas.feedback import Channel, Metric

_REASONS: Final = ("mention", "reply", "quote")
_LATE = 600 * 1_000_000  # microseconds that a post may be indexed late


class Bluesky(Poll):
    """Settings of an account at Bluesky."""

    channel: ClassVar[Channel] = Channel.SOCIAL
    documentation: ClassVar[str] = "https://docs.bsky.app/docs/api/app-bsky-notification-list-notifications"
    expired: ClassVar[frozenset[int]] = frozenset({400, 401})

    url: ApiUrl = Field("https://bsky.social", description="The account's server (PDS)")
    identifier: str = Field(description="The account's handle, such as 'waterdam.example.org'", min_length=1)
    app_password: SecretStr = Field(description="An app password, from Settings, Privacy and security")

    def login(self, now: datetime) -> Call:
        body = dumped({"identifier": self.identifier, "password": self.app_password.get_secret_value()})
        headers = {"content-type": "application/json"}
        return Call(f"{self.url}/xrpc/com.atproto.server.createSession", "POST", headers, body)

    def token(self, response: Response) -> str:
        if token := text(response.json(), "accessJwt"):
            return token
        raise Rejected(400, "the answer to the login has no accessJwt")

    def call(self, cursor: Cursor, token: str, now: datetime) -> Call:
        asked: dict[str, Any] = {"limit": 100, **(present(cursor=text(cursor, "page")) or {})}
        address = f"{self.url}/xrpc/app.bsky.notification.listNotifications?{urlencode(asked)}"
        return Call(address, headers={"authorization": f"Bearer {token}"})

    def parse_page(self, response: Response, cursor: Cursor, source: Source, now: datetime) -> Page:
        told = response.json()
        notifications = at(told, "notifications")
        if not isinstance(notifications, list):
            raise Rejected(400, "notifications is no list")
        seen = whole(cursor, "seen") or 0
        indexed = [order(one, "indexedAt") for one in notifications]
        items = [
            Ignored("told in an earlier round") if 0 < when <= seen else _item(number, one, source)
            for number, (one, when) in enumerate(zip(notifications, indexed, strict=True), 1)
        ]
        newest = max([whole(cursor, "newest") or 0, *indexed])
        began = whole(cursor, "began") or order(now)
        further = text(told, "cursor")
        is_over = not notifications or any(0 < when <= seen for when in indexed)
        if further and further != text(cursor, "page") and not is_over:
            return Page(items, {"seen": seen, "newest": newest, "began": began, "page": further}, more=True)
        return Page(items, {"seen": max(seen, min(newest, began - _LATE))})


def _item(number: int, notification: object, source: Source) -> Draft | Ignored | BadRow:
    if text(notification, "reason") not in _REASONS:
        return Ignored("a notification that is no post to the town")
    source_id = text(notification, "uri")
    if source_id is None:
        return BadRow(number, "a notification without a uri", dumped({"notifications": [notification]}))
    words = without_mentions(text(notification, "record", "text") or "")
    if not words:
        return Ignored("a post without words")
    return Draft(
        source_id=source_id,
        answers=[{"metric": Metric.OPEN, "text": words}],
        occurred_at=moment(notification, "indexedAt"),
        language=language(notification, "record", "langs", 0) or source.language,
        subject=present(conversation_id=text(notification, "record", "reply", "root", "uri")),
        person=present(
            user_id=text(notification, "author", "did") or text(notification, "author", "handle"),
            name=text(notification, "author", "displayName"),
        ),
    )
