"""Mastodon: posts that mention the town's account, asked by its API (https://docs.joinmastodon.org/methods/notifications/).

Forward by `min_id`, a page of 40 at a time; what was published in the last minute of a round is asked for again in the
next one, since ids are not always seen in their order. An edit is told only where the town has boosted the post, so
what counts is the text at the time of asking; what was deleted before is not told at all.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from urllib.parse import urlencode

from pydantic import Field, SecretStr

from connectors.addresses import ApiUrl
from connectors.base import BadRow, Call, Cursor, Draft, Ignored, Page, Poll, Response, Source
from connectors.errors import Rejected
from connectors.html_text import html_to_text
from connectors.reading import dumped, identifier, language, moment, order, present, text
from connectors.social.mentions import without_mentions
from schemas.feedback import Channel, Metric

_LIMIT = 40
_SETTLED = 60  # seconds after which ids come in order


class Mastodon(Poll):
    """Settings of an account at a Mastodon server."""

    channel: ClassVar[Channel] = Channel.SOCIAL
    documentation: ClassVar[str] = "https://docs.joinmastodon.org/methods/notifications/"
    pause: ClassVar[float] = 1.0  # 300 calls in five minutes

    url: ApiUrl = Field(description="The server, such as 'https://social.example.org'")
    access_token: SecretStr = Field(description="Access token of the account, with the scope read:notifications")

    def call(self, cursor: Cursor, token: str, now: datetime) -> Call:
        asked = {"types[]": "mention", "limit": _LIMIT, "min_id": _id(cursor, "after") or _id(cursor, "min_id")}
        headers = {"authorization": f"Bearer {self.access_token.get_secret_value()}"}
        return Call(f"{self.url}/api/v1/notifications?{urlencode(asked)}", headers=headers)

    def parse_page(self, response: Response, cursor: Cursor, source: Source, now: datetime) -> Page:
        told = response.json()
        if not isinstance(told, list):
            raise Rejected(400, "the page is no list")
        items = [_item(number, notification, source) for number, notification in enumerate(told, 1)]
        start, limit = _id(cursor, "min_id"), order(now) - _SETTLED * 1_000_000
        settled = max([start, *(_id(one) for one in told if 0 < order(one, "created_at") < limit)])
        after = max([_id(cursor, "after"), *map(_id, told)])
        if len(told) >= _LIMIT and after != _id(cursor, "after"):
            return Page(items, {"min_id": settled, "after": after}, more=True)
        return Page(items, {"min_id": settled})


def _id(told: object, name: str = "id") -> int:
    number = identifier(told, name) or ""
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 30 else 0


def _item(number: int, notification: object, source: Source) -> Draft | Ignored | BadRow:
    kind = text(notification, "type")
    if kind is not None and kind != "mention":
        return Ignored("a notification that is no mention")
    source_id = identifier(notification, "status", "id")
    if source_id is None:
        return BadRow(number, "a mention without the id of a status", dumped([notification]))
    words = without_mentions(html_to_text(text(notification, "status", "content") or ""))
    if not words:
        return Ignored("a mention without words")
    account = text(notification, "account", "acct") or text(notification, "status", "account", "acct")
    return Draft(
        source_id=source_id,
        order=order(notification, "status", "edited_at"),
        answers=[{"metric": Metric.OPEN, "text": words}],
        occurred_at=moment(notification, "status", "created_at") or moment(notification, "created_at"),
        language=language(notification, "status", "language") or source.language,
        subject=present(conversation_id=identifier(notification, "status", "in_reply_to_id")),
        person=present(user_id=account, name=text(notification, "account", "display_name")),
    )
