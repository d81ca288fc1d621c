"""The labelled comments of `tests/data/comments/`: the figures reached on each set, and no fall below."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pipelines.personal_data import Scrubber, scrub_lines

SETS = {
    name: [
        json.loads(line)
        for line in (Path(__file__).parents[2] / "data" / "comments" / f"{name}.jsonl").read_text("utf-8").splitlines()
    ]
    for name in ("own", "fifth", "seventh", "eighth", "fifteenth", "formats")
}


@pytest.fixture(scope="module")
def figures() -> dict[str, dict[str, float]]:
    """Recall by type and language, and what was taken that is no personal data, as the guidelines count them."""
    scrubber = Scrubber()
    return {name: _figures(comments, scrubber) for name, comments in SETS.items()}


def _figures(comments: list[dict[str, Any]], scrubber: Scrubber) -> dict[str, float]:
    total: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    clean = touched = outside = over = 0
    predicted = {row["id"]: row for row in scrub_lines(comments, scrubber)}
    for comment in comments:
        text = comment["text"]
        taken = {i for s in predicted[comment["id"]]["spans"] for i in range(s["start"], s["end"]) if text[i].isalnum()}
        marked: set[int] = set()
        for span in comment["spans"]:
            letters = {i for i in range(span["start"], span["end"]) if text[i].isalnum()}
            if span["type"] == "CASE":
                continue
            marked |= letters
            for key in ("all", span["type"], f"{span['type']} {comment['lang']}"):
                total[key] += 1
                caught[key] += letters <= taken
        outside += sum(c.isalnum() for c in text) - len(marked)
        over += len(taken - marked)
        clean += not marked
        touched += not marked and bool(taken)
    return {key: caught[key] / total[key] for key in total} | {
        "over_scrub": over / outside,
        "clean_touched": touched / clean,
    }


_ALL_OF_THEM = ("EMAIL", "PHONE", "NATIONAL_ID", "IBAN", "CARD", "PLATE", "ADDRESS", "POSTCODE", "BIRTHDATE", "HANDLE")


@pytest.mark.parametrize(
    ("name", "figure", "floor"),
    [
        ("own", "all", 0.97),
        ("own", "NAME", 0.95),
        *(("own", f"NAME {language}", 0.91) for language in ("nl", "en", "pl", "nb", "fi")),
        *(("own", kind, 1.0) for kind in _ALL_OF_THEM),
        *((name, "all", 0.98) for name in ("fifth", "seventh", "fifteenth")),
        *((name, "NAME", 0.96) for name in ("fifth", "seventh", "fifteenth")),
        *(
            (name, f"NAME {language}", 0.93)
            for name in ("fifth", "seventh", "fifteenth")
            for language in ("nl", "en", "pl", "nb", "fi")
        ),
        ("formats", "all", 0.95),
        ("formats", "ADDRESS", 0.91),
        *(("formats", kind, 1.0) for kind in ("EMAIL", "PHONE", "NATIONAL_ID", "IBAN", "IP", "URL")),
    ],
)
def test_recall_does_not_fall(figures: dict[str, dict[str, float]], name: str, figure: str, floor: float) -> None:
    assert figures[name][figure] >= floor


@pytest.mark.parametrize(
    ("name", "figure", "ceiling"),
    [
        ("own", "over_scrub", 0.001),
        ("own", "clean_touched", 0.01),
        ("fifth", "over_scrub", 0.002),
        ("fifth", "clean_touched", 0.032),
        ("seventh", "over_scrub", 0.008),
        ("seventh", "clean_touched", 0.087),
        ("eighth", "over_scrub", 0.0032),
        ("eighth", "clean_touched", 0.028),
        ("fifteenth", "over_scrub", 0.0035),
        ("fifteenth", "clean_touched", 0.047),
        ("formats", "over_scrub", 0.0056),
        ("formats", "clean_touched", 0.05),
    ],
)
def test_harmless_text_stays_as_much_as_it_did(
    figures: dict[str, dict[str, float]], name: str, figure: str, ceiling: float
) -> None:
    assert figures[name][figure] <= ceiling


@pytest.mark.parametrize("name", SETS)
def test_scrubbing_twice_changes_nothing(name: str) -> None:
    scrubber = Scrubber()
    for comment in SETS[name]:
        once = scrubber.scrub(comment["text"], comment["lang"]).text
        assert scrubber.scrub(once, comment["lang"]).text == once
        unknown = scrubber.scrub(comment["text"]).text
        assert scrubber.scrub(unknown).text == unknown
