"""Mailjet: its Parse API (https://dev.mailjet.com/email/guides/parse-api/).

JSON of one mail, proved by HTTP Basic in the URL. Mailjet has no id of its own for a mail: the header Message-ID is the
answer's id, else a hash of the mail. `Date` is UTC, as '20261102T091200'.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, ClassVar

from connectors.base import Ignored, Item, Request, Source
from connectors.email.answers import Answers
from connectors.email.message import Message, headers_in, of_parts
from connectors.errors import Rejected
from connectors.html_text import html_to_text
from connectors.reading import listed, mapping, text
from connectors.unsigned import Unsigned
from schemas.feedback import Channel


class Mailjet(Answers, Unsigned):
    """Settings of a parse route."""

    channel: ClassVar[Channel] = Channel.EMAIL
    documentation: ClassVar[str] = "https://dev.mailjet.com/email/guides/parse-api/"

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        told = request.json()
        if isinstance(told, list) or "event" in mapping(told):
            return [Ignored("a delivery status")]
        if not mapping(told).keys() & {"Headers", "From", "Text-part", "Html-part"}:
            raise Rejected(400, "it is no mail of the Parse API")
        return [self.answer_of(_message(told), source)]


def _message(told: Mapping[str, Any]) -> Message:
    parts = listed(told, "Parts")
    behind = {"from": text(told, "From"), "subject": text(told, "Subject"), "date": _date(text(told, "Date"))}
    sender = told.get("Sender")
    return of_parts(
        [*headers_in(mapping(told, "Headers")), *((name, value) for name, value in behind.items() if value)],
        text=text(told, "Text-part") or html_to_text(text(told, "Html-part") or ""),
        attachments=sum((text(part, "ContentRef") or "").startswith("Attachment") for part in parts),
        content_types=[
            value
            for part in parts
            for name, value in headers_in(mapping(part, "Headers"))
            if name.lower() == "content-type"
        ],
        envelope_sender=sender if isinstance(sender, str) else None,
        recipients=[text(told, "Recipient") or ""],
    )


def _date(told: str | None) -> str | None:
    try:
        return format_datetime(datetime.strptime(told or "", "%Y%m%dT%H%M%S").replace(tzinfo=UTC))
    except ValueError:
        return None
