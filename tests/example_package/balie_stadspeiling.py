"""Stadspeiling, the panel of an invented town (https://stadspeiling.example/docs/webhooks)."""

from datetime import datetime
from typing import ClassVar

from connectors.base import Draft, Ignored, Item, Question, Request, Source
from connectors.errors import Rejected
from connectors.reading import at, identifier, listed, text, whole
from connectors.standard_webhooks import StandardWebhook
from schemas.feedback import Channel, Metric

SATISFIED = Question(question="satisfied", metric=Metric.CSAT)
LANGUAGES = {"NLD": "nl", "POL": "pl"}


class Stadspeiling(StandardWebhook):
    """Settings of an account."""

    channel: ClassVar[Channel] = Channel.WEB
    documentation: ClassVar[str] = "https://stadspeiling.example/docs/webhooks"

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        told = request.json()
        if not isinstance(at(told, "responses"), list):
            raise Rejected(400, "responses is no list")
        return [self._item(one) for one in listed(told, "responses")]

    def _item(self, one: object) -> Item:
        status = text(one, "status")
        if status not in ("complete", "removed"):
            return Ignored("a response that is not complete")
        return Draft(
            source_id=identifier(one, "id"),
            order=whole(one, "revision") or 0,
            authority="withdrawn" if status == "removed" else "source",
            answers=[SATISFIED.answer(score=at(one, "stars"), text=text(one, "remark"))],
            occurred_at=text(one, "filled_in_at"),
            language=LANGUAGES.get(text(one, "language") or ""),
        )
