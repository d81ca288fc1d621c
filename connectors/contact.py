"""Contact details in one form: e-mail addresses as the standard writes them, telephone numbers in E.164."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat

from connectors.e164 import is_valid
from schemas.feedback import Note

_NOT_VALID = "not_valid"
_LONGEST = 320


def email(given: str) -> str | None:
    """The address in its normal form, None where it is none. Looks at its writing only: nothing is asked of DNS."""
    try:
        if len(given) > _LONGEST:
            return None
        return validate_email(given.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        return None


def phone(given: str, region: str) -> str | None:
    """The number in E.164, None where no such number can exist. `region` (ISO 3166) is for one without a country."""
    if is_valid(given):
        return given
    try:
        number = phonenumbers.parse(given, region)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def checked_person(person: Mapping[str, Any], region: str) -> tuple[dict[str, Any], list[Note]]:
    """The person with e-mail and phone in one form; one that is not valid is left out and noted."""
    checked, notes = dict(person), []
    for name in ("email", "phone"):
        given = checked.pop(name, None)
        if given is None or given == "":
            continue
        found = None
        if isinstance(given, str):
            found = email(given) if name == "email" else phone(given, region)
        if found is None:
            notes.append(Note(field=f"person.{name}", problem=_NOT_VALID))
        else:
            checked[name] = found
    return checked, notes
