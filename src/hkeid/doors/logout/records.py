"""Logout notices that relying parties have not taken yet, and the repository they wait in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from hkeid.kernel.instants import Instant
from hkeid.ports.storage import Expiring


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutNotice:
    """A relying party is to be told that a session ended (OpenID Connect Back-Channel Logout §2.5; saml-core
    §3.7.3.2).

    There is one for each session and client, and it is gone when it was delivered or given up: the audit
    trail keeps what became of it.

    :ivar session_id: the broker's id; the client is told the ``sid`` made of it.
    :ivar client_id: a client's id; of a service that comes in by SAML, ``saml``, a blank and its entity ID
        (no client's id has a blank).
    :ivar subject: the pairwise ``sub`` that the client knows; empty for SAML, where participations keep names.
    :ivar next_at: when to try (again); moved on by whoever takes it up.
    :ivar attempts: how often it was tried.
    """

    session_id: str
    client_id: str
    subject: str = field(repr=False)
    ended_at: Instant
    next_at: Instant
    attempts: int = 0


class LogoutNoticeRepository(Expiring, Protocol):
    """Logout notices inside a transaction."""

    def add(self, notice: LogoutNotice) -> None:
        """Keep a new notice.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        ...

    def clients_due(self, now: Instant, *, limit: int = 1000) -> tuple[str, ...]:
        """Clients with notices whose ``next_at`` has come; who has waited longest first."""
        ...

    def due(self, client_id: str, now: Instant, *, limit: int) -> tuple[LogoutNotice, ...]:
        """A client's notices whose ``next_at`` has come, the oldest first."""
        ...

    def of_session(self, session_id: str) -> tuple[LogoutNotice, ...]:
        """What is not delivered yet of a session, in order of client."""
        ...

    def take(self, old: LogoutNotice, new: LogoutNotice) -> bool:
        """Replace ``attempts`` and ``next_at``, if they are still as in ``old``; in one conditional
        statement, so that of several processes one takes a notice up.
        """
        ...

    def postpone(self, client_id: str, now: Instant, until: Instant) -> int:
        """Move all of a client's notices that are due to ``until``; returns how many."""
        ...

    def remove(self, notice: LogoutNotice) -> bool:
        """Delete, if ``attempts`` and ``next_at`` are still as in ``notice``."""
        ...
