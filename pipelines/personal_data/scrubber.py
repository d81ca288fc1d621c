"""Puts the detectors together: finds spans, settles overlaps, writes placeholders.

A text without a candidate costs a look-up a word. A scrubbed text scrubbed again does not change: detection is repeated
on the text with its placeholders until it finds nothing more, since a placeholder beside a word can be what gives that
word away.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Final

from pipelines.personal_data import addresses, births, names, numbers, online
from pipelines.personal_data import contacts as contact_details
from pipelines.personal_data import language as languages
from pipelines.personal_data.spans import PLACEHOLDERS, Scrubbed, Span

_MOST_PASSES: Final = 10
_ORDER: Final = "URL EMAIL IBAN CARD NATIONAL_ID PHONE IP BIRTHDATE PLATE ADDRESS POSTCODE HANDLE OTHER NAME"
_RANK: Final = {kind: rank for rank, kind in enumerate(_ORDER.split())}
_SURE: Final = 0.95
_DIGIT: Final = re.compile(r"[0-9]")
_SIGN: Final = re.compile(r"[0-9@/\[]|::|www\.|-.-|(?:\b\w ){3}")
_TELLING: Final = frozenset(
    form for word in online.AT_WORDS | numbers.ZEROS for form in (word, word.capitalize(), word.upper())
)

Ranges = Sequence[tuple[int, int]]


class Scrubber:
    """Finds personal data in texts and takes it out. Built once a process; safe to share between threads.

    `keep` and `scrub` are a town's own words or phrases, matched without regard to case. `placeholders` replaces
    those of `spans.PLACEHOLDERS`: by language, then by type; what it leaves out keeps its default.
    """

    def __init__(
        self,
        keep: Iterable[str] = (),
        scrub: Iterable[str] = (),
        placeholders: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self._keep = _phrases(keep)
        self._scrub = _phrases(scrub)
        given = placeholders or {}
        self._placeholders = {lang: {**kinds, **given.get(lang, {})} for lang, kinds in PLACEHOLDERS.items()}
        written = {word: kind for kinds in self._placeholders.values() for kind, word in kinds.items()}
        self._kinds = written
        self._written = re.compile("|".join(map(re.escape, sorted(written, key=len, reverse=True))))
        self._odd_marks = any(word[0] != "[" for word in written)
        names.load()

    def scrub(
        self,
        text: str,
        language: str | None = None,
        *,
        contacts: Sequence[str] = (),
        protected: Ranges = (),
    ) -> Scrubbed:
        """The text without personal data, and what was taken out of it.

        `contacts` are the details that the event carries; they are taken out in every form. `protected` are offsets
        of case numbers, which stay whatever they look like.
        """
        composed, places = _compose(text)
        if places is not None:
            protected = [(bisect_left(places, start), bisect_left(places, end)) for start, end in protected]
        spans, read_as = self._find(composed, language, contacts, protected)
        if not spans:
            return Scrubbed(text, (), read_as)
        if places is not None:
            spans = [Span(places[s.start], places[s.end], s.type, s.rule, s.confidence) for s in spans]
        return Scrubbed(self._render(text, spans, read_as)[0], tuple(spans), read_as)

    def scrub_many(
        self,
        texts: Sequence[str | None],
        languages: Sequence[str | None] | None = None,
        contacts: Sequence[Sequence[str]] | None = None,
        protected: Sequence[Ranges] | None = None,
    ) -> list[str | None]:
        """What `scrub` gives for each text, without the spans. None stays None."""
        rows = zip(texts, languages or repeat(None), contacts or repeat(()), protected or repeat(()), strict=False)
        return [
            None if text is None else self._text(text, language, details, kept)
            for text, language, details, kept in rows
        ]

    def _text(self, text: str, language: str | None, contacts: Sequence[str], protected: Ranges) -> str:
        if not (contacts or self._scrub) and not text.isupper() and _is_plain(text):
            return text
        return self.scrub(text, language, contacts=contacts, protected=protected).text

    def _find(
        self, text: str, language: str | None, contacts: Sequence[str], protected: Ranges
    ) -> tuple[list[Span], str]:
        """All spans, in order, and the language the text was read in at first."""
        given = language if language in PLACEHOLDERS else None
        read_as = first = given or languages.detect(text)
        spans = new = self._detect(text, read_as, contacts, protected)
        for _ in range(_MOST_PASSES):
            if not new:
                break
            current, shifts = self._render(text, spans, first)
            read_as = given or languages.detect(current)
            kept = [(_shifted(start, shifts), _shifted(end, shifts)) for start, end in protected]
            new = [
                Span(s.start - (by := _shift_at(s.start, shifts)), s.end - by, s.type, s.rule, s.confidence)
                for s in self._detect(current, read_as, contacts, kept)
            ]
            spans = sorted(spans + new, key=lambda s: s.start)
        return spans, first

    def _detect(self, text: str, language: str, contacts: Sequence[str], protected: Ranges) -> list[Span]:
        """The spans of one pass, in order and without overlaps."""
        spans: list[Span] = []
        if contacts:
            spans += contact_details.find(text, contacts)
        if self._scrub:
            spans += (Span(*m.span(), "OTHER", "the town's own word", 1.0) for m in self._scrub.finditer(text))
        words = names.words_of(text)
        telling = _TELLING.intersection(words)
        if "@" in text:
            spans += online.emails(text)
            spans += online.handles(text)
            spans += online.spelled_emails(text)
        elif telling or "(a)" in text or "[a]" in text:
            spans += online.spelled_emails(text)
        if telling and not numbers.ZEROS.isdisjoint(map(str.lower, telling)):
            spans += numbers.spoken_numbers(text)
        if text.count("-") >= names.FEWEST_LETTERS - 1 or text.count(" ") >= 2 * len("".join(words)) // 3:
            spans += names.spelled(text)
        if online.may_hold_url(text):
            spans += online.urls(text)
        if text.count(".") >= 3 or text.count(":") >= 2:
            spans += online.ips(text)
        if _DIGIT.search(text):
            spans += self._digits(text, language)
        marks = [(*m.span(), m.group()) for m in self._written.finditer(text)] if "[" in text or self._odd_marks else []
        if not (spans or marks or protected):
            spans = list(names.names(text, language, words))
            return _settle(text, spans, (), self._kept(text)) if spans else spans
        taken = [*protected, *((start, end) for start, end, _ in marks)]
        kept = self._kept(text)
        spans = _settle(text, spans, taken, kept)
        if names.may_hold(words):
            letters = list(text)
            for start, end in (*taken, *((s.start, s.end) for s in spans)):
                letters[start:end] = names.DATUM * (end - start)
            named = [(start, end) for start, end, mark in marks if self._kinds[mark] == "NAME"]
            for start, end in (*named, *((s.start, s.end) for s in spans if s.type == "NAME")):
                letters[start:end] = names.NAME * (end - start)
            found = list(names.names("".join(letters), language))
            if found:
                spans = sorted(spans + _settle(text, found, taken, kept), key=lambda s: s.start)
        return spans

    @staticmethod
    def _digits(text: str, language: str) -> list[Span]:
        """What begins at a digit. Each detector is asked only where a text has the digits it needs."""
        spans: list[Span] = []
        groups = numbers.groups(text)
        count = sum(end - start for start, end in groups)
        if count >= numbers.FEWEST:
            spans += numbers.numbers(text, groups, language)
            if count >= numbers.FEWEST_OF_IBAN:
                spans += numbers.ibans(text, groups)
        if count >= numbers.FEWEST_OF_ID:
            spans += numbers.lettered_ids(text, groups)
        spans += numbers.plates(text, groups, language)
        spans += addresses.streets(text, groups, language)
        spans += addresses.postcodes(text, groups, language)
        if count >= births.FEWEST and births.may_hold(text):
            spans += births.birth_dates(text, groups)
        return spans

    def _kept(self, text: str) -> list[tuple[int, int]]:
        return [m.span() for m in self._keep.finditer(text)] if self._keep else []

    def _render(self, text: str, spans: Sequence[Span], language: str) -> tuple[str, list[tuple[int, int, int]]]:
        """The text with placeholders; for each span, its end in the old and the new text and the shift after it."""
        words = self._placeholders.get(language) or self._placeholders["en"]
        parts: list[str] = []
        shifts: list[tuple[int, int, int]] = []
        at = shift = 0
        for span in spans:
            word = words[span.type]
            parts += (text[at : span.start], word)
            at = span.end
            shift += len(word) - (span.end - span.start)
            shifts.append((at, at + shift, shift))
        parts.append(text[at:])
        return "".join(parts), shifts


def _is_plain(text: str) -> bool:
    """Whether no detector could find anything: the gate that costs a look-up a word."""
    if _SIGN.search(text):
        return False
    words = names.words_of(text)
    return not names.may_hold(words) and _TELLING.isdisjoint(words)


def _settle(text: str, spans: list[Span], taken: Ranges, kept: Ranges) -> list[Span]:
    """Spans without overlaps: the surer type wins; what a loser alone covered is still taken where it is sure."""
    settled: list[Span] = []
    covered = _apart(taken)
    for span in sorted(spans, key=lambda s: (s.confidence < 1.0, _RANK[s.type], -s.confidence, s.start - s.end)):
        if span.confidence < 1.0 and any(a <= span.start and span.end <= b for a, b in kept):
            continue
        pieces = _without(span.start, span.end, covered)
        if pieces != [(span.start, span.end)] and span.confidence < _SURE and span.type != "NAME":
            continue
        for start, end in pieces:
            while start < end and not text[start].isalnum() and text[start] not in "@+([":
                start += 1
            if any(c.isalnum() for c in text[start:end]):
                settled.append(Span(start, end, span.type, span.rule, span.confidence))
                insort(covered, (start, end))
    settled.sort(key=lambda s: s.start)
    return settled


def _without(start: int, end: int, covered: Ranges) -> list[tuple[int, int]]:
    """What of a range is in none of the covered ones, which are in order and apart."""
    parts = []
    at = max(0, bisect_left(covered, (start, start)) - 1)
    while at < len(covered) and covered[at][0] < end:
        a, b = covered[at]
        if b > start:
            if a > start:
                parts.append((start, a))
            start = b
        at += 1
    if start < end:
        parts.append((start, end))
    return parts


def _apart(ranges: Ranges) -> list[tuple[int, int]]:
    """The ranges in order, overlapping ones made one."""
    merged: list[tuple[int, int]] = []
    for a, b in sorted(ranges):
        if merged and a < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
        elif a < b:
            merged.append((a, b))
    return merged


def _shift_at(new: int, shifts: list[tuple[int, int, int]]) -> int:
    """By how much the new text is ahead of the old one at an offset of the new one."""
    place = bisect_right(shifts, new, key=lambda s: s[1])
    return shifts[place - 1][2] if place else 0


def _shifted(old: int, shifts: list[tuple[int, int, int]]) -> int:
    """The offset in the new text of an offset in the old one."""
    place = bisect_right(shifts, old, key=lambda s: s[0])
    return old + (shifts[place - 1][2] if place else 0)


def _phrases(phrases: Iterable[str]) -> re.Pattern[str] | None:
    """One pattern for whole words or phrases in any case; longer ones first."""
    escaped = [re.escape(p) for p in sorted({p.strip() for p in phrases if p.strip()}, key=len, reverse=True)]
    return re.compile(rf"(?<!\w)(?:{'|'.join(escaped)})(?!\w)", re.IGNORECASE) if escaped else None


def _compose(text: str) -> tuple[str, list[int] | None]:
    """The text with each letter and its marks as one character, and where each character began; None if it was so."""
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return text, None
    characters: list[str] = []
    places: list[int] = []
    at = 0
    while at < len(text):
        end = at + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        for c in unicodedata.normalize("NFC", text[at:end]):
            characters.append(c)
            places.append(at)
        at = end
    places.append(len(text))
    return "".join(characters), places
