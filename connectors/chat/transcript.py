"""Transcripts of chats, from whatever system: what the citizen wrote in one conversation is one answer.

A transcript is posted to us as JSON, signed as Standard Webhooks (https://www.standardwebhooks.com), or exported as a
file: a list of transcripts in JSON, or JSON Lines with one a line.

    {"id": "c-4711", "started_at": "2026-11-01T09:15:00+01:00", "language": "nl",
     "score": 4, "text": "why that score",
     "subject": {"case_number": "ZAAK-2026-0000000001", "service": "paspoort", "page_url": "https://…"},
     "turns": [{"role": "citizen", "text": "Waar blijft mijn paspoort?", "at": "2026-11-01T09:15:20+01:00"},
               {"role": "agent", "text": "Dat zoek ik op."}]}

Needed are `id` and `turns`; what a system calls these and the others, `fields` says. A turn counts where its `role` is
one of the `citizen_roles`; all others, also roles that nobody has heard of, are left out. `score` and `text` are what
was asked after the chat. Without `started_at` the time of the first turn counts. A post may hold one transcript or a
list of them; one with more turns of the same `id` is a later telling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import ClassVar, Self, TypeVar

from pydantic import Field, SecretStr, model_validator

from connectors.base import BadRow, Draft, File, Ignored, Item, Question, Request, Source, json_of
from connectors.errors import Rejected
from connectors.reading import dumped, identifier, language, listed, moment, present, score, text
from connectors.standard_webhooks import StandardWebhook
from schemas.feedback import Channel, Metric

_T = TypeVar("_T")
_SUBJECT = ("case_number", "service", "product", "location", "department", "page_url")
_PERSON = ("name", "email", "phone")
_NEEDED = {"source_id": "id", "turns": "turns", "turn.role": "role", "turn.text": "text"}
_FIELDS = _NEEDED | {
    "turn.at": "at",
    "occurred_at": "started_at",
    "language": "language",
    "score": "score",
    "text": "text",
    **{f"subject.{name}": f"subject.{name}" for name in _SUBJECT},
    **{f"person.{name}": f"person.{name}" for name in _PERSON},
}


class Transcript(StandardWebhook, File):
    """Settings of a system whose chats are given as transcripts."""

    channel: ClassVar[Channel] = Channel.CHAT
    documentation: ClassVar[str] = "https://www.standardwebhooks.com"

    secrets: tuple[SecretStr, ...] = Field(
        (), description="Secrets 'whsec_…', for posts; the old and the new one while it is changed"
    )
    citizen_roles: tuple[str, ...] = Field(
        ("citizen", "visitor", "customer", "client", "contact", "user"),
        description="Roles whose turns are the citizen's",
        min_length=1,
    )
    fields: dict[str, str] = Field(
        _FIELDS, description="Field of the answer → its name in a transcript, with dots for what is nested ('meta.id')"
    )
    asks: Question = Field(
        Question(question="satisfied", metric=Metric.CSAT), description="The question after the chat, if one was asked"
    )
    survey: str | None = Field(None, description="Id of the survey")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not _NEEDED.keys() <= self.fields.keys() <= _FIELDS.keys():
            raise ValueError(f"fields: name {', '.join(_NEEDED)}, and what else there is of {', '.join(_FIELDS)}")
        return self

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
        source_id = self._read(identifier, told, "source_id")
        if source_id is None:
            return None
        turns = self._read(listed, told, "turns") or []
        words = [said for turn in turns if self._is_citizens(turn) and (said := self._read(text, turn, "turn.text"))]
        answers = [{"question": "chat", "metric": Metric.OPEN, "text": "\n".join(words)}] if words else []
        asked = self.asks.answer(score=self._read(score, told, "score"), text=self._read(text, told, "text"))
        if asked.keys() & {"score", "text"}:
            answers.append(asked)
        if not answers:
            return Ignored("a chat in which the citizen said nothing")
        about = {name: self._read(identifier, told, f"subject.{name}") for name in _SUBJECT}
        began = self._read(moment, turns[0], "turn.at") if turns else None
        return Draft(
            source_id=source_id,
            order=len(turns),
            answers=answers,
            occurred_at=self._read(moment, told, "occurred_at") or began,
            language=self._read(language, told, "language") or source.language,
            survey=present(id=self.survey),
            subject=present(conversation_id=source_id, **about),
            person=present(**{name: self._read(text, told, f"person.{name}") for name in _PERSON}),
        )

    def _is_citizens(self, turn: object) -> bool:
        role = (self._read(text, turn, "turn.role") or "").lower()
        return role in (citizens.lower() for citizens in self.citizen_roles)

    def _read(self, read: Callable[..., _T], told: object, name: str) -> _T | None:
        return read(told, *self.fields[name].split(".")) if name in self.fields else None


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
