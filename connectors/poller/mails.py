"""Takes what is new in a mailbox: mails that are answers, or mails whose attachments are files of answers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from threading import Event
from typing import Literal

from connectors.base import BadRow, Draft, File, Ignored, Mail, Source
from connectors.email.message import attachments
from connectors.errors import Rejected
from connectors.poller.mailbox import Mailbox
from connectors.poller.places import is_wanted
from connectors.rows import Keeper, Kept
from storage.state.cursors import Cursors

logger = logging.getLogger(__name__)

Rows = Iterable[Draft | Ignored | BadRow]
Way = Literal["poll", "files"]


class Contents:
    """What is taken from a mail: pieces of it, and how each is read."""

    def __init__(
        self, way: Way, pieces: Callable[[bytes], Iterable[bytes]], rows: Callable[[bytes, Source, Keeper], Rows]
    ) -> None:
        self.way = way
        self.pieces = pieces
        self.rows = rows


def answers_in(connector: Mail) -> Contents:
    """The mail itself is an answer."""
    return Contents(
        "poll",
        lambda mail: [mail],
        lambda mail, source, keeper: connector.parse_mail(mail, source, keeper.clock()),
    )


def files_in(connector: File, pattern: str = "*") -> Contents:
    """Those of its attachments are exports whose names are of the pattern."""
    return Contents(
        "files",
        lambda mail: [one.content for one in attachments(mail) if is_wanted(one.name, pattern)],
        lambda file, source, keeper: connector.parse_rows(file, source, keeper.clock()),
    )


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
        kept = Kept()
        protocol: Literal["poll", "file"] = "file" if self._contents.way == "files" else "poll"
        piece = mail
        try:
            for piece in self._contents.pieces(mail):
                kept.add(
                    self._keeper.keep(self._contents.rows(piece, self._source, self._keeper), self._source, protocol)
                )
            return kept
        except Rejected as rejected:
            reason = rejected.reason
        # One mail that cannot be read must not hold up those behind it.
        self._keeper.fail(piece, self._source, reason, protocol)
        kept.failed_rows.append((0, reason))
        return kept
