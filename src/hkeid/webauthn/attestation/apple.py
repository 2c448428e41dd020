"""Format apple, "Apple anonymous attestation" (WebAuthn L3 §8.8)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from cryptography import x509

from hkeid.webauthn.attestation import der
from hkeid.webauthn.attestation.certificates import opaque_extension, public_key_of
from hkeid.webauthn.attestation.statement import (
    Evidence,
    Statement,
    certificates,
    require_members,
)
from hkeid.webauthn.errors import CeremonyRefused

_OID_NONCE = x509.ObjectIdentifier("1.2.840.113635.100.8.2")


def verify_apple(statement: Mapping[Any, Any], evidence: Evidence) -> Statement:
    """§8.8: a certificate for the credential's own key, holding a nonce over what was attested.

    :raises MalformedResponse: form of the statement's members.
    :raises CeremonyRefused: ``apple_nonce_missing``, ``apple_nonce_mismatch``,
        ``attestation_key_mismatch``.
    """
    require_members(statement, frozenset({"x5c"}))
    path = certificates(statement)
    nonce = _nonce(path[0])
    if not hmac.compare_digest(nonce, hashlib.sha256(evidence.signed).digest()):
        raise CeremonyRefused("apple_nonce_mismatch")
    if public_key_of(path[0]) != evidence.key.key:
        raise CeremonyRefused("attestation_key_mismatch")
    return Statement(trust_path=path)


def _nonce(certificate: x509.Certificate) -> bytes:
    """``SEQUENCE { [1] EXPLICIT OCTET STRING }``."""
    value = opaque_extension(certificate, _OID_NONCE)
    try:
        if value is None:
            raise der.NotDer
        (tagged,) = der.read_all(der.read_one(value, der.SEQUENCE))
        if not tagged.is_context or tagged.number != 1:
            raise der.NotDer
        return der.read_one(tagged.content, der.OCTET_STRING)
    except (der.NotDer, ValueError):
        raise CeremonyRefused("apple_nonce_missing") from None
