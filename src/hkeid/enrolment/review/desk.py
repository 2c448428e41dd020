"""The review desk: the queue, taking a case, its evidence, votes, and carrying decisions out.

What a kill leaves behind: a lease that nobody ends runs out; a vote is one transaction with the end
of its lease and, where it is the last one needed, with the decision; a decision that was not carried
out is carried out by :meth:`Review.settle`.
"""

from __future__ import annotations

from hkeid.enrolment.review.carrying import Carrying
from hkeid.enrolment.review.cases import CaseFile, QueuedCase, tally
from hkeid.enrolment.review.errors import CaseUnknown, ReviewRefused
from hkeid.enrolment.review.events import (
    CaseDecided,
    CaseReturned,
    CaseTaken,
    VoteCast,
)
from hkeid.enrolment.review.people import same_person
from hkeid.enrolment.review.policy import ReviewPolicy
from hkeid.enrolment.review.records import Decision, DecisionReason, Lease, Vote
from hkeid.enrolment.review.sources import (
    REASONS,
    Held,
    Referred,
    ReviewTransaction,
    Sources,
    Stage,
)
from hkeid.enrolment.review.upgrade_cases import UpgradeFile
from hkeid.kernel.instants import Instant
from hkeid.officers import AccessReason, Admission, Officers, OfficerView, Permission, Request
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random

_MOST = 500


class Review:
    """What officers do with referred cases."""

    def __init__(
        self,
        store: Store[ReviewTransaction],
        officers: Officers[ReviewTransaction],
        sources: Sources,
        clock: Clock,
        random: Random,
        policy: ReviewPolicy | None = None,
    ) -> None:
        self._store = store
        self._officers = officers
        self._sources = sources
        self._clock = clock
        self._random = random
        self._policy = policy or ReviewPolicy()
        self._carrying = Carrying(store, sources, clock, self._policy)

    # --- the queue -------------------------------------------------------------------------------

    def queue(self, view: OfficerView, *, limit: int = _MOST) -> tuple[QueuedCase, ...]:
        """Referred cases, those that wait longest first; many of one site take turns with
        others (:attr:`ReviewPolicy.turn`).

        :raises hkeid.officers.AccessDenied: without ``queue.read``.
        """
        with self._officers.acting(view, Permission.QUEUE_READ) as admission:
            tx, now = admission.tx, admission.now
            waiting = self._sources.waiting(tx, limit=limit)
            return tuple(
                self._queued(tx, referred, view, now)
                for referred in sorted(waiting, key=lambda one: one.placed_at)
                if tx.reviews.decision(referred.id) is None
            )

    def _queued(
        self, tx: ReviewTransaction, referred: Referred, view: OfficerView, now: Instant
    ) -> QueuedCase:
        votes = tx.reviews.votes(referred.id)
        stage = tally(votes, risky=bool(referred.risks)).stage
        held = tx.reviews.lease(referred.id)
        lease = held if held is not None and held.expires_at > now else None
        mine = lease is not None and lease.officer_id == view.officer_id
        taken = {*referred.served_by, *(vote.officer_id for vote in votes)}
        done = same_person(tx, view.officer_id, taken)
        may = view.may(_opening(stage))
        return QueuedCase(
            id=referred.id,
            kind=referred.kind,
            reference=referred.reference,
            purpose=referred.purpose,
            reason=referred.reason,
            referred_at=referred.referred_at,
            waiting=now - referred.referred_at,
            expires_at=referred.expires_at,
            stage=stage,
            risks=referred.risks,
            lease=lease,
            mine=mine,
            takeable=may and not done and (lease is None or mine),
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
            ``voted_already``, ``served_yourself``, ``case_changed``.
        """
        stage, referred = self._stage(case_id)
        self._check_reason(view, referred, _opening(stage), reason)
        with self._officers.acting(
            view,
            _opening(stage),
            reason=reason,
            note=note,
            case_id=case_id,
            resident_id=referred.resident_id,
            number_digest=self._sources.of(case_id).number_digest(case_id),
        ) as admission:
            tx, now = admission.tx, admission.now
            self._waiting(tx, case_id, view.officer_id, stage)
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

    def file(self, view: OfficerView, case_id: str) -> CaseFile | UpgradeFile:
        """The case that the officer has taken, with all that is known of it.

        :raises hkeid.officers.AccessDenied: ``lease_missing``; recorded.
        :raises ReviewRefused: ``case_not_waiting``.
        """
        lease = self._own_lease(view, case_id)
        with self._store.transaction() as tx:
            referred = self._sources.find(tx, case_id)
            votes = tx.reviews.votes(case_id)
        stage = tally(votes, risky=bool(referred.risks)).stage
        held = Held(referred=referred, lease=lease, stage=stage, votes=votes)
        found = self._sources.of(case_id).file(held)
        assert isinstance(found, CaseFile | UpgradeFile)
        return found

    def picture(self, view: OfficerView, case_id: str, name: str) -> bytes:
        """A picture of the case that the officer has taken.

        :raises hkeid.officers.AccessDenied: ``lease_missing``; recorded.
        :raises CaseUnknown: ``picture_unknown``.
        """
        self._own_lease(view, case_id)
        content = self._sources.of(case_id).picture(case_id, name)
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
        stage, referred = self._stage(case_id)
        permission = Permission.CASE_SETTLE if stage is Stage.CONFLICT else Permission.CASE_DECIDE
        self._check_reason(view, referred, permission, reason)
        with self._officers.acting(
            view,
            permission,
            reason=reason,
            note=note,
            case_id=case_id,
            resident_id=referred.resident_id,
            number_digest=self._sources.of(case_id).number_digest(case_id),
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
        referred = self._waiting(tx, case_id, officer_id, stage)
        if accept and referred.hindrances:
            raise ReviewRefused("case_not_acceptable")
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
                risks=referred.risks,
            )
        )
        return self._conclude(admission, referred)

    def _conclude(
        self, admission: Admission[ReviewTransaction], referred: Referred
    ) -> Decision | None:
        """Keep the decision, if the votes make one."""
        tx, now, case_id = admission.tx, admission.now, referred.id
        counted = tally(tx.reviews.votes(case_id), risky=bool(referred.risks))
        if not counted.decided or counted.reason is None:
            return None
        made = Decision(
            case_id=case_id,
            accept=counted.accept,
            reason=counted.reason,
            officers=counted.officers,
            risks=referred.risks,
            waited=int((now - referred.referred_at).total_seconds()),
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

    def _stage(self, case_id: str) -> tuple[Stage, Referred]:
        """Where a case stands."""
        with self._store.transaction() as tx:
            referred = self._sources.find(tx, case_id)
            votes = tx.reviews.votes(case_id)
        return tally(votes, risky=bool(referred.risks)).stage, referred

    def _check_reason(
        self,
        view: OfficerView,
        referred: Referred,
        permission: Permission,
        reason: AccessReason | None,
    ) -> None:
        """A reason that does not go with the kind of the case would tell the person wrongly."""
        if reason is not None and reason not in REASONS[referred.kind]:
            wanted = Request(permission=permission, reason=reason, case_id=referred.id)
            self._officers.gate.deny(view, wanted, "reason_not_allowed")

    def _waiting(
        self, tx: ReviewTransaction, case_id: str, officer_id: str, stage: Stage
    ) -> Referred:
        """A case that still waits, at this stage, for this officer."""
        referred = self._sources.find(tx, case_id)
        if not referred.waits:
            raise ReviewRefused("case_not_waiting")
        if tx.reviews.decision(case_id) is not None:
            raise ReviewRefused("case_decided")
        votes = tx.reviews.votes(case_id)
        if same_person(tx, officer_id, {one.officer_id for one in votes}):
            raise ReviewRefused("voted_already")
        if same_person(tx, officer_id, referred.served_by):
            raise ReviewRefused("served_yourself")
        if tally(votes, risky=bool(referred.risks)).stage is not stage:
            raise ReviewRefused("case_changed")
        return referred

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
