"""Opening the rooms from the settings: what stands behind each, and what is said where one cannot be opened."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from balie.first_settings import write
from balie.open import (
    migrations_folder,
    open_log,
    open_state,
    open_warehouse,
    sources,
    topics_of,
    warehouse_at_hand,
    warehouse_token,
)
from balie.settings import Settings, SettingsError, load
from connectors.base import Webhook
from schemas.feedback import Channel
from storage.errors import Fatal, Retriable
from storage.warehouse.migrations import migrate, pending

SOURCE = '\n[towns.voorbeeldstad.sources.desk]\nconnector = "form"\n'


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    path = tmp_path / "balie.toml"
    write(path)
    return path


def with_lines(path: Path, text: str, **environment: str) -> Settings:
    path.write_text(path.read_text() + text)
    return load(path, environment)


def test_the_first_settings_open_every_room(settings_file: Path, unused_tcp_port: int) -> None:
    settings = load(settings_file, {"BALIE_WAREHOUSE__URL": f"http://127.0.0.1:{unused_tcp_port}/balie"})
    log = open_log(settings)
    log.apply_topics(topics_of(settings))
    assert log.ends(topics_of(settings)[0].name) == {0: (0, 0)}
    log.close()
    with open_state(settings) as state:
        assert state.keys.list_keys() == []
    with pytest.raises(Retriable):
        open_warehouse(settings)
    for _ in range(2):  # it is let go of, so that it can be had again
        with warehouse_at_hand(settings) as warehouse:
            migrate(warehouse, migrations_folder())
            assert pending(warehouse, migrations_folder()) == []
            with warehouse_at_hand(settings) as same:
                assert same.rows("SELECT count() AS n FROM feedback") == [{"n": 0}]


def test_the_sources_of_the_first_settings(settings_file: Path) -> None:
    ((source, connector),) = sources(load(settings_file, {}))
    assert (source.tenant, source.name, source.connector) == ("voorbeeldstad", "website", "form")
    assert source.channel == Channel.WEB_FORM
    assert source.time_zone == "Europe/Amsterdam"
    assert isinstance(connector, Webhook)
    assert not connector.proves_sender


def test_a_sources_own_settings_and_secrets(settings_file: Path) -> None:
    (settings_file.parent / "pw").write_text("canary-new\ncanary-old\n")
    settings = with_lines(settings_file, SOURCE + 'channel = "counter"\npasswords_file = "pw"\nreasons = ["wachttijd"]')
    source, connector = sources(settings)[1]
    assert source.channel == Channel.COUNTER
    passwords = connector.passwords  # type: ignore[attr-defined]
    assert passwords == (SecretStr("canary-new"), SecretStr("canary-old"))
    assert "canary" not in repr(connector)


def test_a_sources_secret_from_the_environment(settings_file: Path) -> None:
    variable = "BALIE_TOWNS__VOORBEELDSTAD__SOURCES__DESK__PASSWORDS"
    settings = with_lines(settings_file, SOURCE, **{variable: "canary"})
    assert sources(settings)[1][1].passwords == (SecretStr("canary"),)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SOURCE.replace("form", "fourm"), "connector: there is no connector fourm: choose one of"),
        (SOURCE + 'publik = "canary"', "sources.desk.publik is no setting: did you mean public?"),
        (SOURCE + 'public = "canary"', "sources.desk.public: Input should be a valid boolean"),
        (SOURCE + 'passwords = ["canary"]', "is a secret and does not belong in this file"),
        (SOURCE + 'passwords_file = "canary-missing"', "is missing: write the secret to it"),
        (SOURCE, "set one of public, passwords and secrets"),
    ],
)
def test_a_source_that_cannot_work_says_where_and_how(settings_file: Path, text: str, expected: str) -> None:
    settings = with_lines(settings_file, text)
    with pytest.raises(SettingsError) as caught:
        sources(settings)
    (problem,) = caught.value.problems
    assert expected in problem
    assert problem.startswith("balie.toml, line ")
    assert '"canary"' not in problem


def test_the_token_of_the_warehouse(settings_file: Path) -> None:
    settings = load(settings_file, {})
    assert settings.warehouse.token_file is not None
    assert warehouse_token(settings) == settings.warehouse.token_file.read_text().strip()
    assert warehouse_token(load(settings_file, {"BALIE_WAREHOUSE__TOKEN": "other"})) == "other"
    settings.warehouse.token_file.write_text("\n")
    with pytest.raises(Fatal, match="is empty"):
        warehouse_token(settings)
    settings.warehouse.token_file.unlink()
    with pytest.raises(Fatal, match="balie init"):
        warehouse_token(settings)
    server = {"BALIE_WAREHOUSE__KIND": "server", "BALIE_WAREHOUSE__URL": "http://clickhouse.example:8123/balie"}
    assert warehouse_token(load(settings_file, server)) is None


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # in Kafka's client
def test_kafkas_settings_go_to_its_client(settings_file: Path) -> None:
    from storage.log.kafka import KafkaLog

    environment = {
        "BALIE_LOG__KIND": "kafka",
        "BALIE_LOG__SECURITY": "sasl_plaintext",
        "BALIE_LOG__USERNAME": "balie",
        "BALIE_LOG__PASSWORD": "canary",
        "BALIE_LOG__TOPIC_PREFIX": "town.",
        "BALIE_LOG__PARTITIONS": "3",
    }
    settings = load(settings_file, environment)
    log = open_log(settings)  # connects when it is first used
    assert isinstance(log, KafkaLog)
    assert "canary" not in repr(log)
    assert [(topic.name, topic.partitions) for topic in topics_of(settings)] == [
        ("town.balie.feedback", 3),
        ("town.balie.failures", 3),
    ]
    log.close()
