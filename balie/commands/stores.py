"""`balie migrate`, `balie topics`: the stores made ready, and what is in them told."""

from __future__ import annotations

from contextlib import closing

import typer

from balie.commands.common import AsJson, print_json, print_table, settings_of

topics = typer.Typer(no_args_is_help=True, help="The topics of the log.")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("migrate")(_migrate)
    app.add_typer(topics, name="topics")


def _migrate(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Bring the warehouse to the newest schema. Safe to run again.

    Example: [bold]balie migrate[/bold]
    """
    from balie.open import migrations_folder, warehouse_at_hand
    from storage.warehouse.migrations import migrate

    with warehouse_at_hand(settings_of(ctx)) as warehouse:
        applied = migrate(warehouse, migrations_folder())
    if as_json:
        print_json({"applied": applied})
    else:
        typer.echo("\n".join(f"applied {name}" for name in applied) or "nothing to do: the schema is the newest")


@topics.command("apply")
def _apply(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Make the topics that are missing and set what differs. Safe to run again.

    Example: [bold]balie topics apply[/bold]
    """
    from balie.open import open_log, topics_of

    settings = settings_of(ctx)
    with closing(open_log(settings)) as log:
        changed = log.apply_topics(topics_of(settings))
    if as_json:
        print_json({"changed": changed})
    else:
        typer.echo("\n".join(changed) or "nothing to do: the topics are as they should be")


@topics.command("list")
def _list_topics(ctx: typer.Context, as_json: AsJson = False) -> None:
    """What is in each partition: the first offset that is kept, and the next one.

    Example: [bold]balie topics list --json[/bold]
    """
    from balie.open import open_log, topics_of

    settings = settings_of(ctx)
    rows = []
    with closing(open_log(settings)) as log:
        for topic in topics_of(settings):
            for partition, (first, end) in sorted(log.ends(topic.name).items()):
                rows.append(
                    {
                        "topic": topic.name,
                        "partition": partition,
                        "first": first,
                        "next": end,
                        "days_kept": topic.retention_ms // 86_400_000,
                    }
                )
    if as_json:
        print_json(rows)
        return
    columns = ("topic", "partition", "first", "next", "days_kept")
    print_table(columns, ([row[name] for name in columns] for row in rows), numbers=columns[1:])
