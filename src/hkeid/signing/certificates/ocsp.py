"""The OCSP responder (RFC 6960): a delegated one, with a certificate of its own.

It answers live, from the records; or before anybody asks (:meth:`OcspResponder.answer_about`), for a place that
serves files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from hkeid.kernel.errors import HkeidError, Unavailable
from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import CertificateState, CertificateStatus, RevocationReason
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock
from hkeid.signing import der
from hkeid.signing.certificates.authority import status_of
from hkeid.signing.certificates.encoding import bit_string, enumerated, generalized_time, implicit
from hkeid.signing.certificates.errors import CertificateRefused, RequestMalformed
from hkeid.signing.certificates.extensions import extension
from hkeid.signing.certificates.keys import Credential, algorithm_of, key_identifier
from hkeid.signing.certificates.ocsp_requests import (
    CertificateId,
    OcspRequest,
    certificate_id,
    nonce_extension,
    read_ocsp_request,
)
from hkeid.signing.certificates.profiles import OCSP_SIGNING
from hkeid.signing.certificates.reading import ReadCertificate, read_certificate
from hkeid.signing.certificates.records import CertificatesTransaction

_BASIC = "1.3.6.1.5.5.7.48.1.1"
_ARCHIVE_CUTOFF = "1.3.6.1.5.5.7.48.1.6"
_BATCH = 1000


class OcspStatus(IntEnum):
    """OCSPResponseStatus (RFC 6960 §4.2.1)."""

    SUCCESSFUL = 0
    MALFORMED_REQUEST = 1
    INTERNAL_ERROR = 2
    TRY_LATER = 3
    UNAUTHORIZED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspAnswer:
    """An OCSPResponse.

    :ivar encoded: DER.
    :ivar fresh_for: how long it may be kept by those who pass it on; zero where it is for one asker alone.
    """

    status: OcspStatus
    encoded: bytes
    fresh_for: timedelta = timedelta(0)


class OcspResponder:
    """Answers for one authority.

    :param issuer: the authority's certificate.
    :param credential: the responder's own, issued by that authority for this (RFC 6960 §4.2.2.2).
    :param lifetime: from ``thisUpdate`` to ``nextUpdate`` of an answer.
    :raises CertificateRefused: ``authority_unfit``: the certificate is no responder's of this issuer.
    """

    def __init__(
        self,
        store: Store[CertificatesTransaction],
        issuer: ReadCertificate,
        credential: Credential,
        clock: Clock,
        *,
        lifetime: timedelta = timedelta(hours=12),
    ) -> None:
        own = read_certificate(credential.certificate)
        if (
            own.public_key != credential.key.public_key
            or not own.issued_by(issuer)
            or own.purposes != frozenset({OCSP_SIGNING})
        ):
            raise CertificateRefused("authority_unfit", detail="not a responder of this authority")
        self._store = store
        self._issuer = issuer
        self._authority = key_identifier(issuer.public_key).hex()
        self._credential = credential
        self._own = own
        self._clock = clock
        self._lifetime = lifetime
        self._name = der.tagged(2, der.octet_string(key_identifier(own.public_key)))

    @property
    def certificate(self) -> ReadCertificate:
        """The responder's own certificate."""
        return self._own

    def answer(self, request: bytes) -> OcspAnswer:
        """Answer an OCSPRequest, DER. Whatever comes, there is an answer."""
        try:
            asked = read_ocsp_request(request)
        except RequestMalformed:
            return _failure(OcspStatus.MALFORMED_REQUEST)
        if not any(self._is_ours(one) for one in asked.certificates):
            # RFC 6960 §2.3: not authoritative for any of them.
            return _failure(OcspStatus.UNAUTHORIZED)
        now = self._clock.now()
        if not self._own.valid_at(now):
            return _failure(OcspStatus.TRY_LATER)
        try:
            return self._respond(asked, now)
        except Unavailable:
            return _failure(OcspStatus.TRY_LATER)
        except HkeidError:
            return _failure(OcspStatus.INTERNAL_ERROR)

    def answer_about(self, serial: int) -> bytes:
        """An OCSPResponse about one certificate for whoever asks later, DER, without a nonce.

        :raises hkeid.kernel.errors.Unavailable: the store or the key cannot be reached.
        """
        asked = certificate_id(self._issuer.subject, self._issuer.public_key, serial)
        return self._respond(OcspRequest(certificates=(asked,)), self._clock.now()).encoded

    def all_answers(self) -> Iterator[tuple[int, bytes]]:
        """Serial number and answer of every certificate whose period has not ended."""
        now, after = self._clock.now(), ""
        while True:
            with self._store.transaction() as tx:
                found = tx.issued_certificates.current(
                    self._authority, now, after=after, limit=_BATCH
                )
            for record in found:
                serial = int(record.serial, 16)
                yield serial, self.answer_about(serial)
            if len(found) < _BATCH:
                return
            after = found[-1].serial

    def _is_ours(self, asked: CertificateId) -> bool:
        return asked.means(self._issuer.subject, self._issuer.public_key)

    def _respond(self, asked: OcspRequest, now: Instant) -> OcspAnswer:
        statuses = self._statuses(asked.certificates)
        singles = [
            self._single(one, status, now)
            for one, status in zip(asked.certificates, statuses, strict=True)
        ]
        extensions = (
            b""
            if asked.nonce is None
            else der.tagged(1, der.sequence(nonce_extension(asked.nonce)))
        )
        key = self._credential.key
        statement = der.sequence(
            self._name, generalized_time(now), der.sequence(*singles), extensions
        )
        basic = der.sequence(
            statement,
            algorithm_of(key.public_key).identifier,
            bit_string(key.sign(statement)),
            der.tagged(0, der.sequence(self._credential.certificate)),
        )
        encoded = der.sequence(
            enumerated(OcspStatus.SUCCESSFUL),
            der.tagged(0, der.sequence(der.oid(_BASIC), der.octet_string(basic))),
        )
        keep = timedelta(0) if asked.nonce is not None else self._lifetime / 12
        return OcspAnswer(status=OcspStatus.SUCCESSFUL, encoded=encoded, fresh_for=keep)

    def _statuses(self, asked: tuple[CertificateId, ...]) -> list[CertificateStatus]:
        """How it stands with each; what is not ours is unknown."""
        with self._store.transaction() as tx:
            return [
                status_of(
                    tx.issued_certificates.get(self._authority, f"{one.serial:x}")
                    if self._is_ours(one) and one.serial > 0
                    else None
                )
                for one in asked
            ]

    def _single(self, asked: CertificateId, status: CertificateStatus, now: Instant) -> bytes:
        """SingleResponse. Records are kept for good: the archive cutoff says so (RFC 6960 §4.4.4), and
        signatures can be judged after their certificates have ended.
        """
        cutoff = extension(_ARCHIVE_CUTOFF, generalized_time(self._issuer.not_before))
        return der.sequence(
            asked.encoded,
            _certificate_status(status),
            generalized_time(now),
            der.tagged(0, generalized_time(now + self._lifetime)),
            der.tagged(1, der.sequence(cutoff)),
        )


def _certificate_status(status: CertificateStatus) -> bytes:
    """CertStatus (RFC 6960 §4.2.1)."""
    match status.state:
        case CertificateState.GOOD:
            return implicit(0)
        case CertificateState.UNKNOWN:
            return implicit(2)
        case CertificateState.REVOKED if status.revoked_at is not None:
            reason = status.reason or RevocationReason.UNSPECIFIED
            told = (
                b""
                if reason is RevocationReason.UNSPECIFIED
                else der.tagged(0, enumerated(reason.code))
            )
            return der.tagged(1, generalized_time(status.revoked_at), told)
    raise ValueError(f"revoked without a moment: {status}")


def _failure(status: OcspStatus) -> OcspAnswer:
    """OCSPResponse without a body (RFC 6960 §2.3)."""
    return OcspAnswer(status=status, encoded=der.sequence(enumerated(status)))
