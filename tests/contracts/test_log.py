"""What every log must do, over the embedded one and over a real Kafka broker."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schemas.topics import FAILURES, FEEDBACK, Topic, topics
from storage.errors import Fatal, Retriable, TooLarge
from storage.log.base import Log, Member, NewRecord, OffsetRange, Record, in_chunks, is_marker, stored_size
from storage.log.kafka import KafkaLog
from storage.log.sqlite import SqliteLog

ROOT = Path(__file__).parents[2]


@dataclasses.dataclass
class Store:
    """One place that keeps logs, and how to open it."""

    kind: str
    at: str
    feedback: str
    failures: str
    topics: tuple[Topic, ...]
    opened: list[Log] = dataclasses.field(default_factory=list)

    def open(self) -> Log:
        log: Log = SqliteLog(Path(self.at)) if self.kind == "sqlite" else KafkaLog(self.at)
        self.opened.append(log)
        return log


@pytest.fixture(params=["sqlite", pytest.param("kafka", marks=pytest.mark.kafka)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    kind = request.param
    at = str(tmp_path / "log") if kind == "sqlite" else request.getfixturevalue("kafka_bootstrap")
    prefix = f"test-{uuid.uuid4().hex[:12]}."
    store = Store(kind, at, prefix + FEEDBACK, prefix + FAILURES, topics(prefix, partitions=4))
    yield store
    for log in store.opened:
        log.close()


@pytest.fixture
def log(store: Store) -> Log:
    log = store.open()
    log.apply_topics(store.topics)
    return log


def everything(log: Log, topic: str, max_records: int = 1000) -> list[Record]:
    return [
        record
        for partition, (first, end) in sorted(log.ends(topic).items())
        for records in in_chunks(log, OffsetRange(topic, partition, first, end), max_records)
        for record in records
    ]


def numbered(count: int, key: bytes | None = None, start: int = 0) -> list[NewRecord]:
    return [NewRecord(key or b"key-%d" % n, b"value-%d" % n) for n in range(start, start + count)]


def test_topics_are_made_once_and_changed_where_they_differ(store: Store) -> None:
    log = store.open()
    assert [line.split(":")[0] for line in log.apply_topics(store.topics)] == [store.feedback, store.failures]
    assert log.apply_topics(store.topics) == []
    longer = dataclasses.replace(store.topics[0], retention_ms=8 * 86_400_000)
    (said,) = log.apply_topics([longer, store.topics[1]])
    assert said.startswith(store.feedback)
    assert "604800000 -> 691200000" in said
    assert log.apply_topics([longer]) == []


def test_what_is_appended_is_read_back(log: Log, store: Store) -> None:
    before = time.time()
    records = [
        NewRecord(b"a", b"1", (("schema-version", b"1"), ("trace", b"\x00\xff"))),
        NewRecord(b"b", None),
        NewRecord(b"c", b""),
        NewRecord(None, b"no key"),
        NewRecord(b"d", "café 🙂".encode(), (("schema-version", b"1"),)),
    ]
    places = log.append(store.feedback, records)
    assert len(set(places)) == len(records)
    found = {(record.partition, record.offset): record for record in everything(log, store.feedback)}
    assert set(found) == set(places)
    for place, record in zip(places, records, strict=True):
        assert found[place][3:] == record
        assert before - 5 <= found[place].timestamp_ms / 1000 <= time.time() + 5


def test_an_empty_topic(log: Log, store: Store) -> None:
    assert set(log.ends(store.feedback).values()) == {(0, 0)}
    assert log.append(store.feedback, []) == []
    assert log.read(OffsetRange(store.feedback, 0, 0, 0)) == []
    assert list(log.latest_by_key(store.failures)) == []


def test_ends_and_ranges(log: Log, store: Store) -> None:
    places = log.append(store.feedback, numbered(10, key=b"one"))
    (partition,) = {partition for partition, _ in places}
    assert [offset for _, offset in places] == list(range(10))
    assert log.ends(store.feedback)[partition] == (0, 10)

    def offsets(start: int, end: int, max_records: int | None = None) -> list[int]:
        return [r.offset for r in log.read(OffsetRange(store.feedback, partition, start, end), max_records)]

    assert offsets(0, 10) == list(range(10))
    assert offsets(3, 7) == [3, 4, 5, 6]
    assert offsets(3, 7, max_records=2) == [3, 4]
    assert offsets(5, 7) == [5, 6]
    assert offsets(0, 1) == [0]
    assert offsets(4, 4) == []
    log.append(store.feedback, numbered(5, key=b"one", start=10))
    assert offsets(7, 15) == list(range(7, 15))
    chunks = list(in_chunks(log, OffsetRange(store.feedback, partition, 0, 15), 4))
    assert [len(chunk) for chunk in chunks] == [4, 4, 4, 3]


def test_the_records_of_a_key_keep_their_order(log: Log, store: Store) -> None:
    for _ in range(5):
        log.append(store.feedback, [NewRecord(b"key-%d" % (n % 20), b"%d" % n) for n in range(200)])
    by_key: dict[bytes | None, list[Record]] = {}
    for record in everything(log, store.feedback):
        by_key.setdefault(record.key, []).append(record)
    assert len(by_key) == 20
    for key, records in by_key.items():
        assert len({record.partition for record in records}) == 1
        expected = [b"%d" % n for n in range(200) if b"key-%d" % (n % 20) == key]
        assert [record.value for record in records] == expected * 5


def test_the_latest_of_each_key(log: Log, store: Store) -> None:
    log.append(store.failures, numbered(50))
    log.append(store.failures, [NewRecord(b"key-%d" % n, b"again") for n in range(10)])
    log.append(store.failures, [NewRecord(b"key-%d" % n, None) for n in range(5, 20)])
    log.append(store.failures, [NewRecord(b"key-6", b"back")])
    expected = {b"key-%d" % n: b"value-%d" % n for n in range(20, 50)}
    expected |= {b"key-%d" % n: b"again" for n in range(5)} | {b"key-6": b"back"}
    assert {record.key: record.value for record in log.latest_by_key(store.failures)} == expected
    log.clean(store.failures)
    assert {record.key: record.value for record in log.latest_by_key(store.failures)} == expected


def test_cleaning_shows_readers_nothing_but_markers(log: Log, store: Store) -> None:
    log.append(store.failures, numbered(5))
    log.clean(store.failures)
    found = everything(log, store.failures)
    assert sorted(record.value or b"" for record in found if not is_marker(record)) == [
        b"value-%d" % n for n in range(5)
    ]
    assert all(record.value is None for record in found if is_marker(record))
    assert {record.partition for record in found if is_marker(record)} == (
        set() if store.kind == "sqlite" else set(log.ends(store.failures))
    )
    log.clean(store.feedback)  # nothing to do there, and nothing appended
    assert everything(log, store.feedback) == []


def test_a_compacted_topic_wants_keys(log: Log, store: Store) -> None:
    with pytest.raises(Fatal, match="compacted by key"):
        log.append(store.failures, [NewRecord(b"a", b"1"), NewRecord(None, b"2")])
    assert everything(log, store.failures) == []


def test_large_records_and_too_large_ones(log: Log, store: Store) -> None:
    limit = store.topics[0].max_message_bytes
    largest = os.urandom(limit * 99 // 100)  # random, so that compression cannot help
    assert stored_size(NewRecord(b"a", largest)) <= limit
    log.append(store.feedback, [NewRecord(b"a", b"small"), NewRecord(b"a", largest), NewRecord(b"a", b"after")])
    canary = b"canary" + os.urandom(limit)
    with pytest.raises(TooLarge, match="raise max_message_bytes") as raised:
        log.append(store.feedback, [NewRecord(b"a", b"with it"), NewRecord(b"a", canary)])
    assert "canary" not in str(raised.value)
    log.append(store.feedback, [NewRecord(b"a", b"then")])
    assert [record.value for record in everything(log, store.feedback)] == [b"small", largest, b"after", b"then"]


def test_a_bounded_read_does_not_fill_the_memory(log: Log, store: Store) -> None:
    megabyte = b"x" * 1_000_000
    for _ in range(9):
        log.append(store.feedback, [NewRecord(b"a", megabyte)] * 5)
    ((partition, (first, end)),) = ((p, ends) for p, ends in log.ends(store.feedback).items() if ends[1])
    chunks = list(in_chunks(log, OffsetRange(store.feedback, partition, first, end), 1000))
    assert sum(len(chunk) for chunk in chunks) == 45
    assert max(len(chunk) for chunk in chunks) < 40


def test_threads_append_together(log: Log, store: Store) -> None:
    places: list[list[tuple[int, int]]] = [[] for _ in range(20)]

    def append(thread: int) -> None:
        for n in range(20):
            places[thread] += log.append(store.feedback, [NewRecord(b"%d" % thread, b"%d:%d" % (thread, n))])

    threads = [threading.Thread(target=append, args=(thread,)) for thread in range(20)]
    for started in threads:
        started.start()
    for started in threads:
        started.join()
    found = {(record.partition, record.offset): record.value for record in everything(log, store.feedback)}
    assert len(found) == 400
    for thread, own in enumerate(places):
        assert own == sorted(own)
        assert [found[place] for place in own] == [b"%d:%d" % (thread, n) for n in range(20)]


def test_reopened_and_read_by_another(log: Log, store: Store) -> None:
    log.append(store.feedback, numbered(10))
    with log.join("group", store.feedback) as member:
        log_ends = log.ends(store.feedback)
        assert wait_for_partitions(member, set(log_ends))
        member.commit({partition: end for partition, (_, end) in log_ends.items()})
    log.close()
    other = store.open()
    assert len(everything(other, store.feedback)) == 10
    assert other.committed("group", store.feedback) == {p: end for p, (_, end) in log_ends.items()}
    other.append(store.feedback, numbered(10, start=10))
    assert len(everything(log, store.feedback)) == 20  # a closed log opens again where it is used


def wait_for_partitions(member: Member, expected: set[int], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while member.partitions() != expected:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_commits_are_absolute_and_kept(log: Log, store: Store) -> None:
    partitions = set(log.ends(store.feedback))
    assert log.committed("nobody", store.feedback) == {}
    with log.join("group", store.feedback) as member:
        assert wait_for_partitions(member, partitions)
        assert member.committed() == {}
        member.commit({0: 5})
        member.commit({0: 5})
        member.commit({})
        assert member.committed() == {0: 5}
        with pytest.raises(Retriable):
            member.commit({99: 1})
    with log.join("group", store.feedback) as member:
        assert wait_for_partitions(member, partitions)
        assert member.committed() == {0: 5}
        member.commit({0: 3})  # going back is allowed: a replay
    assert log.committed("group", store.feedback) == {0: 3}
    assert log.committed("other", store.feedback) == {}


def test_commits_without_being_a_member_only_move_forward(log: Log, store: Store) -> None:
    log.commit("group", store.feedback, {0: 5})
    assert log.committed("group", store.feedback) == {0: 5}
    for late in (5, 3, 0):  # a runner tells of what is done twice, or late
        log.commit("group", store.feedback, {0: late})
    log.commit("group", store.feedback, {})
    assert store.open().committed("group", store.feedback) == {0: 5}
    log.commit("group", store.feedback, {0: 9})
    partitions = set(log.ends(store.feedback))
    with log.join("group", store.feedback) as member:
        assert wait_for_partitions(member, partitions)
        assert member.committed() == {0: 9}
        member.commit(dict.fromkeys(partitions, 2))
        if store.kind == "kafka":
            with pytest.raises(Retriable, match="members, which commit for themselves"):
                log.commit("group", store.feedback, {0: 20})
    log.commit("group", store.feedback, dict.fromkeys(partitions, 4))
    assert log.committed("group", store.feedback) == dict.fromkeys(partitions, 4)
    with pytest.raises(Fatal, match="partition"):
        log.commit("group", store.feedback, {99: 1})


def test_members_of_a_group_share_the_partitions(log: Log, store: Store) -> None:
    """Kafka splits them; the embedded log has one partition, which the second member gets when the first leaves."""
    everyone = set(log.ends(store.feedback))
    with log.join("group", store.feedback) as first, store.open().join("group", store.feedback) as second:
        deadline = time.monotonic() + 30
        shares: list[frozenset[int]] = [frozenset(), frozenset()]

        def settled() -> bool:
            fair = all(shares) if store.kind == "kafka" else any(shares)
            # While they share anew, the first has what it had until it asks again.
            return fair and shares[0] | shares[1] == everyone and not shares[0] & shares[1]

        def ask(index: int, member: Member) -> None:  # each in its own thread, as they are in their own processes
            while time.monotonic() < deadline and not settled():
                shares[index] = member.partitions()
                time.sleep(0.02)

        threads = [threading.Thread(target=ask, args=pair) for pair in enumerate((first, second))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert settled()
        having, other = (first, second) if shares[0] else (second, first)
        having.commit(dict.fromkeys(having.partitions(), 7))
        with pytest.raises(Retriable, match="go on from what is committed"):
            other.commit(dict.fromkeys(everyone, 8))
        having.__exit__(None, None, None)
        assert wait_for_partitions(other, everyone)
        assert set(other.committed().values()) == {7}


def test_what_is_not_there_is_said_with_its_mend(log: Log, store: Store) -> None:
    uses: list[Callable[[], object]] = [
        lambda: log.append("nowhere", numbered(1)),
        lambda: log.ends("nowhere"),
        lambda: log.join("group", "nowhere"),
        lambda: log.commit("group", "nowhere", {0: 1}),
        lambda: log.clean("nowhere"),
    ]
    for use in uses:
        with pytest.raises(Fatal, match="balie topics apply"):
            use()


def test_no_repr_shows_what_is_in_a_record(log: Log, store: Store) -> None:
    new = NewRecord(b"secret", b"secret", (("h", b"secret"),))
    log.append(store.feedback, [new])
    assert "secret" not in repr(everything(log, store.feedback)) + repr([new]) + f"{new}"


WRITER = """
import json, sys
from pathlib import Path
from storage.log.base import NewRecord
from storage.log.kafka import KafkaLog
from storage.log.sqlite import SqliteLog
kind, at, topic = sys.argv[1:]
log = SqliteLog(Path(at)) if kind == "sqlite" else KafkaLog(at)
n = 0
while True:
    records = [NewRecord(b"key-%d" % (i % 7), b"%d" % i) for i in range(n, n + 3)]
    places = log.append(topic, records)
    print(json.dumps([[*place, int(record.value)] for place, record in zip(places, records)]), flush=True)
    n += 3
"""


@pytest.mark.slow
def test_killed_while_appending_everything_acknowledged_is_there(log: Log, store: Store) -> None:
    acknowledged: dict[tuple[int, int], bytes] = {}
    for run in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, store.kind, store.at, store.feedback], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        for _ in range(50 + 17 * run):
            for partition, offset, number in json.loads(process.stdout.readline()):
                assert (partition, offset) not in acknowledged
                acknowledged[partition, offset] = b"%d" % number
        process.send_signal(signal.SIGKILL)
        for line in process.stdout.read().splitlines():
            if line.endswith(b"]]"):
                acknowledged |= {(p, offset): b"%d" % number for p, offset, number in json.loads(line)}
        process.stdout.close()
        process.wait()
    found = {(record.partition, record.offset): record.value for record in everything(log, store.feedback)}
    assert len(acknowledged) > 450
    assert acknowledged.items() <= found.items()
