"""The commands over the real log, state and embedded warehouse."""

import json
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from balie.cli import app
from balie.open import open_log, open_state, open_warehouse, topics_of
from balie.settings import Settings
from schemas.failure import FailedEvent, Origin, Stage, failure_of_record
from schemas.topics import FAILURES, FEEDBACK
from storage.log.records import failure_record

Balie = Callable[..., Result]


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
        (["connectors", "show", "canary"], "there is no connector canary: choose one of"),
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


def test_connectors_list_and_show(balie: Balie) -> None:
    rows = {row["name"]: row for row in of_json(balie("connectors", "list", "--json"))}
    assert rows["form"]["channel"] == "web_form"
    assert rows["form"]["protocols"] == ["webhook"]
    assert rows["govmetric"]["protocols"] == ["webhook", "file"]
    shown = of_json(balie("connectors", "show", "form", "--json"))
    assert shown["urls"] == ["http://127.0.0.1:8400/v1/voorbeeldstad/website"]
    assert {setting["key"] for setting in shown["settings"]} >= {"public", "passwords", "asks"}
    assert "form" in balie("connectors", "list").stdout
    assert "passwords_file" in balie("connectors", "show", "form").stdout


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
