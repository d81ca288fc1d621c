"""A sieve lets through everything that its detector could find: asked about less, it finds the same."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.personal_data import LANGUAGES, Span, addresses, births, numbers, online, plates, postcodes, sieves
from pipelines.personal_data.groups import Groups
from pipelines.personal_data.reading import Texts

COMMENTS = [
    (comment["text"], comment["lang"])
    for line in (Path(__file__).parents[2] / "data" / "comments" / "own.jsonl").read_text("utf-8").splitlines()
    for comment in [json.loads(line)]
]
PIECES = [
    "06-12345678",
    "1234",
    "AB",
    "12",
    "3",
    "2026",
    "12-03-1990",
    "geboren",
    "born",
    "ur.",
    "f.",
    "3",
    "maart",
    "1990",
    "march",
    "14th",
    "of",
    "1-2-90",
    "01011990",
    "XK-482-P",
    "XK",
    "48213",
    "kenteken",
    "ABC-123",
    "Kerkstraat",
    "laan",
    "Karl",
    "Johans",
    "gate",
    "katu",
    "Rosewood",
    "Crescent",
    "the",
    "Greenway",
    "Heol",
    "ul.",
    "Długa",
    "5/7",
    "m.",
    "00-950",
    "Warszawa",
    "SW1A",
    "1AA",
    "NL91",
    "ABNA",
    "0417",
    "1643",
    "00",
    "AB",
    "12",
    "34",
    "56",
    "C",
    "AB123456C",
    "131052-308T",
    "192.168.1.20",
    "2001:db8::1",
    "::1",
    "10:15",
    "at",
    "punt",
    "com",
    "jan",
    "(at)",
    ".",
    "nl",
    "gmail.com",
    "apenstaart",
    "@",
    "nul",
    "zes",
    "een",
    "twee",
    "drie",
    "vier",
    "vijf",
    "zeven",
    "H-A-I-L-U",
    "A",
    "O",
    "I",
    "F",
    "E",
    "postcode",
    "pc",
    "0301",
    "Oslo",
    "00100",
    "Helsinki",
    "https://a.nl/?token=abcdef12",
    "nr",
    "7,",
    "5%",
    "€",
    "12,50",
    ",",
    ".",
    "-",
    "/",
    "(",
    ")",
    '"',
    "'",
    "é",
    "👍",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=14).flatmap(
    lambda pieces: st.lists(
        st.sampled_from([" ", " ", " ", "", "\n", "-", ", "]), min_size=len(pieces), max_size=len(pieces)
    ).map(lambda gaps: "".join(piece + gap for piece, gap in zip(pieces, gaps, strict=True)))
)


def _numbers(text: str, found: Sequence[tuple[int, int]], language: str) -> Iterable[Span]:
    """Asks about every window of neighbouring runs."""
    windows = []
    for first, (start, end) in enumerate(found):
        count, at = end - start, first
        while count <= numbers.LONGEST:
            if count >= numbers.FEWEST:
                runs = found[first : at + 1]
                digits = "".join(text[a:b] for a, b in runs)
                windows.append((runs[0][0], runs[-1][1], digits, tuple(b - a for a, b in runs)))
            at += 1
            if at == len(found) or found[at][0] - found[at - 1][1] > numbers.WIDEST_GAP:
                break
            if not numbers.JOINS.issuperset(text[found[at - 1][1] : found[at][0]]):
                break
            count += found[at][1] - found[at][0]
    return numbers.numbers(text, windows, language)


BY_DIGITS: list[Callable[[str, Sequence[tuple[int, int]], str], Iterable[Span]]] = [
    _numbers,
    lambda text, found, _: numbers.ibans(text, found) if _digits(found) >= numbers.FEWEST_OF_IBAN else (),
    lambda text, found, _: numbers.lettered_ids(text, found) if _digits(found) >= numbers.FEWEST_OF_ID else (),
    plates.plates,
    addresses.streets,
    postcodes.postcodes,
    lambda text, found, _: births.birth_dates(text, found) if _digits(found) >= births.FEWEST else (),
]
BY_SIGN: list[Callable[[str], Iterable[Span]]] = [
    online.emails,
    online.handles,
    online.accounts,
    online.urls,
    online.ips,
]


def _digits(found: Sequence[tuple[int, int]]) -> int:
    return sum(end - start for start, end in found)


def _agrees(batch: Sequence[tuple[str, str]]) -> None:
    strings, languages = [text for text, _ in batch], [language for _, language in batch]
    texts = Texts(strings)
    groups = Groups(texts, languages)
    things = groups.by_text(groups.of_things()) if len(groups) else {}
    by_sieve_alone = (addresses.named_places, postcodes.postcodes_before_towns)
    compared = [one for one in sieves.by_digits(texts, groups) if one[0] not in by_sieve_alone]
    for whole, (detect, places) in zip(BY_DIGITS, compared, strict=bool(len(groups))):
        for number, (text, language) in enumerate(batch):
            runs = [run.span() for run in re.finditer("[0-9]+", text)]
            if detect is addresses.streets:  # the sieve knows which words are ordinary
                runs = [run for run in runs if run not in things.get(number, ())]
            found = list(detect(text, places[number], language)) if number in places else []
            assert found == list(whole(text, runs, language))
    sieved = {detect: set(some) for detect, some in sieves.by_sign(texts, groups)}
    for detect_in in BY_SIGN:
        for number, text in enumerate(strings):
            assert number in sieved[detect_in] or not list(detect_in(text))


@settings(max_examples=400, deadline=None)
@given(batch=st.lists(st.tuples(TEXTS, st.sampled_from([*LANGUAGES, "other"])), min_size=1, max_size=4))
def test_generated_texts(batch: list[tuple[str, str]]) -> None:
    _agrees(batch)


@pytest.mark.parametrize("language", [*LANGUAGES, "other"])
def test_labelled_comments(language: str) -> None:
    _agrees([(text, language) for text, _ in COMMENTS])
