"""What a log does, whichever one it is: append, read ranges, remember how far a group of readers has come.

A log has topics, a topic has partitions, and in a partition each record has an offset that only grows. Records with the
same key are in the same partition, in the order of their append. Offsets may have gaps: what has expired, was compacted
or belongs to the store itself is not returned.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from schemas.topics import Topic
from storage.errors import Fatal, TooLarge

MARKER_HEADER = "balie-marker"
"""A record with this header carries nothing: it is there so that the store closes a segment (see `Log.clean`)."""

READ_BYTES = 32 * 1024 * 1024
"""A read with `max_records` ends early here, so that a row of large records cannot fill the memory."""

Headers = tuple[tuple[str, bytes], ...]


class NewRecord(NamedTuple):
    """A record to append. `value` None is a tombstone: on a compacted topic it removes what the key had."""

    key: bytes | None
    value: bytes | None
    headers: Headers = ()

    def __repr__(self) -> str:  # the parts are citizens' data, and a repr ends in logs
        return f"NewRecord({len(self.value or b'')} bytes)"


class Record(NamedTuple):
    """A record as it was read. `timestamp_ms` is when the log took it, in milliseconds since 1970 UTC."""

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    def __repr__(self) -> str:
        return f"Record({self.partition}:{self.offset}, {len(self.value or b'')} bytes)"


def is_marker(record: Record) -> bool:
    """Whether a record is the log's own and carries nothing. Readers account for its offset and go on."""
    return MARKER_HEADER in dict(record.headers)


@dataclass(frozen=True, slots=True, order=True)
class OffsetRange:
    """The offsets from `start` up to, not including, `end` of one partition. Sorts by topic, partition, start."""

    topic: str
    partition: int
    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"a range of offsets runs from a start >= 0 to an end >= start, not {self}")


class Member(Protocol):
    """One reader of a group, which shares the partitions of a topic with the group's other members.

    Used as a context manager; leaving it gives the partitions to the others at once. A member that dies loses them
    within seconds. Call `partitions` often (at least once a minute): it is what keeps the member in the group.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def partitions(self) -> frozenset[int]:
        """The partitions that are this member's now. May be empty, and may differ from one call to the next."""
        ...

    def committed(self) -> dict[int, int]:
        """The next offset to load of each partition that `partitions` gave; one without a commit is left out."""
        ...

    def commit(self, next_offsets: Mapping[int, int]) -> None:
        """Keep the next offset to load of each partition: absolute, so that doing it twice changes nothing.

        Retriable where a partition has been given to another member meanwhile: ask `partitions` and go on from what is
        `committed`; loading a range twice is harmless.
        """
        ...


class Log(Protocol):
    """A durable log. Safe to use from several threads, and the same log from several processes.

    Every method raises Retriable while the store cannot be reached, and Fatal, with the mend, where repeating is of no
    use: a topic that does not exist, a password that is refused.
    """

    def append(self, topic: str, records: Sequence[NewRecord]) -> list[tuple[int, int]]:
        """Append records and return (partition, offset) of each, when all are durable: fsync, or acks=all.

        On Retriable some of them may have been kept: append all again. Raises TooLarge where one is over the limit of
        the topic.
        """
        ...

    def ends(self, topic: str) -> dict[int, tuple[int, int]]:
        """Of each partition the first offset that is still kept and the offset that the next record will get."""
        ...

    def read(self, offsets: OffsetRange, max_records: int | None = None) -> list[Record]:
        """The records of a range, in order.

        `end` must not be past what `ends` said. Gaps are skipped, also at the range's ends, so fewer records than
        offsets is normal. With `max_records` a call gives the first ones only, at most so many and not much more than
        `READ_BYTES`: go on after the offset of the last one until nothing comes (or use `in_chunks`).
        """
        ...

    def latest_by_key(self, topic: str) -> Iterator[Record]:
        """The newest record of every key, in order within a partition; keys whose newest is a tombstone are left out.

        It is what is in the log when the iteration starts, however far the store has come with compacting.
        """
        ...

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """The next offset to load of each partition that the group has committed, without being in it: for lag."""
        ...

    def commit(self, group: str, topic: str, next_offsets: Mapping[int, int]) -> None:
        """Keep the next offset to load of each partition, without being in the group: for a runner that commits for it.

        It only moves forward: a runner may tell of what is done twice, late or out of order, and an offset below the
        one that is kept changes nothing. (To go back, join and commit as a member.) Two processes that commit at the
        very same time may leave the lower offset; loading the range between again is harmless.

        Kafka refuses it (Retriable) while the group has members, which commit for themselves.
        """
        ...

    def join(self, group: str, topic: str) -> Member:
        """Become a member of a group of readers. Enter it as a context manager."""
        ...

    def apply_topics(self, topics: Sequence[Topic]) -> list[str]:
        """Create the topics that are missing and set what differs; says in words what was changed, [] if nothing."""
        ...

    def clean(self, topic: str) -> None:
        """Have the store remove what has expired and what tombstones cover. Call it after discarding, and every hour.

        The embedded log removes it before it returns. Kafka compacts only closed segments and closes one only when a
        record comes after `segment_ms`, so an idle partition would keep what was erased: a marker is appended to each.
        And what has expired in a compacted topic gets a tombstone, since its segments outlive their retention.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections. Nothing that was acknowledged waits for this."""
        ...


def stored_size(record: NewRecord) -> int:
    """Bytes a record takes at most, to hold against a topic's `max_message_bytes`; the same for every log.

    It is what Kafka counts: the record alone in a batch (70 bytes and the lengths of its parts), and what compression
    adds where it cannot compress (under a hundredth).
    """
    size = len(record.key or b"") + len(record.value or b"")
    for name, value in record.headers:
        size += len(name.encode()) + len(value) + 8
    return size + size // 128 + 128


def check_records(topic: str, records: Sequence[NewRecord], max_message_bytes: int, compacted: bool) -> None:
    """Raise what `Log.append` raises for a record that its topic does not take, before any of them is sent."""
    for record in records:
        if (size := stored_size(record)) > max_message_bytes:
            raise TooLarge(
                f"a record of {size} bytes is over the {max_message_bytes} that the topic {topic} takes: cut it, or"
                " raise max_message_bytes and run `balie topics apply`"
            )
        if compacted and record.key is None:
            raise Fatal(f"the topic {topic} is compacted by key: give the record one")


def in_chunks(log: Log, offsets: OffsetRange, max_records: int) -> Iterator[list[Record]]:
    """A range read bit by bit: lists of at most `max_records`, none of them empty."""
    start = offsets.start
    while start < offsets.end:
        records = log.read(OffsetRange(offsets.topic, offsets.partition, start, offsets.end), max_records)
        if not records:
            return
        yield records
        start = records[-1].offset + 1


def newest_of_each_key(log: Log, topic: str) -> Iterator[Record]:
    """`Log.latest_by_key` for any log: one pass to see which offset is a key's last, one to give those records.

    Two passes, since the values (failures of some megabytes each) may not fit in memory while the keys do.
    """
    ranges = [OffsetRange(topic, partition, *ends) for partition, ends in sorted(log.ends(topic).items())]
    last: dict[bytes, int] = {}  # a key is in one partition only
    for offsets in ranges:
        for records in in_chunks(log, offsets, 2_000):
            last.update((record.key, record.offset) for record in records if record.key is not None)
    for offsets in ranges:
        for records in in_chunks(log, offsets, 2_000):
            for record in records:
                if record.key is None or record.value is None or is_marker(record):
                    continue
                if last.get(record.key) == record.offset:
                    yield record
