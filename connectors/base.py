"""What a connector is: what it is given, what it gives back, and the one place where that becomes an event.

A connector is its settings (a pydantic model) and some methods: `verify` and `parse` for a webhook, `call` and
`parse_page` for a provider that is asked, `parse_rows` for files. All are pure functions of what they are given, the
settings and the clock; storing, answering, asking and retrying are the collector's and the poller's.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar
from urllib.parse import unquote, unquote_to_bytes, urlsplit
from zoneinfo import available_timezones

import orjson
from phonenumbers import SUPPORTED_REGIONS
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from connectors.addresses import ApiUrl, Host, is_written_private
from connectors.contact import checked_person
from connectors.errors import Misconfigured, Rejected
from connectors.times import in_utc
from schemas.feedback import Channel, FeedbackEvent, Metric, Note, Scale, feedback_id, read

T = TypeVar("T")

FORM = "application/x-www-form-urlencoded"
MAILBOX_SCOPE = "https://outlook.office365.com/.default"
"""What a token for mailboxes at Microsoft is asked for."""
_MAX_FIELDS = 1_000
_MOST_NESTED = 64
_SLUG = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_CLIENT_HINTS = (
    "sec-ch-ua",
    "sec-ch-ua-full-version-list",
    "sec-ch-ua-mobile",
    "sec-ch-ua-model",
    "sec-ch-ua-platform",
    "sec-ch-ua-platform-version",
    "sec-ch-ua-form-factors",
    "x-requested-with",
)


class _kept(Generic[T]):  # noqa: N801 (it is used as a decorator)
    """A property that is worked out once. What functools.cached_property does, without its lock, which costs more."""

    def __init__(self, work_out: Callable[[Any], T]) -> None:
        self._work_out = work_out
        self.__doc__ = work_out.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type | None = None) -> T:
        value = instance.__dict__[self._name] = self._work_out(instance)
        return value


@dataclass(frozen=True)
class Request:
    """One HTTP request as its sender made it.

    `url` is the address the sender called, before any proxy; `headers` are by lower-case name; `body` is as it came,
    content-encoding undone; `remote` is the sender's address after the proxies that are trusted.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    remote: str | None = None

    def __repr__(self) -> str:  # the parts are a citizen's data, and a repr ends in logs
        return f"Request({self.method}, {len(self.body)} bytes)"

    @_kept
    def query(self) -> dict[str, str]:
        """The parameters of the URL; the last one of a repeated name counts."""
        return dict(fields(urlsplit(self.url).query)) if "?" in self.url else {}

    @_kept
    def form_fields(self) -> list[tuple[str, str]]:
        """Name and value of each field of a form-encoded body, in order."""
        return fields(self.body.decode("utf-8", "replace"))

    @_kept
    def form(self) -> dict[str, str]:
        """The fields of a form-encoded body; the last one of a repeated name counts."""
        return dict(self.form_fields)

    @_kept
    def media_type(self) -> str:
        """The content type without its parameters, in lower case; empty where there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The body as JSON; see `json_of`."""
        return json_of(self.body)


def json_of(body: bytes) -> Any:
    """Bytes as JSON; NaN and lone surrogates, which senders do produce, are let in (the latter as U+FFFD).

    Raises:
        Rejected: 400, it is not JSON in UTF-8, or nested so deeply that it is no answer.
    """
    value = _loaded(body)
    # Whoever walks it, however deeply it is nested, must not run out of stack.
    if body.count(b"[") + body.count(b"{") > _MOST_NESTED and _is_deeper(value, _MOST_NESTED):
        raise Rejected(400, "the body is nested more deeply than an answer is")
    return value


def _loaded(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        text = json.dumps(json.loads(body.decode("utf-8-sig")), ensure_ascii=False)
        return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    except (ValueError, RecursionError):
        raise Rejected(400, "the body is not JSON in UTF-8") from None


def _is_deeper(value: object, most: int) -> bool:
    level = [value]
    for _ in range(most + 1):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
        ]
        if not level:
            return False
    return True


def fields(encoded: str) -> list[tuple[str, str]]:
    """Name and value of each field of a form-encoded string, in order, empty ones too. Rejected where they are many."""
    parts = encoded.replace("+", " ").split("&")
    if len(parts) > _MAX_FIELDS:
        raise Rejected(400, "more form fields than are read")
    found = []
    for part in parts:
        name, _, value = part.partition("=")
        if "%" in part:  # most are as they are, and asking is cheaper than decoding
            name, value = _unquoted(name), _unquoted(value)
        if part:
            found.append((name, value))
    return found


def _unquoted(text: str) -> str:
    if "%" not in text:
        return text
    # What is encoded is ASCII as a rule, and as bytes it is decoded in half the time.
    return unquote_to_bytes(text).decode("utf-8", "replace") if text.isascii() else unquote(text)


@dataclass(frozen=True, slots=True)
class Source:
    """A provider's account as the town configured it, whatever ways it feeds us.

    `region` (ISO 3166) is where a phone number without a country belongs, `time_zone` (IANA) what a time without a
    zone is read in, `language` (ISO 639) what its pages speak when nobody asks for another one.
    """

    tenant: str
    name: str
    connector: str
    channel: Channel
    region: str = "NL"
    time_zone: str = "Europe/Amsterdam"
    language: str | None = None

    def __post_init__(self) -> None:
        """Misconfigured where no event of this source could be valid."""
        for name, value in (("tenant", self.tenant), ("source", self.name), ("connector", self.connector)):
            if not _SLUG.fullmatch(value):
                raise Misconfigured(f"the name of a {name} is a small letter and then letters, digits, - and _")
        if self.time_zone not in available_timezones():
            raise Misconfigured(f"time_zone of {self.tenant}/{self.name} is not in the IANA database")
        if self.region not in SUPPORTED_REGIONS:
            raise Misconfigured(f"region of {self.tenant}/{self.name} is not an ISO 3166 code such as NL")


@dataclass(slots=True, kw_only=True)
class Draft:
    """An answer as its provider tells it: fields of `FeedbackEvent` in plain values, without the envelope.

    Its connector fills it in; nobody changes it afterwards. What is not valid may stand here as it came: `finish` sets
    it aside with a note. `source_id` is the provider's own id, None only in a piece whose session is its id. A naive
    `occurred_at` is local time of the source.
    """

    source_id: str | None = None
    answers: Sequence[Mapping[str, Any]] = ()
    occurred_at: datetime | str | None = None
    occurred_at_from: str = "source"
    order: int = 0
    outcome: str = "answered"
    authority: str = "source"
    flags: Sequence[str] = ()
    language: str | None = None
    survey: Mapping[str, Any] | None = None
    subject: Mapping[str, Any] | None = None
    client: Mapping[str, Any] | None = None
    person: Mapping[str, Any] | None = None
    consent: Mapping[str, Any] | None = None
    notes: Sequence[Note] = ()

    def __repr__(self) -> str:
        return f"Draft({len(self.answers)} answers)"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an answer that comes in several requests; the collector joins the pieces of one session.

    `session` None asks the collector to mint one. `piece_id` tells a repeat of the same request from a new one. A later
    piece of the same `step` replaces the earlier one; pieces of other steps are added to each other. One that
    `restarts` begins a new answer, a second round, where the open one went on to another step after this one.
    """

    session: str | None
    piece_id: str
    step: str
    draft: Draft
    restarts: bool = False

    def __repr__(self) -> str:
        return "Piece()"


@dataclass(frozen=True, slots=True)
class Ignored:
    """Something that is no answer (a delivery status, an echo, a page that was opened), and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Challenge(Ignored):
    """The provider's test of the URL that it was given; `reply` answers it."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """What the answer is in, named by the sender: the poller fetches it later (see `Fetcher`)."""

    url: str = field(repr=False)


Item = Draft | Piece | Ignored | Fetch


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row of a file that is no answer: its number as a spreadsheet counts, why, and a file of only this row.

    So too an item of a page that a provider was asked for: its number on the page, and a page of only this item.
    """

    row: int
    reason: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A request that we make of a provider."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """What a provider answered to a call, always with a 2xx status; `headers` are by lower-case name."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def json(self) -> Any:
        """The body as JSON; see `json_of`."""
        return json_of(self.body)


Cursor = Mapping[str, Any]
"""How far a provider has been asked, in plain JSON values: the connector's own, and empty before the first call."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one call brought. The cursor is kept once the items are on the disk; `more` asks to go on at once."""

    items: Sequence[Draft | Ignored | BadRow]
    cursor: Cursor
    more: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What the sender is answered once everything is durable."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Connector(BaseModel):
    """Base of every connector: the fields are its settings, each with a description."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    channel: ClassVar[Channel]
    """Where the citizen answers, unless the source says otherwise."""
    documentation: ClassVar[str]
    """Where the provider describes what it sends."""


class Webhook(Connector, ABC):
    """A provider that calls us. `verify` and `parse` are what it has to say; the rest has sound defaults."""

    body_bytes: ClassVar[int] = 0
    """How many bytes its requests may have, where that is more than the collector takes of others."""

    @abstractmethod
    def verify(self, request: Request, now: datetime) -> None:
        """Raise Rejected (401, 403) unless the request is the provider's and fresh. Compares in constant time."""

    @abstractmethod
    def parse(self, request: Request, source: Source, now: datetime) -> Sequence[Item]:
        """What the request brings. On any bytes whatever it raises nothing but Rejected."""

    @property
    def proves_sender(self) -> bool:
        """Whether `verify` proves who sent a request; a public form proves nothing."""
        return True

    def paths(self) -> Iterable[str]:
        """Addresses this source answers at beside `/v1/{tenant}/{source}`, such as '/theme/kf/10031'."""
        return ()

    def reply(self, request: Request, source: Source, session: str | None) -> Reply:
        """What to answer; `session` is that of the last piece the request brought, if it brought one."""
        return Reply()

    def sign(self, request: Request, now: datetime) -> Request:
        """The request with the proof that its provider would send: for trying a source out, and for tests."""
        return request


class Poll(Connector, ABC):
    """A provider that is asked over HTTP, page by page, again and again from where the cursor is.

    After a crash a page may be asked for twice; identity absorbs it. A cursor should look back far enough that what a
    provider publishes late is not missed.
    """

    pause: ClassVar[float] = 0.0
    """Seconds between two calls, where the provider limits their rate."""
    expired: ClassVar[frozenset[int]] = frozenset({401, 403})
    """Statuses by which it says that a token has expired."""

    @property
    def is_polled(self) -> bool:
        """Whether the settings are such that the provider can be asked: it may only call us."""
        return True

    def login(self, now: datetime) -> Call | None:
        """The call that gives a token, where the provider has such; made before the first call, and once it expired."""
        return None

    def token(self, response: Response) -> str:
        """The token in the answer to `login`. Rejected where there is none."""
        return ""

    @abstractmethod
    def call(self, cursor: Cursor, token: str, now: datetime) -> Call:
        """What to ask next."""

    @abstractmethod
    def parse_page(self, response: Response, cursor: Cursor, source: Source, now: datetime) -> Page:
        """What the answer to `call(cursor, …)` tells. On any bytes whatever it raises nothing but Rejected."""


class Fetcher(Connector, ABC):
    """A provider whose webhook only names where an answer is. Nothing is fetched from a host that is not configured."""

    fetch_hosts: tuple[Host, ...] = Field((), description="Hosts that may be fetched from, such as 'zaken.example.org'")

    def fetch(self, url: str) -> Fetch | Ignored:
        """The item for a URL that a payload names: Ignored unless it is https on one of the `fetch_hosts`.

        What a host's name leads to is seen when it is called; a private address that is written out, here.
        """
        try:
            parts = urlsplit(url)
            host = parts.netloc.lower().removesuffix(":443")
            allowed = parts.scheme == "https" and host in self.fetch_hosts
        except ValueError:
            allowed = False
        if not allowed:
            return Ignored("it names an address that is not on one of the fetch_hosts")
        if is_written_private(parts.hostname or ""):
            return Ignored("it names a private address, which is never called")
        return Fetch(url)

    @abstractmethod
    def fetch_call(self, url: str, now: datetime) -> Call:
        """How to fetch it."""

    @abstractmethod
    def parse_fetched(self, url: str, response: Response, source: Source, now: datetime) -> Sequence[Draft | Ignored]:
        """The answers in what was fetched. On any bytes whatever it raises nothing but Rejected."""


class Mail(Connector, ABC):
    """A provider whose answers are e-mails in a mailbox, which is read over IMAP where its settings are given."""

    host: str | None = Field(None, description="Name of the IMAP server, as its certificate has it")
    port: int = Field(993, description="993 for implicit TLS, 143 for STARTTLS", ge=1, le=65_535)
    tls: Literal["implicit", "starttls"] = Field("implicit", description="How the connection is secured; always is")
    user: str | None = Field(None, description="User name at the server, often the address of the mailbox")
    password: SecretStr | None = Field(None, description="Its password, or an app password")
    token_url: ApiUrl | None = Field(
        None,
        description="In place of a password, where the town's application is given access tokens (OAuth 2.0), such as "
        "https://login.microsoftonline.com/TENANT/oauth2/v2.0/token",
    )
    client_id: str | None = Field(None, description="The application's id, with token_url")
    client_secret: SecretStr | None = Field(None, description="The application's secret, with token_url")
    scope: str = Field(MAILBOX_SCOPE, description="What a token is asked for")
    folder: str = Field("INBOX", description="Folder that is read", min_length=1)
    mark_seen: bool = Field(False, description="Mark what was taken as read; else the mailbox stays as it is")

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if self.host is None:
            return self
        if self.user is None or (self.password is None) == (self.token_url is None):
            raise ValueError("set user, and either password or token_url, beside host: a mailbox is read by who may")
        if self.token_url and not (self.client_id and self.client_secret):
            raise ValueError("set client_id and client_secret beside token_url")
        return self

    @property
    def is_polled(self) -> bool:
        """Whether the settings say where the mailbox is."""
        return self.host is not None

    @abstractmethod
    def parse_mail(self, content: bytes, source: Source, now: datetime) -> Sequence[Draft | Ignored]:
        """The answers in one message. On any bytes whatever it raises nothing but Rejected."""


class File(Connector, ABC):
    """A provider that exports files."""

    @abstractmethod
    def parse_rows(self, content: bytes, source: Source, now: datetime) -> Iterable[Draft | Ignored | BadRow]:
        """What a file holds, row by row. Rejected (400) where the file as a whole cannot be read."""


PROTOCOLS = (Webhook, Poll, Fetcher, Mail, File)
"""The ways an answer comes: a connector is one of them at least."""


class Question(BaseModel):
    """A question as a source asks it. Without a scale it is the usual one of its metric."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    question: str | None = None
    wording: str | None = None
    metric: Metric = Metric.OPEN
    scale: Scale | None = Field(None, validate_default=True)

    @field_validator("scale")
    @classmethod
    def _usual_scale(cls, scale: Scale | None, info: ValidationInfo) -> Scale | None:
        return scale or USUAL_SCALES.get(info.data.get("metric", Metric.OPEN))

    def answer(self, *, score: object = None, reason: object = None, text: object = None) -> dict[str, Any]:
        """An answer to it in the words of the contract; what is empty is left out."""
        asked = self._asked
        given = {"score": score, "reason": reason, "text": text}
        return {**asked, **{name: value for name, value in given.items() if value is not None and value != ""}}

    def words(self, text: str) -> dict[str, Any]:
        """Own words where a score was asked for: they measure nothing."""
        asked = {name: value for name, value in self._asked.items() if name not in ("metric", "scale")}
        return {**asked, "metric": Metric.OPEN, "text": text}

    @cached_property
    def _asked(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True)


USUAL_SCALES = {
    Metric.NPS: Scale(min=0, max=10, best=10),
    Metric.CES: Scale(min=1, max=7, best=7),
    Metric.CSAT: Scale(min=1, max=5, best=5),
    Metric.SMILEY: Scale(min=1, max=3, best=3),
    Metric.THUMBS: Scale(min=0, max=1, best=1),
    Metric.RATING: Scale(min=1, max=5, best=5),
}


def client_of(request: Request) -> dict[str, Any]:
    """The address, user agent and client hints of a request that the citizen's own browser sent."""
    headers = request.headers
    hints = {name: headers[name] for name in _CLIENT_HINTS if headers.get(name)}
    told = {"ip": request.remote, "user_agent": headers.get("user-agent"), "client_hints": hints}
    return {name: value for name, value in told.items() if value}


_USUAL = {name: FeedbackEvent.model_fields[name].default for name in ("authority", "order", "outcome")}


def finish(draft: Draft, source: Source, received_at: datetime) -> FeedbackEvent:
    """The event of a draft: the envelope is added, times are brought to UTC and contact details to one form.

    What is optional and not valid becomes null and gets a note.

    Raises:
        schemas.feedback.Unreadable: what is vital (its id, its order, its outcome) is not valid.
    """
    source_id = draft.source_id or ""
    if draft.authority == "withdrawn":  # nothing that the citizen said is told once more
        draft = replace(draft, answers=(), person=None, client=None, consent=None)
    notes = list(draft.notes)
    occurred_at, problem = in_utc(draft.occurred_at, source.time_zone)
    if occurred_at is not None and occurred_at > received_at:
        occurred_at, problem = None, "after_receipt"
    if problem:
        notes.append(Note(field="occurred_at", problem=problem))
    event: dict[str, Any] = {
        "feedback_id": feedback_id(source.tenant, source.name, source_id),
        "tenant": source.tenant,
        "source": source.name,
        "source_id": source_id,
        "connector": source.connector,
        "channel": source.channel,
        "received_at": received_at,
        "time_zone": source.time_zone,
        "answers": draft.answers,
    }
    # What is as in nearly every event, its model knows; each field that it is given it checks.
    for name, usual in _USUAL.items():
        if (value := getattr(draft, name)) != usual:
            event[name] = value
    if occurred_at is not None:
        event["occurred_at"] = occurred_at
        event["occurred_at_from"] = draft.occurred_at_from
    if draft.person:
        person, problems = checked_person(draft.person, source.region)
        notes.extend(problems)
        if person:
            event["person"] = person
    for name in ("flags", "language", "survey", "subject", "client", "consent"):
        if value := getattr(draft, name):
            event[name] = value
    if notes:
        event["notes"] = notes
    try:
        return FeedbackEvent.model_validate(event)  # the quick way, for what is valid as it is
    except ValidationError:
        event["notes"] = [note.model_dump() for note in notes]
        return read(event)
