"""The facts of a certificate, out of its bytes.

The issuer's key is stated only when it really signed the certificate: recognition hangs on it.
"""

from __future__ import annotations

import hashlib

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID, ObjectIdentifier

from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant
from hkeid.signing.legal.facts import CertificateFacts, RevocationStatus

# What cryptography raises, early or late, over bytes that are no certificate it can read.
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
_USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)


def certificate_facts(
    certificate: bytes,
    *,
    issuer: bytes | None = None,
    revocation: RevocationStatus = RevocationStatus.UNKNOWN,
    revoked_at: Instant | None = None,
    reliance_limit_hkd: int | None = None,
    embedded_authority: bool = False,
) -> CertificateFacts:
    """What the law needs of ``certificate``; what a certificate does not say is an argument.

    :param certificate: DER.
    :param issuer: DER of the certificate above it in the validated chain.
    :raises hkeid.kernel.errors.MalformedInput: ``certificate_malformed``, ``issuer_wrong``.
    """
    leaf = _load(certificate)
    try:
        return CertificateFacts(
            subject=leaf.subject.rfc4514_string(),
            issuer_name=_one(leaf.issuer, NameOID.COMMON_NAME) or leaf.issuer.rfc4514_string(),
            issuer_key=None if issuer is None else _issuer_key(leaf, _load(issuer)),
            policies=_policies(leaf.extensions),
            subject_organization=_one(leaf.subject, NameOID.ORGANIZATION_NAME),
            key_usage=_key_usage(leaf.extensions),
            not_before=leaf.not_valid_before_utc,
            not_after=leaf.not_valid_after_utc,
            revocation=revocation,
            revoked_at=revoked_at,
            reliance_limit_hkd=reliance_limit_hkd,
            embedded_authority=embedded_authority,
        )
    except _UNREADABLE as error:
        detail = type(error).__name__
        raise MalformedInput("certificate_malformed", field="certificate", detail=detail) from None


def key_hash(certificate: bytes) -> str:
    """SHA-256 (hex) of the SubjectPublicKeyInfo: how a trust list knows an issuer.

    :raises hkeid.kernel.errors.MalformedInput: ``certificate_malformed``.
    """
    return _key_hash(_load(certificate))


def _load(certificate: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(certificate)
    except _UNREADABLE as error:
        detail = type(error).__name__
        raise MalformedInput("certificate_malformed", field="certificate", detail=detail) from None


def _issuer_key(leaf: x509.Certificate, issuer: x509.Certificate) -> str:
    try:
        leaf.verify_directly_issued_by(issuer)
    except (*_UNREADABLE, InvalidSignature) as error:
        detail = type(error).__name__
        raise MalformedInput("issuer_wrong", field="issuer", detail=detail) from None
    return _key_hash(issuer)


def _key_hash(certificate: x509.Certificate) -> str:
    try:
        key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except _UNREADABLE as error:
        detail = type(error).__name__
        raise MalformedInput("certificate_malformed", field="certificate", detail=detail) from None
    return hashlib.sha256(key).hexdigest()


def _one(name: x509.Name, oid: ObjectIdentifier) -> str | None:
    """The only value of an attribute; several say nothing."""
    values = name.get_attributes_for_oid(oid)
    return str(values[0].value) if len(values) == 1 else None


def _policies(extensions: x509.Extensions) -> frozenset[str]:
    try:
        found = extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(policy.policy_identifier.dotted_string for policy in found)


def _key_usage(extensions: x509.Extensions) -> frozenset[str]:
    """RFC 5280 §4.2.1.3; contentCommitment goes by its older name."""
    try:
        found = extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return frozenset()
    names = (name for name in _USES if getattr(found, name))
    return frozenset("non_repudiation" if name == "content_commitment" else name for name in names)
