"""The master key's file and environment variable, and what is said when they are wrong."""

import stat
from base64 import b64encode
from pathlib import Path

import pytest

from storage.errors import Fatal
from storage.state.master_key import MasterKey, create_master_key, load_master_key

SECRET = b"\xfb" * 32
TEXT = b64encode(SECRET).decode()
NAME = "BALIE_TEST_MASTER_KEY"


def test_a_new_master_key_is_for_its_owner_only_and_loads_again(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "master.key"
    made = create_master_key(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_master_key(file=path).fingerprint == made.fingerprint
    assert create_master_key(tmp_path / "other").fingerprint != made.fingerprint


def test_a_master_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    create_master_key(path)
    content = path.read_bytes()
    with pytest.raises(Fatal, match="exists"):
        create_master_key(path)
    assert path.read_bytes() == content


def test_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "master.key"
    from_file = create_master_key(path)
    assert load_master_key(file=path, env=NAME).fingerprint == from_file.fingerprint
    monkeypatch.setenv(NAME, f"{TEXT}\n")
    assert load_master_key(file=path, env=NAME).fingerprint == MasterKey(SECRET).fingerprint
    assert load_master_key(env=NAME).fingerprint == MasterKey(SECRET).fingerprint


@pytest.mark.parametrize("text", ["", "x", TEXT[:-4], TEXT + TEXT, "é" * 44, "!" + TEXT[1:]])
def test_what_is_no_master_key_is_refused_without_being_quoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "master.key"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(Fatal, match="32 bytes in base64") as caught:
        load_master_key(file=path)
    assert len(text) < 2 or text not in str(caught.value)


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o620])
def test_a_file_that_others_can_reach_is_refused_with_the_mend(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    create_master_key(path)
    path.chmod(mode)
    with pytest.raises(Fatal, match="chmod 600"):
        load_master_key(file=path)
    path.chmod(0o440)  # as Kubernetes mounts a secret
    load_master_key(file=path)


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="is missing"):
        load_master_key(file=tmp_path / "none")
    with pytest.raises(Fatal, match="no master key is configured"):
        load_master_key(env=NAME)


def test_wrapped_bytes_open_only_unchanged_and_under_their_label() -> None:
    master = MasterKey(SECRET)
    wrapped = master.wrap(b"k" * 32, "t|ip|2026-04|1")
    assert master.unwrap(wrapped, "t|ip|2026-04|1") == b"k" * 32
    assert master.wrap(b"k" * 32, "t|ip|2026-04|1") != wrapped
    changed = [
        wrapped[:position] + bytes([wrapped[position] ^ 1]) + wrapped[position + 1 :] for position in (0, 12, -1 % 60)
    ]
    for wrong, label in [
        (wrapped, "t|ip|2026-05|1"),
        (b"", "t|ip|2026-04|1"),
        *((one, "t|ip|2026-04|1") for one in changed),
    ]:
        with pytest.raises(Fatal, match="does not open"):
            master.unwrap(wrong, label)
