"""Access tokens from an HTTP server that gives them, well and badly."""

from base64 import b64decode

import pytest

from connectors.poller.http import Away, Caller
from connectors.poller.tokens import AccessTokens
from tests.clock import Clock
from tests.providers import Answer, Provider

SECRET = "a secret: with/what is encoded"


@pytest.fixture
def clock() -> Clock[float]:
    return Clock(1_000.0)


@pytest.fixture
def tokens(provider: Provider, clock: Clock[float]) -> AccessTokens:
    url = f"{provider.url}/tenant/oauth2/v2.0/token"
    return AccessTokens(
        Caller(), token_url=url, client_id="balie:1", client_secret=SECRET, scope="mail/.default", clock=clock
    )


def counted(provider: Provider) -> None:
    provider.answer = lambda asked: Answer.of({"access_token": f"t{len(provider.asked)}", "expires_in": 600})


def test_one_is_asked_for_as_the_standard_says(provider: Provider, tokens: AccessTokens) -> None:
    counted(provider)
    assert tokens() == "t1"
    (asked,) = provider.asked
    assert (asked.method, asked.path) == ("POST", "/tenant/oauth2/v2.0/token")
    assert asked.form == {"grant_type": "client_credentials", "scope": "mail/.default"}
    kind, _, proof = asked.headers["authorization"].partition(" ")
    assert (kind, b64decode(proof)) == ("Basic", b"balie%3A1:a%20secret%3A%20with%2Fwhat%20is%20encoded")


def test_it_is_used_until_shortly_before_its_end(provider: Provider, tokens: AccessTokens, clock: Clock[float]) -> None:
    counted(provider)
    found = []
    for seconds in (0, 300, 539, 541, 600):
        clock.now = 1_000.0 + seconds
        found.append(tokens())
    assert found == ["t1", "t1", "t1", "t2", "t2"]
    tokens.forget()
    assert tokens() == "t3"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer.of({"error": "invalid_client"}), "gives none"),
        (Answer(b'{"error":"invalid_client"}', 401), "mend token_url"),
        (Answer(b'{"error":"invalid_scope"}', 400), "scope"),
        (Answer(b"oops", 500), "answers 500"),
        (Answer(b"<html>sign in</html>"), "gives none"),
        (Answer(b"[1]"), "gives none"),
        (Answer(b'{"access_token": 7}'), "gives none"),
        (Answer(b'{"access_', cut=True), "breaks off"),
    ],
)
def test_where_there_is_none_it_says_what_to_mend(
    provider: Provider, tokens: AccessTokens, answer: Answer, told: str
) -> None:
    provider.answer = lambda asked: answer
    with pytest.raises(Away, match=told) as caught:
        tokens()
    assert "secret of" not in str(caught.value)
    assert SECRET not in str(caught.value)
    counted(provider)
    assert tokens() == "t2"


def test_one_of_unknown_length_is_used_for_some_minutes(
    provider: Provider, tokens: AccessTokens, clock: Clock[float]
) -> None:
    provider.answer = lambda asked: Answer.of({"access_token": f"t{len(provider.asked)}"})
    assert tokens() == "t1"
    clock.now += 200
    assert tokens() == "t1"
    clock.now += 100
    assert tokens() == "t2"
