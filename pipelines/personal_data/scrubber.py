"""Puts the detectors together: finds spans, settles overlaps, writes placeholders.

A text without a candidate costs a look-up a word. A scrubbed text scrubbed again does not change: detection is repeated
on the text with its placeholders until it finds nothing more, since a placeholder beside a word can be what gives that
word away.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Final

from pipelines.personal_data import contacts as contact_details
from pipelines.personal_data import name_spans, names, sieves
from pipelines.personal_data.groups import Groups
from pipelines.personal_data.language import languages
from pipelines.personal_data.reading import DATUM, NAME, Texts
from pipelines.personal_data.spans import PLACEHOLDERS, Scrubbed, Span

_MOST_PASSES: Final = 10
_ORDER: Final = "URL EMAIL IBAN CARD NATIONAL_ID PHONE IP BIRTHDATE PLATE ADDRESS POSTCODE HANDLE OTHER NAME"
_RANK: Final = {kind: rank for rank, kind in enumerate(_ORDER.split())}
_SURE: Final = 0.95
_LONGEST_BATCH: Final = 1_000_000  # characters; what a batch is read into takes some forty bytes for each

Ranges = Sequence[tuple[int, int]]
Shifts = list[tuple[int, int, int]]
_BRACKETED: Final = re.compile(r"\[[^][]+\]")
_by_start: Final = attrgetter("start")


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
        self._postcodes = tuple(word for word, kind in written.items() if kind == "POSTCODE")
        self._are_bracketed = all(map(_BRACKETED.fullmatch, written))
        longest_first = map(re.escape, sorted(written, key=len, reverse=True))
        self._written = _BRACKETED if self._are_bracketed else re.compile("|".join(longest_first))
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
        of case numbers, which stay whatever they look like. Many texts cost far less together: `scrub_all`.
        """
        return self.scrub_all([text], [language], [contacts], [protected])[0]

    def scrub_many(
        self,
        texts: Sequence[str | None],
        languages: Sequence[str | None] | None = None,
        contacts: Sequence[Sequence[str]] | None = None,
        protected: Sequence[Ranges] | None = None,
    ) -> list[str | None]:
        """What `scrub` gives for each text, without the spans. None stays None."""
        there = [text or "" for text in texts]
        found: list[str | None] = list(texts)
        for first, batch in self._batches(there, languages, contacts, protected):
            for at, written in batch.written.items():
                found[first + at] = written
        return found

    def scrub_all(
        self,
        texts: Sequence[str],
        languages: Sequence[str | None] | None = None,
        contacts: Sequence[Sequence[str]] | None = None,
        protected: Sequence[Ranges] | None = None,
    ) -> list[Scrubbed]:
        """What `scrub` gives for each text."""
        found = []
        for _, batch in self._batches(texts, languages, contacts, protected):
            for at, (text, language) in enumerate(zip(batch.texts, batch.read_as, strict=True)):
                found.append(Scrubbed(batch.written.get(at, text), tuple(batch.spans.get(at, ())), language))
        return found

    def _batches(
        self,
        texts: Sequence[str],
        languages: Sequence[str | None] | None,
        contacts: Sequence[Sequence[str]] | None,
        protected: Sequence[Ranges] | None,
    ) -> Iterator[tuple[int, "_Batch"]]:
        """The texts in batches that are small enough for memory, all their spans found, and where each begins."""
        count = len(texts)
        given = languages or [None] * count
        details = contacts or [()] * count
        cases = protected or [()] * count
        at = 0
        while at < count:
            size, end = 0, at
            while end < count and (end == at or size + len(texts[end]) <= _LONGEST_BATCH):
                size += len(texts[end])
                end += 1
            batch = _Batch(list(texts[at:end]), list(given[at:end]), details[at:end], list(cases[at:end]))
            self._find(batch)
            for place in batch.decompose():
                batch.written[place] = self._render(batch.texts[place], batch.spans[place], batch.read_as[place])[0]
            yield at, batch
            at = end

    def _find(self, batch: "_Batch") -> None:
        """Finds all spans of each text, in order, and the language that it was read in at first."""
        left = list(range(len(batch.texts)))
        currents, cases = batch.composed, batch.protected
        shifts: list[Shifts] = [[]] * len(left)
        # A placeholder of something else stands where its mask did, so names are looked for again only where one was
        # found, or where the text is now read in another language.
        settled: list[str | None] = [None] * len(left)
        for _ in range(_MOST_PASSES + 1):
            texts = Texts(currents)
            tongues = _tongues(texts, [batch.given[at] for at in left])
            batch.read_as = batch.read_as or tongues
            done = {place for place, tongue in enumerate(tongues) if settled[place] == tongue}
            new, named = self._detect(texts, tongues, [batch.contacts[at] for at in left], cases, done)
            if not new:
                break
            for place, spans in new.items():
                at, by = left[place], shifts[place]
                if by:
                    spans = [
                        Span(s.start - (ahead := _shift_at(s.start, by)), s.end - ahead, s.type, s.rule, s.confidence)
                        for s in spans
                    ]
                    spans = sorted(batch.spans[at] + spans, key=_by_start)
                batch.spans[at] = spans
            # Where something was found, the text with its placeholders is looked at again.
            settled = [None if place in named else tongues[place] for place in new]
            left = [left[place] for place in new]
            rendered = [self._render(batch.composed[at], batch.spans[at], batch.read_as[at]) for at in left]
            currents, shifts = [text for text, _ in rendered], [by for _, by in rendered]
            batch.written.update(zip(left, currents, strict=True))
            cases = [
                [(_shifted(start, by), _shifted(end, by)) for start, end in batch.protected[at]]
                for at, by in zip(left, shifts, strict=True)
            ]

    def _detect(
        self,
        texts: Texts,
        tongues: Sequence[str],
        contacts: Sequence[Sequence[str]],
        protected: Sequence[Ranges],
        without_names: Collection[int],
    ) -> tuple[dict[int, list[Span]], Collection[int]]:
        """The spans of one pass by text, in order and without overlaps, only texts with some; and the texts in which
        words were found to be names. In those of `without_names` it is known that none are."""
        strings = list(texts.strings)
        spans: dict[int, list[Span]] = {}

        def add(text: int, found: Iterable[Span]) -> None:
            if some := list(found):
                spans.setdefault(text, []).extend(some)

        for text, details in enumerate(contacts):
            if details:
                add(text, contact_details.find(strings[text], details))
        if self._scrub:
            for text, string in enumerate(strings):
                add(text, (Span(*m.span(), "OTHER", "the town's own word", 1.0) for m in self._scrub.finditer(string)))
        groups = Groups(texts, tongues)
        for detect, asked in sieves.by_sign(texts, groups):
            for text in asked:
                add(text, detect(strings[text]))
        for detect_at, places in sieves.by_digits(texts, groups):
            for text, some in places.items():
                add(text, detect_at(strings[text], some, tongues[text]))
        found: dict[int, list[Span]] = {}
        kept: dict[int, Ranges] = {}
        taken: dict[int, Ranges] = {}
        bracketed = texts.holding("[") if self._are_bracketed else range(len(strings))
        marks = {text: some for text in bracketed if (some := self._marks(strings[text]))}
        busy = {*spans, *marks}
        busy.update(text for text, some in enumerate(protected) if some)
        masked = dict.fromkeys(without_names, "")
        for text in busy:
            string = strings[text]
            hidden = [(start, end, DATUM) for start, end in protected[text]]
            hidden += marks.get(text, ())
            taken[text] = [(start, end) for start, end, _ in hidden]
            kept[text] = self._kept(string)
            if text in spans and (settled := _settle(string, spans[text], taken[text], kept[text])):
                found[text] = settled
                hidden += [(s.start, s.end, NAME if s.type == "NAME" else DATUM) for s in settled]
            if text not in masked:
                masked[text] = _masked(string, hidden)
        if masked:
            order = sorted(masked)
            texts.replace(order, [masked[text] for text in order])
        named = set()
        for text, more in names.names(texts, tongues).items():
            if more:
                named.add(text)
                more = self._without_towns(strings[text], more, found.get(text, ()))
                more = _settle(strings[text], more, taken.get(text, ()), kept.get(text) or self._kept(strings[text]))
                if more:
                    found[text] = sorted(found.get(text, []) + more, key=_by_start)
        return found, named

    def _marks(self, text: str) -> list[tuple[int, int, str]]:
        """Where placeholders stand, and the character that each is masked with."""
        return [
            (*found.span(), NAME if kind == "NAME" else DATUM)
            for found in self._written.finditer(text)
            if (kind := self._kinds.get(found.group()))
        ]

    def _without_towns(self, text: str, named: Sequence[Span], found: Sequence[Span]) -> list[Span]:
        """The names but those that only a list calls so right behind a postcode: '43-316 Bielsko-Biała'."""
        postcodes = {span.end for span in found if span.type == "POSTCODE"}

        def is_town(name: Span) -> bool:
            end = name.start
            while end and text[end - 1] == " ":
                end -= 1
            return end < name.start and (end in postcodes or text.endswith(self._postcodes, 0, end))

        return [name for name in named if name.rule != name_spans.UNTOLD or not is_town(name)]

    def _kept(self, text: str) -> list[tuple[int, int]]:
        return [m.span() for m in self._keep.finditer(text)] if self._keep else []

    def _render(self, text: str, spans: Sequence[Span], language: str) -> tuple[str, list[tuple[int, int, int]]]:
        """The text with placeholders; for each span, its end in the old and the new text and the shift after it."""
        words = self._placeholders.get(language) or self._placeholders["en"]
        parts: list[str] = []
        shifts: Shifts = []
        at = shift = 0
        for span in spans:
            word = words[span.type]
            parts += (text[at : span.start], word)
            at = span.end
            shift += len(word) - (span.end - span.start)
            shifts.append((at, at + shift, shift))
        parts.append(text[at:])
        return "".join(parts), shifts


class _Batch:
    """Texts on their way, with what came with them, and what was found by text: the spans, the language read in, what
    the text has become."""

    def __init__(
        self,
        texts: list[str],
        languages: Sequence[str | None],
        contacts: Sequence[Sequence[str]],
        protected: list[Ranges],
    ) -> None:
        self.texts = texts
        self.given = [language if language in PLACEHOLDERS else None for language in languages]
        self.contacts = contacts
        self.protected = protected
        self.spans: dict[int, list[Span]] = {}
        self.read_as: list[str] = []
        self.written: dict[int, str] = {}
        self.composed = texts
        self._places: dict[int, list[int]] = {}
        # Any part of a composed text is composed.
        together = "".join(texts)
        if not together.isascii() and not unicodedata.is_normalized("NFC", together):
            self._compose()

    def _compose(self) -> None:
        self.composed = list(self.texts)
        for at, text in enumerate(self.texts):
            if not unicodedata.is_normalized("NFC", text):
                self.composed[at], places = _composed(text)
                self._places[at] = places
                self.protected[at] = [
                    (bisect_left(places, start), bisect_left(places, end)) for start, end in self.protected[at]
                ]

    def decompose(self) -> Collection[int]:
        """Gives the spans the offsets that they have in the texts that came in; the texts whose spans have others."""
        changed = self._places.keys() & self.spans.keys()
        for at in changed:
            places = self._places[at]
            self.spans[at] = [
                Span(places[s.start], places[s.end], s.type, s.rule, s.confidence) for s in self.spans[at]
            ]
        return changed


def _tongues(texts: Texts, given: Sequence[str | None]) -> list[str]:
    """The given languages, and where none is given that of the text."""
    unknown = [at for at, language in enumerate(given) if language is None]
    found = [language or "" for language in given]
    for at, language in zip(unknown, languages(texts, unknown), strict=True):
        found[at] = language
    return found


def _masked(text: str, hidden: list[tuple[int, int, str]]) -> str:
    """The text with other characters in some places; in one that overlaps another, those of a name win."""
    hidden.sort()
    parts: list[str] = []
    at = 0
    for start, end, character in hidden:
        if start >= at:
            parts += (text[at:start], character * (end - start))
            at = end
        elif end > at or character == NAME:
            return _masked_by_letter(text, hidden)
    parts.append(text[at:])
    return "".join(parts)


def _masked_by_letter(text: str, hidden: Iterable[tuple[int, int, str]]) -> str:
    letters = list(text)
    for start, end, character in sorted(hidden, key=lambda each: each[2]):
        letters[start:end] = character * (end - start)
    return "".join(letters)


def _settle(text: str, spans: list[Span], taken: Ranges, kept: Ranges) -> list[Span]:
    """Spans without overlaps: the surer type wins; what a loser alone covered is still taken where it is sure."""
    settled: list[Span] = []
    covered = _apart(taken)
    for span in sorted(spans, key=_by_rank) if len(spans) > 1 else spans:
        if kept and span.confidence < 1.0 and any(a <= span.start and span.end <= b for a, b in kept):
            continue
        pieces = _without(span.start, span.end, covered) if covered else [(span.start, span.end)]
        if pieces != [(span.start, span.end)] and span.confidence < _SURE and span.type != "NAME":
            continue
        for start, end in pieces:
            while start < end and not text[start].isalnum() and text[start] not in "@+([":
                start += 1
            if any(map(str.isalnum, text[start:end])):
                whole = start == span.start and end == span.end
                settled.append(span if whole else Span(start, end, span.type, span.rule, span.confidence))
                insort(covered, (start, end))
    settled.sort(key=_by_start)
    return settled


def _by_rank(span: Span) -> tuple[bool, int, float, int]:
    return span.confidence < 1.0, _RANK[span.type], -span.confidence, span.start - span.end


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


def _shift_at(new: int, shifts: Shifts) -> int:
    """By how much the new text is ahead of the old one at an offset of the new one."""
    place = bisect_right(shifts, new, key=lambda s: s[1])
    return shifts[place - 1][2] if place else 0


def _shifted(old: int, shifts: Shifts) -> int:
    """The offset in the new text of an offset in the old one."""
    place = bisect_right(shifts, old, key=lambda s: s[0])
    return old + (shifts[place - 1][2] if place else 0)


def _phrases(phrases: Iterable[str]) -> re.Pattern[str] | None:
    """One pattern for whole words or phrases in any case; longer ones first."""
    escaped = [re.escape(p) for p in sorted({p.strip() for p in phrases if p.strip()}, key=len, reverse=True)]
    return re.compile(rf"(?<!\w)(?:{'|'.join(escaped)})(?!\w)", re.IGNORECASE) if escaped else None


def _composed(text: str) -> tuple[str, list[int]]:
    """The text with each letter and its marks as one character, and where each character began."""
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
