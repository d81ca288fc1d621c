"""A mailbox over a real IMAP server: in order, in batches, from where it was left, whatever happens in between."""

import logging
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress

import pytest

from connectors.email.imap import ImapMailbox
from connectors.email.message import read
from connectors.errors import Misconfigured
from connectors.poller.http import Away, Caller
from connectors.poller.mailbox import Mailbox
from connectors.poller.tokens import AccessTokens
from tests.mail_server import HOST, PASSWORD, USER, MailServer
from tests.providers import Answer, Provider

pytestmark = pytest.mark.imap


def mail(number: int, size: int = 0) -> bytes:
    head = f"From: jan@example.org\r\nMessage-ID: <{number}@mail.example.org>\r\nSubject: {number}\r\n\r\n"
    return head.encode() + b"Prima!\r\n" + b"x" * size


def numbers(mails: list[bytes]) -> list[int]:
    return [int(read(one).subject) for one in mails]


def settings(server: MailServer, folder: object, **others: object) -> ImapMailbox:
    given = {"host": HOST, "port": server.port, "user": USER, "password": PASSWORD, "folder": folder, **others}
    return ImapMailbox.model_validate(given)


@pytest.fixture
def folder(imap_server: MailServer) -> str:
    """A folder of this test's own, empty."""
    name = f"Feedback-{uuid.uuid4().hex[:8]}"
    imap_server.make_anew(name)
    return name


def test_mails_come_in_order_in_batches_and_once(imap_server: MailServer, folder: str) -> None:
    imap_server.deliver(*(mail(number) for number in range(120)), folder=folder)
    mailbox = Mailbox(settings(imap_server, folder))
    batches = list(mailbox.batches({}))
    assert [len(mails) for mails, _ in batches] == [50, 50, 20]
    assert [number for mails, _ in batches for number in numbers(mails)] == list(range(120))
    cursor = batches[-1][1]
    assert list(mailbox.batches(cursor)) == []
    imap_server.deliver(mail(120), folder=folder)
    (mails, cursor), *more = list(mailbox.batches(cursor))
    assert numbers(mails) == [120]
    assert not more
    assert imap_server.seen(folder) == 0


def test_after_a_crash_it_goes_on_behind_the_last_kept_cursor(imap_server: MailServer, folder: str) -> None:
    imap_server.deliver(*(mail(number) for number in range(70)), folder=folder)
    mailbox = Mailbox(settings(imap_server, folder))
    batches = mailbox.batches({})
    mails, kept = next(batches)
    taken = numbers(mails)
    next(batches)  # its events were not durable when the process died
    del batches
    for others, _ in Mailbox(settings(imap_server, folder)).batches(kept):
        taken += numbers(others)
    assert taken == list(range(70))


def test_a_folder_that_is_numbered_anew_is_read_from_the_beginning(imap_server: MailServer, folder: str) -> None:
    imap_server.deliver(mail(1), mail(2), folder=folder)
    mailbox = Mailbox(settings(imap_server, folder))
    cursor = list(mailbox.batches({}))[-1][1]
    imap_server.make_anew(folder)
    imap_server.deliver(mail(3), folder=folder)
    (mails, anew), *_ = list(mailbox.batches(cursor))
    assert numbers(mails) == [3]
    assert anew["uidvalidity"] != cursor["uidvalidity"]
    assert anew["uid"] == 1


def test_a_mail_that_is_too_large_is_skipped_and_told(
    imap_server: MailServer, folder: str, caplog: pytest.LogCaptureFixture
) -> None:
    imap_server.deliver(mail(1), mail(2, size=50_000), mail(3), mail(4, size=60_000), folder=folder)
    told: list[tuple[int, int]] = []
    mailbox = Mailbox(settings(imap_server, folder), mail_bytes=10_000, skipped=lambda *one: told.append(one))
    batches = list(mailbox.batches({}))
    assert [numbers(mails) for mails, _ in batches] == [[1, 3], []]
    assert [uid for uid, _ in told] == [2, 4]
    assert told[0][1] > 50_000
    assert list(mailbox.batches(batches[-1][1])) == []
    with caplog.at_level(logging.ERROR):
        list(Mailbox(settings(imap_server, folder), mail_bytes=10_000).batches({}))
    assert caplog.text.count("is left there") == 2


def test_a_batch_is_bounded_in_bytes(imap_server: MailServer, folder: str) -> None:
    imap_server.deliver(*(mail(number, size=4_000) for number in range(5)), folder=folder)
    batches = list(Mailbox(settings(imap_server, folder), mail_bytes=10_000).batches({}))
    assert [numbers(mails) for mails, _ in batches] == [[0, 1], [2, 3], [4]]


def test_what_was_removed_is_passed_over(imap_server: MailServer, folder: str) -> None:
    imap_server.deliver(*(mail(number) for number in range(4)), folder=folder)
    imap_server.remove(2, 3, folder=folder)
    (mails, cursor), *_ = list(Mailbox(settings(imap_server, folder)).batches({}))
    assert numbers(mails) == [0, 3]
    assert cursor["uid"] == 4


def test_mails_are_marked_only_when_asked_and_once_the_next_batch_is_asked_for(
    imap_server: MailServer, folder: str
) -> None:
    imap_server.deliver(*(mail(number) for number in range(60)), folder=folder)
    batches = Mailbox(settings(imap_server, folder, mark_seen=True)).batches({})
    next(batches)
    assert imap_server.seen(folder) == 0
    next(batches)
    assert imap_server.seen(folder) == 50
    assert list(batches) == []
    assert imap_server.seen(folder) == 60


def test_starttls_is_a_way_too(imap_server: MailServer, folder: str) -> None:
    imap_server.deliver(mail(7), folder=folder)
    mailbox = Mailbox(settings(imap_server, folder, tls="starttls", port=imap_server.starttls_port))
    assert [numbers(mails) for mails, _ in mailbox.batches({})] == [[7]]


def test_an_access_token_is_a_proof_too_and_one_that_is_refused_is_not_used_again(
    imap_server: MailServer, folder: str, provider: Provider
) -> None:
    imap_server.deliver(mail(7), folder=folder)
    url = f"{provider.url}/token"
    tokens = AccessTokens(Caller(), token_url=url, client_id="balie", client_secret="a secret", scope="mail")
    given = settings(imap_server, folder, password=None, token_url=url, client_id="balie", client_secret="a secret")
    mailbox = Mailbox(given, tokens)
    provider.answer = lambda asked: Answer.of({"access_token": imap_server.token(seconds=-60), "expires_in": 3600})
    with pytest.raises(Away, match="refuses the access token"):
        list(mailbox.batches({}))
    provider.answer = lambda asked: Answer.of({"access_token": imap_server.token(), "expires_in": 3600})
    for _ in range(2):
        assert [numbers(mails) for mails, _ in mailbox.batches({})] == [[7]]
    assert len(provider.asked) == 2


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_a_server_that_no_authority_vouches_for_is_not_told_the_password(mail_server: MailServer, tls: str) -> None:
    port = mail_server.port if tls == "implicit" else mail_server.starttls_port
    with pytest.raises(Away, match="certificate"):
        list(Mailbox(settings(mail_server, "INBOX", tls=tls, port=port)).batches({}))


def test_what_cannot_work_says_what_to_mend(imap_server: MailServer, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Misconfigured, match="host, user, and password or access tokens"):
        Mailbox(ImapMailbox())
    wrong: list[tuple[dict[str, object], str]] = [
        ({"password": "another-password"}, "user or the password"),
        ({"folder": "Nowhere"}, "folder"),
        ({"port": 1}, "cannot be read"),
    ]
    for changed, told in wrong:
        with pytest.raises(Away, match=told) as caught:
            list(Mailbox(settings(imap_server, **({"folder": "INBOX"} | changed))).batches({}))
        assert "password-for-tests" not in str(caught.value)
    assert PASSWORD not in caplog.text


class Cutting:
    """Passes a connection on to the server until so many bytes have come back, and then cuts it."""

    def __init__(self, port: int, after: int) -> None:
        self._target, self._left = port, after
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets = [self._listener]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection((HOST, self._target))
                self._sockets += [client, server]
                for source, target, counts in ((client, server, False), (server, client, True)):
                    thread = threading.Thread(target=self._pass_on, args=(source, target, counts), daemon=True)
                    thread.start()
                    self._threads.append(thread)

    def _pass_on(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        with suppress(OSError):
            while data := source.recv(4096):
                if counts:
                    self._left -= len(data)
                    if self._left < 0:
                        break
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for one in self._sockets:
            one.close()


@pytest.fixture
def cutting(imap_server: MailServer) -> Iterator[list[Cutting]]:
    made: list[Cutting] = []
    yield made
    for one in made:
        one.close()


def test_a_cut_connection_loses_nothing_and_repeats_nothing(
    imap_server: MailServer, folder: str, cutting: list[Cutting]
) -> None:
    imap_server.deliver(*(mail(number, size=2_000) for number in range(120)), folder=folder)
    taken: list[int] = []
    cursor: dict[str, int] = {}
    cuts = 0
    # The first connections are cut at the greeting, later ones amid the mails.
    for after in (100, 3_000, 60_000, 130_000, 150_000, 10_000_000):
        proxy = Cutting(imap_server.port, after)
        cutting.append(proxy)
        try:
            for mails, behind in Mailbox(settings(imap_server, folder, port=proxy.port)).batches(cursor):
                taken += numbers(mails)
                cursor = behind
        except Away:
            cuts += 1
    assert taken == list(range(120))
    assert cuts >= 4
