"""Login with a passkey, from the options to the session."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hkeid.broker import BrokerSettings, LoginRefused
from hkeid.identity.assurance import Acr
from hkeid.identity.authentication import AuthenticationRequest
from hkeid.kernel.errors import HkeidError, TooManyAttempts
from hkeid.residents.records import CredentialStatus
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.authenticator_dishonesty import Dishonesty
from hkeid.webauthn import CeremonyRefused

HKO = AuthenticationRequest(client_id="hko")


def refused(hub, *args, **kwargs) -> HkeidError:
    with pytest.raises(HkeidError) as caught:
        hub.login(*args, **kwargs)
    return caught.value


def credential_of(hub, session):
    resident_id = session.view.authentication.resident_id
    return hub.look("credentials", "of_resident", resident_id)[0]


class TestASuccessfulLogin:
    def test_gives_a_session_that_says_what_was_proved(self, hub, phone) -> None:
        activated = hub.activate(phone)
        hub.clock.pass_(minutes=10)
        session = hub.login(phone)
        assert session.view.authentication == replace(
            activated.view.authentication, authenticated_at=hub.clock.now()
        )
        assert session.view.authentication.acr is Acr.EID_BOUND
        assert session.view.authentication.amr == ("mfa", "pop", "user")
        assert hub.current(session) == session.view
        assert hub.broker.is_live(session.view.session_id, hub.clock.now())

    def test_of_a_synced_passkey_reaches_the_lowest_rung(self, hub) -> None:
        synced = SoftwareAuthenticator(synced=True)
        hub.activate(synced)
        assert hub.login(synced).view.authentication.acr is Acr.EID

    def test_is_recorded_with_internal_ids_only(self, hub, phone) -> None:
        hub.activate(phone)
        session = hub.login(phone)
        body = hub.bodies("broker:session:started")[-1]
        assert body["session_id"] == session.view.session_id
        assert body["client_id"] == "hko"
        assert body["acr"] == Acr.EID_BOUND
        text = str([record.body for record in hub.records()])
        for secret in (session.reference.reveal(), "CHAN", "A100001", "Firefox"):
            assert secret not in text
        assert hub.trail_is_sound()

    def test_advances_the_counter(self, hub, phone) -> None:
        session = hub.activate(phone)
        hub.login(phone)
        hub.login(phone)
        assert credential_of(hub, session).sign_count == 2
        assert credential_of(hub, session).last_used_at == hub.clock.now()


class TestSessionFixation:
    def test_every_login_replaces_the_reference(self, hub, phone) -> None:
        hub.activate(phone)
        first = hub.login(phone)
        second = hub.login(phone, session=first)
        assert second.reference != first.reference
        assert hub.current(first) is None
        assert hub.current(second).session_id == first.view.session_id
        assert hub.events("broker:session:renewed")

    def test_a_planted_session_of_somebody_else_ends(self, hub, phone) -> None:
        attacker = hub.activate(SoftwareAuthenticator())
        hub.activate(phone)
        victim = hub.login(phone, session=attacker)
        assert hub.current(attacker) is None
        assert victim.view.session_id != attacker.view.session_id
        assert hub.bodies("broker:session:ended")[-1]["reason"] == "replaced"

    def test_a_made_up_reference_is_not_adopted(self, hub, phone) -> None:
        hub.activate(phone)
        session = hub.login(phone, session="chosen-by-an-attacker")
        assert session.reference.reveal() != "chosen-by-an-attacker"
        assert hub.current("chosen-by-an-attacker") is None

    def test_an_expired_session_is_not_renewed(self, hub, phone) -> None:
        first = hub.activate(phone)
        hub.clock.pass_(hours=2)
        second = hub.login(phone, session=first)
        assert second.view.session_id != first.view.session_id

    def test_an_ended_session_is_not_renewed(self, hub, phone) -> None:
        first = hub.activate(phone)
        hub.broker.logout(first.reference.reveal())
        second = hub.login(phone, session=first)
        assert second.view.session_id != first.view.session_id
        assert hub.current(first) is None

    def test_two_browsers_have_two_sessions(self, hub, phone) -> None:
        one = hub.activate(phone)
        other = hub.login(phone, browser="b2")
        assert hub.current(one)
        assert hub.current(other)
        assert one.view.session_id != other.view.session_id


class TestTheCeremony:
    def test_is_burnt_by_a_failure(self, hub, phone, origin) -> None:
        hub.activate(phone)
        start = hub.broker.start_login(HKO, browser="b1")
        good = phone.get(start.options, origin)
        finish = {"browser": "b1", "network": "n1"}
        with pytest.raises(HkeidError):
            hub.broker.finish_login(start.id, "{}", **finish)
        with pytest.raises(CeremonyRefused) as caught:
            hub.broker.finish_login(start.id, good, **finish)
        assert caught.value.reason == "ceremony_used"

    def test_counts_once(self, hub, phone, origin) -> None:
        hub.activate(phone)
        start = hub.broker.start_login(HKO, browser="b1")
        answer = phone.get(start.options, origin)
        hub.broker.finish_login(start.id, answer, browser="b1", network="n1")
        with pytest.raises(CeremonyRefused) as caught:
            hub.broker.finish_login(start.id, answer, browser="b1", network="n1")
        assert caught.value.reason == "ceremony_used"

    def test_belongs_to_one_browser(self, hub, phone, origin) -> None:
        hub.activate(phone)
        start = hub.broker.start_login(HKO, browser="b1")
        answer = phone.get(start.options, origin)
        with pytest.raises(CeremonyRefused) as caught:
            hub.broker.finish_login(start.id, answer, browser="b2", network="n1")
        assert caught.value.reason == "ceremony_other_browser"

    def test_of_activation_does_not_serve_for_login(self, hub, phone, origin) -> None:
        _, code = hub.applicant()
        start = hub.activation.start(code, browser="b1", network="n1")
        answer = phone.create(start.options, origin)
        with pytest.raises(CeremonyRefused) as caught:
            hub.broker.finish_login(start.id, answer, browser="b1", network="n1")
        assert caught.value.reason == "ceremony_other_kind"


class TestRefusals:
    def test_an_unknown_credential(self, hub, phone, make_hub) -> None:
        make_hub().activate(phone)
        error = refused(hub, phone)
        assert isinstance(error, LoginRefused)
        assert error.reason == "credential_unknown"
        assert hub.bodies("broker:login:refused") == [
            {"reason": "credential_unknown", "client_id": "hko"}
        ]

    def test_a_forged_signature(self, hub, phone) -> None:
        hub.activate(phone)
        error = refused(hub, phone, dishonesty=Dishonesty(signature=lambda s: s[:-1] + b"\x00"))
        assert error.reason in {"signature_invalid", "signature_malformed"}
        assert hub.bodies("broker:login:refused")[0]["resident_id"]

    def test_without_user_verification(self, hub, phone) -> None:
        hub.activate(phone)
        error = refused(hub, phone, dishonesty=Dishonesty(flags_cleared=0x04))
        assert "verif" in error.reason or "uv" in error.reason

    def test_somebody_elses_user_handle(self, hub, phone) -> None:
        hub.activate(phone)
        error = refused(hub, phone, dishonesty=Dishonesty(user_handle=b"x" * 64))
        assert error.reason == "user_handle_mismatch"

    @pytest.mark.parametrize("status", [CredentialStatus.REVOKED, CredentialStatus.SUSPENDED])
    def test_a_credential_out_of_use(self, hub, phone, status) -> None:
        session = hub.activate(phone)
        with hub.memory.transaction() as tx:
            tx.credentials.set_status(credential_of_tx(tx, session), status, hub.clock.now())
        assert refused(hub, phone).reason == f"credential_{status.value}"

    @pytest.mark.parametrize("verb", ["suspend", "revoke"])
    def test_an_eid_out_of_use(self, hub, phone, verb: str) -> None:
        from hkeid.enrolment import Actor

        session = hub.activate(phone)
        resident_id = session.view.authentication.resident_id
        getattr(hub.standing, verb)(resident_id, by=Actor.OPERATOR, reason="test")
        reason = refused(hub, phone).reason
        assert reason == ("eid_suspended" if verb == "suspend" else "credential_revoked")

    def test_nothing_is_refused_twice_with_different_words(self, hub, phone) -> None:
        """The person sees one sentence, whatever the reason."""
        hub.activate(phone)
        texts = {
            refused(hub, phone, dishonesty=cheat).safe_text
            for cheat in (Dishonesty(flags_cleared=0x04), Dishonesty(user_handle=b"x" * 64))
        }
        assert len(texts) == 1


def credential_of_tx(tx, session) -> bytes:
    return tx.credentials.of_resident(session.view.authentication.resident_id)[0].id


class TestTheCounter:
    def test_that_goes_back_suspends_the_credential_for_good_measure(self, hub, phone) -> None:
        session = hub.activate(phone)
        hub.login(phone)
        hub.login(phone)
        error = refused(hub, phone, dishonesty=Dishonesty(sign_count=1))
        assert error.reason == "counter_regressed"
        assert credential_of(hub, session).status is CredentialStatus.SUSPENDED
        assert hub.current(session) is None
        assert hub.bodies("broker:credential:suspended")[0]["reason"] == "counter_regressed"
        assert refused(hub, phone).reason == "credential_suspended"
        assert hub.trail_is_sound()

    def test_in_a_forged_answer_suspends_nothing(self, hub, phone) -> None:
        session = hub.activate(phone)
        hub.login(phone)
        refused(
            hub,
            phone,
            dishonesty=Dishonesty(sign_count=0, signature=lambda s: bytes(len(s))),
        )
        assert credential_of(hub, session).status is CredentialStatus.ACTIVE

    def test_of_two_logins_that_overtake_each_other_suspends_nothing(
        self, hub, phone, origin, monkeypatch
    ) -> None:
        session = hub.activate(phone)
        early = hub.broker.start_login(HKO, browser="b1")
        early_answer = phone.get(early.options, origin)
        from hkeid.broker import login as module

        verify = module.verify_assertion

        def overtaken(*args):
            monkeypatch.setattr(module, "verify_assertion", verify)
            proof = verify(*args)
            hub.login(phone)
            return proof

        monkeypatch.setattr(module, "verify_assertion", overtaken)
        with pytest.raises(LoginRefused) as caught:
            hub.broker.finish_login(early.id, early_answer, browser="b1", network="n1")
        assert caught.value.reason == "credential_contended"
        assert credential_of(hub, session).status is CredentialStatus.ACTIVE

    def test_of_a_synced_passkey_stays_at_nought(self, hub) -> None:
        synced = SoftwareAuthenticator(synced=True)
        session = hub.activate(synced)
        hub.login(synced)
        hub.login(synced)
        assert credential_of(hub, session).sign_count == 0


class TestAResidentWhoChangesMeanwhile:
    def test_is_looked_at_again(self, hub, phone, monkeypatch) -> None:
        from hkeid.broker import login as module
        from hkeid.enrolment import Actor

        session = hub.activate(phone)
        verify = module.verify_assertion

        def suspended_meanwhile(*args):
            monkeypatch.setattr(module, "verify_assertion", verify)
            proof = verify(*args)
            hub.standing.suspend(
                session.view.authentication.resident_id, by=Actor.OPERATOR, reason="test"
            )
            return proof

        monkeypatch.setattr(module, "verify_assertion", suspended_meanwhile)
        assert refused(hub, phone).reason == "eid_suspended"


class TestStepUp:
    def test_lists_the_residents_credentials_in_their_own_browser(self, hub, phone) -> None:
        session = hub.activate(phone)
        resident_id = session.view.authentication.resident_id
        request = replace(HKO, resident_id=resident_id)
        start = hub.broker.start_login(
            request, browser="b1", session_reference=session.reference.reveal()
        )
        assert len(start.options["allowCredentials"]) == 1
        hub.clock.pass_(minutes=30)
        renewed = hub.login(phone, session=session, request=request)
        assert renewed.view.session_id == session.view.session_id
        assert renewed.view.authentication.authenticated_at == hub.clock.now()

    def test_tells_no_credential_ids_to_a_stranger(self, hub, phone) -> None:
        session = hub.activate(phone)
        request = replace(HKO, resident_id=session.view.authentication.resident_id)
        start = hub.broker.start_login(request, browser="b2")
        assert start.options["allowCredentials"] == []
        other = hub.activate(SoftwareAuthenticator())
        start = hub.broker.start_login(
            request, browser="b2", session_reference=other.reference.reveal()
        )
        assert start.options["allowCredentials"] == []
        assert hub.login(phone, request=request).view.authentication.resident_id == (
            session.view.authentication.resident_id
        )

    def test_for_a_resident_who_does_not_exist_looks_the_same(self, hub) -> None:
        start = hub.broker.start_login(replace(HKO, resident_id="nobody"), browser="b1")
        assert start.options["allowCredentials"] == []

    def test_is_not_passed_with_somebody_elses_passkey(self, hub, phone) -> None:
        wanted = hub.activate(SoftwareAuthenticator()).view.authentication.resident_id
        hub.activate(phone)
        error = refused(hub, phone, request=replace(HKO, resident_id=wanted))
        assert error.reason == "resident_mismatch"

    def test_lists_only_what_reaches_the_wanted_rung(self, hub, phone) -> None:
        session = hub.activate(phone)
        synced = SoftwareAuthenticator(synced=True)
        hub.add_device(session, synced)
        request = replace(
            HKO, resident_id=session.view.authentication.resident_id, acr=Acr.EID_BOUND
        )
        reference = session.reference.reveal()
        start = hub.broker.start_login(request, browser="b1", session_reference=reference)
        assert len(start.options["allowCredentials"]) == 1
        higher = replace(request, acr=Acr.EID_PLUS)
        start = hub.broker.start_login(higher, browser="b1", session_reference=reference)
        assert len(start.options["allowCredentials"]) == 2


class TestBudgets:
    cheat = Dishonesty(user_handle=b"x" * 64)

    def test_failures_are_slowed_down_but_the_owner_never_is(self, make_hub, phone) -> None:
        hub = make_hub(broker=BrokerSettings(failed_logins=3))
        hub.activate(phone)
        for _ in range(3):
            assert refused(hub, phone, dishonesty=self.cheat).reason == "user_handle_mismatch"
        error = refused(hub, phone, dishonesty=self.cheat)
        assert isinstance(error, TooManyAttempts)
        assert error.reason == "login_attempts_exhausted"
        assert error.retry_after == 900
        assert len(hub.bodies("broker:login:refused")) == 3
        hub.login(phone)

    def test_a_success_gives_the_attempts_back(self, make_hub, phone) -> None:
        hub = make_hub(broker=BrokerSettings(failed_logins=3))
        hub.activate(phone)
        for _ in range(3):
            for _ in range(2):
                assert refused(hub, phone, dishonesty=self.cheat).reason == "user_handle_mismatch"
            hub.login(phone)

    def test_networks_do_not_count_against_each_other(self, make_hub, phone) -> None:
        hub = make_hub(broker=BrokerSettings(failed_logins=1))
        hub.activate(phone)
        for network in ("n1", "n2", "n3"):
            error = refused(hub, phone, dishonesty=self.cheat, network=network)
            assert error.reason == "user_handle_mismatch"

    def test_a_flood_of_unknown_credentials_does_not_fill_the_trail(self, make_hub) -> None:
        hub = make_hub(broker=BrokerSettings(unknown_logins=2))
        for _ in range(4):
            stranger = SoftwareAuthenticator()
            make_hub().activate(stranger)
            assert refused(hub, stranger).reason == "credential_unknown"
        assert len(hub.bodies("broker:login:refused")) == 2


@pytest.mark.parametrize("response", ["", "{}", "[]", "null", '{"id":"!"}', b"\xff", {"id": 1}])
def test_what_is_no_answer(hub, response) -> None:
    start = hub.broker.start_login(HKO, browser="b1")
    with pytest.raises(HkeidError):
        hub.broker.finish_login(start.id, response, browser="b1", network="n1")
    assert len(hub.bodies("broker:login:refused")) == 1
