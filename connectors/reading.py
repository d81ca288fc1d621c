"""Reads what providers send without trusting its types: the value at a path, or None where it is another type.

A path is names of objects and places of lists: `text(told, "sender", "name")`, `text(told, "items", 0, "id")`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.base import json_of
from connectors.errors import Rejected

Step = str | int
_FIRST, _LAST = 100_000_000, 7_258_118_400  # Unix seconds, from 1973 to 2199
_DIGITS = re.compile(r"[0-9]{9,10}|[0-9]{12,13}")
_REGION = re.compile(r"[-_].*", re.DOTALL)
_TRUE = frozenset({"true", "1", "yes", "on"})


def at(told: object, *path: Step) -> Any:
    """What stands there, whatever its type; None where nothing does."""
    for step in path:
        if isinstance(step, str) and isinstance(told, Mapping):
            told = told.get(step)
        elif isinstance(step, int) and isinstance(told, list) and -len(told) <= step < len(told):
            told = told[step]
        else:
            return None
    return told


def text(told: object, *path: Step) -> str | None:
    """Text without the space around it, where there is any."""
    found = at(told, *path)
    return (found.strip() or None) if isinstance(found, str) else None


def whole(told: object, *path: Step) -> int | None:
    """A whole number; true and false are none."""
    found = at(told, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def identifier(told: object, *path: Step) -> str | None:
    """An id, which some providers write as a number and others as text."""
    number = whole(told, *path)
    return text(told, *path) if number is None else str(number)


def mapping(told: object, *path: Step) -> Mapping[str, Any]:
    """An object; an empty one where there is none."""
    found = at(told, *path)
    return found if isinstance(found, Mapping) else {}


def listed(told: object, *path: Step) -> list[Any]:
    """A list; an empty one where there is none."""
    found = at(told, *path)
    return found if isinstance(found, list) else []


def is_true(told: object, *path: Step) -> bool:
    """Whether it is true, which many providers write as text, and forms always do."""
    return str(at(told, *path)).strip().lower() in _TRUE


def language(told: object, *path: Step) -> Any:
    """A language as ISO 639 writes it, without a region behind it ('nl-NL' is nl); what is no text as it came."""
    found = at(told, *path)
    return _REGION.sub("", found.strip()).lower() if isinstance(found, str) else found


def score(told: object, *path: Step) -> object:
    """A score as it came, for the contract to judge. True is no number, though the contract would read it as one."""
    found = at(told, *path)
    return str(found) if isinstance(found, bool) else found


def moment(told: object, *path: Step) -> datetime | str | None:
    """A time: Unix seconds or milliseconds, a number or digits, in UTC; else what came, for the contract to judge."""
    found = at(told, *path)
    if isinstance(found, str) and _DIGITS.fullmatch(found):
        found = int(found)
    if isinstance(found, int | float) and not isinstance(found, bool):
        if _LAST < found <= _LAST * 1000:
            found /= 1000  # no time has so many seconds
        sound = _FIRST <= found <= _LAST
        return datetime.fromtimestamp(found, UTC) if sound else "out of range"  # is noted as what it is: no time
    return found if found is None or isinstance(found, str | datetime) else "no time"


def order(told: object, *path: Step) -> int:
    """The order of an edit by its time: microseconds since 1970; 0 where there is none."""
    found = moment(told, *path)
    try:
        when = datetime.fromisoformat(found) if isinstance(found, str) else found
        if when is None:
            return 0
        return max(0, round((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1_000_000))
    except (ValueError, OverflowError):
        return 0


def loaded(body: bytes) -> object:
    """JSON that stands in a field, where no answer hangs on it; None where it is none."""
    try:
        return json_of(body)
    except Rejected:
        return None


def dumped(value: object) -> bytes:
    """JSON, such as the page of one item that a BadRow keeps."""
    return json.dumps(value, ensure_ascii=False, default=str).encode()


def present(**fields: object) -> dict[str, Any] | None:
    """The fields that have a value, as a part of an answer; None where none has."""
    return {name: value for name, value in fields.items() if value is not None and value != ""} or None
