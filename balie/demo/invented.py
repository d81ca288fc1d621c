"""Invented answers of an invented town: who says what, in which language, with which browser. The same seed gives the
same answers. Nobody in here exists; numbers that have a checksum pass it."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

SERVICES = ("paspoort", "afval", "parkeren", "verhuizing", "bijstand", "vergunning", "trouwen", "melding")
_SITE = "https://www.voorbeeldstad.example"
PAGES = (
    f"{_SITE}/paspoort",
    f"{_SITE}/afval/grofvuil?postcode=1234AB",
    f"{_SITE}/parkeren/vergunning?utm_source=mail",
    f"{_SITE}/verhuizen",
    f"{_SITE}/melding?zaaknummer=ZAAK-2026-0000004711",
)
_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0"
_APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5"
AGENTS = (
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Safari/537.36",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Safari/537.36 Edg/{{v}}.0.0.0",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:{v}.0) Gecko/20100101 Firefox/{v}.0",
    f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} Mobile Safari/537.36",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) {_APPLE} Mobile/15E148 Safari/604.1",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_APPLE} Safari/605.1.15",
    f"Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) {_APPLE} Mobile/15E148 Safari/604.1",
)
_LANGUAGES = {"nl": 60, "en": 14, "pl": 12, "nb": 7, "fi": 7}


@dataclass(frozen=True, slots=True)
class Answer:
    """One citizen's answer before it meets a channel. `score` is 0 to 10; `text` is None where none was left."""

    number: int
    language: str
    said_at: datetime
    score: int
    text: str | None
    volunteered: bool
    service: str
    page_url: str
    user_agent: str
    ip: str
    phone: str


def answers(count: int, until: datetime, *, seed: int = 1, comments: float = 0.4, days: int = 28) -> Iterator[Answer]:
    """`count` answers over the `days` before `until` (aware). A share of `comments` has a text of some 120 letters; a
    tenth of those holds something personal."""
    chance = random.Random(seed)  # noqa: S311 - nothing here is secret
    for number in range(count):
        (language,) = chance.choices(list(_LANGUAGES), list(_LANGUAGES.values()))
        said_at = until - timedelta(seconds=chance.randrange(days * 86_400))
        score = min(10, max(0, round(chance.gauss(7.6, 2.2))))
        volunteered = False
        text = None
        if chance.random() < comments:
            text = _comment(chance, _words()[language], said_at)
            if volunteered := chance.random() < 0.1:
                text = f"{text} {_personal(chance, _words()[language])}"
        yield Answer(
            number,
            language,
            said_at,
            score,
            text,
            volunteered,
            chance.choice(SERVICES),
            chance.choice(PAGES),
            chance.choice(AGENTS).format(v=chance.randint(138, 146)),
            f"198.51.{chance.randrange(100, 132)}.{chance.randrange(1, 255)}",
            _digits(chance, "+3161#######"),
        )


@cache
def _words() -> dict[str, dict[str, Any]]:
    return tomllib.loads((files("balie.demo") / "words.toml").read_text("utf-8"))


def _comment(chance: random.Random, words: dict[str, Any], said_at: datetime) -> str:
    when = words["when"].format(
        day=chance.choice(words["days"]), time=f"{said_at:%H:%M}", window=chance.randrange(1, 13)
    )
    better = chance.choice(words["better"]) if chance.random() < 0.4 else ""
    return f"{chance.choice(words['happened'])} {chance.choice(words['how'])} {when} {better}".rstrip()


def _personal(chance: random.Random, words: dict[str, Any]) -> str:
    first, last = chance.choice(words["first"]), chance.choice(words["last"])
    mailbox = re.sub(r"[^a-z.]", "", f"{first}.{last}".lower())
    details = {
        "name": f"{first} {last}",
        "surname": last,
        "email": _digits(chance, f"{mailbox}##@post.example"),
        "phone": _digits(chance, words["phone"]),
        "street": f"{chance.choice(words['street'])} {chance.randrange(1, 180)}",
        "postcode": _digits(chance, words["postcode"]),
        "iban": _iban(_digits(chance, "BANK##########")),
    }
    return str(chance.choice(words["volunteered"])).format(**details)


def _digits(chance: random.Random, form: str) -> str:
    return re.sub("#", lambda _: str(chance.randrange(10)), form)


def _iban(account: str) -> str:
    """A Dutch account number with its check digits (ISO 13616)."""
    digits = "".join(str(int(letter, 36)) for letter in f"{account}NL00")
    return f"NL{98 - int(digits) % 97:02d}{account}"
