"""What stands right beside a word and says more than its weights can: a cue before it, initials, a counter behind it.

Templates hold too few of these for weights to be sure of them, and people mean them the same in every language.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.personal_data.features import IS_LISTED_FIRST, IS_OURS, OPENS, THROUGH_INFIX, Places
from pipelines.personal_data.keys import sorted_keys
from pipelines.personal_data.kinds import NAMES, OTHERS, REST
from pipelines.personal_data.lexicon import CUE_KINDS, Mark
from pipelines.personal_data.no_names import ARTICLES, no_names
from pipelines.personal_data.reading import GAPS, SHAPES, Bools
from pipelines.personal_data.wordlists import set_of

Scores = npt.NDArray[np.float32]

TOWN: Final = -2.0  # for a town or a month that is hardly a first name
INITIALS: Final = 1.5  # for a word with a capital after 'J.'
INITIALS_AND_INFIX: Final = 6.0  # after 'J. de'
TITLED_SHOUTED: Final = 1.5  # for two words run together that are shouted after a title: 'MEVROUW KNOOPSCHAAR'
TITLED_INFIX: Final = 3.5  # for a word in lower case after a title and infixes
AT_COUNTER: Final = 3.0  # for a first name before 'van balie 2'
SELF: Final = 2.5  # for what may be a name before 'hier', where a text begins
SIGNED: Final = 2.0  # for a first name that ends a text
SIGNED_UNLISTED: Final = 1.0
NOT_AT_ALL: Final = -9.0  # for what `no_names` knows

# What a cue before a word with a capital adds to what the weights make of it, and over which gaps it does.
_TOLD: Final = {"T": 3.0, "K": 1.5, "I": 1.5, "C": 1.0, "G": 1.0, "R": 0.5}
_TOLD_GAPS: Final = {
    "T": (" ", "I", "."),
    "K": (" ", ",", "("),
    "I": (" ", ":"),
    "C": (" ", ",", "n", "N", "."),
    "G": (" ",),
    "R": (" ", ",", ":"),
}
_ADDED: Final = np.array([_TOLD.get(cue, 0.0) for cue in CUE_KINDS], np.float32)
_IS_TOLD: Final = np.array([[gap in _TOLD_GAPS.get(cue, ()) for gap in GAPS] for cue in CUE_KINDS])
_GREETING, _TITLE = CUE_KINDS.index("G"), CUE_KINDS.index("T")

_IS_WORD: Final = np.array([n == "d" or (n[0] == "0" == n[2] and n[4] in "234") for n in NAMES])
_IS_RARE_WORD: Final = np.array([n[0] == "0" == n[2:3] and n[4:5] == "2" for n in NAMES])
_IS_MET_AS_WORD: Final = np.array([n == "d" or n[4:5] in ("1", "2", "3", "4") or n[0] + n[2:3] == "00" for n in NAMES])
_IS_ELSEWHERE: Final = np.array([other[1] == "1" or other[3] == "1" for other in OTHERS])
_IS_UNLISTED: Final = np.array([name == "u" for name in NAMES])
_RUN_TOGETHER: Final = NAMES.index("d")

_ENDS_GREETING: Final = np.array([gap[:1] in (",", "n", "N", "$") for gap in GAPS])
_AFTER_DOT: Final = np.array([gap in ("I", ".") for gap in GAPS])
_ENDS_TEXT: Final = np.array([gap.endswith("$") for gap in GAPS])
_AFTER_DATUM: Final = np.array([gap[:1] == "X" for gap in GAPS])
_BLANK: Final = GAPS.index(" ")
_C, _S, _l = (SHAPES.index(shape) for shape in "CSl")
_FEWEST_SIGNED: Final = 4  # words of a text that is signed


_LONG_INITIALS: Final = sorted_keys(set_of("th chr joh ch st ij ph sj tj jac jos fr wm kr"))
_COUNTERS: Final = sorted_keys(
    set_of(
        """
    balie loket receptie infobalie baliemedewerker kassa desk counter reception window skranke skranken luke luken
    luka resepsjonen resepsjon okienko okienka okienku stanowisko stanowisku recepcji recepcja tiski tiskillä tiskiltä
    luukku luukulla luukulta neuvonta neuvonnassa neuvonnasta
    """
    )
)
_AT: Final = sorted_keys(set_of("van bij op aan achter on at from behind i på fra ved bak w z przy na od"))
_SELF: Final = sorted_keys(set_of("hier here speaking jestem her täällä tässä"))


def told(places: Places) -> Scores:
    """What is to be added to the score of each word."""
    texts, at = places.texts, places.at
    straight = places.before == at - 1
    found = _by_cue(places, straight)
    _by_what_follows(places, found)
    initial = np.flatnonzero(~straight & _AFTER_DOT.take(places.gap))
    initial = initial[(texts.length(at.take(initial) - 1) == 1) & texts.is_upper(at.take(initial) - 1)]
    found[initial] = np.where(places.name.take(initial) == _RUN_TOGETHER, np.float32(0), np.float32(INITIALS))
    # 'J. de Groot', "M. Th. van 't Hof".
    initialled = np.flatnonzero(~straight & (texts.mark.take(at - 1) & Mark.INFIX > 0) & texts.has_capital(at))
    first = places.before.take(initialled) + 1
    abbreviated = texts.is_one_of(_LONG_INITIALS, first - 1) & texts.has_capital(first - 1)
    first = first - abbreviated
    dotted = _AFTER_DOT.take(texts.gaps(first + 1)) & texts.has_capital(first)
    found[initialled[dotted & (abbreviated | (texts.length(first) == 1))]] = INITIALS_AND_INFIX
    shouted = (places.shape == _S) & (places.cue == _TITLE) & (places.name == _RUN_TOGETHER)
    found[shouted & (places.gap == _BLANK)] = TITLED_SHOUTED
    lower = places.shape == _l
    found[lower] = 0
    # 'mevrouw de wit', 'dhr van ommen'; but 'mevrouw van de balie', 'de heer van de bakker'.
    infixed = np.flatnonzero(lower & (places.cue == _TITLE) & (places.through == THROUGH_INFIX))
    article = texts.is_one_of(ARTICLES, at.take(infixed) - 1)
    alone = places.before.take(infixed) == at.take(infixed) - 2
    is_word = _IS_MET_AS_WORD.take(places.name.take(infixed))
    found[infixed[np.where(article, alone, ~is_word)]] = TITLED_INFIX
    found[no_names(places)] = NOT_AT_ALL
    return found


def _by_cue(places: Places, straight: Bools) -> Scores:
    """By the cue before it; less for what is a town or a month."""
    is_told = _IS_TOLD[places.cue, places.left]
    found = np.where(is_told, _ADDED.take(places.cue), np.float32(0))
    # 'Geachte heer Dijkgraaf': a title makes a name of a word that is not common.
    titled = (places.cue == _TITLE) & _IS_RARE_WORD.take(places.name)
    found[_IS_WORD.take(places.name) & ~titled] = 0
    found[(places.cue == _GREETING) & ~_ENDS_GREETING.take(places.right)] = 0
    elsewhere = _IS_ELSEWHERE.take(places.kind % REST) & ~IS_LISTED_FIRST.take(places.name) & straight
    found[~is_told] = np.where(elsewhere[~is_told], np.float32(TOWN), np.float32(0))
    return found


def _by_what_follows(places: Places, found: Scores) -> None:
    """Adds what the words behind say, or that none are: 'Ruth at window 3', 'Jan de Wit hier', '… groot gat! Kim'."""
    texts, at = places.texts, places.at
    ours = np.flatnonzero(IS_OURS.take(places.name) & (places.shape == _C))
    slot = at.take(ours)
    last = len(texts.slots.text) - 1
    linked = texts.is_one_of(_AT, slot + 1)
    behind = slot + 1 + linked
    behind = np.minimum(behind + (linked & texts.is_one_of(ARTICLES, behind)), last)
    counter = texts.is_one_of(_COUNTERS, behind) & (texts.slots.text.take(behind) == texts.slots.text.take(slot))
    found[ours[counter]] += np.float32(AT_COUNTER)

    opens = OPENS.take(places.left)
    is_none = _IS_WORD.take(places.name) | _IS_ELSEWHERE.take(places.kind % REST)
    begins = opens | (texts.has_capital(at - 1) & OPENS.take(texts.gaps(at - 1)))
    speaks = np.flatnonzero((places.shape == _C) & begins & ~is_none)
    found[speaks[texts.is_one_of(_SELF, at.take(speaks) + 1)]] += np.float32(SELF)

    signed = (places.shape == _C) & _ENDS_TEXT.take(places.right) & (texts.count.take(places.text) > _FEWEST_SIGNED)
    found[signed & IS_OURS.take(places.name) & (opens | _AFTER_DATUM.take(places.left))] += np.float32(SIGNED)
    found[signed & _IS_UNLISTED.take(places.name) & opens] += np.float32(SIGNED_UNLISTED)
