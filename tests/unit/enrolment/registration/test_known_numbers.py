"""Who knows somebody's number can neither hide that they tried to pass for them, nor bury their case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hkeid.enrolment import RegistrationStep
from hkeid.enrolment.registration.turns import MOST_TURNS, placed
from hkeid.testing.fakes_proofing import fake_card

KEY = "ho-sau-lan"
TURN = timedelta(minutes=10)


def confirmed(desk: Any, browser: str, network: str) -> Any:
    """An applicant who has confirmed the particulars of the card."""
    view = desk.begin(browser, network=network)
    view = desk.registration.give_card(view.id, fake_card(KEY), browser=browser)
    return desk.registration.confirm_details(view.id, {}, browser=browser)


def referred(desk: Any, browser: str, network: str) -> Any:
    """An applicant who waits for an officer."""
    return desk.selfie(confirmed(desk, browser, network), KEY, browser=browser)


def set_backs(desk: Any) -> dict[str, timedelta]:
    """How far each waiting case is set back."""
    step = RegistrationStep.REFERRED
    with desk.hub.store.transaction() as tx:
        waiting = tx.registrations.by_turns(step, turn=TURN, limit=500)
    return {record.id: at - record.updated_at for at, record in placed(waiting, TURN)}


def test_cards_without_a_face_do_not_wash_faces_away(desk: Any) -> None:
    for number in range(3):
        browser = f"impostor{number}"
        desk.selfie(desk.details(KEY, browser=browser), "kwok-lai-king", browser=browser)
    for number in range(101):
        desk.hub.clock.pass_(seconds=1)
        confirmed(desk, f"washes{number}", f"n{number % 7 + 2}")
    view = desk.decided(KEY, browser="another")
    assert view.step is RegistrationStep.REFERRED
    assert desk.registration.view(view.id).findings.repeated == "yes"


def test_who_knows_a_number_does_not_set_its_owner_back(make_desk: Any) -> None:
    desk = make_desk(policy="production", settings={"network_attempts": 1000})
    for number in range(30):
        referred(desk, f"stranger{number}", "198.51.100.0/24")
        desk.hub.clock.pass_(seconds=1)
    owner = referred(desk, "owner", "203.0.113.0/24")
    assert set_backs(desk)[owner.id] == timedelta(0)
    with desk.hub.store.transaction() as tx:
        order = tx.registrations.by_turns(RegistrationStep.REFERRED, turn=TURN, limit=2)
    assert order[1].id == owner.id, "only the stranger's first case is before the owner's"


def test_a_site_of_many_ipv6_networks_takes_turns_as_one(make_desk: Any) -> None:
    desk = make_desk(policy="production")
    cases = []
    for number in range(3):
        cases.append(referred(desk, f"b{number}", f"2001:db8:7:{number:x}00::/56"))
        desk.hub.clock.pass_(seconds=1)
    neighbour = referred(desk, "neighbour", "2001:db8:8::/56")
    found = set_backs(desk)
    # Each is behind those of the site, and behind those about the same number there.
    assert [found[case.id] // TURN for case in cases] == [0, 2, 4]
    assert found[neighbour.id] == timedelta(0)


def test_nobody_is_set_back_without_end(make_desk: Any) -> None:
    """An owner behind one address with a stranger waits a day more at most."""
    most = MOST_TURNS + 3
    settings = {"network_attempts": 1000, "network_open": 1000}
    desk = make_desk(policy="production", settings=settings)
    for number in range(most):
        referred(desk, f"stranger{number}", "198.51.100.0/24")
        desk.hub.clock.pass_(seconds=1)
    owner = referred(desk, "owner", "198.51.100.0/24")
    assert set_backs(desk)[owner.id] == MOST_TURNS * TURN <= timedelta(days=1)
