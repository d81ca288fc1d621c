"""`balie connectors`: which connectors there are, and what each needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from balie.commands.common import AsJson, WrongUse, context_of, print_json, print_table

if TYPE_CHECKING:
    from connectors.base import Connector

connectors = typer.Typer(no_args_is_help=True, help="Where answers can come from.")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(connectors, name="connectors")


@connectors.command("list")
def _list(as_json: AsJson = False) -> None:
    """Which connectors there are, on which channel, fed how, and which settings each needs.

    Example: [bold]balie connectors list[/bold]
    """
    from connectors.registry import connectors as registered

    rows = [_described(name, kind) for name, kind in sorted(registered().items())]
    if as_json:
        print_json(rows)
        return
    columns = ("name", "channel", "protocols", "needs", "what")
    cells = (
        [
            row["name"],
            row["channel"],
            ", ".join(row["protocols"]),
            ", ".join(setting["key"] for setting in row["settings"] if setting["needed"]),
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
    from connectors.registry import connectors as registered

    kind = registered().get(name)
    if kind is None:
        raise WrongUse(f"there is no such connector; there are {', '.join(sorted(registered()))}")
    row = {**_described(name, kind), "urls": _urls(ctx, name)}
    if as_json:
        print_json(row)
        return
    typer.echo(f"{name}: {row['what']}\nchannel {row['channel']}, fed by {', '.join(row['protocols'])}")
    typer.echo(f"documentation: {row['documentation']}\naddress: {', '.join(row['urls'])}")
    cells = ([s["key"], s["type"], "needed" if s["needed"] else s["default"], s["what"]] for s in row["settings"])
    print_table(("setting", "type", "default", "what"), cells)


def _described(name: str, kind: type[Connector]) -> dict[str, Any]:
    from balie.settings import is_secret
    from connectors.base import File, Webhook

    protocols = {"webhook": Webhook, "file": File}
    settings = []
    for key, field in kind.model_fields.items():
        secret = is_secret(field.annotation)
        settings.append(
            {
                "key": f"{key}_file" if secret else key,
                "type": "path of a file that holds it" if secret else _type(field.annotation),
                "needed": field.is_required(),
                "default": None if field.is_required() or secret else _plain(field.default),
                "what": field.description,
            }
        )
    return {
        "name": name,
        "channel": str(kind.channel),
        "protocols": [protocol for protocol, wanted in protocols.items() if issubclass(kind, wanted)],
        "documentation": kind.documentation,
        "what": (kind.__doc__ or "").strip().partition("\n")[0],
        "settings": settings,
    }


def _type(annotation: Any) -> str:
    text = (
        annotation.__name__ if isinstance(annotation, type) and not hasattr(annotation, "__args__") else str(annotation)
    )
    return text.rpartition(".")[2] if "[" not in text else text


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json", exclude_none=True) if hasattr(value, "model_dump") else value


def _urls(ctx: typer.Context, name: str) -> list[str]:
    """The addresses of the sources that use this connector; where there is none, what one would look like."""
    from balie.settings import SettingsError

    try:
        settings = context_of(ctx).settings()
    except SettingsError:
        return ["/v1/<town>/<source>"]
    start = settings.collector.public_url or settings.collector.url
    urls = [
        f"{start}/v1/{tenant}/{source}"
        for tenant, town in settings.towns.items()
        for source, given in town.sources.items()
        if given.connector == name
    ]
    return urls or [f"{start}/v1/<town>/<source>"]
