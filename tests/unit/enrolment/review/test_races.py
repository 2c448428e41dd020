"""Law 1 at the review desk: 32 threads at one instant, on every store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hkeid.kernel.errors import HkeidError, Unavailable
from hkeid.testing.store_contract.crowd import Crowd


def outcome(act: Any) -> str:
    try:
        made = act()
    except HkeidError as error:
        return error.reason
    return "done" if made is None or isinstance(made, str) else "decided"


def test_one_case_one_lease(desk_on_each_store: Any) -> None:
    desk = desk_on_each_store
    case = desk.case()
    views = [desk.officer() for _ in range(32)]
    with Crowd[str](32) as crowd:
        found = crowd.at_once(lambda number: outcome(lambda: desk.take(views[number], case)))
    assert found.count("done") == 1, found
    assert found.count("case_leased") == 31, found


def test_one_vote_posted_32_times_decides_once(desk_on_each_store: Any) -> None:
    desk = desk_on_each_store
    view, case = desk.officer(), desk.case()
    lease = desk.take(view, case)
    with Crowd[str](32) as crowd:
        found = crowd.at_once(lambda _: outcome(lambda: desk.vote(view, case, lease)))
    assert found.count("decided") == 1, found
    assert len(desk.registrations.told) == 1
    assert len(desk.bodies("review:vote:cast")) == 1
    assert len(desk.bodies("review:decision:carried-out")) == 1


def test_one_second_vote_posted_32_times_decides_once(desk_on_each_store: Any, sound: Any) -> None:
    desk = desk_on_each_store
    case = desk.case(replace(sound, calibrated="no"))
    desk.vote(desk.officer(), case)
    second = desk.officer()
    lease = desk.take(second, case)
    with Crowd[str](32) as crowd:
        found = crowd.at_once(lambda _: outcome(lambda: desk.vote(second, case, lease)))
    assert found.count("decided") == 1, found
    assert len(desk.registrations.told) == 1


def test_32_processes_that_settle_carry_out_once(desk_on_each_store: Any) -> None:
    desk = desk_on_each_store
    desk.registrations.fail = [Unavailable("registry_unavailable")]
    desk.vote(desk.officer(), desk.case())
    desk.clock.wait(minutes=3)
    with Crowd[int](32) as crowd:
        found = crowd.at_once(lambda _: desk.review.settle())
    assert sum(found) == 1
    assert len(desk.registrations.told) == 1


def test_officers_who_overtake_each_other_never_lose_a_vote(
    desk_on_each_store: Any, sound: Any
) -> None:
    """Everybody tries to take and vote until it is decided: two votes, one decision."""
    desk = desk_on_each_store
    case = desk.case(replace(sound, calibrated="no"))
    views = [desk.officer() for _ in range(8)]

    def work(number: int) -> str:
        for _ in range(200):
            found = outcome(lambda: desk.vote(views[number], case))
            if found not in {"case_leased", "case_changed"}:
                return found
        return "never"

    with Crowd[str](8) as crowd:
        found = crowd.at_once(work)
    assert found.count("decided") == 1, found
    assert found.count("done") == 1, found
    assert len(desk.bodies("review:vote:cast")) == 2
    assert len(desk.registrations.told) == 1
