"""What connectors share: contact details, times, proofs, the one place where a draft becomes an event."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import contact
from connectors.base import USUAL_SCALES, Draft, Question, Request, Source, client_of, fields, finish
from connectors.errors import Misconfigured, Rejected
from connectors.signatures import (
    standard_webhook_headers,
    twilio_signature,
    verify_basic,
    verify_standard_webhook,
)
from connectors.times import in_utc
from schemas.feedback import Channel, Metric, Scale, Unreadable

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)
FIRST, LAST = datetime(1971, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 (local times are what is tried)
SOURCE = Source("waterdam", "site", "form", Channel.WEB_FORM)


@pytest.mark.parametrize(
    ("given_number", "region", "found"),
    [
        ("06-12345678", "NL", "+31612345678"),
        ("0031 6 12345678", "NL", "+31612345678"),
        ("+48 512 345 678", "NL", "+48512345678"),
        ("512 345 678", "PL", "+48512345678"),
        ("(020) 624 11 11", "NL", "+31206241111"),
        ("123", "NL", None),
        ("06-1234567", "NL", None),
        ("geen nummer", "NL", None),
        ("", "NL", None),
        ("9" * 5_000, "NL", None),
    ],
)
def test_phone_numbers_come_to_one_form(given_number: str, region: str, found: str | None) -> None:
    assert contact.phone(given_number, region) == found


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (" Jan.Jansen@Example.COM ", "Jan.Jansen@example.com"),
        ("żółw@przykład.pl", "żółw@przykład.pl"),
        ("jan@", None),
        ("jan@example", None),
        ("Jan <jan@example.com>", None),
        ("x" * 400 + "@example.com", None),
    ],
)
def test_addresses_come_to_one_form(written: str, found: str | None) -> None:
    assert contact.email(written) == found


def test_bad_contact_details_are_noted_not_kept() -> None:
    person, notes = contact.checked_person({"name": "Jan", "email": "jan@", "phone": 6}, "NL")
    assert person == {"name": "Jan"}
    assert [(note.field, note.problem) for note in notes] == [
        ("person.email", "not_valid"),
        ("person.phone", "not_valid"),
    ]


@pytest.mark.parametrize(
    ("written", "zone", "utc", "problem"),
    [
        ("2026-07-01T12:00:00", "Europe/Amsterdam", datetime(2026, 7, 1, 10, tzinfo=UTC), None),
        ("2026-07-01T12:00:00+05:00", "Europe/Amsterdam", datetime(2026, 7, 1, 7, tzinfo=UTC), None),
        ("2026-07-01T12:00:00Z", "Europe/Amsterdam", datetime(2026, 7, 1, 12, tzinfo=UTC), None),
        ("2026-10-25T02:30:00", "Europe/Amsterdam", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "doubled_hour"),
        ("2026-10-25T03:00:00", "Europe/Amsterdam", datetime(2026, 10, 25, 2, tzinfo=UTC), None),
        ("2026-03-29T02:30:00", "Europe/Amsterdam", datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "missing_hour"),
        ("2026-10-25T03:30:00", "Europe/Helsinki", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "doubled_hour"),
        ("gisteren", "Europe/Amsterdam", None, "not_a_time"),
        ("0001-01-01T00:00:00", "Europe/Amsterdam", None, "not_a_time"),
        (None, "Europe/Amsterdam", None, None),
    ],
)
def test_local_times_come_to_utc(written: str | None, zone: str, utc: datetime | None, problem: str | None) -> None:
    assert in_utc(written, zone) == (utc, problem)


@given(st.datetimes(FIRST, LAST), st.sampled_from(["Europe/Warsaw", "Europe/Oslo"]))
def test_the_way_back_differs_only_in_the_missing_hour(moment: datetime, zone: str) -> None:
    utc, problem = in_utc(moment, zone)
    assert utc is not None
    back = utc.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    assert (back != moment) == (problem == "missing_hour")
    assert back >= moment


def test_signatures_are_those_of_the_providers_own_examples() -> None:
    # Twilio's documentation of its security, and the example of the Standard Webhooks specification.
    call = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert twilio_signature("12345", url, call.items()) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    signed = standard_webhook_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        datetime.fromtimestamp(1614265330, UTC),
    )
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_one_good_signature_of_several_is_enough_and_time_counts() -> None:
    secret, other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "A" * 32
    headers = standard_webhook_headers("m", b"{}", secret, NOW)
    headers["webhook-signature"] = f"v1a,xxx v1,AAAA {headers['webhook-signature']}"
    verify_standard_webhook(headers, b"{}", [other, secret], NOW + timedelta(seconds=299))
    for secrets, moment in (([other], NOW), ([], NOW), ([secret], NOW + timedelta(seconds=301))):
        with pytest.raises(Rejected) as caught:
            verify_standard_webhook(headers, b"{}", secrets, moment)
        assert caught.value.status == 403


@pytest.mark.parametrize("header", ["", "Basic", "Basic !", "Basic c3RhZmY6eA==", "Bearer c3RhZmY6cA==", "Basic é"])
def test_a_wrong_password_is_refused(header: str) -> None:
    with pytest.raises(Rejected) as caught:
        verify_basic({"authorization": header}, "staff", ["p"])
    assert caught.value.status == 401


def test_a_question_without_a_scale_has_the_usual_one() -> None:
    assert Question(metric=Metric.NPS).scale == USUAL_SCALES[Metric.NPS]
    assert Question().scale is None
    stars = Scale(min=1, max=4, best=1)
    assert Question(metric=Metric.RATING, scale=stars).scale == stars


def test_an_event_says_whose_clock_its_time_is() -> None:
    told = finish(Draft(source_id="1", occurred_at="2026-11-01T10:00:00"), SOURCE, NOW)
    assert (told.occurred_at, told.occurred_at_from) == (datetime(2026, 11, 1, 9, tzinfo=UTC), "source")
    silent = finish(Draft(source_id="1"), SOURCE, NOW)
    assert (silent.occurred_at, silent.occurred_at_from) == (NOW, "receipt")
    early = finish(Draft(source_id="1", occurred_at=NOW + timedelta(hours=1)), SOURCE, NOW)
    assert (early.occurred_at, early.occurred_at_from) == (NOW, "receipt")
    assert [(note.field, note.problem) for note in early.notes] == [("occurred_at", "after_receipt")]


@pytest.mark.parametrize("draft", [Draft(), Draft(source_id="x" * 501), Draft(source_id="1", order=-1)])
def test_without_an_identity_there_is_no_event(draft: Draft) -> None:
    with pytest.raises(Unreadable):
        finish(draft, SOURCE, NOW)


def test_only_what_the_browser_told_of_itself_is_taken_from_a_request() -> None:
    headers = {"user-agent": "x", "sec-ch-ua-platform": '"Linux"', "cookie": "secret", "sec-ch-ua-mobile": ""}
    assert client_of(Request("GET", "", headers, remote="192.0.2.1")) == {
        "ip": "192.0.2.1",
        "user_agent": "x",
        "client_hints": {"sec-ch-ua-platform": '"Linux"'},
    }


@pytest.mark.parametrize("body", [b'{"a": "\\ud800"}', '{"a": "\ufeff"}'.encode(), b'\xef\xbb\xbf{"a": NaN}'])
def test_json_that_senders_do_write_is_read(body: bytes) -> None:
    value = Request("POST", "", {}, body).json()["a"]
    assert not isinstance(value, str) or value.encode()


def test_a_form_with_a_thousand_fields_is_refused() -> None:
    with pytest.raises(Rejected):
        _ = Request("POST", "", {}, b"&".join(b"a=1" for _ in range(1_001))).form


def test_no_repr_tells_what_was_sent() -> None:
    told = (Request("POST", "https://x/?canary", {"a": "canary"}, b"canary"), Draft(answers=[{"text": "canary"}]))
    assert "canary" not in repr(told)


@pytest.mark.parametrize(
    "wrong", [{"tenant": "Waterdam"}, {"name": "06-12345678"}, {"time_zone": "Europe/Nowhere"}, {"region": "nl"}]
)
def test_a_source_that_could_give_no_event_is_refused(wrong: dict[str, Any]) -> None:
    told = {"tenant": "waterdam", "name": "site", "connector": "form", "channel": Channel.WEB, **wrong}
    with pytest.raises(Misconfigured):
        Source(**told)


@given(st.text(alphabet="ab=&+% é%41%C3%A9;", max_size=30))
def test_forms_are_decoded_as_the_standard_library_does(encoded: str) -> None:
    assert fields(encoded) == parse_qsl(encoded, keep_blank_values=True)
