"""Format android-key (WebAuthn L3 §8.4), Android's key attestation."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509

from hkeid.webauthn.attestation import der
from hkeid.webauthn.attestation.certificates import (
    check_signed_by,
    opaque_extension,
    public_key_of,
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

_OID_KEY_DESCRIPTION = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.1.17")
_PURPOSE, _ALL_APPLICATIONS, _ORIGIN = 1, 600, 702
_PURPOSE_SIGN = 2
_ORIGIN_GENERATED = 0
_TRUSTED_ENVIRONMENT = 1  # 0 is software, 2 is StrongBox


def verify_android_key(statement: Mapping[Any, Any], evidence: Evidence) -> Statement:
    """§8.4: a certificate for the credential's own key, whose extension says how the key is kept.

    :raises MalformedResponse: form of the statement's members.
    :raises CeremonyRefused: ``attestation_signature_invalid``, ``attestation_algorithm_mismatch``,
        ``attestation_key_mismatch``, ``android_key_description_missing``,
        ``android_key_challenge_mismatch``, ``android_key_all_applications``,
        ``android_key_not_generated``, ``android_key_not_for_signing``.
    """
    require_members(statement, frozenset({"alg", "sig", "x5c"}))
    algorithm = number(statement, "alg")
    signature = filled_bytes(statement, "sig")
    path = certificates(statement)
    if public_key_of(path[0]) != evidence.key.key:
        raise CeremonyRefused("attestation_key_mismatch")
    if algorithm != evidence.key.algorithm:
        raise CeremonyRefused("attestation_algorithm_mismatch")
    check_signed_by(path[0], algorithm, signature, evidence.signed)
    description = _key_description(path[0])
    if not hmac.compare_digest(description.challenge, evidence.client_data_hash):
        raise CeremonyRefused("android_key_challenge_mismatch")
    # Android sends its root as the last certificate.
    return Statement(trust_path=path, finding=_weigh(description, evidence), root_expected=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeyDescription:
    """What is read of Android's ``KeyDescription``.

    :ivar level: ``attestationSecurityLevel``.
    :ivar software: authorisations enforced by the system, by tag; ``hardware``: by the trusted
        environment or a secure element.
    """

    level: int
    challenge: bytes
    software: dict[int, bytes]
    hardware: dict[int, bytes]


def _key_description(certificate: x509.Certificate) -> _KeyDescription:
    value = opaque_extension(certificate, _OID_KEY_DESCRIPTION)
    if value is None:
        raise CeremonyRefused("android_key_description_missing")
    try:
        members = der.read_all(der.read_one(value, der.SEQUENCE))
        if len(members) != 8:
            raise der.NotDer
        return _KeyDescription(
            level=der.integer(der.expect(members[1], der.ENUMERATED)),
            challenge=der.expect(members[4], der.OCTET_STRING),
            software=_authorisations(members[6]),
            hardware=_authorisations(members[7]),
        )
    except der.NotDer:
        raise CeremonyRefused("android_key_description_malformed") from None


def _authorisations(element: der.Element) -> dict[int, bytes]:
    entries = der.read_all(der.expect(element, der.SEQUENCE))
    found = {entry.number: entry.content for entry in entries}
    if len(found) != len(entries) or not all(entry.is_context for entry in entries):
        raise der.NotDer
    return found


def _weigh(description: _KeyDescription, evidence: Evidence) -> str | None:
    """§8.4's rules on authorisations. A wrong one refuses; what is not said, or said by software
    alone, is a finding.
    """
    software, hardware = description.software, description.hardware
    if _ALL_APPLICATIONS in software or _ALL_APPLICATIONS in hardware:
        raise CeremonyRefused("android_key_all_applications")
    union = {**software, **hardware}
    try:
        if _ORIGIN in union and _integer(union[_ORIGIN]) != _ORIGIN_GENERATED:
            raise CeremonyRefused("android_key_not_generated")
        if _PURPOSE in union and _purposes(union[_PURPOSE]) != {_PURPOSE_SIGN}:
            raise CeremonyRefused("android_key_not_for_signing")
    except der.NotDer:
        raise CeremonyRefused("android_key_description_malformed") from None
    rules = evidence.rules
    if rules.android_authorisation and not {_ORIGIN, _PURPOSE} <= union.keys():
        return "android_key_authorisation_missing"
    if rules.android_hardware:
        told_by_hardware = {_ORIGIN, _PURPOSE} & union.keys() <= hardware.keys()
        if description.level < _TRUSTED_ENVIRONMENT or not told_by_hardware:
            return "android_key_not_in_hardware"
    return None


def _integer(content: bytes) -> int:
    return der.integer(der.read_one(content, der.INTEGER))


def _purposes(content: bytes) -> set[int]:
    entries = der.read_all(der.read_one(content, der.SET))
    return {der.integer(der.expect(entry, der.INTEGER)) for entry in entries}
