"""Open311 GeoReport v2 (FixMyStreet and others): requests of citizens, asked by its API or posted to us.

https://wiki.open311.org/GeoReport_v2/

What the citizen described is the answer, under the id of the request; notes of a status and what the agency says are
not. Asked is `requests.json` (or `.xml`) by time, in windows of days, which are halved where one is so full that it
may be cut off (1,000 requests). Each round looks back, for requests that were published late, and leaves out what it
has told in the same state.

Posted to us may be new requests in form fields, as the standard has it for apps (they are answered with an id of ours),
or requests that another system already has, in JSON or XML. Posts with a photo come as
multipart/form-data; the photo is not kept. The proof is the standard's `api_key`, a secret at the end
of the URL, or HTTP Basic. Entities and DTDs in XML are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar, Final, Literal
from urllib.parse import urlencode, urlsplit
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic import AwareDatetime, Field, SecretStr

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
    Reply,
    Request,
    Response,
    Source,
    json_of,
)
from connectors.errors import Rejected
from connectors.multipart import MULTIPART, form_parts
from connectors.reading import at, dumped, identifier, mapping, moment, order, present, text, whole
from connectors.signatures import same
from connectors.unsigned import Unsigned
from schemas.feedback import Channel, Metric

_FORMS: Final = (FORM, MULTIPART)
_FULL = 1_000  # requests that one answer holds at most
_SHORTEST = 60  # seconds of a window
# What an app gives with a new request.
_FIELDS: Final = (
    "service_code", "description", "lat", "long", "address_string", "address_id", "media_url",
    "device_id", "account_id", "first_name", "last_name", "email", "phone",
)  # fmt: skip
_ENDPOINTS: Final = ("/requests.json", "/requests.xml")


class Open311(Unsigned, Poll):
    """Settings of a GeoReport v2 server that is asked, or of those who post to us."""

    channel: ClassVar[Channel] = Channel.WEB_FORM
    documentation: ClassVar[str] = "https://wiki.open311.org/GeoReport_v2/"
    pause: ClassVar[float] = 1.0

    proofs: ClassVar[tuple[str, ...]] = ("api_keys", "path_secrets", "passwords")

    api_keys: tuple[SecretStr, ...] = Field(
        (), description="Keys that may post to us as `api_key`; the old and the new one while it is changed"
    )
    url: ApiUrl | None = Field(
        None, description="The server that is asked, such as 'https://melding.example.org/open311/v2'"
    )
    format: Literal["json", "xml"] = Field("json", description="What it is asked for")
    jurisdiction_id: str | None = Field(None, description="Its jurisdiction_id, where it serves several towns")
    api_key: SecretStr | None = Field(None, description="Key to ask it, where it wants one")
    since: AwareDatetime | None = Field(
        None, description="Since when requests are asked for at first; by default 90 days"
    )
    window_days: float = Field(7, description="How much time one call asks for", gt=0, le=90)
    look_back_days: float = Field(2, description="How late a request may be published", gt=0, le=90)

    @property
    def has_other_proof(self) -> bool:
        return bool(self.api_keys)

    @property
    def is_polled(self) -> bool:
        return self.url is not None

    def verify(self, request: Request, now: datetime) -> None:
        key = request.query.get("api_key")
        if key is None and self.api_keys and _is_form(request):
            with suppress(Rejected):  # what is no form holds no key
                key = _form(request).get("api_key")
        if not (self.api_keys and key):
            return super().verify(_without_endpoint(request)[0], now)
        if not same(key, [known.get_secret_value() for known in self.api_keys]):
            raise Rejected(403, "api_key is not known")

    def sign(self, request: Request, now: datetime) -> Request:
        if self.api_keys:
            key = urlencode({"api_key": self.api_keys[0].get_secret_value()})
            return replace(request, url=f"{request.url}{'&' if '?' in request.url else '?'}{key}")
        bare, endpoint = _without_endpoint(request)
        signed = super().sign(bare, now)
        parts = urlsplit(signed.url)
        return replace(signed, url=parts._replace(path=parts.path + endpoint).geturl())

    def parse(self, request: Request, source: Source, now: datetime) -> list[Item]:
        if request.method != "POST":
            return [Ignored("a page was opened")]
        return [self._item(given, source) or _no_request(given) for given in _posted(request)] or [
            Ignored("no request")
        ]

    def reply(self, request: Request, source: Source, session: str | None) -> Reply:
        taken = _posted(request) if request.method == "POST" else []
        ids = [found for given in taken if (found := identifier(given, "service_request_id"))]
        if _without_endpoint(request)[1].endswith(".xml"):
            told = "".join(f"<request><service_request_id>{escape(one)}</service_request_id></request>" for one in ids)
            written = f'<?xml version="1.0" encoding="utf-8"?><service_requests>{told}</service_requests>'
            return Reply(200, written.encode("utf-8", "replace"), {"content-type": "text/xml; charset=utf-8"})
        answered = [{"service_request_id": one, "service_notice": "", "account_id": None} for one in ids]
        return Reply(200, dumped(answered), {"content-type": "application/json"})

    def call(self, cursor: Cursor, token: str, now: datetime) -> Call:
        start, end, _ = self._window(cursor, now)
        key = self.api_key.get_secret_value() if self.api_key else None
        asked = present(
            start_date=_stamp(start), end_date=_stamp(end), jurisdiction_id=self.jurisdiction_id, api_key=key
        )
        return Call(f"{self.url}/requests.{self.format}?{urlencode(asked or {})}")

    def parse_page(self, response: Response, cursor: Cursor, source: Source, now: datetime) -> Page:
        start, end, seconds = self._window(cursor, now)
        known, told = mapping(cursor, "told"), {}
        items: list[Draft | Ignored | BadRow] = []
        for number, given in enumerate(_requests(response.body), 1):
            item = self._item(given, source)
            if item is None:
                items.append(BadRow(number, "a request without service_request_id", dumped([given])))
                continue
            name, state = str(identifier(given, "service_request_id")), _digest(given)
            when = order(given, "requested_datetime") // 1_000_000 or int(now.timestamp())
            items.append(Ignored("told before") if mapping(known, name).get("state") == state else item)
            told[name] = {"state": state, "when": when}
        kept = {**known, **told}
        if len(items) >= _FULL and seconds > _SHORTEST:
            # It may be cut off: the same time again in smaller windows.
            return Page(items, {"start": start, "seconds": seconds // 2, "told": kept}, more=True)
        if end < int(now.timestamp()):
            # A little is asked for twice, since the end may be a second later here than when it was asked.
            further = {"start": end - min(_SHORTEST, seconds) // 2, "seconds": min(seconds * 2, self._window_seconds)}
            return Page(items, {**further, "told": kept}, more=True)
        back = int((now - timedelta(days=self.look_back_days)).timestamp())
        recent = {name: one for name, one in kept.items() if (whole(one, "when") or 0) >= back}
        return Page(items, {"start": back, "told": recent})

    def _window(self, cursor: Cursor, now: datetime) -> tuple[int, int, int]:
        """Start and end (Unix seconds) of what is asked for next, and how long a window is."""
        seconds = whole(cursor, "seconds") or self._window_seconds
        first = self.since or now - timedelta(days=90)
        start = whole(cursor, "start") or int(first.timestamp())
        return start, min(start + seconds, int(now.timestamp())), seconds

    @property
    def _window_seconds(self) -> int:
        return max(_SHORTEST, int(self.window_days * 86_400))

    def _item(self, given: Mapping[str, Any], source: Source) -> Draft | Ignored | None:
        source_id = identifier(given, "service_request_id")
        if source_id is None:
            return None
        words = text(given, "description")
        if words is None:
            return Ignored("a request without words")
        names = (text(given, "first_name"), text(given, "last_name"))
        return Draft(
            source_id=source_id,
            order=order(given, "updated_datetime"),
            answers=[{"question": "request", "metric": Metric.OPEN, "text": words}],
            occurred_at=moment(given, "requested_datetime"),
            language=source.language,
            subject=present(
                case_number=None if given.get("is_new") is True else source_id,
                service=text(given, "service_name") or identifier(given, "service_code"),
                department=text(given, "agency_responsible"),
            ),
            person=present(name=" ".join(filter(None, names)), email=text(given, "email"), phone=text(given, "phone")),
        )


def _no_request(given: Mapping[str, Any]) -> Draft | Ignored:
    """What has neither id nor words; it becomes a failure where it does not look like a request at all."""
    return Ignored("a request without words") if identifier(given, "service_code") else Draft()


def _posted(request: Request) -> list[Mapping[str, Any]]:
    """The requests that were posted. A new one has no id yet: a hash of its fields, so that a retry is the same one."""
    given: Sequence[Mapping[str, Any]] = [_form(request)] if _is_form(request) else _requests(request.body)
    posted: list[Mapping[str, Any]] = []
    for one in given:
        told = {name: value for name, value in one.items() if name != "api_key"}
        if identifier(told, "service_request_id") is None and text(told, "description"):
            known = [told.get(name) for name in _FIELDS]
            told = {**told, "service_request_id": sha256(dumped(known)).hexdigest()[:32], "is_new": True}
        posted.append(told)
    return posted


def _requests(body: bytes) -> Sequence[Mapping[str, Any]]:
    """The requests in JSON or XML. Rejected (400) where it is neither, or something else, such as a page of a proxy."""
    if not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        told = json_of(body)
        found = told if isinstance(told, list) else at(told, "service_requests") or at(told, "requests")
        if found is None and (identifier(told, "service_request_id") or text(told, "description")):
            found = [told]
        if not isinstance(found, list):
            raise Rejected(400, "there are no service_requests")
        return [mapping(given) for given in found]
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise Rejected(400, "the body is not XML that is read") from None
    if _tag(root) not in ("service_requests", "requests", "request"):
        raise Rejected(400, "there are no service_requests")
    return [{_tag(field): field.text for field in one} for one in root.iter() if _tag(one) == "request"]


def _tag(element: Element) -> str:
    """Its name, without a namespace."""
    return str(element.tag).rpartition("}")[2]


def _digest(given: Mapping[str, Any]) -> str:
    """What of a request would make another answer of it."""
    told = [text(given, name) for name in ("description", "service_name", "agency_responsible", "updated_datetime")]
    return sha256(dumped(told)).hexdigest()[:16]


def _stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_form(request: Request) -> bool:
    return request.media_type in _FORMS


def _form(request: Request) -> dict[str, str]:
    return {part.name: part.text for part in form_parts(request) if not part.is_file}


def _without_endpoint(request: Request) -> tuple[Request, str]:
    """The request without the end of its path that the standard names, and that end."""
    parts = urlsplit(request.url)
    for endpoint in _ENDPOINTS:
        if parts.path.endswith(endpoint):
            return replace(request, url=parts._replace(path=parts.path.removesuffix(endpoint)).geturl()), endpoint
    return request, ""
