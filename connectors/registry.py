"""Which connectors there are: a name, which is the name of the provider's file, and its class.

Other packages add connectors by entry points in the group `balie.connectors`: name = "package.module:Class".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from pydantic import ValidationError

from connectors.base import Connector
from connectors.errors import Misconfigured
from connectors.sms.twilio import TwilioSms
from connectors.web.form import WebForm
from connectors.web.govmetric import GovMetric

CONNECTORS: dict[str, type[Connector]] = {
    "form": WebForm,
    "govmetric": GovMetric,
    "twilio": TwilioSms,
}

ENTRY_POINTS = "balie.connectors"


@cache
def connectors() -> Mapping[str, type[Connector]]:
    """All connectors by name: those of this project, and those that installed packages add."""
    found = dict(CONNECTORS)
    for point in entry_points(group=ENTRY_POINTS):
        added = point.load()
        if not (isinstance(added, type) and issubclass(added, Connector)):
            raise Misconfigured(f"the entry point {point.name} of {ENTRY_POINTS} is no Connector: remove its package")
        if point.name in found:
            raise Misconfigured(f"two connectors are called {point.name}: remove one of the packages")
        found[point.name] = added
    return found


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
