"""To a stranger the register is silent: whatever it says, they see the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hkeid.enrolment import RegistrationPurpose, RegistrationStep
from hkeid.enrolment.proofing_policy import VALUES, Aspect, Findings, Outcome, shipped_policy
from hkeid.enrolment.proofing_policy.policy import OF_THE_REGISTER
from hkeid.enrolment.review.cases import cause_of
from hkeid.enrolment.standing import Actor
from hkeid.kernel.errors import Unavailable
from hkeid.ports.faces import FaceBand
from hkeid.ports.registry import RegistryStatus
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.fakes_proofing import FakeFaceMatcher, fake_card, fake_selfie

HO, STRANGER = "ho-sau-lan", "chan-tai-man"
STATUSES = ("match", "no_match", "deceased", "reported_lost", "unavailable")
EIDS = ("none", "active", "suspended", "revoked")
SITUATIONS = [(status, "none") for status in STATUSES] + [("match", eid) for eid in EIDS[1:]]
PURPOSES = (RegistrationPurpose.NEW, RegistrationPurpose.RECOVERY)
_OWN = {"id", "reference"}


def answering(desk: Any, status: str) -> None:
    """The register says this of everybody; how the faces compare is left as it is."""
    real = desk.registry.check

    def check(query: Any) -> Any:
        found = real(query)
        if status == "unavailable":
            raise Unavailable("registry_unavailable")
        differing = ("name_english",) if status == "no_match" else ()
        return replace(found, status=RegistryStatus(status), differing=differing)

    desk.registry.check = check


def with_eid(desk: Any, state: str) -> None:
    """Somebody of this number has, or had, an eID."""
    if state == "none":
        return
    owner = desk.register(HO, SoftwareAuthenticator(), browser="owner").view
    if state == "suspended":
        desk.hub.standing.freeze(owner)
    if state == "revoked":
        desk.hub.standing.revoke(
            owner.authentication.resident_id, by=Actor.OPERATOR, reason="asked_by_resident"
        )


def attempt(
    desk: Any, purpose: RegistrationPurpose, *, card_face: str = HO, face: str = STRANGER
) -> list[Any]:
    """Every answer that a stranger gets."""
    view = desk.begin("thief", purpose=purpose)
    view = desk.registration.give_card(view.id, fake_card(HO, face=card_face), browser="thief")
    view = desk.registration.confirm_details(view.id, {}, browser="thief")
    answers: list[Any] = []
    while view.step is RegistrationStep.SELFIE:
        challenge = desk.registration.start_liveness(view.id, browser="thief")
        try:
            view = desk.registration.give_selfie(
                view.id, fake_selfie(challenge, face), browser="thief"
            )
        except Unavailable as error:
            answers.append(error.reason)
            continue
        answers.append(seen(view))
    answers.append(seen(desk.current("thief")))
    return answers


def seen(view: Any) -> dict[str, Any]:
    """A view without what differs from case to case anyway."""
    found = {one.name: getattr(view, one.name) for one in fields(view) if one.name not in _OWN}
    found["expires_at"] = view.expires_at - view.created_at
    del found["created_at"]
    return found


@pytest.fixture
def strange(make_desk: Callable[..., Any]) -> Callable[..., list[Any]]:
    def go(situation: tuple[str, str], purpose: RegistrationPurpose, **about: Any) -> list[Any]:
        status, eid = situation
        desk = make_desk(policy="sandbox")
        with_eid(desk, eid)
        policy = shipped_policy(about.pop("policy"))
        desk = type(desk)(desk.hub, policy=policy.version.split("-")[0])
        answering(desk, status)
        return attempt(desk, purpose, **about)

    return go


@pytest.mark.parametrize("policy", ["sandbox", "production"])
@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_stranger_with_the_card_hears_the_same_of_everybody(
    strange: Any, situation: tuple[str, str], purpose: RegistrationPurpose, policy: str
) -> None:
    expected = strange(("match", "none"), purpose, policy=policy)
    assert strange(situation, purpose, policy=policy) == expected
    assert expected[-1]["step"] is RegistrationStep.REFERRED


@pytest.mark.parametrize("policy", ["sandbox", "production"])
@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_stranger_with_a_forged_card_hears_the_same_of_everybody(
    strange: Any, situation: tuple[str, str], purpose: RegistrationPurpose, policy: str
) -> None:
    """The portrait on the card is the stranger's own: only the register's tells them apart."""
    about = {"policy": policy, "card_face": STRANGER}
    expected = strange(("match", "none"), purpose, **about)
    answers = strange(situation, purpose, **about)
    # That the register is down says nothing about a person; it is said before it is asked.
    assert answers[-1] == expected[-1]
    assert expected[-1]["reason"] == "officer_looks"


@pytest.mark.parametrize(
    ("situation", "cause"),
    [
        (("deceased", "none"), "cannot_register_here"),
        (("reported_lost", "none"), "cannot_register_here"),
        (("no_match", "none"), "registry_unclear"),
        (("unavailable", "none"), "registry_unavailable"),
    ],
)
def test_officers_see_why(make_desk: Any, situation: tuple[str, str], cause: str) -> None:
    desk = make_desk(policy="production")
    answering(desk, situation[0])
    attempt(desk, RegistrationPurpose.NEW, card_face=STRANGER)
    view = desk.registration.view(desk.current("thief").id)
    assert (view.reason, view.decision.cause) == ("officer_looks", cause)
    assert view.findings.registry == situation[0]
    assert cause_of(desk.record(view.id)) == cause
    rules = desk.hub.bodies("enrolment:registration:decided")[-1]["rules"]
    assert f"lacking:registry={situation[0]}" in rules
    refused = situation[0] in ("deceased", "reported_lost")
    assert any(rule.startswith("withheld:") for rule in rules) is refused


@pytest.mark.parametrize("status", ["deceased", "reported_lost"])
def test_officers_do_not_accept_what_was_withheld(make_desk: Any, status: str) -> None:
    desk = make_desk(policy="production")
    answering(desk, status)
    attempt(desk, RegistrationPurpose.NEW, card_face=STRANGER)
    case = desk.current("thief")
    with pytest.raises(Exception, match="case_not_acceptable"):
        desk.registration.decide(case.id, accept=True, reason="same_person", officers=("a", "b"))
    desk.registration.decide(case.id, accept=False, reason="not_the_person", officers=("a", "b"))
    ended = desk.current("thief")
    assert (ended.step, ended.reason) == (RegistrationStep.REFUSED, "officer_refused")


@pytest.mark.parametrize(
    ("status", "eid", "told"),
    [
        ("deceased", "none", "cannot_register_here"),
        ("reported_lost", "none", "cannot_register_here"),
        ("match", "active", "already_registered"),
    ],
)
def test_who_is_the_person_is_told(make_desk: Any, status: str, eid: str, told: str) -> None:
    desk = make_desk(policy="sandbox")
    with_eid(desk, eid)
    answering(desk, status)
    view = attempt(desk, RegistrationPurpose.NEW, face=HO)[-1]
    assert (view["step"], view["reason"]) == (RegistrationStep.REFUSED, told)


def test_a_picture_of_the_person_is_not_the_person(make_desk: Any) -> None:
    """The face is the one in the register, but nobody was found live."""
    desk = make_desk(policy="sandbox")
    answering(desk, "deceased")
    view = desk.details(HO)
    for _ in range(3):
        view = desk.selfie(view, HO, verdict="spoof")
    assert (view.step, view.reason) == (RegistrationStep.REFERRED, "face_unclear")


def test_the_register_of_the_sandbox_compares_whatever_it_answers(make_desk: Any) -> None:
    """The time of its answer tells no more than the answer: faces take longest."""
    desk, compared = make_desk(policy="sandbox"), []
    real = FakeFaceMatcher()

    def compare(*values: Any) -> Any:
        compared.append(values)
        return real.compare(*values)

    desk.registry.compare = compare
    for number, key in enumerate((HO, "lau-kwu-yan", "ko-shat-ka", "tang-yi-ming")):
        desk.decided(key, browser=f"b{number}")
        assert len(compared) == number + 1, key
    asked = desk.registry.asked[-1]
    unknown = replace(asked, person=desk.hub.person(123456), portrait=asked.portrait)
    found = desk.registry.check(unknown)
    assert (found.status, found.face) == (RegistryStatus.NO_MATCH, FaceBand.NOT_ASSESSED)
    assert len(compared) == 5


# --- the policy itself -----------------------------------------------------------------------------


@given(st.tuples(*(st.sampled_from(values) for values in VALUES.values())))
def test_nothing_that_is_said_depends_on_the_register(values: tuple[str, ...]) -> None:
    """For any findings of a stranger at a phone, over every answer of register and index."""
    given_ = {one.value: value for one, value in zip(VALUES, values, strict=True)}
    stranger = replace(Findings(**given_), officer="absent", registry_face="no_match")
    varied = sorted(OF_THE_REGISTER - {Aspect.REGISTRY_FACE})
    for name, purpose in product(("sandbox", "production"), ("new", "recovery")):
        policy = shipped_policy(name)
        told = set()
        for answer in product(*(VALUES[aspect] for aspect in varied)):
            changed = {a.value: v for a, v in zip(varied, answer, strict=True)}
            decision = policy.decide(replace(stranger, **changed), purpose)
            assert decision.outcome is not Outcome.BIND
            told.add((decision.outcome, decision.reason, decision.marks))
        assert len(told) == 1, (stranger, told)
