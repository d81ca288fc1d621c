"""The settings: one file, `balie.toml`, over which environment variables go. Nothing else is read from anywhere.

`BALIE_LOG__KIND=kafka` overrides `kind` of the section `[log]`: two underscores for each step into a section, `_` for a
`-` in a town's or a source's name, JSON for lists. Paths are relative to the folder of the settings file.

A secret is never in the settings file. It is in a file of its own, which the key with `_file` behind it names
(`password_file = "secrets/kafka"`), or in the environment variable that overrides the key itself.
"""

from __future__ import annotations

import difflib
import ipaddress
import json
import os
import re
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from connectors.addresses import ApiUrl
from schemas.feedback import Channel, Language, Slug
from schemas.topics import BODY_LIMIT

FILE_NAME = "balie.toml"
MASTER_KEY_NAME = "master.key"
TOKEN_NAME = "warehouse.token"  # noqa: S105 - a file's name
PREFIX = "BALIE_"
# Variables with our prefix that are no settings: where the file is, whether to show tracebacks, the master key.
_NOT_SETTINGS = frozenset({"BALIE_SETTINGS", "BALIE_DEBUG", "BALIE_MASTER_KEY"})

Region = Literal["NL", "GB", "PL", "NO", "FI"]


class SettingsError(Exception):
    """The settings cannot be used. Each problem says where it is and how to mend it, and quotes no value."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _from_settings_file(path: Path, info: ValidationInfo) -> Path:
    folder: Path = (info.context or {}).get("folder", Path())
    return (folder / path.expanduser()).resolve()


def _known_zone(zone: str) -> str:
    if zone not in available_timezones():
        raise PydanticCustomError("unknown_zone", "is no zone of the IANA database, such as Europe/Amsterdam")
    return zone


def _regular_expression(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise PydanticCustomError("bad_pattern", f"is no regular expression ({error.msg})") from None
    return pattern


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise PydanticCustomError("not_a_network", "is no network, such as 10.0.0.0/8 or 192.0.2.7") from None


def _warehouse_url(url: str) -> str:
    if not re.fullmatch(r"https?://([^\s/@:]+@)?[^\s/@]+(/[A-Za-z_][A-Za-z0-9_]{0,63})?", url):
        raise PydanticCustomError(
            "not_a_url", "is no http(s)://[user@]host:port/database; a password never stands in it"
        )
    return url


SettingsPath = Annotated[Path, AfterValidator(_from_settings_file)]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
Network = Annotated[str, AfterValidator(_network)]
Pattern = Annotated[str, AfterValidator(_regular_expression)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Port = Annotated[int, Field(ge=1, le=65535)]
Bytes = Annotated[int, Field(gt=0)]
PerSecond = Annotated[float, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0)]


class Section(BaseModel):
    """Base of every section: a key nobody knows is an error, and no error quotes a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, regex_engine="python-re")


class LogSettings(Section):
    """`[log]`: where events wait for the pipeline."""

    kind: Literal["sqlite", "kafka"] = "sqlite"
    folder: SettingsPath
    """Of the embedded log (sqlite). Default: `log` in the data folder."""
    bootstrap: tuple[Name, ...] = ("127.0.0.1:9092",)
    """Of Kafka: host:port of some brokers."""
    topic_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{0,100}$")] = ""
    partitions: int = Field(6, ge=1, le=1000)
    security: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = "plaintext"
    ca_file: SettingsPath | None = None
    certificate_file: SettingsPath | None = None
    certificate_key_file: SettingsPath | None = None
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    username: Name | None = None
    password: SecretStr | None = None


class WarehouseSettings(Section):
    """`[warehouse]`: ClickHouse, a server or the embedded one; both are met by URL."""

    kind: Literal["embedded", "server"] = "embedded"
    url: Annotated[str, AfterValidator(_warehouse_url)] = "http://127.0.0.1:8124/balie"
    """http(s)://[user@]host:port/database; never with a password in it."""
    folder: SettingsPath
    """Of the embedded ClickHouse. Default: `warehouse` in the data folder."""
    token_file: SettingsPath | None = None
    """Holds what the embedded warehouse asks for, or the server's password. Default for the embedded one:
    `warehouse.token` in the data folder, which `balie init` makes. Read when the warehouse is opened: a host that only
    collects needs none."""
    token: SecretStr | None = None
    """The same, from the environment; it wins over the file."""


class StateSettings(Section):
    """`[state]`: the small database beside the log and the warehouse."""

    folder: SettingsPath
    """Default: `state` in the data folder."""


class KeysSettings(Section):
    """`[keys]`: the master key, which the environment variable BALIE_MASTER_KEY may hold instead."""

    master_key_file: SettingsPath
    """Default: `master.key` in the data folder. Back it up apart from the state."""


class CollectorSettings(Section):
    """`[collector]`: the front door."""

    host: Name = "127.0.0.1"
    port: Port = 8400
    public_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s@]+[^/\s]$")] | None = None
    """What providers call, which signatures are counted over, where the request itself does not tell."""
    trusted_proxies: tuple[Network, ...] = ()
    """Networks (10.0.0.0/8) whose X-Forwarded-* headers are believed."""
    body_limit: Annotated[int, Field(gt=0, le=BODY_LIMIT)] = BODY_LIMIT
    """Bytes of a request, unpacked."""
    rate: PerSecond = 200.0
    """Requests a second that one source may send on average; more gets 429."""
    burst: PerSecond = 1_000.0
    """Requests that one source may send at once."""
    spool_folder: SettingsPath
    """What is kept while the log is down. Default: `spool` in the data folder."""
    spool_limit: Bytes = 1024 * 1024 * 1024
    """Bytes in the spool, from which on the answer is 507."""

    @property
    def url(self) -> str:
        """Where it answers on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - of all addresses, ours
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


class SftpSettings(Section):
    """`[towns.<town>.sources.<source>.files.sftp]`: a folder on an SFTP server."""

    host: Name
    port: Port = 22
    user: Name
    host_key: Annotated[str, StringConstraints(pattern=r"^(ssh|ecdsa)-[a-z0-9@.-]+ [A-Za-z0-9+/=]+")]
    """The server's public key, as in known_hosts without the host: 'ssh-ed25519 AAAA…'."""
    folder: Name = "."
    key_file: SettingsPath | None = None
    """Private key to log in with."""
    password_file: SettingsPath | None = None


class MailboxSettings(Section):
    """`[towns.<town>.sources.<source>.files.mailbox]`: a mailbox, read over IMAP, to which exports are sent."""

    host: Name
    port: Port = 993
    tls: Literal["implicit", "starttls"] = "implicit"
    user: Name
    password_file: SettingsPath | None = None
    token_url: ApiUrl | None = None
    """In place of a password, where the town's application is given access tokens (OAuth 2.0)."""
    client_id: Name | None = None
    client_secret_file: SettingsPath | None = None
    scope: Name | None = None
    """What a token is asked for; by default what mailboxes at Microsoft need."""
    folder: Name = "INBOX"
    mark_seen: bool = False
    """Mark mails as read once their files are taken."""

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        by_token = bool(self.token_url and self.client_id and self.client_secret_file)
        if (self.password_file is not None) == by_token:
            message = "mailbox: set either password_file, or token_url, client_id and client_secret_file"
            raise PydanticCustomError("one_proof", message)
        return self


class FilesSettings(Section):
    """`[towns.<town>.sources.<source>.files]`: where exports appear. Each file is taken once, by its content."""

    folder: SettingsPath | None = None
    sftp: SftpSettings | None = None
    mailbox: MailboxSettings | None = None
    pattern: Name = "*"
    """Which files are taken, such as '*.csv'."""
    remove: bool = False
    """Whether a file is removed once its answers are durable; it holds personal data as long as it lies there."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if [self.folder, self.sftp, self.mailbox].count(None) != 2:
            raise PydanticCustomError("one_place", "files: name one of folder, sftp and mailbox")
        return self


class SourceSettings(BaseModel):
    """`[towns.<town>.sources.<source>]`: one provider's account. Further keys are the connector's own settings, which
    `balie.open.sources` checks."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    connector: Slug
    channel: Channel | None = None
    """Only where the connector leaves it open."""
    language: Language | None = None
    """Of answers that do not say."""
    every: Seconds = 300.0
    """Seconds between two looks, at a provider that is asked or a place where files appear."""
    files: FilesSettings | None = None
    """Where exports appear, for a connector that reads files."""

    def __repr__(self) -> str:  # what else is in it may be secret
        return f"SourceSettings(connector={self.connector!r})"

    @property
    def own(self) -> dict[str, Any]:
        """The connector's own settings, as they were given; not yet checked."""
        return dict(self.model_extra or {})


class TownSettings(Section):
    """`[towns.<town>]`: one municipality. The name of the section is its id, which never changes."""

    name: Name
    region: Region
    """In which country's form telephone numbers are read."""
    time_zone: TimeZone
    """Of times that do not say."""
    case_numbers: tuple[Pattern, ...] = ()
    """Regular expressions of the town's own case numbers, beside the built-in ones."""
    keep_words: tuple[Name, ...] = ()
    """Never taken for personal data: the town's streets and offices that look like names."""
    scrub_words: tuple[Name, ...] = ()
    """Always taken for personal data."""
    page_parameters: tuple[Name, ...] = ()
    """Parameters of a page's URL that are kept; all others are cut off."""
    sources: dict[Slug, SourceSettings] = Field(default_factory=dict)


class Settings(Section):
    """All of it. Made by `load`."""

    data: SettingsPath = Field(default=Path(".balie"), validate_default=True)
    log: LogSettings
    warehouse: WarehouseSettings
    state: StateSettings
    keys: KeysSettings
    collector: CollectorSettings
    towns: dict[Slug, TownSettings] = Field(default_factory=dict)
    _path: Path = PrivateAttr()
    _places: Places = PrivateAttr()

    @property
    def path(self) -> Path:
        """The file it came from."""
        return self._path

    @property
    def places(self) -> Places:
        """Where each key was given, for errors."""
        return self._places

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.warehouse.kind == "embedded" and not re.match(
            r"^http://(127\.0\.0\.1|localhost):\d+/", self.warehouse.url
        ):
            raise PydanticCustomError(
                "not_loopback", "warehouse.url of the embedded warehouse is http://127.0.0.1:port/database"
            )
        return self


@dataclass(frozen=True, slots=True)
class Places:
    """Where keys were given: the line of the file, or the environment variable."""

    file: str
    lines: Mapping[tuple[str, ...], int]
    variables: Mapping[tuple[str, ...], str]

    def problem(self, key: tuple[str, ...], text: str) -> str:
        """`text` about the key, with where the key, or the nearest section around it, was given."""
        for length in range(len(key), 0, -1):
            if (variable := self.variables.get(key[:length])) is not None:
                return f"{variable}: {text}"
            if (line := self.lines.get(key[:length])) is not None:
                return f"{self.file}, line {line}: {text}"
            if inside := [name for given, name in self.variables.items() if given[:length] == key[:length]]:
                return f"{inside[0]}: {text}"
        return f"{self.file}: {text}"


def find(given: Path | None = None) -> Path:
    """The settings file: the one given, else the one BALIE_SETTINGS names, else ./balie.toml."""
    if given is not None:
        return given
    return Path(os.environ.get("BALIE_SETTINGS") or FILE_NAME)


def load(path: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings. SettingsError names every problem at once."""
    environment = os.environ if environment is None else environment
    try:
        text = path.read_text(encoding="utf-8")
        given = tomllib.loads(text)
    except FileNotFoundError:
        raise SettingsError(f"{path} is missing: make one with `balie init`, or name one with --settings") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}): mend its rights or owner") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not written in UTF-8: save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"\(at ([^)]*)\)$", str(error))
        raise SettingsError(f"{path} is no TOML{f' (at {where[1]})' if where else ''}: mend that line") from None
    return _checked(given, path.resolve(), text, environment)


def read_secrets(
    model: type[BaseModel], given: Mapping[str, Any], section: tuple[str, ...], places: Places, folder: Path
) -> dict[str, Any]:
    """`given` with every secret of `model` read from the file that its `<key>_file` names.

    A model that has the key `<key>_file` itself reads that file when it needs it.
    A key that may hold several secrets (two that are valid while one is replaced) has one a line.
    SettingsError where a secret stands in the settings file itself, or its file cannot be read.
    """
    values = dict(given)
    for name, field in model.model_fields.items():
        if not is_secret(field.annotation):
            continue
        key, by_file = (*section, name), f"{name}_file"
        if name in values:
            if key not in places.variables:
                variable = PREFIX + "__".join(step.upper().replace("-", "_") for step in key)
                raise SettingsError(
                    places.problem(
                        key,
                        f"{'.'.join(key)} is a secret and does not belong in this file: write it to a "
                        f"file of its own and name that in {by_file}, or set {variable}",
                    )
                )
            if by_file not in model.model_fields:
                values.pop(by_file, None)
            if isinstance(values[name], str) and _holds(field.annotation, tuple, list):
                values[name] = [values[name]]
        elif isinstance(values.get(by_file), str) and by_file not in model.model_fields:
            path = (folder / Path(values.pop(by_file)).expanduser()).resolve()
            lines = _secret_lines(path, (*section, by_file), places)
            values[name] = lines if _holds(field.annotation, tuple, list) else lines[0]
    return values


def problems_of(
    error: ValidationError, model: type[BaseModel], section: tuple[str, ...], places: Places
) -> Iterable[str]:
    """Each fault of a section in words: the key, what is wrong, where it was given; never what was given."""
    for fault in error.errors(include_url=False, include_input=False):
        key = (*section, *(str(step) for step in fault["loc"] if step != "[key]"))
        if fault["loc"][-1:] == ("[key]",):
            yield places.problem(
                key, f"{'.'.join(key)}: a name is a small letter, then small letters, digits, '-' or '_', 64 at most"
            )
        elif fault["type"] == "extra_forbidden":
            known = sorted(_keys_at(model, fault["loc"][:-1]))
            near = difflib.get_close_matches(key[-1], known, n=1, cutoff=0.5)
            mend = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            yield places.problem(key, f"{'.'.join(key)} is no setting: {mend}")
        elif fault["type"] == "missing":
            yield places.problem(key, f"{'.'.join(key)} is missing: add it")
        elif not fault["loc"]:
            yield places.problem(section, fault["msg"])
        else:
            # Faults of our own types read as "is no …"; pydantic's begin with a capital.
            joint = " " if fault["msg"].startswith("is ") else ": "
            yield places.problem(key, f"{'.'.join(key)}{joint}{fault['msg']}")


def _checked(given: dict[str, Any], path: Path, text: str, environment: Mapping[str, str]) -> Settings:
    variables = _override(given, environment)
    places = Places(path.name, _lines(text), variables)
    folder = path.parent
    data = given.get("data", ".balie")
    if isinstance(data, str):
        _fill_in(given, folder / data)
    try:
        for section, model in (("log", LogSettings), ("warehouse", WarehouseSettings)):
            if isinstance(given.get(section), dict):
                given[section] = read_secrets(model, given[section], (section,), places, folder)
        settings = Settings.model_validate(given, context={"folder": folder})
    except ValidationError as error:
        raise SettingsError(*problems_of(error, Settings, (), places)) from None
    settings._path, settings._places = path, places
    return settings


def _fill_in(given: dict[str, Any], data: Path) -> None:
    """The defaults that depend on where the data folder is."""
    defaults = {
        "log": {"folder": "log"},
        "warehouse": {"folder": "warehouse"},
        "state": {"folder": "state"},
        "keys": {"master_key_file": MASTER_KEY_NAME},
        "collector": {"spool_folder": "spool"},
    }
    for section, keys in defaults.items():
        values = given.setdefault(section, {})
        if isinstance(values, dict):
            for key, name in keys.items():
                values.setdefault(key, str(data / name))
    warehouse = given["warehouse"]
    if isinstance(warehouse, dict) and warehouse.get("kind", "embedded") == "embedded":
        warehouse.setdefault("token_file", str(data / TOKEN_NAME))


def overriding(environment: Mapping[str, str]) -> list[str]:
    """The variables that go over a settings file."""
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in _NOT_SETTINGS)


def _override(given: dict[str, Any], environment: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    """Put what the environment says over `given`; returns which key came from which variable."""
    variables: dict[tuple[str, ...], str] = {}
    for variable in overriding(environment):
        key: list[str] = []
        at: Any = given
        steps = variable.removeprefix(PREFIX).lower().split("__")
        for index, step in enumerate(steps):
            if not isinstance(at, dict):
                raise SettingsError(f"{variable}: {'.'.join(key)} is a single value and has nothing inside")
            # A name in the file may have a '-', which a variable's name cannot.
            step = next((name for name in at if name.lower().replace("-", "_") == step), step)
            key.append(step)
            if index + 1 < len(steps):
                at = at.setdefault(step, {})
            else:
                at[step] = _value(environment[variable])
        variables[tuple(key)] = variable
    return variables


def _value(text: str) -> Any:
    if text[:1] in ("[", "{"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


_HEADER = re.compile(r"^\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")


def _lines(text: str) -> dict[tuple[str, ...], int]:
    """The line of each section and key, counted from 1. For errors only: it does not know every form of TOML."""
    lines: dict[tuple[str, ...], int] = {}
    section: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            section = _steps(header[1])
            lines.setdefault(section, number)
        elif key := _KEY.match(line):
            lines.setdefault((*section, *_steps(key[1])), number)
    return lines


def _steps(dotted: str) -> tuple[str, ...]:
    return tuple(step.strip().strip("\"'") for step in dotted.split("."))


def _secret_lines(path: Path, key: tuple[str, ...], places: Places) -> list[str]:
    name = ".".join(key)
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except FileNotFoundError:
        raise SettingsError(places.problem(key, f"{name}: {path} is missing: write the secret to it")) from None
    except (OSError, UnicodeDecodeError):
        raise SettingsError(places.problem(key, f"{name}: {path} cannot be read: mend its rights or content")) from None
    if not lines:
        raise SettingsError(places.problem(key, f"{name}: {path} is empty: write the secret to it"))
    return lines


def is_secret(annotation: Any) -> bool:
    """Whether a setting of this type is a secret, or several."""
    return _holds(annotation, SecretStr)


def _holds(annotation: Any, *wanted: type) -> bool:
    """Whether a type is, or has somewhere inside, one of those wanted."""
    origin = typing.get_origin(annotation) or annotation
    if isinstance(origin, type) and issubclass(origin, wanted):
        return True
    return any(_holds(argument, *wanted) for argument in typing.get_args(annotation))


def _keys_at(model: type[BaseModel], location: tuple[int | str, ...]) -> set[str]:
    """The keys that the section at `location` of `model` knows."""
    at: Any = model
    for step in location:
        if isinstance(at, type) and issubclass(at, BaseModel):
            field = at.model_fields.get(str(step))
            at = field.annotation if field is not None else None
        elif typing.get_origin(at) is dict:
            at = typing.get_args(at)[1]
        if isinstance(at, types.UnionType):
            at = typing.get_args(at)[0]
    if not (isinstance(at, type) and issubclass(at, BaseModel)):
        return set()
    secrets = {name for name, field in at.model_fields.items() if is_secret(field.annotation)}
    return {f"{name}_file" if name in secrets else name for name in at.model_fields}
