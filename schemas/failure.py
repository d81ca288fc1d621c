"""What could not become a loaded answer: the original bytes, where it stopped and why, so that it can be replayed."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID, uuid5

from pydantic import Base64Bytes, Field, StringConstraints, field_validator

from schemas.feedback import NAMESPACE, Moment, Part, Slug, null_is_absent

Protocol = Literal["webhook", "poll", "fetch", "file"]
"""The ways in which answers come to the edge."""

# Counted from the first receipt; after it a failure counts as discarded and is not replayed any more.
LIFETIME = timedelta(days=20)

# The header by which a replayed record tells which failure it was, so that failing again is the same failure.
REPLAY_HEADER = "balie-replay"

# What the name of a request header that carries a secret or a person has in it; it is left out of what is kept.
_SECRET_PARTS = (
    *("auth", "cookie", "credential", "hmac", "key", "password", "secret", "session", "signature", "token"),
    *("client-ip", "connecting-ip", "external-address", "forwarded", "peer-ip", "real-ip", "remote-addr", "user-ip"),
)


class Stage(StrEnum):
    """Where on its way the answer stopped."""

    PARSE = "parse"
    """At the edge: a signed request that its connector cannot read."""
    DECODE = "decode"
    """In the pipeline: a record of the log that is no event of the contract."""
    ENRICH = "enrich"
    """In the pipeline: an enrichment raised on this one event."""


class Origin(Part):
    """The record of the log a failure came from."""

    topic: str
    partition: int = Field(ge=0)
    offset: int = Field(ge=0)


class FailedEvent(Part):
    """One failure. `body` are the bytes as they came (base64 in JSON); `reason` never quotes them.

    A request has a `method`: one that was sent to us, or with the protocol `fetch` ours, whose URL is the body.
    """

    failure_id: UUID
    stage: Stage
    reason: Annotated[str, StringConstraints(max_length=300)]
    tenant: Slug | None = None
    source: Slug | None = None
    origin: Origin | None = None
    protocol: Protocol | None = None
    method: Annotated[str, StringConstraints(max_length=10)] | None = None
    url: Annotated[str, StringConstraints(max_length=8_000)] | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    body: Base64Bytes
    first_received_at: Moment
    failed_at: Moment
    attempt: int = Field(1, ge=1)

    _null_is_absent = field_validator("headers", "attempt", mode="before")(null_is_absent)

    @property
    def expires_at(self) -> datetime:
        """From here on it counts as discarded."""
        return self.first_received_at + LIFETIME

    def to_json(self) -> bytes:
        """The failure as it stands in the topic of failures."""
        return self.model_dump_json(exclude_none=True).encode()

    def without_body(self) -> FailedEvent:
        """For a topic that does not take it whole: its `origin` still says where the bytes are."""
        reason = f"{self.reason[:200]} (too large to keep here: its bytes are where it came from, until they expire)"
        return self.model_copy(update={"body": b"", "reason": reason})


class Replay(Part):
    """What a replayed record carries in `REPLAY_HEADER`: the failure it was, at its next attempt."""

    failure_id: UUID
    attempt: int = Field(ge=1)
    first_received_at: Moment

    @classmethod
    def of(cls, failure: FailedEvent) -> Replay:
        """The next attempt at a failure."""
        return cls(
            failure_id=failure.failure_id, attempt=failure.attempt + 1, first_received_at=failure.first_received_at
        )

    def header(self) -> tuple[str, bytes]:
        """The record header, name and value."""
        return REPLAY_HEADER, self.model_dump_json().encode()


def failure_of_record(topic: str, partition: int, offset: int) -> UUID:
    """The id of a failure in the pipeline: where its record stands, so that a repeat is the same failure."""
    return uuid5(NAMESPACE, f"failure\n{topic}\n{partition}\n{offset}")


def failure_of_request(tenant: str, source: str, body: bytes) -> UUID:
    """The id of a failure at the edge: whose it is and what it said, so that a provider's retry is the same failure."""
    return uuid5(NAMESPACE, f"failure\n{tenant}\n{source}\n{hashlib.sha256(body).hexdigest()}")


def without_secrets(headers: dict[str, str]) -> dict[str, str]:
    """The headers, by lower-case name, that may be kept with a failure."""
    kept = {name.lower(): value for name, value in headers.items()}
    return {name: value for name, value in kept.items() if not any(part in name for part in _SECRET_PARTS)}
