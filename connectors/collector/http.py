"""From ASGI to `Request` and back: the body within its limit, the address and URL as the sender had them."""

from __future__ import annotations

import ipaddress
import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.types import Receive, Scope, Send

from connectors.base import Reply, Request
from connectors.collector.patience import Patience
from connectors.errors import Rejected

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_WRITABLE = re.compile(rb"[\x21-\x7e]*")
_REASON_TYPE = "text/plain; charset=utf-8"


class Disconnected(Exception):
    """The sender went away before the body was whole; there is no one to answer."""


class Edge:
    """What stands before us: proxies whose headers are believed, the public address they give us, and slow senders."""

    def __init__(
        self, trusted_proxies: Sequence[str] = (), public_url: str | None = None, body_seconds: float = 30.0
    ) -> None:
        self._patience = Patience(body_seconds)
        self._trusted: list[Network] = [ipaddress.ip_network(proxy) for proxy in trusted_proxies]
        self._public_url = public_url.rstrip("/") if public_url else None

    async def request(self, scope: Scope, receive: Receive, body_bytes: int) -> Request:
        """The request, its body read. Rejected: 413, 415, 400 or 408. Disconnected: there is nobody any more."""
        headers = _headers(scope)
        try:
            body = await self._patience.wait_for(_body(headers, receive, body_bytes))
        except TimeoutError:
            raise Rejected(408, "the body did not arrive in time") from None
        peer = scope["client"][0] if scope.get("client") else None
        trusted = self._is_trusted(peer)
        return Request(
            method=scope["method"],
            url=self._url(scope, headers, trusted),
            headers=headers,
            body=body,
            remote=self._remote(peer, headers) if trusted else peer,
        )

    def _url(self, scope: Scope, headers: Mapping[str, str], trusted: bool) -> str:
        path, query = _ascii(scope["raw_path"]), _ascii(scope["query_string"])
        base = self._public_url
        if base is None:
            scheme: str = scope["scheme"]
            if trusted and headers.get("x-forwarded-proto") in ("http", "https"):
                scheme = headers["x-forwarded-proto"]
            host = headers.get("x-forwarded-host") if trusted else None
            base = f"{scheme}://{host or headers.get('host', 'localhost')}"
        return base + path + (f"?{query}" if query else "")

    def _remote(self, peer: str | None, headers: Mapping[str, str]) -> str | None:
        """The last address of the chain that no trusted proxy has: what stands before it anyone can have written."""
        chain = [part.strip() for part in headers.get("x-forwarded-for", "").split(",") if part.strip()]
        for address in reversed(chain):
            if not self._is_trusted(address):
                return _without_port(address)
        return chain[0] if chain else peer

    def _is_trusted(self, address: str | None) -> bool:
        if not self._trusted or address is None:
            return False
        try:
            parsed = ipaddress.ip_address(_without_port(address) or "")
        except ValueError:
            return False
        return any(parsed.version == network.version and parsed in network for network in self._trusted)


def _without_port(address: str) -> str | None:
    """An address as proxies write it ('[::1]:80', '1.2.3.4:80') without its port; None where it is none."""
    if address.startswith("["):
        address = address[1:].partition("]")[0]
    elif address.count(":") == 1:
        address = address.partition(":")[0]
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None


def _ascii(raw: bytes) -> str:
    """A part of a URL as it came; bytes that may not stand in one as they would be written there."""
    if _WRITABLE.fullmatch(raw):
        return raw.decode("ascii")
    return "".join(chr(byte) if 0x20 < byte < 0x7F else f"%{byte:02X}" for byte in raw)


def _headers(scope: Scope) -> dict[str, str]:
    told = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    headers = dict(told)
    if len(headers) < len(told):  # a header that comes more than once is one, with commas
        joined: dict[str, list[str]] = {}
        for name, value in told:
            joined.setdefault(name, []).append(value)
        headers = {name: ", ".join(values) for name, values in joined.items()}
    return headers


async def _body(headers: Mapping[str, str], receive: Receive, limit: int) -> bytes:
    """The body with its content-encoding undone; Rejected (413) as soon as it is over the limit, coded or not."""
    if headers.get("content-length", "0").isdigit() and int(headers.get("content-length", "0")) > limit:
        raise _too_large(limit)
    inflate = _decoder(headers.get("content-encoding", "identity").strip().lower())
    chunks, coded, size = [], 0, 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk = message.get("body", b"")
        coded += len(chunk)
        if inflate is not None and chunk:
            try:
                chunk = inflate.decompress(chunk, limit - size + 1)
            except zlib.error:
                raise Rejected(400, "the body is not in its content-encoding") from None
        size += len(chunk)
        if size > limit or coded > limit:
            raise _too_large(limit)
        chunks.append(chunk)
        if not message.get("more_body", False):
            break
    if inflate is not None and not inflate.eof and coded:
        raise Rejected(400, "the body is not in its content-encoding")
    return b"".join(chunks)


def _decoder(coding: str) -> Any:
    if coding in ("identity", ""):
        return None
    if coding == "gzip":
        return zlib.decompressobj(wbits=31)
    if coding == "deflate":
        return zlib.decompressobj()
    raise Rejected(415, "content-encoding is identity, gzip or deflate")


def _too_large(limit: int) -> Rejected:
    return Rejected(413, f"a body is at most {limit} bytes")


async def send_reply(send: Send, reply: Reply, with_body: bool = True) -> None:
    """Answer with a reply; to HEAD without its body."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()]
    headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body if with_body else b""})


def plain(status: int, reason: str, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer of one sentence."""
    return Reply(status, reason.encode() + b"\n", {"content-type": _REASON_TYPE, **(headers or {})})
