"""What stands on the account page, gathered from broker, enrolment and consent ledger."""

from __future__ import annotations

import json

from hkeid.identity.authentication import SessionView
from hkeid.identity.state import EidState
from hkeid.kernel import base64url
from hkeid.residents.records import CredentialStatus
from hkeid_server.consent_content import clients_of, name_of_client, service_cards
from hkeid_server.elsewhere import name_of
from hkeid_server.elsewhere_models import Elsewhere
from hkeid_server.house import house
from hkeid_server.models import (
    AccessLine,
    AccountPage,
    DeviceCard,
    LinkCard,
    SessionCard,
)
from hkeid_server.residents import eid_card, resident_entry
from hkeid_server.signing_content import signed_lines

_DONE = frozenset(
    {
        "device-added",
        "new-phone",
        "device-renamed",
        "device-removed",
        "device-reinstated",
        "session-ended",
        "sessions-ended",
        "sharing-stopped",
        "marketing-agreed",
        "marketing-stopped",
        "linked",
        "unlinked",
        "link-of-another",
        "not-linked",
        "link-too-low",
    }
)


def account_page(session: SessionView, done: str | None) -> AccountPage:
    """Everything for the resident of a session.

    :param done: what was done just now, for the notice on top.
    """
    resident = resident_entry(session.authentication.resident_id)
    devices = _devices(session)
    return AccountPage(
        card=eid_card(resident),
        devices=devices,
        sessions=_sessions(session),
        services=service_cards(resident.id),
        accesses=_accesses(resident.id),
        can_upgrade=house().stations is not None and resident.state is EidState.ACTIVE,
        done=done if done in _DONE else None,
        cooling_until=resident.cooling_until if resident.cools(house().clock.now()) else None,
        told_by=_told_by(resident.id),
        signing=house().signing is not None,
        signed=signed_lines(resident.id),
        links=_links(resident.id, removable=bool(devices)),
        elsewhere=addable(resident.id),
        profile=_profile(resident.id),
        signal=json.dumps(
            {
                "rpId": house().policy.rp_id,
                "userId": base64url.encode(resident.user_handle),
                "accepted": [device.id for device in devices],
            }
        ),
    )


def _links(resident_id: str, *, removable: bool) -> tuple[LinkCard, ...]:
    upstreams = house().back_doors.upstreams
    found = house().back_doors.links_of(resident_id)
    return tuple(
        LinkCard(
            provider=one.provider,
            subject=base64url.encode(one.subject),
            # One that is not configured any more leads nowhere, and can still be removed.
            name=(
                name_of(upstreams[one.provider].provider)
                if one.provider in upstreams
                else one.provider
            ),
            since=one.linked_at,
            used=one.used_at,
            removable=removable or len(found) > 1,
        )
        for one in found
    )


def addable(resident_id: str) -> tuple[Elsewhere, ...]:
    """What is offered to our own pages and not linked yet."""
    linked = {one.provider for one in house().back_doors.links_of(resident_id)}
    return tuple(
        Elsewhere(
            id=one.provider.id,
            name=name_of(one.provider),
            href=f"/account/elsewhere/{one.provider.id}",
        )
        for one in house().back_doors.upstreams.for_client(None)
        if one.provider.id not in linked
    )


def _profile(resident_id: str) -> int | None:
    found = house().profile.overview(resident_id)
    return None if found.since is None else len(found.values)


def _told_by(resident_id: str) -> tuple[str, ...]:
    kept = house().notices.contacts.of_resident(resident_id)
    return tuple(dict.fromkeys(one.channel.value for one in kept))


def _devices(session: SessionView) -> tuple[DeviceCard, ...]:
    found = house().devices.of_resident(
        session.authentication.resident_id, session_id=session.session_id
    )
    return tuple(
        DeviceCard(
            id=base64url.encode(device.id),
            name=device.label,
            synced=device.synced,
            added=device.created_at,
            used=device.last_used_at,
            current=device.current,
            stopped=device.status is CredentialStatus.SUSPENDED,
        )
        for device in found
    )


def _sessions(session: SessionView) -> tuple[SessionCard, ...]:
    entries = house().broker.sessions_of(
        session.authentication.resident_id, current=session.session_id
    )
    with house().store.transaction() as tx:
        visited = {
            entry.id: sorted({grant.client_id for grant in tx.grants.of_session(entry.id)})
            for entry in entries
        }
    clients = clients_of(client for found in visited.values() for client in found)
    return tuple(
        SessionCard(
            id=entry.id,
            agent=entry.agent,
            since=entry.authenticated_at,
            current=entry.current,
            services=tuple(name_of_client(client_id, clients) for client_id in visited[entry.id]),
        )
        for entry in entries
    )


def _accesses(resident_id: str) -> tuple[AccessLine, ...]:
    reader = house().accesses
    found = () if reader is None else reader(resident_id)
    return tuple(AccessLine(at=one.at, role=one.role, reason=one.reason) for one in found)
