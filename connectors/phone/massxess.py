"""Massxess, and any other menu by telephone (IVR) that posts what was pressed, or exports it.

Massxess has no public description of an interface, so everything here is configured, and nothing is confirmed: the
menu calls our URL at the end of a call, or after each question, with JSON, a form, or parameters of the URL; `fields`
says what they are called. What it posts of one call within a day is one answer. It signs nothing, so the URL holds a
secret or the menu sends a password. One post may hold a list of calls. Its exports are tables, whose columns `columns`
names. A call in which nothing was pressed is no answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from connectors import reading
from connectors.base import FORM, BadRow, Draft, File, Ignored, Item, Piece, Request, Source
from connectors.phone.calls import RatedCalls
from connectors.tables import Table
from connectors.unsigned import Unsigned
from schemas.feedback import Channel

_NAMES = {
    "source_id": "call_id",
    "occurred_at": "time",
    "score": "score",
    "reason": "reason",
    "text": "text",
    "person.phone": "caller",
    "subject.service": "service",
}


class Massxess(RatedCalls, Unsigned, File):
    """Settings of a menu by telephone."""

    channel: ClassVar[Channel] = Channel.PHONE
    documentation: ClassVar[str] = "None is public: ask Massxess how its posts and exports call their fields"

    fields: dict[str, str] = Field(
        _NAMES, description="Field of the event → name in the post; in JSON with dots for what is nested ('call.id')"
    )
    columns: dict[str, str] = Field(_NAMES, description="Field of the event → column of the export")
    table: Table = Field(Table(), description="How the export is written")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        self.table.check_columns(self.fields)
        self.table.check_columns(self.columns)
        if "source_id" not in self.fields:
            raise ValueError("fields: source_id must name what identifies a call")
        return self

    @property
    def is_called(self) -> bool:
        return bool(self.path_secrets or self.passwords)  # without them it is only read from files

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        return [self._item(given, source) for given in _calls(request)] or [Ignored("no call")]

    def _item(self, given: Mapping[str, Any], source: Source) -> Item:
        told: dict[str, Any] = {}
        for name, place in self.fields.items():
            path = [place] if place in given else place.split(".")
            part, _, last = name.rpartition(".")
            value = self._time(given, path) if name == "occurred_at" else reading.at(given, *path)
            if value is not None and value != "":
                (told.setdefault(part, {}) if part else told)[last] = value
        call = reading.identifier(told, "source_id")
        if call is None:
            return Draft()  # it is kept as a failure, and those beside it count
        del told["source_id"]
        draft = self.answer_of(call, told, source)
        if isinstance(draft, Ignored):
            return draft
        step = " ".join(name for name in ("score", "reason", "text") if name in draft.answers[0])
        digest = sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
        return Piece(call, digest[:32], step, draft)

    def _time(self, given: Mapping[str, Any], path: list[str]) -> datetime | str | None:
        told = reading.moment(given, *path)
        return self.table.time(told) or told if isinstance(told, str) else told

    def parse_rows(self, content: bytes, source: Source, now: datetime) -> Iterator[Draft | Ignored | BadRow]:
        for row in self.table.rows(content, self.columns):
            yield row if isinstance(row, BadRow) else self.answer_of(row.source_id, row.fields, source)


def _calls(request: Request) -> list[Mapping[str, Any]]:
    """The fields of each call in the body, with those of the URL beneath them. Not every menu says what it posts."""
    if request.media_type == FORM or not request.body.lstrip().startswith((b"{", b"[")):
        return [{**request.query, **request.form}]
    body = request.json()
    calls = body if isinstance(body, list) else [body]
    return [{**request.query, **reading.mapping(call)} for call in calls]
