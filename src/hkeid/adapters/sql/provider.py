"""Grants and access tokens in SQL."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import delete, insert, select, update

from hkeid.adapters.sql.columns import instant, moment, word_list, words
from hkeid.adapters.sql.connection import Row, SqlConnection
from hkeid.adapters.sql.expiring import Expiry, SqlExpiring
from hkeid.adapters.sql.statements import Statement, param, values
from hkeid.adapters.sql.tables import access_tokens, grants
from hkeid.identity.assurance import Acr
from hkeid.kernel import canonical_json
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds
from hkeid.op.records import AccessToken, Grant

_g = grants.c
_live = _g.revoked_at.is_(None)

_ADD: Final = Statement(insert(grants).values(values(grants)))
_GET: Final = Statement(select(grants).where(_g.id == param(_g.id)))
_REVOKE: Final = Statement(
    update(grants)
    .where(_g.id == param(_g.id, "of_id"), _live)
    .values(revoked_at=param(_g.revoked_at, "now"))
)
_OF_RESIDENT: Final = Statement(
    select(grants)
    .where(_g.resident_id == param(_g.resident_id), _live)
    .order_by(_g.created_at.desc(), _g.id.desc())
)
_OF_SESSION: Final = Statement(
    select(grants)
    .where(_g.session_id == param(_g.session_id), _live)
    .order_by(_g.created_at.desc(), _g.id.desc())
)
_EVERY_OF_SESSION: Final = Statement(
    select(grants)
    .where(_g.session_id == param(_g.session_id))
    .order_by(_g.created_at.desc(), _g.id.desc())
)


class SqlGrants(SqlExpiring):
    """:class:`hkeid.op.records.GrantRepository`."""

    __slots__ = ("_connection",)

    EXPIRY = Expiry(grants, _g.expires_at, _g.id)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def add(self, grant: Grant) -> None:
        """Keep a new grant.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        claims = {place: list(names) for place, names in grant.claims.items()}
        parameters = {
            "id": grant.id,
            "client_id": grant.client_id,
            "resident_id": grant.resident_id,
            "session_id": grant.session_id,
            "subject": grant.subject,
            "scopes": word_list(grant.scopes),
            "claims": canonical_json.dumps(claims),
            "acr": grant.acr.value,
            "amr": word_list(grant.amr),
            "authenticated_at": epoch_microseconds(grant.authenticated_at),
            "created_at": epoch_microseconds(grant.created_at),
            "expires_at": epoch_microseconds(grant.expires_at),
            "revoked_at": moment(grant.revoked_at),
        }
        self._connection.change(_ADD, parameters)

    def get(self, grant_id: str) -> Grant | None:
        """By id, revoked or not."""
        row = self._connection.find(_GET, {"id": grant_id})
        return None if row is None else _grant(row)

    def revoke(self, grant_id: str, now: Instant) -> bool:
        """Revoke; False when there is none or it is revoked already."""
        parameters = {"of_id": grant_id, "now": epoch_microseconds(now)}
        return self._connection.change(_REVOKE, parameters) == 1

    def of_resident(self, resident_id: str) -> tuple[Grant, ...]:
        """A resident's grants that are not revoked, newest first."""
        rows = self._connection.rows(_OF_RESIDENT, {"resident_id": resident_id})
        return tuple(_grant(row) for row in rows)

    def of_session(self, session_id: str) -> tuple[Grant, ...]:
        """The grants given within a broker session that are not revoked, newest first."""
        rows = self._connection.rows(_OF_SESSION, {"session_id": session_id})
        return tuple(_grant(row) for row in rows)

    def every_of_session(self, session_id: str) -> tuple[Grant, ...]:
        """The grants given within a broker session, revoked ones too, newest first."""
        rows = self._connection.rows(_EVERY_OF_SESSION, {"session_id": session_id})
        return tuple(_grant(row) for row in rows)


def _grant(row: Row) -> Grant:
    (
        grant_id,
        client_id,
        resident_id,
        session_id,
        subject,
        scopes,
        claims,
        acr,
        amr,
        authenticated_at,
        created_at,
        expires_at,
        revoked_at,
    ) = row
    by_place: dict[str, Any] = canonical_json.loads_object(claims)
    return Grant(
        id=grant_id,
        client_id=client_id,
        resident_id=resident_id,
        session_id=session_id,
        subject=subject,
        scopes=words(scopes),
        claims={place: tuple(names) for place, names in by_place.items()},
        acr=Acr(acr),
        amr=words(amr),
        authenticated_at=from_epoch_microseconds(authenticated_at),
        created_at=from_epoch_microseconds(created_at),
        expires_at=from_epoch_microseconds(expires_at),
        revoked_at=instant(revoked_at),
    )


_t = access_tokens.c

_ADD_TOKEN: Final = Statement(insert(access_tokens).values(values(access_tokens)))
_GET_TOKEN: Final = Statement(
    select(access_tokens)
    .join(grants, _g.id == _t.grant_id)
    .where(_t.digest == param(_t.digest), _live)
)
_DELETE_TOKEN: Final = Statement(delete(access_tokens).where(_t.digest == param(_t.digest)))


class SqlAccessTokens(SqlExpiring):
    """:class:`hkeid.op.records.AccessTokenRepository`."""

    __slots__ = ("_connection",)

    EXPIRY = Expiry(access_tokens, _t.expires_at, _t.digest)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def add(self, token: AccessToken) -> None:
        """Keep a new token.

        :raises hkeid.kernel.errors.Refused: ``record_exists``; ``record_without_owner`` when there
            is no such grant.
        """
        parameters = {
            "digest": token.digest,
            "grant_id": token.grant_id,
            "client_id": token.client_id,
            "scopes": word_list(token.scopes),
            "created_at": epoch_microseconds(token.created_at),
            "expires_at": epoch_microseconds(token.expires_at),
        }
        self._connection.change(_ADD_TOKEN, parameters)

    def get(self, digest: bytes) -> AccessToken | None:
        """By digest; None when its grant was revoked."""
        row = self._connection.one(_GET_TOKEN, {"digest": digest})
        if row is None:
            return None
        stored_digest, grant_id, client_id, scopes, created_at, expires_at = row
        return AccessToken(
            digest=stored_digest,
            grant_id=grant_id,
            client_id=client_id,
            scopes=words(scopes),
            created_at=from_epoch_microseconds(created_at),
            expires_at=from_epoch_microseconds(expires_at),
        )

    def delete(self, digest: bytes) -> bool:
        """Revoke one token."""
        return self._connection.change(_DELETE_TOKEN, {"digest": digest}) == 1
