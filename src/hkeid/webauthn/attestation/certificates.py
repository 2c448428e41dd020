"""X.509 certificates in attestation: loading, and what the formats demand of the first one."""

from __future__ import annotations

from typing import cast

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import NameOID

from hkeid.webauthn.errors import CeremonyRefused, MalformedResponse
from hkeid.webauthn.public_key import (
    SUPPORTED_ALGORITHMS,
    CredentialKey,
    VerifyingKey,
    signature_is_valid,
)

OID_AAGUID = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
"""``id-fido-gen-ce-aaguid`` (WebAuthn L3 §8.2.1)."""


def load_certificate(der: object, *, field: str) -> x509.Certificate:
    """One DER certificate with readable extensions, names and key.

    Everything that is read lazily is read here once, so that no later step meets a surprise.

    :raises MalformedResponse: ``member_type``, ``certificate_malformed``.
    """
    if type(der) is not bytes:
        raise MalformedResponse("member_type", field=field)
    try:
        certificate = x509.load_der_x509_certificate(der)
        _ = (certificate.extensions, certificate.subject, certificate.issuer, certificate.version)
        _ = (certificate.not_valid_before_utc, certificate.not_valid_after_utc)
        public_key_of(certificate)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise MalformedResponse(
            "certificate_malformed", field=field, detail=type(error).__name__
        ) from None
    return certificate


def public_key_of(certificate: x509.Certificate) -> VerifyingKey:
    """The subject public key.

    :raises ValueError: it is of a kind that has no place in attestation.
    """
    key = certificate.public_key()
    if isinstance(
        key,
        ec.EllipticCurvePublicKey
        | rsa.RSAPublicKey
        | ed25519.Ed25519PublicKey
        | ed448.Ed448PublicKey,
    ):
        return key
    raise ValueError("unsupported kind of key")


def check_signed_by(
    certificate: x509.Certificate, algorithm: int, signature: bytes, message: bytes
) -> None:
    """The signature is the certificate's key's, made with ``algorithm`` (COSE).

    :raises CeremonyRefused: ``attestation_algorithm_unsupported`` (RS1, which old TPMs still use,
        is one of those), ``attestation_signature_invalid``.
    """
    if algorithm not in SUPPORTED_ALGORITHMS:
        raise CeremonyRefused("attestation_algorithm_unsupported")
    key = CredentialKey(algorithm, public_key_of(certificate))
    if not signature_is_valid(key, signature, message):
        raise CeremonyRefused("attestation_signature_invalid")


def check_is_end_entity(certificate: x509.Certificate) -> None:
    """§8.2.1, §8.3.1: version 3, and Basic Constraints that say CA is false.

    :raises CeremonyRefused: ``attestation_certificate_version``,
        ``attestation_certificate_is_ca``.
    """
    if certificate.version is not x509.Version.v3:
        raise CeremonyRefused("attestation_certificate_version")
    constraints = extension(certificate, x509.BasicConstraints)
    if constraints is None or constraints.ca:
        raise CeremonyRefused("attestation_certificate_is_ca")


def check_subject(certificate: x509.Certificate) -> None:
    """§8.2.1: C (two letters), O, OU "Authenticator Attestation" and CN.

    :raises CeremonyRefused: ``attestation_certificate_subject``.
    """
    subject = certificate.subject
    country = [a.value for a in subject.get_attributes_for_oid(NameOID.COUNTRY_NAME)]
    units = [a.value for a in subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)]
    organisation = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    name = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if (
        len(country) != 1
        or len(country[0]) != 2
        or units != ["Authenticator Attestation"]
        or not organisation
        or not name
    ):
        raise CeremonyRefused("attestation_certificate_subject")


def check_aaguid(certificate: x509.Certificate, aaguid: bytes) -> None:
    """§8.2.1: an AAGUID extension is not critical and holds, as an OCTET STRING inside the
    extension's own, the AAGUID of the authenticator data.

    :raises CeremonyRefused: ``attestation_aaguid_mismatch``.
    """
    for one in certificate.extensions:
        if one.oid == OID_AAGUID:
            value = cast(x509.UnrecognizedExtension, one.value).value
            if one.critical or value != b"\x04\x10" + aaguid:
                raise CeremonyRefused("attestation_aaguid_mismatch")


def extension(
    certificate: x509.Certificate, kind: type[x509.BasicConstraints]
) -> x509.BasicConstraints | None:
    """The value of an extension, or None."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def opaque_extension(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> bytes | None:
    """The DER of an extension that the X.509 library does not know, or None."""
    for one in certificate.extensions:
        if one.oid == oid and isinstance(one.value, x509.UnrecognizedExtension):
            return one.value.value
    return None
