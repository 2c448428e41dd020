"""Evidence of a proofing session: sealed under a key of its own, which dies with the decision."""

from __future__ import annotations

from typing import Protocol

from hkeid.kernel.instants import Instant


class EvidenceVault(Protocol):
    """Pictures and readings of one session (a registration, an upgrade), until it is decided.

    Each session has a random AES-256-GCM key, wrapped, kept apart from the ciphertext; to destroy the
    key is to erase everything at once, copies in backups of the ciphertext included.
    """

    def open(self, session_id: str, *, expires_at: Instant) -> None:
        """Make the session's key. Nothing happens when it has one already.

        :raises hkeid.kernel.errors.Expired: ``evidence_destroyed``: it had one once.
        """
        ...

    def put(self, session_id: str, name: str, content: bytes) -> None:
        """Keep (or replace) an item.

        :param name: ``card``, ``portrait``, ``selfie``, ``reading`` …
        :raises hkeid.kernel.errors.Expired: ``evidence_destroyed``.
        """
        ...

    def get(self, session_id: str, name: str) -> bytes | None:
        """An item, or None when there is none or the key is gone."""
        ...

    def names(self, session_id: str) -> tuple[str, ...]:
        """Names of the items that can still be read, sorted."""
        ...

    def sessions(self, after: str = "") -> tuple[str, ...]:
        """Sessions of which something is kept, readable or not: up to 1000, in order, behind
        ``after``.
        """
        ...

    def extend(self, session_id: str, expires_at: Instant) -> None:
        """Keep the session's key for longer (a case that went to review)."""
        ...

    def destroy(self, session_id: str) -> None:
        """Destroy the key durably, then the ciphertext. May be repeated."""
        ...

    def expire(self, now: Instant, *, limit: int = 1000) -> tuple[str, ...]:
        """Destroy every session whose time is over; returns which."""
        ...

    def oldest(self) -> Instant | None:
        """When the first of the sessions that can still be read ends; None: there is none."""
        ...
