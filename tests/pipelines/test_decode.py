"""The fast way and the careful way agree: what a row becomes never depends on the rows beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines import decode as decoding
from pipelines.batch import ROW, Batch
from pipelines.contract import MOMENT, arrow_schema, contract, leaves
from pipelines.decode import decode
from schemas.failure import FailedEvent, Replay, Stage, failure_of_record
from schemas.feedback import FeedbackEvent, NewerSchema, Unreadable, feedback_id, read
from storage.log.base import MARKER_HEADER, OffsetRange, Record
from tests.strategies import JSON_VALUES, TENANTS, events, plain_events

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
APPENDED_MS = 1_772_359_200_000
FIRST = Record(0, 0, APPENDED_MS, b"key", None, ())
Decode = Callable[[Sequence[bytes | FeedbackEvent]], Batch]


def _event(tenant: str = "utrecht", **more: Any) -> bytes:
    least = {
        "feedback_id": str(feedback_id(tenant, "website", "a-1")),
        "tenant": tenant,
        "source": "website",
        "source_id": "a-1",
        "connector": "web-form",
        "channel": "web",
        "received_at": "2026-03-01T10:00:00.000Z",
    }
    return json.dumps({**least, **more}).encode()


GOOD = _event(answers=[{"metric": "nps", "scale": {"min": 0, "max": 10, "best": 10}, "score": 9, "text": "prima"}])
BROKEN = b'{"tenant": "utrecht", '


def _outcome(values: Sequence[bytes], place: int) -> pa.Table | FailedEvent:
    """What became of `values[place]`, which always stands at offset 50."""
    records = [FIRST._replace(offset=50 - place + row, value=value) for row, value in enumerate(values)]
    offsets = OffsetRange("feedback", 0, records[0].offset, records[-1].offset + 1)
    batch = decode(offsets, records, frozenset(TENANTS), lambda: NOW)
    rows = batch.columns.column(ROW).to_pylist()
    assert sorted(rows + [failure.origin.offset - offsets.start for failure in batch.failures if failure.origin]) == (
        list(range(len(values)))
    )
    for failure in batch.failures:
        if failure.origin and failure.origin.offset == 50:
            return failure
    return batch.columns.slice(rows.index(place), 1).drop_columns([ROW]).combine_chunks()


def _same_everywhere(value: bytes) -> pa.Table | FailedEvent:
    decoding._usual = pa.schema([])  # alone all of its fields are new, beside others they are usual
    alone = _outcome([value], 0)
    for values, place in (([GOOD, value, GOOD], 1), ([value, BROKEN], 0), ([BROKEN, GOOD, value], 2)):
        beside = _outcome(values, place)
        if isinstance(alone, FailedEvent):
            assert beside == alone
        else:
            assert isinstance(beside, pa.Table)
            assert beside.schema.equals(alone.schema)
            # By their writing, since 0.0 and -0.0 are equal and have two versions.
            assert repr(beside.to_pylist()) == repr(alone.to_pylist())
    return alone


_SPELLINGS: list[tuple[bytes, bytes]] = [
    (b": ", b"\t:\r\n "),
    (b", ", b"\n,\r "),
    (b'"tenant"', b'"\\u0074enant"'),
    (b"{", b'{"order": 3, '),
    (b"{", b'{"tenant": "zwolle", '),
    (b"}", b', "order": 4}'),
    (b"}", b', "order": 1.0}'),
    (b"}", b', "order": 1e1}'),
    (b"}", b', "order": -0}'),
    (b"}", b', "order": 01}'),
    (b"}", b', "order": 9223372036854775808}'),
    (b"}", b', "x": ' + b"9" * 5_000 + b"}"),
    (b"}", b', "x": ' + b"[" * 150 + b"]" * 150 + b"}"),
    (b"}", b', "x": ' + b"[" * 250 + b"]" * 250 + b"}"),
    (b"}", b', "x": ' + b'{"a":' * 990 + b"1" + b"}" * 991),
    (b"}", b', "x": "\\udc00"}'),
    (b"}", b', "x": "\\ud800\\u0041"}'),
    (b"}", b', "x": "\xff"}'),
    (b"}", b', "x": "\xed\xa0\x80"}'),
    (b"}", b', "x": "a\x00b"}'),
    (b"}", b', "x": NaN}'),
    (b"}", b', "x": 1e999}'),
    (b"}", b', "x": {"a": 1, "a": 2}}'),
    (b"}", b', "": 1}'),
    (b"}", b"} "),
    (b"}", b"}\n"),
    (b"}", b"}}"),
    (b"}", b"},"),
    (b"{", b" {"),
    (b"{", b"\xef\xbb\xbf{"),
    (b"{", b"{}{"),
    (b"{", b"{}\n{"),
    (b"{", b"/* */{"),
    (b"9.5", b"-0"),
    (b"9.5", b"-0.0"),
    (b"9.5", b"0e0"),
    (b"9.5", b"9007199254740993"),
    (b"9.5", b"1" + b"0" * 40),
    (b"9.5", b"0.1" + b"0" * 400 + b"1"),
    (b"9.5", b"1e400"),
    (b"9.5", b"5e-324"),
    (b"9.5", b"1e-400"),
    (b"9.5", b'"9.5"'),
    (b"9.5", b"true"),
    (b'"prima"', b'"\\u0000"'),
    (b'"prima"', b'"\\ud83d\\ude00"'),
    (b'"prima"', b'"\\ude00\\ud83d"'),
    (b'"prima"', b'"\\/\\b\\f"'),
    (b'"prima"', b'"\\x41"'),
    (b'"prima"', b'"a\nb"'),
    (b'"prima"', b'"{}\\n{}"'),
]
_WHOLE = _event(
    order=2,
    answers=[{"metric": "csat", "scale": {"min": -10, "max": 1e41, "best": 1e41}, "score": 9.5, "text": "prima"}],
)


@pytest.mark.parametrize(("old", "new"), _SPELLINGS)
def test_odd_json_is_read_the_same_in_any_company(old: bytes, new: bytes) -> None:
    head, found, tail = _WHOLE.rpartition(old) if old == b"}" else _WHOLE.partition(old)
    assert found
    _same_everywhere(head + new + tail)
    _same_everywhere(_WHOLE.replace(old, new))


@pytest.mark.parametrize(
    "value",
    [b"", b"{}", b"[]", b"null", b"0", b"{", b"}", b"}{", b"{}{}", b"\n", b"\0", _WHOLE * 2, _WHOLE + b"\n" + _WHOLE],
)  # fmt: skip
def test_what_is_no_event_fails_the_same_in_any_company(value: bytes) -> None:
    outcome = _same_everywhere(value)
    assert isinstance(outcome, FailedEvent)
    assert outcome.body == value
    assert outcome.stage is Stage.DECODE


def _paths(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children: list[tuple[Any, Any]] = (
        list(node.items()) if isinstance(node, dict) else list(enumerate(node)) if isinstance(node, list) else []
    )
    return [(*path, key) for key, _ in children] + [
        below for key, child in children for below in _paths(child, (*path, key))
    ]


_STRINGS = st.sampled_from(
    ["", " ", "nl", "NL", "web", "declined", "expired", "erased", "2026-02-30T10:00:00.000Z",
     "2024-02-29T10:00:00.000Z", "2026-03-01T10:00:00.000+00:00", "2026-03-01T10:00:00Z", "2199-12-31T23:59:59.999Z",
     "1", "true", "a@b", "A@b\u0085", "+31612345678", "::ffff:1.2.3.4", "fe80::1%eth0", "::FFFF", "1.2.3.04", "1.2",
     "Europe/Oslo", "x" * 300, "x" * 301, "é" * 300, "x" * 20_001, "zwolle\n", "a\x00", "answers[1].text"]
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A valid event with some of its parts changed, left out, doubled, of other types or written in another way."""
    plain: Any = json.loads(json.dumps(draw(plain_events()), default=str))
    if draw(st.booleans()):  # as our own writer writes it, so that the fast way is taken
        plain = json.loads(FeedbackEvent.model_validate(plain).to_json())
    for _ in range(draw(st.integers(0, 3))):
        *way, last = draw(st.sampled_from(_paths(plain)))
        part = plain
        for step in way:
            part = part[step]
        how = draw(st.sampled_from(["text", "any", "null", "delete", "add", "list", "swap"]))
        if how == "text":
            part[last] = draw(_STRINGS)
        elif how == "any":
            part[last] = draw(JSON_VALUES)
        elif how == "null":
            part[last] = None
        elif how == "list":
            part[last] = [part[last]] * draw(st.sampled_from([0, 1, 2, 101]))
        elif how == "delete":
            del part[last]
            if plain == {} or not _paths(plain):
                break
        elif how == "add" and isinstance(part, dict):
            part[draw(st.sampled_from(["text", "min", "id", "order", "x"]))] = draw(JSON_VALUES)
        elif how == "swap":
            part[last] = deepcopy(plain.get(draw(st.sampled_from(sorted(plain)))))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (",\n", " :\t")]))
    value = json.dumps(plain, separators=separators, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 5)) == 0 and value:
        place = draw(st.integers(0, len(value)))
        inserted = draw(st.sampled_from([b"", b"\xff", b"\0", b"\\", b'"', b"}", b",", b"1", b"\n"]))
        value = value[:place] + inserted + value[place + draw(st.integers(0, 2)) :]
    return value


@given(damaged())
@example(_event(flags=[[]] * 100))  # as we write it, each flag that is none is a note
def test_a_row_becomes_the_same_in_any_company(value: bytes) -> None:
    outcome = _same_everywhere(value)
    if isinstance(outcome, pa.Table):
        _columns_hold(read(value), outcome)
    elif not outcome.reason.startswith("unknown town"):
        with pytest.raises((Unreadable, NewerSchema), match=f"^{re.escape(outcome.reason)}$"):
            read(value)


def _told(event: FeedbackEvent) -> dict[str, Any]:
    """The leaves of an event by dotted name, as its columns have to hold them: worked out in another way."""
    told: dict[str, Any] = {}

    def walk(node: Any, name: str, schema: dict[str, Any]) -> Any:
        if schema["type"] == "object":
            return {
                leaf: value
                for child, below in schema["properties"].items()
                for leaf, value in walk((node or {}).get(child), f"{name}.{child}", below).items()
            }
        if schema["type"] == "array":
            items = [walk(item, name, schema["items"]) for item in node or ()]
            names = walk(None, name, schema["items"])
            return {leaf: [item[leaf] for item in items] for leaf in names}
        return {name: node}

    plain = event.model_dump(by_alias=True)
    for child, below in contract()["properties"].items():
        told |= walk(plain[child], child, below)
    return told


def _columns_hold(event: FeedbackEvent, row: pa.Table) -> None:
    expected = _told(event)
    expected["feedback_id"] = event.feedback_id.bytes
    assert {name: column[0].as_py() for name, column in zip(row.column_names, row.columns, strict=True)} == expected


@given(events())
@example(read(_event(answers=[{"text": str(place), "scale": {"min": 0, "max": 1, "best": 0}} for place in range(100)])))
def test_columns_hold_what_the_event_says(event: FeedbackEvent) -> None:
    row = _same_everywhere(event.to_json())
    assert isinstance(row, pa.Table)
    _columns_hold(event, row)


def test_our_own_writing_takes_the_fast_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.decode.read", lambda _: pytest.fail("went the careful way"))
    own = read(_WHOLE).to_json()
    assert _outcome([own, own], 1).num_rows == 1  # type: ignore[union-attr]


def test_only_a_batch_with_a_new_field_is_read_for_all_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    read_json = decoding._read_json

    def counted(raw: bytes, schema: pa.Schema, unexpected: str) -> pa.Table:
        asked.append(unexpected)
        return read_json(raw, schema, unexpected)

    monkeypatch.setattr(decoding, "_usual", pa.schema([]))
    monkeypatch.setattr(decoding, "_read_json", counted)
    with_language = GOOD.replace(b'"channel"', b'"language": "nl", "channel"')
    for values in ([GOOD], [GOOD, GOOD], [GOOD, with_language], [with_language], [GOOD]):
        assert isinstance(_outcome(values, 0), pa.Table)
    assert asked == ["error", "ignore", "error", "error", "ignore", "error", "error"]


def test_the_pattern_of_a_moment_knows_every_day_there_is() -> None:
    day = date(1970, 1, 1)
    while day.year < 2200:
        assert re.match(MOMENT, f"{day}T23:59:59.999Z"), day
        after = day + timedelta(1)
        if after.day == 1:
            for number in range(day.day + 1, 33):
                assert not re.match(MOMENT, f"{day:%Y-%m}-{number:02}T00:00:00.000Z"), (day, number)
        day = after
    for other in ("1969-12-31T23:59:59.999Z", "2200-01-01T00:00:00.000Z", "2026-00-01T00:00:00.000Z",
                  "2026-13-01T00:00:00.000Z", "2026-01-00T00:00:00.000Z", "2026-01-01T24:00:00.000Z",
                  "2026-01-01T00:60:00.000Z", "2026-01-01T00:00:60.000Z", "2026-01-01T00:00:00Z"):  # fmt: skip
        assert not re.match(MOMENT, other)


def test_leaves_are_those_of_the_arrow_schema() -> None:
    def walk(name: str, kind: pa.DataType) -> list[str]:
        if pa.types.is_list(kind):
            return walk(name, kind.value_type)
        if pa.types.is_struct(kind):
            return [leaf for field in kind for leaf in walk(f"{name}.{field.name}", field.type)]
        return [name]

    assert list(leaves()) == [leaf for field in arrow_schema() for leaf in walk(field.name, field.type)]


def test_a_batch_of_no_records(decoded: Decode) -> None:
    batch = decoded([])
    assert (batch.columns.num_rows, batch.failures) == (0, ())
    assert batch.columns.schema.equals(decoded([GOOD]).columns.schema)


def test_markers_are_neither_rows_nor_failures() -> None:
    marker = FIRST._replace(headers=((MARKER_HEADER, b""),))
    records = [
        marker,
        FIRST._replace(offset=1, value=GOOD),
        marker._replace(offset=2, value=b"no event"),
        FIRST._replace(offset=3, value=BROKEN),
        marker._replace(offset=4),
    ]
    batch = decode(OffsetRange("feedback", 0, 0, 5), records, ["utrecht"], lambda: NOW)
    assert batch.columns.column(ROW).to_pylist() == [1]
    assert [failure.body for failure in batch.failures] == [BROKEN]
    only_markers = decode(OffsetRange("feedback", 0, 0, 1), [marker], ["utrecht"], lambda: NOW)
    assert (only_markers.columns.num_rows, only_markers.failures) == (0, ())


def test_a_tombstone_in_the_topic_of_feedback_is_a_failure() -> None:
    outcome = decode(OffsetRange("feedback", 0, 0, 1), [FIRST], ["utrecht"], lambda: NOW)
    assert [failure.body for failure in outcome.failures] == [b""]


def test_an_unknown_town_is_a_failure_and_no_other_row_is(decoded: Decode) -> None:
    batch = decoded([_event(tenant="atlantis"), GOOD, _event(tenant="zwolle", language=7), _event(tenant="mu")])
    assert batch.columns.column("tenant").to_pylist() == ["utrecht", "zwolle"]
    assert batch.columns.column(ROW).to_pylist() == [1, 2]
    assert [(f.origin.offset if f.origin else None, f.source, f.reason) for f in batch.failures] == [
        (0, "website", "unknown town: add it to the settings"),
        (3, "website", "unknown town: add it to the settings"),
    ]


def test_a_failure_says_where_it_was_whose_it_is_and_keeps_its_bytes(decoded: Decode) -> None:
    (failure,) = decoded(
        [json.dumps({"tenant": "utrecht", "source": "website", "channel": "hologram"}).encode()]
    ).failures
    assert failure.failure_id == failure_of_record("feedback", 0, 0)
    assert (failure.tenant, failure.source, failure.attempt) == ("utrecht", "website", 1)
    assert failure.failed_at == NOW
    assert failure.first_received_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    (nameless,) = decoded([json.dumps({"tenant": "Jan Jansen", "source": ["x"]}).encode()]).failures
    assert (nameless.tenant, nameless.source) == (None, None)


@pytest.mark.parametrize("header", [b"", b"no json", b"{}", b'{"failure_id": 1}', b"\xff", b"[" * 5_000])
def test_a_replay_header_that_is_none_is_left_alone(header: bytes) -> None:
    record = FIRST._replace(value=BROKEN, headers=(("balie-replay", header),))
    (failure,) = decode(OffsetRange("feedback", 0, 0, 1), [record], ["utrecht"], lambda: NOW).failures
    assert failure.failure_id == failure_of_record("feedback", 0, 0)


def test_a_replayed_record_that_fails_again_is_the_same_failure() -> None:
    (first,) = decode(
        OffsetRange("feedback", 0, 0, 1), [FIRST._replace(value=BROKEN)], ["utrecht"], lambda: NOW
    ).failures
    replayed = FIRST._replace(
        offset=7, timestamp_ms=APPENDED_MS + 86_400_000, value=first.body, headers=(Replay.of(first).header(),)
    )
    (second,) = decode(OffsetRange("feedback", 0, 7, 8), [replayed], ["utrecht"], lambda: NOW).failures
    assert second.failure_id == first.failure_id
    assert second.first_received_at == first.first_received_at
    assert second.attempt == 2
    assert second.body == first.body


def test_a_newer_event_without_its_header_is_kept_as_a_failure(decoded: Decode) -> None:
    batch = decoded([_event(schema_version=2), GOOD])
    assert batch.columns.num_rows == 1
    assert batch.failures[0].reason.endswith("upgrade the pipeline first")
