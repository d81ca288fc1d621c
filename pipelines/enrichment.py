"""What is done to a batch of events between decoding and loading: pure functions from columns to columns.

Each step of `Enrichment` takes the table that the one before it gave. Work is done once for each distinct value, not
once a row: services, pages, agents and short comments repeat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import version
from pipelines.batch import ROW, Batch, Records, Step, apply
from pipelines.columns import COLUMNS, IDENTITY, Rule
from pipelines.decode import decode
from pipelines.enrich import case_number, page_url, user_agent
from pipelines.enrich.case_number import CasePatterns
from pipelines.enrich.ip_hash import hash_ip
from pipelines.enrich.person_key import Kind, hash_identifier
from pipelines.personal_data import Scrubber
from storage.state.keys import HashKey

_IDENTIFIERS: dict[str, Kind] = {
    "person.email": "email",
    "person.phone": "phone",
    "person.user_id": "user_id",
    "person.visitor_id": "visitor_id",
}
_CONTACTS = ("person.name", "person.email", "person.phone")
# What citizens write in their own language; other strings are names of things, written by the town or its systems.
_OWN_WORDS = frozenset({"answers.text", "answers.reason", "subject.search_term"})
_CASES = "answers.text.cases"
_HINTS = "client.client_hints."
_DIGIT = "[0-9]"

Places = npt.NDArray[np.intp]
_T = TypeVar("_T")


class Keys(Protocol):
    """Where the keys of the hashes come from: `storage.state.keys.KeyRing`."""

    def ip_key(self, tenant: str, month: str, now: datetime) -> HashKey | None: ...

    def person_key(self, tenant: str) -> HashKey: ...


@dataclass(frozen=True, slots=True)
class Town:
    """What the enrichments need to know of a town: its case numbers, its words, the parameters its pages may keep."""

    patterns: CasePatterns
    scrubber: Scrubber
    page_parameters: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Enrichment:
    """The steps, in order, with what they need from outside: the towns by tenant, and the keys."""

    towns: Mapping[str, Town]
    keys: Keys
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    STEPS: ClassVar[tuple[str, ...]] = (
        "empty_what_was_withdrawn",
        "hash_addresses",
        "hash_identifiers",
        "find_case_numbers",
        "read_agents",
        "cut_page_urls",
        "strip_personal_data",
        "to_rows",
    )
    """In the order in which they have to be taken: case numbers are found before texts and addresses change."""

    def step(self, name: str) -> Step:
        """The step of that name: one of `STEPS`."""
        step: Step = getattr(self, name)
        return step

    def enriched(self, records: Records) -> Batch:
        """The rows of records as the pipeline makes them, all steps taken, and what failed."""
        batch = decode(records.offsets, records.records, self.towns)
        for name in self.STEPS:
            batch = apply(self.step(name), batch)
        return batch

    def hash_addresses(self, events: pa.Table) -> pa.Table:
        """Adds `ip_hash` (16 bytes) and `ip_key` (the id of its key); null where there is no address or no key."""
        addresses = _column(events, "client.ip")
        hashes: list[bytes | None] = [None] * len(addresses)
        key_ids: list[str | None] = [None] * len(addresses)
        with_address = np.flatnonzero(addresses.is_valid().to_numpy(zero_copy_only=False))
        if len(with_address):
            months = pc.floor_temporal(_column(events, "occurred_at"), unit="month")
            tenants = _column(events, "tenant")
            firsts, inverse = _distinct(tenants.take(pa.array(with_address)), months.take(pa.array(with_address)))
            for group, first in enumerate(firsts):
                rows = with_address[inverse == group]
                tenant, month = (column[with_address[first]].as_py() for column in (tenants, months))
                key = self.keys.ip_key(tenant, f"{month:%Y-%m}", self.now())
                if key is None:
                    continue
                hashed_ones = hash_ip(addresses.take(pa.array(rows)).to_pylist(), key.secret)
                for row, hashed in zip(rows.tolist(), hashed_ones, strict=True):
                    hashes[row] = hashed
                    key_ids[row] = key.key_id if hashed else None
        return _with(events, ip_hash=pa.array(hashes, pa.binary(16)), ip_key=pa.array(key_ids, pa.string()))

    def hash_identifiers(self, events: pa.Table) -> pa.Table:
        """Adds `person_keys`: a keyed hash (16 bytes) of each identifier that the person gave."""
        keys: list[list[bytes]] = [[] for _ in range(events.num_rows)]
        tenants = _column(events, "tenant")
        for name, kind in _IDENTIFIERS.items():
            values = _column(events, name)
            for row in np.flatnonzero(values.is_valid().to_numpy(zero_copy_only=False)):
                secret = self.keys.person_key(tenants[row].as_py()).secret
                keys[row].append(hash_identifier(kind, values[row].as_py(), secret))
        return _with(events, person_keys=pa.array(keys, pa.list_(pa.binary(16))))

    def find_case_numbers(self, events: pa.Table) -> pa.Table:
        """Replaces `subject.case_number` by the one that was given, else is in the page's URL, else in a text; adds
        `case_number_from` (given, url or text), and where in each text case numbers stand."""
        numbers: list[str | None] = [None] * events.num_rows
        origins: list[str | None] = [None] * events.num_rows
        columns = (
            ("given", "subject.case_number", case_number.given),
            ("url", "subject.page_url", case_number.from_url),
        )
        for origin, name, number_in in columns:
            for row, number in self._case_numbers(events, _column(events, name), number_in):
                if numbers[row] is None:
                    numbers[row], origins[row] = number, origin
        texts = _column(events, "answers.text")
        rows = pc.list_parent_indices(texts).to_numpy(zero_copy_only=False)
        spans: list[list[int]] = [[]] * len(texts.values)
        own = any(town.patterns.own for town in self.towns.values())
        pattern = _DIGIT if own else case_number.CANDIDATE
        for place, found in self._case_numbers(events, texts.values, case_number.find, rows, pattern):
            spans[place] = [offset for one in found for offset in (one.start, one.end)]
            if numbers[rows[place]] is None:
                numbers[rows[place]], origins[rows[place]] = found[0].number, "text"
        return _with(
            events,
            **{
                "subject.case_number": pa.array(numbers, pa.string()),
                "case_number_from": pa.array(origins, pa.string()),
                _CASES: _rewrap(texts, pa.array(spans, pa.list_(pa.int32()))),
            },
        )

    def _case_numbers(
        self,
        events: pa.Table,
        values: pa.Array,
        find: Callable[[str, CasePatterns, str | None], _T | None],
        rows: Places | None = None,
        pattern: str = _DIGIT,
    ) -> Iterator[tuple[int, _T]]:
        """Where in a column of strings something was found, and what. `rows` says whose each string is; in one that
        `pattern` is not in, there is nothing to be found."""
        hopeful = pc.match_substring_regex(values, pattern)
        places = np.flatnonzero(hopeful.fill_null(False).to_numpy(zero_copy_only=False))
        owners = pa.array(places if rows is None else rows[places])
        tenants, languages = _column(events, "tenant").take(owners), _column(events, "language").take(owners)
        asked = values.take(pa.array(places))
        firsts, inverse = _distinct(tenants, asked, languages)
        distinct = (column.take(pa.array(firsts)).to_pylist() for column in (asked, tenants, languages))
        found = [
            find(text, self.towns[tenant].patterns, language) for text, tenant, language in zip(*distinct, strict=True)
        ]
        for place, group in zip(places.tolist(), inverse.tolist(), strict=True):
            if what := found[group]:
                yield place, what

    def cut_page_urls(self, events: pa.Table) -> pa.Table:
        """Replaces `subject.page_url` by its path and the parameters that the town allows, without personal data."""

        def cut(town: Town, urls: Sequence[_Said]) -> list[str]:
            return page_url.cut_many(
                [url.text for url in urls], town.page_parameters, town.scrubber, [url.contacts for url in urls]
            )

        return self._map_strings(events, ["subject.page_url"], cut)

    def strip_personal_data(self, events: pa.Table) -> pa.Table:
        """Replaces every column whose rule is SCRUBBED by its text without personal data; case numbers stay."""
        return self._map_strings(events, [c.source for c in COLUMNS if c.rule is Rule.SCRUBBED], _scrub)

    @staticmethod
    def empty_what_was_withdrawn(events: pa.Table) -> pa.Table:
        """Of withdrawn and erased answers only what identifies the row stays."""
        gone = pc.is_in(events.column("authority"), pa.array(version.DELETED))
        if not pc.any(gone).as_py():
            return events
        kept = {column.source for column in COLUMNS if column.name in IDENTITY} | {ROW}
        for name in events.column_names:
            if name not in kept:
                kind = events.schema.field(name).type
                nothing = pa.scalar([] if pa.types.is_list(kind) else None, kind)
                events = _with(events, **{name: pc.if_else(gone, nothing, events.column(name))})
        return events

    @staticmethod
    def read_agents(events: pa.Table) -> pa.Table:
        """Adds platform, os_name, os_version, browser_name, browser_version, device and is_bot."""
        hint_names = [
            name for name in events.column_names
            if name.startswith(_HINTS) and events.column(name).null_count < events.num_rows
        ]  # fmt: skip
        agents = _column(events, "client.user_agent")
        hints = [_column(events, name) for name in hint_names]
        firsts, inverse = _distinct(agents, *hints)
        first_rows = pa.array(firsts)
        headers = [name.removeprefix(_HINTS) for name in hint_names]
        hint_rows = (
            zip(*(hint.take(first_rows).to_pylist() for hint in hints), strict=True) if hints else [()] * len(firsts)
        )
        given = [{header: value for header, value in zip(headers, row, strict=True) if value} for row in hint_rows]
        parsed = user_agent.parse_many(agents.take(first_rows).to_pylist(), given)
        places = pa.array(inverse)

        def field(name: str, kind: pa.DataType) -> pa.Array:
            return pa.array([getattr(agent, name) for agent in parsed], kind).take(places)

        names = ("platform", "os_name", "os_version", "browser_name", "browser_version", "device")
        return _with(events, **{name: field(name, pa.string()) for name in names}, is_bot=field("is_bot", pa.bool_()))

    @staticmethod
    def to_rows(events: pa.Table) -> pa.Table:
        """The rows of the warehouse: the allow-listed columns and the technical ones, no other; and `ROW`."""
        columns: dict[str, pa.Array] = {
            column.name: _as(_column(events, column.source), column.type) for column in COLUMNS
        }
        rows = pa.table(columns)
        deleted = pc.is_in(rows.column("authority"), pa.array(version.DELETED))
        technical = {
            "is_deleted": deleted.cast(pa.uint8()),
            "enrichment_version": pa.array(np.full(rows.num_rows, version.ENRICHMENT_VERSION), pa.uint16()),
        }
        rows = _with(rows, **technical)
        return _with(rows, version=version.versions(rows), **{ROW: events.column(ROW)})

    def _map_strings(
        self, events: pa.Table, names: Sequence[str], change: Callable[[Town, Sequence[_Said]], Sequence[str]]
    ) -> pa.Table:
        """Columns of strings, or of lists of strings, each string changed. `change` gets all that is distinct in the
        columns of a town, at once."""
        contacts = _contacts(events)
        columns = [column for name in names if (column := _strings(events, name, contacts))]
        changed: dict[str, dict[_Said, str]] = {}
        for column in columns:
            for tenant, said in zip(column.tenants, column.said, strict=True):
                if said is not None:
                    changed.setdefault(tenant, {})[said] = ""
        for tenant, of_town in changed.items():
            of_town.update(zip(of_town, change(self.towns[tenant], list(of_town)), strict=True))
        return _with(events, **{column.name: column.changed(changed) for column in columns})


class _Said(NamedTuple):
    """A string of an answer, the language it is in, the contact details of who said it, and, if they were looked for,
    where case numbers stand in it: start, end, start, end …"""

    text: str
    language: str | None
    contacts: tuple[str, ...]
    cases: tuple[int, ...] | None

    def __repr__(self) -> str:  # a repr ends in logs
        return f"_Said({len(self.text)} letters)"


class _Strings(NamedTuple):
    """A column of strings, or of lists of strings: what is distinct in it, and which of that each string is."""

    name: str
    column: pa.Array
    tenants: Sequence[str]
    said: Sequence[_Said | None]
    which: Places

    def __repr__(self) -> str:
        return f"_Strings({self.name})"

    def changed(self, changed: Mapping[str, Mapping[_Said, str]]) -> pa.Array:
        """The column with what each string has become, by town."""
        distinct = [
            None if said is None else changed[tenant][said]
            for tenant, said in zip(self.tenants, self.said, strict=True)
        ]
        new = pa.array(distinct, pa.string()).take(pa.array(self.which))
        return _rewrap(self.column, new) if pa.types.is_list(self.column.type) else new


def _strings(events: pa.Table, name: str, contacts: Mapping[int, tuple[str, ...]]) -> _Strings | None:
    """What is distinct in a column; None if there is nothing in it. `contacts` are the contact details by row."""
    column = _column(events, name)
    is_list = pa.types.is_list(column.type)
    values = column.values if is_list else column
    if values.null_count == len(values):
        return None
    rows = pc.list_parent_indices(column) if is_list else pa.array(np.arange(len(column)))
    tenants = _column(events, "tenant").take(rows)
    languages = _column(events, "language").take(rows) if name in _OWN_WORDS else pa.nulls(len(rows), pa.string())
    # A row with contact details is a group of its own; 0 are all the others.
    owners = np.zeros(events.num_rows, np.int64)
    owners[list(contacts)] = np.array(list(contacts), np.int64) + 1
    owner_of = pa.array(owners).take(rows)
    firsts, which = _distinct(tenants, values, languages, owner_of)
    tenants, values, languages, owner_of = (
        each.take(pa.array(firsts)).to_pylist() for each in (tenants, values, languages, owner_of)
    )
    cases: Sequence[Sequence[int] | None] = [None] * len(firsts)
    if name == "answers.text":
        cases = _column(events, _CASES).values.take(pa.array(firsts)).to_pylist()
    said = [
        None
        if text is None
        else _Said(text, language, contacts.get(owner - 1, ()), None if found is None else tuple(found))
        for text, language, owner, found in zip(values, languages, owner_of, cases, strict=True)
    ]
    return _Strings(name, column, tenants, said, which)


def _scrub(town: Town, said: Sequence[_Said]) -> list[str]:
    scrubbed = town.scrubber.scrub_many(
        [one.text for one in said],
        [one.language for one in said],
        [one.contacts for one in said],
        [_protected(town, one) for one in said],
    )
    return [text for text in scrubbed if text is not None]


def _protected(town: Town, said: _Said) -> Sequence[tuple[int, int]]:
    if said.cases is not None:
        return list(zip(said.cases[::2], said.cases[1::2], strict=True))
    return [(found.start, found.end) for found in case_number.find(said.text, town.patterns, said.language)]


def _contacts(events: pa.Table) -> dict[int, tuple[str, ...]]:
    """By row the contact details that came with the answer; rows without any are left out."""
    contacts: dict[int, tuple[str, ...]] = {}
    for name in _CONTACTS:
        values = _column(events, name)
        if values.null_count < len(values):
            for row in np.flatnonzero(values.is_valid().to_numpy(zero_copy_only=False)).tolist():
                contacts[row] = (*contacts.get(row, ()), values[row].as_py())
    return contacts


def _distinct(*columns: pa.Array) -> tuple[Places, Places]:
    """Where each distinct combination of values stands first, and for each row which combination it has."""
    size = len(columns[0])
    which, count = np.zeros(size, np.intp), min(size, 1)
    for column in columns:
        encoded = column.dictionary_encode(null_encoding="encode")
        values, indices = len(encoded.dictionary), encoded.indices.to_numpy(zero_copy_only=False).astype(np.intp)
        if count <= 1:
            which, count = indices, values
        elif values > 1:
            # Numbered anew after each column, so that the product of many sizes cannot overflow.
            combinations, which = np.unique(which * values + indices, return_inverse=True)
            count = len(combinations)
    firsts = np.empty(count, np.intp)
    firsts[which[::-1]] = np.arange(size)[::-1]  # of several places of one combination the last one is kept
    return firsts, which


def _column(table: pa.Table, name: str) -> pa.Array:
    column = table.column(name)
    array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    if pa.types.is_list(array.type) and len(array.values) != array.offsets[-1].as_py() - array.offsets[0].as_py():
        # A slice of lists still has the values of its neighbours; here values and lists go together.
        offsets = pc.subtract(array.offsets, array.offsets[0])
        array = pa.ListArray.from_arrays(offsets, array.flatten())
    return array


def _with(table: pa.Table, **columns: pa.Array) -> pa.Table:
    for name, column in columns.items():
        place = table.schema.get_field_index(name)
        table = table.append_column(name, column) if place < 0 else table.set_column(place, name, column)
    return table


def _rewrap(lists: pa.ListArray, values: pa.Array) -> pa.ListArray:
    return pa.ListArray.from_arrays(lists.offsets, values)


def _as(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """A column as the warehouse wants it: no null where its type there has none, and each string once."""
    if pa.types.is_list(kind):
        if pa.types.is_string(kind.value_type):
            return _rewrap(column, column.values.fill_null(""))
        return column
    if pa.types.is_string(kind):
        return column.fill_null("").dictionary_encode()
    if pa.types.is_boolean(column.type):
        return column.fill_null(False).cast(kind)
    return column.cast(kind)
