"""The log in batches: no offset is missed, none is given twice, and a newer contract ends the range before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.log import records_of
from schemas.feedback import SCHEMA_VERSION, SCHEMA_VERSION_HEADER
from storage.log.base import Log, OffsetRange, Record
from storage.log.records import is_newer


class _Offsets:
    """The reading half of a log over given records; gaps are offsets that have none."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records

    def read(self, offsets: OffsetRange, max_records: int | None = None) -> list[Record]:
        return [record for record in self.records if offsets.start <= record.offset < offsets.end][:max_records]


def _record(offset: int, version: bytes | None) -> Record:
    headers = ((SCHEMA_VERSION_HEADER, version),) if version is not None else ()
    return Record(0, offset, 0, b"k", b"{}", headers)


_NEWER = str(SCHEMA_VERSION + 1).encode()
_versions = st.sampled_from([None, b"1", b"1", b"1", b"x", b"", b"-2", b"9" * 5_000, _NEWER])


@given(
    st.dictionaries(st.integers(0, 30), _versions),
    st.integers(0, 30),
    st.integers(0, 30),
    st.integers(1, 8),
)
def test_ranges_account_for_every_offset_once(
    versions: dict[int, bytes | None], start: int, length: int, most: int
) -> None:
    records = [_record(offset, version) for offset, version in sorted(versions.items())]
    asked = OffsetRange("feedback", 0, start, start + length)
    batches = list(records_of(cast(Log, cast(Any, _Offsets(records))), asked, most))
    inside = [record for record in records if start <= record.offset < asked.end]
    stop = next((record.offset for record in inside if is_newer(record)), asked.end)
    assert [offset for batch in batches for offset in range(batch.offsets.start, batch.offsets.end)] == list(
        range(start, stop)
    )
    assert [record for batch in batches for record in batch.records] == [r for r in inside if r.offset < stop]
    for batch in batches:
        assert (batch.offsets.topic, batch.offsets.partition) == ("feedback", 0)
        assert len(batch.records) <= most
        assert all(batch.offsets.start <= record.offset < batch.offsets.end for record in batch.records)


def test_what_is_newer() -> None:
    assert is_newer(_record(0, _NEWER))
    assert is_newer(_record(0, b"65535"))
    for version in (None, b"", b"0", b"1", b"01", b"one", b"-2", "²".encode(), b"9" * 5_000):
        assert not is_newer(_record(0, version))
