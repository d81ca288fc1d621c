# ruff: noqa: S311
"""Trains the weights of the name finder on generated comments: logistic regression by AdaGrad, no library needed.

    python -m pipelines.personal_data.training.train sentences.json [COMMENTS]

`training/sentences.py` makes the file

One core, a few minutes. Each feature has a weight of its own and one by language; they ship added up, in sixteenths.
"""

import json
import lzma
import math
import random
import sys
import time
from array import array
from collections.abc import Mapping
from pathlib import Path

from pipelines.personal_data.names import _TOKEN, WEIGHTS, Reader
from pipelines.personal_data.spans import LANGUAGES
from pipelines.personal_data.training.generate import comments

SEED = 20261124
MODELS = 4  # on generated texts of their own, then averaged
EPOCHS = 4
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
    total: dict[str, list[float]] = {}
    for seed in range(SEED, SEED + MODELS):
        for feature, values in _model(listed, count, seed).items():
            sums = total.setdefault(feature, [0.0] * len(values))
            for i, value in enumerate(values):
                sums[i] += value
    lines = []
    kept = 0
    for feature, sums in sorted(total.items()):
        shown = [round(16 * value / MODELS) for value in sums]
        if feature[:1] in LEXICAL:  # no single word may speak much against a name: templates hold too few
            shown = [max(value, LOWEST) for value in shown]
        if feature == "" or any(abs(value) >= SMALLEST for value in shown):
            lines.append("\t".join((feature, *(str(v) if abs(v) >= SMALLEST else "" for v in shown))))
            kept += sum(abs(value) >= SMALLEST for value in shown)
    WEIGHTS.write_bytes(lzma.compress("\n".join(lines).encode(), preset=9))
    print(f"{len(lines)} features, {kept} weights, {WEIGHTS.stat().st_size} bytes")


def _model(sentences: Mapping[str, list[str]], count: int, seed: int) -> dict[str, list[float]]:
    """The weights of one model: for each feature those of the languages, and that of all together."""
    begun = time.monotonic()
    index: dict[str, int] = {}
    seen: list[int] = []
    rows: list[array[int]] = []
    labels = bytearray()
    chance = random.Random(seed)

    def number(feature: str) -> int:
        at = index.get(feature)
        if at is None:
            at = index[feature] = len(seen)
            seen.append(0)
        seen[at] += 1
        return at

    for example in comments(count, seed, sentences):
        # Some words are hidden from the lists, so that the weights know what to make of unknown ones.
        hidden = frozenset(
            t.group().lower()
            for t in _TOKEN.finditer(example.text)
            if chance.random() < (HIDDEN_NAMES if any(a <= t.start() < b for a, b in example.spans) else HIDDEN)
        )
        reader = Reader(example.text, example.language, hidden)
        inside = [any(a <= start and end <= b for a, b in example.spans) for start, end in reader.spans]
        for i in reader.candidates():
            place = reader.look(i)
            before = "N" if place.j >= 0 and inside[place.j] else "O"
            # Templates repeat themselves: what says too much is left out now and then, or the rest would learn nothing.
            left_out = "".join(group for group, share in DROPPED if chance.random() < share)
            features = [f for f in (*reader.first(place, before), *reader.rest(place, before)) if f[0] not in left_out]
            row = array("i", (number(f) for f in features))
            row.extend(number(f"{example.language}\t{f}") for f in features)
            row.append(number(""))
            row.append(number(example.language + "\t"))
            rows.append(row)
            labels.append(inside[i])
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
    found: dict[str, list[float]] = {}
    for feature, at in index.items():
        if "\t" in feature:
            continue
        own = weight[at] if frequent[at] else 0.0
        values = []
        for language in LANGUAGES:
            at_language = index.get(f"{language}\t{feature}")
            if at_language is None:  # what a word is worth in one language says nothing of another
                values.append(0.0 if feature[:1] in LEXICAL else own)
            else:
                values.append(own + (weight[at_language] if frequent[at_language] else 0.0))
        found[feature] = [*values, own]
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
