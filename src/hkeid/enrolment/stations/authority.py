"""Who certifies stations. The station makes its key itself and sends a request; the key stays there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from hkeid.kernel.instants import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class StationCertificate:
    """What counts of a station's certificate.

    :ivar fingerprint: SHA-256 over its DER form.
    :ivar public_key: SubjectPublicKeyInfo, DER; the station's signatures verify with it.
    """

    fingerprint: bytes
    public_key: bytes = field(repr=False)
    not_before: Instant
    not_after: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCertificate:
    """A certificate just issued.

    :ivar pem: the certificate.
    :ivar chain: certificates above it, the root last (PEM).
    """

    certificate: StationCertificate
    pem: str
    chain: str


class StationAuthority(Protocol):
    """Issues and reads station certificates, and verifies what stations sign."""

    def issue(
        self, request: str, *, station_id: str, now: Instant, lifetime: timedelta
    ) -> IssuedCertificate:
        """Certify the key of a certificate signing request (PKCS #10, PEM).

        Nothing of the request is taken over but its key: the names are ours.

        :raises hkeid.kernel.errors.MalformedInput: ``certificate_request_malformed``.
        :raises hkeid.kernel.errors.Refused: ``certificate_request_signature_wrong``,
            ``certificate_request_key_refused`` (P-256 alone is certified).
        """
        ...

    def read(self, pem: str) -> StationCertificate:
        """What a certificate says; whether anybody trusts it is another question.

        :raises hkeid.kernel.errors.MalformedInput: ``certificate_malformed``.
        """
        ...

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Whether the holder of a station's key signed ``message`` (ECDSA with SHA-256, DER)."""
        ...
