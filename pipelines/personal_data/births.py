"""Finds dates of birth: a date beside a word that says it is one. Other dates stay."""

import re
from collections.abc import Iterator
from typing import Final

from pipelines.personal_data.spans import Span

_MONTHS: Final = (
    "jan(?:uari|uary|uar)?|feb(?:ruari|ruary|ruar)?|maart|mrt|mar(?:ch)?|mars|apr(?:il)?|mei|may|mai|jun[ie]?"
    "|jul[iy]?|aug(?:ustus|ust)?|sep(?:t|tember)?|okt(?:ober)?|oct(?:ober)?"
    "|nov(?:ember)?|de[cs](?:ember)?|stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|wrzesnia"
    "|października|pazdziernika|listopada|grudnia"
    "|tammikuuta|helmikuuta|maaliskuuta|huhtikuuta|toukokuuta|kesäkuuta|heinäkuuta|elokuuta|syyskuuta|lokakuuta"
    "|marraskuuta|joulukuuta"
)
_DATE: Final = re.compile(
    rf"(?<![\w/.-])(?:\d{{1,2}}(?:st|nd|rd|th|e)?\.?(?: of)? (?:{_MONTHS})\.?,?(?: ['’]?\d{{2,4}})?"
    rf"|(?:{_MONTHS}) \d{{1,2}}(?:st|nd|rd|th)?,? \d{{2,4}}"
    rf"|\d{{1,2}} ?[-./ ] ?\d{{1,2}} ?[-./ ] ?['’]?(?:\d{{4}}|\d{{2}})|\d{{4}}[-./]\d{{1,2}}[-./]\d{{1,2}}"
    rf"|\d{{1,2}}[-.](?:{_MONTHS})[-.]['’]?\d{{2,4}}|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19"
    rf"|20)\d\d)(?![\w/-]|\.\d)",
    re.IGNORECASE,
)
_BORN: Final = (
    r"geboren|geb\.?|geb[. ]?dat(?:um|\.)?|gebdat(?:um)?|geboortedat(?:um|a|\.)?|geboortedag|born|d\.?o\.?b\.?"
    r"|date of birth|birth ?date|birthday|ur\.?|urodz\w*|urodzeni\w*|data ur\w*\.?|ur\. dn\w*"
    r"|født|fødd|fødselsdat\w*|fødselsdag|f\.|fdato|f\. ?dato|fødselsdato|syntynyt|synt\.?|syntyi|syntymäaika\w*"
    r"|syntymäpäivä\w*|s\.|synt\.aika|syntyneen|syntynyttä"
)
_BORN_BEFORE: Final = re.compile(rf"(?<![\w])(?:{_BORN})[^\d\n]{{0,26}}\n?[^\d\n]{{0,6}}\Z", re.IGNORECASE)
_BORN_AFTER: Final = re.compile(
    r"[ ,(]{0,3}(?:geb\.?dat(?:um)?|gebdat\w*|geboortedat\w*|geboren|is (?:mijn|my|zijn|haar) (?:geboortedat"
    r"|date of birth|birth)|date of birth|dob\b|fødselsdat\w*|syntymäaik\w*|data urodzenia|\(?geb)",
    re.IGNORECASE,
)


def birth_dates(text: str) -> Iterator[Span]:
    """Dates that the text says somebody was born on."""
    for found in _DATE.finditer(text):
        before = text[max(0, found.start() - 52) : found.start()]
        if _BORN_BEFORE.search(before) or _BORN_AFTER.match(text, found.end()):
            yield Span(found.start(), found.end(), "BIRTHDATE", "date beside a word for birth", 0.9)
