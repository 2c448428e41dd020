"""The W3C test vectors (WebAuthn L3 §16) as ceremonies, and policies to judge them by."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from hkeid.kernel import base64url
from hkeid.residents.records import Credential
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.authenticator_ca import AttestationAuthority
from hkeid.testing.authenticator_dishonesty import HONEST, Dishonesty
from hkeid.webauthn import (
    AttestationRules,
    Ceremony,
    CeremonyKind,
    CeremonyRefused,
    MalformedResponse,
    NewCredential,
    VerifiedAssertion,
    WebAuthnPolicy,
    verify_assertion,
    verify_registration,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
VECTORS = Path(__file__).parents[2] / "vectors" / "webauthn-l3.json"
EVERY_ALGORITHM = (-7, -8, -257, -35, -36, -53)


@cache
def _file() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(VECTORS.read_text("utf-8"))
    return loaded


@dataclass(frozen=True)
class VectorAuthority:
    """The vectors' attestation CA as the trusted root of every model."""

    root: x509.Certificate

    def anchors_for(
        self, aaguid: str, trust_path: Sequence[x509.Certificate]
    ) -> Sequence[x509.Certificate]:
        assert len(aaguid) == 36
        assert trust_path
        return (self.root,)


def _policy(**changes: Any) -> WebAuthnPolicy:
    settings: dict[str, Any] = {
        "rp_id": "example.org",
        "rp_name": "Vectors",
        "origins": frozenset({"https://example.org"}),
        "algorithms": EVERY_ALGORITHM,
        "user_verification": False,
        "allow_cross_origin": True,
        "top_origins": frozenset({"https://example.com"}),
    }
    return WebAuthnPolicy(**{**settings, **changes})


def _lenient(**changes: Any) -> AttestationRules:
    settings = {
        "u2f_zero_aaguid": False,
        "tpm_manufacturers": None,
        "android_authorisation": False,
        "android_hardware": False,
    }
    return AttestationRules(**{**settings, **changes})


@pytest.fixture(scope="session")
def policies() -> dict[str, WebAuthnPolicy]:
    """By name: how one might judge the vectors."""
    ca = bytes.fromhex(_file()["attestation_ca"]["attestation_ca_cert"])
    required = {
        "attestation": "direct",
        "attestation_required": True,
        "trust": VectorAuthority(x509.load_der_x509_certificate(ca)),
    }
    lenient = _lenient()
    return {
        "ignoring attestation": _policy(),
        "attestation required": _policy(**required, attestation_rules=lenient),
        "strict U2F AAGUID": _policy(**required, attestation_rules=_lenient(u2f_zero_aaguid=True)),
        "every attestation rule": _policy(**required),
        "deny cross origin": _policy(allow_cross_origin=False),
        "allow cross origin, unframed": _policy(top_origins=frozenset()),
        "our algorithms": _policy(algorithms=(-7, -8, -257)),
        "user verification": _policy(user_verification=True),
        "bound keys only": _policy(allow_synced=False),
    }


@dataclass(frozen=True)
class Vector:
    """One vector: challenge and answer of a registration and of an authentication."""

    name: str
    registration: dict[str, str]
    authentication: dict[str, str]

    def ceremony(self, part: dict[str, str], kind: CeremonyKind) -> Ceremony:
        return Ceremony(
            id="vector",
            kind=kind,
            challenge=bytes.fromhex(part["challenge"]),
            binding=bytes(32),
            resident_id="resident",
            user_handle=None,
            allowed=(),
            context={},
            created_at=NOW,
            expires_at=NOW + timedelta(minutes=5),
        )

    def answer(self, part: dict[str, str], *members: str) -> str:
        text = _text(self.registration["credential_id"])
        return json.dumps(
            {
                "id": text,
                "rawId": text,
                "type": "public-key",
                "response": {name: _text(part[name]) for name in members},
                "clientExtensionResults": {},
            }
        )


def _text(hexadecimal: str) -> str:
    return base64url.encode(bytes.fromhex(hexadecimal))


def vectors() -> list[Vector]:
    """All of them, in the order of the draft."""
    return [
        Vector(one["name"], one["registration"], one["authentication"])
        for one in _file()["vectors"]
    ]


@pytest.fixture(scope="session")
def vector_by_name() -> dict[str, Vector]:
    return {one.name: one for one in vectors()}


ORIGIN = "https://id.example.hk"
HANDLE = bytes(range(1, 65))


@dataclass
class Bench:
    """A relying party without a store: one challenge, one resident, any policy."""

    policy: WebAuthnPolicy
    challenge: bytes = bytes(range(100, 132))

    def ceremony(self, kind: CeremonyKind, **changes: Any) -> Ceremony:
        settings: dict[str, Any] = {
            "id": "bench",
            "kind": kind,
            "challenge": self.challenge,
            "binding": bytes(32),
            "resident_id": None,
            "user_handle": None,
            "allowed": (),
            "context": {},
            "created_at": NOW,
            "expires_at": NOW + timedelta(minutes=5),
        }
        return Ceremony(**{**settings, **changes})

    def options(self) -> dict[str, Any]:
        """Creation and request options in one."""
        return {
            "rp": {"id": "id.example.hk"},
            "rpId": "id.example.hk",
            "user": {"id": base64url.encode(HANDLE), "name": "eID", "displayName": "Resident"},
            "challenge": base64url.encode(self.challenge),
            "pubKeyCredParams": [{"type": "public-key", "alg": n} for n in (-7, -8, -257)],
            "authenticatorSelection": {"userVerification": "discouraged"},
            "attestation": "direct",
        }

    def create(self, phone: SoftwareAuthenticator, dishonesty: Dishonesty = HONEST) -> Any:
        return phone.create(self.options(), ORIGIN, dishonesty=dishonesty)

    def register(self, answer: Any, **changes: Any) -> NewCredential:
        policy = replace(self.policy, **changes)
        return verify_registration(answer, self.ceremony(CeremonyKind.ACTIVATE), policy)

    def credential(self, phone: SoftwareAuthenticator) -> Credential:
        return self.register(self.create(phone)).as_credential("resident", b"", NOW)

    def get(self, phone: SoftwareAuthenticator, dishonesty: Dishonesty = HONEST) -> Any:
        return phone.get(self.options(), ORIGIN, dishonesty=dishonesty)

    def log_in(
        self, answer: Any, credential: Credential, ceremony: Any = None, **changes: Any
    ) -> VerifiedAssertion:
        chosen = self.ceremony(CeremonyKind.LOGIN, **(ceremony or {}))
        policy = replace(self.policy, **changes)
        return verify_assertion(answer, chosen, credential, HANDLE, policy)


@pytest.fixture
def bench() -> Bench:
    return Bench(
        WebAuthnPolicy(rp_id="id.example.hk", rp_name="Hong Kong eID", origins=frozenset({ORIGIN}))
    )


@pytest.fixture(scope="session")
def authority() -> AttestationAuthority:
    return AttestationAuthority()


@pytest.fixture
def expect() -> Callable[[str, Callable[[], object]], None]:
    """Run and compare: ``reason`` of a refusal, ``reason@field`` of a malformed response, or
    ``ok``. Anything that is raised besides is a stray exception and fails the test.
    """

    def check(expected: str, attempt: Callable[[], object]) -> None:
        try:
            attempt()
            outcome = "ok"
        except MalformedResponse as error:
            outcome = f"{error.reason}@{error.field}"
        except CeremonyRefused as error:
            outcome = error.reason
        assert outcome == expected

    return check
