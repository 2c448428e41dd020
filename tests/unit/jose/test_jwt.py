"""Signing and verifying: one test per way in which a token can be wrong."""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from hkeid.jose import (
    ALGORITHMS,
    JoseRefused,
    active_key,
    check_times,
    public_jwks,
    sign_jwt,
    usable_public_key,
    verify_jwt,
)
from hkeid.jose.signatures import generate, public_jwk, signer
from hkeid.kernel import base64url
from hkeid.kernel.errors import ConfigurationError, Refused
from hkeid.ports import KeyPurpose
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.provider import RelyingPartyKey

TOKENS = KeyPurpose.TOKEN_SIGNING
KEYS = MemoryKeyStore()
JWKS = public_jwks(KEYS, TOKENS)["keys"]
NOW = datetime(2026, 11, 1, tzinfo=UTC)
ES256 = frozenset({"ES256"})
TYPES = frozenset({None, "JWT"})


def b64(value: Any) -> str:
    return base64url.encode(value if isinstance(value, bytes) else json.dumps(value).encode())


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "Ed25519", "EdDSA"])
def test_what_was_signed_verifies(algorithm: str) -> None:
    token = sign_jwt(KEYS, TOKENS, {"name": "陳大文"}, algorithm=algorithm, typ="JWT")
    found = verify_jwt(token, JWKS, algorithms={algorithm}, typ={"JWT"})
    assert found.claims == {"name": "陳大文"}
    assert found.header == {
        "alg": algorithm,
        "kid": active_key(KEYS, TOKENS, algorithm).kid,
        "typ": "JWT",
    }


def test_every_purpose_signs_with_its_own_keys() -> None:
    token = sign_jwt(KEYS, KeyPurpose.AUDIT_CHECKPOINT, {}, algorithm="ES256")
    with pytest.raises(JoseRefused, match="jws_key_unknown"):
        verify_jwt(token, JWKS, algorithms=ES256, typ=TYPES)


@pytest.mark.parametrize("allowed", [[], ["none"], ["HS256"], ["ES256", "HS256"], ["ES384"]])
def test_an_allow_list_is_not_empty_and_asymmetric(allowed: list[str]) -> None:
    token = sign_jwt(KEYS, TOKENS, {}, algorithm="ES256")
    with pytest.raises(ConfigurationError, match="algorithms_not_usable"):
        verify_jwt(token, JWKS, algorithms=allowed, typ=TYPES)


def forged(header: dict[str, Any], signature: bytes = b"\0" * 64, claims: Any = None) -> str:
    return f"{b64(header)}.{b64({} if claims is None else claims)}.{b64(signature)}"


KID = active_key(KEYS, TOKENS, "ES256").kid


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("", "jws_malformed"),
        ("a.b", "jws_malformed"),
        ("a.b.c.d", "jws_malformed"),
        ("ä.b.c", "jws_malformed"),
        ("!.e30.AA", "jws_malformed"),
        (f"{b64([])}.e30.AA", "jws_malformed"),
        (f"{b64(b'{')}.e30.AA", "jws_malformed"),
        ("{}.e30.AA".replace("{}", b64(b'{"alg":"ES256","alg":"none"}')), "jws_malformed"),
        (forged({"alg": "none"}, b""), "jws_algorithm_not_allowed"),
        (forged({"alg": "None"}, b""), "jws_algorithm_not_allowed"),
        (forged({}), "jws_algorithm_not_allowed"),
        (forged({"alg": ["ES256"]}), "jws_algorithm_not_allowed"),
        (forged({"alg": "HS256"}), "jws_algorithm_not_allowed"),
        (forged({"alg": "RS256", "kid": KID}), "jws_algorithm_not_allowed"),
        (forged({"alg": "ES256", "crit": ["exp"], "exp": 1}), "jws_crit_not_supported"),
        (forged({"alg": "ES256", "crit": []}), "jws_crit_not_supported"),
        (forged({"alg": "ES256", "b64": False}), "jws_crit_not_supported"),
        (forged({"alg": "ES256", "typ": "at+jwt"}), "jws_typ_unexpected"),
        (forged({"alg": "ES256", "typ": 1}), "jws_malformed"),
        (forged({"alg": "ES256", "kid": 1}), "jws_malformed"),
        (forged({"alg": "ES256", "kid": "other"}), "jws_key_unknown"),
        (forged({"alg": "ES256", "kid": KID}), "jws_signature_invalid"),
        (forged({"alg": "ES256", "kid": KID}, b""), "jws_signature_invalid"),
        (forged({"alg": "ES256", "kid": KID}, b"\1" * 63), "jws_signature_invalid"),
        (forged({"alg": "ES256"}), "jws_signature_invalid"),
    ],
    ids=count(),  # the tokens hold fresh key ids, which make no stable names
)
def test_what_is_wrong_is_named(token: str, reason: str) -> None:
    with pytest.raises(JoseRefused) as caught:
        verify_jwt(token, JWKS, algorithms=ES256, typ=TYPES)
    assert caught.value.reason == reason


def test_a_long_token_is_not_looked_at() -> None:
    token = sign_jwt(KEYS, TOKENS, {"pad": "x" * 20_000}, algorithm="ES256")
    with pytest.raises(JoseRefused, match="jws_too_long"):
        verify_jwt(token, JWKS, algorithms=ES256, typ=TYPES)
    assert verify_jwt(token, JWKS, algorithms=ES256, typ=TYPES, limit=60_000).claims


def test_hmac_with_the_public_key_is_no_signature() -> None:
    rs = active_key(KEYS, TOKENS, "RS256")
    message = f"{b64({'alg': 'HS256', 'kid': rs.kid})}.{b64({'sub': 'x'})}"
    mac = hmac.digest(json.dumps(dict(rs.public_jwk)).encode(), message.encode(), "sha256")
    with pytest.raises(JoseRefused, match="jws_algorithm_not_allowed"):
        verify_jwt(f"{message}.{b64(mac)}", JWKS, algorithms={"RS256"}, typ=TYPES)


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c"])
def test_a_key_inside_the_token_is_not_believed(member: str) -> None:
    attacker = RelyingPartyKey()
    token = attacker.sign({"sub": "x"}, kid=KID, **{member: attacker.jwks()["keys"][0]})
    with pytest.raises(JoseRefused, match="jws_signature_invalid"):
        verify_jwt(token, JWKS, algorithms=ES256, typ=TYPES)


def test_the_payload_must_be_an_object() -> None:
    key = RelyingPartyKey()
    token = key.sign([1])  # type: ignore[arg-type]
    with pytest.raises(JoseRefused, match="jwt_not_object"):
        verify_jwt(token, key.jwks()["keys"], algorithms=ES256, typ=TYPES)


def test_typ_is_compared_without_case_and_media_type_prefix() -> None:
    key = RelyingPartyKey()
    token = key.sign({}, typ="application/JWT")
    assert verify_jwt(token, key.jwks()["keys"], algorithms=ES256, typ={"jwt"})
    with pytest.raises(JoseRefused, match="jws_typ_unexpected"):
        verify_jwt(key.sign({}), key.jwks()["keys"], algorithms=ES256, typ={"jwt"})


def test_a_key_without_kid_in_the_token_is_found_by_its_kind() -> None:
    ours, others = RelyingPartyKey(), [RelyingPartyKey() for _ in range(2)]
    keys = [jwk for one in (*others, ours) for jwk in one.jwks()["keys"]]
    token = _without_kid(ours)
    assert verify_jwt(token, keys, algorithms=ES256, typ=TYPES).claims == {"ok": True}


def _without_kid(key: RelyingPartyKey) -> str:
    message = f"{b64({'alg': 'ES256'})}.{b64({'ok': True})}"
    return f"{message}.{b64(signer(key.private)(message.encode()))}"


@pytest.mark.parametrize(
    "change",
    [
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
        {"alg": "ES384"},
        {"alg": ["ES256"]},
        {"crv": "P-384"},
        {"kty": "OKP"},
        {"kty": ["EC"]},
    ],
)
def test_a_key_for_something_else_does_not_count(change: dict[str, Any]) -> None:
    key = RelyingPartyKey()
    jwk = {**key.jwks()["keys"][0], **change}
    with pytest.raises(JoseRefused, match="jws_key_unknown"):
        verify_jwt(key.sign({}), [jwk], algorithms=ES256, typ=TYPES)
    assert not usable_public_key(jwk)


@pytest.mark.parametrize("change", [{"x": "AA"}, {"x": None}, {"x": 5}, {"y": "!"}])
def test_a_key_that_is_none_verifies_nothing(change: dict[str, Any]) -> None:
    key = RelyingPartyKey()
    jwk = {**key.jwks()["keys"][0], **change}
    with pytest.raises(JoseRefused, match="jws_signature_invalid"):
        verify_jwt(key.sign({}), [jwk], algorithms=ES256, typ=TYPES)
    assert not usable_public_key(jwk)


def test_short_rsa_keys_and_private_halves_are_not_usable() -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()
    n = short.public_numbers().n
    jwk = {"kty": "RSA", "n": b64(n.to_bytes(128, "big")), "e": "AQAB"}
    assert not usable_public_key(jwk)
    good = public_jwk(generate("Ed25519"))
    assert usable_public_key(good)
    assert not usable_public_key({**good, "d": "AA"})


def test_ed25519_keys_are_published_for_both_names() -> None:
    published = {jwk["kty"]: jwk for jwk in JWKS}
    assert "alg" not in published["OKP"]
    assert published["EC"]["alg"] == "ES256"
    assert published["RSA"]["alg"] == "RS256"
    assert all(jwk["use"] == "sig" and not {"d", "p", "q"} & jwk.keys() for jwk in JWKS)


def test_signing_needs_an_active_key_of_a_known_algorithm() -> None:
    with pytest.raises(ConfigurationError, match="algorithm_unknown"):
        sign_jwt(KEYS, TOKENS, {}, algorithm="HS256")
    with pytest.raises(ConfigurationError, match="signing_key_missing"):
        sign_jwt(MemoryKeyStore(algorithms=("ES256",)), TOKENS, {}, algorithm="RS256")
    with pytest.raises(ConfigurationError, match="signing_key_missing"):
        sign_jwt(KEYS, KeyPurpose.BLIND_INDEX, {}, algorithm="ES256")


class RotatingUnderneath(MemoryKeyStore):
    """Keys that rotate between the look and the signature."""

    refusals = 1
    reason = "key_not_active"

    def sign(self, purpose: KeyPurpose, kid: str, message: bytes) -> bytes:
        if self.refusals:
            self.refusals -= 1
            raise Refused(self.reason)
        return super().sign(purpose, kid, message)


@pytest.mark.parametrize("reason", ["key_not_active", "key_unknown"])
def test_a_rotation_in_between_costs_a_second_look(reason: str) -> None:
    """A key that was withdrawn is not there at all any more."""
    keys = RotatingUnderneath(algorithms=("ES256",))
    keys.reason = reason
    assert sign_jwt(keys, TOKENS, {}, algorithm="ES256")
    keys.refusals = 2
    with pytest.raises(Refused, match=reason):
        sign_jwt(keys, TOKENS, {}, algorithm="ES256")


def epoch(**after: int) -> int:
    return int((NOW + timedelta(**after)).timestamp())


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iat": epoch()}, "jwt_claim_missing"),
        ({"exp": epoch(seconds=60)}, "jwt_claim_missing"),
        ({"exp": epoch(seconds=-10), "iat": epoch()}, "jwt_expired"),
        ({"exp": "soon", "iat": epoch()}, "jwt_claim_malformed"),
        ({"exp": True, "iat": epoch()}, "jwt_claim_malformed"),
        ({"exp": 10**30, "iat": epoch()}, "jwt_claim_malformed"),
        ({"exp": float("inf"), "iat": epoch()}, "jwt_claim_malformed"),
        ({"exp": float("nan"), "iat": epoch()}, "jwt_claim_malformed"),
        ({"exp": None, "iat": epoch()}, "jwt_claim_malformed"),
        ({"exp": epoch(hours=1), "iat": epoch(seconds=11)}, "jwt_issued_in_future"),
        (
            {"exp": epoch(hours=1), "iat": epoch(), "nbf": epoch(seconds=11)},
            "jwt_not_yet_valid",
        ),
    ],
)
def test_times_that_do_not_hold(claims: dict[str, Any], reason: str) -> None:
    with pytest.raises(JoseRefused) as caught:
        check_times(claims, now=NOW)
    assert caught.value.reason == reason


def test_times_at_the_edge_of_the_leeway_hold() -> None:
    check_times(
        {
            "exp": epoch(seconds=-9),
            "iat": epoch(seconds=10) + 0.5,
            "nbf": epoch(seconds=10),
        },
        now=NOW,
    )
    check_times({}, now=NOW, require=())


def test_the_table_holds_no_symmetric_algorithm() -> None:
    assert set(ALGORITHMS) == {"ES256", "Ed25519", "EdDSA", "PS256", "RS256"}
