"""Reads a batch of texts at once: their characters, words, what stands between words and how words are written.

All texts of a batch are one array of characters, and their words one array of slots. Around the words of each text
stand empty slots, two before and two after, so that the neighbours of a word are there whatever word it is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.personal_data.keys import Ints, Keys, among, characters_of, constant, cut, sums
from pipelines.personal_data.lexicon import Mark, lexicon

DATUM, NAME = "\x01", "\x02"
"""What stands for a character of other personal data, and of a name's placeholder, in the text that is looked at."""

Bits = npt.NDArray[np.uint32]
Bools = npt.NDArray[np.bool_]

# What a character says of the gap or the word that it is in, one bit each. The first are signs of gaps, the most
# telling first: the lowest bit of a gap counts.
_SIGNS: Final = "X", "N", "n", "9", ".", *'@<>"“”„«»:(),;/–-&+'
_OTHER, LETTER, _NAME, UPPER, LOWER, _TITLE, _APOSTROPHE = (1 << len(_SIGNS) + n for n in range(7))
_FIRST_UPPER, _FIRST_LOWER = 1, 2  # free in words, which have no sign of a gap in them
_CASED: Final = UPPER | LOWER | _TITLE

_PLAIN_GAPS: Final = (*_SIGNS, " ", "*", "", "I", "'", "Xn")
GAPS: Final = (*_PLAIN_GAPS, *("^" + gap for gap in _PLAIN_GAPS), *(gap + "$" for gap in _PLAIN_GAPS))
"""What stands between two words, by number: its most telling sign; I for a dot alone, N for an empty line, 9 for
digits, X for other personal data. ^ and $ are the begin and the end of the text."""
_BLANK, _ELSE, _NONE, _DOT, _QUOTE, _DATUM_AND_LINE = range(len(_SIGNS), len(_PLAIN_GAPS))
_AT_BEGIN, _AT_END = len(_PLAIN_GAPS), 2 * len(_PLAIN_GAPS)

SHAPES: Final = "lISUCMV^$"
"""How a word is written, by number: lower case, Initial, Shouted (upper beside upper), UPPER, Capital, Mixed; V is a
capital behind an infix; and the begin and the end of the text."""
EMPTY: Final = 2  # empty slots before the words of a text, and behind them
_LAST_LETTER: Final = 0x33000  # no letter has a higher code point


def _bits() -> Bits:
    """The bits of each character."""
    characters = list(map(chr, range(_LAST_LETTER)))

    def those(test: Callable[[str], bool]) -> Bools:
        return np.fromiter(map(test, characters), np.bool_, _LAST_LETTER)

    bits = np.full(0x110000, _OTHER, np.uint32)
    known = bits[:_LAST_LETTER]
    known[those(str.isspace)] = 0
    known[those(str.isalnum) & ~those(str.isdecimal)] = LETTER
    for test, bit in ((str.isupper, UPPER), (str.islower, LOWER), (str.istitle, _TITLE)):
        known[those(test)] |= bit
    known[(known & UPPER > 0) & (known & _TITLE > 0)] -= _TITLE
    known[those(str.isdigit)] |= 1 << _SIGNS.index("9")
    for sign in _SIGNS[5:]:
        bits[ord(sign)] = 1 << _SIGNS.index(sign)
    bits[[ord(c) for c in ".!?"]] = 1 << _SIGNS.index(".")
    bits[ord("\n")] = 1 << _SIGNS.index("n")
    bits[ord(DATUM)] = 1 << _SIGNS.index("X")
    bits[ord(NAME)] = _NAME
    bits[[ord(c) for c in "'’"]] |= _APOSTROPHE
    return bits


_BITS: Final = _bits()


class Slots(NamedTuple):
    """The words of a batch and the empty slots around those of each text, as arrays of one length."""

    text: Ints
    """Whose word it is."""
    start: Ints
    end: Ints
    """Where it stands in the characters of the batch."""
    key: Keys
    """Of its lower case; of '^' and '$' for the empty slots."""
    form: Bits
    """The bits of its characters; 0 for an empty slot."""
    gap: Bits
    """The bits of the characters between it and the slot before."""
    row: Ints
    """Its row in the lexicon."""

    def arrays(self) -> list[npt.NDArray[Any]]:
        """All of them, in their order."""
        return list(self)


class Texts:
    """A batch of texts, read. `begin` and `end` say where each stands in `characters`, whose bits are `bits`."""

    def __init__(self, strings: Sequence[str], *, apostrophes: bool = True) -> None:
        """With `apostrophes`, an apostrophe between two letters joins them to one word."""
        self._apostrophes = apostrophes
        self.strings = list(strings)
        self._read_all()

    def _read_all(self) -> None:
        strings = self.strings
        self.begin, self.end = np.zeros(len(strings), np.intp), np.zeros(len(strings), np.intp)
        self.characters = self.bits = np.empty(0, np.uint32)
        self.joined: Ints = np.empty(0, np.intp)
        """The texts with such words."""
        self._running = np.empty(0, np.uint64)
        self._together, self._begins = "", list[int]()
        self.slots = self._read(np.arange(len(strings)))
        self._count()

    def holding(self, *signs: str) -> list[int]:
        """The texts, as they were read at first, that hold one of some strings; in order."""
        together, begins = self._together, self._begins
        found = set()
        for sign in signs:
            at = together.find(sign)
            while at >= 0:
                text = bisect_right(begins, at) - 1
                found.add(text)
                at = together.find(sign, begins[text + 1]) if text + 1 < len(begins) else -1
        return sorted(found)

    def replace(self, texts: Sequence[int], strings: Sequence[str]) -> None:
        """Puts other strings in the place of some texts. Their words come last."""
        for text, string in zip(texts, strings, strict=True):
            self.strings[text] = string
        if len(texts) == len(self.strings):
            self._read_all()
            return
        replaced = np.zeros(len(self.strings), np.bool_)
        replaced[list(texts)] = True
        kept = np.flatnonzero(~replaced.take(self.slots.text))
        new = self._read(np.flatnonzero(replaced))
        pairs = [(old.take(kept), more) for old, more in zip(self.slots.arrays(), new.arrays(), strict=True)]
        self.slots = Slots(*map(np.concatenate, pairs))
        self._count()

    def _count(self) -> None:
        """Finds the first slot of each text, and how many words it has; and the marks of the words."""
        slots = self.slots
        self.mark = lexicon().mark.take(slots.row)
        firsts = np.flatnonzero(np.diff(slots.text, prepend=-1))
        self.first = np.zeros(len(self.strings), np.intp)
        self.count = np.zeros(len(self.strings), np.intp)
        owners = slots.text.take(firsts)
        self.first[owners] = firsts
        self.count[owners] = np.diff(firsts, append=len(slots.text)) - 2 * EMPTY

    def _read(self, texts: Ints) -> Slots:
        """Appends the characters of some texts, and finds their words."""
        strings = [self.strings[text] for text in texts.tolist()]
        # Between two texts, and behind the last, a character that says nothing. The running sums are one longer.
        joined = "\0".join([*strings, "\0"])
        characters = characters_of(joined)
        origin = len(self.characters)
        begin = np.fromiter(accumulate((len(string) + 1 for string in strings), initial=0), np.intp, len(strings) + 1)
        begin, end = begin[:-1], begin[1:] - 1
        bits = _BITS.take(characters)
        running = sums(characters[:-1], origin, lower=True)
        line = 1 << _SIGNS.index("n")
        lines = np.flatnonzero(bits == line)
        bits[lines[1:][np.diff(lines) == 1]] |= 1 << _SIGNS.index("N")

        # Words are runs of letters, or of the characters that stand for a name.
        kind = (bits & LETTER > 0).view(np.uint8)
        if self._apostrophes:
            joints = np.flatnonzero(bits & _APOSTROPHE > 0)
            joints = joints[(kind.take(joints - 1) > 0) & (kind.take(joints + 1) > 0)]
            kind[joints] = 1
            self.joined = texts[np.diff(np.searchsorted(joints, begin), append=len(joints)) > 0]
        kind[bits & _NAME > 0] = 2
        before = np.empty_like(kind)
        before[:1], before[1:] = 0, kind[:-1]
        changes = kind != before
        starts, ends = np.flatnonzero(changes & (kind > 0)), np.flatnonzero(changes & (before > 0))

        if not origin:
            self._together, self._begins = joined, begin.tolist()
        self.begin[texts], self.end[texts] = begin + origin, end + origin
        self.characters = np.concatenate((self.characters, characters)) if origin else characters
        self.bits = np.concatenate((self.bits, bits)) if origin else bits
        self._running = np.concatenate((self._running, running)) if origin else running

        counts = np.diff(np.searchsorted(starts, begin), append=len(starts))
        owner = np.repeat(np.arange(len(strings)), counts)
        place = np.arange(len(starts)) + 2 * EMPTY * owner + EMPTY
        last = np.cumsum(counts + 2 * EMPTY)
        first = last - counts - 2 * EMPTY
        size = len(starts) + 2 * EMPTY * len(strings)
        text = np.repeat(texts, counts + 2 * EMPTY)
        start, stop = np.empty(size, np.intp), np.empty(size, np.intp)
        key = np.empty(size, np.uint64)
        row = np.full(size, len(lexicon().table), np.intp)
        start[place], stop[place] = starts, ends
        key[place] = keys = cut(self._running, starts + origin, ends + origin)
        row[place] = lexicon().rows(keys)
        for n in range(EMPTY):
            start[first + n] = stop[first + n] = begin
            start[last - 1 - n] = stop[last - 1 - n] = end
            key[first + n] = constant("^").key
            key[last - 1 - n] = constant("$").key

        # What the characters of each word, and of each gap, say together. The first letter of a word counts by itself.
        letters = bits.copy()
        initial = bits.take(starts)
        letters[starts] = (
            (initial & ~np.uint32(UPPER | LOWER))
            | (initial & UPPER > 0) * np.uint32(_FIRST_UPPER)
            | (initial & LOWER > 0) * np.uint32(_FIRST_LOWER)
        )
        bounds = np.empty(2 * size, np.intp)
        bounds[::2], bounds[1::2] = start, stop
        together = np.bitwise_or.reduceat(letters, bounds) if size else letters
        form, gap = together[::2], np.empty(size, np.uint32)
        gap[1:] = together[1:-1:2]
        form[start == stop] = 0
        gap[:1] = 0
        gap[1:][start[1:] == stop[:-1]] = 0
        return Slots(text, start + origin, stop + origin, key, form, gap, row)

    # --- What is asked of slots; `at` are their places. -----------------------------------------------------------

    def word(self, at: int) -> str:
        """The word as it is written."""
        slots = self.slots
        text = int(slots.text[at])
        begin = int(self.begin[text])
        return self.strings[text][int(slots.start[at]) - begin : int(slots.end[at]) - begin]

    def length(self, at: Ints) -> Ints:
        """How many characters."""
        return self.slots.end.take(at) - self.slots.start.take(at)

    def endings(self, at: Ints, size: int) -> Keys:
        """The keys of the last characters of words, of the whole word if it is shorter."""
        end = self.slots.end.take(at)
        return cut(self._running, np.maximum(end - size, self.slots.start.take(at)), end)

    def is_one_of(self, some: Keys, at: Ints) -> Bools:
        """Whether the words at slots are among some, whose keys are in order."""
        return among(some, self.slots.key.take(at, mode="clip"))

    def is_lower(self, at: Ints) -> Bools:
        """As `str.islower`."""
        form = self.slots.form.take(at)
        found: Bools = (form & (LOWER | _FIRST_LOWER) > 0) & (form & (UPPER | _FIRST_UPPER | _TITLE) == 0)
        return found

    def is_upper(self, at: Ints) -> Bools:
        """As `str.isupper`."""
        form = self.slots.form.take(at)
        found: Bools = (form & (UPPER | _FIRST_UPPER) > 0) & (form & (LOWER | _FIRST_LOWER | _TITLE) == 0)
        return found

    def has_capital(self, at: Ints) -> Bools:
        """Whether the first letter is upper case."""
        return self.slots.form.take(at) & _FIRST_UPPER > 0

    def is_name(self, at: Ints) -> Bools:
        """Whether it is what stands for a name."""
        return self.slots.form.take(at) & _NAME > 0

    def never(self) -> Bools:
        """Whether a word, as it is written, is never a name; of all slots. What is no word is none."""
        form = self.slots.form
        mark = self.mark
        # How it is written decides which mark counts.
        plain = form & (UPPER | _TITLE) == 0
        capital = form & _FIRST_UPPER > 0
        wanted = np.where(plain, np.where(capital, Mark.NEVER_CAPITAL, Mark.NEVER_LOWER), Mark.NEVER_UPPER)
        found: Bools = (mark & wanted > 0) | (form == 0)
        return found

    def shapes(self, at: Ints) -> Ints:
        """How words are written, by number; 'V' is not told here."""
        form = self.slots.form.take(at)
        some_upper = form & (UPPER | _FIRST_UPPER | _TITLE) > 0
        some_lower = form & (LOWER | _FIRST_LOWER | _TITLE) > 0
        tail = form & (LOWER | UPPER | _TITLE)
        capital = (form & _FIRST_UPPER > 0) & ((tail == LOWER) | (form & _APOSTROPHE > 0))
        shapes = np.where(capital, SHAPES.index("C"), SHAPES.index("M"))
        upper = np.flatnonzero(some_upper & ~some_lower)
        near = at.take(upper)
        shouted = (self.is_upper(near - 1) & (self.length(near - 1) > 1)) | (
            self.is_upper(near + 1) & (self.length(near + 1) > 1)
        )
        shapes[upper] = np.where(shouted, SHAPES.index("S"), SHAPES.index("U"))
        shapes[self.length(at) == 1] = SHAPES.index("I")
        shapes[some_lower & ~some_upper] = SHAPES.index("l")
        empty = np.flatnonzero(form == 0)
        if len(empty):
            begin = self.slots.key.take(at.take(empty)) == constant("^").key
            shapes[empty] = np.where(begin, SHAPES.index("^"), SHAPES.index("$"))
        return shapes

    def gaps(self, at: Ints) -> Ints:
        """What stands before words, by its number in `GAPS`."""
        gap = self.slots.gap.take(at)
        lowest = gap & (~gap + np.uint32(1))
        # The exponent of a power of two is its place.
        kinds = np.minimum(np.frexp(lowest.astype(np.float64))[1] - 1, _ELSE).astype(np.intp)
        # The bit after the signs says that something else than blanks is there; blanks have none.
        kinds = np.where(kinds == len(_SIGNS), _ELSE, kinds)
        kinds[gap == 0] = _BLANK
        stop, start = self.slots.end.take(at - 1), self.slots.start.take(at)
        size = start - stop
        kinds[size == 0] = _NONE
        first = self.characters.take(stop)
        kinds[(size == 1) & (first == ord("."))] = _DOT
        kinds[(size == 1) & (first == ord("'"))] = _QUOTE
        apostrophes = np.flatnonzero((size == 2) & (first == ord(" ")) & (gap & _APOSTROPHE > 0))
        kinds[apostrophes] = _QUOTE
        datum = (kinds == 0) & (gap & (1 << _SIGNS.index("n")) > 0)
        kinds[datum] = _DATUM_AND_LINE
        form, before = self.slots.form.take(at), self.slots.form.take(at - 1)
        kinds[before == 0] += _AT_BEGIN
        kinds[(form == 0) & (before != 0)] += _AT_END
        return kinds


class Line:
    """A text and where its words stand in it."""

    def __init__(self, texts: Texts, text: int, language: str) -> None:
        self.text = texts.strings[text]
        self.language = language
        first = texts.first.item(text) + EMPTY
        last = first + texts.count.item(text)
        begin = texts.begin.item(text)
        self._rows = texts.slots.row[first:last]
        self.starts: list[int] = (texts.slots.start[first:last] - begin).tolist()
        self.ends: list[int] = (texts.slots.end[first:last] - begin).tolist()

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, place: int) -> str:
        """The word at a place."""
        return self.text[self.starts[place] : self.ends[place]]

    def code(self, place: int) -> int:
        """The code of the word at a place in the list."""
        return int(lexicon().code[self._rows[place]])

    def is_double(self, place: int) -> bool:
        """Whether the word at a place can be half of a double name: more than a letter, with a capital."""
        return self.ends[place] - self.starts[place] > 1 and self.text[self.starts[place]].isupper()

    def gap(self, place: int) -> str:
        """What stands between the word at a place and the next."""
        return self.text[self.ends[place] : self.starts[place + 1]]
