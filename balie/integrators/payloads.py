"""Recorded payloads: a case is requests with the settings and the clock they belong to, unsigned (tests/payloads)."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from balie.settings import is_secret
from connectors.base import Connector, Request
from connectors.trial import request_of

FOLDER = Path("tests/payloads")
_SUFFIX = ".request.json"
_SECRET = "whsec_" + b64encode(b"invented for tests").decode()


class NoCase(Exception):
    """There is no such case; the message says which there are."""


def cases(folder: Path, name: str) -> list[str]:
    """The cases of a connector."""
    return sorted(path.name.removesuffix(_SUFFIX) for path in (folder / name).glob(f"*{_SUFFIX}"))


def requests(folder: Path, name: str, case: str) -> list[Request]:
    """The requests of a case, in order."""
    try:
        told = json.loads((folder / name / f"{case}{_SUFFIX}").read_text(encoding="utf-8"))
    except FileNotFoundError:
        there = ", ".join(cases(folder, name)) or f"none in {folder / name}: name another folder with --folder"
        raise NoCase(f"there is no case {case} of {name}; there are {there}") from None
    return [request_of(request) for request in told["requests"]]


def write(
    folder: Path, name: str, case: str, settings: Mapping[str, Any], now: str, requests: Sequence[Request]
) -> Path:
    """A case as a file, which must not be there yet; where it is."""
    path = folder / name / f"{case}{_SUFFIX}"
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {
        "settings": settings,
        "source": {"tenant": "waterdam", "name": "account"},
        "now": now,
        "requests": [_told(request) for request in requests],
    }
    with path.open("x", encoding="utf-8") as file:
        file.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    return path


def settings_without_secrets(connector: Connector) -> dict[str, Any]:
    """The settings that differ from their defaults, with an invented secret for each real one."""
    told = connector.model_dump(mode="json", exclude_defaults=True)
    for key, field in type(connector).model_fields.items():
        if key in told and is_secret(field.annotation):
            told[key] = _SECRET if isinstance(getattr(connector, key), SecretStr) else [_SECRET]
    return told


def _told(request: Request) -> dict[str, Any]:
    told: dict[str, Any] = {"method": request.method, "url": request.url, "headers": dict(request.headers)}
    if request.remote:
        told["remote"] = request.remote
    try:
        told["body"] = request.body.decode("utf-8")
    except UnicodeDecodeError:
        told["body"], told["body_encoding"] = b64encode(request.body).decode(), "base64"
    return told
