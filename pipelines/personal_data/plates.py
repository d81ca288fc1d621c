"""Finds number plates of the Netherlands, Poland, Norway, Finland: by their form, or by a form and a word for a car."""

import re
from collections.abc import Iterator
from typing import Final

from pipelines.personal_data.numbers import Groups, stands_before
from pipelines.personal_data.spans import Span
from pipelines.personal_data.wordlists import any_of, set_of

# Series of Dutch plates ('sidecodes'), L a letter and 9 a digit; with dashes they are told by their form.
_DUTCH_PLATES: Final = set_of(
    """
    LL-99-99 99-99-LL 99-LL-99 LL-99-LL LL-LL-99 99-LL-LL 99-LLL-9 9-LLL-99 LL-999-L L-999-LL LLL-99-L L-99-LLL
    9-LL-999 999-LL-9
    """
)
_BARE_PLATES: Final = (
    frozenset(plate.replace("-", "") for plate in _DUTCH_PLATES) - {"999999"}
    | set_of("LL99999 LL99LLL LLL9999 LLL99999 LL9999L LLL999L LLL-999 LLL-99 LLL-9 LL-999 LL-99 LLL999 LL999L9")
)  # fmt: skip
_SPACED_PLATE: Final = re.compile(r"([A-Z]{2,3}) (\d[A-Z0-9]{3,4})(?![A-Za-z0-9-])")
_ROMAN_MONTH: Final = re.compile(r"(?<!\d)\d{1,2}[. ]{1,2}[IVX]{2,4} \Z")  # 7 XI 1969
_LETTERS_THEN: Final = re.compile(r"[A-Za-z]{2,3}\Z")
_SHAPE: Final = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "L" * 52 + "9" * 10)
_PLATE_WORD: Final = re.compile(
    r"(?<!\w)(?:"
    + any_of(
        """
        kenteken nummerplaat nummerbord plate rejestrac tablic nr_rej rej. skilt regnr registreringsn rekister rekkari
        auto samoch pojazd motor scooter skuter
        """
    )
    + r"\w*|(?:reg|registration|wagen|car|van|bil|bilen|bus|busje|bussa|rek)\b)[^\n]{0,22}\Z",
    re.IGNORECASE,
)
_PLATE_AFTER: Final = re.compile(
    r"[ ,]{1,2}(?:\(?(?:is|er|on|jest|to)? ?(?:mijn|my|min|het|the|mój)? ?(?:nieuwe|oude|new|ny|nowy)? ?(?:kenteken"
    r"|nummerplaat|plate|reg\b|rejestrac|rekister|skilt)|(?:staat|stond|står|stoi|is parked|parked|tukki|seiso|blok))",
    re.IGNORECASE,
)
_NO_PLATE: Final = set_of(
    """
    KVK BSN BTW IBAN NIP KRS ISO NEN WOZ APV PC TEL SIG MOR REF NR ERR PDF USB EUR PLN NOK GBP DZ FN BN VAN OP
    OM UIT NA IN AT ON NO OV MRT APR NOV DEC JAN FEB TAL PKT ART
    """
)
LONGEST_PLATE: Final = 9
VEHICLES: Final = set_of(
    """
    kenteken kentekens nummerplaat nummerbord plate plates reg registration rejestracja rejestracji rejestracyjny
    rejestracyjne rejestracyjnym tablice tablica tablicach rej skilt skiltet skiltnummer regnr registreringsnummer
    rekisteri rekisterinumero rekkari rek auto auta autem autko bus busje wagen car lorry truck bil bilen varebil
    varebilen motor scooter bestelbus bestelbusje bestelwagen camper aanhanger pojazd samochód samochodu motocykl
    skuter voertuig vehicle pojazdu kjøretøy kjøretøyet ajoneuvo ajoneuvon
    paku pakettiauto autoni auton moottoripyörä audi bmw citroen citroën corsa dacia fiat fiesta ford golf
    hyundai kia mazda mercedes nissan octavia opel passat peugeot polo renault skoda škoda tesla toyota volkswagen volvo
    vw
    """
)
_VEHICLE: Final = re.compile(r"(?<!\w)" + any_of(" ".join(VEHICLES)) + r"\b[^\n]{0,24}\Z", re.IGNORECASE)
# As people write them beside a word for a car: in any case, with blanks.
_LOOSE_PLATE: Final = re.compile(
    r"(?<![\w-])(?=((?:[A-Za-z]{1,3}|\d{1,3})[ -](?:[A-Za-z]{1,3}|\d{1,3})[ -](?:[A-Za-z]{1,3}|\d{1,3})(?![\w-])"
    r"|[A-Za-z]{2,3}[ -]\d[A-Za-z0-9]{2,4}(?![\w-])))"
)
_LOOSE_FORMS: Final = _DUTCH_PLATES | set_of(
    "LL-99999 LL-9L999 LL-999LL LL-9999L LLL-9999 LLL-99999 LLL-999 LLL-9LL9 LLL-99LL LL-9LLL"
)
_NO_LETTERS: Final = set_of(
    "de en er is te zo we je me al af ga nu km cm kg kr zł od do za ze og på av til ja on ei the van per to na om"
)
PLATES: Final = {plate for plate in _DUTCH_PLATES | _BARE_PLATES if "L" in plate}


def plates(text: str, found: Groups, language: str) -> Iterator[Span]:
    """Number plates of the Netherlands, Poland, Norway and Finland: by their form, or by a form and a word for it."""
    doubtful: list[tuple[int, int]] = []
    seen = False
    done = -1
    for start, end in found:
        if start < done or end - start > 5:
            continue
        a, b = start, end
        while a > 0 and start - a < LONGEST_PLATE and ((c := text[a - 1]) == "-" or (c.isalnum() and c.isascii())):
            a -= 1
        while b < len(text) and b - end < LONGEST_PLATE and ((c := text[b]) == "-" or (c.isalnum() and c.isascii())):
            b += 1
        done = b
        if b - a > LONGEST_PLATE:
            continue
        form = text[a:b].translate(_SHAPE)
        if form in _DUTCH_PLATES and "L" in form:
            seen = True
            yield Span(a, b, "PLATE", "number plate (NL form)", 0.9)
        elif form in _BARE_PLATES:
            if re.split(r"[-\d]", text[a:b])[0].upper() in _NO_PLATE:
                continue
            if language == "fi" and form in ("LLL-999", "LLL-99", "LLL-9", "LL-999", "LL-99"):
                yield Span(a, b, "PLATE", "number plate (fi form)", 0.75)
                seen = True
            else:
                doubtful.append((a, b))
        elif a == start and a >= 3 and text[a - 1] == " ":
            letters = _LETTERS_THEN.search(text, max(0, a - 4), a - 1)
            match = _SPACED_PLATE.match(text, letters.start()) if letters else None
            if (
                not match
                or match.group(1) in _NO_PLATE
                or _ROMAN_MONTH.search(text, max(0, a - 8), a)
                or text[match.start() - 1 : match.start()].isalnum()
            ):
                continue
            known = (language == "nb" and form == "99999" and len(match.group(1)) == 2) or language == "pl"
            if known:
                seen = True
                yield Span(match.start(), match.end(), "PLATE", f"number plate ({language} form)", 0.75)
            else:
                doubtful.append((match.start(), match.end()))
    for start, end in found:
        if end - start <= 5 and (plate := _loose_plate(text, start, end)):
            yield Span(*plate, "PLATE", "number plate beside a word for a car", 0.8)
    for a, b in doubtful:
        told = (
            stands_before(text, a, _PLATE_WORD, 40) or stands_before(text, a, _VEHICLE) or _PLATE_AFTER.match(text, b)
        )
        if seen or told:
            seen = True
            yield Span(a, b, "PLATE", "number plate beside a word for it", 0.85)


def _loose_plate(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Where the plate stands that some digits are a part of, if a word for a car is not far before."""
    for found in _LOOSE_PLATE.finditer(text, max(0, start - LONGEST_PLATE), min(len(text), end + LONGEST_PLATE)):
        plate = found.group(1)
        if not (found.start(1) <= start and end <= found.end(1)):
            continue
        if plate.translate(_SHAPE).replace(" ", "-") not in _LOOSE_FORMS:
            continue
        letters = re.findall("[A-Za-z]+", plate)
        if any(word.lower() in _NO_LETTERS or word.upper() in _NO_PLATE for word in letters):
            continue
        if stands_before(text, found.start(1), _VEHICLE):
            return found.span(1)
    return None
