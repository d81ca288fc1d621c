"""Calls to providers: one at a time, bounded in time and size, without redirects; and never to private addresses where
the address comes from a payload."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Final

import httpx

from connectors.addresses import is_public
from connectors.base import Call, Response

SECONDS: Final = 30.0
MOST_BYTES: Final = 16 * 1024 * 1024
_LONGEST_WAIT: Final = 3600.0


class Away(Exception):
    """The provider does not answer now, or not well: ask again, after `wait` seconds if it says so.

    `status` is the HTTP status, None where none came.
    """

    def __init__(self, reason: str, status: int | None = None, wait: float | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.wait = wait


class Caller:
    """Makes calls. Safe between threads. `only_public` refuses every address that is not of the open internet."""

    def __init__(self, *, only_public: bool = False, seconds: float = SECONDS) -> None:
        transport = httpx.HTTPTransport(retries=0)
        self._client = httpx.Client(
            transport=_OnlyPublic(transport) if only_public else None,
            timeout=seconds,
            follow_redirects=False,
            headers={"user-agent": "Balie"},
        )

    def __call__(self, call: Call) -> Response:
        """The provider's answer. Away unless it is a 2xx of at most `MOST_BYTES`."""
        with (
            self._errors_named(),
            self._client.stream(call.method, call.url, headers=dict(call.headers), content=call.body or None) as answer,
        ):
            if answer.is_redirect:
                raise Away("it answers that it has moved: set its new address", answer.status_code)
            if not answer.is_success:
                raise Away(f"it answers {answer.status_code}", answer.status_code, _wait(answer.headers))
            body = bytearray()
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise Away(f"its answer is larger than {MOST_BYTES} bytes")
            return Response(bytes(body), {name.lower(): value for name, value in answer.headers.items()})

    def close(self) -> None:
        self._client.close()

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        # The message of an error may quote the URL, which may hold a key or an id; its type does not.
        try:
            yield
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise Away(f"it cannot be reached, or breaks off ({type(error).__name__})") from None


class _OnlyPublic(httpx.BaseTransport):
    """Looks a name up once and calls the address it got, so that the name cannot mean another one a moment later."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host, port = request.url.host, request.url.port or (443 if request.url.scheme == "https" else 80)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            raise httpx.ConnectError("no such host") from None
        addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
        if not all(is_public(address) for address in addresses):
            raise Away("it is at a private address, which is never called")
        request.url = request.url.copy_with(host=str(addresses[0]))
        request.extensions = {**request.extensions, "sni_hostname": host}
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def _wait(headers: httpx.Headers) -> float | None:
    """Seconds that `Retry-After` asks for (RFC 9110, 10.2.3), at most an hour."""
    told = headers.get("retry-after", "")
    if told.isdigit() and len(told) < 8:
        return min(float(told), _LONGEST_WAIT)
    try:
        seconds = (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT)
