"""The report's figures, beside a plain computation of the same over generated answers, on the real warehouse."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

import schemas
from reporting.metrics import METRICS
from reporting.report import DIMENSIONS, MIN_N, Figure, Row, UnknownName, report
from storage.errors import Fatal
from storage.warehouse.client import Warehouse
from storage.warehouse.migrations import migrate

AMSTERDAM = "Europe/Amsterdam"
FLAGS = ("misuse", "bot", "test", "excluded")


@dataclass(frozen=True)
class Answer:
    """metric, score, lowest, highest and best of the scale, text."""

    metric: str
    score: float | None
    scale: tuple[float, float, float] | None
    text: str = ""


@dataclass(frozen=True)
class Response:
    number: int
    tenant: str = "a"
    version: int = 1
    deleted: bool = False
    source: str = "web"
    channel: str = "web"
    service: str = ""
    outcome: str = "answered"
    occurred_at: datetime = datetime(2026, 11, 2, 12, tzinfo=UTC)
    flags: tuple[str, ...] = ()
    bot: bool = False
    answers: tuple[Answer, ...] = field(default=())


def literal(value: object) -> str:
    """A value of the test's own as SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(literal, value))}]"
    return f"'{value}'" if isinstance(value, (str, UUID)) else str(value)


def insert(warehouse: Warehouse, responses: Iterable[Response]) -> None:
    columns = (
        "tenant, feedback_id, version, is_deleted, source, channel, service, outcome, occurred_at, flags, is_bot,"
        " answers.metric, answers.score, answers.scale_min, answers.scale_max, answers.scale_best, answers.text,"
        " answers.question, answers.wording, answers.reason"
    )
    rows = []
    for r in responses:
        scales = [answer.scale or (None, None, None) for answer in r.answers]
        values = (
            r.tenant,
            UUID(int=r.number),
            r.version,
            int(r.deleted),
            r.source,
            r.channel,
            r.service,
            r.outcome,
            r.occurred_at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
            r.flags,
            int(r.bot),
            [answer.metric for answer in r.answers],
            [answer.score for answer in r.answers],
            *([scale[end] for scale in scales] for end in range(3)),
            [answer.text for answer in r.answers],
            *([""] * len(r.answers) for _ in range(3)),
        )
        rows.append(f"({', '.join(map(literal, values))})")
    warehouse.command(f"INSERT INTO feedback ({columns}) VALUES {', '.join(rows)}")


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    migrate(warehouse, Path(schemas.__file__).parent / "clickhouse")
    return warehouse


def generated(seed: int, count: int = 1_200) -> list[Response]:
    rng = random.Random(seed)
    responses = []
    for number in range(count):
        outcome = rng.choice(("answered", "answered", "answered", "partial", "declined", "expired"))
        source, channel = rng.choice((("web", "web"), ("desk", "counter"), ("sms", "sms")))
        if source == "desk" and outcome in ("declined", "expired"):  # a kiosk never tells who passed by
            outcome = "answered"
        answered = outcome in ("answered", "partial")
        responses.append(
            Response(
                number=number,
                tenant=rng.choice("aab"),
                source=source,
                channel=channel,
                service=rng.choice(("", "paspoort", "grofvuil", "zeldzaam" if number % 50 == 0 else "parkeren")),
                outcome=outcome,
                # Around the turns of the year, of the week and of both clocks.
                occurred_at=rng.choice(
                    (
                        datetime(2026, 12, 31, 22, tzinfo=UTC),
                        datetime(2026, 10, 25, 0, tzinfo=UTC),
                        datetime(2026, 3, 29, 0, tzinfo=UTC),
                    )
                )
                + timedelta(milliseconds=rng.randrange(4 * 3_600_000)),
                flags=(rng.choice(FLAGS),) if rng.random() < 0.1 else (),
                bot=rng.random() < 0.05,
                answers=tuple(an_answer(rng) for _ in range(rng.randrange(4))) if answered else (),
            )
        )
    return responses


def an_answer(rng: random.Random) -> Answer:
    metric = rng.choice(("nps", "ces", "csat", "smiley", "thumbs", "open"))
    text = rng.choice(("", "", "een opmerking"))
    if metric == "open" or rng.random() < 0.1:
        return Answer(metric, None, None, text)
    low, high = {
        "nps": [(0, 10), (0, 10), (1, 5)],
        "ces": [(1, 7), (1, 7), (1, 5)],
        "csat": [(1, 3), (1, 4), (1, 5), (1, 6), (1, 7), (1, 10), (0, 4), (1, 8), (0, 10)],
        "smiley": [(1, 3), (0, 3), (1, 5)],
        "thumbs": [(0, 1)],
    }[metric][rng.randrange(9 if metric == "csat" else 3) % (9 if metric == "csat" else 3 if metric != "thumbs" else 1)]
    return Answer(metric, rng.randint(low, high), (low, high, rng.choice((low, high))), text)


# The same figures once more, from the definitions in words: box by box, without averages of points.


def plain(responses: Sequence[Response], told: set[str]) -> dict[str, tuple[Fraction | None, int]]:
    answers = [answer for response in responses for answer in response.answers if answer.score is not None]

    def boxes(metric: str, *numbers: int) -> list[tuple[int, int]]:
        """Of each answer on a scale of so many boxes: which box it is, 1 the worst, and how many there are."""
        found = []
        for answer in answers:
            if answer.metric != metric or answer.scale is None or answer.score is None:
                continue
            low, high, best = answer.scale
            many = int(high - low) + 1
            if many in numbers:
                found.append((int(answer.score - low if best == high else high - answer.score) + 1, many))
        return found

    def share(part: int, whole: int) -> tuple[Fraction | None, int]:
        return (Fraction(100 * part, whole) if whole else None), whole

    nps = [box - 1 for box, _ in boxes("nps", 11)]
    ces = [box for box, _ in boxes("ces", 7)]
    top = {3: 1, 4: 2, 5: 2, 6: 2, 7: 2, 10: 3}
    csat = boxes("csat", *top)
    smileys = boxes("smiley", *range(2, 20))
    invited = [response.outcome for response in responses if response.source in told]
    answered = sum(response.outcome in ("answered", "partial") for response in responses)
    commented = sum(any(answer.text for answer in response.answers) for response in responses)
    declined = sum(response.outcome == "declined" for response in responses)
    return {
        "responses": (Fraction(answered), answered),
        "comments": (Fraction(commented), commented),
        "declines": (Fraction(declined), declined),
        "nps": share(sum(score in (9, 10) for score in nps) - sum(score <= 6 for score in nps), len(nps)),
        "ces_mean": (Fraction(sum(ces), len(ces)) if ces else None, len(ces)),
        "ces_net": share(sum(score in (6, 7) for score in ces) - sum(score <= 3 for score in ces), len(ces)),
        "ces_top3": share(sum(score >= 5 for score in ces), len(ces)),
        "csat": share(sum(box > many - top[many] for box, many in csat), len(csat)),
        "net_satisfaction": (
            sum((Fraction(2 * (box - 1), many - 1) - 1 for box, many in smileys), Fraction()) / len(smileys)
            if smileys
            else None,
            len(smileys),
        ),
        "response_rate": share(len(invited) - invited.count("declined") - invited.count("expired"), len(invited)),
        "decline_rate": share(invited.count("declined"), len(invited)),
    }


def assert_equal(rows: Sequence[Row], groups: dict[str, list[Response]], told: set[str], dimension: str) -> None:
    expected = {group: plain(members, told) for group, members in groups.items()}
    expected = {group: figures for group, figures in expected.items() if any(n for _, n in figures.values())}
    assert [row.group[dimension] for row in rows] == sorted(expected)
    for row in rows:
        for name, (value, n) in expected[row.group[dimension]].items():
            figure = row.figures[name]
            assert figure.n == n, (row.group, name)
            if n < MIN_N and METRICS[name].points is not None:
                assert figure.value is None
                assert figure.too_few == (n > 0)
            else:
                assert figure.value == pytest.approx(float(value or 0), abs=1e-9), (row.group, name)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("include_flagged", [False, True])
def test_figures_are_those_of_a_plain_computation(filled: Warehouse, seed: int, include_flagged: bool) -> None:
    responses = generated(seed)
    insert(filled, responses)
    of_town = [response for response in responses if response.tenant == "a"]
    told = {response.source for response in of_town if response.outcome in ("declined", "expired")}
    assert told == {"web", "sms"}
    counted = [response for response in of_town if include_flagged or not (response.flags or response.bot)]
    keys: dict[str, Callable[[Response], str]] = {
        "channel": lambda r: r.channel,
        "service": lambda r: r.service,
        "month": lambda r: r.occurred_at.astimezone(ZoneInfo(AMSTERDAM)).strftime("%Y-%m"),
        "week": lambda r: r.occurred_at.astimezone(ZoneInfo(AMSTERDAM)).strftime("%G-W%V"),
        "day": lambda r: r.occurred_at.astimezone(ZoneInfo(AMSTERDAM)).strftime("%Y-%m-%d"),
        "year": lambda r: r.occurred_at.astimezone(ZoneInfo(AMSTERDAM)).strftime("%Y"),
    }
    for dimension, key in keys.items():
        groups: dict[str, list[Response]] = {}
        for response in counted:
            groups.setdefault(key(response), []).append(response)
        rows = report(filled, "a", by=[dimension], time_zone=AMSTERDAM, include_flagged=include_flagged)
        assert_equal(rows, groups, told, dimension)
    (total,) = report(filled, "a", include_flagged=include_flagged)
    for name, (value, n) in plain(counted, told).items():
        assert total.figures[name].n == n
        assert total.figures[name].value == pytest.approx(float(value or 0), abs=1e-9)


def test_days_begin_and_end_in_the_towns_zone_and_both_are_included(filled: Warehouse) -> None:
    responses = generated(3)
    insert(filled, responses)
    zone = ZoneInfo(AMSTERDAM)
    since, until = date(2026, 10, 25), date(2026, 12, 31)
    counted = [
        response
        for response in responses
        if response.tenant == "a"
        and not response.flags
        and not response.bot
        and since <= response.occurred_at.astimezone(zone).date() <= until
    ]
    assert 0 < len(counted) < 700
    (row,) = report(filled, "a", since=since, until=until, time_zone=AMSTERDAM, metrics=["responses"])
    assert row.figures == {"responses": figure_of(counted)}


def figure_of(responses: Sequence[Response]) -> Figure:
    value, n = plain(responses, set())["responses"]
    return Figure(float(value or 0), n)


def test_two_dimensions_at_once(filled: Warehouse) -> None:
    insert(filled, generated(4))
    rows = report(filled, "a", by=["channel", "service"], metrics=["responses"])
    by_channel = report(filled, "a", by=["channel"], metrics=["responses"])
    for row in by_channel:
        parts = [part for part in rows if part.group["channel"] == row.group["channel"]]
        assert len(parts) > 1
        assert sum(part.figures["responses"].n for part in parts) == row.figures["responses"].n


def test_what_is_delivered_twice_revised_or_withdrawn_counts_once_or_not(filled: Warehouse) -> None:
    responses = [r for r in generated(5, 300) if r.tenant == "a"]
    insert(filled, responses)
    before = report(filled, "a", by=["channel"])
    insert(filled, responses[::3])
    assert report(filled, "a", by=["channel"]) == before
    revised = [replace(r, version=2, channel="post", answers=()) for r in responses[::2]]
    withdrawn = [replace(r, version=3, deleted=True, answers=()) for r in responses[::4]]
    insert(filled, withdrawn + revised)
    insert(filled, responses)  # everything is imported once more
    left = {r.number: r for r in responses} | {r.number: r for r in revised}
    for r in withdrawn:
        del left[r.number]
    counted = [r for r in left.values() if not r.flags and not r.bot]
    told = {r.source for r in left.values() if r.outcome in ("declined", "expired")}
    groups: dict[str, list[Response]] = {}
    for r in counted:
        groups.setdefault(r.channel, []).append(r)
    assert "post" in groups
    assert_equal(report(filled, "a", by=["channel"]), groups, told, "channel")


def nps(*scores: float) -> list[Response]:
    return [Response(n, answers=(Answer("nps", score, (0, 10, 10)),)) for n, score in enumerate(scores)]


def test_too_few_answers_have_no_number(filled: Warehouse) -> None:
    insert(filled, nps(10, 10, 10, 0))
    (row,) = report(filled, "a", metrics=["nps"])
    assert row.figures["nps"] == Figure(None, 4)
    assert row.figures["nps"].too_few
    (row,) = report(filled, "a", metrics=["nps"], min_n=4)
    assert row.figures["nps"] == Figure(50.0, 4)


def test_an_empty_warehouse_gives_one_row_without_numbers(filled: Warehouse) -> None:
    (row,) = report(filled, "a", min_n=0)
    assert {figure.n for figure in row.figures.values()} == {0}
    assert {name for name, figure in row.figures.items() if figure.value is not None} == {
        "responses",
        "comments",
        "declines",
    }
    assert not any(figure.too_few for figure in row.figures.values())
    assert report(filled, "a", by=["channel"]) == []


def test_a_tenant_that_looks_like_sql_is_only_a_tenant(filled: Warehouse) -> None:
    insert(filled, nps(10, 9))
    (row,) = report(filled, "x' OR '1'='1", metrics=["responses"])
    assert row.figures["responses"].n == 0


def test_only_names_of_the_closed_lists_are_taken(filled: Warehouse) -> None:
    for by in ("ip_hash", "feedback_id", "case_number", "1) OR (1"):
        with pytest.raises(UnknownName):
            report(filled, "a", by=[by])
    with pytest.raises(UnknownName):
        report(filled, "a", metrics=["nps_of_person"])


def test_no_dimension_points_at_a_person() -> None:
    personal = ("ip", "person", "feedback_id", "case_number", "town", "contact", "publish", "text", "organisation")
    for sql in DIMENSIONS.values():
        assert not any(word in sql.split("(")[-1].split(",")[0].split("_") or word in sql for word in personal[1:])
        assert "ip_" not in sql


def test_every_metric_is_within_its_bounds(filled: Warehouse) -> None:
    insert(filled, generated(6))
    for row in report(filled, "a", by=["day", "channel"], min_n=1):
        for name, figure in row.figures.items():
            metric = METRICS[name]
            if metric.points is not None and figure.value is not None:
                assert metric.lowest is not None
                assert metric.highest is not None
                assert metric.lowest <= figure.value <= metric.highest


def test_a_warehouse_without_tables_is_fatal(warehouse: Warehouse) -> None:
    with pytest.raises(Fatal):
        report(warehouse, "a")
