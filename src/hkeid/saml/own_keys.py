"""Keys of ours behind the KeyStore, as the XML kernel and metadata want them (law 6)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hkeid.kernel import base64url
from hkeid.kernel.errors import ConfigurationError, Refused
from hkeid.ports.keys import KeyPurpose, KeyState, KeyStore, SigningKey
from hkeid.saml.dsig import (
    ECDSA_SHA256,
    RSA_SHA256,
    KeyUnwrapper,
    OaepParameters,
    PublicKey,
    XmlSigner,
)
from hkeid.saml.dsig.key_transport import LABELS, MASKS
from hkeid.saml.metadata.publication import OwnKey

NO_CERTIFICATES: Mapping[str, bytes] = MappingProxyType({})
_ALGORITHMS = {"RS256": RSA_SHA256, "ES256": ECDSA_SHA256}


def signer(
    keys: KeyStore,
    *,
    algorithm: str = "RS256",
    certificates: Mapping[str, bytes] = NO_CERTIFICATES,
) -> XmlSigner:
    """Signs with the active key for SAML.

    :param algorithm: ``RS256``, which every peer knows, or ``ES256``.
    :param certificates: DER by ``kid``, for peers that look for one in KeyInfo.
    :raises ConfigurationError: ``signing_key_missing``.
    """
    purpose = KeyPurpose.SAML_SIGNING
    found = (
        key.kid
        for key in keys.signing_keys(purpose)
        if key.state is KeyState.ACTIVE and key.algorithm == algorithm
    )
    kid = next(found, None)
    if kid is None:
        raise ConfigurationError("signing_key_missing", detail=f"{purpose.value} {algorithm}")
    return XmlSigner(
        algorithm=_ALGORITHMS[algorithm],
        sign=partial(keys.sign, purpose, kid),
        certificate=certificates.get(kid),
    )


def unwrappers(keys: KeyStore) -> tuple[KeyUnwrapper, ...]:
    """Our decryption keys, the active one first; while keys roll over, the one before still opens."""
    return tuple(_unwrapper(keys, key.kid) for key in keys.signing_keys(KeyPurpose.SAML_DECRYPTION))


def _unwrapper(keys: KeyStore, kid: str) -> KeyUnwrapper:
    def unwrap(wrapped: bytes, parameters: OaepParameters) -> bytes:
        try:
            return keys.decrypt(
                KeyPurpose.SAML_DECRYPTION,
                kid,
                wrapped,
                label=LABELS[parameters.digest].name,
                mask=MASKS[parameters.mgf].name,
            )
        except Refused as error:
            raise ValueError(error.reason) from None

    return unwrap


def own_keys(
    keys: KeyStore, purpose: KeyPurpose, certificates: Mapping[str, bytes] = NO_CERTIFICATES
) -> tuple[OwnKey, ...]:
    """Public halves, for our metadata."""
    return tuple(
        OwnKey(state=key.state, public=public_key(key), certificate=certificates.get(key.kid))
        for key in keys.signing_keys(purpose)
    )


def public_key(key: SigningKey) -> PublicKey:
    """The public half of a key in the store.

    :raises ConfigurationError: ``key_algorithm_unknown``: XML signatures have no such algorithm.
    """
    jwk = key.public_jwk
    if jwk["kty"] == "RSA":
        return rsa.RSAPublicNumbers(e=_integer(jwk["e"]), n=_integer(jwk["n"])).public_key()
    if jwk["kty"] == "EC" and jwk["crv"] == "P-256":
        curve = ec.SECP256R1()
        return ec.EllipticCurvePublicNumbers(
            _integer(jwk["x"]), _integer(jwk["y"]), curve
        ).public_key()
    raise ConfigurationError("key_algorithm_unknown", detail=key.algorithm)


def _integer(text: str) -> int:
    return int.from_bytes(base64url.decode(text), "big")
