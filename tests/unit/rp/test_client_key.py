"""The client's key: every form in which it may come, and those in which it may not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from joserfc.jwk import ECKey

from hkeid.jose import verify_jwt
from hkeid.kernel.errors import ConfigurationError
from hkeid.oidc.client_assertion import verify_assertion
from hkeid.rp import ClientKey

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def _pem(key: Any, encryption: Any = None) -> str:
    return key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()
    ).decode()


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (ed25519.Ed25519PrivateKey.generate(), "Ed25519"),
        (rsa.generate_private_key(65_537, 2_048), "RS256"),
    ],
    ids=["P-256", "Ed25519", "RSA"],
)
def test_each_kind_signs_what_the_provider_accepts(key: Any, algorithm: str) -> None:
    client = ClientKey(_pem(key))
    assertion = client.assertion("service", "https://eid.example.hk", jti="j" * 22, now=NOW)
    accepted = verify_assertion(
        assertion,
        client_id="service",
        keys=[client.public_jwk()],
        audiences={"https://eid.example.hk"},
        now=NOW,
    )
    assert accepted.jti == "j" * 22
    header = verify_jwt(
        assertion, [client.public_jwk()], algorithms={algorithm}, typ={"JWT"}
    ).header
    assert header == {"alg": algorithm, "kid": client.kid, "typ": "JWT"}
    assert "d" not in client.public_jwk()


def test_path_text_and_jwk_are_the_same_key(tmp_path: Path) -> None:
    key = ECKey.generate_key("P-256")
    pem, jwk = key.as_pem(private=True).decode(), key.as_dict(private=True)
    (tmp_path / "client.pem").write_text(pem)
    (tmp_path / "client.jwk").write_text(json.dumps(jwk))
    sources = [
        pem,
        tmp_path / "client.pem",
        str(tmp_path / "client.pem"),
        tmp_path / "client.jwk",
        jwk,
        json.dumps(jwk),
    ]
    assert len({ClientKey(source).kid for source in sources}) == 1


def test_the_kid_of_a_jwk_is_kept() -> None:
    jwk = ECKey.generate_key("P-256", {"kid": "mine"}).as_dict(private=True)
    assert ClientKey(jwk).public_jwk()["kid"] == "mine"


def _public_pem() -> str:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("no-such-file.pem", "client_key_unreadable"),
        ("\0", "client_key_unreadable"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "client_key_malformed"),
        (_public_pem(), "client_key_malformed"),
        (
            _pem(ec.generate_private_key(ec.SECP256R1()), BestAvailableEncryption(b"secret")),
            "client_key_malformed",
        ),
        (_pem(ec.generate_private_key(ec.SECP384R1())), "key_algorithm_unknown"),
        (_pem(dsa.generate_private_key(1_024)), "key_algorithm_unknown"),
        (_pem(rsa.generate_private_key(65_537, 1_024)), "key_algorithm_unknown"),
        ("{not json", "client_key_malformed"),
        ({"kty": "oct", "k": "c2VjcmV0"}, "client_key_kind_unsupported"),
        ({}, "client_key_kind_unsupported"),
        ({"kty": "EC", "crv": "P-256"}, "client_key_malformed"),
        (ECKey.generate_key("P-256").as_dict(private=False), "client_key_malformed"),
    ],
)
def test_what_is_no_usable_key(source: Any, reason: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ClientKey(source)
    assert caught.value.reason == reason
    assert "secret" not in str(caught.value)


def test_a_key_does_not_show_itself() -> None:
    jwk = ECKey.generate_key("P-256").as_dict(private=True)
    assert str(jwk["d"]) not in repr(ClientKey(jwk))
