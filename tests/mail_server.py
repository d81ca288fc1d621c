"""A real mail server for tests: Dovecot, on loopback, with a certificate of an authority made for it."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import ssl
import subprocess
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Self

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from imapclient import IMAPClient

from storage.loopback import answers, free_ports

HOST = "127.0.0.1"
USER = "klantcontact@waterdam.example"
PASSWORD = "a-password-for-tests"
_READY_SECONDS = 20

_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/dovecot.log
protocols = imap
listen = {host}
ssl = required
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login_user}
first_valid_uid = 1
auth_failure_delay = 0
mail_location = maildir:{folder}/mail
auth_mechanisms = plain xoauth2
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {starttls_port}
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


# Access tokens are JSON Web Tokens, signed with a key that the server has.
_OAUTH2 = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={folder}/keys/
username_attribute = sub
"""
_TOKEN_KEY = b"a-key-for-the-tokens-of-the-tests"


def missing_tools() -> list[str]:
    """Which of the programs this needs are not on this machine."""
    return [] if shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin") else ["dovecot-imapd"]


class MailServer:
    """A server with one user, from `start` to `stop` or as a context manager."""

    def __init__(self) -> None:
        # Short, since the paths of sockets are; and open to the user that a server started by root runs as.
        self._folder = Path(tempfile.mkdtemp(prefix="balie-mail-"))
        self.port, self.starttls_port = free_ports(2)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def authority(self) -> Path:
        """The certificate of the authority that vouches for the server: what SSL_CERT_FILE has to name."""
        return self._folder / "authority.pem"

    def start(self) -> None:
        self._folder.chmod(0o755)
        _make_certificates(self._folder)
        account = pwd.getpwnam("dovecot") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        mail = self._folder / "mail"
        mail.mkdir()
        if os.getuid() == 0:
            os.chown(mail, account.pw_uid, account.pw_gid)
        config = self._folder / "dovecot.conf"
        config.write_text(
            _CONFIG.format(
                folder=self._folder,
                host=HOST,
                user=account.pw_name,
                group=grp.getgrgid(account.pw_gid).gr_name,
                login_user="dovenull" if os.getuid() == 0 else account.pw_name,
                password=PASSWORD,
                port=self.port,
                starttls_port=self.starttls_port,
            )
        )
        (self._folder / "oauth2.conf").write_text(_OAUTH2.format(folder=self._folder))
        keys = self._folder / "keys" / "default" / "HS256"
        keys.mkdir(parents=True)
        (keys / "default").write_bytes(b64encode(_TOKEN_KEY))
        program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        self._process = subprocess.Popen([str(program), "-F", "-c", str(config)], stdin=subprocess.DEVNULL)
        until = time.monotonic() + _READY_SECONDS
        while not (answers(self.port) and answers(self.starttls_port)):
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError("Dovecot did not start")
            time.sleep(0.05)

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait(20)
        shutil.rmtree(self._folder, ignore_errors=True)

    def token(self, *, seconds: float = 3600) -> str:
        """An access token for the user, valid for some seconds."""
        now = datetime.now(UTC)
        claims = {"sub": USER, "iat": now - timedelta(hours=1), "exp": now + timedelta(seconds=seconds)}
        return jwt.encode(claims, _TOKEN_KEY, "HS256")

    def deliver(self, *mails: bytes, folder: str = "INBOX") -> None:
        """Puts mails into a folder, in this order."""

        def put(client: IMAPClient) -> None:
            for mail in mails:
                client.append(folder, mail)

        self._as_user(put)

    def make_anew(self, folder: str) -> None:
        """Removes a folder, if it is there, and makes it again: its UIDVALIDITY is another one then."""

        def make(client: IMAPClient) -> None:
            if client.folder_exists(folder):
                client.delete_folder(folder)
            client.create_folder(folder)

        self._as_user(make)

    def seen(self, folder: str = "INBOX") -> int:
        """How many mails in a folder are marked as read."""
        found: list[int] = []

        def count(client: IMAPClient) -> None:
            client.select_folder(folder, readonly=True)
            found.extend(client.search(["SEEN"]))

        self._as_user(count)
        return len(found)

    def remove(self, *uids: int, folder: str = "INBOX") -> None:
        def expunge(client: IMAPClient) -> None:
            client.select_folder(folder)
            client.delete_messages(list(uids))
            client.expunge()

        self._as_user(expunge)

    def _as_user(self, do: Callable[[IMAPClient], None]) -> None:
        context = ssl.create_default_context(cafile=str(self.authority))
        with IMAPClient(HOST, self.port, ssl_context=context) as client:
            client.login(USER, PASSWORD)
            do(client)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _make_certificates(folder: Path) -> None:
    now = datetime.now(UTC)
    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of Balie's tests")])

    def builder(name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(authority_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=2))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
        )

    unused = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    usage = dict.fromkeys((*unused, "encipher_only", "decipher_only"), False)
    authority = (
        builder(authority_name, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **usage), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    server = (
        builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)]), server_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    (folder / "authority.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    (folder / "server.pem").write_bytes(server.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(
        server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
