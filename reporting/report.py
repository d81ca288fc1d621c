"""The report: metrics of one town, by channel, by period, by service. What it may group by is a closed list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from reporting.metrics import METRICS, Metric

if TYPE_CHECKING:
    from storage.warehouse.client import Warehouse

MIN_N: Final = 5
"""Below so many rows a metric has no value: one more answer would move an NPS by up to 40 points, and whoever knows
the one person who was there that day would know what they said."""

DIMENSIONS: Final = MappingProxyType(
    {
        "channel": "channel",
        "source": "source",
        "service": "service",
        "product": "product",
        "department": "department",
        "location": "location",
        "form": "form",
        "form_outcome": "form_outcome",
        "page": "page_url",
        "search_term": "search_term",
        "survey": "survey_id",
        "survey_version": "survey_version",
        "wave": "survey_wave",
        "language": "language",
        "audience": "audience",
        "platform": "platform",
        "os": "os_name",
        "browser": "browser_name",
        "device": "device",
        "app": "app",
        "year": "formatDateTime(occurred_at, '%Y', {time_zone:String})",
        "quarter": "formatDateTime(occurred_at, '%Y-Q%Q', {time_zone:String})",
        "month": "formatDateTime(occurred_at, '%Y-%m', {time_zone:String})",
        "week": "formatDateTime(occurred_at, '%G-W%V', {time_zone:String})",
        "day": "formatDateTime(occurred_at, '%Y-%m-%d', {time_zone:String})",
    }
)
"""What a report may be broken down by, and the SQL of it. Nothing here points at a person: no case number, no address,
no key, no id. Weeks are those of ISO 8601; periods begin at midnight in the report's time zone."""

FLAGGED: Final = "(hasAny(flags, ['misuse', 'bot', 'test', 'excluded']) OR is_bot = 1)"


class UnknownName(ValueError):
    """A metric or a dimension that does not exist. The message lists those that do."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric in one group: `n` is the number of rows it is of; `value` is None where that is too small."""

    value: float | None
    n: int

    @property
    def too_few(self) -> bool:
        """Whether there are rows, but not enough to show a number."""
        return self.value is None and self.n > 0


@dataclass(frozen=True, slots=True)
class Row:
    """One group: its place in each dimension ('' where that is not known), and its figures by the metric's name."""

    group: Mapping[str, str]
    figures: Mapping[str, Figure]

    def to_dict(self) -> dict[str, Any]:
        """The row in plain values, for JSON."""
        return {
            "group": dict(self.group),
            "figures": {
                name: {"value": figure.value, "n": figure.n, "too_few": figure.too_few}
                for name, figure in self.figures.items()
            },
        }


def report(
    warehouse: Warehouse,
    tenant: str,
    *,
    by: Sequence[str] = (),
    since: date | None = None,
    until: date | None = None,
    time_zone: str = "UTC",
    metrics: Iterable[str] = METRICS,
    min_n: int = MIN_N,
    include_flagged: bool = False,
) -> list[Row]:
    """The figures of a town, a row for each group that has any, sorted by group; without `by`, one row of all.

    `since` and `until` are days in `time_zone`, both included. `include_flagged` takes in what the source says is
    misuse, a bot, a test or excluded. A row that was delivered twice counts once: the views read the newest telling.

    Raises:
        UnknownName: a metric or a dimension that does not exist.
        storage.errors.StorageError: the warehouse is down, or not migrated.
    """
    dimensions = {name: _known(name, DIMENSIONS, "dimension") for name in by}
    chosen = [_known(name, METRICS, "metric") for name in metrics]
    parameters = _parameters(tenant, since, until, time_zone)
    found: dict[tuple[str, ...], dict[str, Figure]] = {}
    for view in ("answers", "responses"):
        of_view = [metric for metric in chosen if metric.view == view]
        if not of_view:
            continue
        for row in warehouse.rows(_query(view, dimensions, of_view, parameters, include_flagged), parameters):
            group = tuple(row[f"by_{name}"] for name in dimensions)
            figures = found.setdefault(group, {})
            for metric in of_view:
                figures[metric.name] = _figure(metric, row[f"n_{metric.name}"], row.get(f"mean_{metric.name}"), min_n)
    if not dimensions:
        found.setdefault((), {})
    rows = [
        Row(
            dict(zip(dimensions, group, strict=True)),
            {metric.name: figures.get(metric.name) or _figure(metric, 0, None, min_n) for metric in chosen},
        )
        for group, figures in sorted(found.items())
    ]
    return [row for row in rows if not dimensions or any(figure.n for figure in row.figures.values())]


def _known(name: str, names: Mapping[str, Any], kind: str) -> Any:
    if name not in names:
        raise UnknownName(f"there is no such {kind}; there are {', '.join(names)}")
    return names[name]


def _figure(metric: Metric, n: int, mean: float | None, min_n: int) -> Figure:
    if metric.points is None:
        return Figure(float(n), n)
    return Figure(mean if n >= max(min_n, 1) else None, n)


def _parameters(tenant: str, since: date | None, until: date | None, time_zone: str) -> dict[str, Any]:
    parameters: dict[str, Any] = {"tenant": tenant, "time_zone": time_zone}
    if since is not None:
        parameters["since"] = _midnight(since, time_zone)
    if until is not None:
        parameters["until"] = _midnight(until + timedelta(days=1), time_zone)
    return parameters


def _midnight(day: date, time_zone: str) -> int:
    """When a day begins in a zone, in milliseconds since 1970 UTC."""
    moment = datetime.combine(day, time(), ZoneInfo(time_zone)).astimezone(UTC)
    return int(moment.timestamp() * 1000)


def _query(
    view: str, dimensions: Mapping[str, str], metrics: Sequence[Metric], given: Mapping[str, Any], include_flagged: bool
) -> str:
    """Nothing of what a caller gives stands in the text: names come from the closed lists, values are parameters."""
    columns = [f"{sql} AS by_{name}" for name, sql in dimensions.items()]
    for metric in metrics:
        columns.append(f"countIf({metric.counted}) AS n_{metric.name}")
        if metric.points is not None:
            columns.append(f"avgIf({metric.points}, {metric.counted}) AS mean_{metric.name}")
    where = ["tenant = {tenant:String}"]
    if "since" in given:
        where.append("occurred_at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')")
    if "until" in given:
        where.append("occurred_at < fromUnixTimestamp64Milli({until:Int64}, 'UTC')")
    if not include_flagged:
        where.append(f"NOT {FLAGGED}")
    told = ""
    if any("told" in metric.counted for metric in metrics):
        told = (
            "WITH told AS (SELECT DISTINCT source FROM responses"
            " WHERE tenant = {tenant:String} AND outcome IN ('declined', 'expired'))\n"
        )
    group = f"\nGROUP BY {', '.join(f'by_{name}' for name in dimensions)}" if dimensions else ""
    selected = ",\n       ".join(columns)
    return f"{told}SELECT {selected}\nFROM {view}\nWHERE {' AND '.join(where)}{group}"
