"""`balie publish`, `import`, `run` and `reconcile`: into the log, on into the warehouse, and the account of both."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from balie.commands.common import FAILED, AsJson, WrongUse, print_json, print_table, settings_of
from balie.commands.serve import WithParent, until_stopped

if TYPE_CHECKING:
    from pipelines.driver import Progress


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("publish")(_publish)
    app.command("import")(_import)
    app.command("run")(_run)
    app.command("reconcile")(_reconcile)


def _publish(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="JSON Lines of FeedbackEvents; standard input if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Append events to the log: one FeedbackEvent a line (schemas/json/). A line that is none becomes a failure.

    Example: [bold]balie publish events.jsonl[/bold]
    """
    from balie.open import open_log, topics_of
    from balie.publish import publish

    settings = settings_of(ctx)
    try:
        source = nullcontext(sys.stdin.buffer) if file is None else file.open("rb")
    except OSError as error:
        raise WrongUse(f"{file} cannot be read ({error.strerror})") from None
    with source as lines, closing(open_log(settings)) as log:
        published = publish(lines, log, topics_of(settings), datetime.now(UTC))
    for number in published.left_out:
        typer.echo(
            f"balie: line {number}: no event, and too large to keep as a failure: it is in the file only", err=True
        )
    _say_appended("published", "events", published.events, "line", published.failed_lines, as_json)
    if published.left_out:
        raise typer.Exit(FAILED)


def _import(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(help="Whose export it is: <town>/<source> of the settings.")],
    file: Annotated[Path, typer.Argument(help="The export: CSV, as a spreadsheet or the provider writes it.")],
    as_json: AsJson = False,
) -> None:
    """Append the answers of a provider's export to the log. A row that is none becomes a failure.

    Example: [bold]balie import voorbeeldstad/smileys export.csv[/bold]
    """
    from balie.import_file import NoFiles, import_file
    from balie.open import open_log, sources, topics_of
    from connectors.errors import Rejected

    settings = settings_of(ctx)
    found = {f"{known.tenant}/{known.name}": (known, connector) for known, connector in sources(settings)}
    if source not in found:
        raise WrongUse(f"there is no such source; there are {', '.join(sorted(found))}")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise WrongUse(f"{file} cannot be read ({error.strerror})") from None
    with closing(open_log(settings)) as log:
        try:
            imported = import_file(content, *found[source], log, topics_of(settings), datetime.now(UTC))
        except (NoFiles, Rejected) as reason:
            raise WrongUse(str(reason)) from None
    _say_appended("imported", "answers", imported.answers, "row", imported.failed_rows, as_json, imported.ignored)


def _run(
    ctx: typer.Context,
    until_idle: Annotated[bool, typer.Option(help="Stop when the log has nothing more.")] = False,
    runner: Annotated[
        str, typer.Option(help="The Beam runner, by name. PortableRunner takes a job service: see --beam.")
    ] = "FnApiRunner",
    unbounded: Annotated[
        bool, typer.Option(help="One job without an end on a streaming runner, instead of micro-batches.")
    ] = False,
    beam: Annotated[
        list[str] | None,
        typer.Option(help="An option for Beam, such as --job_endpoint=localhost:8099.", metavar="OPTION"),
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Records of a micro-batch at the most.")] = 200_000,
    as_json: AsJson = False,
    with_parent: WithParent = False,
) -> None:
    """Run the pipeline: from the log through the enrichments to the warehouse. Ends on SIGTERM or SIGINT.

    Example: [bold]balie run --until-idle[/bold]
    """
    from balie.open import group_of, open_log, topics_of, warehouse_served
    from balie.pipeline import OpenRooms
    from balie.processes import end_with_parent
    from pipelines.batch import ProgramFault
    from pipelines.driver import Driver
    from pipelines.jobs import load_forever, run_until

    settings = settings_of(ctx)
    opener = OpenRooms(settings.path)
    topic = topics_of(settings)[0].name
    stop = until_stopped()
    if with_parent:
        end_with_parent()
    if unbounded:
        run_until(stop, load_forever(opener, group_of(settings), topic, runner=runner, options=beam or ()))
        return
    # Nobody waits for a warehouse to come up who wants to see the end.
    at_hand = warehouse_served(settings) if until_idle else nullcontext()
    with at_hand, closing(open_log(settings)) as log, _shown(as_json or with_parent) as show:
        driver = Driver(
            log,
            opener,
            topic,
            group=group_of(settings),
            runner=runner,
            options=tuple(beam or ()),
            most_records=batch,
            on_progress=show,
        )
        try:
            progress = driver.run(stop, until_idle=until_idle)
        except ProgramFault as fault:  # quotes nothing, unlike other exceptions
            typer.echo(f"balie: {fault}: mend it, then run again; it goes on where it stopped", err=True)
            raise typer.Exit(FAILED) from None
    if as_json:
        print_json({"loaded": progress.loaded, "failed": progress.failed, "lag": progress.lag})
    else:
        typer.echo(f"loaded {progress.loaded:,} answers, {progress.failed:,} became failures, {progress.lag:,} wait")


def _reconcile(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Account for every record that is in the log: loaded, superseded, open failure, discarded. Exit code 1 if any is
    missing.

    Example: [bold]balie reconcile --json[/bold]
    """
    from balie.failures import open_failures
    from balie.open import group_of, open_state, topics_of, warehouse_at_hand
    from balie.pipeline import OpenRooms
    from pipelines.account import account
    from storage.log.base import OffsetRange

    settings = settings_of(ctx)
    feedback, failures = topics_of(settings)
    with warehouse_at_hand(settings), closing(open_state(settings)) as state:
        rooms = OpenRooms(settings.path)()
        committed = rooms.log.committed(group_of(settings), feedback.name)
        ranges = [
            OffsetRange(feedback.name, partition, first, max(first, committed.get(partition, first)))
            for partition, (first, _) in rooms.log.ends(feedback.name).items()
        ]
        waiting = sum(end - max(first, committed.get(partition, first))
                      for partition, (first, end) in rooms.log.ends(feedback.name).items())  # fmt: skip
        discarded = state.discarded.discarded_ids()
        found = open_failures(rooms.log, failures.name, discarded, datetime.now(UTC))
        result = account(rooms, ranges, {str(failure.failure_id) for failure in found}, discarded)
    counts = {
        "loaded": result.loaded,
        "superseded": result.superseded,
        "open_failures": result.open_failures,
        "discarded": result.discarded,
        "markers": result.markers,
        "missing": len(result.missing),
        "waiting": waiting,
    }
    if as_json:
        print_json({**counts, "missing_at": result.missing})
    else:
        print_table(
            ("records", "count"), ((name.replace("_", " "), f"{n:,}") for name, n in counts.items()), numbers=["count"]
        )
        for place in result.missing[:20]:
            typer.echo(f"balie: missing: {place[0]} partition {place[1]} offset {place[2]}", err=True)
    if result.missing:
        raise typer.Exit(FAILED)


def _say_appended(
    done: str,
    what: str,
    count: int,
    place: str,
    failed: Sequence[tuple[int, str]],
    as_json: bool,
    ignored: int | None = None,
) -> None:
    """Says how many were appended and which were not; exit code 1 where there are such."""
    if as_json:
        print_json({done: count, "failed": len(failed), **({} if ignored is None else {"ignored": ignored})})
    else:
        typer.echo(f"{done} {count:,} {what}" + (f"; {ignored:,} rows are no answers" if ignored else ""))
        for number, reason in failed[:20]:
            typer.echo(f"balie: {place} {number}: {reason}: kept as a failure, see `balie failed list`", err=True)
    if failed:
        raise typer.Exit(FAILED)


@contextmanager
def _shown(as_json: bool) -> Iterator[Callable[[Progress], None]]:
    """Shows progress on a terminal; nothing where the output goes to a program."""
    from rich.console import Console

    console = Console(stderr=True)
    if as_json or not console.is_terminal:
        yield lambda _: None
        return
    with console.status("starting") as status:

        def show(progress: Progress) -> None:
            waiting = f", waiting: {progress.waiting_for}" if progress.waiting_for else ""
            status.update(f"loaded {progress.loaded:,}, failed {progress.failed:,}, lag {progress.lag:,}{waiting}")

        yield show
