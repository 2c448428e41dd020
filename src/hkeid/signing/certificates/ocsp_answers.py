"""OCSP answers of other authorities: read and checked (RFC 6960 §3.2)."""

from __future__ import annotations

from datetime import timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from hkeid.kernel.errors import HkeidError, MalformedInput, Unavailable
from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import CertificateState, CertificateStatus, RevocationReason
from hkeid.signing.algorithms import SignatureAlgorithm
from hkeid.signing.certificates.ocsp_requests import CertificateId
from hkeid.signing.certificates.profiles import OCSP_SIGNING
from hkeid.signing.certificates.reading import ReadCertificate, read_certificate
from hkeid.signing.errors import CredentialRefused

_DER = Encoding.DER
_SKEW = timedelta(minutes=5)
_STATES = {
    ocsp.OCSPCertStatus.GOOD: CertificateState.GOOD,
    ocsp.OCSPCertStatus.REVOKED: CertificateState.REVOKED,
    ocsp.OCSPCertStatus.UNKNOWN: CertificateState.UNKNOWN,
}


def read_ocsp_answer(
    encoded: bytes, asked: CertificateId, issuer: ReadCertificate, at: Instant
) -> CertificateStatus:
    """What an answer says of the certificate that was asked about, once it is proved to come from the issuer
    or its delegate, and to be of now.

    :param encoded: OCSPResponse, DER.
    :raises hkeid.kernel.errors.MalformedInput: ``ocsp_answer_malformed``.
    :raises hkeid.kernel.errors.Unavailable: ``ocsp_answer_unusable``: no answer, about something else, of
        somebody else, or too old.
    """
    try:
        answer = ocsp.load_der_ocsp_response(encoded)
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise Unavailable("ocsp_answer_unusable", detail=answer.response_status.name)
        _check_subject(answer, asked)
        _check_signature(answer, issuer, at)
        _check_times(answer, at)
        return CertificateStatus(
            state=_STATES[answer.certificate_status],
            revoked_at=answer.revocation_time_utc,
            reason=_reason(answer.revocation_reason),
        )
    except HkeidError:
        raise
    except (ValueError, TypeError, UnsupportedAlgorithm, KeyError) as error:
        raise MalformedInput("ocsp_answer_malformed", detail=type(error).__name__) from None


def _check_subject(answer: ocsp.OCSPResponse, asked: CertificateId) -> None:
    found = (
        answer.hash_algorithm.name,
        answer.issuer_name_hash,
        answer.issuer_key_hash,
        answer.serial_number,
    )
    if found != (asked.hash_name, asked.name_hash, asked.key_hash, asked.serial):
        raise Unavailable("ocsp_answer_unusable", detail="about another certificate")


def _check_signature(answer: ocsp.OCSPResponse, issuer: ReadCertificate, at: Instant) -> None:
    """Signed by the issuer, or by a delegate of the issuer itself (RFC 6960 §4.2.2.2)."""
    candidates = [issuer]
    for one in answer.certificates:
        read = read_certificate(one.public_bytes(_DER))
        purposes = read.purposes or frozenset()
        if OCSP_SIGNING in purposes and read.issued_by(issuer) and read.valid_at(at):
            candidates.append(read)
    hash_ = answer.signature_hash_algorithm
    for candidate in candidates:
        try:
            algorithm = SignatureAlgorithm.of_key(
                candidate.key, None if hash_ is None else hash_.name
            )
            algorithm.verify(candidate.key, answer.signature, answer.tbs_response_bytes)
        except CredentialRefused:
            continue
        return
    raise Unavailable("ocsp_answer_unusable", detail="signed by somebody else")


def _check_times(answer: ocsp.OCSPResponse, at: Instant) -> None:
    ends = answer.next_update_utc
    if answer.this_update_utc > at + _SKEW or (ends is not None and ends < at - _SKEW):
        raise Unavailable("ocsp_answer_unusable", detail="not of now")
    if ends is None and answer.this_update_utc < at - timedelta(days=1):
        raise Unavailable("ocsp_answer_unusable", detail="old, without a next update")


def _reason(flag: x509.ReasonFlags | None) -> RevocationReason | None:
    if flag is None:
        return None
    try:
        return RevocationReason(flag.value)
    except ValueError:
        return RevocationReason.UNSPECIFIED
