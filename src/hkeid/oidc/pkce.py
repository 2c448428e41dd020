"""Proof Key for Code Exchange, method S256 (RFC 7636). ``plain`` does not exist here."""

from __future__ import annotations

import hmac
import re
from hashlib import sha256

from hkeid.kernel import base64url

METHOD = "S256"

# \Z, not $: a trailing newline is not part of a verifier.
_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}\Z")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def challenge_of(verifier: str) -> str:
    """``BASE64URL-ENCODE(SHA256(ASCII(code_verifier)))`` (§4.2)."""
    return base64url.encode(sha256(verifier.encode("ascii", "replace")).digest())


def is_verifier(text: str) -> bool:
    """43 to 128 unreserved characters (§4.1)."""
    return _VERIFIER.match(text) is not None


def is_challenge(text: str) -> bool:
    """43 base64url characters: a SHA-256 digest (§4.2)."""
    return _CHALLENGE.match(text) is not None


def matches(verifier: str, challenge: str) -> bool:
    """Whether ``verifier`` belongs to ``challenge`` (§4.6), compared in constant time."""
    return is_verifier(verifier) and hmac.compare_digest(
        challenge_of(verifier).encode(), challenge.encode("ascii", "replace")
    )
