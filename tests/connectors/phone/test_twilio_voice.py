"""What Twilio is told to say: valid XML in five languages, the score first, then the reason."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Request, Source
from connectors.errors import Misconfigured
from connectors.phone.prompts import LOCALES, PROMPTS, spoken_number
from connectors.phone.twilio_voice import TwilioVoice
from connectors.registry import configured
from schemas.feedback import Channel

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)
URL = "https://feedback.example/v1/waterdam/calls"
FORM = {"content-type": "application/x-www-form-urlencoded"}
VOICE = TwilioVoice.model_validate({"auth_tokens": ["token"]})


def source(language: str | None = "nl") -> Source:
    return Source("waterdam", "calls", "twilio_voice", Channel.PHONE, language=language)


def told(
    connector: TwilioVoice = VOICE, url: str = URL, language: str | None = "nl", **fields: str
) -> ElementTree.Element:
    """What is said to a caller after this post, parsed."""
    body = urlencode({"CallSid": "CA1", "CallStatus": "in-progress", **fields}).encode()
    reply = connector.reply(Request("POST", url, FORM, body), source(language), None)
    assert reply.headers == {"content-type": "text/xml"}
    return ElementTree.fromstring(reply.body)  # noqa: S314 (our own)


def asked(response: ElementTree.Element) -> str | None:
    """The step that the answer is gathered for."""
    gather = response.find("Gather")
    return None if gather is None else parse_qs(urlsplit(gather.attrib["action"]).query)["step"][0]


def said(response: ElementTree.Element) -> list[str | None]:
    return [say.text for say in response.iter("Say")]


@pytest.mark.parametrize("language", sorted(LOCALES))
def test_a_call_is_asked_for_the_score_then_for_the_reason(language: str) -> None:
    first = told(language=language)
    assert asked(first) == "score"
    assert {say.attrib["language"] for say in first.iter("Say")} == {LOCALES[language]}
    gather = first.find("Gather")
    assert gather is not None
    assert gather.attrib == {
        "input": "dtmf speech",
        "method": "POST",
        "action": f"{URL}?step=score&try=1",
        "numDigits": "1",
        "language": LOCALES[language],
        "speechTimeout": "auto",
    }
    second = told(url=gather.attrib["action"], language=language, Digits="4")
    assert asked(second) == "reason"
    assert PROMPTS[language]["reason"] in said(second)
    last = told(url=f"{URL}?step=reason&try=1", language=language, SpeechResult="x")
    assert (asked(last), said(last)) == (None, [PROMPTS[language]["thanks"]])
    assert last.find("Hangup") is not None


def test_what_is_no_score_is_asked_once_more() -> None:
    first, second = f"{URL}?step=score&try=1", f"{URL}?step=score&try=2"
    for again in (told(url=first, Digits="9"), told(url=first, SpeechResult="geen idee")):
        assert asked(again) == "score"
        assert said(again)[0] == PROMPTS["nl"]["again"]
    assert asked(told(url=second, Digits="9")) is asked(told(url=second, SpeechResult="geen idee")) is None


def test_a_call_that_ended_is_told_nothing() -> None:
    assert list(told(CallStatus="completed")) == []


def test_the_scale_and_the_reasons_are_said() -> None:
    settings = {"auth_tokens": ["token"], "asks": {"metric": "nps"}, "reasons": {"1": "de wachttijd"}}
    nps = TwilioVoice.model_validate(settings)
    first = told(nps)
    assert "0 tot en met 10" in (said(first)[0] or "")
    assert first.find("Gather").attrib["numDigits"] == "2"  # type: ignore[union-attr]
    assert "Voor de wachttijd, toets 1." in (said(told(nps, Digits="10"))[0] or "")


@pytest.mark.parametrize(("language", "locale"), [(None, "nl-NL"), ("de", "nl-NL"), ("pl", "pl-PL")])
def test_a_language_that_is_not_spoken_is_dutch(language: str | None, locale: str) -> None:
    assert next(told(language=language).iter("Say")).attrib["language"] == locale


def test_the_language_of_the_settings_goes_before_that_of_the_source() -> None:
    finnish = TwilioVoice.model_validate({"auth_tokens": ["token"], "language": "fi"})
    assert next(told(finnish, language="nl").iter("Say")).attrib["language"] == "fi-FI"


@given(wording=st.text(max_size=60), reason=st.text(max_size=60), path=st.from_regex(r"[^?#]{0,30}", fullmatch=True))
def test_it_is_xml_whatever_is_configured(wording: str, reason: str, path: str) -> None:
    asks = {"metric": "csat", "wording": wording}
    connector = TwilioVoice.model_validate({"auth_tokens": ["token"], "asks": asks, "reasons": {"1": reason}})
    assert asked(told(connector, f"{URL}/{path}")) == "score"
    assert asked(told(connector, Digits="1")) == "reason"


@pytest.mark.parametrize(
    ("speech", "language", "number"),
    [
        ("negen", "nl", 9),
        ("Eén.", "nl", 1),
        ("ten", "en", 10),
        ("dziewięć", "pl", 9),
        ("syv", "nb", 7),
        ("kahdeksan", "fi", 8),
        ("7", "fi", 7),
        ("10.", "nl", 10),
        ("negen, denk ik", "nl", None),
        ("nine", "nl", None),
        ("٣", "nl", None),
        ("", "nl", None),
        ("9", "xx", 9),
    ],
)
def test_numbers_that_are_said(speech: str, language: str, number: int | None) -> None:
    assert spoken_number(speech, language) == number


@pytest.mark.parametrize(
    "settings",
    [
        {"asks": {"metric": "open"}},
        {"asks": {"metric": "rating", "scale": {"min": -5, "max": 5, "best": 5}}},
        {"reasons": {"10": "x"}},
        {"language": "de"},
    ],
)
def test_settings_that_a_telephone_cannot_ask_are_said(settings: dict[str, object]) -> None:
    with pytest.raises(Misconfigured):
        configured("twilio_voice", {"auth_tokens": ["token"], **settings})
