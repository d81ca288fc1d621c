"""Twilio SMS: what citizens send to the town's number (https://www.twilio.com/docs/messaging/guides/webhook-request).

What a message is, and which of them are one answer, `connectors/dialogue.py` tells. Twilio sends no time of its own, so
the time of receipt counts. A message without words (a picture) is no answer, nor is one that Twilio itself took for a
keyword (`OptOutType`, where the town uses its Advanced Opt-Out).
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from connectors.base import Draft, Ignored, Item, Question, Reply, Request, Source
from connectors.dialogue import item_of
from connectors.errors import Rejected
from connectors.reading import present
from connectors.twilio import Twilio, caller, given_in, twiml
from schemas.feedback import Channel

_INCOMING = ("received", "receiving", "")


class TwilioSms(Twilio):
    """Settings of a Twilio number or messaging service."""

    channel: ClassVar[Channel] = Channel.SMS
    documentation: ClassVar[str] = "https://www.twilio.com/docs/messaging/guides/webhook-request"

    asks: Question = Field(Question(), description="The question that a message of only a number answers, if any")
    survey: str | None = Field(None, description="Id of the survey")

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        given = given_in(request)
        # Callbacks of older accounts have no MessageStatus; what comes in says that it is received.
        if "MessageStatus" in given or given.get("SmsStatus", "received") not in _INCOMING:
            return [Ignored("a delivery status")]
        if given.get("OptOutType"):
            return [Ignored("opting in or out")]
        source_id = given.get("MessageSid") or given.get("SmsSid")
        if not source_id:
            raise Rejected(400, "MessageSid is missing")
        sender = caller(given)
        draft = Draft(
            source_id=source_id,
            language=source.language,
            survey=present(id=self.survey),
            person=present(phone=sender, name=given.get("ProfileName")),
        )
        return [item_of(given.get("Body"), sender, self.asks, draft)]

    def reply(self, request: Request, source: Source, session: str | None) -> Reply:
        return twiml()
