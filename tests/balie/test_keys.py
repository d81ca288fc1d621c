"""How keys end, and how their master key is changed, over the real state and embedded warehouse."""

import json
import sqlite3
from base64 import b64decode
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from typer.testing import Result

from balie.keys import IN_USE, clear_ended, ended
from balie.open import migrations_folder, open_state, open_warehouse
from balie.settings import Settings, load
from pipelines.enrich.ip_hash import hash_ip
from storage.errors import Retriable
from storage.state.keys import CACHE_SECONDS, MONTHS_KEPT, HashKey
from storage.state.store import State
from storage.warehouse.client import Warehouse
from storage.warehouse.erasure import clear_hashes
from storage.warehouse.migrations import migrate

Balie = Callable[..., Result]

TOWN = "voorbeeldstad"
ADDRESS = "192.0.2.7"
NOW = datetime.now(UTC)


def first_of_month(months_ago: int) -> datetime:
    months = NOW.year * 12 + NOW.month - 1 - months_ago
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


ENDED, LIVE = first_of_month(MONTHS_KEPT), first_of_month(MONTHS_KEPT - 1)


def make_key(state: State, month: datetime) -> HashKey:
    """The key of that month, as it was made at its beginning."""
    key = state.keys.ip_key(TOWN, f"{month:%Y-%m}", month)
    assert key is not None
    return key


def hash_with(key: HashKey) -> bytes:
    (hashed,) = hash_ip([ADDRESS], key.secret)
    assert hashed is not None
    return hashed


def load_rows(warehouse: Warehouse, *keys: HashKey, first: int = 0) -> None:
    """A row a key, with the address's hash."""
    migrate(warehouse, migrations_folder())
    count = len(keys)
    rows = {
        "tenant": [TOWN] * count,
        "feedback_id": pa.array([(first + row).to_bytes(16) for row in range(count)], pa.binary(16)),
        "version": pa.array([b"\1" + bytes(31)] * count, pa.binary(32)),
        "received_at": pa.array([NOW] * count, pa.timestamp("ms", "UTC")),
        "service": ["paspoort"] * count,
        "ip_hash": pa.array([hash_with(key) for key in keys], pa.binary(16)),
        "ip_key": [key.key_id for key in keys],
    }
    warehouse.insert_arrow("feedback", pa.table(rows))


def wrapped_keys(settings: Settings) -> dict[str, bytes | None]:
    """What the state store holds of each key, past all our code."""
    with closing(sqlite3.connect(settings.state.folder / "state.sqlite")) as connection:
        return dict(connection.execute("SELECT key_id, wrapped FROM hash_keys"))


def is_in_a_file(settings: Settings, secret: bytes) -> bool:
    """Whether any twelve bytes of it, one after the other, are in a file of the state store."""
    pieces = [secret[start : start + 12] for start in range(len(secret) - 11)]
    files = [path.read_bytes() for path in settings.state.folder.rglob("*") if path.is_file()]
    assert files
    return any(piece in content for content in files for piece in pieces)


def hashes_anyone_can_make(settings: Settings) -> set[bytes | None]:
    """Of the known address, with every secret there is: each key of the state at a time when it was given out, and
    the master key itself."""
    secrets = [b64decode(settings.keys.master_key_file.read_bytes())]
    with open_state(settings) as state:
        for record in state.keys.list_keys():
            if record.purpose == "person":
                secrets.append(state.keys.person_key(record.tenant).secret)
            else:
                then = datetime.strptime(record.period, "%Y-%m").replace(tzinfo=UTC)
                key = state.keys.ip_key(record.tenant, record.period, then)
                secrets += [key.secret] if key else []
    return {hashed for secret in secrets for hashed in hash_ip([ADDRESS], secret)}


def rows_of(settings: Settings) -> list[dict[str, Any]]:
    with open_warehouse(settings) as warehouse:
        return warehouse.rows("SELECT service, ip_hash, ip_key FROM feedback FINAL ORDER BY feedback_id")


@pytest.fixture
def out_of_use_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pipeline runs here that would have to be waited for."""
    monkeypatch.setattr("balie.keys.IN_USE", timedelta(0))


@pytest.mark.usefixtures("out_of_use_at_once")
def test_after_destruction_nobody_can_test_a_guess(balie: Balie, settings: Settings) -> None:
    with open_state(settings) as state:
        over, live = make_key(state, ENDED), make_key(state, LIVE)
        state.keys.person_key(TOWN)
    with open_warehouse(settings) as warehouse:
        load_rows(warehouse, over, over, live)
    known = hash_with(over)  # as someone may have copied it from the warehouse before
    wrapped = wrapped_keys(settings)[over.key_id]
    assert wrapped is not None
    assert is_in_a_file(settings, wrapped)
    assert known in hashes_anyone_can_make(settings)

    assert json.loads(balie("keys", "destroy", "--yes", "--json").stdout) == {
        "destroyed": True,
        "keys": [{"key_id": over.key_id, "tenant": TOWN, "period": f"{ENDED:%Y-%m}", "rows": 2}],
    }

    assert wrapped_keys(settings)[over.key_id] is None
    assert not is_in_a_file(settings, wrapped)
    assert not is_in_a_file(settings, over.secret)
    still = hashes_anyone_can_make(settings)
    assert known not in still
    assert hash_with(live) in still  # else this could not fail
    emptied = {"service": "paspoort", "ip_hash": None, "ip_key": ""}
    assert rows_of(settings) == [
        emptied,
        emptied,
        {"service": "paspoort", "ip_hash": hash_with(live), "ip_key": live.key_id},
    ]
    with open_state(settings) as state:
        (record,) = [key for key in state.keys.list_keys() if key.key_id == over.key_id]
        assert record.destroyed_at is not None
        assert record.hashes_cleared_at is not None
    assert "nothing to do" in balie("keys", "destroy").stdout


def test_destroying_is_a_dry_run_unless_told(balie: Balie, settings: Settings) -> None:
    with open_state(settings) as state:
        over, live = make_key(state, ENDED), make_key(state, LIVE)
    with open_warehouse(settings) as warehouse:
        load_rows(warehouse, over, live)
    before = rows_of(settings), wrapped_keys(settings)
    said = balie("keys", "destroy").stdout
    assert over.key_id in said
    assert live.key_id not in said
    assert "nothing was done" in said
    assert json.loads(balie("keys", "destroy", "--json").stdout) == {
        "destroyed": False,
        "keys": [{"key_id": over.key_id, "tenant": TOWN, "period": f"{ENDED:%Y-%m}", "rows": 1}],
    }
    assert (rows_of(settings), wrapped_keys(settings)) == before


def test_the_key_goes_first_and_pipelines_that_may_use_it_are_waited_for(
    balie: Balie, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_state(settings) as state:
        over = make_key(state, ENDED)
    with open_warehouse(settings) as warehouse:
        load_rows(warehouse, over)
    waited: list[float] = []

    def stop(seconds: float) -> None:
        waited.append(seconds)
        raise RuntimeError

    monkeypatch.setattr("balie.keys.time.sleep", stop)
    balie("keys", "destroy", "--yes", code=1)
    # A pipeline may have had the key from its cache just now, and be loading what it hashed with it.
    assert waited == [pytest.approx(2 * CACHE_SECONDS, abs=30)]
    assert wrapped_keys(settings) == {over.key_id: None}
    (row,) = rows_of(settings)
    assert row["ip_hash"] is not None


@pytest.mark.usefixtures("out_of_use_at_once")
def test_a_second_run_clears_what_the_first_left(balie: Balie, settings: Settings) -> None:
    with open_state(settings) as state:
        over = make_key(state, ENDED)
        state.keys.destroy_expired(NOW)  # and then the command was killed
    with open_warehouse(settings) as warehouse:
        load_rows(warehouse, over)
    assert json.loads(balie("keys", "destroy", "--yes", "--json").stdout)["keys"][0]["rows"] == 1
    assert [row["ip_hash"] for row in rows_of(settings)] == [None]


def test_tidy_leaves_hashes_that_may_still_come_in_for_the_next_time(
    balie: Balie, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_state(settings) as state:
        over = make_key(state, ENDED)
    with open_warehouse(settings) as warehouse:
        load_rows(warehouse, over)
    balie("topics", "apply")
    balie("tidy")
    assert wrapped_keys(settings) == {over.key_id: None}
    assert [row["ip_key"] for row in rows_of(settings)] == [over.key_id]
    monkeypatch.setattr("balie.keys.IN_USE", timedelta(0))
    balie("tidy")
    assert [row["ip_key"] for row in rows_of(settings)] == [""]


def test_hashes_are_cleared_when_their_key_is_out_of_use_and_not_before(settings: Settings) -> None:
    with open_state(settings) as state, open_warehouse(settings) as warehouse:
        over = make_key(state, ENDED)
        load_rows(warehouse, over)
        state.keys.destroy_expired(NOW)
        assert clear_ended(state.keys, warehouse, NOW + IN_USE) == []
        assert [one.rows for one in ended(state.keys, warehouse, NOW)] == [1]
        assert [one.rows for one in clear_ended(state.keys, warehouse, NOW + 2 * IN_USE)] == [1]
        assert ended(state.keys, warehouse, NOW) == []


def test_hashes_that_an_older_copy_of_the_warehouse_brings_back_are_cleared_again(settings: Settings) -> None:
    with open_state(settings) as state, open_warehouse(settings) as warehouse:
        over = make_key(state, ENDED)
        load_rows(warehouse, over)
        state.keys.destroy_expired(NOW)
        clear_ended(state.keys, warehouse, NOW + 2 * IN_USE)
        load_rows(warehouse, over, first=1)
        assert [one.rows for one in clear_ended(state.keys, warehouse, NOW + 3 * IN_USE)] == [1]
        assert ended(state.keys, warehouse, NOW) == []


def test_rows_that_come_in_meanwhile_leave_the_key_open(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_state(settings) as state, open_warehouse(settings) as warehouse:
        over = make_key(state, ENDED)
        load_rows(warehouse, over)
        state.keys.destroy_expired(NOW)

        def clear_and_load(warehouse: Warehouse, key_ids: list[str]) -> None:
            clear_hashes(warehouse, key_ids)
            load_rows(warehouse, over, first=1)

        monkeypatch.setattr("balie.keys.clear_hashes", clear_and_load)
        with pytest.raises(Retriable, match="do it again"):
            clear_ended(state.keys, warehouse, NOW + 2 * IN_USE)
        assert [record.hashes_cleared_at for record in state.keys.list_keys()] == [None]


def test_a_pipelines_keys_are_out_of_use_by_then() -> None:
    assert timedelta(seconds=CACHE_SECONDS) < IN_USE


def test_keys_list_shows_no_key(balie: Balie, settings: Settings) -> None:
    with open_state(settings) as state:
        secret = state.keys.person_key(TOWN).secret
    (row,) = json.loads(balie("keys", "list", "--json").stdout)
    assert (row["tenant"], row["purpose"], row["destroyed_at"]) == (TOWN, "person", None)
    assert secret.hex() not in balie("keys", "list").stdout
    assert set(row) == {
        "key_id", "tenant", "purpose", "period", "created_at", "destroyed_at", "hashes_cleared_at"
    }  # fmt: skip


def test_rewrap_changes_the_master_key_and_says_what_is_next(
    balie: Balie, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_state(settings) as state:
        secret = state.keys.person_key(TOWN).secret
    (old,) = wrapped_keys(settings).values()
    assert old is not None
    new = tmp_path / "vault" / "new.key"
    assert "--create" in balie("keys", "rewrap", "--new-master-key-file", str(new), code=1).stderr

    said = balie("keys", "rewrap", "--new-master-key-file", str(new), "--create").stdout
    assert f'master_key_file = "{new}"' in said
    assert str(settings.keys.master_key_file) in said
    assert b64decode(new.read_bytes()).hex() not in said
    assert new.stat().st_mode & 0o777 == 0o600
    assert not is_in_a_file(settings, old)
    assert "another master key" in balie("doctor", code=1).stdout

    monkeypatch.setenv("BALIE_KEYS__MASTER_KEY_FILE", str(new))
    with open_state(load(settings.path)) as state:
        assert state.keys.person_key(TOWN).secret == secret
    # Once more, now that the settings name it: nothing changes.
    again = json.loads(balie("keys", "rewrap", "--new-master-key-file", str(new), "--create", "--json").stdout)
    assert again["rewrapped"] == 1
    assert not any("master_key_file" in step for step in again["next"])


def test_rewrap_again_after_an_interruption(
    balie: Balie, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_state(settings) as state:
        state.keys.person_key(TOWN)
    (old,) = wrapped_keys(settings).values()
    assert old is not None
    arguments = ("keys", "rewrap", "--new-master-key-file", str(tmp_path / "new.key"), "--create")
    with monkeypatch.context() as patched:

        def stop(_: object) -> None:
            raise RuntimeError

        patched.setattr("storage.state.sqlite.SqliteDatabase.scrub", stop)
        balie(*arguments, code=1)
    key = (tmp_path / "new.key").read_bytes()
    assert "1 keys" in balie(*arguments).stdout
    assert (tmp_path / "new.key").read_bytes() == key
    assert not is_in_a_file(settings, old)


def test_rewrap_with_the_master_key_in_the_environment_names_the_variable(
    balie: Balie, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BALIE_MASTER_KEY", settings.keys.master_key_file.read_text())
    said = balie("keys", "rewrap", "--new-master-key-file", str(tmp_path / "new.key"), "--create").stdout
    assert "set BALIE_MASTER_KEY" in said


def test_a_new_master_key_does_not_lie_beside_the_state(balie: Balie, settings: Settings) -> None:
    file = settings.state.folder / "new.key"
    result = balie("keys", "rewrap", "--new-master-key-file", str(file), "--create", code=2)
    assert "one backup would hold both" in result.stderr
    assert not file.exists()
