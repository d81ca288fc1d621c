"""The total order of tellings: which of two rows of one answer counts, whatever order they are loaded in.

The 256 bits of a version, from high to low:

    8  authority          source < corrected by the town < withdrawn < erased
   64  order              as the source gives it
   16  enrichment         the version of the enrichments, so that going over what is stored wins
   48  receipt            complement of the milliseconds since 1970: the earliest receipt wins, a retry changes nothing
  120  content            hash over every column but version and load time: two different rows never tie
"""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

ENRICHMENT_VERSION = 1
"""Raise it when an enrichment or a rule of a column changes, so that rows made anew replace those made before."""

AUTHORITIES = ("source", "corrected", "withdrawn", "erased")
DELETED = ("withdrawn", "erased")
VERSION_BYTES = 32

Words = npt.NDArray[np.uint64]
_NULL = np.uint64(0x6E756C6C)
_FACTORS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], np.uint64)


def versions(rows: pa.Table) -> pa.FixedSizeBinaryArray:
    """The version of each row, as ClickHouse reads a UInt256 from Arrow: 32 bytes, little-endian."""
    size = rows.num_rows
    authority = pc.index_in(rows.column("authority"), pa.array(AUTHORITIES)).to_numpy().astype(np.uint64)
    order = rows.column("source_order").to_numpy().astype(np.uint64)
    receipt = pc.cast(rows.column("received_at"), pa.int64()).to_numpy()
    early = (np.uint64(2**48 - 1) - receipt.astype(np.uint64)) & np.uint64(2**48 - 1)
    digest = _digest(rows)
    # Little-endian words. The widths are not whole words, so order and receipt are cut over two of them.
    words = np.empty((size, 4), "<u8")
    words[:, 0] = digest[:, 0]
    words[:, 1] = digest[:, 1] >> np.uint64(8) | early << np.uint64(56)
    words[:, 2] = early >> np.uint64(8) | np.uint64(ENRICHMENT_VERSION) << np.uint64(40) | order << np.uint64(56)
    words[:, 3] = order >> np.uint64(8) | authority << np.uint64(56)
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(VERSION_BYTES), size, [None, pa.py_buffer(words.tobytes())])


def order_of(version: int) -> int:
    """All of a version but its content hash: equal for two rows that only their content could tell apart."""
    return version >> 120


def _digest(rows: pa.Table) -> Words:
    """Two 64-bit words a row (n x 2) over all columns in the order of their names: no change to one goes unseen.

    A text becomes a BLAKE2b hash once, however many rows hold it; columns are then mixed by multiplication and
    rotation, so that swapping two columns, or two items of a list, gives another digest.
    """
    digest = np.zeros((rows.num_rows, 2), np.uint64)
    for name in sorted(rows.column_names):
        digest ^= _hashes(rows.column(name).combine_chunks()) + _salt(name)
        digest *= _FACTORS
        digest ^= digest >> np.uint64(29)
    return digest


@cache
def _salt(name: str) -> Words:
    return np.frombuffer(hashlib.blake2b(name.encode(), digest_size=16).digest(), "<u8")


def _hashes(column: pa.Array) -> Words:
    kind = column.type
    if pa.types.is_list(kind):
        return _list_hashes(column)
    if pa.types.is_string(kind) or pa.types.is_dictionary(kind):
        encoded = column.dictionary_encode()
        words = b"".join(
            hashlib.blake2b(text.encode(), digest_size=16).digest() for text in encoded.dictionary.to_pylist()
        )
        if len(encoded.dictionary) == 1 and not column.null_count:
            return np.frombuffer(words, "<u8").reshape(1, 2)  # the same in each row, as in most columns
        # Null takes the place before the first value, and is overwritten below.
        places = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
        hashes = np.frombuffer(words, "<u8").reshape(-1, 2)[places] if words else np.zeros((len(column), 2), np.uint64)
    elif pa.types.is_fixed_size_binary(kind):
        # These are hashes themselves.
        start, end = 2 * column.offset, 2 * (column.offset + len(column))
        hashes = np.frombuffer(column.buffers()[1], "<u8")[start:end].reshape(-1, 2).copy()
    else:
        plain = column.cast(pa.int64()) if pa.types.is_timestamp(kind) else column
        numbers = plain.fill_null(0).to_numpy(zero_copy_only=False)
        bits = numbers.view(np.uint64) if pa.types.is_floating(kind) else numbers.astype(np.uint64)
        hashes = bits[:, None] * _FACTORS
        hashes ^= hashes >> np.uint64(32)
    if column.null_count:
        hashes[column.is_null().to_numpy(zero_copy_only=False)] = _NULL
    return hashes


def _list_hashes(column: pa.ListArray) -> Words:
    lengths = pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False)
    ends = np.cumsum(lengths)
    place = (np.arange(lengths.sum()) - np.repeat(ends - lengths, lengths)).astype(np.uint64)
    mixed = _hashes(column.flatten()) * (place * np.uint64(2) + np.uint64(3))[:, None]
    mixed ^= mixed >> np.uint64(31)
    sums = np.vstack([np.zeros((1, 2), np.uint64), np.cumsum(mixed, axis=0, dtype=np.uint64)])
    return sums[ends] - sums[ends - lengths] + lengths.astype(np.uint64)[:, None]  # type: ignore[no-any-return]
