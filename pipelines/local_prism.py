"""Prism, Beam's own portable runner, on this machine: for the tests of the graph without an end, and to try it.

It needs Go, which builds it once. It keeps no state: not for production, where a portable runner is one that restores
what it was doing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

from storage.errors import Fatal
from storage.loopback import answers, free_ports

_MODULE = "github.com/apache/beam/sdks/v2/go/cmd/prism"
_READY_SECONDS = 30


def missing_tools(tools: Path) -> list[str]:
    """Which of the programs this needs are not on this machine; none where Prism has been built."""
    return [] if _program(tools).exists() or shutil.which("go") else ["go"]


class LocalPrism:
    """Prism in a process of its own, from `start` to `stop` or as a context manager.

    `tools` is where the program is kept; `output` is the file that what it says goes to.
    """

    def __init__(self, output: Path, tools: Path = Path(".tools/prism")) -> None:
        self._output = output
        self._tools = tools.absolute()
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def options(self) -> list[str]:
        """Options for Beam, beside the runner's name (PortableRunner): the job is sent here, its workers stay with who
        sends it."""
        return [f"--job_endpoint=127.0.0.1:{self._port}", "--environment_type=LOOPBACK"]

    def start(self) -> None:
        """Start it and return when it takes jobs. Raises Fatal, with the mend, where it cannot."""
        program = _built(self._tools)
        (self._port,) = free_ports(1)
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                [program, "--job_port", str(self._port), "--serve_http=false", "--log_level=warn", "--log_kind=text"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for us; we stop it when its job has ended
            )
        deadline = time.monotonic() + _READY_SECONDS
        while not answers(self._port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise Fatal(f"Prism did not start: read {self._output}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it, and with it the jobs it has. Does nothing where it does not run."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()  # it keeps nothing, and waits for its jobs if it is asked
            process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _program(tools: Path) -> Path:
    """Where Prism of the Beam that is installed is, or will be."""
    return tools / f"prism-{version('apache-beam')}"


def _built(tools: Path) -> Path:
    """Prism, built where it is not there yet."""
    program = _program(tools)
    if program.exists():
        return program
    go = shutil.which("go")
    if go is None:
        raise Fatal("Prism needs Go to be built, which is not on this machine: apt-get install golang")
    unfinished = tools / f"unfinished-{os.getpid()}"
    done = subprocess.run(
        [go, "install", f"{_MODULE}@v{version('apache-beam')}"],
        env={**os.environ, "GOBIN": str(unfinished.absolute())},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip().splitlines()
        raise Fatal("\n".join(["Go cannot build Prism (is its module proxy to be reached?). It said:", *said[-10:]]))
    (unfinished / "prism").replace(program)
    shutil.rmtree(unfinished)
    return program
