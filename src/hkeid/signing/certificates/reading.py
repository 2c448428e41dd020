"""What an authority and a verifier look at in a certificate."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import AuthorityInformationAccessOID

from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant
from hkeid.signing.certificates.extensions import SHORT_TERM

_MALFORMED = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What ``cryptography`` raises over certificates that do not parse; not all are ValueErrors."""
_STRONG = frozenset({"sha256", "sha384", "sha512"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCertificate:
    """A certificate's particulars.

    :ivar encoded: the certificate itself, DER.
    :ivar issuer: Name, DER; ``subject`` likewise.
    :ivar public_key: SubjectPublicKeyInfo, DER; ``key`` the same of ``cryptography``.
    :ivar purposes: OIDs of the extended key usage; None where there is no such extension.
    :ivar path_length: most authorities beneath; None where it is not limited.
    :ivar ocsp: URIs of responders; ``crl`` of revocation lists.
    """

    encoded: bytes = field(repr=False)
    serial: int
    issuer: bytes = field(repr=False)
    subject: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    key: Any = field(repr=False)
    not_before: Instant
    not_after: Instant
    is_authority: bool
    path_length: int | None
    signs_certificates: bool
    signs_lists: bool
    purposes: frozenset[str] | None
    purposes_critical: bool
    short_term: bool
    no_check: bool
    ocsp: tuple[str, ...]
    crl: tuple[str, ...]
    _parsed: x509.Certificate = field(repr=False)

    @property
    def self_issued(self) -> bool:
        """Whether it names itself as its issuer."""
        return self.issuer == self.subject

    def valid_at(self, moment: Instant) -> bool:
        """Whether the period holds (RFC 5280 §4.1.2.5)."""
        return self.not_before <= moment <= self.not_after

    def issued_by(self, issuer: ReadCertificate) -> bool:
        """Whether ``issuer`` is named as issuer, may issue, and did sign it, with a strong hash."""
        named = issuer.subject == self.issuer
        if not (named and issuer.is_authority and issuer.signs_certificates):
            return False
        try:
            strong = self._parsed.signature_hash_algorithm
            if strong is not None and strong.name not in _STRONG:
                return False
            self._parsed.verify_directly_issued_by(issuer._parsed)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            return False
        return True


@lru_cache(maxsize=512)
def read_certificate(certificate: bytes) -> ReadCertificate:
    """Read a DER certificate.

    :raises hkeid.kernel.errors.MalformedInput: ``certificate_malformed``.
    """
    try:
        return _read(certificate)
    except _MALFORMED as error:
        raise MalformedInput("certificate_malformed", detail=type(error).__name__) from None


def _read(certificate: bytes) -> ReadCertificate:
    parsed = x509.load_der_x509_certificate(certificate)
    extensions = {one.oid.dotted_string: one for one in parsed.extensions}

    def value(kind: type[x509.ExtensionType]) -> Any:
        found = extensions.get(kind.oid.dotted_string)
        return None if found is None else found.value

    constraints, usage = value(x509.BasicConstraints), value(x509.KeyUsage)
    purposes = value(x509.ExtendedKeyUsage)
    extended = extensions.get(x509.ExtendedKeyUsage.oid.dotted_string)
    key = parsed.public_key()
    return ReadCertificate(
        encoded=certificate,
        serial=parsed.serial_number,
        issuer=parsed.issuer.public_bytes(),
        subject=parsed.subject.public_bytes(),
        public_key=key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        key=key,
        not_before=parsed.not_valid_before_utc,
        not_after=parsed.not_valid_after_utc,
        is_authority=constraints is not None and constraints.ca,
        path_length=None if constraints is None else constraints.path_length,
        signs_certificates=usage is None or usage.key_cert_sign,
        signs_lists=usage is None or usage.crl_sign,
        purposes=None if purposes is None else frozenset(one.dotted_string for one in purposes),
        purposes_critical=extended is not None and extended.critical,
        short_term=SHORT_TERM in extensions,
        no_check=x509.OCSPNoCheck.oid.dotted_string in extensions,
        ocsp=_responders(value(x509.AuthorityInformationAccess)),
        crl=_lists(value(x509.CRLDistributionPoints)),
        _parsed=parsed,
    )


def _responders(access: x509.AuthorityInformationAccess | None) -> tuple[str, ...]:
    return tuple(
        one.access_location.value
        for one in access or ()
        if one.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(one.access_location, x509.UniformResourceIdentifier)
    )


def _lists(points: x509.CRLDistributionPoints | None) -> tuple[str, ...]:
    return tuple(
        name.value
        for point in points or ()
        for name in point.full_name or ()
        if isinstance(name, x509.UniformResourceIdentifier)
    )


def chain_to(
    leaf: ReadCertificate,
    others: Collection[ReadCertificate],
    anchors: Sequence[bytes],
    at: Instant,
) -> tuple[ReadCertificate, ...] | None:
    """A chain from ``leaf`` to one of the ``anchors``, or None (RFC 5280 §6.1, without policies and name
    constraints): signatures, periods at ``at``, who may issue, path lengths.

    :param others: certificates that may stand between.
    :param anchors: trusted certificates, DER.
    """
    trusted = [read_certificate(one) for one in anchors]
    chain = [leaf]
    while len(chain) <= _LONGEST_CHAIN:
        last = chain[-1]
        if not last.valid_at(at):
            return None
        if last.encoded in anchors:
            return tuple(chain)
        candidates = [*trusted, *(one for one in others if one not in chain)]
        following = next(
            (one for one in candidates if last.issued_by(one) and _long_enough(one, len(chain))),
            None,
        )
        if following is None:
            return None
        chain.append(following)
    return None


_LONGEST_CHAIN = 8


def _long_enough(authority: ReadCertificate, below: int) -> bool:
    """Whether an authority may have the ``below`` − 1 authorities beneath it."""
    return authority.path_length is None or authority.path_length >= below - 1
