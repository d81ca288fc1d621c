"""SendGrid: Inbound Parse (https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/inbound-email).

A multipart form with the mail taken apart, or whole as `email` where "POST the raw, full MIME message" is on.
`charsets` (JSON) says in which charset each field is. SendGrid signs none of it, so the URL must be a secret or carry
HTTP Basic. The mail's own Date is its time, since the post has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from connectors.base import Ignored, Item, Request, Source
from connectors.email.answers import Answers
from connectors.email.message import Message, decoded, headers_of, is_shown, kind_of, of_parts, read
from connectors.errors import Rejected
from connectors.html_text import html_to_text
from connectors.multipart import FormPart, form_parts
from connectors.reading import listed, loaded, mapping, text
from connectors.unsigned import Unsigned
from schemas.feedback import Channel


class SendGrid(Answers, Unsigned):
    """Settings of an Inbound Parse host."""

    channel: ClassVar[Channel] = Channel.EMAIL
    documentation: ClassVar[str] = (
        "https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook"
    )

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        if request.media_type == "application/json":
            return [Ignored("a delivery status")]  # of its Event Webhook, should it be set to this URL
        parts = form_parts(request)
        if not {part.name for part in parts} & {"email", "headers", "text", "html", "from"}:
            raise Rejected(400, "it is no mail of Inbound Parse")
        return [self.answer_of(_message(parts), source)]


def _message(parts: Sequence[FormPart]) -> Message:
    fields = {part.name: part.content for part in parts if not part.is_file}
    charsets, envelope, ids = (
        mapping(loaded(fields.get(name, b""))) for name in ("charsets", "envelope", "content-ids")
    )

    def field(name: str) -> str:
        return decoded(fields.get(name, b""), text(charsets, name))

    sender = envelope.get("from")
    envelope_sender = sender if isinstance(sender, str) else None
    behind = [("from", field("from")), ("subject", field("subject"))]
    recipients = [address for address in listed(envelope, "to") if isinstance(address, str)]
    raw = next((part.content for part in parts if part.name == "email"), None)
    if raw is not None:
        return read(raw, behind=behind, envelope_sender=envelope_sender, recipients=recipients)
    html = field("html")
    shown = [name for content_id, name in ids.items() if is_shown(content_id, html)]
    files = [part for part in parts if part.is_file]
    return of_parts(
        [*headers_of(fields.get("headers", b"")), *behind],
        text=field("text").strip() or html_to_text(html),
        attachments=sum(part.name not in shown for part in files),
        content_types=[kind_of(part.content_type, part.content) for part in files],
        envelope_sender=envelope_sender,
        recipients=recipients,
    )
