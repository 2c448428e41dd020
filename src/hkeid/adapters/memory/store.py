"""The memory store: one lock, held for the transaction, and a journal to take changes back."""

from __future__ import annotations

from contextlib import AbstractContextManager
from threading import Lock, get_ident
from types import TracebackType

from hkeid.adapters.audit_writers import AuditWriters, LeasedTrail
from hkeid.adapters.memory.audit import MemoryAuditRecords
from hkeid.adapters.memory.certificates import (
    MemoryIssuedCertificates,
    MemoryRevocationLists,
    MemorySerialCounters,
)
from hkeid.adapters.memory.erased_records import MemoryErasedRecords
from hkeid.adapters.memory.journal import Journal
from hkeid.adapters.memory.links import MemoryLinks, MemoryUpstreamSessions
from hkeid.adapters.memory.logout_notices import MemoryLogoutNotices
from hkeid.adapters.memory.notices import MemoryNoticeChoices, MemoryNotices
from hkeid.adapters.memory.officers import (
    MemoryOfficerCredentials,
    MemoryOfficers,
    MemoryOfficerSessions,
    MemoryRecordAccesses,
)
from hkeid.adapters.memory.profile import (
    MemoryConsents,
    MemoryDisclosures,
    MemoryGuardianApprovals,
)
from hkeid.adapters.memory.provider import MemoryAccessTokens, MemoryClients, MemoryGrants
from hkeid.adapters.memory.registrations import MemoryEvidenceItems, MemoryRegistrations
from hkeid.adapters.memory.residents import (
    MemoryBlindIndex,
    MemoryCredentials,
    MemoryResidents,
    MemorySealedFields,
)
from hkeid.adapters.memory.reviews import MemoryReviews
from hkeid.adapters.memory.rights import MemoryDataRequests
from hkeid.adapters.memory.saml import MemoryParticipations
from hkeid.adapters.memory.sessions import MemorySessions
from hkeid.adapters.memory.signature_requests import MemorySignatureRequests
from hkeid.adapters.memory.signing import MemoryMadeSignatures, MemorySigningKeys
from hkeid.adapters.memory.single_use import MemoryAttemptBudgets, MemorySingleUse
from hkeid.adapters.memory.stations import MemoryStations, MemoryUpgrades
from hkeid.kernel.errors import Unavailable
from hkeid.ports.keys import KeyStore
from hkeid.ports.surroundings import Clock, Random


class MemoryTransaction:
    """All repositories. There is one, and it belongs to whoever holds the store's lock."""

    __slots__ = (
        "access_tokens",
        "audit",
        "audit_records",
        "blind_index",
        "budgets",
        "clients",
        "consents",
        "credentials",
        "data_requests",
        "disclosures",
        "erased_records",
        "evidence_items",
        "grants",
        "guardian_approvals",
        "issued_certificates",
        "links",
        "logout_notices",
        "made_signatures",
        "notice_choices",
        "notices",
        "officer_credentials",
        "officer_sessions",
        "officers",
        "participations",
        "record_accesses",
        "registrations",
        "residents",
        "reviews",
        "revocation_lists",
        "sealed_fields",
        "serial_counters",
        "sessions",
        "signature_requests",
        "signing_keys",
        "single_use",
        "stations",
        "upgrades",
        "upstream_sessions",
    )

    def __init__(self, journal: Journal, writers: AuditWriters) -> None:
        self.single_use = MemorySingleUse(journal)
        self.budgets = MemoryAttemptBudgets(journal)
        self.residents = MemoryResidents(journal)
        self.credentials = MemoryCredentials(journal)
        self.sealed_fields = MemorySealedFields(journal)
        self.blind_index = MemoryBlindIndex(journal)
        self.sessions = MemorySessions(journal)
        self.links = MemoryLinks(journal)
        self.upstream_sessions = MemoryUpstreamSessions(journal)
        self.access_tokens = MemoryAccessTokens(journal)
        self.grants = MemoryGrants(journal, self.access_tokens)
        self.access_tokens.belong_to(self.grants)
        self.clients = MemoryClients(journal)
        self.participations = MemoryParticipations(journal)
        self.consents = MemoryConsents(journal)
        self.disclosures = MemoryDisclosures(journal)
        self.guardian_approvals = MemoryGuardianApprovals(journal)
        self.data_requests = MemoryDataRequests(journal)
        self.notices = MemoryNotices(journal)
        self.notice_choices = MemoryNoticeChoices(journal)
        self.logout_notices = MemoryLogoutNotices(journal)
        self.officers = MemoryOfficers(journal)
        self.officer_credentials = MemoryOfficerCredentials(journal)
        self.officer_sessions = MemoryOfficerSessions(journal)
        self.record_accesses = MemoryRecordAccesses(journal)
        self.reviews = MemoryReviews(journal)
        self.registrations = MemoryRegistrations(journal)
        self.evidence_items = MemoryEvidenceItems(journal)
        self.stations = MemoryStations(journal)
        self.upgrades = MemoryUpgrades(journal)
        self.signing_keys = MemorySigningKeys(journal)
        self.made_signatures = MemoryMadeSignatures(journal)
        self.signature_requests = MemorySignatureRequests(journal)
        self.issued_certificates = MemoryIssuedCertificates(journal)
        self.revocation_lists = MemoryRevocationLists(journal)
        self.serial_counters = MemorySerialCounters(journal)
        self.erased_records = MemoryErasedRecords(
            self.residents,
            self.sealed_fields,
            {
                "consents": self.consents,
                "disclosures": self.disclosures,
                "guardian_approvals": self.guardian_approvals,
                "record_accesses": self.record_accesses,
                "credentials": self.credentials,
            },
        )
        self.audit_records = MemoryAuditRecords(journal)
        self.audit: LeasedTrail = writers.trail(self.audit_records.keep)


class MemoryStore:
    """:class:`hkeid.ports.Store` for every room, within one process.

    :param keys: authenticates audit records.
    :param patience: seconds that a transaction waits for the one before it.
    """

    def __init__(
        self, keys: KeyStore, clock: Clock, random: Random, *, patience: float = 10.0
    ) -> None:
        self._journal = Journal()
        self._lock = Lock()
        self._owner = 0
        self._patience = patience
        self._transaction = MemoryTransaction(self._journal, AuditWriters(keys, clock, random))
        self._turn = _Turn(self, read_only=False)
        self._reading = _Turn(self, read_only=True)

    def transaction(self) -> AbstractContextManager[MemoryTransaction]:
        """Begin when the transaction before has ended; commit, or roll back on any exception.

        :raises hkeid.kernel.errors.Unavailable: ``store_busy``, the wait was too long.
        """
        return self._turn

    def reading(self) -> AbstractContextManager[MemoryTransaction]:
        """A transaction that refuses to write (``store_read_only``); here it waits like any other."""
        return self._reading

    def close(self) -> None:
        """Nothing to release."""

    def _begin(self, *, read_only: bool) -> MemoryTransaction:
        me = get_ident()
        if self._owner == me:
            raise RuntimeError("transactions do not nest")
        if not self._lock.acquire(timeout=self._patience):
            raise Unavailable("store_busy", detail="memory store")
        self._owner = me
        self._journal.open(read_only=read_only)
        return self._transaction

    def _end(self, *, commit: bool) -> None:
        journal = self._journal
        try:
            if not commit or journal.doomed:
                journal.undo()
                self._transaction.audit.rolled_back()
            else:
                journal.close()
                self._transaction.audit.committed()
            if commit and journal.doomed:
                raise Unavailable("store_transaction_failed", detail="an error was swallowed")
        finally:
            self._owner = 0
            self._lock.release()


class _Turn:
    """The context manager of every transaction; it has no state, so one is enough."""

    __slots__ = ("_read_only", "_store")

    def __init__(self, store: MemoryStore, *, read_only: bool) -> None:
        self._store = store
        self._read_only = read_only

    def __enter__(self) -> MemoryTransaction:
        return self._store._begin(read_only=self._read_only)  # noqa: SLF001 - two halves of one class

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._store._end(commit=kind is None)  # noqa: SLF001 - two halves of one class
