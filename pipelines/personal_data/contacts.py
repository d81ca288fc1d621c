"""Finds the contact details that the event itself carries (a name, a mail address, a phone number) in its texts."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from pipelines.personal_data.spans import Span

_WORD: Final = re.compile(r"[^\W\d_]+")
_DIGIT: Final = re.compile(r"[0-9]")
_INFIXES: Final = frozenset(
    [
        "van",
        "de",
        "der",
        "den",
        "het",
        "'t",
        "ten",
        "ter",
        "te",
        "von",
        "zu",
        "zum",
        "el",
        "al",
        "la",
        "le",
        "du",
        "di",
        "da",
        "del",
        "dos",
        "bin",
        "ibn",
        "ben",
        "af",
        "op",
        "in",
        "v",
        "d",
        "vd",
        "mw",
        "mevr",
        "mevrouw",
        "meneer",
        "dhr",
        "heer",
        "pan",
        "pani",
        "herr",
        "herra",
        "rouva",
        "fru",
        "mr",
        "mrs",
        "ms",
        "miss",
        "dr",
        "drs",
        "ir",
        "ing",
        "prof",
        "fam",
        "familie",
        "the",
        "and",
        "en",
        "und",
        "i",
        "og",
        "ja",
    ]
)
# What inflection does to the end of a name: Polish and Finnish cases, the genitive s, diminutives stay apart.
_FOLD: Final = str.maketrans(
    "àáâãäåāăąçćčďđèéêëēėęěğģìíîïīįıķłľļñńňņòóôõöøōőŕřśšşșťţțùúûüūůűųýÿźżžÀÁÂÃÄÅĀĂĄÇĆČĎĐÈÉÊËĒĖĘĚĞĢÌÍÎÏĪĮİĶŁĽĻÑŃŇŅÒÓÔÕÖØŌŐŔŘŚŠŞȘŤŢȚÙÚÛÜŪŮŰŲÝŸŹŻŽ",
    "aaaaaaaaacccddeeeeeeeeggiiiiiiiklllnnnnoooooooorrssssttt"
    + "uuuuuuuuyyzzz"
    + "AAAAAAAAACCCDDEEEEEEEEGGIIIIIIIKLLLNNNNOOOOOOOORRSSSSTTTUUUUUUUUYYZZZ",
)
_LONGEST_ENDING: Final = 4
_FEWEST_DIGITS: Final = 7


def fold(text: str) -> str:
    """The text in lower case without the accents of its letters, one character for each it had."""
    folded = text.translate(_FOLD).lower()
    return folded if len(folded) == len(text) else "".join(c.lower()[0] for c in text.translate(_FOLD))


def _stems(word: str) -> list[str]:
    """The beginnings that the inflected forms of a folded name begin with."""
    stems = [word]
    if len(word) >= 5:
        if word.endswith("nen"):  # Virtanen, Virtasen
            stems.append(word[:-3] + "s")
        if word[-1] in "aeiouy":  # Janina, Janinie; Kowalski, Kowalskiemu
            stems.append(word[:-1])
        if word.endswith("ek"):  # Marek, Marka
            stems.append(word[:-2] + "k")
        if word.endswith(("iec", "ec")):  # Kupiec, Kupca
            stems.append(word[:-3] + "c" if word.endswith("iec") else word[:-2] + "c")
        for strong, weak in (
            ("tti", "ti"),
            ("kki", "ki"),
            ("ppi", "pi"),
            ("ti", "de"),
            ("ta", "da"),
            ("ki", "e"),
            ("la", "la"),
        ):
            if word.endswith(strong):  # Matti, Matilla; Lahti, Lahden
                stems.append(word[: -len(strong)] + weak)
    return stems


def find(text: str, details: Sequence[str]) -> Iterator[Span]:
    """Every mention of the details: whole for mail addresses and numbers, word by word and inflected for names."""
    folded = ""
    for detail in details:
        if not detail or not (detail := detail.strip()):
            continue
        folded = folded or fold(text)
        if "@" in detail:
            yield from _literal(folded, fold(detail), "EMAIL")
        elif len(_DIGIT.findall(detail)) >= _FEWEST_DIGITS:
            yield from _number(text, detail)
        else:
            yield from _name(text, folded, detail)


def _literal(folded: str, detail: str, kind: str) -> Iterator[Span]:
    at = folded.find(detail)
    while at >= 0:
        yield Span(at, at + len(detail), kind, "given with the answer", 1.0)
        at = folded.find(detail, at + len(detail))


def _number(text: str, detail: str) -> Iterator[Span]:
    wanted = "".join(_DIGIT.findall(detail)).lstrip("0")
    wanted = wanted[-8:] if len(wanted) > 8 else wanted
    places = [found.start() for found in _DIGIT.finditer(text)]
    digits = "".join(text[i] for i in places)
    at = digits.find(wanted)
    while at >= 0:
        first, last = at, at + len(wanted) - 1
        if all(places[i + 1] - places[i] <= 3 for i in range(first, last)):
            # What stands before belongs to it: a country code, a trunk zero.
            while first > 0 and places[first] - places[first - 1] <= 3 and at - first < 6:
                first -= 1
            start = places[first]
            if start and text[start - 1] in "+(":
                start -= 1
            yield Span(start, places[last] + 1, "PHONE", "given with the answer", 1.0)
        at = digits.find(wanted, at + len(wanted))


def _name(text: str, folded: str, detail: str) -> Iterator[Span]:
    whole = fold(detail)
    if len(whole) >= 3 and " " in whole:
        for span in _literal(folded, whole, "NAME"):
            if not (folded[span.start - 1 : span.start].isalnum() or folded[span.end : span.end + 1].isalnum()):
                yield span
    for word in _WORD.findall(whole):
        if len(word) < 2 or word in _INFIXES:
            continue
        for stem in _stems(word):
            if stem not in folded:
                continue
            for found in _WORD.finditer(folded):
                token = found.group()
                if not token.startswith(stem):
                    continue
                ending = len(token) - len(stem)
                near = len(stem) >= 3 and ending <= _LONGEST_ENDING and (ending <= 2 or len(stem) >= 4)
                if (token == word or near) and (text[found.start()].isupper() or len(word) >= 4):
                    yield Span(found.start(), found.end(), "NAME", "given with the answer", 1.0)
