"""Strings as numbers of 64 bits that can be cut and joined without their letters, and tables to look them up in.

The key of a string is the sum of a number for each character times a power of a base that goes with its place. So the
keys of all words of a batch come from one running sum over its characters, those of their endings too, and the key of
two strings run together is `a.key + a.power * b.key`. Two different strings share a key with a chance of one in 10**19.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.intp]

_BASE: Final = 0x9E3779B97F4A7C15
_MASK: Final = (1 << 64) - 1
_PLANE: Final = 1 << 16
"""Characters beyond the basic plane count as those of the basic plane at the same place: they are in no list."""


class Strings(NamedTuple):
    """Strings by their keys, and the power of the base that what follows them is multiplied with."""

    key: Keys
    power: Keys


def _scattered() -> Keys:
    """For each character of the basic plane a number that looks like chance: the steps of splitmix64."""
    numbers = np.arange(1, _PLANE + 1, dtype=np.uint64) * np.uint64(_BASE)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        numbers = (numbers ^ (numbers >> np.uint64(shift))) * np.uint64(factor)
    return numbers ^ (numbers >> np.uint64(31))


_OF_CHARACTER: Final = _scattered()
_OF_LOWER: Final = _OF_CHARACTER[[ord(chr(c).lower()[0]) for c in range(_PLANE)]]


class Powers:
    """Powers of the base and of its inverse, as many as the longest batch has needed."""

    def __init__(self) -> None:
        self._both = (np.ones(1, np.uint64), np.ones(1, np.uint64))

    def __call__(self, count: int) -> tuple[Keys, Keys]:
        """The first powers, at least `count`, of the base and of its inverse."""
        if len(self._both[0]) < count:
            size = 1 << count.bit_length()
            up, down = (np.full(size, base & _MASK, np.uint64) for base in (_BASE, pow(_BASE, -1, 1 << 64)))
            up[0] = down[0] = 1
            # In one step, since another thread may be asking.
            self._both = (np.multiply.accumulate(up), np.multiply.accumulate(down))
        return self._both


POWERS: Final = Powers()


def sums(characters: npt.NDArray[np.uint32], first: int, *, lower: bool) -> Keys:
    """Running sums over characters that stand at places from `first` on; one more than there are characters."""
    up, _ = POWERS(first + len(characters) + 1)
    found = np.zeros(len(characters) + 1, np.uint64)
    numbers = (_OF_LOWER if lower else _OF_CHARACTER).take(characters & np.uint32(_PLANE - 1))
    numbers *= up[first : first + len(characters)]
    np.cumsum(numbers, out=found[1:])
    return found


def cut(running: Keys, starts: Ints, ends: Ints) -> Keys:
    """The keys of the stretches from `starts` to `ends` of what `sums` made, whose first place is 0."""
    _, down = POWERS(len(running))
    return (running.take(ends) - running.take(starts)) * down.take(starts)


def keys_of(strings: Sequence[str], *, lower: bool = False) -> Strings:
    """The keys of strings, as they are or in lower case."""
    ends = np.fromiter(accumulate(map(len, strings), initial=0), np.intp, len(strings) + 1)
    running = sums(characters_of("".join(strings)), 0, lower=lower)
    up, _ = POWERS(int(np.diff(ends).max(initial=0)) + 1)
    return Strings(cut(running, ends[:-1], ends[1:]), up.take(np.diff(ends)))


def sorted_keys(strings: Iterable[str]) -> Keys:
    """The keys of strings in order, for `among`."""
    return np.sort(keys_of(list(strings)).key)


def among(some: Keys, keys: Keys) -> npt.NDArray[np.bool_]:
    """Which keys are among some that are in order."""
    found: npt.NDArray[np.bool_] = some.take(np.searchsorted(some, keys), mode="clip") == keys
    return found


@cache
def constant(string: str) -> Strings:
    """A string as an array of one, to be joined with arrays of any length."""
    return keys_of([string])


def join(*parts: Strings) -> Strings:
    """The keys of strings run together."""
    key, power = parts[0]
    for part in parts[1:]:
        key = key + power * part.key
        power = power * part.power
    return Strings(key, power)


def characters_of(text: str) -> npt.NDArray[np.uint32]:
    """The code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.dtype("<u4"))


class Table:
    """Keys in order, found by their first bits. A look-up of many costs some 30 ns each."""

    def __init__(self, keys: Keys) -> None:
        """`keys` are in ascending order, none twice."""
        bits = max(len(keys), 1).bit_length()
        self._shift = np.uint64(64 - bits)
        # After the last key one that no string has, so that a look beyond the end is a look at something.
        self._keys = np.append(keys, np.uint64(_MASK))
        counts = np.bincount((keys >> self._shift).astype(np.intp), minlength=1 << bits)
        self._first = np.zeros(1 << bits, np.int32)
        np.cumsum(counts[:-1], out=self._first[1:])

    def __len__(self) -> int:
        return len(self._keys) - 1

    def find(self, keys: Keys) -> Ints:
        """The place of each key; the number of keys for one that is not there."""
        places: Ints = self._first.take((keys >> self._shift).astype(np.intp)).astype(np.intp)
        there = self._keys.take(places)
        behind = np.flatnonzero(there < keys)
        while len(behind):
            places[behind] += 1
            there[behind] = self._keys.take(places.take(behind))
            behind = behind[there.take(behind) < keys.take(behind)]
        places[there != keys] = len(self)
        return places
