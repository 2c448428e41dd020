"""What a relying party knows a resident and a session by."""

from __future__ import annotations

import re

from hkeid.kernel import base64url
from hkeid.ports.keys import KeyPurpose, KeyStore

_SUBJECT = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def pairwise_subject(keys: KeyStore, sector: str, resident_id: str) -> str:
    """The ``sub`` of a resident for all clients of a sector (OpenID Connect Core §8.1).

    A MAC of sector and resident: not reversible, and without the key not linkable across sectors.
    """
    return base64url.encode(
        keys.mac(KeyPurpose.PAIRWISE_SUBJECT, _framed("sub", sector, resident_id))
    )


def session_identifier(keys: KeyStore, client_id: str, session_id: str) -> str:
    """The ``sid`` of a session for one client (OpenID Connect Back-Channel Logout §2.1)."""
    return base64url.encode(
        keys.mac(KeyPurpose.PAIRWISE_SUBJECT, _framed("sid", client_id, session_id))[:16]
    )


def looks_like_subject(text: str) -> bool:
    """Whether ``text`` has the form of a pairwise ``sub`` of ours."""
    return _SUBJECT.match(text) is not None


def _framed(*parts: str) -> bytes:
    """Each part with its length before it, so that no two lists of parts look the same."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
