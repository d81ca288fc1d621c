"""Which connectors there are: a name, which is the name of the provider's file, and its class.

A file in a channel's folder that holds a connector is one; there is no list to add it to. Other packages add theirs by
entry points in the group `balie.connectors`: name = "package.module:Class".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from inspect import isabstract
from pkgutil import iter_modules
from typing import Any

from pydantic import ValidationError

import connectors as room
from connectors.base import Connector
from connectors.errors import Misconfigured

ENTRY_POINTS = "balie.connectors"
_NO_CHANNELS = {"collector", "poller"}


@cache
def connectors() -> Mapping[str, type[Connector]]:
    """All connectors by name: those of this project, and those that installed packages add."""
    found = dict(_ours())
    for point in entry_points(group=ENTRY_POINTS):
        added = point.load()
        if not (isinstance(added, type) and issubclass(added, Connector)):
            raise Misconfigured(f"the entry point {point.name} of {ENTRY_POINTS} is no Connector: remove its package")
        if point.name in found:
            raise Misconfigured(f"two connectors are called {point.name}: remove one of the packages")
        found[point.name] = added
    return found


def _ours() -> Iterator[tuple[str, type[Connector]]]:
    """Name and class of each connector in the folders of the channels."""
    for folder in iter_modules(room.__path__, "connectors."):
        if not folder.ispkg or folder.name.rpartition(".")[2] in _NO_CHANNELS:
            continue
        for file in iter_modules(import_module(folder.name).__path__, f"{folder.name}."):
            for value in vars(import_module(file.name)).values():
                own = isinstance(value, type) and value.__module__ == file.name and issubclass(value, Connector)
                if own and not isabstract(value):
                    yield file.name.rpartition(".")[2], value


def configured(name: str, settings: Mapping[str, Any]) -> Connector:
    """The connector of that name with these settings. Misconfigured says which setting to mend, quoting none."""
    kind = connectors().get(name)
    if kind is None:
        raise Misconfigured(f"there is no connector {name}: choose one of {', '.join(sorted(connectors()))}")
    try:
        return kind.model_validate(settings)
    except ValidationError as error:
        faults = (
            f"{'.'.join(str(step) for step in fault['loc']) or 'settings'}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False, include_context=False)
        )
        raise Misconfigured(f"settings of connector {name}: {'; '.join(faults)}") from None
