"""Operating system, browser and device of an answer, from its user agent and client hints together."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import ua_parser

Platform = Literal["desktop", "mobile", "tablet", "tv", "other"]

_LONGEST = 1024
_CACHED = 65_536
_SYSTEMS = {
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Android": "Android",
    "iOS": "iOS",
    "Linux": "Linux",
    "Ubuntu": "Ubuntu",
    "Chrome OS": "ChromeOS",
}
_BROWSERS = {
    "Chrome": "Chrome",
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Chrome Mobile WebView": "Chrome WebView",
    "Edge": "Edge",
    "Edge Mobile": "Edge",
    "Firefox": "Firefox",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Safari": "Safari",
    "Mobile Safari": "Safari",
    "Samsung Internet": "Samsung Internet",
    "Opera": "Opera",
    "Opera Mobile": "Opera",
}
_BOT = re.compile(r"bot\b|crawl|spider|preview|monitor", re.IGNORECASE)
_VERSION = re.compile(r"\d{1,4}(?:\.\d{1,6}){0,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Agent:
    """What is known of a client; None where it is not."""

    platform: Platform | None = None
    os_name: str | None = None
    os_version: str | None = None
    browser_name: str | None = None
    browser_version: str | None = None
    device: str | None = None
    is_bot: bool = False


def parse(user_agent: str | None, hints: Mapping[str, str] | None = None) -> Agent:
    """One agent. `hints` are the Sec-CH-UA headers, by name in any case."""
    return _parse(user_agent, tuple(sorted(hints.items())) if hints else ())


def parse_many(user_agents: Sequence[str | None], hints: Sequence[Mapping[str, str] | None]) -> list[Agent]:
    """A column of agents, row by row; both columns have the same length."""
    return [parse(agent, hint) for agent, hint in zip(user_agents, hints, strict=True)]


def user_agent_lines(lines: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows of `balie user-agent`: {"user_agent", "client_hints"} in; os, browser, device and bot out."""
    for line in lines:
        agent = parse(line.get("user_agent"), line.get("client_hints"))
        yield {
            "os": {"name": agent.os_name, "version": agent.os_version},
            "browser": {"name": agent.browser_name, "version": agent.browser_version},
            "device": agent.device,
            "bot": agent.is_bot,
        }


@lru_cache(maxsize=_CACHED)
def _parse(user_agent: str | None, hints: tuple[tuple[str, str], ...]) -> Agent:
    text = (user_agent or "")[:_LONGEST]
    if not text:
        return Agent()
    found = ua_parser.parse(text)
    system, browser = found.os, found.user_agent
    values = {name.casefold(): value.strip('"') for name, value in hints}
    os_name = _SYSTEMS.get(system.family) if system else None
    os_version = _version(system.major, system.minor) if system else None
    if values.get("sec-ch-ua-platform") == "Windows" and (version := values.get("sec-ch-ua-platform-version")):
        os_version = "11" if version.split(".")[0].isdigit() and int(version.split(".")[0]) >= 13 else "10"
    bot = bool(_BOT.search(text))
    mobile = "Mobile" in text
    device, platform = _device(bot, mobile, os_name)
    return Agent(
        platform=platform,
        os_name=os_name,
        os_version=os_version if os_name else None,
        browser_name=_BROWSERS.get(browser.family, "Other") if browser else None,
        browser_version=_version(browser.major, browser.minor) if browser and browser.family in _BROWSERS else None,
        device=device,
        is_bot=bot,
    )


def _device(bot: bool, mobile: bool, os_name: str | None) -> tuple[str | None, Platform | None]:
    if bot:
        return "bot", "other"
    if os_name in {"Android", "iOS"}:
        return ("smartphone", "mobile") if mobile else ("tablet", "tablet")
    return ("desktop", "desktop") if os_name else (None, None)


def _version(major: str | None, minor: str | None) -> str | None:
    version = ".".join(part for part in (major, minor) if part)
    return version if _VERSION.fullmatch(version) else None
