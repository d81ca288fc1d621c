"""Finds what leads to a person on the net: mail addresses, handles, URLs with a token, IP addresses.

Each scan starts at an at sign, a scheme or a digit group and looks a bounded way around it: time is linear in the text.
"""

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from pipelines.personal_data.spans import Span
from pipelines.personal_data.wordlists import any_of, set_of

_LOCAL_BACKWARDS: Final = re.compile(r"[\w.+%'&/=!#$*?^{|}~-]{1,64}")
_DOMAIN: Final = re.compile(r"(?:[\w-]{1,63}\.){1,8}(?:xn--[\w-]{2,50}|[^\W\d_]{2,24})|\[[0-9a-fA-F.:]{3,45}\]")


def emails(text: str) -> Iterator[Span]:
    """Mail addresses in their proper form."""
    at = text.find("@")
    while at >= 0:
        domain = _DOMAIN.match(text, at + 1)
        if domain:
            backwards = _LOCAL_BACKWARDS.match(text[max(0, at - 64) : at][::-1])
            if backwards:
                local = backwards.group().rstrip("'/|{*?=!&#")
                if local:
                    yield Span(at - len(local), domain.end(), "EMAIL", "e-mail", 0.99)
        at = text.find("@", at + 1)


_AT: Final = re.compile(
    r"[(\[{<] ?(?:at|a|@|ät|apenstaart(?:je)?|małpa|krøllalfa|alfakrøll) ?[)\]}>]"
    r"|(?<=[\w)\]] )@(?= ?\w)|(?<=\w)@(?= \w)"
    r"|\b(?:at|ät|ap(?:en|e)staart(?:je)?|małp(?:k?a)|malpa|krøllalfa|alfakrøll|snabel-?a|ätmerkki|at-merkki"
    r"|miukumauku|kissanhäntä)\b",
    re.IGNORECASE,
)
DOT_WORDS: Final = set_of("dot punt kropka punktum prikk piste point")
_DOT_WORD: Final = any_of(" ".join(DOT_WORDS))
_DOT: Final = rf"(?: ?[(\[{{] ?(?:{_DOT_WORD}|\.) ?[)\]}}] ?| {_DOT_WORD} | \. |\.)"
_GLUE: Final = (
    rf"(?:{_DOT}| ?[(\[] ?(?:underscore|dash) ?[)\]] ?"
    r"| (?:underscore|laag streepje|liggend streepje|streepje|koppelteken|podkreślnik|podkreślenie|myślnik"
    r"|understrek|bindestrek"
    r"|alaviiva|viiva|dash|hyphen|minus|plus) )"
)
DOMAINS: Final = set_of("com net org info eu nl be de uk ie pl no fi se dk me io app online frl amsterdam")
_DOMAINS: Final = any_of(" ".join(DOMAINS))
_SPELLED_DOMAIN: Final = re.compile(
    rf" ?([\w-]{{1,40}}(?:{_DOT}[\w-]{{1,40}}){{0,2}}{_DOT}{_DOMAINS})\b",
    re.IGNORECASE,
)
_SPELLED_LOCAL: Final = re.compile(rf"(?<![\w@.])[\w+.-]{{1,40}}(?:{_GLUE}[\w+-]{{1,40}}){{0,5}} ?\Z", re.IGNORECASE)
_PROVIDERS: Final = re.compile(
    r"gmail|hotmail|outlook|live|yahoo|icloud|proton|ziggo|kpn|xs4all|planet|hetnet|home|casema|telfort|upc|wp|onet"
    r"|interia|o2|op|gazeta"
    r"|online|broadpark|luukku|elisanet|kolumbus|suomi24|btinternet|aol|sky",
    re.IGNORECASE,
)


AT_WORDS: Final = set_of(
    """
    at ät apenstaart apestaart apenstaartje apestaartje małpa małpka malpa krøllalfa alfakrøll snabel ätmerkki
    merkki miukumauku kissanhäntä
    """
)


_SPACED_AT: Final = re.compile(r"[ (\[{<]@|@ ")


def may_hold_spaced_at(text: str) -> bool:
    """Whether an at sign stands apart from what is before it or behind it."""
    return _SPACED_AT.search(text) is not None


def spelled_emails(text: str) -> Iterator[Span]:
    """Mail addresses written around the at sign: `jan punt jansen at gmail punt com`, `jan(at)xs4all.nl`."""
    for at in _AT.finditer(text):
        domain = _SPELLED_DOMAIN.match(text, at.end())
        if not domain:
            continue
        local = _SPELLED_LOCAL.search(text[max(0, at.start() - 90) : at.start()])
        if not local:
            continue
        start = at.start() - (min(at.start(), 90) - local.start())
        plain = at.group().lower() == "at"
        said = local.group().strip()
        if (
            plain
            and re.fullmatch(r"[^\W\d_]+", said)  # 'look at example.nl' is no address
            and domain.group(1).count(".") == len(re.findall(_DOT, domain.group(1), re.IGNORECASE))
            and not _PROVIDERS.match(domain.group(1))
        ):
            continue
        yield Span(start, domain.end(1), "EMAIL", "e-mail spelled out", 0.9)


_HANDLE: Final = re.compile(r"(?<![\w@/.])@([^\W_](?:[\w.]{0,60}\w)?)")
_OFFICIAL: Final = set_of(
    """
    gemeente kommune council kaupunki kunta urzad urząd miasto gmina politie politi police poliisi policja ns_
    prorail waternet waterschap provincie ministerie rijks minister biblio library kirjasto stads stadin city
    town webcare klantenservice support service info nieuws news redactie omroep radio krant avis lehti sport
    vereniging bedrijf vervoer transport metro tram trafikk ruter hsl mpk ztm zdm oficjal official nav_ kela
    skatt zwembad museum park school univers ziekenhuis hospital energie water afval havn havens bond online
    """
)
_PUBLIC_OFFICE: Final = set_of(
    "wethouder burgemeester raadslid councillor cllr mayor ordforer ordfører radny radna prezydent burmistrz wojt"
)
_LIKE_A_NAME: Final = re.compile(r"[\d_.]|[a-zà-ž][A-ZÀ-Ž]")


def handles(text: str) -> Iterator[Span]:
    """Social media handles that name a person: with parts as a name has, a year, or an office before the name."""
    for found in _HANDLE.finditer(text):
        name = found.group(1)
        holds = name.lower().__contains__
        if any(map(holds, _PUBLIC_OFFICE)) or (_LIKE_A_NAME.search(name) and not any(map(holds, _OFFICIAL))):
            yield Span(found.start(), found.end(), "HANDLE", "handle of a person", 0.8)


NETWORKS: Final = set_of(
    "insta instagram ig snap snapchat tiktok twitter facebook fb telegram mastodon bluesky threads linkedin"
)
_ACCOUNT: Final = re.compile(
    r"(?<!\w)" + any_of(" ".join(NETWORKS)) + r"(?: ?:)? {1,2}([^\W\d_](?:[\w.]{0,60}\w)?)(?![\w@])",
    re.IGNORECASE,
)
_LIKE_AN_ACCOUNT: Final = re.compile(r"[._]|\d\d")


def accounts(text: str) -> Iterator[Span]:
    """What a person is called in a network, without the sign: 'insta: jan.jansen', 'ig kasia_89'."""
    for found in _ACCOUNT.finditer(text):
        name = found.group(1).lower()
        if (
            _LIKE_AN_ACCOUNT.search(name)
            and name.rpartition(".")[2] not in DOMAINS
            and not any(map(name.__contains__, _OFFICIAL))
        ):
            yield Span(*found.span(1), "HANDLE", "a person's account, after the name of a network", 0.8)


_URL: Final = re.compile(
    r"(?:https?://|www\.)[^\s<>\"'“”»)\]]{1,2000}|\b(?:[\w-]{1,63}\.){1,5}[a-z]{2,12}/[^\s<>\"'“”»)\]]{1,2000}",
    re.IGNORECASE,
)
_URL_SIGN: Final = re.compile(r"\.[A-Za-z]{2,12}/|www\.|://")
_TOKEN_KEY: Final = re.compile(
    r"[?&#;](?:[\w.-]{0,20}"
    + any_of(
        """
        token tok key code auth sig hash sessie session sessi sesja sid secret avain nøkkel nokkel klucz sleutel
        uuid guid jwt otp pin user uid login email e-mail mail naam name bsn pesel fnr hetu
        """
    )
    + r"|[tksuih])=[^&#\s]{5,}",
    re.IGNORECASE,
)
_RANDOM_SEGMENT: Final = re.compile(
    r"(?<=[/=#])(?=[\w-]{0,60}\d)(?=[\w-]{0,60}[A-Za-z])"
    r"(?:[0-9a-f]{8}-[0-9a-f-]{13,27}|[A-Za-z0-9_-]{8,})(?=[/?&#]|$)",
    re.IGNORECASE,
)
_WORDY_SEGMENT: Final = re.compile(r"(?:[a-z]+|\d{1,4})(?:[-_](?:[a-z]+|\d{1,4}))*", re.IGNORECASE)


def may_hold_url(text: str) -> bool:
    """Whether there is anything like a URL in the text."""
    return _URL_SIGN.search(text) is not None


def urls(text: str) -> Iterator[Span]:
    """URLs that open what is somebody's own: a token, a session, a random segment, or a mail address in them."""
    for found in _URL.finditer(text):
        url = found.group().rstrip(".,;:!?")
        rule = ""
        if "@" in url or "%40" in url:
            rule = "URL with a mail address"
        elif _TOKEN_KEY.search(url):
            rule = "URL with a token"
        elif any(not _WORDY_SEGMENT.fullmatch(part.group()) for part in _RANDOM_SEGMENT.finditer(url)):
            rule = "URL with a random part"
        if rule:
            yield Span(found.start(), found.start() + len(url), "URL", rule, 0.9)


_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IPV4: Final = re.compile(rf"(?<![\w.,-])(?:{_OCTET}\.){{3}}{_OCTET}(?!\.?\w)")
_IPV6: Final = re.compile(
    r"(?<![\w:.])(?=[0-9a-f]{0,4}:[0-9a-f:]{0,39})[0-9a-f:]{2,39}(?:(?:\.\d{1,3}){3})?(?!\w)", re.IGNORECASE
)
_VERSION: Final = re.compile(
    r"(?:versi\w*|wersj\w*|versjon|ver|v|build|release|chrome|firefox|safari|edge|app|appen|applicatie|aplikacj\w|sovellus"
    r"|software|firmware|update|android|ios|windows)[ .:]{0,2}\Z",
    re.IGNORECASE,
)


def ips(text: str) -> Iterator[Span]:
    """IPv4 and IPv6 addresses; four numbers after the word 'version' are a version."""
    if text.count(".") >= 3:
        for found in _IPV4.finditer(text):
            if not _VERSION.search(text, max(0, found.start() - 14), found.start()):
                yield Span(found.start(), found.end(), "IP", "IPv4 address", 0.97)
    if text.count(":") >= 2:
        for found in _IPV6.finditer(text):
            address = found.group() if found.group().endswith("::") else found.group().rstrip(":")
            if address.count(":") < 2 or len(address) <= 3:
                continue
            try:
                ipaddress.IPv6Address(address)
            except ValueError:
                continue
            yield Span(found.start(), found.start() + len(address), "IP", "IPv6 address", 0.97)
