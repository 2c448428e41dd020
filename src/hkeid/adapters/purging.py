"""Letting go of what has expired: a job for any process, any time, beside the service.

Every repository is purged in small transactions of its own, so that nobody waits for long; on
PostgreSQL several processes may purge at once and do not get in each other's way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from hkeid.broker.records import SessionRepository
from hkeid.broker.upstream_records import UpstreamSessionRepository
from hkeid.doors.logout.records import LogoutNoticeRepository
from hkeid.enrolment.notices.records import NoticeRepository
from hkeid.enrolment.registration.records import RegistrationRepository
from hkeid.enrolment.upgrade.records import UpgradeRepository
from hkeid.kernel.instants import Instant
from hkeid.officers.records import OfficerSessionRepository
from hkeid.op.records import AccessTokenRepository, GrantRepository
from hkeid.ports.storage import AttemptBudgets, SingleUse, Store
from hkeid.profile.rights.records import DataRequestRepository
from hkeid.saml.idp.records import ParticipationRepository
from hkeid.signing.requests.records import SignatureRequestRepository


class PurgedTransaction(Protocol):
    """What purging needs of a transaction."""

    @property
    def single_use(self) -> SingleUse: ...
    @property
    def budgets(self) -> AttemptBudgets: ...
    @property
    def sessions(self) -> SessionRepository: ...
    @property
    def upstream_sessions(self) -> UpstreamSessionRepository: ...
    @property
    def officer_sessions(self) -> OfficerSessionRepository: ...
    @property
    def access_tokens(self) -> AccessTokenRepository: ...
    @property
    def grants(self) -> GrantRepository: ...
    @property
    def registrations(self) -> RegistrationRepository: ...
    @property
    def upgrades(self) -> UpgradeRepository: ...
    @property
    def notices(self) -> NoticeRepository: ...
    @property
    def participations(self) -> ParticipationRepository: ...
    @property
    def signature_requests(self) -> SignatureRequestRepository: ...
    @property
    def logout_notices(self) -> LogoutNoticeRepository: ...
    @property
    def data_requests(self) -> DataRequestRepository: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long things are kept after they expired.

    :ivar single_use: long enough that a replay is still told from an unknown token, and revokes its
        family.
    :ivar sessions: for the resident's own list of past sessions.
    :ivar logout_notices: delivery gives up before; this is for where nothing delivers.
    :ivar data_requests: at least four years after they were closed (Cap. 486 s.27(1)(c)).
    :ivar registrations: beyond what each of them says of itself.
    """

    single_use: timedelta = timedelta(days=1)
    budgets: timedelta = timedelta(0)
    sessions: timedelta = timedelta(days=30)
    officer_sessions: timedelta = timedelta(days=30)
    upstream_sessions: timedelta = timedelta(days=1)
    access_tokens: timedelta = timedelta(0)
    grants: timedelta = timedelta(days=1)
    registrations: timedelta = timedelta(0)
    upgrades: timedelta = timedelta(days=30)
    notices: timedelta = timedelta(days=90)
    signature_requests: timedelta = timedelta(days=30)
    participations: timedelta = timedelta(0)
    logout_notices: timedelta = timedelta(days=2)
    data_requests: timedelta = timedelta(days=4 * 365 + 2)


DEFAULT_RETENTION = Retention()


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """How many of each were deleted.

    :ivar complete: False when there may be more than the limits allowed this time.
    """

    single_use: int
    budgets: int
    sessions: int
    access_tokens: int
    grants: int
    registrations: int = 0
    notices: int = 0
    officer_sessions: int = 0
    complete: bool
    upgrades: int = 0
    signature_requests: int = 0
    logout_notices: int = 0
    upstream_sessions: int = 0
    participations: int = 0
    data_requests: int = 0


def purge(
    store: Store[PurgedTransaction],
    now: Instant,
    *,
    retention: Retention = DEFAULT_RETENTION,
    batch: int = 500,
    batches: int = 20,
) -> Purged:
    """Delete what has expired and been kept long enough.

    :param batch: most rows in one transaction.
    :param batches: most transactions for one kind of thing.
    """
    steps: dict[str, tuple[Callable[[PurgedTransaction], Any], timedelta]] = {
        "single_use": (lambda tx: tx.single_use, retention.single_use),
        "budgets": (lambda tx: tx.budgets, retention.budgets),
        "sessions": (lambda tx: tx.sessions, retention.sessions),
        "upstream_sessions": (lambda tx: tx.upstream_sessions, retention.upstream_sessions),
        "officer_sessions": (lambda tx: tx.officer_sessions, retention.officer_sessions),
        "access_tokens": (lambda tx: tx.access_tokens, retention.access_tokens),
        "grants": (lambda tx: tx.grants, retention.grants),
        "registrations": (lambda tx: tx.registrations, retention.registrations),
        "upgrades": (lambda tx: tx.upgrades, retention.upgrades),
        "notices": (lambda tx: tx.notices, retention.notices),
        "signature_requests": (lambda tx: tx.signature_requests, retention.signature_requests),
        "participations": (lambda tx: tx.participations, retention.participations),
        "logout_notices": (lambda tx: tx.logout_notices, retention.logout_notices),
        "data_requests": (lambda tx: tx.data_requests, retention.data_requests),
    }
    counts, complete = {}, True
    for name, (repository, kept) in steps.items():
        total, last = 0, batch
        for _ in range(batches):
            with store.transaction() as tx:
                last = repository(tx).purge(now - kept, limit=batch)
            total += last
            if last < batch:
                break
        counts[name] = total
        complete = complete and last < batch
    return Purged(**counts, complete=complete)
