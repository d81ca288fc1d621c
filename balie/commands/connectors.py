"""`balie connectors`: which connectors there are, what each needs; trying, writing, recording and sending."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from balie.commands.common import (
    FAILED,
    WRONG_USE,
    AsJson,
    WrongUse,
    context_of,
    print_json,
    print_table,
    settings_of,
)

if TYPE_CHECKING:
    from connectors.base import Source, Webhook
    from connectors.trial import Trial

PAYLOADS = Path("tests/payloads")
SourceOption = Annotated[
    str | None, typer.Option(help="<town>/<source> of the settings; else the only one of this connector.")
]
FolderOption = Annotated[Path, typer.Option(help="Where payloads lie, a folder a connector.")]

connectors = typer.Typer(no_args_is_help=True, help="Where answers can come from.")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(connectors, name="connectors")


@connectors.command("list")
def _list(as_json: AsJson = False) -> None:
    """Which connectors there are, on which channel, fed how, and which settings each needs.

    Example: [bold]balie connectors list[/bold]
    """
    from balie.integrators.describe import described
    from connectors.registry import connectors as registered

    rows = [described(name, kind) for name, kind in sorted(registered().items())]
    if as_json:
        print_json(rows)
        return
    columns = ("name", "channel", "protocols", "needs", "what")
    cells = (
        [
            row["name"],
            row["channel"],
            ", ".join(row["protocols"]),
            ", ".join(row["needs"]),
            row["what"],
        ]
        for row in rows
    )
    print_table(columns, cells)


@connectors.command("show")
def _show(
    ctx: typer.Context, name: Annotated[str, typer.Argument(help="As `list` names it.")], as_json: AsJson = False
) -> None:
    """One connector: its settings with types, and the URLs to give to the provider.

    Example: [bold]balie connectors show form --json[/bold]
    """
    from balie.integrators.describe import described, urls
    from balie.settings import SettingsError
    from connectors.registry import connector

    kind = connector(name)
    try:
        addresses = urls(name, kind, context_of(ctx).settings())
    except SettingsError:  # who asks what a source needs has it half set up
        addresses = urls(name, kind, None)
    row = {**described(name, kind), "urls": addresses}
    if as_json:
        print_json(row)
        return
    typer.echo(f"{row['about']}\n\nchannel {row['channel']}, fed by {', '.join(row['protocols'])}")
    typer.echo(f"documentation: {row['documentation']}")
    typer.echo("".join(f"address: {url}\n" for url in row["urls"]))
    cells = (
        [
            setting["secret_file"] or setting["key"],
            "path of a file that holds it" if setting["secret_file"] else setting["type"],
            "needed" if setting["needed"] else _written(setting["default"]),
            setting["what"],
        ]
        for setting in row["settings"]
    )
    print_table(("setting", "type", "default", "what"), cells)


@connectors.command("try")
def _try(
    name: Annotated[str, typer.Argument(help="As `list` names it.")],
    batch: Annotated[
        bool,
        typer.Option("--batch", help="Read and print JSON Lines; steps of one answer are joined over all of them."),
    ] = False,
) -> None:
    """What would come of a request, page or file: one JSON from standard input, one to standard output. Stores nothing.

    In: {"protocol": "webhook" | "poll" | "fetch" | "file", "settings": {…}, "now": "2026-11-02T10:00:00Z",
    "request": {"method", "url", "headers", "body", "body_encoding": "utf-8" | "latin-1" | "base64"}}.
    Out: {"outcome": "accepted" | "ignored" | "refused" | "challenge" | "fetch" | "failed", "status", "body",
    "events", "failures", "fetch", "reason"}.

    Example: [bold]balie connectors try twilio < request.json[/bold]
    """
    from connectors.errors import Misconfigured
    from connectors.trial import Trial

    trial = Trial(name)
    if not batch:
        print_json(_tried(trial, sys.stdin.buffer.read(), "standard input"))
        return
    wrong = False
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if not line.strip():
            continue
        try:
            sys.stdout.write(json.dumps(_tried(trial, line, f"line {number}"), ensure_ascii=False) + "\n")
        except (WrongUse, Misconfigured) as error:
            wrong = True
            sys.stdout.write(json.dumps({"outcome": "error", "reason": str(error)}) + "\n")
        sys.stdout.flush()
    if wrong:
        raise typer.Exit(WRONG_USE)


def _written(default: Any) -> str | None:
    return default if default is None or isinstance(default, str) else json.dumps(default, ensure_ascii=False)


def _tried(trial: Trial, given: bytes, where: str) -> dict[str, Any]:
    try:
        told = json.loads(given)
        if not isinstance(told, dict) or not isinstance(told.get("request"), dict):
            raise WrongUse(f"{where}: it is no object with a request: see `balie connectors try --help`")
        return trial(told)
    except UnicodeError:
        raise WrongUse(f"{where}: the body is not in its body_encoding") from None
    except ValueError as error:
        if isinstance(error, json.JSONDecodeError):
            raise WrongUse(f"{where}: it is not JSON") from None
        raise WrongUse(f"{where}: now is a time as 2026-11-02T10:00:00Z, a base64 body is base64") from None


@connectors.command("new")
def _new(
    channel: Annotated[
        str, typer.Argument(help="The folder: counter, phone, web, sms, email, chat, social, post, cases.")
    ],
    name: Annotated[str, typer.Argument(help="Of the provider; the file gets it.")],
    root: Annotated[Path, typer.Option(help="The checkout of Balie.")] = Path(),
) -> None:
    """Begin a connector: its file, a payload, and a test that fails until it is written.

    Example: [bold]balie connectors new web stadspeiling[/bold]
    """
    from balie.integrators.scaffold import CannotScaffold, scaffold

    try:
        written = scaffold(channel, name, root)
    except CannotScaffold as error:
        raise WrongUse(str(error)) from None
    for path in written:
        typer.echo(path)
    typer.echo(f"next: docs/adding-a-connector.md; the tests: pytest tests/contracts/test_connectors.py -k {name}")


@connectors.command("record")
def _record(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="As `list` names it.")],
    count: Annotated[int, typer.Option(min=1, help="How many requests to keep, then end.")] = 1,
    port: Annotated[
        int, typer.Option(help="Where to listen, on loopback; the collector's own port if it is not running.")
    ] = 8400,
    source: SourceOption = None,
    folder: FolderOption = PAYLOADS,
) -> None:
    """Keep the next requests of a provider as payload files, secrets and personal data replaced. Read them after.

    Example: [bold]balie connectors record twilio --count 3[/bold]
    """
    from balie.integrators.record import Recorder, record
    from pipelines.personal_data import Scrubber

    settings = settings_of(ctx)
    own, connector = _source(ctx, name, source)
    scrubber = Scrubber()
    recorder = Recorder(
        own,
        connector,
        folder,
        count,
        settings.collector.public_url,
        lambda text: scrubber.scrub(text).text,
        lambda path: typer.echo(path),
    )
    typer.echo(f"listening at http://127.0.0.1:{port}/v1/{own.tenant}/{own.name}", err=True)
    record(recorder, "127.0.0.1", port)


@connectors.command("send")
def _send(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="As `list` names it.")],
    case: Annotated[str, typer.Argument(help="A recorded payload, such as plain.")],
    source: SourceOption = None,
    folder: FolderOption = PAYLOADS,
    as_json: AsJson = False,
) -> None:
    """Send a recorded payload to the running collector, freshly signed with the secrets of the source.

    Example: [bold]balie connectors send twilio plain[/bold]
    """
    from balie.integrators.payloads import NoCase, requests
    from balie.integrators.send import NotSent, send

    collector = settings_of(ctx).collector
    own, connector = _source(ctx, name, source)
    try:
        recorded = requests(folder, name, case)
        sent = send(recorded, own, connector, collector.public_url or collector.url, collector.url, datetime.now(UTC))
    except (NoCase, NotSent) as error:
        raise WrongUse(str(error)) from None
    rows = [asdict(one) for one in sent]
    if as_json:
        print_json(rows)
    else:
        columns = ("method", "url", "status", "body")
        print_table(columns, ([str(row[name])[:100] for name in columns] for row in rows))
    if any(one.status >= 400 for one in sent):
        raise typer.Exit(FAILED)


def _source(ctx: typer.Context, name: str, given: str | None) -> tuple[Source, Webhook]:
    """The source that is meant: the one given, else the only one of this connector."""
    from balie.open import sources
    from connectors.base import Webhook

    fitting = {
        f"{source.tenant}/{source.name}": (source, connector)
        for source, connector in sources(settings_of(ctx))
        if source.connector == name and isinstance(connector, Webhook)
    }
    if given is None and len(fitting) == 1:
        return next(iter(fitting.values()))
    if given is None or given not in fitting:
        there = ", ".join(fitting) or f'none: add one with connector = "{name}" to the settings'
        raise WrongUse(f"name a source of {name} that takes requests with --source; there are {there}")
    return fitting[given]
