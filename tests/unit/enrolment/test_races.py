"""Many at once, one winner."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from hkeid.kernel.errors import HkeidError
from hkeid.testing.authenticator import SoftwareAuthenticator

AT_ONCE = 16


@pytest.fixture
def hub(make_hub_on_each_store):
    return make_hub_on_each_store()


def together(calls: list[Callable[[], Any]]) -> tuple[list[Any], list[str]]:
    """Results and refusal reasons of all calls made at the same moment."""
    results: list[Any] = []
    reasons: list[str] = []
    ready = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> None:
        ready.wait()
        try:
            results.append(call())
        except HkeidError as error:
            reasons.append(error.reason)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) + len(reasons) == len(calls)
    return results, reasons


def test_one_ticket_and_many_phones_make_one_eid(hub, origin) -> None:
    resident_id, code = hub.applicant()
    calls = []
    for number in range(AT_ONCE):
        browser = f"b{number}"
        start = hub.activation.start(code, browser=browser, network="n1")
        answer = SoftwareAuthenticator().create(start.options, origin)
        calls.append(
            lambda start=start, answer=answer, browser=browser: hub.activation.finish(
                start.id, answer, browser=browser, network="n1"
            )
        )
    results, reasons = together(calls)
    assert len(results) == 1
    assert set(reasons) <= {"ticket_used", "eid_not_applicant", "eid_changed"}
    assert len(hub.look("credentials", "of_resident", resident_id)) == 1
    assert len(hub.broker.sessions_of(resident_id)) == 1
    assert hub.trail_is_sound()


def test_one_answer_sent_many_times_counts_once(hub, phone, origin) -> None:
    from hkeid.identity.authentication import AuthenticationRequest

    hub.activate(phone)
    start = hub.broker.start_login(AuthenticationRequest(client_id="hko"), browser="b1")
    answer = phone.get(start.options, origin)
    results, reasons = together(
        [
            lambda: hub.broker.finish_login(start.id, answer, browser="b1", network="n1")
            for _ in range(AT_ONCE)
        ]
    )
    assert len(results) == 1
    assert set(reasons) == {"ceremony_used"}


def test_one_identity_card_number_registered_many_times_makes_one_applicant(hub) -> None:
    people = [hub.person(555555) for _ in range(AT_ONCE)]
    results, reasons = together(
        [lambda person=person: hub.activation.register_applicant(person) for person in people]
    )
    assert len(results) == 1
    assert set(reasons) == {"already_registered"}


def test_many_logins_of_synced_passkeys_all_succeed(hub, origin) -> None:
    from hkeid.identity.authentication import AuthenticationRequest

    synced = SoftwareAuthenticator(synced=True)
    hub.activate(synced)
    calls = []
    for number in range(AT_ONCE):
        browser = f"b{number}"
        start = hub.broker.start_login(AuthenticationRequest(client_id="hko"), browser=browser)
        answer = synced.get(start.options, origin)
        calls.append(
            lambda start=start, answer=answer, browser=browser: hub.broker.finish_login(
                start.id, answer, browser=browser, network="n1"
            )
        )
    results, reasons = together(calls)
    assert not reasons
    assert len({result.view.session_id for result in results}) == AT_ONCE
    assert hub.trail_is_sound()


def test_many_logouts_end_a_session_once(hub, phone) -> None:
    session = hub.activate(phone)
    results, _ = together(
        [lambda: hub.broker.logout(session.reference.reveal()) for _ in range(AT_ONCE)]
    )
    assert sum(result is not None for result in results) == 1
