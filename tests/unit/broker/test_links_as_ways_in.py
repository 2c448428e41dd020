"""A linked login elsewhere is a way in like a passkey: what adding one takes, and what ends with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.broker.test_back_doors import VISITOR, Rig, resident_of, somebody

from hkeid.broker import LoginRefused, StepUpRequired
from hkeid.broker.upstream_login import ReturnRefused
from hkeid.enrolment.new_phone import NewPhone
from hkeid.enrolment.recovering import end_former
from hkeid.identity.assurance import Acr
from hkeid.kernel.errors import HkeidError, NotFound
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.upstream.attributes import Attributes


@pytest.fixture(params=["memory", "sqlite"])
def rig(request: Any, make_hub_of: Any) -> Rig:
    return Rig(make_hub_of(request.param))


def begin(rig: Rig, session: Any) -> Any:
    visitor = replace(VISITOR, session_reference=session.reference.reveal())
    rig.doors.begin_linking(
        "company", session.view, visitor, callback="https://eid.example/cb", back_to="/account"
    )
    return visitor


def refused(rig: Rig, session: Any, says: Any) -> str:
    with pytest.raises(ReturnRefused) as caught:
        rig.link(session, says)
    assert rig.doors.links_of(resident_of(session)) == ()
    return caught.value.reason


def numbered(hub: Any, phone: Any) -> tuple[Any, str]:
    """A session of somebody with an eID, and the number of their identity card."""
    person = hub.person()
    resident_id = hub.activation.register_applicant(person)
    session = hub.activate(phone, hub.activation.issue_ticket(resident_id).reveal())
    return session, person.hkic_number.reveal()


class TestWhatAddingOneTakes:
    def test_a_login_of_the_last_minutes(self, rig: Rig, phone: Any) -> None:
        own = rig.hub.activate(phone)
        rig.hub.clock.pass_(minutes=5)
        begin(rig, own)
        rig.hub.clock.pass_(seconds=1)
        with pytest.raises(StepUpRequired) as caught:
            begin(rig, own)
        assert caught.value.reason == "authentication_too_old"

    def test_a_session_that_lives(self, rig: Rig, phone: Any) -> None:
        own = rig.hub.activate(phone)
        rig.hub.broker.logout(own.reference.reveal())
        with pytest.raises(LoginRefused) as caught:
            begin(rig, own)
        assert caught.value.reason == "session_ended"

    def test_a_provider_for_our_own_pages(self, rig: Rig, phone: Any) -> None:
        """One that a single client uses is no way into My eID."""
        rig.with_policy(clients=frozenset({"hko"}))
        with pytest.raises(NotFound) as caught:
            begin(rig, rig.hub.activate(phone))
        assert caught.value.reason == "upstream_unknown"

    def test_the_best_passkey_or_as_good_as_the_new_way(self, rig: Rig, phone: Any) -> None:
        """NIST SP 800-63B-4 §4.1.2.1: a copied passkey never buys a better way in."""
        own = rig.hub.activate(phone)
        copied = SoftwareAuthenticator(synced=True)
        rig.hub.add_device(own, copied)
        low = rig.hub.login(copied)
        assert low.view.authentication.acr is Acr.EID
        assert refused(rig, low, somebody(acr=Acr.EID_BOUND)) == "authentication_too_low"
        rig.link(low, somebody("s2", acr=Acr.EID))
        rig.link(rig.hub.login(phone), somebody("s3", acr=Acr.EID_BOUND))

    def test_the_same_person_where_the_other_side_knows(self, rig: Rig, phone: Any) -> None:
        """Who talks somebody into approving a login must not have them log in to their own eID."""
        rig.with_policy(links_by_hkic=True)
        own, number = numbered(rig.hub, phone)
        _, others = numbered(rig.hub, SoftwareAuthenticator())
        nobodys = rig.hub.person().hkic_number.reveal()
        for text in (others, nobodys):
            says = somebody(attributes=Attributes({"hkic_number": [text]}))
            assert refused(rig, own, says) == "link_of_another"
        rig.link(own, somebody(attributes=Attributes({"hkic_number": [number]})))
        assert len(rig.doors.links_of(resident_of(own))) == 1

    def test_a_number_is_believed_from_those_alone_that_prove_it(
        self, rig: Rig, phone: Any
    ) -> None:
        own, _ = numbered(rig.hub, phone)
        stranger = rig.hub.person().hkic_number.reveal()
        rig.link(own, somebody(attributes=Attributes({"hkic_number": [stranger]})))
        assert len(rig.doors.links_of(resident_of(own))) == 1


class TestTheResidentIsTold:
    def test_of_each_that_is_made_or_taken_back(self, rig: Rig, phone: Any) -> None:
        own = rig.hub.activate(phone)
        rig.link(own, somebody())
        (entry,) = rig.doors.links_of(resident_of(own))
        rig.doors.unlink(resident_of(own), "company", entry.subject)
        assert rig.told == [
            (resident_of(own), "login_linked"),
            (resident_of(own), "login_unlinked"),
        ]

    def test_of_one_by_the_number_too_once(self, rig: Rig, phone: Any) -> None:
        rig.with_policy(links_by_hkic=True)
        own, number = numbered(rig.hub, phone)
        for _ in range(2):
            rig.login(somebody(attributes=Attributes({"hkic_number": [number]})))
        assert rig.told == [(resident_of(own), "login_linked")]

    def test_not_of_the_account_that_it_opens(self, rig: Rig) -> None:
        rig.with_policy(creates=True)
        rig.login(somebody())
        assert rig.told == []


class TestWhatEndsWithIt:
    def test_its_sessions_and_all_that_was_given_in_them(self, rig: Rig, phone: Any) -> None:
        own = rig.hub.activate(phone)
        rig.link(own, somebody())
        elsewhere = rig.login(somebody())
        kept, ended = rig.hub.grant(own), rig.hub.grant(elsewhere, "hko", "offline_access")
        (entry,) = rig.doors.links_of(resident_of(own))
        rig.doors.unlink(resident_of(own), "company", entry.subject)
        assert rig.hub.current(elsewhere) is None
        assert rig.hub.look("grants", "get", ended).revoked_at is not None
        assert rig.hub.current(own) is not None
        assert rig.hub.look("grants", "get", kept).revoked_at is None

    def test_the_account_that_moves_with_it(self, rig: Rig, phone: Any) -> None:
        rig.with_policy(creates=True)
        account = rig.login(somebody())
        grant = rig.hub.grant(account, "hko", "offline_access")
        rig.link(rig.hub.activate(phone), somebody())
        assert rig.hub.current(account) is None
        assert rig.hub.look("grants", "get", grant).revoked_at is not None

    def test_a_recovery_ends_them_all(self, rig: Rig, phone: Any) -> None:
        """Whoever held the eID before may have added them."""
        own = rig.hub.activate(phone)
        rig.link(own, somebody())
        with rig.hub.memory.transaction() as tx:
            end_former(tx, resident_of(own), rig.hub.clock.now())
        assert rig.doors.links_of(resident_of(own)) == ()
        assert rig.hub.bodies("enrolment:eid:recovered")[-1]["links_removed"] == 1
        assert rig.refused(somebody()).reason == "link_unknown"


class TestAnAccountIsNoEid:
    """Nobody looked at a card, so no passkey of ours says who its owner is."""

    @pytest.fixture
    def account(self, rig: Rig) -> Any:
        rig.with_policy(creates=True)
        return rig.login(somebody())

    def test_it_takes_no_device(self, rig: Rig, account: Any, phone: Any) -> None:
        with pytest.raises(HkeidError) as caught:
            rig.hub.add_device(account, phone)
        assert caught.value.reason == "account_without_eid"

    def test_it_offers_none_to_a_new_phone(self, rig: Rig, account: Any) -> None:
        hub = rig.hub
        new_phone = NewPhone(
            hub.store, hub.policy, hub.fields, hub.broker, hub.keys, hub.clock, hub.random
        )
        with pytest.raises(HkeidError) as caught:
            new_phone.offer(account.view)
        assert caught.value.reason == "account_without_eid"
