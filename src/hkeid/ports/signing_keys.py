"""Residents' signing keys behind verbs: a private key never leaves where it is kept (law 6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class SigningKeyKind(StrEnum):
    """What kind of key a resident signs with. P-256 is the default."""

    P256 = "P-256"
    P384 = "P-384"
    RSA2048 = "RSA-2048"
    RSA3072 = "RSA-3072"

    @property
    def hash_name(self) -> str:
        """The hash function that goes with it."""
        return "sha384" if self is SigningKeyKind.P384 else "sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedKey:
    """A new key.

    :ivar public_key: SubjectPublicKeyInfo, DER.
    :ivar handle: by which the keeper finds or opens it again; no secret without the keeper.
    """

    public_key: bytes
    handle: bytes = field(repr=False)


class ResidentKeys(Protocol):
    """Keeps residents' signing keys."""

    def generate(self, key_id: str, kind: SigningKeyKind) -> GeneratedKey:
        """Make a key; the caller keeps ``handle``.

        :raises hkeid.kernel.errors.Unavailable: ``signing_keys_unavailable``: the token is away.
        """
        ...

    def sign(self, key_id: str, kind: SigningKeyKind, handle: bytes, digest: bytes) -> bytes:
        """Sign a digest of ``kind.hash_name``: ECDSA in DER, or RSASSA-PKCS1-v1_5 with the DigestInfo.

        :param key_id: the one that the key was made for; the keeper binds the handle to it.
        :raises hkeid.kernel.errors.Refused: ``signing_key_unusable``: another key's handle, altered,
            or destroyed.
        :raises hkeid.kernel.errors.MalformedInput: ``digest_length``.
        :raises hkeid.kernel.errors.Unavailable: ``signing_keys_unavailable``.
        """
        ...

    def destroy(self, key_id: str, kind: SigningKeyKind, handle: bytes) -> None:
        """Make the key unusable as far as the keeper can; idempotent."""
        ...
