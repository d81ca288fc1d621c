"""Comments on the town's page at Facebook: changes of its `feed`, by webhook.

https://developers.facebook.com/docs/graph-api/webhooks/reference/page/#feed

A comment that was edited is the same answer with a later order, and one that was removed is withdrawn. What the page
itself posts or answers is none, nor is a reaction. Not confirmed on a primary page: the names of the verbs (add,
edited, remove; hide and unhide change nothing), and that `time` of the entry is that of the change.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from connectors.base import Draft, Ignored, Item, Request, Source
from connectors.errors import Rejected
from connectors.meta import Meta, challenged
from connectors.reading import at, identifier, listed, mapping, moment, order, present, text
from schemas.feedback import Channel, Metric

ADDED, EDITED, REMOVED = "add", ("edited", "edit"), ("remove", "delete")


class MetaPage(Meta):
    """Settings of an app at Meta that follows the page."""

    channel: ClassVar[Channel] = Channel.SOCIAL
    documentation: ClassVar[str] = "https://developers.facebook.com/docs/graph-api/webhooks/reference/page/"

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        if challenge := challenged(request):
            return [*challenge]
        told = request.json()
        if not isinstance(at(told, "entry"), list):
            raise Rejected(400, "entry is no list")
        items: list[Item] = []
        for entry in listed(told, "entry"):
            page, time = identifier(entry, "id"), order(entry, "time")
            items += [_item(change, page, time, source) for change in listed(entry, "changes")]
        return items or [Ignored("no change of the feed")]


def _item(change: object, page: str | None, time: int, source: Source) -> Item:
    value, verb = mapping(change, "value"), text(change, "value", "verb")
    if text(change, "field") != "feed" or text(value, "item") != "comment":
        return Ignored("a change that is no comment")
    writer = identifier(value, "from", "id")
    if writer is not None and writer == page:
        return Ignored("a comment of the page itself")
    source_id = identifier(value, "comment_id")
    # An edit in the same second is later.
    later = time + (verb in EDITED)
    if verb in REMOVED:
        return Draft(source_id=source_id, order=later, authority="withdrawn")
    words = text(value, "message")
    if verb not in (ADDED, *EDITED) or (words is None and verb == ADDED):
        return Ignored("a change of a comment that leaves its words, or one without words")
    return Draft(
        source_id=source_id,
        order=later,
        answers=[{"metric": Metric.OPEN, "text": words}] if words else [],
        occurred_at=moment(value, "created_time"),
        language=source.language,
        subject=present(conversation_id=identifier(value, "post_id")),
        person=present(user_id=writer, name=text(value, "from", "name")),
    )
