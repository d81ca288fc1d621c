"""A survey on a tablet: the CSV, Excel or JSON Lines that its app exports.

Apps differ, so `columns` says which column is which field of an answer, and `asks` what the score means. A kiosk of
the town's own needs no file: it is the connector `form`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from connectors.base import BadRow, Draft, File, Ignored, Question, Source
from connectors.reading import present
from connectors.tables import Table, number
from schemas.feedback import Channel, Metric, Note

_UNKNOWN = "unknown_code"


class Tablet(File):
    """Settings of the export of a tablet."""

    channel: ClassVar[Channel] = Channel.COUNTER
    documentation: ClassVar[str] = "https://www.rfc-editor.org/rfc/rfc4180"

    columns: dict[str, str] = Field(
        {
            "source_id": "id",
            "occurred_at": "time",
            "score": "score",
            "text": "comment",
            "language": "language",
            "subject.location": "location",
            "subject.service": "service",
        },
        description="Field of the answer → column of the export",
    )
    table: Table = Field(Table(), description="How the export is written")
    asks: Question = Field(Question(question="satisfied", metric=Metric.CSAT), description="The question with a score")
    scores: dict[str, float] = Field(
        default_factory=dict,
        description="Score as the export writes it, lower case → its number, where it is no number",
    )
    survey: str | None = Field(None, description="Id of the survey")

    @model_validator(mode="after")
    def _columns_are_fields(self) -> Self:
        self.table.check_columns(self.columns)
        return self

    def parse_rows(self, content: bytes, source: Source, now: datetime) -> Iterator[Draft | Ignored | BadRow]:
        for row in self.table.rows(content, self.columns):
            yield row if isinstance(row, BadRow) else self._item(row.source_id, dict(row.fields), source)

    def _item(self, source_id: str, given: dict[str, Any], source: Source) -> Draft | Ignored:
        rated, reason, words = (given.pop(name, None) for name in ("score", "reason", "text"))
        if rated is None and reason is None and words is None:
            return Ignored("a row in which nothing was filled in")
        score = self.scores.get(rated.strip().lower()) if rated and self.scores else rated and number(rated)
        unknown = rated is not None and score is None
        language, survey = given.pop("language", None) or source.language, given.pop("survey", None)
        return Draft(
            source_id=source_id,
            answers=[self.asks.answer(score=score, reason=reason, text=words)],
            language=language,
            survey=survey or present(id=self.survey),
            notes=(Note(field="answers[0].score", problem=_UNKNOWN),) if unknown else (),
            **given,
        )
