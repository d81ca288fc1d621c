"""Hypothesis strategies that tests of several rooms share: valid events of the contract, and JSON of any kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from schemas.feedback import Authority, Channel, FeedbackEvent, Flag, Metric, feedback_id

TENANTS = ("utrecht", "zwolle", "trondheim")

_WORDS = (
    "De balie was snel, dank u wel!",
    "Mijn zaaknummer is ZAAK-2026-0000012345, bel 06-12345678.",
    "Write to j.devries@example.org",
    "Świetna obsługa",
    "Mevrouw De Vries hielp mij",
    "Ääni 😀 \u200b\u0007",
    'een "aanhaling" \\ en een\nregel',
)
_labels = st.one_of(st.sampled_from(_WORDS), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12))
# In milliseconds since 1970, up to the end of 2199.
_moments = st.integers(0, 7_258_118_399_999).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
_SCALES: list[dict[str, float]] = [
    {"min": 0, "max": 10, "best": 10},
    {"min": 1, "max": 7, "best": 1},
    {"min": -1.5, "max": 1.5, "best": 1.5},
    {"min": 1, "max": 1e22, "best": 1},
]


@st.composite
def _answers(draw: st.DrawFn) -> dict[str, Any]:
    answer: dict[str, Any] = draw(
        st.fixed_dictionaries(
            {"metric": st.sampled_from(Metric)},
            optional={"question": _labels, "wording": _labels, "reason": _labels, "text": _labels},
        )
    )
    if draw(st.booleans()):
        scale = draw(st.sampled_from(_SCALES))
        answer["scale"] = scale
        if draw(st.booleans()):
            answer["score"] = draw(
                st.one_of(st.sampled_from([scale["min"], scale["max"]]), st.floats(scale["min"], scale["max"]))
            )
    return answer


_LABELS = (
    "service",
    "product",
    "location",
    "department",
    "form",
    "search_term",
    "conversation_id",
    "organisation",
    "price_list",
)
_subjects = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(_LABELS, _labels),
        "case_number": st.sampled_from(["ZAAK-2026-0000012345", "Z/26/123456", "0612345678", "12"]),
        "page_url": st.one_of(
            st.sampled_from(["https://www.utrecht.nl/afval/ophalen?zaaknummer=Z2026-00012345&naam=Jansen", "/contact"]),
            _labels,
        ),
        "form_outcome": st.sampled_from(["finished", "aborted"]),
        "country": st.sampled_from(["NL", "PL", "NO"]),
        "audience": st.sampled_from(["citizen", "business", "employee"]),
    },
)
_clients = st.fixed_dictionaries(
    {},
    optional={
        "ip": st.sampled_from(["192.0.2.17", "2001:db8::17", "::ffff:192.0.2.17", "198.51.100.255"]),
        "user_agent": st.one_of(
            st.sampled_from(
                ["", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0", "curl/8.5.0"]
            ),
            _labels,
        ),
        "client_hints": st.fixed_dictionaries(
            {}, optional={"sec-ch-ua-platform": st.sampled_from(['"Windows"', '"macOS"']), "sec-ch-ua-mobile": _labels}
        ),
        "app": _labels,
        "app_version": _labels,
    },
)
_persons = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["Anna de Vries", "Jan Kowalski"]),
        "email": st.sampled_from(["j.devries@example.org", "J@EXAMPLE.ORG"]),
        "phone": st.sampled_from(["+31612345678", "+4791234567"]),
        "user_id": _labels,
        "visitor_id": _labels,
        "town": _labels,
        "photo_given": st.booleans(),
    },
)
_agreements = st.fixed_dictionaries({"given_at": _moments}, optional={"wording": _labels})
_notes = st.fixed_dictionaries(
    {
        "field": st.sampled_from(["occurred_at", "answers[0].score"]),
        "problem": st.sampled_from(["off_scale", "missing"]),
    }
)


@st.composite
def plain_events(draw: st.DrawFn, tenants: tuple[str, ...] = TENANTS) -> dict[str, Any]:
    """A valid event as an object of plain values and datetimes, with any of its optional parts."""
    tenant, source = draw(st.sampled_from(tenants)), draw(st.sampled_from(["website", "sms-1"]))
    source_id = draw(st.one_of(st.integers(1, 9).map(str), _labels))
    received_at = draw(_moments)
    declined = draw(st.integers(0, 5)) == 0
    event: dict[str, Any] = {
        "schema_version": 1,
        "feedback_id": str(feedback_id(tenant, source, source_id)),
        "tenant": tenant,
        "source": source,
        "source_id": source_id,
        "connector": "web-form",
        "channel": draw(st.sampled_from(Channel)),
        "received_at": received_at,
        "outcome": "declined" if declined else draw(st.sampled_from(["answered", "partial"])),
    }
    event |= draw(
        st.fixed_dictionaries(
            {},
            optional={
                "authority": st.sampled_from(Authority),
                "flags": st.lists(st.sampled_from(Flag), max_size=2),
                "occurred_at": _moments.filter(lambda moment: moment <= received_at) | st.just(received_at),
                "occurred_at_from": st.sampled_from(["source", "transport", "receipt"]),
                "time_zone": st.sampled_from(["Europe/Amsterdam", "UTC"]),
                "order": st.one_of(st.integers(0, 5), st.just(2**63 - 1)),
                "survey": st.fixed_dictionaries({}, optional={"id": _labels, "version": _labels, "wave": _labels}),
                "language": st.sampled_from(["nl", "en", "pl", "nb", "fi", "zgh"]),
                "subject": _subjects,
                "client": _clients,
                "person": _persons,
                "consent": st.fixed_dictionaries({}, optional={"contact": _agreements, "publish": _agreements}),
                "notes": st.lists(_notes, max_size=2),
            },
        )
    )
    if not declined:
        event["answers"] = draw(st.lists(_answers(), max_size=3))
    return event


def events(tenants: tuple[str, ...] = TENANTS) -> st.SearchStrategy[FeedbackEvent]:
    """Valid events."""
    return plain_events(tenants).map(FeedbackEvent.model_validate)


JSON_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.integers(-(10**30), 10**30),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from(["", "nl", "NL", "2026-02-30T10:00:00.000Z", "9999-12-31T23:59:59Z", "x" * 301, "\ud800"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
"""Anything that JSON can say, and what only Python's reader takes (NaN, lone surrogates)."""
