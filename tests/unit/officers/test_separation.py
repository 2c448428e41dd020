"""Residents and officers never stand in for each other, although they share a domain here."""

from __future__ import annotations

from typing import Any

import pytest

from hkeid.broker import LoginRefused
from hkeid.officers import OfficerLoginRefused
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.webauthn import CeremonyRefused, WebAuthnPolicy


@pytest.fixture
def hub(make_hub: Any) -> Any:
    """Residents on the same domain as the console, as on localhost."""
    found = make_hub()
    policy = WebAuthnPolicy(
        rp_id="localhost", rp_name="eID", origins=frozenset({"http://localhost:8000"})
    )
    for part in (found.broker._login, found.activation, found.devices):
        part._policy = policy
    return found


def _resident(hub: Any) -> SoftwareAuthenticator:
    phone = SoftwareAuthenticator()
    code = hub.applicant()[1]
    start = hub.activation.start(code, browser="b1", network="n1")
    answer = phone.create(start.options, "http://localhost:8000")
    hub.activation.finish(start.id, answer, browser="b1", network="n1", agent="Chromium")
    return phone


def test_a_residents_passkey_opens_no_console(hub: Any, desk: Any, console: str) -> None:
    phone = _resident(hub)
    start = desk.officers.login.start_login(browser="b1")
    answer = phone.get(start.options, console)
    with pytest.raises(OfficerLoginRefused) as caught:
        desk.officers.login.finish_login(start.id, answer, browser="b1")
    assert caught.value.reason == "credential_unknown"
    assert desk.bodies("officers:login:refused")[-1]["reason"] == "credential_unknown"


def test_an_officers_passkey_logs_in_no_resident(hub: Any, desk: Any) -> None:
    officer_id = desk.hire()
    with pytest.raises(LoginRefused) as caught:
        hub.login(
            desk.phones[officer_id],
            answer=lambda options: desk.phones[officer_id].get(options, "http://localhost:8000"),
        )
    assert caught.value.reason == "credential_unknown"


def test_a_ceremony_of_residents_is_none_of_officers(hub: Any, desk: Any, console: str) -> None:
    officer_id = desk.hire()
    start = desk.officers.login.start_login(browser="b1")
    answer = desk.phones[officer_id].get(start.options, console)
    with pytest.raises(CeremonyRefused) as caught:
        hub.broker.finish_login(
            start.id, answer, browser="b1", session_reference=None, network="n", agent="a"
        )
    assert caught.value.reason == "ceremony_other_kind"


def test_references_are_worth_nothing_on_the_other_side(hub: Any, desk: Any) -> None:
    session = desk.login(desk.hire())
    assert hub.current(session.reference.reveal()) is None
    resident = _resident_session(hub)
    assert desk.officers.login.current(resident, browser="b1") is None


def _resident_session(hub: Any) -> str:
    phone = SoftwareAuthenticator()
    start = hub.activation.start(hub.applicant()[1], browser="b1", network="n1")
    answer = phone.create(start.options, "http://localhost:8000")
    done = hub.activation.finish(start.id, answer, browser="b1", network="n1", agent="Chromium")
    return done.reference.reveal()


def test_ids_and_handles_are_apart(hub: Any, desk: Any) -> None:
    officer_id = desk.hire()
    with desk.store.transaction() as tx:
        assert tx.residents.get(officer_id) is None
        assert tx.residents.by_user_handle(tx.officers.get(officer_id).user_handle) is None
        credential = tx.officer_credentials.of_officer(officer_id)[0]
        assert tx.credentials.get(credential.id) is None
