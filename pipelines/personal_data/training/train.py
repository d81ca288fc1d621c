"""Trains the weights of the name finder on generated comments: logistic regression by AdaGrad, in numpy.

    python -m pipelines.personal_data.training.train sentences.json [COMMENTS]

`training/sentences.py` makes the file. Six minutes on one core, and the same weights every time. Each feature has a
weight of its own and one by language; they ship added up, in sixteenths.
"""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.personal_data.features import FIRST, REST_OF_THEM, Places, Rows
from pipelines.personal_data.keys import Ints, Keys
from pipelines.personal_data.kinds import TONGUES
from pipelines.personal_data.names import WEIGHTS, candidates, pack_weights
from pipelines.personal_data.reading import EMPTY, Bools, Texts
from pipelines.personal_data.spans import LANGUAGES
from pipelines.personal_data.training.generate import HANDS, Example, comments

SEED = 20261124
MODELS = 12  # on generated texts of their own, then averaged
EPOCHS = 4
COMMENTS = 60_000  # for each model
READ = 1000  # comments at a time
BATCH = 64  # words that the weights are changed for at a time
LETTERS = [template[0] for template in (*FIRST, *REST_OF_THEM)]
RATE = 0.15
SHRINK = 1e-3
RAREST = 3
LOWEST = -16  # sixteenths
LEXICAL = frozenset("pqnmdPNtT")
HIDDEN = 0.09
HIDDEN_NAMES = 0.16
DROPPED = (("pPq", 0.5), ("nNm", 0.5), ("T", 0.5), ("t", 0.2), ("Bb", 0.1), ("gG", 0.2), ("cCdeD", 0.15), ("SE", 0.1))
SMALLEST = 2  # sixteenths; smaller weights do not ship

Weight = npt.NDArray[np.float64]
_TONGUE: Final = np.array(
    [0x9E6C63D0876A9A47 * (number + 1) % (1 << 64) for number in range(len(LANGUAGES))], np.uint64
)


class Words(NamedTuple):
    """Words that may be names: the number of each one's language, its features (a row a word, 0 for none), and whether
    it is a name."""

    tongue: Ints
    features: Keys
    is_name: Bools


class Model(NamedTuple):
    """Weights of features, in order of their keys: the columns are the languages, and what they share. `letter` is the
    place of the feature's template."""

    keys: Keys
    letter: Ints
    weights: Weight
    bias: Weight


def main(sentences: Path, count: int = COMMENTS) -> None:
    """Generates, trains, averages, writes the weights."""
    listed = json.loads(sentences.read_text("utf-8"))
    # Half of them see the templates of the first hand alone: what learns from other text errs elsewhere.
    models = [_model(listed, count, SEED + number, 1 + number % len(HANDS)) for number in range(MODELS)]
    keys, places = np.unique(np.concatenate([model.keys for model in models]), return_inverse=True)
    weights = np.zeros((len(keys), len(TONGUES)))
    np.add.at(weights, places, np.concatenate([model.weights for model in models]))
    letter = np.zeros(len(keys), np.intp)
    letter[places] = np.concatenate([model.letter for model in models])
    shown = np.rint(16 * weights / MODELS).astype(np.intp)
    # No single word may speak much against a name: templates hold too few.
    lexical = np.array([name in LEXICAL for name in LETTERS])[letter]
    shown[lexical] = np.maximum(shown[lexical], LOWEST)
    shown[np.abs(16 * weights / MODELS) < SMALLEST] = 0
    shown = np.clip(shown, -127, 127)
    kept = shown.any(axis=1)
    bias = np.rint(16 * sum(model.bias for model in models) / MODELS).astype(int).tolist()
    found = dict(zip(keys[kept].tolist(), shown[kept].tolist(), strict=True))
    WEIGHTS.write_bytes(pack_weights(bias, found))
    print(f"{len(found)} features, {WEIGHTS.stat().st_size} bytes")


def _words(listed: Mapping[str, list[str]], count: int, seed: int, hands: int) -> Iterator[Words]:
    """Words that may be names, of generated comments."""
    generated = comments(count, seed, listed, hands)
    chance = np.random.default_rng(seed)
    while examples := list(islice(generated, READ)):
        texts = Texts([example.text for example in examples])
        inside = _inside(texts, examples)
        # Some words are hidden from the lists, so that the weights know what to make of unknown ones.
        slots = texts.slots
        _, same = np.unique(slots.key ^ slots.text.astype(np.uint64), return_inverse=True)
        hidden = chance.random(len(slots.text))[same] < np.where(inside, HIDDEN_NAMES, HIDDEN)
        tongues = np.array([TONGUES.index(example.language) for example in examples])
        places = Places(texts, tongues, candidates(texts, hidden), hidden)
        rows = Rows(places, np.arange(len(places.at)), inside.take(places.before))
        columns = [*rows.first(), *rows.rest()]
        yield Words(tongues.take(places.text), np.stack(columns, axis=1), inside.take(places.at))


def _inside(texts: Texts, examples: list[Example]) -> Bools:
    """Which slots are of words of names."""
    inside = np.zeros(len(texts.slots.text), np.bool_)
    for number, example in enumerate(examples):
        first = int(texts.first[number]) + EMPTY
        last = first + int(texts.count[number])
        begin = int(texts.begin[number])
        starts, ends = texts.slots.start[first:last] - begin, texts.slots.end[first:last] - begin
        for start, end in example.spans:
            inside[first:last] |= (starts >= start) & (ends <= end)
    return inside


def _model(listed: Mapping[str, list[str]], count: int, seed: int, hands: int) -> Model:
    """One model, of generated comments of its own."""
    begun = time.monotonic()
    tongue, features, is_name = (
        np.concatenate(parts) for parts in zip(*_words(listed, count, seed, hands), strict=True)
    )
    # Each feature counts twice: for all languages, and for that of the text. Number 0 is none, number 1 the bias.
    constants = np.full((len(features), 1), 1, np.uint64)
    shared = np.hstack((features, constants))
    own = np.where(shared > 0, shared ^ _TONGUE.take(tongue)[:, None], np.uint64(0))
    both = np.hstack((shared, own))
    keys, first_at, number, seen = np.unique(both, return_index=True, return_inverse=True, return_counts=True)
    rare = seen < RAREST
    rows = number.reshape(both.shape).astype(np.int32)
    rows[rare.take(rows)] = np.searchsorted(keys, np.uint64(0))
    letter = first_at % shared.shape[1]
    nothing = int(np.searchsorted(keys, np.uint64(0)))
    del both, own
    print(
        f"{len(features)} words, {int(is_name.sum())} of names, {len(keys)} features, {time.monotonic() - begun:.0f} s"
    )
    weight = _trained(rows, is_name, len(keys), nothing, np.random.default_rng(seed), begun)
    weight[rare] = 0
    at = np.flatnonzero(np.isin(keys, shared, assume_unique=False))
    common = keys[at]
    table = np.empty((len(at), len(TONGUES)))
    lexical = np.array([name in LEXICAL for name in [*LETTERS, "bias"]])[letter[at]]
    for column in range(len(LANGUAGES)):
        name = common ^ _TONGUE[column]
        place = np.minimum(np.searchsorted(keys, name), len(keys) - 1)
        met = keys[place] == name
        # What a word is worth in one language says nothing of another.
        table[:, column] = np.where(met, weight[at] + weight[place], np.where(lexical, 0, weight[at]))
    table[:, -1] = weight[at]
    is_bias, is_none = common == 1, common == 0
    kept = ~is_bias & ~is_none
    return Model(common[kept], letter[at][kept], table[kept], table[is_bias][0])


def _trained(
    number: npt.NDArray[np.int32], is_name: Bools, count: int, nothing: int, chance: np.random.Generator, begun: float
) -> Weight:
    """The weight of each feature."""
    weight, square = np.zeros(count), np.full(count, 1e-2)
    half = len(LETTERS) + 1
    groups = [np.array([name in group for name in LETTERS] + [False]) for group, _ in DROPPED]
    for epoch in range(EPOCHS):
        order = chance.permutation(len(number))
        loss = 0.0
        for start in range(0, len(order), BATCH):
            at = order[start : start + BATCH]
            rows, labels = number[at], is_name[at]
            # Templates repeat themselves: what says too much is left out now and then, or the rest would learn nothing.
            left_out = np.zeros((len(at), half), np.bool_)
            for group, (_, share) in zip(groups, DROPPED, strict=True):
                left_out |= (chance.random(len(at)) < share)[:, None] & group
            rows[np.hstack((left_out, left_out))] = nothing
            score = np.clip(weight.take(rows).sum(axis=1), -30, 30)
            p = 1 / (1 + np.exp(-score))
            loss -= float(np.log(np.maximum(np.where(labels, p, 1 - p), 1e-9)).sum())
            gradient = p - labels
            flat = rows.ravel()
            unique, place = np.unique(flat, return_inverse=True)
            g = np.bincount(place, weights=np.repeat(gradient, rows.shape[1])) + SHRINK * weight[unique]
            square[unique] += g * g
            weight[unique] -= RATE * g / np.sqrt(square[unique])
            weight[nothing] = 0
        print(f"epoch {epoch + 1}: loss {loss / len(order):.4f}, {time.monotonic() - begun:.0f} s")
    return weight


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
