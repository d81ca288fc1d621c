"""The contract of the product: one citizen's response as known so far, whatever system it came from.

Every connector publishes a `FeedbackEvent`; the pipeline reads nothing else. Input that is not ours goes through
`read`, which keeps an answer whose optional parts are not valid (the part becomes null and gets a note) and refuses
only what has no identity or no readable structure.

Times are aware datetimes in UTC. Scores are in the provider's own numbers on the scale that was shown.
"""

from __future__ import annotations

import ipaddress
import json
import math
import re
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, lru_cache
from hashlib import sha1
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError, PydanticUseDefault

SCHEMA_VERSION = 1
MAX_SCHEMA_VERSION = 65_535
SCHEMA_VERSION_HEADER = "balie-schema"

# The root of every feedback id (RFC 9562, section 5.5). Changing it would make every answer a new one.
NAMESPACE = UUID("6ad3c0f2-6b8e-5d0c-9d37-2f0c2a1f7b11")

MAX_TEXT = 20_000
MAX_URL = 4_000
MAX_USER_AGENT = 2_000
MAX_ANSWERS = 100
MAX_NOTES = 50
MAX_ORDER = 2**63 - 1
FIRST_YEAR = 1970
LAST_YEAR = 2199  # ClickHouse's DateTime64(3) ends in 2299; no survey is answered that late.


class Channel(StrEnum):
    """Where the citizen answered."""

    COUNTER = "counter"
    PHONE = "phone"
    WEB = "web"
    WEB_FORM = "web_form"
    IN_APP = "in_app"
    MOBILE = "mobile"
    SURVEY_LINK = "survey_link"
    SMS = "sms"
    EMAIL = "email"
    CHAT = "chat"
    SOCIAL = "social"
    POST = "post"


class Authority(StrEnum):
    """Who speaks, from weak to strong: a stronger one is never replaced by a weaker one."""

    SOURCE = "source"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    ERASED = "erased"


class Flag(StrEnum):
    """What the source says of the answer as a whole."""

    MISUSE = "misuse"
    BOT = "bot"
    TEST = "test"
    EXCLUDED = "excluded"


class OccurredAtFrom(StrEnum):
    """Whose clock `occurred_at` is."""

    SOURCE = "source"
    TRANSPORT = "transport"
    RECEIPT = "receipt"


class Outcome(StrEnum):
    """How the invitation to answer ended."""

    ANSWERED = "answered"
    PARTIAL = "partial"
    DECLINED = "declined"
    EXPIRED = "expired"


class Metric(StrEnum):
    """What a question measures."""

    NPS = "nps"
    CES = "ces"
    CSAT = "csat"
    SMILEY = "smiley"
    THUMBS = "thumbs"
    RATING = "rating"
    CHOICE = "choice"
    OPEN = "open"


class FormOutcome(StrEnum):
    """How the web form ended that the survey was about."""

    FINISHED = "finished"
    ABORTED = "aborted"


class Audience(StrEnum):
    """As whom the person answered."""

    CITIZEN = "citizen"
    BUSINESS = "business"
    EMPLOYEE = "employee"


def _bounded_year(moment: datetime) -> datetime:
    moment = moment.astimezone(UTC)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise PydanticCustomError("out_of_range", "the year is out of range")
    # Milliseconds are what the warehouse keeps; a finer clock would let two equal rows look different.
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@lru_cache(64)  # an event has most of its times twice, and those that came together have the same receipt
def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _utc(value: object) -> object:
    """Overflowing arithmetic on a year like 9999 must be a fault of the value, not of the program."""
    try:
        return _bounded_year(value) if isinstance(value, datetime) else value
    except OverflowError:
        raise PydanticCustomError("out_of_range", "the year is out of range") from None


class _UtcMillis:
    """Validates an aware moment, brings it to UTC and to whole milliseconds."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(_utc, handler(source))


Moment = Annotated[AwareDatetime, _UtcMillis(), PlainSerializer(_iso, return_type=str, when_used="json")]

# A slug starts with a letter, so that no telephone number, address or case number can be one.
SLUG = r"^[a-z][a-z0-9_-]{0,63}$"
Slug = Annotated[str, StringConstraints(pattern=SLUG)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT)]
Url = Annotated[str, StringConstraints(min_length=1, max_length=MAX_URL)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\x00-\x20]+@[^@\x00-\x20]+$")]
Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]  # E.164, as it is hashed
NoteField = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}(\[[0-9]{1,2}\])?(\.[a-z_]{1,40}){0,2}$")]
NoteProblem = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]


class Part(BaseModel):
    """Base of everything in the contract: unknown fields are left alone, and no error quotes an input."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Nothing: a repr ends in logs and tracebacks, and the parts are citizens' data."""
        return []


def null_is_absent(value: object) -> object:
    """Null and missing mean the same everywhere, as they do in columns: a validator for defaults that are not null."""
    if value is None:
        raise PydanticUseDefault
    return value


class Survey(Part):
    """Which questionnaire, in which version, in which wave of measuring."""

    id: Label | None = None
    version: Label | None = None
    wave: Label | None = None


class Scale(Part):
    """The numbers that were shown, and which end is best: `best` equals `min` or `max`."""

    min: float = Field(allow_inf_nan=False)
    max: float = Field(allow_inf_nan=False)
    best: float = Field(allow_inf_nan=False)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min >= self.max or self.best not in (self.min, self.max):
            raise PydanticCustomError("bad_scale", "a scale needs min < max, and best at one end")
        return self


class Answer(Part):
    """One question and what was answered to it: a score, a chosen reason, own words, or several of these."""

    question: Label | None = None
    wording: Label | None = None
    metric: Metric = Metric.OPEN
    scale: Scale | None = None
    score: float | None = None
    reason: Label | None = None
    text: Text | None = None

    _null_is_absent = field_validator("metric", mode="before")(null_is_absent)

    @field_validator("score")
    @classmethod
    def _on_scale(cls, score: float | None, info: ValidationInfo) -> float | None:
        if score is None:
            return None
        if not math.isfinite(score):
            raise PydanticCustomError("not_a_number", "a score is a finite number")
        scale = info.data.get("scale")
        if scale is None:
            raise PydanticCustomError("no_scale", "a score needs the scale it was given on")
        if not scale.min <= score <= scale.max:
            raise PydanticCustomError("off_scale", "the score is not on its scale")
        return score


class Subject(Part):
    """What the answer is about."""

    case_number: Label | None = None
    service: Label | None = None
    product: Label | None = None
    location: Label | None = None
    department: Label | None = None
    form: Label | None = None
    form_outcome: FormOutcome | None = None
    page_url: Url | None = None
    search_term: Label | None = None
    conversation_id: Label | None = None
    organisation: Label | None = None
    country: Country | None = None
    price_list: Label | None = None
    audience: Audience | None = None


class ClientHints(Part):
    """What the browser told of itself beside the user agent (W3C User-Agent Client Hints), header by header."""

    ua: Label | None = Field(None, alias="sec-ch-ua")
    full_version_list: Label | None = Field(None, alias="sec-ch-ua-full-version-list")
    mobile: Label | None = Field(None, alias="sec-ch-ua-mobile")
    model: Label | None = Field(None, alias="sec-ch-ua-model")
    platform: Label | None = Field(None, alias="sec-ch-ua-platform")
    platform_version: Label | None = Field(None, alias="sec-ch-ua-platform-version")
    form_factors: Label | None = Field(None, alias="sec-ch-ua-form-factors")
    requested_with: Label | None = Field(None, alias="x-requested-with")


class Client(Part):
    """What the citizen answered with. `ip` lives in the log only; the warehouse sees a keyed hash."""

    ip: str | None = Field(None, max_length=45)
    user_agent: str | None = Field(None, max_length=MAX_USER_AGENT)
    client_hints: ClientHints | None = None
    app: Label | None = None
    app_version: Label | None = None

    @field_validator("ip")
    @classmethod
    def _address(cls, ip: str | None) -> str | None:
        if ip is None:
            return None
        try:
            return str(ipaddress.ip_address(ip))
        except ValueError:
            raise PydanticCustomError("not_an_address", "not an IP address") from None


class Person(Part):
    """What the citizen volunteered about themselves. Lives in the log only; a photo is never taken in."""

    name: Label | None = None
    email: Email | None = None
    phone: Phone | None = None
    user_id: Label | None = None
    visitor_id: Label | None = None
    town: Label | None = None
    photo_given: bool | None = None


class Agreement(Part):
    """A yes, when it was given, and to which words."""

    given_at: Moment
    wording: Text | None = None


class Consent(Part):
    """What the citizen agreed to. Absent means no."""

    contact: Agreement | None = None
    publish: Agreement | None = None


class Note(Part):
    """A field that was given but not valid, and what was wrong with it; never what was given."""

    field: NoteField
    problem: NoteProblem


@cache
def time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(64)  # each answer has it made, and then checked
def feedback_id(tenant: str, source: str, source_id: str) -> UUID:
    """The identity of an answer: the same three always give the same id, so that a repeat is the same answer.

    Neither a tenant nor a source can hold a line break, so no two triples share a name.
    """
    # What uuid.uuid5 does, at half its cost.
    named = NAMESPACE.bytes + f"{tenant}\n{source}\n{source_id}".encode()
    return UUID(bytes=sha1(named, usedforsecurity=False).digest()[:16], version=5)


class FeedbackEvent(Part):
    """One citizen's response as known so far, version 1 of the contract.

    Two events with the same `feedback_id` are two tellings of one answer; which one counts is decided by authority,
    then `order`, then the earliest receipt.
    """

    schema_version: int = Field(SCHEMA_VERSION, ge=1, le=MAX_SCHEMA_VERSION)
    feedback_id: UUID
    tenant: Slug
    source: Slug
    source_id: str = Field(min_length=1, max_length=500)
    connector: Slug
    channel: Channel
    authority: Authority = Authority.SOURCE
    flags: tuple[Flag, ...] = Field((), max_length=len(Flag))
    received_at: Moment
    occurred_at: Moment | None = Field(None, validate_default=True)
    occurred_at_from: OccurredAtFrom = Field(OccurredAtFrom.RECEIPT, validate_default=True)
    time_zone: str | None = None
    order: int = Field(0, ge=0, le=MAX_ORDER)
    outcome: Outcome = Outcome.ANSWERED
    survey: Survey | None = None
    language: Language | None = None
    answers: tuple[Answer, ...] = Field((), max_length=MAX_ANSWERS)
    subject: Subject | None = None
    client: Client | None = None
    person: Person | None = None
    consent: Consent | None = None
    notes: tuple[Note, ...] = Field((), max_length=MAX_NOTES)

    _null_is_absent = field_validator(
        *("schema_version", "authority", "flags", "occurred_at_from", "order", "outcome", "answers", "notes"),
        mode="before",
    )(null_is_absent)

    @field_validator("occurred_at")
    @classmethod
    def _not_after_receipt(cls, occurred_at: datetime | None, info: ValidationInfo) -> datetime | None:
        received_at: datetime | None = info.data.get("received_at")
        if occurred_at is None or received_at is None:
            return received_at
        if occurred_at > received_at:
            raise PydanticCustomError("after_receipt", "said to have occurred after it was received")
        return occurred_at

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in time_zones():
            raise PydanticCustomError("unknown_zone", "not a zone of the IANA database")
        return zone

    @field_validator("answers")
    @classmethod
    def _none_declined(cls, answers: tuple[Answer, ...], info: ValidationInfo) -> tuple[Answer, ...]:
        if answers and info.data.get("outcome") in (Outcome.DECLINED, Outcome.EXPIRED):
            raise PydanticCustomError("not_answered", "who declined gave no answers")
        return answers

    @model_validator(mode="after")
    def _identity(self) -> Self:
        if self.feedback_id != feedback_id(self.tenant, self.source, self.source_id):
            raise PydanticCustomError("wrong_identity", "feedback_id does not follow from tenant, source and source_id")
        return self

    def to_json(self) -> bytes:
        """The event as it stands in the log: compact JSON without the fields that are null."""
        # What model_dump_json does, without making text of the bytes in between.
        return self.__pydantic_serializer__.to_json(self, by_alias=True, exclude_none=True)


# Without these there is no saying whose answer it is, or which telling of it wins.
VITAL = frozenset(
    {
        "schema_version",
        "feedback_id",
        "tenant",
        "source",
        "source_id",
        "connector",
        "channel",
        "authority",
        "received_at",
        "order",
        "outcome",
    }
)


class Unreadable(ValueError):
    """The bytes are no event: no identity, or no structure. Keep them as a FailedEvent; the reason quotes nothing."""


class NewerSchema(Exception):
    """The event was written under a contract newer than this program knows: upgrade the pipeline first."""


def read(raw: bytes | dict[str, Any]) -> FeedbackEvent:
    """The event in `raw` (JSON, or an object of plain values), with what is optional and not valid set aside.

    Raises:
        Unreadable: no JSON object, or a vital field is missing or not valid.
        NewerSchema: `schema_version` is above `SCHEMA_VERSION`.
    """
    if isinstance(raw, bytes):
        try:
            return _checked(FeedbackEvent.model_validate_json(raw))
        except ValidationError as error:
            _not_too_deep(error)
            data = _object(raw)
    else:
        try:
            data = _object(json.dumps(raw, default=str))
        except (TypeError, ValueError, RecursionError):
            raise Unreadable("not an object of plain values") from None
    notes: dict[tuple[str, str], None] = {}
    # Each round sets aside at least one field, and what is left gets shallower: the bound is never met in practice.
    for _ in range(MAX_ANSWERS * 4):
        try:
            event = FeedbackEvent.model_validate(data)
        except ValidationError as error:
            _set_aside(data, error, notes)
            continue
        return _checked(_with_notes(event, notes))
    raise Unreadable("too much of it is not valid")


def _checked(event: FeedbackEvent) -> FeedbackEvent:
    if event.schema_version > SCHEMA_VERSION:
        raise _newer(event.schema_version)
    return event


def _newer(version: int) -> NewerSchema:
    # What no version can be may be anything, a telephone number too, and is not quoted.
    said = str(version) if version <= MAX_SCHEMA_VERSION else "out of range"
    return NewerSchema(f"schema version {said}, known is {SCHEMA_VERSION}: upgrade the pipeline first")


def _not_too_deep(error: ValidationError) -> None:
    """How deep `json` gets depends on the caller's stack; pydantic's own limit is the same everywhere, so it counts."""
    for fault in error.errors(include_url=False, include_input=False):
        if fault["type"] == "json_invalid" and "recursion limit" in fault["msg"]:
            raise Unreadable("nested too deeply") from None


def _object(raw: bytes | str) -> dict[str, Any]:
    try:
        data = json.loads(raw, parse_int=_number)
    except (ValueError, RecursionError):
        raise Unreadable("not valid JSON in UTF-8") from None
    if not isinstance(data, dict):
        raise Unreadable("not a JSON object")
    version = data.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise _newer(version)
    return data


def _number(digits: str) -> int | float:
    """A number of thousands of digits is no reason to lose the answer: it is infinite, and noted where it matters."""
    return int(digits) if len(digits) < 400 else math.copysign(math.inf, -1 if digits[0] == "-" else 1)


def _set_aside(data: dict[str, Any], error: ValidationError, notes: dict[tuple[str, str], None]) -> None:
    """Removes from `data` what `error` names (cuts it where it is only too long), and notes it.

    Raises:
        Unreadable: it names something vital.
    """
    faults: dict[tuple[str | int, ...], tuple[str, int | None]] = {}
    for fault in error.errors(include_url=False, include_input=False):
        location, kind = fault["loc"], fault["type"]
        if not location or location[0] in VITAL:
            what = f"{location[0]}: " if location else ""
            raise Unreadable(f"{what}{kind}")
        # What is cut of a text is lost to the reader only; what is cut of an e-mail address makes it another's.
        cut = kind in ("string_too_long", "too_long") and location[0] != "person"
        longest = fault["ctx"]["max_length"] if cut else None
        faults[_place(data, location)] = kind, longest
    # From the back, so that removing an element of a list does not move the ones still to be removed.
    for place in sorted(faults, key=lambda p: tuple((isinstance(s, int), s) for s in p), reverse=True):
        kind, longest = faults[place]
        notes[_field_name(place), re.sub(r"[^a-z_]", "_", kind)[:40]] = None
        _remove(data, place, longest)
        if place == ("occurred_at",):
            data.pop("occurred_at_from", None)  # the time of receipt takes its place, and it is nobody else's clock


def _place(data: Any, location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The nearest part of `data` on the way to `location`: a missing field or a model's own fault is its parent's."""
    place: list[str | int] = []
    for step in location:
        inside = step in data if isinstance(data, dict) else isinstance(data, list) and step in range(len(data))
        if not inside:
            break
        data = data[step]
        place.append(step)
    return tuple(place) or location[:1]


def _field_name(place: tuple[str | int, ...]) -> str:
    name = ""
    for step in place[:4]:
        name += f"[{min(step, 99)}]" if isinstance(step, int) else f".{step.replace('-', '_')}" if name else str(step)
    return name if re.fullmatch(r"[a-z_]{1,40}(\[[0-9]{1,2}\])?(\.[a-z_]{1,40}){0,2}", name) else str(place[0])


def _remove(data: Any, place: tuple[str | int, ...], keep: int | None) -> None:
    *parents, last = place
    for step in parents:
        data = data[step]
    if keep is None:
        del data[last]
    else:
        data[last] = data[last][:keep]


def _with_notes(event: FeedbackEvent, notes: dict[tuple[str, str], None]) -> FeedbackEvent:
    added = [Note(field=field, problem=problem) for field, problem in notes]
    kept = [note for note in added if note not in event.notes]
    return event.model_copy(update={"notes": (*event.notes, *kept)[:MAX_NOTES]})
