"""From a statement to one word (WebAuthn L3 §7.1 steps 21-24)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import hashes

from hkeid.kernel.instants import Instant
from hkeid.webauthn.attestation.android_key import verify_android_key
from hkeid.webauthn.attestation.apple import verify_apple
from hkeid.webauthn.attestation.path import validate_path
from hkeid.webauthn.attestation.simple import verify_none, verify_packed
from hkeid.webauthn.attestation.statement import Evidence, Statement, Verify
from hkeid.webauthn.attestation.tpm import verify_tpm
from hkeid.webauthn.attestation.u2f import verify_fido_u2f
from hkeid.webauthn.errors import CeremonyRefused
from hkeid.webauthn.policy import WebAuthnPolicy

_FORMATS: Mapping[str, Verify] = {
    "none": verify_none,
    "packed": verify_packed,
    "tpm": verify_tpm,
    "android-key": verify_android_key,
    "fido-u2f": verify_fido_u2f,
    "apple": verify_apple,
}
"""The formats understood. Not ``android-safetynet``, which Google switched off and the draft calls
deprecated, nor ``compound``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What attestation amounts to.

    :ivar word: ``none``, ``self``, ``unverified`` or ``verified``.
    :ivar finding: reason why it is ``unverified``, or None.
    :ivar trust_chain: SHA-256 of each certificate of the verified path, the anchor last.
    """

    format: str
    word: str
    finding: str | None = None
    trust_chain: tuple[bytes, ...] = ()


def assess(
    format_: str,
    statement: Mapping[Any, Any],
    evidence: Evidence,
    policy: WebAuthnPolicy,
    now: Instant,
) -> Assessment:
    """Verify a statement and weigh it.

    :raises MalformedResponse: the statement's form is wrong.
    :raises CeremonyRefused: ``attestation_format_unsupported``; the format's own reasons; where
        policy requires attestation, also the reason for which it is not ``verified``.
    """
    verify = _FORMATS.get(format_)
    if verify is None:
        raise CeremonyRefused("attestation_format_unsupported")
    right = verify(statement, evidence)
    assessment = _weigh(format_, right, evidence, policy, now)
    if policy.attestation_required and assessment.word != "verified":
        raise CeremonyRefused(assessment.finding or f"attestation_{assessment.word}")
    return assessment


def _weigh(
    format_: str, right: Statement, evidence: Evidence, policy: WebAuthnPolicy, now: Instant
) -> Assessment:
    """Steps 22-24. Without certificates there is nothing that an anchor could vouch for, whatever
    AAGUID is claimed.
    """
    if not right.trust_path:
        return Assessment(format=format_, word="self" if right.self_signed else "none")
    if right.finding is not None:
        return Assessment(format=format_, word="unverified", finding=right.finding)
    if policy.trust is None:
        return Assessment(format=format_, word="unverified", finding="attestation_untrusted")
    aaguid = str(UUID(bytes=evidence.attested.aaguid))
    anchors = policy.trust.anchors_for(aaguid, right.trust_path)
    try:
        path = validate_path(
            right.trust_path,
            anchors,
            now,
            anchor_in_chain=right.root_expected or policy.attestation_rules.anchor_in_chain,
        )
    except CeremonyRefused as error:
        return Assessment(format=format_, word="unverified", finding=error.reason)
    chain = tuple(certificate.fingerprint(hashes.SHA256()) for certificate in path)
    return Assessment(format=format_, word="verified", trust_chain=chain)
