"""`balie doctor`: whether everything Balie stands on is sound, and how to mend what is not."""

from __future__ import annotations

from dataclasses import asdict

import typer

from balie.commands.common import FAILED, AsJson, context_of, print_json


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(_doctor)


def _doctor(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Examine settings, sources, disk, keys, log, warehouse and clock. Exit code 1 where something is to be mended.

    Example: [bold]balie doctor[/bold]
    """
    from balie.doctor import examine
    from balie.settings import find

    sound = True
    findings = []
    for finding in examine(find(context_of(ctx).settings_file)):
        sound = sound and finding.sound
        findings.append(asdict(finding))
        if not as_json:
            mark = typer.style("OK  ", fg="green") if finding.sound else typer.style("MEND", fg="red", bold=True)
            typer.echo(f"{mark}  {finding.part:<10} {finding.text}")
    if as_json:
        print_json({"sound": sound, "findings": findings})
    if not sound:
        raise typer.Exit(FAILED)
