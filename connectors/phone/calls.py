"""What all sources of rated calls have in common: what a rating is, and that a call without one is no answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from connectors.base import Connector, Draft, Ignored, Question, Source
from connectors.reading import present
from schemas.feedback import Metric

# What menus write where nothing was pressed; compared in small letters.
_UNRATED = ("-", "none", "null", "n/a", "na", "timeout", "hangup", "no_input", "noinput", "skipped", "_undef_")


class RatedCalls(Connector):
    """Settings of a source of rated calls."""

    asks: Question = Field(Question(question="rating", metric=Metric.CSAT), description="The question with a score")
    reasons: dict[str, str] = Field({}, description="Code of a reason, such as the key pressed → the reason")
    unrated: tuple[str, ...] = Field(_UNRATED, description="What stands for no rating beside nothing; small letters")
    survey: str | None = Field(None, description="Id of the survey")

    def answer_of(self, source_id: str | None, told: Mapping[str, Any], source: Source) -> Draft | Ignored:
        """The answer of a call: `told` holds `score`, `reason` and `text`, and other fields of a Draft by name."""
        fields = dict(told)
        score, reason, text = (self._given(fields.pop(name, None)) for name in ("score", "reason", "text"))
        if score is None and reason is None and text is None:
            return Ignored("a call without a rating")
        if isinstance(reason, str):
            reason = self.reasons.get(reason, reason)
        fields["language"] = fields.get("language") or source.language
        fields["survey"] = fields.get("survey") or present(id=self.survey)
        return Draft(source_id=source_id, answers=[self.asks.answer(score=score, reason=reason, text=text)], **fields)

    def _given(self, value: object) -> object:
        if isinstance(value, bool):
            return str(value)  # true is no number, and the contract would read it as one
        if not isinstance(value, str):
            return value
        value = value.strip()
        return None if value == "" or value.lower() in self.unrated else value
