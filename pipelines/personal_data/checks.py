# ruff: noqa: E501
"""The numbers that prove themselves: checksums of national ids, bank accounts and cards, and validity of phone numbers.

Nothing here looks at a text; a caller hands over the bare digits of a candidate.
"""

import re
from collections.abc import Sequence
from functools import cache
from operator import mul
from typing import Final

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, country_code_for_region
from stdnum import luhn, numdb
from stdnum.exceptions import ValidationError
from stdnum.fi import hetu
from stdnum.no import fodselsnummer
from stdnum.pl import pesel

_BSN_WEIGHTS: Final = (9, 8, 7, 6, 5, 4, 3, 2, -1)


def is_bsn(digits: str) -> bool:
    """Whether 8 or 9 digits pass the eleven-test of the Dutch citizen service number."""
    if len(digits) not in (8, 9) or digits.count("0") == len(digits):
        return False
    total: int = sum(map(mul, _BSN_WEIGHTS, map(int, digits.rjust(9, "0"))))
    return total % 11 == 0


def is_pesel(digits: str) -> bool:
    """Whether 11 digits are a Polish PESEL: a date of birth and a check digit."""
    return len(digits) == 11 and bool(pesel.is_valid(digits))


def is_fodselsnummer(digits: str) -> bool:
    """Whether 11 digits bear the two check digits of a Norwegian fødselsnummer, D-number or H-number.

    The date in it is not judged: test numbers and the kinds to come shift the month or the day.
    """
    if len(digits) != 11:
        return False
    try:
        return (
            fodselsnummer.calc_check_digit1(digits) == digits[9]
            and fodselsnummer.calc_check_digit2(digits) == digits[10]
        )
    except ValidationError:
        return False


def is_hetu(code: str) -> bool:
    """Whether the 11 characters are a Finnish henkilötunnus, temporary ones and the century signs of 2023 included."""
    return bool(hetu.is_valid(code.upper(), allow_temporary=True))


def is_nino(code: str) -> bool:
    """Whether 9 characters (no spaces) can be a UK National Insurance number; it has no check digit."""
    code = code.upper()
    return code[:2] not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}


@cache
def _iban_parts(country: str) -> tuple[tuple[int, str], ...]:
    found = numdb.get("iban").info(country)
    structure = found[0][1].get("bban", "") if found else ""
    classes = {"n": "[0-9]", "a": "[A-Z]", "c": "[0-9A-Z]"}
    return tuple((int(n), classes[kind]) for n, kind in re.findall(r"(\d+)!?([anc])", structure))


@cache
def iban_length(country: str) -> int:
    """How many characters an IBAN of this country (two capitals) has; 0 where the country has none."""
    parts = _iban_parts(country)
    return 4 + sum(n for n, _ in parts) if parts else 0


@cache
def _iban_form(country: str) -> re.Pattern[str]:
    return re.compile("[A-Z]{2}[0-9]{2}" + "".join(f"{kind}{{{n}}}" for n, kind in _iban_parts(country)))


def is_iban(compact: str) -> bool:
    """Whether capitals and digits without separators are an IBAN: the form of its country, check digits (mod 97)."""
    if iban_length(compact[:2]) != len(compact) or not _iban_form(compact[:2]).fullmatch(compact):
        return False
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1


# Issuers' prefixes and lengths, after ISO/IEC 7812 as the networks publish them.
_CARD: Final = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11}"  # Diners Club
    r"|(?:6011|64[4-9]\d|65\d\d)\d{12}"  # Discover
    r"|35(?:2[89]|[3-8]\d)\d{12}"  # JCB
    r"|(?:5018|5020|5038|5893|6304|6759|676[1-3])\d{8,15}"  # Maestro
    r"|62\d{14,17}"  # UnionPay
)


def is_card(digits: str) -> bool:
    """Whether the digits are a payment card: a known issuer's prefix and length, and the Luhn check digit."""
    return bool(_CARD.fullmatch(digits)) and bool(luhn.is_valid(digits))


REGIONS: Final = ("NL", "GB", "PL", "NO", "FI")
COUNTRY_CODES: Final = {str(country_code_for_region(region)): region for region in REGIONS}
# Their numbers are dialled as if they were ours.
_SAME_CODE: Final = {"GB": ("GG", "JE", "IM"), "NO": ("SJ",), "FI": ("AX",)}
# The kinds of number a person can have. Free, premium and shared-cost numbers are a service's: they stay.
_PERSONAL_KINDS: Final = ("fixed_line", "mobile", "personal_number", "voip", "pager", "uan", "voicemail")
# Of countries that are none of ours it is not worth to know a service from a person.
_OTHER_KINDS: Final = ("toll_free", "premium_rate", "shared_cost")


def _metadata(code: int, region: str) -> PhoneMetadata:
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    if metadata is None:
        raise LookupError(f"the library of phone numbers lists region {region} and has nothing of it: report it there")
    return metadata


def _valid(metadata: PhoneMetadata, kinds: Sequence[str]) -> str:
    """What matches the national numbers of some kinds."""
    found = (getattr(metadata, kind) for kind in kinds)
    patterns = [kind.national_number_pattern for kind in found if kind and kind.national_number_pattern]
    return f"(?:{'|'.join(patterns)})"


@cache
def _national(region: str) -> re.Pattern[str]:
    # 14 0xx of a Dutch town and five-digit Norwegian numbers are in `uan`: too short to be a person's.
    kinds = [_valid(_metadata(0, one), _PERSONAL_KINDS) for one in (region, *_SAME_CODE.get(region, ()))]
    return re.compile(rf"(?=\d{{6,}})(?:{'|'.join(kinds)})")


def is_national_phone(digits: str, region: str) -> bool:
    """Whether digits without country code and trunk zero are a valid number of that region, by libphonenumber's data."""
    return bool(_national(region).fullmatch(digits)) and not (region == "NL" and digits.startswith("140"))


@cache
def _international(code: int, region: str) -> re.Pattern[str]:
    metadata = _metadata(code, region)
    # What a transformation is for is said without the country code. A trunk prefix is said in spite of it.
    prefix = (
        metadata.national_prefix if metadata.national_prefix_transform_rule else metadata.national_prefix_for_parsing
    )
    trunk = f"(?:{prefix})?" if prefix else ""
    return re.compile(trunk + _valid(metadata, (*_PERSONAL_KINDS, *_OTHER_KINDS)))


def is_international_phone(digits: str) -> bool:
    """Whether digits that begin with a country code are a valid number of that country, by libphonenumber's data."""
    for length in (2, 3):
        region = COUNTRY_CODES.get(digits[:length])
        if region:
            rest = digits[length:]
            return is_national_phone(rest, region) or (
                region != "PL" and region != "NO" and rest[:1] == "0" and is_national_phone(rest[1:], region)
            )
    # No country code begins with another.
    for length in (1, 2, 3):
        regions = COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:length])) if digits[0] != "0" else None
        if regions:
            code = int(digits[:length])
            return any(_international(code, region).fullmatch(digits, length) for region in regions)
    return False
