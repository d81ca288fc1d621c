"""What a poller stands on: a provider, a log, a state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.rows import Keeper
from schemas.topics import FAILURES, FEEDBACK, topics
from storage.log.sqlite import SqliteLog
from storage.state.master_key import KEY_BYTES, MasterKey
from storage.state.store import State, open_state
from tests.providers import NOW, Provider, playing


@pytest.fixture
def provider() -> Iterator[Provider]:
    with playing() as provider:
        yield provider


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "state" / "state.sqlite", MasterKey(bytes(KEY_BYTES))) as state:
        yield state


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(tmp_path / "log")
    log.apply_topics(topics())
    yield log
    log.close()


@pytest.fixture
def keeper(log: SqliteLog) -> Keeper:
    return Keeper(log, FEEDBACK, FAILURES, lambda: NOW)
