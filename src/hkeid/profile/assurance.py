"""Verified claims of a resident (OpenID Identity Assurance Schema Definition 1.0, "the Schema").

The trust framework is our own, ``hk_eid``: none of the registered ones covers Hong Kong. Its assurance
levels say how the *person* was proved, ``eid`` or ``eid-plus``; how well a login was proved stays with
``acr``. Codes of methods, checks, documents and records are those of the OpenID Foundation's page of
predefined values.

Only particulars that the proof of identity was about may stand in verified claims; what residents say of
themselves never does. Days, not moments, are told: the second in which somebody was identified would
tie the person's pairwise subjects at two services together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta, timezone
from types import MappingProxyType
from typing import Any, Final

from hkeid.identity.assurance import Acr
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant
from hkeid.oidc.verified_claims import VERIFIED_CLAIMS
from hkeid.ports.sessions import VerifiableClaims, VerifiedClaimsWish
from hkeid.profile.claims import CLAIMS, Texts, render
from hkeid.residents.proofing import PROOFING, Proofing, ProofingCheck, ProofingPlace

TRUST_FRAMEWORK: Final = "hk_eid"

VERIFIED_FIELDS: Final = frozenset(
    {"name_english", "name_chinese", "hkic_number", "birth_date", "sex"}
)
"""Personal fields that identity proofing compares with card and register."""

VERIFIABLE: Final = tuple(
    name
    for name, definition in CLAIMS.items()
    if definition.fields and VERIFIED_FIELDS.issuperset(definition.fields)
)
"""Claims that may stand in verified claims: those made of such fields alone."""

_HONG_KONG = timezone(timedelta(hours=8))
_ISSUER = MappingProxyType(
    {
        "name": "Immigration Department",
        "country": "Hong Kong",
        "country_code": "HKG",
        "jurisdiction": "Hong Kong Special Administrative Region",
    }
)
_METHODS = {
    ProofingPlace.REMOTE: "uripp",
    ProofingPlace.KIOSK: "onsite",
    ProofingPlace.COUNTER: "pipp",
    ProofingPlace.MOBILE: "pipp",
}
_PRESENT = {
    ProofingCheck.CARD_IMAGE: "vpip",
    ProofingCheck.CARD_CHIP: "vcrypt",
    ProofingCheck.FACE_BY_MACHINE: "bvp",
    ProofingCheck.FACE_BY_OFFICER: "pvp",
    ProofingCheck.FACE_BY_REVIEW: "pvr",
}
_REMOTE = {
    **_PRESENT,
    ProofingCheck.CARD_IMAGE: "vri",
    ProofingCheck.FACE_BY_MACHINE: "bvr",
}
_VALIDATION = frozenset({ProofingCheck.CARD_IMAGE, ProofingCheck.CARD_CHIP, ProofingCheck.REGISTER})

SUPPORTED: Final = VerifiableClaims(
    trust_frameworks=(TRUST_FRAMEWORK,),
    claims=VERIFIABLE,
    evidence=("document", "electronic_record"),
    documents=("idcard",),
    methods=tuple(sorted(set(_METHODS.values()))),
    checks=tuple(sorted({*_PRESENT.values(), *_REMOTE.values()} - {"vpip"})),
    records=("population_register",),
)
"""What there can be, for metadata (Identity Assurance §8)."""


def verified_claims(
    wishes: Iterable[VerifiedClaimsWish],
    permitted: Collection[str],
    texts: Texts,
    proofed: Acr,
    now: Instant,
) -> dict[str, Any]:
    """``verified_claims`` by its wire name, as far as it was asked for and is known; else nothing.

    :param permitted: base names of claims that the resident agreed to; without ``verified_claims`` among
        them nothing is told.
    :param texts: the resident's opened fields.
    :param proofed: the rung that identity proofing allows at present.
    """
    if VERIFIED_CLAIMS not in permitted or PROOFING not in texts:
        return {}
    try:
        proofing = Proofing.from_text(texts[PROOFING])
    except MalformedInput:
        return {}  # what a later release kept, say: rather nothing than half of it (law 7)
    verification = verification_of(proofing, proofed)
    tellable = [claim for claim in VERIFIABLE if claim in permitted]
    found = []
    for wish in wishes:
        answer = wish.answer(verification, render(wish.names, tellable, texts, now), now)
        if answer is not None:
            found.append(dict(answer))
    if not found:
        return {}
    # IDA §5.6: one element for every request element that can be fulfilled.
    return {VERIFIED_CLAIMS: found[0] if len(found) == 1 else found}


def wished_claims(wishes: Collection[VerifiedClaimsWish]) -> tuple[str, ...]:
    """Every claim that ``wishes`` need consent to, ``verified_claims`` itself among them."""
    if not wishes:
        return ()
    return (VERIFIED_CLAIMS, *(name for wish in wishes for name in wish.names))


def told_claims(released: Mapping[str, Any]) -> dict[str, Any]:
    """Every claim in an answer by wire name, those within ``verified_claims`` too: what a disclosure is
    recorded with. A claim has one value, wherever it stands.
    """
    within = released.get(VERIFIED_CLAIMS, ())
    objects = within if isinstance(within, list) else [within] if within else []
    inner = {name: value for one in objects for name, value in one["claims"].items()}
    return {**inner, **released}


def level_of(proofed: Acr) -> str:
    """``assurance_level`` within ``hk_eid``: how the person was proved."""
    return "eid-plus" if proofed.at_least(Acr.EID_PLUS) else "eid"


def verification_of(proofing: Proofing, proofed: Acr) -> dict[str, Any]:
    """All that may be told of a proof of identity: the ``verification`` element (the Schema §5.4)."""
    day = _day(proofing.at)
    evidence = [found for found in (_document(proofing, day), _register(proofing, day)) if found]
    process: dict[str, Any] = {
        "procedure": proofing.procedure.value,
        "assurance_details": _details(proofing),
    }
    if proofing.policy:
        process["policy"] = proofing.policy
    if not process["assurance_details"]:
        del process["assurance_details"]
    return {
        "trust_framework": TRUST_FRAMEWORK,
        "assurance_level": level_of(proofed),
        "assurance_process": process,
        "time": day,
        **({"evidence": evidence} if evidence else {}),
    }


def _day(at: Instant) -> str:
    """The first minute, in Hong Kong, of the day: never later than it was."""
    return at.astimezone(_HONG_KONG).strftime("%Y-%m-%dT00:00+08:00")


def _details(proofing: Proofing) -> list[dict[str, str]]:
    """How each check counts (NIST SP 800-63A-4 §4: validation of evidence, verification of the person)."""
    return [
        {
            "assurance_type": "evidence_validation" if check in _VALIDATION else "verification",
            "assurance_classification": check.value,
        }
        for check in proofing.checks
    ]


def _document(proofing: Proofing, day: str) -> dict[str, Any] | None:
    codes = _REMOTE if proofing.place is ProofingPlace.REMOTE else _PRESENT
    checks = [
        {"check_method": codes[check], "time": day} for check in proofing.checks if check in codes
    ]
    if not checks:
        return None
    return {
        "type": "document",
        "method": _METHODS[proofing.place],
        "check_details": checks,
        "document_details": {"type": "idcard", "issuer": dict(_ISSUER)},
    }


def _register(proofing: Proofing, day: str) -> dict[str, Any] | None:
    if ProofingCheck.REGISTER not in proofing.checks:
        return None
    return {
        "type": "electronic_record",
        "check_details": [
            {"check_method": "data", "organization": _ISSUER["name"], "time": day},
        ],
        "record": {
            "type": "population_register",
            "source": {**_ISSUER, "name": "Registration of Persons, Immigration Department"},
        },
    }
