"""What could not be read, as a failure, and back again for another try."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from connectors.base import Request, Source
from schemas.failure import FailedEvent, Protocol, Stage, failure_of_request, without_secrets
from schemas.feedback import MAX_URL

_SECRET_PARAMETERS = ("token", "secret", "signature", "key", "password", "guid", "auth")


def failed_request(request: Request, source: Source, reason: str, now: datetime) -> FailedEvent:
    """A request that was its provider's, and could not be read. What it was is told by its URL when it has no body."""
    told = request.body or request.url.encode("utf-8", "surrogateescape")
    return _failed(source, reason, told, request.body, now, "webhook", request)


def request_of(failure: FailedEvent) -> Request:
    """The request of a failure, to be read again once its connector can. Its proof was not kept: do not ask for it."""
    return Request(failure.method or "POST", failure.url or "", failure.headers, failure.body)


def failed_row(content: bytes, source: Source, reason: str, now: datetime, protocol: Protocol = "file") -> FailedEvent:
    """A row of a file, or an item of a page, that is no answer; `content` is a file (a page) with only that."""
    return _failed(source, reason, content, content, now, protocol)


def failed_fetch(url: str, source: Source, reason: str, now: datetime) -> FailedEvent:
    """An address that was given up. It is the body, since its parameters, which `url` would lose, may be needed."""
    told = url.encode()
    return _failed(source, reason, told, told, now, "fetch").model_copy(update={"method": "GET"})


def _failed(
    source: Source,
    reason: str,
    told: bytes,
    body: bytes,
    now: datetime,
    protocol: Protocol,
    request: Request | None = None,
) -> FailedEvent:
    return FailedEvent(
        protocol=protocol,
        failure_id=failure_of_request(source.tenant, source.name, told),
        stage=Stage.PARSE,
        reason=reason[:300],
        tenant=source.tenant,
        source=source.name,
        method=request.method[:10] if request else None,
        url=_public_url(request.url, source) if request else None,
        headers=without_secrets(dict(request.headers)) if request else {},
        body=b64encode(body),
        first_received_at=now,
        failed_at=now,
    )


def _public_url(url: str, source: Source) -> str:
    """The URL without what may be a secret: a path behind the source's name, and parameters that sound like one."""
    parts = urlsplit(url)
    own = f"/v1/{source.tenant}/{source.name}"
    path = own if parts.path.startswith(own) else parts.path
    query = urlencode([pair for pair in _parameters(parts.query) if not _is_secret(pair[0])])
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], path=path, query=query).geturl()[:MAX_URL]


def _parameters(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query[:MAX_URL], keep_blank_values=True)


def _is_secret(name: str) -> bool:
    return any(part in name.lower() for part in _SECRET_PARAMETERS)
