"""The language of short texts, on the labelled comments and on five hundred lines of other languages."""

import json
from pathlib import Path

from pipelines.personal_data import LANGUAGES, detect

FOLDER = Path(__file__).parents[2] / "data" / "comments"


def _lines(name: str) -> list[dict[str, str]]:
    rows = [json.loads(line) for line in (FOLDER / name).read_text("utf-8").splitlines()]
    return [row for row in rows if sum(c.isalpha() for c in row["text"]) > 30]


def test_the_language_of_a_comment_is_told() -> None:
    own, others = _lines("own.jsonl"), _lines("other_languages.jsonl")
    assert len(others) == 500
    right = sum(detect(row["text"]) == row["lang"] for row in own) + sum(
        detect(row["text"]) == "other" for row in others
    )
    assert right / (len(own) + len(others)) >= 0.96


def test_none_of_the_five_is_taken_for_another() -> None:
    own = _lines("own.jsonl")
    for language in LANGUAGES:
        told = [detect(row["text"]) == language for row in own if row["lang"] == language]
        assert sum(told) / len(told) >= 0.97


def test_a_text_without_words_is_in_no_language() -> None:
    assert [detect(text) for text in ("", "123 456", "!!", "👍")] == ["other"] * 4
