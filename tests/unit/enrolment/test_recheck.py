"""What the register says of those who have an eID follows at once."""

from __future__ import annotations

from typing import Any

import pytest

from hkeid.enrolment.recheck import Recheck, RecheckOutcome
from hkeid.identity.state import EidState
from hkeid.kernel.errors import HkeidError
from hkeid.ports.registry import RegistryFinding, RegistryQuery, RegistryStatus
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.fakes_proofing import FakePersonRegistry
from hkeid.testing.personas import PERSONAS


class Register:
    def __init__(self, status: RegistryStatus, differing: tuple[str, ...] = ()) -> None:
        self.finding = RegistryFinding(status=status, differing=differing)
        self.asked: list[RegistryQuery] = []

    def check(self, query: RegistryQuery) -> RegistryFinding:
        self.asked.append(query)
        return self.finding


@pytest.fixture
def session(hub: Any, phone: SoftwareAuthenticator) -> Any:
    return hub.activate(phone)


def owner(session: Any) -> str:
    return session.view.authentication.resident_id


def recheck(hub: Any, register: Any) -> Recheck:
    return Recheck(hub.store, hub.fields, register, hub.standing)


def state(hub: Any, session: Any) -> EidState:
    return hub.look("residents", "get", owner(session)).state


@pytest.mark.parametrize(
    ("status", "outcome", "left"),
    [
        (RegistryStatus.MATCH, RecheckOutcome.UNCHANGED, EidState.ACTIVE),
        (RegistryStatus.DECEASED, RecheckOutcome.REVOKED, EidState.REVOKED),
        (RegistryStatus.REPORTED_LOST, RecheckOutcome.SUSPENDED, EidState.SUSPENDED),
        (RegistryStatus.NO_MATCH, RecheckOutcome.DIFFERS, EidState.ACTIVE),
    ],
)
def test_what_the_register_says_follows(
    hub: Any, session: Any, status: RegistryStatus, outcome: RecheckOutcome, left: EidState
) -> None:
    register = Register(status, ("name_english",) if outcome is RecheckOutcome.DIFFERS else ())
    assert recheck(hub, register).resident(owner(session)) is outcome
    assert state(hub, session) is left
    assert (hub.current(session) is None) == (left is not EidState.ACTIVE)
    assert register.asked[0].purpose == "recheck"
    assert hub.bodies("enrolment:register:asked")[0]["outcome"] == outcome.value
    assert hub.trail_is_sound()


def test_a_lost_card_is_told_as_such(hub: Any, session: Any) -> None:
    recheck(hub, Register(RegistryStatus.REPORTED_LOST)).resident(owner(session))
    told = [one.about for one in hub.look("notices", "of_resident", owner(session))]
    assert "card_reported_lost" in told
    assert "eid_suspended" not in told


def test_twice_is_once(hub: Any, session: Any) -> None:
    again = recheck(hub, Register(RegistryStatus.REPORTED_LOST))
    again.resident(owner(session))
    assert again.resident(owner(session)) is RecheckOutcome.UNCHANGED
    gone = recheck(hub, Register(RegistryStatus.DECEASED))
    assert gone.resident(owner(session)) is RecheckOutcome.REVOKED
    assert gone.resident(owner(session)) is RecheckOutcome.NOT_ASKED


def test_no_answer_changes_nothing_and_ends_the_round(hub: Any, session: Any) -> None:
    registry = FakePersonRegistry()
    registry.break_down()
    counts = recheck(hub, registry).residents([owner(session), owner(session)])
    assert counts[RecheckOutcome.NO_ANSWER] == 1
    assert state(hub, session) is EidState.ACTIVE


def test_the_register_of_the_personas_knows_its_people(hub: Any) -> None:
    resident_id = hub.activation.register_applicant(PERSONAS["chan-tai-man"].person)
    code = hub.activation.issue_ticket(resident_id).reveal()
    hub.activate(SoftwareAuthenticator(), code)
    outcome = recheck(hub, FakePersonRegistry()).resident(resident_id)
    assert outcome is RecheckOutcome.UNCHANGED


def test_applicants_and_strangers_are_not_asked_about(hub: Any) -> None:
    register = Register(RegistryStatus.MATCH)
    resident_id, _ = hub.applicant()
    assert recheck(hub, register).resident(resident_id) is RecheckOutcome.NOT_ASKED
    with pytest.raises(HkeidError) as error:
        recheck(hub, register).resident("nobody")
    assert error.value.reason == "resident_unknown"
    assert register.asked == []
