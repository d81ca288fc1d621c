"""Finds postcodes: Dutch, Polish, British ones by their form, Norwegian and Finnish ones by what stands beside them."""

import re
from collections.abc import Iterator
from typing import Final

from pipelines.personal_data.numbers import YEAR, Groups, stands_before
from pipelines.personal_data.spans import Span
from pipelines.personal_data.wordlists import set_of

_DUTCH: Final = re.compile(r"(?<![\w.,€-])[1-9]\d{3}(?: ?|-)([A-Za-z]{2})(?!\w)")
_HOUSE_BEFORE: Final = re.compile(r"[^\W\d_] \d{1,4} ?[A-Z]?,? \Z")  # HAVENKADE 9B 4511 KM
_TWO_LETTER_WORDS: Final = set_of(
    """
    is in op de en ik we of om te er na zo ze je me al af ga nu kg km cm mm kr zl ml st nr dg uf pm am on at to by
    it as so if do go he no my up us or be i på og vi du av nå så da et ja se ei jo ne ma po za od ta są mi co bo
    ale mb gb kb kw hp vs zł eu uk nl pl fi ad bc an ev cv bv nv ca ok oo eh
    """
)
_UNITS: Final = set_of("kg km cm mm kr ml mb gb kb kw")
_POLISH: Final = re.compile(
    r"(?<![\w.,-])\d{2}-\d{3}(?![\w-])(?= {1,2}[A-ZĄĆĘŁŃÓŚŹŻ]|[^\n]?\Z|[,.\n)]| [a-ząćęłńóśźż]{4,})"
)
_BRITISH: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:GIR ?0AA|(?:[A-PR-UWYZ](?:\d{1,2}|[A-HK-Y]\d{1,2}|\d[A-HJKPSTUW]"
    r"|[A-HK-Y]\d[ABEHMNPRVWXY])) ?\d[ABD-HJLNP-UW-Z]{2})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_TOWN_NEXT: Final = re.compile(r"(?<![\w.,/-])\d{4,5}(?= {1,2}(?:[A-ZÅÄÖØÆ][a-zåäöøæ]{1,20}|[A-ZÅÄÖØÆ]{3,20})\b)")
_YEAR: Final = re.compile(YEAR)
TOWN_DIGITS: Final = {"nb": 4, "fi": 5}
"""How long a postcode is that only the town behind it tells."""
_WORD_BEFORE: Final = re.compile(
    r"(?:postcode|postkode|postnr|postnummer|postinumero|kod pocztowy|kod|zip|pc)\.?[^\w\n]{0,4}(?:is |er |on |to )?\Z",
    re.IGNORECASE,
)
_TOWN_BEHIND: Final = re.compile(r" [A-Z][a-z]{2}")
_AFTER_WORD: Final = re.compile(r"(?<![\w.,/-])(?:\d{2}[- ]\d{3}|\d{4}[ -]?[A-Za-z]{2}|\d{4,5})(?![\w/-])")


def postcodes(text: str, found: Groups, language: str) -> Iterator[Span]:
    """Postcodes: Dutch, Polish, British; Norwegian and Finnish only with a town beside them or a word for it."""
    town_digits = TOWN_DIGITS.get(language, 0)
    for start, end in found:
        size = end - start
        if size == 4:
            yield from _dutch(text, start)
        elif size == 2 and text[end : end + 1] == "-":
            match = _POLISH.match(text, start)
            if match and (language == "pl" or _is_told(text, start)):
                yield Span(start, match.end(), "POSTCODE", "postcode (PL)", 0.85)
        if size <= 3 and start and text[start - 1].isalpha():
            match = _BRITISH.match(text, start - 1) or (_BRITISH.match(text, start - 2) if start > 1 else None)
            if match and (match.group().isupper() or (language == "en" and " " in match.group())):
                yield Span(match.start(), match.end(), "POSTCODE", "postcode (UK)", 0.85)
        if (
            language == "pl"
            and (size == 5 or (size == 2 and text[end : end + 1] == " "))
            and _is_told(text, start)
            and (match := _AFTER_WORD.match(text, start))
        ):
            yield Span(start, match.end(), "POSTCODE", "postcode after a word for it", 0.85)
        if town_digits and size == town_digits:
            match = _TOWN_NEXT.match(text, start)
            if match:
                yield Span(start, end, "POSTCODE", f"postcode ({language}) before a town", 0.7)
            elif _is_told(text, start) and _AFTER_WORD.match(text, start):
                yield Span(start, end, "POSTCODE", "postcode after a word for it", 0.85)


def postcodes_before_towns(text: str, found: Groups, language: str) -> Iterator[Span]:
    """Norwegian and Finnish postcodes before a town in lower case. Which those are `groups.Groups` tells."""
    for start, end in found:
        if not _YEAR.fullmatch(text, start, end) or text.endswith(", ", 0, start):
            yield Span(start, end, "POSTCODE", f"postcode ({language}) before a town", 0.7)


def _is_told(text: str, start: int) -> bool:
    """Whether a word for a postcode stands right before."""
    return stands_before(text, start, _WORD_BEFORE, 30)


def _dutch(text: str, start: int) -> Iterator[Span]:
    found = _DUTCH.match(text, start)
    if not found:
        return
    letters = found.group(1)
    lower = letters.lower()
    if lower in ("sa", "sd", "ss"):
        return
    if text[start + 4] == "-" and not letters.isupper() and not _is_told(text, start):
        return
    is_word = lower in _TWO_LETTER_WORDS and text.isupper() and not _HOUSE_BEFORE.search(text, max(0, start - 9), start)
    if letters.isupper() and not is_word:
        yield Span(start, found.end(), "POSTCODE", "postcode (NL)", 0.9)
    elif lower not in _TWO_LETTER_WORDS or (text[start + 4] != " " and lower not in _UNITS):
        yield Span(start, found.end(), "POSTCODE", "postcode (NL)", 0.75)
    elif _is_told(text, start) or (text[start - 1 : start] == "\n" and _TOWN_BEHIND.match(text, found.end())):
        yield Span(start, found.end(), "POSTCODE", "postcode (NL), told by what is beside it", 0.85)
