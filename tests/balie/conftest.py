"""What the tests of the command share."""

import socket
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from balie.cli import app
from balie.first_settings import write
from balie.settings import Settings, load
from storage.warehouse.process import WarehouseProcess


@pytest.fixture
def unused_tcp_port() -> int:
    """A port of loopback on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def settings_file(tmp_path: Path, warehouse_process: WarehouseProcess, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The first settings, with the tests' warehouse and a database of this test's own."""
    path = tmp_path / "balie.toml"
    write(path)
    monkeypatch.delenv("BALIE_DEBUG", raising=False)
    monkeypatch.setenv("BALIE_WAREHOUSE__URL", f"{warehouse_process.url}/cli_{uuid4().hex[:12]}")
    monkeypatch.setenv("BALIE_WAREHOUSE__TOKEN", warehouse_process.token)
    return path


@pytest.fixture
def settings(settings_file: Path) -> Settings:
    return load(settings_file)


@pytest.fixture
def balie(settings_file: Path) -> Callable[..., Result]:
    """The command with those settings: its arguments, the exit code it must have, its standard input."""

    def run(*arguments: str, code: int = 0, given: str | None = None) -> Result:
        result = CliRunner().invoke(app, ["--settings", str(settings_file), *arguments], input=given)
        assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
        return result

    return run
