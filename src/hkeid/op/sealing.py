"""Text that only the holder of a token can read: what stands in the store is then of no use to anybody
who reads the store.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12
_SUCCESSOR = b"hkeid refresh token successor 1"


def seal(token: str, text: str, nonce: bytes) -> bytes:
    """``text``, readable only with ``token``.

    :param nonce: 12 random bytes.
    """
    return nonce + AESGCM(_sealing_key(token)).encrypt(nonce, text.encode(), None)


def open_sealed(token: str, sealed: bytes) -> str | None:
    """The inverse of :func:`seal`; None when it does not open."""
    nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return AESGCM(_sealing_key(token)).decrypt(nonce, ciphertext, None).decode()
    except (InvalidTag, ValueError):
        return None


def _sealing_key(token: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=_SUCCESSOR)
    return derivation.derive(token.encode("utf-8", "surrogatepass"))
