"""Residents' signing keys and the signatures made by them, as the store keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from hkeid.broker.records import BrokerTransaction
from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import RevocationReason
from hkeid.ports.signing_keys import SigningKeyKind


class SigningKeyState(StrEnum):
    """Life of a resident's signing key. ``retired``: out of use for good, but the key is not destroyed or
    its certificate not taken back yet; ``revoked``: both are done.
    """

    ACTIVE = "active"
    RETIRED = "retired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A resident's signing key (CSC "credential").

    :ivar id: random, opaque (22 characters base64url); what relying parties call ``credentialID``.
    :ivar handle: for :class:`hkeid.ports.signing_keys.ResidentKeys`; empty once the key is destroyed.
    :ivar public_key: SubjectPublicKeyInfo, DER.
    :ivar certificates: DER, the key's own first; empty until one was issued.
    :ivar revoked_at: when it went out of use.
    :ivar reason: why, as its certificate's revocation says.
    """

    id: str
    resident_id: str
    kind: SigningKeyKind
    handle: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    certificates: tuple[bytes, ...] = field(default=(), repr=False)
    state: SigningKeyState = SigningKeyState.ACTIVE
    created_at: Instant
    revoked_at: Instant | None = None
    reason: RevocationReason | None = None
    version: int = 1


class SigningKeyRepository(Protocol):
    """Signing keys inside a transaction."""

    def add(self, key: SigningKey) -> bool:
        """Keep a new key; False when its id is taken."""
        ...

    def get(self, key_id: str) -> SigningKey | None:
        """By id, whatever its state."""
        ...

    def of_resident(self, resident_id: str) -> tuple[SigningKey, ...]:
        """A resident's, oldest first, revoked ones too."""
        ...

    def change(self, old: SigningKey, new: SigningKey) -> bool:
        """Replace ``old`` by ``new`` if the stored version is still ``old.version``; the stored version
        becomes ``old.version + 1``.
        """
        ...

    def retire(self, resident_id: str, reason: RevocationReason, now: Instant) -> tuple[str, ...]:
        """Take every active key of a resident out of use, in one conditional statement, whatever its
        version; returns their ids.
        """
        ...

    def retired(self, *, after: str = "", limit: int = 100) -> tuple[SigningKey, ...]:
        """Keys out of use that are not revoked yet, in order of id, those behind ``after``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeSignature:
    """What is kept of the signatures of one activation.

    :ivar evidence: :meth:`hkeid.signing.activation.SignatureEvidence.dumps`, the display record left
        out; no personal data.
    """

    id: str
    resident_id: str
    client_id: str
    key_id: str
    documents: int
    evidence: bytes = field(repr=False)
    made_at: Instant


class MadeSignatureRepository(Protocol):
    """Signatures made, inside a transaction; append-only."""

    def add(self, made: MadeSignature) -> bool:
        """Keep; False when the id is taken."""
        ...

    def get(self, signature_id: str) -> MadeSignature | None:
        """By id."""
        ...

    def of_resident(self, resident_id: str, *, limit: int = 100) -> tuple[MadeSignature, ...]:
        """A resident's, newest first."""
        ...


class SigningTransaction(BrokerTransaction, Protocol):
    """What the signing room needs of a transaction."""

    @property
    def signing_keys(self) -> SigningKeyRepository: ...
    @property
    def made_signatures(self) -> MadeSignatureRepository: ...
