from __future__ import annotations

import ipaddress
import socket

import pytest

from connectors.base import Call
from connectors.poller import http
from connectors.poller.http import Away, Caller
from tests.providers import Answer, Provider


def test_an_answer_comes_with_its_headers(provider: Provider) -> None:
    provider.answer = lambda asked: Answer(b"hi", headers={"X-More": "1"})
    response = Caller()(Call(f"{provider.url}/a?b=c", "POST", {"x-key": "k"}, b"body"))
    assert (response.body, response.headers["x-more"]) == (b"hi", "1")
    (asked,) = provider.asked
    assert (asked.method, asked.query, asked.headers["x-key"], asked.body) == ("POST", {"b": "c"}, "k", b"body")


@pytest.mark.parametrize(
    ("answer", "status", "wait"),
    [
        (Answer(status=429, headers={"retry-after": "7"}), 429, 7.0),
        (Answer(status=503, headers={"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}), 503, 0.0),
        (Answer(status=500, headers={"retry-after": "soon"}), 500, None),
        (Answer(status=503, headers={"retry-after": "9999999"}), 503, 3600.0),
        (Answer(status=302, headers={"location": "http://127.0.0.1:1/"}), 302, None),
        (Answer(b"half", cut=True), None, None),
    ],
)
def test_anything_but_a_good_answer_is_away(
    provider: Provider, answer: Answer, status: int | None, wait: float | None
) -> None:
    provider.answer = lambda asked: answer
    with pytest.raises(Away) as caught:
        Caller()(Call(f"{provider.url}/secret-path"))
    assert (caught.value.status, caught.value.wait) == (status, wait)
    assert "secret-path" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "http://", "http://[::1", "nonsense", "ftp://example.org/"])
def test_what_cannot_be_reached_is_away(url: str) -> None:
    with pytest.raises(Away):
        Caller(seconds=2)(Call(url))


def test_an_answer_that_is_too_large_is_cut_off(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MOST_BYTES", 10)
    provider.answer = lambda asked: Answer(b"x" * 11)
    with pytest.raises(Away, match="larger"):
        Caller()(Call(provider.url))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]", "0.0.0.0"]
)
def test_a_private_address_is_never_called(provider: Provider, host: str) -> None:
    port = provider.url.rpartition(":")[2]
    with pytest.raises(Away, match="private address"):
        Caller(only_public=True, seconds=2)(Call(f"http://{host}:{port}/"))
    assert provider.asked == []


def test_a_public_name_is_called_at_the_address_that_was_checked(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(provider.url.rpartition(":")[2])
    looked_up = []

    def look_up(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        looked_up.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(http, "is_public", lambda address: address == ipaddress.ip_address("127.0.0.1"))
    provider.answer = lambda asked: Answer(b"ok")
    assert Caller(only_public=True)(Call(f"http://zaken.example.org:{port}/x")).body == b"ok"
    assert looked_up[0] == "zaken.example.org"
    assert provider.asked[0].headers["host"] == f"zaken.example.org:{port}"
