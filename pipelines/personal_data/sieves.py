"""Which texts of a batch each detector is asked about: those that hold the signs that it cannot do without."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from pipelines.personal_data import addresses, births, numbers, online, plates, postcodes, spelled_names
from pipelines.personal_data.groups import Groups
from pipelines.personal_data.keys import Ints
from pipelines.personal_data.lexicon import Mark
from pipelines.personal_data.reading import EMPTY, Texts
from pipelines.personal_data.spans import Span

_LONGEST_SEXTET: Final = 5  # from one colon of an IPv6 address to the next

BySign = tuple[Callable[[str], Iterable[Span]], Iterable[int]]
ByDigits = tuple[Callable[[str, Any, str], Iterable[Span]], Mapping[int, Any]]


def by_sign(texts: Texts, groups: Groups) -> Iterator[BySign]:
    """The detectors that begin at a sign or a word, with the texts to ask them about."""
    strings = texts.strings
    with_at = texts.holding("@")
    yield online.emails, with_at
    yield online.handles, with_at
    yield online.accounts, np.unique(texts.slots.text[texts.mark & Mark.NETWORK > 0]).tolist()
    yield online.spelled_emails, _with_spelled_domain(texts, with_at)
    yield numbers.spoken_numbers, np.unique(texts.slots.text[texts.mark & Mark.ZERO > 0]).tolist()
    yield spelled_names.spelled, _with_spelled_name(texts)
    yield online.urls, [text for text in texts.holding("/") if online.may_hold_url(strings[text])]
    yield online.ips, sorted({*groups.has_ipv4().tolist(), *_with_ipv6(texts).tolist()})


def by_digits(texts: Texts, groups: Groups) -> Iterator[ByDigits]:
    """The detectors that begin at a run of digits, with the runs to ask them about, by text."""
    if not len(groups):
        return
    yield numbers.numbers, groups.windows_of_numbers()
    yield _without_language(numbers.ibans), groups.by_text(groups.of_ibans())
    yield _without_language(numbers.lettered_ids), groups.by_text(groups.of_ids())
    yield plates.plates, groups.by_text(groups.of_plates())
    yield addresses.streets, groups.by_text(groups.of_streets())
    yield addresses.named_places, groups.by_text(groups.of_named_places())
    yield postcodes.postcodes, groups.by_text(groups.of_postcodes())
    yield postcodes.postcodes_before_towns, groups.by_text(groups.of_postcodes_before_towns())
    dates = groups.by_text(groups.of_births())
    yield (
        _without_language(births.birth_dates),
        {text: found for text, found in dates.items() if births.may_hold(texts.strings[text])},
    )


def _without_language(
    detect: Callable[[str, Sequence[tuple[int, int]]], Iterable[Span]],
) -> Callable[[str, Sequence[tuple[int, int]], str], Iterable[Span]]:
    return lambda text, found, _: detect(text, found)


def _with_spelled_domain(texts: Texts, with_at: Iterable[int]) -> list[int]:
    """The texts with a word for the at sign, and the last part of a domain behind a dot or a word for it."""
    slots, characters = texts.slots, texts.characters
    # A sign between two letters is that of an address in its proper form.
    said = {text for text in with_at if online.may_hold_spaced_at(texts.strings[text])}
    said.update(slots.text[texts.mark & Mark.AT > 0].tolist())
    said.update(texts.holding("(a)", "[a]"))
    if not said:
        return []
    at = np.flatnonzero(texts.mark & Mark.DOMAIN > 0)
    start = slots.start.take(at)
    before, second, third = (characters.take(start - n) for n in (1, 2, 3))
    blank = before == ord(" ")
    dotted = (before == ord(".")) | (blank & (second == ord(".")) & (third == ord(" ")))
    dotted |= np.isin(np.where(blank, second, before), [ord(c) for c in ")]}"])
    dotted |= blank & (texts.mark.take(at - 1) & Mark.DOT > 0)
    return [text for text in np.unique(slots.text.take(at[dotted])).tolist() if text in said]


def _with_spelled_name(texts: Texts) -> list[int]:
    """The texts with as many letters that stand alone, one after the other, as a name has that is spelled: between
    hyphens, or between blanks where a text says little else."""
    slots = texts.slots
    size = slots.end - slots.start
    alone = (size == 1) & (slots.form > 0)
    following = alone[spelled_names.FEWEST_LETTERS - 1 :].copy()
    for n in range(spelled_names.FEWEST_LETTERS - 1):
        following &= alone[n : n - spelled_names.FEWEST_LETTERS + 1]
    found = []
    for text in np.unique(slots.text[: len(following)][following]).tolist():
        first, last = texts.first[text], texts.first[text] + texts.count[text] + 2 * EMPTY
        string, letters = texts.strings[text], int(size[first:last].sum())
        if string.count("-") >= spelled_names.FEWEST_LETTERS - 1 or string.count(" ") >= 2 * letters // 3:
            found.append(text)
    return found


def _with_ipv6(texts: Texts) -> Ints:
    """The texts with two colons that stand as near to each other as in an IPv6 address."""
    colons = np.flatnonzero(texts.characters == ord(":"))
    near = colons[:-1][np.diff(colons) <= _LONGEST_SEXTET]
    return np.unique(np.searchsorted(texts.begin, near, side="right") - 1)
