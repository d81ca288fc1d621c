"""Values at a path, of the type that was asked for or none."""

from datetime import UTC, datetime

import pytest

from connectors import reading

TOLD = {"id": 7, "name": " Jan ", "empty": " ", "yes": True, "items": [{"id": "a"}, 3], "nothing": None}


def test_a_path_leads_through_objects_and_lists() -> None:
    assert reading.text(TOLD, "items", 0, "id") == "a"
    assert reading.at(TOLD, "items", -1) == 3
    assert reading.at(TOLD, "items", 2) is None
    assert reading.at(TOLD, "items", "id") is None
    assert reading.at(TOLD, "name", 0) is None


def test_a_value_of_another_type_is_none() -> None:
    assert reading.text(TOLD, "name") == "Jan"
    assert reading.text(TOLD, "empty") is None
    assert reading.text(TOLD, "id") is None
    assert reading.whole(TOLD, "id") == 7
    assert reading.whole(TOLD, "yes") is None
    assert reading.identifier(TOLD, "id") == "7"
    assert reading.identifier(TOLD, "items", 0, "id") == "a"
    assert reading.identifier(TOLD, "yes") is None
    assert reading.mapping(TOLD, "items") == {}
    assert reading.listed(TOLD, "items") == TOLD["items"]
    assert reading.listed(TOLD, "name") == []
    assert reading.score(TOLD, "yes") == "True"
    assert reading.score(TOLD, "id") == 7
    assert reading.present(a="x", b=None, c="", d=0) == {"a": "x", "d": 0}
    assert reading.present(a=None) is None


@pytest.mark.parametrize("given", [1793613600, "1793613600", 1793613600.0, 1793613600000, "1793613600000"])
def test_unix_seconds_are_a_time_in_utc(given: object) -> None:
    assert reading.moment({"at": given}, "at") == datetime(2026, 11, 2, 10, tzinfo=UTC)


def test_other_text_stays_for_the_contract_to_judge() -> None:
    assert reading.moment({"at": "2026-11-02T10:00:00Z"}, "at") == "2026-11-02T10:00:00Z"
    assert reading.moment({"at": "20261102"}, "at") == "20261102"
    for wrong in (10**400, float("nan"), float("inf"), -(10**18)):
        assert reading.moment({"at": wrong}, "at") == "out of range"
    for other in (True, [1793613600], {"at": 1}):
        assert reading.moment({"at": other}, "at") == "no time"
    for nothing in ("", None):
        assert not reading.moment({"at": nothing}, "at")


def test_a_language_is_taken_without_its_region() -> None:
    for given, language in [("nl-NL", "nl"), ("PL", "pl"), (" nb_NO ", "nb"), ("zh-Hant-TW", "zh"), ("", ""), (7, 7)]:
        assert reading.language({"lang": given}, "lang") == language


def test_true_may_be_text() -> None:
    assert all(reading.is_true([given], 0) for given in (True, "true", "TRUE ", 1, "1", "on"))
    others: list[object] = [False, "false", "", None, 0, "0", [], {}, 2, "no"]
    assert not any(reading.is_true([given], 0) for given in others)


def test_a_later_time_is_a_later_order() -> None:
    times = ["2026-11-02T10:00:00", "2026-11-02T10:00:00.000001Z", 1793613601]
    orders = [reading.order([time], 0) for time in times]
    assert orders == sorted(set(orders))
    assert (
        reading.order(["yesterday"], 0) == reading.order([None], 0) == reading.order(["0001-01-01T00:00+14:00"], 0) == 0
    )
