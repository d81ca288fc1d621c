"""The generic form: a web page in two steps (score, then reason), a kiosk, staff who type in a letter, signed JSON.

Which of these a source is, follows from how senders prove themselves, one of three:

- `public`: anyone may answer; the page is at the source's address, and the same fields may be posted as JSON.
- `user` and `passwords`: HTTP Basic, for staff at their browser.
- `secrets`: another system sends JSON or a form, signed as Standard Webhooks (https://www.standardwebhooks.com).

Fields, in JSON nested and in forms with dots (`subject.case_number`): `score`, `reason`, `text`, `decline`, `session`
(as the first step's answer gave it), `language`, and `survey`, `subject`, `person`, `consent` in the words of the
contract. Who proved themselves may also give `id` (else `webhook-id`, else the answer gets an id of ours),
`occurred_at`, `order`, `withdrawn`, `client` and `answers`, a list of answers in the words of the contract.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar, Self
from urllib.parse import urlencode, urlsplit

import orjson
from pydantic import Field, SecretStr, model_validator

from connectors import standard_webhooks
from connectors.base import FORM, Draft, Ignored, Item, Piece, Question, Reply, Request, Source, Webhook, client_of
from connectors.errors import Rejected
from connectors.reading import is_true, language, moment, present
from connectors.signatures import basic_header, verify_basic
from connectors.web import pages
from schemas.feedback import Channel, Metric, Note

HONEYPOT = "website"
SESSION = re.compile(r"[0-9a-f]{32}")
_ORDER = re.compile(r"[0-9]{1,19}")
_PARTS = ("survey", "subject", "person", "consent", "client")
_WORDS = re.compile(r"[a-z_]{1,40}(\.[a-z_-]{1,40}){0,2}")


class WebForm(Webhook):
    """Settings of a form, kiosk or signed sender."""

    channel: ClassVar[Channel] = Channel.WEB_FORM
    documentation: ClassVar[str] = "https://www.standardwebhooks.com"

    proofs: ClassVar[tuple[str, ...]] = ("public", "passwords", "secrets")

    public: bool = Field(False, description="Anyone may answer, without proof")
    user: str = Field("staff", description="User name for HTTP Basic", pattern=r"^[^:]{1,100}$")
    passwords: tuple[SecretStr, ...] = Field((), description="Passwords for HTTP Basic; several while one is changed")
    secrets: standard_webhooks.Secrets = Field(
        (), description="Secrets 'whsec_…' of Standard Webhooks; several likewise"
    )
    asks: Question = Field(Question(metric=Metric.CSAT), description="The question with a score (metric open: none)")
    reasons: tuple[str, ...] = Field((), description="Reasons to choose from in the second step; none by default")
    survey: str | None = Field(None, description="Id of the survey, unless a request names another")

    @model_validator(mode="after")
    def _one_proof(self) -> Self:
        if [self.public, bool(self.passwords), bool(self.secrets)].count(True) != 1:
            raise ValueError("set one of public, passwords and secrets")
        return self

    @property
    def proves_sender(self) -> bool:
        return not self.public

    def verify(self, request: Request, now: datetime) -> None:
        if self.passwords:
            verify_basic(request.headers, self.user, [password.get_secret_value() for password in self.passwords])
        elif self.secrets:
            standard_webhooks.verify(request, self.secrets, now)

    def sign(self, request: Request, now: datetime) -> Request:
        if self.passwords:
            authorization = basic_header(self.user, self.passwords[0].get_secret_value())
            return replace(request, headers={**request.headers, "authorization": authorization})
        return standard_webhooks.signed(request, self.secrets, now) if self.secrets else request

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        if request.method not in ("POST", "PUT"):
            return [Ignored("a page was opened")]
        given = _given(request)
        if given.get(HONEYPOT):
            return [Ignored("the field for machines was filled in")]
        answers = self._answers(given)
        declined = is_true(given, "decline") and not answers
        withdrawn = is_true(given, "withdrawn") and not self.public
        if not answers and not declined and not withdrawn:
            return [Ignored("nothing was filled in")]
        draft = Draft(
            answers=answers,
            outcome="declined" if declined else "answered",
            language=language(given, "language") or source.language,
            survey=_part(given, "survey") or present(id=self.survey),
            subject=_part(given, "subject"),
            person=_part(given, "person"),
            consent=_part(given, "consent"),
            notes=[Note(field=name, problem="not_an_object") for name in _PARTS if _is_no_part(given, name)],
            client=client_of(request) if self.public else _part(given, "client"),
            occurred_at=None if self.public else moment(given, "occurred_at"),
        )
        source_id = _id(given) or request.headers.get("webhook-id")
        if source_id and not self.public:
            draft.source_id, draft.order = source_id, _order(given)
            draft.authority = "withdrawn" if withdrawn else "source"
            return [draft]
        step = "reason" if _session(given) and "score" not in given else "score"
        told = json.dumps(given, sort_keys=True, default=str).encode("utf-8", "surrogatepass")
        return [Piece(_session(given), sha256(told).hexdigest()[:32], step, draft)]

    def reply(self, request: Request, source: Source, session: str | None) -> Reply:
        if request.method in ("POST", "PUT") and "text/html" not in request.headers.get("accept", ""):
            body = {"status": "received"} | ({"session": session} if session else {})
            return Reply(200, orjson.dumps(body), {"content-type": "application/json"})
        query = request.query
        language = pages.language_of(request, query.get("language"), source.language)
        if request.method not in ("POST", "PUT"):
            opened = query.get("session", "")
            return (
                self._second_page(language, opened)
                if SESSION.fullmatch(opened)
                else self._first_page(request, language)
            )
        given = _given(request)
        if session is not None and given.get("score"):
            return pages.see_other("?" + urlencode({**query, "session": session}))
        if is_true(given, "decline"):
            return pages.message(language, "declined")
        if session is None and not given.get(HONEYPOT):
            return self._first_page(request, language)
        return pages.message(language, "thanks")

    def _answers(self, given: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        answers = given.get("answers")
        if isinstance(answers, list) and answers and not self.public:
            return answers
        score = given.get("score")
        if isinstance(score, bool):
            score = str(score)  # true is no number, and the contract would read it as one
        answer = self.asks.answer(score=score, reason=given.get("reason"), text=given.get("text"))
        return [answer] if answer.keys() & {"score", "reason", "text"} else []

    def _first_page(self, request: Request, language: str) -> Reply:
        asks, content = self.asks, []
        # The page that led here; the browser tells it once.
        referrer = request.headers.get("referer", "")
        hidden = {"language": language}
        if referrer and urlsplit(referrer).netloc != urlsplit(request.url).netloc:
            hidden["subject.page_url"] = referrer
        if asks.scale is not None:
            content.append(
                pages.score_choices("score", language, asks.metric, asks.scale, asks.wording, required=self.public)
            )
        if asks.scale is None:
            content.append(pages.text_area("text", language, asks.wording or pages.TEXTS[language]["open"]))
        elif not self.public:
            content.append(pages.text_area("text", language))
        if not self.public:
            content.append(pages.one_line("subject.case_number", language, "case_number"))
            content.append(pages.one_line("occurred_at", language, "occurred_at", "datetime-local"))
        else:
            content.append(pages.honeypot(HONEYPOT, language))
        body = pages.form(language, content, hidden)
        if self.public:
            body += pages.form(language, [pages.decline_button(language)], hidden, button="")
        return pages.page(language, body)

    def _second_page(self, language: str, session: str) -> Reply:
        content = []
        if self.reasons:
            texts = pages.TEXTS[language]
            options = {reason: texts.get(reason, reason) for reason in self.reasons}
            content.append(pages.choices("reason", texts["why"], options))
        content += [pages.text_area("text", language), pages.honeypot(HONEYPOT, language)]
        recorded = f'<p role="status">{pages.TEXTS[language]["recorded"]}</p>'
        return pages.page(language, recorded + pages.form(language, content, {"session": session}))


def _given(request: Request) -> dict[str, Any]:
    """The fields of the body, with those of the URL beneath them, nested."""
    given = _nested(request.query)
    if request.media_type == FORM:
        body = _nested(request.form)
    else:
        body = request.json()
        if not isinstance(body, dict):
            raise Rejected(400, "the body is not a JSON object")
    for name, value in body.items():
        under = given.get(name)
        given[name] = {**under, **value} if isinstance(under, dict) and isinstance(value, dict) else value
    return given


def _nested(flat: Mapping[str, str]) -> dict[str, Any]:
    """`{'subject.form': 'x'}` as `{'subject': {'form': 'x'}}`; empty fields are left out."""
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        if value == "" or not _WORDS.fullmatch(name):
            continue
        *heads, last = name.split(".")
        if heads and heads[0] not in _PARTS:
            continue
        inner = nested
        for head in heads:
            inner = inner.setdefault(head, {})
            if not isinstance(inner, dict):
                break
        else:
            inner[last] = value
    return nested


def _part(given: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    value = given.get(name)
    return value if isinstance(value, dict) and value else None


def _is_no_part(given: Mapping[str, Any], name: str) -> bool:
    return given.get(name) is not None and not isinstance(given[name], dict)


def _id(given: Mapping[str, Any]) -> str | None:
    value = given.get("id")
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Rejected(400, "id is neither text nor a whole number")
    return str(value)


def _order(given: Mapping[str, Any]) -> int:
    """A whole number, in a form its digits; 0 where there is none."""
    value = given.get("order") or 0
    if isinstance(value, str) and _ORDER.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Rejected(400, "order is not a whole number")
    return value


def _session(given: Mapping[str, Any]) -> str | None:
    value = given.get("session")
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not SESSION.fullmatch(value):
        raise Rejected(400, "session is not one that was given out")
    return value
