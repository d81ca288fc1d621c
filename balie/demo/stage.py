"""A whole Balie in one folder, for the demo, the end-to-end tests and the benchmarks: settings of the invented town, a
log, the embedded warehouse as a process of its own, migrated; everything on loopback, ended when the stage is left."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from balie.first_settings import write_keys
from balie.open import migrations_folder, open_log, open_warehouse, topics_of
from balie.pipeline import OpenRooms
from balie.settings import FILE_NAME, Settings, load
from storage.log.base import Log
from storage.loopback import free_ports
from storage.warehouse.client import Warehouse
from storage.warehouse.migrations import migrate
from storage.warehouse.process import WarehouseProcess

LogKind = Literal["sqlite", "kafka"]
TENANT = "voorbeeldstad"

_SETTINGS = """\
# The settings of the demo. What each key means: run `balie init` in an empty folder and read what it writes.
data = "data"

[log]
kind = "{log}"
bootstrap = ["{bootstrap}"]
topic_prefix = "{topic_prefix}"

[warehouse]
url = "http://127.0.0.1:{warehouse_port}/balie"

[collector]
port = {collector_port}
trusted_proxies = ["127.0.0.0/8"]
rate = 100000
burst = 100000

[towns.voorbeeldstad]
name = "Gemeente Voorbeeldstad"
region = "NL"
time_zone = "Europe/Amsterdam"
{sources}
"""


class Stage:
    """The folder, and what runs on it. Log, warehouse and settings are there once the stage is entered.

    `sources` is TOML for the town's sources. `say` is told what is being waited for. `tools` keeps Kafka's jars.
    """

    def __init__(
        self,
        folder: Path,
        log: LogKind = "sqlite",
        *,
        sources: str = "",
        tools: Path = Path(".tools/kafka"),
        bootstrap: str | None = None,
        topic_prefix: str = "",
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.folder = folder.resolve()
        self._kind = log
        self._sources = sources
        self._tools = tools
        self._bootstrap = bootstrap
        self._topic_prefix = topic_prefix
        self._say = say
        self._leave = ExitStack()
        self.settings: Settings
        self.log: Log
        self.warehouse: Warehouse
        self.server: WarehouseProcess

    @property
    def settings_file(self) -> Path:
        """What `balie --settings` takes."""
        return self.folder / FILE_NAME

    @property
    def opener(self) -> OpenRooms:
        """Opens the same rooms in the workers of the pipeline."""
        return OpenRooms(self.settings_file)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._leave:
            bootstrap = self._start_broker() if self._kind == "kafka" and not self._bootstrap else self._bootstrap
            warehouse_port, collector_port = free_ports(2)
            text = _SETTINGS.format(
                log=self._kind,
                bootstrap=bootstrap or "127.0.0.1:9092",
                topic_prefix=self._topic_prefix,
                warehouse_port=warehouse_port,
                collector_port=collector_port,
                sources=self._sources,
            )
            self.settings_file.write_text(text, encoding="utf-8")
            self.settings = load(self.settings_file)
            write_keys(self.settings)
            self._say("starting ClickHouse (chDB)")
            self.start_warehouse()
            self._leave.callback(lambda: self.server.stop())
            self.log = open_log(self.settings)
            self._leave.callback(self.log.close)
            self.log.apply_topics(topics_of(self.settings))
            self.warehouse = open_warehouse(self.settings)
            self._leave.callback(self.warehouse.close)
            migrate(self.warehouse, migrations_folder())
            self._leave = self._leave.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave.close()

    def start_warehouse(self) -> None:
        """Start the warehouse's process: at first, and again after a test has killed it."""
        settings = self.settings.warehouse
        port = int(settings.url.rsplit(":", 1)[1].split("/")[0])
        self.server = WarehouseProcess(settings.folder, port=port, token_file=settings.token_file)

    def _start_broker(self) -> str:
        from storage.log.local_broker import LocalBroker

        self._say("starting Kafka (the first time its jars are fetched)")
        return self._leave.enter_context(LocalBroker(self.folder / "kafka", tools=self._tools)).bootstrap
