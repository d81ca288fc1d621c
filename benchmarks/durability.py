"""What is left of what was answered 2xx: the collector is killed under load, its log goes away, its spool is full.

    python -m benchmarks.durability [--kills 10] [--minute] [--connections 50] [--kafka]

The collector is the process `balie collect`. Each connection sends its next request when the last is answered: answers
in five tellings, each newer than the one before, or posts of three messages. Everything that was answered is looked
for in the log; a loss ends the run with an error. `tests/connectors/collector` runs the same for a shorter time.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self

import httpx
import orjson

from balie.first_settings import write
from balie.open import open_log, topics_of
from balie.settings import load
from benchmarks.collector import as_sent
from connectors.base import Request, Webhook
from connectors.registry import configured
from storage.log.base import OffsetRange
from storage.log.local_broker import LocalBroker
from storage.loopback import free_ports

TELLINGS = 5
MESSAGES = 3
SIGNED: dict[str, Any] = {"secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]}
APP: dict[str, Any] = {"secrets": ["an app of a benchmark"], "verify_token": "a token of a benchmark"}
JSON = {"content-type": "application/json"}
_SETTINGS = """
[towns.waterdam]
name = "Waterdam"
region = "NL"
time_zone = "Europe/Amsterdam"
[towns.waterdam.sources.portal]
connector = "form"
secrets_file = "portal.secret"
[towns.waterdam.sources.whatsapp]
connector = "whatsapp"
secrets_file = "app.secret"
verify_token_file = "token.secret"
"""


class Telling(NamedTuple):
    """What a record in the log is known by."""

    source_id: str
    order: int


class Post(NamedTuple):
    """One request, and what it should bring into the log."""

    message: bytes
    brings: tuple[Telling, ...]


class Outage(Protocol):
    """A log that can be taken away."""

    def begin(self) -> None: ...

    def end(self) -> None: ...


class FolderAway:
    """The embedded log, whose folder of a topic is elsewhere for a while, as on a disk that is not mounted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._away = folder.with_name(folder.name + ".away")

    def begin(self) -> None:
        self._folder.rename(self._away)

    def end(self) -> None:
        self._away.rename(self._folder)


class BrokerDead:
    """Kafka, whose only broker is killed and started again."""

    def __init__(self, broker: LocalBroker) -> None:
        self._broker = broker

    def begin(self) -> None:
        self._broker.kill()

    def end(self) -> None:
        self._broker.start()


class Town:
    """A collector as its operator has it: settings, data and log in a folder, and the process that uses them."""

    def __init__(self, folder: Path, *, kafka: str | None = None, spool_bytes: int = 1024**3) -> None:
        (self.port,) = free_ports(1)
        self.folder = folder
        self._settings_file = folder / "balie.toml"
        write(self._settings_file)
        text = self._settings_file.read_text().partition("# One section a town.")[0]
        changed = f"\nport = {self.port}\nrate = 1e9\nburst = 1e9\nspool_limit = {spool_bytes}\n"
        text = text.replace("[collector]\n", "[collector]" + changed)
        if kafka is not None:
            text = text.replace('kind = "sqlite"', f'kind = "kafka"\nbootstrap = ["{kafka}"]')
        self._settings_file.write_text(text + _SETTINGS)
        (folder / "portal.secret").write_text(SIGNED["secrets"][0])
        (folder / "app.secret").write_text(APP["secrets"][0])
        (folder / "token.secret").write_text(APP["verify_token"])
        self.settings = load(self._settings_file)
        self.topic = topics_of(self.settings)[0].name
        self.topic_folder = self.settings.log.folder / self.topic
        with closing(open_log(self.settings)) as log:
            log.apply_topics(topics_of(self.settings))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, *before: str) -> None:
        """Start the collector, `before` is what stands before its command, and wait until it answers."""
        command = [*before, sys.executable, "-m", "balie", "--settings", str(self._settings_file), "collect"]
        with (self.folder / "output").open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output)
        until = time.monotonic() + 60
        while time.monotonic() < until and self._process.poll() is None:
            with suppress(httpx.TransportError):
                self.ready()
                return
            time.sleep(0.02)
        raise TimeoutError(f"the collector did not start: read {self.folder / 'output'}")

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it in good order."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def ready(self) -> dict[str, object]:
        """What it says of itself."""
        told: dict[str, object] = httpx.get(f"http://127.0.0.1:{self.port}/ready", trust_env=False).json()
        return told

    def spooled(self) -> int:
        """How many records wait for the log."""
        return int(str(self.ready()["spooled"]))

    def wait_until_drained(self, seconds: float = 120) -> None:
        """Until nothing waits for the log any more."""
        until = time.monotonic() + seconds
        while self.ready() != {"log": "up", "spooled": 0, "refused": 0}:
            if time.monotonic() > until:
                raise TimeoutError("the spool is not empty")
            time.sleep(0.05)

    def logged(self) -> dict[str, list[int]]:
        """The orders of each source id that are in the log, in the order in which they are there."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        with closing(open_log(self.settings)) as log:
            for partition, ends in log.ends(self.topic).items():
                for record in log.read(OffsetRange(self.topic, partition, *ends)):
                    if record.value is not None:
                        event = orjson.loads(record.value)
                        found[event["source_id"]].append(event["order"])
        return found

    def tellings(self, run: str, connection: int) -> Iterator[Post]:
        """Answers of a portal, each told five times."""
        for number in itertools.count():
            source_id = f"{run}-{connection}-{number}"
            for order in range(TELLINGS):
                told = {"id": source_id, "order": order, "score": 4, "text": "Het formulier was niet te vinden."}
                yield Post(self._signed("portal", _PORTAL, told), (Telling(source_id, order),))

    def chats(self, run: str, connection: int) -> Iterator[Post]:
        """Posts of three messages each."""
        for number in itertools.count():
            ids = [f"{run}-{connection}-{number}-{place}" for place in range(MESSAGES)]
            messages = [
                {"id": one, "from": "31612345678", "type": "text", "text": {"body": "Snel geholpen."}} for one in ids
            ]
            told = {"entry": [{"changes": [{"field": "messages", "value": {"messages": messages}}]}]}
            yield Post(self._signed("whatsapp", _WHATSAPP, told), tuple(Telling(one, 0) for one in ids))

    def _signed(self, source: str, connector: Webhook, told: object) -> bytes:
        url = f"http://127.0.0.1:{self.port}/v1/waterdam/{source}"
        return as_sent(connector.sign(Request("POST", url, JSON, orjson.dumps(told)), datetime.now(UTC)))


def _webhook(name: str, settings: dict[str, Any]) -> Webhook:
    connector = configured(name, settings)
    if not isinstance(connector, Webhook):
        raise TypeError(f"{name} is no webhook")
    return connector


_PORTAL, _WHATSAPP = _webhook("form", SIGNED), _webhook("whatsapp", APP)


@dataclass
class Answers:
    """What was sent and how it was answered, by status; and the time each answer took, in seconds."""

    by_status: defaultdict[int, list[Telling]] = field(default_factory=lambda: defaultdict(list))
    seconds: list[float] = field(default_factory=list)

    @property
    def taken(self) -> list[Telling]:
        return self.by_status[200]

    def counted(self) -> Counter[int]:
        return Counter({status: len(told) for status, told in list(self.by_status.items())})


async def _connection(port: int, posts: Iterator[Post], answers: Answers, over: Callable[[], bool]) -> None:
    """One sender, until it is over or the collector is gone."""
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while not over():
                post, started = next(posts), time.perf_counter()
                writer.write(post.message)
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]))
                status = int(head[9:12])
                if status not in (200, 507):
                    raise RuntimeError(f"answered {status}")
                answers.by_status[status].extend(post.brings)
                answers.seconds.append(time.perf_counter() - started)
        finally:
            writer.close()


async def _load(port: int, posts: Sequence[Iterator[Post]], answers: Answers, meanwhile: Callable[[], None]) -> None:
    """Every sender at once, until `meanwhile`, which runs in a thread, has come to its end."""
    over = asyncio.Event()
    senders = [asyncio.create_task(_connection(port, one, answers, over.is_set)) for one in posts]
    try:
        await asyncio.to_thread(meanwhile)
    finally:
        over.set()
        await asyncio.gather(*senders)


def wait_for(reached: Callable[[], bool], seconds: float = 60) -> None:
    """Until something is so."""
    until = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > until:
            raise TimeoutError("the load did not come to its end")
        time.sleep(0.002)


def lost(taken: Sequence[Telling], logged: dict[str, list[int]]) -> list[Telling]:
    """What was answered and is not in the log."""
    return [telling for telling in taken if telling.order not in logged.get(telling.source_id, ())]


def out_of_order(logged: dict[str, list[int]]) -> list[str]:
    """The answers whose tellings came into the log in another order than they were told."""
    return [one for one, orders in logged.items() if (first := list(dict.fromkeys(orders))) != sorted(first)]


def answered(town: Town, posts: Sequence[Iterator[Post]], enough: int, then: Callable[[], None]) -> Answers:
    """Load from every sender until so much was answered 2xx; the load still runs while `then` does."""
    answers = Answers()

    def meanwhile() -> None:
        wait_for(lambda: len(answers.taken) >= enough)
        then()

    asyncio.run(_load(town.port, posts, answers, meanwhile))
    return answers


class Kill(NamedTuple):
    """How many were answered 2xx when the collector was killed, and how many of these are lost."""

    answered: int
    lost: int


def killed(town: Town, kills: int, connections: int, outage: Outage | None = None) -> list[Kill]:
    """Kill the collector again and again under load, each time a little later.

    With an outage the log is away all that time, so that everything is in the spool until the end.
    """
    taken: list[list[Telling]] = []
    for number in range(kills):
        town.start()
        if outage is not None and number == 0:
            outage.begin()
        posts = [town.tellings(f"kill{number}", connection) for connection in range(connections)]
        taken.append(answered(town, posts, 200 + 37 * number, town.kill).taken)
    if outage is not None:
        outage.end()
        town.start()
        town.wait_until_drained()
        town.stop()
    logged = town.logged()
    return [Kill(len(one), len(lost(one, logged))) for one in taken]


class Outlived(NamedTuple):
    """How many were answered by each status before, during and after an outage, and what came of them."""

    before: dict[int, int]
    during: dict[int, int]
    after: dict[int, int]
    spooled: int
    """How many waited in the spool when the log came back."""
    lost: int
    out_of_order: int
    drained: float
    """Seconds from the log's return until nothing waited for it."""
    p99: float
    """Milliseconds to an answer, over all."""


def outlived(town: Town, outage: Outage, seconds: float, connections: int) -> Outlived:
    """Take the log away under load for so many seconds; the load goes on for a second after its return."""
    answers = Answers()
    counted = [Counter[int]()]
    back, spooled = 0.0, 0

    def meanwhile() -> None:
        nonlocal back, spooled
        wait_for(lambda: len(answers.taken) >= 10 * connections)
        counted.append(answers.counted())
        outage.begin()
        time.sleep(seconds)
        spooled = town.spooled()
        outage.end()
        back = time.monotonic()
        counted.append(answers.counted())
        time.sleep(1)

    town.start()
    posts = [town.tellings("outage", connection) for connection in range(connections)]
    asyncio.run(_load(town.port, posts, answers, meanwhile))
    counted.append(answers.counted())
    town.wait_until_drained()
    drained = time.monotonic() - back
    town.stop()
    logged = town.logged()
    before, during, after = (dict(later - earlier) for earlier, later in itertools.pairwise(counted))
    p99 = sorted(answers.seconds)[int(len(answers.seconds) * 0.99)] * 1000
    gone, mixed = len(lost(answers.taken, logged)), len(out_of_order(logged))
    return Outlived(before, during, after, spooled, gone, mixed, drained, p99)


class Refused(NamedTuple):
    """How many messages were answered by each status while the spool was too small, and what came of them."""

    answered: dict[int, int]
    lost: int
    kept: int
    """Messages of requests that were refused, and that are kept all the same."""


def refused(town: Town, outage: Outage, connections: int) -> Refused:
    """Take the log away under load until the spool is full, and give it back; the load then goes on for a while."""
    answers = Answers()

    def meanwhile() -> None:
        wait_for(lambda: len(answers.taken) >= 10 * connections)
        outage.begin()
        wait_for(lambda: answers.counted()[507] >= 10 * connections)
        outage.end()
        taken = len(answers.taken)
        wait_for(lambda: len(answers.taken) >= taken + 10 * connections)

    town.start()
    posts = [town.chats("full", connection) for connection in range(connections)]
    asyncio.run(_load(town.port, posts, answers, meanwhile))
    town.wait_until_drained()
    town.stop()
    logged = town.logged()
    kept = sum(telling.source_id in logged for telling in answers.by_status[507])
    return Refused(dict(answers.counted()), len(lost(answers.taken, logged)), kept)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=10)
    options.add_argument("--minute", action="store_true", help="have the log away for a minute, not for ten seconds")
    options.add_argument("--connections", type=int, default=50)
    options.add_argument("--kafka", action="store_true", help="also with a broker that is killed and started again")
    given = options.parse_args()
    seconds = 60.0 if given.minute else 10.0
    root = Path(tempfile.mkdtemp(prefix="balie-durability-"))
    try:
        with Town(_folder(root, "killed")) as town:
            kills = killed(town, given.kills, given.connections)
        for number, kill in enumerate(kills, 1):
            print(
                f"kill -9, time {number:2}: {kill.answered:6} were answered, {kill.lost} of them are lost", flush=True
            )
        assert not any(kill.lost for kill in kills)
        with Town(_folder(root, "outlived")) as town:
            _show("SQLite", seconds, outlived(town, FolderAway(town.topic_folder), seconds, given.connections))
        with Town(_folder(root, "refused"), spool_bytes=1_000_000) as town:
            full = refused(town, FolderAway(town.topic_folder), given.connections)
        print(f"spool full: {full.answered} messages by status; {full.lost} lost, {full.kept} kept though refused")
        assert full.lost == full.kept == 0
        if given.kafka:
            with LocalBroker(root / "broker") as broker, Town(_folder(root, "kafka"), kafka=broker.bootstrap) as town:
                _show("Kafka", seconds, outlived(town, BrokerDead(broker), seconds, given.connections))
    finally:
        shutil.rmtree(root)


def _folder(root: Path, name: str) -> Path:
    folder = root / name
    folder.mkdir()
    return folder


def _show(log: str, seconds: float, found: Outlived) -> None:
    print(f"{log} away for {seconds:.0f} s, answered by status: {found.before} before, {found.during} during it,")
    print(f"  {found.after} in the second after; {found.spooled} waited, drained after {found.drained:.1f} s;", end="")
    print(f" p99 {found.p99:.0f} ms; {found.lost} lost, {found.out_of_order} out of order", flush=True)
    assert found.lost == found.out_of_order == 0


if __name__ == "__main__":
    main()
