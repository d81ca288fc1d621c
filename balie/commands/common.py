"""What the commands share: the settings, printing for people and for programs, and what an error says."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from balie.settings import Settings

FAILED, WRONG_USE = 1, 2

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


def print_json(value: Any) -> None:
    """One JSON document on standard output; moments in ISO 8601, identifiers as text."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, numbers: Sequence[str] = ()) -> None:
    """A table for people; the columns named in `numbers` stand right. None is an empty cell."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    for row in rows:
        # Text, not markup: a cell is data.
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    console = Console()
    # A table that goes to a file or a pipe is not cut to the width of a screen that is not there.
    console.print(table, width=None if console.is_terminal else 200)


def complain(error: Exception) -> int:
    """Say on standard error what went wrong and how to mend it; returns the exit code. Quotes no input."""
    from balie.settings import SettingsError
    from storage.errors import StorageError

    if isinstance(error, SettingsError):
        lines, code = list(error.problems), WRONG_USE
    elif isinstance(error, WrongUse):
        lines, code = [str(error)], WRONG_USE
    elif isinstance(error, StorageError):
        lines, code = [str(error)], FAILED
    elif isinstance(error, ModuleNotFoundError) and error.name:
        lines = [f"the package {error.name} is not installed: install Balie with the extra that holds it (see README)"]
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


def plain(row: Mapping[str, Any], columns: Sequence[str]) -> list[Any]:
    """The values of a row, in the order of the columns."""
    return [row.get(column) for column in columns]
