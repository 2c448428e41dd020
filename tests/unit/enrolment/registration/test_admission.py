"""Who may begin, and who may send a picture, when there are many: nobody locks out everybody."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from hkeid.adapters.memory.registrations import MemoryRegistrations
from hkeid.enrolment import RegistrationPurpose
from hkeid.enrolment.registration import RegistrationStep
from hkeid.kernel.errors import TooManyAttempts, Unavailable
from hkeid.testing.fakes_proofing import fake_card


def picture(desk: Any, browser: str, network: str, **more: Any) -> Any:
    """An applicant with a picture of a card."""
    view = desk.begin(browser, network=network, **more)
    return desk.registration.give_card(view.id, fake_card("ho-sau-lan"), browser=browser)


def fill(desk: Any, *networks: str) -> None:
    """One applicant with a picture of a card from each network."""
    for number, network in enumerate(networks):
        picture(desk, f"fills{number}", network)


def test_so_many_are_open_in_all(make_desk: Any) -> None:
    desk = make_desk(settings={"network_open": 2, "most_open": 2, "network_share": 0})
    fill(desk, "n1", "n2")
    with pytest.raises(Unavailable, match="registration_full"):
        desk.begin("b3", network="n3")
    desk.hub.clock.pass_(minutes=31)
    desk.begin("b3", network="n3")


def test_beginnings_without_a_card_take_nobody_elses_place(make_desk: Any) -> None:
    """To agree costs nothing: a stranger with many networks begins often, and locks out nobody."""
    desk = make_desk(settings={"network_open": 2, "most_open": 3, "network_share": 0})
    for number in range(12):
        desk.begin(f"stranger{number}", network=f"2001:db8:{number:x}::/56")
    for purpose in (RegistrationPurpose.NEW, RegistrationPurpose.RECOVERY):
        view = picture(desk, purpose.value, "203.0.113.0/24", purpose=purpose)
        assert view.step is RegistrationStep.DETAILS


def test_who_began_in_time_sends_no_picture_when_it_is_full(make_desk: Any) -> None:
    """Else whoever agrees often beforehand goes over the number; nobody loses what they had."""
    desk = make_desk(settings={"network_open": 2, "most_open": 2, "network_share": 0})
    early = desk.begin("early", network="n0")
    fill(desk, "n1", "n2")
    for _ in range(4):
        with pytest.raises(Unavailable, match="registration_full"):
            desk.registration.give_card(early.id, fake_card("ho-sau-lan"), browser="early")
    assert desk.current("fills0").step is RegistrationStep.DETAILS
    again = desk.registration.give_card(
        desk.current("fills0").id, fake_card("ho-sau-lan"), browser="fills0"
    )
    assert again.step is RegistrationStep.DETAILS, "another picture takes no other place"
    desk.registration.cancel(desk.current("fills1").id, browser="fills1")
    after = desk.registration.give_card(early.id, fake_card("ho-sau-lan"), browser="early")
    assert after.step is RegistrationStep.DETAILS, "no try was lost"


def test_where_it_is_full_each_network_has_its_share(make_desk: Any) -> None:
    desk = make_desk(settings={"network_open": 3, "most_open": 3, "network_share": 1})
    fill(desk, "n1", "n1", "n2")
    for crowded in ("n1", "n2"):
        with pytest.raises(Unavailable, match="registration_full"):
            desk.begin("b1", network=crowded)
    waits = desk.begin("b1", network="203.0.113.0/24")
    picture(desk, "b2", "203.0.113.0/24")
    with pytest.raises(Unavailable, match="registration_full"):
        desk.registration.give_card(waits.id, fake_card("ho-sau-lan"), browser="b1")
    with pytest.raises(Unavailable, match="registration_full"):
        desk.begin("b3", network="203.0.113.0/24")


def test_many_networks_of_one_site_or_provider_have_one_share(make_desk: Any) -> None:
    settings = {"network_open": 9, "most_open": 9, "network_share": 1}
    desk = make_desk(settings={**settings, "site_times": 2, "provider_times": 3})
    fill(desk, *(f"n{number}" for number in range(9)))
    picture(desk, "s1", "2001:db8:7:100::/56")
    picture(desk, "s2", "2001:db8:7:200::/56")
    with pytest.raises(Unavailable, match="registration_full"):
        desk.begin("s3", network="2001:db8:7:300::/56")
    picture(desk, "p3", "2001:db8:8::/56")
    with pytest.raises(Unavailable, match="registration_full"):
        desk.begin("p4", network="2001:db8:9::/56")
    desk.begin("elsewhere", network="2001:db9::/56")


def test_recoveries_have_a_reserve(make_desk: Any) -> None:
    settings = {"network_open": 2, "most_open": 2, "network_share": 0, "recovery_reserve": 1}
    desk = make_desk(settings=settings)
    fill(desk, "n1", "n2")
    with pytest.raises(Unavailable, match="registration_full"):
        desk.begin("b1", network="n3")
    picture(desk, "b1", "n3", purpose=RegistrationPurpose.RECOVERY)
    with pytest.raises(Unavailable, match="registration_full"):
        desk.begin("b2", network="n4", purpose=RegistrationPurpose.RECOVERY)


@pytest.mark.parametrize(
    ("others", "mine", "most"),
    [
        ("2001:db8:7:{:x}00::/56", "2001:db8:7:ff00::/56", 2),
        ("2001:db8:{:x}::/56", "2001:db8:ff::/56", 4),
    ],
)
def test_many_networks_of_one_site_or_provider_are_counted_together(
    make_desk: Any, others: str, mine: str, most: int
) -> None:
    settings = {"network_open": 1, "site_times": 2, "provider_times": 4, "most_open": 1000}
    desk = make_desk(settings={**settings, "network_share": 0})
    for number in range(most):
        desk.begin(f"b{number}", network=others.format(number))
    with pytest.raises(TooManyAttempts, match="registration_network_full"):
        desk.begin("mine", network=mine)
    desk.begin("mine", network="2001:db9::/56")


@pytest.mark.parametrize(
    ("others", "mine", "most", "share"),
    [
        ("2001:db8:7:{:x}00::/56", "2001:db8:7:ff00::/56", 4, 1),
        ("2001:db8:{:x}::/56", "2001:db8:ff::/56", 8, 2),
    ],
)
def test_whoever_has_many_does_not_lock_out_the_rest_of_a_provider(
    make_desk: Any, others: str, mine: str, most: int, share: int
) -> None:
    """Cases that wait for officers stay for weeks and make no way: each part of a network has a share."""
    settings = {"network_open": 2, "site_times": 2, "provider_times": 4, "network_share": share}
    desk = make_desk(settings={**settings, "most_open": 1000})
    for number in range(most):
        picture(desk, f"b{number}", others.format(number))
    for number in range(share):
        desk.begin(f"mine{number}", network=mine)
    with pytest.raises(TooManyAttempts, match="registration_network_full"):
        desk.begin("mine", network=mine)


def test_who_is_turned_away_leaves_nothing(make_desk: Any) -> None:
    desk = make_desk(settings={"network_attempts": 1})
    desk.begin("b0", network="203.0.113.0/24")
    before = len(desk.evidence_keys.inner._keys)
    for number in range(20):
        with pytest.raises(TooManyAttempts):
            desk.begin(f"x{number}", network="203.0.113.0/24")
    assert len(desk.evidence_keys.inner._keys) == before


def test_attempts_of_one_site_are_counted_together(make_desk: Any) -> None:
    """Those of a provider are not: a few of its customers would lock out all others by agreeing."""
    desk = make_desk(settings={"network_attempts": 1, "site_times": 2, "provider_times": 2})
    for number in range(2):
        desk.begin(f"b{number}", network=f"2001:db8:7:{number:x}00::/56")
    with pytest.raises(TooManyAttempts, match="registration_attempts_exhausted"):
        desk.begin("b2", network="2001:db8:7:900::/56")
    desk.begin("b3", network="2001:db8:8::/56")


@pytest.mark.parametrize(
    ("others", "mine"),
    [
        (("n1", "n1"), "n1"),
        (("2001:db8:7::/56", "2001:db8:7:100::/56"), "2001:db8:7:200::/56"),
        (("2001:db8:7::/56", "2001:db8:8::/56"), "2001:db8:9::/56"),
    ],
    ids=["network", "site", "provider"],
)
def test_the_oldest_who_only_agreed_makes_way(
    make_desk: Any, others: tuple[str, str], mine: str
) -> None:
    """After some minutes, in which a card is photographed; who sent a picture never does."""
    narrow = 2 if others[0] == mine else 1
    times = {"site_times": 2 // narrow, "provider_times": 2 // narrow}
    desk = make_desk(settings={"network_open": narrow, "network_share": 0, **times})
    first = desk.begin("b0", network=others[0])
    desk.hub.clock.pass_(minutes=4)
    second = desk.begin("b1", network=others[1])
    with pytest.raises(TooManyAttempts, match="registration_network_full"):
        desk.begin("mine", network=mine)
    desk.hub.clock.pass_(minutes=2)
    view = desk.begin("mine", network=mine)
    assert view.step is RegistrationStep.CARD
    gone = desk.record(first.id)
    assert (gone.step, gone.reason) == (RegistrationStep.EXPIRED, "made_way")
    assert not gone.evidence_open
    assert desk.evidence_keys.inner._keys[first.id].wrapped is None
    assert desk.record(second.id).step is RegistrationStep.CARD
    desk.registration.give_card(second.id, fake_card("ho-sau-lan"), browser="b1")
    desk.registration.give_card(view.id, fake_card("ho-sau-lan"), browser="mine")
    desk.hub.clock.pass_(minutes=20)
    with pytest.raises(TooManyAttempts, match="registration_network_full"):
        desk.begin("late", network=mine)


def test_who_sends_a_picture_at_this_moment_does_not_make_way(
    make_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk(settings={"network_open": 1})
    view = desk.begin("b1")
    desk.hub.clock.pass_(minutes=6)
    read = MemoryRegistrations.oldest_without_picture

    def too_early(store: Any, *asked: Any, **more: Any) -> Any:
        found = read(store, *asked, **more)
        return found and replace(found, version=found.version - 1)

    monkeypatch.setattr(MemoryRegistrations, "oldest_without_picture", too_early)
    with pytest.raises(TooManyAttempts, match="registration_network_full"):
        desk.begin("mine")
    assert desk.current("b1").id == view.id
    keys = desk.evidence_keys.inner._keys
    assert not {session for session, key in keys.items() if key.wrapped is not None}


def test_each_network_of_many_at_once_makes_way_once(
    desk: Any, make_hub_on_each_store: Any
) -> None:
    """Who comes at the same instant finds the place of one taken by one."""
    settings = {"network_open": 2, "network_attempts": 100}
    desk = type(desk)(make_hub_on_each_store(), settings=settings)
    desk.begin("old0")
    desk.begin("old1")
    desk.hub.clock.pass_(minutes=6)

    def begin(number: int) -> bool:
        try:
            desk.begin(f"b{number}")
        except TooManyAttempts:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(begin, range(8))) == 2


def test_what_is_counted_of_a_network_is_kept_while_it_is_open_only(desk: Any) -> None:
    view = desk.begin("b1", network="2001:db8:7:100::/56")
    kept = desk.record(view.id)
    assert len({kept.network, kept.site, kept.provider}) == 3
    assert None not in (kept.network, kept.site, kept.provider)
    desk.registration.cancel(view.id, browser="b1")
    ended = desk.record(view.id)
    assert (ended.network, ended.site, ended.provider) == (None, None, None)
