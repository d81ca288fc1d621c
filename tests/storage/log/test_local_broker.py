"""The local broker says what it needs; that it runs is shown by every test over Kafka."""

from pathlib import Path

import pytest

from storage.errors import Fatal
from storage.log.local_broker import LocalBroker


def test_without_java_and_maven_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Fatal, match=r"needs java and mvn.*apt-get install"):
        LocalBroker(tmp_path / "data", tmp_path / "tools").start()


@pytest.mark.kafka
def test_a_broker_that_cannot_start_says_where_to_look(tmp_path: Path, local_broker: LocalBroker) -> None:
    tools = Path(__file__).parents[3] / ".tools" / "kafka"
    with pytest.raises(Fatal, match=r"cannot be made ready|broker\.log"):
        LocalBroker(tmp_path / "data", tools, {"listeners": "nonsense"}).start()


def test_a_broker_that_does_not_run_has_no_process(tmp_path: Path) -> None:
    broker = LocalBroker(tmp_path)
    with pytest.raises(Fatal, match="start it first"):
        _ = broker.pid
    broker.stop()
