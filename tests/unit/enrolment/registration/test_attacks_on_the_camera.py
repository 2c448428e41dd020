"""A failed liveness check is never forgotten: not by another attempt, not by another registration."""

from __future__ import annotations

from typing import Any

import pytest

from hkeid.enrolment import RegistrationStep
from hkeid.enrolment.proofing_policy import Findings, shipped_policy
from hkeid.enrolment.registration.presence import SUSPECT
from hkeid.enrolment.review.policy import ReviewPolicy
from hkeid.kernel.errors import Unavailable
from hkeid.ports.faces import CaptureIntegrity
from hkeid.testing.fakes_proofing import FakeLiveness, fake_face

HO = "ho-sau-lan"
FAILED = "enrolment:registration:liveness-failed"


def shown(desk: Any, *verdicts: str, browser: str = "b1") -> Any:
    """As far as these verdicts on the owner's own face lead."""
    view = desk.details(HO, browser=browser)
    for verdict in verdicts:
        view = desk.selfie(view, HO, browser=browser, verdict=verdict)
    return view


def findings_of(desk: Any, view: Any) -> Findings:
    found = desk.registration.view(view.id).findings
    assert isinstance(found, Findings)
    return found


@pytest.mark.parametrize(
    ("verdicts", "failed", "spoofed"),
    [
        (("spoof", "live"), 1, 1),
        (("spoof", "spoof", "live"), 2, 2),
        (("spoof", "inconclusive", "live"), 2, 1),
        (("inconclusive", "spoof", "live"), 2, 1),
        (("spoof", "inconclusive", "inconclusive"), 3, 1),
    ],
)
def test_one_spoof_sends_the_case_to_officers(
    desk: Any, verdicts: tuple[str, ...], failed: int, spoofed: int
) -> None:
    view = shown(desk, *verdicts)
    assert view.step is RegistrationStep.REFERRED
    findings = findings_of(desk, view)
    assert findings.liveness == "spoof"
    assert findings.liveness_latest == verdicts[-1]
    assert (findings.liveness_failed, findings.liveness_spoofed) == (failed, spoofed)
    assert "lacking:liveness=spoof" in desk.registration.view(view.id).decision.rules
    assert desk.parts.policy.officers_needed(findings) == 2
    assert "not_live" in ReviewPolicy().risks_of(findings)


def test_what_was_only_not_clear_is_counted_and_hinders_nobody(desk: Any) -> None:
    view = shown(desk, "inconclusive", "inconclusive", "live")
    assert view.step is RegistrationStep.BIND
    findings = findings_of(desk, view)
    assert (findings.liveness, findings.liveness_failed) == ("live", 2)
    assert findings.liveness_spoofed == 0


def test_the_tries_are_as_many_as_before(desk: Any) -> None:
    view = desk.details(HO)
    for left in (2, 1):
        view = desk.selfie(view, HO, verdict="spoof")
        assert (view.step, view.tries_left) == (RegistrationStep.SELFIE, left)
    assert desk.selfie(view, HO, verdict="spoof").step is RegistrationStep.REFERRED


def test_a_camera_that_was_suspicious_once_stays_so(make_desk: Any) -> None:
    class Injecting(FakeLiveness):
        """Its first frames do not come from a camera."""

        first = True

        def finish(self, *values: Any) -> Any:
            self._integrity = (
                CaptureIntegrity.SUSPICIOUS if self.first else CaptureIntegrity.UNKNOWN
            )
            self.first = False
            return super().finish(*values)

    desk = make_desk(liveness=Injecting())
    view = shown(desk, "inconclusive", "live")
    assert view.step is RegistrationStep.REFERRED
    findings = findings_of(desk, view)
    assert (findings.capture, findings.liveness_spoofed) == ("suspicious", 1)


def test_officers_are_given_the_frame_that_looked_like_an_attack(desk: Any) -> None:
    view = desk.details(HO)
    view = desk.selfie(view, HO, verdict="spoof", canary="mask")
    view = desk.selfie(view, HO, canary="skin")
    assert desk.evidence.get(view.id, SUSPECT) == fake_face(HO, canary="mask")
    assert desk.evidence.get(view.id, "selfie") == fake_face(HO, canary="skin")


def test_an_attack_is_in_the_trail_whatever_becomes_of_the_case(desk: Any) -> None:
    view = shown(desk, "spoof")
    desk.registration.cancel(view.id, browser="b1")
    (body,) = desk.hub.bodies(FAILED)
    assert (body["registration"], body["attempt"], body["verdict"]) == (view.id, 1, "spoof")
    assert desk.evidence.names(view.id) == ()


def test_who_gives_up_after_an_attack_and_begins_anew_ends_with_an_officer(desk: Any) -> None:
    given_up = shown(desk, "spoof", "spoof")
    desk.registration.cancel(given_up.id, browser="b1")
    view = shown(desk, "live", browser="b2")
    assert view.step is RegistrationStep.REFERRED
    findings = findings_of(desk, view)
    assert (findings.liveness, findings.repeated, findings.spoofed_before) == ("live", "yes", 2)
    desk.hub.clock.pass_(days=31)
    assert shown(desk, "live", browser="b3").step is RegistrationStep.BIND


def test_another_persons_attack_is_not_mine(desk: Any) -> None:
    shown(desk, "spoof")
    assert desk.decided("kwok-lai-king", browser="b2").step is RegistrationStep.BIND


def test_a_matcher_without_time_forgets_nothing(desk: Any) -> None:
    view = shown(desk, "spoof")
    desk.registry.break_down()
    with pytest.raises(Unavailable):
        desk.selfie(view, HO)
    desk.registry.fault = None
    view = desk.selfie(view, HO)
    assert view.step is RegistrationStep.REFERRED
    assert findings_of(desk, view).liveness == "spoof"


def test_a_face_that_is_no_face_after_a_spoof_ends_with_the_spoof(desk: Any) -> None:
    view = shown(desk, "spoof", "spoof")
    view = desk.selfie(view, HO, faces=0)
    assert view.step is RegistrationStep.REFERRED
    assert findings_of(desk, view).liveness == "spoof"


@pytest.mark.parametrize("policy", ["sandbox", "production"])
def test_no_grade_of_a_shipped_policy_takes_a_spoof(policy: str) -> None:
    for grade in shipped_policy(policy).grades:
        for aspect, bad in (("liveness", "spoof"), ("capture", "suspicious")):
            assert all(bad not in v for a, v in grade.accepts.items() if a.value == aspect)
