"""Sends recorded payloads to a running collector, freshly signed with the secrets of the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

import httpx

from connectors.base import Request, Source, Webhook
from connectors.unsigned import STEPS_OF_A_SOURCE


class NotSent(Exception):
    """Nothing answers; the message names the mend."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What the collector answered to one request."""

    method: str
    url: str
    status: int
    body: str


def send(
    requests: Sequence[Request], source: Source, connector: Webhook, public_url: str, url: str, now: datetime
) -> list[Sent]:
    """The collector's answers, in order.

    `public_url` is the address that signatures are made over, `url` where the collector really is. NotSent where
    nothing answers there.
    """
    sent: list[Sent] = []
    with httpx.Client(timeout=30) as client:
        for recorded in requests:
            signed = connector.sign(replace(recorded, url=addressed(recorded.url, source, public_url)), now)
            parts, real, public = urlsplit(signed.url), urlsplit(url), urlsplit(public_url)
            address = parts._replace(scheme=real.scheme, netloc=real.netloc).geturl()
            headers = {**signed.headers, "host": public.netloc}
            try:
                answer = client.request(signed.method, address, headers=headers, content=signed.body)
            except httpx.HTTPError:
                raise NotSent(f"nothing answers at {url}: start the collector with `balie serve`") from None
            sent.append(Sent(signed.method, parts.path, answer.status_code, answer.text))
    return sent


def addressed(url: str, source: Source, public_url: str) -> str:
    """The recorded URL, at this source of this collector; fixed addresses, such as a landing page's, stay."""
    parts, public = urlsplit(url), urlsplit(public_url)
    path = parts.path
    if path.startswith("/v1/"):
        behind = path.split("/")[STEPS_OF_A_SOURCE:]
        path = "/".join(["", "v1", source.tenant, source.name, *behind])
    return parts._replace(scheme=public.scheme, netloc=public.netloc, path=path).geturl()
