"""Options as ``parseCreationOptionsFromJSON`` and ``parseRequestOptionsFromJSON`` take them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from hkeid.kernel import base64url
from hkeid.kernel.errors import ConfigurationError
from hkeid.residents.records import CredentialStatus
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.webauthn import (
    AttestationRules,
    WebAuthnPolicy,
    signal_all_accepted_credentials,
    signal_current_user_details,
    signal_unknown_credential,
)


def test_creation_options(desk: Any) -> None:
    options = desk.start_registration().options
    challenge = options.pop("challenge")
    assert len(base64url.decode(challenge)) == 32
    assert options == {
        "rp": {"id": "id.example.hk", "name": "Hong Kong eID"},
        "user": {
            "id": base64url.encode(desk.resident.user_handle),
            "name": "eID 7F3K",
            "displayName": "CHAN Tai Man",
        },
        "pubKeyCredParams": [
            {"type": "public-key", "alg": -7},
            {"type": "public-key", "alg": -8},
            {"type": "public-key", "alg": -257},
        ],
        "timeout": 300_000,
        "excludeCredentials": [],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "hints": ["client-device"],
        "attestation": "none",
        "extensions": {"credProps": True},
    }
    json.dumps(options)


def test_request_options(desk: Any) -> None:
    options = desk.start_login().options
    assert len(base64url.decode(options.pop("challenge"))) == 32
    assert options == {
        "rpId": "id.example.hk",
        "timeout": 300_000,
        "userVerification": "required",
        "allowCredentials": [],
        "hints": ["client-device"],
    }


def test_challenges_are_fresh(desk: Any) -> None:
    made = [desk.start_login() for _ in range(3)] + [desk.start_registration() for _ in range(3)]
    assert len({start.options["challenge"] for start in made}) == 6
    assert len({start.id for start in made}) == 6


def test_exclude_and_allow_name_credentials(desk: Any) -> None:
    phone = SoftwareAuthenticator(transports=("internal", "hybrid"))
    credential = desk.register(phone)
    expected = [
        {
            "type": "public-key",
            "id": base64url.encode(credential.id),
            "transports": ["hybrid", "internal"],
        }
    ]
    created = desk.start_registration(exclude=(credential,)).options
    assert created["excludeCredentials"] == expected
    assert desk.start_login(allow=(credential,)).options["allowCredentials"] == expected


def test_a_credential_without_transports(desk: Any) -> None:
    credential = desk.register(SoftwareAuthenticator(transports=()))
    (descriptor,) = desk.start_login(allow=(credential,)).options["allowCredentials"]
    assert "transports" not in descriptor


def test_policy_shows_in_the_options(desk: Any) -> None:
    other = desk.with_policy(
        user_verification=False,
        attestation="direct",
        attachment="platform",
        hints=("security-key",),
        lifetime=timedelta(seconds=90),
        algorithms=(-8,),
    )
    options = other.start_registration().options
    assert options["attestation"] == "direct"
    assert options["timeout"] == 90_000
    assert options["hints"] == ["security-key"]
    assert options["pubKeyCredParams"] == [{"type": "public-key", "alg": -8}]
    selection = options["authenticatorSelection"]
    assert selection["userVerification"] == "preferred"
    assert selection["authenticatorAttachment"] == "platform"
    assert other.start_login().options["userVerification"] == "preferred"


@pytest.mark.parametrize(
    "settings",
    [
        {"origins": frozenset()},
        {"origins": frozenset({"id.example.hk"})},
        {"origins": frozenset({"https://id.example.hk/"})},
        {"origins": frozenset({"https://id.example.hk/path"})},
        {"origins": frozenset({"http://id.example.hk"})},
        {"origins": frozenset({"https://other.hk"})},
        {"origins": frozenset({"https://notid.example.hk.evil"})},
        {"origins": frozenset({"https://xid.example.hk"})},
        {"origins": frozenset({"ftp://id.example.hk"})},
        {"origins": frozenset({"https://[oops"})},
        {"origins": frozenset({"https://id.example.hk:443"})},
        {"origins": frozenset({"https://id.example.hk:x"})},
        {"origins": frozenset({"https://ID.example.hk"})},
        {"origins": frozenset({"https://me@id.example.hk"})},
        {"algorithms": ()},
        {"algorithms": (-65535,)},
        {"attestation_required": True},
        {"attestation_required": True, "attestation": "direct"},
        {"lifetime": timedelta(0)},
    ],
)
def test_a_policy_that_does_not_protect_is_refused(settings: dict[str, Any]) -> None:
    good = {
        "rp_id": "id.example.hk",
        "rp_name": "eID",
        "origins": frozenset({"https://id.example.hk"}),
    }
    with pytest.raises(ConfigurationError) as error:
        WebAuthnPolicy(**{**good, **settings})
    assert error.value.reason == "webauthn_policy_invalid"


@pytest.mark.parametrize(
    ("rp_id", "origin"),
    [
        ("localhost", "http://localhost:8000"),
        ("localhost", "http://id.localhost:8000"),
        ("example.hk", "https://id.example.hk"),
        ("example.hk", "https://example.hk:8443"),
        ("example.hk", "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck"),
    ],
)
def test_origins_that_may_use_the_rp_id(rp_id: str, origin: str) -> None:
    assert WebAuthnPolicy(rp_id=rp_id, rp_name="x", origins=frozenset({origin}))


def test_attestation_rules_are_strict_by_default() -> None:
    rules = AttestationRules()
    assert rules.u2f_zero_aaguid
    assert rules.android_authorisation
    assert rules.android_hardware
    assert not rules.anchor_in_chain
    assert rules.tpm_manufacturers


def test_signals(desk: Any, phone: Any) -> None:
    """WebAuthn L3 §5.1.11."""
    from dataclasses import replace

    credential = desk.register(phone)
    revoked = replace(credential, id=b"old", status=CredentialStatus.REVOKED)
    suspended = replace(credential, id=b"odd", status=CredentialStatus.SUSPENDED)
    user = base64url.encode(desk.resident.user_handle)
    assert signal_unknown_credential(desk.policy, b"\xfb\xff") == {
        "rpId": "id.example.hk",
        "credentialId": "-_8",
    }
    assert signal_all_accepted_credentials(
        desk.policy, desk.resident, (credential, revoked, suspended)
    ) == {
        "rpId": "id.example.hk",
        "userId": user,
        "allAcceptedCredentialIds": [base64url.encode(credential.id), base64url.encode(b"odd")],
    }
    assert signal_current_user_details(
        desk.policy, desk.resident, account_name="eID 7F3K", display_name="CHAN Siu Ming"
    ) == {
        "rpId": "id.example.hk",
        "userId": user,
        "name": "eID 7F3K",
        "displayName": "CHAN Siu Ming",
    }
