"""Tells the language of a short text: each word votes for the languages it is common in, its letters and ending too.

'other' is where words common in some other language outvote them, or hardly a word is known. No text is too short to be
asked, but below some thirty letters the answer is a guess.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.personal_data.keys import Table, keys_of
from pipelines.personal_data.lexicon import lexicon
from pipelines.personal_data.reading import EMPTY, Texts
from pipelines.personal_data.spans import LANGUAGES
from pipelines.personal_data.wordlists import set_of

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
_PLAIN_LETTERS: Final = _LETTERS[2:5]  # the others need a letter that is not in ASCII


# Danish and Swedish beside Norwegian.
_NEIGHBOUR: Final = re.compile(r"tion(?:er|en|erna|erne)?\b|\baf\b|[^\Wae]ede\b|lse[rs]?ne\b|hed(?:en)?\b|[äö]")


_CLOSE: Final = 1.35  # how far the best has to be ahead to need no look at letters
_FEW: Final = 7
_THIN: Final = 0.6  # votes a word below which a text of more than a few words is in none of the five


class _Votes:
    """What each word says, as tenths of votes for the five languages and for another."""

    def __init__(self) -> None:
        codes = lexicon().codes
        common = np.round(10 * np.array(_POINTS))[codes.common].astype(np.int32)
        foreign = np.round(10 * np.array(_FOREIGN_POINTS))[codes.foreign].astype(np.int32)
        self.of_code = np.vstack((common, foreign)).T
        extra: dict[str, list[int]] = {}
        for number, language in enumerate(LANGUAGES):
            for word in _SMALL[language].split():
                extra.setdefault(word, [0] * 6)[number] += 9
        for word in _OTHERS - extra.keys():
            extra[word] = [0] * 5 + [12]
        keys = keys_of(list(extra)).key
        order = np.argsort(keys)
        self._extra = Table(keys[order])
        self._of_extra = np.vstack((np.array(list(extra.values()), np.int32)[order], np.zeros((1, 6), np.int32)))

    def of(self, texts: Texts) -> npt.NDArray[np.int32]:
        """The sums of the votes of the words of each text, a row a text; of a long one of those at its start."""
        slots = texts.slots
        votes = self.of_code.take(lexicon().code.take(slots.row), axis=0)
        votes += self._of_extra.take(self._extra.find(slots.key), axis=0)
        votes[np.arange(len(slots.text)) - texts.first.take(slots.text) >= _LONGEST + EMPTY] = 0
        return np.add.reduceat(votes, texts.first, axis=0)


@cache
def _votes() -> _Votes:
    return _Votes()


def detect(text: str) -> str:
    """'nl', 'en', 'pl', 'nb' or 'fi'; 'other' for another language or none. Of many texts, `languages` costs less."""
    return languages(Texts([text]), [0])[0]


def languages(texts: Texts, asked: Sequence[int]) -> list[str]:
    """The languages of some texts of a batch."""
    if not asked:
        return []
    votes, counts = _votes().of(texts), texts.count.copy()
    if len(texts.joined):  # here words end at an apostrophe
        apart = Texts([texts.strings[text] for text in texts.joined.tolist()], apostrophes=False)
        votes[texts.joined], counts[texts.joined] = _votes().of(apart), apart.count
    shares = (votes / 10).tolist()
    words = np.minimum(counts, _LONGEST).tolist()
    return [_settled(texts.strings[text], shares[text], words[text]) for text in asked]


def _settled(text: str, totals: list[float], count: int) -> str:
    """The language of a text whose words gave these votes."""
    if not count:
        return "other"
    ranked = sorted(totals, reverse=True)
    if ranked[0] < _CLOSE * ranked[1] or ranked[0] < 3.0 or not text.isascii():
        start = text[:400].lower()
        for pattern, language, points in _PLAIN_LETTERS if text.isascii() else _LETTERS:
            found = len(pattern.findall(start))
            if found:
                totals[5 if language == "other" else LANGUAGES.index(language)] += points * min(found, 12)
    best = max(range(5), key=totals.__getitem__)
    if LANGUAGES[best] == "nb":
        totals[5] += 2.5 * len(_NEIGHBOUR.findall(text[:400].lower()))
    thin = count >= _FEW and totals[best] < _THIN * count
    if totals[best] < 0.7 or thin or totals[5] > 1.15 * totals[best]:
        return "other"
    return LANGUAGES[best]


def load() -> None:
    """Makes the votes, so that the first text does not wait for them."""
    _votes()
