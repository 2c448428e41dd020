"""Digests of what was disclosed: by them a resident proves what was sent, and nobody else learns it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final

from hkeid.kernel import base64url, canonical_json

SALT_BYTES: Final = 16
_LABEL: Final = "hkeid-disclosed-1"


def value_digest(salt: bytes, disclosure_id: str, name: str, value: Any) -> str:
    """HMAC-SHA-256 (43 characters base64url) under the disclosure's salt, of the canonical JSON of
    label, disclosure, wire name and value.

    :param value: a JSON value without floats.
    """
    message = canonical_json.dumps([_LABEL, disclosure_id, name, value])
    return base64url.encode(hmac.digest(salt, message, hashlib.sha256))


def proves(
    digests: Mapping[str, str], salt: bytes, disclosure_id: str, name: str, value: Any
) -> bool:
    """Whether exactly ``value`` was sent as ``name``; pure, so that anybody can do it who was shown
    the salt.
    """
    kept = digests.get(name)
    if kept is None:
        return False
    try:
        digest = value_digest(salt, disclosure_id, name, value)
    except (TypeError, ValueError):  # no JSON value: it was not sent for certain
        return False
    return hmac.compare_digest(kept, digest)
