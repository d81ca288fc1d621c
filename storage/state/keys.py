"""Hash keys: made when first needed, kept wrapped, and destroyed for good when their time is over.

A key for addresses belongs to a town and a calendar month (UTC). It lives from the first of that month until the
first of the third month after, and then no one can test a guess against the hashes that were made with it. The key
for the identifiers a person gave belongs to a town and has no month.
"""

import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

from sqlalchemy import Connection, insert, select, update

from storage.errors import Fatal
from storage.state.base import Database
from storage.state.master_key import KEY_BYTES, MasterKey
from storage.state.tables import facts, hash_keys

Purpose = Literal["ip", "person"]

MONTHS_KEPT = 3
CACHE_SECONDS = 60.0
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class HashKey:
    """A key to hash with: 32 secret bytes, and the id that rows made with it carry."""

    key_id: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is known of a key without its secret. `period` is 'YYYY-MM', or '' where a key has none."""

    key_id: str
    tenant: str
    purpose: str
    period: str
    created_at: datetime
    destroyed_at: datetime | None
    hashes_cleared_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Cached:
    key: HashKey | None
    check_at: float


class KeyRing:
    """The hash keys of all towns. Safe between threads; processes that ask for one key at once get the same.

    Secrets are cached: a call costs a database read once in `CACHE_SECONDS` for each key. A key that another process
    destroys is therefore given out for no more than `CACHE_SECONDS`; one that is over is not given out at all,
    destroyed or not. Hold a `HashKey` no longer than one batch. A process that goes idle calls `forget`.
    """

    def __init__(
        self, database: Database, master_key: MasterKey, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._master_key = master_key
        self._clock = clock
        self._cache: dict[tuple[str, Purpose, str], _Cached] = {}

    def ip_key(self, tenant: str, month: str, now: datetime) -> HashKey | None:
        """The key of a town's addresses in the month 'YYYY-MM' (UTC) of the answer; ValueError on another form.

        None where the month is still to come, where its key's time is over, or where it was destroyed: the address
        is then dropped, not hashed.
        """
        if not 0 <= _months(now) - _month_number(month) < MONTHS_KEPT:
            return None
        return self._key(tenant, "ip", month, now)

    def person_key(self, tenant: str) -> HashKey:
        """The key of a town's persons: for identifiers they gave, and for the sessions of open conversations."""
        key = self._key(tenant, "person", "", datetime.now(UTC))
        if key is None:
            raise Fatal(f"the person key of {tenant} was destroyed: take the town out of the settings")
        return key

    def list_keys(self) -> list[KeyRecord]:
        """All keys, destroyed ones too, by town, purpose and period."""
        columns = (column for column in hash_keys.c if column.name != "wrapped")
        query = select(*columns).order_by(hash_keys.c.tenant, hash_keys.c.purpose, hash_keys.c.period)
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return [KeyRecord(**row._mapping) for row in rows]

    def list_ended(self, now: datetime) -> list[KeyRecord]:
        """The keys whose time is over, destroyed or not yet; in the order of `list_keys`."""
        first_month_kept = _first_month_kept(now)
        return [
            key
            for key in self.list_keys()
            if key.destroyed_at is not None or (key.purpose == "ip" and key.period < first_month_kept)
        ]

    def check(self) -> None:
        """Fatal where the state store belongs to another master key."""
        self._database.read(self._check_master_key)

    def rewrap(self, new: MasterKey) -> int:
        """Wrap all keys by a new master key from now on; how many there are. The keys themselves do not change.

        All or none is done; if it was interrupted, call it again. Nothing that the old master key opens stays in the
        files. Other processes go on with the keys they have cached, and need the new master key for any other.
        """
        old = self._master_key

        def job(connection: Connection) -> int:
            live = connection.execute(select(hash_keys).where(hash_keys.c.wrapped.is_not(None))).all()
            if _fingerprint_in_use(connection) != new.fingerprint:
                self._check_master_key(connection)
                for row in live:
                    label = _label(row.tenant, row.purpose, row.period, row.key_id)
                    wrapped = new.wrap(old.unwrap(row.wrapped, label), label)
                    connection.execute(
                        update(hash_keys).where(hash_keys.c.key_id == row.key_id).values(wrapped=wrapped)
                    )
                connection.execute(update(facts).where(facts.c.name == "master_key").values(value=new.fingerprint))
            return len(live)

        count = self._database.write(job)
        self._master_key = new
        self._database.scrub()
        return count

    def destroy_expired(self, now: datetime) -> list[KeyRecord]:
        """Destroy the keys whose time is over; the destroyed ones whose hashes are not yet known to be cleared.

        The caller empties the hashes that carry these key ids in the warehouse, then calls `confirm_cleared`; until
        then they are returned each time, so that a crash between the two leaves nothing behind. On return a key's
        wrapped bytes are in no file of the state store; Retriable where that could not be reached yet (call again).
        """
        first_month_kept = _first_month_kept(now)

        def job(connection: Connection) -> None:
            connection.execute(
                update(hash_keys)
                .where(
                    hash_keys.c.purpose == "ip",
                    hash_keys.c.period < first_month_kept,
                    hash_keys.c.destroyed_at.is_(None),
                )
                .values(wrapped=None, destroyed_at=now)
            )

        self._database.write(job)
        self.forget()
        destroyed = [key for key in self.list_keys() if key.destroyed_at is not None and key.hashes_cleared_at is None]
        if destroyed:
            self._database.scrub()
        return destroyed

    def confirm_cleared(self, key_ids: Sequence[str], now: datetime) -> None:
        """Note that no row of the warehouse carries hashes of these destroyed keys any more."""

        def job(connection: Connection) -> None:
            for key_id in key_ids:
                connection.execute(
                    update(hash_keys)
                    .where(hash_keys.c.key_id == key_id, hash_keys.c.destroyed_at.is_not(None))
                    .values(hashes_cleared_at=now)
                )

        self._database.write(job)

    def forget(self) -> None:
        """Drop the cached secrets."""
        self._cache.clear()

    def _key(self, tenant: str, purpose: Purpose, period: str, now: datetime) -> HashKey | None:
        name = (tenant, purpose, period)
        cached = self._cache.get(name)
        if cached is not None and self._clock() < cached.check_at:
            return cached.key
        check_at = self._clock() + CACHE_SECONDS
        stored = self._database.read(lambda connection: _find(connection, *name))
        if stored is None:
            stored = self._database.write(lambda connection: self._find_or_create(connection, *name, now))
        key_id, wrapped = stored
        key: HashKey | None
        if wrapped is None:
            key = None
        elif cached is not None and cached.key is not None and cached.key.key_id == key_id:
            key = cached.key  # not unwrapped again: it may be wrapped by a newer master key by now
        else:
            self.check()
            key = HashKey(key_id, self._master_key.unwrap(wrapped, _label(*name, key_id)))
        self._drop_ended(now)
        self._cache[name] = _Cached(key, check_at)
        return key

    def _find_or_create(
        self, connection: Connection, tenant: str, purpose: Purpose, period: str, now: datetime
    ) -> tuple[str, bytes | None]:
        if (stored := _find(connection, tenant, purpose, period)) is not None:
            return stored  # another process was faster
        if _fingerprint_in_use(connection) is None:
            connection.execute(insert(facts).values(name="master_key", value=self._master_key.fingerprint))
        self._check_master_key(connection)
        # Random, so that an id is never met twice, even after a state store was lost.
        key_id = os.urandom(8).hex()
        wrapped = self._master_key.wrap(os.urandom(KEY_BYTES), _label(tenant, purpose, period, key_id))
        connection.execute(
            insert(hash_keys).values(
                key_id=key_id, tenant=tenant, purpose=purpose, period=period, wrapped=wrapped, created_at=now
            )
        )
        return key_id, wrapped

    def _check_master_key(self, connection: Connection) -> None:
        if _fingerprint_in_use(connection) not in (None, self._master_key.fingerprint):
            raise Fatal(
                "the hash keys are wrapped by another master key than the one configured: "
                "configure that one (after `balie keys rewrap`, the new one) and start again"
            )

    def _drop_ended(self, now: datetime) -> None:
        for name in list(self._cache):
            if name[1] == "ip" and _months(now) - _month_number(name[2]) >= MONTHS_KEPT:
                self._cache.pop(name, None)


def _find(connection: Connection, tenant: str, purpose: str, period: str) -> tuple[str, bytes | None] | None:
    """The id and the wrapped bytes of a key; the bytes are None where it was destroyed."""
    query = select(hash_keys.c.key_id, hash_keys.c.wrapped).where(
        hash_keys.c.tenant == tenant, hash_keys.c.purpose == purpose, hash_keys.c.period == period
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.key_id, row.wrapped)


def _fingerprint_in_use(connection: Connection) -> str | None:
    return connection.scalar(select(facts.c.value).where(facts.c.name == "master_key"))


def _label(tenant: str, purpose: str, period: str, key_id: str) -> str:
    """What a wrapped key is bound to, so that no row's bytes can be moved to another row."""
    return f"{tenant}|{purpose}|{period}|{key_id}"


def _months(moment: datetime) -> int:
    """Calendar months since year 0, in UTC; ValueError on a moment without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs its zone")
    moment = moment.astimezone(UTC)
    return moment.year * 12 + moment.month - 1


def _first_month_kept(now: datetime) -> str:
    """The oldest month, as 'YYYY-MM', whose key still lives at that moment."""
    first_kept = _months(now) - (MONTHS_KEPT - 1)
    return f"{first_kept // 12:04}-{first_kept % 12 + 1:02}"


@lru_cache(maxsize=64)
def _month_number(month: str) -> int:
    if _MONTH.fullmatch(month) is None:
        raise ValueError("a month is written YYYY-MM")
    return int(month[:4]) * 12 + int(month[5:]) - 1
