"""Text that only the holder of a token can read: what stands in the store is then of no use to anybody
who reads the store. Authorization details may hold names of documents and other personal data, and so are
never kept in another form.
"""

from __future__ import annotations

from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hkeid.kernel import base64url, canonical_json

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


def seal_members(token: str, members: dict[str, Any], nonce: bytes) -> str:
    """JSON members, readable only with ``token``; as text for a record's payload.

    :param nonce: 12 random bytes.
    """
    return base64url.encode(seal(token, canonical_json.dumps(members).decode(), nonce))


def open_members(token: str, sealed: str) -> dict[str, Any]:
    """The inverse of :func:`seal_members`; no members where it does not open, or there is nothing."""
    text = open_sealed(token, base64url.decode(sealed)) if sealed else None
    return {} if text is None else canonical_json.loads_object(text)


def _sealing_key(token: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=_SUCCESSOR)
    return derivation.derive(token.encode("utf-8", "surrogatepass"))
