"""Person keys: what counts as the same identifier, and that kinds say nothing of each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.enrich.person_key import Kind, hash_identifier

KEY = bytes(range(32))
KINDS: tuple[Kind, ...] = ("email", "phone", "user_id", "visitor_id")


def test_email_is_compared_without_case_and_edges() -> None:
    assert hash_identifier("email", " Inwoner@Example.ORG ", KEY) == hash_identifier(
        "email", "inwoner@example.org", KEY
    )
    assert hash_identifier("email", "José@example.org", KEY) == hash_identifier("email", "JOSE\u0301@EXAMPLE.ORG", KEY)


def test_ids_are_compared_as_they_are() -> None:
    assert hash_identifier("user_id", "Inwoner", KEY) != hash_identifier("user_id", "inwoner", KEY)


@given(st.sampled_from(KINDS), st.sampled_from(KINDS))
def test_each_kind_has_a_domain_of_its_own(one: Kind, other: Kind) -> None:
    value = "+31201234567"
    assert (hash_identifier(one, value, KEY) == hash_identifier(other, value, KEY)) == (one == other)


@given(st.text(min_size=1), st.binary(min_size=16, max_size=64))
def test_sixteen_bytes_for_any_id_and_another_key_gives_others(value: str, key: bytes) -> None:
    hashed = hash_identifier("user_id", value, key)
    assert len(hashed) == 16
    assert (hashed == hash_identifier("user_id", value, KEY)) == (key == KEY)


def test_a_lone_surrogate_is_hashed_too() -> None:
    assert len(hash_identifier("visitor_id", "a\ud800", KEY)) == 16


@pytest.mark.parametrize("phone", ["0201234567", "+31 20 1234567", "31201234567", "+0123456789", "", "+٣١٢٠١٢٣٤٥٦٧"])
def test_a_phone_is_e164_and_no_error_quotes_it(phone: str) -> None:
    with pytest.raises(ValueError, match="E\\.164") as error:
        hash_identifier("phone", phone, KEY)
    assert not phone or phone not in str(error.value)


@pytest.mark.parametrize("kind", ["email", "user_id", "visitor_id"])
def test_nothing_stands_for_nobody(kind: Kind) -> None:
    with pytest.raises(ValueError, match="stands for nobody"):
        hash_identifier(kind, "", KEY)


@pytest.mark.parametrize("size", [0, 15, 65])
def test_a_key_has_16_to_64_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="16 to 64 bytes"):
        hash_identifier("user_id", "x", bytes(size))
