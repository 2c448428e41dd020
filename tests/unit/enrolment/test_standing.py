"""Suspending, resuming and revoking an eID."""

from __future__ import annotations

import pytest

from hkeid.enrolment import Actor
from hkeid.identity.assurance import Acr
from hkeid.identity.state import EidState
from hkeid.kernel.errors import HkeidError
from hkeid.residents.records import CredentialStatus
from hkeid.signing.activation import SigningKeyState
from hkeid.signing.activation.parts import check_usable
from hkeid.testing.store_contract.signing import a_signing_key


@pytest.fixture
def session(hub, phone):
    return hub.activate(phone)


def owner(session) -> str:
    return session.view.authentication.resident_id


def reason(call, *args, **kwargs) -> str:
    with pytest.raises(HkeidError) as caught:
        call(*args, **kwargs)
    return caught.value.reason


def signing_key(hub, resident_id: str):
    """A key with which this resident may have signed."""
    key = a_signing_key(resident_id=resident_id)
    with hub.store.transaction() as tx:
        assert tx.signing_keys.add(key)
    return key


def change(hub, verb: str, resident_id: str, why: str = "test"):
    return getattr(hub.standing, verb)(resident_id, by=Actor.OPERATOR, reason=why)


def state(hub, session) -> EidState:
    return hub.look("residents", "get", owner(session)).state


class TestFreeze:
    def test_stops_everything_at_once(self, hub, session, phone) -> None:
        other = hub.login(phone, browser="b2")
        grants = [hub.grant(session), hub.grant(other, "etax", "offline_access")]
        ended = hub.standing.freeze(session.view)
        assert {one.session_id for one in ended} == {
            session.view.session_id,
            other.view.session_id,
        }
        assert {client for one in ended for client in one.clients} == {"hko", "etax"}
        assert state(hub, session) is EidState.SUSPENDED
        assert hub.current(session) is None
        assert all(hub.look("grants", "get", grant).revoked_at for grant in grants)
        assert reason(hub.login, phone) == "eid_suspended"
        body = hub.bodies("enrolment:eid:standing-changed")[0]
        assert (body["by"], body["reason"]) == ("resident", "frozen_by_resident")
        assert (body["sessions_ended"], body["grants_revoked"]) == (2, 1)
        assert hub.bodies("enrolment:notice:due")[-1]["about"] == "eid_suspended"


class TestSigningKey:
    """What happens to the right to sign."""

    @pytest.mark.parametrize(
        ("by", "why", "said"),
        [
            (Actor.OPERATOR, "court_order", "privilegeWithdrawn"),
            (Actor.OFFICER, "fraud_found", "privilegeWithdrawn"),
            (Actor.REGISTER, "deceased", "cessationOfOperation"),
            (Actor.RESIDENT, "ended_by_resident", "cessationOfOperation"),
        ],
    )
    def test_ends_with_the_eid(self, hub, session, by, why, said) -> None:
        kept = signing_key(hub, owner(session))
        hub.standing.revoke(owner(session), by=by, reason=why)
        key = hub.look("signing_keys", "get", kept.id)
        assert (key.state, key.reason.value) == (SigningKeyState.RETIRED, said)
        (event,) = hub.bodies("signing:key:retired")
        assert (event["key_id"], event["reason"]) == (kept.id, said)

    def test_outlives_a_freeze(self, hub, session) -> None:
        """Nothing is signed while it lasts, and whoever lifts it has the key that was there."""
        kept = signing_key(hub, owner(session))
        hub.standing.freeze(session.view)
        assert hub.look("signing_keys", "get", kept.id) == kept
        resident = hub.look("residents", "get", owner(session))
        assert reason(check_usable, kept, resident, hub.clock.now()) == "eid_not_upgraded"


class TestResume:
    def test_lets_the_resident_log_in_again(self, hub, session, phone) -> None:
        hub.standing.freeze(session.view)
        change(hub, "resume", owner(session))
        assert state(hub, session) is EidState.ACTIVE
        assert hub.current(session) is None
        hub.login(phone)
        assert hub.bodies("enrolment:notice:due")[-1]["about"] == "eid_resumed"

    def test_goes_back_to_where_the_proof_of_identity_carries(self, hub, phone) -> None:
        resident_id = hub.activation.register_applicant(hub.person(), proofed=Acr.EID_PLUS)
        session = hub.activate(phone, hub.activation.issue_ticket(resident_id).reveal())
        assert session.view.authentication.acr is Acr.EID_PLUS
        change(hub, "suspend", resident_id)
        change(hub, "resume", resident_id)
        assert state(hub, session) is EidState.UPGRADED

    def test_ends_a_session_that_slipped_in_while_suspending(self, hub, session) -> None:
        """A login's transaction may commit in the same instant; its session must not wake up."""
        with hub.memory.transaction() as tx:
            resident = tx.residents.get(owner(session))
            from dataclasses import replace

            tx.residents.change(resident, replace(resident, state=EidState.SUSPENDED))
        assert hub.current(session) is None
        change(hub, "resume", owner(session))
        assert hub.current(session) is None
        assert hub.bodies("broker:session:ended")[-1]["reason"] == "eid_resumed"


class TestRevoke:
    def test_is_for_good(self, hub, session, phone) -> None:
        grant = hub.grant(session)
        change(hub, "revoke", owner(session), "death_reported")
        assert state(hub, session) is EidState.REVOKED
        assert hub.look("grants", "get", grant).revoked_at
        (credential,) = hub.look("credentials", "of_resident", owner(session))
        assert credential.status is CredentialStatus.REVOKED
        assert reason(hub.login, phone) == "credential_revoked"
        for verb in ("suspend", "resume", "revoke"):
            assert reason(change, hub, verb, owner(session)) == "eid_transition_not_allowed"

    def test_keeps_the_number_taken(self, hub) -> None:
        resident_id = hub.activation.register_applicant(hub.person(777777))
        change(hub, "revoke", resident_id)
        assert reason(hub.activation.register_applicant, hub.person(777777)) == (
            "already_registered"
        )


class TestRules:
    @pytest.mark.parametrize("verb", ["suspend", "resume"])
    def test_an_applicant_is_neither_suspended_nor_resumed(self, hub, verb: str) -> None:
        resident_id, _ = hub.applicant()
        assert reason(change, hub, verb, resident_id) == "eid_transition_not_allowed"

    def test_an_active_eid_is_not_resumed(self, hub, session) -> None:
        assert reason(change, hub, "resume", owner(session)) == "eid_transition_not_allowed"

    def test_nobody(self, hub) -> None:
        assert reason(change, hub, "suspend", "nobody") == "resident_unknown"

    @pytest.mark.parametrize("why", ["", "A", "free text about Mr Chan", "x" * 41, "x-y"])
    def test_reasons_are_short_words(self, hub, session, why: str) -> None:
        assert reason(change, hub, "suspend", owner(session), why) == "standing_reason_malformed"
        assert hub.current(session)

    def test_of_two_at_once_the_second_looks_again(self, hub, session) -> None:
        residents = type(hub.memory._transaction.residents)
        real = residents.change
        lost: list[int] = []

        def losing(self, old, new):
            if not lost:
                lost.append(1)
                return False
            return real(self, old, new)

        residents.change = losing
        try:
            change(hub, "suspend", owner(session))
        finally:
            residents.change = real
        assert state(hub, session) is EidState.SUSPENDED

    def test_a_resident_who_never_stands_still_is_left_alone(self, hub, session) -> None:
        residents = type(hub.memory._transaction.residents)
        real = residents.change
        residents.change = lambda *_: False
        try:
            assert reason(change, hub, "suspend", owner(session)) == "eid_changed"
        finally:
            residents.change = real
        assert hub.current(session)
