"""The first step: records of the log become columns of the contract, or failures.

The fast way reads a whole batch of JSON straight into Arrow columns. Rows that are not exactly as our own writer writes
them, and all rows of a batch that cannot be read at once, go one by one through pydantic, are written anew and join the
others; so what a row becomes never depends on the rows beside it.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from pipelines.batch import ROW, Batch, failed
from pipelines.contract import Mask, arrow_schema, flatten, held
from schemas.failure import FailedEvent, Stage
from schemas.feedback import NAMESPACE, SCHEMA_VERSION, SLUG, NewerSchema, Outcome, Unreadable, read, time_zones
from storage.log.base import OffsetRange, Record, is_marker

MOMENTS = ("received_at", "occurred_at", "consent.contact.given_at", "consent.publish.given_at")
_DEFAULTS = {
    "schema_version": 1,
    "authority": "source",
    "occurred_at_from": "receipt",
    "order": 0,
    "outcome": "answered",
}
# The usual IPv4 address as `ipaddress` writes it; whatever else is an address takes the careful way only if it is none.
_IPV4 = r"^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])$"


def decode(
    offsets: OffsetRange,
    records: Sequence[Record],
    towns: Collection[str],
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Batch:
    """The batch of the events in `records`, all of one partition and in order.

    A record that is no event, or one of a town that is not in `towns`, becomes a failure.
    """
    kept = [row for row, record in enumerate(records) if not is_marker(record)]
    values: list[bytes] = [records[row].value or b"" for row in kept]
    columns, suspects, deep = _fast(values)
    suspects |= deep
    failures: list[FailedEvent] = []
    if columns is None or suspects.any():
        good: list[int] = []
        normal: list[bytes] = []
        for row, value, suspect in zip(kept, values, suspects, strict=True):
            try:
                normal.append(read(value).to_json() if suspect else value)
                good.append(row)
            except (Unreadable, NewerSchema) as reason:
                whose = _whose(value)
                failures.append(failed(offsets.topic, records[row], Stage.DECODE, str(reason), *whose, now()))
        columns, suspects, _ = _fast(normal)  # what is ours has been read the careful way, however deep it is
        if columns is None or suspects.any():
            raise AssertionError("what pydantic wrote is not what the contract's columns read")
        kept = good
    batch = Batch(offsets, records, _table(columns, kept), tuple(failures))
    return _without_strangers(batch, towns, now)


def _fast(values: Sequence[bytes]) -> tuple[dict[str, pa.Array] | None, Mask, Mask]:
    """The columns of all events; which rows need the careful way, and which may be too deep for it. No columns where
    all rows need it."""
    everything = np.ones(len(values), bool)
    # A record of several JSON documents, or of none, would shift the rows after it.
    if not all(value[:1] == b"{" and value[-1:] == b"}" for value in values):
        return None, everything, everything
    if not values:
        columns, none = flatten(arrow_schema().empty_table())
        return columns, none, none
    try:
        # Refuses what is not UTF-8, which the reader lets pass.
        pa.scalar(b"\n".join(value for value in values if not value.isascii()), pa.binary()).cast(pa.string())
        events, deep = _read(values)
        if events.num_rows != len(values):
            return None, everything, everything
        columns, suspects = flatten(events)
        _default(columns)
        return columns, suspects | _inconsistent(columns), deep
    except pa.ArrowInvalid:
        return None, everything, everything


_usual = pa.schema([])
"""What the events up to now have made use of. It saves time and changes nothing: a field costs the reader as much in
rows without it, and there are many that a town does not have."""


def _read(values: Sequence[bytes]) -> tuple[pa.Table, Mask]:
    """The events in nested columns, and which rows might be nested more deeply than the careful way reads (200 levels).

    Raises:
        pyarrow.ArrowInvalid: at least one of them cannot be read.
    """
    global _usual
    raw = b"\n".join(values)
    try:
        # Nothing is nested more deeply than the schema here.
        return _read_json(raw, _usual, "error"), np.zeros(len(values), bool)
    except pa.ArrowInvalid:  # for one, an event with a field that is none of the usual ones
        events = _read_json(raw, arrow_schema(), "ignore")
    _usual = pa.unify_schemas([_usual, held(events)], promote_options="permissive")
    return events, np.fromiter((value.count(b"{") + value.count(b"[") > 100 for value in values), bool, len(values))


def _read_json(raw: bytes, schema: pa.Schema, unexpected: str) -> pa.Table:
    return pyarrow.json.read_json(
        pa.BufferReader(raw),
        read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=max(len(raw) + 1, 1024)),
        parse_options=pyarrow.json.ParseOptions(
            explicit_schema=schema, unexpected_field_behavior=unexpected, newlines_in_values=False
        ),
    )


def _default(columns: dict[str, pa.Array]) -> None:
    for name, default in _DEFAULTS.items():
        columns[name] = columns[name].fill_null(default)
    columns["occurred_at"] = pc.coalesce(columns["occurred_at"], columns["received_at"])
    metric = columns["answers.metric"]
    columns["answers.metric"] = pa.ListArray.from_arrays(metric.offsets, metric.values.fill_null("open"))


def _inconsistent(columns: dict[str, pa.Array]) -> Mask:
    """The rows in which two fields do not go together, or one needs more than a pattern to be judged."""
    size = len(columns["tenant"])
    # ISO moments of one form in one zone order as their text does.
    doubtful = [
        pc.greater(columns["schema_version"], SCHEMA_VERSION),
        pc.greater(columns["occurred_at"], columns["received_at"]),
        pc.not_equal(columns["feedback_id"], _identities(columns)),
        _not_in(columns["time_zone"], time_zones()),
        pc.and_(
            pc.greater(pc.list_value_length(columns["answers.metric"]), 0),
            pc.is_in(columns["outcome"], pa.array([Outcome.DECLINED, Outcome.EXPIRED], pa.string())),
        ),
        _strange_address(columns["client.ip"]),
    ]
    mask = np.zeros(size, bool)
    for condition in doubtful:
        mask |= condition.fill_null(False).to_numpy(zero_copy_only=False)
    score, low, high, best = (
        columns[f"answers.{name}"].values for name in ("score", "scale.min", "scale.max", "scale.best")
    )
    wrong = pc.or_kleene(
        pc.and_(pc.is_valid(score), pc.is_null(low)),
        pc.or_kleene(
            pc.or_kleene(pc.less(score, low), pc.greater(score, high)),
            pc.or_kleene(pc.greater_equal(low, high), pc.and_(pc.not_equal(best, low), pc.not_equal(best, high))),
        ),
    ).fill_null(False)
    parents = pc.list_parent_indices(columns["answers.metric"]).to_numpy(zero_copy_only=False)
    mask[parents[wrong.to_numpy(zero_copy_only=False)]] = True
    return mask


def _identities(columns: dict[str, pa.Array]) -> pa.Array:
    """What `schemas.feedback.feedback_id` says, for a whole column: uuid5 without an object an event."""
    named = pc.binary_join_element_wise(columns["tenant"], columns["source"], columns["source_id"], "\n")
    root, sha1 = NAMESPACE.bytes, hashlib.sha1
    names = named.fill_null("").cast(pa.binary()).to_pylist()  # a row without one of them is suspect anyway
    digests = b"".join(sha1(root + name, usedforsecurity=False).digest() for name in names)
    ids = np.frombuffer(digests, np.uint8).reshape(-1, 20)[:, :16].copy()
    ids[:, 6] = ids[:, 6] & 0x0F | 0x50
    ids[:, 8] = ids[:, 8] & 0x3F | 0x80
    digits = np.frombuffer(ids.tobytes().hex().encode(), np.uint8).reshape(-1, 32)
    dash = np.full((len(names), 1), ord("-"), np.uint8)
    groups = np.split(digits, (8, 12, 16, 20), axis=1)
    text = np.hstack([groups[0], *(part for group in groups[1:] for part in (dash, group))])
    ends = np.arange(0, text.size + 1, 36, dtype=np.int32)
    return pa.StringArray.from_buffers(len(names), pa.py_buffer(ends), pa.py_buffer(text.tobytes()))


def _not_in(column: pa.Array, known: Collection[str]) -> pa.Array:
    strange = pa.array([value for value in pc.unique(column).to_pylist() if value not in known], pa.string())
    return pc.and_(pc.is_valid(column), pc.is_in(column, strange))


def _strange_address(addresses: pa.Array) -> pa.Array:
    unusual = pc.and_(pc.is_valid(addresses), pc.invert(pc.match_substring_regex(addresses, _IPV4)))
    if not pc.any(unusual).as_py():
        return unusual

    def canonical(address: str) -> bool:
        try:
            return str(ipaddress.ip_address(address)) == address
        except ValueError:
            return False

    strange = [a for a in pc.unique(addresses.filter(unusual)).to_pylist() if not canonical(a)]
    return pc.is_in(addresses, pa.array(strange, pa.string()))


def _table(columns: dict[str, pa.Array], rows: Sequence[int]) -> pa.Table:
    table = {ROW: pa.array(rows, pa.int32()), **columns}
    for name in MOMENTS:
        table[name] = pc.cast(columns[name], pa.timestamp("ms", "UTC"))
    ids = bytes.fromhex("".join(columns["feedback_id"].to_pylist()).replace("-", ""))
    table["feedback_id"] = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(rows), [None, pa.py_buffer(ids)])
    return pa.table(table)


def _whose(value: bytes) -> tuple[str | None, str | None]:
    """Tenant and source of what is no event, if it says so in a form that can be trusted; for finding it again."""
    try:
        data = json.loads(value)
    except (ValueError, RecursionError):
        return None, None
    if not isinstance(data, dict):
        return None, None
    tenant, source = (
        said if isinstance(said, str) and re.fullmatch(SLUG, said) else None
        for said in (data.get("tenant"), data.get("source"))
    )
    return tenant, source


def _without_strangers(batch: Batch, towns: Collection[str], now: Callable[[], datetime]) -> Batch:
    known = pc.is_in(batch.columns.column("tenant"), pa.array(sorted(towns), pa.string()))
    if pc.all(known).as_py() is not False:
        return batch
    strangers = batch.columns.filter(pc.invert(known)).select([ROW, "source"]).to_pylist()
    failures = [
        failed(
            batch.offsets.topic,
            batch.records[row[ROW]],
            Stage.DECODE,
            "unknown town: add it to the settings",
            None,
            row["source"],
            now(),
        )
        for row in strangers
    ]
    return Batch(batch.offsets, batch.records, batch.columns.filter(known), (*batch.failures, *failures))
