"""The allow-list: every column of the warehouse with its rule, and every part of the contract that is never loaded.

What is not in this table does not reach ClickHouse. `docs/privacy.md` shows it; a test holds the three together:
the contract, this table and the DDL.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa


class Rule(StrEnum):
    """What a column may hold."""

    KEPT = "kept"
    """A number, a moment, or a string that the contract's pattern or list of values binds: no room for a person."""
    SCRUBBED = "scrubbed"
    """A string a citizen or a source can fill: personal data in it is replaced."""
    CUT = "cut"
    """An address of a page: scheme, host and path, and the parameters the town allows; each part scrubbed."""
    CHECKED = "checked"
    """A case number: shaped as one by the town's patterns, and no telephone number, address or person's id."""
    DERIVED = "derived"
    """Found out by an enrichment, from a closed vocabulary."""
    HASHED = "hashed"
    """A keyed hash, shown by no view, report, export, log line or metric."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table `feedback`: its name there, its Arrow type, its rule, and where it comes from.

    `source` is the dotted name in the contract, or the name of the column that an enrichment adds.
    """

    name: str
    type: pa.DataType
    rule: Rule
    source: str


_STRING, _FLOAT, _MOMENT = pa.string(), pa.float64(), pa.timestamp("ms", "UTC")
_STRINGS, _FLOATS = pa.list_(_STRING), pa.list_(_FLOAT)

COLUMNS: tuple[Column, ...] = (
    Column("tenant", _STRING, Rule.KEPT, "tenant"),
    Column("feedback_id", pa.binary(16), Rule.KEPT, "feedback_id"),
    Column("schema_version", pa.uint16(), Rule.KEPT, "schema_version"),
    Column("source", _STRING, Rule.KEPT, "source"),
    Column("connector", _STRING, Rule.KEPT, "connector"),
    Column("channel", _STRING, Rule.KEPT, "channel"),
    Column("authority", _STRING, Rule.KEPT, "authority"),
    Column("flags", _STRINGS, Rule.KEPT, "flags"),
    Column("received_at", _MOMENT, Rule.KEPT, "received_at"),
    Column("occurred_at", _MOMENT, Rule.KEPT, "occurred_at"),
    Column("occurred_at_from", _STRING, Rule.KEPT, "occurred_at_from"),
    Column("time_zone", _STRING, Rule.KEPT, "time_zone"),
    Column("source_order", pa.int64(), Rule.KEPT, "order"),
    Column("outcome", _STRING, Rule.KEPT, "outcome"),
    Column("survey_id", _STRING, Rule.SCRUBBED, "survey.id"),
    Column("survey_version", _STRING, Rule.SCRUBBED, "survey.version"),
    Column("survey_wave", _STRING, Rule.SCRUBBED, "survey.wave"),
    Column("language", _STRING, Rule.KEPT, "language"),
    Column("answers.question", _STRINGS, Rule.SCRUBBED, "answers.question"),
    Column("answers.wording", _STRINGS, Rule.SCRUBBED, "answers.wording"),
    Column("answers.metric", _STRINGS, Rule.KEPT, "answers.metric"),
    Column("answers.scale_min", _FLOATS, Rule.KEPT, "answers.scale.min"),
    Column("answers.scale_max", _FLOATS, Rule.KEPT, "answers.scale.max"),
    Column("answers.scale_best", _FLOATS, Rule.KEPT, "answers.scale.best"),
    Column("answers.score", _FLOATS, Rule.KEPT, "answers.score"),
    Column("answers.reason", _STRINGS, Rule.SCRUBBED, "answers.reason"),
    Column("answers.text", _STRINGS, Rule.SCRUBBED, "answers.text"),
    Column("case_number", _STRING, Rule.CHECKED, "subject.case_number"),
    Column("case_number_from", _STRING, Rule.DERIVED, "case_number_from"),
    Column("service", _STRING, Rule.SCRUBBED, "subject.service"),
    Column("product", _STRING, Rule.SCRUBBED, "subject.product"),
    Column("location", _STRING, Rule.SCRUBBED, "subject.location"),
    Column("department", _STRING, Rule.SCRUBBED, "subject.department"),
    Column("form", _STRING, Rule.SCRUBBED, "subject.form"),
    Column("form_outcome", _STRING, Rule.KEPT, "subject.form_outcome"),
    Column("page_url", _STRING, Rule.CUT, "subject.page_url"),
    Column("search_term", _STRING, Rule.SCRUBBED, "subject.search_term"),
    Column("organisation", _STRING, Rule.SCRUBBED, "subject.organisation"),
    Column("country", _STRING, Rule.KEPT, "subject.country"),
    Column("price_list", _STRING, Rule.SCRUBBED, "subject.price_list"),
    Column("audience", _STRING, Rule.KEPT, "subject.audience"),
    Column("platform", _STRING, Rule.DERIVED, "platform"),
    Column("os_name", _STRING, Rule.DERIVED, "os_name"),
    Column("os_version", _STRING, Rule.DERIVED, "os_version"),
    Column("browser_name", _STRING, Rule.DERIVED, "browser_name"),
    Column("browser_version", _STRING, Rule.DERIVED, "browser_version"),
    Column("device", _STRING, Rule.DERIVED, "device"),
    Column("is_bot", pa.uint8(), Rule.DERIVED, "is_bot"),
    Column("app", _STRING, Rule.SCRUBBED, "client.app"),
    Column("app_version", _STRING, Rule.SCRUBBED, "client.app_version"),
    Column("town", _STRING, Rule.SCRUBBED, "person.town"),
    Column("photo_given", pa.uint8(), Rule.KEPT, "person.photo_given"),
    Column("contact_given_at", _MOMENT, Rule.KEPT, "consent.contact.given_at"),
    Column("contact_wording", _STRING, Rule.SCRUBBED, "consent.contact.wording"),
    Column("publish_given_at", _MOMENT, Rule.KEPT, "consent.publish.given_at"),
    Column("publish_wording", _STRING, Rule.SCRUBBED, "consent.publish.wording"),
    Column("notes.field", _STRINGS, Rule.KEPT, "notes.field"),
    Column("notes.problem", _STRINGS, Rule.KEPT, "notes.problem"),
    Column("ip_hash", pa.binary(16), Rule.HASHED, "ip_hash"),
    Column("ip_key", _STRING, Rule.HASHED, "ip_key"),
    Column("person_keys", pa.list_(pa.binary(16)), Rule.HASHED, "person_keys"),
)

DROPPED: dict[str, str] = {
    "source_id": "the provider's id leads back to the answer in the provider's system",
    "subject.conversation_id": "the provider's id leads back to the conversation",
    "client.ip": "becomes ip_hash",
    "client.user_agent": "becomes platform, operating system, browser and device",
    "client.client_hints.sec-ch-ua": "as user_agent",
    "client.client_hints.sec-ch-ua-full-version-list": "as user_agent",
    "client.client_hints.sec-ch-ua-mobile": "as user_agent",
    "client.client_hints.sec-ch-ua-model": "as user_agent",
    "client.client_hints.sec-ch-ua-platform": "as user_agent",
    "client.client_hints.sec-ch-ua-platform-version": "as user_agent",
    "client.client_hints.sec-ch-ua-form-factors": "as user_agent",
    "client.client_hints.x-requested-with": "as user_agent",
    "person.name": "serves to strip it from the person's own comment, then goes",
    "person.email": "becomes one of person_keys; stripped from the person's own comment",
    "person.phone": "becomes one of person_keys; stripped from the person's own comment",
    "person.user_id": "becomes one of person_keys",
    "person.visitor_id": "becomes one of person_keys",
}

TECHNICAL: dict[str, str] = {
    "version": "the place of this telling in the total order of tellings",
    "is_deleted": "1 where the answer was withdrawn or erased",
    "enrichment_version": "which version of the enrichments made the row",
    "loaded_at": "when the row was loaded",
}

# Of a withdrawn or erased answer these stay, so that the row outlives every replay; all else is empty.
IDENTITY = frozenset(
    {
        "tenant",
        "feedback_id",
        "schema_version",
        "source",
        "connector",
        "channel",
        "authority",
        "received_at",
        "occurred_at",
        "source_order",
    }
)
