"""Front-channel logout: addresses that the browser loads (OpenID Connect Front-Channel Logout §3)."""

from __future__ import annotations

from hkeid.doors.subjects import session_identifier
from hkeid.kernel.http import with_query
from hkeid.oidc.scopes import OPENID
from hkeid.op.parts import Parts
from hkeid.op.records import ProviderTransaction


def front_channel_addresses(
    tx: ProviderTransaction, parts: Parts, session_id: str
) -> tuple[str, ...]:
    """The address of every client that was given a login in the session and has registered a
    ``frontchannel_logout_uri``, with ``iss`` and ``sid`` (§3); in order of client.
    """
    grants = tx.grants.every_of_session(session_id)
    wanted = sorted({grant.client_id for grant in grants if OPENID in grant.scopes})
    addresses = []
    for client_id in wanted:
        client = tx.clients.get(client_id)
        if client is None or client.frontchannel_logout_uri is None:
            continue
        told = (
            ("iss", parts.issuer),
            ("sid", session_identifier(parts.keys, client_id, session_id)),
        )
        addresses.append(with_query(client.frontchannel_logout_uri, told))
    return tuple(addresses)
