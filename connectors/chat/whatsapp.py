"""WhatsApp Cloud API: what citizens write to the town's number.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
One post may bring several messages, and statuses. What a message is, and which of them are one answer,
`connectors/dialogue.py` tells. A button or a row of a list that was tapped counts as its label, or as its id where the
town asks for a score and the id is a number. The words beneath a picture count. The sender is known by `from_user_id`
(the business-scoped id, https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids)
or by the telephone number in `from`; since 2026 either may be absent. A message that was taken back (`revoke`)
withdraws the answer that it began; one that was changed (`edit`, which Meta sends to some accounts only) revises it.
Reactions, and what the town's own staff wrote (`smb_message_echoes`, `history`), are no answers. Not confirmed on a
primary page: the name `from_user_id`, which is seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from pydantic import Field

from connectors import reading
from connectors.base import Draft, Ignored, Item, Question, Request, Source
from connectors.dialogue import item_of
from connectors.meta import Meta, challenged, changes
from schemas.feedback import Channel

# Parts of a message that hold its words, by path.
_WORDS = (
    ("text", "body"),
    ("button", "text"),
    ("interactive", "button_reply", "title"),
    ("interactive", "list_reply", "title"),
    ("image", "caption"),
    ("video", "caption"),
    ("document", "caption"),
)
_TAPPED = (("button", "payload"), ("interactive", "button_reply", "id"), ("interactive", "list_reply", "id"))


class WhatsApp(Meta):
    """Settings of a WhatsApp Business account."""

    channel: ClassVar[Channel] = Channel.CHAT
    documentation: ClassVar[str] = (
        "https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview"
    )

    asks: Question = Field(Question(), description="The question that a message of only a number answers, if any")
    survey: str | None = Field(None, description="Id of the survey")

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        if challenge := challenged(request):
            return [*challenge]
        items: list[Item] = []
        for change in changes(request):
            value = reading.mapping(change, "value")
            if reading.text(change, "field") == "messages":
                names = _names(value)
                items += [self._item(message, names, source) for message in reading.listed(value, "messages")]
                items += [Ignored("a delivery status") for _ in reading.listed(value, "statuses")]
            else:
                items.append(Ignored("a change that is no message to us"))
        return items or [Ignored("no message")]

    def _item(self, message: object, names: Mapping[str, str], source: Source) -> Item:
        kind, occurred_at = reading.text(message, "type"), reading.moment(message, "timestamp")
        if kind == "reaction":
            return Ignored("a reaction")
        if kind == "revoke":
            began = reading.text(message, "revoke", "original_message_id")
            return Draft(source_id=began, occurred_at=occurred_at, authority="withdrawn")
        number, user = reading.identifier(message, "from"), reading.text(message, "from_user_id")
        message_id, edit, content = reading.text(message, "id"), None, message
        if kind == "edit":
            message_id, edit = reading.text(message, "edit", "original_message_id"), message_id
            content = reading.at(message, "edit", "message")
        draft = Draft(
            source_id=message_id,
            order=reading.order(message, "timestamp") if edit else 0,
            occurred_at=occurred_at,
            language=source.language,
            survey=reading.present(id=self.survey),
            person=reading.present(
                phone=f"+{number}" if number and number.isdecimal() else number,
                user_id=user,
                name=names.get(user or "") or names.get(number or ""),
            ),
        )
        return item_of(self._words(content), user or number, self.asks, draft, edit)

    def _words(self, message: object) -> str | None:
        tapped = next((found for path in _TAPPED if (found := reading.text(message, *path))), None)
        if tapped and tapped.isdecimal() and self.asks.scale is not None:
            return tapped
        return next((found for path in _WORDS if (found := reading.text(message, *path))), None)


def _names(value: object) -> dict[str, str]:
    """Names of the senders, by telephone number and by business-scoped id."""
    names = {}
    for contact in reading.listed(value, "contacts"):
        name = reading.text(contact, "profile", "name")
        for key in (reading.identifier(contact, "wa_id"), reading.text(contact, "user_id")):
            if name and key:
                names[key] = name
    return names
