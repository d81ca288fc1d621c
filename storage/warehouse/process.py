"""Start the embedded warehouse as a process of its own, which ends with the one that started it."""

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

from storage.errors import Fatal


class WarehouseProcess:
    """`python -m storage.warehouse.serve` as a child, ready when this returns.

    path: the folder of the data. port: 0 takes a free one. token_file: default `token` in that folder.
    url, token: what `connect` wants. Raises Fatal where it does not start; why is on its standard error, which is ours.
    """

    def __init__(self, path: Path, *, port: int = 0, token_file: Path | None = None) -> None:
        token_file = token_file or path / "token"
        arguments = ["--path", str(path), "--port", str(port), "--token-file", str(token_file), "--with-parent"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "storage.warehouse.serve", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.url = cast(IO[bytes], self._process.stdout).readline().decode().strip()
        if not self.url:
            self.stop()
            raise Fatal(f"The warehouse in {path} did not start: it says above what to mend.")
        self.token = token_file.read_text(encoding="ascii").strip()

    @property
    def pid(self) -> int:
        return self._process.pid

    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """Ask it to end, and wait until requests in flight are answered and the folder is free."""
        self._process.terminate()
        self._wait()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._process.kill()
        self._wait()

    def _wait(self) -> None:
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
