"""What an authority keeps: enough to answer for each certificate, and nobody's name.

Certificates themselves are not kept. They hold names, and go to those they are for; the fingerprint says which
one a serial number means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from hkeid.audit.events import AuditTrail
from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import RevocationReason


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedRecord:
    """One certificate.

    :ivar authority: which authority issued it: :attr:`EmbeddedAuthority.id`.
    :ivar serial: its serial number in hexadecimal, lower case.
    :ivar profile: kind of certificate.
    :ivar reference: of the subject in the registry.
    :ivar fingerprint: SHA-256 of the certificate.
    :ivar revoked_at: when it was taken back, or None.
    :ivar reason: why; with ``revoked_at``.
    :ivar invalid_since: since when the key is suspected, where that was said.
    """

    authority: str
    serial: str
    profile: str
    reference: str = field(repr=False)
    fingerprint: bytes
    not_before: Instant
    not_after: Instant
    issued_at: Instant
    revoked_at: Instant | None = None
    reason: RevocationReason | None = None
    invalid_since: Instant | None = None


class IssuedRepository(Protocol):
    """``tx.issued_certificates``."""

    def add(self, record: IssuedRecord) -> None:
        """Keep a new one.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        ...

    def get(self, authority: str, serial: str) -> IssuedRecord | None:
        """One of them."""
        ...

    def revoke(
        self,
        authority: str,
        serial: str,
        *,
        at: Instant,
        reason: RevocationReason,
        invalid_since: Instant | None = None,
    ) -> bool:
        """Revoke in one conditional statement: of any number of callers one gets True."""
        ...

    def revoked(self, authority: str) -> tuple[IssuedRecord, ...]:
        """All that were ever revoked, in order of time."""
        ...

    def last_revocation(self, authority: str) -> Instant | None:
        """When the last one was revoked."""
        ...

    def current(
        self, authority: str, at: Instant, *, after: str = "", limit: int = 1000
    ) -> tuple[IssuedRecord, ...]:
        """Those whose period has not ended at ``at``, in order of serial number from after ``after`` on."""
        ...

    def of_reference(self, reference: str, *, limit: int = 1000) -> tuple[IssuedRecord, ...]:
        """A subject's, the newest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationListRecord:
    """A revocation list that was published.

    :ivar number: CRL number (RFC 5280 §5.2.3): 1, 2, 3 …
    :ivar encoded: CertificateList, DER.
    """

    authority: str
    number: int
    this_update: Instant
    next_update: Instant
    encoded: bytes


class RevocationListRepository(Protocol):
    """``tx.revocation_lists``."""

    def put(self, record: RevocationListRecord) -> bool:
        """Keep a new one. False, and nothing changes, when there is one of that number."""
        ...

    def newest(self, authority: str) -> RevocationListRecord | None:
        """The one with the highest number."""
        ...


class SerialCounters(Protocol):
    """``tx.serial_counters``: numbers that are given out once."""

    def reserve(self, name: str, count: int, at: Instant, *, in_order: bool = False) -> int | None:
        """Take ``count`` numbers in a row, in one conditional statement; returns the first, from 1 on.

        :param in_order: None, and nothing changes, unless ``at`` is later than at every reservation before.
        """
        ...


class CertificatesTransaction(Protocol):
    """What certification needs of a transaction."""

    @property
    def issued_certificates(self) -> IssuedRepository: ...
    @property
    def revocation_lists(self) -> RevocationListRepository: ...
    @property
    def serial_counters(self) -> SerialCounters: ...
    @property
    def audit(self) -> AuditTrail: ...
