"""Where the files of a source lie, as its settings say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from balie.settings import FilesSettings, MailboxSettings, SettingsError, SftpSettings
from connectors.base import MAILBOX_SCOPE, File, Source
from connectors.poller.files import Watched
from connectors.poller.http import Caller
from connectors.poller.loop import Rounds
from connectors.poller.mailbox import Mailbox
from connectors.poller.mails import Mailed, files_in
from connectors.poller.places import Folder, Place, Sftp
from connectors.poller.tokens import tokens_of
from connectors.rows import Keeper
from storage.state.store import State


def rounds_of(
    files: FilesSettings, source: Source, connector: File, state: State, keeper: Keeper, caller: Caller
) -> Rounds:
    """What takes the files of a source; `caller` asks for access tokens. SettingsError where a secret of the place
    cannot be read."""
    if files.mailbox is not None:
        account = _account(files.mailbox)
        mailbox = Mailbox(account, tokens_of(account, caller))
        return Mailed(source, mailbox, state.cursors, keeper, files_in(connector, files.pattern))
    place: Place
    if files.sftp is not None:
        place = _sftp(files.sftp, files.pattern)
    elif files.folder is not None:
        place = Folder(files.folder, files.pattern)
    else:
        raise SettingsError("files: name one of folder, sftp and mailbox")
    return Watched(source, connector, place, state.taken_files, keeper, remove=files.remove)


@dataclass(frozen=True, slots=True)
class _Account:
    host: str
    port: int
    tls: str
    user: str
    password: SecretStr | None
    token_url: str | None
    client_id: str | None
    client_secret: SecretStr | None
    scope: str
    folder: str
    mark_seen: bool


def _account(mailbox: MailboxSettings) -> _Account:
    return _Account(
        host=mailbox.host,
        port=mailbox.port,
        tls=mailbox.tls,
        user=mailbox.user,
        password=SecretStr(_secret(mailbox.password_file)) if mailbox.password_file else None,
        token_url=mailbox.token_url,
        client_id=mailbox.client_id,
        client_secret=SecretStr(_secret(mailbox.client_secret_file)) if mailbox.client_secret_file else None,
        scope=mailbox.scope or MAILBOX_SCOPE,
        folder=mailbox.folder,
        mark_seen=mailbox.mark_seen,
    )


def _sftp(sftp: SftpSettings, pattern: str) -> Sftp:
    return Sftp(
        host=sftp.host,
        port=sftp.port,
        user=sftp.user,
        host_key=sftp.host_key,
        folder=sftp.folder,
        pattern=pattern,
        password=_secret(sftp.password_file) if sftp.password_file else None,
        key_file=sftp.key_file,
    )


def _secret(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{path} cannot be read: write the secret to it, and mend its rights") from None
