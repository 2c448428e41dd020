"""A minor's registration waits until an adult with an eID agrees."""

from __future__ import annotations

from typing import Any

import pytest

from hkeid.broker.errors import StepUpRequired
from hkeid.enrolment.guardians import Guardians
from hkeid.enrolment.registration import RegistrationStep
from hkeid.identity.birth_date import BirthDate
from hkeid.identity.person import Person
from hkeid.kernel.errors import HkeidError, TooManyAttempts
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.personas import PERSONAS

MINOR = "chan-siu-fung"


def reason(call: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(HkeidError) as caught:
        call(*args, **kwargs)
    return caught.value.reason


@pytest.fixture
def hub(desk: Any) -> Any:
    return desk.hub


@pytest.fixture
def guardians(desk: Any, hub: Any) -> Guardians:
    return Guardians(hub.store, desk.registration, hub.fields, hub.keys, hub.clock, hub.random)


def adult(hub: Any, key: str = "chan-tai-man", *, born: str | None = None) -> Any:
    """The session of a persona with an eID."""
    person: Person = PERSONAS[key].person
    if born is not None:
        person = Person(
            name=person.name, hkic_number=person.hkic_number, birth_date=BirthDate.parse(born)
        )
    resident_id = hub.activation.register_applicant(person)
    code = hub.activation.issue_ticket(resident_id).reveal()
    return hub.activate(SoftwareAuthenticator(), code).view


@pytest.fixture
def minor(desk: Any) -> Any:
    view = desk.decided(MINOR)
    assert view.step is RegistrationStep.GUARDIAN
    return view


def test_the_guardian_sees_who_asks_and_agrees(desk, hub, guardians, minor) -> None:
    father = adult(hub)
    code = guardians.ask(browser="b1").code.reveal()
    question = guardians.look(father, code)
    assert question.name_english == "CHAN, Siu Fung"
    assert question.name_chinese == "陳小風"
    assert question.case == minor.reference
    assert "Siu" not in repr(question)
    guardians.decide(father, code.lower().replace("-", " "), approved=True)
    phone = SoftwareAuthenticator()
    session = desk.confirm(desk.bind(desk.current(), phone), phone)
    assert session.view.authentication.resident_id
    assert "enrolment:registration:guardian-decided" in hub.events()
    minors_id = session.view.authentication.resident_id
    with hub.store.transaction() as tx:
        (approval,) = tx.guardian_approvals.of_resident(minors_id)
    assert approval.guardian_id == father.authentication.resident_id
    assert approval.registration == minor.id


def test_the_guardian_says_no(desk, hub, guardians, minor) -> None:
    guardians.decide(adult(hub), guardians.ask(browser="b1").code.reveal(), approved=False)
    assert desk.current().step is RegistrationStep.REFUSED
    assert desk.current().reason == "guardian_refused"


def test_a_code_decides_once(hub, guardians, minor) -> None:
    father, code = adult(hub), guardians.ask(browser="b1").code.reveal()
    guardians.decide(father, code, approved=True)
    assert reason(guardians.decide, father, code, approved=False) == "guardian_code_used"
    assert reason(guardians.ask, browser="b1") == "registration_other_step"


def test_a_newer_code_ends_the_one_before(hub, guardians, minor) -> None:
    father, first = adult(hub), guardians.ask(browser="b1").code.reveal()
    second = guardians.ask(browser="b1").code.reveal()
    assert reason(guardians.look, father, first) == "guardian_code_unknown"
    assert guardians.look(father, second)


def test_nobody_but_the_minors_browser_gets_a_code(guardians, minor) -> None:
    assert reason(guardians.ask, browser="thief") == "registration_other_step"


@pytest.mark.parametrize("born", ["2009-01-01", "2008", "2008-11"])
def test_a_guardian_is_an_adult_beyond_doubt(hub, guardians, minor, born: str) -> None:
    brother = adult(hub, "cheung-sam", born=born)
    code = guardians.ask(browser="b1").code.reveal()
    assert reason(guardians.look, brother, code) == "guardian_not_adult"
    assert reason(guardians.decide, brother, code, approved=True) == "guardian_not_adult"


def test_deciding_needs_a_fresh_login(hub, guardians, minor) -> None:
    father, code = adult(hub), guardians.ask(browser="b1").code.reveal()
    hub.clock.pass_(minutes=6)
    with pytest.raises(StepUpRequired):
        guardians.decide(father, code, approved=True)


def test_a_guardian_whose_eid_is_frozen_decides_nothing(hub, guardians, minor) -> None:
    father, code = adult(hub), guardians.ask(browser="b1").code.reveal()
    hub.standing.freeze(father)
    assert reason(guardians.decide, father, code, approved=True) == "guardian_not_eligible"


def test_codes_are_not_guessed(hub, guardians, minor) -> None:
    father, code = adult(hub), guardians.ask(browser="b1").code.reveal()
    for _ in range(20):
        assert reason(guardians.look, father, "0000-0000-0000") == "guardian_code_unknown"
    with pytest.raises(TooManyAttempts) as error:
        guardians.look(father, code)
    assert error.value.reason == "guardian_attempts_exhausted"


def test_a_code_lasts_as_long_as_the_registration_waits(hub, guardians, minor) -> None:
    code = guardians.ask(browser="b1").code.reveal()
    hub.clock.pass_(days=15)
    assert reason(guardians.look, adult(hub), code) == "guardian_code_expired"
