"""How the API of contacts is asked."""

from datetime import UTC, datetime

import jwt
import pytest
from pydantic import SecretStr, ValidationError

from connectors.base import Fetch, Ignored
from connectors.cases.zgw import Zgw

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)
SECRET = "a secret that is long enough for HS256"
URL = "https://klant.example.org/klantcontacten/1"


def test_a_fetch_carries_a_token_signed_by_the_client() -> None:
    connector = Zgw(auth=(SecretStr("t"),), client_id="balie", client_secret=SecretStr(SECRET))
    scheme, _, token = connector.fetch_call(URL, NOW).headers["authorization"].partition(" ")
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], options={"verify_iat": False})
    assert (scheme, claims["client_id"], claims["iss"], claims["iat"]) == ("Bearer", "balie", "balie", 1793613600)


def test_a_fixed_token_is_given_as_open_klant_wants_it() -> None:
    connector = Zgw(auth=(SecretStr("t"),), api_token=SecretStr("0123"))
    assert connector.fetch_call(URL, NOW).headers["authorization"] == "Token 0123"


def test_only_configured_hosts_are_fetched_from() -> None:
    connector = Zgw(auth=(SecretStr("t"),), api_token=SecretStr("0"), fetch_hosts=("klant.example.org",))
    assert connector.fetch(URL) == Fetch(URL)
    for written in (URL.replace("klant.example.org", "KLANT.example.org"), URL.replace(".org", ".org:443")):
        assert connector.fetch(written) == Fetch(written)
    for other in ("elsewhere.example.org", "x@klant.example.org", "klant.example.org@x", "klant.example.org:8443"):
        assert isinstance(connector.fetch(f"https://{other}/1"), Ignored)
    assert isinstance(connector.fetch(URL.replace("https", "http")), Ignored)


def test_a_private_address_is_not_fetched_even_where_it_is_on_the_list() -> None:
    hosts = ("127.0.0.1", "10.0.0.1:8443", "[::1]", "localhost", "169.254.169.254", "[::ffff:10.0.0.1]")
    connector = Zgw(auth=(SecretStr("t"),), fetch_hosts=hosts)
    for host in hosts:
        assert isinstance(connector.fetch(f"https://{host}/1"), Ignored)


def test_without_a_client_a_gateway_adds_the_proof() -> None:
    assert "authorization" not in Zgw(auth=(SecretStr("t"),)).fetch_call(URL, NOW).headers


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"auth": []},
        {"auth": ["t"], "client_id": "x"},
        {"auth": ["t"], "client_id": "x", "client_secret": "y", "api_token": "z"},
        {"auth": ["t"], "fetch_hosts": ["https://klant.example.org"]},
        {"auth": ["t"], "fetch_hosts": ["klant.example.org/api"]},
        {"auth": ["t"], "fetch_hosts": [""]},
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Zgw.model_validate(settings)
