"""Operating system, browser and device of an answer, from its user agent and client hints together.

The rules are device-detector's (see `pipelines.enrich.agent_rules`); this module joins what they say with the hints,
and corrects both where the tables below say so and why. What was measured is in docs/user-agents.md.

Nothing of the text of a user agent is passed on. A name comes from the closed lists of the rules; a version is one or
two short numbers. So an agent that someone stuffed with an e-mail address or a name gives no more than None.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple
from unicodedata import normalize

from pipelines.enrich import agent_rules, client_hints
from pipelines.enrich.client_hints import Hints

Platform = Literal["desktop", "mobile", "tablet", "tv", "other"]

# Real agents with an app's details have some 500 letters, real sets of hints some 600; what is longer is cut, so that
# the memory of a process is bounded: 16,384 x 5 kB at the worst, some 10 MB in practice.
_LONGEST = 1024
_LONGEST_HINTS = 4096
_REMEMBERED = 16_384


@dataclass(frozen=True, slots=True)
class Agent:
    """What is known of a client; None where it is not.

    `platform` is the coarse class of `device` (desktop, smartphone, feature phone, tablet, tv, console, wearable, car,
    bot …). Versions are "17.5" or "17" (also for 17.0): no more is reported, since the rest tells clients apart.
    """

    platform: Platform | None = None
    os_name: str | None = None
    os_version: str | None = None
    browser_name: str | None = None
    browser_version: str | None = None
    device: str | None = None
    is_bot: bool = False


def parse(user_agent: str | None, hints: Mapping[str, str] | None = None) -> Agent:
    """One agent. `hints` are headers by name, in any case: Sec-CH-UA and its like, and X-Requested-With."""
    if user_agent is not None and len(user_agent) > _LONGEST:
        user_agent = user_agent[:_LONGEST]
    if not hints:
        return _remembered(user_agent, None)
    if sum(map(len, hints.values())) > _LONGEST_HINTS:
        hints = client_hints.only_known(hints)
    return _remembered(user_agent, tuple(hints.items()))


def parse_many(user_agents: Sequence[str | None], hints: Sequence[Mapping[str, str] | None]) -> list[Agent]:
    """A column of agents, row by row. The columns have the same length; ValueError otherwise."""
    return [parse(user_agent, given) for user_agent, given in zip(user_agents, hints, strict=True)]


def user_agent_lines(lines: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows of `balie user-agent`: {"user_agent", "client_hints"} in; os, browser, device and bot out."""
    for line in lines:
        hints = line.get("client_hints") or {}
        agent = parse(line.get("user_agent"), {k: v for k, v in hints.items() if isinstance(v, str)})
        yield {
            "os": {"name": agent.os_name, "version": agent.os_version},
            "browser": {"name": agent.browser_name, "version": agent.browser_version},
            "device": agent.device,
            "bot": agent.is_bot,
        }


# --- tables -------------------------------------------------------------------------------------------------------

# The rules' names that are not what the makers, or people, call the thing; and one name for a browser on every system,
# since the system is a column of its own.
_SYSTEM_NAMES = {
    "GNU/Linux": "Linux",
    "Mac": "macOS",
    "Chrome OS": "ChromeOS",
    "Chromium OS": "ChromeOS",
    "OpenHarmony": "HarmonyOS",  # what HarmonyOS NEXT calls itself in an agent
    "Nintendo Mobile": "Nintendo",
    "Symbian OS": "Symbian",
    "Symbian OS Series 60": "Symbian",
    "Symbian OS Series 40": "Symbian",
}
_BROWSER_NAMES = {
    "Microsoft Edge": "Edge",
    "Chrome Webview": "Chrome WebView",
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Mobile Safari": "Safari",
    "Firefox Mobile": "Firefox",
    "Firefox Mobile iOS": "Firefox",
    "Opera Mobile": "Opera",
    "Opera Mini iOS": "Opera Mini",
    "IE Mobile": "Internet Explorer",
    "Samsung Browser": "Samsung Internet",
    "Samsung Browser Lite": "Samsung Internet",
    "Yandex Browser": "Yandex",
    "Yandex Browser Lite": "Yandex",
    "DuckDuckGo Privacy Browser": "DuckDuckGo",
    "Whale Browser": "Whale",
    "Huawei Browser Mobile": "Huawei Browser",
    "Mobile Silk": "Silk",
    "HeyTapBrowser": "HeyTap",
    "Headless Chrome": "Chrome Headless",
    "Microsoft Outlook": "Outlook",
    "Generic Bot": "Other bot",
}
# Where the rules are wrong on the fixtures. The first that matches counts; its name replaces the rules'.
_SYSTEM_CORRECTIONS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Browsers that exist on iOS only, when they ask for the desktop page and call themselves Macintosh.
    (re.compile(r"Macintosh.*\b(?:CriOS|FxiOS|EdgiOS|OPiOS|OPT)/"), "iOS"),
    (re.compile(r"\(U; ?iOS \d"), "iOS"),  # UC Browser's proxy
)
_BROWSER_CORRECTIONS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Chrome with the flag that kept its major version at 99, so that sites would not stumble over three digits.
    (re.compile(r"Chrome/99\.(1\d\d)\.[\d.]+(?: Mobile)? Safari/[\d.]+$"), "Chrome"),
    (re.compile(r" ArkWeb/(\d+)"), "ArkWeb"),  # the engine and browser of HarmonyOS NEXT
    # Desktop programs on Electron that no rule knows: the program is unknown, the shell is not.
    (re.compile(r"\(KHTML, like Gecko\) Chrome/[\d.]+ Electron/(\d+)"), "Electron"),
    (re.compile(r"^Appie/(\d+)"), "Albert Heijn App"),  # a large Dutch app
)
# What brands of Sec-CH-UA are called here, where the rules do not know the brand itself.
_BRANDS = {
    "google chrome": "Chrome",
    "microsoft edge": "Edge",
    "microsoft edge webview2": "Edge WebView2",
    "android webview": "Chrome WebView",
    "headlesschrome": "Chrome Headless",
    "chromium": "Chromium",
    "opera mini android": "Opera Mini",
    "operamobile": "Opera",
    "vewd core": "Vewd Browser",
    "crowbrowser": "Crow Browser",
    "opera air": "Opera Air",
}
# Engines and the browsers that stand for them: any other name says more.
_PLAIN_BROWSERS = frozenset(
    {"Chrome", "Chromium", "Chrome WebView", "Android Browser", "Edge WebView2", "Opera Devices"}
)
_WITHOUT_A_PERSON = frozenset({"Chrome Headless", "PhantomJS"})
# What apps on telephones send by: the answers of an in-app survey come from it, and reports must not leave them out.
_LIBRARIES_OF_APPS = frozenset({"OkHttp", "Dart"})
# Browsers that send no brands: an agent that calls itself one of them beside brands is made up.
_WITHOUT_BRANDS = frozenset({"Safari", "Firefox", "Internet Explorer"})
_PLATFORM_SYSTEMS = {
    "android": "Android",
    "chrome os": "ChromeOS",
    "chromium os": "ChromeOS",
    "chromiumos": "ChromeOS",
    "fuchsia": "Fuchsia",
    "ios": "iOS",
    "linux": "Linux",
    "macos": "macOS",
    "mac os x": "macOS",
    "windows": "Windows",
}
_SYSTEM_DEVICES = {"KaiOS": "feature phone", "Wear OS": "wearable", "watchOS": "wearable"}
_DISTRIBUTIONS = frozenset(
    {
        *("Arch Linux", "CentOS", "Debian", "deepin", "Fedora", "Gentoo", "Kubuntu", "Lubuntu", "Mageia", "Mandriva"),
        *("Mint", "Red Hat", "Slackware", "SUSE", "Ubuntu", "Xubuntu"),
    }
)
_DESKTOP_SYSTEMS = _DISTRIBUTIONS | {"Windows", "macOS", "Linux", "ChromeOS", "FreeBSD", "OpenBSD", "NetBSD", "Solaris"}
_FORM_FACTORS = {  # where several are given, the first of these
    "automotive": "car",
    "watch": "wearable",
    "xr": "xr",
    "tablet": "tablet",
    "eink": "tablet",
    "mobile": "smartphone",
    "desktop": "desktop",
}
_PLATFORMS: dict[str, Platform] = {
    "desktop": "desktop",
    "smartphone": "mobile",
    "feature phone": "mobile",
    "tablet": "tablet",
    "tv": "tv",
}


# --- reading one agent --------------------------------------------------------------------------------------------


class _Named(NamedTuple):
    name: str | None
    version: str | None


_UNKNOWN = _Named(None, None)


@lru_cache(maxsize=_REMEMBERED)
def _remembered(user_agent: str | None, headers: tuple[tuple[str, str], ...] | None) -> Agent:
    text = (user_agent or "").encode("ascii", "replace").decode()
    hints = client_hints.read(dict(headers) if headers else None)
    if not text and hints == client_hints.NONE:
        return Agent()
    return _read(_unreduced(text, hints), hints)


def _read(text: str, hints: Hints) -> Agent:
    found = agent_rules.rules().candidates(text)
    bot = _bot(text, found)
    system = _system(text, found, hints)
    if bot is not None:
        return _agent("bot", system, bot, is_bot=True)
    browser = _browser(text, found, hints)
    library = found.first("library") if browser.name is None else None
    if library is not None:
        browser = _Named(_name(library), _version(library.version))
        if browser.name not in _LIBRARIES_OF_APPS:  # a program without a person before it
            return _agent("bot", system, browser, is_bot=True)
    return _agent(_device(text, hints, system), system, browser, is_bot=browser.name in _WITHOUT_A_PERSON)


def _agent(device: str | None, system: _Named, browser: _Named, is_bot: bool = False) -> Agent:
    return Agent(
        platform=_PLATFORMS.get(device, "other") if device else None,
        os_name=system.name,
        os_version=system.version,
        browser_name=browser.name,
        browser_version=browser.version,
        device=device,
        is_bot=is_bot,
    )


_REDUCED = re.compile(r"Android 10; K(?=[;) ])")
_DESKTOP_PAGE = re.compile(r"X11; Linux x86_64(?=\))")


def _unreduced(text: str, hints: Hints) -> str:
    """The agent with the model of the hints in its place.

    Chrome's reduced agent says "Android 10; K" on every phone and tablet, and "X11; Linux x86_64" where the desktop
    page is asked for (https://www.chromium.org/updates/ua-reduction/).
    """
    if not hints.model or hints.platform not in ("", "Android"):
        return text
    model = hints.model[:64].encode("ascii", "replace").decode()
    system = f"Android {_version(hints.platform_version) or 10}; {model}"
    if not text:
        return f"Mozilla/5.0 (Linux; {system})"
    text = _REDUCED.sub(lambda _: system, text, count=1)
    return _DESKTOP_PAGE.sub(lambda page: f"{page[0]}; {model}", text, count=1)


# --- bots ---------------------------------------------------------------------------------------------------------

_WORD_AND_VERSION = re.compile(r"([A-Za-z][A-Za-z0-9+-]{2,39})(?:[/ ](?=[\dv])v?(\d[\d.]*))?")
# Words of crawlers' agents that every agent has.
_EVERYONES_WORDS = frozenset(
    {
        *("mozilla", "applewebkit", "khtml", "like", "gecko", "version", "chrome", "safari", "firefox", "opera", "edg"),
        *("mobile", "android", "linux", "windows", "macintosh", "intel", "mac", "iphone", "ipad", "nexus", "build"),
        *("compatible", "http", "https", "www", "com", "html", "user-agent", "bot", "bots", "crawler", "spider"),
    }
)


def _bot(text: str, found: agent_rules.Candidates) -> _Named | None:
    """A crawler by the word that it calls itself, as its maker and most tools do; else by the name of the rule."""
    hit = found.first("bot")
    if hit is None:
        return None
    words = agent_rules.crawler_words()
    called = [
        (words[word[1].casefold()], word[2])
        for word in _WORD_AND_VERSION.finditer(text)
        if word[1].casefold() in words and word[1].casefold() not in _EVERYONES_WORDS
    ]
    if called:
        name, version = next((each for each in called if each[1]), called[0])
    else:
        name, version = _name(hit, _BROWSER_NAMES) or "Other bot", ""
        if match := re.search(rf"{re.escape(name)}[/ ](\d[\d.]*)", text):
            version = match[1]
    return _Named(_clean(name), _version(version or ""))


# --- operating systems --------------------------------------------------------------------------------------------


def _system(text: str, found: agent_rules.Candidates, hints: Hints) -> _Named:
    hit = found.first("os")
    system = _Named(_name(hit, _SYSTEM_NAMES), _version(hit.version)) if hit else _UNKNOWN
    for pattern, name in _SYSTEM_CORRECTIONS:
        if name != system.name and pattern.search(text):
            system = _Named(name, None)
            break
    hinted = _PLATFORM_SYSTEMS.get(hints.platform.casefold())
    if hinted is None:
        return system
    if hinted == "Windows":
        return _Named(
            "Windows", _windows(hints.platform_version) or (system.version if system.name == hinted else None)
        )
    version = _version(hints.platform_version) if hints.platform_version.strip("0.") else None
    if hinted == system.name:
        return _Named(hinted, version or system.version)
    if hinted in ("Android", "Linux") and system.name not in (None, "Android", "Linux", "Windows", "macOS", "iOS"):
        return system  # what is built on them, and says so in the agent only: Fire OS, HarmonyOS, ChromeOS, Ubuntu
    return _Named(hinted, version)


def _windows(version: str) -> str | None:
    """Windows' version from Sec-CH-UA-Platform-Version, which counts its API contracts instead.

    https://learn.microsoft.com/en-us/microsoft-edge/web-platform/how-to-detect-win11
    """
    major, _, rest = version.partition(".")
    if not major.isdecimal():
        return None
    if int(major) >= 13:
        return "11"
    if int(major) >= 1:
        return "10"
    return {"1": "7", "2": "8", "3": "8.1"}.get(rest.partition(".")[0])


# --- browsers -----------------------------------------------------------------------------------------------------


def _browser(text: str, found: agent_rules.Candidates, hints: Hints) -> _Named:
    hit = found.first("client")
    browser = _Named(_name(hit, _BROWSER_NAMES), _version(hit.version)) if hit else _UNKNOWN
    if browser.name == "Android Browser" and "WebKit" not in text:
        browser = _UNKNOWN  # an app's own agent that names Android
    for pattern, name in _BROWSER_CORRECTIONS:
        if match := pattern.search(text):
            browser = _Named(name, _version(match[1]))
            break
    branded = _brand(hints)
    if browser.name == "Opera" and branded.name == "Chrome WebView":
        browser = _Named("Opera Mini", browser.version)  # Opera brings its own engine, Opera Mini takes Android's
    if branded.name is not None and (
        browser.name is None
        or browser.name in _PLAIN_BROWSERS | _WITHOUT_BRANDS
        or branded.name.startswith(f"{browser.name} ")  # Opera GX of Opera
    ):
        browser = branded
    if hints.app and (app := agent_rules.apps().get(hints.app)) is not None:
        name = _BROWSER_NAMES.get(app, _clean(app))
        browser = _Named(name, browser.version if name == browser.name else None)
    return browser


def _brand(hints: Hints) -> _Named:
    """The brand that says most: a browser's own before Chrome's, Chrome's before Chromium's."""
    named = [(_BRANDS.get(name.casefold()) or _known_browser(name), version) for name, version in hints.brands]
    known = [_Named(name, _version(version)) for name, version in named if name]
    special = [each for each in known if each.name not in _PLAIN_BROWSERS]
    plain = [each for each in known if each.name != "Chromium"]
    return (special or plain or known or [_UNKNOWN])[0]


def _known_browser(brand: str) -> str | None:
    key = _key(brand)
    names = _browser_names()
    return names.get(key) or names.get(key.removesuffix("browser")) or names.get(f"{key}browser")


@lru_cache(maxsize=1)
def _browser_names() -> dict[str, str]:
    """Every name that the rules have for a browser or an app, by its letters and digits."""
    rules = agent_rules.rules()
    names = [rules.rules[place].name for place in rules.places["client"]]
    names += agent_rules.apps().values()
    names += _BROWSER_NAMES.values()
    known = {}
    for name in names:
        if "\\g<" not in name:
            known[_key(name)] = _BROWSER_NAMES.get(name, _clean(name))
    return known


def _key(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


# --- devices ------------------------------------------------------------------------------------------------------

# Matomo asks its lists of televisions only about agents that say they are one.
_SAYS_TV = re.compile(r"(?:HbbTV|SmartTvA)/\d|[a-z]+[ _]Shell[ _]\w{6}|tclwebkit\d", re.IGNORECASE)
_TV = re.compile(
    r"Andr0id|(?:Android(?: UHD)?|Google|Smart)[ _]?TV|\(lite\) TV|BRAVIA|HbbTV|TV Store| OMI/|\(TV;| TV$",
    re.IGNORECASE,
)
_TV_APP = re.compile(r"tv\.?(?:browser|firefox|search|web)")
_TABLET = re.compile(r"Android(?: [.0-9]+)?; Tablet;|Tablet(?! PC)|Opera Tablet|Pad/APad|-tablet$", re.IGNORECASE)
_IPAD_AS_MAC = re.compile(r"Macintosh.*(?: Mobile/|\b(?:CriOS|FxiOS|EdgiOS|OPiOS|OPT)/)")
# Agents that say what they run on, so that no list of models is needed: half of all, and the cheaper for it.
_PLAIN_DEVICES = (
    (
        re.compile(r"Mozilla/5\.0 \(Windows NT \d+\.\d+;(?!.*\b(?:Xbox|Touch|Tablet|Phone|Lumia|Mobile|HbbTV)\b)"),
        "desktop",
    ),
    (re.compile(r"Mozilla/5\.0 \(Macintosh;(?!.* (?:Mobile/|CriOS|FxiOS|EdgiOS|OPiOS|OPT/))"), "desktop"),
    (re.compile(r"Mozilla/5\.0 \(iPhone; CPU"), "smartphone"),
    (re.compile(r"Mozilla/5\.0 \(iPad; CPU"), "tablet"),
)
_SAMSUNG_ON_A_SCREEN = re.compile(r"X11; Linux x86_64\).* SamsungBrowser/")  # DeX: the phone as a desktop


def _device(text: str, hints: Hints, system: _Named) -> str | None:
    for factor, device in _FORM_FACTORS.items():
        if factor in hints.form_factors:
            return device
    if system.name in _SYSTEM_DEVICES:
        return _SYSTEM_DEVICES[system.name]
    if _SAYS_TV.search(text) or _TV_APP.search(hints.app):
        return "tv"
    if _SAMSUNG_ON_A_SCREEN.search(text):
        return "desktop"
    # Only a browser's agent says "Mobile"; an app's own does not, and most apps are on phones.
    mobile = hints.mobile if hints.mobile is not None else "Mobile" in text or "AppleWebKit" not in text
    for pattern, plain in _PLAIN_DEVICES:
        if pattern.match(text):
            return plain
    if (hit := agent_rules.devices().candidates(text).first("device")) is not None and (kind := hit.device):
        if kind == "smartphone" and hints.mobile is False and "Mobile" not in text and system.name == "Android":
            return "tablet"  # agent and hint agree against the list of models
        return kind
    if _TV.search(text):
        return "tv"
    if _TABLET.search(text) or _IPAD_AS_MAC.search(text):
        return "tablet"
    if system.name in ("Android", "HarmonyOS") or (system.name is None and hints.mobile is not None):
        return "smartphone" if mobile else "tablet"
    if hints.mobile or system.name == "iOS":
        return "smartphone"
    return "desktop" if system.name in _DESKTOP_SYSTEMS else None


# --- what may come out --------------------------------------------------------------------------------------------

_SHORT = re.compile(r"(0|[1-9]\d{0,2})(?:[._](\d{1,4})(?!\d))?(?!\d)", re.ASCII)
_NETWORK_ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}", re.ASCII)
_UNCLEAN = re.compile(r"[^A-Za-z0-9 .+-]+")


def _version(given: str) -> str | None:
    """The first one or two numbers of a version; None where there are none of a version's size.

    Of four numbers that an IPv4 address could have, only the first: nothing tells the one from the other.
    """
    short = _SHORT.match(given)
    if short is None:
        return None
    if short[2] is None or not short[2].strip("0") or _NETWORK_ADDRESS.fullmatch(given):
        return short[1]
    return f"{short[1]}.{short[2]}"


def _name(hit: agent_rules.Hit, names: Mapping[str, str] | None = None) -> str | None:
    name = hit.rule.name
    if "\\g<" in name:
        name = hit.expand(name)
        if not hit.rule.finite and name.casefold() not in hit.rule.pattern.casefold():
            return None  # a piece of the agent itself
    return (names or {}).get(name) or _clean(name) or None


@lru_cache(maxsize=8192)
def _clean(name: str) -> str:
    """A name of the lists in ASCII letters, digits and few signs, at most 40."""
    plain = normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _UNCLEAN.sub("", plain)[:40].strip()
