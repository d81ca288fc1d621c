"""`balie report`: the figures of a town."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from balie.commands.common import AsJson, WrongUse, print_json, print_table, settings_of, town_of
from reporting.metrics import METRICS, USUAL, Metric
from reporting.report import DIMENSIONS, MIN_N, Figure, Row, UnknownName, report

if TYPE_CHECKING:
    from datetime import date

_DAY = ["%Y-%m-%d"]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report", epilog=_epilog())(_report)


def _report(
    ctx: typer.Context,
    tenant: Annotated[str | None, typer.Option(help="The town. Needed where the settings have several.")] = None,
    by: Annotated[
        str, typer.Option(metavar="NAME[,NAME]", help=f"Break down by: {', '.join(DIMENSIONS)}.")
    ] = "channel",
    since: Annotated[datetime | None, typer.Option(formats=_DAY, help="First day, in the town's time zone.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=_DAY, help="Last day, which is included.")] = None,
    metrics: Annotated[
        str,
        typer.Option(
            metavar="NAME[,NAME]",
            help=f"Which figures, of: {', '.join(METRICS)}. By default all in JSON, the usual ones in a table.",
        ),
    ] = "",
    min_n: Annotated[
        int, typer.Option(min=1, help="Of fewer answers than this no number is shown, but 'too few'.")
    ] = MIN_N,
    include_flagged: Annotated[
        bool, typer.Option("--include-flagged", help="Take in misuse, bots, tests and what the source excluded.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """The figures of a town: NPS, CES, CSAT, net satisfaction, counts and rates.

    Example: [bold]balie report --by month,channel --since 2026-01-01[/bold]
    """
    from balie.open import warehouse_at_hand

    settings = settings_of(ctx)
    town = town_of(settings, tenant)
    time_zone = settings.towns[town].time_zone
    chosen = _names(metrics) or list(METRICS if as_json else USUAL)

    def figures(by: Sequence[str]) -> list[Row]:
        return report(
            warehouse,
            town,
            by=by,
            since=since.date() if since else None,
            until=until.date() if until else None,
            time_zone=time_zone,
            metrics=chosen,
            min_n=min_n,
            include_flagged=include_flagged,
        )

    dimensions = _names(by)
    with warehouse_at_hand(settings) as warehouse:
        try:
            rows = figures(dimensions) if dimensions else []
            (total,) = figures(())
        except UnknownName as error:
            raise WrongUse(str(error)) from None
    if as_json:
        document = {
            "tenant": town,
            "time_zone": time_zone,
            "since": _day(since),
            "until": _day(until),
            "min_n": min_n,
            "rows": [row.to_dict() for row in rows],
            "total": total.to_dict(),
        }
        print_json(document)
    else:
        print_report(dimensions, rows, total, [METRICS[name] for name in chosen])


def print_report(dimensions: Sequence[str], rows: Sequence[Row], total: Row, metrics: Sequence[Metric]) -> None:
    """The report as a table for people, with the total as its last row."""
    columns = (*dimensions, *(metric.title for metric in metrics))
    cells: list[list[Any]] = [[*(row.group[name] or "–" for name in dimensions), *_cells(row, metrics)] for row in rows]
    cells.append([*(["all"] + [""] * len(dimensions))[: len(dimensions)], *_cells(total, metrics)])
    print_table(columns, cells, numbers=columns[len(dimensions) :])


def _cells(row: Row, metrics: Sequence[Metric]) -> list[str]:
    return [_cell(row.figures[metric.name], metric) for metric in metrics]


def _cell(figure: Figure, metric: Metric) -> str:
    if figure.too_few:
        return "too few"
    if figure.value is None:
        return "–"
    if metric.points is None:
        return f"{figure.n:,}"
    return f"{figure.value:.{metric.decimals}f}{metric.unit} ({figure.n:,})"


def _names(text: str) -> list[str]:
    return [name for name in (part.strip() for part in text.split(",")) if name]


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _epilog() -> str:
    """What each figure is, and what the number in brackets is of."""
    lines = [f"{metric.title}: {metric.formula}, of {metric.of}." for metric in METRICS.values()]
    return "\n\n".join([*lines, "In brackets: how many it is of. No figure is about a person."])
