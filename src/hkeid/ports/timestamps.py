"""Time-stamping as an outside service."""

from __future__ import annotations

from typing import Protocol


class TimestampAuthority(Protocol):
    """Who says that something existed at a time (RFC 3161)."""

    def stamp(self, digest: bytes, *, hash_name: str = "sha256") -> bytes:
        """A TimeStampToken (RFC 3161 §2.4.2) over ``digest``: DER of the ContentInfo, checked against
        the request and its nonce.

        :raises hkeid.kernel.errors.Unavailable: ``timestamp_unavailable``.
        :raises hkeid.kernel.errors.Refused: ``timestamp_refused``, ``timestamp_wrong``.
        """
        ...
