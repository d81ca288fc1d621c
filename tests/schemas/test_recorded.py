"""What is recorded stays true: the exported JSON Schemas, and events as earlier versions wrote them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.export import DOCUMENTS, FOLDER, text
from schemas.feedback import Channel, read

EVENTS = Path(__file__).parents[1] / "data" / "events"
RECORDED = sorted(EVENTS.glob("v*/*.json"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_exported_schema_is_the_model(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == text(DOCUMENTS[name]), "run `make schemas`"


def test_no_other_schema_lies_about() -> None:
    assert {file.name for file in FOLDER.iterdir()} == set(DOCUMENTS)


def test_there_is_an_event_of_every_channel_and_language() -> None:
    events = [json.loads(file.read_text(encoding="utf-8"))["written"] for file in RECORDED]
    assert {event["channel"] for event in events} == set(Channel)
    assert {event.get("language") for event in events} >= {"nl", "en", "pl", "nb", "fi"}


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_an_event_of_an_earlier_version_reads_as_it_did(file: Path) -> None:
    recorded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    event = read(json.dumps(recorded["written"]).encode())
    assert json.loads(event.to_json()) == recorded["reads_as"]
    assert read(recorded["written"]) == event
    assert read(json.dumps(recorded["reads_as"]).encode()) == event
