"""User agents: plain cases, what hints change, and that nothing of an agent's text passes through."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.enrich.user_agent import Agent, parse, parse_many, user_agent_lines

CHROME = "(KHTML, like Gecko) Chrome/138.0.0.0"
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 {CHROME} Safari/537.36"
MAC = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 {CHROME} Safari/537.36"
REDUCED = f"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 {CHROME} Mobile Safari/537.36"
REDUCED_TABLET = f"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 {CHROME} Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
BRANDS = '"Not)A;Brand";v="8", "Chromium";v="138", "Google Chrome";v="138"'


def read(agent: Agent) -> tuple[str | None, ...]:
    return agent.os_name, agent.os_version, agent.browser_name, agent.browser_version, agent.device


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (WINDOWS, ("Windows", "10", "Chrome", "138", "desktop")),
        (f"{WINDOWS} Edg/138.0.0.0", ("Windows", "10", "Edge", "138", "desktop")),
        (f"{WINDOWS} OPR/120.0.0.0", ("Windows", "10", "Opera", "120", "desktop")),
        (f"{WINDOWS} Vivaldi/7.4.3684.43", ("Windows", "10", "Vivaldi", "7.4", "desktop")),
        (f"{IPHONE} Version/18.5 Mobile/15E148 Safari/604.1", ("iOS", "18.5", "Safari", "18.5", "smartphone")),
        (f"{IPHONE} CriOS/138.0.7204.53 Mobile/15E148 Safari/604.1", ("iOS", "18.5", "Chrome", "138", "smartphone")),
        (f"{IPHONE} FxiOS/140.0 Mobile/15E148 Safari/605.1.15", ("iOS", "18.5", "Firefox", "140", "smartphone")),
        (
            "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
            "Mobile/15E148 Safari/604.1",
            ("iPadOS", "17.5", "Safari", "17.5", "tablet"),
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/138 "
            "Version/18.5 Safari/605.1.15",
            ("iOS", None, "Chrome", "138", "tablet"),
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0",
            ("macOS", "10.15", "Firefox", "140", "desktop"),
        ),
        (
            "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0",
            ("Android", "15", "Firefox", "140", "smartphone"),
        ),
        (
            "Mozilla/5.0 (Android 15; Tablet; rv:140.0) Gecko/140.0 Firefox/140.0",
            ("Android", "15", "Firefox", "140", "tablet"),
        ),
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            ("Ubuntu", None, "Firefox", "140", "desktop"),
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) "
            "SamsungBrowser/28.0 Chrome/130.0.0.0 Safari/537.36",
            ("Android", "14", "Samsung Internet", "28", "tablet"),
        ),
        (
            f"{IPHONE} Mobile/22F76 Instagram 387.1.0.34.85 (iPhone14,5; iOS 18_5; nl_NL; nl; scale=3.00)",
            ("iOS", "18.5", "Instagram", "387.1", "smartphone"),
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-S918B Build/UP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Version/4.0 Chrome/138.0.0.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/468.0.0.55.78;]",
            ("Android", "14", "Facebook", "468", "smartphone"),
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; Pixel 7 Build/AP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Version/4.0 Chrome/138.0.7204.63 Mobile Safari/537.36",
            ("Android", "14", "Chrome WebView", "138", "smartphone"),
        ),
        (
            "Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5",
            ("KaiOS", "2.5", "Firefox", "48", "feature phone"),
        ),
        (
            "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
            ("Windows", "7", "Internet Explorer", "11", "desktop"),
        ),
    ],
)
def test_agents_without_hints(user_agent: str, expected: tuple[str | None, ...]) -> None:
    agent = parse(user_agent)
    assert read(agent) == expected
    assert not agent.is_bot


@pytest.mark.parametrize(
    ("user_agent", "hints", "expected"),
    [
        (
            WINDOWS,
            {"Sec-CH-UA": BRANDS, "Sec-CH-UA-Platform": '"Windows"', "Sec-CH-UA-Platform-Version": '"15.0.0"'},
            ("Windows", "11", "Chrome", "138", "desktop"),
        ),
        (
            WINDOWS,
            {"sec-ch-ua-platform": '"Windows"', "sec-ch-ua-platform-version": '"10.0.0"'},
            ("Windows", "10", "Chrome", "138", "desktop"),
        ),
        (
            WINDOWS,
            {"Sec-CH-UA-Platform": '"Windows"', "Sec-CH-UA-Platform-Version": '"0.3.0"'},
            ("Windows", "8.1", "Chrome", "138", "desktop"),
        ),
        (
            MAC,
            {"Sec-CH-UA-Platform": '"macOS"', "Sec-CH-UA-Platform-Version": '"15.5.0"'},
            ("macOS", "15.5", "Chrome", "138", "desktop"),
        ),
        (
            REDUCED,
            {"Sec-CH-UA-Platform": '"Android"', "Sec-CH-UA-Platform-Version": '"16.0.0"', "Sec-CH-UA-Mobile": "?1"},
            ("Android", "16", "Chrome", "138", "smartphone"),
        ),
        (
            REDUCED_TABLET,
            {"Sec-CH-UA-Platform": '"Android"', "Sec-CH-UA-Platform-Version": '"14"', "Sec-CH-UA-Model": '"SM-X710"'},
            ("Android", "14", "Chrome", "138", "tablet"),
        ),
        (
            WINDOWS,
            {"Sec-CH-UA": '"Not)A;Brand";v="8", "Chromium";v="138", "Brave";v="138"'},
            ("Windows", "10", "Brave", "138", "desktop"),
        ),
        (
            f"{WINDOWS} OPR/120.0.0.0",
            {"Sec-CH-UA": '"Opera GX";v="120", "Chromium";v="135", "Not/A)Brand";v="24"'},
            ("Windows", "10", "Opera GX", "120", "desktop"),
        ),
        (
            REDUCED,
            {"X-Requested-With": "com.facebook.katana"},
            ("Android", "10", "Facebook", None, "smartphone"),
        ),
        (REDUCED, {"X-Requested-With": "XMLHttpRequest"}, ("Android", "10", "Chrome", "138", "smartphone")),
        (None, {"Sec-CH-UA-Form-Factors": '"Automotive"'}, (None, None, None, None, "car")),
    ],
)
def test_hints_say_more_than_the_agent(
    user_agent: str | None, hints: dict[str, str], expected: tuple[str | None, ...]
) -> None:
    assert read(parse(user_agent, hints)) == expected


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "bingbot"),
        (f"{WINDOWS} (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot"),
        ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/)", "GPTBot"),
        ("curl/8.5.0", "curl"),
        ("python-requests/2.32.3", "Python Requests"),
        ("Mozilla/5.0 (compatible; Unheardofbot/1.0)", "Other bot"),
    ],
)
def test_bots_are_flagged(user_agent: str, name: str) -> None:
    agent = parse(user_agent)
    assert (agent.is_bot, agent.device, agent.platform) == (True, "bot", "other")
    assert agent.browser_name is not None
    assert agent.browser_name.casefold() == name.casefold()


@pytest.mark.parametrize(
    "user_agent", ["okhttp/4.12.0", "Dart/3.4 (dart:io)", "Stadsapp/3.1 CFNetwork/1496.0.7 Darwin/23.5.0"]
)
def test_what_apps_send_by_is_no_bot(user_agent: str) -> None:
    assert not parse(user_agent).is_bot


def test_a_browser_without_a_person_is_flagged_and_keeps_its_device() -> None:
    agent = parse(f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 {CHROME.replace('Chrome', 'HeadlessChrome')}")
    assert (agent.is_bot, agent.device, agent.browser_name) == (True, "desktop", "Chrome Headless")


@pytest.mark.parametrize(
    ("user_agent", "platform"),
    [(WINDOWS, "desktop"), (REDUCED, "mobile"), (REDUCED_TABLET, "tablet"), (None, None), ("", None)],
)
def test_the_coarse_platform(user_agent: str | None, platform: str | None) -> None:
    assert parse(user_agent).platform == platform


def test_columns_and_lines_agree() -> None:
    agents = [WINDOWS, None, REDUCED, WINDOWS]
    hints = [None, {}, {"Sec-CH-UA-Model": '"Pixel 8"'}, None]
    parsed = parse_many(agents, hints)
    assert parsed == [parse(agent, hint) for agent, hint in zip(agents, hints, strict=True)]
    lines = list(user_agent_lines({"user_agent": a, "client_hints": h} for a, h in zip(agents, hints, strict=True)))
    assert lines[0] == {
        "os": {"name": "Windows", "version": "10"},
        "browser": {"name": "Chrome", "version": "138"},
        "device": "desktop",
        "bot": False,
    }
    assert lines[1]["device"] is None
    with pytest.raises(ValueError, match="zip"):
        parse_many(agents, hints[:1])


# --- nothing of the text comes out ---------------------------------------------------------------------------------

CANARIES = (
    "j.devries.canary@example.org",
    "Canarina",
    "mevrouw Canarina Vogelzang",
    "06-31415926",
    "+31631415926",
    "0631415926",
    "Vogelzangstraat 314",
    "198.51.100.77",
    "2001:db8:314:15::92",
)
PLACES = (
    "{}",
    "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 14; {} Build/UP1A; wv) AppleWebKit/537.36 Chrome/138.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) {}/{} Chrome/138.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT {}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{} Safari/537.36",
    "Mozilla/5.0 (compatible; {}bot/1.0; +http://{}/)",
    "Mozilla/5.0 (compatible; {}/1.0 crawler; bot)",
    "{}/1.0 CFNetwork/1496.0.7 Darwin/23.5.0",
    "Dalvik/2.1.0 (Linux; U; Android {}; {})",
    "Opera/9.80 ({}; Opera Mini/{}; U; nl) Presto/2.12 Version/{}",
    "SmartTV {} {} HbbTV/1.2.1 (+PVR; {}; {}; 1.0;)",
)
HEADERS = (
    "Sec-CH-UA",
    "Sec-CH-UA-Full-Version-List",
    "Sec-CH-UA-Platform",
    "Sec-CH-UA-Platform-Version",
    "Sec-CH-UA-Model",
    "Sec-CH-UA-Form-Factors",
    "X-Requested-With",
)
NAME = re.compile(r"[A-Za-z0-9 .+-]{1,40}")
VERSION = re.compile(r"\d{1,4}(\.\d{1,6}){0,3}", re.ASCII)


def assert_clean(agent: Agent) -> None:
    for name in (agent.os_name, agent.browser_name, agent.device):
        assert name is None or NAME.fullmatch(name)
    for version in (agent.os_version, agent.browser_version):
        assert version is None or VERSION.fullmatch(version)


def said(agent: Agent) -> str:
    words = (agent.os_name, agent.os_version, agent.browser_name, agent.browser_version, agent.device)
    return " | ".join(word or "" for word in words).casefold()


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("canary", CANARIES)
def test_canaries_never_come_out(canary: str, upper: bool) -> None:
    canary = canary.upper() if upper else canary
    pieces = [piece for piece in re.split(r"[^\w]+", canary.casefold()) if len(piece) > 3]
    pieces += re.findall(r"\d+[.:]\d+", canary)
    agents = [parse(place.replace("{}", canary)) for place in PLACES]
    agents += [
        parse(user_agent, {header: value})
        for header in HEADERS
        for value in (canary, f'"{canary}"', f'"{canary}";v="{canary}", "Chromium";v="138"', f'"Brave";v="{canary}"')
        for user_agent in (None, WINDOWS, REDUCED)
    ]
    for agent in agents:
        assert_clean(agent)
        for piece in pieces:
            assert piece not in said(agent)


like_an_agent = st.from_regex(r"Mozilla/5\.0 \([^)]{0,60}\) \w{1,20}/[\d.]{1,20}", fullmatch=True)
headers = st.dictionaries(st.sampled_from(HEADERS), st.text(max_size=60))


@given(st.one_of(st.none(), st.text(max_size=200), like_an_agent), st.one_of(st.none(), headers))
def test_any_agent_is_read_and_clean(user_agent: str | None, hints: dict[str, str] | None) -> None:
    assert_clean(parse(user_agent, hints))


@pytest.mark.parametrize("letters", ["A", "(", "Mozilla/5.0 (", "Chrome/1.0 ", "1", "bot ", "\ud800", "é", ";K)"])
def test_long_agents_are_cut(letters: str) -> None:
    assert_clean(parse(letters * 10_000, {"Sec-CH-UA": letters * 10_000, "Sec-CH-UA-Model": letters * 10_000}))
