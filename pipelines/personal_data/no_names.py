"""What stands beside a word that may be a name and says that it is none: a month behind its day, a make of car, a place
behind 'in' or 't.h.v.', 'de Willem', a Finnish place in its case.

As in `told.py`, people mean these the same whatever the sentence around them.
"""

from typing import Final

import numpy as np

from pipelines.personal_data.features import IS_FIRST_NAME, IS_LISTED_FIRST, IS_OURS, OPENS, Places
from pipelines.personal_data.groups import Endings
from pipelines.personal_data.keys import Ints, among, keys_of, sorted_keys
from pipelines.personal_data.kinds import NAMES, TONGUES
from pipelines.personal_data.lexicon import Mark, lexicon
from pipelines.personal_data.reading import GAPS, SHAPES, Bits, Bools, Texts
from pipelines.personal_data.wordlists import set_of

_AFTER_DIGITS: Final = np.array([gap == "9" for gap in GAPS])
_QUOTES: Final = np.array([gap.strip("^$") in tuple('"“”„«»') for gap in GAPS])
_HYPHEN, _BLANK = GAPS.index("-"), GAPS.index(" ")
_NORWEGIAN, _FINNISH = TONGUES.index("nb"), TONGUES.index("fi")
_BRACKET, _STOP = GAPS.index("("), GAPS.index(".")
_C, _l = SHAPES.index("C"), SHAPES.index("l")
_NUMBERS: Final = Endings(["nr", "nummer", "numer", "number", "numero", "tunnus"])
_SHORTEST_NUMBER: Final = 4  # letters
_COLLECTIVES: Final = Endings(
    set_of(
        "bewoners vereniging stichting comité groep team raad ouders club winkel forening foreningen laget styret rådet"
        " gruppa utvalget klubben skolen korpset seura yhdistys toimikunta hallitus raati väki lautakunta"
    )
)
_PLURALS: Final = Endings(["ene", "erne"])
_IS_UNLISTED: Final = np.array([name in ("u", "d") for name in NAMES])
_COMMON_NAME: Final = 3
_ORDINARY: Final = 2  # how common a word has to be to be plainly one


ARTICLES: Final = sorted_keys(set_of("de den het 't ’t the"))
_DUTCH_ARTICLES: Final = sorted_keys(set_of("de het 't ’t"))
_FROM: Final = sorted_keys(set_of("van"))
_WHERE: Final = sorted_keys(
    set_of("in uit te naar near to from w z do i fra til på tot richting vanuit towards through via rundt")
)
_IN: Final = sorted_keys(set_of("in te uit"))
_INESSIVE: Final = sorted_keys(set_of("ssa ssä"))
_ABBREVIATED_PLACE: Final = keys_of(["v", "h", "t"]).key  # t.h.v., backwards


def no_names(places: Places) -> Bools:
    """Whether each word is the name of no person, whatever the weights say."""
    texts, at = places.texts, places.at
    mark = texts.mark.take(at)
    listed_first = IS_LISTED_FIRST.take(places.name)
    # '8 jan', 'S-Market', 't.h.v. Gamma', 't.h.v. de Gamma'
    found: Bools = _AFTER_DIGITS.take(places.gap) & (mark & Mark.MONTH > 0)
    found |= (places.gap == _HYPHEN) & (texts.length(at - 1) == 1) & ~listed_first
    found |= _is_abbreviated_place(texts, at) | (
        _is_abbreviated_place(texts, at - 1) & texts.is_one_of(ARTICLES, at - 1)
    )
    # 'ha ha'
    key = texts.slots.key
    repeats = (places.gap == _BLANK) & (key.take(at) == key.take(at - 1))
    repeated = (places.right == _BLANK) & (key.take(at) == key.take(at + 1))
    found |= (repeats | repeated) & ~listed_first
    straight = places.before == at - 1
    alone = (places.cue == 0) & ~_is_first_name(places, places.before)
    found |= alone & straight & _is_quoted(places)
    found |= alone & (mark & Mark.VEHICLE > 0)
    code = lexicon().code.take(texts.slots.row.take(at)).astype(np.intp)
    found |= alone & straight & _begins_sentence(places, code)
    found |= alone & straight & _is_feast(places, mark, code)
    unlisted = np.flatnonzero(_IS_UNLISTED.take(places.name))
    found[unlisted] |= _is_of_things(places, unlisted, alone.take(unlisted))
    found |= alone & _is_place(places, mark)
    found |= alone & _is_called(places)
    return found


def _is_of_things(places: Places, unlisted: Ints, alone: Bools) -> Bools:
    """'Klachtnr', 'Buurtcomité', 'Skiløperne': of the words that no list has, which end as no name does."""
    texts, at = places.texts, places.at.take(unlisted)
    groups = _COLLECTIVES.end(texts, at) | ((places.tongue.take(unlisted) == _NORWEGIAN) & _PLURALS.end(texts, at))
    found: Bools = (_NUMBERS.end(texts, at) & (texts.length(at) >= _SHORTEST_NUMBER)) | (groups & alone)
    return found


def _is_abbreviated_place(texts: Texts, at: Ints) -> Bools:
    key = texts.slots.key
    found = np.ones(len(at), np.bool_)
    for n, letter in enumerate(_ABBREVIATED_PLACE, 1):
        found &= key.take(np.maximum(at - n, 0)) == letter
    return found


def _is_first_name(places: Places, at: Ints) -> Bools:
    """Whether words with a capital are listed as first names, or are initials."""
    texts = places.texts
    codes = lexicon().codes
    code = lexicon().code.take(texts.slots.row.take(at))
    found: Bools = (texts.length(at) == 1) & texts.is_upper(at)
    found |= texts.is_name(at) | ((codes.first.take(code) > 0) & texts.has_capital(at))
    return found


def _is_feast(places: Places, mark: Bits, code: Ints) -> Bools:
    """'since Easter', 'Mon–Fri': a word of the calendar that is no month, and is hardly a name."""
    codes = lexicon().codes
    found: Bools = (codes.calendar.take(code) > 0) & (codes.first.take(code) < _COMMON_NAME) & (mark & Mark.MONTH == 0)
    found &= places.shape_after != _C
    return found


def _begins_sentence(places: Places, code: Ints) -> Bools:
    """'Bins not emptied', 'Wilk i lis': an ordinary word of the language, of which it has no first name."""
    texts, at = places.texts, places.at
    codes = lexicon().codes
    tongue = np.minimum(places.tongue, len(codes.common) - 1)
    ordinary = codes.in_dictionary[tongue, code] >= _ORDINARY
    ordinary &= (codes.first_in[tongue, code] == 0) & (places.tongue < len(codes.common))
    follows = (places.shape_after == _l) & (texts.mark.take(at + 1) & (Mark.SAYING | Mark.INFIX) == 0)
    found: Bools = ordinary & OPENS.take(places.left) & (places.shape == _C) & (follows | (places.right == _STOP))
    return found


def _is_quoted(places: Places) -> Bools:
    """'"Piet" staat op de wagen'."""
    found: Bools = _QUOTES.take(places.left) & _QUOTES.take(places.right)
    return found


def _is_place(places: Places, mark: Bits) -> Bools:
    """'uit Asmara', 'Hof van Holland', 'Pihlajistossa'."""
    texts, at = places.texts, places.at
    town = (mark & Mark.TOWN > 0) & ~IS_OURS.take(places.name) & (places.shape == _C)
    blank = places.gap == _BLANK
    found: Bools = town & ((blank & texts.is_one_of(_WHERE, at - 1)) | (places.gap == _BRACKET))
    found |= town & blank & texts.is_one_of(_FROM, at - 1) & (places.before == at - 2) & texts.has_capital(at - 2)
    # 'in Ten Boer', 'uit De Meern'; people are 'bij De Groot'.
    infixed = (places.before == at - 2) & (texts.mark.take(at - 1) & Mark.INFIX > 0) & texts.has_capital(at - 1)
    found |= infixed & (places.shape == _C) & texts.is_one_of(_IN, at - 2)
    finnish = (places.tongue == _FINNISH) & (places.shape == _C) & (places.before == at - 1)
    finnish &= ~IS_FIRST_NAME.take(places.name) & ~texts.has_capital(places.before)
    found |= finnish & among(_INESSIVE, texts.endings(at, 3))
    return found


def _is_called(places: Places) -> Bools:
    """'zwembad De Willem', 'De Mark stinkt': with an article a first name is the name of a thing."""
    texts, at = places.texts, places.at
    found: Bools = IS_OURS.take(places.name) & (places.before == at - 2) & (places.gap == _BLANK)
    found &= texts.is_one_of(_DUTCH_ARTICLES, at - 1)
    return found
