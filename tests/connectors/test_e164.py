"""Numbers that are E.164 already are taken as they stand: exactly where `phonenumbers` would give them back so."""

import phonenumbers
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat

from connectors.e164 import is_valid

CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
KINDS = range(11)


def e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def example(region: str, kind: int) -> str | None:
    number = phonenumbers.example_number_for_type(region, kind)
    return e164(number) if number else None


EXAMPLES = sorted(
    {found for region in phonenumbers.SUPPORTED_REGIONS for kind in KINDS if (found := example(region, kind))}
)


def taken_apart(written: str, region: str) -> str | None:
    """The long way."""
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
    return e164(number) if phonenumbers.is_valid_number(number) else None


def test_a_number_of_every_kind_in_every_region() -> None:
    assert [taken_apart(written, "NL") for written in EXAMPLES] == EXAMPLES
    # The others begin with what may be a prefix for calls within their country.
    assert sum(map(is_valid, EXAMPLES)) > 0.98 * len(EXAMPLES)
    for region in ("NL", "BE", "DE", "FI", "FR", "GB", "NO", "PL"):
        assert all(is_valid(found) for kind in KINDS if (found := example(region, kind)))


@given(st.sampled_from(CODES), st.text("0123456789", min_size=4, max_size=13))
def test_any_digits(code: int, digits: str) -> None:
    assert not is_valid(f"+{code}{digits}") or taken_apart(f"+{code}{digits}", "NL") == f"+{code}{digits}"


@given(st.data(), st.sampled_from(EXAMPLES), st.sampled_from(["NL", "US", "IT", "AR"]))
def test_numbers_that_are_nearly_right(data: st.DataObject, written: str, region: str) -> None:
    at = data.draw(st.integers(1, len(written) - 1))
    changed = written[:at] + data.draw(st.text("0123456789", max_size=3)) + written[at + 1 :]
    assert not is_valid(changed) or taken_apart(changed, region) == changed


@given(st.text("+0123456789 x\n٣３", max_size=18))
def test_any_writing(written: str) -> None:
    assert not is_valid(written) or taken_apart(written, "NL") == written
