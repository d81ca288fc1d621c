"""A request as it may lie in a repository: without secrets, and with invented people in place of real ones.

What is known by its name (an e-mail address, a telephone number, an address on the internet, somebody's name) is
replaced by an invented one, all other text goes through the scrubber. Read what was written before you commit it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from connectors.base import FORM, Request
from schemas.failure import without_secrets

Scrub = Callable[[str], str]

_INVENTED: Final = (
    (re.compile(r"e-?mail|mail_?address", re.IGNORECASE), "sam.citizen@example.org"),
    (re.compile(r"phone|msisdn|mobile|(^|_)(from|sender|caller|wa_id|originator)$", re.IGNORECASE), "+31612345678"),
    (re.compile(r"(^|_)(ip|ip_?address|remote_?addr)$", re.IGNORECASE), "192.0.2.10"),
    (
        re.compile(r"(first|last|full|display|user|profile|contact|sender|caller|from)_?name|^name$", re.IGNORECASE),
        "Sam Citizen",
    ),
)
_SECRET: Final = re.compile(r"token|secret|signature|password|api_?key|authorization|guid", re.IGNORECASE)
_MAIL: Final = re.compile(r"[^@\s<>\"']+@[^@\s<>\"']+\.[A-Za-z]{2,}")
_DROPPED: Final = (
    "content-length",
    "connection",
    "accept-encoding",
    "host",
    "x-forwarded",
    "x-real-ip",
    "cf-",
    "forwarded",
)


def anonymous(request: Request, path: str, scrub: Scrub) -> Request:
    """The request with the citizen's and the town's secrets replaced; `path` is what its URL is to be cut to."""
    parts = urlsplit(request.url)
    query = urlencode([(name, _value(name, value, scrub)) for name, value in parse_qsl(parts.query, True)])
    headers = {
        name: _MAIL.sub("sam.citizen@example.org", value)
        for name, value in without_secrets(dict(request.headers)).items()
        if not name.startswith(_DROPPED) and "signature" not in name
    }
    return replace(
        request,
        url=parts._replace(scheme="https", netloc="feedback.example", path=path, query=query).geturl(),
        headers=headers,
        body=_body(request, scrub),
        remote="192.0.2.10" if request.remote else None,
    )


def _body(request: Request, scrub: Scrub) -> bytes:
    if request.media_type == FORM:
        return urlencode([(name, _value(name, value, scrub)) for name, value in request.form_fields]).encode()
    try:
        told = json.loads(request.body)
    except (ValueError, RecursionError):
        return scrub(request.body.decode("utf-8", "replace")).encode()
    return json.dumps(_walked("", told, scrub), ensure_ascii=False).encode()


def _walked(name: str, value: Any, scrub: Scrub) -> Any:
    if isinstance(value, dict):
        return {key: _walked(str(key), inner, scrub) for key, inner in value.items()}
    if isinstance(value, list):
        return [_walked(name, inner, scrub) for inner in value]
    return _value(name, value, scrub) if isinstance(value, str) else value


def _value(name: str, value: str, scrub: Scrub) -> str:
    if not value:
        return value
    if _SECRET.search(name):
        return "invented"
    for pattern, invented in _INVENTED:
        if pattern.search(name):
            return invented
    return scrub(value)
