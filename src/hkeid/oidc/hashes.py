"""Hashes that tie an ID token to what came with it."""

from __future__ import annotations

from hkeid.jose.algorithms import ALGORITHMS
from hkeid.kernel import base64url


def at_hash(access_token: str, algorithm: str) -> str:
    """``at_hash`` (OpenID Connect Core §3.1.3.6): left half of the algorithm's hash of the token.

    :raises KeyError: ``algorithm`` is unknown. It never fails open: an algorithm whose hash is not
        known cannot be used for ID tokens at all.
    """
    digest: bytes = ALGORITHMS[algorithm].hash(access_token.encode("ascii")).digest()
    return base64url.encode(digest[: len(digest) // 2])
