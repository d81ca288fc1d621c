"""Finds dates of birth: a date beside a word that says it is one. Other dates stay."""

import re
from collections.abc import Iterator
from typing import Final

from pipelines.personal_data.numbers import Groups
from pipelines.personal_data.spans import Span
from pipelines.personal_data.wordlists import any_of, set_of

MONTHS: Final = set_of(
    """
    januari januar january jan februari februar february feb maart mrt march mars mar april apr mei may mai juni
    juny june jun juli july jul augustus august aug september sept sep oktober october okt oct november nov
    december desember dec des stycznia lutego marca kwietnia maja czerwca lipca sierpnia września wrzesnia
    października pazdziernika listopada grudnia tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta
    kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta marraskuuta joulukuuta
    """
)
_MONTHS: Final = any_of(" ".join(MONTHS))
_DATE: Final = re.compile(
    rf"(?<![\w/.-])(?:\d{{1,2}}(?:st|nd|rd|th|e|de|ste|sten)?\.?(?: of)? {_MONTHS}\.?,?(?: ['’]?\d{{2,4}})?"
    r"|\d{1,2} ?[-./ ] ?\d{1,2} ?[-./ ] ?['’]?(?:\d{4}|\d{2})|\d{4}[-./]\d{1,2}[-./]\d{1,2}"
    r"|\d{1,2}[. ]{1,2}[IVX]{1,4}[. ]{1,2}\d{4}"
    rf"|\d{{1,2}}[-.]{_MONTHS}[-.]['’]?\d{{2,4}}|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d)"
    r"(?![\w/-]|\.\d)",
    re.IGNORECASE,
)
_MONTH_FIRST: Final = re.compile(rf"(?<!\w){_MONTHS} \Z", re.IGNORECASE)
_ARTICLE: Final = re.compile(r"(?<!\w)(?:the|den|de) \Z", re.IGNORECASE)
_YEAR_WORD: Final = re.compile(r" (?:roku|r\.)(?!\w)")
_DAY_AND_YEAR: Final = re.compile(r"\d{1,2}(?:st|nd|rd|th)?,? \d{2,4}(?!\w)")
_BORN: Final = (
    r"(?:geboren|geb\.?(?:[. ]?dat(?:um|\.)?)?|gebdat\w*|geboorte(?:dat\w*\.?|dag)|born|d\.?o\.?b\.?|date of birth"
    r"|birth ?date|birthday|ur\.?|urodz\w*|data ur\w*\.?|født|fødd|fødsels(?:dat\w*|dag)|f\.|f\.? ?dato"
    r"|syntynyt\w*|synt\.?|syntyi|syntyneen|syntymä(?:aika|päivä)\w*|s\.|synt\.aika)"
)
_BORN_BEFORE: Final = re.compile(rf"(?<!\w){_BORN}(?![^\W\d_])[^\d\n]{{0,26}}\n?[^\d\n]{{0,6}}\Z", re.IGNORECASE)
_BORN_AFTER: Final = re.compile(
    r"[ ,(]{1,3}(?:geb\.?dat(?:um)?|gebdat\w*|geboortedat\w*|geboren|date of birth|dob|fødselsdat\w*|syntymäaik\w*"
    r"|data urodzenia|geb"
    r"|is (?:mijn|my|zijn|haar|his|her) (?:geboortedat\w*|geb\.? ?dat\w*|date of birth|birth\w*))(?!\w)",
    re.IGNORECASE,
)
# Somebody's birthday says when he was born only with its year: '(mijn verjaardag is 29 februari 1960)'.
_BIRTHDAY_BEFORE: Final = re.compile(
    r"(?<!\w)(?:verjaardag|jarig|bursdag\w*|urodzin\w*)(?!\w)[^\d\n]{0,16}\Z", re.IGNORECASE
)
# 'Onze zoon Tom Vis (30-5-2013) krijgt hulp'
_CHILD_BEFORE: Final = re.compile(
    r"(?<!\w)(?:zoon|zoontje|dochter|dochtertje|kind|baby|son|daughter|child|syn\w{0,3}|córk\w{1,2}|dzieck\w{1,3}|sønn\w{0,2}"
    r"|datter\w{0,2}|barn\w{0,2}|poika\w{0,3}|tytä\w{1,6}|laps\w{1,4})(?!\w)[^\d\n.;]{1,44}[(,] ?\Z",
    re.IGNORECASE,
)
_WITH_YEAR: Final = re.compile(r"(?:19|20)\d\d\Z")
_NOT: Final = re.compile(r"(?<!\w)(?:niet|geen|not|nie|ikke|ei)(?!\w)", re.IGNORECASE)
_CUES: Final = set_of(
    """
    geb born birth urod ur. ur_ fød synt dob d.o.b f. s. dato jaardag jarig bursdag zoon docht kind baby son daugh child
    syn córk dzieck sønn datter barn poika tytä laps
    """
)
FEWEST: Final = 3


def may_hold(text: str) -> bool:
    """Whether a word of the text can say that a date is one of birth."""
    lower = text.lower()
    return any(map(lower.__contains__, _CUES))


def birth_dates(text: str, found: Groups) -> Iterator[Span]:
    """Dates that the text says somebody was born on."""
    done = 0
    for start, _ in found:
        if start < done:
            continue
        date = _DATE.match(text, start)
        if not date and (month := _MONTH_FIRST.search(text, max(0, start - 11), start)):
            date = _DAY_AND_YEAR.match(text, start)
            start = month.start()
        if not date:
            continue
        done = date.end()
        if year := _YEAR_WORD.match(text, done):
            done = year.end()
        if article := _ARTICLE.search(text, max(0, start - 4), start):
            start = article.start()
        before = text[max(0, start - 64) : start]
        if (born := _BORN_BEFORE.search(before)) and _NOT.search(before, born.start()):
            continue
        is_told = _BIRTHDAY_BEFORE.search(before) or _CHILD_BEFORE.search(before)
        if born or (is_told and _WITH_YEAR.search(text, start, done)) or _BORN_AFTER.match(text, done):
            yield Span(start, done, "BIRTHDATE", "date beside a word for birth", 0.9)
