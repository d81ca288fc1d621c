from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from threading import Event

import pytest

from connectors.base import BadRow, Draft, File, Ignored, Source
from connectors.poller import files
from connectors.poller.files import Watched
from connectors.poller.http import Away
from connectors.poller.places import Folder
from connectors.registry import configured
from connectors.rows import Keeper
from connectors.web.govmetric import GovMetric
from schemas.failure import FailedEvent
from schemas.topics import FAILURES
from storage.log.sqlite import SqliteLog
from storage.state.store import State
from tests.providers import events_in, source_of, values_in

HEADER = "Response ID,Date,Rating,Comment\n"
ROWS = ["1,2026-10-01,Good,Fijn\n", "2,2026-10-02,Poor,Traag\n", "3,2026-10-03,Average,Zażółć\n"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    return folder


@pytest.fixture
def make(folder: Path, state: State, keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Watched]:
    monkeypatch.setattr(files, "_SETTLED", 0.0)

    def made(remove: bool = False) -> Watched:
        connector = configured("govmetric", {})
        assert isinstance(connector, File)
        return Watched(
            source_of("govmetric"), connector, Folder(folder, "*.csv"), state.taken_files, keeper, remove=remove
        )

    return made


def test_a_file_is_taken_once_even_if_renamed_or_after_a_restart(
    make: Callable[..., Watched], folder: Path, log: SqliteLog
) -> None:
    (folder / "october.csv").write_text(HEADER + ROWS[0] + ROWS[1])
    (folder / "half.csv.part").write_text(HEADER + ROWS[2])
    (folder / "notes.txt").write_text("x")
    watched = make()
    assert watched.round(Event()).answers == 2
    assert watched.round(Event()).answers == 0
    (folder / "october.csv").rename(folder / "later.csv")
    assert watched.round(Event()).answers == 0
    assert make().round(Event()).answers == 0
    assert [event.source_id for event in events_in(log)] == ["1", "2"]


def test_an_overlapping_export_adds_no_second_answer(
    make: Callable[..., Watched], folder: Path, log: SqliteLog
) -> None:
    watched = make()
    (folder / "a.csv").write_text(HEADER + ROWS[0] + ROWS[1])
    watched.round(Event())
    (folder / "b.csv").write_text(HEADER + "".join(ROWS))
    watched.round(Event())
    assert len({event.feedback_id for event in events_in(log)}) == 3


def test_a_file_that_grows_is_taken_when_it_is_whole(
    make: Callable[..., Watched], folder: Path, log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched, path = make(), folder / "a.csv"
    path.write_text(HEADER)

    class Growing(Event):
        def wait(self, timeout: float | None = None) -> bool:
            path.write_text(HEADER + ROWS[0])
            return False

    assert watched.round(Growing()).answers == 0
    assert watched.round(Event()).answers == 1


def test_a_changed_file_is_taken_again(make: Callable[..., Watched], folder: Path, log: SqliteLog) -> None:
    watched, path = make(), folder / "a.csv"
    path.write_text(HEADER + ROWS[0])
    watched.round(Event())
    path.write_text(HEADER + ROWS[0] + ROWS[1])
    os.utime(path, (1, 1))
    assert watched.round(Event()).answers == 2
    assert len({event.feedback_id for event in events_in(log)}) == 2


def test_a_file_goes_once_it_is_durable_if_so_wished(make: Callable[..., Watched], folder: Path) -> None:
    (folder / "a.csv").write_text(HEADER + ROWS[0])
    assert make(remove=True).round(Event()).answers == 1
    assert list(folder.iterdir()) == []


def test_a_file_that_cannot_be_read_becomes_a_failure_once(
    make: Callable[..., Watched], folder: Path, log: SqliteLog
) -> None:
    watched = make()
    (folder / "a.csv").write_text("Something,Else\n1,2\n")
    kept = watched.round(Event())
    assert [row for row, _ in kept.failed_rows] == [0]
    watched.round(Event())
    assert len(values_in(log, FAILURES)) == 1


def test_a_fault_of_the_connector_is_a_failure_of_that_file_and_of_no_other(
    make: Callable[..., Watched], folder: Path, log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = GovMetric.parse_rows

    def faulty(self: GovMetric, content: bytes, source: Source, now: datetime) -> Iterator[Draft | Ignored | BadRow]:
        for row in read(self, content, source, now):
            yield row
            if b"Traag" in content:
                raise KeyError("canary")

    monkeypatch.setattr(GovMetric, "parse_rows", faulty)
    watched = make()
    (folder / "a.csv").write_text(HEADER + ROWS[1])
    (folder / "b.csv").write_text(HEADER + ROWS[2])
    kept = watched.round(Event())
    assert (kept.answers, [reason for _, reason in kept.failed_rows]) == (1, ["the connector failed: KeyError"])
    (failure,) = (FailedEvent.model_validate_json(value) for value in values_in(log, FAILURES))
    assert failure.body == (HEADER + ROWS[1]).encode()


def test_a_missing_folder_is_away(state: State, keeper: Keeper, tmp_path: Path) -> None:
    connector = configured("govmetric", {})
    assert isinstance(connector, File)
    watched = Watched(source_of("govmetric"), connector, Folder(tmp_path / "none"), state.taken_files, keeper)
    with pytest.raises(Away, match="cannot be read"):
        watched.round(Event())
