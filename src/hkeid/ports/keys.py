"""The KeyStore port: private keys never cross it (law 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from hkeid.kernel.instants import Instant


class KeyPurpose(StrEnum):
    """What a key may be used for; a key serves one purpose only."""

    TOKEN_SIGNING = "token-signing"
    """ID tokens, signed UserInfo, logout tokens (asymmetric, in the JWKS)."""
    AUDIT_CHECKPOINT = "audit-checkpoint"
    """Signatures over audit checkpoints (asymmetric)."""
    UPSTREAM_CLIENT = "upstream-client"
    """Client assertions for upstream OpenID providers (asymmetric, in the JWKS that they are shown)."""
    UPSTREAM_DPOP = "upstream-dpop"
    """Proofs of possession for their access tokens (asymmetric; RFC 9449)."""
    SAML_SIGNING = "saml-signing"
    """SAML messages, assertions and metadata (asymmetric, in our metadata)."""
    SAML_DECRYPTION = "saml-decryption"
    """Opens the content keys of SAML assertions that were encrypted for us (RSA, in our metadata)."""
    AUDIT_RECORD = "audit-record"
    """MAC over each audit record."""
    PAIRWISE_SUBJECT = "pairwise-subject"
    """MAC that makes pairwise ``sub`` values; never rotated, or every relying party loses its residents."""
    BLIND_INDEX = "blind-index"
    """MAC under which a resident is found by identity-card number."""
    SHORT_CODE = "short-code"
    """MAC that stands in the store for a short code a person types."""
    RESIDENT_DATA = "resident-data"
    """Key-encryption key that wraps each resident's data key."""
    EVIDENCE = "evidence"
    """Key-encryption key that wraps the key of each proofing session."""
    RESIDENT_SIGNING = "resident-signing"
    """Key-encryption key that wraps residents' signing keys where they are kept as wrapped files."""


class KeyState(StrEnum):
    """Life of a signing key: published, then signing, then only verifying, then gone."""

    NEXT = "next"
    ACTIVE = "active"
    PASSIVE = "passive"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """The public face of an asymmetric key.

    :ivar kid: key id, unique within the store.
    :ivar algorithm: JWA name: ``ES256``, ``RS256`` or ``Ed25519``; of a decryption key ``RSA-OAEP``.
    :ivar public_jwk: public members of the JWK (RFC 7517), ``kid``, ``use`` and ``alg`` included.
    :ivar since: when it entered its present state.
    """

    kid: str
    purpose: KeyPurpose
    algorithm: str
    state: KeyState
    public_jwk: Mapping[str, Any]
    since: Instant


class KeyStore(Protocol):
    """Keys behind verbs. Every verb names the purpose; a key of another purpose is refused."""

    def signing_keys(self, purpose: KeyPurpose) -> tuple[SigningKey, ...]:
        """All keys of ``purpose`` that are not retired, the active ones first."""
        ...

    def sign(self, purpose: KeyPurpose, kid: str, message: bytes) -> bytes:
        """Sign with an active key, in the form that JWS wants (ECDSA: R‖S, RFC 7518 §3.4).

        :raises hkeid.kernel.errors.Refused: ``key_not_active``, ``key_unknown``.
        """
        ...

    def mac(self, purpose: KeyPurpose, message: bytes) -> bytes:
        """HMAC-SHA-256 (32 bytes) under the purpose's key."""
        ...

    def wrap(self, purpose: KeyPurpose, key: bytes, *, context: bytes) -> bytes:
        """Encrypt a data key under the purpose's current key-encryption key; ``context`` is bound to it."""
        ...

    def unwrap(self, purpose: KeyPurpose, wrapped: bytes, *, context: bytes) -> bytes:
        """The inverse of :meth:`wrap`.

        :raises hkeid.kernel.errors.Refused: ``unwrap_failed`` (altered, or another context).
        """
        ...

    def decrypt(
        self, purpose: KeyPurpose, kid: str, ciphertext: bytes, *, label: str, mask: str
    ) -> bytes:
        """Decrypt with RSA-OAEP (RFC 8017 §7.1, with an empty label) under a decryption key that is not retired.

        :param label: name of the hash of the label: ``sha1``, ``sha256`` …
        :param mask: name of the hash within MGF1.
        :raises hkeid.kernel.errors.Refused: ``key_unknown``; ``decryption_failed``, whatever went wrong.
        """
        ...
