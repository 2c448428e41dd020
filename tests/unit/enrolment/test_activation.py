"""From a person's particulars to an active eID on a phone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hkeid.enrolment import Actor, EnrolmentRefused, EnrolmentSettings, TicketUsed
from hkeid.identity.assurance import Acr
from hkeid.identity.state import EidState
from hkeid.kernel.errors import (
    AlreadyUsed,
    ConfigurationError,
    Expired,
    HkeidError,
    MalformedInput,
    NotFound,
    TooManyAttempts,
)
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.authenticator_dishonesty import Dishonesty


def reason(call, *args, **kwargs) -> str:
    with pytest.raises(HkeidError) as caught:
        call(*args, **kwargs)
    return caught.value.reason


def begin(hub, code: str, network: str = "n1", browser: str = "b1"):
    return hub.activation.start(code, browser=browser, network=network)


class TestRegistration:
    def test_makes_an_applicant_whose_particulars_are_sealed(self, hub) -> None:
        person = hub.person()
        resident_id = hub.activation.register_applicant(person)
        resident = hub.look("residents", "get", resident_id)
        assert resident.state is EidState.APPLICANT
        assert len(resident.user_handle) == 64
        assert len(resident_id) == 22
        sealed = hub.look("sealed_fields", "all", resident_id)
        assert b"CHAN" not in b"".join(sealed.values())
        with hub.memory.transaction() as tx:
            shown = hub.fields.read(tx, resident_id, ("name_english", "hkic_number"))
        assert shown["name_english"] == "CHAN, Tai Man"
        assert shown["hkic_number"] == person.hkic_number.reveal()
        assert hub.bodies("enrolment:applicant:registered") == [
            {"resident_id": resident_id, "proofed": Acr.EID.value}
        ]

    def test_gives_one_eid_for_one_identity_card_number(self, hub) -> None:
        hub.activation.register_applicant(hub.person(123456))
        keys = set(hub.vault.keys)
        assert reason(hub.activation.register_applicant, hub.person(123456)) == "already_registered"
        assert set(hub.vault.keys) == keys

    def test_of_two_at_once_makes_one(self, hub, monkeypatch) -> None:
        """Both looked before either wrote; the index decides."""
        monkeypatch.setattr("hkeid.enrolment.activation.find_by_hkic", lambda *_: None)
        hub.activation.register_applicant(hub.person(123456))
        assert reason(hub.activation.register_applicant, hub.person(123456)) == "already_registered"
        with hub.memory.transaction() as tx:
            assert len(list(tx.residents)) == 1

    def test_needs_an_identity_card_number(self, hub) -> None:
        person = replace(hub.person(), hkic_number=None)
        assert reason(hub.activation.register_applicant, person) == "hkic_number_missing"


class TestTickets:
    def test_activate_an_eid_and_log_its_resident_in(self, hub, phone) -> None:
        resident_id, code = hub.applicant()
        session = hub.activate(phone, code)
        assert hub.current(session) == session.view
        assert session.view.authentication.resident_id == resident_id
        assert session.view.authentication.acr is Acr.EID_BOUND
        assert hub.look("residents", "get", resident_id).state is EidState.ACTIVE
        (device,) = hub.devices.of_resident(resident_id, session_id=session.view.session_id)
        assert (device.label, device.current, device.synced) == ("Chromium, Android", True, False)
        assert hub.events() == [
            "enrolment:applicant:registered",
            "enrolment:ticket:issued",
            "enrolment:ticket:used",
            "enrolment:credential:added",
            "enrolment:eid:activated",
            "enrolment:notice:due",
            "broker:session:started",
        ]
        hub.login(phone)
        assert hub.trail_is_sound()

    def test_say_nothing_about_the_person_in_the_trail(self, hub, phone) -> None:
        _, code = hub.applicant()
        hub.activate(phone, code, label="Tai Man's phone")
        text = str([record.body for record in hub.records()])
        for secret in ("CHAN", "陳", "A100001", code, code.replace("-", ""), "Tai Man"):
            assert secret not in text

    def test_are_kept_as_a_mac_only(self, hub) -> None:
        _, code = hub.applicant()
        kept = str(vars(hub.memory._transaction.single_use.__class__)) + str(
            hub.memory._transaction.single_use._records
        )
        assert code not in kept
        assert code.replace("-", "") not in kept

    def test_count_once(self, hub, phone) -> None:
        _, code = hub.applicant()
        hub.activate(phone, code)
        with pytest.raises(TicketUsed) as caught:
            begin(hub, code)
        assert isinstance(caught.value, AlreadyUsed)
        assert caught.value.reason == "ticket_used"

    def test_of_two_phones_serve_one(self, hub, phone, origin) -> None:
        resident_id, code = hub.applicant()
        one, other = begin(hub, code), begin(hub, code, browser="b2")
        answers = [
            phone.create(one.options, origin),
            SoftwareAuthenticator().create(other.options, origin),
        ]
        hub.activation.finish(one.id, answers[0], browser="b1", network="n1")
        assert reason(hub.activation.finish, other.id, answers[1], browser="b2", network="n1") == (
            "eid_not_applicant"
        )
        assert len(hub.look("credentials", "of_resident", resident_id)) == 1
        assert hub.bodies("enrolment:activation:refused")[0]["reason"] == "eid_not_applicant"

    def test_lost_between_two_looks_are_lost(self, hub, phone, origin, monkeypatch) -> None:
        """Both phones passed every check; the ticket decides."""
        _, code = hub.applicant()
        one, other = begin(hub, code), begin(hub, code)
        second = SoftwareAuthenticator().create(other.options, origin)
        prepare = hub.broker.sessions.prepare

        def overtaken(*args, **kwargs):
            monkeypatch.setattr(hub.broker.sessions, "prepare", prepare)
            hub.activation.finish(other.id, second, browser="b1", network="n1")
            return prepare(*args, **kwargs)

        monkeypatch.setattr(hub.broker.sessions, "prepare", overtaken)
        answer = phone.create(one.options, origin)
        assert reason(hub.activation.finish, one.id, answer, browser="b1", network="n1") == (
            "ticket_used"
        )

    def test_issued_anew_take_the_force_of_earlier_ones(self, hub, phone) -> None:
        resident_id, old = hub.applicant()
        new = hub.activation.issue_ticket(resident_id).reveal()
        assert reason(begin, hub, old) == "ticket_revoked"
        assert hub.bodies("enrolment:ticket:issued")[-1]["revoked"] == 1
        hub.activate(phone, new)

    def test_issued_anew_stop_a_ceremony_under_way(self, hub, phone, origin) -> None:
        resident_id, old = hub.applicant()
        start = begin(hub, old)
        hub.activation.issue_ticket(resident_id)
        answer = phone.create(start.options, origin)
        assert reason(hub.activation.finish, start.id, answer, browser="b1", network="n1") == (
            "ticket_revoked"
        )

    def test_expire(self, hub, phone) -> None:
        _, code = hub.applicant()
        hub.clock.pass_(days=3)
        with pytest.raises(Expired) as caught:
            begin(hub, code)
        assert caught.value.reason == "ticket_expired"

    def test_expire_during_the_ceremony_too(self, hub, phone, origin) -> None:
        _, code = hub.applicant()
        hub.clock.pass_(days=2, hours=23, minutes=59)
        start = begin(hub, code)
        assert start.expires_at == hub.clock.now() + timedelta(minutes=1)
        hub.clock.pass_(minutes=2)
        answer = phone.create(start.options, origin)
        assert reason(hub.activation.finish, start.id, answer, browser="b1", network="n1") == (
            "ticket_expired"
        )

    def test_are_for_applicants_only(self, hub, phone) -> None:
        resident_id, code = hub.applicant()
        hub.activate(phone, code)
        assert reason(hub.activation.issue_ticket, resident_id) == "eid_not_applicant"
        assert reason(hub.activation.issue_ticket, "nobody") == "resident_unknown"

    def test_of_a_revoked_applicant_are_void(self, hub) -> None:
        resident_id, code = hub.applicant()
        hub.standing.revoke(resident_id, by=Actor.OPERATOR, reason="test")
        assert reason(begin, hub, code) == "ticket_revoked"

    def test_unknown_ones(self, hub) -> None:
        with pytest.raises(NotFound) as caught:
            begin(hub, "0000-0000-0000")
        assert caught.value.reason == "ticket_unknown"
        assert hub.bodies("enrolment:ticket:refused") == [{"reason": "ticket_unknown"}]


class TestTheCeremony:
    def test_shows_the_person_whose_ticket_it_is(self, hub) -> None:
        resident_id, code = hub.applicant()
        start = begin(hub, code)
        assert start.resident_id == resident_id
        assert start.options["user"]["name"] == "CHAN, Tai Man"
        assert start.options["user"]["displayName"] == "陳大文"
        assert start.options["authenticatorSelection"]["residentKey"] == "required"

    def test_failed_leaves_the_ticket_good(self, hub, phone, origin) -> None:
        resident_id, code = hub.applicant()
        start = begin(hub, code)
        cheat = phone.create(start.options, origin, dishonesty=Dishonesty(flags_cleared=0x04))
        with pytest.raises(HkeidError):
            hub.activation.finish(start.id, cheat, browser="b1", network="n1")
        assert hub.look("residents", "get", resident_id).state is EidState.APPLICANT
        assert hub.bodies("enrolment:activation:refused")[0]["resident_id"] == resident_id
        hub.activate(phone, code)

    def test_belongs_to_one_browser_and_counts_once(self, hub, phone, origin) -> None:
        _, code = hub.applicant()
        start = begin(hub, code)
        answer = phone.create(start.options, origin)
        finish = hub.activation.finish
        assert reason(finish, start.id, answer, browser="b2", network="n1") == (
            "ceremony_other_browser"
        )
        assert reason(finish, start.id, answer, browser="b1", network="n1") == "ceremony_used"

    def test_with_a_credential_id_registered_already_is_refused(self, hub, phone, origin) -> None:
        """WebAuthn L3 §7.1 step 26."""
        hub.activate(phone)
        taken = phone.credentials[0].id
        resident_id, code = hub.applicant()
        start = begin(hub, code)
        answer = SoftwareAuthenticator().create(start.options, origin)
        from hkeid.enrolment import activation as module

        verify = module.verify_registration
        module.verify_registration = lambda *a, **k: replace(verify(*a, **k), credential_id=taken)
        try:
            assert reason(hub.activation.finish, start.id, answer, browser="b1", network="n1") == (
                "credential_registered"
            )
        finally:
            module.verify_registration = verify
        assert hub.look("residents", "get", resident_id).state is EidState.APPLICANT
        hub.activate(SoftwareAuthenticator(), code)

    def test_a_label_that_cannot_be_kept_burns_nothing(self, hub, phone, origin) -> None:
        _, code = hub.applicant()
        start = begin(hub, code)
        answer = phone.create(start.options, origin)
        with pytest.raises(MalformedInput) as caught:
            hub.activation.finish(start.id, answer, browser="b1", network="n1", label="two\nlines")
        assert caught.value.reason == "label_malformed"
        hub.activation.finish(start.id, answer, browser="b1", network="n1", label="One line")

    def test_ends_the_session_of_somebody_else_in_the_browser(self, hub, phone) -> None:
        other = hub.activate(SoftwareAuthenticator())
        hub.activate(phone, session_reference=other.reference.reveal())
        assert hub.current(other) is None


class TestBudgets:
    """Guessing is held down, and an owner with the right code is never locked out by it."""

    @pytest.fixture
    def hub(self, make_hub):
        return make_hub(enrolment=EnrolmentSettings(network_attempts=3, brake_attempts=4))

    def guess(self, hub, network: str = "n1") -> str:
        return reason(begin, hub, "0000-0000-0000", network)

    def test_a_network_shares_the_brake_once_its_own_budget_is_spent(self, hub) -> None:
        assert [self.guess(hub) for _ in range(8)] == 7 * ["ticket_unknown"] + [
            "ticket_attempts_exhausted"
        ]
        assert hub.bodies("enrolment:ticket:brake-reached") == [{"attempts": 4}]
        assert len(hub.bodies("enrolment:ticket:refused")) == 7

    def test_an_owner_on_another_network_gets_in_whatever_attackers_do(self, hub, phone) -> None:
        _, code = hub.applicant()
        for network in ("n1", "n2", "n3"):
            for _ in range(9):
                self.guess(hub, network)
        assert self.guess(hub, "n1") == "ticket_attempts_exhausted"
        assert begin(hub, code, "home").options

    def test_an_owner_on_the_attackers_network_gets_in_until_the_brake_is_spent(self, hub) -> None:
        _, code = hub.applicant()
        for _ in range(6):
            self.guess(hub)
        assert begin(hub, code, "n1").options

    def test_under_the_full_brake_the_attacked_network_waits(self, hub) -> None:
        _, code = hub.applicant()
        for _ in range(8):
            self.guess(hub, "n1")
        for _ in range(3):
            self.guess(hub, "n2")
        with pytest.raises(TooManyAttempts) as caught:
            begin(hub, code, "n2")
        assert caught.value.retry_after == 900
        hub.clock.pass_(minutes=15)
        assert begin(hub, code, "n2").options

    def test_a_kiosk_where_many_people_activate_never_waits(self, hub) -> None:
        for _ in range(12):
            hub.activate(SoftwareAuthenticator())

    def test_a_right_code_gives_back_only_so_often(self, make_hub) -> None:
        hub = make_hub(
            enrolment=EnrolmentSettings(network_attempts=2, brake_attempts=1, code_returns=3)
        )
        _, code = hub.applicant()
        tried = 0
        for _ in range(20):
            if self.guess(hub) == "ticket_attempts_exhausted":
                break
            tried += 1
            try:
                begin(hub, code)
            except TooManyAttempts:
                break
        assert tried <= 5

    def test_a_slip_of_the_keyboard_costs_nothing(self, hub) -> None:
        for _ in range(20):
            assert reason(begin, hub, "0000-0000") == "code_malformed"
        assert self.guess(hub) == "ticket_unknown"

    def test_addresses_are_not_kept_in_the_clear(self, hub) -> None:
        self.guess(hub, "203.0.113.0/24")
        assert "203.0.113" not in str(hub.memory._transaction.budgets._windows)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ticket_lifetime": timedelta(hours=1)},
        {"ticket_lifetime": timedelta(days=8)},
        {"network_attempts": 0},
        {"network_window": timedelta(0)},
        {"code_returns": 0},
        {"brake_attempts": 0},
        {"brake_window": timedelta(0)},
        {"recent": timedelta(hours=1)},
        {"most_devices": 1},
    ],
)
def test_settings_that_would_not_protect_are_refused(wrong) -> None:
    with pytest.raises(ConfigurationError) as caught:
        EnrolmentSettings(**wrong)
    assert caught.value.reason == "enrolment_settings_invalid"
    assert caught.value.detail in wrong


def test_refusals_of_enrolment_are_one_family() -> None:
    assert issubclass(TicketUsed, EnrolmentRefused)
