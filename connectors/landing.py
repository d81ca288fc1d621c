"""Landing links as GovMetric gives them out: a smiley that is clicked counts, then a page asks why, another for words.

`/theme/kf/{sourceId}?Q_Formid={slug}&GUID={guid}&Q_RATINGID={rating}`: in a page, in a mail, or at the end of a form. A
town has a source id (and GUID) for forms that were finished, others for forms that were aborted, and one pair for each
language. Without a rating the link shows the smileys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Self
from urllib.parse import urlencode, urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from connectors.base import Draft, Ignored, Item, Piece, Question, Reply, Request, Source, Webhook, client_of
from connectors.errors import Rejected
from connectors.signatures import same
from connectors.web import pages
from schemas.feedback import FormOutcome, Metric, Note

GOOD, AVERAGE, POOR = 3, 2, 1
# The ids are names, not numbers.
RATINGS = {"3": GOOD, "2": AVERAGE, "4": POOR}
REASONS = ("information", "contact", "speed", "ease")
QUESTION = Question(question="rating", metric=Metric.SMILEY)
UNKNOWN = "unknown_code"

_SESSION = re.compile(r"[0-9a-f]{32}")
# What a browser, a mail client or a proxy says when it looks at a link before anybody has clicked it.
_PREFETCH_HEADERS = ("sec-purpose", "purpose", "x-purpose", "x-moz")
# Crawlers, previews, scanners of mail, and Office, which opens a link before the browser does. CUBOT makes phones.
_ROBOT = re.compile(
    r"(?<!\bcu)bot\b|crawl|spider|preview|facebookexternalhit|slackbot|whatsapp/|scanner|barracuda|mimecast|proofpoint"
    r"|safelinks|imageproxy|ms-?office|microsoft office|headless"
    r"|^(?:curl|wget|python|go-http-client|java|okhttp|node|axios)\b",
    re.I,
)


class Link(BaseModel):
    """One source id as GovMetric gave it out."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    guid: str | None = Field(None, description="The GUID of the link, where it has one", min_length=1, max_length=100)
    form_outcome: FormOutcome | None = Field(None, description="finished or aborted, where the link ends a form")
    language: str | None = Field(None, description="Language of the pages; by default the reader's")
    service: str | None = Field(None, description="The service the link belongs to")


class LandingLinks(Webhook):
    """Settings and pages of landing links."""

    links: dict[str, Link] = Field(default_factory=dict, description="By source id: the landing links in use")
    reasons: tuple[str, ...] = Field(REASONS, description="The reasons to choose from", min_length=1, max_length=10)
    case_parameters: tuple[str, ...] = Field(
        ("zaaknummer", "kenmerk", "case_number"), description="Parameters of a link that hold a case number"
    )

    @model_validator(mode="after")
    def _source_ids(self) -> Self:
        if any(not re.fullmatch(r"[0-9]{1,10}", source_id) for source_id in self.links):
            raise ValueError("a source id in links is 1 to 10 digits")
        return self

    @property
    def proves_sender(self) -> bool:
        return False  # the GUID is in every citizen's link

    def paths(self) -> Iterable[str]:
        return [f"/theme/kf/{source_id}" for source_id in self.links]

    def verify(self, request: Request, now: datetime) -> None:
        _, link = self._link(request)
        if link.guid is not None and not same(request.query.get("GUID", ""), [link.guid]):
            raise Rejected(403, "the GUID is not that of the link")

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        source_id, link = self._link(request)
        posted = request.form if request.method == "POST" else {}
        given = {**request.query, **posted}
        session = given.get("session", "")
        if session:
            if not _SESSION.fullmatch(session):
                raise Rejected(400, "session is not one that was given out")
            return self._step(posted, session) if posted else [Ignored("a page was opened")]
        if not given.get("Q_RATINGID") or request.method not in ("GET", "POST"):
            return [Ignored("a page was opened")]
        if _looks_ahead(request):
            # Refused, so that a browser which fetches pages ahead asks again once the link is clicked.
            raise Rejected(403, "this link counts when it is clicked", {"cache-control": "no-store"})
        score = RATINGS.get(given["Q_RATINGID"])
        subject = {
            "form": given.get("Q_Formid"),
            "form_outcome": link.form_outcome,
            "service": link.service,
            "page_url": request.headers.get("referer") or _without_codes(request.url),
            "case_number": next((given[name] for name in self.case_parameters if given.get(name)), None),
        }
        draft = Draft(
            answers=[QUESTION.answer(score=score)],
            language=pages.language_of(request, link.language, source.language),
            survey={"id": source_id},
            subject={name: value for name, value in subject.items() if value},
            client=client_of(request),
            flags=("bot",) if _ROBOT.search(request.headers.get("user-agent", "")) else (),
            notes=() if score is not None else (Note(field="answers[0].score", problem=UNKNOWN),),
        )
        return [Piece(None, "rating", "rating", draft)]

    def reply(self, request: Request, source: Source, session: str | None) -> Reply:
        _, link = self._link(request)
        posted = request.form if request.method == "POST" else {}
        language = pages.language_of(request, link.language, source.language)
        opened = {**request.query, **posted}.get("session")
        if opened is None and session is not None:
            return pages.see_other("?" + urlencode(({"GUID": link.guid} if link.guid else {}) | {"session": session}))
        if opened is None:
            values = {"good": "3", "average": "2", "poor": "4"}
            body = pages.form(language, [pages.smiley_buttons("Q_RATINGID", language, values)], {}, button="")
            return pages.page(language, body)
        if "text" in posted:
            return pages.message(language, "thanks")
        texts = pages.TEXTS[language]
        if "step" in posted:
            content = pages.text_area("text", language)
            return pages.page(language, pages.form(language, [content], {"session": opened, "step": "text"}))
        options = {reason: texts.get(reason, reason) for reason in self.reasons}
        question = pages.choices("reason", texts["why"], options)
        recorded = f'<p role="status">{texts["recorded"]}</p>'
        form = pages.form(language, [question], {"session": opened, "step": "reason"}, button="next")
        return pages.page(language, recorded + form)

    def _step(self, posted: Mapping[str, str], session: str) -> list[Item]:
        reason, text = posted.get("reason"), posted.get("text", "").strip()
        if reason not in self.reasons and not text:
            return [Ignored("nothing was filled in")]
        told = json.dumps([reason, text]).encode()
        draft = Draft(answers=[QUESTION.answer(reason=reason if reason in self.reasons else None, text=text)])
        return [Piece(session, sha256(told).hexdigest()[:32], "text" if text else "reason", draft)]

    def _link(self, request: Request) -> tuple[str, Link]:
        """The link that was called: by its path, or by `sourceId` at the source's own address."""
        path = urlsplit(request.url).path
        source_id = path.rpartition("/")[2] if "/theme/kf/" in path else request.query.get("sourceId", "")
        link = self.links.get(source_id)
        if link is None:
            raise Rejected(404, "there is no such link")
        return source_id, link


def _looks_ahead(request: Request) -> bool:
    told = " ".join(request.headers.get(name, "") for name in _PREFETCH_HEADERS).lower()
    return "prefetch" in told or "prerender" in told or "preview" in told


def _without_codes(url: str) -> str:
    """The link without what is only for us, so that a case number in it can still be found."""
    parts = urlsplit(url)
    kept = {name: value for name, value in Request("GET", url).query.items() if name not in ("GUID", "Q_RATINGID")}
    return parts._replace(query=urlencode(kept)).geturl()
