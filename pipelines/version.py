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
Lengths = npt.NDArray[np.int32]
_FACTORS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], np.uint64)
_NULL = np.array([0x6E756C6C, 0x6C6C756E], np.uint64)


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
    """Two 64-bit words a row (n x 2) over all columns: no change to one goes unseen.

    They are a sum over the columns, of hashes salted by the column's name, so that swapping two columns gives another
    digest. The items of a list count by their places. Columns of lists that are equally long, as those of a Nested
    are, are summed item by item before the items are summed by row.
    """
    digest = np.zeros((rows.num_rows, 2), np.uint64)
    items: dict[bytes, tuple[Lengths, Words]] = {}
    for name in rows.column_names:
        column = rows.column(name).combine_chunks()
        if pa.types.is_list(column.type):
            lengths = pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False)
            _, hashes = items.setdefault(lengths.tobytes(), (lengths, np.zeros((lengths.sum(), 2), np.uint64)))
            hashes += _hashes(column.flatten(), _salt(name))
        else:
            digest += _hashes(column, _salt(name))
    for lengths, hashes in items.values():
        ends = np.cumsum(lengths)
        starts = ends - lengths
        place = (np.arange(len(hashes)) - np.repeat(starts, lengths)).astype(np.uint64)
        sums = np.zeros((len(hashes) + 1, 2), np.uint64)
        np.cumsum(hashes * (place * np.uint64(2) + np.uint64(3))[:, None], axis=0, out=sums[1:])
        digest += sums[ends] - sums[starts]
    return digest


@cache
def _salt(name: str) -> Words:
    return np.frombuffer(hashlib.blake2b(name.encode(), digest_size=16).digest(), "<u8")


def _hashes(column: pa.Array, salt: Words) -> Words:
    """Two words a value, or one row of them where all values are one. Each distinct value is hashed once."""
    if pa.types.is_fixed_size_binary(column.type):
        # These are hashes themselves.
        start, end = 2 * column.offset, 2 * (column.offset + len(column))
        hashes = _mixed(np.frombuffer(column.buffers()[1], "<u8")[start:end].reshape(-1, 2), salt)
        if column.null_count:
            hashes[column.is_null().to_numpy(zero_copy_only=False)] = _mixed(_NULL, salt)
        return hashes
    encoded = column.dictionary_encode()
    hashes = _mixed(np.vstack([_words(encoded.dictionary), _NULL]), salt)
    if len(encoded.dictionary) + bool(encoded.null_count) <= 1:
        return hashes[:1]
    places = encoded.indices.fill_null(len(encoded.dictionary)).to_numpy(zero_copy_only=False)
    found: Words = hashes[places]
    return found


def _words(values: pa.Array) -> Words:
    if pa.types.is_string(values.type):
        texts = values.cast(pa.binary()).to_pylist()
        digests = b"".join([hashlib.blake2b(text, digest_size=16).digest() for text in texts])
        return np.frombuffer(digests, "<u8").reshape(-1, 2)
    plain = values.cast(pa.int64()) if pa.types.is_timestamp(values.type) else values
    numbers = plain.to_numpy(zero_copy_only=False)
    bits = numbers.view(np.uint64) if pa.types.is_floating(values.type) else numbers.astype(np.uint64)
    words: Words = bits[:, None] * _FACTORS
    return words


def _mixed(words: Words, salt: Words) -> Words:
    mixed = (words ^ salt) * _FACTORS
    mixed ^= mixed >> np.uint64(32)
    return mixed
