"""What tests of several rooms share."""

import itertools
import os
import uuid
from collections import defaultdict
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from pipelines.local_prism import LocalPrism
from pipelines.local_prism import missing_tools as missing_tools_of_prism
from storage.log.local_broker import LocalBroker, missing_tools
from storage.warehouse.client import Warehouse, connect
from storage.warehouse.process import WarehouseProcess
from tests.mail_server import MailServer
from tests.mail_server import missing_tools as missing_tools_of_mail

# Few examples each time, since they differ from run to run; no deadline, since the machine is shared.
settings.register_profile("usual", max_examples=50, deadline=None)
settings.register_profile("thorough", parent=settings.get_profile("usual"), max_examples=2_000)
settings.load_profile("usual")


@pytest.fixture(scope="session")
def warehouse_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarehouseProcess]:
    """One embedded warehouse for all tests."""
    with WarehouseProcess(tmp_path_factory.mktemp("warehouse")) as process:
        yield process


@pytest.fixture
def warehouse_url(warehouse_process: WarehouseProcess) -> str:
    """The embedded warehouse, with a database that no other test has and that is not there yet."""
    return f"{warehouse_process.url}/test_{uuid.uuid4().hex[:12]}"


@pytest.fixture
def warehouse(warehouse_process: WarehouseProcess, warehouse_url: str) -> Iterator[Warehouse]:
    """A database of this test's own, empty."""
    warehouse = connect(warehouse_url, warehouse_process.token)
    warehouse.create_database()
    yield warehouse
    warehouse.command(f"DROP DATABASE {warehouse.database}")
    warehouse.close()


@pytest.fixture(scope="session")
def local_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBroker]:
    """One real Kafka broker for all tests, which looks often for what it may remove."""
    if missing := missing_tools():
        pytest.skip(f"no Kafka broker: {' and '.join(missing)} not on this machine")
    often = {
        "log.retention.check.interval.ms": "500",
        "log.initial.task.delay.ms": "500",
        "log.cleaner.backoff.ms": "500",
        "log.segment.delete.delay.ms": "500",
    }
    tools = Path(__file__).parents[1] / ".tools" / "kafka"
    with LocalBroker(tmp_path_factory.mktemp("kafka"), tools, often) as broker:
        yield broker


@pytest.fixture(scope="session")
def kafka_bootstrap(request: pytest.FixtureRequest) -> str:
    """host:port of a real Kafka broker: KAFKA_BOOTSTRAP where that is set, else the local one."""
    given = os.environ.get("KAFKA_BOOTSTRAP")
    if given:
        return given
    broker: LocalBroker = request.getfixturevalue("local_broker")
    return broker.bootstrap


@pytest.fixture(scope="session")
def mail_server() -> Iterator[MailServer]:
    """One real IMAP server for all tests."""
    if missing := missing_tools_of_mail():
        pytest.skip(f"no mail server: {' and '.join(missing)} not on this machine")
    with MailServer() as server:
        yield server


@pytest.fixture
def imap_server(mail_server: MailServer, monkeypatch: pytest.MonkeyPatch) -> MailServer:
    """The IMAP server, whose certificate this test trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(mail_server.authority))
    return mail_server


@pytest.fixture
def prism(tmp_path: Path) -> Iterator[LocalPrism]:
    """Beam's portable runner, taking jobs; what it says is in prism.log."""
    tools = Path(__file__).parents[1] / ".tools" / "prism"
    if missing := missing_tools_of_prism(tools):
        pytest.skip(f"no Prism: {' and '.join(missing)} not on this machine")
    with LocalPrism(tmp_path / "prism.log", tools) as running:
        yield running


# Marker → what a test with it needs.
NEEDED = {
    "kafka": "a real broker: install Java and Maven, or set KAFKA_BOOTSTRAP=host:port",
    "prism": "Beam's portable runner, which Go builds: install Go",
    "browser": "a browser: install chromium",
    "strace": "strace, which counts syncs to disk: install it",
    "imap": "a real mail server: install dovecot-imapd",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run side by side, those that need a broker or Prism take turns: it is installed and started once."""
    for item in items:
        if any(item.get_closest_marker(marker) for marker in ("kafka", "prism")):
            item.add_marker(pytest.mark.xdist_group("servers"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a test that is skipped for want of a program has failed: there it must be."""
    report = yield
    needs = any(item.get_closest_marker(marker) for marker in NEEDED)
    if report.skipped and not hasattr(report, "wasxfail") and needs and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI refuses: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how long each suite took, and loudly what was not tested."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for report in itertools.chain.from_iterable(terminalreporter.stats.values()):
        if isinstance(report, pytest.TestReport):
            seconds["/".join(report.nodeid.split("::")[0].split("/")[1:3])] += report.duration
    terminalreporter.section("seconds by suite")
    for suite, took in sorted(seconds.items(), key=lambda pair: -pair[1]):
        terminalreporter.line(f"{took:8.1f}  {suite}")
    for marker, need in NEEDED.items():
        skipped = [report for report in terminalreporter.getreports("skipped") if marker in report.keywords]
        if skipped:
            terminalreporter.section(f"{marker.upper()} WAS NOT TESTED", sep="!", red=True, bold=True)
            terminalreporter.line(f"{len(skipped)} tests need {need}", red=True)
