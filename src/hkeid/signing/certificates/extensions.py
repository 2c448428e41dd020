"""Extensions of certificates (RFC 5280 §4.2), DER, in the order in which they are written."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.signing import der
from hkeid.signing.certificates.encoding import (
    boolean,
    ia5,
    implicit,
    named_bits,
)
from hkeid.signing.certificates.keys import key_identifier
from hkeid.signing.certificates.profiles import ANY_POLICY, USAGE_BITS, CertificateProfile

BASIC_CONSTRAINTS = "2.5.29.19"
KEY_USAGE = "2.5.29.15"
EXTENDED_KEY_USAGE = "2.5.29.37"
CERTIFICATE_POLICIES = "2.5.29.32"
SUBJECT_KEY_IDENTIFIER = "2.5.29.14"
AUTHORITY_KEY_IDENTIFIER = "2.5.29.35"
CRL_DISTRIBUTION_POINTS = "2.5.29.31"
AUTHORITY_INFORMATION_ACCESS = "1.3.6.1.5.5.7.1.1"
OCSP_NO_CHECK = "1.3.6.1.5.5.7.48.1.5"
SHORT_TERM = "0.4.0.194121.2.1"
"""id-etsi-ext-valassured-ST-certs (ETSI EN 319 412-1 §5.2)."""

_CPS = "1.3.6.1.5.5.7.2.1"
_OCSP = "1.3.6.1.5.5.7.48.1"
_CA_ISSUERS = "1.3.6.1.5.5.7.48.2"
_URI = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointers:
    """Where the rest is found. Empty: not pointed to.

    :ivar policy_arc: the operator's arc for certificate policies, dotted.
    :ivar cps: URI of the certification practice statement.
    :ivar ocsp: URI of the responder.
    :ivar issuer: URI of the issuer's certificate.
    :ivar crl: URI of the issuer's revocation list.
    """

    policy_arc: str = ""
    cps: str = ""
    ocsp: str = ""
    issuer: str = ""
    crl: str = ""


def extension(dotted: str, value: bytes, *, critical: bool = False) -> bytes:
    """Extension (RFC 5280 §4.1)."""
    return der.sequence(
        der.oid(dotted), boolean(value=True) if critical else b"", der.octet_string(value)
    )


def extensions_of(
    profile: CertificateProfile, public_key: bytes, issuer_key: bytes, pointers: Pointers
) -> tuple[bytes, ...]:
    """The extensions of a certificate.

    :param public_key: the subject's SubjectPublicKeyInfo; ``issuer_key`` the issuer's.
    """
    made = [
        extension(BASIC_CONSTRAINTS, _basic_constraints(profile), critical=True),
        extension(
            KEY_USAGE,
            named_bits(*(USAGE_BITS[name] for name in profile.key_usage)),
            critical=True,
        ),
    ]
    if profile.extended_key_usage:
        purposes = der.sequence(*map(der.oid, profile.extended_key_usage))
        made.append(extension(EXTENDED_KEY_USAGE, purposes, critical=profile.extended_critical))
    made.append(extension(SUBJECT_KEY_IDENTIFIER, der.octet_string(key_identifier(public_key))))
    if public_key != issuer_key:
        made.append(authority_key_identifier(issuer_key))
        made.append(extension(CERTIFICATE_POLICIES, _policies(profile, pointers)))
        made.extend(_pointing(profile, pointers))
    if profile.no_check:
        made.append(extension(OCSP_NO_CHECK, der.null()))
    if profile.short_term:
        made.append(extension(SHORT_TERM, der.null()))
    return tuple(made)


def authority_key_identifier(issuer_key: bytes) -> bytes:
    """AuthorityKeyIdentifier (RFC 5280 §4.2.1.1) of the issuer's SubjectPublicKeyInfo."""
    return extension(
        AUTHORITY_KEY_IDENTIFIER, der.sequence(implicit(0, key_identifier(issuer_key)))
    )


def _basic_constraints(profile: CertificateProfile) -> bytes:
    if profile.path_length is None:
        return der.sequence()
    return der.sequence(boolean(value=True), der.integer(profile.path_length))


def _policies(profile: CertificateProfile, pointers: Pointers) -> bytes:
    if profile.policy is None:
        return der.sequence(der.sequence(der.oid(ANY_POLICY)))
    policy = der.oid(f"{pointers.policy_arc}.{profile.policy}")
    if not pointers.cps:
        return der.sequence(der.sequence(policy))
    qualifier = der.sequence(der.oid(_CPS), ia5(pointers.cps))
    return der.sequence(der.sequence(policy, der.sequence(qualifier)))


def _pointing(profile: CertificateProfile, pointers: Pointers) -> list[bytes]:
    """Where the issuer's certificate is, and revocation where there is any to tell.

    A short-term certificate carries no pointer to revocation (ETSI EN 319 412-1 §5.2), nor does a
    responder's that is not asked about.
    """
    tells = profile.revocable and not profile.no_check
    places = [(_OCSP, pointers.ocsp)] if tells and pointers.ocsp else []
    if pointers.issuer:
        places.append((_CA_ISSUERS, pointers.issuer))
    made = []
    if places:
        made.append(
            extension(
                AUTHORITY_INFORMATION_ACCESS,
                der.sequence(*(der.sequence(der.oid(way), _uri(at)) for way, at in places)),
            )
        )
    if tells and pointers.crl:
        point = der.sequence(der.tagged(0, der.tagged(0, _uri(pointers.crl))))
        made.append(extension(CRL_DISTRIBUTION_POINTS, der.sequence(point)))
    return made


def _uri(address: str) -> bytes:
    return implicit(_URI, address.encode("ascii"))


__all__ = [
    "AUTHORITY_INFORMATION_ACCESS",
    "Pointers",
    "authority_key_identifier",
    "extension",
    "extensions_of",
]
