"""What keeps the processes of one machine running."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from balie.first_settings import write
from balie.open import open_log, topics_of
from balie.settings import load
from balie.supervisor import _Kept, serve
from storage.errors import Fatal


class Child:
    """A process that ends when the test says so."""

    def __init__(self) -> None:
        self.runs = True

    def running(self) -> bool:
        return self.runs

    def stop(self) -> None:
        self.runs = False


def starts(*outcomes: Child | Fatal) -> Callable[[], Child]:
    """Gives, or raises, one after the other."""
    left: Iterator[Child | Fatal] = iter(outcomes)

    def start() -> Child:
        outcome = next(left)
        if isinstance(outcome, Fatal):
            raise outcome
        return outcome

    return start


def test_a_child_that_does_not_start_again_is_tried_later_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    first, second = Child(), Child()
    kept = _Kept("warehouse", starts(first, Fatal("the port is taken"), Fatal("the port is taken"), second))
    kept.begin(0.0)
    first.runs = False
    started: list[float] = []
    for tenth in range(200):
        kept.look(tenth / 10)
        if kept.process is second and not started:
            started.append(tenth / 10)
    assert started == [7.0]  # after 1, 2 and 4 seconds: no storm
    assert "warehouse does not start (the port is taken); it is started again in 4 s" in caplog.text


def test_a_child_that_lived_long_is_started_again_at_once() -> None:
    children = [Child() for _ in range(3)]
    kept = _Kept("pipeline", starts(*children))
    kept.begin(0.0)
    for number, at in enumerate((100.0, 300.0)):
        children[number].runs = False
        kept.look(at)
        kept.look(at + 1.0)
        assert kept.process is children[number + 1]


def test_a_port_that_is_taken_is_said_before_anything_is_started(tmp_path: Path) -> None:
    from threading import Event

    write(tmp_path / "balie.toml")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Fatal, match=r"something listens at .* already: stop it, or set port"):
            serve(load(tmp_path / "balie.toml", {"BALIE_COLLECTOR__PORT": str(port)}), Event())
    assert not (tmp_path / ".balie" / "warehouse").exists()


# What `pip install balie[collector]` does not bring.
_NOT_THERE = (
    "ahocorasick_rs",
    "apache_beam",
    "chdb",
    "clickhouse_connect",
    "httpx",
    "kafka",
    "pyarrow",
    "re2",
    "regex",
)
_COLLECT = f"""
import sys
for name in {_NOT_THERE!r}:
    sys.modules[name] = None  # importing it raises ModuleNotFoundError
from balie.cli import main
main()
"""


def test_a_collector_needs_neither_beam_nor_clickhouse_and_ends_when_told(tmp_path: Path, unused_tcp_port: int) -> None:
    path = tmp_path / "balie.toml"
    write(path)
    path.write_text(path.read_text().replace("[collector]", f"[collector]\nport = {unused_tcp_port}"))
    settings = load(path, {})
    log = open_log(settings)
    log.apply_topics(topics_of(settings))
    log.close()
    command = [sys.executable, "-c", _COLLECT, "--settings", str(path), "collect"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            until = time.monotonic() + 60
            while not is_up(settings.collector.url):
                assert process.poll() is None, process.stderr and process.stderr.read()
                assert time.monotonic() < until
                time.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 0, said
    assert "Traceback" not in said


def is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/ready", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
