"""All words that the scrubber knows, in one table by their keys: what the list says of each, and which of its own lists
of cues, infixes, months, street words … each is in. One look-up a word answers all of that."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.personal_data import addresses, births, numbers, online, plates
from pipelines.personal_data.cues import CUES, INFIXES, SAYING, TITLES
from pipelines.personal_data.keys import Ints, Keys, Table, characters_of, cut, keys_of, sums
from pipelines.personal_data.spans import LANGUAGES
from pipelines.personal_data.wordlists import set_of
from pipelines.personal_data.words import packed, unpacked

CUE_KINDS: Final = ("-", *dict.fromkeys(CUES.values()))
"""What a word's place in `Lexicon.cue` stands for."""
_CHUNK: Final = 1 << 18  # characters made keys at a time, so that the work needs no memory to speak of


class Mark:
    """What a word is. `NEVER…`: not a name, if it is written so; `SHY`: in lower case a name only after a cue."""

    LISTED: Final = 1
    NEVER_LOWER: Final = 2
    NEVER_CAPITAL: Final = 4
    NEVER_UPPER: Final = 8
    SHY: Final = 16
    INFIX: Final = 32
    SAYING: Final = 64
    AT: Final = 128
    ZERO: Final = 256
    DOT: Final = 512
    DOMAIN: Final = 1024
    MONTH: Final = 2048
    STREET: Final = 4096
    NO_STREET: Final = 8192
    ENGLISH_STREET: Final = 16384
    TOLD_STREET: Final = 32768
    POLISH_STREET: Final = 65536
    LOCATIVE: Final = 131072
    VEHICLE: Final = 262144
    NETWORK: Final = 524288
    TOWN: Final = 1048576


# Ordinary words that are written like a name at the start of a line, and abbreviations.
_NEVER: Final = """
    Art Mon Tel
    An Her As So No Or Ja Nu To On Do Me My We He It Is In At Af Al Ik Je Ze Er Om Te Die Dat Dit Wat Wie Hoe
    Awb WOZ Wmo APV BSN KVK NIP KRS REGON UWV SVB CAK CJIB GGD GGZ IND COA PGB AOW WIA BRP BKR RDW VVE VOG NHS DVLA
    Wabo Wob Woo Wpg Avg Bbz Ioaw Wajong Zvw Wlz Wsnp
"""


class Codes:
    """What the list says of a word, by code: the fields of `words.Code` as arrays. The last is of a word not listed."""

    def __init__(self, codes: Sequence[int]) -> None:
        fields = unpacked(np.array([*codes, 0], np.uint64))
        self.first, self.last = fields[0], fields[1]
        self.first_in, self.last_in, self.common = fields[2:8], fields[8:14], fields[14:19]
        self.place, self.organisation, self.calendar, self.foreign = fields[19:]
        # 5 is a word that no dictionary has.
        self.in_dictionary = np.where(self.common < 5, self.common, 0)


class Lexicon:
    """`code`, `mark` and `cue` by row; the last row is that of a word that is not in the table."""

    def __init__(self) -> None:
        header, places, listed = packed()
        self.codes = Codes(header["codes"])
        marks = _marks(self.codes)
        keys = _keys_of_lines(listed)
        own = _own_words()
        own_keys = keys_of(list(own)).key
        order = np.argsort(keys)
        at = np.minimum(np.searchsorted(keys, own_keys, sorter=order), len(keys) - 1)
        new = keys[order[at]] != own_keys
        keys = np.concatenate((keys, own_keys[new]))
        code = np.concatenate((places, np.full(int(new.sum()), len(header["codes"]), np.uint16)))
        order = np.argsort(keys)
        self.table = Table(keys[order])
        self.code = np.append(code[order], np.uint16(len(header["codes"])))
        self.mark = marks.take(self.code)
        self.cue = np.zeros(len(self.code), np.uint8)
        rows = self.table.find(own_keys)
        self.mark[rows] |= np.fromiter((mark for mark, _ in own.values()), np.uint32, len(own))
        self.cue[rows] = np.fromiter((cue for _, cue in own.values()), np.uint8, len(own))
        self.mark[self.mark & Mark.NEVER_LOWER > 0] &= ~np.uint32(Mark.SHY)

    def rows(self, keys: Keys) -> Ints:
        """The row of each word, by the key of its lower case."""
        return self.table.find(keys)


def _keys_of_lines(text: str) -> Keys:
    """The keys of the lines of a text."""
    found = []
    at = 0
    while at < len(text):
        end = text.find("\n", at + _CHUNK)
        end = len(text) if end < 0 else end
        characters = characters_of(text[at:end])
        breaks = np.flatnonzero(characters == ord("\n"))
        bounds = np.concatenate(([-1], breaks, [len(characters)]))
        found.append(cut(sums(characters, 0, lower=False), bounds[:-1] + 1, bounds[1:]))
        at = end + 1
    return np.concatenate(found)


def _marks(codes: Codes) -> npt.NDArray[np.uint32]:
    """What a word's code makes of it. Ordinary words that are no names are never names; the commonest not even with a
    capital; ordinary ones in lower case that are names too are shy."""
    common = codes.in_dictionary.max(axis=0)
    name = codes.first + codes.last
    never = (common > 0) & ((name == 0) | ((common >= 4) & (name <= 3)) | ((common >= 3) & (name <= 1)))
    shy = (common >= 2) & ~never
    marks = Mark.LISTED + never * Mark.NEVER_LOWER + ((name == 0) & (common >= 3)) * Mark.NEVER_CAPITAL + shy * Mark.SHY
    marks += (codes.place > 0) * Mark.TOWN
    marks[-1] = 0
    found: npt.NDArray[np.uint32] = marks.astype(np.uint32)
    return found


def _own_words() -> dict[str, tuple[int, int]]:
    """The words of the scrubber's own lists, with their marks and the kind of cue they are."""
    found: dict[str, tuple[int, int]] = {word: (0, CUE_KINDS.index(kind)) for word, kind in CUES.items()}

    def add(mark: int, words: Iterable[str]) -> None:
        for word in words:
            known, cue = found.get(word, (0, 0))
            found[word] = known | mark, cue

    add(Mark.INFIX, INFIXES)
    add(Mark.NEVER_LOWER | Mark.NEVER_CAPITAL, INFIXES | TITLES)
    for word in set_of(_NEVER):
        add(Mark.NEVER_UPPER if word.isupper() else Mark.NEVER_CAPITAL, [word.lower()])
    add(Mark.SAYING, SAYING)
    add(Mark.AT, online.AT_WORDS)
    add(Mark.DOT, online.DOT_WORDS)
    add(Mark.DOMAIN, online.DOMAINS)
    add(Mark.ZERO, numbers.ZEROS)
    add(Mark.MONTH, births.MONTHS)
    add(Mark.STREET, addresses.ALL_ALONE)
    add(Mark.ENGLISH_STREET, [*addresses.ENGLISH_TAILS, "heol"])
    add(Mark.TOLD_STREET, addresses.LIVING | addresses.POLISH_STREET | addresses.SIGNED)
    add(Mark.POLISH_STREET, addresses.POLISH_CUES)
    add(Mark.LOCATIVE, addresses.LOCATIVE)
    add(Mark.VEHICLE, plates.VEHICLES)
    add(Mark.NETWORK, online.NETWORKS)
    add(Mark.NO_STREET, addresses.NOT_A_STREET)
    return found


@cache
def lexicon() -> Lexicon:
    """The words, read once a process."""
    return Lexicon()


__all__ = ["CUE_KINDS", "LANGUAGES", "Codes", "Lexicon", "Mark", "lexicon"]
