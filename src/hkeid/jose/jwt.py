"""Signing around ``KeyStore.sign`` and verifying with joserfc, both under an explicit policy."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from hkeid.jose.algorithms import ALGORITHMS, MINIMUM_RSA_BITS, SignatureAlgorithm
from hkeid.jose.errors import JoseRefused
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import ConfigurationError, MalformedInput, Refused
from hkeid.kernel.instants import Instant, epoch_seconds
from hkeid.ports.keys import KeyPurpose, KeyState, KeyStore, SigningKey

_MOST_CANDIDATES = 4
"""How many keys are tried for a token without ``kid``."""

_MAXIMUM_RSA_BITS = 8192
"""Verifying with longer keys costs more than a caller should make us spend."""

_encode_claims = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedJwt:
    """A token whose signature held. Times and audience are for the caller to check."""

    header: dict[str, Any]
    claims: dict[str, Any]


def sign_jwt(
    keys: KeyStore,
    purpose: KeyPurpose,
    claims: Mapping[str, Any],
    *,
    algorithm: str,
    typ: str | None = None,
) -> str:
    """``claims`` as a compact JWS (RFC 7519 §7.1) under the active key for ``algorithm``.

    The header carries ``alg`` and ``kid``, and ``typ`` where one is given.

    :raises ConfigurationError: ``signing_key_missing`` (no active key), ``algorithm_unknown``.
    """
    body = base64url.encode(_encode_claims(claims).encode())
    try:
        return _sign(keys, purpose, body, algorithm, typ)
    except Refused as error:
        if error.reason not in ("key_not_active", "key_unknown"):
            raise
    # The key was rotated or withdrawn between looking it up and signing with it: look again, once.
    return _sign(keys, purpose, body, algorithm, typ)


def _sign(keys: KeyStore, purpose: KeyPurpose, body: str, algorithm: str, typ: str | None) -> str:
    key = active_key(keys, purpose, algorithm)
    message = f"{_header(key.kid, algorithm, typ)}.{body}"
    signature = keys.sign(purpose, key.kid, message.encode("ascii"))
    return f"{message}.{base64url.encode(signature)}"


def active_key(keys: KeyStore, purpose: KeyPurpose, algorithm: str) -> SigningKey:
    """The key that signs ``algorithm`` at present.

    :raises ConfigurationError: ``signing_key_missing``, ``algorithm_unknown``.
    """
    known = ALGORITHMS.get(algorithm)
    if known is None:
        raise ConfigurationError("algorithm_unknown", detail=repr(algorithm))
    for key in keys.signing_keys(purpose):
        if key.state is KeyState.ACTIVE and key.algorithm == known.key_algorithm:
            return key
    raise ConfigurationError("signing_key_missing", detail=f"{purpose.value} {algorithm}")


@lru_cache(maxsize=64)
def _header(kid: str, algorithm: str, typ: str | None) -> str:
    header = {"alg": algorithm, "kid": kid}
    if typ is not None:
        header["typ"] = typ
    return base64url.encode(_encode_claims(header).encode())


def public_jwks(keys: KeyStore, purpose: KeyPurpose) -> dict[str, Any]:
    """The JWK Set (RFC 7517 §5) of a purpose: next, active and passive keys.

    Ed25519 keys are published without ``alg``, so that peers which call it ``EdDSA`` and peers which
    call it ``Ed25519`` (RFC 9864) both find them.
    """
    published = []
    for key in keys.signing_keys(purpose):
        jwk = dict(key.public_jwk)
        if key.algorithm == "Ed25519":
            jwk.pop("alg", None)
        published.append(jwk)
    return {"keys": published}


def verify_jwt(
    token: str,
    keys: Iterable[Mapping[str, Any]],
    *,
    algorithms: Collection[str],
    typ: Collection[str | None],
    limit: int = 16_384,
) -> VerifiedJwt:
    """Check a compact JWS with a JSON object inside, against public JWKs.

    :param algorithms: explicit allow-list, not empty, asymmetric algorithms only.
    :param typ: accepted ``typ`` headers; None stands for "no typ". Compared without case, and with
        a leading ``application/`` left out (RFC 7515 §4.1.9).
    :param limit: most characters that are looked at.
    :raises JoseRefused: one reason per rule, see there.
    :raises ConfigurationError: ``algorithms_not_usable``: the allow-list is empty or names others.
    """
    if not algorithms or not all(name in ALGORITHMS for name in algorithms):
        raise ConfigurationError("algorithms_not_usable", detail=repr(sorted(algorithms)))
    if len(token) > limit:
        raise JoseRefused("jws_too_long")
    header_part, payload_part, signature_part = _split(token)
    header = _json_object(header_part, "jws_malformed")
    algorithm = _checked_algorithm(header, algorithms, typ)
    signature = _bytes(signature_part, "jws_malformed")
    candidates = _candidates(header.get("kid"), keys, algorithm)
    message = f"{header_part}.{payload_part}".encode("ascii")
    if not any(_holds(message, signature, algorithm, jwk) for jwk in candidates):
        raise JoseRefused("jws_signature_invalid")
    return VerifiedJwt(header=header, claims=_json_object(payload_part, "jwt_not_object"))


def check_times(
    claims: Mapping[str, Any],
    *,
    now: Instant,
    leeway_seconds: int = 10,
    require: Collection[str] = ("exp", "iat"),
) -> None:
    """Check ``exp``, ``nbf`` and ``iat`` (RFC 7519 §4.1.4-4.1.6), each where present.

    :param leeway_seconds: clocks may differ by this much.
    :param require: which of them must be present.
    :raises JoseRefused: ``jwt_claim_missing``, ``jwt_claim_malformed``, ``jwt_expired``,
        ``jwt_not_yet_valid``, ``jwt_issued_in_future``.
    """
    present = epoch_seconds(now)
    for name in require:
        if name not in claims:
            raise JoseRefused("jwt_claim_missing", detail=name)
    if "exp" in claims and numeric_date(claims, "exp") <= present - leeway_seconds:
        raise JoseRefused("jwt_expired")
    if "nbf" in claims and numeric_date(claims, "nbf") > present + leeway_seconds:
        raise JoseRefused("jwt_not_yet_valid")
    if "iat" in claims and numeric_date(claims, "iat") > present + leeway_seconds:
        raise JoseRefused("jwt_issued_in_future")


def numeric_date(claims: Mapping[str, Any], name: str) -> int:
    """A NumericDate claim (RFC 7519 §2) in whole seconds, rounded down.

    :raises JoseRefused: ``jwt_claim_malformed``.
    """
    value = claims.get(name)
    if isinstance(value, float) and abs(value) < 1e12:
        return int(value // 1)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**12:
        return value
    raise JoseRefused("jwt_claim_malformed", detail=name)


def _split(token: str) -> tuple[str, str, str]:
    parts = token.split(".")
    if len(parts) != 3 or not token.isascii():
        raise JoseRefused("jws_malformed", detail="not three parts of ASCII")
    return parts[0], parts[1], parts[2]


def _bytes(part: str, reason: str) -> bytes:
    try:
        return base64url.decode(part)
    except MalformedInput:
        raise JoseRefused(reason, detail="base64url") from None


def _json_object(part: str, reason: str) -> dict[str, Any]:
    try:
        return canonical_json.loads_object(_bytes(part, reason))
    except MalformedInput as error:
        raise JoseRefused(reason, detail=error.reason) from None


def _checked_algorithm(
    header: Mapping[str, Any], algorithms: Collection[str], typ: Collection[str | None]
) -> SignatureAlgorithm:
    """Header rules: ``alg`` in the allow-list, no ``crit`` (RFC 7515 §4.1.11), no ``b64``, ``typ``."""
    name = header.get("alg")
    if not isinstance(name, str) or name not in algorithms:
        raise JoseRefused("jws_algorithm_not_allowed")
    if "crit" in header or "b64" in header:
        raise JoseRefused("jws_crit_not_supported")
    given = header.get("typ")
    if given is not None:
        if not isinstance(given, str):
            raise JoseRefused("jws_malformed", detail="typ")
        given = given.lower().removeprefix("application/")
    if given not in {None if one is None else one.lower() for one in typ}:
        raise JoseRefused("jws_typ_unexpected")
    return ALGORITHMS[name]


def _candidates(
    kid: Any, keys: Iterable[Mapping[str, Any]], algorithm: SignatureAlgorithm
) -> list[Mapping[str, Any]]:
    """The keys that may have signed. Keys inside the token (``jwk``, ``x5c`` …) never count."""
    if kid is not None and not isinstance(kid, str):
        raise JoseRefused("jws_malformed", detail="kid")
    fitting = [
        jwk for jwk in keys if (kid is None or jwk.get("kid") == kid) and algorithm.fits(jwk)
    ]
    if not fitting:
        raise JoseRefused("jws_key_unknown")
    return fitting[:_MOST_CANDIDATES]


def _holds(
    message: bytes, signature: bytes, algorithm: SignatureAlgorithm, jwk: Mapping[str, Any]
) -> bool:
    key = _imported(*(jwk.get(member) for member in ("kty", "crv", "x", "y", "n", "e")))
    if key is None:
        return False
    model = JWSRegistry.algorithms[algorithm.name]
    try:
        model.check_key(key)
        return model.verify(message, signature, key)
    except (JoseError, ValueError, TypeError):
        return False


@lru_cache(maxsize=256)
def _imported_members(
    kty: str, crv: str | None, x: str | None, y: str | None, n: str | None, e: str | None
) -> ECKey | OKPKey | RSAKey | None:
    try:
        if kty == "EC":
            return ECKey.import_key({"kty": "EC", "crv": crv or "", "x": x or "", "y": y or ""})
        if kty == "OKP":
            return OKPKey.import_key({"kty": "OKP", "crv": crv or "", "x": x or ""})
        bits = int.from_bytes(base64url.decode(n or ""), "big").bit_length()
        if not MINIMUM_RSA_BITS <= bits <= _MAXIMUM_RSA_BITS:
            return None
        return RSAKey.import_key({"kty": "RSA", "n": n or "", "e": e or ""})
    except (JoseError, MalformedInput, ValueError, TypeError):
        return None


def _imported(*members: Any) -> ECKey | OKPKey | RSAKey | None:
    """The joserfc key behind the public members; None when they make no usable key."""
    if not all(member is None or isinstance(member, str) for member in members):
        return None
    return _imported_members(*members)


def usable_public_key(jwk: Mapping[str, Any]) -> bool:
    """Whether a JWK is a public key that :func:`verify_jwt` could use for some algorithm.

    Private members are refused: whoever registers a key must keep its private half.
    """
    if {"d", "p", "q", "k"} & jwk.keys():
        return False
    if not any(algorithm.fits(jwk) for algorithm in ALGORITHMS.values()):
        return False
    return (
        _imported(*(jwk.get(member) for member in ("kty", "crv", "x", "y", "n", "e"))) is not None
    )


__all__ = [
    "VerifiedJwt",
    "active_key",
    "check_times",
    "numeric_date",
    "public_jwks",
    "sign_jwt",
    "usable_public_key",
    "verify_jwt",
]
