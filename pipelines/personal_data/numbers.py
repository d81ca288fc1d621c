"""Finds phone numbers, national ids, bank accounts, cards and number plates: digits that prove themselves, or nearly.

A text's digit groups are found once; windows over neighbouring groups are tried at each group and are bounded by the
longest number there is, so time is linear in the text.
"""

import re
from collections.abc import Iterator
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

_GROUP: Final = re.compile(r"[0-9]+")
_JOINS: Final = re.compile(r"[ \u00a0\u202f\t./\-\u2010-\u2015()]{1,4}")
_DATE: Final = re.compile(r"(?:\d{1,2}[-./ ]{1,2}){2}(?:19|20)\d\d|(?:19|20)\d\d(?:[-./ ]\d{1,2}){2}")
_LONGEST: Final = 19

_NO_PERSON: Final = re.compile(
    r"(?:kvk|k\.v\.k|handelsregister|order|bestel|meter|mittari|lukema|måler|licznik|zamówieni|tilaus|barcode"
    r"|streepjescode|kod kreskowy|strekkode|viivakoodi|isbn"
    r"|org\.? ?nr|orgnr|organisasjonsn|y-tunnus|ytunnus|nip\b|krs\b|regon\b|btw|vat\b|mva\b|alv\b|faktu|factuur"
    r"|invoice|lasku"
    r"|artikel|track|zending|parcel|pakket|paczk|pakke|vestigingsn|rsin|company n|stand\b|stan\b|reading)"
    r"[^\d\n]{0,24}\Z",
    re.IGNORECASE,
)
_NO_PHONE: Final = re.compile(r"(?:pas|pasnummer|kaart|card|kort|kortti|karta)\w*[^\d\n]{0,16}\Z", re.IGNORECASE)
_PHONE_WORD: Final = re.compile(
    r"(?:tel|bel|gsm|mob|06|nummer|nr|phone|call|ring|text|cell|fax|whatsapp|app|sms|dzwo|zadzw|telefon|kom|numer"
    r"|tlf|ring|mobil|nås|puh|soit|numero|gsm|kontakt|contact|bereik|reach|tavoit)"
    r"[^\n\d]{0,32}\Z",
    re.IGNORECASE,
)


def _before(text: str, start: int, pattern: re.Pattern[str], width: int = 44) -> bool:
    return pattern.search(text[max(0, start - width) : start]) is not None


def numbers(text: str, language: str) -> Iterator[Span]:
    """Phone numbers, BSN, PESEL, fødselsnummer and cards, over windows of neighbouring digit groups."""
    groups = [found.span() for found in _GROUP.finditer(text)]
    for i, (start, end) in enumerate(groups):
        if end - start > _LONGEST:
            continue
        digits = text[start:end]
        sizes = [end - start]
        yield from _window(text, start, end, digits, sizes, language)
        for next_start, next_end in groups[i + 1 : i + _LONGEST]:
            if len(digits) + next_end - next_start > _LONGEST or not _JOINS.fullmatch(text, end, next_start):
                break
            end = next_end
            digits += text[next_start:next_end]
            sizes.append(next_end - next_start)
            yield from _window(text, start, end, digits, sizes, language)


def _window(text: str, start: int, end: int, digits: str, sizes: list[int], language: str) -> Iterator[Span]:
    n = len(digits)
    if n < 7:
        return
    if n >= 13 and is_card(digits):
        yield Span(start, end, "CARD", "card: issuer and Luhn", 0.99)
    if n == 11 and len(sizes) <= 3:
        if is_fodselsnummer(digits):
            yield Span(start, end, "NATIONAL_ID", "fødselsnummer: check digits", 0.98)
        elif is_pesel(digits):
            yield Span(start, end, "NATIONAL_ID", "PESEL: date and check digit", 0.97)
    if (
        n in (8, 9)
        and _is_bsn_shape(text, start, end, sizes)
        and is_bsn(digits)
        and not _before(text, start, _NO_PERSON)
    ):
        yield Span(start, end, "NATIONAL_ID", "BSN: eleven-test", 0.9 if n == 9 else 0.7)
    phone = _phone(text, start, end, digits, sizes, language)
    if phone:
        yield phone


def _is_bsn_shape(text: str, start: int, end: int, sizes: list[int]) -> bool:
    if len(sizes) == 1:
        return True
    return sum(sizes) == 9 and len(sizes) <= 4 and min(sizes) >= 2 and not _DATE.fullmatch(text, start, end)


_POLISH: Final = {
    (9,),
    (3, 3, 3),
    (2, 3, 2, 2),
    (2, 7),
    (3, 2, 2, 2),
    (2, 3, 4),
    (3, 6),
    (3, 3, 2, 1),
    (2, 2, 2, 3),
    (3, 2, 4),
}
_NORWEGIAN: Final = {(8,), (3, 2, 3), (2, 2, 2, 2), (4, 4), (2, 6), (3, 5), (2, 3, 3), (3, 3, 2)}


def _phone(text: str, start: int, end: int, digits: str, sizes: list[int], language: str) -> Span | None:
    n = len(digits)
    if n > 15:
        return None
    before = text[max(0, start - 3) : start]
    opening = start
    # (0) inside an international number is said, not dialled.
    dialled = digits
    trunk = re.search(r"\(0\)", text[start:end])
    if before.endswith("(") or before.endswith("(+"):
        opening -= 1
    if before.endswith(("+", "+ ", "(+")):
        opening = text.rindex("+", 0, start) - (1 if before.endswith("(+") else 0)
        if trunk:
            place = sum(c.isdigit() for c in text[start : start + trunk.start()])
            dialled = digits[:place] + digits[place + 1 :]
        return Span(opening, end, "PHONE", "phone, international", 0.98) if is_international_phone(dialled) else None
    if digits.startswith("00"):
        dialled = digits[2:]
        if trunk:
            place = sum(c.isdigit() for c in text[start : start + trunk.start()]) - 2
            dialled = dialled[:place] + dialled[place + 1 :]
        return (
            Span(opening, end, "PHONE", "phone, international", 0.97)
            if not _before(text, start, _NO_PHONE) and is_international_phone(dialled)
            else None
        )
    if _DATE.fullmatch(text, start, end) or (before[-1:] == "/" and before[-2:-1].isalnum()):
        return None
    if digits[0] == "0":
        for region in ("NL", "GB"):
            if is_national_phone(digits[1:], region) and n >= 10:
                return Span(opening, end, "PHONE", f"phone, national ({region})", 0.95)
        if (
            is_national_phone(digits[1:], "FI")
            and n >= 8
            and (language in ("fi", "other") or _before(text, start, _PHONE_WORD))
            and not _before(text, start, _NO_PERSON)
        ):
            return Span(opening, end, "PHONE", "phone, national (FI)", 0.9)
        return None
    shape = tuple(sizes)
    told = _before(text, start, _PHONE_WORD)
    refused = _before(text, start, _NO_PERSON)
    if (
        n == 9
        and shape in _POLISH
        and is_national_phone(digits, "PL")
        and (language in ("pl", "other") or told)
        and not refused
    ):
        return Span(opening, end, "PHONE", "phone, national (PL)", 0.85)
    if (
        n == 8
        and shape in _NORWEGIAN
        and is_national_phone(digits, "NO")
        and (language in ("nb", "other") or told)
        and not refused
    ):
        return Span(opening, end, "PHONE", "phone, national (NO)", 0.85)
    region = COUNTRY_CODES.get(digits[:2], "")
    if (
        region
        and n in (10, 11, 12)
        and not refused
        and is_national_phone(digits[2:], region)
        and (language != "other" or told or n == 11)
    ):
        return Span(opening, end, "PHONE", "phone, country code without plus", 0.86)
    if (
        n == 9
        and digits[0] == "6"
        and not refused
        and (told or shape in {(1, 8), (1, 2, 2, 2, 2), (1, 4, 4)})
        and is_national_phone(digits, "NL")
    ):
        return Span(opening, end, "PHONE", "phone, trunk zero left out", 0.8)
    return None


_IBAN_START: Final = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2}) ?([0-9]{2})(?=[ .\-\u00a0]{0,2}[A-Za-z0-9])")
_IBAN_SEPARATORS: Final = " .-\u00a0\t"


def ibans(text: str) -> Iterator[Span]:
    """Bank account numbers with the length of their country and right check digits, in any grouping and case."""
    for found in _IBAN_START.finditer(text):
        length = iban_length(found.group(1).upper())
        if not length:
            continue
        compact, at, limit = "", found.start(), min(len(text), found.start() + 2 * length)
        while at < limit and len(compact) < length:
            c = text[at]
            if c.isascii() and c.isalnum():
                compact += c
            elif c not in _IBAN_SEPARATORS:
                break
            at += 1
        if len(compact) == length and is_iban(compact.upper()):
            yield Span(found.start(), at, "IBAN", "IBAN: length and check digits", 0.99)


_HETU: Final = re.compile(
    r"(?<![0-9A-Za-z])[0-3]\d[01]\d{3} ?[-+ABCDEFYXWVUabcdefyxwvu\u2013] ?\d{3}[0-9A-Ya-y](?![0-9A-Za-z])"
)
_NINO: Final = re.compile(
    r"(?<![A-Za-z0-9])[A-CEGHJ-PR-TW-Za-ceghj-pr-tw-z][A-CEGHJ-NPR-TW-Za-ceghj-npr-tw-z]"
    r"([ .-]?)\d{2}\1\d{2}\1\d{2}[ .-]?[A-Da-d](?![A-Za-z0-9])"
)


def lettered_ids(text: str) -> Iterator[Span]:
    """National ids with letters in them: the Finnish henkilötunnus and the UK National Insurance number."""
    for found in _HETU.finditer(text):
        if is_hetu(found.group().replace(" ", "").replace("\u2013", "-")):
            yield Span(found.start(), found.end(), "NATIONAL_ID", "henkilötunnus: check character", 0.99)
    for found in _NINO.finditer(text):
        if is_nino(re.sub(r"[ .-]", "", found.group())):
            yield Span(found.start(), found.end(), "NATIONAL_ID", "National Insurance number", 0.95)


_L: Final = "[A-Za-z]"
# The Dutch series ('sidecodes') 1 to 14, with dashes (or spaces) or without.
_DUTCH_SERIES: Final = (
    "LL99 99 9999LL 99LL99 LL99LL LLLL99 99LLLL 99LLL9 9LLL99 LL999L L999LL LLL99L L99LLL 9LL999 999LL9"
)
_PLATE_DASHED: Final = re.compile(
    r"(?<![A-Za-z0-9-])(?:"
    r"[A-Z]{2}-\d\d-\d\d|\d\d-\d\d-[A-Z]{2}|\d\d-[A-Z]{2}-\d\d|[A-Z]{2}-\d\d-[A-Z]{2}|[A-Z]{2}-[A-Z]{2}-\d\d"
    r"|\d\d-[A-Z]{2}-[A-Z]{2}"
    r"|\d\d-[A-Z]{3}-\d|\d-[A-Z]{3}-\d\d|[A-Z]{2}-\d{3}-[A-Z]|[A-Z]-\d{3}-[A-Z]{2}|[A-Z]{3}-\d\d-[A-Z]"
    r"|[A-Z]-\d\d-[A-Z]{3}"
    r"|\d-[A-Z]{2}-\d{3}|\d{3}-[A-Z]{2}-\d)(?![A-Za-z0-9-])",
    re.IGNORECASE,
)
_PLATE_BARE: Final = re.compile(
    r"(?<![A-Za-z0-9-])(?:"
    r"[A-Z]{2}\d{3}[A-Z]|[A-Z]\d{3}[A-Z]{2}|[A-Z]{3}\d\d[A-Z]|[A-Z]\d\d[A-Z]{3}|\d\d[A-Z]{3}\d|\d[A-Z]{3}\d\d"
    r"|\d[A-Z]{2}\d{3}|\d{3}[A-Z]{2}\d"
    r"|\d\d[A-Z]{2}[A-Z]{2}|[A-Z]{2}\d\d[A-Z]{2}|[A-Z]{4}\d\d|\d\d[A-Z]{2}\d\d"
    r"|[A-Z]{2} ?\d{5}|[A-Z]{2}\d{2} ?[A-Z]{3}|[A-Z]{2,3}[ -]?\d[A-Z0-9]{3,4}|[A-Z]{2,3}[- ]?\d{1,3})(?![A-Za-z0-9-])",
    re.IGNORECASE,
)
_PLATE_WORD: Final = re.compile(
    r"(?:kenteken\w*|kentekenplaat|nummerplaat|nummerbord|plate|reg(?:istration)?\.?(?: (?:no|number|plate))?"
    r"|rejestrac\w*|tablic\w*|nr rej\.?|rej\.|skilt\w*|regnr|reg\.? ?nr\.?|registreringsn\w*"
    r"|rekister\w*|rekkari\w*|rek\.?|auto\w*|wagen|car|van|bil(?:en|ens)?|bus(?:je|sa)?|samoch\w*|pojazd\w*"
    r"|motor\w*|scooter)\b[^\n]{0,22}\Z",
    re.IGNORECASE,
)
_PLATE_AFTER: Final = re.compile(
    r"[ ,]{1,2}(?:\(?(?:is|er|on|jest|to)? ?(?:mijn|my|min|het|the|mój)? ?(?:nieuwe|oude|new|ny|nowy)? ?(?:kenteken"
    r"|nummerplaat|plate|reg\b|rejestrac|rekister|skilt)|(?:staat|stond|står|sto[ij]|is parked|parked|tukki|seiso"
    r"|blok))",
    re.IGNORECASE,
)
_PLATE_UPPER: Final = re.compile(
    r"(?<![A-Za-z0-9-])(?:[A-Z]{2} \d{5}|[A-Z]{2,3} \d[A-Z0-9]{3,4}(?<=[A-Z])|[A-Z]{2,3} \d{4,5}|[A-Z]{3}-\d{2,3}"
    r"|[A-Z]{2}\d{2} [A-Z]{3})(?![A-Za-z0-9-])"
)
_NO_PLATE: Final = {
    "KVK",
    "BSN",
    "BTW",
    "IBAN",
    "NIP",
    "KRS",
    "ISO",
    "NEN",
    "WOZ",
    "APV",
    "HR",
    "PC",
    "TEL",
    "SIG",
    "MOR",
    "ZAAK",
    "REF",
    "NR",
    "ERR",
    "PDF",
    "USB",
    "EUR",
    "PLN",
    "NOK",
    "GBP",
    "OJ",
    "DZ",
    "FN",
    "OR",
    "BN",
    "CT",
    "BT",
}


def plates(text: str, language: str) -> Iterator[Span]:
    """Number plates of the Netherlands, Poland, Norway and Finland: by their form, or by a form and a word for it."""
    seen = False
    for found in _PLATE_DASHED.finditer(text):
        seen = True
        yield Span(found.start(), found.end(), "PLATE", "number plate (NL form)", 0.9)
    for found in _PLATE_BARE.finditer(text):
        form = found.group()
        if " " in form and not form[0].isdigit() and not form[:2].isupper():
            continue
        if form[:3].rstrip("- 0123456789").upper() in _NO_PLATE - {"OR", "BT", "HR", "CT"}:
            continue
        if seen or _before(text, found.start(), _PLATE_WORD, 40) or _PLATE_AFTER.match(text, found.end()):
            yield Span(found.start(), found.end(), "PLATE", "number plate beside a word for it", 0.85)
            seen = True
    for found in _PLATE_UPPER.finditer(text):
        letters = re.split(r"[ -]", found.group())[0]
        if letters in _NO_PLATE:
            continue
        form = found.group()
        if (
            (language == "nb" and re.fullmatch(r"[A-Z]{2} \d{5}", form))
            or (language == "fi" and "-" in form)
            or (language == "pl" and re.fullmatch(r"[A-Z]{2,3} [0-9A-Z]{4,5}", form))
        ):
            yield Span(found.start(), found.end(), "PLATE", f"number plate ({language} form)", 0.75)
