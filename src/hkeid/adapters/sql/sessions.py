"""Broker sessions in SQL."""

from __future__ import annotations

from typing import Final

from sqlalchemy import and_, insert, select, update

from hkeid.adapters.sql.columns import instant, moment, word_list, words
from hkeid.adapters.sql.connection import Row, SqlConnection
from hkeid.adapters.sql.expiring import Expiry, SqlExpiring
from hkeid.adapters.sql.statements import Statement, param, values
from hkeid.adapters.sql.tables import sessions
from hkeid.broker.records import Session
from hkeid.identity.assurance import Acr
from hkeid.identity.authentication import Proxying
from hkeid.kernel import canonical_json
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds

_s = sessions.c
_this_live_one = and_(_s.id == param(_s.id, "of_id"), _s.ended_at.is_(None))

_ADD: Final = Statement(insert(sessions).values(values(sessions)))
_GET: Final = Statement(select(sessions).where(_s.id == param(_s.id)))
_BY_DIGEST: Final = Statement(select(sessions).where(_s.digest == param(_s.digest)))
_RENEW: Final = Statement(
    update(sessions)
    .where(_this_live_one, _s.resident_id == param(_s.resident_id, "same_resident"))
    .values(
        {
            name: param(_s[name])
            for name in (
                "digest",
                "credential_id",
                "acr",
                "amr",
                "authenticated_at",
                "expires_at",
                "ends_at",
                "proxying",
            )
        }
    )
)
_TOUCH: Final = Statement(
    update(sessions)
    .where(_this_live_one, _s.digest == param(_s.digest, "same_digest"))
    .values(expires_at=param(_s.expires_at))
)
_END: Final = Statement(update(sessions).where(_this_live_one).values(ended_at=param(_s.ended_at)))
_OF_RESIDENT: Final = Statement(
    select(sessions)
    .where(_s.resident_id == param(_s.resident_id), _s.ended_at.is_(None))
    .order_by(_s.created_at.desc(), _s.id.desc())
)


class SqlSessions(SqlExpiring):
    """:class:`hkeid.broker.records.SessionRepository`."""

    __slots__ = ("_connection",)

    EXPIRY = Expiry(sessions, _s.expires_at, _s.id)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def add(self, session: Session) -> None:
        """Keep a new session.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        parameters = {
            "id": session.id,
            "digest": session.digest,
            "resident_id": session.resident_id,
            "credential_id": session.credential_id,
            "acr": session.acr.value,
            "amr": word_list(session.amr),
            "authenticated_at": epoch_microseconds(session.authenticated_at),
            "created_at": epoch_microseconds(session.created_at),
            "expires_at": epoch_microseconds(session.expires_at),
            "ended_at": moment(session.ended_at),
            "agent": session.agent,
            "ends_at": moment(session.ends_at),
            "proxying": _written(session.proxying),
        }
        self._connection.change(_ADD, parameters)

    def get(self, session_id: str) -> Session | None:
        """By internal id, ended or not."""
        row = self._connection.find(_GET, {"id": session_id})
        return None if row is None else _session(row)

    def by_digest(self, digest: bytes) -> Session | None:
        """By the digest of the browser's reference, ended or not."""
        row = self._connection.one(_BY_DIGEST, {"digest": digest})
        return None if row is None else _session(row)

    def renew(self, session: Session) -> bool:
        """Replace digest, credential, acr, amr, times and limits of the same resident's live session."""
        parameters = {
            "of_id": session.id,
            "same_resident": session.resident_id,
            "digest": session.digest,
            "credential_id": session.credential_id,
            "acr": session.acr.value,
            "amr": word_list(session.amr),
            "authenticated_at": epoch_microseconds(session.authenticated_at),
            "expires_at": epoch_microseconds(session.expires_at),
            "ends_at": moment(session.ends_at),
            "proxying": _written(session.proxying),
        }
        return self._connection.change(_RENEW, parameters) == 1

    def touch(self, session_id: str, *, digest: bytes, expires_at: Instant) -> bool:
        """Move the idle limit of a live session whose reference is still ``digest``."""
        parameters = {
            "of_id": session_id,
            "same_digest": digest,
            "expires_at": epoch_microseconds(expires_at),
        }
        return self._connection.change(_TOUCH, parameters) == 1

    def end(self, session_id: str, now: Instant) -> bool:
        """End; False when there is none or it ended already."""
        parameters = {"of_id": session_id, "ended_at": epoch_microseconds(now)}
        return self._connection.change(_END, parameters) == 1

    def of_resident(self, resident_id: str) -> tuple[Session, ...]:
        """A resident's sessions that have not ended, newest first."""
        rows = self._connection.rows(_OF_RESIDENT, {"resident_id": resident_id})
        return tuple(_session(row) for row in rows)


def _session(row: Row) -> Session:
    (
        session_id,
        digest,
        resident_id,
        credential_id,
        acr,
        amr,
        authenticated_at,
        created_at,
        expires_at,
        ended_at,
        agent,
        ends_at,
        proxying,
    ) = row
    return Session(
        id=session_id,
        digest=digest,
        resident_id=resident_id,
        credential_id=credential_id,
        acr=Acr(acr),
        amr=words(amr),
        authenticated_at=from_epoch_microseconds(authenticated_at),
        created_at=from_epoch_microseconds(created_at),
        expires_at=from_epoch_microseconds(expires_at),
        ended_at=instant(ended_at),
        agent=agent,
        ends_at=instant(ends_at),
        proxying=None if proxying is None else _read(proxying),
    )


def _written(proxying: Proxying | None) -> bytes | None:
    if proxying is None:
        return None
    return canonical_json.dumps({"count": proxying.count, "audiences": sorted(proxying.audiences)})


def _read(column: bytes) -> Proxying:
    said = canonical_json.loads_object(column)
    return Proxying(count=said["count"], audiences=frozenset(said["audiences"]))
