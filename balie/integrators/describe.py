"""What a connector needs and where it is reached, for people and for programs: its settings, types, defaults, URLs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from inspect import cleandoc, getmodule
from typing import TYPE_CHECKING, Any, Final

from balie.settings import is_secret
from connectors.base import Fetcher, File, Mail, Poll, Webhook
from connectors.unsigned import Unsigned

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from balie.settings import Settings
    from connectors.base import Connector

_PROTOCOLS: Final = {"webhook": (Webhook,), "poll": (Poll, Mail), "fetch": (Fetcher,), "file": (File,)}
_FORMATS: Final = {"password": "secret", "date": "date", "date-time": "time"}


def described(name: str, kind: type[Connector]) -> dict[str, Any]:
    """Everything about a connector but its URLs, in plain values. `about` is all that its file says of it."""
    schema = kind.model_json_schema()
    settings = [_setting(key, field, schema) for key, field in kind.model_fields.items()]
    given = {setting["key"]: setting["secret_file"] or setting["key"] for setting in settings}
    proofs = [given[key] for key in getattr(kind, "proofs", ())]
    about = cleandoc(getmodule(kind).__doc__ or kind.__doc__ or "")
    return {
        "name": name,
        "channel": str(kind.channel),
        "protocols": [protocol for protocol, wanted in _PROTOCOLS.items() if issubclass(kind, wanted)],
        "documentation": kind.documentation,
        "what": re.sub(r"\s*\(?https?://.*", "", about.partition("\n")[0]).rstrip(" .,:("),
        "about": about,
        "needs": [
            *(given[setting["key"]] for setting in settings if setting["needed"]),
            *([" or ".join(proofs)] if proofs else []),
        ],
        "settings": settings,
        "schema": schema,
    }


def urls(name: str, kind: type[Connector], settings: Settings | None) -> list[str]:
    """Where the provider calls each source of this connector; where there is none, what that would look like.

    A secret that belongs at the end of a URL is shown as `<path secret>`. None where the provider does not call us.
    Raises SettingsError where a source of the settings cannot work.
    """
    from balie.open import sources

    if not issubclass(kind, Webhook):
        return []
    if settings is None:
        return [f"/v1/<town>/<source>{'/<path secret>' if issubclass(kind, Unsigned) else ''}"]
    start, found = settings.collector.public_url or settings.collector.url, []
    for source, connector in sources(settings):
        if source.connector == name and isinstance(connector, Webhook):
            ends_in_secret = isinstance(connector, Unsigned) and connector.path_secrets
            own = f"/v1/{source.tenant}/{source.name}{'/<path secret>' if ends_in_secret else ''}"
            found += [start + path for path in connector.paths() or (own,)]
    return found or [start + path for path in urls(name, kind, None)]


def _setting(key: str, field: FieldInfo, schema: Mapping[str, Any]) -> dict[str, Any]:
    secret, needed = is_secret(field.annotation), field.is_required()
    default: Any = None if needed or secret else field.get_default(call_default_factory=True)
    return {
        "key": key,
        "type": _type(schema["properties"][key], schema),
        "secret_file": f"{key}_file" if secret else None,
        "needed": needed,
        "default": default.model_dump(mode="json", exclude_none=True) if hasattr(default, "model_dump") else default,
        "what": field.description,
    }


def _type(told: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """The type of a value in JSON, in words; of an object its keys in braces."""
    if "$ref" in told:
        return _type(schema["$defs"][told["$ref"].rpartition("/")[2]], schema)
    if "anyOf" in told:
        kinds = [_type(one, schema) for one in told["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in told:
        return " or ".join(repr(value) for value in told["enum"])
    kind = str(told.get("type", "any"))
    if kind == "array":
        return f"list of {_type(told.get('items', {}), schema)}"
    if kind == "object" and "properties" in told:
        return "{" + ", ".join(told["properties"]) + "}"
    if kind == "object":
        return f"object of {_type(told.get('additionalProperties', {}), schema)}"
    return _FORMATS.get(str(told.get("format")), kind)
