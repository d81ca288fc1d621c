"""How HappyOrNot's API is gone through: day by day, late presses too."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from connectors.counter.happyornot import HappyOrNot
from tests.played import asked_for, happyornot

CONNECTOR = HappyOrNot(api_token=SecretStr("town"))
MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC)


def press(name: str, at: datetime, **more: object) -> dict[str, Any]:
    return {"feedbackId": name, "localTime": at.replace(tzinfo=None).isoformat(), "buttonIndex": 3, **more}


def test_more_than_a_page_is_gone_through_and_a_later_round_tells_only_what_is_new() -> None:
    buttons = [press(f"b{n}", MONDAY - timedelta(seconds=n)) for n in range(2_500)]
    texts = [press("b7", MONDAY, text="Dank")]
    first = asked_for(CONNECTOR, happyornot(buttons, texts), now=MONDAY)
    assert sorted(map(str, first.ids)) == sorted([f"b{n}" for n in range(2_500)] + ["b7"])
    assert asked_for(CONNECTOR, happyornot(buttons, texts), first.cursor, MONDAY).ids == []
    buttons.append(press("new", MONDAY + timedelta(minutes=5)))
    texts.append(press("new", MONDAY + timedelta(minutes=6), text="Goed"))
    second = asked_for(CONNECTOR, happyornot(buttons, texts), first.cursor, MONDAY + timedelta(minutes=10))
    assert second.ids == ["new", "new"]
    assert [item.order for item in second.items] == [0, 1]  # type: ignore[union-attr]


def test_a_press_that_comes_late_is_found_once_the_day_is_over() -> None:
    buttons = [press("early", MONDAY), press("later", MONDAY + timedelta(hours=4))]
    evening = MONDAY + timedelta(hours=9)
    done = asked_for(CONNECTOR, happyornot(buttons, []), now=evening)
    buttons.append(press("late", MONDAY + timedelta(hours=1)))
    for hours in range(1, 26):
        done = asked_for(CONNECTOR, happyornot(buttons, []), done.cursor, evening + timedelta(hours=hours))
        if "late" in done.ids:
            break
    assert hours < 10
    after = asked_for(CONNECTOR, happyornot(buttons, []), done.cursor, evening + timedelta(hours=hours, minutes=5))
    assert after.ids == []


def test_years_are_gone_through_a_year_at_a_time() -> None:
    buttons = [press(f"b{n}", MONDAY - timedelta(days=30 * n)) for n in range(30)]
    connector = HappyOrNot(api_token=SecretStr("town"), since=date(2024, 1, 1))
    done = asked_for(connector, happyornot(buttons, []), now=MONDAY)
    assert set(done.ids) == {f"b{n}" for n in range(30)}
    assert asked_for(connector, happyornot(buttons, []), done.cursor, MONDAY).ids == []
