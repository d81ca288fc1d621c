"""The runs of digits of a batch, and which of them each detector has to look at.

Most digits in a comment are hours, amounts and dates. What stands right beside a run tells, for all runs of a batch at
once, that most detectors cannot find anything there. All that its detector could find gets through a sieve, and more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property, reduce
from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.personal_data import addresses, births, numbers, plates, postcodes
from pipelines.personal_data.checks import COUNTRY_CODES, iban_length
from pipelines.personal_data.keys import Ints, Table, sorted_keys
from pipelines.personal_data.lexicon import Mark
from pipelines.personal_data.reading import LETTER, Bools, Texts

_KNOWN: Final = 0x2100  # no character that a sieve asks for is beyond


def _those(characters: str) -> Bools:
    table = np.zeros(_KNOWN + 1, np.bool_)
    table[[ord(c) for c in characters]] = True
    return table


_DIGITS: Final = "0123456789"
_CAPITALS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTERS: Final = _CAPITALS + _CAPITALS.lower()
_IS_DIGIT: Final = _those(_DIGITS)
_IS_LETTER: Final = _those(_LETTERS)
_IS_CAPITAL: Final = _those(_CAPITALS)
_IS_CAPITAL_OR_DIGIT: Final = _those(_CAPITALS + _DIGITS)
_IS_LETTER_OR_DIGIT: Final = _those(_LETTERS + _DIGITS)
_LETTER_NUMBER: Final = np.zeros(_KNOWN + 1, np.intp)
for _number, _letter in enumerate(_CAPITALS, 1):
    _LETTER_NUMBER[[ord(_letter), ord(_letter.lower())]] = _number
_HAS_IBAN: Final = np.array([iban_length((a + b).strip()) > 0 for a in " " + _CAPITALS for b in " " + _CAPITALS])
_IS_SPACE: Final = _those(" ")
_IS_SPACE_OR_COMMA: Final = _those(" ,")
_IS_SPACE_OR_DASH: Final = _those(" -")
_IS_JOIN: Final = _those("".join(numbers.JOINS))
_IS_STREET_BEFORE: Final = _those(" \n(,-:/\0")
_IS_STREET_AFTER: Final = _those(" ,-/\u2013")
_IS_STOP: Final = _those(".,")
_IS_POINT: Final = _those(".,:")
_IS_SEPARATOR: Final = _those(" .-")
_IS_CENTURY: Final = _those(numbers.CENTURIES)
_IS_BLANK: Final = _those(" \n\0")
_FARTHEST_STREET: Final = 230  # characters from a house number to the last word of an English street
_FARTHEST_POSTCODE: Final = 32
_FARTHEST_CUE: Final = 140
_NEAREST_CUE: Final = 40
_FARTHEST_MONTH: Final = 8
_FARTHEST_VEHICLE: Final = 44
_SHORTEST_PLACE: Final = 4
_SHORTENING: Final = sorted(addresses.SHORTENED)
_NUMBER_WORDS: Final = sorted_keys(addresses.NUMBER_WORDS)
_WIDEST_DATE_GAP: Final = 4
_WIDEST_ROMAN_MONTH: Final = 8
_IS_COUNTRY_CODE: Final = np.isin(np.arange(100), [int(code) for code in COUNTRY_CODES])
_FORMS: Final = np.sort(
    [
        reduce(lambda form, size: form << 4 | size, (*sizes, sum(sizes)), 0)
        for sizes in numbers.POLISH | numbers.NORWEGIAN | numbers.DUTCH_WITHOUT_ZERO
    ]
)
_BSN_WEIGHTS: Final = np.array([-1, 2, 3, 4, 5, 6, 7, 8, 9])
# Number plates by form: 1 for a letter, 2 for a digit, 3 for a dash, two bits each.
_PLATE_CHARACTER: Final = np.zeros(_KNOWN + 1, np.int64)
for _number, _characters in enumerate((_LETTERS, _DIGITS, "-"), 1):
    _PLATE_CHARACTER[[ord(c) for c in _characters]] = _number
_IS_PLATE: Final = np.zeros(1 << 2 * plates.LONGEST_PLATE, np.bool_)
for _plate in plates.PLATES:
    _IS_PLATE[sum("L9-".index(c) + 1 << 2 * n for n, c in enumerate(_plate))] = True

Places = dict[int, list[tuple[int, int]]]
"""Runs of digits by text, with their offsets in it."""


class Groups:
    """All runs of digits of a batch of texts in some languages. The methods say which are worth a look."""

    def __init__(self, texts: Texts, languages: Sequence[str]) -> None:
        self._texts = texts
        characters = texts.characters
        is_digit = (characters - np.uint32(ord("0")) < 10).view(np.int8)
        changes = np.flatnonzero(np.diff(is_digit, prepend=0))  # the last character of a batch is no digit
        self.start, self.end = changes[::2], changes[1::2]
        self.size = self.end - self.start
        self.text = np.searchsorted(texts.begin, self.start, side="right") - 1
        self.count = np.bincount(self.text, self.size, minlength=len(texts.strings)).astype(np.intp)
        """How many digits each text has."""
        self._languages = np.array(languages)[self.text] if len(self.start) else np.array([], "U2")
        self._word_before = np.searchsorted(texts.slots.end, self.start, side="right") - 1

    def __len__(self) -> int:
        return len(self.start)

    def by_text(self, chosen: Bools) -> Places:
        """The chosen runs by text."""
        places: Places = {}
        at = np.flatnonzero(chosen)
        text = self.text.take(at)
        begin = self._texts.begin.take(text)
        for one, start, end in zip(
            text.tolist(), (self.start.take(at) - begin).tolist(), (self.end.take(at) - begin).tolist(), strict=True
        ):
            places.setdefault(one, []).append((start, end))
        return places

    def _is(self, table: Bools, at: Ints) -> Bools:
        """Whether the character at a place is one of a table."""
        return table.take(self._known(at))

    def _known(self, at: Ints) -> Ints:
        """The character at a place, in tables of those that are asked for."""
        return np.minimum(self._texts.characters.take(at, mode="wrap"), _KNOWN)

    def _is_letter(self, at: Ints) -> Bools:
        return self._texts.bits.take(at, mode="wrap") & LETTER > 0

    def _total(self) -> Ints:
        return self.count.take(self.text)

    def windows_of_numbers(self) -> dict[int, list[numbers.Window]]:
        """Neighbouring runs that may be a number together, by text."""
        first = np.flatnonzero(self._linked_total() >= numbers.FEWEST)
        last, count = first, self.size.take(first)
        found_first, found_last = [], []
        form = self.size.take(first)
        for _ in range(numbers.LONGEST):
            fits = count <= numbers.LONGEST
            first, last, count, form = first[fits], last[fits], count[fits], form[fits]
            if not len(first):
                break
            long = np.flatnonzero(count >= numbers.FEWEST)
            worth = long[self._is_number(first.take(long), last.take(long), count.take(long), form.take(long))]
            found_first.append(first[worth])
            found_last.append(last[worth])
            going = self._linked.take(last)
            first, last = first[going], last[going] + 1
            count = count[going] + self.size.take(last)
            # The sizes of up to seven runs, half a byte each; the lists have fewer.
            form = ((form[going] << 4) | np.minimum(self.size.take(last), 15)) & 0xFFFFFFF
        return self._windows(np.concatenate(found_first), np.concatenate(found_last)) if found_first else {}

    def _windows(self, first: Ints, last: Ints) -> dict[int, list[numbers.Window]]:
        order = np.lexsort((last, first))
        first, last = first.take(order), last.take(order)
        text = self.text.take(first)
        begin = self._texts.begin.take(text)
        sizes = self.size.tolist()
        digits = (self._digits + np.uint8(ord("0"))).tobytes().decode("ascii")
        at = self._digits_before.take(first)
        end = self._digits_before.take(last) + self.size.take(last)
        found: dict[int, list[numbers.Window]] = {}
        columns = (
            text,
            self.start.take(first) - begin,
            self.end.take(last) - begin,
            at,
            end,
            first,
            last + 1,
        )
        for one, start, stop, a, b, i, j in zip(*(column.tolist() for column in columns), strict=True):
            found.setdefault(one, []).append((start, stop, digits[a:b], tuple(sizes[i:j])))
        return found

    @cached_property
    def _linked(self) -> Bools:
        """Whether no more stands between a run and the next than between the digits of a number."""
        linked = np.zeros(len(self), np.bool_)
        end, gap = self.end[:-1], self.start[1:] - self.end[:-1]
        linked[:-1] = (gap <= numbers.WIDEST_GAP) & (np.diff(self.text) == 0)
        near = np.flatnonzero(linked)
        for n in range(numbers.WIDEST_GAP):
            linked[near] &= (gap.take(near) <= n) | self._is(_IS_JOIN, end.take(near) + n)
        return linked

    def _linked_total(self) -> Ints:
        """How many digits a run has with all that are linked to it."""
        chain = np.cumsum(np.concatenate(([False], ~self._linked[:-1])))
        return np.bincount(chain, self.size).take(chain)

    def _is_number(self, first: Ints, last: Ints, count: Ints, form: Ints) -> Bools:
        """Whether runs may be a number: by how many digits they have, in which groups, what they begin with, and by the
        check digit of a BSN."""
        characters = self._texts.characters
        start = self.start.take(first)
        digit = characters.take(start) - np.uint32(ord("0"))
        # The second digit may be in the next run.
        at = np.where(self.size.take(first) > 1, start + 1, self.start.take(np.minimum(first + 1, last)))
        second = characters.take(at) - np.uint32(ord("0"))
        before = characters.take(start - 1)
        plus = (before == ord("+")) | (
            ((before == ord(" ")) | (before == ord("("))) & (characters.take(start - 2) == ord("+"))
        )
        runs = last - first + 1
        card = (count >= 13) & (digit >= 2) & (digit <= 6)
        dated = (count == 11) & (runs <= 3)
        prefixed = (plus | ((digit == 0) & (count >= 8))) & (count <= 15)
        coded = (count >= 10) & (count <= 12) & _IS_COUNTRY_CODE.take(digit * 10 + second, mode="clip")
        found: Bools = card | dated | prefixed | coded
        grouped = np.flatnonzero((count == 8) | (count == 9))
        forms = form.take(grouped) << 4 | count.take(grouped)
        found[grouped] |= _FORMS.take(np.searchsorted(_FORMS, forms), mode="clip") == forms
        bsn = np.flatnonzero(((count == 9) | ((count == 8) & (runs == 1))) & ~found)
        found[bsn] = self._passes_eleven_test(first.take(bsn), count.take(bsn))
        return found

    def _passes_eleven_test(self, first: Ints, count: Ints) -> Bools:
        """Whether eight or nine digits from a run on are right for a BSN."""
        # From the last digit back. The first of nine is not there if there are eight.
        places = (self._digits_before.take(first) + count - 1)[:, None] - np.arange(9)
        digits = self._digits.take(np.maximum(places, 0))
        digits[count == 8, 8] = 0
        found: Bools = digits @ _BSN_WEIGHTS % 11 == 0
        return found

    @cached_property
    def _digits(self) -> npt.NDArray[np.uint8]:
        """The digits of all runs, one after the other."""
        values = self._texts.characters - np.uint32(ord("0"))
        return values[values < 10].astype(np.uint8)

    @cached_property
    def _digits_before(self) -> Ints:
        """How many digits all runs before a run have."""
        found: Ints = np.cumsum(self.size) - self.size
        return found

    def of_ibans(self) -> Bools:
        """Those behind the two letters of a country, or behind them and a blank."""
        found: Bools = (self.size >= 2) & (self._total() >= numbers.FEWEST_OF_IBAN)
        at = np.flatnonzero(found)
        letter = self.start.take(at) - 1
        letter -= self._is(_IS_SPACE, letter)
        first, second = (_LETTER_NUMBER.take(self._known(place)) for place in (letter - 1, letter))
        found[at] = _HAS_IBAN.take(first * 27 + second) & ~self._is(_IS_LETTER_OR_DIGIT, letter - 2)
        polish = (self.size == 2) | (self.size == numbers.DIGITS_OF_POLISH_ACCOUNT)
        found |= polish & (self._total() >= numbers.DIGITS_OF_POLISH_ACCOUNT)
        return found

    def of_ids(self) -> Bools:
        """Six digits and the sign of a century, or six or two that begin a National Insurance number."""
        spaced = (self.size == 2) & self._is(_IS_SEPARATOR, self.end) & self._is(_IS_DIGIT, self.end + 1)
        spaced &= self._is_behind_letter(self.start)
        six = np.flatnonzero(self.size == 6)
        end = self.end.take(six)
        end += self._is(_IS_SPACE, end)
        spaced[six] = self._is(_IS_CENTURY, end) | self._is_behind_letter(self.start.take(six))
        found: Bools = spaced & (self._total() >= numbers.FEWEST_OF_ID)
        return found

    def _is_behind_letter(self, start: Ints) -> Bools:
        """Whether a letter stands right before, or before a separator."""
        return self._is(_IS_LETTER, start - 1) | (self._is(_IS_SEPARATOR, start - 1) & self._is(_IS_LETTER, start - 2))

    def of_plates(self) -> Bools:
        """Those in a run of letters, digits and dashes that has the form of a plate, or after two or three capitals."""
        short = self.size <= 5
        spaced = short & self._is(_IS_SPACE, self.start - 1)
        for place in (self.start - 2, self.start - 3):
            spaced &= self._is(_IS_CAPITAL, place)
        for place in (self.start + 1, self.start + 2, self.start + 3):
            spaced &= self._is(_IS_CAPITAL_OR_DIGIT, place)
        characters = self._texts.characters
        beside = [_PLATE_CHARACTER.take(np.minimum(characters.take(at), _KNOWN)) for at in (self.start - 1, self.end)]
        inside = np.flatnonzero(short & ((beside[0] > 0) | (beside[1] > 0)))
        begin, end = self.start.take(inside), self.end.take(inside)
        for _ in range(plates.LONGEST_PLATE):
            begin = begin - (_PLATE_CHARACTER.take(np.minimum(characters.take(begin - 1), _KNOWN)) > 0)
        form = np.zeros(len(inside), np.int64)
        going = np.ones(len(inside), np.bool_)
        for n in range(plates.LONGEST_PLATE + 1):
            kind = _PLATE_CHARACTER.take(np.minimum(characters.take(begin + n, mode="wrap"), _KNOWN))
            going = going & (kind > 0)
            form += np.where(going, kind << 2 * n, 0)
        form[end - begin > plates.LONGEST_PLATE] = 0
        spaced[inside] |= _IS_PLATE.take(np.where(form < len(_IS_PLATE), form, 0))
        rest = np.flatnonzero(short & ~spaced)
        spaced[rest] = self._is_near(Mark.VEHICLE, rest, _FARTHEST_VEHICLE)
        return spaced

    def of_streets(self) -> Bools:
        """Those behind a word that may be a street's, or before an English street."""
        first = self._texts.characters.take(self.start)
        house = (self.size <= 4) & (first != ord("0")) & self._is(_IS_STREET_BEFORE, self.start - 1)
        house &= ~(self._is(_IS_POINT, self.end) & self._is(_IS_DIGIT, self.end + 1))
        house &= ~self.of_things()
        at = np.flatnonzero(house)
        house[at] = self._is_behind_street(at) | self._is_before_street(at)
        found: Bools = house
        return found

    def of_things(self) -> Bools:
        """Those right behind an ordinary word that only ends like a street, as 'Vergadering 12'. Polish streets are
        called by ordinary words."""
        texts, slots, mark = self._texts, self._texts.slots, self._texts.mark
        word = self._word_before
        found: Bools = (slots.end.take(word) == self.start - 1) & self._is(_IS_SPACE, self.start - 1)
        found &= (mark.take(word) & Mark.NEVER_LOWER > 0) & (mark.take(word) & (Mark.STREET | Mark.INFIX) == 0)
        found &= self._languages != "pl"
        at = np.flatnonzero(found)
        some = word.take(at)
        located = (mark.take(some - 1) & Mark.LOCATIVE > 0) & texts.has_capital(some)
        addressed = self._is_addressed(at, _NEAREST_CUE) | self._is_before_street(at)
        plain = _STREET_ENDS.end(texts, some) & ~(_TIE.end(texts, some) & (self._languages.take(at) != "fi"))
        found[at] = ~(plain | located | addressed)
        return found

    def of_named_places(self) -> Bools:
        """Those right behind a word with a capital that no list has, which is right behind a word for where."""
        texts, slots, mark = self._texts, self._texts.slots, self._texts.mark
        word = self._word_before
        found: Bools = (self.size <= 3) & (slots.end.take(word) == self.start - 1) & self._is(_IS_SPACE, self.start - 1)
        at = np.flatnonzero(found)
        word = word.take(at)
        found[at] = (
            (mark.take(word) & (Mark.LISTED | Mark.NO_STREET) == 0)
            & texts.has_capital(word)
            & (texts.length(word) >= _SHORTEST_PLACE)
            & (mark.take(word - 1) & Mark.LOCATIVE > 0)
            & (slots.start.take(word) == slots.end.take(word - 1) + 1)
        )
        return found

    def _is_behind_street(self, at: Ints) -> Bools:
        texts, slots, mark = self._texts, self._texts.slots, self._texts.mark
        start = self.start.take(at)
        found = self._is(_IS_SPACE_OR_COMMA, start - 1)
        word = self._word_before.take(at)
        # 'Nieuwe Dijk nr. 15'
        numbered = texts.is_one_of(_NUMBER_WORDS, word) & (slots.start.take(word) > 0)
        start = np.where(numbered, slots.start.take(word), start)
        word = word - numbered
        last = self._texts.characters.take(start - 2)
        end = slots.end.take(word)
        # A word by itself, between blanks; of anything else the detector finds out.
        alone = (end == start - 1) | ((end == start - 2) & self._is(_IS_STOP, start - 2))
        alone &= self._is(_IS_BLANK, slots.start.take(word) - 1)
        marks = mark.take(word)
        polish = self._languages.take(at) == "pl"
        capital = texts.has_capital(word)
        found[alone & (marks & Mark.NO_STREET > 0) & ~(polish & capital)] = False
        # An ordinary word is one only if it ends like a street; with a capital any may be, where an address stands.
        doubtful = np.flatnonzero(found & alone & (marks & Mark.STREET == 0) & ~(polish & capital))
        some, polish, capital = word.take(doubtful), polish.take(doubtful), capital.take(doubtful)
        asked = at.take(doubtful)
        lettered = self._is_letter(self.end.take(asked)) & ~self._is_letter(self.end.take(asked) + 1)
        found[doubtful] = (
            _STREET_ENDS.end(texts, some)
            | (lettered & _ALL_ENDS.end(texts, some))
            | (self._is(_IS_STOP, start.take(doubtful) - 2) & np.isin(self._languages.take(asked), _SHORTENING))
            | (capital & (_ALL_ENDS.end(texts, some) | self._is_addressed(asked)))
            | (polish & self._is_near(Mark.POLISH_STREET, asked))
        )
        found &= self._is_letter(start - 2) | np.isin(last, [ord(c) for c in ".,'’"])
        return found

    def _is_addressed(self, at: Ints, farthest: int = _FARTHEST_CUE) -> Bools:
        """Whether a word for living somewhere, or for a street, stands before, or what may be a postcode behind."""
        postcode = (self.size == 4) | (self.size == 5)
        postcode |= (self.size == 2) & (self._texts.characters.take(self.end) == ord("-"))
        postcode |= (self.size <= 2) & self._is(_IS_CAPITAL, self.start - 1)
        starts = np.append(self.start[postcode], 2 * len(self._texts.characters))
        end = self.end.take(at)
        found: Bools = starts.take(np.searchsorted(starts, end)) - end <= _FARTHEST_POSTCODE
        return found | self._is_near(Mark.TOLD_STREET, at, farthest)

    def _is_near(self, mark: int, at: Ints, farthest: int = _FARTHEST_CUE) -> Bools:
        """Whether a word of a kind stands not far before, in characters."""
        slots = self._texts.slots
        marked = np.flatnonzero(self._texts.mark & mark > 0)
        if not len(marked):
            return np.zeros(len(at), np.bool_)
        start = self.start.take(at)
        last = marked.take(np.maximum(np.searchsorted(slots.end.take(marked), start, side="right") - 1, 0))
        distance = start - slots.end.take(last)
        near: Bools = (distance >= 0) & (distance <= farthest) & (slots.text.take(last) == self.text.take(at))
        return near

    def _is_before_street(self, at: Ints) -> Bools:
        texts, slots = self._texts, self._texts.slots
        end = self.end.take(at)
        beside = self._is(_IS_STREET_AFTER, end) | self._is_letter(end)
        streets = np.flatnonzero(texts.mark & Mark.ENGLISH_STREET > 0)
        found = np.zeros(len(at), np.bool_)
        if len(streets):
            next_street = streets.take(np.searchsorted(slots.start.take(streets), end), mode="clip")
            distance = slots.start.take(next_street) - end
            found = (
                (distance >= 0) & (distance < _FARTHEST_STREET) & (slots.text.take(next_street) == self.text.take(at))
            )
        word = self._word_before.take(at) + 1
        last = len(slots.text) - 1
        for behind in (word, np.minimum(word + 1, last)):
            capital = np.flatnonzero(beside & texts.has_capital(behind))
            found[capital] |= _ENGLISH_ENDS.end(texts, behind.take(capital))
        return found & beside

    def of_postcodes(self) -> Bools:
        """Those with the letters of a postcode beside them, or as long as one in the language."""
        start, end, size = self.start, self.end, self.size
        letters = end + self._is(_IS_SPACE_OR_DASH, end)
        dutch = (size == 4) & self._is(_IS_LETTER, letters) & self._is(_IS_LETTER, letters + 1)
        dutch &= ~self._is_letter(letters + 2)
        polish = (size == 2) & self._is(_IS_SPACE_OR_DASH, end) & self._is(_IS_DIGIT, end + 1)
        british = (size <= 3) & self._is_letter(start - 1)
        town = ((size == 4) & (self._languages == "nb")) | ((size == 5) & np.isin(self._languages, ("fi", "pl")))
        found: Bools = dutch | polish | british | town
        return found

    def of_postcodes_before_towns(self) -> Bools:
        """Those as long as a postcode in the language right before a town in lower case."""
        texts, slots = self._texts, self._texts.slots
        found = np.zeros(len(self), np.bool_)
        for language, size in postcodes.TOWN_DIGITS.items():
            found |= (self.size == size) & (self._languages == language)
        at = np.flatnonzero(found)
        word = np.minimum(self._word_before.take(at) + 1, len(slots.text) - 1)
        found[at] = (
            (slots.start.take(word) == self.end.take(at) + 1)
            & self._is(_IS_SPACE, self.end.take(at))
            & self._is(_IS_STREET_BEFORE, self.start.take(at) - 1)
            & texts.is_lower(word)
            & (texts.mark.take(word) & Mark.TOWN > 0)
            & (texts.length(word) >= _SHORTEST_PLACE)
        )
        return found

    def of_births(self) -> Bools:
        """Those that may begin a date."""
        texts, slots = self._texts, self._texts.slots
        size = self.size
        date = size == 8
        if len(self) > 2:
            gap = self.start[1:] - self.end[:-1]
            near = (gap[:-1] <= _WIDEST_DATE_GAP) & (gap[1:] <= _WIDEST_DATE_GAP) & (size[1:-1] <= 2)
            date[:-2] |= near & ((size[:-2] <= 2) | ((size[:-2] == 4) & (size[2:] <= 2)))
        # 7 XI 1969
        date[:-1] |= (size[:-1] <= 2) & (size[1:] == 4) & (self.start[1:] - self.end[:-1] <= _WIDEST_ROMAN_MONTH)
        is_month = texts.mark & Mark.MONTH > 0
        word = self._word_before
        date |= is_month.take(word) & (self.start - slots.end.take(word) <= 2)
        for n in range(1, 4):
            behind = np.minimum(word + n, len(is_month) - 1)
            date |= is_month.take(behind) & (slots.start.take(behind) - self.end <= _FARTHEST_MONTH)
        found: Bools = date & (self._total() >= births.FEWEST)
        return found

    def has_ipv4(self) -> Ints:
        """The texts with four runs with only a dot between each."""
        dotted = (self.start[1:] == self.end[:-1] + 1) & (self._texts.characters.take(self.end[:-1]) == ord("."))
        return np.unique(self.text[:-3][dotted[:-2] & dotted[1:-1] & dotted[2:]])


class Endings:
    """What words may end in."""

    def __init__(self, endings: Iterable[str]) -> None:
        listed = list(endings)
        self._sizes = sorted(set(map(len, listed)))
        self._table = Table(sorted_keys(listed))

    def end(self, texts: Texts, words: Ints) -> Bools:
        """Which of some words end in one of them."""
        keys = np.concatenate([texts.endings(words, size) for size in self._sizes])
        found = (self._table.find(keys) < len(self._table)).reshape(len(self._sizes), -1)
        return found.any(axis=0) & (texts.length(words) > 0)


_STREET_ENDS: Final = Endings(addresses.PLAIN_TAILS)
_TIE: Final = Endings(["tie"])  # of a Finnish street, and of half the nouns elsewhere
_ALL_ENDS: Final = Endings(addresses.ALL_ALONE)
_ENGLISH_ENDS: Final = Endings(addresses.ENGLISH_ENDINGS)
