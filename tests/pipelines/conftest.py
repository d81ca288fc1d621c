"""What the tests of the pipeline share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from pipelines.batch import Batch
from pipelines.decode import decode
from schemas.feedback import FeedbackEvent
from storage.log.base import OffsetRange, Record
from tests.strategies import TENANTS

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
APPENDED_MS = 1_772_359_200_000  # 2026-03-01T10:00Z

Decode = Callable[[Sequence[bytes | FeedbackEvent]], Batch]


@pytest.fixture(scope="session")
def decoded() -> Decode:
    """Decodes values as they stand in the log, offset 0 first, for the towns of the strategies."""

    def of(values: Sequence[bytes | FeedbackEvent]) -> Batch:
        records = [
            Record(0, offset, APPENDED_MS, b"key", value if isinstance(value, bytes) else value.to_json(), ())
            for offset, value in enumerate(values)
        ]
        return decode(OffsetRange("feedback", 0, 0, len(records)), records, frozenset(TENANTS), lambda: NOW)

    return of
