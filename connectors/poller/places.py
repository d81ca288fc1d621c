"""Where files come from: a watched folder, a folder on an SFTP server, a mailbox whose attachments are files."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from connectors.poller.http import SECONDS, Away

if TYPE_CHECKING:
    from paramiko import SFTPAttributes, SFTPClient, SSHClient

MOST_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PlacedFile:
    """A file where it lies. `stamp` changes when its content may have; `read` gives the content.

    `remove` takes it away, once what is in it is durable; a place that cannot does nothing.
    """

    name: str
    stamp: tuple[object, ...]
    size: int
    read: Callable[[], bytes] = field(repr=False)
    remove: Callable[[], None] = field(repr=False)


class Place(Protocol):
    """Somewhere that files appear. Away where it cannot be looked into."""

    def files(self) -> Iterator[PlacedFile]:
        """The files that are there, in the order of their names; not those that are still being written by name."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine."""

    path: Path
    pattern: str = "*"

    def files(self) -> Iterator[PlacedFile]:
        try:
            entries = sorted(self.path.iterdir())
        except OSError as error:
            raise Away(f"its folder cannot be read ({error.strerror}): mend the path or its rights") from None
        for path in entries:
            if not is_wanted(path.name, self.pattern):
                continue
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            if stat.S_ISREG(status.st_mode):
                stamp = (status.st_size, status.st_mtime_ns)
                yield PlacedFile(path.name, stamp, status.st_size, path.read_bytes, path.unlink)


@dataclass(frozen=True, slots=True)
class Sftp:
    """A folder on an SFTP server (SSH File Transfer Protocol).

    `host_key` is the server's public key as in a known_hosts file ('ssh-ed25519 AAAA…'); it is what proves the server.
    """

    host: str
    port: int
    user: str
    host_key: str
    folder: str
    pattern: str = "*"
    password: str | None = field(default=None, repr=False)
    key_file: Path | None = None

    def files(self) -> Iterator[PlacedFile]:
        import paramiko

        try:
            with closing(self._connected()) as client, client.open_sftp() as sftp:
                for entry in sorted(sftp.listdir_attr(self.folder), key=lambda entry: entry.filename):
                    regular = entry.st_mode is None or stat.S_ISREG(entry.st_mode)
                    if regular and is_wanted(entry.filename, self.pattern):
                        yield self._placed(sftp, entry)
        except (paramiko.SSHException, OSError, EOFError) as error:
            # What a server says may be anything; the type of the error is ours.
            raise Away(f"its SFTP server cannot be used ({type(error).__name__}): mend its settings") from None

    def _connected(self) -> SSHClient:
        import paramiko

        client = paramiko.SSHClient()
        kind, _, key = self.host_key.partition(" ")
        name = self.host if self.port == paramiko.config.SSH_PORT else f"[{self.host}]:{self.port}"
        entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{name} {kind} {key}")
        if entry is None or entry.key is None:
            raise paramiko.SSHException("no public key")
        client.get_host_keys().add(name, kind, entry.key)
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        client.connect(
            self.host,
            self.port,
            self.user,
            self.password,
            key_filename=str(self.key_file) if self.key_file else None,
            timeout=SECONDS,
            allow_agent=False,
            look_for_keys=False,
        )
        return client

    def _placed(self, sftp: SFTPClient, entry: SFTPAttributes) -> PlacedFile:
        name, size = entry.filename, entry.st_size or 0
        path = f"{self.folder.rstrip('/')}/{name}"

        def read() -> bytes:
            with sftp.open(path, "rb") as file:
                file.prefetch(size)
                return bytes(file.read())

        return PlacedFile(name, (size, entry.st_mtime), size, read, lambda: sftp.remove(path))


def is_wanted(name: str, pattern: str) -> bool:
    """Whether a name is one of the pattern's, and not one that programs give to files they are still writing."""
    unfinished = name.startswith((".", "~$")) or name.endswith((".part", ".tmp", ".filepart", ".crdownload"))
    return fnmatch(name, pattern) and not unfinished
