"""The review desk: the queue, taking a case, its evidence, votes, and carrying decisions out.

What a kill leaves behind: a lease that nobody ends runs out; a vote is one transaction with the end
of its lease and, where it is the last one needed, with the decision; a decision that was not carried
out is carried out by :meth:`Review.settle`.
"""

from __future__ import annotations

from hkeid.enrolment.registration.records import RegistrationRecord, RegistrationStep
from hkeid.enrolment.review.carrying import Carrying
from hkeid.enrolment.review.cases import (
    CaseFile,
    QueuedCase,
    Registrations,
    ReviewTransaction,
    Stage,
    finding_lines,
    findings_of,
    tally,
)
from hkeid.enrolment.review.errors import CaseUnknown, ReviewRefused
from hkeid.enrolment.review.events import (
    CaseDecided,
    CaseReturned,
    CaseTaken,
    VoteCast,
)
from hkeid.enrolment.review.policy import ReviewPolicy
from hkeid.enrolment.review.records import Decision, DecisionReason, Lease, Vote
from hkeid.identity.hkic_number import HkicNumber
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant
from hkeid.officers import AccessReason, Admission, Officers, OfficerView, Permission, Request
from hkeid.ports.documents import CardField
from hkeid.ports.evidence import EvidenceVault
from hkeid.ports.keys import KeyStore
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents import blind_digest

PICTURES = ("card", "portrait", "selfie")
"""Evidence that is a picture, in the order in which it is shown."""

_MOST = 500


class Review:
    """What officers do with referred cases."""

    def __init__(
        self,
        store: Store[ReviewTransaction],
        officers: Officers[ReviewTransaction],
        registrations: Registrations,
        evidence: EvidenceVault,
        keys: KeyStore,
        clock: Clock,
        random: Random,
        policy: ReviewPolicy | None = None,
    ) -> None:
        self._store = store
        self._officers = officers
        self._registrations = registrations
        self._evidence = evidence
        self._keys = keys
        self._clock = clock
        self._random = random
        self._policy = policy or ReviewPolicy()
        self._carrying = Carrying(store, registrations, clock, self._policy)

    # --- the queue -------------------------------------------------------------------------------

    def queue(self, view: OfficerView, *, limit: int = _MOST) -> tuple[QueuedCase, ...]:
        """Referred cases, those that wait longest first.

        :raises hkeid.officers.AccessDenied: without ``queue.read``.
        """
        with self._officers.acting(view, Permission.QUEUE_READ) as admission:
            tx, now = admission.tx, admission.now
            records = tx.registrations.in_step(RegistrationStep.REFERRED, limit=limit)
            cases = [
                self._queued(tx, record, view, now)
                for record in records
                if tx.reviews.decision(record.id) is None
            ]
        return tuple(sorted(cases, key=lambda one: one.referred_at))

    def _queued(
        self, tx: ReviewTransaction, record: RegistrationRecord, view: OfficerView, now: Instant
    ) -> QueuedCase:
        risks = self._policy.risks_of(findings_of(record))
        votes = tx.reviews.votes(record.id)
        stage = tally(votes, risky=bool(risks)).stage
        held = tx.reviews.lease(record.id)
        lease = held if held is not None and held.expires_at > now else None
        mine = lease is not None and lease.officer_id == view.officer_id
        voted = any(vote.officer_id == view.officer_id for vote in votes)
        may = view.may(_opening(stage))
        return QueuedCase(
            id=record.id,
            reference=record.reference,
            purpose=record.purpose,
            reason=record.reason,
            referred_at=record.updated_at,
            waiting=now - record.updated_at,
            expires_at=record.expires_at,
            stage=stage,
            risks=risks,
            lease=lease,
            mine=mine,
            takeable=may and not voted and (lease is None or mine),
        )

    # --- taking a case ---------------------------------------------------------------------------

    def take(
        self, view: OfficerView, case_id: str, *, reason: AccessReason | None, note: str = ""
    ) -> Lease:
        """Have a case to oneself for a while; the applicant will see that somebody looked.

        :raises hkeid.officers.AccessDenied: without ``case.open`` (``case.settle`` in a conflict),
            a fresh passkey and a reason.
        :raises CaseUnknown: ``case_unknown``.
        :raises ReviewRefused: ``case_not_waiting``, ``case_decided``, ``case_leased``,
            ``voted_already``, ``case_changed``.
        """
        stage, record = self._stage(case_id)
        with self._officers.acting(
            view,
            _opening(stage),
            reason=reason,
            note=note,
            case_id=case_id,
            resident_id=record.resident_id,
            number_digest=self._number_digest(case_id),
        ) as admission:
            tx, now = admission.tx, admission.now
            self._waiting(tx, case_id, view, stage)
            lease = Lease(
                case_id=case_id,
                id=self._random.token(16),
                officer_id=view.officer_id,
                expires_at=now + self._policy.lease,
            )
            if not tx.reviews.take(lease, now):
                raise ReviewRefused("case_leased")
            tx.audit.append(
                CaseTaken(case_id=case_id, officer_id=view.officer_id, stage=stage.value)
            )
        return lease

    def give_back(self, view: OfficerView, case_id: str) -> None:
        """Give a case back without a vote; nothing happens when the lease is over."""
        now = self._clock.now()
        with self._store.transaction() as tx:
            lease = tx.reviews.lease(case_id)
            if lease is None or lease.officer_id != view.officer_id:
                return
            if tx.reviews.release(lease, now):
                tx.audit.append(CaseReturned(case_id=case_id, officer_id=view.officer_id))

    def file(self, view: OfficerView, case_id: str) -> CaseFile:
        """The case that the officer has taken, with all that is known of it.

        :raises hkeid.officers.AccessDenied: ``lease_missing``; recorded.
        :raises ReviewRefused: ``case_not_waiting``.
        """
        lease = self._own_lease(view, case_id)
        seen = self._registrations.view(case_id)
        if seen.step is not RegistrationStep.REFERRED:
            raise ReviewRefused("case_not_waiting")
        with self._store.transaction() as tx:
            record = tx.registrations.get(case_id)
            votes = tx.reviews.votes(case_id)
        if record is None:
            raise CaseUnknown("case_unknown")
        risks = self._policy.risks_of(seen.findings)
        stage = tally(votes, risky=bool(risks)).stage
        return CaseFile(
            id=case_id,
            reference=seen.reference,
            purpose=seen.purpose,
            reason=seen.reason,
            referred_at=record.updated_at,
            stage=stage,
            risks=risks,
            hindrances=self._policy.hindrances(seen.findings),
            lease=lease,
            fields=seen.fields,
            lines=finding_lines(
                self._policy, seen.findings, seen.decision.rules if seen.decision else ()
            ),
            differing=seen.findings.differing if seen.findings else (),
            warnings=seen.findings.warnings if seen.findings else (),
            policy=seen.decision.policy if seen.decision else "",
            rules=seen.decision.rules if seen.decision else (),
            pictures=tuple(name for name in PICTURES if self._evidence.get(case_id, name)),
            votes=votes if stage is Stage.CONFLICT else (),
        )

    def picture(self, view: OfficerView, case_id: str, name: str) -> bytes:
        """A picture of the case that the officer has taken.

        :raises hkeid.officers.AccessDenied: ``lease_missing``; recorded.
        :raises CaseUnknown: ``picture_unknown``.
        """
        self._own_lease(view, case_id)
        content = self._evidence.get(case_id, name) if name in PICTURES else None
        if not content:
            raise CaseUnknown("picture_unknown")
        return content

    # --- voting ----------------------------------------------------------------------------------

    def vote(
        self,
        view: OfficerView,
        case_id: str,
        *,
        lease_id: str,
        accept: bool,
        decision: DecisionReason,
        reason: AccessReason | None,
        note: str = "",
    ) -> Decision | None:
        """Vote on the case that one has taken; the lease ends with it.

        :param lease_id: the lease of the page on which the vote was cast.
        :param decision: why; a reason to accept, or one to refuse.
        :param reason: why the officer acts, as for every access.
        :returns: the decision, where this vote made it; None: another officer has to look.
        :raises hkeid.officers.AccessDenied: without ``case.decide`` (``case.settle`` in a conflict),
            a fresh passkey and a reason.
        :raises ReviewRefused: ``reason_contradicts``, ``lease_lost``, ``case_not_waiting``,
            ``case_decided``, ``case_changed``, ``voted_already``, ``case_not_acceptable``.
        """
        if decision.accepts is not accept:
            raise ReviewRefused("reason_contradicts")
        stage, record = self._stage(case_id)
        permission = Permission.CASE_SETTLE if stage is Stage.CONFLICT else Permission.CASE_DECIDE
        with self._officers.acting(
            view,
            permission,
            reason=reason,
            note=note,
            case_id=case_id,
            resident_id=record.resident_id,
            number_digest=self._number_digest(case_id),
        ) as admission:
            made = self._cast(admission, case_id, lease_id, stage, accept=accept, why=decision)
        if made is not None:
            self._carrying.carry_out(made)
        return made

    def _cast(
        self,
        admission: Admission[ReviewTransaction],
        case_id: str,
        lease_id: str,
        stage: Stage,
        *,
        accept: bool,
        why: DecisionReason,
    ) -> Decision | None:
        tx, now, officer_id = admission.tx, admission.now, admission.officer_id
        lease = Lease(case_id=case_id, id=lease_id, officer_id=officer_id, expires_at=now)
        # First: whoever ends the lease goes on alone (see ReviewRepository.release).
        if not tx.reviews.release(lease, now):
            raise ReviewRefused("lease_lost")
        record = self._waiting(tx, case_id, None, stage)
        findings = findings_of(record)
        if accept and self._policy.hindrances(findings):
            raise ReviewRefused("case_not_acceptable")
        risks = self._policy.risks_of(findings)
        vote = Vote(
            case_id=case_id,
            officer_id=officer_id,
            accept=accept,
            reason=why,
            settles=stage is Stage.CONFLICT,
            at=now,
        )
        if not tx.reviews.add_vote(vote):
            raise ReviewRefused("voted_already")
        tx.audit.append(
            VoteCast(
                case_id=case_id,
                officer_id=officer_id,
                stage=stage.value,
                accept=accept,
                reason=why.value,
                risks=risks,
            )
        )
        return self._conclude(admission, record, risks)

    def _conclude(
        self,
        admission: Admission[ReviewTransaction],
        record: RegistrationRecord,
        risks: tuple[str, ...],
    ) -> Decision | None:
        """Keep the decision, if the votes make one."""
        tx, now, case_id = admission.tx, admission.now, record.id
        counted = tally(tx.reviews.votes(case_id), risky=bool(risks))
        if not counted.decided or counted.reason is None:
            return None
        made = Decision(
            case_id=case_id,
            accept=counted.accept,
            reason=counted.reason,
            officers=counted.officers,
            risks=risks,
            waited=int((now - record.updated_at).total_seconds()),
            decided_at=now,
            attempt_until=now + self._policy.attempt,
        )
        if not tx.reviews.add_decision(made):
            raise ReviewRefused("case_decided")
        tx.audit.append(
            CaseDecided(
                case_id=case_id,
                accept=made.accept,
                reason=made.reason.value,
                officers=made.officers,
                policy=self._policy.version,
            )
        )
        return made

    def settle(self) -> int:
        """See :meth:`hkeid.enrolment.review.carrying.Carrying.settle`."""
        return self._carrying.settle()

    # --- details ---------------------------------------------------------------------------------

    def _stage(self, case_id: str) -> tuple[Stage, RegistrationRecord]:
        """Where a case stands."""
        with self._store.transaction() as tx:
            record = tx.registrations.get(case_id)
            votes = tx.reviews.votes(case_id)
        if record is None:
            raise CaseUnknown("case_unknown")
        risky = bool(self._policy.risks_of(findings_of(record)))
        return tally(votes, risky=risky).stage, record

    def _number_digest(self, case_id: str) -> bytes | None:
        """The blind digest of the number on the case, where one can be read."""
        field = self._registrations.view(case_id).fields.get(CardField.HKIC_NUMBER)
        try:
            return (
                None if field is None else blind_digest(self._keys, HkicNumber.parse(field.value))
            )
        except MalformedInput:
            return None

    def _waiting(
        self, tx: ReviewTransaction, case_id: str, taking: OfficerView | None, stage: Stage
    ) -> RegistrationRecord:
        """The record of a case that still waits, at this stage, for this officer."""
        record = tx.registrations.get(case_id)
        if record is None:
            raise CaseUnknown("case_unknown")
        if record.step is not RegistrationStep.REFERRED:
            raise ReviewRefused("case_not_waiting")
        if tx.reviews.decision(case_id) is not None:
            raise ReviewRefused("case_decided")
        votes = tx.reviews.votes(case_id)
        if taking is not None and any(one.officer_id == taking.officer_id for one in votes):
            raise ReviewRefused("voted_already")
        risky = bool(self._policy.risks_of(findings_of(record)))
        if tally(votes, risky=risky).stage is not stage:
            raise ReviewRefused("case_changed")
        return record

    def _own_lease(self, view: OfficerView, case_id: str) -> Lease:
        now = self._clock.now()
        with self._store.transaction() as tx:
            lease = tx.reviews.lease(case_id)
        may = view.may(Permission.CASE_OPEN) or view.may(Permission.CASE_SETTLE)
        if (
            lease is None
            or lease.officer_id != view.officer_id
            or lease.expires_at <= now
            or not may
        ):
            wanted = Request(permission=Permission.CASE_OPEN, case_id=case_id)
            self._officers.gate.deny(view, wanted, "lease_missing")
        return lease


def _opening(stage: Stage) -> Permission:
    return Permission.CASE_SETTLE if stage is Stage.CONFLICT else Permission.CASE_OPEN
