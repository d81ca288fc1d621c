"""The rules that name a user agent, from device-detector's and crawler-user-agents' data, fast enough for a pipeline.

device-detector (Matomo's rules for Python) was the most right of the libraries compared in docs/user-agents.md, but it
tries its five thousand regular expressions one after the other: 14 to 30 ms an agent. Here RE2 says in one pass, by
the words that each expression needs, which few can match; those are then tried as Matomo means them, in its order.
"""

import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import re2
import regex
import yaml_rs

# Files of a group, in the order in which Matomo tries them; the first rule that matches is the group's answer.
_GROUPS: dict[str, tuple[str, ...]] = {
    "bot": ("bots",),
    "os": ("oss",),
    "client": ("client/feed_readers", "client/mobile_apps", "client/mediaplayers", "client/pim", "client/browsers"),
    "library": ("client/libraries",),
}
_DEVICES = (
    "device/notebooks",
    "device/consoles",
    "device/car_browsers",
    "device/cameras",
    "device/portable_media_player",
    "device/mobiles",
)
# Kinds that are one kind here.
_SAME_DEVICES = {"phablet": "smartphone", "car browser": "car", "notebook": "desktop"}
# What stands before a word that an expression finds (Matomo's AbstractParser::matchUserAgent).
_BOUND = "(?:^|[^A-Z0-9_-]|[^A-Z0-9-]_|sprd-|MZ-)(?:{})"

_LOOKS_AROUND = re.compile(r"\(\?<?[=!]")
_OPEN = re.compile(r"(?<!\\)[\[+*{.]|\\[wWdDsS]")


class Rule:
    """One rule: an expression, and what it says of an agent that it matches."""

    def __init__(self, file: str, name: str, data: Mapping[str, Any]) -> None:
        self.file = file
        self.name = name
        self.data = data
        self.pattern = _BOUND.format(data["regex"])
        self.looks_around = _LOOKS_AROUND.search(self.pattern) is not None
        self.compiled_by_filter: Any = None  # set by the RuleSet, where the expression is one that RE2 has

    @cached_property
    def finite(self) -> bool:
        """Whether the rule can match some fixed texts only, so that nothing of an agent passes through its groups."""
        return not _OPEN.search(str(self.data["regex"]))

    @cached_property
    def compiled(self) -> Any:
        return self.compiled_by_filter or _compile(self.pattern)

    @property
    def device(self) -> str:
        """The kind of device that most of a maker's models are."""
        device = str(self.data.get("device") or "")
        return _SAME_DEVICES.get(device, device)

    @cached_property
    def models(self) -> "RuleSet":
        return RuleSet([("models", [Rule(self.file, self.name, model) for model in self.data.get("models") or []])])

    @cached_property
    def other_models(self) -> "RuleSet | None":
        """A maker's models that are another kind of device than most: a fifth of all."""
        models = [Rule(self.file, self.name, model) for model in self.data.get("models") or [] if "device" in model]
        others = [model for model in models if model.device != self.device]
        return RuleSet([("models", others)]) if others else None


class Hit(NamedTuple):
    """A rule that matches a text."""

    rule: Rule
    text: str

    @property
    def version(self) -> str:
        for each in self.rule.data.get("versions") or []:
            if found := _compile(_BOUND.format(each["regex"])).search(self.text):
                return _expand(str(each["version"]), found)
        return self.expand(str(self.rule.data.get("version") or ""))

    def expand(self, template: str) -> str:
        """A template of the data with the groups of the match in their places."""
        return _expand(template, self.rule.compiled.search(self.text)) if "\\g<" in template else template

    @property
    def device(self) -> str:
        """The kind of device: the model's where it has one, else the maker's.

        The long list of models is built only for a maker of whom a model of another kind was seen.
        """
        others = self.rule.other_models
        if others is None or others.candidates(self.text).first("models") is None:
            return self.rule.device
        model = self.rule.models.candidates(self.text).first("models")
        return (model.rule.device if model else "") or self.rule.device


class Candidates:
    """The rules that can match a text; `first` tries those of one group."""

    __slots__ = ("_found", "_rules", "_text")

    def __init__(self, text: str, rules: "RuleSet", found: list[int]) -> None:
        self._text = text
        self._rules = rules
        self._found = found

    def first(self, group: str) -> Hit | None:
        return next(self.all(group), None)

    def all(self, group: str) -> Iterator[Hit]:
        places = self._rules.places[group]
        for place in self._found:
            if place in places:
                rule = self._rules.rules[place]
                if not rule.looks_around or rule.compiled.search(self._text):
                    yield Hit(rule, self._text)


class RuleSet:
    """Rules in groups, behind one filter."""

    def __init__(self, groups: list[tuple[str, list[Rule]]]) -> None:
        self.rules: list[Rule] = []
        self.places: dict[str, range] = {}
        self._filter = re2.Filter()
        options = re2.Options()
        options.case_sensitive = False
        options.log_errors = False
        for group, rules in groups:
            self.places[group] = range(len(self.rules), len(self.rules) + len(rules))
            for rule in rules:
                self._filter.Add(without_lookaround(rule.pattern) if rule.looks_around else rule.pattern, options)
                self.rules.append(rule)
        self._filter.Compile()
        for place, rule in enumerate(self.rules):
            if not rule.looks_around:
                rule.compiled_by_filter = self._filter.re(place)

    def candidates(self, text: str) -> Candidates:
        """The rules whose expression, look-around aside, matches the text (ASCII)."""
        return Candidates(text, self, sorted(self._filter.Match(text) or ()))


@lru_cache(maxsize=4096)
def _compile(pattern: str) -> Any:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error:  # a look-behind of several widths, which `re` does not have
        return regex.compile(pattern, regex.IGNORECASE)


def _expand(template: str, match: Any) -> str:
    """A template of the data with the groups of the match in their places."""
    if match is None:
        return ""
    groups = match.groups("")  # some templates name a group that their expression has not
    return re.sub(r"\\g<(\d)>", lambda place: groups[n - 1] if (n := int(place[1])) <= len(groups) else "", template)


def without_lookaround(pattern: str) -> str:
    """The pattern with every look-around taken for true, so that it matches all that the pattern does, and more."""
    kept: list[str] = []
    place = 0
    while place < len(pattern):
        if pattern.startswith(("(?=", "(?!", "(?<=", "(?<!"), place):
            place = _end_of_group(pattern, place)
            kept.append("(?:)")
            continue
        end = _end_of_token(pattern, place)
        kept.append(pattern[place:end])
        place = end
    return "".join(kept)


def _end_of_token(pattern: str, place: int) -> int:
    if pattern[place] == "\\":
        return place + 2
    if pattern[place] != "[":
        return place + 1
    place += 2 if pattern[place + 1] == "^" else 1
    if pattern[place] == "]":
        place += 1
    while pattern[place] != "]":
        place += 2 if pattern[place] == "\\" else 1
    return place + 1


def _end_of_group(pattern: str, place: int) -> int:
    depth = 0
    while True:
        depth += {"(": 1, ")": -1}.get(pattern[place], 0)
        place = _end_of_token(pattern, place)
        if depth == 0:
            return place


@lru_cache(maxsize=1)
def rules() -> RuleSet:
    """The rules of bots, systems and clients, read once a process."""
    return RuleSet([(group, [rule for file in files for rule in _read(file)]) for group, files in _GROUPS.items()])


@lru_cache(maxsize=1)
def devices() -> RuleSet:
    """The rules of devices, by their makers: one group, `device`. Apart, since half of all agents say what they are."""
    return RuleSet([("device", [rule for file in _DEVICES for rule in _read(file)])])


@lru_cache(maxsize=1)
def apps() -> dict[str, str]:
    """Names of apps and browsers by Android's package name, as X-Requested-With gives it."""
    return {**_yaml("client/hints/apps"), **_yaml("client/hints/browsers")}


@lru_cache(maxsize=1)
def crawler_words() -> dict[str, str]:
    """Product words of known crawlers, by their lower case: what their own patterns match in their own agents."""
    listed = json.loads((_package("crawleruseragents") / "crawler-user-agents.json").read_text("utf-8"))
    words: dict[str, str] = {}
    for crawler in listed:
        own = re.compile(crawler["pattern"])
        for agent in crawler["instances"]:
            for word in re.finditer(r"[A-Za-z][A-Za-z0-9+-]{2,39}(?![\w.]*\.[a-z])", agent):
                if (found := own.search(agent)) and found.start() < word.end() and word.start() < found.end():
                    key = word.group().casefold()
                    if key not in words or words[key] == key:  # a spelling with capitals before one without
                        words[key] = word.group()
    return words


def _read(file: str) -> Iterator[Rule]:
    data = _yaml(file)
    if isinstance(data, list):
        for rule in data:
            yield Rule(file, str(rule["name"]), rule)
    else:  # devices, by maker
        for maker, rule in data.items():
            yield Rule(file, str(maker), rule)


def _yaml(file: str) -> Any:
    return yaml_rs.loads((_package("device_detector") / "regexes" / "upstream" / f"{file}.yml").read_text("utf-8"))


def _package(name: str) -> Path:
    """The folder of an installed package, without importing it: its data is all that is wanted."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{name} is not installed: install Balie with its extra 'pipelines'", name=name)
    return Path(spec.origin).parent
