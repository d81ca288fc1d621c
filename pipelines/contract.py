"""The contract in columns: the Arrow schema of a FeedbackEvent, and which rows need a closer look.

Both are derived from the JSON Schema of the pydantic model, so that the fast way (JSON straight into columns) and the
careful way (a row through pydantic) cannot drift apart. A row is *suspect* unless it is exactly as
`FeedbackEvent.to_json` writes it; suspect rows take the careful way, so a row's fate never depends on its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.feedback import FeedbackEvent

Schema = dict[str, Any]
Mask = npt.NDArray[np.bool_]

# As `to_json` writes a moment, in the years from schemas.feedback.FIRST_YEAR to LAST_YEAR; only days that there are.
MOMENT = (
    r"^((19[7-9][0-9]|2[01][0-9][0-9])-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
    r"|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    r"|(19(7[26]|8[048]|9[26])|20([02468][048]|[13579][26])|21(0[48]|[2468][048]|[13579][26]))-02-29)"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z$"
)
_SCALARS = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}


@cache
def contract() -> Schema:
    """The JSON Schema of a FeedbackEvent with references and optionality resolved: types and bounds only."""
    schema = FeedbackEvent.model_json_schema(by_alias=True)
    definitions = schema.get("$defs", {})

    def resolve(node: Schema) -> Schema:
        if "$ref" in node:
            return resolve(definitions[node["$ref"].rsplit("/", 1)[1]])
        if "anyOf" in node:
            (only,) = (option for option in node["anyOf"] if option.get("type") != "null")
            return resolve(only)
        if node["type"] == "object":
            properties = {name: resolve(child) for name, child in node["properties"].items()}
            return {"type": "object", "properties": properties, "required": node.get("required", [])}
        if node["type"] == "array":
            return {**node, "items": resolve(node["items"])}
        return node

    return resolve(schema)


def _arrow_type(node: Schema) -> pa.DataType:
    if node["type"] == "object":
        return pa.struct([pa.field(name, _arrow_type(child)) for name, child in node["properties"].items()])
    if node["type"] == "array":
        return pa.list_(_arrow_type(node["items"]))
    return _SCALARS[node["type"]]


@cache
def arrow_schema() -> pa.Schema:
    """The nested Arrow schema of an event as JSON: moments and ids are still strings."""
    return pa.schema(list(_arrow_type(contract())))


def held(events: pa.Table) -> pa.Schema:
    """The part of the nested schema that events in columns make use of."""

    def kind_of(array: pa.Array) -> pa.DataType | None:
        if array.null_count == len(array):
            return None
        if pa.types.is_struct(array.type):
            children = ((field.name, kind_of(array.field(field.name))) for field in array.type)
            return pa.struct([pa.field(name, kind) for name, kind in children if kind is not None])
        if pa.types.is_list(array.type):
            return pa.list_(kind_of(pc.list_flatten(array)) or array.type.value_type)
        return array.type

    kinds = {name: kind_of(chunk) for name, chunk in _chunks(events).items()}
    return pa.schema([pa.field(name, kind) for name, kind in kinds.items() if kind is not None])


@cache
def leaves() -> tuple[str, ...]:
    """The dotted name of every leaf of the contract, in its order: `tenant`, `answers.scale.min`, `client.ip` …"""

    def walk(name: str, node: Schema) -> Iterator[str]:
        if node["type"] == "array":
            node = node["items"]
        if node["type"] == "object":
            for child, below in node["properties"].items():
                yield from walk(f"{name}.{child}" if name else child, below)
        else:
            yield name

    return tuple(walk("", contract()))


def flatten(events: pa.Table) -> tuple[dict[str, pa.Array], Mask]:
    """Columns by dotted name, and the mask of rows that are not as the contract's types and bounds want them.

    `events` has the columns of `arrow_schema` or some of them; what is not there is null.
    A leaf inside a list becomes a list column (`answers.score`: a list of numbers a row); lists and what they hold are
    never null. Everything that the types and bounds of the contract say is checked here; what takes two fields to see
    is checked by the decoder.
    """
    walk = _Walk(events.num_rows)
    chunks = _chunks(events)
    for name, node in contract()["properties"].items():
        array = chunks[name] if name in chunks else pa.nulls(events.num_rows, _arrow_type(node))
        if name in contract()["required"]:
            walk.suspect_where(pc.is_null(array), None)
        walk.visit(name, node, array, None, None)
    return walk.columns, walk.suspects


def _chunks(events: pa.Table) -> dict[str, pa.Array]:
    columns = events.combine_chunks()
    return {
        name: column.chunk(0) if column.num_chunks == 1 else pa.array([], column.type)
        for name, column in zip(columns.column_names, columns.columns, strict=True)
    }


class _Walk:
    def __init__(self, num_rows: int) -> None:
        self.num_rows = num_rows
        self.columns: dict[str, pa.Array] = {}
        self.suspects: Mask = np.zeros(num_rows, bool)

    def suspect_where(self, condition: pa.Array, parents: npt.NDArray[np.int64] | None) -> None:
        """Marks the rows where the condition is true; null is not true."""
        if not pc.any(condition).as_py():
            return
        mask = condition.fill_null(False).to_numpy(zero_copy_only=False)
        if parents is None:
            self.suspects |= mask
        else:
            self.suspects[parents[mask]] = True

    def visit(
        self,
        name: str,
        node: Schema,
        array: pa.Array,
        parents: npt.NDArray[np.int64] | None,
        offsets: pa.Array | None,
    ) -> None:
        kind = node["type"]
        if kind == "object":
            present = pc.is_valid(array)
            for child, below in node["properties"].items():
                there = array.type.get_field_index(child) >= 0
                values = pc.struct_field(array, child) if there else pa.nulls(len(array), _arrow_type(below))
                if child in node["required"]:
                    self.suspect_where(pc.and_(present, pc.is_null(values)), parents)
                self.visit(f"{name}.{child}", below, values, parents, offsets)
            return
        if kind == "array":
            if parents is not None:
                raise NotImplementedError("a list in a list has no column; the contract has none")
            lengths = pc.list_value_length(array).fill_null(0)
            if "maxItems" in node:
                self.suspect_where(pc.greater(lengths, node["maxItems"]), None)
            ends = np.concatenate(([0], np.cumsum(lengths.to_numpy(zero_copy_only=False)))).astype(np.int32)
            rows = np.repeat(np.arange(self.num_rows), np.diff(ends))
            items = pc.list_flatten(array)
            self.suspect_where(pc.is_null(items), rows)
            self.visit(name, node["items"], items, rows, pa.array(ends))
            return
        self._check(node, array, parents)
        if kind == "number":
            array = pc.add(array, 0.0)  # -0.0 becomes 0.0: readers of JSON do not agree on which of them -0 is
        self.columns[name] = array if offsets is None else pa.ListArray.from_arrays(offsets, array)

    def _check(self, node: Schema, array: pa.Array, parents: npt.NDArray[np.int64] | None) -> None:
        if array.null_count == len(array):
            return
        if node["type"] == "string":
            if "enum" in node:
                known = pa.array(node["enum"], pa.string())
                self.suspect_where(pc.and_(pc.is_valid(array), pc.invert(pc.is_in(array, known))), parents)
                return
            pattern = MOMENT if node.get("format") == "date-time" else node.get("pattern")
            if pattern:
                self.suspect_where(pc.invert(pc.match_substring_regex(array, pattern)), parents)
            if "maxLength" in node:
                longest = node["maxLength"]
                # Bytes bound code points from above, and counting them is cheap.
                if (pc.max(pc.binary_length(array)).as_py() or 0) > longest:
                    self.suspect_where(pc.greater(pc.utf8_length(array), longest), parents)
            if "minLength" in node:
                self.suspect_where(pc.less(pc.binary_length(array), node["minLength"]), parents)
            return
        if node["type"] == "number":
            self.suspect_where(pc.invert(pc.is_finite(array)), parents)
        if "minimum" in node:
            self.suspect_where(pc.less(array, node["minimum"]), parents)
        if "maximum" in node:
            self.suspect_where(pc.greater(array, node["maximum"]), parents)
