"""Keyed hashes of what a person gave of themselves, so that their rows can be found for access and erasure.

Shown in no report. Keyed for the reason given in `pipelines.enrich.ip_hash`: telephone numbers and e-mail addresses
can be guessed by the million.
"""

import re
from hashlib import blake2b
from typing import Literal
from unicodedata import normalize

HASH_BYTES = 16
MIN_KEY_BYTES = 16

Kind = Literal["email", "phone", "user_id", "visitor_id"]

# A domain of its own for each kind: the same text as e-mail address and as user id gives two hashes that say
# nothing of each other.
_DOMAINS: dict[Kind, bytes] = {
    "email": b"balie-email",
    "phone": b"balie-phone",
    "user_id": b"balie-user",
    "visitor_id": b"balie-visitor",
}
_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


def hash_identifier(kind: Kind, value: str, key: bytes) -> bytes:
    """16 bytes that stand for one identifier of a person, under the town's key for person hashes.

    E-mail addresses are compared without case (RFC 5321 allows a local part to heed it; no provider that people use
    does). Phones are given in E.164, as the edge normalises them. User and visitor ids are the source's own words
    and compared as they are. Text is in Unicode's composed form, so that the same letters are the same bytes.

    ValueError where the value is empty, a phone is not E.164, or the key has not 16 to 64 bytes.
    """
    if not MIN_KEY_BYTES <= len(key) <= blake2b.MAX_KEY_SIZE:
        raise ValueError(f"the key of a person hash has {MIN_KEY_BYTES} to {blake2b.MAX_KEY_SIZE} bytes")
    text = normalize("NFC", value)
    if kind == "email":
        text = normalize("NFC", text.strip().casefold())
    elif kind == "phone" and not _E164.fullmatch(text):
        raise ValueError("a phone number is hashed in its E.164 form, such as +31 and nine digits without spaces")
    if not text:
        raise ValueError(f"an empty {kind} stands for nobody")
    # 'surrogatepass': a lone surrogate can stand in JSON; it must not fail here, and hashes like any other letter.
    data = text.encode("utf-8", "surrogatepass")
    return blake2b(data, digest_size=HASH_BYTES, key=key, person=_DOMAINS[kind]).digest()
