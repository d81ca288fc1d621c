"""What a detector finds and what a scrubber hands back, and the placeholders that take the place of what was found."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple


class Span(NamedTuple):
    """A stretch of personal data. Offsets count code points; `rule` names what took it, for whoever asks why."""

    start: int
    end: int
    type: str
    rule: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """The scrubbed text; the spans, with offsets in the text that came in; the language it was read as."""

    text: str
    spans: tuple[Span, ...]
    language: str


LANGUAGES: Final = ("nl", "en", "pl", "nb", "fi")

_TABLE: Final = {
    # type:        nl                 en                pl                 nb                  fi
    "NAME":        ("NAAM",           "NAME",           "IMIĘ",            "NAVN",             "NIMI"),
    "EMAIL":       ("E-MAIL",         "E-MAIL",         "E-MAIL",          "E-POST",           "SÄHKÖPOSTI"),
    "PHONE":       ("TELEFOON",       "PHONE",          "TELEFON",         "TELEFON",          "PUHELIN"),
    "ADDRESS":     ("ADRES",          "ADDRESS",        "ADRES",           "ADRESSE",          "OSOITE"),
    "POSTCODE":    ("POSTCODE",       "POSTCODE",       "KOD POCZTOWY",    "POSTNUMMER",       "POSTINUMERO"),
    "NATIONAL_ID": ("PERSOONSNUMMER", "NATIONAL ID",    "NUMER OSOBY",     "PERSONNUMMER",     "HENKILÖTUNNUS"),
    "IBAN":        ("REKENINGNUMMER", "BANK ACCOUNT",   "NUMER KONTA",     "KONTONUMMER",      "TILINUMERO"),
    "CARD":        ("BETAALKAART",    "PAYMENT CARD",   "KARTA PŁATNICZA", "BETALINGSKORT",    "MAKSUKORTTI"),
    "PLATE":       ("KENTEKEN",       "NUMBER PLATE",   "REJESTRACJA",     "SKILTNUMMER",      "REKISTERITUNNUS"),
    "BIRTHDATE":   ("GEBOORTEDATUM",  "DATE OF BIRTH",  "DATA URODZENIA",  "FØDSELSDATO",      "SYNTYMÄAIKA"),
    "IP":          ("IP-ADRES",       "IP ADDRESS",     "ADRES IP",        "IP-ADRESSE",       "IP-OSOITE"),
    "HANDLE":      ("ACCOUNT",        "ACCOUNT",        "KONTO",           "BRUKERNAVN",       "KÄYTTÄJÄTUNNUS"),
    "URL":         ("LINK",           "LINK",           "LINK",            "LENKE",            "LINKKI"),
    "OTHER":       ("VERWIJDERD",     "REMOVED",        "USUNIĘTO",        "FJERNET",          "POISTETTU"),
}  # fmt: skip

TYPES: Final = tuple(_TABLE)

PLACEHOLDERS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        language: MappingProxyType({kind: f"[{words[column]}]" for kind, words in _TABLE.items()})
        for column, language in enumerate(LANGUAGES)
    }
)
"""By language, then by type. A language that is not here gets the English ones."""
