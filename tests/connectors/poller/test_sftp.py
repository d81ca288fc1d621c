"""Files on a real SFTP server, on loopback."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest

from connectors.poller.http import Away
from connectors.poller.places import Sftp


class Login(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:
        good = (username, password) == ("town", "secret")
        return paramiko.common.AUTH_SUCCESSFUL if good else paramiko.common.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.common.OPEN_SUCCEEDED


class Files(paramiko.SFTPServerInterface):
    """A folder, as the SFTP server shows it."""

    root: Path

    def _at(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes]:
        return [paramiko.SFTPAttributes.from_stat(entry.stat(), entry.name) for entry in os.scandir(self._at(path))]

    def stat(self, path: str) -> paramiko.SFTPAttributes:
        return paramiko.SFTPAttributes.from_stat(self._at(path).stat())

    lstat = stat

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle:
        handle = paramiko.SFTPHandle(flags)
        handle.readfile = self._at(path).open("rb")  # type: ignore[attr-defined]
        return handle

    def remove(self, path: str) -> int:
        self._at(path).unlink()
        return paramiko.sftp.SFTP_OK


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "served"
    (folder / "out").mkdir(parents=True)
    return folder


@pytest.fixture
def server(folder: Path) -> Iterator[Sftp]:
    key = paramiko.ECDSAKey.generate()
    listening = socket.create_server(("127.0.0.1", 0))
    transports: list[paramiko.Transport] = []
    served = type("Served", (Files,), {"root": folder})

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transports.append(transport)
            transport.add_server_key(key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, served)
            try:
                transport.start_server(server=Login())
            except (paramiko.SSHException, EOFError):
                continue

    thread = threading.Thread(target=serve)
    thread.start()
    host_key = f"{key.get_name()} {key.get_base64()}"
    yield Sftp("127.0.0.1", listening.getsockname()[1], "town", host_key, "out", "*.csv", password="secret")
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    for transport in transports:
        transport.close()
    thread.join(5)


def test_files_are_listed_read_and_removed(server: Sftp, folder: Path) -> None:
    (folder / "out" / "a.csv").write_bytes(b"a" * 100_000)
    (folder / "out" / "b.csv").write_bytes(b"b")
    (folder / "out" / "c.csv.part").write_bytes(b"c")
    (folder / "out" / "d.txt").write_bytes(b"d")
    found = []
    for file in server.files():
        found.append((file.name, file.size, file.read()))
        if file.name == "b.csv":
            file.remove()
    assert found == [("a.csv", 100_000, b"a" * 100_000), ("b.csv", 1, b"b")]
    assert [file.name for file in server.files()] == ["a.csv"]


def test_a_server_that_is_another_is_not_talked_to(server: Sftp) -> None:
    other = paramiko.ECDSAKey.generate()
    with pytest.raises(Away, match="BadHostKey"):
        list(replace(server, host_key=f"{other.get_name()} {other.get_base64()}").files())


@pytest.mark.parametrize(
    "change",
    [{"password": "wrong"}, {"folder": "nowhere"}, {"port": 1}, {"host_key": "ssh-ed25519 AAAA"}],
)
def test_what_does_not_work_is_away_and_says_no_secret(server: Sftp, change: dict[str, object]) -> None:
    with pytest.raises(Away) as caught:
        list(replace(server, **change).files())  # type: ignore[arg-type]
    assert "wrong" not in str(caught.value)
