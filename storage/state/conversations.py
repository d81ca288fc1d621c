"""Open conversations: pieces of one answer that arrive one by one, kept until they are complete.

A score by SMS and the reason in the next; a click and then the form behind it; digits and speech on the telephone.
The pieces are on the disk before the event that is made of them is appended, and the event is a function of them: so
a provider's retry, or a collector that died in between, appends the same event again.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from storage.state.base import Database
from storage.state.keys import KeyRing
from storage.state.tables import conversations, pieces

# Providers repeat a message for up to a week (WhatsApp does): so long a repeat finds the conversation it was part of.
KEPT_FOR_RETRIES = timedelta(days=7)
# Each piece reads those before it; a sender who writes on without end gets a new conversation, not an endless one.
MOST_PIECES = 100


@dataclass(frozen=True, slots=True)
class Piece:
    """What arrived at once: the body is the connector's own, JSON as a rule."""

    piece_id: str
    body: bytes = field(repr=False)
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Conversation:
    """The pieces of one answer in the order in which they were kept, never empty.

    `pieces[0].piece_id` names the answer for good, and `len(pieces)` is the `order` of this revision of it.
    """

    pieces: tuple[Piece, ...]
    expires_at: datetime

    @property
    def first_received_at(self) -> datetime:
        return self.pieces[0].received_at


class Conversations:
    """The conversations of all towns. Senders are kept as keyed hashes only; bodies are as the sender wrote them."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys

    def append_piece(
        self,
        *,
        tenant: str,
        source: str,
        session: str,
        piece_id: str,
        body: bytes,
        received_at: datetime,
        expires_at: datetime,
        begins: Callable[[Sequence[Piece]], bool] | None = None,
    ) -> Conversation:
        """Add a piece to the conversation of its session; the conversation up to and including it, on the disk.

        `session` says who it is with (a telephone number, a call, a page); `piece_id` is the provider's id of the
        message. A piece that is there already adds nothing, and gives back what it gave the first time. A session
        without an open conversation begins one, which takes pieces received before `expires_at`; further pieces do
        not extend it. `begins` is asked with the pieces of the open one, and says whether this begins another.
        """
        hashed = self._hash(tenant, source, session)

        def job(connection: Connection) -> Conversation:
            known = connection.execute(_REPEATED, {**key, "piece_id": piece_id}).one_or_none()
            if known is not None:
                return _load(connection, known.id, known.position)
            latest = connection.execute(_LATEST, key).one_or_none()
            if (
                latest is None
                or latest.expires_at <= received_at
                or latest.pieces >= MOST_PIECES
                or (begins is not None and begins(_load(connection, latest.id, latest.pieces).pieces))
            ):
                conversation_id = connection.scalars(_BEGIN, {**key, "expires_at": expires_at}).one()
                position = 1
            else:
                conversation_id, position = latest.id, latest.pieces + 1
            connection.execute(
                _ADD,
                {
                    "conversation_id": conversation_id,
                    "position": position,
                    "piece_id": piece_id,
                    "body": body,
                    "received_at": received_at,
                },
            )
            return _load(connection, conversation_id, position)

        key = {"tenant": tenant, "source": source, "session": hashed}
        return self._database.write(job)

    def find(self, *, tenant: str, source: str, session: str, now: datetime) -> Conversation | None:
        """The open conversation of a session, all of it; None where there is none at `now`."""
        key = {"tenant": tenant, "source": source, "session": self._hash(tenant, source, session)}

        def job(connection: Connection) -> Conversation | None:
            latest = connection.execute(_LATEST, key).one_or_none()
            if latest is None or latest.expires_at <= now:
                return None
            return _load(connection, latest.id, latest.pieces)

        return self._database.read(job)

    def expire(self, now: datetime) -> int:
        """Delete the conversations that ended more than `KEPT_FOR_RETRIES` ago; how many."""
        ended = delete(conversations).where(conversations.c.expires_at <= now - KEPT_FOR_RETRIES)
        return self._database.write(lambda connection: connection.execute(ended).rowcount)

    def _hash(self, tenant: str, source: str, session: str) -> bytes:
        """32 bytes that only the town's person key leads back to, by trying."""
        secret = self._keys.person_key(tenant).secret
        return hmac.digest(secret, f"conversation\0{source}\0{session}".encode(), hashlib.sha256)


def _load(connection: Connection, conversation_id: int, last: int) -> Conversation:
    rows = connection.execute(_PIECES, {"conversation_id": conversation_id, "last": last}).all()
    return Conversation(tuple(Piece(row.piece_id, row.body, row.received_at) for row in rows), rows[0].expires_at)


_OF_SESSION = (
    (conversations.c.tenant == bindparam("tenant"))
    & (conversations.c.source == bindparam("source"))
    & (conversations.c.session == bindparam("session"))
)
_REPEATED = (
    select(conversations.c.id, pieces.c.position)
    .join(pieces)
    .where(_OF_SESSION, pieces.c.piece_id == bindparam("piece_id"))
)
_LATEST = (
    select(
        conversations.c.id,
        conversations.c.expires_at,
        select(func.count())
        .where(pieces.c.conversation_id == conversations.c.id)
        .correlate(conversations)
        .scalar_subquery()
        .label("pieces"),
    )
    .where(_OF_SESSION)
    .order_by(conversations.c.id.desc())
    .limit(1)
)
_BEGIN = insert(conversations).returning(conversations.c.id)
_ADD = insert(pieces)
_PIECES = (
    select(pieces.c.piece_id, pieces.c.body, pieces.c.received_at, conversations.c.expires_at)
    .join(conversations)
    .where(pieces.c.conversation_id == bindparam("conversation_id"), pieces.c.position <= bindparam("last"))
    .order_by(pieces.c.position)
)
