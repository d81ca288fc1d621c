"""The settings: one file, the environment over it, secrets from elsewhere, and errors that say how to mend."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from balie.first_settings import DATA, write
from balie.settings import Settings, SettingsError, load, problems_of, read_secrets

TOWN = """
[towns.assendorp]
name = "Gemeente Assendorp"
region = "NL"
time_zone = "Europe/Amsterdam"
"""


def loaded(folder: Path, text: str = "", **environment: str) -> Settings:
    path = folder / "balie.toml"
    path.write_text(text)
    return load(path, environment)


def problems(folder: Path, text: str = "", **environment: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        loaded(folder, text, **environment)
    return list(caught.value.problems)


def test_an_empty_file_is_the_embedded_default_in_one_folder(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    data = tmp_path / ".balie"
    assert settings.data == data
    assert settings.log.kind == "sqlite"
    assert settings.log.folder == data / "log"
    assert settings.warehouse.folder == data / "warehouse"
    assert settings.state.folder == data / "state"
    assert settings.keys.master_key_file == data / "master.key"
    assert settings.collector.spool_folder == data / "spool"
    assert settings.towns == {}


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    settings = loaded(tmp_path, 'data = "kept"\n[log]\nfolder = "/var/lib/balie-log"')
    assert settings.state.folder == tmp_path / "kept" / "state"
    assert settings.log.folder == Path("/var/lib/balie-log")


def test_what_init_writes_loads_and_every_default_it_shows_is_the_default(tmp_path: Path) -> None:
    path = tmp_path / "balie.toml"
    written = write(path)
    as_written = load(path, {})
    shown, defaults = re.subn(r"(?m)^# (?=[a-z_]+ = )", "", path.read_text())
    assert defaults > 15
    path.write_text(shown)
    assert load(path, {}).model_dump() == as_written.model_dump()
    assert [file.name for file in written] == ["balie.toml", "master.key", "warehouse.token"]
    assert {file.stat().st_mode & 0o777 for file in written[1:]} == {0o600}
    assert (tmp_path / DATA).stat().st_mode & 0o777 == 0o700
    assert as_written.warehouse.token_file == written[2]


def test_the_environment_wins(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        '[log]\nkind = "sqlite"\n[collector]\nport = 1\n' + TOWN + "[towns.assendorp.sources.balie-noord]\n"
        'connector = "form"\n',
        BALIE_LOG__KIND="kafka",
        BALIE_LOG__BOOTSTRAP='["a:9092", "b:9092"]',
        BALIE_COLLECTOR__PORT="8401",
        BALIE_DATA="/srv/balie",
        BALIE_TOWNS__ASSENDORP__SOURCES__BALIE_NOORD__CHANNEL="counter",
        BALIE_SETTINGS="ignored",
        BALIE_MASTER_KEY="ignored",
        PATH="ignored",
    )
    assert settings.log.kind == "kafka"
    assert settings.log.bootstrap == ("a:9092", "b:9092")
    assert settings.collector.port == 8401
    assert settings.state.folder == Path("/srv/balie/state")
    assert settings.towns["assendorp"].sources["balie-noord"].channel == "counter"


def test_an_unknown_key_names_the_nearest_one_and_its_line(tmp_path: Path) -> None:
    assert problems(tmp_path, '[log]\nkind = "sqlite"\nfoldr = "x"\n\n[wharehouse]\nurl = "http://localhost"') == [
        "balie.toml, line 3: log.foldr is no setting: did you mean folder?",
        "balie.toml, line 5: wharehouse is no setting: did you mean warehouse?",
    ]


def test_an_unknown_key_of_a_town_and_of_the_environment(tmp_path: Path) -> None:
    found = problems(tmp_path, TOWN + 'timezone = "Europe/Amsterdam"', BALIE_LOGG__KIND="kafka")
    assert "balie.toml, line 6: towns.assendorp.timezone is no setting: did you mean time_zone?" in found
    assert "BALIE_LOGG__KIND: logg is no setting: did you mean log?" in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[collector]\nport = "canary"', "balie.toml, line 2: collector.port: Input should be a valid integer"),
        ('[log]\nkind = "canary"', "balie.toml, line 2: log.kind: Input should be 'sqlite' or 'kafka'"),
        (
            TOWN.replace("Europe/Amsterdam", "canary"),
            "balie.toml, line 5: towns.assendorp.time_zone is no zone of the IANA database",
        ),
        (TOWN + "case_numbers = ['ok', '(canary']", "line 6: towns.assendorp.case_numbers.1 is no regular expression"),
        (TOWN.replace("assendorp", "Canary"), "line 2: towns.Canary: a name is a small letter"),
        ("[towns.assendorp]\nname = 'x'\nregion = 'NL'", "line 1: towns.assendorp.time_zone is missing: add it"),
        (
            "[warehouse]\nurl = 'http://canary.example:8123/balie'",
            "warehouse.url of the embedded warehouse is http://127.0.0.1:port/database",
        ),
        ("log = 'canary'", "balie.toml, line 1: log: Input should be"),
        ("[log]\nkind = canary\n", "is no TOML (at line 2"),
    ],
)
def test_a_wrong_value_names_its_place_and_is_not_quoted(tmp_path: Path, text: str, expected: str) -> None:
    found = problems(tmp_path, text)
    assert any(expected in problem for problem in found), found
    assert not any("canary" in problem for problem in found)


def test_a_missing_file_names_the_mend(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="balie init"):
        load(tmp_path / "balie.toml", {})


def test_a_secret_in_the_file_is_refused_and_not_quoted(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, '[log]\npassword = "canary"')
    assert "name that in password_file, or set BALIE_LOG__PASSWORD" in problem
    assert "canary" not in problem


def test_a_secret_from_its_file_or_the_environment_is_never_shown(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("canary-one\n")
    by_file = loaded(tmp_path, '[log]\npassword_file = "pw"')
    by_variable = loaded(tmp_path, '[log]\npassword_file = "missing"', BALIE_LOG__PASSWORD="canary-two")
    assert by_file.log.password is not None
    assert by_file.log.password.get_secret_value() == "canary-one"
    assert by_variable.log.password is not None
    assert by_variable.log.password.get_secret_value() == "canary-two"
    for settings in (by_file, by_variable):
        assert "canary" not in repr(settings)
        assert "canary" not in str(settings)
        assert "canary" not in settings.model_dump_json()


def test_a_secret_whose_file_is_missing_or_empty(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    assert "line 2: log.password_file" in problems(tmp_path, '[log]\npassword_file = "missing"')[0]
    assert "is empty" in problems(tmp_path, '[log]\npassword_file = "empty"')[0]


def test_a_sources_own_settings_are_not_in_its_repr(tmp_path: Path) -> None:
    settings = loaded(tmp_path, TOWN + '[towns.assendorp.sources.sms]\nconnector = "twilio"\nauth_token = "canary"')
    assert "canary" not in repr(settings)
    assert settings.towns["assendorp"].sources["sms"].own == {"auth_token": "canary"}


def test_several_secrets_are_a_line_each(tmp_path: Path) -> None:
    class Own(BaseModel):
        tokens: tuple[SecretStr, ...]
        number: int = 1

    (tmp_path / "tokens").write_text("new\nold\n")
    settings = loaded(tmp_path)
    given: dict[str, Any] = {"tokens_file": "tokens", "number": 2}
    assert read_secrets(Own, given, ("s",), settings.places, tmp_path) == {"tokens": ["new", "old"], "number": 2}


def test_no_problem_quotes_what_was_given(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({"log": {"partitions": "canary"}, "towns": {"a": {"region": "canary"}}})
    assert "canary" not in " ".join(problems_of(caught.value, Settings, (), settings.places))
    assert "canary" not in str(caught.value)
