"""What providers of mail post: forms in both encodings, a proof in the body, fields in any charset."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Draft, Request, Source
from connectors.email.mailgun import Mailgun
from connectors.email.sendgrid import SendGrid
from connectors.errors import Rejected
from connectors.multipart import FormPart, form_parts
from schemas.feedback import Channel
from tests.providers import NOW

URL = "https://feedback.example/v1/waterdam/mailbox"
FORM = {"content-type": "application/x-www-form-urlencoded"}
MULTIPART = {"content-type": 'multipart/form-data; boundary="b"'}
SOURCE = Source("waterdam", "mailbox", "mailgun", Channel.EMAIL)
MAILGUN = Mailgun.model_validate({"secrets": ["a-new-key", "an-old-key"]})


def multipart(*parts: bytes) -> Request:
    body = b"".join(b"--b\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts)
    return Request("POST", URL, MULTIPART, body + b"--b--\r\n")


def test_a_form_is_read_in_both_encodings() -> None:
    request = multipart(
        b'name="text"\r\n\r\n\xc3\xa9\r\nn', b'name="f"; filename="a.bin"\r\nContent-Type: x/y; z=1\r\n\r\n\0\r\n\r\n'
    )
    assert form_parts(request) == [
        FormPart("text", b"\xc3\xa9\r\nn"),
        FormPart("f", b"\0\r\n\r\n", "x/y; z=1", is_file=True),
    ]
    assert form_parts(request)[0].text == "é\r\nn"
    assert form_parts(Request("POST", URL, FORM, b"a=1&b=%C3%A9")) == [FormPart("a", b"1"), FormPart("b", "é".encode())]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nnever ends',
        b"--c\r\n\r\n--c--",
        b"--b\r\n" + b"X: " + b"y" * 20_000 + b"\r\n\r\n--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 501 + b"--b--\r\n",
    ],
)
def test_what_is_no_whole_form_is_refused(body: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        form_parts(Request("POST", URL, MULTIPART, body))
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "x" * 300]
)
def test_a_form_without_a_usable_boundary_is_refused(kind: str) -> None:
    with pytest.raises(Rejected):
        form_parts(Request("POST", URL, {"content-type": kind}, b"--b\r\n"))


@given(
    st.lists(
        st.sampled_from([b"--b", b"--b--", b"\r\n", b": ", b'Content-Disposition: form-data; name="a"'])
        | st.binary(max_size=9)
    )
)
def test_no_form_whatever_throws(parts: list[bytes]) -> None:
    try:
        form_parts(Request("POST", URL, MULTIPART, b"".join(parts)))
    except Rejected as rejected:
        assert rejected.status == 400  # noqa: PT017 (most draws are refused, some are not)


@pytest.mark.parametrize(
    "request_", [Request("POST", URL, FORM, b"body-plain=Prima!"), multipart(b'name="body-plain"\r\n\r\nPrima!')]
)
def test_mailgun_proves_itself_in_the_body(request_: Request) -> None:
    signed = MAILGUN.sign(request_, NOW)
    MAILGUN.verify(signed, NOW)
    MAILGUN.verify(signed, NOW + timedelta(seconds=290))
    (item,) = MAILGUN.parse(signed, SOURCE, NOW)
    assert isinstance(item, Draft)
    assert item.answers[0]["text"] == "Prima!"
    for away in (timedelta(minutes=6), -timedelta(minutes=6)):
        refused(signed, 403, NOW + away)
    refused(request_, 401)
    proof = next(part for part in form_parts(signed) if part.name == "signature").content
    refused(replace(signed, body=signed.body.replace(proof, proof[::-1])), 403)
    refused(replace(signed, body=signed.body.replace(proof, proof.upper())), 403)
    token = next(part for part in form_parts(signed) if part.name == "token").content
    refused(replace(signed, body=signed.body.replace(token, token[::-1])), 403)
    another = Mailgun.model_validate({"secrets": ["another-key"]})
    refused(another.sign(request_, NOW), 403)


def test_both_keys_of_mailgun_count_while_one_is_changed() -> None:
    old = Mailgun.model_validate({"secrets": ["an-old-key"]})
    MAILGUN.verify(old.sign(Request("POST", URL, FORM, b"body-plain=x"), NOW), NOW)


def refused(request: Request, status: int, now: object = NOW) -> None:
    with pytest.raises(Rejected) as caught:
        MAILGUN.verify(request, now)  # type: ignore[arg-type]
    assert caught.value.status == status


def test_sendgrid_says_which_charset_a_field_is_in() -> None:
    sendgrid = SendGrid.model_validate({"path_secrets": ["a-secret"]})
    request = multipart(
        b'name="charsets"\r\n\r\n{"text":"iso-8859-2","from":"utf-8","subject":"windows-1252"}',
        b'name="text"\r\n\r\n' + "Zażółć gęślą jaźń".encode("iso-8859-2"),
        b'name="from"\r\n\r\n' + "Zofia Wójcik <zofia@example.org>".encode(),
        b'name="subject"\r\n\r\n' + "Eén ding – bankjes".encode("windows-1252"),
    )
    (item,) = sendgrid.parse(request, SOURCE, NOW)
    assert isinstance(item, Draft)
    assert [one["text"] for one in item.answers] == ["Zażółć gęślą jaźń", "Eén ding – bankjes"]
    assert item.person == {"email": "zofia@example.org", "name": "Zofia Wójcik"}
