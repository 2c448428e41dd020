"""The SQL store: all repositories over one open transaction."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from threading import Lock, local
from types import TracebackType

from sqlalchemy.engine import URL, make_url

from hkeid.adapters.audit_writers import AuditWriters
from hkeid.adapters.sql import schema
from hkeid.adapters.sql.audit import SqlAuditRecords
from hkeid.adapters.sql.certificates import (
    SqlIssuedCertificates,
    SqlRevocationLists,
    SqlSerialCounters,
)
from hkeid.adapters.sql.clients import SqlClients
from hkeid.adapters.sql.connection import SqlConnection
from hkeid.adapters.sql.credentials import SqlCredentials
from hkeid.adapters.sql.database import open_database
from hkeid.adapters.sql.erased_records import SqlErasedRecords
from hkeid.adapters.sql.evidence import SqlEvidenceItems
from hkeid.adapters.sql.links import SqlLinks, SqlUpstreamSessions
from hkeid.adapters.sql.logout_notices import SqlLogoutNotices
from hkeid.adapters.sql.notices import SqlNoticeChoices, SqlNotices
from hkeid.adapters.sql.officers import SqlOfficerCredentials, SqlOfficers, SqlOfficerSessions
from hkeid.adapters.sql.profile import SqlConsents, SqlDisclosures, SqlGuardianApprovals
from hkeid.adapters.sql.provider import SqlAccessTokens, SqlGrants
from hkeid.adapters.sql.registrations import SqlRegistrations
from hkeid.adapters.sql.residents import SqlResidents
from hkeid.adapters.sql.reviews import SqlRecordAccesses, SqlReviews
from hkeid.adapters.sql.rights import SqlDataRequests
from hkeid.adapters.sql.saml import SqlParticipations
from hkeid.adapters.sql.sealed import SqlBlindIndex, SqlSealedFields
from hkeid.adapters.sql.sessions import SqlSessions
from hkeid.adapters.sql.signature_requests import SqlSignatureRequests
from hkeid.adapters.sql.signing import SqlMadeSignatures, SqlSigningKeys
from hkeid.adapters.sql.single_use import SqlAttemptBudgets, SqlSingleUse
from hkeid.adapters.sql.sqlite import SqliteSettings, Synchronous
from hkeid.adapters.sql.stations import SqlStations, SqlUpgrades
from hkeid.kernel.errors import ConfigurationError, Unavailable
from hkeid.ports.keys import KeyStore
from hkeid.ports.surroundings import Clock, Random


class SqlTransaction:
    """All repositories within one transaction."""

    __slots__ = (
        "_connection",
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

    def __init__(self, connection: SqlConnection, writers: AuditWriters) -> None:
        self._connection = connection
        self.single_use = SqlSingleUse(connection)
        self.budgets = SqlAttemptBudgets(connection)
        self.residents = SqlResidents(connection)
        self.credentials = SqlCredentials(connection)
        self.sealed_fields = SqlSealedFields(connection)
        self.blind_index = SqlBlindIndex(connection)
        self.sessions = SqlSessions(connection)
        self.links = SqlLinks(connection)
        self.upstream_sessions = SqlUpstreamSessions(connection)
        self.grants = SqlGrants(connection)
        self.access_tokens = SqlAccessTokens(connection)
        self.clients = SqlClients(connection)
        self.participations = SqlParticipations(connection)
        self.consents = SqlConsents(connection)
        self.disclosures = SqlDisclosures(connection)
        self.guardian_approvals = SqlGuardianApprovals(connection)
        self.data_requests = SqlDataRequests(connection)
        self.notices = SqlNotices(connection)
        self.notice_choices = SqlNoticeChoices(connection)
        self.logout_notices = SqlLogoutNotices(connection)
        self.officers = SqlOfficers(connection)
        self.officer_credentials = SqlOfficerCredentials(connection)
        self.officer_sessions = SqlOfficerSessions(connection)
        self.record_accesses = SqlRecordAccesses(connection)
        self.reviews = SqlReviews(connection)
        self.registrations = SqlRegistrations(connection)
        self.evidence_items = SqlEvidenceItems(connection)
        self.stations = SqlStations(connection)
        self.upgrades = SqlUpgrades(connection)
        self.signing_keys = SqlSigningKeys(connection)
        self.made_signatures = SqlMadeSignatures(connection)
        self.signature_requests = SqlSignatureRequests(connection)
        self.issued_certificates = SqlIssuedCertificates(connection)
        self.revocation_lists = SqlRevocationLists(connection)
        self.serial_counters = SqlSerialCounters(connection)
        self.erased_records = SqlErasedRecords(connection)
        self.audit_records = SqlAuditRecords(connection)
        self.audit = writers.trail(self.audit_records.keep)


class SqlStore:
    """:class:`hkeid.ports.Store` for every room, on SQLite or PostgreSQL.

    :param url: ``sqlite:///FILE`` or ``postgresql+psycopg://…``.
    :param keys: authenticates audit records.
    :param pool_size: PostgreSQL: connections of this process; as many as it has threads is plenty.
    :param patience: seconds that a transaction waits for its turn (SQLite) or for a connection.
    :param statement_timeout: PostgreSQL: seconds for one statement.
    :param lock_timeout: PostgreSQL: seconds that a statement waits for another transaction.
    :param sqlite_synchronous: ``NORMAL`` is for measurements: a power cut then takes back commits
        that were acknowledged.
    :param restoring: open a store that must not serve yet; for :mod:`hkeid.adapters.backup` alone.
    """

    def __init__(
        self,
        url: str | URL,
        *,
        keys: KeyStore,
        clock: Clock,
        random: Random,
        pool_size: int = 16,
        patience: float = 5.0,
        statement_timeout: float = 5.0,
        lock_timeout: float = 4.0,
        sqlite_synchronous: Synchronous = "FULL",
        restoring: bool = False,
    ) -> None:
        self._database = open_database(
            make_url(url),
            pool_size=pool_size,
            statement_timeout=statement_timeout,
            lock_timeout=lock_timeout,
            sqlite=SqliteSettings(synchronous=sqlite_synchronous, patience=patience),
        )
        self._writers = AuditWriters(keys, clock, random)
        self._restoring = restoring
        self._here = local()
        self._process = os.getpid()
        self._checked = False
        self._checking = Lock()

    def transaction(self) -> AbstractContextManager[SqlTransaction]:
        """Begin; commit on leaving normally, roll back on any exception.

        :raises hkeid.kernel.errors.Unavailable: the database cannot be reached, is busy or timed
            out, or a statement failed before and somebody swallowed the error.
        :raises hkeid.kernel.errors.ConfigurationError: ``schema_not_current``,
            ``restore_not_finished``, ``store_crossed_fork``.
        """
        return _Turn(self)

    def reading(self) -> AbstractContextManager[SqlTransaction]:
        """A transaction for long reads (verification, export): it sees one state from beginning to
        end, keeps nobody from writing, and refuses to write (``store_read_only``).
        """
        return _Reading(self)

    def check_schema(self) -> None:
        """Refuse to serve unless the schema is this release's and no restore is half done.

        The first transaction does this by itself.

        :raises hkeid.kernel.errors.ConfigurationError: ``schema_not_current``,
            ``restore_not_finished``.
        """
        connection = self._database.begin_reading()
        try:
            schema.check(connection, restoring=self._restoring)
        finally:
            self._database.end_reading(connection)
        self._checked = True

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def _ready(self) -> None:
        if os.getpid() != self._process:
            # Connections and audit writers of the parent: two processes would use them as one.
            raise ConfigurationError("store_crossed_fork", detail="open the store after forking")
        if getattr(self._here, "inside", False):
            raise RuntimeError("transactions do not nest")
        if not self._checked:
            with self._checking:
                if not self._checked:
                    self.check_schema()


class _Turn:
    """One transaction as a context manager."""

    __slots__ = ("_connection", "_store", "_transaction")

    _connection: SqlConnection
    _transaction: SqlTransaction

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def __enter__(self) -> SqlTransaction:
        store = self._store
        store._ready()  # noqa: SLF001 - two halves of one class
        self._connection = store._database.begin()  # noqa: SLF001
        store._here.inside = True  # noqa: SLF001
        self._transaction = SqlTransaction(self._connection, store._writers)  # noqa: SLF001
        return self._transaction

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._store._here.inside = False  # noqa: SLF001
        if kind is None:
            self._commit()
        else:
            self._rollback()

    def _commit(self) -> None:
        try:
            self._transaction.audit_records.write()
            if self._connection.doomed:
                raise Unavailable("store_transaction_failed", detail="an error was swallowed")
        except BaseException:
            self._rollback()
            raise
        try:
            self._store._database.commit(self._connection)  # noqa: SLF001
        except BaseException:
            self._transaction.audit.unknown()
            raise
        self._transaction.audit.committed()

    def _rollback(self) -> None:
        try:
            self._store._database.rollback(self._connection)  # noqa: SLF001
        finally:
            self._transaction.audit.rolled_back()


class _Reading(_Turn):
    """One reading transaction as a context manager."""

    __slots__ = ()

    def __enter__(self) -> SqlTransaction:
        store = self._store
        store._ready()  # noqa: SLF001
        self._connection = store._database.begin_reading()  # noqa: SLF001
        store._here.inside = True  # noqa: SLF001
        self._transaction = SqlTransaction(self._connection, store._writers)  # noqa: SLF001
        return self._transaction

    def _commit(self) -> None:
        try:
            self._transaction.audit_records.write()
        finally:
            self._rollback()

    def _rollback(self) -> None:
        self._transaction.audit.rolled_back()
        self._store._database.end_reading(self._connection)  # noqa: SLF001
