"""Who issues certificates, and where the evidence comes from that they were good."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from hkeid.kernel.instants import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationMaterial:
    """What a later validation needs, DER throughout.

    :ivar ocsps: each an OCSPResponse (RFC 6960 §4.2.1).
    """

    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()

    @classmethod
    def joined(cls, *several: ValidationMaterial) -> ValidationMaterial:
        """All that is in ``several``, each thing once, in order."""
        return cls(
            certificates=_once(one.certificates for one in several),
            crls=_once(one.crls for one in several),
            ocsps=_once(one.ocsps for one in several),
        )


def _once(lists: Iterable[tuple[bytes, ...]]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(one for each in lists for one in each))


class RevocationSource(Protocol):
    """Who knows whether certificates were revoked."""

    def material(self, chain: Sequence[bytes], at: Instant) -> ValidationMaterial:
        """The material for a chain, the end certificate first, as of ``at``.

        :raises hkeid.kernel.errors.Unavailable: ``revocation_unavailable``.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CertificateSubject:
    """Who or what a certificate is for.

    :ivar reference: opaque reference of the registry, which becomes the subject's ``serialNumber``
        (X.520 §6.2.9). Never an identity-card number.
    :ivar name: name in Latin letters.
    :ivar chinese_name: name in Chinese characters, or "".
    :ivar surname: as it is part of ``name``, or "".
    :ivar given_name: as it is part of ``name``, or "".
    :ivar organization: for officers and services, or "".
    """

    reference: str
    name: str
    chinese_name: str = ""
    surname: str = ""
    given_name: str = ""
    organization: str = ""

    def __repr__(self) -> str:
        return f"CertificateSubject(reference={self.reference!r}, …)"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCertificate:
    """A certificate and its issuers', DER.

    :ivar chain: the issuers' certificates in order, the root's last where it is included.
    """

    certificate: bytes
    chain: tuple[bytes, ...]


class RevocationReason(StrEnum):
    """Why a certificate was revoked (CRLReason, RFC 5280 §5.3.1). There is no hold."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keyCompromise"
    CA_COMPROMISE = "cACompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation"
    PRIVILEGE_WITHDRAWN = "privilegeWithdrawn"

    @property
    def code(self) -> int:
        """The number of the ENUMERATED."""
        return _REASON_CODES[self]


_REASON_CODES = {
    RevocationReason.UNSPECIFIED: 0,
    RevocationReason.KEY_COMPROMISE: 1,
    RevocationReason.CA_COMPROMISE: 2,
    RevocationReason.AFFILIATION_CHANGED: 3,
    RevocationReason.SUPERSEDED: 4,
    RevocationReason.CESSATION_OF_OPERATION: 5,
    RevocationReason.PRIVILEGE_WITHDRAWN: 9,
}


class CertificateState(StrEnum):
    """CertStatus (RFC 6960 §2.2)."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateStatus:
    """What an authority says of one of its certificates.

    :ivar reason: where it is revoked and the authority says why.
    """

    state: CertificateState
    revoked_at: Instant | None = None
    reason: RevocationReason | None = None


class CertificateAuthority(Protocol):
    """Who issues certificates and takes them back."""

    def issue(
        self, request: bytes, *, profile: str, subject: CertificateSubject
    ) -> IssuedCertificate:
        """Certify the key of a PKCS#10 request (RFC 2986, DER) whose holder has signed it.

        :param profile: what kind of certificate, by the authority's name for it.
        :raises hkeid.kernel.errors.MalformedInput: ``certificate_request_malformed``.
        :raises hkeid.kernel.errors.Refused: a rule of the authority says no.
        :raises hkeid.kernel.errors.Unavailable: ``certificate_authority_unavailable``.
        """
        ...

    def revoke(
        self, serial: int, reason: RevocationReason, invalid_since: Instant | None = None
    ) -> None:
        """Take a certificate back, for good.

        :param invalid_since: since when the key is suspected, where that was earlier.
        :raises hkeid.kernel.errors.NotFound: ``certificate_unknown``.
        :raises hkeid.kernel.errors.Refused: ``certificate_revoked_already``,
            ``certificate_not_revocable``.
        :raises hkeid.kernel.errors.Unavailable: ``certificate_authority_unavailable``.
        """
        ...

    def status(self, serial: int) -> CertificateStatus:
        """How it stands with a certificate.

        :raises hkeid.kernel.errors.Unavailable: ``certificate_authority_unavailable``.
        """
        ...
