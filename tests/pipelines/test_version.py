"""The total order of tellings: which row wins, and that no two different rows ever tie."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import version
from pipelines.columns import COLUMNS
from pipelines.version import AUTHORITIES, order_of, versions

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
SCHEMA = pa.schema(
    [
        *((column.name, column.type) for column in COLUMNS),
        ("is_deleted", pa.uint8()),
        ("enrichment_version", pa.uint16()),
    ]
)


def _value(kind: pa.DataType) -> Any:
    if pa.types.is_list(kind):
        return [_value(kind.value_type)]
    if pa.types.is_timestamp(kind):
        return AT
    if pa.types.is_fixed_size_binary(kind):
        return b"0123456789abcdef"
    return "source" if pa.types.is_string(kind) else 1.5 if pa.types.is_floating(kind) else 1


ROW: dict[str, Any] = {field.name: _value(field.type) for field in SCHEMA}


def _table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist([ROW | row for row in rows], SCHEMA)


def _numbers(rows: pa.Table) -> list[int]:
    """As ClickHouse reads them: little-endian."""
    return [int.from_bytes(value, "little") for value in versions(rows).to_pylist()]


_ranks = st.fixed_dictionaries(
    {
        "authority": st.sampled_from(AUTHORITIES),
        "source_order": st.one_of(st.integers(0, 300), st.integers(0, 2**63 - 1)),
        "received_at": st.one_of(st.integers(0, 300), st.integers(0, 7_258_118_399_999)).map(
            lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
        ),
        "service": st.sampled_from(["afval", "paspoort"]),
    }
)


@settings(max_examples=25)
@given(st.lists(_ranks, min_size=2, max_size=6))
def test_versions_order_as_authority_then_order_then_earliest_receipt(rows: list[dict[str, Any]]) -> None:
    def rank(row: dict[str, Any]) -> tuple[int, int, datetime]:
        return AUTHORITIES.index(row["authority"]), row["source_order"], row["received_at"]

    told = list(zip(rows, _numbers(_table(*rows)), strict=True))
    for one, version_of_one in told:
        for other, version_of_other in told:
            if one == other:
                assert version_of_one == version_of_other
                continue
            a, b = rank(one), rank(other)
            if a == b:
                assert order_of(version_of_one) == order_of(version_of_other)
                assert version_of_one != version_of_other
            else:
                # The earlier receipt is the higher version, so that a provider's retry changes nothing.
                wins = a[:2] > b[:2] or (a[:2] == b[:2] and a[2] < b[2])
                assert (version_of_one > version_of_other) is wins


def test_newer_enrichments_win_over_receipt_and_lose_to_order(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = _table({"received_at": AT}, {"received_at": AT - timedelta(days=1)}, {"source_order": 2})
    (now, earlier, ordered) = _numbers(rows)
    monkeypatch.setattr(version, "ENRICHMENT_VERSION", 2)
    (anew, *_) = _numbers(rows)
    assert now < earlier < anew < ordered


def test_the_bits_are_where_the_table_says() -> None:
    (number,) = _numbers(_table({"authority": "erased", "source_order": 2**63 - 1, "received_at": AT}))
    assert number >> 248 == 3
    assert number >> 184 & (2**64 - 1) == 2**63 - 1
    assert number >> 168 & 0xFFFF == version.ENRICHMENT_VERSION
    assert 2**48 - 1 - (number >> 120 & (2**48 - 1)) == int(AT.timestamp() * 1000)


def _others(kind: pa.DataType) -> list[Any]:
    """Values that are all different from each other, and from what ROW has; null is one of them where it may be."""
    if pa.types.is_list(kind):
        inner = _others(kind.value_type)
        first, second = inner[0], inner[1]
        return [
            [],
            [first],
            [first, first],
            [first, second],
            [second, first],
            [first, second, first],
            [None],
            [None, None],
        ]
    if pa.types.is_timestamp(kind):
        return [AT + timedelta(milliseconds=1), AT - timedelta(milliseconds=1), None]
    if pa.types.is_fixed_size_binary(kind):
        return [b"\0" * 16, b"\0" * 15 + b"\1", None]
    if pa.types.is_string(kind):
        return ["", "\0", " ", "a", "a\0", "A", None]
    if pa.types.is_floating(kind):
        return [0.0, -0.0, 1.0, -1.5, None]
    return [0, 2, 3]


@pytest.mark.parametrize("field", list(SCHEMA), ids=lambda field: field.name)
def test_a_change_in_any_column_is_another_version(field: pa.Field) -> None:
    others = [AUTHORITIES[1]] if field.name == "authority" else _others(field.type)
    if field.name in ("source_order", "received_at"):
        others = [value for value in others if value is not None]
    numbers = _numbers(_table({}, *({field.name: value} for value in others)))
    assert len(set(numbers)) == 1 + len(others)


def test_values_that_change_places_are_another_version() -> None:
    names = [column.name for column in COLUMNS if pa.types.is_string(column.type) and column.name != "authority"]
    rows = [{one: "x"} for one in names] + [{one: "x", names[0]: "y"} for one in names[1:]]
    assert len(set(_numbers(_table(*rows)))) == len(rows)
    lists = [column.name for column in COLUMNS if column.type == pa.list_(pa.string())]
    moved = [{one: ["x", "y"], other: ["z"]} for one in lists for other in lists if one != other]
    assert len(set(_numbers(_table(*moved)))) == len(moved)


def test_no_two_of_many_rows_share_any_word_of_their_content() -> None:
    numbers = _numbers(_table(*({"answers.text": [str(place), str(place // 7)]} for place in range(3_000))))
    content = [number & (2**120 - 1) for number in numbers]
    assert len({number & (2**64 - 1) for number in content}) == 3_000
    assert len({number >> 64 for number in content}) == 3_000
    # About half of the bits differ between neighbours, as of a hash.
    assert 50 < np.mean([(a ^ b).bit_count() for a, b in pairwise(content)]) < 70


@settings(max_examples=15)
@given(st.lists(_ranks, min_size=1, max_size=5), st.data())
def test_equal_rows_have_equal_versions_in_any_company_and_chunks(
    rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    lists = st.lists(st.sampled_from(["", "a", "b"]), max_size=3)
    rows = [
        row | {"answers.text": data.draw(lists), "ip_hash": data.draw(st.sampled_from([None, b"x" * 16]))}
        for row in rows
    ]
    whole = _table(*rows)
    expected = _numbers(whole)
    assert [number for row in rows for number in _numbers(_table(row))] == expected
    order = data.draw(st.permutations(range(len(rows))))
    assert _numbers(whole.take(order)) == [expected[place] for place in order]
    cut = data.draw(st.integers(0, len(rows)))
    assert _numbers(whole.slice(cut)) == expected[cut:]
    assert _numbers(pa.concat_tables([whole.slice(cut), whole.slice(0, cut)])) == expected[cut:] + expected[:cut]
    shuffled = whole.select(data.draw(st.permutations(whole.column_names)))
    assert _numbers(shuffled) == expected


def test_no_rows_have_no_versions() -> None:
    assert _numbers(_table()) == []
