"""What the client-hint headers of a request say (https://wicg.github.io/ua-client-hints/), read leniently.

Values are structured fields, so strings stand in double quotes; some proxies and collectors drop the quotes or quote a
whole list, and both are read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_LONGEST = 512
_KNOWN = frozenset(
    (
        "sec-ch-ua",
        "sec-ch-ua-full-version-list",
        "sec-ch-ua-platform",
        "sec-ch-ua-platform-version",
        "sec-ch-ua-mobile",
        "sec-ch-ua-model",
        "sec-ch-ua-form-factors",
        "x-requested-with",
    )
)
_BRAND = re.compile(r'([^",;=]{1,64})"?\s*;\s*v="?(\d[\d.]{0,24})')
_TRUE = frozenset({"?1", "1", "true"})
_FALSE = frozenset({"?0", "0", "false"})


@dataclass(frozen=True, slots=True)
class Hints:
    """Client hints; "" where one is not given."""

    brands: tuple[tuple[str, str], ...] = ()  # name and version, without the made-up brand (GREASE), in their order
    platform: str = ""
    platform_version: str = ""
    model: str = ""
    mobile: bool | None = None
    form_factors: frozenset[str] = frozenset()
    app: str = ""  # Android's package name of the app around the page (X-Requested-With)


NONE = Hints()


def read(headers: Mapping[str, str] | None) -> Hints:
    """The hints among some headers, by name in any case."""
    if not headers:
        return NONE
    given = only_known(headers)
    # The full list has real versions; the short one may have brands that the full one was cut of.
    brands = dict(_brands(given.get("sec-ch-ua", ""))) | dict(_brands(given.get("sec-ch-ua-full-version-list", "")))
    mobile = _text(given.get("sec-ch-ua-mobile", ""))
    app = _text(given.get("x-requested-with", ""))
    return Hints(
        brands=tuple(brands.items()),
        platform=_text(given.get("sec-ch-ua-platform", "")),
        platform_version=_text(given.get("sec-ch-ua-platform-version", "")),
        model=_text(given.get("sec-ch-ua-model", "")),
        mobile=True if mobile in _TRUE else False if mobile in _FALSE else None,
        form_factors=frozenset(
            _text(each).casefold() for each in given.get("sec-ch-ua-form-factors", "").split(",") if _text(each)
        ),
        app=app if "." in app else "",  # XMLHttpRequest and its like are no apps
    )


def only_known(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that are read, by lower-case name, each cut to 512 letters."""
    return {name.casefold(): value[:_LONGEST] for name, value in headers.items() if name.casefold() in _KNOWN}


def _brands(value: str) -> list[tuple[str, str]]:
    # "Not A;Brand", "Not(A:Brand", …: a name that is nobody's, so that servers do not count on the list.
    return [(name.strip(), version) for name, version in _BRAND.findall(value) if "brand" not in name.casefold()]


def _text(value: str) -> str:
    return value.strip().strip('"').strip()
