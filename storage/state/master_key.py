"""The key that wraps all hash keys: 32 random bytes that live outside the state store, and its making and loading.

A copy of the state store is worth nothing without it; keep them apart, and back them up apart.
"""

import binascii
import hashlib
import hmac
import os
from base64 import b64decode, b64encode
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import Fatal

KEY_BYTES = 32
_NONCE_BYTES = 12
_FINGERPRINT = b"balie master key fingerprint"


class MasterKey:
    """Wraps and unwraps other keys with AES-256-GCM. Nothing prints it."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ValueError(f"a master key has {KEY_BYTES} bytes")
        self._cipher = AESGCM(secret)
        # Says which master key it is, and nothing of what it is.
        self.fingerprint = hmac.digest(secret, _FINGERPRINT, hashlib.sha256)[:8].hex()

    def __repr__(self) -> str:
        return f"MasterKey(fingerprint={self.fingerprint!r})"

    def wrap(self, secret: bytes, label: str) -> bytes:
        """Nonce, ciphertext and tag, bound to the label: it opens under no other."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, label.encode())

    def unwrap(self, wrapped: bytes, label: str) -> bytes:
        """What was wrapped under that label; Fatal where it was not, or by another master key, or was changed."""
        try:
            return self._cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], label.encode())
        except (InvalidTag, ValueError):
            raise Fatal(
                "the master key does not open a hash key in the state store: one of the two is not the original; "
                "restore the pair that belongs together"
            ) from None


def load_master_key(*, file: Path | None = None, env: str | None = None) -> MasterKey:
    """The master key from the environment variable named `env` where that is set, else from the file.

    Both hold 32 bytes in base64. Fatal says what to mend.
    """
    if env is not None and (text := os.environ.get(env)):
        return _decode(text, f"the environment variable {env}")
    if file is None:
        raise Fatal("no master key is configured: name a file for it, or set its environment variable")
    try:
        # Group read stays allowed: that is how Kubernetes hands a secret to a process that is not root.
        if file.stat().st_mode & 0o027:
            raise Fatal(f"the master key {file} can be read or changed by others: run chmod 600 {file}")
        text = file.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        raise Fatal(f"the master key {file} is missing: restore it, or make a first one with `balie init`") from None
    except OSError as error:
        raise Fatal(f"the master key {file} cannot be read ({error.strerror}): mend its rights or owner") from None
    return _decode(text, str(file))


def create_master_key(path: Path) -> MasterKey:
    """Make a new master key in a file only its owner can read. Fatal where the file exists: it may be in use."""
    secret = os.urandom(KEY_BYTES)
    try:
        if path.exists():
            raise Fatal(f"{path} exists; every hash key in use may depend on it: name another file")
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        raise Fatal(f"the master key {path} cannot be made ({error.strerror}): mend the folder or its rights") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(b64encode(secret) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(path.parent)
    return MasterKey(secret)


def _decode(text: str, where: str) -> MasterKey:
    try:
        return MasterKey(b64decode(text.strip(), validate=True))
    except (binascii.Error, ValueError):
        raise Fatal(
            f"{where} holds no master key, which is {KEY_BYTES} bytes in base64: restore the original"
        ) from None


def _sync_folder(folder: Path) -> None:
    """A new file survives a power cut only once its folder is on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
