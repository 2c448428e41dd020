"""The rules for certificates of countries and document signers (Doc 9303-12 §7), one function each."""

from __future__ import annotations

from hkeid.chip.asn1 import (
    read_constraints,
    read_key_identifier,
    read_key_usage,
    read_purposes,
    read_strings,
)
from hkeid.chip.signatures import TrustPolicy, Verdict, verify_signature
from hkeid.chip.structures import Certificate, MalformedStructure
from hkeid.kernel.instants import Instant

KEY_USAGE, CONSTRAINTS = "2.5.29.15", "2.5.29.19"
SUBJECT_KEY, AUTHORITY_KEY = "2.5.29.14", "2.5.29.35"
PURPOSES, DOCUMENT_TYPES = "2.5.29.37", "2.23.136.1.1.6.2"
MASTER_LIST_SIGNING = "2.23.136.1.1.3"

# Critical extensions whose meaning is looked at here, or cannot widen what the key may do:
# subject and issuer alternative names, private key usage period, policies, CRL distribution points.
_UNDERSTOOD = frozenset(
    {
        KEY_USAGE,
        CONSTRAINTS,
        SUBJECT_KEY,
        AUTHORITY_KEY,
        PURPOSES,
        DOCUMENT_TYPES,
        "2.5.29.16",
        "2.5.29.17",
        "2.5.29.18",
        "2.5.29.31",
        "2.5.29.32",
        "2.23.136.1.1.6.1",
    }
)


def signed_by(certificate: Certificate, issuer: Certificate, policy: TrustPolicy) -> Verdict:
    """Whether ``issuer``'s key signed ``certificate``. Names are not looked at."""
    if not certificate.consistent:
        return Verdict.ALGORITHM_REFUSED
    return verify_signature(
        issuer.key,
        certificate.algorithm,
        certificate.signature,
        certificate.signed,
        policy=policy,
    )


def may_certify(certificate: Certificate) -> bool:
    """A CA by basic constraints, with ``keyCertSign`` (RFC 5280 §4.2.1.9, §4.2.1.3)."""
    try:
        constraints, usage = (certificate.extensions.get(name) for name in (CONSTRAINTS, KEY_USAGE))
        if constraints is None or usage is None:
            return False
        return read_constraints(constraints.value)[0] and "key_cert_sign" in read_key_usage(
            usage.value
        )
    except MalformedStructure:
        return False


def may_list_revocations(certificate: Certificate) -> bool:
    """``cRLSign``."""
    usage = certificate.extensions.get(KEY_USAGE)
    try:
        return usage is not None and "crl_sign" in read_key_usage(usage.value)
    except MalformedStructure:
        return False


def may_sign_documents(certificate: Certificate) -> bool:
    """``digitalSignature``, no CA, and no purpose of another kind (Doc 9303-12 table 6)."""
    usage, constraints, purposes = (
        certificate.extensions.get(name) for name in (KEY_USAGE, CONSTRAINTS, PURPOSES)
    )
    try:
        if usage is None or "digital_signature" not in read_key_usage(usage.value):
            return False
        if constraints is not None and read_constraints(constraints.value)[0]:
            return False
    except MalformedStructure:
        return False
    return purposes is None or not purposes.critical


def may_sign_master_lists(certificate: Certificate) -> bool:
    """The purpose of Doc 9303-12 table 6 for master list signers."""
    purposes = certificate.extensions.get(PURPOSES)
    try:
        return purposes is not None and MASTER_LIST_SIGNING in read_purposes(purposes.value)
    except MalformedStructure:
        return False


def not_understood(certificate: Certificate) -> tuple[str, ...]:
    """Critical extensions that nothing here understands; a repeated one counts (RFC 5280 §4.2)."""
    unknown = tuple(
        name
        for name, extension in certificate.extensions.items()
        if extension.critical and name not in _UNDERSTOOD
    )
    return (*unknown, "repeated") if certificate.repeated_extension else unknown


def document_types(certificate: Certificate) -> frozenset[str] | None:
    """Which documents a signer may sign; None where its certificate does not say.

    :raises MalformedStructure: the extension does not parse.
    """
    listed = certificate.extensions.get(DOCUMENT_TYPES)
    return None if listed is None else frozenset(read_strings(listed.value))


def names_key_of(certificate: Certificate, issuer: Certificate) -> bool:
    """Whether the authority key identifier points at ``issuer``; True where either says nothing."""
    named, own = certificate.extensions.get(AUTHORITY_KEY), issuer.extensions.get(SUBJECT_KEY)
    if named is None or own is None:
        return True
    try:
        wanted = read_key_identifier(named.value, authority=True)
        return wanted is None or wanted == read_key_identifier(own.value, authority=False)
    except MalformedStructure:
        return True


def valid_at(certificate: Certificate, at: Instant) -> bool:
    """Whether ``at`` lies in the certificate's validity."""
    return certificate.not_before <= at <= certificate.not_after
