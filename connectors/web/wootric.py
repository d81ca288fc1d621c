"""InMoment/Wootric: micro-surveys, by its webhook and by its REST API (https://docs.wootric.com/api).

The webhook sends `response` or `decline` as JSON or as a form, and signs it where the account's token is given here as
one of the `secrets` (`X-Wootric-Signature`: sha1= and HMAC-SHA1 of the body); else its URL must be a secret. Its
events are created and updated; that there is a deleted one is not confirmed, and it withdraws.

A decline is told without score and text, which tells it from a response also where the list it stands in is not known.

The API filters by time of creation only and gives at most 30 pages of 50 from one time on, so each round goes through
what was created since `look_back_hours` ago, and passes over what has not been updated since the round before.
A response is the same answer however it comes: its id is that of the response, its order the second of its update.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, Self
from urllib.parse import urlencode

from pydantic import Field, SecretStr, model_validator

from connectors.addresses import ApiUrl
from connectors.base import (
    FORM,
    BadRow,
    Call,
    Cursor,
    Draft,
    Ignored,
    Item,
    Page,
    Poll,
    Question,
    Request,
    Response,
    Source,
)
from connectors.errors import Rejected
from connectors.reading import at, dumped, identifier, is_true, mapping, moment, order, present, score, text, whole
from connectors.signatures import demand, header, same
from connectors.unsigned import Unsigned
from schemas.feedback import Channel, Metric

SIGNATURE = "x-wootric-signature"
METRICS = {"NPS": Metric.NPS, "CES": Metric.CES, "CSAT": Metric.CSAT}
HOSTS = {"NPS-EU": "https://api.wootric.eu", "NPS-AU": "https://api.wootric.au"}
_KINDS = ("responses", "declines")
_PER_PAGE, _PAGES = 50, 30
_LATE = 600  # seconds that a response may be published after its update
_FIELD = re.compile(r"([a-z_]{1,40})((?:\[[^\[\]]{1,100}\]){0,2})")
_OFFSET = re.compile(r" ([+-][0-9]{4})$")


class Wootric(Unsigned, Poll):
    """Settings of a Wootric account."""

    channel: ClassVar[Channel] = Channel.IN_APP
    documentation: ClassVar[str] = "https://docs.wootric.com/webhooks/"
    pause: ClassVar[float] = 0.6  # 100 calls a minute

    proofs: ClassVar[tuple[str, ...]] = ("secrets", "path_secrets", "passwords")

    secrets: tuple[SecretStr, ...] = Field(
        (), description="Secret tokens of the page Outgoing Webhooks; the old and the new one while it is changed"
    )
    client_id: str | None = Field(None, description="Client id of the API, to ask for answers; with client_secret")
    client_secret: SecretStr | None = Field(None, description="Client secret of the API")
    account_token: str | None = Field(
        None, description="Token of the account, such as NPS-EU-12345678: its beginning says where the API is"
    )
    url: ApiUrl | None = Field(None, description="Where the API is, instead of what the account_token says")
    look_back_hours: int = Field(24, description="How long after its creation an answer may be edited", ge=1, le=2_000)
    asks: Question = Field(
        Question(question="recommend", metric=Metric.NPS),
        description="The question with a score, of surveys that do not say their kind (those asked for do not)",
    )
    surveys: dict[str, Question] = Field(default_factory=dict, description="By survey id: its question")
    properties: dict[str, str] = Field(
        default_factory=dict,
        description="Property of the end user → field of the subject, such as {'product_plan': 'product'}",
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if bool(self.client_id) != bool(self.client_secret):
            raise ValueError("set client_id and client_secret together")
        return self

    @property
    def has_other_proof(self) -> bool:
        return bool(self.secrets)

    @property
    def is_polled(self) -> bool:
        return self.client_id is not None

    def verify(self, request: Request, now: datetime) -> None:
        if not self.has_other_proof:
            return super().verify(request, now)
        expected = [_signature(secret, request.body) for secret in self.secrets]
        demand(same(header(request.headers, SIGNATURE), expected))

    def sign(self, request: Request, now: datetime) -> Request:
        if not self.has_other_proof:
            return super().sign(request, now)
        return replace(request, headers={**request.headers, SIGNATURE: _signature(self.secrets[0], request.body)})

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        is_json = request.media_type == "application/json" or request.body.lstrip().startswith(b"{")
        told = request.json() if is_json else _nested(request.form_fields)
        event, mode = text(told, "event_name"), text(told, "survey_mode")
        for kind, given in (("responses", mapping(told, "response")), ("declines", mapping(told, "decline"))):
            if given:
                item = self._item(kind, given, source, mode)
                if item is None:
                    raise Rejected(400, f"{kind[:-1]}.id is missing")
                return [_withdrawn(item) if event == "deleted" and isinstance(item, Draft) else item]
        return [Ignored("neither a response nor a decline")]

    def login(self, now: datetime) -> Call:
        secret = self.client_secret.get_secret_value() if self.client_secret else ""
        form = {"grant_type": "client_credentials", "client_id": self.client_id or "", "client_secret": secret}
        account = f"?{urlencode({'account_token': self.account_token})}" if self.account_token else ""
        headers = {"content-type": FORM}
        return Call(f"{self._url}/oauth/token{account}", "POST", headers, urlencode(form).encode())

    def token(self, response: Response) -> str:
        if token := text(response.json(), "access_token"):
            return token
        raise Rejected(400, "the answer to the login has no access_token")

    def call(self, cursor: Cursor, token: str, now: datetime) -> Call:
        asked = {
            "created[gte]": whole(cursor, "from") or self._start(cursor),
            "sort_order": "asc",
            "per_page": _PER_PAGE,
            "page": whole(cursor, "page") or 1,
        }
        headers = {"authorization": f"Bearer {token}"}
        return Call(f"{self._url}/v1/{_kind(cursor)}?{urlencode(asked)}", headers=headers)

    def parse_page(self, response: Response, cursor: Cursor, source: Source, now: datetime) -> Page:
        told = response.json()
        if not isinstance(told, list):
            raise Rejected(400, "the page is no list")
        kind = _kind(cursor)
        rounds = {"looked": whole(cursor, "looked") or 0, "began": whole(cursor, "began") or int(now.timestamp())}
        items: list[Draft | Ignored | BadRow] = []
        for number, given in enumerate(told, 1):
            item = self._item(kind, mapping(given), source)
            if item is None:
                items.append(BadRow(number, "an item without an id", dumped([given])))
            elif isinstance(item, Draft) and 0 < item.order < rounds["looked"] - _LATE:
                items.append(Ignored("told in an earlier round"))
            else:
                items.append(item)
        start, page = whole(cursor, "from") or self._start(cursor), whole(cursor, "page") or 1
        if len(told) >= _PER_PAGE:
            follows = {"of": kind, "from": start, "page": page + 1}
            if page >= _PAGES:
                last = order(_time(at(told, -1), "created_at")) // 1_000_000
                follows = {"of": kind, "from": last if last > start else start + 1, "page": 1}
            return Page(items, {**rounds, **follows}, more=True)
        if kind == _KINDS[0]:
            return Page(items, {**rounds, "of": _KINDS[1], "from": self._start(cursor), "page": 1}, more=True)
        return Page(items, {"looked": rounds["began"]})

    def _item(
        self, kind: str, given: Mapping[str, Any], source: Source, mode: str | None = None
    ) -> Draft | Ignored | None:
        number = identifier(given, "id")
        if number is None:
            return None
        declined = kind == "declines" or not given.keys() & {"score", "text"}
        if not declined and score(given, "score") in (None, "") and text(given, "text") is None:
            return Ignored("a response in which nothing is answered yet")
        survey = identifier(given, "survey_id")
        properties = mapping(given, "end_user_properties") or mapping(given, "end_user", "properties")
        named = {field: identifier(properties, name) for name, field in self.properties.items()}
        answer = self._question(survey, mode).answer(score=score(given, "score"), text=text(given, "text"))
        return Draft(
            # Declines are numbered apart from responses.
            source_id=f"decline-{number}" if declined else number,
            outcome="declined" if declined else "answered",
            answers=[] if declined else [answer],
            occurred_at=_time(given, "created_at"),
            order=order(_time(given, "updated_at")) // 1_000_000,
            flags=("excluded",) if is_true(given, "excluded_from_calculations") else (),
            language=source.language,
            survey=present(id=survey),
            subject=present(page_url=text(given, "origin_url"), **named),
            client=present(ip=text(given, "ip_address")),
            person=present(
                email=text(given, "email") or text(given, "end_user", "email"),
                user_id=identifier(given, "external_id") or identifier(given, "end_user", "external_id"),
                visitor_id=identifier(given, "end_user_id"),
            ),
        )

    def _question(self, survey: str | None, mode: str | None) -> Question:
        asked = self.surveys.get(survey or "", self.asks)
        metric = METRICS.get((mode or "").upper(), asked.metric)
        return asked if metric == asked.metric else Question(metric=metric)

    def _start(self, cursor: Cursor) -> int:
        """Since when a round asks: from the first answer on, and later from `look_back_hours` before the last round."""
        return max(0, (whole(cursor, "looked") or 0) - self.look_back_hours * 3600)

    @property
    def _url(self) -> str:
        return self.url or HOSTS.get((self.account_token or "")[:6], "https://api.wootric.com")


def _withdrawn(item: Draft) -> Draft:
    return Draft(source_id=item.source_id, order=item.order, outcome=item.outcome, authority="withdrawn")


def _kind(cursor: Cursor) -> str:
    return _KINDS[1] if text(cursor, "of") == _KINDS[1] else _KINDS[0]


def _signature(secret: SecretStr, body: bytes) -> str:
    return "sha1=" + hmac.new(secret.get_secret_value().encode(), body, hashlib.sha1).hexdigest()


def _time(given: object, name: str) -> datetime | str | None:
    """A time of theirs ('2016-08-04 13:57:26 -0700') as ISO 8601 writes it."""
    found = moment(given, name)
    return _OFFSET.sub(r"\1", found) if isinstance(found, str) else found


def _nested(flat: list[tuple[str, str]]) -> dict[str, Any]:
    """Fields named `response[end_user_properties][plan]` as nested objects."""
    nested: dict[str, Any] = {}
    for name, value in flat:
        if not (found := _FIELD.fullmatch(name)):
            continue
        *heads, last = [found[1], *re.findall(r"\[([^\[\]]+)\]", found[2])]
        inner = nested
        for head in heads:
            deeper = inner.setdefault(head, {})
            if not isinstance(deeper, dict):
                break
            inner = deeper
        else:
            inner[last] = value
    return nested
