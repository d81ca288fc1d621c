"""Signalen: reports of public space (meldingen), asked by its API, and what reporters thought of the handling, as CSV.

https://github.com/Amsterdam/signals

A report is what the citizen wrote, under its number (SIG-12345) and category; never a note, a status text or another
word of the staff. Reports that staff made themselves, and parts that a report was split into, are none. It is told
again when it changes (the category is often mended), with its time of update as order. The API is asked forward by
`updated_after`, with ten minutes told before left out by id and time of update.

The export "kto-feedback" has a row for each filled in questionnaire: satisfied or not, the reason that was chosen or
written, and further words. It has no id of its own; a report and the time of the invitation tell its rows apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final, Self
from urllib.parse import urlencode

from pydantic import AwareDatetime, Field, SecretStr, model_validator

from connectors.addresses import ApiUrl
from connectors.base import BadRow, Call, Cursor, Draft, File, Ignored, Page, Poll, Question, Response, Source
from connectors.errors import Rejected
from connectors.reading import at, dumped, identifier, mapping, moment, order, present, text, whole
from connectors.tables import Table
from connectors.times import in_utc
from schemas.feedback import Channel, Metric, Note

_OVERLAP: Final = 600 * 1_000_000  # microseconds
_PER_PAGE = 100
_COLUMNS: Final = {
    "occurred_at": "submitted_at",
    "score": "is_satisfied",
    "reason": "text",
    "text": "text_extra",
    "subject.case_number": "_signal_id",
    "consent.contact": "allows_contact",
}
_SCORES: Final = {"true": 1, "t": 1, "1": 1, "false": 0, "f": 0, "0": 0}


class Signalen(Poll, File):
    """Settings of an installation of Signalen."""

    channel: ClassVar[Channel] = Channel.WEB_FORM
    documentation: ClassVar[str] = "https://github.com/Amsterdam/signals"

    url: ApiUrl | None = Field(None, description="Where the API is, such as 'https://api.meldingen.example.org'")
    access_token: SecretStr | None = Field(None, description="Bearer token of a user who may read reports")
    since: AwareDatetime | None = Field(None, description="Since when reports are asked for at first; by default all")
    internal_sources: tuple[str, ...] = Field(
        ("Interne melding",), description="Sources of reports that staff made themselves"
    )
    prefix: str = Field("SIG-", description="What stands before the number of a report, in the export without it")
    asks: Question = Field(
        Question(question="handling", metric=Metric.THUMBS), description="The question whether they were satisfied"
    )
    reasons: tuple[str, ...] = Field(
        (), description="Standard answers to why; other reasons are the citizen's own words"
    )
    table: Table = Field(
        Table(key_columns=("_signal_id", "created_at")), description="How the export of feedback is written"
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if bool(self.url) != bool(self.access_token):
            raise ValueError("set url and access_token together")
        return self

    @property
    def is_polled(self) -> bool:
        return self.url is not None

    def call(self, cursor: Cursor, token: str, now: datetime) -> Call:
        asked = {"ordering": "updated_at", "page_size": _PER_PAGE, "page": whole(cursor, "page") or 1}
        if since := self._since(cursor):
            asked["updated_after"] = (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=since)).isoformat()
        secret = self.access_token.get_secret_value() if self.access_token else ""
        address = f"{self.url}/signals/v1/private/signals/?{urlencode(asked)}"
        return Call(address, headers={"authorization": f"Bearer {secret}"})

    def parse_page(self, response: Response, cursor: Cursor, source: Source, now: datetime) -> Page:
        told = response.json()
        results = at(told, "results")
        if not isinstance(results, list):
            raise Rejected(400, "results is no list")
        known, since = mapping(cursor, "told"), self._since(cursor)
        updated = {str(identifier(one, "id")): order(one, "updated_at") for one in results}
        items = [
            Ignored("told before")
            if known.get(str(identifier(one, "id"))) == order(one, "updated_at") != 0
            else self._report(number, one, source)
            for number, one in enumerate(results, 1)
        ]
        newest = max([whole(cursor, "newest") or since, *updated.values()])
        kept = {**known, **updated}
        if text(told, "_links", "next", "href") and results:
            # On from the last time, not by number: what is updated meanwhile moves behind, and would shift the pages.
            last = order(results[-1], "updated_at")
            page = 1 if last > since else (whole(cursor, "page") or 1) + 1
            begin = max(last, since)
            recent = {one: when for one, when in kept.items() if when >= min(begin, newest - _OVERLAP)}
            return Page(items, {"since": begin, "page": page, "newest": newest, "told": recent}, more=True)
        begin = max(0, newest - _OVERLAP)
        return Page(items, {"since": begin, "told": {one: when for one, when in kept.items() if when >= begin}})

    def parse_rows(self, content: bytes, source: Source, now: datetime) -> Iterator[Draft | Ignored | BadRow]:
        for row in self.table.rows(content, _COLUMNS):
            yield row if isinstance(row, BadRow) else self._rated(row.source_id, dict(row.fields), source, now)

    def _report(self, number: int, given: object, source: Source) -> Draft | Ignored | BadRow:
        own_id = identifier(given, "id")
        case_number = text(given, "id_display") or (self.prefix + own_id if own_id else None)
        source_id = identifier(given, "signal_id") or own_id or case_number
        if source_id is None:
            return BadRow(number, "a report without an id", dumped({"results": [given]}))
        if text(given, "source") in self.internal_sources:
            return Ignored("a report that staff made themselves")
        if at(given, "has_parent") is True or text(given, "_links", "sia:parent", "href"):
            return Ignored("a part of a report that was split")
        words = "\n".join(filter(None, (text(given, "text"), text(given, "text_extra"))))
        if not words:
            return Ignored("a report without words")
        return Draft(
            source_id=source_id,
            order=order(given, "updated_at"),
            answers=[{"question": "report", "metric": Metric.OPEN, "text": words}],
            occurred_at=moment(given, "created_at"),
            language=source.language,
            subject=present(
                case_number=case_number,
                service=text(given, "category", "sub"),
                product=text(given, "category", "main"),
                department=text(given, "category", "departments"),
                location=text(given, "location", "area_name") or text(given, "location", "stadsdeel"),
            ),
            person=present(email=text(given, "reporter", "email"), phone=text(given, "reporter", "phone")),
        )

    def _rated(self, source_id: str, given: dict[str, Any], source: Source, now: datetime) -> Draft | Ignored:
        rated, reason, words = (given.pop(name, None) for name in ("score", "reason", "text"))
        if rated is None and reason is None and words is None:
            return Ignored("an invitation that is not answered yet")
        score = _SCORES.get((rated or "").lower())
        own = None if reason in self.reasons else reason
        contact = (text(given.pop("consent", None), "contact") or "").lower()
        given_at = in_utc(given.get("occurred_at"), source.time_zone)[0] or now
        return Draft(
            source_id=source_id,
            answers=[
                self.asks.answer(
                    score=score,
                    reason=None if own else reason,
                    text="\n".join(filter(None, (own, words))),
                )
            ],
            language=source.language,
            consent={"contact": {"given_at": given_at}} if _SCORES.get(contact) == 1 else None,
            notes=(Note(field="answers[0].score", problem="unknown_code"),) if rated and score is None else (),
            subject=self._case(given.pop("subject", None)),
            **given,
        )

    def _case(self, subject: Mapping[str, Any] | None) -> dict[str, Any] | None:
        number = text(subject, "case_number")
        return {"case_number": self.prefix + number if number.isdecimal() else number} if number else None

    def _since(self, cursor: Cursor) -> int:
        return whole(cursor, "since") or order(self.since)
