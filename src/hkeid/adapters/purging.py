"""Letting go of what has expired: a job for any process, any time, beside the service.

Every repository is purged in small transactions of its own, so that nobody waits for long; on
PostgreSQL several processes may purge at once and do not get in each other's way. Each transaction
leaves its own proof: what was deleted, and the audit event that says so, are kept together or not at
all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Protocol, TypeVar

from hkeid.audit.events import AuditEvent, AuditTrail
from hkeid.audit.records import AuditRecordRepository
from hkeid.kernel import canonical_json
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import Expiring, Store
from hkeid.residents import FIELDS, PersonalField


class PurgedTransaction(Protocol):
    """What purging needs of a transaction."""

    @property
    def audit(self) -> AuditTrail: ...
    @property
    def single_use(self) -> Expiring: ...
    @property
    def budgets(self) -> Expiring: ...
    @property
    def sessions(self) -> Expiring: ...
    @property
    def upstream_sessions(self) -> Expiring: ...
    @property
    def officer_sessions(self) -> Expiring: ...
    @property
    def access_tokens(self) -> Expiring: ...
    @property
    def grants(self) -> Expiring: ...
    @property
    def registrations(self) -> Expiring: ...
    @property
    def upgrades(self) -> Expiring: ...
    @property
    def notices(self) -> Expiring: ...
    @property
    def participations(self) -> Expiring: ...
    @property
    def signature_requests(self) -> Expiring: ...
    @property
    def logout_notices(self) -> Expiring: ...
    @property
    def erased_records(self) -> Expiring: ...
    @property
    def data_requests(self) -> Expiring: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long things are kept after they expired.

    :ivar single_use: long enough that a replay is still told from an unknown token, and revokes its
        family.
    :ivar sessions: for the resident's own list of past sessions.
    :ivar logout_notices: delivery gives up before; this is for where nothing delivers.
    :ivar data_requests: at least four years after they were closed (Cap. 486 s.27(1)(c)).
    :ivar registrations: beyond what each of them says of itself.
    :ivar erased_records: proofs about who was erased. Seven years: an action may be brought for six
        (Limitation Ordinance, Cap. 347 s.4), and one more to hear of it.
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
    erased_records: timedelta = timedelta(days=2557)


DEFAULT_RETENTION = Retention()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of thing that has an end.

    :ivar name: of the member of :class:`Retention` that says how long it is kept after that.
    :ivar tables: where it is.
    :ivar repository: where it is in a transaction.
    """

    name: str
    tables: tuple[str, ...]
    repository: Callable[[PurgedTransaction], Expiring]

    @property
    def fields(self) -> tuple[PersonalField, ...]:
        """What the registry of personal fields says of these tables; empty: it is nobody's."""
        return tuple(
            field
            for field in FIELDS.values()
            if any(place.partition(".")[0] in self.tables for place in field.places)
        )

    def kept(self, retention: Retention) -> timedelta:
        """How long it is kept after its end."""
        period: timedelta = getattr(retention, self.name)
        return period


KINDS: tuple[Kind, ...] = (
    Kind(
        name="single_use",
        tables=("single_use",),
        repository=lambda tx: tx.single_use,
    ),
    Kind(name="budgets", tables=("attempt_budgets",), repository=lambda tx: tx.budgets),
    Kind(
        name="sessions",
        tables=("sessions",),
        repository=lambda tx: tx.sessions,
    ),
    Kind(
        name="upstream_sessions",
        tables=("upstream_sessions",),
        repository=lambda tx: tx.upstream_sessions,
    ),
    Kind(
        name="officer_sessions",
        tables=("officer_sessions",),
        repository=lambda tx: tx.officer_sessions,
    ),
    Kind(
        name="access_tokens",
        tables=("access_tokens",),
        repository=lambda tx: tx.access_tokens,
    ),
    Kind(name="grants", tables=("grants",), repository=lambda tx: tx.grants),
    Kind(
        name="registrations",
        tables=("registrations",),
        repository=lambda tx: tx.registrations,
    ),
    Kind(
        name="upgrades",
        tables=("upgrades",),
        repository=lambda tx: tx.upgrades,
    ),
    Kind(name="notices", tables=("notices",), repository=lambda tx: tx.notices),
    Kind(
        name="signature_requests",
        tables=("signature_requests",),
        repository=lambda tx: tx.signature_requests,
    ),
    Kind(
        name="participations",
        tables=("saml_participations",),
        repository=lambda tx: tx.participations,
    ),
    Kind(
        name="logout_notices",
        tables=("logout_notices",),
        repository=lambda tx: tx.logout_notices,
    ),
    Kind(
        name="data_requests",
        tables=("data_requests",),
        repository=lambda tx: tx.data_requests,
    ),
    Kind(
        name="erased_records",
        tables=(
            *("consents", "disclosures", "guardian_approvals"),
            *("record_accesses", "credentials"),
        ),
        repository=lambda tx: tx.erased_records,
    ),
)
"""Everything that a purge lets go of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsPurged(AuditEvent):
    """Records were deleted because they had been kept long enough (Cap. 486 s.26, DPP2).

    :ivar kind: a name of :data:`KINDS`, or ``evidence``.
    :ivar removed: how many.
    :ivar before: the cut-off (ISO 8601): the time of every one of them was over before.
    :ivar digest: :func:`purge_digest` of what they were called.
    """

    NAME: ClassVar[str] = "store:retention:purged"

    kind: str
    removed: int
    before: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """What a purge came to.

    :ivar counts: how many were deleted, by kind.
    :ivar complete: False when there may be more than the limits allowed this time.
    """

    counts: Mapping[str, int]
    complete: bool

    @property
    def total(self) -> int:
        """How many were deleted altogether."""
        return sum(self.counts.values())


def purge_digest(names: Iterable[str]) -> str:
    """SHA-256 (hexadecimal) over the names of deleted records, in order: nobody is named by it, and
    whoever has a copy from before can see that it fits.

    :param names: of :func:`hkeid.ports.storage.record_name`.
    """
    return hashlib.sha256(canonical_json.dumps(sorted(names))).hexdigest()


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
    counts, complete = {}, True
    for kind in KINDS:
        before = now - kind.kept(retention)
        total, last = 0, batch
        for _ in range(batches):
            with store.transaction() as tx:
                gone = kind.repository(tx).purge(before, limit=batch)
                note_purged(tx, kind.name, gone, before)
            last = len(gone)
            total += last
            if last < batch:
                break
        counts[kind.name] = total
        complete = complete and last < batch
    return Purged(counts=counts, complete=complete)


class PurgingTrail(Protocol):
    """What proof of a purge needs of a transaction."""

    @property
    def audit(self) -> AuditTrail: ...


def note_purged(tx: PurgingTrail, kind: str, names: tuple[str, ...], before: Instant) -> None:
    """Record what was deleted; nothing where nothing was."""
    if names:
        tx.audit.append(
            RecordsPurged(
                kind=kind,
                removed=len(names),
                before=before.isoformat(),
                digest=purge_digest(names),
            )
        )


T_co = TypeVar("T_co", covariant=True)


class ReadableStore(Protocol[T_co]):
    """A store that can be looked at without holding up those who write."""

    def reading(self) -> AbstractContextManager[T_co]:
        """A transaction that only reads and sees one state."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How one kind stands.

    :ivar kept: how long it is kept after its end.
    :ivar oldest: the earliest end of what is kept now; None: nothing has one.
    """

    kind: Kind
    kept: timedelta
    oldest: Instant | None

    def overdue(self, now: Instant, *, round_every: timedelta) -> bool:
        """Whether something is kept longer than is allowed, and longer than until the next round."""
        return self.oldest is not None and self.oldest < now - self.kept - round_every


def held(
    store: ReadableStore[PurgedTransaction], *, retention: Retention = DEFAULT_RETENTION
) -> tuple[Held, ...]:
    """How every kind stands; nothing is deleted."""
    found = []
    for kind in KINDS:
        with store.reading() as tx:
            oldest = kind.repository(tx).oldest()
        found.append(Held(kind=kind, kept=kind.kept(retention), oldest=oldest))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeProof:
    """The last purge of one kind that deleted something, as the audit trail tells it.

    :ivar before: the cut-off (ISO 8601).
    """

    at: Instant
    removed: int
    before: str
    digest: str


class ProvedTransaction(Protocol):
    """What looking for proofs needs of a transaction."""

    @property
    def audit_records(self) -> AuditRecordRepository: ...


def last_purges(store: ReadableStore[ProvedTransaction], now: Instant) -> dict[str, PurgeProof]:
    """The newest proof of each kind within 35 days. Older ones are in the trail all the same
    (``hkeid audit export``).
    """
    found: dict[str, PurgeProof] = {}
    with store.reading() as tx:
        records = tx.audit_records.between(
            now - _LOOKED_BACK, now + timedelta(seconds=1), name=RecordsPurged.NAME, limit=_MOST
        )
    for record in records:
        body = canonical_json.loads_object(record.body)
        found.setdefault(
            body["kind"],
            PurgeProof(
                at=record.at,
                removed=body["removed"],
                before=body["before"],
                digest=body["digest"],
            ),
        )
    return found


_LOOKED_BACK = timedelta(days=35)
_MOST = 100_000
