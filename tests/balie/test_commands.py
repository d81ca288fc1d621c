"""The commands over the real log, state and embedded warehouse."""

import json
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from balie.cli import app
from balie.first_settings import write
from balie.open import open_log, open_state, open_warehouse, topics_of
from balie.settings import Settings, load
from schemas.failure import FailedEvent, Origin, Stage, failure_of_record
from schemas.topics import FAILURES, FEEDBACK
from storage.log.records import failure_record
from storage.warehouse.process import WarehouseProcess

Balie = Callable[..., Result]


@pytest.fixture
def settings_file(tmp_path: Path, warehouse_process: WarehouseProcess, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The first settings, with the tests' warehouse and a database of this test's own."""
    path = tmp_path / "balie.toml"
    write(path)
    monkeypatch.delenv("BALIE_DEBUG", raising=False)
    monkeypatch.setenv("BALIE_WAREHOUSE__URL", f"{warehouse_process.url}/cli_{uuid4().hex[:12]}")
    monkeypatch.setenv("BALIE_WAREHOUSE__TOKEN", warehouse_process.token)
    return path


@pytest.fixture
def settings(settings_file: Path) -> Settings:
    return load(settings_file)


@pytest.fixture
def balie(settings_file: Path) -> Balie:
    def run(*arguments: str, code: int = 0, given: str | None = None) -> Any:
        result = CliRunner().invoke(app, ["--settings", str(settings_file), *arguments], input=given)
        assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
        return result

    return run


def of_json(result: Result) -> Any:
    return json.loads(result.stdout)


def put(settings: Settings, *bodies: bytes, stage: Stage = Stage.DECODE, days: int = 1) -> list[str]:
    failures = [
        FailedEvent(
            failure_id=failure_of_record(FEEDBACK, 0, number * 1000 + days),
            stage=stage,
            reason="not valid JSON in UTF-8",
            tenant="voorbeeldstad",
            source=f"source{number}",
            origin=Origin(topic=FEEDBACK, partition=0, offset=number),
            url="http://balie.example/v1/voorbeeldstad/website?name=canary",
            headers={"x-name": "canary"},
            body=b64encode(body),
            first_received_at=datetime.now(UTC) - timedelta(days=days),
            failed_at=datetime.now(UTC),
        )
        for number, body in enumerate(bodies)
    ]
    with closing(open_log(settings)) as log:
        log.apply_topics(topics_of(settings))
        log.append(FAILURES, [failure_record(failure) for failure in failures])
    return [str(failure.failure_id) for failure in failures]


def test_migrate_and_topics_are_safe_to_run_again(balie: Balie) -> None:
    assert of_json(balie("migrate", "--json"))["applied"][0] == "0001_feedback.sql"
    assert of_json(balie("migrate", "--json")) == {"applied": []}
    assert len(of_json(balie("topics", "apply", "--json"))["changed"]) == 2
    assert of_json(balie("topics", "apply", "--json")) == {"changed": []}
    assert "nothing to do" in balie("migrate").stdout
    listed = of_json(balie("topics", "list", "--json"))
    assert [(row["topic"], row["next"], row["days_kept"]) for row in listed] == [(FEEDBACK, 0, 7), (FAILURES, 0, 20)]


def test_doctor_says_what_to_mend_and_then_that_all_is_sound(balie: Balie, settings: Settings) -> None:
    ill = of_json(balie("doctor", "--json", code=1))
    assert not ill["sound"]
    texts = {finding["part"]: finding["text"] for finding in ill["findings"] if not finding["sound"]}
    assert set(texts) == {"log", "warehouse"}
    assert "balie topics apply" in texts["log"]
    assert "balie migrate" in texts["warehouse"]
    balie("migrate")
    balie("topics", "apply")
    well = balie("doctor")
    assert well.stdout.count("OK") == 7
    settings.keys.master_key_file.chmod(0o644)
    assert "chmod 600" in balie("doctor", code=1).stdout


def test_doctor_without_settings(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--settings", str(tmp_path / "none.toml"), "doctor"])
    assert result.exit_code == 1
    assert "balie init" in result.stdout


def test_doctor_sees_another_master_key(balie: Balie, settings: Settings) -> None:
    from storage.state.master_key import create_master_key

    with open_state(settings) as state:
        state.keys.person_key("voorbeeldstad")
    settings.keys.master_key_file.unlink()
    create_master_key(settings.keys.master_key_file)
    findings = of_json(balie("doctor", "--json", code=1))["findings"]
    (keys,) = (finding for finding in findings if finding["part"] == "keys")
    assert "another master key" in keys["text"]


def test_doctor_sees_a_clock_that_is_behind(balie: Balie, settings: Settings) -> None:
    from storage.log.base import NewRecord
    from storage.log.sqlite import SqliteLog

    balie("topics", "apply")
    ahead = datetime.now(UTC) + timedelta(hours=2)
    with closing(SqliteLog(settings.log.folder, clock=lambda: ahead.timestamp())) as log:
        log.append(FEEDBACK, [NewRecord(b"k", b"v")])
    findings = of_json(balie("doctor", "--json", code=1))["findings"]
    (clock,) = (finding for finding in findings if finding["part"] == "clock")
    assert "behind the newest record" in clock["text"]


def test_report_for_people_and_for_programs(balie: Balie, settings: Settings) -> None:
    balie("migrate")
    warehouse = open_warehouse(settings)
    warehouse.command(
        "INSERT INTO feedback (tenant, feedback_id, version, channel, source, outcome, occurred_at, answers.metric,"
        " answers.score, answers.scale_min, answers.scale_max, answers.scale_best, answers.text, answers.question,"
        " answers.wording, answers.reason)"
        " SELECT 'voorbeeldstad', generateUUIDv4(), 1, if(number < 6, 'web', 'sms'), 'website', 'answered',"
        " toDateTime64('2026-11-02 12:00:00', 3, 'UTC'), ['nps'], [if(number % 2 = 0, 10, 7)], [0], [10], [10], [''],"
        " [''], [''], [''] FROM numbers(8)"
    )
    document = of_json(balie("report", "--json", "--since", "2026-11-01"))
    assert document["tenant"] == "voorbeeldstad"
    assert document["since"] == "2026-11-01"
    assert [(row["group"], row["figures"]["nps"]) for row in document["rows"]] == [
        ({"channel": "sms"}, {"value": None, "n": 2, "too_few": True}),
        ({"channel": "web"}, {"value": 50.0, "n": 6, "too_few": False}),
    ]
    assert document["total"]["figures"]["responses"] == {"value": 8.0, "n": 8, "too_few": False}
    table = balie("report", "--by", "month,channel", "--metrics", "nps").stdout
    assert [line.split() for line in table.splitlines() if "2026" in line or "all" in line] == [
        ["2026-11", "sms", "too", "few"],
        ["2026-11", "web", "50.0", "(6)"],
        ["all", "50.0", "(8)"],
    ]
    assert of_json(balie("report", "--json", "--until", "2026-11-01"))["rows"] == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["report", "--by", "person"], "there is no such dimension; there are channel"),
        (["report", "--metrics", "nsp"], "there is no such metric; there are responses"),
        (["report", "--tenant", "elsewhere"], "there are voorbeeldstad"),
        (["failed", "replay"], "name the failures by id, or say --all"),
        (["failed", "list", "--stage", "lost"], "--stage is one of parse, decode, enrich"),
        (["failed", "discard", "--all", "--reason", "Jan de Vries"], "never words of a citizen"),
        (["connectors", "show", "canary"], "there is no such connector; there are form"),
    ],
)
def test_wrong_use_is_one_line_and_code_2(balie: Balie, arguments: list[str], expected: str) -> None:
    balie("topics", "apply")
    balie("migrate")
    result = balie(*arguments, code=2)
    assert expected in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_a_store_that_is_not_ready_is_one_line_and_code_1(balie: Balie) -> None:
    result = balie("failed", "list", code=1)
    assert "balie topics apply" in result.stderr
    assert result.stderr.count("\n") == 1


def test_failed_list_and_show_hold_nothing_of_the_sender(balie: Balie, settings: Settings) -> None:
    first, second = put(settings, b"canary one", b"canary two")
    put(settings, b"canary old", days=21)
    rows = of_json(balie("failed", "list", "--json"))
    assert [row["failure_id"] for row in rows] == [first, second]
    assert {"failure_id", "stage", "reason", "tenant", "source", "first_received_at", "attempt", "expires_at"} == set(
        rows[0]
    )
    assert [row["failure_id"] for row in of_json(balie("failed", "list", "--json", "--source", "source1"))] == [second]
    assert of_json(balie("failed", "list", "--json", "--stage", "parse")) == []
    for arguments in (["list"], ["show", first], ["show", first[:8], "--json"]):
        output = balie("failed", *arguments).stdout
        assert first[:8] in output
        assert "canary" not in output
    assert balie("failed", "show", first, "--body").stdout_bytes == b"canary one"
    whole = of_json(balie("failed", "show", first, "--body", "--json"))
    assert whole["body"] == b64encode(b"canary one").decode()
    assert whole["headers"] == {"x-name": "canary"}
    assert "no open failure has an id that begins so" in balie("failed", "show", "00000000", code=2).stderr


def test_failed_replay_puts_the_bytes_back(balie: Balie, settings: Settings) -> None:
    first, second = put(settings, b"one", b"two")
    assert of_json(balie("failed", "replay", first, "--json")) == [
        {"failure_id": first, "replayed": True, "problem": None, "records": 1}
    ]
    assert [row["failure_id"] for row in of_json(balie("failed", "list", "--json"))] == [second]
    balie("failed", "replay", "--all")
    assert of_json(balie("failed", "list", "--json")) == []
    with closing(open_log(settings)) as log:
        assert log.ends(FEEDBACK) == {0: (0, 2)}


def test_failed_replay_of_what_cannot_be_read_is_code_1(balie: Balie, settings: Settings) -> None:
    (failure_id,) = put(settings, b"canary", stage=Stage.PARSE)
    result = balie("failed", "replay", failure_id, "--json", code=1)
    (outcome,) = of_json(result)
    assert not outcome["replayed"]
    assert "not in the settings any more" in outcome["problem"]
    assert len(of_json(balie("failed", "list", "--json"))) == 1


def test_failed_discard_is_a_dry_run_unless_told(balie: Balie, settings: Settings) -> None:
    first, second = put(settings, b"one", b"two")
    assert of_json(balie("failed", "discard", first, "--json")) == {"discarded": False, "failure_ids": [first]}
    assert "nothing was done" in balie("failed", "discard", "--all").stdout
    assert len(of_json(balie("failed", "list", "--json"))) == 2
    balie("failed", "discard", first, "--reason", "spam", "--yes")
    assert [row["failure_id"] for row in of_json(balie("failed", "list", "--json"))] == [second]
    with open_state(settings) as state:
        assert [(f.failure_id, f.reason) for f in state.discarded.list_discarded()] == [(first, "spam")]


def test_keys_list_shows_no_key(balie: Balie, settings: Settings) -> None:
    with open_state(settings) as state:
        secret = state.keys.person_key("voorbeeldstad").secret
    (row,) = of_json(balie("keys", "list", "--json"))
    assert (row["tenant"], row["purpose"], row["destroyed_at"]) == ("voorbeeldstad", "person", None)
    assert secret.hex() not in balie("keys", "list").stdout
    assert set(row) == {
        "key_id", "tenant", "purpose", "period", "created_at", "destroyed_at", "hashes_cleared_at"
    }  # fmt: skip


def test_connectors_list_and_show(balie: Balie) -> None:
    rows = {row["name"]: row for row in of_json(balie("connectors", "list", "--json"))}
    assert rows["form"]["channel"] == "web_form"
    assert rows["form"]["protocols"] == ["webhook"]
    assert rows["govmetric"]["protocols"] == ["webhook", "file"]
    shown = of_json(balie("connectors", "show", "form", "--json"))
    assert shown["urls"] == ["http://127.0.0.1:8400/v1/voorbeeldstad/website"]
    assert {setting["key"] for setting in shown["settings"]} >= {"public", "passwords_file", "asks"}
    assert "form" in balie("connectors", "list").stdout
    assert "passwords_file" in balie("connectors", "show", "form").stdout


def test_scrub_is_a_filter(balie: Balie) -> None:
    given = '{"id": 7, "lang": "nl", "text": "Mail mij op jan@example.org \\ud800 é"}\n\n{"id": "b", "text": "Prima"}\n'
    first, second = balie("scrub", given=given).stdout.splitlines()
    scrubbed = json.loads(first)
    assert scrubbed["id"] == 7
    assert "jan@example.org" not in scrubbed["text"]
    (span,) = scrubbed["spans"]
    assert (span["start"], span["end"], span["type"]) == (12, 27, "EMAIL")
    assert "é" in first
    assert json.loads(second) == {"id": "b", "text": "Prima", "spans": [], "case_numbers": []}


def test_user_agent_is_a_filter(balie: Balie) -> None:
    agent = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    given = json.dumps({"user_agent": agent, "client_hints": None}) + "\n"
    (row,) = map(json.loads, balie("user-agent", given=given).stdout.splitlines())
    assert row["browser"]["name"] == "Firefox"
    assert row["device"] == "desktop"
    assert row["bot"] is False


@pytest.mark.parametrize(
    "line", ["canary", "[1]", '{"id": 1}', '{"id": 1, "text": 2}', '{"id": 1, "text": "x", "lang": 3}']
)
def test_a_line_that_cannot_be_read_is_named_and_not_quoted(balie: Balie, line: str) -> None:
    good = '{"id": 0, "text": "Prima"}\n'
    result = balie("scrub", given=good + line + "\n", code=2)
    assert "line 2" in result.stderr
    assert "canary" not in result.stderr


def commands(group: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command there is, groups left out."""
    if not hasattr(group, "commands"):
        return [path]
    return [found for name, command in group.commands.items() for found in commands(command, (*path, name))]


def test_every_command_has_help_with_an_example() -> None:
    import typer

    every = commands(typer.main.get_command(app))
    assert ("failed", "replay") in every
    for command in every:
        result = CliRunner().invoke(app, [*command, "--help"])
        assert result.exit_code == 0, command
        assert "Example:" in result.stdout, command
