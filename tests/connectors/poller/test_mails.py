"""Mails that are answers, and mails whose attachments are exports, from a real IMAP server into the log."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from threading import Event

import pytest

from connectors.base import File, Mail, Source
from connectors.poller.mailbox import Mailbox
from connectors.poller.mails import Contents, Mailed, Rows, answers_in, files_in
from connectors.registry import configured
from connectors.rows import Keeper
from schemas.topics import FAILURES
from storage.errors import Retriable
from storage.log.sqlite import SqliteLog
from storage.state.store import State
from tests.mail_server import HOST, PASSWORD, USER, MailServer
from tests.providers import events_in, source_of, values_in

pytestmark = pytest.mark.imap

EXPORT = "Response ID,Date,Rating,Comment\n1,2026-10-01,Good,Fijn\n2,2026-10-02,Poor,Traag\n"


@pytest.fixture
def folder(imap_server: MailServer) -> str:
    name = f"Mails-{uuid.uuid4().hex[:8]}"
    imap_server.make_anew(name)
    return name


def mailed(server: MailServer, folder: str, state: State, keeper: Keeper, contents: Contents) -> Mailed:
    given = {"host": HOST, "port": server.port, "user": USER, "password": PASSWORD, "folder": folder}
    connector = configured("imap", given)
    assert isinstance(connector, Mail)
    assert connector.is_polled
    return Mailed(source_of("imap"), Mailbox(connector), state.cursors, keeper, contents)


def answers() -> Contents:
    connector = configured("imap", {})
    assert isinstance(connector, Mail)
    return answers_in(connector)


def exports() -> Contents:
    connector = configured("govmetric", {})
    assert isinstance(connector, File)
    return files_in(connector, "*.csv")


def mail(number: int, text: str = "Prima geholpen!", *files: tuple[str, bytes]) -> bytes:
    message = EmailMessage()
    message["From"], message["Message-ID"] = "sam@example.org", f"<{number}@mail.example.org>"
    message.set_content(text)
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def test_new_mails_become_answers_and_a_bad_one_holds_up_no_other(
    imap_server: MailServer, folder: str, state: State, keeper: Keeper, log: SqliteLog
) -> None:
    rounds = mailed(imap_server, folder, state, keeper, answers())
    imap_server.deliver(mail(1), b"\r\n\r\nno mail at all", mail(2, "Świetnie"), folder=folder)
    kept = rounds.round(Event())
    assert (kept.answers, len(kept.failed_rows)) == (2, 1)
    assert rounds.round(Event()).answers == 0
    imap_server.deliver(mail(3), folder=folder)
    assert rounds.round(Event()).answers == 1
    assert [event.answers[0].text for event in events_in(log)] == ["Prima geholpen!", "Świetnie", "Prima geholpen!"]
    assert len(values_in(log, FAILURES)) == 1


def test_a_fault_of_the_connector_is_a_failure_of_that_mail_and_of_no_other(
    imap_server: MailServer, folder: str, state: State, keeper: Keeper, log: SqliteLog
) -> None:
    whole = answers()

    def faulty(piece: bytes, source: Source, now: datetime) -> Rows:
        if b"Traag" in piece:
            raise KeyError("canary")
        return whole.rows(piece, source, now)

    rounds = mailed(imap_server, folder, state, keeper, replace(whole, rows=faulty))
    imap_server.deliver(mail(1, "Traag"), mail(2), folder=folder)
    kept = rounds.round(Event())
    assert (kept.answers, [reason for _, reason in kept.failed_rows]) == (1, ["the connector failed: KeyError"])
    assert len(values_in(log, FAILURES)) == 1


def test_after_a_crash_between_log_and_cursor_a_mail_comes_again_as_the_same_answer(
    imap_server: MailServer,
    folder: str,
    state: State,
    keeper: Keeper,
    log: SqliteLog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    imap_server.deliver(mail(1), mail(2), folder=folder)

    def gone(*_: object) -> None:
        raise Retriable("gone")

    with monkeypatch.context() as patched:
        patched.setattr(state.cursors, "put", gone)
        with pytest.raises(Retriable):
            mailed(imap_server, folder, state, keeper, answers()).round(Event())
    mailed(imap_server, folder, state, keeper, answers()).round(Event())
    assert len(events_in(log)) == 4
    assert len({event.feedback_id for event in events_in(log)}) == 2


def test_attachments_are_read_as_files(
    imap_server: MailServer, folder: str, state: State, keeper: Keeper, log: SqliteLog
) -> None:
    rounds = mailed(imap_server, folder, state, keeper, exports())
    attached = [("october.csv", EXPORT.encode()), ("notes.txt", b"1,2"), ("broken.csv", b"Else\n1\n")]
    imap_server.deliver(mail(1, "De export", *attached), mail(2, "Geen bijlage"), folder=folder)
    kept = rounds.round(Event())
    assert (kept.answers, len(kept.failed_rows)) == (2, 1)
    assert [event.source_id for event in events_in(log)] == ["1", "2"]
