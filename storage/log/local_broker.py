"""A real Kafka broker on this machine, without Docker: for `make demo LOG=kafka` and for the tests.

It needs Java and Maven (the jars, 43 MB, are fetched once). It is one broker that only loopback reaches, without
passwords: not for production, where Kafka is a cluster that someone runs.
"""

import base64
import hashlib
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from storage.errors import Fatal
from storage.loopback import answers, free_ports

_POM = Path(__file__).parents[2] / "deploy" / "kafka" / "pom.xml"
_READY_SECONDS = 60
_STOP_SECONDS = 30


def missing_tools() -> list[str]:
    """Which of the programs this needs are not on this machine."""
    return [tool for tool in ("java", "mvn") if shutil.which(tool) is None]


class LocalBroker:
    """A broker in a process of its own, from `start` to `stop` or as a context manager.

    `data` keeps what it stores and, in broker.log, what it says; starting again on the same folder goes on from there.
    `tools` is where the jars are kept, and `properties` are broker settings that go over the ones here.
    """

    def __init__(
        self, data: Path, tools: Path = Path(".tools/kafka"), properties: Mapping[str, str] | None = None
    ) -> None:
        self._data = data.absolute()
        self._tools = tools.absolute()
        self._process: subprocess.Popen[bytes] | None = None
        self._port, controller = free_ports(2)
        self._properties = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "listeners": f"PLAINTEXT://127.0.0.1:{self._port},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self._port}",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{controller}",
            "log.dirs": str(self.folder),
            "auto.create.topics.enable": "false",  # a topic without its settings would keep what must expire
            "log.flush.interval.messages": "1",  # there is one copy, so what is acknowledged must be on the disk
            "offsets.topic.num.partitions": "1",
            "group.initial.rebalance.delay.ms": "0",
            **dict.fromkeys(
                (
                    "offsets.topic.replication.factor",
                    "transaction.state.log.replication.factor",
                    "transaction.state.log.min.isr",
                    "share.coordinator.state.topic.replication.factor",
                    "share.coordinator.state.topic.min.isr",
                ),
                "1",
            ),
            **(properties or {}),
        }

    @property
    def bootstrap(self) -> str:
        """host:port, for clients."""
        return f"127.0.0.1:{self._port}"

    @property
    def folder(self) -> Path:
        """Where the broker keeps the records."""
        return self._data / "records"

    @property
    def pid(self) -> int:
        """The process id of the broker, which must be running."""
        if self._process is None:
            raise Fatal("the local broker is not running: start it first")
        return self._process.pid

    def start(self) -> None:
        """Start the broker and return when it takes connections. Raises Fatal, with the mend, where it cannot."""
        libs = _jars(self._tools)
        self._data.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings = self._data / "broker.properties"
        settings.write_text("".join(f"{name}={value}\n" for name, value in self._properties.items()))
        output = self._data / "broker.log"
        java = ["java", "-Xmx256m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{libs}/*"]
        if not (self.folder / "meta.properties").exists():
            cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            # With '=', since one id in 64 begins with a dash.
            made = ["format", f"--cluster-id={cluster}", "-c", str(settings), "--standalone"]
            _run(
                [*java, "kafka.tools.StorageTool", *made],
                f"the folder {self.folder} cannot be made ready for Kafka",
            )
        with output.open("ab") as log:
            self._process = subprocess.Popen(
                [*java, "kafka.Kafka", str(settings)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us; we stop the broker when what it holds is done with
            )
        deadline = time.monotonic() + _READY_SECONDS
        while not answers(self._port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise Fatal(f"the local Kafka broker did not start: read {output}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop the broker in good order; what it stores stays. Does nothing where it does not run."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def kill(self) -> None:
        """End the broker as a crash would."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _jars(tools: Path) -> Path:
    """The folder with the broker's jars, fetched where it is not there yet."""
    if missing := missing_tools():
        packages = "apt-get install default-jre-headless maven"
        raise Fatal(f"the local Kafka broker needs {' and '.join(missing)}, not found on this machine: {packages}")
    libs = tools / f"libs-{hashlib.sha256(_POM.read_bytes()).hexdigest()[:12]}"
    if not libs.exists():
        tools.mkdir(parents=True, exist_ok=True)
        unfinished = tools / f"unfinished-{os.getpid()}"
        shutil.rmtree(unfinished, ignore_errors=True)
        _run(
            ["mvn", "-q", "-B", "-f", str(_POM), "dependency:copy-dependencies", f"-DoutputDirectory={unfinished}"],
            "Maven cannot fetch Kafka's jars (is its repository to be reached?)",
        )
        try:
            unfinished.rename(libs)
        except OSError:  # another process was first
            if not libs.exists():
                raise
            shutil.rmtree(unfinished)
    return libs


def _run(command: list[str], complaint: str) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip().splitlines()
        raise Fatal("\n".join([f"{complaint}. It said:", *said[-10:]]))
