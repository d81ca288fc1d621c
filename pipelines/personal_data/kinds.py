"""What the lists say of a word in a language, as one small number: a name, how common, a word, a town, a company.

Listed words have their kind ready. Of others it is guessed, once each: the form of a listed name, two words run
together, or unknown.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.personal_data.inflection import bases
from pipelines.personal_data.keys import Ints, Keys, keys_of
from pipelines.personal_data.lexicon import Codes, Lexicon, Mark, lexicon
from pipelines.personal_data.spans import LANGUAGES

TONGUES: Final = (*LANGUAGES, "other")
"""The languages that kinds and weights know, in the order of their numbers."""
_INFLECTING: Final = [TONGUES.index(language) for language in ("pl", "fi")]

Numbers = npt.NDArray[np.int16]

# A kind is a name's number times 32 plus one for the rest. As strings, which features are made of: the name is its
# strength as a first name and as a surname, each (l)ocal or not, and how common a word; an i before it, and no
# commonness, if only what it may be an inflected form of is listed; u is unknown, d two words run together. The rest is
# how common in other languages, town, company, calendar.
_LISTED: Final = [
    f"{first}{'-l'[local_first]}{last}{'-l'[local_last]}{common}"
    for first in range(4)
    for local_first in range(2)
    for last in range(4)
    for local_last in range(2)
    for common in range(6)
]
NAMES: Final = (*_LISTED, *("i" + name[:4] for name in _LISTED[::6]), "u", "d")
OTHERS: Final = tuple(
    f"{common}{place}{organisation}{calendar}"
    for common in range(4)
    for place in range(2)
    for organisation in range(2)
    for calendar in range(2)
)
REST: Final = len(OTHERS)
UNKNOWN: Final = NAMES.index("u") * REST
COMPOUND: Final = NAMES.index("d") * REST
_FOREIGN: Final = 0
_GUESS: Final = -1
_SHORTEST_COMPOUND: Final = 7
_LONGEST_COMPOUND: Final = 100
_MOST_GUESSED: Final = 200_000


def coarse(name: str) -> str:
    """A name's kind in few values: is it rather a first name or a surname, how sure, and how common as a word."""
    if name in ("u", "d"):
        return f"{name}-"
    mark, name = ("i", name[1:]) if name[0] == "i" else ("", name)
    first, last = int(name[0]), int(name[2])
    common = name[4:] or "0"
    common = {"2": "1"}.get(common, common)
    kind = "W" if not first and not last else "f" if first == 1 >= last else "s" if last == 1 > first else ""
    kind = kind or ("B" if first >= 2 <= last else "F" if first > last else "L")
    if "l" not in (name[1], name[3]) and kind in "FLB":
        kind = kind.lower() + "x"
    return mark + kind + common


class Kinds:
    """The kinds of all words in all languages."""

    def __init__(self, words: Lexicon) -> None:
        self._words = words
        codes = words.codes
        self._kind = np.stack([_listed(codes, tongue) for tongue in range(len(TONGUES))])
        # Two words run together are both in the dictionary of the language, or of some language if it is unknown.
        known = np.concatenate((codes.common, (codes.common % 5).max(axis=0, keepdims=True)))
        self._ordinary = (known >= 1) & (known <= 4)
        bare = (codes.first == 0) & (codes.last == 0) & (self._kind // REST % 6 % 5 == 0)
        self._ready = np.where(bare, _GUESS, self._kind)
        self._of_no_tongue = codes.common.max(axis=0) == 0
        # What a form of a listed word is worth: the strongest name is the best, of equals that of the highest number.
        strength = (codes.first + codes.last).astype(np.int32)
        sure = (codes.first >= 2) | (codes.last >= 2)
        inflects = np.isin(np.arange(len(TONGUES)), _INFLECTING)[:, None]
        self._worth = np.where(sure | (inflects & (strength > 0)), strength << 16 | (self._kind // REST // 6), 0)
        self._guessed: dict[int, int] = {}

    def of(self, keys: Keys, rows: Ints, tongues: Ints, spell: Callable[[int], str]) -> Numbers:
        """The kind of each word, by its key, its row in the lexicon, the number of its language; `spell` gives the
        lower-case letters of the word at a place, where a kind has to be guessed."""
        found: Numbers = self._ready[tongues, self._words.code.take(rows)]
        asked = np.flatnonzero(found == _GUESS)
        if len(asked):
            names = (keys.take(asked) + tongues.take(asked).astype(np.uint64)).tolist()
            known = list(map(self._guessed.get, names))
            if None in known:
                if len(self._guessed) > _MOST_GUESSED:
                    self._guessed.clear()
                new = {
                    name: place for name, kind, place in zip(names, known, asked.tolist(), strict=True) if kind is None
                }
                places = np.array(list(new.values()), np.intp)
                listed = [spell(place) for place in new.values()]
                kinds = self._guess(listed, rows.take(places), tongues.take(places))
                guesses = dict(zip(new, kinds.tolist(), strict=True))
                self._guessed |= guesses
                known = [guesses[name] if kind is None else kind for name, kind in zip(names, known, strict=True)]
            found[asked] = np.array(known, np.int16)
        return found

    def _guess(self, listed: Sequence[str], rows: Ints, tongues: Ints) -> Numbers:
        """The kinds of words that have none ready: that of the name they are a form of, or their own, or that of two
        words, which a form of an ordinary word counts as."""
        code = self._words.code
        forms = [sorted(bases(word, TONGUES[tongue])) for word, tongue in zip(listed, tongues.tolist(), strict=True)]
        worth = np.zeros(len(listed), np.int32)
        owners = np.repeat(np.arange(len(listed)), [len(some) for some in forms])
        places = self._words.rows(keys_of([form for some in forms for form in some]).key)
        np.maximum.at(worth, owners, self._worth[tongues.take(owners), code.take(places)])
        own = self._kind[tongues, code.take(rows)]
        # Some are listed only as words of a language that is none of ours.
        is_listed = (self._words.mark.take(rows) & Mark.LISTED > 0) & ~(
            (own == _FOREIGN) & self._of_no_tongue.take(code.take(rows))
        )
        inflected = (worth > 0) & (~is_listed | (own % REST == 0))
        found = np.where(is_listed, own, UNKNOWN)
        found[inflected] = (len(_LISTED) + (worth[inflected] & 0xFFFF)) * REST
        ordinary = np.zeros(len(listed), np.bool_)
        np.logical_or.at(ordinary, owners, self._ordinary[tongues.take(owners), code.take(places)])
        for place in np.flatnonzero(~is_listed & ~inflected).tolist():
            if ordinary[place] or self._is_compound(listed[place], int(tongues[place])):
                found[place] = COMPOUND
        return found

    def _is_compound(self, lower: str, tongue: int) -> bool:
        """Whether a word that no list has is two ordinary words run together: 'zwerfvuil', 'Julianalaan'."""
        if not _SHORTEST_COMPOUND <= len(lower) <= _LONGEST_COMPOUND:
            return False
        cuts = range(3, len(lower) - 2)
        parts = [part for cut in cuts for part in (lower[cut:], lower[:cut], lower[: cut - 1])]
        rows = self._words.rows(keys_of(parts).key)
        listed = (self._words.mark.take(rows) & Mark.LISTED > 0).reshape(-1, 3)
        ordinary = self._ordinary[tongue].take(self._words.code.take(rows)).reshape(-1, 3)
        # A long tail needs a head that is listed, no more: 'Juliana' is no word.
        long = np.array([len(lower) - cut >= 4 for cut in cuts])[:, None]
        heads = listed[:, 1:] & (ordinary[:, 1:] | long)
        heads[0, 1] = False  # of two letters
        return bool((ordinary[:, 0] & heads.any(axis=1)).any())


def _listed(codes: Codes, tongue: int) -> Numbers:
    """The kind of each code in one language."""
    if tongue < len(LANGUAGES):
        local_first, local_last = codes.first_in[tongue], codes.last_in[tongue]
        common = codes.common[tongue]
        others = np.delete(codes.in_dictionary, tongue, axis=0)
    else:
        local_first = local_last = np.zeros_like(codes.first)
        common = codes.in_dictionary.max(axis=0)
        others = codes.in_dictionary
    other = np.minimum(others.max(axis=0), 3)
    # 'alleen' is a girl's name abroad, and one of the commonest words of Dutch.
    is_word = common == 4 if tongue < len(LANGUAGES) else np.zeros_like(common, np.bool_)
    first = np.where(is_word & (local_first == 0), 0, codes.first)
    name = (((first * 2 + local_first) * 4 + codes.last) * 2 + local_last) * 6 + common
    found: Numbers = name * REST + ((other * 2 + codes.place) * 2 + codes.organisation) * 2 + codes.calendar
    return found


@cache
def kinds() -> Kinds:
    """The kinds, made once a process."""
    return Kinds(lexicon())


COARSE: Final = tuple(map(coarse, NAMES))
"""`coarse` of each name's number."""


def kind_of(word: str, language: str) -> str:
    """What the lists say of a word in a language, in few values."""
    lower = word.lower()
    key = keys_of([lower]).key
    tongue = np.array([tongue_of(language)])
    (kind,) = kinds().of(key, lexicon().rows(key), tongue, lambda _: lower).tolist()
    return COARSE[int(kind) // REST]


def tongue_of(language: str) -> int:
    """The number of a language; that of 'other' for one that is none of the five."""
    return TONGUES.index(language) if language in TONGUES else len(TONGUES) - 1
