"""Who is told of the end of a session: whatever ends it, in the same transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.conftest import Killed

from hkeid.enrolment import Actor
from hkeid.testing.provider import a_client


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
    number = 0
    while True:
        number += 1
        hub.steps.count, hub.steps.kill_at = 0, number
        try:
            hub.broker.logout(session.reference.reveal())
        except Killed:
            hub.steps.kill_at = None
            live = hub.broker.is_live(session.view.session_id, hub.clock.now())
            assert told(hub, session) == ([] if live else ["hko"])
        else:
            break
    hub.steps.kill_at = None
    assert number > 1, "no step was killed"
    assert told(hub, session) == ["hko"]
