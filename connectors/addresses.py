"""Addresses of the providers that we ask, and of what their payloads name."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator


def _sound(url: str) -> str:
    try:
        parts = urlsplit(url)
        sound = parts.hostname and not (parts.query or parts.fragment or parts.username)
        secret = parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(parts.hostname or ""))
    except ValueError:
        sound = secret = False
    if not (sound and secret):
        raise ValueError("an address is https://host, with a path where there is one (http only to this machine)")
    return url.rstrip("/")


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is of the open internet."""
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None) or address
    return bool(inner.is_global and not inner.is_multicast)


def is_written_private(host: str) -> bool:
    """Whether a host is an address that is not of the open internet, or this machine, by its writing alone."""
    try:
        return not is_public(ip_address(host))
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _host(written: str) -> str:
    try:
        parts = urlsplit(f"//{written}")
        sound = bool(parts.hostname) and parts.netloc == written and "@" not in written and (parts.port or 1) > 0
    except ValueError:
        sound = False
    if not sound or any(letter.isspace() for letter in written):
        raise ValueError("a host is its name alone, such as zaken.example.org, without https:// and a path")
    return written.lower().removesuffix(":443")


Host = Annotated[str, AfterValidator(_host)]
"""A host that may be fetched from, in small letters, with its port where that is not 443."""

ApiUrl = Annotated[str, AfterValidator(_sound)]
"""Where a provider's API is, without a slash at its end. A token is sent there, so it is not asked in clear."""
