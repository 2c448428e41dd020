"""Officers, their credentials and sessions in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import and_, bindparam, insert, select, update

from hkeid.adapters.sql.columns import instant, moment, word_list, words
from hkeid.adapters.sql.connection import Row, SqlConnection
from hkeid.adapters.sql.expiring import Expiry, SqlExpiring
from hkeid.adapters.sql.officers_tables import officer_credentials, officer_sessions, officers
from hkeid.adapters.sql.statements import Statement, param, values
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds
from hkeid.officers.records import Officer, OfficerSession, OfficerStatus
from hkeid.officers.roles import Role
from hkeid.residents.records import Credential, CredentialStatus

_o = officers.c

_ADD: Final = Statement(
    lambda insert: insert(officers).values(values(officers)).on_conflict_do_nothing()
)
_GET: Final = Statement(select(officers).where(_o.id == param(_o.id)))
_ALL: Final = Statement(select(officers).order_by(_o.id))
_CHANGE: Final = Statement(
    update(officers)
    .where(_o.id == param(_o.id, "of_id"), _o.version == param(_o.version, "old_version"))
    .values(
        {
            name: param(_o[name])
            for name in ("name", "own_number", "roles", "status", "updated_at", "version")
        }
    )
)


class SqlOfficers:
    """:class:`hkeid.officers.records.OfficerRepository`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def add(self, officer: Officer) -> bool:
        """Keep a new officer; False when the id or user handle is taken."""
        parameters = {
            "id": officer.id,
            "user_handle": officer.user_handle,
            "name": officer.name,
            "own_number": officer.own_number,
            "roles": word_list(officer.roles),
            "status": officer.status.value,
            "created_at": epoch_microseconds(officer.created_at),
            "updated_at": epoch_microseconds(officer.updated_at),
            "version": officer.version,
        }
        return self._connection.change(_ADD, parameters) == 1

    def get(self, officer_id: str) -> Officer | None:
        """By id."""
        row = self._connection.find(_GET, {"id": officer_id})
        return None if row is None else _officer(row)

    def change(self, old: Officer, new: Officer) -> bool:
        """Compare-and-set on the version."""
        parameters = {
            "of_id": old.id,
            "old_version": old.version,
            "name": new.name,
            "own_number": new.own_number,
            "roles": word_list(new.roles),
            "status": new.status.value,
            "updated_at": epoch_microseconds(new.updated_at),
            "version": old.version + 1,
        }
        return self._connection.change(_CHANGE, parameters) == 1

    def __iter__(self) -> Iterator[Officer]:
        return iter([_officer(row) for row in self._connection.rows(_ALL, {})])


def _officer(row: Row) -> Officer:
    officer_id, user_handle, name, own_number, roles, status, created_at, updated_at, version = row
    return Officer(
        id=officer_id,
        user_handle=user_handle,
        name=name,
        own_number=own_number,
        roles=tuple(Role(word) for word in words(roles)),
        status=OfficerStatus(status),
        created_at=from_epoch_microseconds(created_at),
        updated_at=from_epoch_microseconds(updated_at),
        version=version,
    )


_c = officer_credentials.c
_this_one = _c.id == param(_c.id, "of_id")

_ADD_CREDENTIAL: Final = Statement(
    lambda insert: (
        insert(officer_credentials).values(values(officer_credentials)).on_conflict_do_nothing()
    )
)
_GET_CREDENTIAL: Final = Statement(select(officer_credentials).where(_this_one))
_OF_OFFICER: Final = Statement(
    select(officer_credentials)
    .where(_c.officer_id == param(_c.officer_id))
    .order_by(_c.created_at, _c.id)
)
_RECORD_USE: Final = Statement(
    update(officer_credentials)
    .where(
        _this_one,
        _c.status == param(_c.status, "active"),
        _c.sign_count == param(_c.sign_count, "old_count"),
    )
    .values(
        sign_count=param(_c.sign_count),
        backed_up=param(_c.backed_up),
        last_used_at=param(_c.last_used_at),
    )
)
_SET_STATUS: Final = Statement(
    update(officer_credentials)
    .where(_this_one, _c.status != bindparam("revoked", type_=_c.status.type, required=True))
    .values(status=param(_c.status), revoked_at=param(_c.revoked_at))
)


class SqlOfficerCredentials:
    """:class:`hkeid.officers.records.OfficerCredentialRepository`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def add(self, credential: Credential) -> bool:
        """Keep a new credential; False when its id is registered already."""
        parameters = {
            "id": credential.id,
            "officer_id": credential.resident_id,
            "public_key": credential.public_key,
            "algorithm": credential.algorithm,
            "sign_count": credential.sign_count,
            "backup_eligible": credential.backup_eligible,
            "backed_up": credential.backed_up,
            "aaguid": credential.aaguid,
            "transports": word_list(credential.transports),
            "attestation_format": credential.attestation_format,
            "attestation": credential.attestation,
            "rp_id": credential.rp_id,
            "evidence": credential.evidence,
            "status": credential.status.value,
            "created_at": epoch_microseconds(credential.created_at),
            "last_used_at": moment(credential.last_used_at),
            "revoked_at": moment(credential.revoked_at),
        }
        return self._connection.change(_ADD_CREDENTIAL, parameters) == 1

    def get(self, credential_id: bytes) -> Credential | None:
        """By credential id."""
        row = self._connection.one(_GET_CREDENTIAL, {"of_id": credential_id})
        return None if row is None else _credential(row)

    def of_officer(self, officer_id: str) -> tuple[Credential, ...]:
        """All of an officer's, oldest first."""
        rows = self._connection.rows(_OF_OFFICER, {"officer_id": officer_id})
        return tuple(_credential(row) for row in rows)

    def record_use(
        self, credential_id: bytes, *, old_count: int, new_count: int, backed_up: bool, now: Instant
    ) -> bool:
        """Note a use, if nobody did in between."""
        parameters = {
            "of_id": credential_id,
            "active": CredentialStatus.ACTIVE.value,
            "old_count": old_count,
            "sign_count": new_count,
            "backed_up": backed_up,
            "last_used_at": epoch_microseconds(now),
        }
        return self._connection.change(_RECORD_USE, parameters) == 1

    def set_status(self, credential_id: bytes, status: CredentialStatus, now: Instant) -> bool:
        """Suspend or revoke; what is revoked stays so."""
        parameters = {
            "of_id": credential_id,
            "revoked": CredentialStatus.REVOKED.value,
            "status": status.value,
            "revoked_at": moment(now if status is CredentialStatus.REVOKED else None),
        }
        return self._connection.change(_SET_STATUS, parameters) == 1


def _credential(row: Row) -> Credential:
    kept = dict(zip(_CREDENTIAL_COLUMNS, row, strict=True))
    return Credential(
        id=kept["id"],
        resident_id=kept["officer_id"],
        public_key=kept["public_key"],
        algorithm=kept["algorithm"],
        sign_count=kept["sign_count"],
        backup_eligible=bool(kept["backup_eligible"]),
        backed_up=bool(kept["backed_up"]),
        aaguid=kept["aaguid"],
        transports=words(kept["transports"]),
        attestation_format=kept["attestation_format"],
        attestation=kept["attestation"],
        rp_id=kept["rp_id"],
        evidence=kept["evidence"],
        status=CredentialStatus(kept["status"]),
        created_at=from_epoch_microseconds(kept["created_at"]),
        last_used_at=instant(kept["last_used_at"]),
        revoked_at=instant(kept["revoked_at"]),
    )


_CREDENTIAL_COLUMNS: Final = tuple(column.name for column in officer_credentials.columns)

_s = officer_sessions.c
_this_live_one = and_(_s.id == param(_s.id, "of_id"), _s.ended_at.is_(None))

_ADD_SESSION: Final = Statement(insert(officer_sessions).values(values(officer_sessions)))
_GET_SESSION: Final = Statement(select(officer_sessions).where(_s.id == param(_s.id)))
_BY_DIGEST: Final = Statement(select(officer_sessions).where(_s.digest == param(_s.digest)))
_RENEW: Final = Statement(
    update(officer_sessions)
    .where(_this_live_one, _s.digest == param(_s.digest, "old_digest"))
    .values(
        {
            name: param(_s[name])
            for name in ("digest", "credential_id", "stepped_up_at", "expires_at")
        }
    )
)
_TOUCH: Final = Statement(
    update(officer_sessions)
    .where(_this_live_one, _s.digest == param(_s.digest, "same_digest"))
    .values(expires_at=param(_s.expires_at))
)
_END: Final = Statement(
    update(officer_sessions).where(_this_live_one).values(ended_at=param(_s.ended_at))
)
_END_OF_OFFICER: Final = Statement(
    update(officer_sessions)
    .where(_s.officer_id == param(_s.officer_id, "of_officer"), _s.ended_at.is_(None))
    .values(ended_at=param(_s.ended_at))
)


class SqlOfficerSessions(SqlExpiring):
    """:class:`hkeid.officers.records.OfficerSessionRepository`."""

    __slots__ = ("_connection",)

    EXPIRY = Expiry(officer_sessions, _s.expires_at, _s.id)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def add(self, session: OfficerSession) -> None:
        """Keep a new session.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        parameters = {
            "id": session.id,
            "digest": session.digest,
            "browser": session.browser,
            "officer_id": session.officer_id,
            "credential_id": session.credential_id,
            "authenticated_at": epoch_microseconds(session.authenticated_at),
            "stepped_up_at": epoch_microseconds(session.stepped_up_at),
            "expires_at": epoch_microseconds(session.expires_at),
            "ended_at": moment(session.ended_at),
        }
        self._connection.change(_ADD_SESSION, parameters)

    def get(self, session_id: str) -> OfficerSession | None:
        """By id, ended or not."""
        row = self._connection.find(_GET_SESSION, {"id": session_id})
        return None if row is None else _session(row)

    def by_digest(self, digest: bytes) -> OfficerSession | None:
        """By the digest of the reference, ended or not."""
        row = self._connection.one(_BY_DIGEST, {"digest": digest})
        return None if row is None else _session(row)

    def renew(self, session: OfficerSession, *, old_digest: bytes) -> bool:
        """Replace reference, credential and times of a live session that still has ``old_digest``."""
        parameters = {
            "of_id": session.id,
            "old_digest": old_digest,
            "digest": session.digest,
            "credential_id": session.credential_id,
            "stepped_up_at": epoch_microseconds(session.stepped_up_at),
            "expires_at": epoch_microseconds(session.expires_at),
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

    def end_of_officer(self, officer_id: str, now: Instant) -> int:
        """End all of an officer's."""
        parameters = {"of_officer": officer_id, "ended_at": epoch_microseconds(now)}
        return self._connection.change(_END_OF_OFFICER, parameters)


def _session(row: Row) -> OfficerSession:
    (
        session_id,
        digest,
        browser,
        officer_id,
        credential_id,
        authenticated,
        stepped,
        expires,
        ended,
    ) = row
    return OfficerSession(
        id=session_id,
        digest=digest,
        browser=browser,
        officer_id=officer_id,
        credential_id=credential_id,
        authenticated_at=from_epoch_microseconds(authenticated),
        stepped_up_at=from_epoch_microseconds(stepped),
        expires_at=from_epoch_microseconds(expires),
        ended_at=instant(ended),
    )
