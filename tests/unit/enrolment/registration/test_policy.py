"""Policy as data: nothing absent, unknown or failed binds, whatever stands beside it."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hkeid.enrolment.proofing_policy import (
    VALUES,
    Aspect,
    Decision,
    Findings,
    Outcome,
    ProofingPolicy,
    parse_policy,
    shipped_policy,
)
from hkeid.enrolment.proofing_policy.policy import Refusal
from hkeid.identity.assurance import Acr
from hkeid.kernel.errors import ConfigurationError, MalformedInput

SANDBOX, PRODUCTION = shipped_policy("sandbox"), shipped_policy("production")
PURPOSES = ("new", "recovery", "counter")
BEST = Findings(
    details="as_read",
    document="passed",
    age="adult",
    liveness="live",
    pad="level-2",
    capture="attested",
    face="match",
    calibrated="yes",
    registry="match",
    registry_face="match",
    existing="none",
)
NEVER = {
    Aspect.DETAILS: {"unread"},
    Aspect.DOCUMENT: {"failed"},
    Aspect.AGE: {"unknown", "child"},
    Aspect.LIVENESS: {"spoof"},
    Aspect.CAPTURE: {"suspicious"},
    Aspect.FACE: {"no_match"},
    Aspect.REGISTRY: {"not_asked", "unavailable", "no_match", "deceased", "reported_lost"},
    Aspect.REGISTRY_FACE: {"no_match"},
    Aspect.CHIP: {"failed"},
    Aspect.EXISTING: {"unknown", "suspended"},
}
"""Values with which nobody is bound by policy alone, whoever says the rest."""


def as_findings(values: tuple[str, ...]) -> Findings:
    return Findings(**{aspect.value: value for aspect, value in zip(VALUES, values, strict=True)})


def proves_nobody(findings: Findings, purpose: str) -> list[str]:
    """Why nobody may be bound by these findings under the production policy."""
    officer = findings.officer == "present"
    reasons = [a.value for a, values in NEVER.items() if findings.value(a) in values]
    seen = officer and findings.chip == "genuine"
    reasons += ["repeated"] * (findings.repeated == "yes" and not seen)
    if purpose == "recovery":
        reasons += ["nobody to recover"] * (findings.existing != "active")
    else:
        reasons += ["an eID is there"] * (findings.existing == "active")
    if not officer:
        reasons += ["nobody there"] * (findings.liveness != "live")
        reasons += ["untested liveness"] * (findings.pad == "none")
        reasons += ["unknown camera"] * (findings.capture != "attested")
        reasons += ["no face"] * (findings.face != "match")
        reasons += ["uncalibrated"] * (findings.calibrated != "yes")
        reasons += ["typed"] * (findings.details == "typed")
    return reasons


def test_every_combination_of_what_nobody_vouches_for() -> None:
    """The whole table: every combination of eight aspects, the others at their best."""
    varied = [
        Aspect.DETAILS,
        Aspect.LIVENESS,
        Aspect.PAD,
        Aspect.CAPTURE,
        Aspect.FACE,
        Aspect.CALIBRATED,
        Aspect.REGISTRY,
        Aspect.OFFICER,
    ]
    bound = 0
    for values in product(*(VALUES[aspect] for aspect in varied)):
        findings = replace(BEST, **dict(zip((a.value for a in varied), values, strict=True)))
        for purpose in PURPOSES:
            decision = PRODUCTION.decide(findings, purpose)
            if decision.outcome is Outcome.BIND:
                bound += 1
                assert proves_nobody(findings, purpose) == [], (findings, decision)
                assert decision.rules
    assert bound > 5


@given(st.tuples(*(st.sampled_from(values) for values in VALUES.values())))
def test_any_combination_at_all(values: tuple[str, ...]) -> None:
    findings = as_findings(values)
    for policy, purpose in product((SANDBOX, PRODUCTION), PURPOSES):
        decision = policy.decide(findings, purpose)
        assert decision.policy == policy.version
        assert decision.rules
        assert (decision.proofed is None) == (decision.outcome is not Outcome.BIND)
        assert (decision.reason is None) == (decision.outcome is Outcome.BIND)
        if decision.outcome is Outcome.BIND:
            seen = findings.officer == "present" and findings.chip == "genuine"
            assert findings.repeated == "no" or seen
            worthless = [a for a, bad in NEVER.items() if findings.value(a) in bad]
            assert worthless == []
            vouched = not proves_nobody(findings, purpose)
            assert vouched or (policy is SANDBOX and decision.marks == ("demonstration",))
            if decision.proofed is Acr.EID_PLUS:
                assert findings.chip == "genuine"


@pytest.mark.parametrize("policy", [SANDBOX, PRODUCTION])
@pytest.mark.parametrize("purpose", PURPOSES)
def test_nothing_known_goes_to_an_officer(policy: ProofingPolicy, purpose: str) -> None:
    assert policy.decide(Findings(), purpose).outcome is Outcome.REVIEW


def test_the_built_in_parts_bind_in_the_sandbox_only_and_with_a_mark() -> None:
    built_in = replace(
        BEST, document="not_assessed", pad="none", capture="unknown", calibrated="no"
    )
    decision = SANDBOX.decide(built_in, "new")
    assert (decision.outcome, decision.marks, decision.ial) == (
        Outcome.BIND,
        ("demonstration",),
        0,
    )
    assert PRODUCTION.decide(built_in, "new").outcome is Outcome.REVIEW
    assert PRODUCTION.decide(BEST, "new").ial == 2


def test_a_decision_says_what_was_lacking() -> None:
    decision = PRODUCTION.decide(replace(BEST, pad="none", calibrated="no"), "new")
    assert set(decision.rules) == {"lacking:pad=none", "lacking:calibrated=no"}
    assert Decision.from_json(decision.as_json()) == decision


@pytest.mark.parametrize(
    ("purpose", "existing", "outcome", "reason"),
    [
        ("new", "active", Outcome.REFUSE, "already_registered"),
        ("new", "suspended", Outcome.REVIEW, "officer_looks"),
        ("new", "unknown", Outcome.REVIEW, "officer_looks"),
        ("new", "revoked", Outcome.BIND, None),
        ("new", "applicant", Outcome.BIND, None),
        ("recovery", "none", Outcome.REFUSE, "not_registered"),
        ("recovery", "active", Outcome.BIND, None),
        ("recovery", "suspended", Outcome.REVIEW, "officer_looks"),
    ],
)
def test_what_is_there_already(
    purpose: str, existing: str, outcome: Outcome, reason: str | None
) -> None:
    for policy in (SANDBOX, PRODUCTION):
        decision = policy.decide(replace(BEST, existing=existing), purpose)
        assert (decision.outcome, decision.reason) == (outcome, reason)


def test_a_stranger_is_not_told_that_there_is_an_eid() -> None:
    """Only who would be bound otherwise hears of it."""
    decision = SANDBOX.decide(replace(BEST, existing="active", face="no_match"), "new")
    assert (decision.outcome, decision.reason) == (Outcome.REVIEW, "face_unclear")


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize(
    ("finding", "reason"),
    [
        ({"age": "child"}, "too_young"),
        ({"registry": "deceased"}, "cannot_register_here"),
        ({"registry": "reported_lost"}, "cannot_register_here"),
        ({"chip": "failed"}, "cannot_register_here"),
    ],
)
def test_refusals_come_first(purpose: str, finding: dict[str, str], reason: str) -> None:
    for policy in (SANDBOX, PRODUCTION):
        decision = policy.decide(replace(BEST, **finding), purpose)
        assert (decision.outcome, decision.reason) == (Outcome.REFUSE, reason)


def test_officers_have_limits_too() -> None:
    assert PRODUCTION.hindrances(BEST) == ()
    assert PRODUCTION.hindrances(replace(BEST, registry="deceased")) == (Aspect.REGISTRY,)


def test_no_officer_accepts_what_an_operators_own_rule_refuses() -> None:
    """Also where the refusal was withheld from a stranger, and officers have the case."""
    differs = Refusal(
        name="register-face-differs",
        reason="cannot_register_here",
        when={Aspect.REGISTRY_FACE: frozenset({"no_match"})},
    )
    lenient = replace(PRODUCTION.review, never={})
    policy = replace(PRODUCTION, refusals=(differs,), review=lenient)
    findings = replace(BEST, registry_face="no_match")
    decision = policy.decide(findings, "new")
    assert decision.outcome is Outcome.REVIEW
    assert decision.rules[0] == "withheld:register-face-differs"
    assert policy.hindrances(findings) == (Aspect.REGISTRY_FACE,)
    assert PRODUCTION.officers_needed(replace(BEST, pad="none")) == 1
    for risky in ({"registry": "no_match"}, {"face": "no_match"}, {"liveness": "spoof"}):
        assert PRODUCTION.officers_needed(replace(BEST, **risky)) == 2
    accepted = PRODUCTION.accepted_by(("one", "two"), "seen_in_person")
    assert (accepted.proofed, accepted.officers) == (Acr.EID, ("one", "two"))
    assert "reason:seen_in_person" in accepted.rules


# --- reading ---------------------------------------------------------------------------------------


def text(name: str = "production") -> str:
    return files("hkeid.enrolment.proofing_policy").joinpath(f"{name}.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "detail"),
    [
        ('accepts.registry = ["match"]', 'accepts.registry = ["match", "unavailable"]', "registry"),
        ('accepts.age = ["adult", "minor"]', 'accepts.age = ["adult", "unknown"]', "age"),
        ('accepts.repeated = ["no"]', 'accepts.repeated = ["no", "yes"]', "repeated"),
        ('accepts.details = ["chip"]', 'accepts.details = ["chip", "unread"]', "details"),
        ('accepts.pad = ["level-1", "level-2"]', 'accepts.pad = ["none"]', "vouches"),
        ('accepts.capture = ["attested"]', 'accepts.capture = ["unknown"]', "vouches"),
        ('accepts.calibrated = ["yes"]', 'accepts.calibrated = ["no"]', "vouches"),
        ('accepts.liveness = ["live"]', 'accepts.liveness = ["live", "not_assessed"]', "looked"),
        ('accepts.chip = ["genuine"]', 'accepts.chip = ["genuine", "cloneable"]', "eid-plus"),
        ('accepts.existing = ["active"]', 'accepts.existing = ["suspended"]', "existing"),
        ('"none", "applicant", "revoked"', '"none", "active"', "existing"),
        ('never.age = ["child", "unknown"]', 'never.age = ["child"]', "never age"),
    ],
)
def test_an_unsound_policy_does_not_load(old: str, new: str, detail: str) -> None:
    assert old in text()
    with pytest.raises(ConfigurationError) as caught:
        parse_policy(text().replace(old, new))
    assert caught.value.reason == "policy_unsound"
    assert detail in (caught.value.detail or "")


def test_recovery_is_never_weaker_than_registration() -> None:
    head, name, tail = text("sandbox").partition('name = "recovery-demonstration"')
    weaker = tail.replace('accepts.details = ["as_read", "corrected"]',
                          'accepts.details = ["as_read", "corrected", "chip"]', 1)  # fmt: skip
    with pytest.raises(ConfigurationError, match="recovery is weaker"):
        parse_policy(head + name + weaker)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version =", "versoin ="),
        ('accepts.chip = ["genuine"]\n', ""),
        ('accepts.chip = ["genuine"]', 'accepts.chip = ["gold"]'),
        ('accepts.chip = ["genuine"]', "accepts.chip = []"),
        ('accepts.chip = ["genuine"]', "accepts.chip = 7"),
        ("ial = 2", "ial = 9"),
        ("ial = 2", "ial = true"),
        ('proofed = "eid-plus"', 'proofed = "eid-minus"'),
        ('purposes = ["counter"]', 'purposes = ["harvest"]'),
        ('name = "remote-vouched"', 'name = "counter-chip"'),
        ('name = "remote-vouched"', 'name = " "'),
        ("production = true", "production = 1"),
        ("[review]", "[revue]"),
        ('when.age = ["child"]', "when = {}"),
    ],
)
def test_a_malformed_policy_does_not_load(old: str, new: str) -> None:
    assert old in text()
    with pytest.raises(ConfigurationError) as caught:
        parse_policy(text().replace(old, new))
    assert caught.value.reason == "policy_malformed"


def test_the_names_of_policies_are_known() -> None:
    with pytest.raises(ConfigurationError, match="policy_unknown"):
        shipped_policy("lenient")
    with pytest.raises(ConfigurationError, match="policy_malformed"):
        parse_policy("[[")


def test_findings_are_strict() -> None:
    assert Findings.from_json(BEST.as_json()) == BEST
    with pytest.raises(MalformedInput, match="finding_unknown"):
        Findings(face="perhaps")
    with pytest.raises(MalformedInput, match="finding_unknown"):
        Findings.from_json({"score": "0.4"})
