"""What is kept of a session that an upstream's login opened."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Protocol

from hkeid.broker.records import BrokerTransaction
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import Expiring
from hkeid.residents.links import LinkRepository
from hkeid.residents.records import BlindIndexRepository, SealedFieldRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamSession:
    """Which of an upstream's sessions a session of ours hangs on.

    :ivar subject: :func:`hkeid.residents.links.subject_digest`.
    :ivar holder: the same digest of whom the upstream names when it ends the session, where that is another name;
        None: ``subject``.
    :ivar upstream_session: :func:`hkeid.residents.links.upstream_session_digest`, or None: the upstream
        names no sessions.
    :ivar kept: what its logout needs, sealed under the resident's data key; b"" where it ends none.
    :ivar expires_at: when the session is over at the latest.
    """

    session_id: str
    provider: str
    subject: bytes
    upstream_session: bytes | None
    kept: bytes = field(default=b"", repr=False)
    expires_at: Instant
    holder: bytes | None = None


class UpstreamSessionRepository(Expiring, Protocol):
    """Such sessions inside a transaction."""

    def put(self, session: UpstreamSession) -> None:
        """Keep; what was kept for the same session of ours is replaced."""
        ...

    def of_session(self, session_id: str) -> UpstreamSession | None:
        """What is kept for a session of ours, ended or not."""
        ...

    def of_subject(self, provider: str, subject: bytes) -> tuple[UpstreamSession, ...]:
        """Those that a subject opened."""
        ...

    def find(
        self, provider: str, *, holder: bytes | None, sessions: Collection[bytes] = ()
    ) -> tuple[UpstreamSession, ...]:
        """Those of a holder; of these the named ones alone, where any are named; without a holder,
        those with these names.
        """
        ...


class UpstreamTransaction(BrokerTransaction, Protocol):
    """What logging in at an upstream needs of a transaction."""

    @property
    def links(self) -> LinkRepository: ...
    @property
    def upstream_sessions(self) -> UpstreamSessionRepository: ...
    @property
    def blind_index(self) -> BlindIndexRepository: ...
    @property
    def sealed_fields(self) -> SealedFieldRepository: ...
