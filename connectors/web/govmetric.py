"""GovMetric CX (KLANTINFOCUS in the Netherlands): its landing links, and the CSV of its exports.

A smiley in a page, a mail or at the end of a form of Open Formulieren links to
`/theme/kf/{sourceId}?Q_Formid={slug}&GUID={guid}&Q_RATINGID={rating}`
(https://open-forms.readthedocs.io, analytics plug-ins). Town and links stay as they are; only the host changes. The
score counts at the click. Then one of four reasons and some words may follow, each on a page of its own, and end in
the same answer. A town has a source id and GUID for forms that were finished, others for forms that were aborted, and
one pair for each language.

Not confirmed on a primary page: the column names of the exports, which is why `columns` maps them, and the codes of
the reasons.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from connectors.base import BadRow, Draft, File, Ignored, Source
from connectors.landing import AVERAGE, GOOD, POOR, QUESTION, RATINGS, UNKNOWN, LandingLinks
from connectors.tables import Table
from schemas.feedback import Channel, Note

# As exports write them, in the languages of their users, or as the ids of the links; compared in lower case.
RATING_NAMES = {
    **RATINGS,
    **dict.fromkeys(("good", "goed", "dobrze", "dobra", "bra", "god", "hyvä"), GOOD),
    **dict.fromkeys(("average", "gemiddeld", "matig", "redelijk", "średnio", "middels", "kohtalainen"), AVERAGE),
    **dict.fromkeys(("poor", "slecht", "źle", "dårlig", "huono"), POOR),
}


class GovMetric(LandingLinks, File):
    """Settings of a GovMetric account."""

    channel: ClassVar[Channel] = Channel.SURVEY_LINK
    documentation: ClassVar[str] = "https://open-forms.readthedocs.io/en/stable/configuration/analytics/"

    columns: dict[str, str] = Field(
        {
            "source_id": "Response ID",
            "occurred_at": "Date",
            "score": "Rating",
            "reason": "Reason",
            "text": "Comments",
            "subject.service": "Service",
        },
        description="Field of the event → column of the export",
    )
    table: Table = Field(Table(), description="How the export is written")
    ratings: dict[str, int] = Field(RATING_NAMES, description="Rating in the export, lower case → 3, 2 or 1")

    @model_validator(mode="after")
    def _columns(self) -> Self:
        self.table.check_columns(self.columns)
        return self

    def parse_rows(self, content: bytes, source: Source, now: datetime) -> Iterator[Draft | Ignored | BadRow]:
        for row in self.table.rows(content, self.columns):
            yield row if isinstance(row, BadRow) else self._item(row.source_id, row.fields, source)

    def _item(self, source_id: str, fields: Mapping[str, Any], source: Source) -> Draft | Ignored:
        given = dict(fields)
        rating, reason, text = (given.pop(name, None) for name in ("score", "reason", "text"))
        if rating is None and reason is None and text is None:
            return Ignored("a row in which nothing was filled in")
        score = self.ratings.get(rating.strip().lower()) if rating else None
        unknown = (Note(field="answers[0].score", problem=UNKNOWN),) if rating and score is None else ()
        return Draft(
            source_id=source_id,
            answers=[QUESTION.answer(score=score, reason=reason, text=text)],
            language=given.pop("language", None) or source.language,
            notes=unknown,
            **given,
        )
