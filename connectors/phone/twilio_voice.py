"""Twilio Voice: a call in which the score is asked, and then the reason, by keys or by speech.

https://www.twilio.com/docs/voice/twiml/gather
The number's webhook is our URL. It answers each request of a call with the next thing to say (TwiML), in the language
of the source: the score, then the reason, then thanks. `Gather` posts what was pressed (`Digits`) or said
(`SpeechResult`) to our URL with `step` and `try` behind it. What is no number on the scale is asked once more. All of a
call is one answer, by its `CallSid`, also where the caller hangs up after the score.

A flow of Studio that asks by itself may post both at once: a post without `step` has the score in `Digits`, or in
`SpeechResult` where that is a number, and else the reason in `SpeechResult`. Not confirmed on a primary page: that
`SpeechResult` comes as the words only. Callbacks of a call's state are no answer. Twilio sends no time, so the time of
receipt counts.
"""

from __future__ import annotations

import re
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar, Literal, Self
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from pydantic import Field, field_validator, model_validator

from connectors.base import Draft, Ignored, Item, Piece, Question, Reply, Request, Source
from connectors.errors import Rejected
from connectors.phone.prompts import LOCALES, PROMPTS, spoken_number
from connectors.reading import present
from connectors.twilio import Twilio, caller, given_in, twiml
from schemas.feedback import Channel, Metric, Note

_ENDED = {"completed", "busy", "failed", "no-answer", "canceled"}
_KEYS = re.compile(r"[0-9]{1,3}")
_NOT_OF_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class TwilioVoice(Twilio):
    """Settings of a Twilio number that citizens are called from, call, or are put through to."""

    channel: ClassVar[Channel] = Channel.PHONE
    documentation: ClassVar[str] = "https://www.twilio.com/docs/voice/twiml/gather"

    asks: Question = Field(
        Question(question="rating", metric=Metric.CSAT),
        description="The question with a score; `wording` is said instead of ours, with the scale in it",
    )
    reasons: dict[str, str] = Field({}, description="Key → reason, as it is said and kept; none by default, only words")
    language: Literal["nl", "en", "pl", "nb", "fi"] | None = Field(
        None, description="What is spoken; by default the language of the source, else Dutch"
    )
    survey: str | None = Field(None, description="Id of the survey")

    @field_validator("reasons")
    @classmethod
    def _are_keys(cls, reasons: dict[str, str]) -> dict[str, str]:
        if any(not re.fullmatch("[0-9]", key) for key in reasons):
            raise ValueError("the keys of reasons are single digits")
        return reasons

    @model_validator(mode="after")
    def _has_a_scale(self) -> Self:
        scale = self.asks.scale
        if scale is None or scale.min < 0 or scale.max > 100:
            raise ValueError("asks: keys of a telephone need a scale of numbers from 0 on")
        return self

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        given, language = given_in(request), self._spoken(source)
        call = given.get("CallSid")
        if not call:
            raise Rejected(400, "CallSid is missing")
        digits, speech = _said(given)
        if not digits and not speech:
            ended = given.get("CallStatus") in _ENDED
            return [Ignored("the state of a call" if ended else "a question that is not answered yet")]
        step, attempt = _place(request)
        taken, answer = self._answer(step, digits, speech, language)
        told = f"{step}\n{attempt}\n{digits}\n{speech}".encode("utf-8", "surrogateescape")
        unknown = taken == "reason" and digits and digits not in self.reasons
        draft = Draft(
            source_id=call,
            answers=[answer],
            language=language,
            survey=present(id=self.survey),
            person=present(phone=caller(given)),
            notes=[Note(field="answers[0].reason", problem="unknown_code")] if unknown else (),
        )
        # Words where a score was asked stay beside the score that may still come.
        return [Piece(call, sha256(told).hexdigest()[:32], f"words {attempt}" if taken == "words" else taken, draft)]

    def reply(self, request: Request, source: Source, session: str | None) -> Reply:
        given, language = given_in(request), self._spoken(source)
        if given.get("CallStatus") in _ENDED:
            return twiml()
        url, prompts = request.url.partition("?")[0], PROMPTS[language]
        thanks = _say(prompts["thanks"], language) + "<Hangup/>"
        step, attempt = _place(request)
        digits, speech = _said(given)
        if not digits and not speech:
            return twiml(self._ask("score", "1", url, language) + thanks if step is None else thanks)
        taken, answer = self._answer(step, digits, speech, language)
        if taken == "reason" or (taken == "score" and "text" in answer):
            return twiml(thanks)
        if taken == "score" and self._on_scale(answer["score"]):
            return twiml(self._ask("reason", "1", url, language) + thanks)
        if attempt == "1":
            return twiml(_say(prompts["again"], language) + self._ask("score", "2", url, language) + thanks)
        return twiml(thanks)

    def _answer(self, step: str | None, digits: str, speech: str, language: str) -> tuple[str, dict[str, Any]]:
        """What was answered: a score (and maybe words), words where a score was asked, or the reason."""
        score = None if step == "reason" else self._score(digits, speech, language)
        if score is not None:
            return "score", self.asks.answer(score=score, text=speech if digits else None)
        if step == "score":
            return "words", self.asks.words(speech or digits)
        reason = self.reasons.get(digits)
        if reason is None and speech:
            return "reason", self.asks.words(speech)
        return "reason", self.asks.answer(reason=reason, text=speech)

    def _score(self, digits: str, speech: str, language: str) -> int | None:
        if digits:
            return int(digits) if _KEYS.fullmatch(digits) else None
        return spoken_number(speech, language)

    def _on_scale(self, score: int) -> bool:
        scale = self.asks.scale
        return scale is not None and scale.min <= score <= scale.max

    def _ask(self, step: str, attempt: str, url: str, language: str) -> str:
        """A question with what catches its answer. Who says nothing hears it twice."""
        prompts = PROMPTS[language]
        if step == "score" and self.asks.scale is not None:
            scale = self.asks.scale
            low, high, best = (f"{number:g}" for number in (scale.min, scale.max, scale.best))
            words = self.asks.wording or prompts["score"].format(low=low, high=high, best=best)
            keys = len(high)
        else:
            offered = (prompts["key"].format(reason=reason, key=key) for key, reason in self.reasons.items())
            words, keys = " ".join([prompts["reason"], *offered]), 1
        action = _speakable(url) + "?" + urlencode({"step": step, "try": attempt})
        gather = (
            f'<Gather input="dtmf speech" method="POST" action={quoteattr(action)} numDigits="{keys}"'
            f' language="{LOCALES[language]}" speechTimeout="auto">{_say(words, language)}</Gather>'
        )
        return gather * 2

    def _spoken(self, source: Source) -> str:
        language = self.language or source.language
        return language if language in LOCALES else "nl"


def _place(request: Request) -> tuple[str | None, str]:
    """Which question was asked, where we asked it, and for the how-manieth time."""
    step = request.query.get("step")
    return step if step in ("score", "reason") else None, "2" if request.query.get("try") == "2" else "1"


def _said(given: dict[str, str]) -> tuple[str, str]:
    """The keys that were pressed and the words that were said; empty where there are none."""
    digits, speech = given.get("Digits", "").strip(" *#"), given.get("SpeechResult", "").strip()
    return ("", "") if digits == "hangup" else (digits, speech)


def _say(words: str, language: str) -> str:
    return f'<Say language="{LOCALES[language]}">{escape(_speakable(words))}</Say>'


def _speakable(text: str) -> str:
    return _NOT_OF_XML.sub(" ", text)
