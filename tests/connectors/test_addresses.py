"""Where a token may be sent."""

import pytest
from pydantic import TypeAdapter, ValidationError

from connectors.addresses import ApiUrl

ADDRESS = TypeAdapter(ApiUrl)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://api.example.org/", "https://api.example.org"),
        ("https://example.org:8443/signals", "https://example.org:8443/signals"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost", "http://localhost"),
    ],
)
def test_an_address_is_https_or_of_this_machine(given: str, kept: str) -> None:
    assert ADDRESS.validate_python(given) == kept


@pytest.mark.parametrize(
    "given",
    ["http://api.example.org", "api.example.org", "https://", "https://u:p@example.org", "https://[", "https://x/?q=1"],
)
def test_another_one_is_refused(given: str) -> None:
    with pytest.raises(ValidationError):
        ADDRESS.validate_python(given)
