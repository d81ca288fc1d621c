"""The labelled comments of `tests/data/comments/own.jsonl`: the figures reached on them, and no fall below."""

import json
from collections import Counter
from pathlib import Path

import pytest

from pipelines.personal_data import Scrubber, scrub_lines

COMMENTS = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "data" / "comments" / "own.jsonl").read_text("utf-8").splitlines()
]


@pytest.fixture(scope="module")
def figures() -> dict[str, float]:
    """Recall by type and language, and what was taken that is no personal data, as the guidelines count them."""
    total: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    clean = touched = outside = over = 0
    predicted = {row["id"]: row for row in scrub_lines(COMMENTS, Scrubber())}
    for comment in COMMENTS:
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


@pytest.mark.parametrize(
    ("figure", "floor"),
    [
        ("all", 0.973),
        ("NAME", 0.955),
        ("EMAIL", 1.0),
        ("PHONE", 1.0),
        ("NATIONAL_ID", 1.0),
        ("IBAN", 1.0),
        ("CARD", 1.0),
        ("PLATE", 1.0),
        ("ADDRESS", 1.0),
        ("POSTCODE", 1.0),
        ("BIRTHDATE", 1.0),
        ("HANDLE", 1.0),
    ],
)
def test_recall_does_not_fall(figures: dict[str, float], figure: str, floor: float) -> None:
    assert figures[figure] >= floor


@pytest.mark.parametrize(("figure", "ceiling"), [("over_scrub", 0.0045), ("clean_touched", 0.035)])
def test_harmless_text_stays_as_much_as_it_did(figures: dict[str, float], figure: str, ceiling: float) -> None:
    assert figures[figure] <= ceiling


def test_scrubbing_twice_changes_nothing() -> None:
    scrubber = Scrubber()
    for comment in COMMENTS:
        once = scrubber.scrub(comment["text"], comment["lang"]).text
        assert scrubber.scrub(once, comment["lang"]).text == once
        unknown = scrubber.scrub(comment["text"]).text
        assert scrubber.scrub(unknown).text == unknown
