"""Finds phone numbers, national ids, bank accounts and cards: digits that prove themselves, or nearly.

Every detector starts at the digit groups of a text, which are found once, and looks a bounded way around each; so
time is linear in the text.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from pipelines.personal_data.checks import (
    COUNTRY_CODES,
    iban_length,
    is_bsn,
    is_card,
    is_fodselsnummer,
    is_hetu,
    is_iban,
    is_international_phone,
    is_national_phone,
    is_nino,
    is_pesel,
)
from pipelines.personal_data.spans import Span
from pipelines.personal_data.wordlists import any_of, set_of

Groups = Sequence[tuple[int, int]]
"""Start and end of each run of digits in a text."""
Window = tuple[int, int, str, tuple[int, ...]]
"""Neighbouring runs of digits: start and end, all their digits, how many each has."""

JOINS: Final = frozenset(" \u00a0\u202f\t./-\u2010\u2011\u2012\u2013\u2014()")
_DATE: Final = re.compile(r"(?:\d{1,2}[-./ ]{1,2}){2}(?:19|20)\d\d|(?:19|20)\d\d(?:[-./ ]\d{1,2}){2}")
YEAR: Final = r"(?:19[5-9]\d|20[0-4]\d)"
"""What is rather a year than a number of something."""
FEWEST: Final = 7
FEWEST_OF_IBAN: Final = 10
FEWEST_OF_ID: Final = 6
LONGEST: Final = 19
WIDEST_GAP: Final = 4


_NO_PERSON: Final = set_of(
    """
    kvk k.v.k handelsregister order bestel meter mittari lukema måler licznik zamówieni tilaus barcode
    streepjescode kod_kreskowy strekkode viivakoodi isbn org.nr org_nr org._nr orgnr organisasjonsn y-tunnus
    ytunnus krs regon nip btw vat_ faktu factuur invoice lasku artikel track zending parcel pakket paczk pakke
    vestigingsn rsin company_n serienr serienum serial serienummer numer_seryjny sarjanumero viite viitenumero
    """
)
_NO_PERSON_REACH: Final = 24
_BREAK: Final = re.compile(r"[\d\n]")
_NO_PHONE: Final = re.compile(
    r"(?:pas|kaart|card|kort|kortti|karta|chip|klant|kunde|customer)\w*[^\d\n]{0,16}\Z", re.IGNORECASE
)
_PHONE_WORD: Final = re.compile(
    r"(?<!\w)"
    + any_of(
        """
        tel bel gsm mob phone call ring text cell fax whatsapp app sms dzwo zadzw oddzw kom tlf nås puh soit kontakt
        contact bereik reach tavoit mijn_nummer my_number nummeret_mitt numerem numeroni mój_numer mijn_nr 06
        telefon mobil bellen
        """
    )
    + r"[^\n\d]{0,32}\Z",
    re.IGNORECASE,
)


def stands_before(text: str, start: int, pattern: re.Pattern[str], width: int = 44) -> bool:
    """Whether a pattern is found in so many characters before a place."""
    return pattern.search(text[max(0, start - width) : start]) is not None


def _is_no_persons(text: str, start: int) -> bool:
    """Whether a word before says that a number is no person's, with no digit and no new line between."""
    before = _BREAK.split(text[max(0, start - 44) : start])[-1].lower()
    return any(
        len(before) - before.rfind(word) - len(word) <= _NO_PERSON_REACH for word in _NO_PERSON if word in before
    )


def numbers(text: str, windows: Iterable[Window], language: str) -> Iterator[Span]:
    """Phone numbers, BSN, PESEL, fødselsnummer and cards. `windows` are neighbouring digit groups, with no more between
    them than `JOINS`, that together may be one."""
    for start, end, digits, sizes in windows:
        n = len(digits)
        if n >= 13 and is_card(digits):
            yield Span(start, end, "CARD", "card: issuer and Luhn", 0.99)
        if n == 11 and len(sizes) <= 3 and not (sizes[0] == 4 and _DATE_BEFORE.search(text, max(0, start - 5), start)):
            if is_fodselsnummer(digits):
                yield Span(start, end, "NATIONAL_ID", "fødselsnummer: check digits", 0.98)
            elif is_pesel(digits):
                yield Span(start, end, "NATIONAL_ID", "PESEL: date and check digit", 0.97)
        if (
            n in (8, 9)
            and is_bsn(digits)
            and _is_bsn_shape(text, start, end, sizes)
            and not _is_no_persons(text, start)
        ):
            yield Span(start, end, "NATIONAL_ID", "BSN: eleven-test", 0.9 if n == 9 else 0.7)
        if n <= 15:
            phone = _phone(text, start, end, digits, sizes, language)
            if phone:
                yield phone


_DIGIT_BEFORE: Final = re.compile(r"\d[ .]\Z")
_DATE_BEFORE: Final = re.compile(r"\d[-./]\d{1,2}[-./]\Z")


def _is_bsn_shape(text: str, start: int, end: int, sizes: tuple[int, ...]) -> bool:
    if len(sizes) == 1:
        return True
    if _DIGIT_BEFORE.search(text, max(0, start - 2), start):  # the end of a longer number
        return False
    return sum(sizes) == 9 and len(sizes) <= 4 and min(sizes) >= 2 and not _DATE.fullmatch(text, start, end)


# The groups that a number is written in.
POLISH: Final = {
    (9,), (3, 3, 3), (2, 3, 2, 2), (2, 7), (3, 2, 2, 2), (2, 3, 4), (3, 6), (3, 3, 2, 1), (2, 2, 2, 3), (3, 2, 4)
}  # fmt: skip
NORWEGIAN: Final = {(8,), (3, 2, 3), (2, 2, 2, 2), (4, 4), (2, 6), (3, 5), (2, 3, 3), (3, 3, 2)}
DUTCH_WITHOUT_ZERO: Final = {(9,), (1, 8), (1, 2, 2, 2, 2), (1, 4, 4)}


_DUTCH_SERVICE: Final = re.compile(r"0(?:800|90[069])(?:\d{4}|\d{7})\Z")  # 0900-8844: everybody's
_FLAT_AND_POSTCODE: Final = re.compile(r"/\d{1,3},? \d\d-")  # 33/61 41-819


def _phone(text: str, start: int, end: int, digits: str, sizes: tuple[int, ...], language: str) -> Span | None:
    n = len(digits)
    before = text[max(0, start - 3) : start]
    opening = start - 1 if before.endswith(("(", "(+")) else start
    plus = before.endswith(("+", "+ ", "(+"))
    if plus or digits.startswith("00"):
        dialled = digits if plus else digits[2:]
        # (0) inside an international number is said, not dialled.
        trunk = text.find("(0)", start, end)
        if trunk >= 0:
            place = sum(c.isdigit() for c in text[start:trunk]) - (0 if plus else 2)
            dialled = dialled[:place] + dialled[place + 1 :]
        if not is_international_phone(dialled) or (not plus and stands_before(text, start, _NO_PHONE)):
            return None
        if plus:
            opening = text.rindex("+", 0, start) - before.endswith("(+")
        return Span(opening, end, "PHONE", "phone, international", 0.98)
    # Whether the digits are a number of some country is asked first: it costs least.
    if digits[0] == "0":
        region = next((r for r in ("NL", "GB") if is_national_phone(digits[1:], r)), "") if n >= 10 else ""
        finnish = not region and n >= 8 and not _DUTCH_SERVICE.match(digits) and is_national_phone(digits[1:], "FI")
        if not (region or finnish) or _is_date_or_case(text, start, end, before):
            return None
        if region:
            return Span(opening, end, "PHONE", f"phone, national ({region})", 0.95)
        finnish = language in ("fi", "other") or stands_before(text, start, _PHONE_WORD)
        if finnish and not _is_no_persons(text, start):
            return Span(opening, end, "PHONE", "phone, national (FI)", 0.9)
        return None
    polish = (
        n == 9
        and sizes in POLISH
        and is_national_phone(digits, "PL")
        and not _FLAT_AND_POSTCODE.search(text, start, end)
    )
    norwegian = n == 8 and sizes in NORWEGIAN and is_national_phone(digits, "NO")
    dutch = n == 9 and digits[0] == "6" and sizes in DUTCH_WITHOUT_ZERO and is_national_phone(digits, "NL")
    region = COUNTRY_CODES.get(digits[:2], "") if 10 <= n <= 12 else ""
    coded = bool(region) and is_national_phone(digits[2:], region)
    if not (polish or norwegian or dutch or coded) or _is_date_or_case(text, start, end, before):
        return None

    def told() -> bool:
        return stands_before(text, start, _PHONE_WORD)

    if polish and (language in ("pl", "other") or told()):
        found = Span(opening, end, "PHONE", "phone, national (PL)", 0.85)
    elif norwegian and (language in ("nb", "other") or told()):
        found = Span(opening, end, "PHONE", "phone, national (NO)", 0.85)
    elif coded and (language != "other" or n == 11 or told()):
        found = Span(opening, end, "PHONE", "phone, country code without plus", 0.86)
    elif dutch and (len(sizes) > 1 or told()):
        found = Span(opening, end, "PHONE", "phone, trunk zero left out", 0.8)
    else:
        return None
    return None if _is_no_persons(text, start) or stands_before(text, start, _NO_PHONE) else found


def _is_date_or_case(text: str, start: int, end: int, before: str) -> bool:
    """Whether digits are a date, or stand behind a letter or digit and a slash, as in a case number."""
    return (before[-1:] == "/" and before[-2:-1].isalnum()) or _DATE.fullmatch(text, start, end) is not None


_SPOKEN: Final = {
    "nl": "nul een één twee drie vier vijf zes zeven acht negen",
    "en": "zero oh nought one two three four five six seven eight nine double triple",
    "pl": "zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć",
    "nb": "null en ett to tre fire fem seks sju syv åtte ni",
    "fi": "nolla yksi kaksi kolme neljä viisi kuusi seitsemän kahdeksan yhdeksän",
}
_TEENS: Final = """
tien elf twaalf dertien veertien vijftien zestien zeventien achttien negentien ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen
"""
# Two digits said together: 'drieëndertig', 'thirty-three'.
_SPOKEN_PAIR: Final = (
    r"(?:\w{0,5}(?:en|ën))?(?:twintig|dertig|veertig|vijftig|zestig|zeventig|tachtig|negentig)(?!\w)"
    r"|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
    r"(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?(?!\w)|" + any_of(_TEENS) + r"(?!\w)"
)
_SPOKEN_DIGIT: Final = any_of(" ".join(_SPOKEN.values())) + r"(?!\w)"
_SPOKEN_NUMBER: Final = re.compile(
    r"(?<!\w)(?:plus )?" + any_of("nul zero oh nought null nolla plus") + r"(?:[ ,.-]{1,2}(?:"
    + _SPOKEN_DIGIT + r"|\d{1,8}(?!\d))){6,14}"
    # Polish and Norwegian numbers begin with no zero.
    + rf"|(?<!\w){_SPOKEN_DIGIT}(?:[ ,.-]{{1,2}}{_SPOKEN_DIGIT}){{7,14}}"
    + rf"|(?<!\w)(?:nul|zero|oh|nought)(?:[ ,.-]{{1,2}}(?:{_SPOKEN_DIGIT}|{_SPOKEN_PAIR})){{5,9}}",
    re.IGNORECASE,
)  # fmt: skip
ZEROS: Final = set_of("nul zero oh nought null nolla")


def spoken_numbers(text: str) -> Iterator[Span]:
    """Phone numbers said digit by digit: 'nul zes een twee drie vier vijf zes zeven acht'."""
    for found in _SPOKEN_NUMBER.finditer(text):
        yield Span(found.start(), found.end(), "PHONE", "phone, said digit by digit", 0.9)


_IBAN_START: Final = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2}) ?[0-9]{2}(?=[ .\-\u00a0]{0,2}[A-Za-z0-9])")
_IBAN_SEPARATORS: Final = frozenset(" .-\u00a0\t\n")
# At home a Polish account is written without its country.
_POLISH_ACCOUNT: Final = re.compile(r"(?<![\w-])\d{2}(?:[ -]?\d{4}){6}(?![\w-])")
DIGITS_OF_POLISH_ACCOUNT: Final = 26


def ibans(text: str, found: Groups) -> Iterator[Span]:
    """Bank account numbers with the length of their country and right check digits, in any grouping and case."""
    for start, end in found:
        if end - start in (2, DIGITS_OF_POLISH_ACCOUNT) and (account := _POLISH_ACCOUNT.match(text, start)):
            if is_iban("PL" + re.sub("[ -]", "", account.group())):
                yield Span(start, account.end(), "IBAN", "Polish account: check digits", 0.97)
            continue
        if start < 2 or not (text[start - 1].isalpha() or (text[start - 1] == " " and text[start - 2].isalpha())):
            continue
        begin = start - 2 if text[start - 1] != " " else start - 3
        match = _IBAN_START.match(text, begin) if begin >= 0 else None
        length = iban_length(match.group(1).upper()) if match else 0
        if not length:
            continue
        compact, at, limit = "", begin, min(len(text), begin + 2 * length)
        while at < limit and len(compact) < length:
            c = text[at]
            if c.isascii() and c.isalnum():
                compact += c
            elif c not in _IBAN_SEPARATORS:
                break
            at += 1
        if len(compact) == length and is_iban(compact.upper()):
            yield Span(begin, at, "IBAN", "IBAN: form and check digits", 0.99)


CENTURIES: Final = "-+ABCDEFYXWVUabcdefyxwvu\u2013"
"""What stands for the century in a henkilötunnus."""
_HETU: Final = re.compile(rf"(?<![0-9A-Za-z])[0-3]\d[01]\d{{3}} ?[{CENTURIES}] ?\d{{3}}[0-9A-Ya-y](?![0-9A-Za-z])")
_NINO: Final = re.compile(
    r"(?<![A-Za-z0-9])[A-CEGHJ-PR-TW-Za-ceghj-pr-tw-z][A-CEGHJ-NPR-TW-Za-ceghj-npr-tw-z]"
    r"([ .-]?)\d{2}\1\d{2}\1\d{2}[ .-]?[A-Da-d](?![A-Za-z0-9])"
)


def lettered_ids(text: str, found: Groups) -> Iterator[Span]:
    """National ids with letters in them: the Finnish henkilötunnus and the UK National Insurance number."""
    for start, end in found:
        if end - start == 6:
            match = _HETU.match(text, start)
            if match and is_hetu(match.group().replace(" ", "").replace("\u2013", "-")):
                yield Span(start, match.end(), "NATIONAL_ID", "henkilötunnus: check character", 0.99)
        if end - start in (2, 6) and start >= 2:
            match = _NINO.match(text, start - 2) or (_NINO.match(text, start - 3) if start >= 3 else None)
            if match and is_nino(re.sub(r"[ .-]", "", match.group())):
                yield Span(match.start(), match.end(), "NATIONAL_ID", "National Insurance number", 0.95)
