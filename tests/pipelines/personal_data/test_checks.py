import random

import pytest
from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    REGION_CODE_FOR_NON_GEO_ENTITY,
    NumberParseException,
    PhoneNumberType,
    example_number_for_type,
    is_valid_number,
    national_significant_number,
    parse,
)

from pipelines.personal_data.checks import COUNTRY_CODES, is_international_phone

CODES = [code for code in COUNTRY_CODE_TO_REGION_CODE if str(code) not in COUNTRY_CODES]


def examples(code: int) -> list[str]:
    """One number of each kind that a country's regions have, as dialled from abroad, without the plus."""
    regions = [region for region in COUNTRY_CODE_TO_REGION_CODE[code] if region != REGION_CODE_FOR_NON_GEO_ENTITY]
    found = [example_number_for_type(region, kind) for region in regions for kind in PhoneNumberType.values()]
    return [f"{code}{national_significant_number(number)}" for number in found if number]


@pytest.mark.parametrize("code", CODES)
def test_numbers_of_other_countries_are_valid_as_the_library_says(code: int) -> None:
    chance = random.Random(code)
    for example in examples(code):
        assert is_international_phone(example)
        at = chance.randrange(len(str(code)), len(example))
        changed = example[:at] + chance.choice("0123456789") + example[at + 1 :]
        try:
            known = is_valid_number(parse("+" + changed, None))
        except NumberParseException:
            known = False
        assert is_international_phone(changed) or not known
