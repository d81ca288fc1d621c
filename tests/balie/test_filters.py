"""`balie scrub` and `balie user-agent` over standard input and output."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from balie.cli import app

Balie = Callable[..., Result]

TOWN_WORDS = """
keep_words = ["Jan Jansen"]
scrub_words = ["de lange arm"]
case_numbers = ['VBS\\d{6}']
"""


def line_of(text: str, **more: Any) -> str:
    return json.dumps({"id": 1, "lang": "nl", "text": text, **more}) + "\n"


def row_of(result: Result) -> Any:
    return json.loads(result.stdout)


@pytest.fixture
def with_town_words(settings_file: Path) -> None:
    """The town of the first settings with words and case numbers of its own."""
    text = settings_file.read_text()
    section = "[towns.voorbeeldstad]\n"
    assert section in text
    settings_file.write_text(text.replace(section, section + TOWN_WORDS))


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without settings."""
    folder = tmp_path / "nowhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("BALIE_SETTINGS", raising=False)
    return folder


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


def test_case_numbers_are_told_and_stay(balie: Balie) -> None:
    row = row_of(balie("scrub", given=line_of("Zaak ZAAK-2026-00012345, zaaknummer 1048576, mail jan@example.org")))
    assert row["case_numbers"] == ["ZAAK-2026-00012345", "1048576"]
    assert row["text"] == "Zaak ZAAK-2026-00012345, zaaknummer 1048576, mail [E-MAIL]"


def test_a_case_number_that_looks_like_personal_data_stays(balie: Balie, settings_file: Path) -> None:
    text = "Mijn nummer is 111222333, bel maar."  # has the checksum of a citizen service number
    assert "111222333" not in row_of(balie("scrub", given=line_of(text)))["text"]
    section = "[towns.voorbeeldstad]\n"
    settings_file.write_text(settings_file.read_text().replace(section, section + "case_numbers = ['\\d{9}']\n"))
    row = row_of(balie("scrub", given=line_of(text)))
    assert row == {"id": 1, "text": text, "spans": [], "case_numbers": ["111222333"]}


@pytest.mark.usefixtures("with_town_words")
@pytest.mark.parametrize("arguments", [(), ("--tenant", "voorbeeldstad")])
def test_a_towns_own_words_count(balie: Balie, arguments: tuple[str, ...]) -> None:
    row = row_of(
        balie("scrub", *arguments, given=line_of("Mijn naam is Jan Jansen, door De Lange Arm, over VBS123456"))
    )
    assert row["text"] == "Mijn naam is Jan Jansen, door [VERWIJDERD], over VBS123456"
    assert row["case_numbers"] == ["VBS123456"]


@pytest.mark.usefixtures("with_town_words")
def test_of_several_towns_one_is_named(balie: Balie, settings_file: Path) -> None:
    text = settings_file.read_text()
    other = '\n[towns.elders]\nname = "Elders"\nregion = "NL"\ntime_zone = "Europe/Amsterdam"\n'
    settings_file.write_text(text + other)
    given = line_of("de lange arm")
    assert row_of(balie("scrub", given=given))["text"] == "de lange arm"
    assert row_of(balie("scrub", "--tenant", "elders", given=given))["text"] == "de lange arm"
    assert row_of(balie("scrub", "--tenant", "voorbeeldstad", given=given))["text"] == "[VERWIJDERD]"
    assert "there are voorbeeldstad, elders" in balie("scrub", "--tenant", "canary", code=2, given=given).stderr


@pytest.mark.usefixtures("nowhere")
def test_scrub_needs_no_settings() -> None:
    given = line_of("Mijn naam is Jan Jansen, zaaknummer 1048576")
    result = CliRunner().invoke(app, ["scrub"], input=given)
    assert result.exit_code == 0, result.stderr
    row = row_of(result)
    assert "Jansen" not in row["text"]
    assert row["case_numbers"] == ["1048576"]


def test_settings_that_are_named_have_to_be_there(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments in (["--settings", "none.toml", "scrub"], ["scrub", "--tenant", "voorbeeldstad"]):
        assert CliRunner().invoke(app, arguments, input=line_of("Prima")).exit_code == 2
    monkeypatch.setenv("BALIE_SETTINGS", str(nowhere / "none.toml"))
    assert CliRunner().invoke(app, ["scrub"], input=line_of("Prima")).exit_code == 2


def test_a_pattern_of_a_town_that_cannot_be_used_is_named(balie: Balie, settings_file: Path) -> None:
    section = "[towns.voorbeeldstad]\n"
    settings_file.write_text(settings_file.read_text().replace(section, section + "case_numbers = ['(?=a)b']\n"))
    result = balie("scrub", code=2, given=line_of("Prima"))
    assert "towns.voorbeeldstad.case_numbers, pattern 1: not a regular expression in RE2's syntax" in result.stderr


def test_explain_shows_which_rule_took_what(balie: Balie) -> None:
    given = line_of("Zaak ZAAK-2026-00012345\nmail jan@example.org \x1b[31m\ud800") + line_of("Prima", id="b")
    said = balie("scrub", "--explain", given=given).stdout
    header, *rows, last = (line.strip() for line in said.splitlines() if line.strip())
    assert header == "1 (nl): Zaak ZAAK-2026-00012345\\nmail [E-MAIL] \\x1b[31m\\ud800"
    assert rows[0].split() == ["text", "type", "rule", "confidence"]
    assert rows[2].split() == ["ZAAK-2026-00012345", "CASE", "a", "case", "number:", "it", "stays"]
    taken, kind, *rule, confidence = rows[3].split()
    assert (taken, kind) == ("jan@example.org", "EMAIL")
    assert rule
    assert 0.5 < float(confidence) <= 1
    assert rows[4:] == ["b (nl): Prima"]
    assert last == "nothing was taken"


def test_user_agent_is_a_filter(balie: Balie) -> None:
    agent = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    given = json.dumps({"user_agent": agent, "client_hints": None}) + "\n"
    row = row_of(balie("user-agent", given=given))
    assert row["browser"]["name"] == "Firefox"
    assert row["device"] == "desktop"
    assert row["bot"] is False


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("canary", "it is no JSON"),
        ("[1]", "it is no JSON object"),
        ('{"id": 1}', "it has no text"),
        ('{"canary": 1}', "it has no id and no text"),
        ('{"id": 1, "text": 2}', "its text is of another kind"),
        ('{"id": 1, "text": "x", "lang": 3}', "its lang is of another kind"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_and_the_others_are_done(balie: Balie, line: str, reason: str) -> None:
    result = balie("scrub", given=f'{{"id": 0, "text": "Prima"}}\n\n{line}\n{{"id": 9, "text": "Prima"}}\n', code=1)
    assert [json.loads(out)["id"] for out in result.stdout.splitlines()] == [0, 9]
    assert result.stderr.startswith(f"balie: line 3: {reason}")
    assert result.stderr.count("\n") == 1
    assert "canary" not in result.stderr
    assert balie("user-agent", given="canary\n", code=1).stderr == "balie: line 1: it is no JSON in UTF-8\n"


def test_a_file_of_another_kind_does_not_fill_the_screen(balie: Balie) -> None:
    said = balie("scrub", given="canary\n" * 1_021, code=1).stderr.splitlines()
    assert len(said) == 21
    assert said[-1] == "balie: and 1,001 lines more"


def test_a_fault_at_one_line_costs_that_line_only(balie: Balie, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.personal_data import Scrubber

    scrub_all = Scrubber.scrub_all

    def fail(self: Scrubber, texts: Sequence[str], *given: Any, **more: Any) -> Any:
        if "canary" in texts:
            raise KeyError("canary")
        return scrub_all(self, texts, *given, **more)

    monkeypatch.setattr(Scrubber, "scrub_all", fail)
    result = balie("scrub", given=line_of("Goed") + line_of("canary") + "[]\n" + line_of("Prima"), code=1)
    assert [json.loads(line)["text"] for line in result.stdout.splitlines()] == ["Goed", "Prima"]
    assert "line 2: a fault in Balie (KeyError)" in result.stderr
    assert "line 3: it is no JSON object" in result.stderr
    assert "canary" not in result.output


@pytest.mark.usefixtures("nowhere")
def test_each_line_is_answered_when_it_comes() -> None:
    command = [sys.executable, "-m", "balie", "scrub"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        for number in range(3):
            process.stdin.write(line_of("Prima", id=number))
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()
        assert process.wait(30) == 0
