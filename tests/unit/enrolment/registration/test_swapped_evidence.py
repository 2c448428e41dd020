"""Evidence of one try cannot stand in for that of another, however requests are timed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from hkeid.enrolment.registration import RegistrationRefused, RegistrationStep
from hkeid.kernel.errors import HkeidError, Unavailable
from hkeid.ports.faces import CaptureIntegrity, FaceBand, PadClaim
from hkeid.testing.fakes_proofing import (
    FakeDocumentReader,
    FakeFaceMatcher,
    FakeLiveness,
    FakePersonRegistry,
    fake_card,
    fake_selfie,
)

VICTIM, IMPOSTOR = "ho-sau-lan", "kwok-lai-king"


def once(act: Callable[[], Any]) -> Callable[[], None]:
    """Act at the first call only."""
    left = [act]

    def acting() -> None:
        if left:
            left.pop()()

    return acting


class SlowReader(FakeDocumentReader):
    """While it reads, something else happens."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    def read(self, image: bytes) -> Any:
        reading = super().read(image)
        self.meanwhile()
        return reading


class SlowMatcher(FakeFaceMatcher):
    """While it compares, something else happens."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    def compare(self, probe: bytes, reference: bytes, purpose: Any) -> Any:
        compared = super().compare(probe, reference, purpose)
        self.meanwhile()
        return compared


def test_a_late_photograph_does_not_replace_the_confirmed_card(make_desk) -> None:
    """The portrait with which a selfie is compared is on the card whose details were confirmed."""
    reader = SlowReader()
    desk = make_desk(reader=reader, registry=FakePersonRegistry())
    journey = desk.registration
    view = desk.card(VICTIM)
    reader.meanwhile = once(lambda: journey.confirm_details(view.id, {}, browser="b1"))
    with pytest.raises(RegistrationRefused, match="registration_changed"):
        journey.give_card(view.id, fake_card(IMPOSTOR), browser="b1")
    with pytest.raises(RegistrationRefused, match="registration_changed"):
        desk.selfie(view, IMPOSTOR)
    assert desk.current().step is RegistrationStep.SELFIE


def test_a_late_photograph_does_not_reach_an_officers_decision(make_desk) -> None:
    """What an officer accepts is what was there when the case was referred."""
    reader = SlowReader()
    desk = make_desk(policy="production", reader=reader, registry=FakePersonRegistry())
    journey = desk.registration
    view = desk.card(VICTIM)

    def go_on() -> None:
        journey.confirm_details(view.id, {}, browser="b1")
        assert desk.selfie(view, VICTIM).step is RegistrationStep.REFERRED

    reader.meanwhile = once(go_on)
    with pytest.raises(RegistrationRefused, match="registration_changed"):
        journey.give_card(view.id, fake_card(IMPOSTOR), browser="b1")
    with pytest.raises(RegistrationRefused, match="case_not_acceptable"):
        journey.decide(view.id, accept=True, reason="looks_right", officers=("o1", "o2"))
    assert desk.record(view.id).step is RegistrationStep.REFERRED


def test_the_register_compares_the_frame_that_was_found_live(make_desk) -> None:
    """A frame of another answer, given at the same time, is not shown to the register."""
    matcher = SlowMatcher(calibration="c1")
    desk = make_desk(
        policy="production",
        matcher=matcher,
        liveness=FakeLiveness(PadClaim.LEVEL_1, CaptureIntegrity.ATTESTED),
    )
    desk.registry.compare = FakeFaceMatcher().compare
    view = desk.card(VICTIM, face=IMPOSTOR)
    desk.registration.confirm_details(view.id, {}, browser="b1")
    # The other answer: a picture of the register's person, not live, stored a little later.
    matcher.meanwhile = once(
        lambda: desk.evidence.put(
            view.id, "selfie", fake_selfie(_challenge(), VICTIM).frames[0].image
        )
    )
    after = desk.selfie(view, IMPOSTOR)
    assert after.step is RegistrationStep.REFERRED
    assert desk.registration.view(view.id).findings.registry_face == FaceBand.NO_MATCH.value


def _challenge() -> Any:
    class Nonce:
        nonce = ""

    return Nonce()


def test_many_photographs_at_once_spend_their_tries(make_desk) -> None:
    """Each photograph that is read was counted before: the tries bound the reader's work."""
    reader = SlowReader()
    desk = make_desk(reader=reader)
    read: list[int] = []
    view = desk.begin()

    def again() -> None:
        read.append(1)
        if len(read) < 8:
            with suppress(HkeidError):
                desk.registration.give_card(view.id, fake_card(VICTIM), browser="b1")

    reader.meanwhile = again
    with pytest.raises(RegistrationRefused, match="registration_changed"):
        desk.registration.give_card(view.id, fake_card(VICTIM), browser="b1")
    assert len(read) <= desk.parts.settings.tries


def test_a_busy_reader_costs_no_try(make_desk) -> None:
    """What was counted before is given back."""
    reader = SlowReader()

    def busy() -> None:
        raise Unavailable("document_reader_busy")

    desk = make_desk(reader=reader)
    view = desk.begin()
    reader.meanwhile = busy
    for _ in range(5):
        with pytest.raises(Unavailable):
            desk.registration.give_card(view.id, fake_card(VICTIM), browser="b1")
    reader.meanwhile = lambda: None
    assert desk.registration.give_card(view.id, fake_card(VICTIM), browser="b1").step is (
        RegistrationStep.DETAILS
    )
