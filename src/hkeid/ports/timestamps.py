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


class NoncedTimestampAuthority(Protocol):
    """A :class:`TimestampAuthority` that puts the number of somebody else's choice into its token."""

    def stamp(self, digest: bytes, *, hash_name: str = "sha256", nonce: int | None = None) -> bytes:
        """As :meth:`TimestampAuthority.stamp`.

        :param nonce: to stand in the token (RFC 3161 §2.4.2); None: one of its own, or none.
        """
        ...
