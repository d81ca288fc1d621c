"""What the name finder looks at: for each word that may be a name, what it is and what stands around it, as features.

A feature is a string, written down here as a template. No string is made, though: each field of a template is a column
of keys, and those of the feature are joined from them, for all words of a batch at once. Training and finding share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from string import Formatter
from typing import Final

import numpy as np

from pipelines.personal_data.keys import POWERS, Ints, Keys, Strings, constant, join, keys_of
from pipelines.personal_data.kinds import COARSE, COMPOUND, NAMES, OTHERS, REST, TONGUES, UNKNOWN, kinds
from pipelines.personal_data.lexicon import CUE_KINDS, Mark, lexicon
from pipelines.personal_data.reading import GAPS, NAME, SHAPES, Bools, Texts

FIRST: Final = (
    "K{coarse}{shape}{start}{through}",
    "O{kind}{shape}{other}",
    "D{cue}{shape}{left}{right}{shape after}",
    "P{before}|{coarse}{shape}",
    "n{after}|{shape}{right}",
    "c{cue}|{coarse}{shape}",
    "B{label}{left}{coarse}{shape}",
    "G{left}{right}{coarse}{shape}{shape after}",
)
"""The features that alone settle most words."""
REST_OF_THEM: Final = (
    "k{kind}{shape}",
    "o{other}{shape}",
    "p{before}|{shape}{left}",
    "q{second before} {before}|{shape}",
    "N{after}|{coarse}{shape}",
    "m{after} {second after}|{shape}",
    "r{right}{coarse}{shape}",
    "g{left}{right}{shape}{size}",
    "b{label}{left}{shape}{through}",
    "S{shape before}{left}{shape}{right}{shape after}",
    "E{class}{shape}{right}{class after}{shape after}{label}",
    "a{coarse}{shape}{right}{coarse after}{shape after}",
    "z{coarse}{shape}{left}{coarse before}{shape before}",
    "d{second cue}{cue or before}|{shape}",
    "e{cue}{second cue}{saying}{coarse}{shape}",
    "h{size}{coarse}{shape}{through}{long}",
    "t{last three}{shape}{class}",
    "T{last four}{class}",
)
"""The others. What a listed name ends in says nothing more: the last two are for words that are none."""
_ENDINGS: Final = 2
"""
kind, other     what the lists say of the word (`kinds`); coarse: in few values; class: its first letter, or i
shape           how the word is written, and the words beside it
left, right     the gaps beside it
before, after   the words beside it, looking through infixes and initials; of a name after it only its coarse kind
through         I or v, if an initial or an infix was looked through
cue             the kind of cue that the word before is
label           N if the word before is a name, else O
start           whether it is the first of its line or sentence
long            1 for a word of more letters than names have, mostly
size            1 for a text of up to four words, 3 for one with several lines, else 2
"""

_THROUGH_GAPS: Final = np.array([gap in (" ", "I", ".", "-", "'") for gap in GAPS])
_STARTS: Final = np.array([int(gap[-1:] in "^nN." or gap[0] == "^") for gap in GAPS])
OPENS: Final = np.array([gap[-1:] in ("^", ".", "n", "N") for gap in GAPS])
"""The gaps behind which a text, a line or a sentence begins."""
_LINE: Final = GAPS.index("n")
_CLOSING: Final = CUE_KINDS.index("C")
_SHORT_TEXT: Final = 4
_LONG: Final = 11
_MAY_BE_NAME: Final = np.array([shape in "CUSV" for shape in SHAPES])
_MAY_HAVE_KIND: Final = np.array([shape in "CUSM" for shape in SHAPES])
_C, _l, _V, _BEGIN, _END = (SHAPES.index(shape) for shape in "ClV^$")


class Column:
    """Some strings, as keys, to be picked from by number."""

    def __init__(self, strings: Iterable[str]) -> None:
        self.strings = list(strings)
        self._keys = keys_of(self.strings)

    def __getitem__(self, numbers: Ints) -> Strings:
        return Strings(self._keys.key.take(numbers), self._keys.power.take(numbers))


_KIND: Final = Column(NAMES)
_OTHER: Final = Column(OTHERS)
_COARSE_COLUMN: Final = Column(COARSE)
_CLASS: Final = Column(name[0] for name in COARSE)
# A neighbour is told by its coarse kind, or by its shape where the kind was not asked for; a name before by that alone.
_NEIGHBOURS: Final = [*COARSE, *SHAPES, NAME]
_NEIGHBOUR: Final = Column(_NEIGHBOURS)
_NEIGHBOUR_CLASS: Final = Column(name[0] for name in _NEIGHBOURS)
_NAME_AFTER: Final = Column("~" + name[:-1] for name in COARSE)
_GAP: Final = Column(GAPS)
_SHAPE: Final = Column(SHAPES)
_CUE: Final = Column(CUE_KINDS)
_DIGIT: Final = Column("0123")
THROUGH_INFIX: Final = 2
_LABEL: Final = Column("ON")
_THROUGH: Final = Column(("", "I", "v"))

IS_NAME: Final = np.array([name[0] in "FLBflb" for name in COARSE])
IS_LISTED_FIRST: Final = np.array([name[0] in "23" for name in NAMES])
IS_FIRST_NAME: Final = np.array([name.lstrip("i")[0] in "23" for name in NAMES])
IS_OURS: Final = IS_FIRST_NAME & np.array([name.lstrip("i")[1:2] == "l" for name in NAMES])
"""First names of the text's own language."""
IS_SURNAME: Final = np.array([name[0] in "LB" for name in COARSE])
_HAS_ENDING: Final = np.array([name[0] in "udWi" for name in COARSE])


def _chosen(where: Bools, these: Strings, others: Strings) -> Strings:
    return Strings(np.where(where, these.key, others.key), np.where(where, these.power, others.power))


class Places:
    """Words of a batch at the slots `at`, and what stands around each; arrays of one length.

    `tongues` is the number of each text's language. `hidden` are slots whose words training takes for unknown ones.
    """

    def __init__(self, texts: Texts, tongues: Ints, at: Ints, hidden: Bools | None = None) -> None:
        self.texts = texts
        self.at = at
        self._hidden = hidden
        slots = texts.slots
        self.text = slots.text.take(at)
        self.tongue = tongues.take(self.text)
        self.shape = texts.shapes(at)
        self.before = self._before()
        self.left = texts.gaps(self.before + 1)
        self.gap = texts.gaps(at)
        self.right = texts.gaps(at + 1)
        self.cue = lexicon().cue.take(slots.row.take(self.before)).astype(np.intp)
        # A letter is a closing line only where a line or a sentence begins: 't. Maija', but not 'regelt t, Utrecht'.
        letters = np.flatnonzero((self.cue == _CLOSING) & (texts.length(self.before) == 1))
        self.cue[letters[~OPENS.take(texts.gaps(self.before.take(letters)))]] = 0
        self.kind = self._kinds(at, self.tongue)

        # 'Wil de Bruin': an infix after it is looked through too, if a capital follows.
        through = _THROUGH_GAPS
        self.after = at + 1
        self.shape_after = texts.shapes(self.after)
        infix = np.flatnonzero(texts.mark.take(at + 1) & Mark.INFIX > 0)
        if len(infix):
            behind = at.take(infix) + 2
            there = (slots.form.take(behind) > 0) & through.take(texts.gaps(behind))
            further = behind + 1
            again = there & (texts.mark.take(behind) & Mark.INFIX > 0) & (slots.form.take(further) > 0)
            again[again] = through.take(texts.gaps(further[again]))
            behind = np.where(again, further, behind)
            there &= texts.has_capital(behind) & through.take(self.right.take(infix))
            self.after[infix[there]] = behind[there]
            self.shape_after[infix[there]] = _V

        # The kind of a neighbour counts where it may be a name, or where the word itself is in lower case.
        name = self.kind // REST
        lower = self.shape == _l
        is_capital = _MAY_BE_NAME.take(self.shape_after)
        asked = is_capital | (self.shape_after == SHAPES.index("M")) | (lower & (self.shape_after != _END))
        self.coarse_after = len(COARSE) + self.shape_after
        self.coarse_after[asked] = self._kinds(self.after[asked], self.tongue[asked]) // REST
        self.is_name_after = np.zeros(len(at), np.bool_)
        self.is_name_after[is_capital] = IS_NAME.take(self.coarse_after[is_capital])
        self.is_surname_after = np.zeros(len(at), np.bool_)
        self.is_surname_after[is_capital] = IS_SURNAME.take(self.coarse_after[is_capital])

        straight = self.before == at - 1
        initial = (texts.length(at - 1) == 1) | (texts.length(self.before + 1) == 1)
        self.through = np.where(straight, 0, np.where(initial, 1, THROUGH_INFIX))
        self.name = name
        self.is_after_name = texts.is_name(self.before)

    def _before(self) -> Ints:
        """The slot of the word before each, looking through infixes and initials."""
        texts = self.texts
        slots = texts.slots
        everywhere = np.arange(len(slots.text))
        is_infix = texts.mark & Mark.INFIX > 0
        through = np.flatnonzero(is_infix | ((slots.end - slots.start == 1) & (slots.form > 0)))
        through = through[is_infix.take(through) | texts.is_upper(through)]
        gaps = texts.gaps(through + 1)
        # A line may break behind an infix, in a letter: 'mevrouw Van\nLooveren'.
        through = through[_THROUGH_GAPS.take(gaps) | (is_infix.take(through) & (gaps == _LINE))]
        everywhere[through] = 0
        return np.maximum.accumulate(everywhere).take(self.at - 1)

    def _kinds(self, at: Ints, tongues: Ints) -> Ints:
        slots = self.texts.slots
        found = (
            kinds()
            .of(slots.key.take(at), slots.row.take(at), tongues, lambda place: self.texts.word(int(at[place])).lower())
            .astype(np.intp)
        )
        if self._hidden is not None:
            found[self._hidden.take(at)] = UNKNOWN
        return found

    def words(self, at: Ints) -> Strings:
        """The words at slots, in lower case; ^ and $ before and behind a text."""
        up, _ = POWERS(len(self.texts.characters))
        return Strings(self.texts.slots.key.take(at), up.take(np.maximum(self.texts.length(at), 1)))


class Rows:
    """Words with the label of the word before, as the fields of features. `of` are numbers in `places`."""

    def __init__(self, places: Places, of: Ints, named: Bools) -> None:
        self.places, self.of, self.named = places, of, named

    def __len__(self) -> int:
        return len(self.of)

    def __getitem__(self, which: Ints | Bools) -> Rows:
        return Rows(self.places, self.of[which], self.named[which])

    def first(self) -> list[Keys]:
        """The keys of the features in `FIRST`."""
        return _made(FIRST, self._first_fields())

    def rest(self) -> list[Keys]:
        """The keys of the features in `REST_OF_THEM`."""
        fields = {**self._first_fields(), **self._other_fields()}
        found = _made(REST_OF_THEM, fields)
        without = ~_HAS_ENDING.take(self.places.name.take(self.of))
        for keys in found[-_ENDINGS:]:
            keys[without] = 0
        return found

    def _first_fields(self) -> dict[str, Strings]:
        p, of = self.places, self.of
        # Which name stood before says nothing, and it gives no cue.
        named = self.named | p.is_after_name.take(of)
        name, left = p.name.take(of), p.left.take(of)
        return {
            "kind": _KIND[name],
            "other": _OTHER[p.kind.take(of) % REST],
            "coarse": _COARSE_COLUMN[name],
            "shape": _SHAPE[p.shape.take(of)],
            "left": _GAP[left],
            "right": _GAP[p.right.take(of)],
            "start": _DIGIT[_STARTS.take(left)],
            "through": _THROUGH[p.through.take(of)],
            "label": _LABEL[named.astype(np.intp)],
            "cue": _CUE[np.where(named, 0, p.cue.take(of))],
            "before": _chosen(named, constant(NAME), p.words(p.before.take(of))),
            "after": _chosen(
                p.is_name_after.take(of), _NAME_AFTER[p.coarse_after.take(of) % len(COARSE)], p.words(p.after.take(of))
            ),
            "shape after": _SHAPE[p.shape_after.take(of)],
        }

    def _other_fields(self) -> dict[str, Strings]:
        p, of = self.places, self.of
        texts = p.texts
        slots = texts.slots
        at, before = p.at.take(of), p.before.take(of)
        named = self.named | p.is_after_name.take(of)
        cue = np.where(named, 0, p.cue.take(of))
        second = before - 1
        second_cue = lexicon().cue.take(slots.row.take(second)).astype(np.intp)
        shape_before = texts.shapes(before)
        asked = _MAY_HAVE_KIND.take(shape_before) | ((p.shape.take(of) == _l) & (shape_before != _BEGIN))
        asked &= ~named
        coarse_before = len(COARSE) + shape_before
        coarse_before[named] = len(_NEIGHBOURS) - 1
        coarse_before[asked] = p._kinds(before[asked], p.tongue.take(of)[asked]) // REST
        saying = ~p.is_name_after.take(of) & (texts.mark.take(p.after.take(of)) & Mark.SAYING > 0)
        after = p.coarse_after.take(of)
        before_word = _chosen(named, constant(NAME), p.words(before))
        return {
            "second before": p.words(second),
            "second after": p.words(at + 2),
            "second cue": _CUE[second_cue],
            "cue or before": _chosen(second_cue > 0, before_word, _CUE[cue]),
            "shape before": _SHAPE[shape_before],
            "coarse before": _NEIGHBOUR[coarse_before],
            "coarse after": _NEIGHBOUR[after],
            "class after": _NEIGHBOUR_CLASS[after],
            "class": _CLASS[p.name.take(of)],
            "saying": _DIGIT[saying.astype(np.intp)],
            "size": _DIGIT[self._sizes()],
            "long": _DIGIT[(texts.length(at) > _LONG).astype(np.intp)],
            "last three": self._endings(at, 3),
            "last four": self._endings(at, 4),
        }

    def _sizes(self) -> Ints:
        p = self.places
        text = p.text.take(self.of)
        texts = p.texts
        lines = np.fromiter(("\n" in string for string in texts.strings), np.bool_, len(texts.strings))
        found: Ints = np.where(lines.take(text), 3, np.where(texts.count.take(text) <= _SHORT_TEXT, 1, 2))
        return found

    def _endings(self, at: Ints, size: int) -> Strings:
        texts = self.places.texts
        up, _ = POWERS(size + 1)
        return Strings(texts.endings(at, size), up.take(np.minimum(texts.length(at), size)))


def _parsed(template: str) -> list[tuple[str, str]]:
    """The parts of a template: each a constant and the name of the field behind it, or nothing."""
    return [(text, field or "") for text, field, _, _ in Formatter().parse(template)]


_PARSED: Final = {template: _parsed(template) for template in (*FIRST, *REST_OF_THEM)}


def _made(templates: Sequence[str], fields: Mapping[str, Strings]) -> list[Keys]:
    """The keys of features, from their fields."""
    found = []
    for template in templates:
        parts = []
        for text, field in _PARSED[template]:
            if text:
                parts.append(constant(text))
            if field:
                parts.append(fields[field])
        found.append(join(*parts).key)
    return found


__all__ = ["COMPOUND", "FIRST", "REST_OF_THEM", "TONGUES", "Places", "Rows"]
