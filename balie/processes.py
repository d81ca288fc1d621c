"""Commands of `balie` as child processes, which end when their parent does, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO


class CommandProcess:
    """A command of `balie` as a child; it ends when this process does, however this one ends."""

    def __init__(self, settings_file: Path, command: str, output: IO[bytes] | None = None) -> None:
        """What it says goes to `output`, or where this process says things."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "balie", "--settings", str(settings_file), command, "--with-parent"],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """Ask it to end, and wait until it has; what it has taken in is durable then."""
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()


def end_with_parent() -> None:
    """Have this process told to stop when its standard input closes, which it does when the parent is gone."""

    def wait() -> None:
        # Not through sys.stdin: its lock, held by a thread, would break the interpreter's end.
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()
