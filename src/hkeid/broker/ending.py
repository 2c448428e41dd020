"""Ending sessions inside a transaction, with what hangs on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hkeid.broker.events import CredentialSuspended, SessionEnded, credential_reference
from hkeid.broker.records import BrokerTransaction, Session
from hkeid.kernel.instants import Instant
from hkeid.op.logout.outbox import write_logout_notices
from hkeid.op.records import Grant, GrantRepository
from hkeid.ports.storage import SingleUse
from hkeid.residents.records import Credential, CredentialStatus
from hkeid.saml.idp.outbox import KEPT_FOR_THE_REQUEST, write_participation_notices

_OFFLINE = "offline_access"


class GrantsTransaction(Protocol):
    """What revoking a grant needs of a transaction."""

    @property
    def single_use(self) -> SingleUse: ...
    @property
    def grants(self) -> GrantRepository: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedSession:
    """A session that was ended just now.

    :ivar clients: client ids that had been given a login in it, each once (back-channel logout).
    """

    session_id: str
    resident_id: str
    clients: tuple[str, ...]


def end_session(
    tx: BrokerTransaction, session: Session, now: Instant, *, reason: str, by_request: bool = False
) -> EndedSession | None:
    """End a session, expired or not, and revoke its grants but those with ``offline_access``
    (OpenID Connect Back-Channel Logout §2.7). What its clients and its services of SAML are to be told is written
    in the same transaction (§2.5). None when it ended before.

    :param by_request: the request goes on to tell services of SAML itself, as a browser or a service waits for it.
    """
    if not tx.sessions.end(session.id, now):
        return None
    grants = tx.grants.every_of_session(session.id)
    revoked = sum(
        grant.revoked_at is None and _OFFLINE not in grant.scopes and revoke_grant(tx, grant, now)
        for grant in grants
    )
    clients = tuple(sorted({grant.client_id for grant in grants}))
    write_logout_notices(tx, session.id, grants, now)
    due = now + KEPT_FOR_THE_REQUEST if by_request else now
    write_participation_notices(tx, session.id, now, due=due)
    tx.audit.append(
        SessionEnded(
            session_id=session.id,
            resident_id=session.resident_id,
            reason=reason,
            clients=clients,
            grants_revoked=revoked,
        )
    )
    return EndedSession(session_id=session.id, resident_id=session.resident_id, clients=clients)


def end_sessions(
    tx: BrokerTransaction,
    resident_id: str,
    now: Instant,
    *,
    reason: str,
    credential_id: bytes | None = None,
    keep: str | None = None,
) -> tuple[EndedSession, ...]:
    """End all sessions of a resident.

    :param credential_id: only those whose latest authentication was by this credential.
    :param keep: the session that goes on.
    """
    ended = [
        end_session(tx, session, now, reason=reason)
        for session in tx.sessions.of_resident(resident_id)
        if session.id != keep and credential_id in (None, session.credential_id)
    ]
    return tuple(one for one in ended if one is not None)


def revoke_grant(tx: GrantsTransaction, grant: Grant, now: Instant) -> bool:
    """Revoke a grant with its codes and tokens; False when it was revoked before."""
    tx.single_use.revoke_family(grant.id, now)
    return tx.grants.revoke(grant.id, now)


def revoke_grants(tx: BrokerTransaction, resident_id: str, now: Instant) -> int:
    """Revoke all of a resident's grants, those with ``offline_access`` too; returns how many."""
    return sum(revoke_grant(tx, grant, now) for grant in tx.grants.of_resident(resident_id))


def revoke_grants_by(
    tx: BrokerTransaction, resident_id: str, credential_id: bytes, now: Instant
) -> int:
    """Revoke what was given with a credential that is out of use, ``offline_access`` included:
    whoever held the device may have taken tokens that outlive the session.

    A grant counts as the credential's when its session was last authenticated by it, and when the
    session is no longer known.
    """
    revoked = 0
    for grant in tx.grants.of_resident(resident_id):
        session = tx.sessions.get(grant.session_id)
        if session is None or session.credential_id == credential_id:
            revoked += revoke_grant(tx, grant, now)
    return revoked


def suspend_credential(
    tx: BrokerTransaction, credential: Credential, now: Instant, *, reason: str
) -> None:
    """A sign that a passkey was copied (its counter went back): nobody uses it until the resident has
    acted, and the sessions that it opened end.
    """
    tx.credentials.set_status(credential.id, CredentialStatus.SUSPENDED, now)
    tx.audit.append(
        CredentialSuspended(
            resident_id=credential.resident_id,
            credential=credential_reference(credential.id),
            reason=reason,
        )
    )
    end_sessions(
        tx,
        credential.resident_id,
        now,
        reason="credential_suspended",
        credential_id=credential.id,
    )
