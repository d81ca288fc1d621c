"""What a number is, where it is no case number: a national id, account, card, telephone, date, plate, amount …"""

import re

from stdnum import iban, luhn
from stdnum.fi import hetu
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel

SEPARATORS = str.maketrans("", "", "-/._ ")
NO_BARE_TELEPHONES = "nl"  # a language whose telephone numbers all have a prefix
_NINO = re.compile(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]", re.IGNORECASE | re.ASCII)
_IPV4 = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}", re.ASCII)
_OTHER = re.compile(
    # a date, a month of a year, two years, a year
    r"\d{1,2}[-/.]\d{1,2}[-/.](?:\d\d|(?:19|20)\d\d)|(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}"
    r"|(?:\d{1,2}[-/.])?(?:19|20)\d\d|(?:19|20)\d\d[-/](?:\d{1,2}|(?:19|20)\d\d)"
    # an amount, an article of a law, a time
    r"|\d{1,3}(?:\.\d{3})+|\d+\.\d{1,2}|\d{1,2}[:.]\d{1,3}[a-z]?"
    # plates of the Netherlands (six letters and digits in three groups), Norway, Poland and Finland
    r"|(?=(?:-?[a-z0-9]){6}$)(?=(?:.*[a-z]){2})(?:[a-z]{1,3}|\d{1,3})-(?:[a-z]{1,3}|\d{1,3})-(?:[a-z]{1,3}|\d{1,3})"
    r"|[a-z]{2}\d{5}|[a-z]{2,3}-\d{1,3}|[a-z]{2,3}\d{4,5}|[a-z]{1,3}\d{1,4}[a-z]{1,2}"
    # a house number, a Dutch or Polish postcode
    r"|\d{1,4}[-/]?[a-z]{1,3}"
    r"|[1-9]\d{3}[a-z]{2}|\d\d-\d{3}"
    # a random id
    r"|[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}",
    re.IGNORECASE | re.ASCII,
)
LONG_WORDS = re.compile(r"[A-Za-z]{5,}")
# Long words that may stand in a case number; any other is a word or a name with a number behind it.
KNOWN_WORDS = re.compile(
    r"zaak\w{0,8}|melding|aanvraag|bezwaar|klacht|dossier|vergunning|esuite|ticket|report|request|complaint|planning"
    r"|appeal|sprawa|wniosek|vedtak|klage|hakemus|asia\w{0,6}|subsidie|corsa|decos|djuma|verseon|mozard|joinzaak|squit|liber",
    re.IGNORECASE,
)


def is_reserved(number: str) -> bool:
    """Whether it is an account or a national id that has letters, whatever else its form may say."""
    compact = number.translate(SEPARATORS)
    return bool(
        (15 <= len(compact) <= 34 and compact[:2].isalpha() and compact[2:4].isdigit() and iban.is_valid(compact))
        or _NINO.fullmatch(compact)
        or (len(number) == 11 and number[:6].isdigit() and hetu.is_valid(number, allow_temporary=True))
    )


def is_personal(number: str, language: str | None) -> bool:
    """Whether it is a national id, an account, a card, a telephone number or a network address."""
    compact = number.translate(SEPARATORS)
    if not (compact.isascii() and compact.isdecimal()):
        return is_reserved(number)
    if _IPV4.fullmatch(number):
        return True
    size = len(compact)
    if is_telephone(compact):
        return True
    if size == 8 and compact[:2] != "20":  # a BSN without its zero; Norwegian telephones have no prefix, none begins so
        bare_telephone = language in ("nb", None) and compact[0] in "2345679"
        return "/" not in number and (bare_telephone or bsn.is_valid(compact))
    if size == 9:  # nor have Polish ones
        return bsn.is_valid(compact) or ("/" not in number and language in ("pl", None) and compact[0] != "0")
    if size == 11:
        return pesel.is_valid(compact) or fodselsnummer.is_valid(compact)
    return 13 <= size <= 19 and compact[0] in "3456" and luhn.is_valid(compact)


def is_telephone(digits: str) -> bool:
    """Whether it has the prefix and length of a telephone number."""
    return digits.startswith("0") and not digits.startswith("000") and 9 <= len(digits) <= 15


def is_other(number: str) -> bool:
    """Whether it is a date, an amount, a plate, a postcode, an article of a law, a random id or a word."""
    if _OTHER.fullmatch(number):
        return True
    return any(not KNOWN_WORDS.fullmatch(word) for word in LONG_WORDS.findall(number))


def is_year(number: str) -> bool:
    return len(number) == 4 and number[:2] in ("19", "20")


def is_amount(text: str, end: int) -> bool:
    """Whether cents follow."""
    return text[end : end + 1] == "," and text[end + 1 : end + 2].isdigit()
