"""Brevo (once Sendinblue): its inbound parsing webhook (https://developers.brevo.com/docs/inbound-parse-webhooks).

JSON with one or more mails in `items`. Brevo documents no signature, so the URL must be a secret or carry HTTP Basic.
Our own cutting is used on `RawTextBody`; `ExtractedMarkdownMessage`, what Brevo takes for the new words, is used where
there is nothing else. A mail without Message-ID has the first `Uuid` as its id.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import formataddr
from typing import ClassVar

from connectors.base import Ignored, Item, Request, Source
from connectors.email.answers import Answers
from connectors.email.message import Message, headers_in, is_shown, of_parts
from connectors.errors import Rejected
from connectors.html_text import html_to_text
from connectors.reading import at, listed, mapping, text
from connectors.unsigned import Unsigned
from schemas.feedback import Channel


class Brevo(Answers, Unsigned):
    """Settings of an inbound domain."""

    channel: ClassVar[Channel] = Channel.EMAIL
    documentation: ClassVar[str] = "https://developers.brevo.com/docs/inbound-parse-webhooks"

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        told = mapping(request.json())
        if "event" in told and "items" not in told:
            return [Ignored("a delivery status")]
        if not isinstance(told.get("items"), list):
            raise Rejected(400, "items is no list")
        return [self._item(item, source) for item in told["items"]] or [Ignored("no mail")]

    def _item(self, item: object, source: Source) -> Item:
        if not mapping(item).keys() & {"From", "Headers", "RawTextBody", "RawHtmlBody"}:
            return Ignored("an item that is no mail")
        return self.answer_of(_message(item), source)


def _message(item: object) -> Message:
    files, html = listed(item, "Attachments"), text(item, "RawHtmlBody") or ""
    address = text(item, "From", "Address")
    behind = {
        "from": formataddr((text(item, "From", "Name") or "", address)) if address else None,
        "subject": text(item, "Subject"),
        "date": text(item, "SentAtDate"),
        "message-id": text(item, "MessageId") or text(item, "Uuid", 0) or text(item, "Uuid"),
    }
    return of_parts(
        [*headers_in(mapping(item, "Headers")), *((name, value) for name, value in behind.items() if value)],
        text=text(item, "RawTextBody") or html_to_text(html) or text(item, "ExtractedMarkdownMessage") or "",
        attachments=sum(not is_shown(at(file, "ContentID"), html) for file in files),
        content_types=[text(file, "ContentType") or "" for file in files],
        recipients=[address for address in listed(item, "Recipients") if isinstance(address, str)],
    )
