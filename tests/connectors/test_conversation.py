"""Pieces that make one answer."""

from typing import Any

from connectors.base import Draft, Piece
from connectors.conversation import begins_anew, joined, to_bytes
from schemas.feedback import Note

SCORE = {"question": "q", "metric": "nps", "scale": {"min": 0, "max": 10, "best": 10}}


def piece(step: str, session: str = "s", **draft: Any) -> bytes:
    return to_bytes(Piece(session, step, step, Draft(**draft)), session)


def test_a_score_and_then_words_are_one_answer() -> None:
    first = piece("score", answers=[{**SCORE, "score": 9}], client={"ip": "192.0.2.1"}, language="nl")
    second = piece("words", answers=[{"question": "q", "metric": "open", "text": "Snel"}])
    assert joined([first]).answers == [{**SCORE, "score": 9}]
    both = joined([first, second])
    assert both.answers == [{**SCORE, "score": 9, "text": "Snel"}]
    assert (both.order, both.source_id, both.client, both.language) == (2, "s", {"ip": "192.0.2.1"}, "nl")


def test_messages_add_words_and_a_step_that_is_done_again_replaces_its_own() -> None:
    messages = [piece(f"m{n}", source_id=f"SM{n}", answers=[{"text": text}]) for n, text in enumerate("abc")]
    assert joined(messages).answers == [{"text": "a\nb\nc"}]
    assert joined(messages).source_id == "SM0"
    again = [piece("text", answers=[{"text": "Traag"}]), piece("text", answers=[{"text": "Heel traag"}])]
    assert joined(again).answers == [{"text": "Heel traag"}]
    assert joined(again).order == 2


def test_answers_that_came_together_stay_apart_though_no_question_names_them() -> None:
    asked = piece("score", answers=[{"metric": "nps", "score": 9}, {"metric": "csat", "score": 2}])
    assert joined([asked]).answers == [{"metric": "nps", "score": 9}, {"metric": "csat", "score": 2}]
    both = joined([asked, piece("words", answers=[{"metric": "open", "text": "Snel"}])])
    assert both.answers == [{"metric": "nps", "score": 9, "text": "Snel"}, {"metric": "csat", "score": 2}]


def test_who_declines_and_then_answers_has_answered() -> None:
    declined = piece("score", outcome="declined")
    assert joined([declined]).outcome == "declined"
    assert joined([declined, piece("words", answers=[{"text": "toch"}])]).outcome == "answered"


def test_notes_and_flags_of_all_pieces_stay() -> None:
    note = Note(field="occurred_at", problem="not_a_time")
    both = joined([piece("a", notes=[note], flags=["bot"]), piece("b", notes=[note], flags=["test"])])
    assert (both.notes, both.flags) == ((note,), ("bot", "test"))


def test_what_is_no_answer_at_all_is_left_out() -> None:
    answers: list[Any] = [3, None, {"question": {"a": 1}, "text": "x"}]
    assert joined([piece("a", answers=answers)]).answers == [{"question": {"a": 1}, "text": "x"}]


def test_a_step_taken_again_after_another_one_begins_a_new_answer_if_it_restarts() -> None:
    again = Piece("s", "m9", "score", Draft(), restarts=True)
    score, words = piece("score"), piece("words m2")
    assert begins_anew(again, [score, words])
    assert begins_anew(again, [words, score, words])
    for kept in ([], [score], [words], [score, score], [words, score]):
        assert not begins_anew(again, kept)
    assert not begins_anew(Piece("s", "m9", "score", Draft()), [score, words])
