"""Carrying decisions out: the registration, or the upgrade, is told once, whoever dies meanwhile."""

from __future__ import annotations

from datetime import timedelta

from hkeid.enrolment.review.events import DecisionCarriedOut
from hkeid.enrolment.review.policy import ReviewPolicy
from hkeid.enrolment.review.records import Decision
from hkeid.enrolment.review.sources import NO_LONGER, SUPERSEDED, ReviewTransaction, Sources
from hkeid.kernel.errors import Refused, Unavailable
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock

_BIND_WITHIN = timedelta(days=45)


class Carrying:
    """Tells a case what was decided.

    Whoever keeps a decision tells it at once, and has some time for that; afterwards whoever asks
    first tries again. The case's own compare-and-set sees to it that it counts once.
    """

    def __init__(
        self,
        store: Store[ReviewTransaction],
        sources: Sources,
        clock: Clock,
        policy: ReviewPolicy,
    ) -> None:
        self._store = store
        self._sources = sources
        self._clock = clock
        self._policy = policy

    def settle(self) -> int:
        """Carry out what a process decided and did not live to carry out, and say of accesses whose
        they turned out to be; returns how many decisions. For housekeeping, every few minutes.
        """
        now = self._clock.now()
        with self._store.transaction() as tx:
            waiting = tx.reviews.waiting_decisions(now)
        done = 0
        for one in waiting:
            with self._store.transaction() as tx:
                mine = tx.reviews.attempt(one.case_id, now, until=now + self._policy.attempt)
            if mine:
                done += self.carry_out(one)
        self._bind_cases(now)
        return done

    def carry_out(self, decision: Decision) -> bool:
        """Tell the case; returns whether this call did it. What does not work now is tried
        again by :meth:`settle`.

        The register is asked once more: what it cannot accept any longer is refused.
        """
        accept, superseded = decision.accept, False
        try:
            self._tell(decision, accept=accept, reason=decision.reason.value)
        except Unavailable:
            return False
        except Refused as error:
            superseded = error.reason in SUPERSEDED
            if not superseded and (not accept or error.reason not in NO_LONGER):
                return False
            if not superseded:
                accept = False
                self._tell(decision, accept=False, reason="no_longer_acceptable")
        with self._store.transaction() as tx:
            if not tx.reviews.carried_out(decision.case_id, self._clock.now()):
                return False
            tx.audit.append(
                DecisionCarriedOut(case_id=decision.case_id, accept=accept, superseded=superseded)
            )
        return True

    def _tell(self, decision: Decision, *, accept: bool, reason: str) -> None:
        self._sources.of(decision.case_id).tell(
            decision.case_id, accept=accept, reason=reason, officers=decision.officers
        )

    def _bind_cases(self, now: Instant) -> None:
        with self._store.transaction() as tx:
            for case_id in tx.record_accesses.unbound_cases(now - _BIND_WITHIN):
                found = self._sources.look(tx, case_id)
                if found is not None and found.resident_id is not None:
                    tx.record_accesses.bind_case(case_id, found.resident_id)
