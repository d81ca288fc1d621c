"""Finds names of persons: words that a list or their place in the sentence gives away, weighed by a linear model.

Only words that are not plainly ordinary are candidates; a comment without one costs a look-up a word. For a candidate
some twenty features (what the lists say of it and its neighbours, what stands before and after, where in the line)
look up their weights in the language of the text. `training/train.py` makes the weights, from generated text.
"""

import lzma
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from pipelines.personal_data import public
from pipelines.personal_data.cues import CUES, SAYING
from pipelines.personal_data.inflection import bases
from pipelines.personal_data.spans import LANGUAGES, Span
from pipelines.personal_data.wordlists import set_of
from pipelines.personal_data.words import Code, words

WEIGHTS: Final = Path(__file__).with_name("data") / "names.xz"
DATUM, NAME = "\x01", "\x02"
"""What stands for a character of other personal data, and of a name's placeholder, in the text that is looked at."""

_TOKEN: Final = re.compile(rf"[^\W\d_]+(?:['’][^\W\d_]+)*|{NAME}+")
INFIXES: Final = set_of(
    "van de der den 't ’t t ten ter te von zu zum vom el al la le di da del della dos das du af bin ibn v d vd v.d op"
)
_INITIALS: Final = re.compile(
    r"(?<![^\W\d_])(?:(?:[A-ZÀ-ŽŁŚŻ]|Th|Chr|Joh|Ch|St|IJ|Ph)(?:\.[ -]?|(?=[ ](?:[A-ZÀ-Ž]\b|\Z))[ ]|[ ](?=\Z))){1,6}\Z"
)


class Kind(NamedTuple):
    """What the lists say of a word, as short strings that features are made of.

    `name`: strength as a first name and as a surname, each local or not, and how common a word; `other`: how common in
    other languages, town, company, calendar; `coarse`: the first in few values.
    """

    name: str
    other: str
    coarse: str


class Kinds:
    """The kinds of all words for one language: listed ones ready-made, others guessed from what they are forms of."""

    def __init__(self, language: str) -> None:
        self.language = language
        listed, codes = words()
        self._listed = self.listed = listed
        self._codes = codes
        self._number = LANGUAGES.index(language) if language in LANGUAGES else None
        self._ready: list[Kind | None] = []
        for code in codes:
            kind = _kind(code, self._number)
            bare = not code.first and not code.last and kind.name[4] in "05"
            self._ready.append(None if bare else kind)
        self.guess = lru_cache(maxsize=50_000)(self._guess)

    def of(self, lower: str) -> Kind:
        """The kind of a word in lower case."""
        place = self._listed.get(lower)
        return (self._ready[place] if place is not None else None) or self.guess(lower)

    def _guess(self, lower: str) -> Kind:
        best: Code | None = None
        inflects = self.language in ("pl", "fi")
        for base in bases(lower, self.language):
            at = self._listed.get(base)
            if at is not None:
                code = self._codes[at]
                strong = code.first >= 2 or code.last >= 2
                if (strong or (inflects and (code.first or code.last))) and (
                    best is None or code.first + code.last > best.first + best.last
                ):
                    best = code
        place = self._listed.get(lower)
        kind = _kind(self._codes[place], self._number) if place is not None else None
        if kind == _FOREIGN and not any(self._codes[place or 0].common):
            kind = None  # listed only as a word of a language that is none of ours
        if best is not None and (kind is None or kind.other == "0000"):
            name = "i" + _kind(best, self._number).name[:4]
            return Kind(name, "0000", coarse(name))
        if kind is not None:
            return kind
        return COMPOUND if self._is_compound(lower) else UNKNOWN

    def _is_compound(self, lower: str) -> bool:
        """Whether a word that no list has is two ordinary words run together: 'zwerfvuil', 'Julianalaan'."""
        if len(lower) < 7:
            return False
        for cut in range(3, len(lower) - 2):
            tail = self._listed.get(lower[cut:])
            if tail is None or not 1 <= self._commonness(tail) <= 4:
                continue
            for head in (lower[:cut], lower[: cut - 1]):
                place = self._listed.get(head)
                if (
                    len(head) >= 3
                    and place is not None
                    and (1 <= self._commonness(place) <= 4 or len(lower) - cut >= 4)
                ):
                    return True
        return False

    def _commonness(self, place: int) -> int:
        common = self._codes[place].common
        return common[self._number] if self._number is not None else max(c % 5 for c in common)


def _kind(code: Code, number: int | None) -> Kind:
    local_first = "l" if number is not None and code.first_in[number] else "-"
    local_last = "l" if number is not None and code.last_in[number] else "-"
    common = code.common[number] if number is not None else max((c for c in code.common if c < 5), default=0)
    other = max((c for i, c in enumerate(code.common) if i != number and c < 5), default=0)
    name = f"{code.first}{local_first}{code.last}{local_last}{common}"
    return Kind(name, f"{min(other, 3)}{code.place}{code.organisation}{code.calendar}", coarse(name))


def coarse(name: str) -> str:
    """A kind in few values: is it rather a first name or a surname, how sure, and how common as a word."""
    mark, name = ("i", name[1:]) if name[0] == "i" else ("", name)
    first, last = int(name[0]), int(name[2])
    common = name[4:] or "0"
    common = {"2": "1"}.get(common, common)
    kind = "W" if not first and not last else "f" if first == 1 >= last else "s" if last == 1 > first else ""
    kind = kind or ("B" if first >= 2 <= last else "F" if first > last else "L")
    if "l" not in (name[1], name[3]) and kind in "FLB":
        kind = kind.lower() + "x"
    return mark + kind + common


_FOREIGN: Final = Kind("0-0-0", "0000", "W0")
UNKNOWN: Final = Kind("u", "0000", "u-")
COMPOUND: Final = Kind("d", "0000", "d-")


@cache
def kinds(language: str) -> Kinds:
    """The word kinds of a language, made once a process."""
    return Kinds(language)


@cache
def plain() -> tuple[frozenset[str], frozenset[str]]:
    """Words as they are written: those that are never candidates, and those that are only where a cue says so.

    The first are ordinary in some language and no name. The second are ordinary words in lower case that are names
    too.
    """
    listed, codes = words()
    never: set[str] = set()
    shy: set[str] = set()
    for word, place in listed.items():
        code = codes[place]
        common = max((c for c in code.common if c < 5), default=0)
        if not common:
            continue
        name = code.first + code.last
        if name == 0:
            never.add(word)
            if common >= 3:
                never.add(word.capitalize())
        elif (common >= 4 and name <= 3) or (common >= 3 and name <= 1):
            never.add(word)
        elif common >= 2:
            shy.add(word)
    never.update(set_of(_NEVER))
    for word in INFIXES | set_of("mr mrs ms dr drs mw dhr mevr hr fru pan pani"):
        never.update((word, word.capitalize()))
    return frozenset(never), frozenset(shy - never)


_NEVER: Final = """
    An Her As So No Or Ja Nu To On Do Me My We He It Is In At Af Al Ik Je Ze Er Om Te Die Dat Dit Wat Wie Hoe
    Awb WOZ Wmo APV BSN
"""


_GAP: Final = {
    "": "",
    " ": " ",
    "-": "-",
    ", ": ",",
    ". ": ".",
    ".": "I",
    "\n": "n",
    "\n\n": "N",
    ": ": ":",
    " (": "(",
    "'": "'",
    " '": "'",
    " ’": "'",
}


def _gap(gap: str) -> str:
    known = _GAP.get(gap)
    if known is not None:
        return known
    if DATUM in gap:
        return "Xn" if "\n" in gap else "X"
    if "\n\n" in gap:
        return "N"
    if "\n" in gap:
        return "n"
    if any(c.isdigit() for c in gap):
        return "9"
    for sign in ".!?":
        if sign in gap:
            return "."
    for sign in '@<>"“”„«»:(),;/–-&+':
        if sign in gap:
            return sign
    return " " if gap.isspace() else "*"


_THROUGH: Final = frozenset((" ", "I", ".", "-", "'"))
_TOLD_GAPS: Final = {
    "T": (" ", "I", "."),
    "K": (" ", ",", "("),
    "I": (" ", ":"),
    "C": (" ", ",", "n", "N", "."),
    "G": (" ",),
    "R": (" ", ",", ":"),
    "M": (),
    "S": (),
}


def _is_through(word: str) -> bool:
    """Whether what stands before a surname is an initial or an infix."""
    return (len(word) == 1 and word.isupper()) or word.lower() in INFIXES


class Reader:
    """One text on its way to features: its words, gaps, shapes and kinds, read as they are needed."""

    __slots__ = ("_spans", "hidden", "kinds", "size", "text", "words")

    def __init__(
        self, text: str, language: str, hidden: frozenset[str] = frozenset(), words: list[str] | None = None
    ) -> None:
        self.text = text
        self.words: list[str] = _TOKEN.findall(text) if words is None else words
        self._spans: list[tuple[int, int]] | None = None
        self.kinds = kinds(language)
        self.hidden = hidden  # words that training takes for unknown ones
        self.size = "3" if "\n" in text else "1" if len(self.words) <= 4 else "2"

    @property
    def spans(self) -> list[tuple[int, int]]:
        """Where each word stands."""
        if self._spans is None:
            # Between words there are no letters, so each is where it is found next; cheaper than matching again.
            find, at, found = self.text.find, 0, []
            for word in self.words:
                start = find(word, at)
                at = start + len(word)
                found.append((start, at))
            self._spans = found
        return self._spans

    def candidates(self) -> list[int]:
        """The places of the words that may be names."""
        never, shy = plain()
        words_ = self.words
        if self.hidden:
            found = [i for i, word in enumerate(words_) if word not in never or word.lower() in self.hidden]
        else:
            found = [i for i, word in enumerate(words_) if word not in never]
        if not found:
            return found
        listed = self.kinds.listed
        last = len(words_) - 1
        kept = []
        for i in found:
            word = words_[i]
            if len(word) < 2 or word[0] == NAME or word.lower() in INFIXES:
                continue
            if word.islower():
                unlisted = word not in listed or word in self.hidden
                if (unlisted or word in shy) and not (
                    (i and words_[i - 1].lower() in CUES)
                    or (i > 1 and words_[i - 2].lower() in CUES)
                    or (not unlisted and (i == 0 or i == last))
                ):
                    continue
            if self._in_address(i):
                continue
            kept.append(i)
        return kept

    def _in_address(self, i: int) -> bool:
        """Whether a word is part of a handle or of a domain name."""
        start, end = self.spans[i]
        text = self.text
        if start and text[start - 1] == "@":
            return True
        if end - start > 2 and text[end : end + 1] == ".":
            return text[end + 1 : end + 2].islower()
        return start > 2 and text[start - 1] == "." and text[start - 3 : start - 1].islower()

    def gap(self, i: int) -> str:
        """The kind of gap before a word; that at the number of words is the end of the text."""
        spans, text = self.spans, self.text
        if i == 0:
            return "^" + _gap(text[: spans[0][0]])
        if i == len(spans):
            return _gap(text[spans[-1][1] :]) + "$"
        return _gap(text[spans[i - 1][1] : spans[i][0]])

    def shape(self, i: int) -> str:
        """How a word is written: lower case, Capital, UPPER, Shouted (upper beside upper), Initial, Mixed."""
        words_ = self.words
        word = words_[i]
        if word.islower():
            return "l"
        if len(word) == 1:
            return "I"
        if word.isupper():
            for other in words_[max(0, i - 1) : i + 2 : 2] if i else words_[1:2]:
                if len(other) > 1 and other.isupper():
                    return "S"
            return "U"
        return "C" if word[0].isupper() and (word[1:].islower() or "'" in word or "’" in word) else "M"

    def kind(self, i: int) -> Kind:
        """What the lists say of a word."""
        return self._kind(self.words[i].lower())

    def _kind(self, lower: str) -> Kind:
        return UNKNOWN if lower in self.hidden else self.kinds.of(lower)

    def before(self, i: int) -> int:
        """The place of the word before, looking through infixes and initials; -1 where there is none."""
        j = i - 1
        words_ = self.words
        while j >= 0 and _is_through(words_[j]) and self.gap(j + 1) in _THROUGH:
            j -= 1
        return j

    def is_first_name(self, i: int) -> bool:
        """Whether the lists have the word as a first name of some standing."""
        name = self.kind(i).name.lstrip("i")
        return name[0] in "23"

    def look(self, i: int) -> "Place":
        """What a word is and what stands around it."""
        words_ = self.words
        word = words_[i]
        place = Place()
        place.i = i
        place.lower = lower = word.lower()
        place.kind = self._kind(lower)
        place.shape = "C" if word.istitle() and "'" not in word else self.shape(i)
        # The neighbours; an infix or an initial before a surname is looked through.
        j = i - 1
        if j >= 0 and _is_through(words_[j]):
            j = self.before(i)
        place.j = j
        place.left = self.gap(j + 1)
        place.right = self.gap(i + 1)
        place.before = words_[j].lower() if j >= 0 else "^"
        place.cue = CUES.get(place.before, "-")
        k = i + 1
        if k < len(words_):
            place.after = words_[k].lower()
            place.shape_after = self.shape(k)
            # 'Wil de Graaf': an infix after it is looked through too, if a capital follows.
            while place.after in INFIXES and k + 1 < len(words_) and k < i + 3 and self.gap(k + 1) in _THROUGH:
                k += 1
                place.after = words_[k].lower()
            if k > i + 1:
                if words_[k][0].isupper() and self.gap(i + 1) in _THROUGH:
                    place.shape_after = "V"
                else:
                    place.after = words_[i + 1].lower()
        else:
            place.after = place.shape_after = "$"
        place.kind_after = ""
        return place

    def continues(self, place: "Place") -> bool:
        """Whether a word with a capital follows the one before it with no more than a blank, a hyphen, an infix."""
        return place.shape != "l" and place.left in (" ", "-", "'") and self.gap(place.i) in (" ", "-", "'")

    def told(self, place: "Place") -> float:
        """What the cue right before a word with a capital is worth beyond its weights."""
        if place.shape == "l":
            return 0.0
        i, kind, cue = place.i, place.kind, place.cue
        if (
            place.j != i - 1
            and len(self.words[i - 1]) == 1
            and self.gap(i) in ("I", ".")
            and self.words[i - 1].isupper()
        ):
            return 0.0 if kind.name == "d" else INITIALS
        if cue == "-" or place.left not in _TOLD_GAPS[cue]:
            elsewhere = kind.other[1] == "1" or kind.other[3] == "1"
            return TOWN if elsewhere and kind.name[0] not in "23" and place.j == i - 1 else 0.0
        name = kind.name
        if name == "d" or (name[0] == "0" and name[2] == "0" and name[4] in "234"):
            return 0.0
        if cue == "G" and place.right[:1] not in (",", "n", "N", "$"):
            return 0.0
        return _TOLD.get(cue, 0.0)

    def first(self, place: "Place", before: str) -> list[str]:
        """The features that alone settle most words; `before` says whether the word before is a N(ame) or O(ther)."""
        kind, other, c = place.kind
        s, left, right = place.shape, place.left, place.right
        if place.before[0] == NAME:
            before = "N"
        if before == "N":  # which name it was says nothing
            place.before, place.cue = NAME, "-"
        if place.shape_after in "CUSV":
            after = self._kind(place.after).coarse
            place.kind_after = after
            if after[0] in "FLBflb":
                place.after = "~" + after[:-1]
        if place.j == place.i - 1:
            place.through = ""
        else:
            words_ = self.words
            initial = len(words_[place.i - 1]) == 1 or len(words_[place.j + 1]) == 1
            place.through = "I" if initial else "v"
        start = "1" if left[-1:] in "^nN." or left[0] == "^" else "0"
        cs = c + s
        return [
            f"K{cs}{start}{place.through}",
            f"O{kind}{s}{other}",
            f"D{place.cue}{s}{left}{right}{place.shape_after}",
            f"P{place.before}|{cs}",
            f"n{place.after}|{s}{right}",
            f"c{place.cue}|{cs}",
            f"B{before}{left}{cs}",
            f"G{left}{right}{cs}{place.shape_after}",
        ]

    def rest(self, place: "Place", before: str) -> list[str]:
        """The other features of a word, after `first`."""
        words_, n = self.words, len(self.words)
        i, j, lower = place.i, place.j, place.lower
        kind, other, c = place.kind
        s, left, right, p1, n1, cue = place.shape, place.left, place.right, place.before, place.after, place.cue
        through, shape1, c1 = place.through, place.shape_after, place.kind_after
        if p1 == NAME:
            before = "N"
        cs = c + s
        p2 = words_[j - 1].lower() if j >= 1 else "^"
        n2 = words_[i + 2].lower() if i + 2 < n else "$"
        shape0 = self.shape(j) if j >= 0 else "^"
        if not c1:
            c1 = self._kind(n1).coarse if shape1 == "M" or (s == "l" and n1 != "$") else shape1
        c0 = p1 if p1 == NAME else shape0
        if p1 != NAME and (shape0 in "CUSM" or (s == "l" and p1 != "^")):
            c0 = self._kind(p1).coarse
        cue2 = CUES.get(p2, "-")
        found = [
            f"k{kind}{s}",
            f"o{other}{s}",
            f"p{p1}|{s}{left}",
            f"q{p2} {p1}|{s}",
            f"N{n1}|{cs}",
            f"m{n1} {n2}|{s}",
            f"r{right}{cs}",
            f"g{left}{right}{s}{self.size}",
            f"b{before}{left}{s}{through}",
            f"S{shape0}{left}{s}{right}{shape1}",
            f"E{c[0]}{s}{right}{c1[0]}{shape1}{before}",
            f"a{cs}{right}{c1}{shape1}",
            f"z{cs}{left}{c0}{shape0}",
            f"d{cue2}{p1 if cue2 != '-' else cue}|{s}",
            f"e{cue}{cue2}{'1' if n1 in SAYING else '0'}{cs}",
            f"h{self.size}{cs}{through}",
        ]
        if c[0] in "udWi":  # what a listed name ends in says nothing more
            found += (f"t{lower[-3:]}{s}{c[0]}", f"T{lower[-4:]}{c[0]}")
        return found


class Place:
    """A word of a text and what stands around it: the words before (through infixes) and after, gaps, cue."""

    __slots__ = (
        "after",
        "before",
        "cue",
        "i",
        "j",
        "kind",
        "kind_after",
        "left",
        "lower",
        "right",
        "shape",
        "shape_after",
        "through",
    )
    i: int
    j: int
    lower: str
    kind: Kind
    shape: str
    left: str
    right: str
    before: str
    after: str
    shape_after: str
    kind_after: str
    cue: str
    through: str


@cache
def weights() -> Mapping[str, Mapping[str, float]]:
    """By language, the weight of each feature; the empty feature is the bias."""
    found: dict[str, dict[str, float]] = {}
    for line in lzma.decompress(WEIGHTS.read_bytes()).decode().split("\n"):
        feature, *values = line.split("\t")
        for language, value in zip((*LANGUAGES, "other"), values, strict=True):
            if value:
                found.setdefault(language, {})[feature] = int(value) / 16
    return found


# A name that is missed costs more than a word too many: a word with a capital is one from this score on.
THRESHOLD: Final = -0.5
THRESHOLD_LOWER: Final = 1.0
TOWN: Final = -1.0  # for a town or a month that is hardly a first name
INFIX_AFTER: Final = 4.0  # for a first name before 'de Vries'
SURNAME_AFTER: Final = 1.0  # for a first name before a surname of the language's own lists
INITIALS: Final = 1.5  # for a word with a capital after 'J.'
CONTINUED: Final = 1.5  # for a word with a capital right after a name
PAIR: Final = -2.5  # together, for a first name and the word with a capital after it
DOUBT: Final = -3.0
HOPELESS: Final = -2.0  # after the first part of the features
SURE: Final = 2.0
# What a cue before a word with a capital adds to what the weights make of it.
_TOLD: Final = {"T": 3.0, "K": 1.5, "I": 1.5, "C": 1.0, "G": 1.0, "R": 0.5}


def load() -> None:
    """Reads lists and weights, so that the first text does not wait for them."""
    plain()
    weights()
    for language in LANGUAGES:
        kinds(language)


def words_of(text: str) -> list[str]:
    """The words of a text, as the name finder counts them."""
    return _TOKEN.findall(text)


def may_hold(found: Iterable[str]) -> bool:
    """Whether one of a text's words may be a name. Costs a look-up a word."""
    never = plain()[0]
    return any(word not in never and len(word) > 1 for word in found)


def names(text: str, language: str, found: list[str] | None = None) -> Iterator[Span]:
    """Spans of names in a text whose other personal data are DATUM characters and whose placeholders are NAME ones.

    `found` are the text's words, if the caller has them.
    """
    reader = Reader(text, language, words=found)
    candidates = reader.candidates()
    if not candidates:
        return
    weigh = weights()[language if language in LANGUAGES else "other"].get
    bias = weigh("", 0.0)
    labels: dict[int, float] = {}
    doubted: list[tuple[int, float]] = []
    for i in candidates:
        place = reader.look(i)
        if place.kind is COMPOUND and place.cue == "-" and place.shape_after == "l" and place.left[-1] in "^.nN":
            continue
        before = "N" if place.j in labels else "O"
        lower = place.shape == "l"
        score = bias + reader.told(place)
        if before == "N" and reader.continues(place):
            score += CONTINUED
        for feature in reader.first(place, before):
            score += weigh(feature, 0.0)
        if place.shape in "CSU" and place.kind.name.lstrip("i")[0] in "23":
            if place.shape_after == "V":
                score += INFIX_AFTER
            elif place.right == " " and place.kind_after[:1] in ("L", "B"):
                score += SURNAME_AFTER
        if score < HOPELESS:
            continue
        for feature in reader.rest(place, before):
            score += weigh(feature, 0.0)
        if score > (THRESHOLD_LOWER if lower else THRESHOLD):
            labels[i] = score
        elif score > DOUBT and not lower:
            doubted.append((i, score))
    for (i, one), (k, other) in pairwise(doubted):
        if one + other > PAIR and reader.before(k) == i and reader.gap(i + 1) in (" ", "-") and reader.is_first_name(i):
            labels[i], labels[k] = max(one, 0.0), max(other, 0.0)
    if not labels:
        return
    # What is a name in one place of a text is one in another.
    known = {reader.words[i].lower() for i, score in labels.items() if score > SURE}
    labels.update((i, score) for i, score in doubted if reader.words[i].lower() in known)
    yield from _spans(reader, labels)


# 'Peek & Cloppenburg' is a shop, 'Kwame & Saoirse' are two people.
_AND_CAPITAL: Final = re.compile(r" & ([^\W\d_]+)")
_CAPITAL_AND: Final = re.compile(r"([^\W\d_]+) & \Z")
# A company keeps its name, and so does a street, a square or a school that is called after somebody.
_NO_PERSON_AFTER: Final = re.compile(
    r"['’]?s? (?:&|en|and|og|ja|i|u\.) (?:Zn|Zoon|Zonen|Zn\.|Sons?|Co|Partners|Synowie|Syn|Sønner|Sønn|Pojat|Kumpp)\b"
    r"|(?: [A-ZÅÄÖØÆŁ&][\w&-]*){0,3} (?:B\.? ?V|N\.? ?V|V\.?O\.?F|Ltd|LLP|plc|PLC|Inc|GmbH|AS|ASA|ANS|Oyj?|Ky"
    r"|Sp\. ?z|S\.A|s\.c|Groep|Group|Arms)\b"
    r"|['’]?s?[ -](?:[Ss]traat|[Ll]aan|[Pp]lein|Street|Road|Lane|Avenue|Way|Close|Square|Gardens|Park|School"
    r"|Hospital|Church|Hall|House|gate|gata|vei|veien|vegen"
    r"|plass|torg|skole|katu|kadu\w+|tie|tien|tiellä|kuja\w*|polku|polu\w+|puisto\w*|aukio\w*|tori\w*|silta|koulu\w*"
    r"|[Ss]chool|[Pp]ark|[Zz]iekenhuis|[Kk]erk|[Mm]useum|[Ss]tadion|Centrum|Center|Centre|Residence)\b"
)
# 'Bakkerij Jansen' is a shop.
_BUSINESSES: Final = set_of(
    """
    bakkerij slagerij kapsalon café cafe restaurant garage hotel firma apotheek autobedrijf aannemersbedrijf
    makelaardij notariskantoor basisschool school stichting brasserie eetcafé drogisterij juwelier bloemist
    hoveniersbedrijf bouwbedrijf taxi transportbedrijf rijschool manege camping kliniek piekarnia apteka salon
    restauracja zakład hurtownia cukiernia kwiaciarnia przychodnia rørlegger salong kafé kafe brødrene frisør bakeri
    malermester tannlege leipomo kahvila parturi ravintola kampaamo kauppa hotelli taksi
    """
)
_STREET_WORDS: Final = set_of("street road lane avenue close drive grove crescent terrace square gardens")
_STREET: Final = re.compile(
    r"[^\W\d_]{3,}(?:straat|laan|plein|gracht|kade|singel|steeg|plantsoen|dreef|weg|stadion|school|park|ziekenhuis"
    r"|gata|gaten|veien|vegen|plassen|torget"
    r"|parken|skolen|katu|kadulla|kadun|kuja|kujan|polku|puisto|puiston|puistossa|tori|torilla)(?!\w)",
    re.IGNORECASE,
)


_SPELLED: Final = re.compile(
    r"(?<![\w-])(?:[^\W\d_]-){3,}[^\W\d_](?![\w-])|(?<![^\W\d_])(?:[A-ZÀ-Ž] ){3,}[A-ZÀ-Ž](?![^\W\d_])"
)


FEWEST_LETTERS: Final = 4


def spelled(text: str) -> Iterator[Span]:
    """Names spelled letter by letter: 'H-A-I-L-U', 'A O I F E'."""
    for found in _SPELLED.finditer(text):
        yield Span(found.start(), found.end(), "NAME", "name, spelled letter by letter", 0.8)


def _spans(reader: Reader, labels: Mapping[int, float]) -> Iterator[Span]:
    text, words_, spans = reader.text, reader.words, reader.spans
    places = sorted(labels)
    at = 0
    while at < len(places):
        first = last = places[at]
        at += 1
        while at < len(places) and _joined(reader, last, places[at]):
            last = places[at]
            at += 1
        start, end = spans[first][0], spans[last][1]
        # Infixes and initials before it belong to it; but 'van Samira' is of Samira.
        i = first - 1
        while i >= 0 and words_[i].lower() in INFIXES and text[spans[i][1] : spans[i + 1][0]] in _LINKS:
            i -= 1
        infixed = i + 1 < first and (
            reader.kind(first).coarse[0] not in "Ff"
            or words_[i + 1][0].isupper()
            or (i >= 0 and (len(words_[i]) == 1 or CUES.get(words_[i].lower()) == "T"))
        )
        if infixed:
            start = spans[i + 1][0]
        if start and text[start - 1] in "'’" and text[start : start + 1] == "t":
            start -= 1
        if _NO_PERSON_AFTER.match(text, end):
            continue
        if words_[last].lower() in _STREET_WORDS and not reader.told(reader.look(last)) > 0:
            continue
        if first and words_[first - 1].lower() in _BUSINESSES and text[spans[first - 1][1]] == " ":
            continue
        if public.covers(words_, first, last) and reader.told(reader.look(first)) <= 0:
            continue
        if _STREET.search(text, spans[last][0], end) and reader.kind(last).coarse[0] in "udWi":
            continue
        partner = _AND_CAPITAL.match(text, end) or _CAPITAL_AND.search(text, max(0, start - 40), start)
        if partner and not (
            reader.kind(first).coarse[0] in "FBfb" or reader.kinds.of(partner.group(1).lower()).coarse[0] in "FBfb"
        ):
            continue
        initials = _INITIALS.search(text, max(0, start - 24), start)
        if initials:
            start = initials.start()
        sure = min(max(labels[i] for i in places if first <= i <= last), 6.0)
        rule = _RULES.get(reader.look(first).cue, "name, by list and context")
        yield Span(start, end, "NAME", rule, round(0.5 + max(sure, 0.0) / 15, 2))


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
_LINKS: Final = frozenset((" ", "-", ". ", ".", "/", " - ", "–", " '", " ’"))


def _joined(reader: Reader, one: int, other: int) -> bool:
    """Whether two name words are parts of one name: only infixes or initials, blanks, dots and hyphens between."""
    between = reader.words[one + 1 : other]
    if len(between) > 3 or not all(len(w) == 1 or w.lower() in INFIXES for w in between):
        return False
    spans = reader.spans
    return all(reader.text[spans[k][1] : spans[k + 1][0]] in _LINKS for k in range(one, other))
