"""Takes what is new in a mailbox: mails that are answers, or mails whose attachments are files of answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Event
from typing import Literal

from connectors.base import BadRow, Draft, File, Ignored, Mail, Source
from connectors.email.message import attachments
from connectors.errors import Rejected
from connectors.intake import told
from connectors.poller.mailbox import Mailbox
from connectors.poller.places import is_wanted
from connectors.rows import Keeper, Kept
from schemas.failure import Protocol
from storage.state.cursors import Cursors

Rows = Iterable[Draft | Ignored | BadRow]


@dataclass(frozen=True, slots=True)
class Contents:
    """What is taken from a mail: pieces of it, and how each is read. `way` is what its cursor is called."""

    way: Literal["poll", "files"]
    protocol: Protocol
    pieces: Callable[[bytes], Iterable[bytes]]
    rows: Callable[[bytes, Source, datetime], Rows]


def answers_in(connector: Mail) -> Contents:
    """The mail itself is an answer."""
    return Contents("poll", "poll", lambda mail: [mail], connector.parse_mail)


def files_in(connector: File, pattern: str = "*") -> Contents:
    """Those of its attachments are exports whose names are of the pattern."""

    def wanted(mail: bytes) -> list[bytes]:
        return [one.content for one in attachments(mail) if is_wanted(one.name, pattern)]

    return Contents("files", "file", wanted, connector.parse_rows)


class Mailed:
    """One source whose answers are in a mailbox. One thread at a time."""

    def __init__(self, source: Source, mailbox: Mailbox, cursors: Cursors, keeper: Keeper, contents: Contents) -> None:
        self._source = source
        self._mailbox = mailbox
        self._cursors = cursors
        self._keeper = keeper
        self._contents = contents

    def round(self, stop: Event) -> Kept:
        """Takes what came since the last round, batch by batch.

        Raises:
            Away: the mailbox cannot be read.
            storage.errors.StorageError: a batch was not kept as a whole; it is read again, which adds nothing twice.
        """
        kept = Kept()
        source, way = self._source, self._contents.way
        for mails, cursor in self._mailbox.batches(self._cursors.get(source.tenant, source.name, way)):
            for mail in mails:
                kept.add(self._take(mail))
            self._cursors.put(source.tenant, source.name, way, cursor, self._keeper.clock())
            if stop.is_set():
                break
        return kept

    def _take(self, mail: bytes) -> Kept:
        """What is in one mail; one that cannot be read must not hold up those behind it."""
        kept, contents, source, now = Kept(), self._contents, self._source, self._keeper.clock()
        piece = mail
        try:
            for piece in contents.pieces(mail):
                rows = told(partial(contents.rows, piece, source, now), source)
                kept.add(self._keeper.keep(rows, source, contents.protocol))
        except Rejected as rejected:
            kept.add(self._keeper.fail(piece, source, rejected.reason, contents.protocol))
        return kept
