"""Writing down who is to be told of a logout, in the transaction that ends the session."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from hkeid.doors.logout.records import LogoutNotice, LogoutNoticeRepository
from hkeid.kernel.instants import Instant
from hkeid.oidc.scopes import OPENID
from hkeid.op.records import ClientRepository, Grant


class OutboxTransaction(Protocol):
    """What the outbox needs of a transaction."""

    @property
    def clients(self) -> ClientRepository: ...
    @property
    def logout_notices(self) -> LogoutNoticeRepository: ...


def write_logout_notices(
    tx: OutboxTransaction, session_id: str, grants: Iterable[Grant], now: Instant
) -> tuple[str, ...]:
    """Write a notice for every client that was given a login in the session and has registered a
    ``backchannel_logout_uri`` (OpenID Connect Back-Channel Logout §2.2, §2.5); returns their ids. Who got no ID
    token was given none: a logout token would name the resident of a form that was filled without a login.

    :param grants: all grants of the session, the newest first, revoked ones too: who gave its tokens back
        still has a session of its own.
    """
    subjects: dict[str, str] = {}
    for grant in grants:
        if OPENID in grant.scopes:
            subjects.setdefault(grant.client_id, grant.subject)
    told = []
    for client_id, subject in sorted(subjects.items()):
        client = tx.clients.get(client_id)
        if client is None or client.backchannel_logout_uri is None:
            continue
        tx.logout_notices.add(
            LogoutNotice(
                session_id=session_id,
                client_id=client_id,
                subject=subject,
                ended_at=now,
                next_at=now,
            )
        )
        told.append(client_id)
    return tuple(told)
