"""Tells the language of a short text: each word votes for the languages it is common in, its letters and ending too.

'other' is where words common in some other language outvote them, or hardly a word is known. No text is too short to be
asked, but below some thirty letters the answer is a guess.
"""

import re
from collections.abc import Sequence
from functools import cache
from itertools import repeat
from typing import Final

from pipelines.personal_data.spans import LANGUAGES
from pipelines.personal_data.wordlists import set_of
from pipelines.personal_data.words import words

_WORD: Final = re.compile(r"[^\W\d_]+")
_LONGEST: Final = 150  # words looked at
# What a word that is rare (1) to very common (4) in a language says for it, and one that none of its lists has.
_POINTS: Final = (0.0, 0.7, 1.0, 1.4, 1.8, 0.3)
_FOREIGN_POINTS: Final = (0.0, 1.2, 2.0)
# Small words of one of the five that the others have not, or not so often: they decide between neighbours.
_SMALL: Final = {
    "nl": """
    het een van ik niet zijn er maar om ook bij nog wel naar heb mijn dit geen uit jullie u uw wij heeft ze moet
    wordt dat die voor met aan worden
    """,
    "en": """
    the and to of you that for with this not my from they so we had has been will would their about just no how
    after when what your was are is
    """,
    "pl": """
    nie się w na z do to jest o po za jak co ale od już mnie czy tylko jestem był moje proszę dzień pani przy oraz
    ze jej są przez sie i a
    """,
    "nb": """
    det er ikke og jeg på en til med som har av vi kan meg når ble hva min skal dere eller ut hvor takk noe etter å
    blir fra hei noen også
    """,
    "fi": """
    on ja ei se että oli en olen mutta kun myös kuin ole jo minun vain mitä kiitos ovat voi joka missä hei jos sen
    eikä sekä klo ettei onko miksi
    """,
}
_OTHERS: Final = set_of(
    """
    und der die das nicht ich ist mit auf ein eine von für auch sich wir ihr les des une est pas pour dans que qui
    avec vous nous sur el los las una por con para como pero más está muy il di che non è per una sono della gli o
    um uma não com os do da mais ve bir bu da için çok ile var og det är inte jag på som för med av den till att och
    ett jeg ikke af til med som på at der fra også blev și de dig mig nogen noget efter ud blev blive være bruge
    gerne hvilket mulighed uden også dette hvordan flere mere lige jer jeres hvad från när ska här där mycket någon
    vill kunna vara skulle hur eller man ditt kui seda selle pole mida kas või oma saab kõik teie seade olla koju
    ning siis la nu este în cu pe că a je na že se to s v az és hogy nem egy ir un ja kad ar ne yra bet kaip ei on
    ja see et
    """
)
_LETTERS: Final = (
    (re.compile(r"[ąćęłńśźż]"), "pl", 2.0),
    (re.compile(r"[øæ]|å(?![åäö])"), "nb", 1.0),
    (re.compile(r"ää|yy|öö|[äö]n\b|ss[aä]\b|st[aä]\b|ll[aäe]\b|inen\b"), "fi", 1.2),
    (re.compile(r"ij|aa|oe|sch|\bge|heid\b"), "nl", 0.5),
    (re.compile(r"ing\b|\bth|ed\b|tion\b"), "en", 0.4),
    (re.compile(r"[ßñõãçğışțșřěůűőüûâîôàìòùáíúýčšžďťňľĺŕđēāīūģķļņėįų¿¡]"), "other", 1.3),
    (re.compile(r"[äö]"), "other", 0.5),
    (re.compile(r"[äö]"), "fi", 0.5),
    (re.compile(r"[\u0370-\u1dff\u2e80-\ud7ff\uf900-\uffef]"), "other", 3.0),
)


# Danish and Swedish beside Norwegian.
_NEIGHBOUR: Final = re.compile(r"tion(?:er|en|erna|erne)?\b|\baf\b|[^\Wae]ede\b|lse[rs]?ne\b|hed(?:en)?\b|[äö]")


# Each word's votes are one number, twelve bits a language in tenths, so that a text's votes are one sum.
_BITS: Final = 12
_MASK: Final = (1 << _BITS) - 1
_CLOSE: Final = 1.35  # how far the best has to be ahead to need no look at letters
_FEW: Final = 7
_THIN: Final = 0.6  # votes a word below which a text of more than a few words is in none of the five


def _packed(votes: Sequence[float]) -> int:
    number = 0
    for vote in votes:
        number = number << _BITS | round(10 * vote)
    return number


class _Votes:
    """What each word says, as sums of votes for the five languages and for another."""

    def __init__(self) -> None:
        self.listed, codes = words()
        self.of_code = [
            _packed((*(_POINTS[common] for common in code.common), _FOREIGN_POINTS[code.foreign])) for code in codes
        ]
        self.of_code.append(0)  # for a word that is not listed
        extra: dict[str, list[float]] = {}
        for number, language in enumerate(LANGUAGES):
            for word in _SMALL[language].split():
                extra.setdefault(word, [0.0] * 6)[number] += 0.9
        for word in _OTHERS - extra.keys():
            extra[word] = [0.0] * 5 + [1.2]
        self.extra = {word: _packed(votes) for word, votes in extra.items()}


@cache
def _votes() -> _Votes:
    return _Votes()


def detect(text: str, found: Sequence[str] | None = None) -> str:
    """'nl', 'en', 'pl', 'nb' or 'fi'; 'other' for another language or none. `found` are the text's words, if known."""
    votes = _votes()
    lower = [word.lower() for word in (found if found is not None else _WORD.findall(text))[:_LONGEST]]
    if not lower:
        return "other"
    of_code = votes.of_code
    number = sum([of_code[place] for place in map(votes.listed.get, lower, repeat(-1))])
    number += sum(map(votes.extra.get, lower, repeat(0)))
    totals = [(number >> shift & _MASK) / 10 for shift in range(5 * _BITS, -1, -_BITS)]
    ranked = sorted(totals, reverse=True)
    if ranked[0] < _CLOSE * ranked[1] or ranked[0] < 3.0 or not text.isascii():
        start = text[:400].lower()
        for pattern, language, points in _LETTERS:
            count = len(pattern.findall(start))
            if count:
                totals[5 if language == "other" else LANGUAGES.index(language)] += points * min(count, 12)
    best = max(range(5), key=totals.__getitem__)
    if LANGUAGES[best] == "nb":
        totals[5] += 2.5 * len(_NEIGHBOUR.findall(text[:400].lower()))
    thin = len(lower) >= _FEW and totals[best] < _THIN * len(lower)
    if totals[best] < 0.7 or thin or totals[5] > 1.15 * totals[best]:
        return "other"
    return LANGUAGES[best]


def load() -> None:
    """Makes the votes, so that the first text does not wait for them."""
    _votes()
