"""Trustmary: survey answers and testimonials, by its webhook (https://help.trustmary.com, "Survey answer webhooks").

It signs nothing, so the URL is a secret. The reason is asked after the score, and the comment is what the citizen is
willing to have published; they agree to it by `publicConsent`, which is "true" or "". A later telling of the same
answer counts, and as it has no time of change, the one that comes last is the later one.

Not confirmed on a primary page: where `created_at`, `organization_id` and `contact` stand (within `answer` or beside
it: both are read, and an answer that stands by itself too), and the fields of `contact`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field

from connectors.base import Draft, Ignored, Item, Question, Request, Source
from connectors.errors import Rejected
from connectors.reading import identifier, is_true, mapping, moment, order, present, score, text
from connectors.times import in_utc
from connectors.unsigned import Unsigned
from schemas.feedback import Channel, Metric


class Trustmary(Unsigned):
    """Settings of a Trustmary survey, or of all of an organisation."""

    channel: ClassVar[Channel] = Channel.SURVEY_LINK
    documentation: ClassVar[str] = "https://help.trustmary.com/en/article/survey-answer-webhooks-developers-1oq7d8y"

    asks: Question = Field(
        Question(question="recommend", metric=Metric.NPS), description="The question with a score from 0 to 10"
    )
    comment: Question = Field(Question(question="comment"), description="The question for words to be published")
    questions: dict[str, Question] = Field(
        default_factory=dict, description="By id: questions of the town's own, where they have a score or a wording"
    )
    consent_wording: str | None = Field(None, description="What the citizen agrees to when they allow publication")

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        told = request.json()
        answer = mapping(told, "answer") or mapping(told)
        if not answer.keys() & {"answer_id", "answer_values"}:
            return [Ignored("no answer to a survey")]
        source_id = identifier(answer, "answer_id")
        if source_id is None:
            raise Rejected(400, "answer.answer_id is missing")
        beside = {**mapping(told), **answer}
        values = {**beside, **mapping(answer, "answer_values")}
        answers = list(self._answers(values))
        if not answers:
            return [Ignored("nothing was filled in")]
        answered_at = moment(beside, "created_at")
        contact = mapping(beside, "contact")
        return [
            Draft(
                source_id=source_id,
                order=order(now),
                answers=answers,
                occurred_at=answered_at,
                language=source.language,
                survey=present(id=identifier(answer, "survey_id")),
                subject=present(organisation=text(values, "organization")),
                person=present(
                    name=text(values, "name") or text(contact, "name"),
                    email=text(values, "email") or text(contact, "email"),
                    phone=text(values, "phone") or text(contact, "phone"),
                    town=text(values, "location"),
                    photo_given=True if text(values, "imageFilename") else None,
                ),
                consent=self._consent(values, in_utc(answered_at, source.time_zone)[0] or now),
            )
        ]

    def _answers(self, values: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        rated = self.asks.answer(score=score(values, "nps"), text=text(values, "feedback"))
        if rated.keys() & {"score", "text"}:
            yield rated
        if comment := text(values, "comment"):
            yield self.comment.words(comment)
        for name, given in mapping(values, "custom").items():
            asked = self.questions.get(name) or Question(question=name)
            words = "; ".join(filter(None, map(identifier, given if isinstance(given, list) else [given])))
            if words and asked.scale is not None:
                yield asked.answer(score=words)
            elif words:
                yield asked.answer(text=words)

    def _consent(self, values: Mapping[str, Any], given_at: datetime) -> dict[str, Any] | None:
        if not is_true(values, "publicConsent") or is_true(values, "noPublicConsent"):
            return None
        return {"publish": present(given_at=given_at, wording=self.consent_wording)}
