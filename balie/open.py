"""Opens the rooms as the settings say. The only place that knows which implementation stands behind a protocol."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import ValidationError

from balie.settings import Settings, SettingsError, problems_of, read_secrets
from schemas.topics import GROUP, Topic, topics
from storage.errors import Fatal

if TYPE_CHECKING:
    from connectors.base import Connector, Source
    from storage.log.base import Log
    from storage.state.master_key import MasterKey
    from storage.state.store import State
    from storage.warehouse.client import Warehouse
    from storage.warehouse.process import WarehouseProcess

# Imports of implementations are inside: a collector host has no ClickHouse client, and `balie --help` waits for none.

MASTER_KEY_VARIABLE = "BALIE_MASTER_KEY"


def topics_of(settings: Settings) -> tuple[Topic, Topic]:
    """The topics of feedback and of failures, in this order, as the settings name and divide them."""
    return topics(settings.log.topic_prefix, settings.log.partitions)


def group_of(settings: Settings) -> str:
    """The group of readers whose commits say how far the pipeline has come; with the topics' prefix, as they have."""
    return settings.log.topic_prefix + GROUP


def open_log(settings: Settings) -> Log:
    """The log. Topics are not made here: `balie topics apply` does."""
    if settings.log.kind == "sqlite":
        from storage.log.sqlite import SqliteLog

        return SqliteLog(settings.log.folder)
    from storage.log.kafka import KafkaLog

    log = settings.log
    given = {
        "security_protocol": log.security.upper(),
        "ssl_cafile": log.ca_file and str(log.ca_file),
        "ssl_certfile": log.certificate_file and str(log.certificate_file),
        "ssl_keyfile": log.certificate_key_file and str(log.certificate_key_file),
        "sasl_mechanism": log.sasl_mechanism if log.security.startswith("sasl") else None,
        "sasl_plain_username": log.username,
        "sasl_plain_password": log.password and log.password.get_secret_value(),
    }
    return KafkaLog(",".join(log.bootstrap), {name: value for name, value in given.items() if value is not None})


def master_key(settings: Settings) -> MasterKey:
    """The master key, from BALIE_MASTER_KEY or from its file."""
    from storage.state.master_key import load_master_key

    return load_master_key(file=settings.keys.master_key_file, env=MASTER_KEY_VARIABLE)


def open_state(settings: Settings) -> State:
    """The state store: hash keys, open conversations, discarded failures. Open it after a fork, never before."""
    from storage.state.store import open_state as open_sqlite_state

    return open_sqlite_state(settings.state.folder / "state.sqlite", master_key(settings))


def open_warehouse(settings: Settings) -> Warehouse:
    """The warehouse, by its URL. Retriable where nothing answers there."""
    from storage.warehouse.client import connect

    return connect(settings.warehouse.url, warehouse_token(settings))


@contextmanager
def warehouse_at_hand(settings: Settings) -> Iterator[Warehouse]:
    """The warehouse for one command; see `warehouse_served`."""
    with warehouse_served(settings), closing(open_warehouse(settings)) as warehouse:
        yield warehouse


@contextmanager
def warehouse_served(settings: Settings) -> Iterator[None]:
    """Where the embedded warehouse is not being served, it is served for as long as this.

    Fatal where another process holds its folder without answering at the URL.
    """
    if settings.warehouse.kind == "embedded" and not answers(settings.warehouse.url):
        with serve_warehouse(settings):
            yield
    else:
        yield


def answers(url: str) -> bool:
    """Whether anything listens there."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname, parts.port), timeout=1).close()
    except OSError:
        return False
    return True


def serve_warehouse(settings: Settings) -> WarehouseProcess:
    """The embedded warehouse as a child process, answering at its URL when this returns. A context manager."""
    from storage.warehouse.process import WarehouseProcess

    if find_spec("chdb") is None:  # the child would say it with a traceback
        raise ModuleNotFoundError("chdb is not installed", name="chdb")
    warehouse_token(settings)  # a missing token is an error here, rather than a new one
    port = urlsplit(settings.warehouse.url).port or 0
    return WarehouseProcess(settings.warehouse.folder, port=port, token_file=settings.warehouse.token_file)


def migrations_folder() -> Path:
    """Where the numbered SQL files are."""
    import schemas

    return Path(schemas.__path__[0]) / "clickhouse"


def sources(settings: Settings) -> list[tuple[Source, Connector]]:
    """Every source of every town with its connector, set up. SettingsError names each that cannot work."""
    from connectors.base import Source
    from connectors.errors import Misconfigured
    from connectors.registry import connector as connector_of

    opened: list[tuple[Source, Connector]] = []
    problems: list[str] = []
    for tenant, town in settings.towns.items():
        for name, given in town.sources.items():
            section = ("towns", tenant, "sources", name)
            try:
                kind = connector_of(given.connector)
            except Misconfigured as error:
                text = f"{'.'.join(section)}.connector: {error}"
                problems.append(settings.places.problem((*section, "connector"), text))
                continue
            try:
                own = read_secrets(kind, given.own, section, settings.places, settings.path.parent)
                connector = kind.model_validate(own)
            except ValidationError as error:
                problems += problems_of(error, kind, section, settings.places)
                continue
            except SettingsError as error:
                problems += error.problems
                continue
            source = Source(
                tenant=tenant,
                name=name,
                connector=given.connector,
                channel=given.channel or kind.channel,
                region=town.region,
                time_zone=town.time_zone,
                language=given.language,
            )
            opened.append((source, connector))
    if problems:
        raise SettingsError(*problems)
    return opened


def warehouse_token(settings: Settings) -> str | None:
    """What the warehouse asks for: from BALIE_WAREHOUSE__TOKEN, else from its file; None where neither is set."""
    if settings.warehouse.token is not None:
        return settings.warehouse.token.get_secret_value()
    file = settings.warehouse.token_file
    if file is None:
        return None
    try:
        token = file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        mend = "make it with `balie init`, or copy it here"
        if settings.warehouse.kind == "server":
            mend = "write the password of the user in warehouse.url to it"
        raise Fatal(f"the warehouse's token {file} is missing: {mend}") from None
    except (OSError, UnicodeDecodeError):
        raise Fatal(f"the warehouse's token {file} cannot be read: mend its rights, owner or content") from None
    if not token:
        raise Fatal(f"the warehouse's token {file} is empty: restore it")
    return token
