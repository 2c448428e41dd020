"""Cases under Cap. 553, each with its section, the verdict, and the reason that makes it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from hkeid.signing.legal import (
    COMMON_LAW,
    Effect,
    LegalContext,
    Requirement,
    RevocationStatus,
    TechnicalVerdict,
    Verdict,
    judge_cap553,
)
from hkeid.testing.cap553 import (
    DOUBTED_KEY,
    ENDED_KEY,
    GENERAL_POLICY,
    GUANGDONG_POLICY,
    JUDGED,
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

YES, NO, OPEN = Verdict.SATISFIED, Verdict.NOT_SATISFIED, Verdict.UNDETERMINED
DAY = timedelta(days=1)
STRANGER = "0" * 64
_DECIDES = {YES: Effect.SUPPORTS, NO: Effect.DEFEATS, OPEN: Effect.LEAVES_OPEN}


@dataclass(frozen=True)
class Case:
    """``code`` is the reason that must be there; ``effect`` where it is not the verdict's own."""

    name: str
    section: str
    verdict: Verdict
    code: str
    context: LegalContext
    signature: dict[str, Any] = field(default_factory=dict)
    certificate: dict[str, Any] = field(default_factory=dict)
    missing: str | None = None
    effect: Effect | None = None
    complete: bool = False


def gov(**changes: Any) -> LegalContext:
    return government_context(**changes)


def priv(**changes: Any) -> LegalContext:
    return private_context(**changes)


def asked(requirement: Requirement, **changes: Any) -> LegalContext:
    """Somebody asks about writing, original form or retention, everything answered well."""
    answers = {
        "accessible": True,
        "legible": True,
        "final_form_at_signing": True,
        "format_kept": True,
        "transmission_recorded": True,
    }
    return private_context(requirements=(requirement,), **{**answers, **changes})


WRITING, ORIGINAL, RETENTION = Requirement.WRITING, Requirement.ORIGINAL, Requirement.RETENTION
REVOKED = RevocationStatus.REVOKED

CASES = [
    # --- section 6(1): private parties -----------------------------------------------------------
    Case("contract, consented", "s.6(1)(e)", YES, "method_consented", priv()),
    Case("contract, consent refused", "s.6(1)(e)", NO, "method_consent_refused", priv(recipient_consents=False)),
    Case("contract, consent unknown", "s.6(1)(e)", OPEN, "method_consent_missing", priv(recipient_consents=None),
         missing="context.recipient_consents"),
    Case("contract, unreliable method", "s.6(1)(d)", NO, "method_not_reliable", priv(method_reliable=False)),
    Case("contract, nobody judged the method", "s.6(1)(d)", OPEN, "method_reliable_missing", priv(method_reliable=None),
         missing="context.method_reliable"),
    Case("contract, signer known by certificate", "s.6(1)(c)", YES, "signer_identified", priv()),
    Case("contract, B-B is enough", "s.6(1)(d)", YES, "method_reliable", priv(), {"proved_time": None}),
    Case("contract, embedded authority is enough", "s.2(1)", YES, "embedded_authority_private", priv(),
         certificate={"embedded_authority": True, "issuer_key": STRANGER}, effect=Effect.NOTE),
    Case("contract, invalid signature", "s.2(1)", NO, "signature_invalid", priv(),
         {"technical": TechnicalVerdict.INVALID}),
    Case("contract, indeterminate signature", "s.2(1)", OPEN, "signature_indeterminate", priv(),
         {"technical": TechnicalVerdict.INDETERMINATE}),
    Case("contract, signature not checked", "s.2(1)", OPEN, "technical_missing", priv(), {"technical": None},
         missing="signature.technical"),
    Case("contract of a minor", "general law", YES, "minor_signer", priv(signer_is_minor=True), effect=Effect.NOTE),
    Case("contract signed in 2003", "s.6", OPEN, "earlier_law", priv(),
         {"proved_time": SIGNED.replace(year=2003), "claimed_time": None}),
    Case("contract said to be signed in 2003", "s.6", OPEN, "earlier_law", priv(),
         {"proved_time": None, "claimed_time": SIGNED.replace(year=2003)}),
    # --- who is a party --------------------------------------------------------------------------
    Case("parties unknown", "s.6(1)(b), s.6(1A)(b)", OPEN, "government_party_missing", gov(government_party=None),
         missing="context.government_party"),
    Case("parties unknown, invalid anyway", "s.2(1)", NO, "signature_invalid", gov(government_party=None),
         {"technical": TechnicalVerdict.INVALID}),
    # --- section 6(1A): a government entity ------------------------------------------------------
    Case("tax return, recognised and time-stamped", "s.6(1A)(d), s.6(2)", YES, "time_proved", gov()),
    Case("tax return, authority by statute", "s.34, s.6(2)(a), (b)", YES, "authority_recognised", gov()),
    Case("tax return, recognised type", "s.22, s.6(2)(a), (b)", YES, "type_recognised", gov()),
    Case("tax return, no asymmetric key", "s.2(1), s.6(1A)", NO, "not_a_digital_signature", gov(),
         {"digital_signature": False}),
    Case("tax return, kind of signature unknown", "s.2(1), s.6(1A)", OPEN, "digital_signature_missing", gov(),
         {"digital_signature": None}, missing="signature.digital_signature"),
    Case("tax return, B-B", "s.6(1A)(d), s.6(2)", OPEN, "time_only_claimed", gov(), {"proved_time": None},
         missing="signature.proved_time"),
    Case("tax return, no time at all", "s.6(1A)(d), s.6(2)", OPEN, "time_unknown", gov(),
         {"proved_time": None, "claimed_time": None}, missing="signature.proved_time"),
    Case("tax return, embedded authority", "s.6(1A)(c)", NO, "embedded_authority", gov(),
         certificate={"embedded_authority": True}),
    Case("tax return, consent does not help", "s.6(1A)(c)", NO, "embedded_authority",
         gov(recipient_consents=True, method_reliable=True), certificate={"embedded_authority": True}),
    Case("tax return, issuer not listed", "s.6(1A)(c)", OPEN, "issuer_not_listed", gov(),
         certificate={"issuer_key": STRANGER, "issuer_name": "Some CA"}, missing="trust_list.authorities"),
    Case("tax return, issuer not on a complete list", "s.6(1A)(c)", NO, "issuer_not_recognised", gov(),
         certificate={"issuer_key": STRANGER, "issuer_name": "Some CA"}, complete=True),
    Case("tax return, right name and wrong key", "s.6(1A)(c)", OPEN, "issuer_not_pinned", gov(),
         certificate={"issuer_key": STRANGER}),
    Case("tax return, issuer's key unknown", "s.6(1A)(c)", OPEN, "issuer_key_missing", gov(),
         certificate={"issuer_key": None}, missing="certificate.issuer_key"),
    Case("tax return, type not listed", "s.22", OPEN, "type_not_listed", gov(),
         certificate={"policies": frozenset({"1.2.3"})}),
    Case("tax return, type not on a complete list", "s.22", NO, "type_not_recognised", gov(),
         certificate={"policies": frozenset({"1.2.3"})}, complete=True),
    Case("tax return, a policy that only begins alike", "s.22", OPEN, "type_not_listed", gov(),
         certificate={"policies": frozenset({f"{GENERAL_POLICY}7"})}),
    Case("tax return, recognition of the type over", "s.22, s.6(2)(a), (b)", NO, "type_recognition_not_in_force", gov(),
         certificate={"policies": frozenset({RETIRED_POLICY})}),
    Case("tax return, recognition of the authority over", "s.21, s.6(2)(a), (b)", NO,
         "authority_recognition_not_in_force", gov(), certificate={"issuer_key": ENDED_KEY}),
    Case("tax return, recognition in doubt", "s.21, s.6(2)(a), (b)", OPEN, "authority_needs_counsel", gov(),
         certificate={"issuer_key": DOUBTED_KEY}),
    Case("tax return, made while suspended", "s.21, s.6(2)(a), (b)", NO, "authority_recognition_not_in_force", gov(),
         {"not_earlier_than": SIGNED - 20 * DAY, "proved_time": SIGNED - 10 * DAY}, {"issuer_key": SUSPENDED_KEY}),
    Case("tax return, perhaps made while suspended", "s.21, s.6(2)(a), (b)", OPEN, "authority_recognition_changed",
         gov(), certificate={"issuer_key": SUSPENDED_KEY}, missing="signature.not_earlier_than"),
    Case("tax return, made after reinstatement", "s.21, s.6(2)(a), (b)", YES, "authority_recognised", gov(),
         {"not_earlier_than": SIGNED - timedelta(hours=1)}, {"issuer_key": SUSPENDED_KEY}),
    Case("tax return, made before the suspension", "s.21, s.6(2)(a), (b)", YES, "authority_recognised", gov(),
         {"proved_time": SIGNED - 60 * DAY, "claimed_time": None}, {"issuer_key": SUSPENDED_KEY}),
    Case("tax return, made before the certificate", "s.6(1A)(d), s.6(2)(c)", NO, "made_before_validity", gov(),
         {"proved_time": SIGNED - 101 * DAY}),
    Case("tax return, made after expiry", "s.6(1A)(d), s.6(2)(c)", NO, "made_after_validity", gov(),
         {"not_earlier_than": SIGNED - DAY}, {"not_after": SIGNED - 2 * DAY}),
    Case("tax return, stamped after expiry", "s.6(1A)(d), s.6(2)(c)", OPEN, "perhaps_after_validity", gov(),
         certificate={"not_after": SIGNED - 2 * DAY}),
    Case("tax return, stamped in the last second", "s.6(1A)(d), s.6(2)(c)", YES, "within_certificate_period", gov(),
         certificate={"not_after": SIGNED}),
    Case("tax return, claimed before the certificate", "s.6(1A)(d), s.6(2)(c)", OPEN, "claimed_before_validity", gov(),
         {"claimed_time": SIGNED - 200 * DAY}),
    Case("tax return, claimed after the proof", "s.6(1A)(d), s.6(2)", YES, "claimed_after_proof", gov(),
         {"claimed_time": SIGNED + DAY}, effect=Effect.NOTE),
    Case("tax return, stamped tomorrow", "s.6(1A)(d), s.6(2)", OPEN, "time_in_the_future", gov(),
         {"proved_time": JUDGED + DAY}),
    Case("tax return, revoked later", "s.6(1A)(e)", YES, "revoked_later", gov(),
         certificate={"revocation": REVOKED, "revoked_at": SIGNED + DAY}),
    Case("tax return, revoked before", "s.6(1A)(e)", NO, "revoked_before", gov(),
         {"not_earlier_than": SIGNED - DAY}, {"revocation": REVOKED, "revoked_at": SIGNED - 2 * DAY}),
    Case("tax return, revoked before the stamp", "s.6(1A)(e)", OPEN, "perhaps_revoked", gov(),
         certificate={"revocation": REVOKED, "revoked_at": SIGNED - DAY}, missing="signature.not_earlier_than"),
    Case("tax return, revoked some time", "s.6(1A)(e)", OPEN, "revoked_unknown_when", gov(),
         certificate={"revocation": REVOKED}, missing="certificate.revoked_at"),
    Case("tax return, revocation unknown", "s.6(1A)(e)", OPEN, "revocation_missing", gov(),
         certificate={"revocation": RevocationStatus.UNKNOWN}, missing="certificate.revocation"),
    Case("tax return, server certificate", "s.6(1A)(e)", NO, "type_not_for_documents", gov(),
         certificate={"policies": frozenset({SERVER_POLICY})}),
    Case("tax return, encipherment key", "s.6(1A)(e)", NO, "key_not_for_signing", gov(),
         certificate={"key_usage": frozenset({"key_encipherment"})}),
    Case("tax return, restricted type", "s.6(1A)(e)", OPEN, "terms_missing", gov(),
         certificate={"policies": frozenset({RESTRICTED_POLICY})}, missing="context.certificate_terms_followed"),
    Case("tax return, restricted type by its terms", "s.6(1A)(e)", YES, "terms_followed",
         gov(certificate_terms_followed=True), certificate={"policies": frozenset({RESTRICTED_POLICY})}),
    Case("tax return, against the terms", "s.6(1A)(e)", NO, "terms_not_followed",
         gov(certificate_terms_followed=False)),
    Case("tax return, certificate unknown", "s.6(1A)(c)", OPEN, "certificate_missing", gov(), {"certificate": None},
         missing="signature.certificate"),
    Case("tax return after the list's time", "s.6(1A)(d), s.6(2)", OPEN, "trust_list_out_of_date", gov(),
         {"proved_time": JUDGED + 200 * DAY}, missing="trust_list.next_update"),
    # --- reliance limits: notes ------------------------------------------------------------------
    Case("amount above the limit in the certificate", "s.42(2)", YES, "reliance_limit_exceeded",
         gov(amount_hkd=60_000), certificate={"reliance_limit_hkd": 50_000}, effect=Effect.NOTE),
    Case("amount above the published limit", "s.42(2)", YES, "reliance_limit_exceeded", gov(amount_hkd=300_000),
         effect=Effect.NOTE),
    Case("limit zero for a minor", "s.42(2)", YES, "reliance_limit_zero", gov(signer_is_minor=True),
         effect=Effect.NOTE),
    # --- mutual recognition ----------------------------------------------------------------------
    Case("Guangdong mark on a listed certificate", "s.22", YES, "mutual_recognition", gov(),
         certificate={"policies": frozenset({GENERAL_POLICY, f"{GUANGDONG_POLICY}.2018.1.1"})}, effect=Effect.NOTE),
    Case("Guangdong mark of an issuer elsewhere", "s.22", OPEN, "mutual_recognition_elsewhere", gov(),
         certificate={"policies": frozenset({f"{GUANGDONG_POLICY}.2012.1.0"}), "issuer_key": STRANGER}),
    # --- Part II and IV: where nothing applies ---------------------------------------------------
    Case("will", "s.3, Schedule 1, item 1", NO, "matter_excluded", priv(document_type="will")),
    Case("trust", "s.3, Schedule 1, item 2", NO, "matter_excluded", priv(document_type="trust")),
    Case("power of attorney", "s.3, Schedule 1, item 3", NO, "matter_excluded", priv(document_type="power-of-attorney")),
    Case("stampable instrument", "s.3, Schedule 1, item 4", NO, "matter_excluded",
         priv(document_type="stampable-instrument")),
    Case("Government lease", "s.3, Schedule 1, item 5", NO, "matter_excluded", gov(document_type="government-lease")),
    Case("land registration", "s.3, Schedule 1, item 6", NO, "matter_excluded",
         gov(document_type="land-registration-instrument")),
    Case("mortgage", "s.3, Schedule 1, item 7", NO, "matter_excluded", priv(document_type="mortgage")),
    Case("floating charge", "s.3, Schedule 1, item 8", NO, "matter_excluded", priv(document_type="floating-charge")),
    Case("affidavit", "s.3, Schedule 1, item 9", NO, "matter_excluded", gov(document_type="affidavit")),
    Case("statutory declaration", "s.3, Schedule 1, item 10", NO, "matter_excluded",
         gov(document_type="statutory-declaration")),
    Case("court order", "s.3, Schedule 1, item 11", NO, "matter_excluded", gov(document_type="court-order")),
    Case("warrant", "s.3, Schedule 1, item 12", NO, "matter_excluded", gov(document_type="warrant")),
    Case("negotiable instrument", "s.3, Schedule 1, item 13", NO, "matter_excluded",
         priv(document_type="negotiable-instrument")),
    Case("contract note", "s.3, Schedule 1", OPEN, "matter_needs_counsel", priv(document_type="contract-note")),
    Case("type not stated", "s.3, Schedule 1", OPEN, "document_type_missing", priv(document_type=None),
         missing="context.document_type"),
    Case("type not in the catalogue", "s.3, Schedule 1", OPEN, "document_type_unknown",
         priv(document_type="love-letter"), missing="context.document_type"),
    Case("Ordinance excluded", "s.11(1), Cap. 553B", NO, "ordinance_excluded", gov(ordinance_excluded=True)),
    Case("Exclusion Order not checked", "s.11(1), Cap. 553B", OPEN, "exclusion_unchecked",
         gov(ordinance_excluded=None), missing="context.ordinance_excluded"),
    Case("Ordinance not stated", "s.11(1), Cap. 553B", OPEN, "ordinance_missing",
         gov(ordinance=None, ordinance_excluded=None), missing="context.ordinance"),
    Case("common law", "s.2(1), s.11(1), s.14, s.16", YES, "common_law", priv(ordinance=COMMON_LAW)),
    Case("specified method not followed", "s.11(2), s.12, s.14", NO, "specified_method_not_followed",
         gov(method_specified=True, specified_method_followed=False)),
    Case("specified method followed", "s.11(2), s.12, s.14", YES, "specified_method_followed",
         gov(method_specified=True, specified_method_followed=True)),
    Case("specified method, unknown whether followed", "s.11(2), s.12, s.14", OPEN, "specified_method_missing",
         gov(method_specified=True), missing="context.specified_method_followed"),
    Case("unknown whether a method is specified", "s.11(2), s.12, s.14", OPEN, "method_specified_missing",
         gov(method_specified=None), missing="context.method_specified"),
    Case("writ, rules silent", "s.13, Schedule 2", NO, "court_rules_silent",
         gov(document_type="court-document", court_rules_permit=False)),
    Case("writ, rules permit", "s.13, Schedule 2", YES, "court_rules_permit",
         gov(document_type="court-document", court_rules_permit=True)),
    Case("writ, rules unknown", "s.13, Schedule 2", OPEN, "court_rules_missing", gov(document_type="court-document"),
         missing="context.court_rules_permit"),
    Case("unknown whether for proceedings", "s.13, Schedule 2", OPEN, "proceedings_missing",
         gov(document_type="not-in-schedule-1"), missing="context.court_proceedings"),
    Case("another requirement would fail", "s.16", NO, "other_requirement_defeated",
         gov(other_requirement_defeated=True)),
    Case("other requirements not checked", "s.16", OPEN, "other_requirement_missing",
         gov(other_requirement_defeated=None), missing="context.other_requirement_defeated"),
    # --- sections 5, 7, 8 and 15 -----------------------------------------------------------------
    Case("writing", "s.5(1)", YES, "record_accessible", asked(WRITING)),
    Case("writing, not accessible", "s.5(1)", NO, "record_not_accessible", asked(WRITING, accessible=False)),
    Case("writing, consent refused", "s.15(1), (2)", NO, "record_consent_refused",
         asked(WRITING, recipient_consents=False)),
    Case("writing to the Government without consent", "s.15(1), (2)", YES, "consent_not_needed",
         asked(WRITING, recipient_consents=None, government_party=True)),
    Case("writing, parties unknown, no consent", "s.15(1), (2)", OPEN, "record_consent_missing",
         asked(WRITING, recipient_consents=False, government_party=None), missing="context.government_party"),
    Case("writing under a broken signature", "s.5", OPEN, "integrity_not_shown", asked(WRITING),
         {"technical": TechnicalVerdict.INVALID}),
    Case("original", "s.7(1)(a)", YES, "signed_in_final_form", asked(ORIGINAL)),
    Case("original, integrity", "s.7(1)(a), s.7(2)", YES, "integrity_shown", asked(ORIGINAL)),
    Case("original, only part covered", "s.7(2)(a)", NO, "not_whole_document", asked(ORIGINAL),
         {"covers_whole_document": False}),
    Case("original, endorsed later", "s.7(2)(a)", YES, "changed_after_signing", asked(ORIGINAL),
         {"changed_after_signing": True}, effect=Effect.NOTE),
    Case("original, final form unknown", "s.7(1)(a)", OPEN, "final_form_missing",
         asked(ORIGINAL, final_form_at_signing=None), missing="context.final_form_at_signing"),
    Case("original, illegible", "s.7(1)(b)", NO, "record_not_legible", asked(ORIGINAL, legible=False)),
    Case("original, consent unknown", "s.15(4)", OPEN, "record_consent_missing",
         asked(ORIGINAL, recipient_consents=None), missing="context.recipient_consents"),
    Case("retention", "s.8(1)(c)", YES, "transmission_recorded", asked(RETENTION)),
    Case("retention needs no consent", "s.8(1)(a)", YES, "record_accessible",
         asked(RETENTION, recipient_consents=False)),
    Case("retention, format lost", "s.8(1)(b)", NO, "format_not_kept", asked(RETENTION, format_kept=False)),
    Case("retention, origin unknown", "s.8(1)(c)", OPEN, "transmission_missing",
         asked(RETENTION, transmission_recorded=None), missing="context.transmission_recorded"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case) -> None:
    certificate = specimen_certificate(**case.certificate)
    facts = replace(specimen_signature(certificate=certificate), **case.signature)
    opinion = judge_cap553(facts, case.context, specimen_trust_list(complete=case.complete), JUDGED)
    assert opinion.verdict is case.verdict, opinion.to_json()
    reason = next(one for one in opinion.reasons if one.code == case.code)
    assert reason.section == case.section
    assert reason.effect is (case.effect or _DECIDES[case.verdict])
    if case.missing is not None:
        assert case.missing in reason.missing
    if case.verdict is YES:
        assert not opinion.missing


def test_there_are_enough_cases_of_every_verdict() -> None:
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)
    assert {case.verdict for case in CASES} == set(Verdict)
