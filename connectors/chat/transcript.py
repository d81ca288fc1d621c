"""Transcripts of chats, from whatever system: what the citizen wrote in one conversation is one answer.

A transcript is posted to us as JSON, signed as Standard Webhooks (https://www.standardwebhooks.com), or exported as a
file: a list of transcripts in JSON, or JSON Lines with one a line.

    {"id": "c-4711", "started_at": "2026-11-01T09:15:00+01:00", "language": "nl",
     "score": 4, "text": "why that score",
     "subject": {"case_number": "ZAAK-2026-0000000001", "service": "paspoort", "page_url": "https://…"},
     "turns": [{"role": "citizen", "text": "Waar blijft mijn paspoort?", "at": "2026-11-01T09:15:20+01:00"},
               {"role": "agent", "text": "Dat zoek ik op."}]}

Needed are `id` and `turns`. A turn counts where its `role` is one of the `citizen_roles`; all others, also roles that
nobody has heard of, are left out. `score` and `text` are what was asked after the chat. A post may hold one transcript
or a list of them; one with more turns of the same `id` is a later telling.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from pydantic import Field, SecretStr

from connectors.base import BadRow, Draft, File, Ignored, Item, Question, Request, Source, json_of
from connectors.errors import Rejected
from connectors.reading import dumped, identifier, listed, mapping, moment, present, score, text
from connectors.standard_webhooks import StandardWebhook
from schemas.feedback import Channel, Metric

_SUBJECT = ("case_number", "service", "product", "location", "department", "page_url")


class Transcript(StandardWebhook, File):
    """Settings of a system whose chats are given as transcripts."""

    channel: ClassVar[Channel] = Channel.CHAT
    documentation: ClassVar[str] = "https://www.standardwebhooks.com"

    secrets: tuple[SecretStr, ...] = Field(
        (), description="Secrets 'whsec_…', for posts; the old and the new one while it is changed"
    )
    citizen_roles: tuple[str, ...] = Field(
        ("citizen", "visitor", "customer", "client", "contact", "user"),
        description="Roles whose turns are the citizen's, in lower case",
        min_length=1,
    )
    asks: Question = Field(
        Question(question="satisfied", metric=Metric.CSAT), description="The question after the chat, if one was asked"
    )
    survey: str | None = Field(None, description="Id of the survey")

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        told = request.json()
        transcripts = told if isinstance(told, list) else [told]
        # One without an id becomes a failure, and those beside it count.
        return [self._item(one, source) or Draft() for one in transcripts] or [Ignored("no transcript")]

    def parse_rows(self, content: bytes, source: Source, now: datetime) -> Iterator[Draft | Ignored | BadRow]:
        for number, row in _rows(content):
            if isinstance(row, bytes):
                yield BadRow(number, f"row {number}: it is not JSON in UTF-8", row)
            elif (item := self._item(row, source)) is None:
                yield BadRow(number, f"row {number}: a transcript without an id", dumped([row]))
            else:
                yield item

    def _item(self, told: object, source: Source) -> Draft | Ignored | None:
        source_id = identifier(told, "id")
        if source_id is None:
            return None
        turns = listed(told, "turns")
        words = [said for turn in turns if self._is_citizens(turn) and (said := text(turn, "text"))]
        answers = [{"question": "chat", "metric": Metric.OPEN, "text": "\n".join(words)}] if words else []
        asked = self.asks.answer(score=score(told, "score"), text=text(told, "text"))
        if asked.keys() & {"score", "text"}:
            answers.append(asked)
        if not answers:
            return Ignored("a chat in which the citizen said nothing")
        about = mapping(told, "subject")
        return Draft(
            source_id=source_id,
            order=len(turns),
            answers=answers,
            occurred_at=moment(told, "started_at"),
            language=text(told, "language") or source.language,
            survey=present(id=self.survey),
            subject=present(conversation_id=source_id, **{name: identifier(about, name) for name in _SUBJECT}),
            person=present(**{name: text(told, "person", name) for name in ("name", "email", "phone")}),
        )

    def _is_citizens(self, turn: object) -> bool:
        return (text(turn, "role") or "").lower() in self.citizen_roles


def _rows(content: bytes) -> Iterator[tuple[int, object]]:
    """Number and content of each transcript of a file; bytes where a line is not JSON."""
    try:
        told = json_of(content)
    except Rejected:
        lines = [line for line in content.splitlines() if line.strip()]
        if len(lines) < 2 or lines[0].lstrip().startswith(b"["):
            raise
        for number, line in enumerate(lines, 1):
            try:
                yield number, json_of(line)
            except Rejected:
                yield number, line
        return
    yield from enumerate(told if isinstance(told, list) else [told], 1)
