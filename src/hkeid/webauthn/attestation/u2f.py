"""Format fido-u2f (WebAuthn L3 §8.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hkeid.webauthn.attestation.certificates import check_signed_by, public_key_of
from hkeid.webauthn.attestation.statement import (
    Evidence,
    Statement,
    certificates,
    filled_bytes,
    require_members,
)
from hkeid.webauthn.errors import CeremonyRefused

_ES256 = -7


def verify_fido_u2f(statement: Mapping[Any, Any], evidence: Evidence) -> Statement:
    """§8.6: one P-256 certificate, whose key signed the raw U2F registration message.

    :raises MalformedResponse: form of the statement's members.
    :raises CeremonyRefused: ``u2f_certificate_count``, ``u2f_certificate_key``,
        ``attestation_algorithm_mismatch``, ``attestation_signature_invalid``.
    """
    require_members(statement, frozenset({"sig", "x5c"}))
    path = certificates(statement)
    if len(path) != 1:
        raise CeremonyRefused("u2f_certificate_count")
    key = public_key_of(path[0])
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise CeremonyRefused("u2f_certificate_key")
    own = evidence.key.key
    if evidence.key.algorithm != _ES256 or not isinstance(own, ec.EllipticCurvePublicKey):
        raise CeremonyRefused("attestation_algorithm_mismatch")
    message = b"".join(
        (
            b"\x00",
            evidence.data.rp_id_hash,
            evidence.client_data_hash,
            evidence.attested.credential_id,
            own.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        )
    )
    check_signed_by(path[0], _ES256, filled_bytes(statement, "sig"), message)
    named = any(evidence.attested.aaguid)
    finding = "u2f_aaguid_not_zero" if named and evidence.rules.u2f_zero_aaguid else None
    return Statement(trust_path=path, finding=finding)
