"""`balie init`: the first settings file, its keys and tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from balie.commands.common import WrongUse, context_of


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("init")(_init)


def _init(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where balie.toml goes.", show_default="this folder")] = Path(),
) -> None:
    """Write a commented balie.toml with an invented town, and make its keys. Overwrites nothing; run again, it makes
    the keys that are missing.

    Example: [bold]balie init[/bold] then [bold]balie doctor[/bold]
    """
    from balie import first_settings
    from balie.settings import FILE_NAME, load

    path = context_of(ctx).settings_file or folder / FILE_NAME
    try:
        written = first_settings.write_keys(load(path)) if path.exists() else first_settings.write(path)
        if not written:
            raise WrongUse(f"{path} exists and is left as it is: name another folder, or move it away")
    except OSError as error:
        raise WrongUse(
            f"{error.filename} cannot be written ({error.strerror}): mend the folder or its rights"
        ) from None
    for file in written:
        typer.echo(f"wrote {file}")
    typer.echo("next: balie doctor")
