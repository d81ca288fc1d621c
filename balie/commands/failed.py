"""`balie failed`: what could not be read or enriched, and what to do with it."""

from __future__ import annotations

import re
import sys
from base64 import b64encode
from collections.abc import Collection, Iterable, Iterator, Sized
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from balie.commands.common import FAILED, AsJson, WrongUse, print_json, print_table, settings_of

if TYPE_CHECKING:
    from balie.settings import Settings
    from schemas.failure import FailedEvent
    from schemas.topics import Topic
    from storage.log.base import Log

failed = typer.Typer(no_args_is_help=True, help="What could not be read or enriched: look, try again, give up.")

Id = Annotated[str, typer.Argument(help="The failure's id, or its first letters.")]
Ids = Annotated[list[str] | None, typer.Argument(help="Ids of failures, or their first letters.", metavar="[ID]...")]
All = Annotated[bool, typer.Option("--all", help="All that the other options leave.")]
Tenant = Annotated[str | None, typer.Option(help="Only of this town.")]
Source = Annotated[str | None, typer.Option(help="Only of this source.")]
StageName = Annotated[str | None, typer.Option("--stage", help="Only of this stage: parse, decode or enrich.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(failed, name="failed")


@failed.command("list")
def _list(
    ctx: typer.Context,
    tenant: Tenant = None,
    source: Source = None,
    stage: StageName = None,
    as_json: AsJson = False,
) -> None:
    """The open failures, the oldest first.

    Example: [bold]balie failed list --stage decode[/bold]
    """
    with _opened(settings_of(ctx)) as desk:
        rows = [_summary(failure) for failure in desk.open(tenant, source, stage)]
    rows.sort(key=lambda row: row["first_received_at"])
    if as_json:
        print_json(rows)
    elif not rows:
        typer.echo("no open failures")
    else:
        columns = ("id", "stage", "reason", "tenant", "source", "first received", "attempts", "expires")
        cells = (
            [
                row["failure_id"][:8],
                row["stage"],
                row["reason"],
                row["tenant"],
                row["source"],
                f"{row['first_received_at']:%Y-%m-%d %H:%M}",
                row["attempt"],
                f"{row['expires_at']:%Y-%m-%d}",
            ]
            for row in rows
        )
        print_table(columns, cells, numbers=("attempts",))


@failed.command("show")
def _show(
    ctx: typer.Context,
    failure_id: Id,
    body: Annotated[
        bool, typer.Option("--body", help="Print the original bytes, which hold a citizen's words, and nothing else.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """One failure: where it came from and why it failed. With --body also what it said.

    Example: [bold]balie failed show 3f9a52c1 --body > request.json[/bold]
    """
    with _opened(settings_of(ctx)) as desk:
        failure = desk.one(failure_id)
    if as_json:
        # The URL and the headers are the sender's own words too.
        whole = {"url": failure.url, "headers": failure.headers, "body": b64encode(failure.body).decode()}
        print_json({**_details(failure), **(whole if body else {})})
    elif body:
        sys.stdout.buffer.write(failure.body)
    else:
        print_table(("", "value"), _details(failure).items())


@failed.command("replay")
def _replay(
    ctx: typer.Context,
    failure_ids: Ids = None,
    everything: All = False,
    tenant: Tenant = None,
    source: Source = None,
    stage: StageName = None,
    as_json: AsJson = False,
) -> None:
    """Try failures again, after what made them fail was mended. Those that fail again stay open.

    Example: [bold]balie failed replay --all --source website[/bold]
    """
    from balie.failures import Refused, reader, replay
    from balie.open import open_state, sources

    settings = settings_of(ctx)
    now = datetime.now(UTC)
    outcomes: list[dict[str, Any]] = []
    with _opened(settings) as desk, open_state(settings) as state:
        read = reader(sources(settings), state, now)
        for failure in desk.choose(failure_ids, everything, tenant, source, stage):
            outcome: dict[str, Any] = {"failure_id": str(failure.failure_id), "replayed": True, "problem": None}
            try:
                outcome["records"] = replay(failure, desk.log, desk.topics, read, now)
            except Refused as refused:
                outcome |= {"replayed": False, "problem": str(refused), "records": 0}
            outcomes.append(outcome)
        desk.clean(outcomes)
    if as_json:
        print_json(outcomes)
    else:
        for outcome in outcomes:
            typer.echo(f"{outcome['failure_id']}  {outcome['problem'] or 'is on its way again'}")
    if not all(outcome["replayed"] for outcome in outcomes):
        raise typer.Exit(FAILED)


@failed.command("discard")
def _discard(
    ctx: typer.Context,
    failure_ids: Ids = None,
    everything: All = False,
    tenant: Tenant = None,
    source: Source = None,
    stage: StageName = None,
    reason: Annotated[
        str, typer.Option(help="Why, as a code that is kept: small letters, digits, '-'.")
    ] = "not-needed",
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without this it is only said what would be done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give failures up: their bytes go, their ids stay, so that every record remains accounted for.

    Example: [bold]balie failed discard 3f9a52c1 --reason spam --yes[/bold]
    """
    from balie.failures import discard
    from balie.open import open_state

    if not re.fullmatch(r"[a-z][a-z0-9-]{0,63}", reason):
        raise WrongUse("--reason is a code, never words of a citizen: small letters, digits and '-', 64 at most")
    settings = settings_of(ctx)
    with _opened(settings) as desk:
        # Without their bytes, which may not all fit in memory.
        chosen = [
            failure.model_copy(update={"body": b""})
            for failure in desk.choose(failure_ids, everything, tenant, source, stage)
        ]
        if yes and chosen:
            with open_state(settings) as state:
                discard(chosen, desk.log, desk.topics[1].name, state.discarded, reason, datetime.now(UTC))
            desk.clean(chosen)
    if as_json:
        print_json({"discarded": yes, "failure_ids": [str(failure.failure_id) for failure in chosen]})
    else:
        for failure in chosen:
            typer.echo(f"{failure.failure_id}  {'discarded' if yes else 'would be discarded'}")
        if chosen and not yes:
            typer.echo("nothing was done: say --yes to discard them")


@dataclass(frozen=True, slots=True)
class _Desk:
    """The log with its topics, the failures in it that are open, and the ids of those that were discarded."""

    log: Log
    topics: tuple[Topic, Topic]
    discarded: Collection[str]

    def open(self, tenant: str | None, source: str | None, stage: str | None) -> Iterator[FailedEvent]:
        from balie.failures import open_failures
        from schemas.failure import Stage

        if stage is not None and stage not in list(Stage):
            raise WrongUse(f"--stage is one of {', '.join(Stage)}")
        for failure in open_failures(self.log, self.topics[1].name, self.discarded, datetime.now(UTC)):
            if tenant in (None, failure.tenant) and source in (None, failure.source) and stage in (None, failure.stage):
                yield failure

    def one(self, start: str) -> FailedEvent:
        """The open failure whose id begins so."""
        wanted = start.lower()
        if not re.fullmatch(r"[0-9a-f-]{4,36}", wanted):
            raise WrongUse("an id is 36 letters as `balie failed list --json` shows it; the first four may be enough")
        found = [f for f in self.open(None, None, None) if str(f.failure_id).startswith(wanted)]
        if len(found) != 1:
            told = "no open failure has" if not found else f"{len(found)} open failures have"
            raise WrongUse(f"{told} an id that begins so: look with `balie failed list --json`")
        return found[0]

    def choose(
        self,
        ids: list[str] | None,
        everything: bool,
        tenant: str | None,
        source: str | None,
        stage: str | None,
    ) -> Iterable[FailedEvent]:
        """The failures with these ids; with `everything` all that the filters leave."""
        if bool(ids) == everything:
            raise WrongUse(
                "name the failures by id, or say --all (with --tenant, --source or --stage for some of them)"
            )
        if ids and (tenant or source or stage):
            raise WrongUse("--tenant, --source and --stage go with --all, not with ids")
        return [self.one(each) for each in ids] if ids else self.open(tenant, source, stage)

    def clean(self, done: Sized) -> None:
        """Have the bytes of what was done removed."""
        if len(done):
            self.log.clean(self.topics[1].name)


@contextmanager
def _opened(settings: Settings) -> Iterator[_Desk]:
    from balie.open import open_log, open_state, topics_of

    with closing(open_log(settings)) as log, closing(open_state(settings)) as state:
        yield _Desk(log, topics_of(settings), state.discarded.discarded_ids())


def _summary(failure: FailedEvent) -> dict[str, Any]:
    return {
        "failure_id": str(failure.failure_id),
        "stage": str(failure.stage),
        "reason": failure.reason,
        "tenant": failure.tenant,
        "source": failure.source,
        "first_received_at": failure.first_received_at,
        "attempt": failure.attempt,
        "expires_at": failure.expires_at,
    }


def _details(failure: FailedEvent) -> dict[str, Any]:
    """All that is known of a failure but what its sender said."""
    origin = failure.origin
    return {
        **_summary(failure),
        "failed_at": failure.failed_at,
        "origin": f"{origin.topic} {origin.partition}:{origin.offset}" if origin else None,
        "method": failure.method,
        "host": urlsplit(failure.url).hostname if failure.url else None,
        "header_names": ", ".join(failure.headers),
        "body_bytes": len(failure.body),
    }
