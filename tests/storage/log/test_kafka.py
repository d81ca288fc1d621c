"""What only a real broker can show: erasure in its folder, gaps, TLS and passwords, and a broker that dies."""

import gc
import ipaddress
import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from kafka import KafkaProducer
from kafka.consumer.fetcher import ConsumerRecord
from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

from schemas.failure import REPLAY_HEADER
from schemas.feedback import SCHEMA_VERSION_HEADER
from schemas.topics import DAY_MS, Topic
from storage.errors import Fatal, Retriable, TooLarge
from storage.log.base import NewRecord, OffsetRange, Record, is_marker
from storage.log.kafka import KafkaLog, as_record
from storage.log.local_broker import LocalBroker, missing_tools
from storage.log.records import is_newer, replay_of

# The client leaves a socket that could not connect to the garbage collector.
pytestmark = [pytest.mark.kafka, pytest.mark.filterwarnings("ignore:unclosed <s(ocket|sl):ResourceWarning")]
TOOLS = Path(__file__).parents[3] / ".tools" / "kafka"


class SecureBroker(NamedTuple):
    broker: LocalBroker
    settings: dict[str, object]


@pytest.fixture(scope="module")
def secure_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    """A broker of this file's own that wants TLS and a password, and what a client sets for it."""
    if missing := missing_tools():
        pytest.skip(f"no Kafka broker: {' and '.join(missing)} not on this machine")
    folder = tmp_path_factory.mktemp("secure")
    certificate, key_and_certificate = self_signed(folder)
    properties = {
        "listener.security.protocol.map": "PLAINTEXT:SASL_SSL,CONTROLLER:PLAINTEXT",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(key_and_certificate),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(certificate),
        "sasl.enabled.mechanisms": "PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "listener.name.plaintext.plain.sasl.jaas.config": (
            "org.apache.kafka.common.security.plain.PlainLoginModule required"
            ' username="broker" password="between-brokers" user_broker="between-brokers" user_balie="hunter2";'
        ),
    }
    settings: dict[str, object] = {
        "security_protocol": "SASL_SSL",
        "ssl_cafile": str(certificate),
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": "balie",
        "sasl_plain_password": "hunter2",
    }
    with LocalBroker(folder / "broker", TOOLS, properties) as broker:
        yield SecureBroker(broker, settings)


@pytest.fixture(autouse=True)
def _collect_sockets() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture
def name() -> str:
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def log(kafka_bootstrap: str) -> Iterator[KafkaLog]:
    log = KafkaLog(kafka_bootstrap)
    yield log
    log.close()


def holds(folder: Path, topic: str, canary: bytes) -> bool:
    for path in folder.glob(f"{topic}*/*"):
        try:
            if canary in path.read_bytes():
                return True
        except FileNotFoundError:
            pass
    return False


@pytest.mark.slow
def test_what_expired_or_was_discarded_is_gone_from_the_brokers_folder(local_broker: LocalBroker, name: str) -> None:
    log = KafkaLog(local_broker.bootstrap, compression="none")
    events, failures, busy = f"{name}.events", f"{name}.failures", f"{name}.busy"
    log.apply_topics(
        [
            Topic(events, "delete", retention_ms=4_000, segment_ms=1_000, partitions=2),
            Topic(failures, "compact,delete", retention_ms=20 * DAY_MS, segment_ms=1_000, partitions=2),
            Topic(busy, "compact,delete", retention_ms=4_000, segment_ms=1_000, partitions=1),
        ]
    )
    log.append(events, [NewRecord(b"event", b"canary-expired")])
    log.append(failures, [NewRecord(b"discarded", b"canary-discarded"), NewRecord(b"open", b"canary-open")])
    log.append(busy, [NewRecord(b"first", b"canary-old"), NewRecord(b"again", b"once")])
    assert holds(local_broker.folder, events, b"canary-expired")
    assert holds(local_broker.folder, busy, b"canary-old")
    assert holds(local_broker.folder, failures, b"canary-discarded")
    log.append(failures, [NewRecord(b"discarded", None)])

    deadline = time.monotonic() + 60
    erased = [(events, b"canary-expired"), (failures, b"canary-discarded"), (busy, b"canary-old")]
    while any(holds(local_broker.folder, topic, canary) for topic, canary in erased):
        assert time.monotonic() < deadline, "what should be gone is still in the broker's folder"
        time.sleep(1)
        log.append(busy, [NewRecord(b"again", b"and again"), NewRecord(b"%d" % time.monotonic_ns(), b"new")])
        log.clean(failures)
        log.clean(busy)
    assert b"and again" in {record.value for record in log.latest_by_key(busy)}
    assert holds(local_broker.folder, failures, b"canary-open")
    assert [record.value for record in log.latest_by_key(failures)] == [b"canary-open"]

    # The gaps that are left: expired at the beginning, compacted in the middle.
    (partition,) = (p for p, (_, end) in log.ends(events).items() if end)
    assert log.ends(events)[partition] == (1, 1)
    assert log.read(OffsetRange(events, partition, 0, 1)) == []
    for number, (first, end) in log.ends(failures).items():
        found = log.read(OffsetRange(failures, number, first, end))
        assert b"canary-discarded" not in {record.value for record in found}
        assert [record.offset for record in found] == sorted(record.offset for record in found)
        for start in range(first, end):
            within = log.read(OffsetRange(failures, number, start, start + 1))
            expected = [record for record in found if record.offset == start]
            assert within == expected or all(record.value is None for record in expected)  # markers go meanwhile
    log.close()


def test_a_range_that_ends_in_what_kafka_itself_wrote(log: KafkaLog, kafka_bootstrap: str, name: str) -> None:
    log.apply_topics([Topic(name, "delete", retention_ms=DAY_MS, partitions=1)])
    producer = KafkaProducer(bootstrap_servers=kafka_bootstrap, transactional_id=name)
    producer.init_transactions()
    for text in (b"one", b"two"):
        producer.begin_transaction()
        producer.send(name, text)
        producer.commit_transaction()  # each writes a marker of Kafka's own, which takes an offset
    producer.close()
    deadline = time.monotonic() + 30
    while log.ends(name) != {0: (0, 4)}:  # the last marker may come after the answer
        assert time.monotonic() < deadline
    began = time.monotonic()
    assert [record.offset for record in log.read(OffsetRange(name, 0, 0, 4))] == [0, 2]
    assert log.read(OffsetRange(name, 0, 3, 4)) == []
    assert log.read(OffsetRange(name, 0, 1, 2)) == []
    assert [record.offset for record in log.read(OffsetRange(name, 0, 1, 3), 10)] == [2]
    assert time.monotonic() - began < 5


def test_headers_that_others_leave_null_are_read_as_empty() -> None:
    """Java's client writes them; this one's producer does not."""
    batch = DefaultRecordBatchBuilder(
        magic=2, compression_type=0, is_transactional=False, producer_id=-1, producer_epoch=-1, base_sequence=-1,
        batch_size=1_000,
    )  # fmt: skip
    assert batch.append(0, 1, b"k", b"v", [(SCHEMA_VERSION_HEADER, None), (REPLAY_HEADER, None)])
    (read,) = DefaultRecordBatch(bytes(batch.build()))
    found = ConsumerRecord(
        "t", 0, -1, read.offset, read.timestamp, 0, read.key, read.value, read.headers, None, 1, 1, 1
    )
    record = as_record(found)
    assert record == Record(0, 0, 1, b"k", b"v", ((SCHEMA_VERSION_HEADER, b""), (REPLAY_HEADER, b"")))
    assert (is_newer(record), replay_of(record)) == (False, None)


def test_an_offset_past_the_end_is_not_read_from_elsewhere(log: KafkaLog, name: str) -> None:
    log.apply_topics([Topic(name, "delete", retention_ms=DAY_MS, partitions=1)])
    log.append(name, [NewRecord(b"k", b"v")])
    with pytest.raises(Fatal, match="made anew or restored"):
        log.read(OffsetRange(name, 0, 5, 6))


def test_one_threads_wrong_record_does_not_hurt_another(log: KafkaLog, name: str) -> None:
    log.apply_topics([Topic(name, "compact,delete", DAY_MS, max_message_bytes=10_000)])
    kept: list[tuple[int, int]] = []

    def append() -> None:
        for n in range(100):
            kept.extend(log.append(name, [NewRecord(b"k", b"%d" % n)]))

    thread = threading.Thread(target=append)
    thread.start()
    while thread.is_alive():
        with pytest.raises(TooLarge):
            log.append(name, [NewRecord(b"k", b"x" * 10_000)])
        with pytest.raises(Fatal):
            log.append(name, [NewRecord(None, b"x")])
        time.sleep(0.01)
    assert len(kept) == 100


def test_limits_lowered_meanwhile_are_noticed(log: KafkaLog, kafka_bootstrap: str, name: str) -> None:
    log.apply_topics([Topic(name, "delete", DAY_MS, max_message_bytes=1_000_000)])
    log.append(name, [NewRecord(b"k", os.urandom(500_000))])
    with closing(KafkaLog(kafka_bootstrap)) as other:
        other.apply_topics([Topic(name, "delete", DAY_MS, max_message_bytes=100_000)])
    with pytest.raises(Retriable):  # refused by the broker: try again, and then it is known why
        log.append(name, [NewRecord(b"k", os.urandom(500_000))])
    with pytest.raises(TooLarge):
        log.append(name, [NewRecord(b"k", os.urandom(500_000))])
    log.append(name, [NewRecord(b"k", b"small")])


def test_markers_close_an_idle_partition(log: KafkaLog, name: str) -> None:
    log.apply_topics([Topic(name, "compact,delete", DAY_MS, partitions=3)])
    log.clean(name)
    log.clean(name)
    for partition, (first, end) in log.ends(name).items():
        found = log.read(OffsetRange(name, partition, first, end))
        assert len(found) == 2
        assert all(is_marker(record) and record.value is None for record in found)
    assert list(log.latest_by_key(name)) == []


def test_a_broker_that_is_not_there_is_said_in_time() -> None:
    log = KafkaLog("127.0.0.1:1", timeout=1)
    for use in (lambda: log.append("t", [NewRecord(b"k", b"v")]), lambda: log.ends("t"), lambda: log.join("g", "t")):
        began = time.monotonic()
        with pytest.raises(Retriable, match="see whether it runs"):
            use()
        assert time.monotonic() - began < 5


def test_trying_again_and_again_leaves_nothing_open() -> None:
    log = KafkaLog("127.0.0.1:1", timeout=0.2)

    def try_again() -> tuple[int, int]:
        with pytest.raises(Retriable):
            log.append("t", [NewRecord(b"k", b"v")])
        gc.collect()
        return threading.active_count(), len(os.listdir("/proc/self/fd"))

    before = try_again()
    assert [try_again() for _ in range(5)][-1] <= before


def test_wrong_settings_are_said_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="no setting sasl_password") as raised:
        KafkaLog("127.0.0.1:1", {"sasl_password": "hunter2"})
    assert "hunter2" not in str(raised.value)
    with pytest.raises(Fatal, match="ssl_cafile"):
        KafkaLog("127.0.0.1:1", {"ssl_cafile": str(tmp_path / "nothing.pem")})


@pytest.mark.slow
def test_a_broker_that_dies_and_comes_back(secure_broker: SecureBroker, name: str) -> None:
    broker = secure_broker.broker
    stop = threading.Event()
    log = KafkaLog(broker.bootstrap, secure_broker.settings, timeout=3)
    try:
        log.apply_topics([Topic(name, "delete", DAY_MS, partitions=2)])
        acknowledged = {}
        faults = []

        def append() -> None:
            n = 0
            while not stop.is_set():
                try:
                    (place,) = log.append(name, [NewRecord(b"%d" % n, b"%d" % n)])
                except Retriable as error:
                    faults.append(error)
                    continue
                acknowledged[place] = b"%d" % n
                n += 1

        thread = threading.Thread(target=append)
        thread.start()
        time.sleep(1)
        broker.kill()
        with pytest.raises(Retriable):
            log.ends(name)
        broker.start()
        before = len(acknowledged)
        deadline = time.monotonic() + 30
        while len(acknowledged) < before + 50 and time.monotonic() < deadline:
            time.sleep(0.1)
        stop.set()
        thread.join()
        assert faults
        assert len(acknowledged) >= before + 50
        found = {}
        for partition, (first, end) in log.ends(name).items():
            for record in log.read(OffsetRange(name, partition, first, end)):
                found[record.partition, record.offset] = record.value
        assert acknowledged.items() <= found.items()
    finally:
        stop.set()
        log.close()


@pytest.mark.slow
def test_tls_and_passwords_are_settings(secure_broker: SecureBroker, name: str) -> None:
    log = KafkaLog(secure_broker.broker.bootstrap, secure_broker.settings, timeout=5)
    log.apply_topics([Topic(name, "delete", DAY_MS, partitions=1)])
    log.append(name, [NewRecord(b"k", b"through TLS")])
    assert [record.value for record in log.read(OffsetRange(name, 0, 0, 1))] == [b"through TLS"]
    with log.join("group", name) as member:
        while not member.partitions():
            pass
        member.commit({0: 1})
    assert log.committed("group", name) == {0: 1}
    log.close()

    # To the client all of these look like a broker that is not there, so the message names them.
    for wrong in ({"sasl_plain_password": "hunter3"}, {"ssl_cafile": None}, {"security_protocol": "PLAINTEXT"}):
        with pytest.raises(Retriable, match="TLS settings, user and password") as raised:
            KafkaLog(secure_broker.broker.bootstrap, {**secure_broker.settings, **wrong}, timeout=1).ends(name)
        assert "hunter" not in str(raised.value)


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, and a file with it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "ca.pem").write_bytes(certificate)
    (folder / "broker.pem").write_bytes(private + certificate)
    return folder / "ca.pem", folder / "broker.pem"
