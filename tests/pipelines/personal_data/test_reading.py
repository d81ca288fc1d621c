"""A batch read at once has the words of its texts, and the keys of strings are made from those of their parts."""

import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.personal_data.keys import Strings, Table, join, keys_of
from pipelines.personal_data.reading import EMPTY, GAPS, NAME, SHAPES, Texts

WORD = re.compile(rf"[^\W\d_]+(?:['’][^\W\d_]+)*|{NAME}+")
PIECES = st.sampled_from(
    ["Jan", "O'Brien", "d’Arc", "ŁÓDŹ", "straße", "é", "e\u0301", " ", "  ", ". ", ".", "\n", "\n\n", "'", " '", "’",
     "-", ", ", "(", "12", "3a", "_", "@", "👍🏽", "²", NAME, NAME * 3, "\x01\x01", "\ud800", "\U0001d409"]
)  # fmt: skip
TEXTS = st.lists(st.text(max_size=20) | st.lists(PIECES, max_size=12).map("".join), max_size=5)


def _words(texts: Texts, number: int) -> list[str]:
    first = int(texts.first[number]) + EMPTY
    return [texts.word(slot) for slot in range(first, first + int(texts.count[number]))]


@settings(max_examples=300, deadline=None)
@given(strings=TEXTS)
def test_the_words_of_each_text_are_those_that_a_pattern_finds(strings: list[str]) -> None:
    texts = Texts(strings)
    assert [_words(texts, number) for number in range(len(strings))] == [WORD.findall(text) for text in strings]


@settings(max_examples=200, deadline=None)
@given(strings=TEXTS.filter(bool), other=st.text(max_size=20))
def test_a_replaced_text_is_read_as_if_it_had_been_there(strings: list[str], other: str) -> None:
    texts = Texts(strings)
    texts.replace([0], [other])
    expected = Texts([other, *strings[1:]])
    for number in range(len(strings)):
        assert _words(texts, number) == _words(expected, number)
        slots = texts.first[number] + np.arange(texts.count[number] + 1) + EMPTY
        same = expected.first[number] + np.arange(expected.count[number] + 1) + EMPTY
        assert texts.slots.key[slots].tolist() == expected.slots.key[same].tolist()
        assert texts.gaps(slots).tolist() == expected.gaps(same).tolist()
        assert texts.shapes(slots).tolist() == expected.shapes(same).tolist()


def test_gaps_and_shapes() -> None:
    texts = Texts(["“Jan de VRIES, PIET. J. McAdam\n\nx 12 y"])
    slots = np.arange(texts.count[0] + 1) + EMPTY
    assert [GAPS[gap] for gap in texts.gaps(slots)] == ["^“", " ", " ", ",", ".", ".", "N", "9", "$"]
    assert "".join(SHAPES[shape] for shape in texts.shapes(slots)) == "ClSSIMll$"


@given(parts=st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6)), min_size=1, max_size=8))
def test_the_key_of_joined_strings_is_joined_from_their_keys(parts: list[tuple[str, str]]) -> None:
    joined = join(keys_of([one for one, _ in parts]), keys_of([other for _, other in parts]))
    whole = keys_of([one + other for one, other in parts])
    assert joined.key.tolist() == whole.key.tolist()
    assert joined.power.tolist() == whole.power.tolist()


@given(strings=st.lists(st.text(max_size=8), max_size=40, unique=True))
def test_a_table_finds_what_is_in_it_and_nothing_else(strings: list[str]) -> None:
    keys: Strings = keys_of(strings)
    order = np.sort(keys.key[: len(strings) // 2])
    table = Table(order)
    places = table.find(keys.key)
    for key, place in zip(keys.key.tolist(), places.tolist(), strict=True):
        assert (place < len(table)) == (key in order.tolist())
        assert place == len(table) or order[place] == key
