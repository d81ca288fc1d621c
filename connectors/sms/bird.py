"""Bird, the API since 2026: SMS, WhatsApp and e-mail that come in, signed as Standard Webhooks.

https://bird.com/docs; events and their fields are those of Bird's own client (https://pypi.org/project/messagebird-sdk):

- `sms.received` and `whatsapp.received`: a message. What it is, and which of them are one answer,
  `connectors/dialogue.py` tells. A button or a row of a list that was tapped counts as its label. Reactions, echoes of
  what the town's own staff wrote, and messages of a group's other members come as other events or are marked.
- `email_mailbox.message_received`: an e-mail, with only the new words of it.
- `email.received`: an e-mail without its words. Where `api_key` and `fetch_hosts` are set, they are fetched, and only
  the new ones taken; else it is ignored, for the mailbox tells the same e-mail, under the same id. Not confirmed:
  `text` in the answer to the fetch.

Use a source a channel; one that takes all says `channel` for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, Self

from pydantic import Field, SecretStr, model_validator

from connectors import reading
from connectors.base import Call, Draft, Fetcher, Ignored, Item, Question, Request, Response, Source
from connectors.dialogue import item_of
from connectors.email.reply import new_words
from connectors.errors import Rejected
from connectors.standard_webhooks import StandardWebhook
from schemas.feedback import Channel

_EMAIL = "https://{host}/v1/email/inbound-messages/{id}/body"
_EMAIL_ID = re.compile(r"[A-Za-z0-9_]{1,100}")


class Bird(StandardWebhook, Fetcher):
    """Settings of a webhook of a Bird workspace."""

    channel: ClassVar[Channel] = Channel.SMS
    documentation: ClassVar[str] = "https://bird.com/docs"

    asks: Question = Field(Question(), description="The question that a message of only a number answers, if any")
    survey: str | None = Field(None, description="Id of the survey")
    api_key: SecretStr | None = Field(
        None, description="API key, to fetch the words of e-mails from the first of the fetch_hosts"
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.api_key is None) != (not self.fetch_hosts):
            raise ValueError("set both api_key and fetch_hosts ('eu1.platform.bird.com'), or none of them")
        return self

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        told = request.json()
        kind, data = reading.text(told, "type"), reading.mapping(told, "data")
        draft = Draft(
            occurred_at=reading.moment(told, "timestamp"),
            language=source.language,
            survey=reading.present(id=self.survey),
        )
        if kind == "sms.received":
            number = reading.text(data, "from")
            draft = replace(draft, source_id=_id(data, "sms_id"), person=reading.present(phone=number))
            return [item_of(reading.text(data, "text"), number, self.asks, draft)]
        if kind == "whatsapp.received":
            return [self._whatsapp(data, draft)]
        if kind == "email_mailbox.message_received":
            return [self._email(data, _id(data, "message_id"), reading.text(data, "extracted_text"), draft)]
        if kind == "email.received":
            source_id = _id(data, "inbound_message_id")
            if words := reading.text(data, "text"):
                return [self._email(data, source_id, new_words(words), draft)]
            if self.api_key is None or not _EMAIL_ID.fullmatch(source_id):
                return [Ignored("an e-mail without its words")]
            return [self.fetch(_EMAIL.format(host=self.fetch_hosts[0], id=source_id))]
        return [Ignored("an event that is no message to us")]

    def fetch_call(self, url: str, now: datetime) -> Call:
        key = self.api_key.get_secret_value() if self.api_key else ""
        return Call(url, headers={"authorization": f"Bearer {key}", "accept": "application/json"})

    def parse_fetched(self, url: str, response: Response, source: Source, now: datetime) -> Sequence[Draft | Ignored]:
        draft = Draft(language=source.language, survey=reading.present(id=self.survey))
        source_id = url.rstrip("/").split("/")[-2] if url.count("/") > 2 else ""
        return [self._email({}, source_id, new_words(reading.text(response.json(), "text") or ""), draft)]

    def _whatsapp(self, data: Mapping[str, Any], draft: Draft) -> Item:
        if data.get("direction") == "outbound" or data.get("origin"):
            return Ignored("a message of our own")
        number, user = reading.text(data, "from", "phone_number"), reading.text(data, "from", "bsuid")
        draft = replace(
            draft,
            source_id=_id(data, "whatsapp_id"),
            person=reading.present(phone=number, user_id=user, name=reading.text(data, "from", "display_name")),
        )
        tapped = (reading.text(data, "interactive_reply", kind, "text") for kind in ("button", "list"))
        said = (reading.text(data, "text", "body"), *tapped)
        beneath = (reading.text(data, kind, "caption") for kind in ("image", "video", "document"))
        return item_of(next((text for text in (*said, *beneath) if text), None), user or number, self.asks, draft)

    def _email(self, data: Mapping[str, Any], source_id: str, words: str | None, draft: Draft) -> Draft | Ignored:
        if not words:
            return Ignored("a message without words")
        person = reading.present(email=reading.text(data, "from"))
        return replace(draft, source_id=source_id, answers=[self.asks.words(words)], person=person)


def _id(data: Mapping[str, Any], name: str) -> str:
    """The id of a message; Rejected (400) where it is missing."""
    if found := reading.identifier(data, name):
        return found
    raise Rejected(400, f"{name} is missing")
