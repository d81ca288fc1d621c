"""What a message is: a score, words, or an opt-out; and what the messages of one sender make together."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Draft, Ignored, Piece, Question, Source, finish
from connectors.conversation import begins_anew, joined, to_bytes
from connectors.dialogue import item_of, opting
from schemas.feedback import Channel, FeedbackEvent, Metric

NPS = Question(question="recommend", metric=Metric.NPS)
SOURCE = Source("waterdam", "sms", "twilio", Channel.SMS)
NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)


def answers(*messages: str, sender: str | None = "+31612345678") -> list[FeedbackEvent]:
    """The answers that these messages end in, as the collector joins them."""
    conversations: list[list[bytes]] = []
    for number, text in enumerate(messages, start=1):
        item = item_of(text, sender, NPS, Draft(source_id=f"SM{number}"))
        if isinstance(item, Piece):
            if not conversations or begins_anew(item, conversations[-1]):
                conversations.append([])
            conversations[-1].append(to_bytes(item, item.session or ""))
    return [finish(joined(kept), SOURCE, NOW) for kept in conversations]


def told(events: Sequence[FeedbackEvent]) -> list[tuple[str, float | None, str | None, int]]:
    return [(event.source_id, event.answers[0].score, event.answers[0].text, event.order) for event in events]


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (["9"], [("SM1", 9, None, 1)]),
        (["9", "Snel"], [("SM1", 9, "Snel", 2)]),
        (["Snel", "9"], [("SM1", 9, "Snel", 2)]),
        (["Snel", "9", "En vriendelijk"], [("SM1", 9, "Snel\nEn vriendelijk", 3)]),
        (["9", "Snel", "En vriendelijk"], [("SM1", 9, "Snel\nEn vriendelijk", 3)]),
        (["8", " 9! "], [("SM1", 9, None, 2)]),
        (["9", "Snel", "3", "Traag"], [("SM1", 9, "Snel", 2), ("SM3", 3, "Traag", 2)]),
        (["9", "Snel", "Heel snel", "10"], [("SM1", 9, "Snel\nHeel snel", 3), ("SM4", 10, None, 1)]),
        (["Alleen woorden"], [("SM1", None, "Alleen woorden", 1)]),
        (["9/10"], [("SM1", 9, None, 1)]),
        (["4/5"], [("SM1", None, "4/5", 1)]),
        (["11"], [("SM1", None, "11", 1)]),
        (["11", "10", "Snel"], [("SM1", 10, "11\nSnel", 3)]),
        (["4", "20"], [("SM1", 4, "20", 2)]),
        (["9", "STOP"], [("SM1", 9, None, 1)]),
        (["een 9, omdat het snel ging"], [("SM1", None, "een 9, omdat het snel ging", 1)]),
    ],
)
def test_the_messages_of_a_sender(messages: list[str], expected: object) -> None:
    assert told(answers(*messages)) == expected


def test_a_number_off_the_scale_is_noted() -> None:
    (event,) = answers("11")
    assert [(note.field, note.problem) for note in event.notes] == [("answers[0].score", "off_scale")]


def test_words_after_a_score_keep_what_was_asked() -> None:
    (event,) = answers("9", "Snel")
    assert (event.answers[0].metric, event.answers[0].question) == (Metric.NPS, "recommend")
    assert len(event.answers) == 1
    (words,) = answers("Alleen woorden")
    assert words.answers[0].metric == Metric.OPEN


def test_without_a_sender_or_a_scale_a_message_is_an_answer_of_its_own() -> None:
    unknown = item_of("9", None, NPS, Draft(source_id="SM1"))
    assert isinstance(unknown, Draft)
    assert unknown.answers[0]["score"] == 9
    open_question = item_of("9", "+31612345678", Question(), Draft(source_id="SM1"))
    assert isinstance(open_question, Draft)
    assert open_question.answers == [{"metric": Metric.OPEN, "text": "9"}]


@pytest.mark.parametrize("text", [None, "", " \n"])
def test_a_message_without_words_is_none(text: str | None) -> None:
    assert item_of(text, "+31612345678", NPS, Draft(source_id="SM1")) == Ignored("a message without words")


@pytest.mark.parametrize(
    "text",
    [
        *("STOP", "stop.", " Stop! ", '"STOP"', "ＳＴＯＰ", "Stop all", "UNSUBSCRIBE", "opt-out", "quit"),
        *("Afmelden", "UITSCHRIJVEN", "stop sms"),
        *("WYPISZ", "Rezygnuję", "REZYGNUJE", "rezygnuję."),
        *("STOPP", "Stopp!", "meld av", "AVMELD"),
        *("LOPETA", "peruuta", "Peru"),
    ],
)
def test_words_that_opt_out(text: str) -> None:
    assert opting(text) == "out"
    assert item_of(text, "+31612345678", NPS, Draft(source_id="SM1")) == Ignored("opting out")


@pytest.mark.parametrize("text", ["START", "start!", "UNSTOP", "Aanmelden", "zapisz", "Meld på", "MELD PA", "aloita"])
def test_words_that_opt_in(text: str) -> None:
    assert opting(text) == "in"


@pytest.mark.parametrize(
    "text",
    [
        *("stop met dat geblaas", "ze moeten stoppen met graven", "the bus stop is gone", "Cancel my fine"),
        *("proszę nie rezygnować", "stopp bråket", "lopettakaa", "start eens met luisteren", "no end in sight", "9"),
    ],
)
def test_feedback_in_which_such_a_word_stands_is_feedback(text: str) -> None:
    assert opting(text) is None


@given(st.text(max_size=40), st.sampled_from([NPS, Question()]), st.sampled_from([None, "+31612345678"]))
def test_any_message_is_something(text: str, asks: Question, sender: str | None) -> None:
    item = item_of(text, sender, asks, Draft(source_id="SM1"))
    assert isinstance(item, Draft | Piece | Ignored)
    if isinstance(item, Piece):
        event = finish(joined([to_bytes(item, "s")]), SOURCE, NOW + timedelta(seconds=1))
        assert event.answers[0].score is not None or event.answers[0].text
