"""Formats none and packed (WebAuthn L3 §8.7, §8.2), the latter with self attestation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hkeid.webauthn.attestation.certificates import (
    check_aaguid,
    check_is_end_entity,
    check_signed_by,
    check_subject,
)
from hkeid.webauthn.attestation.statement import (
    Evidence,
    Statement,
    certificates,
    filled_bytes,
    number,
    require_members,
)
from hkeid.webauthn.errors import CeremonyRefused
from hkeid.webauthn.public_key import signature_is_valid


def verify_none(statement: Mapping[Any, Any], _evidence: Evidence) -> Statement:
    """§8.7: the statement is an empty map.

    :raises CeremonyRefused: ``attestation_none_not_empty``.
    """
    if statement:
        raise CeremonyRefused("attestation_none_not_empty")
    return Statement()


def verify_packed(statement: Mapping[Any, Any], evidence: Evidence) -> Statement:
    """§8.2: signed by an attestation certificate, or with the credential's own key.

    :raises MalformedResponse: form of the statement's members.
    :raises CeremonyRefused: ``attestation_algorithm_mismatch``, ``attestation_signature_invalid``,
        ``attestation_certificate_…``, ``attestation_aaguid_mismatch``.
    """
    with_chain = "x5c" in statement
    require_members(statement, frozenset({"alg", "sig", "x5c"} if with_chain else {"alg", "sig"}))
    algorithm = number(statement, "alg")
    signature = filled_bytes(statement, "sig")
    if not with_chain:
        if algorithm != evidence.key.algorithm:
            raise CeremonyRefused("attestation_algorithm_mismatch")
        if not signature_is_valid(evidence.key, signature, evidence.signed):
            raise CeremonyRefused("attestation_signature_invalid")
        return Statement(self_signed=True)
    path = certificates(statement)
    check_signed_by(path[0], algorithm, signature, evidence.signed)
    check_is_end_entity(path[0])
    check_subject(path[0])
    check_aaguid(path[0], evidence.attested.aaguid)
    return Statement(trust_path=path)
