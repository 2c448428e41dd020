"""Erasing at a resident's word: with a fresh login and a yes, all of it, and to the end after a kill."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hkeid.broker import StepUpRequired
from hkeid.enrolment.standing import Actor
from hkeid.identity.state import EidState
from hkeid.kernel.errors import Refused
from hkeid.profile.rights import RequestKind, RequestState


def gone(rights) -> bool:
    """Whether nothing of the resident can be read or used any more."""
    hub, resident_id = rights.hub, rights.resident_id
    return (
        hub.look("residents", "get", resident_id).state is EidState.REVOKED
        and hub.vault.get(resident_id) is None
        and hub.look("sealed_fields", "all", resident_id) == {}
        and hub.current(rights.session) is None
        and all(one.revoked_at for one in hub.look("grants", "of_resident", resident_id))
    )


def test_an_erasure_is_all_of_it(rights, reason_of) -> None:
    rights.hub.grant(rights.session)
    asked = rights.requests.ask_for_access(rights.view)
    reference = rights.erasing.erase(rights.view, confirmed=True, language="zh-Hant-HK")
    assert gone(rights)
    order = rights.hub.look("data_requests", "get", reference)
    assert (order.kind, order.state) == (RequestKind.ERASURE, RequestState.ANSWERED)
    closed = rights.hub.look("data_requests", "get", asked.id)
    assert closed.state is RequestState.WITHDRAWN, "nothing is left to tell"
    names = rights.hub.events("profile:erasure")
    assert names == ["profile:erasure:ordered", "profile:erasure:done"]
    assert rights.hub.trail_is_sound()
    act = lambda: rights.requests.ask_for_access(rights.view)  # noqa: E731
    assert reason_of(act, Refused) == "resident_not_active"
    assert rights.hub.look("data_requests", "waiting", frozenset(RequestKind)) == ()


def test_an_erasure_wants_a_fresh_login_and_a_yes(rights, reason_of) -> None:
    unsaid = lambda: rights.erasing.erase(rights.view, confirmed=False)  # noqa: E731
    assert reason_of(unsaid, Refused) == "erasure_not_confirmed"
    rights.clock.pass_(minutes=5, seconds=1)
    stale = lambda: rights.erasing.erase(rights.view, confirmed=True)  # noqa: E731
    assert reason_of(stale, StepUpRequired) == "authentication_too_old"
    assert not gone(rights)
    assert rights.hub.look("data_requests", "of_resident", rights.resident_id) == ()


def test_whoever_recovered_an_eid_waits(rights, reason_of) -> None:
    until = rights.clock.now() + timedelta(days=3)
    with rights.hub.memory.transaction() as tx:
        entry = tx.residents.get(rights.resident_id)
        assert tx.residents.change(entry, replace(entry, cooling_until=until))
    assert rights.erasing.cooling(rights.resident_id) == until
    erase = lambda: rights.erasing.erase(rights.view, confirmed=True)  # noqa: E731
    assert reason_of(erase, Refused) == "eid_cooling"
    copy = lambda: rights.copy.make(rights.view, "json")  # noqa: E731
    assert reason_of(copy, Refused) == "eid_cooling"
    rights.clock.pass_(days=3)
    rights.login()
    assert rights.erasing.cooling(rights.resident_id) is None
    rights.erasing.erase(rights.view, confirmed=True)
    assert gone(rights)


def test_an_erasure_that_is_killed_anywhere_is_finished(make_rights, killed) -> None:
    """At every step of store and vault; before the order is kept, nothing has happened."""
    finished, untouched, kill_at = 0, 0, 1
    while True:
        rights = make_rights()
        rights.hub.grant(rights.session)
        rights.hub.steps.count, rights.hub.steps.kill_at = 0, kill_at
        try:
            rights.erasing.erase(rights.view, confirmed=True)
            break
        except killed:
            pass
        rights.hub.steps.kill_at = None
        if rights.hub.look("data_requests", "waiting", {RequestKind.ERASURE}):
            assert rights.erasing.finish() == 1
            assert gone(rights), kill_at
            assert rights.hub.events("profile:erasure:done") == ["profile:erasure:done"]
            finished += 1
        else:
            assert gone(rights) or rights.hub.current(rights.session) is not None
            untouched += 1
        assert rights.erasing.finish() == 0
        kill_at += 1
    assert finished >= 8
    assert untouched >= 2


def test_an_eid_that_ended_before_is_erased_all_the_same(rights) -> None:
    view = rights.view
    rights.hub.standing.revoke(rights.resident_id, by=Actor.OPERATOR, reason="fraud_found")
    rights.erasing.erase(view, confirmed=True)
    assert gone(rights)
