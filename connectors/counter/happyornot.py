"""HappyOrNot: smiley terminals at a counter, asked by its API v2 (https://api.happy-or-not.com/v2/).

A press on a button is one answer; words given after it come as another list with the same `feedbackId`, and are told
again together with the button. `localTime` is the clock of the experience point, which is that of the source. What it
deems to be misuse is kept with a flag. Its estimate of age and gender is not asked for.

The API counts from the start of a day, and a terminal without a network brings presses later, between those that were
told. So a day is read on from where it was, and once it is over read again, with the days before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from pydantic import Field, SecretStr

from connectors.addresses import ApiUrl
from connectors.base import BadRow, Call, Cursor, Draft, Ignored, Page, Poll, Question, Response, Source
from connectors.errors import Rejected
from connectors.reading import dumped, identifier, is_true, mapping, present, score, text, whole
from schemas.feedback import Channel, Metric, Scale

_LISTS: Final = ("button-feedbacks", "text-feedbacks")
_LIMIT = 1_000
_LONGEST = timedelta(days=365)  # from start to end of what may be asked for at once


class HappyOrNot(Poll):
    """Settings of a HappyOrNot account."""

    channel: ClassVar[Channel] = Channel.COUNTER
    documentation: ClassVar[str] = "https://api.happy-or-not.com/v2/"

    api_token: SecretStr = Field(description="Token of API v2, from Organization settings")
    url: ApiUrl = Field("https://api.happy-or-not.com/v2", description="Where the API is")
    since: date | None = Field(None, description="First day that is asked for; by default as far as it looks back")
    look_back_days: int = Field(3, description="How many days late a terminal may bring its presses", ge=1, le=90)
    asks: Question = Field(
        Question(question="rating", metric=Metric.SMILEY, scale=Scale(min=0, max=3, best=3)),
        description="The question of surveys that are not named below: of four smileys, the worst of which is 0",
    )
    surveys: dict[str, Question] = Field(
        default_factory=dict, description="By survey id: its question, where it has five smileys or asks an NPS"
    )
    experience_points: dict[str, str] = Field(default_factory=dict, description="By experience point id: its name")

    def call(self, cursor: Cursor, token: str, now: datetime) -> Call:
        start = self._start(cursor, now)
        asked = {
            "startDate": start.isoformat(),
            "endDate": min(start + _LONGEST, _end(now)).isoformat(),
            "includeMisuse": "true",
            "offset": whole(cursor, "offset") or 0,
            "limit": _LIMIT,
        }
        headers = {"x-hon-api-token": self.api_token.get_secret_value()}
        return Call(f"{self.url}/results/{_list(cursor)}.json?{urlencode(asked)}", headers=headers)

    def parse_page(self, response: Response, cursor: Cursor, source: Source, now: datetime) -> Page:
        told = response.json()
        if not isinstance(told, list):
            raise Rejected(400, "the page is no list")
        items = [self._item(number, mapping(given), given, source) for number, given in enumerate(told, 1)]
        start, of, offset = self._start(cursor, now), _list(cursor), whole(cursor, "offset") or 0
        # How far each list was read; the one that is read now, and its place.
        read = {name: whole(cursor, name) or 0 for name in _LISTS} | {of: offset + len(told)}
        day = text(cursor, "day") or now.date().isoformat()
        here: dict[str, Any] = {"start": start.isoformat(), "day": day, **read}
        if told and response.headers.get("x-more-available", "").lower() == "true":
            return Page(items, {**here, "of": of, "offset": read[of]}, more=True)
        if of == _LISTS[0]:
            return Page(items, {**here, "of": _LISTS[1], "offset": read[_LISTS[1]]}, more=True)
        if start + _LONGEST < _end(now):
            return Page(items, {"start": (start + _LONGEST).isoformat(), "day": day}, more=True)
        if day < now.date().isoformat():  # a day is over
            return Page(items, {"start": self._look_back(now), "day": now.date().isoformat()}, more=True)
        return Page(items, {**here, "of": _LISTS[0], "offset": read[_LISTS[0]]})

    def _item(
        self, number: int, given: Mapping[str, Any], whole_item: object, source: Source
    ) -> Draft | Ignored | BadRow:
        source_id = text(given, "feedbackId")
        if source_id is None:
            return BadRow(number, "an item without a feedbackId", dumped([whole_item]))
        words, misuse, button = text(given, "text"), is_true(given, "misuse"), score(given, "buttonIndex")
        if words is None and button is None:
            return Ignored("neither a button nor words")
        survey, place = identifier(given, "surveyId"), identifier(given, "experiencePointId")
        asked = self.surveys.get(survey or "", self.asks)
        return Draft(
            source_id=source_id,
            order=(1 if words else 0) + (2 if misuse else 0),  # words come after the button, a verdict after both
            answers=[asked.answer(score=button, text=words)],
            occurred_at=text(given, "localTime"),
            flags=("misuse",) if misuse else (),
            language=source.language,
            survey=present(id=survey),
            subject=present(location=self.experience_points.get(place or "", place)),
        )

    def _start(self, cursor: Cursor, now: datetime) -> date:
        try:
            return date.fromisoformat(text(cursor, "start") or "")
        except ValueError:
            return self.since or date.fromisoformat(self._look_back(now))

    def _look_back(self, now: datetime) -> str:
        return (now.date() - timedelta(days=self.look_back_days)).isoformat()


def _list(cursor: Cursor) -> str:
    return _LISTS[1] if text(cursor, "of") == _LISTS[1] else _LISTS[0]


def _end(now: datetime) -> date:
    """The day, not included, that ends after now in every time zone."""
    return now.date() + timedelta(days=2)
