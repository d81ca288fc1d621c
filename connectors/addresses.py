"""Addresses of the providers that we ask."""

from __future__ import annotations

from ipaddress import ip_address
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


ApiUrl = Annotated[str, AfterValidator(_sound)]
"""Where a provider's API is, without a slash at its end. A token is sent there, so it is not asked in clear."""
