"""The relying party's own private key, with which it proves who it is (``private_key_jwt``)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from os import PathLike
from pathlib import Path
from typing import Any

from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import ConfigurationError, MalformedInput
from hkeid.kernel.instants import Instant, epoch_seconds

PrivateKey = str | PathLike[str] | Mapping[str, Any]
"""A file's path, PEM text, or a JWK (mapping or JSON text)."""

ASSERTION_LIFETIME = timedelta(seconds=60)


class ClientKey:
    """A private key (P-256, Ed25519 or RSA) that signs client assertions.

    :ivar kid: the one in the JWK, or else made from the key's thumbprint; register
        :meth:`public_jwk` with the provider and the two agree.
    :ivar algorithm: ``ES256``, ``Ed25519`` or ``RS256``.
    :raises ConfigurationError: ``client_key_unreadable``, ``client_key_malformed``,
        ``client_key_kind_unsupported``, ``key_algorithm_unknown``.
    """

    def __init__(self, source: PrivateKey) -> None:
        from hkeid.jose import signatures

        key, kid = _load(source)
        signatures.algorithm_of(key)
        public = signatures.public_jwk(key)
        self._public = public if kid is None else {**public, "kid": kid}
        self._sign = signatures.signer(key)
        self.kid: str = self._public["kid"]
        self.algorithm: str = self._public["alg"]

    def __repr__(self) -> str:
        return f"ClientKey(kid={self.kid!r}, algorithm={self.algorithm!r})"

    def public_jwk(self) -> dict[str, Any]:
        """The public half as a JWK with ``kid``, ``use`` and ``alg``: what the provider registers."""
        return dict(self._public)

    def assertion(self, client_id: str, audience: str, *, jti: str, now: Instant) -> str:
        """A client assertion for one request (RFC 7523 §3, OpenID Connect Core §9).

        :param audience: the issuer, as one string: an assertion for one provider is then of no use
            at another.
        """
        header = {"alg": self.algorithm, "kid": self.kid, "typ": "JWT"}
        claims = assertion_claims(client_id, audience, jti=jti, now=now)
        parts = (base64url.encode(canonical_json.dumps(part)) for part in (header, claims))
        message = ".".join(parts)
        return f"{message}.{base64url.encode(self._sign(message.encode('ascii')))}"


def assertion_claims(client_id: str, audience: str, *, jti: str, now: Instant) -> dict[str, Any]:
    """What a client assertion says (RFC 7523 §3, OpenID Connect Core §9), whoever signs it."""
    issued = epoch_seconds(now)
    return {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": jti,
        "iat": issued,
        "exp": issued + int(ASSERTION_LIFETIME.total_seconds()),
    }


def _load(source: PrivateKey) -> tuple[Any, str | None]:
    """The key, and its ``kid`` where it says one. Nothing of the key ever appears in an error."""
    if isinstance(source, Mapping):
        return _from_jwk(source)
    text = _text(source)
    if not text.lstrip().startswith("{"):
        return _from_pem(text), None
    try:
        return _from_jwk(canonical_json.loads_object(text))
    except MalformedInput as error:
        raise ConfigurationError("client_key_malformed", detail=error.reason) from None


def _text(source: str | PathLike[str]) -> str:
    if isinstance(source, str) and ("-----BEGIN" in source or source.lstrip().startswith("{")):
        return source
    try:
        return Path(source).read_text("utf-8")
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            "client_key_unreadable", detail=f"{Path(source)}: {type(error).__name__}"
        ) from None


def _from_pem(text: str) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(text.encode(), password=None)
    except TypeError:
        raise ConfigurationError(
            "client_key_malformed", detail="the key is encrypted; store it without a password"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigurationError("client_key_malformed", detail="not a PEM private key") from None


def _from_jwk(members: Mapping[str, Any]) -> tuple[Any, str | None]:
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    kinds: dict[Any, type[ECKey | RSAKey | OKPKey]] = {"EC": ECKey, "RSA": RSAKey, "OKP": OKPKey}
    kind = kinds.get(members.get("kty"))
    if kind is None:
        raise ConfigurationError("client_key_kind_unsupported", detail=str(members.get("kty")))
    try:
        key = kind.import_key(dict(members)).private_key
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ConfigurationError("client_key_malformed", detail=type(error).__name__) from None
    if key is None:
        raise ConfigurationError("client_key_malformed", detail="this is a public key")
    kid = members.get("kid")
    return key, kid if isinstance(kid, str) else None
