"""Finds names of persons by what stands before them: a salutation, or 'my name is'."""

import re
from collections.abc import Iterator
from typing import Final

from pipelines.personal_data.spans import Span

_INFIX: Final = (
    r"(?:van|de|der|den|het|'t|’t|ten|ter|te|von|zu|el|al|la|le|di|da|del|dos|bin|ibn|ben|af|in|op|v\.?d\.?)"
)
_PART: Final = r"(?:[A-ZÀ-ŽØÅÆŁŚŻŹĆŃÓ]\.(?: ?[A-Z]\.){0,4}|[^\W\d_][^\W\d_'’]{0,30}(?:[-'’][^\W\d_]{1,30}){0,3})"
_CAPITAL: Final = (
    r"(?:[A-ZÀ-ŽØÅÆŁŚŻŹĆŃÓ]\.(?: ?[A-Z]\.){0,4}|(?:[A-ZÀ-ŽØÅÆŁŚŻŹĆŃÓ])[^\W\d_]{0,30}(?:[-'’][^\W\d_]{1,30}){0,3})"
)
_NAME: Final = rf"(?:{_INFIX} ){{0,3}}{_CAPITAL}(?: (?:{_INFIX} ){{0,3}}{_CAPITAL}){{0,4}}"

_SALUTATION: Final = re.compile(
    r"(?<!\w)(?i:mevrouw|mevr\.?|mw\.?|meneer|mijnheer|dhr\.?|de heer|heer|juffrouw|familie|fam\.|mrs\.?|mr\.?|ms\.?"
    r"|miss|sir|madam|dr\.?|prof\.?|pan[iu]?|pana|panem|panią|fru|frk\.?|herr|hr\.?|herra|rouva|neiti|hra|rva)"
    rf" ({_NAME})"
)
_INTRODUCTION: Final = re.compile(
    r"(?<!\w)(?i:mijn naam is|m'n naam is|ik heet|u spreekt met|je spreekt met|spreekt met|ik ben|naam:|my name is"
    r"|my name's|i am called|this is|name:|nazywam się|mam na imię|z tej strony|jestem|imię i nazwisko:"
    r"|jeg heter|mitt navn er|navnet mitt er|navn:|heter|nimeni on|mun nimi on|olen|täällä|nimi:)"
    rf" ({_NAME})"
)


def names(text: str) -> Iterator[Span]:
    """Names after a salutation or a self-introduction."""
    for found in _SALUTATION.finditer(text):
        yield Span(found.start(1), found.end(1), "NAME", "name after a salutation", 0.9)
    for found in _INTRODUCTION.finditer(text):
        yield Span(found.start(1), found.end(1), "NAME", "name after an introduction", 0.85)
