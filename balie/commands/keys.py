"""`balie keys`: the keys that addresses and identifiers are hashed with, their master key, and their end."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from balie.commands.common import AsJson, WrongUse, print_json, print_table, settings_of

if TYPE_CHECKING:
    from balie.keys import EndedKey
    from balie.settings import Settings

keys = typer.Typer(no_args_is_help=True, help="The keys that addresses and identifiers are hashed with.")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(keys, name="keys")


@keys.command("list")
def _list(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Which keys there are, and when each was made and destroyed; never the keys themselves.

    Example: [bold]balie keys list[/bold]
    """
    from balie.open import open_state

    with open_state(settings_of(ctx)) as state:
        rows = [asdict(record) for record in state.keys.list_keys()]
    if as_json:
        print_json(rows)
        return
    columns = ("key_id", "tenant", "purpose", "period", "created_at", "destroyed_at", "hashes_cleared_at")
    print_table(columns, ([row[name] for name in columns] for row in rows))


@keys.command("rewrap")
def _rewrap(
    ctx: typer.Context,
    new_master_key_file: Annotated[Path, typer.Option(metavar="FILE", help="Holds the new master key.")],
    create: Annotated[bool, typer.Option("--create", help="Make the file where it is missing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Change the master key: all hash keys are wrapped by the new one from now on, and stay what they are.

    All or none is done; where it was interrupted, give the same command again.

    Example: [bold]balie keys rewrap --new-master-key-file master-2027.key --create[/bold]
    """
    from balie.keys import new_master_key
    from balie.open import open_state

    settings = settings_of(ctx)
    file = new_master_key_file.resolve()
    if settings.state.folder in file.parents:
        raise WrongUse(f"{file} lies in the folder of the state, and one backup would hold both: name another place")
    with open_state(settings) as state:
        count = state.keys.rewrap(new_master_key(file, create=create))
    if as_json:
        print_json({"rewrapped": count, "master_key_file": file, "next": _after_rewrap(settings, file)})
        return
    typer.echo(f"{count} keys are wrapped by the master key in {file}")
    for step in _after_rewrap(settings, file):
        typer.echo(f"next: {step}")


@keys.command("destroy")
def _destroy(
    ctx: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without this it is only said what would be done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Destroy the keys whose time is over, and clear the hashes that were made with them. `balie tidy` does it too.

    Waits two minutes after a key was destroyed, since a pipeline may still be hashing with it. Where it was
    interrupted, give the same command again.

    Example: [bold]balie keys destroy --yes[/bold]
    """
    from balie.keys import clear_ended, ended, wait_until_out_of_use
    from balie.open import open_state, warehouse_at_hand

    settings = settings_of(ctx)
    now = datetime.now(UTC)
    with open_state(settings) as state:
        if yes:
            # First the keys: whatever stops this command later, nobody can test a guess from here on.
            destroyed = state.keys.destroy_expired(now)
            if destroyed:
                typer.echo(f"{len(destroyed)} keys are destroyed; their hashes are cleared in a moment", err=True)
            wait_until_out_of_use(destroyed)
            with warehouse_at_hand(settings) as warehouse:
                found = clear_ended(state.keys, warehouse, datetime.now(UTC))
        else:
            with warehouse_at_hand(settings) as warehouse:
                found = ended(state.keys, warehouse, now)
    if as_json:
        print_json({"destroyed": yes, "keys": [_described(one) for one in found]})
    elif not found:
        typer.echo("nothing to do: no key's time is over")
    else:
        columns = ("key_id", "tenant", "period", "rows")
        print_table(columns, ([_described(one)[name] for name in columns] for one in found), numbers=("rows",))
        rows = sum(one.rows for one in found)
        if yes:
            typer.echo(f"{len(found)} keys are destroyed, {rows:,} rows are without their hashes")
        else:
            typer.echo("nothing was done: say --yes to destroy these keys and clear the hashes of these rows")


def _described(one: EndedKey) -> dict[str, Any]:
    return {"key_id": one.key.key_id, "tenant": one.key.tenant, "period": one.key.period, "rows": one.rows}


def _after_rewrap(settings: Settings, file: Path) -> list[str]:
    """What is still to be done by hand, in order."""
    from balie.open import MASTER_KEY_VARIABLE

    if os.environ.get(MASTER_KEY_VARIABLE):
        setting = f"set {MASTER_KEY_VARIABLE} to what is in {file}"
        old = f"the old value of {MASTER_KEY_VARIABLE}"
    elif settings.keys.master_key_file == file:
        setting, old = "", "the old master key"
    else:
        setting = f'in {settings.path}, in the section [keys], set master_key_file = "{file}"'
        old = str(settings.keys.master_key_file)
    return [
        *([f"{setting}, on every machine"] if setting else []),
        "restart what runs (`balie serve`, or each `balie collect` and `balie run`), then `balie doctor`",
        f"back up {file} and the state, apart from each other, and then destroy {old}: it opens older backups",
    ]
