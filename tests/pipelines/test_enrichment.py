"""The steps, one by one and all together: what a row becomes depends on the row alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.batch import ROW, Batch, apply
from pipelines.columns import COLUMNS, IDENTITY, TECHNICAL
from pipelines.enrich.case_number import CasePatterns
from pipelines.enrich.ip_hash import hash_ip
from pipelines.enrich.person_key import hash_identifier
from pipelines.enrichment import Enrichment, Town
from pipelines.personal_data import Scrubber
from schemas.feedback import FeedbackEvent, feedback_id, read
from storage.state.keys import HashKey
from storage.warehouse.client import Warehouse
from storage.warehouse.migrations import migrate
from tests.strategies import TENANTS, events

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
Decode = Callable[[Sequence[bytes | FeedbackEvent]], Batch]


@dataclass(frozen=True)
class DerivedKeys:
    """Keys that follow from town and month, in place of the store that keeps random ones; one month has none."""

    def ip_key(self, tenant: str, month: str, now: datetime) -> HashKey | None:
        assert now == NOW
        return (
            None if month == "1999-12" else HashKey(f"{tenant}-{month}", blake2b(f"{tenant}{month}".encode()).digest())
        )

    def person_key(self, tenant: str) -> HashKey:
        return HashKey(tenant, blake2b(tenant.encode()).digest())


TOWN = Town(CasePatterns(), Scrubber(), frozenset({"onderwerp"}))
ENRICHMENT = Enrichment(dict.fromkeys(TENANTS, TOWN), DerivedKeys(), lambda: NOW)


def _event(tenant: str = "utrecht", source_id: str = "a-1", **more: Any) -> FeedbackEvent:
    least = {
        "feedback_id": str(feedback_id(tenant, "website", source_id)),
        "tenant": tenant,
        "source": "website",
        "source_id": source_id,
        "connector": "web-form",
        "channel": "web",
        "received_at": "2026-03-01T10:00:00.000Z",
    }
    event = read(least | more)
    assert event.notes == ()
    return event


def _enriched(batch: Batch) -> Batch:
    for name in ENRICHMENT.STEPS:
        batch = apply(ENRICHMENT.step(name), batch, lambda: NOW)
    assert batch.failures == ()
    return batch


def _row(decoded: Decode, event: FeedbackEvent) -> dict[str, Any]:
    (row,) = _enriched(decoded([event])).columns.to_pylist()
    return dict(row)


def test_rows_have_the_columns_of_the_table_and_no_other(decoded: Decode) -> None:
    rows = _enriched(decoded([_event()])).columns
    assert set(rows.column_names) == {column.name for column in COLUMNS} | set(TECHNICAL) - {"loaded_at"} | {ROW}
    for column in COLUMNS:
        kind = rows.schema.field(column.name).type
        assert (kind.value_type if pa.types.is_dictionary(kind) else kind) == column.type


def test_an_address_becomes_a_hash_under_the_key_of_town_and_month(decoded: Decode) -> None:
    told = [
        _event(client={"ip": "192.0.2.17"}),
        _event(client={"ip": "::ffff:192.0.2.17"}),
        _event(client={"ip": "192.0.2.17"}, tenant="zwolle"),
        _event(client={"ip": "192.0.2.17"}, occurred_at="2026-02-28T23:59:59.999Z", occurred_at_from="source"),
        _event(client={"ip": "192.0.2.17"}, occurred_at="1999-12-31T23:59:59.999Z", occurred_at_from="source"),
        _event(client={"ip": "fe80::1%eth0"}),
        _event(),
    ]
    rows = ENRICHMENT.hash_addresses(decoded(told).columns)
    key = DerivedKeys().ip_key("utrecht", "2026-03", NOW)
    assert key is not None
    (expected,) = hash_ip(["192.0.2.17"], key.secret)
    hashes = rows.column("ip_hash").to_pylist()
    assert hashes[0] == hashes[1] == expected
    assert len({*hashes[1:4]}) == 3
    assert hashes[4:] == [None, None, None]
    assert rows.column("ip_key").to_pylist() == [
        "utrecht-2026-03", "utrecht-2026-03", "zwolle-2026-03", "utrecht-2026-02", None, None, None,
    ]  # fmt: skip


def test_each_identifier_becomes_a_hash_under_the_key_of_the_town(decoded: Decode) -> None:
    person = {"email": "A@Example.org", "phone": "+31612345678", "user_id": "u", "visitor_id": "u", "name": "Anna"}
    rows = ENRICHMENT.hash_identifiers(
        decoded([_event(person=person), _event(), _event(tenant="zwolle", person={"email": "a@example.org"})]).columns
    )
    secret, other = (DerivedKeys().person_key(town).secret for town in ("utrecht", "zwolle"))
    assert rows.column("person_keys").to_pylist() == [
        [
            hash_identifier("email", "a@example.org", secret),
            hash_identifier("phone", "+31612345678", secret),
            hash_identifier("user_id", "u", secret),
            hash_identifier("visitor_id", "u", secret),
        ],
        [],
        [hash_identifier("email", "a@example.org", other)],
    ]


@pytest.mark.parametrize("phone", ["+1234567", "+123456789012345"])
def test_every_phone_that_the_contract_takes_can_be_hashed(decoded: Decode, phone: str) -> None:
    assert len(_row(decoded, _event(person={"phone": phone}))["person_keys"]) == 1


GIVEN, IN_URL, IN_TEXT = "ZAAK-2026-0000000001", "ZAAK-2026-0000000002", "ZAAK-2026-0000000003"


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ({"case_number": GIVEN, "page_url": f"https://x.nl/?zaaknummer={IN_URL}"}, IN_TEXT, (GIVEN, "given")),
        ({"page_url": f"https://x.nl/?zaaknummer={IN_URL}"}, f"over {IN_TEXT}", (IN_URL, "url")),
        ({"page_url": "https://x.nl/2026/"}, f"over {IN_TEXT} dus", (IN_TEXT, "text")),
        ({"case_number": "0612345678"}, f"over {IN_TEXT} dus", (IN_TEXT, "text")),
        (
            {"case_number": "0612345678", "page_url": f"https://x.nl/?zaaknummer={IN_URL}"},
            f"over {IN_TEXT}",
            (IN_URL, "url"),
        ),
        ({"case_number": "canary@example.org"}, "12", ("", "")),
        ({}, "geen", ("", "")),
    ],
)
def test_a_case_number_is_taken_as_given_else_from_the_url_else_from_a_text(
    decoded: Decode, subject: dict[str, str], text: str, expected: tuple[str, str]
) -> None:
    row = _row(decoded, _event(subject=subject, answers=[{"text": "ja"}, {"text": text}]))
    assert (row["case_number"], row["case_number_from"]) == expected


def test_a_case_number_survives_the_scrubbing_of_its_text(decoded: Decode) -> None:
    text = f"Mail j.devries@example.org over {IN_TEXT}, of bel 06-12345678."
    row = _row(decoded, _event(language="nl", answers=[{"text": text}]))
    (scrubbed,) = row["answers.text"]
    assert IN_TEXT in scrubbed
    assert "devries" not in scrubbed
    assert "12345678" not in scrubbed


def test_what_a_person_told_of_themselves_leaves_every_text_of_theirs_and_no_other(decoded: Decode) -> None:
    person = {"name": "Roos Waterlelie", "email": "roos.w@example.org", "phone": "+31612345678"}
    words = {"question": "Roos Waterlelie, hoe was het?", "reason": "roos waterlelie", "text": "Groet, R. Waterlelie"}
    theirs = _event(person=person, answers=[words], subject={"service": "Roos Waterlelie", "search_term": "WATERLELIE"})
    others = _event(source_id="b", answers=[{"text": "De waterlelie in de vijver"}])
    mine, other = _enriched(decoded([theirs, others])).columns.to_pylist()
    assert "waterlelie" not in str({name: value for name, value in mine.items() if name != "version"}).lower()
    assert other["answers.text"] == ["De waterlelie in de vijver"]


def test_agents_are_read_once_a_row(decoded: Decode) -> None:
    firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
    told = [_event(client={"user_agent": firefox}), _event(), _event(client={"user_agent": firefox})]
    rows = ENRICHMENT.read_agents(decoded(told).columns).to_pylist()
    agents = [(row["browser_name"], row["os_name"], row["is_bot"]) for row in rows]
    assert agents[0] == agents[2] == ("Firefox", "Windows", False)
    assert agents[1] != agents[0]


@pytest.mark.parametrize("authority", ["withdrawn", "erased"])
@given(event=events())
@settings(max_examples=25)
def test_of_what_was_withdrawn_only_the_identity_stays(decoded: Decode, authority: str, event: FeedbackEvent) -> None:
    gone = FeedbackEvent.model_validate(event.model_dump(by_alias=True) | {"authority": authority})
    row = _row(decoded, gone)
    assert row["is_deleted"] == 1
    assert (row["tenant"], row["feedback_id"], row["authority"]) == (gone.tenant, gone.feedback_id.bytes, authority)
    nothing: tuple[Any, ...] = ("", 0, None, [])
    agent_of_nobody = _row(decoded, _event())
    for column in COLUMNS:
        if column.name not in IDENTITY:
            assert row[column.name] in nothing or row[column.name] == agent_of_nobody[column.name], column.name
    kept = _row(decoded, FeedbackEvent.model_validate(event.model_dump(by_alias=True) | {"authority": "corrected"}))
    assert kept["is_deleted"] == 0


def test_two_tellings_of_a_withdrawal_that_differ_in_content_are_one_row(decoded: Decode) -> None:
    one, other = (_event(authority="erased", answers=[{"text": text}]) for text in ("a", "b"))
    assert _row(decoded, one) == _row(decoded, other)


def _without_row(rows: pa.Table) -> list[str]:
    return [repr(row) for row in rows.drop_columns([ROW]).to_pylist()]


@given(st.lists(events(), min_size=1, max_size=6), st.data())
@settings(max_examples=30)
def test_a_row_depends_on_nothing_but_itself(decoded: Decode, told: list[FeedbackEvent], data: st.DataObject) -> None:
    """Alone, in any order, beside itself and others, and as a slice of a larger table: every column is the same."""
    together = _without_row(_enriched(decoded(told)).columns)
    alone = [_without_row(_enriched(decoded([event])).columns)[0] for event in told]
    assert together == alone
    order = data.draw(st.lists(st.sampled_from(range(len(told))), min_size=1, max_size=8))
    assert _without_row(_enriched(decoded([told[place] for place in order])).columns) == [
        alone[place] for place in order
    ]
    batch = decoded(told)
    cut = data.draw(st.integers(0, len(told)))
    pieces = [batch.columns.slice(0, cut), batch.columns.slice(cut)]
    for columns, expected in (*zip(pieces, (alone[:cut], alone[cut:]), strict=True), (pa.concat_tables(pieces), alone)):
        assert _without_row(_enriched(Batch(batch.offsets, batch.records, columns)).columns) == expected


@given(st.lists(events(), min_size=1, max_size=6), st.data())
@settings(max_examples=20)
def test_a_row_at_which_a_step_raises_changes_no_other(
    decoded: Decode, told: list[FeedbackEvent], data: st.DataObject
) -> None:
    """Bisecting hands slices to the steps."""
    bad, name = data.draw(st.sampled_from(range(len(told)))), data.draw(st.sampled_from(ENRICHMENT.STEPS))
    expected = _without_row(_enriched(decoded(told)).columns)
    batch = decoded(told)
    for step in ENRICHMENT.STEPS:
        plain = ENRICHMENT.step(step)

        def raising(columns: pa.Table, plain: Any = plain) -> pa.Table:
            if bad in columns.column(ROW).to_pylist():
                raise ZeroDivisionError
            return plain(columns)

        batch = apply(raising if step == name else plain, batch, lambda: NOW)
    assert [failure.origin.offset for failure in batch.failures if failure.origin] == [bad]
    assert _without_row(batch.columns) == expected[:bad] + expected[bad + 1 :]


@given(st.lists(events(), min_size=8, max_size=8))
@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_rows_fit_the_table_and_read_back_as_they_are(
    decoded: Decode, warehouse: Warehouse, told: list[FeedbackEvent]
) -> None:
    migrate(warehouse, Path(__file__).parents[2] / "schemas" / "clickhouse")
    rows = _enriched(decoded([*told, _event(authority="withdrawn"), _event()])).columns.drop_columns([ROW])
    warehouse.command("TRUNCATE TABLE feedback")
    warehouse.insert_arrow("feedback", rows)
    names = [name for name in rows.column_names if name not in ("feedback_id", "version")]
    columns = ", ".join(f"`{name}`" for name in names)
    stored = warehouse.query(
        f"SELECT toString(feedback_id) AS feedback_id, toString(version) AS version, {columns} FROM feedback"
    ).to_pylist()
    expected = [
        row
        | {"feedback_id": str(UUID(bytes=row["feedback_id"])), "version": str(int.from_bytes(row["version"], "little"))}
        for row in rows.to_pylist()
    ]
    assert sorted(map(_written, stored)) == sorted(map(_written, expected))


def _written(row: dict[str, Any]) -> str:
    return repr({name: row[name] for name in sorted(row)}).replace("zoneinfo.ZoneInfo(key='UTC')", "UTC")


def test_no_rows_pass_every_step(decoded: Decode) -> None:
    empty = _enriched(decoded([])).columns
    assert empty.num_rows == 0
    assert empty.schema.equals(_enriched(decoded([_event()])).columns.schema)


def test_steps_are_all_there_and_in_an_order_that_works() -> None:
    steps = ENRICHMENT.STEPS
    assert steps.index("find_case_numbers") < min(steps.index("cut_page_urls"), steps.index("strip_personal_data"))
    assert steps[0] == "empty_what_was_withdrawn"
    assert steps[-1] == "to_rows"
    for name in steps:
        assert callable(ENRICHMENT.step(name))
