"""The sender's address as a keyed hash: enough to tell repeated answers apart, useless without the key.

Why keyed: there are 2**32 IPv4 addresses. A plain hash of all of them is computed in minutes on one machine, so an
unkeyed hash is the address in another spelling, and still personal data (Article 29 Working Party, Opinion 05/2014
on Anonymisation Techniques, WP216, section 4, "hash function" and "keyed-hash function with deletion of the key";
AEPD and EDPS, "Introduction to the hash function as a personal data pseudonymisation technique", 2019). With a
secret key, the guess can be tested only by who holds the key; once the key is destroyed, by nobody. BLAKE2b has a
keyed mode and a personalisation string of its own (RFC 7693; hashlib's documentation, "Keyed hashing" and
"Personalization"), so no HMAC has to be built around it.
"""

from collections.abc import Sequence
from hashlib import blake2b
from ipaddress import AddressValueError, IPv6Address
from socket import AF_INET, inet_pton

HASH_BYTES = 16
MIN_KEY_BYTES = 16
_DOMAIN = b"balie-ip"
_LONGEST = 45  # of an address in text: IPv6 whose last 32 bits are in dotted form (RFC 4291, 2.2)
_NAT64 = bytes.fromhex("0064ff9b0000000000000000")  # 64:ff9b::/96


def normalise_ip(address: str) -> bytes | None:
    """The part of an address that stands for one sender: 4 bytes of IPv4, or 8 of IPv6; None where it is not valid.

    IPv6 is cut to its /64, the least a subscriber is given (RFC 6177): privacy extensions change the rest daily
    (RFC 8981). IPv4-mapped IPv6 (::ffff:192.0.2.1) is IPv4. So is an address under the well-known NAT64 prefix
    64:ff9b::/96 (RFC 6052), which an IPv6-only host behind a translator sees for every IPv4 client: cut to /64 they
    would all be one sender. 6to4 (2002::/16) stays IPv6: its /48 holds the IPv4 address already.

    Ports, brackets, zone ids, lists and spaces are not valid here: the edge takes them off.
    """
    if len(address) > _LONGEST or "%" in address:
        return None
    try:
        if ":" not in address:
            return inet_pton(AF_INET, address)  # strict, and ten times faster than ipaddress
        packed = IPv6Address(address).packed
    except (AddressValueError, OSError, ValueError):
        return None
    if packed.startswith((b"\0" * 10 + b"\xff\xff", _NAT64)):
        return packed[12:]
    return packed[:8]


def hash_ip(addresses: Sequence[str | None], key: bytes) -> list[bytes | None]:
    """Keyed hashes of a column of addresses: 16 bytes each; None where there is no valid address.

    `key` is the one of the answer's town and month, 16 to 64 bytes; ValueError otherwise. Equal senders under one
    key have equal hashes. Each distinct text is hashed once a call; nothing is remembered between calls.
    """
    if not MIN_KEY_BYTES <= len(key) <= blake2b.MAX_KEY_SIZE:
        raise ValueError(f"the key of an address hash has {MIN_KEY_BYTES} to {blake2b.MAX_KEY_SIZE} bytes")
    keyed = blake2b(digest_size=HASH_BYTES, key=key, person=_DOMAIN)
    hashes: dict[str | None, bytes | None] = dict.fromkeys(addresses)
    for address in hashes:
        if address is not None and (sender := normalise_ip(address)) is not None:
            state = keyed.copy()
            state.update(sender)
            hashes[address] = state.digest()
    return [hashes[address] for address in addresses]
