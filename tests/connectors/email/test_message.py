"""Mails as they come: every charset, broken headers, broken MIME; and what is no feedback."""

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.email.message import (
    AUTOMATIC,
    BOUNCE,
    CALENDAR,
    RECEIPT,
    attachments,
    decoded,
    headers_of,
    kind_of,
    of_parts,
    read,
)
from connectors.errors import Rejected

MAILS = sorted((Path(__file__).parents[2] / "data" / "mails").glob("*.eml"))


def mail(body: bytes | str = "Prima!", **headers: str) -> bytes:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    given = {"From": "Jan <jan@example.org>", "Subject": "Bankjes", **named}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return head.encode("latin-1") + b"\r\n" + (body.encode() if isinstance(body, str) else body)


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("utf-8", "Zażółć gęślą jaźń, één café, Ødegård, hyvää päivää – ‘dag’"),
        ("windows-1252", "Eén café voor € 2 – ‘prima’, Ødegård"),
        ("windows-1250", "Zażółć gęślą jaźń – „dobrze”"),
        ("iso-8859-1", "Eén café, Ødegård, hyvää päivää"),
        ("iso-8859-2", "Zażółć gęślą jaźń"),
        ("iso-8859-15", "Hyvää päivää, 5 €"),
        ("utf-16", "Zażółć gęślą jaźń"),
        ("utf-7", "Eén café"),
        ("iso-2022-jp", "日本語"),
    ],
)
def test_text_in_the_charset_it_says(charset: str, text: str) -> None:
    assert decoded(text.encode(charset), charset) == text


@pytest.mark.parametrize(
    ("really", "said", "text"),
    [
        ("utf-8", "iso-8859-1", "Zażółć gęślą jaźń"),
        ("utf-8", "us-ascii", "één café"),
        ("utf-8", None, "één café"),
        ("windows-1252", "iso-8859-1", "‘prima’ – 5 €"),
        ("windows-1252", "us-ascii", "één café"),
        ("windows-1252", "iso-8859-1", "¿Qué? 5 m³ water, een cœur, ¼ liter ± 3 %, voetnoot¹ en § 4"),
        ("windows-1252", "utf-8", "één café"),
        ("windows-1252", "x-unknown", "één café"),
        ("windows-1250", "iso-8859-2", "Zażółć gęślą jaźń – „dobrze”, śpię"),
        ("windows-1250", "iso-8859-1", "Zażółć gęślą jaźń, mieszkańcy piszą"),
        ("windows-1250", None, "Dziękuję, szybko naprawiono światło na łące"),
        ("iso-8859-2", None, "Dziękuję, szybko naprawiono światło, cześć, ławkę też"),
        ("windows-1252", "rot13", "één café"),
        ("windows-1252", "unicode_escape", "één café \\n"),
        ("windows-1252", "base64", "één café"),
        ("windows-1252", "utf-16", "één café"),
        ("windows-1252", "punycode", "één café"),
        ("utf-8", "ascii\0", "Ødegård"),
    ],
)
def test_text_in_another_charset_than_it_says(really: str, said: str | None, text: str) -> None:
    assert decoded(text.encode(really), said) == text


def test_who_when_and_what() -> None:
    content = mail(
        Message_ID="<abc@mail.example.org>",
        Date="Mon, 2 Nov 2026 10:31:05 +0100",
        From="=?utf-8?q?K=C3=A5re_=C3=98deg=C3=A5rd?= <kare@example.org>",
        Subject="=?iso-8859-2?Q?=A3awki?= =?utf-8?b?IHcgcGFya3U=?=",
        Delivered_To="Feedback@Waterdam.example",
    )
    message = read(content)
    assert message.message_id == "abc@mail.example.org"
    assert (message.name, message.address) == ("Kåre Ødegård", "kare@example.org")
    assert message.subject == "Ławki w parku"
    assert message.sent_at == datetime(2026, 11, 2, 10, 31, 5, tzinfo=UTC) - timedelta(hours=1)
    assert message.recipients == {"feedback@waterdam.example"}
    assert message.text == "Prima!"
    assert (message.attachments, message.is_reply, message.no_feedback) == (0, False, None)
    assert "Prima" not in repr(message)
    assert "jan" not in repr(message)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Sun, 25 Oct 2026 02:30:00", datetime(2026, 10, 25, 2, 30)),  # noqa: DTZ001 (local time of the source)
        ("Sun, 25 Oct 2026 02:30:00 -0000", datetime(2026, 10, 25, 2, 30, tzinfo=UTC)),
        ("2 Nov 2026 09:31 GMT", datetime(2026, 11, 2, 9, 31, tzinfo=UTC)),
        ("gisteren", "gisteren"),
        ("Mon, 99 Nov 2026 10:31:05 +0100", "Mon, 99 Nov 2026 10:31:05 +0100"),
    ],
)
def test_times_as_they_are_written(date: str, expected: datetime | str) -> None:
    message = read(mail(Date=date))
    assert message.sent_at == expected
    assert message.sent_at_from == "source"
    if isinstance(expected, datetime) and isinstance(message.sent_at, datetime):
        assert message.sent_at.tzinfo == expected.tzinfo


def test_without_a_date_the_receiving_server_tells_the_time() -> None:
    message = read(mail(Received="from a by b; Mon, 2 Nov 2026 10:31:05 +0000"))
    assert message.sent_at == datetime(2026, 11, 2, 10, 31, 5, tzinfo=UTC)
    assert message.sent_at_from == "transport"
    assert read(mail()).sent_at is None


@pytest.mark.parametrize(
    ("subject", "is_reply"),
    [
        ("Re: Uw melding", True),
        ("RE: RE: Uw melding", True),
        ("Antw: Uw melding", True),
        ("AW: Uw melding", True),
        ("SV: Saken din", True),
        ("VS: Ilmoituksesi", True),
        ("Odp.: Zgłoszenie".encode().decode("latin-1"), True),
        ("Re[2]: Uw melding", True),
        ("Fwd: Uw melding", True),
        ("[EXTERN] Re: Uw melding", True),
        ("Reparatie: de lamp", False),
        ("Vs de gemeente", False),
        ("Bankjes", False),
    ],
)
def test_a_reply_has_our_subject_line(subject: str, is_reply: bool) -> None:
    assert read(mail(Subject=subject)).is_reply is is_reply


def test_a_subject_line_that_a_citizen_wrote_anew_is_the_citizens() -> None:
    assert not read(mail(In_Reply_To="<ours@waterdam.example>", Subject="En nog iets")).is_reply


def report(kind: str, part: str) -> bytes:
    return mail(
        "--b\r\nContent-Type: text/plain\r\n\r\nReport\r\n"
        f"--b\r\nContent-Type: message/{part}\r\n\r\nA: b\r\n--b--\r\n",
        Content_Type=f'multipart/report; report-type={kind}; boundary="b"',
    )


CALENDAR_MAIL = mail(
    "--b\r\nContent-Type: text/plain\r\n\r\nJa\r\n--b\r\n"
    'Content-Type: text/calendar; method="REQUEST"\r\n\r\nBEGIN:VCALENDAR\r\n--b--\r\n',
    Content_Type='multipart/alternative; boundary="b"',
)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (mail(Auto_Submitted="auto-replied"), AUTOMATIC),
        (mail(Auto_Submitted="auto-generated; owner=x"), AUTOMATIC),
        (mail(Auto_Submitted="no"), None),
        (mail(X_Autoreply="yes"), AUTOMATIC),
        (mail(X_Auto_Response_Suppress="DR, OOF, AutoReply"), AUTOMATIC),
        (mail(X_Auto_Response_Suppress="None"), None),
        (mail(Precedence="bulk"), AUTOMATIC),
        (mail(Precedence="auto_reply"), AUTOMATIC),
        (mail(Precedence="list"), None),
        (mail(Subject="Automatisch antwoord: Uw melding"), AUTOMATIC),
        (mail(Subject="Out of Office Re: your report"), AUTOMATIC),
        (mail(Subject="Automaattinen vastaus: Ilmoituksesi"), AUTOMATIC),
        (mail(Subject="Fraværsmelding".encode().decode("latin-1")), AUTOMATIC),
        (mail(Subject="=?utf-8?q?Odpowied=C5=BA_automatyczna=3A_Sprawa?="), AUTOMATIC),
        (mail(Subject="=?utf-8?q?Nieobecno=C5=9B=C4=87=3A_Sprawa?="), AUTOMATIC),
        (mail(Subject="Afwezigheid van de wethouder bij het debat"), None),
        (mail(Subject="Undelivered Mail Returned to Sender"), BOUNCE),
        (mail(Subject="Niet bezorgd: Uw melding"), BOUNCE),
        (mail(Subject="Niet bezorgd afval"), None),
        (mail(From="MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.org"), BOUNCE),
        (mail(Subject="Gelezen: Uw melding"), RECEIPT),
        (mail(Subject="Luettu: Ilmoituksesi"), RECEIPT),
        (mail(Subject="Gelezen in de krant: plan voor het park"), None),
        (mail(Return_Path="<>"), BOUNCE),
        (mail(Return_Path="<jan@example.org>"), None),
        (mail(From="Mail Delivery Subsystem <MAILER-DAEMON@example.org>"), BOUNCE),
        (mail(X_Failed_Recipients="jan@example.org"), BOUNCE),
        (report("delivery-status", "delivery-status"), BOUNCE),
        (report("disposition-notification", "disposition-notification"), RECEIPT),
        (report('"disposition-notification"', "disposition-notification"), RECEIPT),
        (CALENDAR_MAIL, CALENDAR),
        (mail(Content_Class="urn:content-classes:calendarmessage"), CALENDAR),
        (mail("BEGIN:VCALENDAR", Content_Type="text/calendar"), CALENDAR),
        (mail(), None),
    ],
)
def test_what_is_no_feedback(content: bytes, reason: str | None) -> None:
    assert read(content).no_feedback == reason


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("text/calendar; name=a.ics", b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n", "text/calendar; method=REQUEST"),
        ("application/ics", b"METHOD:REPLY", "text/calendar; method=REPLY"),
        ("text/calendar", b"BEGIN:VCALENDAR\r\nDESCRIPTION:METHOD:REQUEST\r\n", "text/calendar"),
        ("text/plain", b"METHOD:REQUEST", "text/plain"),
    ],
)
def test_an_invitation_is_known_by_its_content(kind: str, content: bytes, expected: str) -> None:
    assert kind_of(kind, content) == expected


def test_a_null_return_path_of_the_transport_is_a_bounce() -> None:
    for sender, reason in (("", BOUNCE), ("<>", BOUNCE), ("jan@example.org", None), (None, None)):
        assert of_parts([("From", "jan@example.org")], text="x", envelope_sender=sender).no_feedback == reason


def with_files() -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "export@example.org", "Export"
    message.set_content("Zie bijlage.\n")
    message.add_alternative("<p>Zie <b>bijlage</b>.</p><img src='cid:logo'>", subtype="html")
    page = message.get_body(("html",))
    assert isinstance(page, EmailMessage)
    page.add_related(b"PNG", "image", "png", cid="<logo>", filename="logo.png", disposition="inline")
    rows = "naam;score\r\nŁucja;3\r\n".encode()
    message.add_attachment(rows, maintype="text", subtype="csv", filename="antwoorden ż.csv")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="../../etc/x.pdf")
    message.add_attachment(read_as_message())
    return message.as_bytes()


def read_as_message() -> EmailMessage:
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "jan@example.org", "Bijgevoegd"
    inner.set_content("Een mail in een mail.\n")
    return inner


def test_attachments_are_counted_and_can_be_taken() -> None:
    content = with_files()
    assert read(content).attachments == 3
    assert read(content).text.strip() == "Zie bijlage."
    csv, pdf, inner = attachments(content)
    assert (csv.name, csv.content.decode()) == ("antwoorden ż.csv", "naam;score\r\nŁucja;3\r\n")
    assert (pdf.name, pdf.content) == ("x.pdf", b"%PDF")
    assert b"Een mail in een mail." in inner.content
    assert "ucja" not in repr(csv)


def test_a_text_with_a_file_name_is_the_body_where_there_is_no_other() -> None:
    assert read(mail("Prima!", Content_Type='text/plain; name="bericht.txt"')).text == "Prima!"


def test_html_is_read_where_the_text_is_empty() -> None:
    body = (
        "--b\r\nContent-Type: text/plain\r\n\r\n \r\n--b\r\nContent-Type: text/html\r\n\r\n"
        "<style>p{}</style><p>Eerste</p><p>tweede<br>derde</p>\r\n--b--\r\n"
    )
    message = read(mail(body, Content_Type='multipart/alternative; boundary="b"'))
    assert message.text.split() == ["Eerste", "tweede", "derde"]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Type": "text/plain; charset"}, b"Prima!"),
        ({"Content-Type": 'text/plain; charset="\xff\xfe'}, b"Prima!"),
        ({"Content-Type": "multipart/mixed"}, b"Prima!"),
        ({"Content-Type": "multipart/mixed; boundary=b"}, b"--b\r\n\r\nPrima!"),
        ({"Content-Transfer-Encoding": "base64"}, b"UHJpbWEh="),
        ({"Content-Transfer-Encoding": "x-nothing"}, b"Prima!"),
        ({"Date": "\xff", "From": "<<<>>", "Message-ID": ""}, b"Prima!"),
        ({"From": '"\xe9\xe9n, Jan" <jan@example.org'}, b"Prima!"),
        ({"From": "=?utf-8?b?!!?= <a@b>"}, b"Prima!"),
        ({"Subject": "=?x-nothing?q?=E9?="}, b"Prima!"),
        ({"Content-Disposition": "; filename*=x''%ff"}, b"Prima!"),
    ],
)
def test_what_is_broken_is_read_as_far_as_it_goes(headers: dict[str, str], body: bytes) -> None:
    given = {"From": "jan@example.org", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items()).encode("latin-1")
    assert read(head + b"\r\n" + body).text.strip() in ("Prima!", "")
    attachments(head + b"\r\n" + body)


def test_deep_mime_ends_somewhere() -> None:
    parts = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(3_000))
    for content in (parts, b"Content-Type: message/rfc822\r\n\r\n" * 3_000):
        with suppress(Rejected):
            read(b"From: a@example.org\r\n" + content)


@pytest.mark.parametrize(
    "content",
    [
        b"Content-Type: text/plain; " + b"a=b; " * 60_000 + b"\r\n\r\nx",
        b'Content-Type: text/plain; name="' + b"=?utf-8?q?a?= " * 20_000 + b'"\r\n\r\nx',
        b"Content-Disposition: x; " + b"".join(b"filename*%d=a; " % n for n in range(20_000)) + b"\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 100_000,
        b"From: " + b"a@b, " * 200_000 + b"\r\n\r\nx",
        b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\r\n\r\nx",
        b"Content-Type: text/html\r\n\r\n" + b"<div>" * 400_000,
        b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n" + b"M" * 500_000,
    ],
)
def test_a_mail_that_is_made_to_keep_us_busy_takes_a_moment(content: bytes) -> None:
    start = time.process_time()
    unharmed(b"From: a@example.org\r\n" + content)
    assert time.process_time() - start < 8  # without bounds minutes


def test_what_is_no_mail_is_refused() -> None:
    for content in (b"", b"\0", b"naam;score\nx;1\n", b"{}", b"X-Other: 1\r\n\r\nPrima!"):
        with pytest.raises(Rejected):
            read(content)
        with pytest.raises(Rejected):
            attachments(content)


def unharmed(content: bytes) -> None:
    """Reads it, or refuses it; and what was read can be written as UTF-8."""
    try:
        message = read(content)
        for file in attachments(content):
            file.name.encode()
    except Rejected:
        return
    "".join(
        [message.text, message.subject, message.name or "", message.address or "", message.message_id or ""]
    ).encode()


@given(st.data())
def test_no_damage_to_a_mail_throws(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(MAILS)).read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 60))] = data.draw(st.binary(max_size=12))
        if not content:
            break
    unharmed(bytes(content))


NAMES = ["From", "Date", "Content-Type", "Content-Disposition", "Content-Transfer-Encoding", "Subject", "MIME-Version"]
VALUES = [
    "text/plain; charset=",
    "text/html",
    "multipart/mixed; boundary=b",
    "multipart/alternative; boundary=b",
    "base64",
    "quoted-printable",
    "message/rfc822",
    "message/partial",
    "x-uuencode",
    "attachment; filename*0*=utf-8''",
    "=?utf-8?q?",
]


@given(
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES), st.binary(max_size=20)), max_size=8),
    st.lists(
        st.sampled_from([b"--b", b"--b--", b"", b"begin 644 x", b"<p>", b"PGI+"]) | st.binary(max_size=40), max_size=12
    ),
)
def test_no_bytes_whatever_throw(headers: list[tuple[str, str, bytes]], body: list[bytes]) -> None:
    head = b"".join(name.encode() + b": " + value.encode() + tail + b"\r\n" for name, value, tail in headers)
    unharmed(head + b"\r\n" + b"\r\n".join(body))
    headers_of(head)
