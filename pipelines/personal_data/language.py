# ruff: noqa: E501
"""Tells the language of a short text by its small words and its letters."""

import re
from typing import Final

_WORD: Final = re.compile(r"[^\W\d_]+")

_SMALL: Final = {
    "nl": "de het een en van ik je is niet in op te dat voor met zijn aan er maar om ook als bij nog wel naar dan heb hebben mijn dit die was word wordt geen kan al uit over zo meer jullie u uw mij wat hoe waar deze door of heeft ben wij we moet veel alleen toch weer mevrouw meneer goed goede bedankt afspraak gemeente straat weken dag",
    "en": "the and to of a in is it you that for on with was are this have be not my i at but your from they so we had has can me were when what which there please been would will his her their our about just no how after very thanks thank still out by an or if all",
    "pl": "nie się w na i z do że to jest o po za jak co tak ale od już przez mnie dla czy tylko jestem był była było mam moje mój moja proszę dzień dobry pan pani tym tego która który które przy bardzo oraz pod sie ze jej są może ich przed nic dziękuję ul nr",
    "nb": "det er ikke og jeg på en til for med som har av den de at et vi kan men om fra meg å når så var blir seg hva min mitt der skal dere noe etter eller ut ble hvor hei takk nå denne ingen hos mot over under vei bare kommunen du han hun",
    "fi": "on ja ei se että oli en olen mutta kun niin tai myös kuin hän ole jo minun minä nyt vain mitä vielä kiitos sitä siitä tämä ovat voi joka missä hei jos saa mun sen eikä koska kaikki ollut sekä tuli oikein asia kaupungin puhelin klo",
}
_BY_WORD: Final = {
    word: tuple(language for language, words in _SMALL.items() if word in words.split())
    for words in _SMALL.values()
    for word in words.split()
}


def detect(text: str) -> str:
    """'nl', 'en', 'pl', 'nb' or 'fi'; 'other' where no small word of these speaks for one."""
    scores = dict.fromkeys(_SMALL, 0.0)
    for word in _WORD.findall(text[:2000].lower()):
        for language in _BY_WORD.get(word, ()):
            scores[language] += 1 / len(_BY_WORD[word])
    best = max(scores, key=scores.__getitem__)
    return best if scores[best] > 0 else "other"
