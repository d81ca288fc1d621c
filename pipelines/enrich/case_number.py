"""The number of the case an answer is about: from the field it was given in, from the page's URL, or from the text.

A case number is no personal data, and it has to survive the scrubber: `find` is run before masking, and its spans are
left alone. So what may be a national id, an account, a card or a telephone number is never taken for a case, whatever
word stands before it, unless its form says that it is one (`ZAAK-2026-…`) or the town's own pattern asks for it.

How free text is read: every word with a digit is a candidate. Its form decides (`_SHAPES`: a year and a serial number
with a prefix, the references of Dutch, Polish, Norwegian, Finnish and British offices), and else the label before it
(`zaaknummer`, `sprawa nr`, `saksnummer`, `asianumero`, `reference` …). A label of another thing (`order`, `KvK`,
`factuur`, `telefon` …) rules it out. No part is slower than linear: a candidate has at most 40 letters, and a fixed
stretch of text before and after it is looked at.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

import re2

from pipelines.enrich.case_labels import Label, Role, label_after, label_before, role_of
from pipelines.enrich.other_numbers import (
    KNOWN_WORDS,
    LONG_WORDS,
    NO_BARE_TELEPHONES,
    SEPARATORS,
    is_amount,
    is_other,
    is_personal,
    is_reserved,
    is_telephone,
    is_year,
)

LONGEST = 40  # letters of a case number: Zaak.identificatie of the ZGW Zaken API
_LONGEST_PATTERN = 500
_LONGEST_URL = 4096
_RE2_MEMORY = 1 << 20

# Forms that are a case number by themselves, each by the name that a town's settings use to choose. Letters count
# without case. `yy` numbers need a long or zero-padded serial, so that a date is none.
_YEAR = r"(?:199\d|20[0-4]\d)"
_SHAPES: dict[str, str] = {
    # ZAAK-2026-0000000001 (Open Zaak), Z/26/123456, Z2026-00012345, BZW-2026-0173, SUB.25.00914, Z26-009914
    "prefix-year": rf"[a-z]{{1,8}}[-/.]?{_YEAR}[-/.]\d{{3,10}}(?:[-/.]\d{{1,4}})?"
    r"|[a-z]{1,8}[-/.]?\d\d[-/.](?:0\d{3,9}|\d{5,10})(?:[-/.]\d{1,4})?"
    rf"|[a-z]{{1,4}}[-/.]?{_YEAR}\d{{4,10}}"
    # SM/2026/11-0936, M260519-0088: a month or a day before the serial number
    rf"|[a-z]{{1,6}}/{_YEAR}/\d{{1,2}}-\d{{3,6}}"
    r"|[a-z]{1,4}-?\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])-\d{3,6}",
    # 2026/0012345, 2026-0018442, 2026/004417-3, 2026/1140-6 (a document of a Norwegian case)
    "year": rf"{_YEAR}[-/.]\d{{5,10}}(?:-\d{{1,4}})?|{_YEAR}/\d{{3,6}}-\d{{1,4}}",
    # 2025-WMO-11873, 2025-0118-WOO
    "year-prefix": rf"{_YEAR}[-/.](?:[a-z]{{1,8}}[-/.]\d{{3,10}}|\d{{3,8}}[-/.][a-z]{{2,5}})",
    # SIG-12345 (Signalen), OLO-8841273 (Omgevingsloket), INC0048213, FS-Case-12345678 and their like (service desks)
    "signalen": r"sig-?\d{3,9}",
    "service-desk": r"(?:inc|ritm|req|sctask|cs)\d{6,10}"
    r"|(?:[a-z]{1,4}-)?(?:olo|mor|zaak|case|melding|ticket)[-/]\d{4,12}",
    # OF-7KQ2ZD (Open Formulieren: six of its own alphabet)
    "open-formulieren": r"of-(?=[a-z]{0,5}\d)[a-z0-9]{6}",
    # OR.5343.118.2026, FN-II.3120.77.2026, MOPS/4021/338/2026 (Polish offices: unit, class of the file plan, number,
    # year)
    "jrwa": r"[a-z]{1,6}(?:-[a-z]{1,4})?(?:\.\d{3,5}(?:\.\d{1,4})?\.\d{1,6}\.|/\d{3,5}/\d{1,6}/)"
    rf"{_YEAR}(?:\.[a-z]{{1,4}})?",
    # OUKA/1187/02.03.01/2026 (Finnish registers: number, class, year), 12-0481-26-T (building permits)
    "diaari": rf"(?:[a-z]{{2,5}}/)?\d{{1,6}}/\d\d\.\d\d(?:\.\d\d){{0,3}}/{_YEAR}|\d{{2,3}}-\d{{3,4}}-\d\d-[a-z]{{1,3}}",
    # 24/03391/FUL (British planning applications)
    "planning": rf"(?:[a-z]{{1,4}}/)?(?:\d\d|{_YEAR})/\d{{4,5}}/[a-z]{{1,5}}",
}
# In lower case only what no word with a number looks like.
_FOUR_DIGIT_YEAR = re.compile(rf"(?<!\d){_YEAR}", re.ASCII)
_KNOWN_PREFIX = re.compile(r"\d|(?:zaak|sig|olo|mor|case|melding|inc|ritm)[-/]?\d", re.IGNORECASE)
_NAMED = re.compile(r"(?:zaak|sig|olo|mor|of|case|melding|inc|ritm|sctask)[-/]?[0-9]|of-", re.IGNORECASE)
_PREFIX = re.compile(r"([A-Za-z]+)[-/.]?")
# Six digits and more behind a short prefix: WC-773120. Fewer may be a number plate.
_PREFIXED = re.compile(r"[A-Z]{2,5}-(\d{6,10})", re.ASCII)
# A free identification of the ZGW Zaken API, with a digit.
_FREE = re.compile(rf"(?=[^0-9]*[0-9])[A-Za-z0-9._/-]{{1,{LONGEST}}}", re.ASCII)

BUILT_IN: frozenset[str] = frozenset(_SHAPES)


class Found(NamedTuple):
    """A case number in a text: `text[start:end] == number`, in code points."""

    start: int
    end: int
    number: str


@dataclass(frozen=True, slots=True)
class CasePatterns:
    """What a town's case numbers look like.

    `own` are regular expressions of the town, in RE2's syntax (no look-around, no back-references: that is what
    makes them linear in time), compared without case; where one has a group, the number is its first group.
    `built_in` names the forms of `BUILT_IN` that count, all by default. `setting` is where the town wrote them, for
    the message of the ValueError that a bad pattern raises.
    """

    own: tuple[str, ...] = ()
    built_in: frozenset[str] = BUILT_IN
    setting: str = field(default="case_patterns", compare=False)

    def __post_init__(self) -> None:
        if unknown := self.built_in - BUILT_IN:
            known = ", ".join(sorted(BUILT_IN))
            raise ValueError(f"{self.setting}: no built-in pattern {sorted(unknown)[0]!r}; there are: {known}")
        for place, pattern in enumerate(self.own, start=1):
            _compile_own(pattern, f"{self.setting}, pattern {place}")


def find(text: str, patterns: CasePatterns, language: str | None = None) -> list[Found]:
    """Case numbers in free text, in their order, not overlapping.

    `language` (nl, en, pl, nb, fi) tells which bare numbers are telephone numbers; where it is not known, those of
    all five are taken for one.
    """
    return _find(text, _compiled(patterns), language) if _DIGIT.search(text) else []


def from_url(url: str, patterns: CasePatterns, language: str | None = None) -> str | None:
    """The case number that a page's URL carries: in a parameter named for it, or as a path segment of a known form."""
    if not _DIGIT.search(url):
        return None
    try:
        parts = urlsplit(url[:_LONGEST_URL])
        # A fragment may hold a path and parameters of its own: single-page applications.
        path, _, query = parts.fragment.partition("?")
        pairs = parse_qsl(parts.query, max_num_fields=100) + parse_qsl(query, max_num_fields=100)
    except ValueError:
        return None
    for name, value in pairs:
        key = "".join(filter(str.isalnum, name)).casefold()
        if _PARAMETERS.fullmatch(key) and (number := given(value, patterns, language)) is not None:
            return number
        if _VAGUE_PARAMETERS.fullmatch(key) and _by_form(value.strip(), patterns):
            return value.strip()
    for segment in f"{parts.path}/{path}".split("/"):
        number = unquote(segment)
        if number[:1].isalpha() and _by_form(number, patterns):
            return number
    return None


def given(value: str, patterns: CasePatterns, language: str | None = None) -> str | None:
    """A value from the field for the case number, if it can be one; None where it is something else.

    It can be one if it has a form of the town or a built-in one, or is a free identification of the ZGW Zaken API
    (at most 40 of A-Z a-z 0-9 . _ / - with a digit) that is no e-mail address, telephone number, network address,
    account, card, national id, plate, postcode, date or word with a number. "Zaak: ZAAK-2026-…" gives the number alone.

    Telephone numbers are those with a prefix (0, 00, +); with `language` nb or pl also eight or nine digits alone,
    which elsewhere are too good a case number to refuse.
    """
    number = value.strip()
    if not number or not _DIGIT.search(number):
        return None
    if _by_form(number, patterns):
        return number
    if not _FREE.fullmatch(number):
        found = find(number, patterns, language) if len(number) <= 4 * LONGEST else []
        return found[0].number if len(found) == 1 else None
    if is_personal(number, language or NO_BARE_TELEPHONES) or is_other(number) or _hides_another(number):
        return None
    return number


# --- the town's patterns ------------------------------------------------------------------------------------------


class _Compiled(NamedTuple):
    own: tuple[Any, ...]
    shapes: re.Pattern[str] | None

    def own_in(self, text: str) -> list[Found]:
        # RE2 works on UTF-8, where a lone surrogate cannot be written.
        text = _SURROGATE.sub("?", text)
        found: list[Found] = []
        for pattern in self.own:
            for match in pattern.finditer(text):
                start, end = match.span(1 if pattern.groups else 0)
                if start < end and _stands_alone(text, start, end) and _DIGIT.search(text, start, end):
                    found.append(Found(start, end, text[start:end]))
        return _without_overlap(found)

    def is_shape(self, form: str) -> bool:
        return self.shapes is not None and self.shapes.fullmatch(form) is not None

    def is_own(self, number: str) -> bool:
        text = _SURROGATE.sub("?", number)
        return any(match and match.group() for match in (pattern.fullmatch(text) for pattern in self.own))


@lru_cache(maxsize=1024)
def _compiled(patterns: CasePatterns) -> _Compiled:
    shapes = "|".join(_SHAPES[name] for name in sorted(patterns.built_in))
    return _Compiled(
        own=tuple(_compile_own(pattern, patterns.setting) for pattern in patterns.own),
        shapes=re.compile(shapes, re.IGNORECASE | re.ASCII) if shapes else None,
    )


def _compile_own(pattern: str, setting: str) -> Any:
    if not pattern or len(pattern) > _LONGEST_PATTERN:
        raise ValueError(f"{setting}: a pattern has 1 to {_LONGEST_PATTERN} letters")
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _RE2_MEMORY
    try:
        compiled = re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else "not valid text"
        raise ValueError(
            f"{setting}: not a regular expression in RE2's syntax ({reason}); look-around and back-references are "
            "not possible, since they can take forever"
        ) from None
    if compiled.fullmatch(""):
        raise ValueError(f"{setting}: the pattern matches the empty text, and so everything")
    return compiled


def _without_overlap(found: Collection[Found]) -> list[Found]:
    kept: list[Found] = []
    for each in sorted(found, key=lambda f: (f.start, -f.end)):
        if not kept or each.start >= kept[-1].end:
            kept.append(each)
    return kept


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether the match is no part of a longer word or number."""
    return not (
        (start and text[start - 1].isalnum() and text[start].isalnum())
        or (end < len(text) and text[end].isalnum() and text[end - 1].isalnum())
    )


def _by_form(number: str, patterns: CasePatterns) -> bool:
    """Whether the whole of it has a form of the town's, or a built-in one and is no account or national id."""
    if len(number) > LONGEST:
        return False
    compiled = _compiled(patterns)
    if compiled.own and compiled.is_own(number):
        return True
    return compiled.is_shape(number) and not (is_reserved(number) or _hides_another(number))


# --- free text ----------------------------------------------------------------------------------------------------

_DIGIT = re.compile(r"[0-9]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_JOINTS = "-/._‐‑–"
# A candidate from its first digit on; its letters before that are taken in from there, 40 at most.
_FROM_DIGIT = re.compile(r"[0-9][\w./‐‑–-]*")
_ADDRESS = re.compile(r"://|@|www\.|[?&=]")
_FOREIGN = re.compile(r"[^\W0-9_a-zA-Z]")  # SØK-2025-0091: for the form of a number a letter is a letter
_DASH = str.maketrans("‐‑–", "---")

# Letters before a candidate in which a label is looked for; before digits alone it stands beside them.
_STRETCH = 72
_SHORT_STRETCH = 36


# ASCII characters that neither stand in a candidate nor before its first digit. The others are not told apart here, so
# that RE2's Unicode need not be Python's.
_NEITHER = r"\x00-,:-@\[-^`{-\x7f"
CANDIDATE = rf"[0-9][^{_NEITHER}]{{3}}|[^0-9{_NEITHER}][0-9]"
"""A pattern, in RE2's syntax, of all texts in which `find` finds something where a town has no patterns of its own."""


def _find(text: str, compiled: _Compiled, language: str | None) -> list[Found]:
    own = compiled.own_in(text) if compiled.own else []
    found: list[Found] = []
    before: Found | None = None
    for match in _FROM_DIGIT.finditer(text):
        start, end = match.span()
        if start and (text[start - 1] in _JOINTS or text[start - 1].isalpha()):
            start = _start_of_word(text, start)
        elif end - start < 4:
            continue  # most numbers in comments: hours, days, house numbers
        while text[end - 1] in _JOINTS:
            end -= 1
        if not 4 <= end - start <= LONGEST or (own and any(each.start < end and start < each.end for each in own)):
            continue
        if (case := _judge(text, start, end, compiled, language, before)) is not None:
            found.append(case)
            before = case
    return sorted(found + own) if own else found


def _start_of_word(text: str, start: int) -> int:
    least = max(0, start - LONGEST)
    while start > least and (text[start - 1] in _JOINTS or text[start - 1].isalpha()):
        start -= 1
    while text[start] in _JOINTS:
        start += 1
    return start


def _judge(
    text: str, start: int, end: int, compiled: _Compiled, language: str | None, before: Found | None
) -> Found | None:
    number = text[start:end]
    if (start and text[start - 1] in "@+€$£") or text[end : end + 1] in ("@", "€", "%"):
        return None
    if number.isascii() and number.isdecimal():
        is_case = _plain_is_case(text, start, end, compiled, language, before)
        return Found(start, end, number) if is_case else None
    if _in_an_address(text, start):
        return None
    form = _FOREIGN.sub("X", number.translate(_DASH))
    if (compiled.is_shape(form) and _tells(form)) or _is_prefixed(form):
        if is_reserved(form) or _hides_another(form) or _labelled_otherwise(text, start, form):
            return None
        start = _with_office(text, start, form)
        return Found(start, end, text[start:end])
    digits = sum(map(str.isdecimal, form))
    if digits < 3 or is_other(form) or _is_end_of_plate(text, start, form):
        return None
    if not any(map(str.isalpha, form)) and (digits < 5 or _in_a_row(text, start, end)):
        return None
    label = _label(text, start, form, _STRETCH, compiled, before)
    if label.role is Role.OTHER_THING:
        return None
    labelled = label.role is Role.NUMBER_LABEL or (label.role is Role.CASE and digits >= 4)
    if not (labelled or label_after(text, end)) or is_amount(text, end) or is_personal(form, language):
        return None
    return Found(start, end, number)


def _plain_is_case(
    text: str, start: int, end: int, compiled: _Compiled, language: str | None, before: Found | None
) -> bool:
    """Digits alone: only with a label beside them."""
    number = text[start:end]
    if is_year(number) or _in_a_row(text, start, end) or is_amount(text, end):
        return False
    if end - start == 4 and (letters := _TWO_LETTERS.match(text, end)) and letters[1] not in _SHORT_WORDS:
        return False  # a Dutch postcode
    label = _label(text, start, number, _SHORT_STRETCH, compiled, before)
    if label.role is Role.OTHER_THING:
        return False
    on_a_ticket = text[max(0, start - 2) : start] == "[#" and text[end : end + 1] == "]"  # subject of a desk's mail
    labelled = label.away == 0 and (label.role is Role.NUMBER_LABEL or (label.role is Role.CASE and end - start >= 5))
    if not (labelled or (on_a_ticket and end - start >= 5) or label_after(text, end)):
        return False
    return not (is_personal(number, language) or _in_an_address(text, start))


def _is_end_of_plate(text: str, start: int, form: str) -> bool:
    """Whether the letters of a Polish or Norwegian plate stand before it: WA 4512K."""
    return len(form) <= 5 and form.isalnum() and _START_OF_PLATE.search(text, max(0, start - 5), start) is not None


_START_OF_PLATE = re.compile(r"(?<!\w)[A-Z]{1,3} \Z")
_TWO_LETTERS = re.compile(r" ([A-Za-z]{2})\b")
_SHORT_WORDS = frozenset({"al", "de", "en", "er", "ik", "in", "is", "na", "of", "om", "op", "te", "we", "ze"})


def _tells(form: str) -> bool:
    """Whether a form is one also in its case and with its letters: in lower case more words and handles look alike."""
    if form == form.lower() and not (_FOUR_DIGIT_YEAR.search(form) or _KNOWN_PREFIX.match(form)):
        return False
    return all(word.isupper() or KNOWN_WORDS.fullmatch(word) for word in LONG_WORDS.findall(form))


def _is_prefixed(form: str) -> bool:
    match = _PREFIXED.fullmatch(form)
    return match is not None and not is_personal(match[1], NO_BARE_TELEPHONES)


def _hides_another(form: str) -> bool:
    """Whether the prefix names another thing, or what follows it is a telephone number: TEL.06-12345678."""
    prefix = _PREFIX.match(form)
    if prefix is None:
        return False
    rest = form[prefix.end() :].translate(SEPARATORS)
    return role_of(prefix[1].casefold()) is Role.OTHER_THING or (rest.isdecimal() and is_telephone(rest))


def _labelled_otherwise(text: str, start: int, form: str) -> bool:
    """Whether another thing's name stands right before it; a prefix that only cases have is not doubted."""
    if _NAMED.match(form):
        return False
    # Behind a comma it is no longer about the number: "given at counter 4, it is OR.5343.118.2026".
    label = label_before(text, start, min(_SHORT_STRETCH, start - 1 - text.rfind(",", 0, start)))
    return label.role is Role.OTHER_THING and label.away == 0


def _label(text: str, start: int, form: str, stretch: int, compiled: _Compiled, before: Found | None) -> Label:
    if before is not None and _one_more(text, before, start, form, compiled):
        return Label(Role.NUMBER_LABEL, 0)
    return label_before(text, start, stretch)


def _one_more(text: str, before: Found, start: int, form: str, compiled: _Compiled) -> bool:
    """Whether the candidate goes on a list: "meldingsnummers 1048576 en 1048577"."""
    return (
        _AND.fullmatch(text, before.end, start) is not None
        and len(before.number) == len(form)
        and before.number.isdigit() == form.isdigit()
        and not compiled.is_shape(before.number)
    )


_AND = re.compile(r"[\s,(]*(?:en|and|&|i|oraz|og|ja|of|or|\+)?[\s,]*")
_OFFICE = re.compile(r"(?<![\w-])([A-Z]{2,5})[ :]\Z")
_FINNISH = re.compile(rf"{_YEAR}[-/]|\d+/\d\d\.\d\d")


def _with_office(text: str, start: int, form: str) -> int:
    """Finnish towns write their letters first: "HEL 2026-003918", "TRE:1187/02.07.01/2025"."""
    if _FINNISH.match(form) and (office := _OFFICE.search(text, max(0, start - 8), start)):
        word = office.group(1)
        if role_of(word.casefold()) is Role.WORD and not text[max(0, start - 40) : office.start(1)].isupper():
            return office.start(1)
    return start


def _in_an_address(text: str, start: int) -> bool:
    """Whether it is a piece of a URL or of an e-mail address."""
    word = text[max(0, start - _STRETCH) : start].rsplit(maxsplit=1)
    return bool(start and not text[start - 1].isspace() and word and _ADDRESS.search(word[-1]))


def _in_a_row(text: str, start: int, end: int) -> bool:
    """Whether digits stand on either side, as in a number that is written in groups."""
    return bool(
        (start > 1 and text[start - 1] in " -." and text[start - 2].isdigit())
        or (end + 1 < len(text) and text[end] in " -." and text[end + 1].isdigit())
    )


# --- URLs ---------------------------------------------------------------------------------------------------------

# Names of parameters, without case and punctuation, that hold a case number and nothing else.
_PARAMETERS = re.compile(
    r"zaak(?:nummer|nr|id|identificatie|kenmerk|referentie)?|melding(?:s?nummer|s?nr|id)?|signaal(?:id)?|signalid"
    r"|(?:ons)?kenmerk|dossier(?:nummer|nr|id)?|aanvraagnummer|case(?:id|number|nr|no|reference|ref|nummer)?"
    r"|referen[ct]i?e(?:number|nummer|nr)?|refnr|sprawaid|(?:nr|numer|znak)?sprawy?a?|(?:nr|numer)?zgloszeni[ae]"
    r"|saks?(?:id|nummer|nr)?|asia(?:id|numero|tunnus)?|diaarinumero|dnro"
)
# Names that hold other things as well: only a number of a known form counts.
_VAGUE_PARAMETERS = re.compile(r"ref|id|nr|nummer|number|ticket(?:id)?|identificatie|iddisplay|externalid|q")
