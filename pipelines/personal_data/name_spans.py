"""From words that are names to the spans of whole names: which words are parts of one, and where it begins and ends."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final, NamedTuple

import numpy as np

from pipelines.personal_data.cues import CUES, INFIXES, SAYING
from pipelines.personal_data.inflection import bases
from pipelines.personal_data.keys import keys_of
from pipelines.personal_data.kinds import COARSE
from pipelines.personal_data.lexicon import CUE_KINDS, lexicon
from pipelines.personal_data.namesakes import BUSINESSES, STREET_WORDS, Named, is_namesake
from pipelines.personal_data.reading import Line
from pipelines.personal_data.spans import Span

SURE: Final = 2.0
COMMON_NAME, COMMON_WORD, COMMON_FIRST_WORD = 3, 2, 0
"""How common a word the first name before a surname may be: a listed name, another word, one that starts a sentence.
Before a surname that is sure, any word with a capital within a sentence will do."""

UNTOLD: Final = "name, by list and context"
"""The rule of a name that no cue stands before."""
_RULES: Final = {
    "T": "name after a title",
    "K": "name after a relative or neighbour",
    "R": "name after an office",
    "G": "name after a greeting",
    "I": "name after an introduction",
    "C": "name after a closing line",
    "M": "name after thanks",
    "S": "name after 'spoke to'",
}
_LONGEST_INITIAL: Final = 3
_CONJUNCTIONS: Final = frozenset(("en", "and", "og", "i", "oraz", "ja", "sekä"))
_COORDINATED: Final = frozenset("FfBbLlis")
_WORDS_OF_A_LETTER: Final = frozenset("izwouaåy")
_SENTENCE_OPENERS: Final = {"pl": ("Z ", "W ", "U ", "O ", "I ", "A "), "nb": ("I ",), "en": ("A ", "I ")}
"""Words of one letter that are no initials."""
_LINKS: Final = frozenset((" ", "-", ". ", ".", "/", " - ", "–", " '", " ’"))
_INFIX_LINKS: Final = _LINKS | {"\n"}  # a line may break behind an infix
_SHORTEST_PART: Final = 3
_ENDS_SENTENCE: Final = frozenset('.!?:\n"')
_INITIALS: Final = re.compile(
    r"(?<![^\W\d_])(?:(?:[A-ZÀ-ŽŁŚŻ]|Th|Chr|Joh|Ch|St|IJ|Ph|Sj|Tj|Jac|Jos|Fr|Wm|Kr)"
    r"(?:\.[ -]?|(?=[ ](?:[A-ZÀ-Ž]\b|\Z))[ ]|[ ](?=\Z))){1,6}\Z"
)
# 'Kasia M.', 'Rob de W.': a surname that is kept back.
_INITIAL_AFTER: Final = re.compile(
    r"(?: (?:van|de|der|den|van der|van den|van de|el|al|von|da|di))? [A-ZÀ-ŽŁŚŻ]\.(?![^\W_])"
)
# 'joke van der berg', 'joke v d berg': infixes that stand in names alone, before any word.
_INFIXED_AFTER: Final = re.compile(r" (?:van de[rn]|v\.? ?d\.?|vd|v/d) [^\W\d_]{3,}", re.IGNORECASE)
# 'Tuhuteru, J.S.'
_INITIALS_AFTER: Final = re.compile(r", ?(?:[A-ZÀ-ŽŁŚŻ]\. ?){1,5}(?![^\W_])")


class Word(NamedTuple):
    """A word of a text that is a name, or may be: its place among the words, its key, its score as it was weighed and
    as it is now, what the cue before it added to that, and the numbers of that cue and of what the lists say."""

    place: int
    key: int
    is_name: bool
    weighed: float
    score: float
    told: float
    cue: int
    name: int

    @property
    def kind(self) -> str:
        """What the lists say of it, in a letter."""
        return COARSE[self.name][0]


def settled(line: Line, words: Sequence[Word]) -> list[Word]:
    """The names among some words of one text: what is a name in one place of a text is one in another, in any case."""
    certain = [word for word in words if word.is_name and (word.score > SURE or word.told > 0)]
    sure = {word.key for word in certain}
    if line.language in ("pl", "fi") and len(words) > len(certain) > 0:
        forms = {form for word in certain for form in bases(line[word.place].lower(), line.language)}
        sure.update(keys_of(sorted(forms)).key.tolist())
    found = []
    for word in words:
        doubtful = not word.is_name or word.weighed != word.score
        if doubtful and word.key in sure:
            found.append(word._replace(score=word.weighed))
        elif word.is_name or (found and _goes_with(line, found[-1], word)):
            found.append(word)
    return found


def _goes_with(line: Line, name: Word, word: Word) -> bool:
    """Whether a word that may be a name is one beside a name that is sure: 'Kiitos Hannulle ja Virtaselle'."""
    place = word.place - 1
    return (
        name.place == place - 1
        and (name.score > SURE or name.told > 0)
        and line[place].lower() in _CONJUNCTIONS
        and line.gap(place - 1) == line.gap(place) == " "
        and word.kind in _COORDINATED
    )


def spans(line: Line, names: Sequence[Word]) -> Iterator[Span]:
    """The spans of the names of one text, in order."""
    at = 0
    while at < len(names):
        begun = at
        at += 1
        while at < len(names) and _joined(line, names[at - 1].place, names[at].place):
            at += 1
        span = _span(line, names[begun:at])
        if span:
            yield span


def _span(line: Line, names: Sequence[Word]) -> Span | None:
    """The span of words that are one name; None if it is the name of no person."""
    one, other = names[0], names[-1]
    named = _whole(line, one, other)
    is_titled = CUE_KINDS[one.cue] == "T"
    if is_namesake(named, (one.kind, other.kind), told=(one.told > 0, other.told > 0), is_titled=is_titled):
        return None
    start, before = named.start, named.before
    if before >= 0 and len(initial := line[before]) <= _LONGEST_INITIAL and initial[0].isupper():
        initials = _INITIALS.search(line.text, max(0, start - 24), start)
        if initials and initials.group() not in _SENTENCE_OPENERS.get(line.language, ()):
            start = initials.start()
    sure = min(max(name.score for name in names), 6.0)
    rule = _RULES.get(CUE_KINDS[one.cue], UNTOLD)
    return Span(start, named.end, "NAME", rule, round(0.5 + max(sure, 0.0) / 15, 2))


def _whole(line: Line, one: Word, other: Word) -> Named:
    """The name from its first to its last word, with what belongs to it; initials before it are left out."""
    text = line.text
    first, last = one.place, other.place
    # What a hyphen joins to a name is part of it: 'Bakker-Storm'.
    while first and line.gap(first - 1) == "-" and line.is_double(first - 1):
        first -= 1
    while last + 1 < len(line) and line.gap(last) == "-" and line.is_double(last + 1):
        last += 1
    start, end = line.starts[first], line.ends[last]
    # Infixes and initials before it belong to it; but 'van Samira' is of Samira.
    i = first - 1
    while i >= 0 and line[i].lower() in INFIXES and line.gap(i) in _INFIX_LINKS:
        i -= 1
    if i + 1 < first:
        # 'van Henk Bos': with a surname behind it, what is both is the first name.
        is_first = one.kind in "Ff" or (
            one.kind in "Bb" and one is not other and line[i + 1] == "van" and i + 2 == first
        )
        infixed = (
            not is_first
            or line[i + 1][0].isupper()
            or (i >= 0 and (len(line[i]) == 1 or CUES.get(line[i].lower()) == "T"))
        )
        if infixed:
            start = line.starts[i + 1]
        else:
            i = first - 1
    if one.kind not in "Ff" and _goes_before(
        line, i, is_sure=one.score > SURE, ends_line=last + 1 == len(line) or "\n" in line.gap(last)
    ):
        start = line.starts[i]
        i -= 1
    if start and text[start - 1] in "'’" and text[start : start + 1] == "t":
        start -= 1
    if other.kind in "FfBb" and (initial_after := _INITIAL_AFTER.match(text, end)):
        end = initial_after.end()
    elif other.kind in "FfBb" and (infixed_after := _INFIXED_AFTER.match(text, end)):
        end = infixed_after.end()
    elif initials_after := _INITIALS_AFTER.match(text, end):
        end = initials_after.end()
    return Named(line, first, last, i, start, end)


@cache
def _may_go_before() -> list[list[bool]]:
    """By whether it starts a sentence, and by the code of a word: whether it can be the first name before a surname."""
    codes = lexicon().codes
    is_name = codes.first + codes.last > 0
    other = (codes.place > 0) | (codes.organisation > 0) | (codes.calendar > 0)
    common = codes.in_dictionary.max(axis=0)
    return [
        (~other & (common <= np.where(is_name, COMMON_NAME, most))).tolist()
        for most in (COMMON_WORD, COMMON_FIRST_WORD)
    ]


def _goes_before(line: Line, place: int, *, is_sure: bool, ends_line: bool) -> bool:
    """Whether the word at a place, right before a surname, is the first name of it: a word with a capital that says
    nothing else. At the start of a sentence any word has a capital, and only a name or an uncommon word will do; but a
    line below that holds nothing else is a signature: 'Wil de Bruin'."""
    if place < 0 or line.gap(place) != " ":
        return False
    word = line[place]
    lower = word.lower()
    if len(word) < _SHORTEST_PART or not word[0].isupper() or not word[1:].islower() or lower in CUES:
        return False
    if ends_line and place and "\n" in line.gap(place - 1):
        return True
    if lower in BUSINESSES or lower in STREET_WORDS or lower in SAYING:
        return False
    code = line.code(place)
    starts = not place or not _ENDS_SENTENCE.isdisjoint(line.gap(place - 1))
    return (is_sure and not starts) or _may_go_before()[starts][code]


def _joined(line: Line, one: int, other: int) -> bool:
    """Whether two name words are parts of one name: only infixes or initials, blanks, dots and hyphens between."""
    if other - one > 4:
        return False
    between = range(one + 1, other)
    infixes = {place for place in between if line[place].lower() in INFIXES}
    if any(len(line[k]) != 1 or line[k] in _WORDS_OF_A_LETTER for k in between if k not in infixes):
        return False
    return all(line.gap(k) in (_INFIX_LINKS if k in infixes else _LINKS) for k in range(one, other))
