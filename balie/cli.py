"""The command `balie`: puts the groups of commands together, and says in one line what went wrong."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from balie.commands import connectors, doctor, failed, filters, init, keys, pipeline, report, serve, stores
from balie.commands.common import Context, complain, log_to_stderr


class _OneLineErrors(TyperGroup):
    """What goes wrong becomes a line on standard error and an exit code: 2 for wrong use, 1 for a failed run."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):  # typer knows what to do
            raise
        except Exception as error:
            if os.environ.get("BALIE_DEBUG"):
                raise
            raise typer.Exit(complain(error)) from None


app = typer.Typer(
    cls=_OneLineErrors,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Balie, the counter: citizens' feedback from every channel to a figure an analyst trusts.",
)


@app.callback()
def _root(
    ctx: typer.Context,
    settings: Annotated[
        Path | None,
        typer.Option(help="The settings file. Else the one BALIE_SETTINGS names, else ./balie.toml.", metavar="FILE"),
    ] = None,
) -> None:
    ctx.obj = Context(settings)
    log_to_stderr()


# In the order of the help: what one does first comes first.
for group in (init, doctor, serve, report, failed, pipeline, stores, keys, connectors, filters):
    group.add_to(app)


def main() -> None:
    """The entry point."""
    app(prog_name="balie")
