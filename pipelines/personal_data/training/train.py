# ruff: noqa: S311
"""Trains the weights of the name finder on generated comments: logistic regression by AdaGrad, no library needed.

    python -m pipelines.personal_data.training.train sentences.json [COMMENTS]

`training/sentences.py` makes the file

One core, a few minutes. Each feature has a weight of its own and one by language; they ship added up, in sixteenths.
"""

import json
import math
import random
import sys
import time
from array import array
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import numpy as np

from pipelines.personal_data.features import FIRST, REST_OF_THEM, Places, Rows
from pipelines.personal_data.kinds import TONGUES
from pipelines.personal_data.names import WEIGHTS, candidates, pack_weights
from pipelines.personal_data.reading import EMPTY, Texts
from pipelines.personal_data.spans import LANGUAGES
from pipelines.personal_data.training.generate import comments

SEED = 20261124
MODELS = 4  # on generated texts of their own, then averaged
EPOCHS = 4
BATCH = 1000
BIAS = -1  # no key of a feature
NONE = 0  # the key of a feature that a word has not
LETTERS = [template[0] for template in (*FIRST, *REST_OF_THEM)]
RATE = 0.15
SHRINK = 2e-6
RAREST = 3
LOWEST = -16  # sixteenths
LEXICAL = frozenset("pqnmdPNtT")
HIDDEN = 0.09
HIDDEN_NAMES = 0.16
DROPPED = (("pPq", 0.5), ("nNm", 0.5), ("T", 0.5), ("t", 0.2), ("Bb", 0.1), ("gG", 0.2), ("cCdeD", 0.15), ("SE", 0.1))
SMALLEST = 2  # sixteenths; smaller weights do not ship


def main(sentences: Path, count: int = 110_000) -> None:
    """Generates, trains, averages, writes the weights."""
    listed = json.loads(sentences.read_text("utf-8"))
    total: dict[int, list[float]] = {}
    letters: dict[int, str] = {}
    for seed in range(SEED, SEED + MODELS):
        for feature, values in _model(listed, count, seed, letters).items():
            sums = total.setdefault(feature, [0.0] * len(values))
            for i, value in enumerate(values):
                sums[i] += value
    kept: dict[int, list[int]] = {}
    for feature, sums in total.items():
        shown = [round(16 * value / MODELS) for value in sums]
        if letters.get(feature, "") in LEXICAL:  # no single word may speak much against a name: templates hold too few
            shown = [max(value, LOWEST) for value in shown]
        kept[feature] = [max(-127, min(value, 127)) if abs(value) >= SMALLEST else 0 for value in shown]
    bias = kept.pop(BIAS)
    WEIGHTS.write_bytes(pack_weights(bias, {feature: values for feature, values in kept.items() if any(values)}))
    print(f"{len(kept)} features, {WEIGHTS.stat().st_size} bytes")


def _words(
    listed: Mapping[str, list[str]], count: int, seed: int, chance: random.Random
) -> Iterator[tuple[str, list[tuple[str, int]], bool]]:
    """Words that may be names, of generated comments: the language, the features by letter, and whether it is one."""
    generated = comments(count, seed, listed)
    while examples := list(islice(generated, BATCH)):
        texts = Texts([example.text for example in examples])
        slots = texts.slots
        inside, hidden = np.zeros(len(slots.text), np.bool_), np.zeros(len(slots.text), np.bool_)
        for number, example in enumerate(examples):
            first = int(texts.first[number]) + EMPTY
            at = range(first, first + int(texts.count[number]))
            # Some words are hidden from the lists, so that the weights know what to make of unknown ones.
            unknown = set()
            for slot in at:
                start, end = (int(place) - int(texts.begin[number]) for place in (slots.start[slot], slots.end[slot]))
                inside[slot] = any(a <= start and end <= b for a, b in example.spans)
                if chance.random() < (HIDDEN_NAMES if any(a <= start < b for a, b in example.spans) else HIDDEN):
                    unknown.add(int(slots.key[slot]))
            for slot in at:
                hidden[slot] = int(slots.key[slot]) in unknown
        tongues = np.array([TONGUES.index(example.language) for example in examples])
        places = Places(texts, tongues, candidates(texts, hidden), hidden)
        rows = Rows(places, np.arange(len(places.at)), inside.take(places.before))
        columns = [keys.tolist() for keys in (*rows.first(), *rows.rest())]
        for features, text, is_name in zip(
            zip(*columns, strict=True), places.text.tolist(), inside.take(places.at).tolist(), strict=True
        ):
            yield examples[text].language, [*zip(LETTERS, features, strict=True)], is_name


def _model(listed: Mapping[str, list[str]], count: int, seed: int, letters: dict[int, str]) -> dict[int, list[float]]:
    """The weights of one model: for each feature those of the languages, and that of all together. Notes in `letters`
    which kind of feature each is."""
    begun = time.monotonic()
    index: dict[tuple[str, int], int] = {}
    seen: list[int] = []
    rows: list[array[int]] = []
    labels = bytearray()
    chance = random.Random(seed)

    def number(language: str, feature: int) -> int:
        at = index.get((language, feature))
        if at is None:
            at = index[language, feature] = len(seen)
            seen.append(0)
        seen[at] += 1
        return at

    for language, features, is_name in _words(listed, count, seed, chance):
        # Templates repeat themselves: what says too much is left out now and then, or the rest would learn nothing.
        left_out = "".join(group for group, share in DROPPED if chance.random() < share)
        used = [feature for letter, feature in features if letter not in left_out and feature != NONE]
        letters.update((feature, letter) for letter, feature in features)
        used.append(BIAS)
        row = array("i", (number("", feature) for feature in used))
        row.extend(number(language, feature) for feature in used)
        rows.append(row)
        labels.append(is_name)
    print(f"{len(rows)} words, {sum(labels)} of names, {len(seen)} features, {time.monotonic() - begun:.0f} s")
    frequent = bytearray(n >= RAREST for n in seen)
    rows = [array("i", (f for f in row if frequent[f])) for row in rows]
    weight = [0.0] * len(seen)
    square = [1e-2] * len(seen)
    order = list(range(len(rows)))
    for epoch in range(EPOCHS):
        chance.shuffle(order)
        loss = 0.0
        for at in order:
            row, label = rows[at], labels[at]
            score = 0.0
            for f in row:
                score += weight[f]
            p = 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))
            gradient = p - label
            loss -= math.log(max(1e-9, p if label else 1 - p))
            if abs(gradient) < 0.005:
                continue
            for f in row:
                g = gradient + SHRINK * weight[f]
                square[f] += g * g
                weight[f] -= RATE * g / math.sqrt(square[f])
        print(f"epoch {epoch + 1}: loss {loss / len(rows):.4f}, {time.monotonic() - begun:.0f} s")
    found: dict[int, list[float]] = {}
    for (language, feature), at in index.items():
        if language:
            continue
        own = weight[at] if frequent[at] else 0.0
        values = []
        for tongue in LANGUAGES:
            at_language = index.get((tongue, feature))
            if at_language is None:  # what a word is worth in one language says nothing of another
                values.append(0.0 if letters.get(feature, "") in LEXICAL else own)
            else:
                values.append(own + (weight[at_language] if frequent[at_language] else 0.0))
        found[feature] = [*values, own]
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
