"""Addresses: what counts as one sender, and that the hash is keyed."""

from hashlib import blake2b
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.enrich.ip_hash import hash_ip, normalise_ip

KEY = bytes(range(32))
ipv4 = st.integers(0, 2**32 - 1).map(IPv4Address)
# Global unicast, 2000::/3: outside it are the ranges that hold IPv4.
ipv6 = st.integers(1 << 125, (1 << 126) - 1).map(IPv6Address)


@pytest.mark.parametrize(
    ("address", "sender"),
    [
        ("192.0.2.1", "c0000201"),
        ("::ffff:192.0.2.1", "c0000201"),
        ("::FFFF:c000:0201", "c0000201"),
        ("0:0:0:0:0:ffff:192.0.2.1", "c0000201"),
        ("64:ff9b::192.0.2.1", "c0000201"),
        ("2001:db8:1:2:3:4:5:6", "20010db800010002"),
        ("2001:DB8:1:2::", "20010db800010002"),
        ("2002:c000:201:7::1", "2002c00002010007"),
        ("64:ff9b:1::192.0.2.1", "0064ff9b00010000"),
        ("::192.0.2.1", "0000000000000000"),
    ],
)
def test_what_stands_for_a_sender(address: str, sender: str) -> None:
    assert normalise_ip(address) == bytes.fromhex(sender)


@pytest.mark.parametrize(
    "address",
    [
        "",
        " ",
        "unknown",
        "192.0.2.1:443",
        " 192.0.2.1",
        "192.0.2.1\n",
        "192.0.2.1, 198.51.100.7",
        "[2001:db8::1]",
        "[2001:db8::1]:443",
        "fe80::1%eth0",
        "192.0.2.1/24",
        "2001:db8::/64",
        "192.0.2.256",
        "192.0.2",
        "3221225985",
        "0xc0.0.2.1",
        "192.000.002.001",
        "192.0.2.\u0661",
        "2001:db8::1::2",
        "2001:db8::g",
        "\x00",
        "1." * 5000,
        ":" * 5000,
    ],
)
def test_what_is_no_address(address: str) -> None:
    assert normalise_ip(address) is None


@given(ipv4)
def test_ipv4_is_the_same_sender_mapped_or_not(address: IPv4Address) -> None:
    assert normalise_ip(str(address)) == address.packed
    assert normalise_ip(f"::ffff:{address}") == address.packed
    assert normalise_ip(f"64:ff9b::{address}") == address.packed


@given(ipv6, st.integers(0, 2**64 - 1))
def test_ipv6_is_one_sender_within_its_64(address: IPv6Address, other: int) -> None:
    neighbour = IPv6Address(int(address) >> 64 << 64 | other)
    assert normalise_ip(str(address)) == normalise_ip(neighbour.exploded) == address.packed[:8]


@given(st.text())
def test_any_text_is_a_sender_or_nothing(text: str) -> None:
    sender = normalise_ip(text)
    assert sender is None or len(sender) in (4, 8)


@given(st.lists(st.one_of(st.none(), ipv4.map(str), ipv6.map(str), st.text(max_size=20)), max_size=20))
def test_a_column_is_hashed_row_by_row(addresses: list[str | None]) -> None:
    hashes = hash_ip(addresses, KEY)
    assert len(hashes) == len(addresses)
    for address, hashed in zip(addresses, hashes, strict=True):
        sender = None if address is None else normalise_ip(address)
        if sender is None:
            assert hashed is None
        else:
            assert hashed == blake2b(sender, digest_size=16, key=KEY, person=b"balie-ip").digest()


@given(ipv4.map(str), st.binary(min_size=16, max_size=64), st.binary(min_size=16, max_size=64))
def test_another_key_gives_another_hash(address: str, one: bytes, other: bytes) -> None:
    # BLAKE2 pads a key with zeros but hashes its length, so keys that differ in trailing zeros differ too.
    assert (hash_ip([address], one) == hash_ip([address], other)) == (one == other)


@pytest.mark.parametrize("size", [0, 15, 65])
def test_a_key_has_16_to_64_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="16 to 64 bytes"):
        hash_ip(["192.0.2.1"], bytes(size))
