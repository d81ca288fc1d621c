"""A feedback mailbox that is read over IMAP (RFC 9051), and mails as files: .eml (RFC 5322) and mbox (RFC 4155).

TLS proves the server to us; that a sender is who the mail says, nothing proves, as with any letter. What counts as the
citizen's words is in `answers.py`; a Date without a zone is local time, and one that is missing is taken from the
receiving mail server. An mbox is split at its 'From ' lines behind a blank line, and a '>' before 'From ' is undone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import ClassVar

from connectors.base import BadRow, Draft, File, Ignored, Mail, Source
from connectors.email.answers import Answers
from connectors.email.message import read
from connectors.errors import Rejected
from schemas.feedback import Channel

_ENVELOPE = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\r\n]{1,500}\r?\n")
_ESCAPED = re.compile(rb"^>(>{0,20}From )", re.MULTILINE)


class ImapMailbox(Answers, Mail, File):
    """Settings of a mailbox; files of mails need none of them."""

    channel: ClassVar[Channel] = Channel.EMAIL
    documentation: ClassVar[str] = "https://www.rfc-editor.org/rfc/rfc9051"

    @property
    def town_addresses(self) -> tuple[str, ...]:
        return (*self.own_addresses, self.user) if self.user and "@" in self.user else self.own_addresses

    def parse_mail(self, content: bytes, source: Source, now: datetime) -> list[Draft | Ignored]:
        return [self.answer_of(read(content), source)]

    def parse_rows(self, content: bytes, source: Source, now: datetime) -> Iterator[Draft | Ignored | BadRow]:
        mails = list(_mails(content))
        for number, mail in enumerate(mails, start=1):
            try:
                yield self.answer_of(read(mail), source)
            except Rejected as rejected:
                if len(mails) == 1:
                    raise
                yield BadRow(number, f"mail {number}: {rejected.reason}", mail)


def _mails(content: bytes) -> Iterable[bytes]:
    """The mails in a file: one, or those of an mbox."""
    starts = list(_ENVELOPE.finditer(content))
    if not starts or starts[0].start() != 0:
        yield content
        return
    ends = [start.start() for start in starts[1:]] + [len(content)]
    for start, end in zip(starts, ends, strict=True):
        yield _ESCAPED.sub(rb"\1", content[start.end() : end])
