"""What the name finder is trained on: generated comments, and those written by hand with their names drawn anew."""

import json
from pathlib import Path

from pipelines.personal_data.training.generate import comments
from pipelines.personal_data.training.written import with_names, written

SENTENCES = {language: ["The door opens at nine."] for language in ("nl", "en", "pl", "nb", "fi")}


def test_the_same_seed_gives_the_same_comments_with_their_names_marked() -> None:
    some = list(comments(300, 7, SENTENCES))
    assert some == list(comments(300, 7, SENTENCES))
    assert {example.language for example in some} == set(SENTENCES)
    marked = [example.text[start:end] for example in some for start, end in example.spans]
    assert len(marked) > 100
    assert all(name == name.strip() and any(map(str.isalpha, name)) for name in marked)


def test_a_written_comment_keeps_its_words_and_gets_other_names(tmp_path: Path) -> None:
    text = "Piet Vis (06) belde; Vis wacht"
    line = {"lang": "nl", "text": text, "names": [[0, 8], [21, 24]]}
    (tmp_path / "some.jsonl").write_text(json.dumps(line) + "\n", "utf-8")
    (comment,) = written(tmp_path)["nl"]
    renamed, names = with_names(comment, lambda name: name.upper() + "!")
    assert [renamed[start:end] for start, end in names] == ["PIET VIS!", "VIS!"]
    assert renamed == "PIET VIS! (06) belde; VIS! wacht"


def test_names_in_the_written_comments_are_whole_words() -> None:
    for language, some in written().items():
        assert language in SENTENCES
        for text, names in some:
            for start, end in names:
                assert text[start:end] == text[start:end].strip() != ""
                assert not (text[start - 1 : start] + text[start]).isalpha() or start == 0
