"""All test vectors of WebAuthn L3 §16 under each policy: vector x policy -> expected outcome.

The outcome of a registration is its attestation word, or the reason for which it is refused. The
oddities of the vectors (PROVENANCE.md) show as reasons of their own.
"""

from __future__ import annotations

from typing import Any

import pytest

from hkeid.webauthn import (
    CeremonyKind,
    CeremonyRefused,
    NewCredential,
    verify_assertion,
    verify_registration,
)

_UNATTESTED = {
    "none.ES256": "none",
    "packed-self.ES256": "self",
    "none.ES256.crossOrigin": "none",
    "none.ES256.topOrigin": "none",
    "none.ES256.long-credential-id": "none",
}
_ATTESTED = [
    "packed.ES256",
    "packed.ES384",
    "packed.ES512",
    "packed.RS256",
    "packed.EdDSA",
    "packed.Ed448",
    "tpm.ES256",
    "android-key.ES256",
    "apple.ES256",
    "fido-u2f.ES256",
]
NAMES = [*_UNATTESTED, *_ATTESTED]

_IGNORING = {**_UNATTESTED, **dict.fromkeys(_ATTESTED, "unverified")}
_REQUIRED = {
    **{name: f"attestation_{word}" for name, word in _UNATTESTED.items()},
    **dict.fromkeys(_ATTESTED, "verified"),
}

EXPECTED: dict[str, dict[str, str]] = {
    "ignoring attestation": _IGNORING,
    "attestation required": _REQUIRED,
    "strict U2F AAGUID": {**_REQUIRED, "fido-u2f.ES256": "u2f_aaguid_not_zero"},
    "every attestation rule": {
        **_REQUIRED,
        "tpm.ES256": "tpm_manufacturer_unknown",
        "android-key.ES256": "android_key_authorisation_missing",
        "fido-u2f.ES256": "u2f_aaguid_not_zero",
    },
    "deny cross origin": {
        **_IGNORING,
        "none.ES256.crossOrigin": "cross_origin",
        "none.ES256.topOrigin": "cross_origin",
    },
    "allow cross origin, unframed": {**_IGNORING, "none.ES256.topOrigin": "top_origin_mismatch"},
    "our algorithms": {
        **_IGNORING,
        "packed.ES384": "algorithm_not_offered",
        "packed.ES512": "algorithm_not_offered",
        "packed.Ed448": "algorithm_not_offered",
    },
}


def _registered(vector: Any, policy: Any) -> NewCredential:
    answer = vector.answer(vector.registration, "clientDataJSON", "attestationObject")
    ceremony = vector.ceremony(vector.registration, CeremonyKind.ACTIVATE)
    return verify_registration(answer, ceremony, policy)


@pytest.mark.parametrize("policy", list(EXPECTED))
@pytest.mark.parametrize("name", NAMES)
def test_registration(name: str, policy: str, vector_by_name: Any, policies: Any) -> None:
    expected = EXPECTED[policy][name]
    try:
        outcome = _registered(vector_by_name[name], policies[policy]).attestation
    except CeremonyRefused as refusal:
        outcome = refusal.reason
    assert outcome == expected


@pytest.mark.parametrize("name", NAMES)
def test_authentication(name: str, vector_by_name: Any, policies: Any) -> None:
    vector, policy = vector_by_name[name], policies["ignoring attestation"]
    new = _registered(vector, policy)
    part = vector.authentication
    proof = verify_assertion(
        vector.answer(part, "clientDataJSON", "authenticatorData", "signature"),
        vector.ceremony(part, CeremonyKind.LOGIN),
        new.as_credential("resident", b"", vector.ceremony(part, CeremonyKind.LOGIN).created_at),
        b"never sent in the vectors",
        policy,
    )
    assert proof.credential_id == bytes.fromhex(vector.registration["credential_id"])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("policy", "bit", "wanted", "reason"),
    [
        ("user verification", 0x04, True, "uv_missing"),
        ("bound keys only", 0x08, False, "synced_not_allowed"),
    ],
)
def test_registration_by_flags(
    name: str,
    policy: str,
    bit: int,
    reason: str,
    vector_by_name: Any,
    policies: Any,
    *,
    wanted: bool,
) -> None:
    """The vectors' flags vary by chance, so the outcome follows from the flag."""
    vector = vector_by_name[name]
    new = _registered(vector, policies["ignoring attestation"])
    has = new.user_verified if bit == 0x04 else new.backup_eligible
    if has is wanted:
        assert _registered(vector, policies[policy]).credential_id == new.credential_id
        return
    with pytest.raises(CeremonyRefused) as refused:
        _registered(vector, policies[policy])
    assert refused.value.reason == reason


def test_every_vector_is_here(vector_by_name: Any) -> None:
    assert sorted(vector_by_name) == sorted(NAMES)
    assert len(NAMES) == 15
    assert (
        len(vector_by_name["none.ES256.long-credential-id"].registration["credential_id"]) == 2046
    )
