"""The topics of the log: their names, how long they keep, how large a record may be."""

from dataclasses import dataclass
from typing import Literal

DAY_MS = 24 * 60 * 60 * 1000

FEEDBACK = "balie.feedback"
"""Feedback events, keyed by feedback id, so that the revisions of one answer keep their order."""

FAILURES = "balie.failures"
"""What could not be read or enriched, keyed by failure id; a tombstone is a failure that was replayed, discarded or
erased."""

GROUP = "balie-load"
"""The group of readers that loads the warehouse: what it has committed is loaded."""

BODY_LIMIT = 1024 * 1024
"""Bytes of one posted request that the collector takes. (An uploaded file may be larger: its rows are the records.)"""

RECORD_LIMIT = 4 * 1024 * 1024
"""Bytes of one event. A body becomes an event of at most twice its size (Latin-1 that becomes UTF-8, quotes that JSON
escapes); the rest is room for headers and what others write."""

FAILURE_LIMIT = 6 * 1024 * 1024
"""Bytes of one failure. It keeps what failed in base64, a third larger: 4 MiB * 4/3 = 5.3 MiB. The rest is room for
headers, reason and what the log itself adds."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic and its settings, in Kafka's words; the embedded log obeys the same ones."""

    name: str
    cleanup: Literal["delete", "compact,delete"]
    retention_ms: int
    """A record is readable at least this long. How much longer its bytes stay: at most `segment_ms` and the time the
    store takes to clean up."""
    partitions: int = 6
    """For Kafka. The embedded log has one."""
    segment_ms: int = DAY_MS
    """Only a closed segment is removed or compacted, so this bounds how long an erased record outlives its erasure.
    The embedded log closes its file at midnight UTC."""
    max_message_bytes: int = RECORD_LIMIT

    @property
    def compacted(self) -> bool:
        """Whether only the newest record of a key is kept, and a tombstone removes it."""
        return "compact" in self.cleanup


def topics(prefix: str = "", partitions: int = 6) -> tuple[Topic, Topic]:
    """The topics Balie needs, feedback first. `prefix` goes before each name, for a broker that others use as well."""
    return (
        Topic(prefix + FEEDBACK, "delete", retention_ms=7 * DAY_MS, partitions=partitions),
        Topic(
            prefix + FAILURES,
            "compact,delete",
            retention_ms=20 * DAY_MS,
            partitions=partitions,
            max_message_bytes=FAILURE_LIMIT,
        ),
    )
