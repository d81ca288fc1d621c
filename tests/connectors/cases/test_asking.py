"""How Signalen and Open311 are gone through."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from connectors.base import Ignored
from connectors.cases.open311 import Open311
from connectors.cases.signalen import Signalen
from tests.played import asked_for, open311, signalen
from tests.providers import NOW

SIGNALEN = Signalen(url="https://api.example.org", access_token=SecretStr("town"))
OPEN311 = Open311(url="https://melding.example.org/open311/v2")
MINUTE = timedelta(minutes=1)


def report(number: int, updated: datetime) -> dict[str, Any]:
    return {"id": number, "text": "Kapotte lamp", "created_at": updated.isoformat(), "updated_at": updated.isoformat()}


def request(number: int, at: datetime, updated: datetime | None = None) -> dict[str, Any]:
    return {
        "service_request_id": str(number),
        "description": "Kapotte lamp",
        "requested_datetime": at.isoformat(),
        "updated_datetime": (updated or at).isoformat(),
    }


def names(first: int, end: int) -> list[str]:
    return sorted(str(number) for number in range(first, end))


def test_all_reports_are_told_once() -> None:
    told = [report(number, NOW - (500 - number) * MINUTE) for number in range(450)]
    first = asked_for(SIGNALEN, signalen(told))
    assert sorted(map(str, first.ids)) == names(0, 450)
    assert len(first.calls) < 8
    second = asked_for(SIGNALEN, signalen(told), first.cursor, NOW + MINUTE)
    assert (second.ids, len(second.calls)) == ([], 1)


def test_a_report_that_changed_is_told_again_as_a_later_one() -> None:
    told = [report(1, NOW - 90 * MINUTE), report(2, NOW - 60 * MINUTE), report(3, NOW - 5 * MINUTE)]
    first = asked_for(SIGNALEN, signalen(told))
    told[1]["updated_at"] = (NOW + MINUTE).isoformat()
    second = asked_for(SIGNALEN, signalen(told), first.cursor, NOW + 2 * MINUTE)
    assert second.ids == ["2"]
    orders = [item.order for item in (*first.items, *second.items) if not isinstance(item, Ignored)]  # type: ignore[union-attr]
    assert orders[-1] == max(orders)


def test_reports_that_move_behind_while_pages_are_asked_for_shift_none_away() -> None:
    told = [report(number, NOW - (500 - number) * MINUTE) for number in range(250)]
    play, calls = signalen(told), 0

    def answer(asked: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:  # between the first and the second page
            for one in told[:50]:
                one["updated_at"] = NOW.isoformat()
        return play(asked)

    assert set(asked_for(SIGNALEN, answer).ids) == set(names(0, 250))


def test_more_reports_of_one_moment_than_a_page_holds_are_gone_through() -> None:
    told = [report(number, NOW - 60 * MINUTE) for number in range(350)] + [report(900, NOW - 30 * MINUTE)]
    first = asked_for(SIGNALEN, signalen(told))
    assert sorted(map(str, first.ids)) == sorted([*names(0, 350), "900"])


def test_a_report_that_is_committed_late_is_not_missed() -> None:
    told = [report(1, NOW - 5 * MINUTE), report(3, NOW - MINUTE)]
    first = asked_for(SIGNALEN, signalen(told))
    told.append(report(2, NOW - 2 * MINUTE))
    assert asked_for(SIGNALEN, signalen(told), first.cursor, NOW + MINUTE).ids == ["2"]


def test_requests_are_asked_for_window_by_window() -> None:
    told = [request(number, NOW - timedelta(hours=6 * number)) for number in range(300)]
    first = asked_for(OPEN311, open311(told))
    assert sorted(map(str, first.ids)) == names(0, 300)
    assert len(first.calls) <= 14
    told.append(request(500, NOW - timedelta(hours=20)))  # published late
    told[2] = request(2, NOW - timedelta(hours=12), NOW)
    second = asked_for(OPEN311, open311(told), first.cursor, NOW + timedelta(minutes=10))
    assert sorted(map(str, second.ids)) == ["2", "500"]
    third = asked_for(OPEN311, open311(told), second.cursor, NOW + timedelta(minutes=20))
    assert (third.ids, len(third.calls)) == ([], 1)


def test_a_window_that_is_cut_off_is_asked_for_in_smaller_ones() -> None:
    told = [request(number, NOW - timedelta(minutes=number)) for number in range(4_000)]
    assert set(asked_for(OPEN311, open311(told)).ids) == set(names(0, 4_000))


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (Signalen, {"url": "https://api.example.org"}),
        (Signalen, {"access_token": "x"}),
        (Open311, {}),
        (Open311, {"url": "http://melding.example.org"}),
    ],
)
def test_settings_that_cannot_work_are_refused(kind: Any, settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        kind.model_validate(settings)


def test_a_burst_does_not_slow_down_what_follows() -> None:
    burst = [request(number, NOW - timedelta(days=80, milliseconds=200 * number)) for number in range(3_000)]
    done = asked_for(OPEN311, open311(burst))
    assert set(done.ids) == set(names(0, 3_000))
    assert len(done.calls) < 80
