"""A mailbox that is read over IMAP: what is new in a folder, in the order it came, a bounded batch at a time.

How far it was read is a cursor of two numbers: the UID of the last mail, and the folder's UIDVALIDITY, which changes
when a server numbers its mails anew (RFC 9051, section 2.3.1.1); then it is read from the beginning, which adds nothing
twice, since a mail's identity is its Message-ID. Nothing is changed in the mailbox unless `mark_seen` asks for it.
The server is proved by its certificate, against the authorities of this machine or those SSL_CERT_FILE names.
We prove ourselves by a password, or by an access token over XOAUTH2, which Microsoft and Google ask for:
https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from imapclient import SEEN, IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError
from pydantic import SecretStr

from connectors.errors import Misconfigured
from connectors.poller.http import Away
from connectors.poller.tokens import AccessTokens

logger = logging.getLogger(__name__)

MAIL_BYTES = 40 * 1024 * 1024
"""The largest mail that is loaded; a larger one stays where it is."""
_BATCH_MAILS = 50
_TIMEOUT = SocketTimeout(connect=20, read=60)  # seconds

Cursor = Mapping[str, int]
"""`uidvalidity` and `uid`; empty before the first round."""
Batch = tuple[list[bytes], dict[str, int]]
"""Mails as they came (RFC 5322), oldest first, and the cursor behind the last of them."""


class MailboxSettings(Protocol):
    """Where a mailbox is; see `connectors/email/imap.py`."""

    @property
    def host(self) -> str | None: ...
    @property
    def port(self) -> int: ...
    @property
    def tls(self) -> str: ...
    @property
    def user(self) -> str | None: ...
    @property
    def password(self) -> SecretStr | None: ...
    @property
    def folder(self) -> str: ...
    @property
    def mark_seen(self) -> bool: ...


class Mailbox:
    """A folder of a mailbox. Each round has a connection of its own, so there is nothing to close.

    `tokens` prove us in place of the password. `skipped` is told the UID and the size in bytes of a mail that is larger
    than `mail_bytes`; by default it is logged. A batch holds at most `mail_bytes`, and at most fifty mails.
    """

    def __init__(
        self,
        mail: MailboxSettings,
        tokens: AccessTokens | None = None,
        *,
        mail_bytes: int = MAIL_BYTES,
        skipped: Callable[[int, int], None] | None = None,
    ) -> None:
        if not (mail.host and mail.user and (mail.password or tokens)):
            raise Misconfigured("a mailbox that is read needs host, user, and password or access tokens")
        self._host, self._user, self._password = mail.host, mail.user, mail.password
        self._tokens = tokens
        self._mail = mail
        self._mail_bytes = mail_bytes
        self._skipped = skipped or self._log_skipped

    def batches(self, cursor: Cursor) -> Iterator[Batch]:
        """What came after the cursor. Ask for the next batch once this one is durable and its cursor kept.

        A batch may be empty, where all its mails were skipped or removed meanwhile. With `mark_seen` the mails of a
        batch are marked when the next one is asked for.

        Raises:
            Away: the server does not answer, cuts the connection, or refuses user, password or folder. Go on later
                from the last cursor.
        """
        try:
            with self._connected() as client:
                yield from self._batches(client, cursor)
        except LoginError:
            if self._tokens:
                self._tokens.forget()
                raise Away("its mailbox refuses the access token: give the application access to it") from None
            raise Away("its mailbox refuses the user or the password: mend them in the settings") from None
        except ssl.SSLError:
            raise Away("the certificate of its mail server is not valid for this name, or TLS fails") from None
        except (IMAPClientError, OSError, EOFError) as error:
            # What a server says may be anything; the type of the error is ours.
            raise Away(f"its mailbox cannot be read ({type(error).__name__}): is the folder there?") from None

    def _connected(self) -> IMAPClient:
        context = ssl.create_default_context()
        implicit = self._mail.tls == "implicit"
        options = {"ssl_context": context} if implicit else {}
        client = IMAPClient(self._host, self._mail.port, ssl=implicit, timeout=_TIMEOUT, **options)
        try:
            if not implicit:
                client.starttls(context)
            if self._tokens:
                client.oauth2_login(self._user, self._tokens())
            elif self._password:
                client.login(self._user, self._password.get_secret_value())
        except BaseException:
            with suppress(OSError):
                client.shutdown()
            raise
        return client

    def _batches(self, client: IMAPClient, cursor: Cursor) -> Iterator[Batch]:
        folder = client.select_folder(self._mail.folder, readonly=not self._mail.mark_seen)
        validity = int(folder.get(b"UIDVALIDITY", 0))
        last = cursor.get("uid", 0) if cursor.get("uidvalidity") == validity else 0
        # '5:*' names the last mail also where its UID is below 5.
        uids = sorted(uid for uid in client.search(["UID", f"{last + 1}:*"]) if uid > last)
        for start in range(0, len(uids), _BATCH_MAILS):
            for some in self._bounded(client, uids[start : start + _BATCH_MAILS]):
                found = _fetched(client, some, b"BODY[]")
                last = some[-1]
                mails = [found[uid] for uid in some if isinstance(found.get(uid), bytes)]
                yield mails, {"uidvalidity": validity, "uid": last}
                if self._mail.mark_seen:
                    client.add_flags(some, [SEEN], silent=True)
        if uids and last != uids[-1]:
            yield [], {"uidvalidity": validity, "uid": uids[-1]}  # the last ones were skipped

    def _bounded(self, client: IMAPClient, uids: Sequence[int]) -> Iterator[list[int]]:
        """The UIDs in runs that hold at most `mail_bytes`, without those that are larger alone."""
        sizes = _fetched(client, uids, b"RFC822.SIZE")
        run: list[int] = []
        total = 0
        for uid in uids:
            size = sizes.get(uid)
            if not isinstance(size, int):
                continue  # removed meanwhile
            if size > self._mail_bytes:
                self._skipped(uid, size)
                continue
            if total + size > self._mail_bytes:
                yield run
                run, total = [], 0
            run.append(uid)
            total += size
        if run:
            yield run

    def _log_skipped(self, uid: int, size: int) -> None:
        told = "mail %d of folder %s is left there: it has %d bytes, of %d that are read"
        logger.error(told, uid, self._mail.folder, size, self._mail_bytes)


def _fetched(client: IMAPClient, uids: Sequence[int], item: bytes) -> dict[int, Any]:
    """An item of each mail; peeking leaves it unread."""
    asked = b"BODY.PEEK[]" if item == b"BODY[]" else item
    return {uid: told.get(item) for uid, told in client.fetch(uids, [asked]).items()}
