"""The command as a whole: help, the first settings, errors in one line."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from balie.cli import app


def test_init_writes_settings_and_keys_once(tmp_path: Path) -> None:
    first = CliRunner().invoke(app, ["init", str(tmp_path)])
    assert first.exit_code == 0, first.output
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    again = CliRunner().invoke(app, ["init", str(tmp_path)])
    assert again.exit_code == 2
    assert "is left as it is" in again.stderr
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_init_makes_the_keys_that_are_missing(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["init", str(tmp_path)]).exit_code == 0
    data = tmp_path / ".balie"
    for name in ("warehouse.token", "master.key"):
        (data / name).unlink()
    again = CliRunner().invoke(app, ["init", str(tmp_path)])
    assert again.exit_code == 0, again.output
    assert {path.name for path in data.iterdir()} == {"warehouse.token", "master.key"}

    (data / "master.key").unlink()
    (data / "state").mkdir()  # what is in it opens with the key that is gone, and with no new one
    assert CliRunner().invoke(app, ["init", str(tmp_path)]).exit_code == 2
    assert not (data / "master.key").exists()


def test_the_demo_removes_nothing_that_is_not_a_demos(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("ten years")
    result = CliRunner().invoke(app, ["demo", "--folder", str(tmp_path)])
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "would be removed: name another folder" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_demo_stays_out_of_the_stores_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BALIE_WAREHOUSE__URL", "http://clickhouse.example:8123/balie")
    result = CliRunner().invoke(app, ["demo", "--folder", str(tmp_path / "demo")])
    assert result.exit_code == 2
    assert "unset BALIE_WAREHOUSE__URL" in result.stderr
    assert not (tmp_path / "demo").exists()


def test_help_imports_no_heavy_room() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from balie.cli import app;"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0;"
        "heavy = {'apache_beam','chdb','clickhouse_connect','fastapi','kafka','pyarrow','pydantic','sqlalchemy'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_fault_of_ours_is_one_line_that_quotes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> None:
        raise KeyError("canary")

    monkeypatch.delenv("BALIE_DEBUG", raising=False)
    monkeypatch.setattr("balie.first_settings.write", fail)
    result = CliRunner().invoke(app, ["init", str(tmp_path)])
    assert result.exit_code == 1
    assert result.stderr.startswith("balie: a fault in Balie (KeyError)")
    assert result.stderr.count("\n") == 1
    assert "canary" not in result.output


def test_a_warehouse_that_is_down_is_one_line_without_its_clients_words(tmp_path: Path, unused_tcp_port: int) -> None:
    path = tmp_path / "balie.toml"
    CliRunner().invoke(app, ["init", str(tmp_path)])
    down = f'[warehouse]\nkind = "server"\nurl = "http://127.0.0.1:{unused_tcp_port}/balie"\n'
    path.write_text(path.read_text().replace("[warehouse]\n", down).replace('kind = "embedded"\n', ""))
    command = [sys.executable, "-m", "balie", "--settings", str(path), "report"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("balie: The warehouse at")
