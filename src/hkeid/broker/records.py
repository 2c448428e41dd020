"""Broker sessions and the repository they live in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hkeid.audit.events import AuditTrail
from hkeid.doors.logout.records import LogoutNoticeRepository
from hkeid.identity.assurance import Acr
from hkeid.identity.authentication import Proxying
from hkeid.kernel.instants import Instant
from hkeid.op.records import ClientRepository, GrantRepository
from hkeid.ports.storage import AttemptBudgets, Expiring, SingleUse
from hkeid.residents.records import CredentialRepository, ResidentRepository
from hkeid.saml.idp.records import ParticipationRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A resident's session in one browser.

    :ivar id: internal id, from which each client's ``sid`` is derived.
    :ivar digest: SHA-256 of the reference in the browser's cookie; replaced at every login.
    :ivar credential_id: the credential of the latest authentication, or None (an upstream).
    :ivar expires_at: the idle limit, never later than the absolute one (``authenticated_at`` plus the
        broker's session lifetime) and ``ends_at``.
    :ivar agent: coarse name of browser and system for the resident's own list; sealed by the caller.
    :ivar ends_at: when it ends at the latest by the word of the upstream that authenticated, or None.
    :ivar proxying: to whom it may be told by the word of that upstream, or None: to anybody.
    """

    id: str
    digest: bytes
    resident_id: str
    credential_id: bytes | None
    acr: Acr
    amr: tuple[str, ...]
    authenticated_at: Instant
    created_at: Instant
    expires_at: Instant
    ended_at: Instant | None = None
    agent: bytes = b""
    ends_at: Instant | None = None
    proxying: Proxying | None = None


class SessionRepository(Expiring, Protocol):
    """Sessions inside a transaction."""

    def add(self, session: Session) -> None:
        """Keep a new session."""
        ...

    def get(self, session_id: str) -> Session | None:
        """By internal id, ended or not."""
        ...

    def by_digest(self, digest: bytes) -> Session | None:
        """By the digest of the browser's reference, ended or not."""
        ...

    def renew(self, session: Session) -> bool:
        """Replace digest, credential, acr, amr, times and limits of a session that has not ended; False else."""
        ...

    def touch(self, session_id: str, *, digest: bytes, expires_at: Instant) -> bool:
        """Move the idle limit in one conditional statement: only while the session has not ended
        and its reference is still ``digest``, so that a page view never undoes a login's new one.
        """
        ...

    def end(self, session_id: str, now: Instant) -> bool:
        """End; False when there is none or it ended already."""
        ...

    def of_resident(self, resident_id: str) -> tuple[Session, ...]:
        """A resident's sessions that have not ended, newest first (expired ones included)."""
        ...


class BrokerTransaction(Protocol):
    """What the broker needs of a transaction."""

    @property
    def single_use(self) -> SingleUse: ...
    @property
    def budgets(self) -> AttemptBudgets: ...
    @property
    def sessions(self) -> SessionRepository: ...
    @property
    def grants(self) -> GrantRepository: ...
    @property
    def clients(self) -> ClientRepository: ...
    @property
    def logout_notices(self) -> LogoutNoticeRepository: ...
    @property
    def participations(self) -> ParticipationRepository: ...
    @property
    def residents(self) -> ResidentRepository: ...
    @property
    def credentials(self) -> CredentialRepository: ...
    @property
    def audit(self) -> AuditTrail: ...
