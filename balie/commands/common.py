"""What the commands share: the settings, printing for people and for programs, and what an error says."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from balie.settings import Settings

FAILED, WRONG_USE = 1, 2
MISSING_PACKAGE = "install Balie with the extra that holds it: collector, kafka, pipelines or embedded"

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@dataclass(frozen=True, slots=True)
class Context:
    """What the options before the command say."""

    settings_file: Path | None

    def settings(self) -> Settings:
        """The settings, read now."""
        from balie.settings import find, load

        return load(find(self.settings_file))


class WrongUse(Exception):
    """The command was called in a way that cannot work; the message names the mend."""


def context_of(ctx: typer.Context) -> Context:
    """The context that the root command made."""
    context = ctx.obj
    if not isinstance(context, Context):
        raise TypeError("the root command makes the context")
    return context


def settings_of(ctx: typer.Context) -> Settings:
    """The settings, read now."""
    return context_of(ctx).settings()


def log_to_stderr() -> None:
    """Warnings of all, and what Balie itself says, as plain lines."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    # Beam says at every start that it was installed without Google's clients.
    handler.addFilter(lambda record: "apitools not found" not in record.getMessage())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("balie").setLevel(logging.INFO)
    # They tell of each try to reach the warehouse, with its URL; what it comes to is ours to say.
    for name in ("urllib3.connectionpool", "clickhouse_connect"):  # the client sets that of urllib3 itself
        logging.getLogger(name).setLevel(logging.ERROR)


def print_json(value: Any) -> None:
    """One JSON document on standard output; moments in ISO 8601, identifiers as text."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=_as_text) + "\n")


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, (datetime, date)) else str(value)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, numbers: Sequence[str] = ()) -> None:
    """A table for people; the columns named in `numbers` stand right. None is an empty cell."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(
            column, justify="right" if column in numbers else "left", no_wrap=column in numbers, overflow="fold"
        )
    for row in rows:
        # Text, not markup: a cell is data.
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    console = Console()
    if not console.is_terminal:
        console.width = 200  # a file or a pipe has no screen to fit
    console.print(table)


def complain(error: Exception) -> int:
    """Say on standard error what went wrong and how to mend it; returns the exit code. Quotes no input."""
    from balie.settings import SettingsError
    from connectors.errors import Misconfigured
    from storage.errors import StorageError

    if isinstance(error, SettingsError):
        lines, code = list(error.problems), WRONG_USE
    elif isinstance(error, (WrongUse, Misconfigured)):
        lines, code = [str(error)], WRONG_USE
    elif isinstance(error, StorageError):
        lines, code = [str(error)], FAILED
    elif isinstance(error, OSError) and error.filename:
        lines, code = [f"{error.filename}: {error.strerror}: mend the file, its folder or its rights"], FAILED
    elif isinstance(error, ModuleNotFoundError) and error.name:
        lines = [f"the package {error.name} is not installed: {MISSING_PACKAGE}"]
        code = FAILED
    else:
        # Whatever else an exception says may quote what was put in.
        lines, code = (
            [f"a fault in Balie ({type(error).__name__}): run it again with BALIE_DEBUG=1 and report it"],
            FAILED,
        )
    for line in lines:
        typer.echo(f"balie: {line}", err=True)
    return code


def town_of(settings: Settings, given: str | None) -> str:
    """The town that is meant: the one given, else the only one there is."""
    if given is None and len(settings.towns) == 1:
        return next(iter(settings.towns))
    if given is None or given not in settings.towns:
        names = ", ".join(settings.towns) or "none: add a section [towns.<name>]"
        raise WrongUse(f"name a town of the settings with --tenant; there are {names}")
    return given
