"""The tables of the state store, in no dialect of its own."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)

SCHEMA_VERSION = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept as microseconds since 1970 in UTC: the same order and precision in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + value * _MICROSECOND


metadata = MetaData()

# 'schema_version', and 'master_key': the fingerprint of the key that wraps all of `hash_keys`.
facts = Table(
    "facts",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)

hash_keys = Table(
    "hash_keys",
    metadata,
    Column("key_id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("period", String, nullable=False),
    Column("wrapped", LargeBinary),
    Column("created_at", Moment, nullable=False),
    Column("destroyed_at", Moment),
    Column("hashes_cleared_at", Moment),
    UniqueConstraint("tenant", "purpose", "period"),
    CheckConstraint("(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name="destroyed_is_without_key"),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("source", String, nullable=False),
    Column("session", LargeBinary, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    Index("conversations_by_session", "tenant", "source", "session"),
    # An id is never used again, so that "the latest of a session" stays the latest when others are removed.
    sqlite_autoincrement=True,
)

pieces = Table(
    "pieces",
    metadata,
    Column("conversation_id", ForeignKey(conversations.c.id, ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("piece_id", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("received_at", Moment, nullable=False),
    UniqueConstraint("conversation_id", "piece_id"),
)

discarded = Table(
    "discarded",
    metadata,
    Column("failure_id", String, primary_key=True),
    Column("reason", String, nullable=False),
    Column("discarded_at", Moment, nullable=False, index=True),
)

cursors = Table(
    "cursors",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("source", String, primary_key=True),
    Column("way", String, primary_key=True),
    Column("value", String, nullable=False),
    Column("moved_at", Moment, nullable=False),
)

taken_files = Table(
    "taken_files",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("source", String, primary_key=True),
    Column("digest", String, primary_key=True),
    Column("taken_at", Moment, nullable=False, index=True),
)

fetches = Table(
    "fetches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("source", String, nullable=False),
    Column("url", String, nullable=False),
    Column("queued_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("tries", Integer, nullable=False),
    UniqueConstraint("tenant", "source", "url"),
)
