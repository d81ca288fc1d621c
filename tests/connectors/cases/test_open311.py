"""What an app that posts a request is answered, and which XML is refused."""

import json
from datetime import UTC, datetime

import pytest
from defusedxml.ElementTree import fromstring
from pydantic import SecretStr

from connectors.base import Draft, Request
from connectors.cases.open311 import Open311
from connectors.errors import Rejected
from tests.providers import source_of

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)
SOURCE = source_of("open311")
CONNECTOR = Open311(path_secrets=(SecretStr("secret"),), api_keys=(SecretStr("new"), SecretStr("old")))
FORM = {"content-type": "application/x-www-form-urlencoded"}
URL = "https://feedback.example/v1/waterdam/account"


@pytest.mark.parametrize("endpoint", ["/requests.json", "/requests.xml", ""])
def test_an_app_is_answered_with_the_id_of_its_request_and_a_retry_has_the_same(endpoint: str) -> None:
    request = Request("POST", f"{URL}{endpoint}?api_key=old", FORM, b"description=Lamp+stuk&lat=52.1&long=4.9")
    CONNECTOR.verify(request, NOW)
    (item,) = CONNECTOR.parse(request, SOURCE, NOW)
    assert isinstance(item, Draft)
    reply = CONNECTOR.reply(request, SOURCE, None)
    if endpoint.endswith("xml"):
        assert fromstring(reply.body).findtext("request/service_request_id") == item.source_id
    else:
        assert json.loads(reply.body)[0]["service_request_id"] == item.source_id
    assert CONNECTOR.parse(request, SOURCE, NOW) == [item]
    elsewhere = Request("POST", request.url, FORM, b"description=Lamp+stuk&lat=52.2&long=4.9")
    assert CONNECTOR.parse(elsewhere, SOURCE, NOW) != [item]


def test_the_key_may_stand_in_the_form_and_the_secret_before_the_endpoint() -> None:
    CONNECTOR.verify(Request("POST", URL, FORM, b"description=x&api_key=new"), NOW)
    CONNECTOR.verify(Request("POST", f"{URL}/secret/requests.json", FORM, b"description=x"), NOW)
    for url, status in ((f"{URL}?api_key=wrong", 403), (f"{URL}/wrong/requests.json", 403), (URL, 401)):
        with pytest.raises(Rejected) as caught:
            CONNECTOR.verify(Request("POST", url, FORM, b"description=x"), NOW)
        assert caught.value.status == status


def test_the_key_may_stand_in_a_form_with_a_photo() -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="api_key"\r\n\r\n'
    headers = {"content-type": "multipart/form-data; boundary=b"}
    CONNECTOR.verify(Request("POST", URL, headers, part + b"new\r\n--b--\r\n"), NOW)
    for body, status in ((part + b"wrong\r\n--b--\r\n", 403), (part + b"new\r\n", 401), (b"", 401)):
        with pytest.raises(Rejected) as caught:
            CONNECTOR.verify(Request("POST", URL, headers, body), NOW)
        assert caught.value.status == status


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><service_requests/>',
        b'<!DOCTYPE x SYSTEM "file:///etc/hostname"><service_requests/>',
        b"<service_requests>",
        b'<?xml version="1.0" encoding="none-such"?><a/>',
        b"<a>\x00</a>",
        b"<html>maintenance</html>",
        b'{"errors": "maintenance"}',
    ],
)
def test_xml_that_would_expand_or_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(Rejected):
        CONNECTOR.parse(Request("POST", URL, {"content-type": "text/xml"}, body), SOURCE, NOW)


def test_xml_that_is_nested_very_deeply_is_refused() -> None:
    body = b"<a>" * 100_000 + b"</a>" * 100_000
    with pytest.raises(Rejected):
        CONNECTOR.parse(Request("POST", URL, {"content-type": "text/xml"}, body), SOURCE, NOW)
