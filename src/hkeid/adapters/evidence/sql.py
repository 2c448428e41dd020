"""Keys of proofing sessions in the vault's database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import ClauseElement, bindparam, delete, func, select, update
from sqlalchemy.engine import URL, make_url

from hkeid.adapters.evidence.keys import EvidenceKey
from hkeid.adapters.sql import schema
from hkeid.adapters.sql.columns import instant
from hkeid.adapters.sql.connection import SqlConnection
from hkeid.adapters.sql.database import open_database
from hkeid.adapters.sql.statements import Insert, Statement, param, values
from hkeid.adapters.vault.sql import HEAD, VAULT_SETTINGS, VERSION_TABLE
from hkeid.adapters.vault.tables import evidence_keys
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds

_k = evidence_keys.c
_REVISION: Final = schema.revision_statement(VERSION_TABLE)
_PUT: Final = Statement(
    lambda insert: insert(evidence_keys).values(values(evidence_keys)).on_conflict_do_nothing()
)
_GET: Final = Statement(select(evidence_keys).where(_k.session_id == param(_k.session_id)))
_EXTEND: Final = Statement(
    update(evidence_keys)
    .where(_k.session_id == param(_k.session_id, "of_id"), _k.wrapped.is_not(None))
    .values(expires_at=param(_k.expires_at))
)


def _destroying(insert: Insert) -> ClauseElement:
    fresh = insert(evidence_keys).values(values(evidence_keys))
    statement: ClauseElement = fresh.on_conflict_do_update(
        index_elements=[_k.session_id],
        set_={
            "wrapped": None,
            "destroyed_at": func.coalesce(_k.destroyed_at, fresh.excluded.destroyed_at),
        },
    )
    return statement


_DESTROY: Final = Statement(_destroying)
_EXPIRED: Final = Statement(
    select(_k.session_id)
    .where(_k.wrapped.is_not(None), _k.expires_at <= param(_k.expires_at, "now"))
    .order_by(_k.expires_at, _k.session_id)
    .limit(bindparam("limit", required=True))
)
_OLDEST: Final = Statement(select(func.min(_k.expires_at)).where(_k.wrapped.is_not(None)))
_FORGET: Final = Statement(
    delete(evidence_keys).where(_k.destroyed_at < param(_k.destroyed_at, "before"))
)


class SqlEvidenceKeys:
    """:class:`hkeid.adapters.evidence.EvidenceKeys` beside the residents' data keys.

    Destroyed as those are: on SQLite overwritten in the file before ``destroy`` returns, on
    PostgreSQL vacuumed. No backup of the vault has them (:mod:`hkeid.adapters.backup`).

    :param url: the vault's.
    """

    def __init__(self, url: str | URL, *, pool_size: int = 4) -> None:
        self._database = open_database(
            make_url(url),
            pool_size=pool_size,
            statement_timeout=5.0,
            lock_timeout=4.0,
            sqlite=VAULT_SETTINGS,
        )
        self._checked = False

    def put(self, session_id: str, wrapped: bytes, expires_at: Instant) -> bool:
        """Keep a new key; False when the session has one or had one."""
        parameters = {
            "session_id": session_id,
            "wrapped": wrapped,
            "expires_at": epoch_microseconds(expires_at),
            "destroyed_at": None,
        }
        return self._write(_PUT, parameters) == 1

    def get(self, session_id: str) -> EvidenceKey | None:
        """What is known of a session's key."""
        connection = self._begin_reading()
        try:
            row = connection.find(_GET, {"session_id": session_id})
        finally:
            self._database.end_reading(connection)
        if row is None:
            return None
        found, wrapped, expires_at, destroyed_at = row
        return EvidenceKey(
            session_id=found,
            wrapped=wrapped,
            expires_at=from_epoch_microseconds(expires_at),
            destroyed_at=instant(destroyed_at),
        )

    def extend(self, session_id: str, expires_at: Instant) -> bool:
        """Let a living key live until another moment."""
        parameters = {"of_id": session_id, "expires_at": epoch_microseconds(expires_at)}
        return self._write(_EXTEND, parameters) == 1

    def destroy(self, session_id: str, now: Instant) -> None:
        """Destroy the key and put the session on the list; once there, it stays as it is."""
        parameters = {
            "session_id": session_id,
            "wrapped": None,
            "expires_at": epoch_microseconds(now),
            "destroyed_at": epoch_microseconds(now),
        }
        self._write(_DESTROY, parameters)
        self._database.vacuum(evidence_keys.name)

    def expired(self, now: Instant, *, limit: int) -> tuple[str, ...]:
        """Sessions whose living key's time is over."""
        connection = self._begin_reading()
        try:
            rows = connection.rows(_EXPIRED, {"now": epoch_microseconds(now), "limit": limit})
        finally:
            self._database.end_reading(connection)
        return tuple(row[0] for row in rows)

    def oldest(self) -> Instant | None:
        """When the time of the first living key is over."""
        connection = self._begin_reading()
        try:
            row = connection.one(_OLDEST, {})
        finally:
            self._database.end_reading(connection)
        return None if row is None else instant(row[0])

    def forget(self, before: Instant) -> int:
        """Take sessions off the list whose key was destroyed before ``before``."""
        return self._write(_FORGET, {"before": epoch_microseconds(before)})

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def _begin_reading(self) -> SqlConnection:
        self._check()
        return self._database.begin_reading()

    def _check(self) -> None:
        if self._checked:
            return
        connection = self._database.begin_reading()
        try:
            schema.check_revision(connection, _REVISION, HEAD)
        finally:
            self._database.end_reading(connection)
        self._checked = True

    def _write(self, statement: Statement, parameters: Mapping[str, object]) -> int:
        self._check()
        connection = self._database.begin()
        try:
            count = connection.change(statement, parameters)
        except BaseException:
            self._database.rollback(connection)
            raise
        self._database.commit(connection)
        return count
