"""A new phone on the word of the old one: once, soon, while the old one is logged in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hkeid.broker import StepUpRequired
from hkeid.enrolment import EnrolmentSettings
from hkeid.enrolment.new_phone import NewPhone, initials
from hkeid.identity.assurance import Acr
from hkeid.identity.state import EidState
from hkeid.kernel.errors import HkeidError, TooManyAttempts
from hkeid.residents.records import CredentialStatus
from hkeid.testing.authenticator import SoftwareAuthenticator

ORIGIN = "https://id.example.hk"


@pytest.fixture
def spare() -> SoftwareAuthenticator:
    return SoftwareAuthenticator()


@pytest.fixture
def session(hub, phone):
    return hub.activate(phone)


@pytest.fixture
def new_phone(hub) -> NewPhone:
    return make(hub)


def make(hub, settings: EnrolmentSettings | None = None) -> NewPhone:
    return NewPhone(
        hub.store, hub.policy, hub.fields, hub.broker, hub.keys, hub.clock, hub.random, settings
    )


def bind(new_phone: NewPhone, code: str, device, origin, *, browser: str = "new", network="n2"):
    start = new_phone.start(code, browser=browser, network=network)
    answer = device.create(start.options, origin)
    return new_phone.finish(
        start.id, answer, browser=browser, network=network, agent="Chromium, Android"
    )


def reason(call, *args, **kwargs) -> str:
    with pytest.raises(HkeidError) as caught:
        call(*args, **kwargs)
    return caught.value.reason


def owner(session) -> str:
    return session.view.authentication.resident_id


def test_the_new_phone_is_bound_and_logged_in(hub, new_phone, session, spare, origin) -> None:
    code = new_phone.offer(session.view).code.reveal()
    fresh = bind(new_phone, code, spare, origin)
    assert owner(fresh) == owner(session)
    assert hub.current(fresh) is not None
    assert hub.current(session) is not None
    assert len(hub.devices.of_resident(owner(session))) == 2
    assert owner(hub.login(spare)) == owner(session)
    assert "enrolment:credential:added" in hub.events()
    abouts = [one.about for one in hub.look("notices", "of_resident", owner(session))]
    assert "device_added" in abouts
    assert hub.trail_is_sound()


def test_the_old_phone_can_be_let_go(hub, new_phone, session, phone, spare, origin) -> None:
    code = new_phone.offer(session.view, keep_old=False).code.reveal()
    bind(new_phone, code, spare, origin)
    assert hub.current(session) is None
    assert reason(hub.login, phone) == "credential_revoked"
    statuses = [one.status for one in hub.look("credentials", "of_resident", owner(session))]
    assert sorted(statuses) == [CredentialStatus.ACTIVE, CredentialStatus.REVOKED]


def test_a_code_serves_once(new_phone, session, spare, origin) -> None:
    code = new_phone.offer(session.view).code.reveal()
    bind(new_phone, code, spare, origin)
    assert reason(new_phone.start, code, browser="b9", network="n9") == "ticket_used"


def test_of_two_phones_with_one_code_one_is_bound(hub, new_phone, session, spare, origin) -> None:
    code = new_phone.offer(session.view).code.reveal()
    other = SoftwareAuthenticator()
    starts = [new_phone.start(code, browser=name, network="n2") for name in ("one", "two")]
    answers = [
        device.create(start.options, origin)
        for device, start in zip((spare, other), starts, strict=True)
    ]
    new_phone.finish(starts[0].id, answers[0], browser="one", network="n2")
    late = reason(new_phone.finish, starts[1].id, answers[1], browser="two", network="n2")
    assert late == "ticket_used"
    assert len(hub.devices.of_resident(owner(session))) == 2


def test_a_newer_code_ends_the_one_before(new_phone, session) -> None:
    first = new_phone.offer(session.view).code.reveal()
    new_phone.offer(session.view)
    assert reason(new_phone.start, first, browser="b", network="n") == "ticket_revoked"


def test_a_code_is_good_for_ten_minutes(hub, new_phone, session) -> None:
    code = new_phone.offer(session.view).code.reveal()
    hub.clock.pass_(minutes=10)
    assert reason(new_phone.start, code, browser="b", network="n") == "ticket_expired"


def test_an_offer_needs_a_fresh_login(hub, new_phone, session) -> None:
    hub.clock.pass_(minutes=6)
    with pytest.raises(StepUpRequired):
        new_phone.offer(session.view)


def test_an_offer_ends_with_its_session(hub, new_phone, session, spare, origin) -> None:
    code = new_phone.offer(session.view).code.reveal()
    start = new_phone.start(code, browser="new", network="n2")
    answer = spare.create(start.options, origin)
    hub.standing.freeze(session.view)
    assert reason(new_phone.start, code, browser="new", network="n2") == "session_ended"
    refused = reason(new_phone.finish, start.id, answer, browser="new", network="n2")
    assert refused == "session_ended"
    assert "enrolment:credential:refused" in hub.events()


def test_another_browser_cannot_finish(new_phone, session, spare, origin) -> None:
    code = new_phone.offer(session.view).code.reveal()
    start = new_phone.start(code, browser="new", network="n2")
    answer = spare.create(start.options, origin)
    refused = reason(new_phone.finish, start.id, answer, browser="thief", network="n2")
    assert refused == "ceremony_other_browser"


def test_a_ceremony_of_the_account_page_does_not_serve(hub, new_phone, session, spare, origin):
    begun = hub.devices.start_adding(session.view, browser="b1")
    answer = spare.create(begun.options, origin)
    refused = reason(new_phone.finish, begun.id, answer, browser="b1", network="n1")
    assert refused == "ceremony_other_session"


def test_an_activation_code_opens_no_new_phone_and_the_other_way_round(hub, new_phone, session):
    activation = hub.applicant()[1]
    assert reason(new_phone.start, activation, browser="b", network="n") == "ticket_unknown"
    code = new_phone.offer(session.view).code.reveal()
    assert reason(hub.activation.start, code, browser="b", network="n") == "ticket_unknown"


def test_a_synced_passkey_does_not_bring_in_a_bound_one(hub, new_phone, origin) -> None:
    """NIST SP 800-63B-4 §4.1.2.1: the login is as high as the best device or the new one."""
    synced, bound = SoftwareAuthenticator(synced=True), SoftwareAuthenticator()
    session = hub.activate(synced)
    strong = SoftwareAuthenticator()
    hub.add_device(session, strong)
    code = new_phone.offer(session.view).code.reveal()
    start = new_phone.start(code, browser="new", network="n2")
    answer = bound.create(start.options, origin)
    refused = reason(new_phone.finish, start.id, answer, browser="new", network="n2")
    assert refused == "authentication_too_low"
    fresh = hub.login(strong)
    assert fresh.view.authentication.acr is Acr.EID_BOUND
    bind(new_phone, new_phone.offer(fresh.view).code.reveal(), bound, origin)


def test_a_login_from_before_an_upgrade_makes_no_code(hub, new_phone, session, phone) -> None:
    """Its passkey gives more by now, and the new phone would be refused for the lower login."""
    new_phone.admit(session.view)
    with hub.store.transaction() as tx:
        resident = tx.residents.get(owner(session))
        raised = replace(resident, state=EidState.UPGRADED, proofed=Acr.EID_PLUS)
        assert tx.residents.change(resident, raised)
    for ask in (new_phone.admit, new_phone.offer):
        with pytest.raises(StepUpRequired, match="authentication_too_low"):
            ask(session.view)
    fresh = hub.login(phone)
    assert fresh.view.authentication.acr is Acr.EID_PLUS
    new_phone.admit(fresh.view)
    assert new_phone.offer(fresh.view).code.reveal()


def test_there_is_a_most_of_devices(hub, session, spare, origin) -> None:
    new_phone = make(hub, EnrolmentSettings(most_devices=2))
    hub.add_device(session, SoftwareAuthenticator())
    assert reason(new_phone.offer, session.view) == "too_many_devices"
    bind(new_phone, new_phone.offer(session.view, keep_old=False).code.reveal(), spare, origin)


def test_guesses_are_counted(hub, session) -> None:
    new_phone = make(hub, EnrolmentSettings(network_attempts=3, brake_attempts=1))
    code = new_phone.offer(session.view).code.reveal()
    for _ in range(4):
        reason(new_phone.start, "0000-0000-0000", browser="b", network="thief")
    with pytest.raises(TooManyAttempts):
        new_phone.start(code, browser="b", network="thief")
    assert new_phone.start(code, browser="b", network="owner").id


@pytest.mark.parametrize(
    ("name", "short"),
    [("CHAN, Tai Man", "C., T. M."), ("MADONNA", "M."), ("", ""), ("AU YEUNG, Siu", "A. Y., S.")],
)
def test_initials(name: str, short: str) -> None:
    assert initials(name) == short
