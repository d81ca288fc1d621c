"""Which connectors there are: a name, which is the name of the provider's file, and its class.

A file in a channel's folder that holds a connector is one; there is no list to add it to. Other packages add theirs by
entry points in the group `balie.connectors`: name = "package.module:Class".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from inspect import isabstract
from pkgutil import iter_modules
from typing import Any

from pydantic import ValidationError

import connectors as room
from connectors.base import PROTOCOLS, Connector
from connectors.errors import Misconfigured

ENTRY_POINTS = "balie.connectors"
_NO_CHANNELS = {"collector", "poller"}
_SAID = {"extra_forbidden": "there is no such setting", "missing": "it is needed", "tuple_type": "it is a list"}


@cache
def connectors() -> Mapping[str, type[Connector]]:
    """All connectors by name: those of this project, and those that installed packages add."""
    found = {name: kind for name, file in _files().items() if (kind := _connector_in(file)) is not None}
    for point in entry_points(group=ENTRY_POINTS):
        added = point.load()
        if not (isinstance(added, type) and issubclass(added, Connector)):
            raise Misconfigured(f"the entry point {point.name} of {ENTRY_POINTS} is no Connector: remove its package")
        if point.name in found:
            raise Misconfigured(f"two connectors are called {point.name}: remove one of the packages")
        found[point.name] = added
    return found


@cache
def connector(name: str) -> type[Connector]:
    """The connector of that name; of this project's only its own file is loaded. Misconfigured where there is none."""
    file = _files().get(name)
    kind = (_connector_in(file) if file is not None else None) or connectors().get(name)
    if kind is None:
        raise Misconfigured(f"there is no connector {name}: choose one of {', '.join(sorted(connectors()))}")
    return kind


@cache
def _files() -> Mapping[str, str]:
    """The files in the folders of the channels: by name, the module."""
    found: dict[str, str] = {}
    for folder in iter_modules(room.__path__, "connectors."):
        if folder.ispkg and folder.name.rpartition(".")[2] not in _NO_CHANNELS:
            for file in iter_modules(import_module(folder.name).__path__, f"{folder.name}."):
                found[file.name.rpartition(".")[2]] = file.name
    return found


def _connector_in(file: str) -> type[Connector] | None:
    """The connector that a file holds; None where it is something that several of a channel share."""
    kinds = (value for value in vars(import_module(file)).values() if isinstance(value, type))
    own = (kind for kind in kinds if issubclass(kind, PROTOCOLS) and kind.__module__ == file and not isabstract(kind))
    return next(own, None)


def configured(name: str, settings: Mapping[str, Any]) -> Connector:
    """The connector of that name with these settings. Misconfigured says which setting to mend, quoting none."""
    try:
        return connector(name).model_validate(settings)
    except ValidationError as error:
        faults = []
        for fault in error.errors(include_input=False, include_url=False, include_context=False):
            said = _SAID.get(fault["type"]) or fault["msg"].removeprefix("Value error, ")
            where = ".".join(str(step) for step in fault["loc"])
            faults.append(f"{where}: {said}" if where else said)
        raise Misconfigured(f"settings of connector {name}: {'; '.join(faults)}") from None
