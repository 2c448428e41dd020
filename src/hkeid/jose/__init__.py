"""JWS, JWK and JWT policy: explicit algorithm allow-lists, ``typ``, key states."""

from hkeid.jose.algorithms import ALGORITHMS, SignatureAlgorithm
from hkeid.jose.errors import JoseRefused
from hkeid.jose.jwt import (
    VerifiedJwt,
    active_key,
    check_times,
    numeric_date,
    public_jwks,
    sign_jwt,
    usable_public_key,
    verify_jwt,
)

__all__ = [
    "ALGORITHMS",
    "JoseRefused",
    "SignatureAlgorithm",
    "VerifiedJwt",
    "active_key",
    "check_times",
    "numeric_date",
    "public_jwks",
    "sign_jwt",
    "usable_public_key",
    "verify_jwt",
]
