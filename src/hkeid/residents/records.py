"""Residents and their credentials as the registry keeps them, and the repositories they live in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from hkeid.identity.assurance import Acr
from hkeid.identity.state import EidState
from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import RevocationReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """A resident's entry: an opaque id and a state, no personal data (S4).

    :ivar id: random internal id (22 characters base64url); never leaves hkeid.
    :ivar user_handle: WebAuthn user handle, 64 random bytes (WebAuthn L3 §14.6.1).
    :ivar state: where the eID is in its life.
    :ivar proofed: the highest rung that identity proofing allows, whatever the authenticator.
    :ivar version: grows by one with every change; compare-and-set.
    :ivar cooling_until: after a recovery: until then the eID gives the lowest rung only, and neither
        devices nor addresses are added. None: no such time.
    """

    id: str
    user_handle: bytes
    state: EidState
    proofed: Acr = Acr.EID
    created_at: Instant
    updated_at: Instant
    version: int = 1
    cooling_until: Instant | None = None

    def cools(self, at: Instant) -> bool:
        """Whether the eID is in the cooling period after a recovery."""
        return self.cooling_until is not None and at < self.cooling_until


class CredentialStatus(StrEnum):
    """Life of a credential. ``suspended``: signature counter went back, needs the resident."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A WebAuthn credential record (WebAuthn L3 §4, "credential record").

    :ivar public_key: COSE_Key bytes as attested.
    :ivar algorithm: COSE algorithm number.
    :ivar backup_eligible: BE flag at registration; may never change.
    :ivar backed_up: BS flag of the latest ceremony.
    :ivar attestation: ``none``, ``self``, ``unverified`` or ``verified``.
    :ivar evidence: attestationObject and clientDataJSON as CBOR-free JSON bytes, kept for audits.
    :ivar label: what the resident calls the device; personal data, so sealed by the caller.
    """

    id: bytes
    resident_id: str
    public_key: bytes
    algorithm: int
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    aaguid: str
    transports: tuple[str, ...] = ()
    attestation_format: str = "none"
    attestation: str = "none"
    rp_id: str
    evidence: bytes = b""
    label: bytes = b""
    status: CredentialStatus = CredentialStatus.ACTIVE
    created_at: Instant
    last_used_at: Instant | None = None
    revoked_at: Instant | None = None


class ResidentRepository(Protocol):
    """Residents inside a transaction."""

    def add(self, resident: Resident) -> bool:
        """Keep a new resident; False when the id or user handle is taken."""
        ...

    def get(self, resident_id: str) -> Resident | None:
        """By internal id."""
        ...

    def by_user_handle(self, user_handle: bytes) -> Resident | None:
        """By WebAuthn user handle."""
        ...

    def change(self, old: Resident, new: Resident) -> bool:
        """Replace ``old`` by ``new`` if the stored version is still ``old.version``; the stored
        version becomes ``old.version + 1``. False when somebody else was faster.
        """
        ...

    def __iter__(self) -> Iterator[Resident]:
        """Every resident, in order of id (operator's work only)."""
        ...


class CredentialRepository(Protocol):
    """Credentials inside a transaction."""

    def add(self, credential: Credential) -> bool:
        """Keep a new credential; False when its id is registered already, to anyone (L3 §7.1)."""
        ...

    def get(self, credential_id: bytes) -> Credential | None:
        """By credential id, whatever its status."""
        ...

    def of_resident(self, resident_id: str) -> tuple[Credential, ...]:
        """All of a resident's, oldest first, revoked ones too."""
        ...

    def record_use(
        self, credential_id: bytes, *, old_count: int, new_count: int, backed_up: bool, now: Instant
    ) -> bool:
        """Note a successful ceremony in one conditional statement; False unless the credential is
        active and its stored counter is still ``old_count``.
        """
        ...

    def set_status(self, credential_id: bytes, status: CredentialStatus, now: Instant) -> bool:
        """Suspend, resume or revoke. False when there is none, or it is revoked already."""
        ...

    def set_label(self, credential_id: bytes, label: bytes) -> bool:
        """Replace the sealed label."""
        ...


class RetiringKeys(Protocol):
    """A resident's signing keys, as far as the end of an eID is concerned."""

    def retire(self, resident_id: str, reason: RevocationReason, now: Instant) -> tuple[str, ...]:
        """Take every active key of a resident out of use; returns their ids."""
        ...


class SealedFieldRepository(Protocol):
    """Personal fields as ciphertext; the registry of personal fields names those there may be."""

    def put(self, resident_id: str, field: str, sealed: bytes, now: Instant) -> None:
        """Set or replace a field."""
        ...

    def get(self, resident_id: str, field: str) -> bytes | None:
        """One field."""
        ...

    def all(self, resident_id: str) -> dict[str, bytes]:
        """All fields of a resident."""
        ...

    def delete(self, resident_id: str, field: str | None = None) -> int:
        """Delete one field or all of a resident's; returns how many."""
        ...


class Forgotten(Protocol):
    """What is forgotten with a resident, whoever keeps it."""

    def delete(self, resident_id: str) -> int:
        """Forget what belongs to a resident; returns how much it was."""
        ...


class BlindIndexRepository(Protocol):
    """Finding a resident by a keyed digest of an identifying value (law 4)."""

    def put(self, index: str, digest: bytes, resident_id: str) -> bool:
        """Bind a digest to a resident; False when it is bound to somebody already."""
        ...

    def find(self, index: str, digest: bytes) -> str | None:
        """The resident's id, or None."""
        ...

    def delete(self, resident_id: str) -> int:
        """Forget every digest of a resident."""
        ...
