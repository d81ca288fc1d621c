"""How senders prove themselves. Everything compares in constant time, over the bytes as they came."""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from connectors.errors import Rejected

TOLERANCE = timedelta(seconds=300)
"""How far a signed timestamp may be from our clock, as Standard Webhooks has it."""


def same(given: str, expected: Iterable[str]) -> bool:
    """Whether `given` is one of the expected (several while a secret is rotated)."""
    one = given.encode("utf-8", "surrogateescape")
    return any(hmac.compare_digest(one, other.encode()) for other in expected)


def demand(proved: bool) -> None:
    """Rejected (403) unless it was proved. One reason for all faults: it is no help to who tries."""
    if not proved:
        raise Rejected(403, "the signature is not valid")


def demand_fresh(timestamp: str, now: datetime, tolerance: timedelta = TOLERANCE) -> None:
    """Rejected (403) unless the Unix time in seconds is within the tolerance of `now`."""
    try:
        age = abs(now.timestamp() - int(timestamp[:20]))
    except ValueError:
        age = float("inf")
    if age > tolerance.total_seconds():
        raise Rejected(403, "the timestamp is missing, or too far from this host's clock")


def header(headers: Mapping[str, str], name: str) -> str:
    """The header that carries the proof; Rejected (401) where it is missing."""
    if value := headers.get(name):
        return value
    raise Rejected(401, f"the header {name} is missing")


def verify_standard_webhook(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> None:
    """Standard Webhooks (https://www.standardwebhooks.com): `webhook-id`, `webhook-timestamp`, `webhook-signature`."""
    message_id, timestamp = header(headers, "webhook-id"), header(headers, "webhook-timestamp")
    signatures = [part.strip() for part in header(headers, "webhook-signature").split(" ")[:10]]
    expected = [_standard_signature(secret, message_id, timestamp, body) for secret in secrets]
    demand(any(same(signature, expected) for signature in signatures))
    demand_fresh(timestamp, now)


def standard_webhook_headers(message_id: str, body: bytes, secret: str, now: datetime) -> dict[str, str]:
    """The three headers that sign a message."""
    timestamp = str(int(now.timestamp()))
    signature = _standard_signature(secret, message_id, timestamp, body)
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": signature}


def standard_webhook_key(secret: str) -> bytes:
    """The bytes of a secret 'whsec_…' in base64; ValueError where it is none."""
    try:
        key = b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if len(key) < 16:
        raise ValueError("a secret is 'whsec_' and at least 16 bytes in base64")
    return key


def _standard_signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    mac = _standard_mac(secret).copy()
    mac.update(b".".join((_bytes(message_id), _bytes(timestamp), body)))
    return "v1," + b64encode(mac.digest()).decode()


@lru_cache(256)  # taking in the key costs as much as signing with it
def _standard_mac(secret: str) -> hmac.HMAC:
    return hmac.new(standard_webhook_key(secret), digestmod="sha256")


def twilio_signature(token: str, url: str, form: Iterable[tuple[str, str]] = ()) -> str:
    """Twilio's: HMAC-SHA1 over the URL and the sorted form (https://www.twilio.com/docs/usage/security)."""
    mac = _twilio_mac(token).copy()
    mac.update(_bytes(url + "".join([name + value for name, value in sorted(set(form))])))
    return b64encode(mac.digest()).decode()


@lru_cache(256)
def _twilio_mac(token: str) -> hmac.HMAC:
    return hmac.new(token.encode(), digestmod="sha1")


def verify_basic(headers: Mapping[str, str], user: str, passwords: Sequence[str]) -> None:
    """HTTP Basic authentication (RFC 7617). Rejected (401) asks a browser for it."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    try:
        decoded = b64decode(given.strip(), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        decoded = ""
    expected = [f"{user}:{password}" for password in passwords]
    if not (same(decoded, expected) and scheme.lower() == "basic"):
        raise Rejected(
            401, "user or password is not valid", {"www-authenticate": 'Basic realm="feedback", charset="UTF-8"'}
        )


def basic_header(user: str, password: str) -> str:
    """The value of `Authorization` for a user and password."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
