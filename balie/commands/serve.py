"""`balie serve`, what it is made of (`warehouse`, `collect`; `run` is in pipeline.py), `tidy`, and `demo`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from balie.commands.common import FAILED, AsJson, WrongUse, print_json, print_table, settings_of

WithParent = Annotated[bool, typer.Option("--with-parent", help="Stop when standard input closes.", hidden=True)]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("serve")(_serve)
    app.command("collect")(_collect)
    app.command("poll")(_poll)
    app.command("warehouse")(_warehouse)
    app.command("tidy")(_tidy)
    app.command("demo")(_demo)


def until_stopped() -> Event:
    """An event that SIGTERM and SIGINT set."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _serve(ctx: typer.Context) -> None:
    """Run all of Balie on this machine: collector, pipeline and embedded warehouse. Ends on SIGTERM or SIGINT.

    Example: [bold]balie init && balie serve[/bold]
    """
    from balie.supervisor import serve

    settings = settings_of(ctx)

    def ready() -> None:
        where = settings.collector.url
        typer.echo(f"collector  {where}/v1/<town>/<source>   health: {where}/ready")
        typer.echo(f"warehouse  {settings.warehouse.url}")
        typer.echo("Ctrl-C ends it; `balie report` shows the figures, in another terminal")

    serve(settings, until_stopped(), ready)


def _collect(ctx: typer.Context, with_parent: WithParent = False) -> None:
    """Run the collector: requests in, events into the log. Ends on SIGTERM or SIGINT.

    Example: [bold]balie collect[/bold]
    """
    from balie.collector import app_of
    from balie.processes import end_with_parent
    from connectors.collector.server import serve

    settings = settings_of(ctx)
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn ends on its own account and then raises the signal again: what is open is closed in either case.
        signal.signal(number, lambda *_: sys.exit())
    if with_parent:
        end_with_parent()
    with app_of(settings) as app:
        serve(app, settings.collector.host, settings.collector.port)


def _poll(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option(help="Look once at every source, show what came of it, and end.")] = False,
    as_json: AsJson = False,
    with_parent: WithParent = False,
) -> None:
    """Ask providers, read mailboxes and take files, each source on its own beat. Ends on SIGTERM or SIGINT.

    Example: [bold]balie poll --once[/bold]
    """
    from balie.poller import beats_of
    from balie.processes import end_with_parent
    from connectors.poller.loop import run

    settings = settings_of(ctx)
    stop = until_stopped()
    if with_parent:
        end_with_parent()
    with beats_of(settings) as beats:
        if not once:
            run(beats, stop)
            return
        for beat in beats:
            beat.run(stop)
    rows = [
        {
            "source": f"{beat.source.tenant}/{beat.source.name}",
            "what": beat.what,
            "answers": beat.kept.answers if beat.kept else 0,
            "ignored": beat.kept.ignored if beat.kept else 0,
            "failed": len(beat.kept.failed_rows) if beat.kept else 0,
            "trouble": beat.trouble,
        }
        for beat in beats
    ]
    if as_json:
        print_json(rows)
    else:
        columns = ("source", "what", "answers", "ignored", "failed", "trouble")
        print_table(columns, ([row[name] for name in columns] for row in rows), numbers=columns[2:5])
    if any(beat.trouble for beat in beats):
        raise typer.Exit(FAILED)


def _warehouse(ctx: typer.Context) -> None:
    """Serve the embedded warehouse: ClickHouse's HTTP interface over chDB, on loopback, with a token.

    Example: [bold]balie warehouse[/bold]
    """
    from balie.open import serve_warehouse
    from storage.errors import Fatal

    settings = settings_of(ctx)
    if settings.warehouse.kind != "embedded":
        raise WrongUse("warehouse.kind is server: there is none to serve here")
    stop = until_stopped()
    with serve_warehouse(settings) as process:
        typer.echo(process.url)
        while not stop.wait(0.5):
            if not process.running():
                raise Fatal("the warehouse has ended by itself: what it said stands above")


def _tidy(ctx: typer.Context) -> None:
    """Remove what has expired, now. `balie serve` does it every hour; on several machines let one do it.

    Example: [bold]balie tidy[/bold]
    """
    from balie.open import warehouse_served
    from balie.supervisor import tidy

    settings = settings_of(ctx)
    with warehouse_served(settings):
        tidy(settings)
    typer.echo("what has expired is gone")


def _demo(
    log: Annotated[
        str, typer.Option(help="sqlite, or kafka: a real local broker, which takes Java and Maven.")
    ] = "sqlite",
    count: Annotated[int, typer.Option(min=100, help="How many citizens answer.")] = 3_000,
    folder: Annotated[
        Path, typer.Option(help="Where it all lies: a new or empty folder, or that of an earlier demo, which goes.")
    ] = Path(".balie/demo"),
) -> None:
    """See Balie work: an invented town's answers on every channel, to the figures of its report. Ends by itself.

    Example: [bold]balie demo --log kafka[/bold]
    """
    from rich.console import Console

    from balie.demo.show import show
    from balie.settings import overriding

    if log not in ("sqlite", "kafka"):
        raise WrongUse("--log is sqlite or kafka")
    if variables := overriding(os.environ):
        raise WrongUse(f"the demo must not reach stores of yours: unset {', '.join(variables)} first")
    show(folder, "kafka" if log == "kafka" else "sqlite", count, Console())
