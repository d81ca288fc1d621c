"""What stands before the collector: proxies, public addresses, tokens of the rate."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.types import Message

from connectors.base import Request, Source
from connectors.collector.app import create_app
from connectors.collector.http import Edge
from connectors.collector.limits import Bucket
from connectors.errors import Misconfigured, Rejected
from connectors.records import failed_request
from connectors.registry import configured
from schemas.feedback import Channel


async def nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def asked(edge: Edge, peer: str, headers: dict[str, str], path: bytes = b"/v1/a/b") -> Request:
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "raw_path": path,
        "query_string": b"q=%C3%A9",
        "client": (peer, 1),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    return asyncio.run(edge.request(scope, nothing, 100))


def test_a_body_that_does_not_come_is_given_up() -> None:
    async def never() -> Message:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    scope: dict[str, Any] = {"headers": []}
    with pytest.raises(Rejected) as raised:
        asyncio.run(Edge(body_seconds=0.05).request(scope, never, 100))
    assert raised.value.status == 408


@pytest.mark.parametrize(
    ("peer", "chain", "remote"),
    [
        ("198.51.100.1", "203.0.113.5", "198.51.100.1"),
        ("10.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.5, 10.0.0.2", "203.0.113.5"),
        ("10.0.0.1", "203.0.113.5:4711", "203.0.113.5"),
        ("10.0.0.1", "[2001:db8::5]:4711, 10.0.0.9:80", "2001:db8::5"),
        ("10.0.0.1", "10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.5, not an address", None),
        ("::1", "203.0.113.5", "203.0.113.5"),
    ],
)
def test_the_sender_is_the_last_that_no_trusted_proxy_is(peer: str, chain: str, remote: str | None) -> None:
    edge = Edge(["10.0.0.0/8", "::1/128"])
    assert asked(edge, peer, {"x-forwarded-for": chain}).remote == remote


def test_the_url_is_the_one_that_was_called() -> None:
    headers = {"host": "inside:8000", "x-forwarded-host": "feedback.example", "x-forwarded-proto": "https"}
    assert asked(Edge(), "10.0.0.1", headers).url == "http://inside:8000/v1/a/b?q=%C3%A9"
    assert asked(Edge(["10.0.0.0/8"]), "10.0.0.1", headers).url == "https://feedback.example/v1/a/b?q=%C3%A9"
    public = Edge(public_url="https://balie.example/in/")
    assert (
        asked(public, "10.0.0.1", headers, b"/v1/a/\xc3\xa9%20").url
        == "https://balie.example/in/v1/a/%C3%A9%20?q=%C3%A9"
    )


def test_a_bucket_gives_what_it_has_and_says_when_there_is_more() -> None:
    now = [0.0]
    bucket = Bucket(2.0, 3.0, clock=lambda: now[0])
    assert [bucket.take() for _ in range(4)] == [0, 0, 0, 0.5]
    now[0] += 0.5
    assert [bucket.take(), bucket.take()] == [0, 0.5]
    now[0] += 100
    assert [bucket.take() for _ in range(4)] == [0, 0, 0, 0.5]


def test_a_failure_keeps_no_secret_of_its_url() -> None:
    url = "https://u:p@feedback.example/v1/waterdam/site/s3cret-path?api_key=s3cret&page=2"
    failure = failed_request(
        Request("POST", url, {}, b"x"),
        Source("waterdam", "site", "form", Channel.WEB),
        "x" * 400,
        datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert failure.url == "https://feedback.example/v1/waterdam/site?page=2"
    assert len(failure.reason) == 300


def test_two_sources_at_one_address_are_refused(make_entry: Callable[..., Any], tmp_path: Any) -> None:
    links = {"links": {"1": {"guid": "a"}}}
    sources = [make_entry("waterdam", name, "govmetric", links) for name in ("a", "b")]
    with pytest.raises(Misconfigured, match="/theme/kf/1"):
        create_app(sources, *(None, None, None))  # type: ignore[arg-type]
    assert configured("govmetric", links)


def test_a_header_that_comes_more_than_once_is_one() -> None:
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [(b"x-forwarded-for", b"1.1.1.1"), (b"host", b"a"), (b"x-forwarded-for", b"203.0.113.5")],
    }
    request = asyncio.run(Edge().request(scope, nothing, 100))
    assert request.headers == {"x-forwarded-for": "1.1.1.1, 203.0.113.5", "host": "a"}
