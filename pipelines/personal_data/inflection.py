"""Undoes what inflection does to names: the genitive s, Polish and Finnish cases. Gives the forms a name may have had.

The forms are guesses, to be looked up in a list of names; what is in no list counts for nothing.
"""

import re
from functools import lru_cache
from typing import Final

_FINNISH_CASES: Final = re.compile(
    r"(?:lle|lla|llä|lta|ltä|ssa|ssä|sta|stä|ksi|na|nä|tta|ttä|ta|tä|n|a|ä|t|in|en|an|än|on|un|yn|ön|seen|siin|jen"
    r"|ten|den|ien|ia|iä|ja|jä|ille|illa|illä|ilta|iltä)\Z"
)
# What the weak grade at the end of a stem was in the nominative, longest first.
_FINNISH_STEMS: Final = (
    ("kse", ("s", "ksi")),
    ("se", ("nen",)),
    ("s", ("nen",)),
    ("ste", ("nen", "s")),
    ("de", ("si", "ti")),
    ("e", ("i", "")),
    ("i", ("", "i")),
)
_FINNISH_GRADES: Final = (
    ("t", "tt"),
    ("k", "kk"),
    ("p", "pp"),
    ("d", "t"),
    ("v", "p"),
    ("nn", "nt"),
    ("ll", "lt"),
    ("rr", "rt"),
    ("mm", "mp"),
    ("ng", "nk"),
)
_VOWELS: Final = "aeiouyäöå"


def _finnish(word: str) -> set[str]:
    found: set[str] = set()
    for cut in range(1, 5):
        if len(word) - cut < 2 or not _FINNISH_CASES.fullmatch(word, len(word) - cut):
            continue
        stem = word[:-cut]
        found.add(stem)
        for end, starts in _FINNISH_STEMS:
            if stem.endswith(end):
                found.update(stem[: len(stem) - len(end)] + start for start in starts)
        if stem[-1] in _VOWELS:
            body, vowel = stem[:-1], stem[-1]
            endings = (vowel, "i") if vowel == "e" else (vowel,)
            for weak, strong in _FINNISH_GRADES:
                if body.endswith(weak):
                    found.update(body[: len(body) - len(weak)] + strong + e for e in endings)
            if vowel == "e" and body[-1:] in _VOWELS:  # Mäe, Mäki
                found.add(body + "ki")
            if body[-1:] in _VOWELS:
                found.add(body + "k" + vowel)
    return found


_POLISH_RULES: Final = """
    skiego:ski skiemu:ski skim:ski skich:ski scy:ski skimi:ski ckiego:cki ckiemu:cki ckim:cki ckich:cki ccy:cki
    dzkiego:dzki dzkiemu:dzki dzkim:dzki dzkich:dzki skiej:ska ską:ska ckiej:cka cką:cka dzkiej:dzka dzką:dzka
    owej:owa,-,a,o ową:owa owa:-,a,o owie:-,a,o owi:-,o ówna:- kiem:k,ek giem:g iem:-,ń em:-,o ami:-,a ach:-,a
    ów:- om:-,a cie:ta,t,tta dzie:da,d rze:ra,r dze:ga sze:cha ce:ka le:ła,ł,la śmie:zma,sma ie:-,a,o,ia
    ka:ek,ko ku:ek,k ca:ec,iec cem:ec,c cowi:ec,c ącem:ąc ąca:ąc la:el nia:ń,nio,nia nią:nia ni:nia,ń si:sia,ś
    zi:zia,ź ci:cia,ć li:la ji:ja ii:ia sią:sia się:sia zię:zia nię:nia siu:sia,ś niu:nia,ń ciu:cia,ć ziu:zia,ź
    lu:l,la ju:j,ja ego:y,i,- emu:y,i,- ym:y im:i ej:a y:a,- i:a,ia,- ę:a ą:a o:a u:- a:-,y,o e:-,a
"""
# An ending of a case, and after the colon what may have stood there in the nominative; a dash is nothing.
_POLISH_ENDINGS: Final = tuple(
    (ending, tuple(start.strip("-") for start in starts.split(",")))
    for ending, _, starts in (rule.partition(":") for rule in _POLISH_RULES.split())
)


def _polish(word: str) -> set[str]:
    return {
        word[: len(word) - len(ending)] + start
        for ending, starts in _POLISH_ENDINGS
        if word.endswith(ending) and len(word) - len(ending) >= 2
        for start in starts
    }


@lru_cache(maxsize=50_000)
def bases(word: str, language: str) -> frozenset[str]:
    """What the lower-case word may be a form of, itself left out; empty where the language does not inflect names."""
    found: set[str] = set()
    if len(word) >= 4:
        if word.endswith(("'s", "’s")):
            found.add(word[:-2])
        elif word.endswith("s"):
            found.add(word[:-1])
        if language == "fi":
            found |= _finnish(word)
        elif language == "pl":
            found |= _polish(word)
    found.discard(word)
    return frozenset(base for base in found if len(base) >= 3)
