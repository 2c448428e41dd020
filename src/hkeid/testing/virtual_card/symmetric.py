"""The card's symmetric cryptography (Doc 9303-11 §9.7, §9.8), written apart from the reader's, so
that the two sides cannot be wrong together.
"""

from __future__ import annotations

import hashlib
import hmac
from enum import Enum

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC


class Suite(Enum):
    """A block cipher with its key length; the number is the last arc of the protocols' OIDs."""

    TDES = 1
    AES128 = 2
    AES192 = 3
    AES256 = 4

    @property
    def key_bytes(self) -> int:
        """Bytes of a key."""
        return {Suite.TDES: 16, Suite.AES128: 16, Suite.AES192: 24, Suite.AES256: 32}[self]

    @property
    def block(self) -> int:
        """Bytes of a block."""
        return 8 if self is Suite.TDES else 16


def derive(secret: bytes, counter: int, suite: Suite) -> bytes:
    """KDF of §9.7.1: counter 1 encryption, 2 authentication, 3 password."""
    message = secret + counter.to_bytes(4, "big")
    if suite is Suite.TDES:
        return _odd_parity(hashlib.sha1(message, usedforsecurity=False).digest()[:16])
    if suite is Suite.AES128:
        return hashlib.sha1(message, usedforsecurity=False).digest()[:16]
    return hashlib.sha256(message).digest()[: suite.key_bytes]


def _odd_parity(key: bytes) -> bytes:
    return bytes((one & 0xFE) | (1 - (one >> 1).bit_count() % 2) for one in key)


def _triple(key: bytes) -> TripleDES:
    return TripleDES((key * 3)[:24] if len(key) == 8 else key + key[:8])


def encrypt(suite: Suite, key: bytes, blocks: bytes, iv: bytes | None = None) -> bytes:
    """CBC without padding; IV zero unless given."""
    algorithm = _triple(key) if suite is Suite.TDES else algorithms.AES(key)
    step = Cipher(algorithm, modes.CBC(iv or bytes(suite.block))).encryptor()
    return step.update(blocks) + step.finalize()


def decrypt(suite: Suite, key: bytes, blocks: bytes, iv: bytes | None = None) -> bytes:
    """The inverse of :func:`encrypt`."""
    algorithm = _triple(key) if suite is Suite.TDES else algorithms.AES(key)
    step = Cipher(algorithm, modes.CBC(iv or bytes(suite.block))).decryptor()
    return step.update(blocks) + step.finalize()


def pad(message: bytes, block: int) -> bytes:
    """ISO/IEC 9797-1 padding method 2."""
    padded = message + b"\x80"
    return padded + bytes(-len(padded) % block)


def unpad(message: bytes) -> bytes:
    """The inverse of :func:`pad`.

    :raises ValueError: no padding there.
    """
    stripped = message.rstrip(b"\x00")
    if not stripped.endswith(b"\x80"):
        raise ValueError("padding")
    return stripped[:-1]


def mac(suite: Suite, key: bytes, message: bytes) -> bytes:
    """Eight bytes: the retail MAC over padded blocks with 3DES, else CMAC cut short."""
    if suite is not Suite.TDES:
        step = CMAC(algorithms.AES(key))
        step.update(message)
        return step.finalize()[:8]
    last = encrypt(suite, key[:8], pad(message, 8))[-8:]
    return encrypt(suite, key[:8], decrypt(suite, key[8:16], last))


def same(left: bytes, right: bytes) -> bool:
    """Comparison in constant time."""
    return hmac.compare_digest(left, right)
