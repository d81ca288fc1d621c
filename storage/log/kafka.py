"""The log in Kafka, for several hosts: the brokers keep and spread it, consumer groups share the work.

The only module that knows Kafka's client, which is pinned: its third major version is a young rewrite.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from types import TracebackType
from typing import NamedTuple, Self, TypeVar

from kafka import ConsumerRebalanceListener, KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka import errors as kafka_errors
from kafka.admin import ConfigFilterType, ConfigResource, ConfigResourceType, OffsetSpec
from kafka.consumer.fetcher import ConsumerRecord
from kafka.net.compat import KafkaNetClient
from kafka.structs import OffsetAndMetadata

from schemas.topics import Topic
from storage.errors import Fatal, Retriable, StorageError
from storage.log.base import (
    MARKER_HEADER,
    READ_BYTES,
    Member,
    NewRecord,
    OffsetRange,
    Record,
    check_records,
    newest_of_each_key,
)

_SETTINGS = frozenset(KafkaAdminClient.DEFAULT_CONFIG) & frozenset(KafkaConsumer.DEFAULT_CONFIG)
_LARGEST_REQUEST = 64 * 1024 * 1024  # the topics' own limits say what a record may be; this must only not be less
_BATCH = 64 * 1024  # bytes; with the client's 16 KiB, appends of a thousand records take three times as long
_POLL_MS = 20  # a poll that skips a gap says nothing: look often whether it has
_FIRST_POLL = 16  # records, before it is known how large they are
_MARKER = NewRecord(MARKER_HEADER.encode(), None, ((MARKER_HEADER, b""),))

_REFUSED = (
    kafka_errors.AuthorizationError,
    kafka_errors.IllegalSaslStateError,
    kafka_errors.SaslAuthenticationFailedError,
    kafka_errors.UnsupportedSaslMechanismError,
)
_COORDINATOR_NOT_READY = (
    kafka_errors.CoordinatorLoadInProgressError,
    kafka_errors.CoordinatorNotAvailableError,
    kafka_errors.NotCoordinatorError,
)
_WRONG = (
    kafka_errors.InvalidConfigurationError,
    kafka_errors.InvalidGroupIdError,
    kafka_errors.InvalidPartitionsError,
    kafka_errors.InvalidReplicationFactorError,
    kafka_errors.InvalidTopicError,
    kafka_errors.KafkaConfigurationError,
    kafka_errors.PolicyViolationError,
    kafka_errors.UnsupportedCodecError,
    kafka_errors.UnsupportedVersionError,
)


_Answer = TypeVar("_Answer")
_Client = TypeVar("_Client")


class KafkaLog:
    """The log on the brokers at `bootstrap` ("host:port", several with commas).

    `settings` go to Kafka's client as they are: security_protocol, ssl_cafile, sasl_mechanism, sasl_plain_username,
    sasl_plain_password and the like. `compression` is none, gzip, lz4 or zstd. Brokers that do not answer make a method
    raise Retriable after one or two times `timeout`, in seconds.
    """

    def __init__(
        self,
        bootstrap: str,
        settings: Mapping[str, object] | None = None,
        compression: str = "lz4",
        timeout: float = 10.0,
    ) -> None:
        if unknown := sorted(set(settings or {}) - _SETTINGS):
            raise Fatal(f"Kafka's client has no setting {', '.join(unknown)}: correct it in the settings of the log")
        for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile", "ssl_crlfile"):
            if (path := (settings or {}).get(name)) is not None and not os.access(str(path), os.R_OK):
                raise Fatal(f"the file that {name} names cannot be read: correct it in the settings of the log")
        # What goes wrong is raised; at debug level the client logs the records it sends.
        logging.getLogger("kafka").setLevel(logging.CRITICAL)
        self._bootstrap = bootstrap
        self._compression = None if compression == "none" else compression
        self._timeout = timeout
        self._timeout_ms = int(timeout * 1000)
        self._settings = {
            "request_timeout_ms": self._timeout_ms,
            "reconnect_backoff_max_ms": 1_000,
            **(settings or {}),
            "bootstrap_servers": bootstrap.split(","),
            "bootstrap_timeout_ms": self._timeout_ms,
        }
        self._lock = threading.Lock()
        self._admin: KafkaAdminClient | None = None
        self._administering = threading.Lock()
        self._producer: KafkaProducer | None = None
        self._readers: dict[TopicPartition, _Reader] = {}
        self._limits: dict[str, _Limits] = {}

    def append(self, topic: str, records: Sequence[NewRecord]) -> list[tuple[int, int]]:
        limits = self._limits_of(topic)
        check_records(topic, records, limits.max_message_bytes, limits.compacted)
        return self._send(topic, ((record, None) for record in records))

    def ends(self, topic: str) -> dict[int, tuple[int, int]]:
        with self._asking(topic) as admin:
            partitions = [TopicPartition(topic, number) for number in _partitions(admin, topic)]
            first, end = (
                admin.list_partition_offsets(dict.fromkeys(partitions, spec), timeout_ms=self._timeout_ms)
                for spec in (OffsetSpec.EARLIEST, OffsetSpec.LATEST)
            )
        return {at.partition: (first[at].offset, end[at].offset) for at in partitions}

    def read(self, offsets: OffsetRange, max_records: int | None = None) -> list[Record]:
        partition = TopicPartition(offsets.topic, offsets.partition)
        with self._lock:
            if partition not in self._readers:
                self._readers[partition] = _Reader(self._new_consumer, partition, self._timeout)
            reader = self._readers[partition]
        with self._errors(offsets.topic):
            return reader.read(offsets.start, offsets.end, max_records)

    def latest_by_key(self, topic: str) -> Iterator[Record]:
        return newest_of_each_key(self, topic)

    def committed(self, group: str, topic: str) -> dict[int, int]:
        with self._asking(topic) as admin:
            found = self._patiently(lambda: admin.list_group_offsets({group: None})).get(group, {})
        return {at.partition: kept.offset for at, kept in found.items() if at.topic == topic and kept.offset >= 0}

    def commit(self, group: str, topic: str, next_offsets: Mapping[int, int]) -> None:
        with self._asking(topic) as admin:
            if missing := set(next_offsets) - set(_partitions(admin, topic)):
                raise Fatal(f"there is no partition {min(missing)} of {topic}")
            kept = self._patiently(lambda: admin.list_group_offsets({group: None})).get(group, {})
            further = {}
            for partition, offset in next_offsets.items():
                at = TopicPartition(topic, partition)
                if at not in kept or kept[at].offset < offset:
                    further[at] = OffsetAndMetadata(offset, "", -1)
            for refusal in admin.alter_group_offsets(group, further).values():
                if refusal is kafka_errors.UnknownMemberIdError:
                    raise Retriable(f"the group {group} has members, which commit for themselves: end them first")
                if refusal is not kafka_errors.NoError:
                    raise refusal

    def join(self, group: str, topic: str) -> Member:
        with self._asking(topic) as admin:
            _partitions(admin, topic)
        return _KafkaMember(lambda: self._new_consumer(group_id=group), topic, self._timeout, self._errors)

    def apply_topics(self, topics: Sequence[Topic]) -> list[str]:
        changed: list[str] = []
        for topic in topics:
            with self._asking(topic.name) as admin:
                changed += self._apply(admin, topic)
            self._limits.pop(topic.name, None)
        return changed

    def clean(self, topic: str) -> None:
        with self._asking(topic) as admin:
            partitions = _partitions(admin, topic)
        limits = self._limits_of(topic)
        if not limits.compacted:
            return  # what only expires is removed by the broker itself, also where nothing is appended
        gone: list[tuple[NewRecord, int | None]] = []
        if limits.retention_ms >= 0:
            before = int(time.time() * 1000) - limits.retention_ms
            gone = [(NewRecord(key, None), None) for key in self._expired(topic, before)]
        self._send(topic, gone + [(_MARKER, partition) for partition in partitions])

    def _expired(self, topic: str, before_ms: int) -> list[bytes]:
        """The keys of a compacted topic of which nothing newer was appended since `before_ms`.

        The broker cannot be left to see to them: a segment expires with its newest record, and compaction merges old
        segments with new ones, so that under steady traffic none ever does.
        """
        oldest = [
            record
            for partition, ends in self.ends(topic).items()
            for record in self.read(OffsetRange(topic, partition, *ends), 1)
        ]
        if all(record.timestamp_ms >= before_ms for record in oldest):
            return []
        latest = self.latest_by_key(topic)
        return [record.key for record in latest if record.timestamp_ms < before_ms and record.key is not None]

    def close(self) -> None:
        with self._lock:
            readers, self._readers = list(self._readers.values()), {}
            producer, self._producer = self._producer, None
        for reader in readers:
            reader.close()
        if producer is not None:
            producer.close(timeout=self._timeout)
        with self._administering:
            self._drop_admin()

    # Appending

    def _send(self, topic: str, records: Iterable[tuple[NewRecord, int | None]]) -> list[tuple[int, int]]:
        """Send records, each to the partition beside it or, with None, to that of its key; returns when all have it."""
        with self._errors(topic):
            producer = self._shared_producer()
            try:
                sent = [
                    producer.send(topic, record.value, record.key, headers=list(record.headers), partition=partition)
                    for record, partition in records
                ]
                kept = [future.get(self._timeout + 1) for future in sent]
            except kafka_errors.KafkaError:
                # It sends nothing more after some errors, and after others what it holds must not come later than the
                # caller's next attempt. And if a record was refused, the limits of the topic are not what they were.
                self._drop_producer(producer)
                self._limits.pop(topic, None)
                raise
        return [(metadata.partition, metadata.offset) for metadata in kept]

    def _shared_producer(self) -> KafkaProducer:
        with self._lock:
            if self._producer is None:
                own = {
                    "acks": "all",
                    "enable_idempotence": True,  # a retry inside the client neither doubles nor reorders
                    "compression_type": self._compression,
                    "batch_size": _BATCH,
                    "max_request_size": _LARGEST_REQUEST,
                    "allow_auto_create_topics": False,
                    "max_block_ms": self._timeout_ms,
                    "delivery_timeout_ms": self._timeout_ms,
                    "request_timeout_ms": self._timeout_ms // 2,
                }
                self._producer = _connect(KafkaProducer, {**self._settings, **own})
            return self._producer

    def _drop_producer(self, producer: KafkaProducer) -> None:
        with self._lock:
            if self._producer is producer:
                self._producer = None
        producer.close(timeout=0)

    # Asking

    @contextmanager
    def _asking(self, topic: str) -> Iterator[KafkaAdminClient]:
        """The client for questions and settings, for one thread at a time; after an error the next gets a new one."""
        with self._errors(topic), self._administering:
            try:
                if self._admin is None:
                    self._admin = _connect(KafkaAdminClient, self._settings)
                yield self._admin
            except kafka_errors.KafkaError:
                self._drop_admin()
                raise

    def _drop_admin(self) -> None:
        admin, self._admin = self._admin, None
        if admin is not None:
            admin.close()

    def _patiently(self, ask: Callable[[], _Answer]) -> _Answer:
        """Ask again while Kafka is only not ready: the first question about groups makes it create their topic."""
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                return ask()
            except _COORDINATOR_NOT_READY:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def _limits_of(self, topic: str) -> "_Limits":
        """What the topic takes.

        Looked at before sending, since the client sends nothing more for any thread once a broker refused a record.
        """
        limits = self._limits.get(topic)
        if limits is None:
            with self._asking(topic) as admin:
                _partitions(admin, topic)
                settings = _settings_of(admin, topic)
            limits = self._limits[topic] = _Limits(
                max_message_bytes=int(settings["max.message.bytes"]),
                compacted="compact" in settings["cleanup.policy"],
                retention_ms=int(settings["retention.ms"]),
            )
        return limits

    def _apply(self, admin: KafkaAdminClient, topic: Topic) -> list[str]:
        wanted = {
            "cleanup.policy": topic.cleanup,
            "retention.ms": str(topic.retention_ms),
            "segment.ms": str(topic.segment_ms),
            "max.message.bytes": str(topic.max_message_bytes),
            "message.timestamp.type": "LogAppendTime",
        }
        if topic.compacted:
            # Otherwise a segment waits until half of the partition is covered by later records.
            wanted["max.compaction.lag.ms"] = str(topic.segment_ms)
        if topic.name not in admin.list_topics():
            new = {"num_partitions": topic.partitions, "configs": wanted}
            admin.create_topics({topic.name: new}, timeout_ms=self._timeout_ms, wait_for_metadata=True)
            return [f"{topic.name}: created, {topic.partitions} partitions"]
        changed = []
        count = len(_partitions(admin, topic.name))
        if count < topic.partitions:  # a partition cannot be taken away, and one more than asked for does no harm
            admin.create_partitions({topic.name: topic.partitions}, timeout_ms=self._timeout_ms)
            changed.append(f"{topic.name}: partitions {count} -> {topic.partitions}")
        now = _settings_of(admin, topic.name)
        other = {name: value for name, value in wanted.items() if _same(now.get(name)) != _same(value)}
        if other:
            admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name, other)])
            changed += [f"{topic.name}: {name} {now.get(name)} -> {value}" for name, value in other.items()]
        return changed

    def _new_consumer(self, group_id: str | None = None) -> KafkaConsumer:
        own = {
            "group_id": group_id,
            "enable_auto_commit": False,
            # Where to read is never left to the client; a member of a group reads nothing, but wants some position.
            "auto_offset_reset": "none" if group_id is None else "earliest",
            "allow_auto_create_topics": False,
            "session_timeout_ms": 10_000,
            # Who dies is known by the session. This is for who lives and loads: taken out of the group within a
            # micro-batch, it could never commit one that takes as long.
            "max_poll_interval_ms": 30 * 60 * 1000,
        }
        return _connect(KafkaConsumer, {**self._settings, **own})

    @contextmanager
    def _errors(self, topic: str) -> Iterator[None]:
        """Say of what Kafka refuses what can be done about it. Its own messages may quote what was put in."""
        try:
            yield
        except StorageError:
            raise
        except kafka_errors.KafkaError as error:
            name = type(error).__name__
            if isinstance(error, _REFUSED):
                mend = f"see user, password and rights on {topic}"
                raise Fatal(f"Kafka at {self._bootstrap} refuses this user ({name}): {mend}") from None
            if isinstance(error, _WRONG):
                raise Fatal(f"Kafka at {self._bootstrap} does not take this for the topic {topic} ({name})") from None
            mend = "see whether it runs, and whether address, TLS settings, user and password are right"
            raise Retriable(f"Kafka at {self._bootstrap} is not to be reached, or not ready ({name}): {mend}") from None
        except (ConnectionError, TimeoutError) as error:
            raise Retriable(f"Kafka at {self._bootstrap} is not to be reached: see whether it runs") from error
        except OSError as error:  # ssl.SSLError is one
            mend = "see the TLS files in the settings of the log"
            raise Fatal(f"Kafka's client cannot be set up ({type(error).__name__}): {mend}") from error


class _Limits(NamedTuple):
    max_message_bytes: int
    compacted: bool
    retention_ms: int


class _Reader:
    """Reads ranges of one partition. Ranges that follow each other use what the client has fetched ahead."""

    def __init__(self, new_consumer: Callable[[], KafkaConsumer], partition: TopicPartition, timeout: float) -> None:
        self._new_consumer = new_consumer
        self._partition = partition
        self._timeout = timeout
        self._timeout_ms = int(timeout * 1000)
        self._lock = threading.Lock()
        self._consumer: KafkaConsumer | None = None
        self._position = -1

    def read(self, start: int, end: int, max_records: int | None) -> list[Record]:
        with self._lock:
            try:
                return self._read(start, end, max_records)
            except BaseException:
                self._drop()  # its position is not known
                raise

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _read(self, start: int, end: int, max_records: int | None) -> list[Record]:
        records: list[Record] = []
        size = 0
        if start >= end:
            return records
        consumer = self._at(start)
        deadline = time.monotonic() + self._timeout
        while self._position < end and (max_records is None or (len(records) < max_records and size < READ_BYTES)):
            limit = end - self._position
            if max_records is not None:
                fitting = max(1, (READ_BYTES - size) * len(records) // size) if size else _FIRST_POLL
                limit = min(limit, max_records - len(records), fitting)
            try:
                found = consumer.poll(_POLL_MS, max_records=limit).get(self._partition, ())
            except kafka_errors.OffsetOutOfRangeError:
                self._skip_expired(consumer)
                continue
            for one in found:
                if one.offset < end:
                    records.append(as_record(one))
                    size += len(one.value) if one.value is not None else 0
            position = found[-1].offset + 1 if found else consumer.position(self._partition, self._timeout_ms)
            if position is not None and position > self._position:
                self._position = position
                deadline = time.monotonic() + self._timeout
            elif time.monotonic() > deadline:
                raise kafka_errors.KafkaTimeoutError("no progress")
        return records

    def _at(self, start: int) -> KafkaConsumer:
        """The client, about to fetch `start`."""
        if self._consumer is None:
            self._consumer = self._new_consumer()
            self._consumer.assign([self._partition])
        if self._position != start:
            self._consumer.seek(self._partition, start)
            self._position = start
        return self._consumer

    def _skip_expired(self, consumer: KafkaConsumer) -> None:
        first = consumer.beginning_offsets([self._partition], timeout_ms=self._timeout_ms)[self._partition]
        if self._position >= first:
            raise Fatal(
                f"offset {self._position} is past the end of {self._partition.topic}: that topic was made anew or"
                " restored since; let the groups that read it begin again under a new name"
            )
        consumer.seek(self._partition, first)
        self._position = first

    def _drop(self) -> None:
        consumer, self._consumer, self._position = self._consumer, None, -1
        if consumer is not None:
            consumer.close(timeout_ms=self._timeout_ms)


def as_record(found: ConsumerRecord) -> Record:
    """A record as Kafka's client gives it."""
    # The value of a header may be null there, if others write it so.
    headers = tuple([(name, value or b"") for name, value in found.headers])
    return Record(found.partition, found.offset, found.timestamp, found.key, found.value, headers)


class _KafkaMember:
    """Only the client's part in the group is used: what it is assigned is paused, and read by ranges instead."""

    def __init__(
        self,
        new_consumer: Callable[[], KafkaConsumer],
        topic: str,
        timeout: float,
        errors: Callable[[str], AbstractContextManager[None]],
    ) -> None:
        self._topic = topic
        self._timeout = timeout
        self._errors = errors
        with errors(topic):
            self._consumer = new_consumer()
            self._assignment = _Assignment(self._consumer)
            self._consumer.subscribe([topic], listener=self._assignment)
            self._consumer.partitions_for_topic(topic)  # else the first round of the group shares out nothing

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(kafka_errors.KafkaError):  # the group notices by itself, only later
            self._consumer.close(autocommit=False, timeout_ms=int(self._timeout * 1000))

    def partitions(self) -> frozenset[int]:
        deadline = time.monotonic() + self._timeout
        with self._errors(self._topic):
            while True:
                self._consumer.poll(_POLL_MS)
                if self._assignment.known or time.monotonic() > deadline:
                    return frozenset(at.partition for at in self._consumer.assignment())

    def committed(self) -> dict[int, int]:
        with self._errors(self._topic):
            found = {
                at.partition: self._consumer.committed(at, timeout_ms=int(self._timeout * 1000))
                for at in self._consumer.assignment()
            }
        return {partition: offset for partition, offset in found.items() if offset is not None}

    def commit(self, next_offsets: Mapping[int, int]) -> None:
        offsets = {
            TopicPartition(self._topic, partition): OffsetAndMetadata(offset, "", -1)
            for partition, offset in next_offsets.items()
        }
        if not offsets:
            return
        if not offsets.keys() <= self._consumer.assignment():
            raise Retriable("this member does not have that partition (now): go on from what is committed")
        with self._errors(self._topic):
            self._consumer.commit(offsets, timeout_ms=int(self._timeout * 1000))


class _Assignment(ConsumerRebalanceListener):  # type: ignore[misc]  # the client has no types
    """Knows whether the group has come to an assignment, which may be of nothing; pauses what was assigned."""

    def __init__(self, consumer: KafkaConsumer) -> None:
        self._consumer = consumer
        self.known = False

    def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        self.known = False

    def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        self._consumer.pause(*assigned)
        self.known = True


def _connect(client: Callable[..., _Client], settings: Mapping[str, object]) -> _Client:
    """Make a client. One that finds no broker leaves its thread and its sockets behind, so they are closed here."""
    connections: list[KafkaNetClient] = []

    def connection(*arguments: object, **named: object) -> KafkaNetClient:
        connections.append(KafkaNetClient(*arguments, **named))
        return connections[-1]

    try:
        return client(**settings, kafka_client=connection)
    except BaseException:
        for opened in connections:
            opened.close()
        raise


def _partitions(admin: KafkaAdminClient, topic: str) -> list[int]:
    (found,) = admin.describe_topics([topic])
    if found["error_code"] == kafka_errors.UnknownTopicOrPartitionError.errno:
        raise Fatal(f"there is no topic {topic}: run `balie topics apply`")
    if found["error_code"]:
        raise kafka_errors.for_code(found["error_code"])
    return sorted(partition["partition_index"] for partition in found["partitions"])


def _settings_of(admin: KafkaAdminClient, topic: str) -> dict[str, str]:
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic)]
    found = admin.describe_configs(asked, config_filter=ConfigFilterType.ALL)["topic"][topic]
    return {name: setting["value"] for name, setting in found.items()}


def _same(value: str | None) -> list[str]:
    """A setting's value in a form to compare: that of a list does not depend on its order."""
    return sorted((value or "").split(","))
