"""Broken input, through the front door and past it: each piece has its answer or its failure with the bytes kept, what
can be loaded is loaded with a note, and one town's broken source stops no other's."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import httpx
import pytest

from balie.demo.stage import TENANT, Stage
from balie.failures import open_failures
from balie.open import sources
from balie.processes import CommandProcess
from balie.supervisor import wait_until_it_answers
from connectors.base import Request, Webhook
from schemas.feedback import feedback_id
from schemas.topics import FAILURES, FEEDBACK, GROUP
from storage.log.base import NewRecord

pytestmark = pytest.mark.slow

OTHER = "buurstad"
NEW = "nieuwstad"
TOWN = """
[towns.{name}]
name = "Gemeente {name}"
region = "NL"
time_zone = "Europe/Amsterdam"
"""
PORTAL = """
[towns.{name}.sources.portal]
connector = "form"
secrets_file = "secrets/portal"
asks = {{ question = "recommend", metric = "nps" }}
"""
SOURCES = (
    PORTAL.format(name=TENANT)
    + f"""
[towns.{TENANT}.sources.website]
connector = "form"
public = true
asks = {{ question = "recommend", metric = "nps" }}
"""
    + TOWN.format(name=OTHER)
    + PORTAL.format(name=OTHER)
)
JSON = {"content-type": "application/json"}


@pytest.fixture
def stage(open_stage: Callable[..., Stage]) -> Stage:
    stage = open_stage(sources=SOURCES)
    secrets = stage.folder / "secrets"
    secrets.mkdir()
    (secrets / "portal").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
    return stage


def balie(stage: Stage, *arguments: str, exit_code: int = 0) -> Any:
    """Runs a command as a person would, with --json; what it says."""
    command = [sys.executable, "-m", "balie", "--settings", str(stage.settings_file), *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == exit_code, done.stderr.decode()
    return json.loads(done.stdout)


class FrontDoor:
    """A running collector, and requests to it as a town's systems sign them."""

    def __init__(self, stage: Stage) -> None:
        self._url = f"http://{stage.settings.collector.host}:{stage.settings.collector.port}"
        self._connectors = {
            (source.tenant, source.name): connector
            for source, connector in sources(stage.settings)
            if isinstance(connector, Webhook)
        }
        self._http = httpx.Client(timeout=30)

    def signed(self, body: bytes, tenant: str = TENANT, **headers: str) -> int:
        """Posts to the portal with a proof; the status that answers. Headers given go over those of the proof."""
        request = Request("POST", f"{self._url}/v1/{tenant}/portal", JSON, body)
        request = self._connectors[tenant, "portal"].sign(request, datetime.now(UTC))
        return self._http.post(request.url, content=body, headers={**request.headers, **headers}).status_code

    def close(self) -> None:
        self._http.close()

    def post(self, path: str, body: bytes) -> int:
        """Posts without a proof."""
        return self._http.post(self._url + path, content=body, headers=JSON).status_code


@contextmanager
def running(stage: Stage) -> Iterator[FrontDoor]:
    """The collector and the pipeline, as processes of their own."""
    with (stage.folder / "output").open("wb") as output:
        processes = [CommandProcess(stage.settings_file, command, output) for command in ("collect", "run")]
        try:
            assert wait_until_it_answers(stage.settings, Event())
            with closing(FrontDoor(stage)) as door:
                yield door
        finally:
            for process in processes:
                process.stop()


def wait_until_loaded(stage: Stage) -> None:
    """Until everything that is in the log has been taken up."""
    until = time.monotonic() + 60
    while stage.log.committed(GROUP, FEEDBACK).get(0, 0) < stage.log.ends(FEEDBACK)[0][1]:
        assert time.monotonic() < until
        time.sleep(0.1)


def rows(stage: Stage) -> dict[str, dict[str, Any]]:
    """What an analyst sees, by feedback id."""
    return {str(row["feedback_id"]): row for row in stage.warehouse.rows("SELECT * FROM feedback FINAL")}


def row_of(stage: Stage, source_id: str, tenant: str = TENANT, source: str = "portal") -> dict[str, Any]:
    row = rows(stage)[str(feedback_id(tenant, source, source_id))]
    assert (row["tenant"], row["source"]) == (tenant, source)
    return row


def failed_bodies(stage: Stage, tenant: str | None = None) -> list[bytes]:
    found = open_failures(stage.log, FAILURES, (), datetime.now(UTC))
    return sorted(failure.body for failure in found if tenant in (None, failure.tenant))


def notes_of(row: dict[str, Any]) -> list[tuple[str, str]]:
    return list(zip(row["notes.field"], row["notes.problem"], strict=True))


def test_at_the_front_door(stage: Stage) -> None:
    unreadable = [
        b'{"id": "cut-off", "score": 9, "text": "Prima ge',
        b'{"id": "latin", "score": 9, "text": "caf\xe9"}',
        b'{"id": {"of": "another type"}, "score": 9}',
        b"[1, 2, 3]",
        b"null",
    ]
    with running(stage) as door:
        # Who has proved to be the town's own system is not asked again: what it sent is kept.
        assert [door.signed(body) for body in unreadable] == [202] * len(unreadable)
        # Anyone else is told so, and nothing is kept.
        website = f"/v1/{TENANT}/website"
        assert [door.post(website, body) for body in unreadable[:2]] == [400, 400]
        assert door.signed(b'{"id": "forged", "score": 1}', **{"webhook-signature": "v1,Zm9yZ2Vk"}) == 403
        assert door.post(f"/v1/{TENANT}/portal", b'{"id": "unsigned", "score": 1}') == 401
        assert door.post("/v1/nergens/portal", b'{"id": "nowhere", "score": 1}') == 404
        assert door.post(f"/v1/{TENANT}/elders", b'{"id": "nowhere", "score": 1}') == 404
        assert door.signed(b'{"id": "large", "score": 1, "text": "%s"}' % (b"x" * 10_000_000)) == 413
        assert failed_bodies(stage) == sorted(unreadable)

        # Where only a part is not valid, the rest is an answer.
        before = datetime.now(UTC) - timedelta(seconds=1)
        assert door.signed(b'{"id": "far", "score": 8, "occurred_at": "9999-12-31T23:59:59Z"}') == 200
        assert door.signed(b'{"id": "nan", "score": NaN, "text": "Prima geholpen"}') == 200
        assert door.signed(b'{"id": "off", "score": 11, "text": "Beter dan alles"}') == 200
        assert door.signed(b'{"id": "word", "score": "nine", "text": "Goed", "subject": {"service": 7}}') == 200
        assert door.signed(b'{"id": "good", "score": 9, "text": "Goed"}') == 200
        assert door.post(website, b'{"score": NaN, "text": "Ook zonder cijfer"}') == 200

        # A town of which nothing can be read holds up nobody, itself neither.
        for number in range(60):
            assert door.signed(b'{"id": %d, "score": ' % number, OTHER) == 202
        assert door.signed(b'{"id": "after", "score": 10}', OTHER) == 200
        wait_until_loaded(stage)
        after = datetime.now(UTC) + timedelta(seconds=1)

    assert len(rows(stage)) == 7
    far = row_of(stage, "far")
    assert (far["answers.score"], far["occurred_at_from"]) == ([8.0], "receipt")
    assert before <= far["occurred_at"] == far["received_at"] <= after
    assert [field for field, _ in notes_of(far)] == ["occurred_at"]
    for source_id, text in (("nan", "Prima geholpen"), ("off", "Beter dan alles"), ("word", "Goed")):
        row = row_of(stage, source_id)
        assert (row["answers.score"], row["answers.text"]) == ([None], [text])
        assert "answers[0].score" in dict(notes_of(row))
    assert row_of(stage, "word")["service"] == ""
    assert "subject.service" in dict(notes_of(row_of(stage, "word")))
    good = row_of(stage, "good")
    assert (good["answers.score"], good["answers.text"], notes_of(good)) == ([9.0], ["Goed"], [])
    assert row_of(stage, "after", OTHER)["answers.score"] == [10.0]
    (website_row,) = (row for row in rows(stage).values() if row["source"] == "website")
    assert (website_row["answers.score"], website_row["answers.text"]) == ([None], ["Ook zonder cijfer"])
    assert len(failed_bodies(stage, OTHER)) == 60
    assert failed_bodies(stage, TENANT) == sorted(unreadable)
    account = balie(stage, "reconcile")
    assert (account["missing"], account["waiting"], account["loaded"]) == (0, 0, 7)


def event(source_id: str, tenant: str = TENANT, **fields: Any) -> dict[str, Any]:
    return {
        "feedback_id": str(feedback_id(tenant, "portal", source_id)),
        "tenant": tenant,
        "source": "portal",
        "source_id": source_id,
        "connector": "form",
        "channel": "web_form",
        "received_at": datetime.now(UTC).isoformat(),
        "answers": [{"metric": "nps", "score": 9, "scale": {"min": 0, "max": 10, "best": 10}}],
    } | fields


def scored(score: Any) -> list[dict[str, Any]]:
    return [{"metric": "nps", "score": score, "scale": {"min": 0, "max": 10, "best": 10}}]


def test_published_and_replayed_after_a_fix(stage: Stage) -> None:
    unreadable = [
        b'{"tenant": "voorbeeldstad", "source":',
        b'{"tenant": "voorbeeldstad", "source": "caf\xe9"}',
        b"7",
        json.dumps(event("types", tenant=TENANT) | {"tenant": ["a", "list"]}).encode(),
        json.dumps(event("never", received_at="9999-12-31T23:59:59Z")).encode(),
        json.dumps(event("other-id", feedback_id=str(feedback_id(TENANT, "portal", "x")))).encode(),
    ]
    loadable = [
        event("far", occurred_at="9999-12-31T23:59:59Z", occurred_at_from="source"),
        event("nan", answers=scored(float("nan"))),
        event("off", answers=scored(11)),
        event("word", answers=scored("nine")),
        event("good"),
    ]
    unknown = [event(f"citizen-{number}", tenant=NEW) for number in range(3)]
    lines = [*unreadable, *(json.dumps(one).encode() for one in (*loadable, *unknown))]
    file = stage.folder / "events.jsonl"
    file.write_bytes(b"\n".join(lines) + b"\n")

    # Who publishes is told which lines are no events; of the others the town is not known here.
    said = balie(stage, "publish", str(file), exit_code=1)
    assert said == {"published": len(loadable) + len(unknown), "failed": len(unreadable)}
    # Past every check: another program writes to the log, of another town, and only rubbish.
    rubbish = [b'{"tenant": "%s", "n": %d' % (OTHER.encode(), n) for n in range(500)]
    stage.log.append(FEEDBACK, [NewRecord(b"key", body) for body in rubbish])
    stage.log.append(FEEDBACK, [NewRecord(b"key", json.dumps(event("last")).encode())])

    ran = balie(stage, "run", "--until-idle")
    assert (ran["loaded"], ran["failed"], ran["lag"]) == (len(loadable) + 1, len(rubbish) + len(unknown), 0)
    assert len(rows(stage)) == len(loadable) + 1
    for source_id in ("nan", "off", "word"):
        row = row_of(stage, source_id)
        assert row["answers.score"] == [None]
        assert [field for field, _ in notes_of(row)] == ["answers[0].score"]
    assert [field for field, _ in notes_of(row_of(stage, "far"))] == ["occurred_at"]
    assert row_of(stage, "far")["occurred_at"].year < 2200
    assert row_of(stage, "last")["answers.score"] == [9.0]
    # An event of an unknown town is kept as the contract writes it; what is no event, as it came.
    kept = failed_bodies(stage)
    assert set(kept) >= {*unreadable, *rubbish}
    others = [json.loads(body) for body in kept if body not in {*unreadable, *rubbish}]
    assert sorted(one["source_id"] for one in others) == [one["source_id"] for one in unknown]
    assert len(kept) == len(unreadable) + len(rubbish) + len(unknown)
    account = balie(stage, "reconcile")
    assert (account["missing"], account["loaded"]) == (0, len(loadable) + 1)

    # The town is added to the settings, and everything is tried again: what can be loaded now is, once.
    with stage.settings_file.open("a") as settings:
        settings.write(TOWN.format(name=NEW))
    balie(stage, "failed", "replay", "--all")
    ran = balie(stage, "run", "--until-idle")
    assert (ran["loaded"], ran["failed"]) == (len(unknown), len(unreadable) + len(rubbish))
    for one in unknown:
        assert row_of(stage, one["source_id"], NEW)["answers.score"] == [9.0]
    assert len(rows(stage)) == len(loadable) + 1 + len(unknown)
    assert failed_bodies(stage) == sorted([*unreadable, *rubbish])
    attempts = {failure["attempt"] for failure in balie(stage, "failed", "list")}
    assert attempts == {2}
    account = balie(stage, "reconcile")
    assert (account["missing"], account["waiting"]) == (0, 0)
    # Counted are records: those of another program and of the unknown town stand twice in the log, at first and again.
    assert account["open_failures"] == 2 * len(rubbish) + len(unreadable)
    assert account["loaded"] + account["superseded"] == len(loadable) + 1 + 2 * len(unknown)


def test_lines_of_ten_megabytes_stop_no_other(stage: Stage) -> None:
    text = json.dumps(event("long", answers=[{"metric": "open", "text": "goed " * 2_000_000}])).encode()
    rubbish = b'{"tenant": "' + b"x" * 10_000_000
    file = stage.folder / "events.jsonl"
    good = [json.dumps(event(name)).encode() for name in ("first", "last")]
    file.write_bytes(b"\n".join([good[0], text, rubbish, good[1]]))
    said = balie(stage, "publish", str(file), exit_code=1)
    assert said == {"published": 3, "failed": 0}  # and it is said, on standard error, which line was left out
    balie(stage, "run", "--until-idle")
    assert len(rows(stage)) == 3
    assert "answers[0].text" in dict(notes_of(row_of(stage, "long")))
