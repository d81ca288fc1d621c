"""Times as sources write them, brought to UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo


def in_utc(given: object, zone: str) -> tuple[datetime | None, str | None]:
    """The moment in UTC, and what was wrong with it in the words of a note.

    `given` is a datetime, or a string in ISO 8601. What has no offset is local time of `zone` (IANA): a time in the
    hour that the change of the clock doubles is its first one, and one in the hour it skips is shifted forward.
    """
    if given is None or given == "":
        return None, None
    try:
        moment = datetime.fromisoformat(given) if isinstance(given, str) else given
        if not isinstance(moment, datetime):
            return None, "not_a_time"
        if moment.tzinfo is not None:
            return moment.astimezone(UTC), None
        return _from_local(moment, _zone(zone))
    except (ValueError, OverflowError):
        return None, "not_a_time"


def _from_local(moment: datetime, zone: ZoneInfo) -> tuple[datetime, str | None]:
    first = moment.replace(tzinfo=zone, fold=0)
    utc = first.astimezone(UTC)
    # PEP 495: in a gap fold=0 takes the offset before it, which is the shift forward; so the way back differs.
    if utc.astimezone(zone).replace(tzinfo=None, fold=0) != moment.replace(fold=0):
        return utc, "missing_hour"
    if first.utcoffset() != first.replace(fold=1).utcoffset():
        return utc, "doubled_hour"
    return utc, None


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
