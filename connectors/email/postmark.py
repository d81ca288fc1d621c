"""Postmark: its inbound webhook (https://postmarkapp.com/developer/webhooks/inbound-webhook).

JSON of one mail, proved by HTTP Basic in the URL that Postmark is given. `MessageID` is Postmark's own id, and the
answer's; the mail's Message-ID counts only where it is missing. Our own cutting is used on `TextBody`;
`StrippedTextReply`, which Postmark makes of English mails, is used where there is nothing else.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime
from email.utils import formataddr
from typing import Any, ClassVar

from connectors.base import Ignored, Item, Request, Source
from connectors.email.answers import Answers
from connectors.email.message import Message, is_shown, kind_of, of_parts
from connectors.errors import Rejected
from connectors.html_text import html_to_text
from connectors.reading import at, listed, mapping, text
from connectors.unsigned import Unsigned
from schemas.feedback import Channel


class Postmark(Answers, Unsigned):
    """Settings of an inbound stream."""

    channel: ClassVar[Channel] = Channel.EMAIL
    documentation: ClassVar[str] = "https://postmarkapp.com/developer/webhooks/inbound-webhook"

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        told = mapping(request.json())
        if text(told, "RecordType") not in (None, "Inbound"):
            return [Ignored("a delivery status")]
        if not told.keys() & {"From", "FromFull", "TextBody", "HtmlBody"}:
            raise Rejected(400, "it is no inbound mail of Postmark")
        return [self.answer_of(_message(told), source)]


def _message(told: Mapping[str, Any]) -> Message:
    files, html = listed(told, "Attachments"), text(told, "HtmlBody") or ""
    headers = [(text(header, "Name") or "", text(header, "Value") or "") for header in listed(told, "Headers")]
    address = text(told, "FromFull", "Email")
    behind = {
        "from": formataddr((text(told, "FromFull", "Name") or "", address)) if address else text(told, "From"),
        "subject": text(told, "Subject"),
        "date": text(told, "Date"),
    }
    own_id = [("message-id", text(told, "MessageID") or "")]
    return of_parts(
        [*own_id, *headers, *((name, value) for name, value in behind.items() if value)],
        text=text(told, "TextBody") or html_to_text(html) or text(told, "StrippedTextReply") or "",
        attachments=sum(not is_shown(at(file, "ContentID"), html) for file in files),
        content_types=[kind_of(text(file, "ContentType") or "", _content(file)) for file in files],
        recipients=[text(told, "OriginalRecipient") or ""],
    )


def _content(file: object) -> bytes:
    try:
        return b64decode(text(file, "Content") or "")
    except ValueError:
        return b""
