"""Proofs of possession for one login's token and UserInfo requests (RFC 9449)."""

from __future__ import annotations

from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from hkeid.kernel import base64url
from hkeid.kernel.instants import epoch_seconds
from hkeid.kernel.secret import Secret
from hkeid.ports.surroundings import Clock, HttpAnswer, Random
from hkeid.upstream.oidc.keys import ProofKey

_LONGEST_NONCE: Final = 512


class Proofs:
    """Makes one proof for each request, with the nonce that the server last gave (§8).

    A server's nonce counts for that server alone; the token endpoint and the UserInfo endpoint may be two.
    """

    def __init__(self, key: ProofKey, clock: Clock, random: Random) -> None:
        self._key = key
        self._clock = clock
        self._random = random
        self._nonces: dict[str, str] = {}

    def header(self, method: str, url: str, access_token: Secret | None = None) -> dict[str, str]:
        """The ``DPoP`` header for one request (§4.2); ``ath`` where a token goes with it."""
        claims: dict[str, str | int] = {
            "jti": self._random.token(16),
            "htm": method,
            "htu": _target(url),
            "iat": epoch_seconds(self._clock.now()),
        }
        nonce = self._nonces.get(_origin(url))
        if nonce is not None:
            claims["nonce"] = nonce
        if access_token is not None:
            claims["ath"] = base64url.encode(sha256(access_token.reveal().encode()).digest())
        return {"DPoP": self._key.proof(claims)}

    def learns(self, url: str, answer: HttpAnswer) -> bool:
        """Keep a nonce that the server gives; whether it refused the request for want of it (§8, §9)."""
        nonce = answer.headers.get("dpop-nonce", "")
        if not 0 < len(nonce) <= _LONGEST_NONCE or not nonce.isascii() or not nonce.isprintable():
            return False
        known = self._nonces.get(_origin(url))
        self._nonces[_origin(url)] = nonce
        if answer.status not in (400, 401) or nonce == known:
            return False
        told = answer.headers.get("www-authenticate", "").encode() + answer.body[:4096]
        return b"use_dpop_nonce" in told


class ProvedAccess:
    """An access token together with a proof (§7.1): :class:`hkeid.rp.userinfo.TokenAccess`."""

    def __init__(self, access_token: Secret, proofs: Proofs) -> None:
        self._token = access_token
        self._proofs = proofs
        self._url = ""

    def headers(self, method: str, url: str) -> dict[str, str]:
        """``Authorization: DPoP`` and the proof."""
        self._url = url
        return {
            "Authorization": f"DPoP {self._token.reveal()}",
            **self._proofs.header(method, url, self._token),
        }

    def learns(self, answer: HttpAnswer) -> bool:
        """Whether the server wants a nonce in the proof."""
        return self._proofs.learns(self._url, answer)


def _target(url: str) -> str:
    """``htu``: the address without query and fragment (§4.2)."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
