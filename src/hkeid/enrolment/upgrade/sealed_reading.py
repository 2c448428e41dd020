"""A reading sealed to one shift of a mobile team: X25519, HKDF-SHA-256, AES-256-GCM.

Whoever steals the team's machine finds sealed readings and no key that opens them: its half of the key
agreement was forgotten when each was sealed.

Sealed form: version byte 1, ephemeral public key (32 bytes), ciphertext with tag. The key is good for
one message, so the nonce is fixed.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hkeid.kernel.errors import MalformedInput, Refused
from hkeid.ports.surroundings import Random

KEY = 32
_VERSION = b"\x01"
_LABEL = b"hkeid-offline-reading-1\x00"
_NONCE = bytes(12)


def public_half(private: bytes) -> bytes:
    """The public key of a private one."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def seal(content: bytes, public_key: bytes, *, place: bytes, random: Random) -> bytes:
    """Seal for the holder of a shift's key; ``place`` (shift and sequence number) is bound to it."""
    ephemeral = X25519PrivateKey.from_private_bytes(random.token_bytes(KEY))
    mine = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public_key))
    cipher = AESGCM(_derived(shared, mine + public_key))
    return _VERSION + mine + cipher.encrypt(_NONCE, content, place)


def unseal(sealed: bytes, private: bytes, *, place: bytes) -> bytes:
    """The inverse of :func:`seal`.

    :raises hkeid.kernel.errors.MalformedInput: ``sealed_reading_malformed``.
    :raises hkeid.kernel.errors.Refused: ``sealed_reading_altered``.
    """
    if len(sealed) < 1 + KEY + 16 or sealed[:1] != _VERSION:
        raise MalformedInput("sealed_reading_malformed")
    theirs = sealed[1 : 1 + KEY]
    try:
        own = X25519PrivateKey.from_private_bytes(private)
        shared = own.exchange(X25519PublicKey.from_public_bytes(theirs))
        cipher = AESGCM(_derived(shared, theirs + public_half(private)))
        return cipher.decrypt(_NONCE, sealed[1 + KEY :], place)
    except (InvalidTag, ValueError):
        raise Refused("sealed_reading_altered") from None


def _derived(shared: bytes, keys: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=KEY, salt=None, info=_LABEL + keys).derive(shared)
