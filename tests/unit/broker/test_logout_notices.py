"""Who is told of the end of a session: whatever ends it, in the same transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.conftest import Killed

from hkeid.broker.ending import end_session
from hkeid.enrolment import Actor
from hkeid.testing.provider import a_client
from hkeid.testing.store_contract.saml import a_participation


@pytest.fixture
def hub(hub: Any) -> Any:
    with hub.memory.transaction() as tx:
        tx.clients.put(a_client("hko", backchannel_logout_uri="https://rp.example.hk/told"))
        tx.clients.put(a_client("etax", backchannel_logout_uri="https://etax.example.hk/told"))
        tx.clients.put(a_client("deaf"))
    return hub


def told(hub: Any, session: Any) -> list[str]:
    notices = hub.look("logout_notices", "of_session", session.view.session_id)
    return [one.client_id for one in notices]


def took_part(hub: Any, session: Any, *entity_ids: str) -> None:
    with hub.memory.transaction() as tx:
        for entity_id in entity_ids:
            session_id = session.view.session_id
            tx.participations.put(a_participation(session_id=session_id, entity_id=entity_id))


def of(session: Any) -> str:
    return str(session.view.authentication.resident_id)


ENDS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "logout": lambda hub, session, _: hub.broker.logout(session.reference.reveal()),
    "ended_by_resident": lambda hub, session, _: hub.broker.end_session(
        of(session), session.view.session_id
    ),
    "others_ended": lambda hub, session, _: hub.broker.end_other_sessions(of(session), "another"),
    "frozen": lambda hub, session, _: hub.standing.freeze(session.view),
    "suspended": lambda hub, session, _: hub.standing.suspend(
        of(session), by=Actor.OPERATOR, reason="test"
    ),
    "revoked": lambda hub, session, _: hub.standing.revoke(
        of(session), by=Actor.OPERATOR, reason="test"
    ),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_whatever_ends_a_session_tells_its_clients(hub, phone, end) -> None:
    """Back-Channel Logout §2.5; those that have an address, each once."""
    session = hub.activate(phone)
    for client_id in ("hko", "hko", "deaf", "unknown"):
        hub.grant(session, client_id)
    hub.grant(session, "etax", "offline_access")
    end(hub, session, phone)
    assert told(hub, session) == ["etax", "hko"]


LIBRARY = "https://library.example/saml"


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_whatever_ends_a_session_tells_its_saml_services(hub, phone, end) -> None:
    """saml-core §3.7.3.2; each once, however many names it has; the participation stays until it was told."""
    session = hub.activate(phone)
    took_part(hub, session, LIBRARY, LIBRARY, "https://museum.example/saml")
    hub.grant(session, "hko")
    end(hub, session, phone)
    assert told(hub, session) == ["hko", f"saml {LIBRARY}", "saml https://museum.example/saml"]
    assert len(hub.look("participations", "of_session", session.view.session_id)) == 3


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_only_a_browser_that_logs_out_keeps_saml_notices_back(hub, phone, end) -> None:
    """Its own request tells services, and if it dies, they are told a minute later."""
    session = hub.activate(phone)
    took_part(hub, session, LIBRARY)
    end(hub, session, phone)
    [notice] = hub.look("logout_notices", "of_session", session.view.session_id)
    waits = timedelta(minutes=1) if end is ENDS["logout"] else timedelta(0)
    assert notice.next_at - notice.ended_at == waits


def test_an_upstreams_logout_tells_saml_services(hub, phone) -> None:
    """It comes in at ``end_session`` as well, with nobody's browser."""
    session = hub.activate(phone)
    took_part(hub, session, LIBRARY)
    with hub.memory.transaction() as tx:
        kept = tx.sessions.get(session.view.session_id)
        assert end_session(tx, kept, hub.clock.now(), reason="upstream_logout")
    assert told(hub, session) == [f"saml {LIBRARY}"]


def test_who_has_given_its_tokens_back_is_told(hub, phone) -> None:
    session = hub.activate(phone)
    grant = hub.grant(session, "hko")
    with hub.memory.transaction() as tx:
        tx.grants.revoke(grant, hub.clock.now())
    ended = hub.broker.logout(session.reference.reveal())
    assert ended.clients == ("hko",)
    assert told(hub, session) == ["hko"]


def test_other_sessions_go_on(hub, phone) -> None:
    first = hub.activate(phone)
    hub.grant(first, "hko")
    second = hub.login(phone)
    hub.grant(second, "etax")
    hub.broker.logout(first.reference.reveal())
    assert told(hub, first) == ["hko"]
    assert told(hub, second) == []


def test_a_session_ends_once_and_so_is_told_once(hub, phone) -> None:
    session = hub.activate(phone)
    hub.grant(session, "hko")
    hub.broker.logout(session.reference.reveal())
    [before] = hub.look("logout_notices", "of_session", session.view.session_id)
    hub.clock.pass_(minutes=1)
    assert hub.broker.logout(session.reference.reveal()) is None
    assert hub.look("logout_notices", "of_session", session.view.session_id) == (before,)


def test_a_kill_leaves_both_or_neither(hub, phone) -> None:
    session = hub.activate(phone)
    hub.grant(session, "hko")
    took_part(hub, session, LIBRARY)
    number = 0
    while True:
        number += 1
        hub.steps.count, hub.steps.kill_at = 0, number
        try:
            hub.broker.logout(session.reference.reveal())
        except Killed:
            hub.steps.kill_at = None
            live = hub.broker.is_live(session.view.session_id, hub.clock.now())
            assert told(hub, session) == ([] if live else ["hko", f"saml {LIBRARY}"])
        else:
            break
    hub.steps.kill_at = None
    assert number > 1, "no step was killed"
    assert told(hub, session) == ["hko", f"saml {LIBRARY}"]
