"""What one trial joins: it keeps conversations as the collector does, but in memory."""

from typing import Any

import pytest

from connectors.base import Request
from connectors.errors import Misconfigured
from connectors.registry import configured
from connectors.trial import Trial

SETTINGS = {"secrets": ["secureSigningKey"], "asks": {"question": "recommend", "metric": "nps"}}


@pytest.fixture
def trial() -> Trial:
    return Trial("whatsapp")


def answer(trial: Trial, message_id: str, text: str, now: str = "2026-11-02T10:00:00Z") -> tuple[Any, ...]:
    body = (
        '{"entry":[{"changes":[{"field":"messages","value":{"messages":['
        f'{{"id":"{message_id}","from":"31612345678","text":{{"body":"{text}"}}}}'
        "]}}]}]}"
    )
    settings = {**SETTINGS, "verify_token": "v"}
    connector: Any = configured("whatsapp", settings)
    headers = connector.sign(Request("POST", "https://x/", {}, body.encode()), None).headers
    told = {"settings": settings, "now": now, "request": {"url": "https://x/", "headers": headers, "body": body}}
    (event,) = trial(told)["events"]
    return event["source_id"], event["order"], event["answers"][0].get("score"), event["answers"][0].get("text")


def test_what_comes_in_steps_is_joined_and_a_repeat_gives_what_it_gave(trial: Trial) -> None:
    assert answer(trial, "a", "9") == ("a", 1, 9, None)
    assert answer(trial, "b", "Snel") == ("a", 2, 9, "Snel")
    assert answer(trial, "a", "9") == ("a", 1, 9, None)
    assert answer(trial, "c", "3") == ("c", 1, 3, None)
    assert answer(trial, "b", "Snel", "2026-11-04T10:00:00Z") == ("a", 2, 9, "Snel")
    assert answer(trial, "d", "Traag") == ("c", 2, 3, "Traag")


def test_a_conversation_ends_after_a_day(trial: Trial) -> None:
    answer(trial, "a", "9")
    assert answer(trial, "b", "Snel", "2026-11-03T10:00:00Z") == ("b", 1, None, "Snel")


def test_another_trial_knows_nothing_of_it(trial: Trial) -> None:
    answer(trial, "a", "9")
    assert answer(Trial("whatsapp"), "b", "Snel") == ("b", 1, None, "Snel")


def test_a_password_in_the_url_is_sent_as_a_client_sends_it() -> None:
    settings = {"user": "pm", "passwords": ["p@ss"]}
    for url, status in (("https://pm:p%40ss@feedback.example/v1/t/s", 202), ("https://pm:no@feedback.example/", 401)):
        assert Trial("postmark")({"settings": settings, "request": {"url": url, "body": "{}"}})["status"] == status


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("form", {}, "settings of connector form: set one of public, passwords and secrets"),
        ("zgw", {}, "settings of connector zgw: auth: it is needed"),
        ("zgw", {"auth": "t"}, "settings of connector zgw: auth: it is a list"),
        ("form", {"publc": True}, "settings of connector form: publc: there is no such setting"),
        ("open_formulieren", {}, "settings of connector open_formulieren: links: it is needed"),
        ("govmetric", {"links": {"x": {}}}, "settings of connector govmetric: a source id in links is 1 to 10 digits"),
    ],
)
def test_settings_that_lack_something_say_what(name: str, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(Misconfigured, match=f"^{said}$"):
        configured(name, settings)
