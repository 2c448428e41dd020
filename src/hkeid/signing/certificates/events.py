"""Audit events of certification."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from hkeid.audit.events import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateIssued(AuditEvent):
    """An authority issued a certificate.

    :ivar fingerprint: SHA-256 of the certificate, hexadecimal.
    """

    NAME: ClassVar[str] = "signing:certificate:issued"
    authority: str
    serial: str
    profile: str
    reference: str = field(repr=False)
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRevoked(AuditEvent):
    """A certificate was taken back."""

    NAME: ClassVar[str] = "signing:certificate:revoked"
    authority: str
    serial: str
    reference: str = field(repr=False)
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationListPublished(AuditEvent):
    """An authority signed a revocation list."""

    NAME: ClassVar[str] = "signing:revocation-list:published"
    authority: str
    number: int
    revoked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampSerialsReserved(AuditEvent):
    """A time-stamp unit may give out tokens with these serial numbers."""

    NAME: ClassVar[str] = "signing:timestamp-serials:reserved"
    unit: str
    first: int
    count: int
