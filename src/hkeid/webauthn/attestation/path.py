"""Validating the path from an attestation certificate to a trust anchor (RFC 5280 §6.1).

The path is what the statement gives, in its order; no path is built from elsewhere. Checked are
signatures and their algorithms, dates (the anchor's too), names, the CA flag, key usage, path
length and unknown critical extensions. Not checked here: revocation, which authenticators publish
through metadata and not through CRLs of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtensionOID

from hkeid.kernel.instants import Instant
from hkeid.webauthn.attestation.certificates import extension
from hkeid.webauthn.errors import CeremonyRefused

_PROCESSED = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,  # TPM certificates, whose subject is empty, need it
        ExtensionOID.CERTIFICATE_POLICIES,  # any policy will do here, so each one passes
    }
)
_WEAK = (hashes.MD5, hashes.SHA1)
_RSA_BITS = 2048


def validate_path(
    path: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    now: Instant,
    *,
    anchor_in_chain: bool = False,
) -> tuple[x509.Certificate, ...]:
    """The validated path, attestation certificate first and anchor last.

    An anchor may be the attestation certificate itself (§7.1 step 24: "or is itself an acceptable
    certificate").

    :param anchor_in_chain: tolerate the anchor as the last of several in ``path``.
    :raises CeremonyRefused: ``attestation_untrusted`` (no anchor fits), ``attestation_root_in_chain``,
        ``attestation_chain_broken``, ``attestation_chain_signature``, ``attestation_chain_weak``,
        ``attestation_expired``, ``attestation_not_yet_valid``, ``attestation_issuer_not_ca``,
        ``attestation_path_too_long``, ``attestation_critical_extension``.
    """
    given = tuple(path)
    if given[-1] in anchors:
        if len(given) > 1 and not anchor_in_chain:
            raise CeremonyRefused("attestation_root_in_chain")
        complete = given
    else:
        complete = (*given, _anchor(given[-1], anchors))
    for certificate in complete:
        check_dates(certificate, now)
        check_critical_extensions(certificate)
    for below, (subject, issuer) in enumerate(pairwise(complete)):
        check_is_issuer(issuer, below)
        check_issued(subject, issuer)
    return complete


def _anchor(last: x509.Certificate, anchors: Sequence[x509.Certificate]) -> x509.Certificate:
    """The anchor that issued the last certificate; where several share the name, the one whose key
    fits (roots are renewed under one name).
    """
    named = [anchor for anchor in anchors if anchor.subject == last.issuer]
    for anchor in named[1:]:
        try:
            last.verify_directly_issued_by(anchor)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            continue
        return anchor
    if not named:
        raise CeremonyRefused("attestation_untrusted")
    return named[0]  # whose signature is checked with the others


def check_dates(certificate: x509.Certificate, now: datetime) -> None:
    """§6.1.3 (a)(2): the certificate is valid now; the anchor as well."""
    if now < certificate.not_valid_before_utc:
        raise CeremonyRefused("attestation_not_yet_valid")
    if now > certificate.not_valid_after_utc:
        raise CeremonyRefused("attestation_expired")


def check_critical_extensions(certificate: x509.Certificate) -> None:
    """§6.1.4 (o), §6.1.5 (f): a critical extension that is not processed here refuses the path."""
    for one in certificate.extensions:
        if one.critical and one.oid not in _PROCESSED:
            raise CeremonyRefused("attestation_critical_extension")


def check_is_issuer(certificate: x509.Certificate, below: int) -> None:
    """§6.1.4 (k), (m), (n): a CA, within its path length, that may sign certificates.

    :param below: how many intermediate certificates are between it and the attestation certificate.
    """
    constraints = extension(certificate, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        raise CeremonyRefused("attestation_issuer_not_ca")
    if constraints.path_length is not None and below > constraints.path_length:
        raise CeremonyRefused("attestation_path_too_long")
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not usage.key_cert_sign:
        raise CeremonyRefused("attestation_issuer_not_ca")


def check_issued(subject: x509.Certificate, issuer: x509.Certificate) -> None:
    """§6.1.3 (a)(1) and (4): names chain, and the signature is the issuer's, by sound algorithms."""
    if subject.issuer != issuer.subject:
        raise CeremonyRefused("attestation_chain_broken")
    try:
        weak = isinstance(subject.signature_hash_algorithm, _WEAK)
        key = issuer.public_key()
        if weak or (isinstance(key, rsa.RSAPublicKey) and key.key_size < _RSA_BITS):
            raise CeremonyRefused("attestation_chain_weak")
        subject.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        raise CeremonyRefused("attestation_chain_signature") from None
