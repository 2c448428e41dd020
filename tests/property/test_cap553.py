"""What holds under Cap. 553 whatever the facts, the parties and the day."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from hkeid.identity import Language
from hkeid.kernel.errors import HkeidError
from hkeid.signing.legal import (
    CertificateFacts,
    Effect,
    LegalContext,
    LegalOpinion,
    Requirement,
    RevocationStatus,
    SignatureFacts,
    TechnicalVerdict,
    Verdict,
    judge_cap553,
    opinion_text,
    parse_exclusions,
    read_trust_list,
    shipped_exclusions,
    shipped_trust_list,
)
from hkeid.testing.cap553 import (
    DOUBTED_KEY,
    ENDED_KEY,
    GENERAL_POLICY,
    GUANGDONG_POLICY,
    RECOGNISED_KEY,
    RESTRICTED_POLICY,
    RETIRED_POLICY,
    SERVER_POLICY,
    SIGNED,
    SUSPENDED_KEY,
    government_context,
    private_context,
    specimen_certificate,
    specimen_signature,
    specimen_trust_list,
)

EXCLUSIONS = shipped_exclusions()
LISTS = (specimen_trust_list(), specimen_trust_list(complete=True))
SHIPPED = shipped_trust_list()

answers = st.sampled_from([None, True, False])
moments = st.integers(-900, 900).map(lambda days: SIGNED + timedelta(days=days))
types = st.sampled_from([None, *EXCLUSIONS.document_types, "love-letter"])
chapters = st.sampled_from([None, "common-law", "112", "Cap. 32"])
amounts = st.none() | st.integers(0, 10**7)
requirements = st.lists(st.sampled_from(Requirement), min_size=1, unique=True).map(tuple)
keys = st.sampled_from(
    [None, RECOGNISED_KEY, RECOGNISED_KEY, RECOGNISED_KEY, SUSPENDED_KEY, ENDED_KEY, DOUBTED_KEY, "0" * 64]
)  # fmt: skip
policies = st.frozensets(
    st.sampled_from(
        [GENERAL_POLICY, RESTRICTED_POLICY, SERVER_POLICY, RETIRED_POLICY, f"{GUANGDONG_POLICY}.1.1.1"]
    ),
    max_size=2,
)  # fmt: skip

_CONTEXT_FIELDS = {
    **{field.name: answers for field in fields(LegalContext)},
    "requirements": requirements,
    "document_type": types,
    "ordinance": chapters,
    "amount_hkd": amounts,
}
_CERTIFICATE_FIELDS = {
    "issuer_name": st.sampled_from(["Specimen CA one", "Hongkong Post e-Cert CA 2 - 15", "x"]),
    "not_after": st.integers(0, 1500).map(lambda days: SIGNED + timedelta(days=days - 90)),
    "issuer_key": keys,
    "policies": policies,
    "subject_organization": st.sampled_from([None, "Hongkong Post e-Cert (Personal)"]),
    "key_usage": st.sampled_from([None, frozenset(), frozenset({"non_repudiation"}), frozenset({"crl_sign"})]),
    "revocation": st.sampled_from(RevocationStatus),
    "revoked_at": st.none() | moments,
    "reliance_limit_hkd": amounts,
    "embedded_authority": st.booleans(),
}  # fmt: skip
_SIGNATURE_FIELDS = {
    "technical": st.sampled_from([None, *TechnicalVerdict]),
    "digital_signature": answers,
    "claimed_time": st.none() | moments,
    "proved_time": st.none() | moments,
    "not_earlier_than": st.none() | moments,
    "covers_whole_document": answers,
    "changed_after_signing": answers,
}


def _changes(draw: Any, known: dict[str, Any], most: int) -> dict[str, Any]:
    """Few changes to what is good, so that every verdict is met often enough to mean something."""
    names = draw(st.lists(st.sampled_from(sorted(known)), max_size=most, unique=True))
    return {name: draw(known[name]) for name in names}


@st.composite
def contexts(draw: Any) -> LegalContext:
    base = draw(st.sampled_from([government_context(), private_context()]))
    records = {
        "accessible": True,
        "legible": True,
        "final_form_at_signing": True,
        "format_kept": True,
        "transmission_recorded": True,
    }
    return replace(base, **{**records, **_changes(draw, _CONTEXT_FIELDS, 4)})


@st.composite
def certificates(draw: Any) -> CertificateFacts:
    return specimen_certificate(**_changes(draw, _CERTIFICATE_FIELDS, 2))


@st.composite
def signatures(draw: Any) -> SignatureFacts:
    changes = _changes(draw, _SIGNATURE_FIELDS, 2)
    proved, earliest = changes.get("proved_time", SIGNED), changes.get("not_earlier_than")
    if proved is not None and earliest is not None and earliest > proved:
        changes["not_earlier_than"] = proved
    certificate = draw(certificates())
    facts = replace(specimen_signature(certificate=certificate), **changes)
    return replace(facts, certificate=None) if draw(st.integers(0, 19)) == 0 else facts


days_of_judgement = st.integers(0, 400).map(lambda days: SIGNED + timedelta(days=days))
lists = st.sampled_from(LISTS)


def _judge(facts: SignatureFacts, context: LegalContext, listed: Any, at: Any) -> LegalOpinion:
    return judge_cap553(facts, context, listed, at, exclusions=EXCLUSIONS)


@given(signatures(), contexts(), lists, days_of_judgement)
def test_a_technically_invalid_signature_satisfies_nothing(
    facts: SignatureFacts, context: LegalContext, listed: Any, at: Any
) -> None:
    for technical in (TechnicalVerdict.INVALID, TechnicalVerdict.INDETERMINATE, None):
        opinion = _judge(replace(facts, technical=technical), context, listed, at)
        assert all(one.verdict is not Verdict.SATISFIED for one in opinion.requirements)
        if technical is TechnicalVerdict.INVALID and Requirement.SIGNATURE in context.requirements:
            assert opinion.verdict is Verdict.NOT_SATISFIED


@given(signatures(), contexts(), certificates(), lists, days_of_judgement)
def test_nothing_makes_the_embedded_authority_recognised(
    facts: SignatureFacts,
    context: LegalContext,
    certificate: CertificateFacts,
    listed: Any,
    at: Any,
) -> None:
    facts = replace(facts, certificate=replace(certificate, embedded_authority=True))
    asked = replace(context, government_party=True, requirements=(Requirement.SIGNATURE,))
    opinion = _judge(facts, asked, listed, at)
    assert opinion.verdict is Verdict.NOT_SATISFIED
    assert not opinion.codes & {"authority_recognised", "type_recognised"}


@given(signatures(), contexts(), lists, days_of_judgement)
def test_claimed_time_alone_never_satisfies_where_the_government_is_a_party(
    facts: SignatureFacts, context: LegalContext, listed: Any, at: Any
) -> None:
    asked = replace(context, government_party=True, requirements=(Requirement.SIGNATURE,))
    opinion = _judge(replace(facts, proved_time=None), asked, listed, at)
    assert opinion.verdict is not Verdict.SATISFIED


@given(signatures(), contexts(), days_of_judgement)
def test_the_shipped_list_alone_never_satisfies_section_6_1a(
    facts: SignatureFacts, context: LegalContext, at: Any
) -> None:
    asked = replace(context, government_party=True, requirements=(Requirement.SIGNATURE,))
    assert _judge(facts, asked, SHIPPED, at).verdict is not Verdict.SATISFIED


@given(st.data(), signatures(), contexts(), lists, days_of_judgement)
def test_a_missing_fact_never_turns_a_decided_verdict(
    data: st.DataObject, facts: SignatureFacts, context: LegalContext, listed: Any, at: Any
) -> None:
    before = _judge(facts, context, listed, at)
    if before.verdict is Verdict.SATISFIED:
        assert not before.missing
        return
    if not before.missing:
        return
    name = data.draw(st.sampled_from(before.missing))
    filled = _filled(data, name, facts, context)
    if filled is None:
        return
    after = _judge(*filled, listed, at)
    if before.verdict is Verdict.NOT_SATISFIED:
        assert after.verdict is Verdict.NOT_SATISFIED, name


def _filled(
    data: st.DataObject, name: str, facts: SignatureFacts, context: LegalContext
) -> tuple[SignatureFacts, LegalContext] | None:
    """The same with the missing fact ``name`` known; nothing where it was known, or is the list's."""
    where, _, member = name.partition(".")
    known = {
        "document_type": st.sampled_from(list(EXCLUSIONS.document_types)),
        "ordinance": st.sampled_from(["common-law", "112"]),
        "technical": st.sampled_from(TechnicalVerdict),
        "certificate": certificates(),
        "proved_time": moments,
        "not_earlier_than": moments,
        "revocation": st.sampled_from([RevocationStatus.GOOD, RevocationStatus.REVOKED]),
        "revoked_at": moments,
        "issuer_key": keys.filter(lambda key: key is not None),
    }
    value = data.draw(known.get(member, st.booleans()))
    if where == "context":
        old = getattr(context, member)
        return (
            None
            if old not in (None, "love-letter")
            else (facts, replace(context, **{member: value}))
        )
    if where == "signature":
        if getattr(facts, member) is not None:
            return None
        try:
            return replace(facts, **{member: value}), context
        except HkeidError:
            return None
    if where == "certificate" and facts.certificate is not None:
        if getattr(facts.certificate, member) not in (None, RevocationStatus.UNKNOWN):
            return None
        return replace(facts, certificate=replace(facts.certificate, **{member: value})), context
    return None


@given(signatures(), contexts(), lists, days_of_judgement, st.integers(0, 800))
def test_with_time_an_opinion_never_gets_better_or_turns_to_the_opposite(
    facts: SignatureFacts, context: LegalContext, listed: Any, at: Any, days: int
) -> None:
    """The same facts and list, judged later: what was proved stays, and a list only gets older."""
    if facts.proved_time is not None and facts.proved_time > at:
        at = facts.proved_time
    earlier = _judge(facts, context, listed, at)
    later = _judge(facts, context, listed, at + timedelta(days=days))
    if earlier.verdict is Verdict.SATISFIED:
        assert later.verdict is not Verdict.NOT_SATISFIED
    else:
        assert later.verdict is not Verdict.SATISFIED


@given(signatures(), contexts(), lists, days_of_judgement)
def test_an_older_proof_never_hurts_inside_the_validity(
    facts: SignatureFacts, context: LegalContext, listed: Any, at: Any
) -> None:
    """Of two proofs, each within the certificate, the older one leaves less open."""
    certificate = facts.certificate
    if certificate is None or facts.proved_time is None:
        return
    older = facts.proved_time - timedelta(days=1)
    floor = certificate.not_before if facts.not_earlier_than is None else facts.not_earlier_than
    if older < max(floor, certificate.not_before):
        return
    if _judge(facts, context, listed, at).verdict is Verdict.SATISFIED:
        assert (
            _judge(replace(facts, proved_time=older), context, listed, at).verdict
            is Verdict.SATISFIED
        )


@given(signatures(), contexts(), lists, days_of_judgement)
def test_the_verdict_is_its_reasons_and_can_be_read(
    facts: SignatureFacts, context: LegalContext, listed: Any, at: Any
) -> None:
    opinion = _judge(facts, context, listed, at)
    effects = {reason.effect for reason in opinion.reasons}
    assert (opinion.verdict is Verdict.NOT_SATISFIED) == (Effect.DEFEATS in effects)
    assert (opinion.verdict is Verdict.SATISFIED) == (
        not effects & {Effect.DEFEATS, Effect.LEAVES_OPEN}
    )
    for reason in opinion.reasons:
        assert reason.section
        assert not reason.missing or reason.effect is Effect.LEAVES_OPEN
        assert reason.facts or reason.missing
    assert opinion.to_json()["verdict"] == opinion.verdict.value
    for language in Language:
        text = opinion_text(opinion, language)
        assert all(reason.code in text for reason in opinion.reasons)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_lists_are_refused_with_an_error_of_the_tree(content: bytes) -> None:
    for read in (
        lambda: read_trust_list(content, sha256=hashlib.sha256(content).hexdigest()),
        lambda: parse_exclusions(content),
    ):
        try:
            read()
        except HkeidError as error:
            assert error.reason in {"trust_list_malformed", "exclusions_malformed"}
        else:
            raise AssertionError("nothing this short is a list")


@given(st.dictionaries(st.sampled_from([field.name for field in fields(LegalContext)]) | st.text(max_size=5),
                       st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.text(max_size=9)), max_size=6))  # fmt: skip
def test_contexts_are_refused_with_an_error_of_the_tree(members: dict[str, Any]) -> None:
    try:
        context = LegalContext.from_mapping(members)
    except HkeidError as error:
        assert error.reason
    else:
        assert set(members) <= {field.name for field in fields(context)}


def test_the_strategies_meet_every_verdict() -> None:
    """Otherwise the properties above would say nothing."""
    at = SIGNED + timedelta(days=30)
    for verdict in Verdict:
        for government in (True, False):
            facts, context = find(
                st.tuples(signatures(), contexts()),
                lambda pair, verdict=verdict, government=government: (
                    pair[1].government_party is government
                    and _judge(*pair, LISTS[0], at).verdict is verdict
                ),
                # Any will do: nobody looks for the smallest.
                settings=settings(phases=[Phase.generate]),
            )
            assert _judge(facts, context, LISTS[0], at).verdict is verdict
