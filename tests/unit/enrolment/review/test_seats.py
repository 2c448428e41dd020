"""S5: "officer login at counters". A seat is real, seen by every process, and lost at once."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hkeid.enrolment.counter_seats import CounterSeats
from hkeid.enrolment.stations import Station, StationMode, StationStatus
from hkeid.enrolment.upgrade import OfficersOnDuty
from hkeid.kernel.errors import ConfigurationError, HkeidError
from hkeid.officers import Role
from hkeid.testing.store_contract.crowd import Crowd


class Counters:
    """Stations at a review desk, the console's side and the public process's side."""

    def __init__(self, desk: Any) -> None:
        self.desk = desk
        self.seats = CounterSeats(desk.officers, OfficersOnDuty(desk.store, desk.clock))
        self.public = OfficersOnDuty(desk.store, desk.clock)

    def station(self, mode: StationMode = StationMode.COUNTER, **more: Any) -> Station:
        now = self.desk.clock.now()
        station = Station(
            id=secrets.token_urlsafe(8),
            name=f"Counter {secrets.token_hex(2)}",
            mode=mode,
            status=StationStatus.ACTIVE,
            created_at=now,
            updated_at=now,
        )
        station = replace(station, **more)
        with self.desk.store.transaction() as tx:
            assert tx.stations.add(station)
        return station

    def officer(self) -> Any:
        return self.desk.officer(Role.STATION_OFFICER)

    def at(self, station: Station) -> str | None:
        return self.public.at(station.id, self.desk.clock.now())

    def acts(self, station: Station) -> str | None:
        duty = self.public.act(station.id)
        return None if duty is None else duty.officer

    def line(self, view: Any, station: Station) -> Any:
        return next(one for one in self.seats.stations(view) if one.id == station.id)


@pytest.fixture
def counters(desk: Any) -> Counters:
    return Counters(desk)


@pytest.fixture
def counters_on_each_store(desk_on_each_store: Any) -> Counters:
    return Counters(desk_on_each_store)


def reason(act: Callable[..., Any], *args: Any) -> str:
    with pytest.raises(HkeidError) as caught:
        act(*args)
    return caught.value.reason


def test_an_officer_sits_down_and_the_other_process_sees_it(counters_on_each_store: Any) -> None:
    counters = counters_on_each_store
    view, station = counters.officer(), counters.station()
    assert counters.at(station) is None
    counters.seats.take(view, station.id)
    assert counters.at(station) == view.officer_id
    duty = counters.public.who(station.id, counters.desk.clock.now())
    assert duty.role is Role.STATION_OFFICER
    assert counters.line(view, station).mine
    other = counters.officer()
    assert not counters.line(other, station).mine
    assert counters.line(other, station).takeable
    assert not counters.seats.leave(other, station.id)
    assert counters.at(station) == view.officer_id
    assert counters.seats.leave(view, station.id)
    assert counters.at(station) is None
    assert [one["officer"] for one in counters.desk.bodies("enrolment:station:officer-on")] == [
        view.officer_id
    ]
    assert [one["officer"] for one in counters.desk.bodies("enrolment:station:officer-off")] == [
        view.officer_id
    ]
    used = counters.desk.bodies("officers:access:made")
    assert [one["permission"] for one in used] == ["station.sit"]


def _log_out(counters: Counters, view: Any, station: Station) -> None:
    with counters.desk.store.transaction() as tx:
        assert tx.officer_sessions.end(view.session_id, counters.desk.clock.now())


def _suspend_station(counters: Counters, view: Any, station: Station) -> None:
    with counters.desk.store.transaction() as tx:
        known = tx.stations.get(station.id)
        assert tx.stations.change(known, replace(known, status=StationStatus.SUSPENDED))


def _other_session(counters: Counters, view: Any, station: Station) -> None:
    other = counters.officer()
    with counters.desk.store.transaction() as tx:
        known = tx.stations.get(station.id)
        assert tx.stations.change(known, replace(known, officer_session=other.session_id))


def _no_session(counters: Counters, view: Any, station: Station) -> None:
    with counters.desk.store.transaction() as tx:
        known = tx.stations.get(station.id)
        assert tx.stations.change(known, replace(known, officer_session=None))


@pytest.mark.parametrize(
    "lose",
    [
        _log_out,
        _suspend_station,
        _other_session,
        _no_session,
        lambda counters, view, _: counters.desk.officers.staff.suspend(view.officer_id),
        lambda counters, view, _: counters.desk.officers.staff.set_roles(
            view.officer_id, [Role.REGISTRATION_OFFICER]
        ),
        lambda counters, view, _: counters.desk.clock.wait(minutes=30),
        lambda counters, view, station: counters.public.sign_off(station),
    ],
)
def test_a_seat_is_lost_at_once(counters_on_each_store: Counters, lose: Callable[..., Any]) -> None:
    counters = counters_on_each_store
    view, station = counters.officer(), counters.station()
    counters.seats.take(view, station.id)
    for _ in range(2):
        counters.desk.clock.wait(minutes=25)
        assert counters.acts(station) == view.officer_id, "an idle console does not matter"
    lose(counters, view, station)
    assert counters.at(station) is None
    assert counters.acts(station) is None, "nothing brings it back"
    assert counters.at(station) is None


def test_a_seat_in_use_is_kept_for_eight_hours_and_no_longer(counters_on_each_store: Any) -> None:
    counters = counters_on_each_store
    view, station = counters.officer(), counters.station()
    counters.seats.take(view, station.id)
    for _ in range(23):
        counters.desk.clock.wait(minutes=20)
        assert counters.acts(station) == view.officer_id
    counters.desk.clock.wait(minutes=19)
    duty = counters.public.who(station.id, counters.desk.clock.now())
    assert duty.until - counters.desk.clock.now() <= timedelta(minutes=1)
    counters.desk.clock.wait(minutes=1)
    assert counters.acts(station) is None


def test_looking_at_a_seat_does_not_keep_it(counters: Counters) -> None:
    view, station = counters.officer(), counters.station()
    counters.seats.take(view, station.id)
    for _ in range(3):
        counters.desk.clock.wait(minutes=10)
        counters.at(station)
        counters.seats.stations(counters.officer())
    assert counters.at(station) is None


def test_how_long_a_seat_may_be_idle_is_a_setting(counters: Counters) -> None:
    view, station = counters.officer(), counters.station()
    brief = OfficersOnDuty(counters.desk.store, counters.desk.clock, idle=timedelta(minutes=2))
    CounterSeats(counters.desk.officers, brief).take(view, station.id)
    counters.desk.clock.wait(seconds=119)
    assert brief.act(station.id).officer == view.officer_id
    counters.desk.clock.wait(seconds=119)
    assert counters.at(station) == view.officer_id
    counters.desk.clock.wait(seconds=1)
    assert counters.at(station) is None
    for idle in (timedelta(0), timedelta(hours=9)):
        with pytest.raises(ConfigurationError, match="seat_idle_invalid"):
            OfficersOnDuty(counters.desk.store, counters.desk.clock, idle=idle)


def test_who_may_not_sit_down_and_where(counters: Counters) -> None:
    view, station = counters.officer(), counters.station()
    take = counters.seats.take
    assert reason(take, view, counters.station(StationMode.KIOSK).id) == "officer_not_at_kiosk"
    assert reason(take, view, "nowhere") == "station_unknown"
    for status, expected in (
        (StationStatus.INVITED, "station_not_enrolled"),
        (StationStatus.SUSPENDED, "station_suspended"),
        (StationStatus.REVOKED, "station_revoked"),
    ):
        assert reason(take, view, counters.station(status=status).id) == expected
    for role in set(Role) - {Role.STATION_OFFICER}:
        assert reason(take, counters.desk.officer(role), station.id) == "permission_missing"
    assert reason(counters.seats.stations, counters.desk.officer()) == "permission_missing"
    counters.desk.clock.wait(minutes=6)
    assert reason(take, view, station.id) == "step_up_required"
    assert counters.at(station) is None
    assert counters.desk.bodies("enrolment:station:officer-on") == []


def test_nobody_is_in_two_places_and_a_seat_has_one_officer(counters: Counters) -> None:
    view, here, there = counters.officer(), counters.station(), counters.station()
    counters.seats.take(view, here.id)
    counters.seats.take(view, there.id)
    assert (counters.at(here), counters.at(there)) == (None, view.officer_id)
    other = counters.officer()
    counters.seats.take(other, there.id)
    assert counters.at(there) == other.officer_id
    left = counters.desk.bodies("enrolment:station:officer-off")
    assert [one["officer"] for one in left] == [view.officer_id] * 2


def test_the_test_officer_counts_in_the_sandbox_alone(counters: Counters) -> None:
    station = counters.station()
    assert reason(counters.public.sit_test_officer, station) == "officer_login_missing"
    sandbox = OfficersOnDuty(counters.desk.store, counters.desk.clock, test_officer=True)
    sandbox.sit_test_officer(station)
    now = counters.desk.clock.now()
    assert sandbox.who(station.id, now).role is None
    assert counters.at(station) is None, "a store that comes from a sandbox seats nobody"


def test_of_many_officers_at_once_one_sits(counters_on_each_store: Any) -> None:
    counters = counters_on_each_store
    station, views = counters.station(), [counters.officer() for _ in range(16)]

    def sit(number: int) -> str:
        try:
            counters.seats.take(views[number], station.id)
        except HkeidError as error:
            return error.reason
        return "sits"

    with Crowd[str](16) as crowd:
        found = crowd.at_once(sit)
    assert set(found) <= {"sits", "station_changed"}, found
    assert found.count("sits") >= 1
    came = counters.desk.bodies("enrolment:station:officer-on")
    went = counters.desk.bodies("enrolment:station:officer-off")
    assert len(came) == found.count("sits")
    assert len(went) == len(came) - 1
    assert counters.at(station) in {view.officer_id for view in views}
