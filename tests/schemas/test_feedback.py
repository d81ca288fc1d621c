"""The contract: what it takes, what it sets aside, what it refuses, and that it never says what it was given."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.failure import FailedEvent
from schemas.feedback import (
    MAX_NOTES,
    MAX_TEXT,
    VITAL,
    FeedbackEvent,
    NewerSchema,
    Note,
    Part,
    Unreadable,
    feedback_id,
    read,
)
from tests.strategies import JSON_VALUES, events, plain_events

CANARY = "canary.devries@example.org"
SCALE = {"min": 0, "max": 10, "best": 10}

Raw = dict[str, Any]
Event = Callable[..., Raw]


@pytest.fixture
def raw() -> Event:
    """Makes an event of plain values: the least there may be, and what a test adds."""

    def make(**more: Any) -> Raw:
        least = {
            "feedback_id": str(feedback_id("utrecht", "website", "a-1")),
            "tenant": "utrecht",
            "source": "website",
            "source_id": "a-1",
            "connector": "web-form",
            "channel": "web",
            "received_at": "2026-03-01T10:00:00.000Z",
        }
        return {**least, **more}

    return make


def notes_of(event: FeedbackEvent) -> set[tuple[str, str]]:
    return {(note.field, note.problem) for note in event.notes}


def test_the_least_event_has_the_defaults_of_the_contract(raw: Event) -> None:
    event = read(raw())
    assert event.authority == "source"
    assert event.outcome == "answered"
    assert event.occurred_at == event.received_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert event.occurred_at_from == "receipt"
    assert (event.order, event.answers, event.flags, event.notes) == (0, (), (), ())


def test_an_identity_is_the_same_for_ever() -> None:
    # Recorded: were it another, every answer would be loaded a second time.
    assert feedback_id("utrecht", "website", "a-1") == UUID("231112ab-2585-50a5-bdfb-7f8dd314063d")


@given(events())
def test_what_is_written_reads_the_same(event: FeedbackEvent) -> None:
    written = event.to_json()
    assert read(written) == event
    assert read(written).to_json() == written


@given(plain_events(), st.data())
def test_reading_is_done_once_whatever_was_damaged(event: Raw, data: st.DataObject) -> None:
    """The normal form is a fixed point, also of an event with invalid parts."""
    plain: Raw = json.loads(json.dumps(event, default=str))
    for _ in range(data.draw(st.integers(1, 3))):
        plain[data.draw(st.sampled_from(sorted(set(FeedbackEvent.model_fields) - VITAL)))] = data.draw(JSON_VALUES)
    read_once = read(json.dumps(plain).encode())
    assert read(read_once.to_json()).to_json() == read_once.to_json()
    assert read(plain) == read_once
    for vital in VITAL:
        assert getattr(read_once, vital) == getattr(FeedbackEvent.model_validate(event), vital)


@given(st.one_of(st.binary(), JSON_VALUES.map(lambda value: json.dumps(value).encode())))
def test_no_bytes_raise_anything_but_what_is_documented(raw: bytes) -> None:
    with pytest.raises((Unreadable, NewerSchema)):
        read(raw)


@given(plain_events(), st.data())
def test_no_damage_raises_anything_but_what_is_documented(event: Raw, data: st.DataObject) -> None:
    plain: Raw = json.loads(json.dumps(event, default=str))
    for field in data.draw(st.lists(st.sampled_from(sorted(FeedbackEvent.model_fields)), max_size=4)):
        plain[field] = data.draw(JSON_VALUES)
    for raw in (plain, json.dumps(plain).encode()):
        with contextlib.suppress(Unreadable, NewerSchema):
            assert isinstance(read(raw), FeedbackEvent)


@pytest.mark.parametrize("raw", [{1: object}, {"a": float("nan")}, {("a", "b"): 1}, {"a": "\ud800"}, {}])
def test_an_object_that_is_no_event_is_unreadable(raw: Any) -> None:
    with pytest.raises(Unreadable):
        read(raw)


def test_an_object_that_holds_itself_is_unreadable() -> None:
    endless: Raw = {}
    endless["survey"] = endless
    with pytest.raises(Unreadable):
        read(endless)


@pytest.mark.parametrize("field", sorted(VITAL))
def test_without_what_is_vital_there_is_no_event(raw: Event, field: str) -> None:
    with pytest.raises((Unreadable, NewerSchema), match=field.replace("_", ".")):
        read(raw(**{field: [CANARY]}))


@pytest.mark.parametrize("field", ["tenant", "source", "source_id"])
def test_an_id_that_does_not_follow_from_its_parts_is_refused(raw: Event, field: str) -> None:
    with pytest.raises(Unreadable, match="wrong_identity"):
        read(raw(**{field: "another"}))


@pytest.mark.parametrize("version", [2, 7, 65_536, 10**30])
def test_a_newer_contract_is_not_read(raw: Event, version: int) -> None:
    for given_as in (raw(schema_version=version, channel="hologram"), json.dumps(raw(schema_version=version)).encode()):
        with pytest.raises(NewerSchema, match="upgrade the pipeline first"):
            read(given_as)


def test_what_is_no_version_is_not_quoted(raw: Event) -> None:
    with pytest.raises(NewerSchema) as raised:
        read(json.dumps(raw(schema_version=31_612_345_678)).encode())
    assert "612345678" not in str(raised.value)


def test_unknown_fields_are_left_alone_at_every_depth(raw: Event) -> None:
    event = read(raw(colour="blue", answers=[{"text": "mooi", "mood": 3}], survey={"id": "s", "x": None}))
    assert event == read(raw(answers=[{"text": "mooi"}], survey={"id": "s"}))
    assert event.notes == ()


def test_null_is_as_good_as_missing(raw: Event) -> None:
    optional = set(FeedbackEvent.model_fields) - VITAL
    assert read(raw(**dict.fromkeys(optional))) == read(raw())
    assert read(raw(authority=None, order=None, outcome=None, schema_version=None)) == read(raw())


@pytest.mark.parametrize("part", sorted({FailedEvent, *Part.__subclasses__()}, key=str), ids=lambda part: part.__name__)
def test_null_is_no_fault_of_what_may_be_missing(part: type[Part]) -> None:
    nulls = {field.alias or name: None for name, field in part.model_fields.items() if not field.is_required()}
    faulty: set[int | str] = set()
    try:
        part.model_validate(nulls)
    except ValidationError as error:  # of what may not be missing
        faulty = {fault["loc"][0] for fault in error.errors()}
    assert not faulty & nulls.keys()


def test_what_is_not_valid_becomes_a_note_and_takes_nothing_else_along(raw: Event) -> None:
    event = read(
        raw(
            language="Dutch",
            time_zone="Europe/Atlantis",
            flags=["misuse", "rude"],
            survey={"id": "afval", "wave": 7},
            answers=[
                {"metric": "nps", "scale": SCALE, "score": 11, "text": "prima"},
                {"metric": "happiness", "scale": SCALE, "score": 8},
                {"metric": "csat", "score": 4, "reason": "wachttijd"},
                {"metric": "ces", "scale": {"min": 5, "max": 1, "best": 1}, "score": 4, "wording": "Hoe ging het?"},
                "geen antwoord",
                {"text": "nog iets"},
            ],
            subject={"service": "afval", "country": "Nederland"},
            client={
                "ip": "300.1.1.1",
                "user_agent": "Firefox",
                "client_hints": {"sec-ch-ua": 3, "sec-ch-ua-mobile": "?1"},
            },
            person={"email": "not an address", "phone": "0612345678", "user_id": "u-1"},
            consent={"contact": {"wording": "mag"}, "publish": {"given_at": "2026-03-01T09:00:00+01:00"}},
        )
    )
    assert notes_of(event) == {
        ("language", "string_pattern_mismatch"),
        ("time_zone", "unknown_zone"),
        ("flags[1]", "enum"),
        ("survey.wave", "string_type"),
        ("answers[0].score", "off_scale"),
        ("answers[1].metric", "enum"),
        ("answers[2].score", "no_scale"),
        ("answers[3].scale", "bad_scale"),
        ("answers[3].score", "no_scale"),
        ("answers[4]", "model_type"),
        ("subject.country", "string_pattern_mismatch"),
        ("client.ip", "not_an_address"),
        ("client.client_hints.sec_ch_ua", "string_type"),
        ("person.email", "string_pattern_mismatch"),
        ("person.phone", "string_pattern_mismatch"),
        ("consent.contact", "missing"),
    }
    assert [(a.score, a.text, a.reason, a.wording) for a in event.answers] == [
        (None, "prima", None, None),
        (8, None, None, None),
        (None, None, "wachttijd", None),
        (None, None, None, "Hoe ging het?"),
        (None, "nog iets", None, None),
    ]
    assert event.flags == ("misuse",)
    assert event.survey is not None
    assert event.survey.id == "afval"
    assert event.subject is not None
    assert event.subject.service == "afval"
    assert event.client is not None
    assert event.client.user_agent == "Firefox"
    assert event.client.client_hints is not None
    assert event.client.client_hints.mobile == "?1"
    assert event.person is not None
    assert event.person.user_id == "u-1"
    assert event.consent is not None
    assert event.consent.contact is None
    assert event.consent.publish is not None


@pytest.mark.parametrize("outcome", ["declined", "expired"])
def test_who_declined_has_no_score(raw: Event, outcome: str) -> None:
    event = read(raw(outcome=outcome, answers=[{"metric": "nps", "scale": SCALE, "score": 9}]))
    assert event.answers == ()
    assert event.outcome == outcome
    assert notes_of(event) == {("answers", "not_answered")}


@pytest.mark.parametrize("score", ["NaN", "Infinity", "-Infinity", "1e400", "1" * 5_000, "-" + "1" * 5_000])
def test_a_score_is_a_finite_number(raw: Event, score: str) -> None:
    told = json.dumps(raw(answers=[{"metric": "nps", "scale": SCALE, "score": 123.5, "text": "x"}])).encode()
    event = read(told.replace(b"123.5", score.encode()))
    assert event.answers[0].score is None
    assert event.answers[0].text == "x"
    assert notes_of(event) == {("answers[0].score", "not_a_number")}


@pytest.mark.parametrize(
    "moment",
    ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2200-01-01T00:00:00Z", "1969-12-31T23:59:59Z",
     "2026-02-30T10:00:00Z", "2026-03-01T10:00:00", "yesterday", 1e40],
)  # fmt: skip
def test_a_moment_that_cannot_be_is_noted_and_receipt_takes_its_place(raw: Event, moment: Any) -> None:
    event = read(raw(occurred_at=moment, occurred_at_from="source"))
    assert event.occurred_at == event.received_at
    assert event.occurred_at_from == "receipt"
    assert [note.field for note in event.notes] == ["occurred_at"]


def test_nothing_happens_after_it_was_received(raw: Event) -> None:
    event = read(raw(occurred_at="2026-03-01T10:00:00.001Z", occurred_at_from="source"))
    assert (event.occurred_at, event.occurred_at_from) == (event.received_at, "receipt")
    assert notes_of(event) == {("occurred_at", "after_receipt")}


def test_moments_are_utc_in_whole_milliseconds(raw: Event) -> None:
    event = read(raw(received_at="2026-03-01T12:00:00.123999+02:00"))
    assert event.received_at == datetime(2026, 3, 1, 10, 0, 0, 123_000, tzinfo=UTC)
    assert b'"received_at":"2026-03-01T10:00:00.123Z"' in event.to_json()


def test_a_text_that_is_too_long_is_cut_and_noted(raw: Event) -> None:
    event = read(raw(answers=[{"text": "é" * (MAX_TEXT + 1), "reason": "r" * 301}]))
    assert event.answers[0].text == "é" * MAX_TEXT
    assert event.answers[0].reason == "r" * 300
    assert notes_of(event) == {("answers[0].text", "string_too_long"), ("answers[0].reason", "string_too_long")}


def test_an_identifier_that_is_too_long_is_not_cut_to_be_another_ones(raw: Event) -> None:
    event = read(raw(person={"email": "j@" + "e" * 300 + ".org", "user_id": "u" * 301, "town": "Utrecht"}))
    assert event.person is not None
    assert (event.person.email, event.person.user_id, event.person.town) == (None, None, "Utrecht")


def test_too_many_answers_are_cut_and_too_many_notes_too(raw: Event) -> None:
    event = read(raw(answers=[{"text": str(place), "score": 1} for place in range(150)]))
    assert [answer.text for answer in event.answers] == [str(place) for place in range(100)]
    assert len(event.notes) == MAX_NOTES
    assert read(event.to_json()) == event


def test_a_lone_surrogate_is_noted(raw: Event) -> None:
    event = read(json.dumps(raw(answers=[{"text": "\ud83d", "reason": "ok"}])).encode())
    assert event.answers[0].reason == "ok"
    assert notes_of(event) == {("answers[0].text", "string_unicode")}


@pytest.mark.parametrize("depth", [201, 990, 100_000])
def test_what_is_nested_too_deeply_is_unreadable_however_deep_the_caller_is(raw: Event, depth: int) -> None:
    told = json.dumps(raw(extra="@")).encode().replace(b'"@"', b"[" * depth + b"]" * depth)
    with pytest.raises(Unreadable, match="nested too deeply"):
        read(told)


def _leaf_paths(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(node, dict):
        return [leaf for key, child in node.items() for leaf in _leaf_paths(child, (*path, key))]
    if isinstance(node, list):
        return [leaf for place, child in enumerate(node) for leaf in _leaf_paths(child, (*path, place))]
    return [path]


@given(plain_events(), st.data())
def test_no_error_note_or_repr_quotes_an_input(event: Raw, data: st.DataObject) -> None:
    plain: Raw = json.loads(json.dumps(event, default=str))
    for _ in range(3):
        *way, last = data.draw(st.sampled_from(_leaf_paths(plain)))
        part: Any = plain
        for step in way:
            part = part[step]
        part[last] = data.draw(st.sampled_from([CANARY, [CANARY], {CANARY: CANARY}]))
    said: list[str] = []
    try:
        result = read(json.dumps(plain).encode())
        said += [repr(result), str(result), repr(result.answers), repr(result.person), repr(result.notes)]
        said += [note.field + note.problem for note in result.notes]
    except (Unreadable, NewerSchema) as reason:
        said += [str(reason), repr(reason)]
    try:
        FeedbackEvent.model_validate(plain)
    except ValueError as error:
        said += [str(error), repr(error)]
    assert not [text for text in said if "canary" in text.lower()]


def test_a_note_holds_names_of_fields_and_kinds_only(raw: Event) -> None:
    event = read(raw(notes=[{"field": CANARY, "problem": "x"}, {"field": "a", "problem": "Jan Jansen"}]))
    # A note without one of its two halves is none; what was wrong with it is said in its place.
    assert notes_of(event) == {
        ("notes[0].field", "string_pattern_mismatch"),
        ("notes[0]", "missing"),
        ("notes[1].problem", "string_pattern_mismatch"),
        ("notes[1]", "missing"),
    }
    assert Note(field="answers[12].scale.min", problem="missing")
