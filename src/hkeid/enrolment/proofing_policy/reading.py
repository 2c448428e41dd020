"""Reading a policy, and refusing one that would let what proves nothing bind."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from hkeid.enrolment.proofing_policy.findings import VALUES, Aspect
from hkeid.enrolment.proofing_policy.policy import Grade, ProofingPolicy, Refusal, ReviewRules
from hkeid.identity.assurance import Acr
from hkeid.kernel.errors import ConfigurationError

_PROOFED = {"eid": Acr.EID, "eid-plus": Acr.EID_PLUS}
_PURPOSES = frozenset({"new", "recovery", "counter"})
_TOP = frozenset({"version", "production", "refuse", "grade", "review"})
_GRADE = frozenset({"name", "purposes", "proofed", "ial", "accepts"})
_HIGHEST_IAL = 3
_VOUCHED_PAD = frozenset({"level-1", "level-2"})
DEMONSTRATION = "demonstration"
"""The mark of a grade that accepts what nobody vouches for."""

Accepts = Mapping[Aspect, frozenset[str]]


def shipped_policy(name: str) -> ProofingPolicy:
    """``sandbox`` or ``production``, as they come with this package.

    :raises hkeid.kernel.errors.ConfigurationError: ``policy_unknown``.
    """
    if name not in ("sandbox", "production"):
        raise ConfigurationError("policy_unknown", detail=name)
    text = files("hkeid.enrolment.proofing_policy").joinpath(f"{name}.toml").read_text("utf-8")
    return parse_policy(text)


def parse_policy(text: str) -> ProofingPolicy:
    """A policy from its TOML.

    :raises hkeid.kernel.errors.ConfigurationError: ``policy_malformed``; ``policy_unsound``: a grade
        would let bind what proves nothing; the detail names grade and rule.
    """
    try:
        document = tomllib.loads(text)
        policy = _policy(document)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        detail = f"{type(error).__name__}: {error}"
        raise ConfigurationError("policy_malformed", detail=detail) from None
    if not policy.grades or len({grade.name for grade in policy.grades}) != len(policy.grades):
        raise ConfigurationError("policy_malformed", detail="grades need names of their own")
    for grade in policy.grades:
        _check(grade, production=policy.production)
    _check_recovery(policy)
    _check_review(policy.review)
    return policy


def _policy(document: dict[str, Any]) -> ProofingPolicy:
    if set(document) - _TOP or not isinstance(document["production"], bool):
        raise ValueError(f"unknown members {sorted(set(document) - _TOP)}")
    review = document["review"]
    if set(review) - {"proofed", "ial", "never", "four_eyes"} or review["proofed"] != "eid":
        raise ValueError("review: an officer's word alone gives eid")
    return ProofingPolicy(
        version=_text(document["version"]),
        production=document["production"],
        refusals=tuple(_refusal(entry) for entry in document.get("refuse", ())),
        grades=tuple(_grade(entry) for entry in document["grade"]),
        review=ReviewRules(
            proofed=_PROOFED[review["proofed"]],
            ial=_ial(review["ial"]),
            never=_conditions(review["never"]),
            four_eyes=_conditions(review["four_eyes"]),
        ),
    )


def _refusal(entry: dict[str, Any]) -> Refusal:
    if set(entry) != {"name", "reason", "when"} or not entry["when"]:
        raise ValueError("refuse: name, reason, when")
    return Refusal(
        name=_text(entry["name"]), reason=_text(entry["reason"]), when=_conditions(entry["when"])
    )


def _grade(entry: dict[str, Any]) -> Grade:
    if not _GRADE <= set(entry) <= _GRADE | {"marks"}:
        raise ValueError(f"grade: {sorted(_GRADE)}")
    purposes = frozenset(entry["purposes"])
    if not purposes or purposes - _PURPOSES:
        raise ValueError("purposes")
    accepts = _conditions(entry["accepts"])
    if set(accepts) != set(Aspect):
        missing = sorted(aspect.value for aspect in set(Aspect) - set(accepts))
        raise ValueError(f"{entry['name']} says nothing of {missing}")
    return Grade(
        name=_text(entry["name"]),
        purposes=purposes,
        proofed=_PROOFED[entry["proofed"]],
        ial=_ial(entry["ial"]),
        accepts=accepts,
        marks=tuple(_text(mark) for mark in entry.get("marks", ())),
    )


def _conditions(entry: Mapping[str, Any]) -> dict[Aspect, frozenset[str]]:
    conditions = {Aspect(name): frozenset(values) for name, values in entry.items()}
    for aspect, values in conditions.items():
        unknown = values - set(VALUES[aspect])
        if unknown or not values:
            raise ValueError(f"{aspect.value}: {sorted(unknown)}")
    return conditions


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text is empty")
    return value


def _ial(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _HIGHEST_IAL:
        raise ValueError("ial")
    return value


# --- what holds for every policy -------------------------------------------------------------------


def _only(accepts: Accepts, aspect: Aspect, *good: str) -> bool:
    return accepts[aspect] <= frozenset(good)


def _check(grade: Grade, *, production: bool) -> None:
    """Law 7: nothing absent, unknown or failed binds.

    :raises hkeid.kernel.errors.ConfigurationError: ``policy_unsound``.
    """
    accepts = grade.accepts
    recovery = grade.purposes == {"recovery"}
    officer = _only(accepts, Aspect.OFFICER, "present")
    always = {
        "registry": _only(accepts, Aspect.REGISTRY, "match"),
        "age": _only(accepts, Aspect.AGE, "adult", "minor"),
        "details": "unread" not in accepts[Aspect.DETAILS]
        and (officer or "typed" not in accepts[Aspect.DETAILS]),
        "document": "failed" not in accepts[Aspect.DOCUMENT],
        "chip": "failed" not in accepts[Aspect.CHIP],
        "liveness": "spoof" not in accepts[Aspect.LIVENESS],
        "capture": "suspicious" not in accepts[Aspect.CAPTURE],
        "face": "no_match" not in accepts[Aspect.FACE] | accepts[Aspect.REGISTRY_FACE],
        "somebody looked": officer
        or (_only(accepts, Aspect.FACE, "match") and _only(accepts, Aspect.LIVENESS, "live")),
        "existing": _only(accepts, Aspect.EXISTING, "active")
        if recovery
        else "recovery" not in grade.purposes
        and _only(accepts, Aspect.EXISTING, "none", "applicant", "revoked"),
        "chip for eid-plus": grade.proofed is not Acr.EID_PLUS
        or _only(accepts, Aspect.CHIP, "genuine"),
        # Whoever recovers takes over what somebody has: a camera agrees, or a second officer does.
        "one officer alone": not (recovery and production)
        or (_only(accepts, Aspect.FACE, "match") and _only(accepts, Aspect.LIVENESS, "live")),
        # Who used the number before does not matter where an officer sees its owner and the chip.
        "repeated": _only(accepts, Aspect.REPEATED, "no")
        or (officer and _only(accepts, Aspect.CHIP, "genuine")),
    }
    _refuse_unless(grade, always)
    if not _vouched(grade) and (production or DEMONSTRATION not in grade.marks or grade.ial):
        raise _unsound(grade, "nobody vouches for it: only the sandbox, marked, with ial 0")


def _vouched(grade: Grade) -> bool:
    """Whether an officer, or calibrated and tested parts, stand behind the grade."""
    accepts = grade.accepts
    if _only(accepts, Aspect.OFFICER, "present"):
        return True
    face = _only(accepts, Aspect.FACE, "match") and _only(accepts, Aspect.CALIBRATED, "yes")
    present = accepts[Aspect.PAD] <= _VOUCHED_PAD and _only(accepts, Aspect.CAPTURE, "attested")
    document = (
        _only(accepts, Aspect.DOCUMENT, "passed")
        or _only(accepts, Aspect.CHIP, "genuine")
        or _only(accepts, Aspect.REGISTRY_FACE, "match")
    )
    return face and present and document


def _check_recovery(policy: ProofingPolicy) -> None:
    """Recovery is never weaker than registration."""
    begun = [grade for grade in policy.grades if grade.purposes & {"new", "counter"}]
    for grade in policy.grades:
        if "recovery" in grade.purposes and not any(
            grade.proofed.rung <= other.proofed.rung
            and all(
                grade.accepts[aspect] <= other.accepts[aspect]
                for aspect in Aspect
                if aspect is not Aspect.EXISTING
            )
            for other in begun
        ):
            raise _unsound(grade, "recovery is weaker than registration")


def _check_review(review: ReviewRules) -> None:
    never = {
        Aspect.AGE: {"child", "unknown"},
        Aspect.REGISTRY: {"deceased", "reported_lost", "not_asked", "unavailable"},
        Aspect.DETAILS: {"unread"},
    }
    for aspect, values in never.items():
        if not values <= review.never.get(aspect, frozenset()):
            detail = f"review: never {aspect.value} {sorted(values)}"
            raise ConfigurationError("policy_unsound", detail=detail)


def _refuse_unless(grade: Grade, rules: Mapping[str, bool]) -> None:
    for name, held in rules.items():
        if not held:
            raise _unsound(grade, name)


def _unsound(grade: Grade, rule: str) -> ConfigurationError:
    return ConfigurationError("policy_unsound", detail=f"{grade.name}: {rule}")
