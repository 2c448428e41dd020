"""A second phone, a lost phone, a phone with another name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hkeid.broker import StepUpRequired
from hkeid.enrolment import Actor, EnrolmentSettings
from hkeid.identity.assurance import Acr
from hkeid.kernel.errors import HkeidError, NotFound
from hkeid.residents.records import CredentialStatus
from hkeid.testing.authenticator import AuthenticatorRefused, SoftwareAuthenticator
from hkeid.testing.authenticator_dishonesty import Dishonesty


@pytest.fixture
def spare() -> SoftwareAuthenticator:
    return SoftwareAuthenticator()


@pytest.fixture
def session(hub, phone):
    return hub.activate(phone)


def owner(session) -> str:
    return session.view.authentication.resident_id


def reason(call, *args, **kwargs) -> str:
    with pytest.raises(HkeidError) as caught:
        call(*args, **kwargs)
    return caught.value.reason


class TestAdding:
    def test_a_second_device_logs_in_too(self, hub, session, spare) -> None:
        device = hub.add_device(session, spare, "My tablet 平板")
        assert device.label == "My tablet 平板"
        assert hub.login(spare).view.authentication.resident_id == owner(session)
        body = hub.bodies("enrolment:credential:added")[-1]
        assert (body["by"], body["session_id"]) == ("resident", session.view.session_id)
        assert [b["about"] for b in hub.bodies("enrolment:notice:due")] == [
            "eid_activated",
            "device_added",
        ]

    def test_needs_a_recent_authentication(self, hub, session, phone, spare) -> None:
        hub.clock.pass_(minutes=5, seconds=1)
        with pytest.raises(StepUpRequired) as caught:
            hub.devices.start_adding(session.view, browser="b1")
        assert caught.value.reason == "authentication_too_old"
        fresh = hub.login(phone, session=session)
        hub.add_device(fresh, spare)

    def test_believes_the_stored_session_and_not_the_view(self, hub, session) -> None:
        hub.clock.pass_(minutes=10)
        newer = replace(session.view.authentication, authenticated_at=hub.clock.now())
        forged = replace(session.view, authentication=newer)
        assert reason(hub.devices.start_adding, forged, browser="b1") == "authentication_too_old"

    def test_the_same_device_again_is_stopped_by_the_browser(self, hub, session, phone) -> None:
        with pytest.raises(AuthenticatorRefused):
            hub.add_device(session, phone)

    def test_has_an_end(self, make_hub, phone) -> None:
        hub = make_hub(enrolment=EnrolmentSettings(most_devices=2))
        session = hub.activate(phone)
        hub.add_device(session, SoftwareAuthenticator())
        assert reason(hub.devices.start_adding, session.view, browser="b1") == "too_many_devices"

    def test_has_an_end_for_those_begun_before_too(self, make_hub, phone, origin) -> None:
        hub = make_hub(enrolment=EnrolmentSettings(most_devices=2))
        session = hub.activate(phone)
        start = hub.devices.start_adding(session.view, browser="b1")
        hub.add_device(session, SoftwareAuthenticator())
        answer = SoftwareAuthenticator().create(start.options, origin)
        finish = hub.devices.finish_adding
        assert reason(finish, session.view, start.id, answer, browser="b1") == "too_many_devices"

    def test_ends_with_the_session(self, hub, session, spare, origin) -> None:
        start = hub.devices.start_adding(session.view, browser="b1")
        answer = spare.create(start.options, origin)
        hub.broker.logout(session.reference.reveal())
        finish = hub.devices.finish_adding
        assert reason(finish, session.view, start.id, answer, browser="b1") == "session_ended"
        assert reason(hub.devices.start_adding, session.view, browser="b1") == "session_ended"
        assert hub.bodies("enrolment:credential:refused")[0]["reason"] == "session_ended"

    def test_belongs_to_the_session_it_began_in(self, hub, session, spare, origin, phone) -> None:
        start = hub.devices.start_adding(session.view, browser="b1")
        answer = spare.create(start.options, origin)
        other = hub.login(phone, browser="b2")
        finish = hub.devices.finish_adding
        assert reason(finish, other.view, start.id, answer, browser="b1") == (
            "ceremony_other_session"
        )

    def test_of_somebody_elses_ceremony_is_refused(self, hub, session, spare, origin) -> None:
        start = hub.devices.start_adding(session.view, browser="b1")
        answer = spare.create(start.options, origin)
        thief = hub.activate(SoftwareAuthenticator())
        finish = hub.devices.finish_adding
        assert reason(finish, thief.view, start.id, answer, browser="b1") == (
            "ceremony_other_session"
        )
        assert len(hub.devices.of_resident(owner(thief))) == 1

    def test_without_user_verification_is_refused(self, hub, session, spare, origin) -> None:
        start = hub.devices.start_adding(session.view, browser="b1")
        answer = spare.create(start.options, origin, dishonesty=Dishonesty(flags_cleared=0x04))
        with pytest.raises(HkeidError):
            hub.devices.finish_adding(session.view, start.id, answer, browser="b1")
        assert len(hub.devices.of_resident(owner(session))) == 1


class TestTheLevelOfWhoeverAdds:
    """NIST SP 800-63B-4 §4.1.2.1: a copied passkey never buys a better one."""

    def test_a_synced_passkey_adds_no_bound_one_where_there_is_one(self, hub, session) -> None:
        synced = SoftwareAuthenticator(synced=True)
        hub.add_device(session, synced)
        low = hub.login(synced)
        assert low.view.authentication.acr is Acr.EID
        with pytest.raises(StepUpRequired) as caught:
            hub.add_device(low, SoftwareAuthenticator())
        assert caught.value.reason == "authentication_too_low"

    def test_a_synced_passkey_adds_another_synced_one(self, hub, session) -> None:
        synced = SoftwareAuthenticator(synced=True)
        hub.add_device(session, synced)
        hub.add_device(hub.login(synced), SoftwareAuthenticator(synced=True))

    def test_who_has_synced_passkeys_only_may_better_them(self, hub) -> None:
        synced = SoftwareAuthenticator(synced=True)
        hub.add_device(hub.activate(synced), SoftwareAuthenticator())

    def test_once_the_lost_bound_one_is_revoked_a_new_one_may_come(self, hub, session) -> None:
        synced = SoftwareAuthenticator(synced=True)
        hub.add_device(session, synced)
        low = hub.login(synced)
        lost = next(d for d in hub.devices.of_resident(owner(low)) if not d.synced)
        hub.devices.revoke(owner(low), lost.id)
        hub.add_device(low, SoftwareAuthenticator())


class TestALostPhone:
    def test_is_revoked_from_the_second_device(self, hub, session, phone, spare) -> None:
        hub.add_device(session, spare)
        grant = hub.grant(session)
        elsewhere = hub.login(spare, browser="b2")
        lost = hub.devices.of_resident(owner(session), session_id=session.view.session_id)[0]
        assert lost.current
        hub.clock.pass_(minutes=20)
        ended = hub.devices.revoke(owner(session), lost.id)
        assert [one.session_id for one in ended] == [session.view.session_id]
        assert hub.current(session) is None
        assert hub.look("grants", "get", grant).revoked_at
        assert hub.current(elsewhere)
        assert reason(hub.login, phone) == "credential_revoked"
        hub.login(spare)
        assert [d.label for d in hub.devices.of_resident(owner(session))] == ["Spare"]
        body = hub.bodies("enrolment:credential:revoked")[0]
        assert (body["last"], body["sessions_ended"]) == (False, 1)
        assert hub.bodies("enrolment:notice:due")[-1]["about"] == "device_revoked"

    def test_takes_along_what_was_given_with_it_for_offline_use(
        self, hub, session, phone, spare
    ) -> None:
        """A thief may have taken tokens that outlive every session."""
        hub.add_device(session, spare)
        kept = hub.grant(hub.login(spare, browser="b2"), "etax", "offline_access")
        ended = hub.login(phone, browser="b3")
        lost = [
            hub.grant(session, "hko", "offline_access"),
            hub.grant(ended, "ehrss", "offline_access"),
        ]
        hub.broker.logout(ended.reference.reveal())
        (device,) = [d for d in hub.devices.of_resident(owner(session)) if d.label != "Spare"]
        hub.devices.revoke(owner(session), device.id)
        assert all(hub.look("grants", "get", grant).revoked_at for grant in lost)
        assert not hub.look("grants", "get", kept).revoked_at

    def test_the_last_one_goes_with_a_confirmation_only(self, hub, session) -> None:
        (device,) = hub.devices.of_resident(owner(session))
        assert reason(hub.devices.revoke, owner(session), device.id) == "last_device"
        assert hub.current(session)
        hub.devices.revoke(owner(session), device.id, last_confirmed=True)
        assert hub.current(session) is None
        assert hub.bodies("enrolment:credential:revoked")[0]["last"]

    def test_a_suspended_one_is_no_other_device(self, hub, session, spare) -> None:
        device = hub.add_device(session, spare)
        with hub.memory.transaction() as tx:
            tx.credentials.set_status(device.id, CredentialStatus.SUSPENDED, hub.clock.now())
        first = hub.devices.of_resident(owner(session))[0]
        assert reason(hub.devices.revoke, owner(session), first.id) == "last_device"
        assert hub.devices.revoke(owner(session), device.id) == ()

    def test_revoking_again_changes_nothing(self, hub, session, spare) -> None:
        device = hub.add_device(session, spare)
        hub.devices.revoke(owner(session), device.id)
        assert hub.devices.revoke(owner(session), device.id) == ()
        assert len(hub.bodies("enrolment:credential:revoked")) == 1

    def test_of_two_at_once_one_must_look_again(self, hub, session, spare) -> None:
        """Each would take the other device for the one that remains."""
        hub.add_device(session, spare)
        one, other = hub.devices.of_resident(owner(session))
        residents = type(hub.memory._transaction.residents)
        get = residents.get
        stale = hub.look("residents", "get", owner(session))
        hub.devices.revoke(owner(session), one.id)
        residents.get = lambda self, resident_id: stale
        try:
            assert reason(hub.devices.revoke, owner(session), other.id, last_confirmed=True) == (
                "eid_changed"
            )
        finally:
            residents.get = get


class TestNames:
    def test_a_device_is_renamed(self, hub, session) -> None:
        (device,) = hub.devices.of_resident(owner(session))
        hub.devices.rename(owner(session), device.id, "  媽媽的電話 ")
        assert hub.devices.of_resident(owner(session))[0].label == "媽媽的電話"
        assert hub.events("enrolment:credential:renamed")
        assert "媽媽".encode() not in hub.look("credentials", "get", device.id).label

    @pytest.mark.parametrize("label", ["", "   ", "x" * 61, "a\x00b"])
    def test_not_every_label_will_do(self, hub, session, label: str) -> None:
        (device,) = hub.devices.of_resident(owner(session))
        assert reason(hub.devices.rename, owner(session), device.id, label) == "label_malformed"

    def test_a_revoked_device_has_no_name(self, hub, session, spare) -> None:
        device = hub.add_device(session, spare)
        hub.devices.revoke(owner(session), device.id)
        assert reason(hub.devices.rename, owner(session), device.id, "x") == "device_unknown"


class TestSomebodyElsesDevice:
    @pytest.mark.parametrize("verb", ["rename", "revoke", "reinstate"])
    def test_is_unknown(self, hub, session, spare, verb: str) -> None:
        stranger = hub.activate(spare)
        (device,) = hub.devices.of_resident(owner(stranger))
        calls = {
            "rename": (hub.devices.rename, owner(session), device.id, "mine"),
            "revoke": (hub.devices.revoke, owner(session), device.id),
            "reinstate": (hub.devices.reinstate, session.view, device.id),
        }
        call, *arguments = calls[verb]
        with pytest.raises(NotFound) as caught:
            call(*arguments)
        assert caught.value.reason == "device_unknown"
        assert reason(hub.devices.revoke, owner(session), b"never was") == "device_unknown"


class TestASuspendedDevice:
    @pytest.fixture
    def suspended(self, hub, session, phone, spare):
        hub.add_device(session, spare)
        hub.login(phone)
        with pytest.raises(HkeidError):
            hub.login(phone, dishonesty=Dishonesty(sign_count=1))
        return hub.devices.of_resident(owner(session))[0]

    def test_comes_back_on_the_word_of_another_one(self, hub, suspended, phone, spare) -> None:
        hub.devices.reinstate(hub.login(spare).view, suspended.id)
        hub.login(phone)
        assert hub.events("enrolment:credential:reinstated")

    def test_is_not_reinstated_by_an_old_authentication(self, hub, suspended, spare) -> None:
        session = hub.login(spare)
        hub.clock.pass_(minutes=6)
        assert reason(hub.devices.reinstate, session.view, suspended.id) == (
            "authentication_too_old"
        )

    def test_must_be_suspended(self, hub, suspended, spare) -> None:
        session = hub.login(spare)
        other = hub.devices.of_resident(owner(session))[1]
        assert reason(hub.devices.reinstate, session.view, other.id) == "device_not_suspended"


def test_a_suspended_eid_adds_nothing(hub, session) -> None:
    hub.standing.suspend(owner(session), by=Actor.OPERATOR, reason="test")
    assert reason(hub.devices.start_adding, session.view, browser="b1") == "session_ended"
