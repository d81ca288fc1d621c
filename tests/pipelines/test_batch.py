"""A step over a batch: one bad row is a failure of its own, a store that is down or a bad program is not."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.batch import ROW, Batch, ProgramFault, apply, quoting_nothing
from schemas.failure import FailedEvent, Replay, Stage, failure_of_record
from storage.errors import Fatal, Retriable, TooLarge
from storage.log.base import Headers, OffsetRange, Record

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CANARY = "canary.devries@example.org"


def _batch(tenants: Sequence[str], headers: Headers = ()) -> Batch:
    """Offsets 100 and on; the record before the first row is a marker, so that rows and offsets differ."""
    records = [
        Record(2, 100 + row, 1_772_359_200_000, b"k", f"body {row}".encode(), headers)
        for row in range(len(tenants) + 1)
    ]
    columns = pa.table(
        {
            ROW: pa.array(range(1, len(tenants) + 1), pa.int32()),
            "tenant": pa.array(tenants, pa.string()),
            "source": pa.array(["website"] * len(tenants), pa.string()),
            "n": pa.array(range(len(tenants)), pa.int64()),
        }
    )
    return Batch(OffsetRange("feedback", 2, 100, 101 + len(tenants)), records, columns)


def _raising(
    bad: Sequence[int], fault: Callable[[], Exception] = lambda: KeyError(CANARY)
) -> Callable[[pa.Table], pa.Table]:
    def double(columns: pa.Table) -> pa.Table:
        numbers = columns.column("n").to_pylist()
        if set(bad) & set(numbers):
            raise fault()
        return columns.append_column("double", pa.array([2 * n for n in numbers], pa.int64()))

    return double


def test_a_step_that_goes_well_keeps_rows_and_offsets() -> None:
    batch = _batch(["utrecht", "zwolle"])
    after = apply(_raising([]), batch, lambda: NOW)
    assert after.columns.column("double").to_pylist() == [0, 2]
    assert (after.offsets, after.failures) == (batch.offsets, ())


@given(st.integers(0, 40).flatmap(lambda size: st.tuples(st.just(size), st.sets(st.integers(0, 40)))))
def test_only_the_bad_rows_of_one_town_fail(size_and_bad: tuple[int, set[int]]) -> None:
    size, bad = size_and_bad
    after = apply(_raising(sorted(bad)), _batch(["utrecht"] * size), lambda: NOW)
    good = [n for n in range(size) if n not in bad]
    assert after.columns.column("n").to_pylist() == good
    assert after.columns.column("double").to_pylist() == [2 * n for n in good]
    assert [failure.body for failure in after.failures] == [f"body {n + 1}".encode() for n in range(size) if n in bad]
    for failure in after.failures:
        assert failure.stage is Stage.ENRICH
        assert (failure.tenant, failure.source, failure.attempt) == ("utrecht", "website", 1)
        assert failure.origin is not None
        assert failure.failure_id == failure_of_record("feedback", 2, failure.origin.offset)
        assert failure.body == f"body {failure.origin.offset - 100}".encode()


def test_failures_of_earlier_steps_stay() -> None:
    once = apply(_raising([0]), _batch(["utrecht"] * 3), lambda: NOW)
    twice = apply(
        _raising([2], lambda: ValueError("x")),
        Batch(once.offsets, once.records, once.columns.drop_columns(["double"]), once.failures),
        lambda: NOW,
    )
    assert [failure.body for failure in twice.failures] == [b"body 1", b"body 3"]
    assert twice.columns.column("n").to_pylist() == [1]


def test_a_reason_names_step_kind_and_place_and_quotes_nothing() -> None:
    (failure,) = apply(_raising([1]), _batch(["utrecht", "zwolle"]), lambda: NOW).failures
    assert failure.reason.startswith("double: KeyError at test_batch.py:")
    assert "canary" not in failure.reason


def test_no_repr_shows_what_is_in_a_batch() -> None:
    batch = _batch(["utrecht", "canary"])
    assert batch.columns.column("tenant").to_pylist() == ["utrecht", "canary"]
    assert "canary" not in repr(batch) + str(batch) + repr([batch])


@pytest.mark.parametrize("kind", [Retriable, Fatal, TooLarge, OSError])
def test_a_store_that_is_not_to_be_had_is_nobodys_failure(kind: type[Exception]) -> None:
    with pytest.raises(kind):
        apply(_raising([1], lambda: kind("down")), _batch(["utrecht"] * 3), lambda: NOW)


def test_what_is_too_much_at_once_is_done_in_parts_and_never_a_failure() -> None:
    def step(columns: pa.Table) -> pa.Table:
        if columns.num_rows > most:
            raise MemoryError
        return columns

    batch = _batch(["utrecht"] * 5)
    most = 2
    after = apply(step, batch, lambda: NOW)
    assert (after.columns.column("n").to_pylist(), after.failures) == ([0, 1, 2, 3, 4], ())
    most = 0
    with pytest.raises(MemoryError):
        apply(step, batch, lambda: NOW)


def test_what_nobody_foresaw_is_the_program_and_quotes_nothing() -> None:
    with (
        pytest.raises(ProgramFault, match=r"^load: KeyError at test_batch\.py:\d+$") as caught,
        quoting_nothing("load"),
    ):
        raise KeyError(CANARY)
    assert "canary" not in "".join(traceback.format_exception(caught.value))
    for known in (Retriable("down"), TooLarge("large"), ProgramFault("step"), OSError("disk"), MemoryError()):
        with pytest.raises(type(known)) as same, quoting_nothing("load"):
            raise known
        assert same.value is known


def test_the_same_fault_on_several_towns_is_the_program_and_quotes_nothing() -> None:
    with pytest.raises(ProgramFault, match=r"double: KeyError at .* on events of several towns") as caught:
        apply(_raising([0, 3]), _batch(["utrecht", "utrecht", "zwolle", "zwolle"]), lambda: NOW)
    assert "canary" not in "".join(traceback.format_exception(caught.value))


def test_other_faults_on_several_towns_are_failures() -> None:
    def step(columns: pa.Table) -> pa.Table:
        numbers = columns.column("n").to_pylist()
        if 0 in numbers:
            raise KeyError("x")
        if 1 in numbers:
            raise ValueError("x")
        return columns

    assert len(apply(step, _batch(["utrecht", "zwolle", "utrecht"]), lambda: NOW).failures) == 2


def test_the_program_is_found_out_after_two_rows_not_after_all() -> None:
    calls = 0

    def step(_: pa.Table) -> pa.Table:
        nonlocal calls
        calls += 1
        raise KeyError("x")

    with pytest.raises(ProgramFault):
        apply(step, _batch(["utrecht", "zwolle"] * 500), lambda: NOW)
    assert calls < 30


@pytest.mark.parametrize("size", [0, 1, 5])
def test_a_step_that_fails_without_any_row_is_the_program(size: int) -> None:
    def step(_: pa.Table) -> pa.Table:
        raise KeyError("x")

    with pytest.raises(ProgramFault):
        apply(step, _batch(["utrecht"] * size), lambda: NOW)


def test_a_replayed_record_that_fails_again_keeps_id_receipt_and_counts_attempts() -> None:
    (first,) = apply(_raising([0]), _batch(["utrecht"]), lambda: NOW).failures
    first = FailedEvent.model_validate_json(first.to_json()).model_copy(update={"attempt": 4})
    (second,) = apply(_raising([1]), _batch(["utrecht"] * 2, (Replay.of(first).header(),)), lambda: NOW).failures
    assert (second.failure_id, second.first_received_at) == (first.failure_id, first.first_received_at)
    assert second.attempt == 5
    assert second.body == b"body 2"
