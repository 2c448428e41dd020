"""Audit events of activations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hkeid.audit.events import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureActivated(AuditEvent):
    """A resident approved signatures with a passkey.

    :ivar statement: base64url of the statement's challenge, which covers all hashes.
    """

    NAME: ClassVar[str] = "signing:activation:approved"
    resident_id: str
    key_id: str
    client_id: str
    credential: str
    statement: str
    documents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationUsed(AuditEvent):
    """An authorisation was used up; its signatures are being made."""

    NAME: ClassVar[str] = "signing:authorisation:used"
    resident_id: str
    key_id: str
    client_id: str
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationMisused(AuditEvent):
    """Somebody presented an authorisation that does not fit, or a second time."""

    NAME: ClassVar[str] = "signing:authorisation:misused"
    key_id: str
    client_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignaturesMade(AuditEvent):
    """The key signed every hash of an activation; the evidence is kept under ``signature_id``."""

    NAME: ClassVar[str] = "signing:signatures:made"
    signature_id: str
    resident_id: str
    key_id: str
    client_id: str
    documents: int
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeyMade(AuditEvent):
    """A signing key was made for a resident."""

    NAME: ClassVar[str] = "signing:key:made"
    resident_id: str
    key_id: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeyCertified(AuditEvent):
    """A resident's signing key has a new certificate."""

    NAME: ClassVar[str] = "signing:key:certified"
    resident_id: str
    key_id: str
    serial: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeyRetired(AuditEvent):
    """A resident's signing key is out of use for good."""

    NAME: ClassVar[str] = "signing:key:retired"
    resident_id: str
    key_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeyDestroyed(AuditEvent):
    """A key that was out of use is destroyed."""

    NAME: ClassVar[str] = "signing:key:destroyed"
    resident_id: str
    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeyRevoked(AuditEvent):
    """The certificate of a key that was out of use is taken back, or needs not be.

    :ivar serial: of the certificate (hexadecimal), "" where there was none.
    :ivar outcome: ``revoked``, ``revoked_before``, ``not_revocable``, ``expired``, ``unknown``, ``none``.
    """

    NAME: ClassVar[str] = "signing:key:revoked"
    resident_id: str
    key_id: str
    serial: str
    reason: str
    outcome: str
