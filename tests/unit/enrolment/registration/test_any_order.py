"""Whatever an applicant, an officer and the clock do in whatever order, the rules hold."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hkeid.broker import LoginRefused
from hkeid.enrolment.registration.records import RegistrationStep, may_follow
from hkeid.kernel.errors import HkeidError
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.fakes_proofing import fake_card, fake_selfie

ORIGIN = "https://id.example.hk"


class AnyOrder(RuleBasedStateMachine):
    """Every act at any moment; what does not fit is refused with a reason, and changes nothing."""

    make_desk: ClassVar[Any]
    reached: ClassVar[set[RegistrationStep]] = set()

    def __init__(self) -> None:
        super().__init__()
        self.desk = type(self).make_desk()
        self.view = self.desk.begin()
        self.phone = SoftwareAuthenticator()
        self.ceremony: Any = None
        self.challenge: Any = None
        self.done = False

    def act(self, name: str, *arguments: Any, **more: Any) -> Any:
        """Call the journey; a refusal is an answer too."""
        method = getattr(self.desk.registration, name)
        try:
            return method(self.view.id, *arguments, **more)
        except HkeidError as error:
            assert error.reason
            return None

    @rule()
    def photograph(self) -> None:
        self.act("give_card", fake_card("ho-sau-lan"), browser="b1")

    @rule()
    def confirm_details(self) -> None:
        self.act("confirm_details", {}, browser="b1")

    @rule()
    def ask_for_a_challenge(self) -> None:
        self.challenge = self.act("start_liveness", browser="b1") or self.challenge

    @precondition(lambda self: self.challenge is not None)
    @rule()
    def selfie(self) -> None:
        if self.challenge is None:
            return
        evidence = fake_selfie(self.challenge, "ho-sau-lan")
        self.act("give_selfie", evidence, browser="b1")

    @precondition(lambda self: self.challenge is not None)
    @rule()
    def doubtful_selfie(self) -> None:
        evidence = fake_selfie(self.challenge, "ho-sau-lan", similarity="review")
        self.act("give_selfie", evidence, browser="b1")

    @rule()
    def begin_binding(self) -> None:
        self.ceremony = ("create", self.act("start_binding", browser="b1"))

    @rule()
    def begin_confirmation(self) -> None:
        self.ceremony = ("get", self.act("start_confirmation", browser="b1"))

    @precondition(lambda self: self.ceremony is not None and self.ceremony[1] is not None)
    @rule()
    def use_the_passkey(self) -> None:
        kind, start = self.ceremony
        about = {"browser": "b1", "agent": "A"}
        if kind == "create":
            self.phone = SoftwareAuthenticator()
            answer = self.phone.create(start.options, ORIGIN)
            self.act("finish_binding", start.id, answer, **about)
        elif self.phone.credentials:
            try:
                answer = self.phone.get(start.options, ORIGIN)
            except Exception:  # noqa: BLE001 - it holds none of the passkeys that are asked for
                return
            given = self.act("finish_confirmation", start.id, answer, **about)
            self.done = self.done or given is not None

    @rule()
    def go_on(self) -> None:
        """What a person would do next, so that the end is reached often enough."""
        step = self.desk.record(self.view.id).step
        for act in {
            RegistrationStep.CARD: (self.photograph,),
            RegistrationStep.DETAILS: (self.confirm_details,),
            RegistrationStep.SELFIE: (self.ask_for_a_challenge, self.selfie),
            RegistrationStep.BIND: (self.begin_binding, self.use_the_passkey),
            RegistrationStep.CONFIRM: (self.begin_confirmation, self.use_the_passkey),
        }.get(step, ()):
            if act != self.use_the_passkey or (self.ceremony and self.ceremony[1]):
                act()
        self.reached.add(self.desk.record(self.view.id).step)

    @rule()
    def officer_accepts(self) -> None:
        self.act("decide", accept=True, reason="seen", officers=("one", "two"))

    @rule()
    def officer_refuses(self) -> None:
        self.act("decide", accept=False, reason="seen", officers=("one",))

    @rule()
    def time_passes(self) -> None:
        self.desk.hub.clock.pass_(minutes=4)

    @rule()
    def the_sweep_comes(self) -> None:
        self.desk.registration.expire()
        self.desk.evidence.expire(self.desk.hub.clock.now())

    @invariant()
    def steps_follow_each_other(self) -> None:
        for moved in self.desk.hub.bodies("enrolment:registration:moved"):
            assert may_follow(RegistrationStep(moved["before"]), RegistrationStep(moved["after"]))

    @invariant()
    def pictures_end_with_the_decision(self) -> None:
        record = self.desk.record(self.view.id)
        if record.step.decided:
            assert self.desk.evidence.names(record.id) == ()
        if record.step.concluded:
            assert self.desk.evidence.names(f"{record.id}.particulars") == ()

    @invariant()
    def the_device_works_if_and_only_if_it_is_done(self) -> None:
        record = self.desk.record(self.view.id)
        assert self.done == (record.step is RegistrationStep.DONE)
        with self.desk.hub.memory.transaction() as tx:
            assert len(list(tx.residents)) == int(self.done)
        if self.phone.credentials and not self.done:
            with pytest.raises(LoginRefused):
                self.desk.hub.login(self.phone)


def test_any_order(make_desk: Any) -> None:
    machine = type("Machine", (AnyOrder,), {"make_desk": staticmethod(make_desk)})
    machine.TestCase.settings = settings(
        max_examples=40, stateful_step_count=40, deadline=None, derandomize=True
    )
    case = machine.TestCase()
    case.runTest()
    assert RegistrationStep.DONE in AnyOrder.reached
