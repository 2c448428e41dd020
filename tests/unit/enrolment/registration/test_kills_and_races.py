"""Killed at any step, or two at once: nothing is half-bound, and nothing of the evidence stays."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from hkeid.broker import LoginRefused
from hkeid.enrolment.registration import RegistrationStep
from hkeid.kernel.errors import HkeidError
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.fakes_proofing import fake_card, fake_selfie

ORIGIN = "https://id.example.hk"
Desk = Any


@pytest.fixture
def make_hub(make_hub_on_each_store):
    return make_hub_on_each_store


def kill_at_every_step(
    make_desk: Callable[[], Desk],
    killed: type[BaseException],
    prepare: Callable[[Desk], Any],
    act: Callable[[Desk, Any], Any],
    check: Callable[[Desk, Any, Any], None],
) -> int:
    """``check`` is given what the journey acknowledged, or None."""
    kill_at = 0
    while True:
        kill_at += 1
        desk = make_desk()
        prepared = prepare(desk)
        desk.hub.steps.count, desk.hub.steps.kill_at = 0, kill_at
        try:
            acknowledged = act(desk, prepared)
        except killed:
            acknowledged = None
        desk.hub.steps.kill_at = None
        check(desk, prepared, acknowledged)
        assert desk.hub.trail_is_sound()
        if acknowledged is not None:
            return kill_at - 1


def finish(desk: Desk, phone: SoftwareAuthenticator) -> Any:
    """Go on from wherever it stands, as a person would."""
    for _ in range(8):
        view = desk.registration.current(browser="b1")
        if view is None or view.step is RegistrationStep.EXPIRED:
            view = desk.begin()
        if view.step is RegistrationStep.CARD:
            desk.registration.give_card(view.id, fake_card("ho-sau-lan"), browser="b1")
        elif view.step is RegistrationStep.DETAILS:
            desk.registration.confirm_details(view.id, {}, browser="b1")
        elif view.step is RegistrationStep.SELFIE:
            desk.selfie(view, "ho-sau-lan")
        elif view.step is RegistrationStep.BIND:
            desk.bind(view, phone)
        elif view.step is RegistrationStep.CONFIRM:
            return desk.confirm(view, phone)
    raise AssertionError(f"stuck at {view.step}")


def no_evidence_is_left(desk: Desk, registration_id: str) -> None:
    """After the sweep that the server does by itself."""
    desk.registration.expire()
    desk.evidence.expire(desk.hub.clock.now())
    assert desk.evidence.names(registration_id) == ()
    with desk.hub.memory.transaction() as tx:
        held = tx.evidence_items.sessions()
    assert registration_id not in held


def test_killed_on_the_way_to_the_decision(make_desk, killed) -> None:
    """Whatever step it was, the applicant goes on where the acknowledged one left them."""

    def act(desk: Desk, _: Any) -> Any:
        return desk.decided("ho-sau-lan")

    def check(desk: Desk, _: Any, acknowledged: Any) -> None:
        if acknowledged is not None:
            assert desk.current().step is RegistrationStep.BIND
        view = desk.registration.current(browser="b1")
        if view is not None and view.step is RegistrationStep.BIND:
            no_evidence_is_left(desk, view.id)
        finish(desk, SoftwareAuthenticator())
        assert len(desk.hub.bodies("enrolment:registration:concluded")) == 1

    assert kill_at_every_step(make_desk, killed, lambda _: None, act, check) > 60


def test_killed_while_binding(make_desk, killed) -> None:
    """The passkey logs nobody in before the confirmation, and everybody after it."""
    seen = set()

    def prepare(desk: Desk) -> Any:
        return desk.decided("ho-sau-lan"), SoftwareAuthenticator()

    def act(desk: Desk, prepared: Any) -> Any:
        view, phone = prepared
        return desk.confirm(desk.bind(view, phone), phone)

    def check(desk: Desk, prepared: Any, acknowledged: Any) -> None:
        view, phone = prepared
        with desk.hub.memory.transaction() as tx:
            residents = list(tx.residents)
            record = tx.registrations.get(view.id)
            credentials = [c for one in residents for c in tx.credentials.of_resident(one.id)]
        done = record.step is RegistrationStep.DONE
        seen.add((done, acknowledged is not None))
        assert done or acknowledged is None
        # Entry, index, credential, events: all of them or none.
        assert len(residents) == len(credentials) == int(done)
        for event in ("registration:concluded", "credential:added", "eid:activated"):
            assert len(desk.hub.bodies(f"enrolment:{event}")) == int(done)
        if done:
            assert desk.hub.fields.read(_Fields(desk), residents[0].id, ("name_english",))
            desk.hub.login(phone)
            no_evidence_is_left(desk, view.id)
            no_evidence_is_left(desk, f"{view.id}.particulars")
            return
        if phone.credentials:
            with pytest.raises(LoginRefused, match="credential_unknown"):
                desk.hub.login(phone)
        again = SoftwareAuthenticator()
        view = desk.current()
        desk.confirm(desk.bind(view, again), again)
        desk.hub.login(again)

    assert kill_at_every_step(make_desk, killed, prepare, act, check) > 40
    assert seen == {(False, False), (True, False), (True, True)}


class _Fields:
    """A transaction for reading fields."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def sealed_fields(self) -> Any:
        desk = self._desk

        class Repository:
            def all(self, resident_id: str) -> Any:
                return desk.hub.look("sealed_fields", "all", resident_id)

        return Repository()


def test_killed_over_an_officers_decision(make_desk, killed) -> None:
    def prepare(desk: Desk) -> Any:
        view = desk.selfie(desk.details("ho-sau-lan"), "ho-sau-lan", similarity="review")
        desk.registration.leave_contact(view.id, "lan@example.hk", browser="b1")
        return view

    def act(desk: Desk, view: Any) -> Any:
        desk.registration.decide(view.id, accept=True, reason="seen", officers=("o",))
        return True

    def check(desk: Desk, view: Any, acknowledged: Any) -> None:
        step = desk.record(view.id).step
        assert step in (RegistrationStep.REFERRED, RegistrationStep.BIND)
        if acknowledged or step is RegistrationStep.BIND:
            no_evidence_is_left(desk, view.id)
            # Told at least once, whatever happened.
            assert {told[1:] for told in desk.hooks.told} == {(True, "lan@example.hk")}
        else:
            act(desk, view)
        finish(desk, SoftwareAuthenticator())

    assert kill_at_every_step(make_desk, killed, prepare, act, check) > 15


def test_killed_while_giving_up(make_desk, killed) -> None:
    def act(desk: Desk, view: Any) -> Any:
        desk.registration.cancel(view.id, browser="b1")
        return True

    def check(desk: Desk, view: Any, acknowledged: Any) -> None:
        ended = desk.record(view.id).step is RegistrationStep.EXPIRED
        assert ended or acknowledged is None
        if ended:
            no_evidence_is_left(desk, view.id)

    prepare = lambda desk: desk.details("ho-sau-lan")  # noqa: E731 - one expression
    assert kill_at_every_step(make_desk, killed, prepare, act, check) > 5


# --- two at once -----------------------------------------------------------------------------------


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each of them came to: a result, or the reason of a refusal."""
    together = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        together.wait(timeout=30)
        try:
            return act()
        except HkeidError as error:
            return error.reason

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def sessions_of(outcomes: list[Any]) -> list[Any]:
    return [one for one in outcomes if not isinstance(one, str)]


def test_two_confirmations_at_once(make_desk) -> None:
    desk, phone = make_desk(), SoftwareAuthenticator()
    view = desk.bind(desk.decided("ho-sau-lan"), phone)
    starts = [desk.registration.start_confirmation(view.id, browser="b1") for _ in range(2)]
    answers = [phone.get(start.options, ORIGIN) for start in starts]

    def confirm(number: int) -> Any:
        return desk.registration.finish_confirmation(
            view.id, starts[number].id, answers[number], browser="b1", agent="A"
        )

    outcomes = at_once(lambda: confirm(0), lambda: confirm(1), lambda: confirm(0))
    assert len(sessions_of(outcomes)) == 1
    assert len(desk.hub.bodies("enrolment:registration:concluded")) == 1
    desk.hub.login(phone)


def test_two_browsers_for_one_person_at_once(make_desk) -> None:
    desk = make_desk()
    phones = {browser: SoftwareAuthenticator() for browser in ("b1", "b2", "b3")}
    views = {
        browser: desk.bind(desk.decided("ho-sau-lan", browser=browser), phone, browser=browser)
        for browser, phone in list(phones.items())[:2]
    }
    outcomes = at_once(
        *(
            lambda browser=browser: desk.confirm(views[browser], phones[browser], browser=browser)
            for browser in views
        )
    )
    assert len(sessions_of(outcomes)) == 1
    with desk.hub.memory.transaction() as tx:
        assert len(list(tx.residents)) == 1
    ends = sorted(desk.current(browser).step for browser in views)
    assert ends[0] is RegistrationStep.DONE
    loser = next(b for b in views if desk.current(b).step is not RegistrationStep.DONE)
    view = desk.current(loser)
    if view.step is RegistrationStep.REFUSED:
        assert view.reason == "already_registered"
    with pytest.raises(LoginRefused):
        desk.hub.login(phones[loser])


def test_two_selfies_at_once(make_desk) -> None:
    desk = make_desk()
    view = desk.details("ho-sau-lan")
    challenge = desk.registration.start_liveness(view.id, browser="b1")
    evidence = fake_selfie(challenge, "ho-sau-lan")
    give = lambda: desk.registration.give_selfie(view.id, evidence, browser="b1")  # noqa: E731
    outcomes = at_once(give, give, give)
    assert len(sessions_of(outcomes)) == 1
    assert len(desk.hub.bodies("enrolment:registration:decided")) == 1


def test_an_officer_and_the_clock_at_once(make_desk) -> None:
    desk = make_desk()
    view = desk.selfie(desk.details("ho-sau-lan"), "ho-sau-lan", similarity="review")

    def decide(*, accept: bool) -> Any:
        desk.registration.decide(view.id, accept=accept, reason="seen", officers=("o",))
        return True

    at_once(
        lambda: decide(accept=True),
        lambda: decide(accept=False),
        lambda: desk.registration.cancel(view.id, browser="b1"),
    )
    assert len(desk.hub.bodies("enrolment:registration:moved")) == 4
    no_evidence_is_left(desk, view.id)
