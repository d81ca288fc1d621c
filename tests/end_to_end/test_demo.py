"""`balie demo`: answers of every channel, personal data gone, figures that a repeat does not move."""

import subprocess
import sys
from pathlib import Path

import pytest

from schemas.feedback import Channel


@pytest.mark.slow
def test_the_demo_runs_and_ends_by_itself(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "balie", "demo", "--count", "400", "--folder", str(tmp_path / "demo")],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    for channel in Channel:
        assert f" {channel} " in done.stdout
    assert "did not move" in done.stdout
    assert done.stdout.count("before") == done.stdout.count("after ")
    assert "[" in done.stdout.split("after ")[1]

    again = [sys.executable, "-m", "balie", "--settings", str(tmp_path / "demo" / "balie.toml")]
    account = subprocess.run([*again, "reconcile"], capture_output=True, text=True, timeout=120)
    assert account.returncode == 0, account.stderr
    for said in ("collect.log", "run.log", "poll.log"):
        assert "Traceback" not in (tmp_path / "demo" / said).read_text()
