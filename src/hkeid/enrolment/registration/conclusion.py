"""Deciding: policy, officers, guardians; and what follows for evidence and step."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from hkeid.enrolment.proofing_policy import Decision, Findings, Outcome
from hkeid.enrolment.registration.cases import Cases, evidence_digest, particulars_of
from hkeid.enrolment.registration.errors import RegistrationRefused
from hkeid.enrolment.registration.events import (
    GuardianDecided,
    RegisterAskedAgain,
    RegistrationDecided,
)
from hkeid.enrolment.registration.guardianship import GUARDIAN, keep_approval
from hkeid.enrolment.registration.known import existing_eid, registered_often
from hkeid.enrolment.registration.particulars import (
    Texts,
    issue_date,
    keep_texts,
    kept_texts,
    number_digest,
    person_of,
)
from hkeid.enrolment.registration.parts import RegistrationParts
from hkeid.enrolment.registration.records import (
    RegistrationPurpose,
    RegistrationRecord,
    RegistrationStep,
    RegistrationTransaction,
)
from hkeid.enrolment.registration.showing import DETAILS, findings_bytes
from hkeid.enrolment.registration.warning import warn_owner
from hkeid.identity.hkic_number import HkicNumber
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput, Unavailable
from hkeid.kernel.instants import epoch_seconds
from hkeid.ports.registry import RegistryQuery
from hkeid.residents import find_by_hkic

_REASON = re.compile(r"[a-z][a-z0-9_]{1,39}", re.ASCII)
_GRACE = timedelta(minutes=10)
_ASK_AGAIN = frozenset({"not_asked", "unavailable"})


class Conclusion:
    """From findings to a step."""

    def __init__(self, parts: RegistrationParts, cases: Cases) -> None:
        self._parts = parts
        self._cases = cases

    def ask_registry(
        self, findings: Findings, texts: Texts, portrait: bytes | None, purpose: RegistrationPurpose
    ) -> Findings:
        """Findings with the register's answer.

        :raises hkeid.kernel.errors.Unavailable: ``registry_unavailable``.
        """
        registry = self._parts.registry
        if registry is None:
            raise Unavailable("registry_unavailable", detail="none is configured")
        recovering = purpose is RegistrationPurpose.RECOVERY
        found = registry.check(
            RegistryQuery(
                person=person_of(texts),
                issued=issue_date(texts),
                portrait=portrait or None,
                purpose="recovery" if recovering else "registration",
            )
        )
        return replace(
            findings,
            registry=found.status.value,
            registry_face=found.face.value,
            differing=tuple(found.differing),
            registry_reference=found.reference,
            registry_at=epoch_seconds(self._cases.now),
        )

    def outdated(self, findings: Findings) -> bool:
        """Whether the register's answer is older than the settings let it be."""
        age = timedelta(seconds=epoch_seconds(self._cases.now) - findings.registry_at)
        return age > self._parts.settings.register_age

    def recheck(self, record: RegistrationRecord, texts: Texts) -> RegistrationRecord:
        """Ask the register again before a device is bound, where its answer is old: people die, and
        cards are reported lost, between a decision and its use. The pictures are gone by now, so that
        only the particulars are asked about.

        :returns: the record, at another step where the answer does not allow to go on.
        :raises hkeid.kernel.errors.Unavailable: ``registry_unavailable``; nothing changed.
        """
        findings = self._cases.findings(record)
        if not self.outdated(findings):
            return record
        asked = self.ask_registry(findings, texts, None, record.purpose)
        asked = replace(asked, registry_face=findings.registry_face)
        kept = findings_bytes(asked)
        digest = evidence_digest(kept, record.decision)
        known = replace(record, findings=kept, evidence_digest=digest)
        event = RegisterAskedAgain(
            registration=record.id,
            status=asked.registry,
            reference=asked.registry_reference[:64],
            evidence=digest.hex(),
        )
        refusal = self._parts.policy.refusal(asked)
        if refusal is not None:
            return self._cases.end(known, RegistrationStep.REFUSED, refusal.reason, event)
        if asked.registry not in (findings.registry, "match"):
            # Those who accepted did so upon another answer.
            return self._cases.end(known, RegistrationStep.REFUSED, "register_changed", event)
        return self._cases.move(record, known, event)

    def look_up(
        self, record: RegistrationRecord, findings: Findings, number: HkicNumber
    ) -> Findings:
        """Findings with what is known of the number here."""
        settings, keys, now = self._parts.settings, self._parts.keys, self._cases.now
        with self._parts.store.transaction() as tx:
            spoofed = self._spoofed_before(tx, record, number)
            often = registered_often(tx, keys, number, settings, now, but=record.id)
            return replace(
                findings,
                existing=existing_eid(tx, keys, number),
                # Who gives up after an attack that was noticed, and begins anew, has not begun anew.
                repeated="yes" if spoofed else often,
                spoofed_before=spoofed,
            )

    def _spoofed_before(
        self, tx: RegistrationTransaction, record: RegistrationRecord, number: HkicNumber
    ) -> int:
        """How many attempts of other registrations with the same number looked like an attack lately.

        Of the latest ones: where there are more with a face than these, officers look in any case.
        """
        settings = self._parts.settings
        others = tx.registrations.faces_with_number(
            number_digest(self._parts.keys, number),
            since=self._cases.now - settings.repeats_window,
            but=record.id,
            limit=settings.repeats,
        )
        return sum(self._cases.findings(one).liveness_spoofed for one in others)

    def conclude(
        self, record: RegistrationRecord, findings: Findings, texts: Texts | None
    ) -> RegistrationRecord:
        """Decide by policy, and go where that leads.

        :param texts: the particulars, where there are any.
        """
        decision = self._parts.policy.decide(findings, record.purpose.value)
        return self.apply(record, findings, decision, texts)

    def apply(
        self,
        record: RegistrationRecord,
        findings: Findings,
        decision: Decision,
        texts: Texts | None,
    ) -> RegistrationRecord:
        """Take a registration where a decision leads, and destroy what it needs no more."""
        now, settings = self._cases.now, self._parts.settings
        waited = record.step is RegistrationStep.REFERRED
        step, expires_at = RegistrationStep.REFUSED, now
        if decision.outcome is Outcome.REVIEW:
            step, expires_at = RegistrationStep.REFERRED, now + settings.review_wait
            self._parts.evidence.extend(record.id, expires_at)
        elif decision.outcome is Outcome.BIND:
            if texts is None:
                raise RegistrationRefused("details_incomplete")
            step = RegistrationStep.BIND
            expires_at = now + (settings.accepted_wait if waited else settings.binding)
            if findings.age == "minor":
                step, expires_at = RegistrationStep.GUARDIAN, now + settings.guardian_wait
            self._keep_particulars(record, texts)
            self.warn(record, texts, accepted=True)
        kept, decided = findings_bytes(findings), canonical_json.dumps(decision.as_json())
        digest = evidence_digest(kept, decided)
        moved = self._cases.move(
            record,
            replace(
                record,
                step=step,
                findings=kept,
                decision=decided,
                reason=decision.reason,
                evidence_digest=digest,
                decided_at=now,
                expires_at=expires_at,
                challenge=None,
            ),
            RegistrationDecided(
                registration=record.id,
                outcome=decision.outcome.value,
                policy=decision.policy,
                rules=decision.rules,
                officers=decision.officers,
                evidence=digest.hex(),
            ),
        )
        return self._cases.settle(moved)

    def warn(self, record: RegistrationRecord, texts: Texts, *, accepted: bool) -> None:
        """Tell the owner of an eID, where one is being recovered. Before the step itself: told once too often
        rather than never, should we die over it.
        """
        number = person_of(texts).hkic_number
        if record.purpose is not RegistrationPurpose.RECOVERY or number is None:
            return
        with self._parts.store.transaction() as tx:
            warn_owner(
                tx,
                self._parts.keys,
                number,
                recovery=record.id,
                accepted=accepted,
                now=self._cases.now,
                random=self._parts.random,
            )

    def _keep_particulars(self, record: RegistrationRecord, texts: Texts) -> None:
        """Put the particulars where they outlive the pictures, until the device is bound."""
        now, settings = self._cases.now, self._parts.settings
        longest = max(settings.accepted_wait, settings.guardian_wait) * 2 + _GRACE
        session = particulars_of(record.id)
        self._parts.evidence.open(session, expires_at=now + longest)
        self._parts.evidence.put(session, DETAILS, keep_texts(texts))

    def decide(
        self, registration_id: str, *, accept: bool, reason: str, officers: tuple[str, ...]
    ) -> None:
        """See :meth:`hkeid.enrolment.Registration.decide`."""
        if _REASON.fullmatch(reason) is None:
            raise MalformedInput("decision_reason_malformed", field="reason")
        several = tuple(dict.fromkeys(officers))
        if not several:
            raise RegistrationRefused("officers_missing")
        record = self._cases.at(
            self._cases.in_time(self._cases.get(registration_id)), (RegistrationStep.REFERRED,)
        )
        findings, policy = self._cases.findings(record), self._parts.policy
        if not accept:
            self.apply(record, findings, policy.refused_by(several, reason), None)
            return
        kept = self._parts.evidence.get(record.id, DETAILS)
        if kept is None:
            raise RegistrationRefused("details_incomplete")
        texts = kept_texts(kept)
        if not self._cases.evidence_is_whose(record, findings):
            raise RegistrationRefused("case_not_acceptable", detail="other pictures")
        findings = self._again(record, findings, texts)
        hindered = policy.hindrances(findings)
        if hindered or not self._fits(record, findings):
            words = ",".join(aspect.value for aspect in hindered) or "existing"
            raise RegistrationRefused("case_not_acceptable", detail=words)
        if len(several) < policy.officers_needed(findings):
            raise RegistrationRefused("second_officer_needed")
        self.apply(record, findings, policy.accepted_by(several, reason), texts)

    def guardian_decided(
        self, registration_id: str, *, approved: bool, guardian_resident_id: str
    ) -> None:
        """See :meth:`hkeid.enrolment.Registration.guardian_decided`."""
        record = self._cases.at(
            self._cases.in_time(self._cases.get(registration_id)), (RegistrationStep.GUARDIAN,)
        )
        with self._parts.store.transaction() as tx:
            guardian = tx.residents.get(guardian_resident_id)
        if guardian is None or not guardian.state.may_log_in:
            raise RegistrationRefused("guardian_not_eligible")
        if guardian.id == self._whose(record):
            raise RegistrationRefused("guardian_not_eligible", detail="the applicant's own eID")
        approval = self._parts.random.token(16)
        event = GuardianDecided(
            registration=record.id,
            guardian_resident_id=guardian_resident_id,
            approved=approved,
            approval=approval if approved else None,
        )
        if not approved:
            self._cases.end(record, RegistrationStep.REFUSED, "guardian_refused", event)
            return
        # It becomes a record with the eID, in the transaction that makes it: before, there is no minor
        # to whom it could belong.
        kept = keep_approval(approval, guardian_resident_id, self._cases.now)
        self._parts.evidence.put(particulars_of(record.id), GUARDIAN, kept)
        accepted = replace(
            record,
            step=RegistrationStep.BIND,
            evidence_open=True,  # so that the applicant's address is used and forgotten
            expires_at=self._cases.now + self._parts.settings.accepted_wait,
        )
        self._cases.settle(self._cases.move(record, accepted, event))

    def _whose(self, record: RegistrationRecord) -> str | None:
        """Whose eID it is that is recovered, or None."""
        kept = self._parts.evidence.get(particulars_of(record.id), DETAILS)
        number = None if kept is None else person_of(kept_texts(kept)).hkic_number
        if number is None:
            return None
        with self._parts.store.transaction() as tx:
            return find_by_hkic(tx, self._parts.keys, number)

    def _again(self, record: RegistrationRecord, findings: Findings, texts: Texts) -> Findings:
        """What may have changed since the case was referred."""
        if findings.registry in _ASK_AGAIN or self.outdated(findings):
            selfie = self._parts.evidence.get(record.id, "selfie")
            findings = self.ask_registry(findings, texts, selfie, record.purpose)
        number = person_of(texts).hkic_number
        if number is None:
            raise RegistrationRefused("details_incomplete")
        return self.look_up(record, findings, number)

    def _fits(self, record: RegistrationRecord, findings: Findings) -> bool:
        """Whether there is an eID to recover, or none in the way of a new one."""
        if record.purpose is RegistrationPurpose.RECOVERY:
            return findings.existing in ("active", "suspended")
        return findings.existing in ("none", "applicant", "revoked")
