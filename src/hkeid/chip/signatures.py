"""Signatures of countries and document signers, under a policy: RSA PKCS #1 v1.5, RSA PSS, ECDSA."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from hkeid.chip.groups import CurveGroup, InvalidPublicKey, ec_public_key
from hkeid.chip.public_keys import (
    AgreementKey,
    MalformedKey,
    RsaKey,
    UnsupportedKey,
    parse_public_key,
)
from hkeid.chip.structures import SignatureAlgorithm

_STRONG = frozenset({"sha224", "sha256", "sha384", "sha512"})
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustPolicy:
    """What is strong enough.

    :ivar allow_sha1: accept SHA-1 in documents, with a finding each time. Old passports need it.
    :ivar smallest_rsa: fewest bits of an RSA modulus.
    :ivar stale_revocation: how long after its next update a revocation list still says something; after
        that it counts as none.
    """

    allow_sha1: bool = False
    smallest_rsa: int = 2048
    stale_revocation: timedelta = timedelta(days=14)

    def allows(self, digest: str | None) -> bool:
        """Whether a hash may be used."""
        return digest in _STRONG or (digest == "sha1" and self.allow_sha1)


ANY_DIGEST = TrustPolicy(allow_sha1=True, smallest_rsa=1024)
"""For self-signatures of certificates that are trusted because they were configured."""


class Verdict(StrEnum):
    """What became of checking a signature."""

    GOOD = "good"
    WRONG = "wrong"
    KEY_REFUSED = "key_refused"
    CURVE_REFUSED = "curve_refused"
    ALGORITHM_REFUSED = "algorithm_refused"


def digest_of(name: str, message: bytes) -> bytes:
    """The hash called ``name``, which a policy must have allowed."""
    return hashlib.new(name, message, usedforsecurity=False).digest()


def verify_signature(
    key_info: bytes,
    algorithm: SignatureAlgorithm,
    signature: bytes,
    message: bytes,
    *,
    policy: TrustPolicy,
    digest: str | None = None,
) -> Verdict:
    """Check ``signature`` over ``message`` with the key in DER ``SubjectPublicKeyInfo``.

    :param digest: the hash where the algorithm leaves it open (CMS names it elsewhere).
    """
    name = algorithm.digest or digest
    if not policy.allows(name) or (digest is not None and name != digest):
        return Verdict.ALGORITHM_REFUSED
    if algorithm.mask_digest is not None and not policy.allows(algorithm.mask_digest):
        return Verdict.ALGORITHM_REFUSED
    assert name is not None
    hashed = _HASHES[name]()
    try:
        key = parse_public_key(key_info)
    except UnsupportedKey as error:
        curve = "curve" in (error.detail or "") or error.detail == "generator"
        return Verdict.CURVE_REFUSED if curve else Verdict.KEY_REFUSED
    except MalformedKey:
        return Verdict.KEY_REFUSED
    if isinstance(key, RsaKey):
        return _rsa(key, algorithm, signature, message, hashed, policy)
    return _ecdsa(key, algorithm, signature, message, hashed)


def _rsa(
    key: RsaKey,
    algorithm: SignatureAlgorithm,
    signature: bytes,
    message: bytes,
    hashed: hashes.HashAlgorithm,
    policy: TrustPolicy,
) -> Verdict:
    if key.modulus.bit_length() < policy.smallest_rsa:
        return Verdict.KEY_REFUSED
    scheme: padding.AsymmetricPadding
    if algorithm.scheme == "pss" and algorithm.mask_digest is not None:
        mask = padding.MGF1(_HASHES[algorithm.mask_digest]())
        scheme = padding.PSS(mgf=mask, salt_length=algorithm.salt_length)
    elif algorithm.scheme == "rsa":
        scheme = padding.PKCS1v15()
    else:
        return Verdict.ALGORITHM_REFUSED
    try:
        public = rsa.RSAPublicNumbers(key.exponent, key.modulus).public_key()
        public.verify(signature, message, scheme, hashed)
    except InvalidSignature:
        return Verdict.WRONG
    except (ValueError, UnsupportedAlgorithm):
        return Verdict.KEY_REFUSED
    return Verdict.GOOD


def _ecdsa(
    key: AgreementKey,
    algorithm: SignatureAlgorithm,
    signature: bytes,
    message: bytes,
    hashed: hashes.HashAlgorithm,
) -> Verdict:
    if not isinstance(key.group, CurveGroup):
        return Verdict.KEY_REFUSED
    if algorithm.scheme != "ecdsa":
        return Verdict.ALGORITHM_REFUSED
    try:
        ec_public_key(key.group, key.public).verify(signature, message, ec.ECDSA(hashed))
    except InvalidSignature:
        return Verdict.WRONG
    except InvalidPublicKey:
        return Verdict.KEY_REFUSED
    except (ValueError, UnsupportedAlgorithm):
        return Verdict.CURVE_REFUSED
    return Verdict.GOOD
