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
from pathlib import Path

from pipelines.personal_data.names import _TOKEN, WEIGHTS, Reader
from pipelines.personal_data.spans import LANGUAGES
from pipelines.personal_data.training.generate import comments

SEED = 20261124
EPOCHS = 4
RATE = 0.15
SHRINK = 2e-6
RAREST = 3
LEXICAL = frozenset("pqnmdPNtT")
HIDDEN = 0.09
HIDDEN_NAMES = 0.16
DROPPED = (("pPq", 0.5), ("nNm", 0.5), ("T", 0.5), ("t", 0.2), ("Bb", 0.1), ("gG", 0.2), ("cCdeD", 0.15), ("SE", 0.1))
SMALLEST = 2  # sixteenths; smaller weights do not ship


def main(sentences: Path, count: int = 80_000) -> None:
    """Generates, trains, writes the weights."""
    begun = time.monotonic()
    index: dict[str, int] = {}
    seen: list[int] = []
    rows: list[array[int]] = []
    labels = bytearray()
    chance = random.Random(SEED)

    def number(feature: str) -> int:
        at = index.get(feature)
        if at is None:
            at = index[feature] = len(seen)
            seen.append(0)
        seen[at] += 1
        return at

    for example in comments(count, SEED, json.loads(sentences.read_text("utf-8"))):
        # Some words are hidden from the lists, so that the weights know what to make of unknown ones.
        hidden = frozenset(
            t.group().lower()
            for t in _TOKEN.finditer(example.text)
            if chance.random() < (HIDDEN_NAMES if any(a <= t.start() < b for a, b in example.spans) else HIDDEN)
        )
        reader = Reader(example.text, example.language, hidden)
        inside = [any(a <= start and end <= b for a, b in example.spans) for start, end in reader.spans]
        for i in reader.candidates():
            before = "N" if (j := reader.before(i)) >= 0 and inside[j] else "O"
            # Templates repeat themselves: what says too much is left out now and then, or the rest would learn nothing.
            left_out = "".join(group for group, share in DROPPED if chance.random() < share)
            features = [f for part in reader.features(i, before) for f in part if f[0] not in left_out]
            row = array("i", (number(f) for f in features))
            row.extend(number(f"{example.language}\t{f}") for f in features)
            row.append(number(""))
            row.append(number(example.language + "\t"))
            rows.append(row)
            labels.append(inside[i])
    print(f"{len(rows)} words, {sum(labels)} of names, {len(seen)} features, {time.monotonic() - begun:.0f} s")
    rows = [array("i", (f for f in row if seen[f] >= RAREST)) for row in rows]
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
    lines = []
    kept = 0
    for feature, at in index.items():
        if "\t" in feature:
            continue
        own = weight[at] if seen[at] >= RAREST else 0.0
        values = []
        for language in LANGUAGES:
            place = index.get(f"{language}\t{feature}")
            if place is None:  # what a word is worth in one language says nothing of another
                values.append(0 if feature[:1] in LEXICAL else round(16 * own))
            else:
                values.append(round(16 * (own + (weight[place] if seen[place] >= RAREST else 0.0))))
        values.append(round(16 * own))
        shown = [str(v) if abs(v) >= SMALLEST or feature == "" else "" for v in values]
        if any(shown):
            lines.append("\t".join((feature, *shown)))
            kept += sum(map(bool, shown))
    WEIGHTS.write_bytes(lzma.compress("\n".join(sorted(lines)).encode(), preset=9))
    print(f"{len(lines)} features, {kept} weights, {WEIGHTS.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
