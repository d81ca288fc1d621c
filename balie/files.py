"""Where the files of a source lie, as its settings say."""

from __future__ import annotations

from balie.settings import FilesSettings, SettingsError
from connectors.poller.places import Folder, Place, Sftp


def place_of(files: FilesSettings) -> Place:
    """The place; SettingsError where it lacks something."""
    if files.folder is not None:
        return Folder(files.folder, files.pattern)
    sftp = files.sftp
    if sftp is None:
        raise SettingsError("files: name a folder or an sftp server")
    return Sftp(
        host=sftp.host,
        port=sftp.port,
        user=sftp.user,
        host_key=sftp.host_key,
        folder=sftp.folder,
        pattern=files.pattern,
        password=sftp.password_file.read_text(encoding="utf-8").strip() if sftp.password_file else None,
        key_file=sftp.key_file,
    )
