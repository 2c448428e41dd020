"""Leases, votes and decisions of reviews in memory."""

from __future__ import annotations

from dataclasses import replace

from hkeid.adapters.memory.journal import Journal
from hkeid.enrolment.review.records import Decision, Lease, Vote
from hkeid.kernel.instants import Instant


class MemoryReviews:
    """:class:`hkeid.enrolment.review.records.ReviewRepository`."""

    __slots__ = ("_decisions", "_journal", "_leases", "_votes")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._leases: dict[str, Lease] = {}
        self._votes: dict[tuple[str, str], Vote] = {}
        self._decisions: dict[str, Decision] = {}

    def take(self, lease: Lease, now: Instant) -> bool:
        """Take a case, unless another officer's lease is good."""
        held = self._leases.get(lease.case_id)
        if held is not None and held.expires_at > now and held.officer_id != lease.officer_id:
            return False
        self._journal.set(self._leases, lease.case_id, lease)
        return True

    def lease(self, case_id: str) -> Lease | None:
        """The latest lease, good or not."""
        return self._leases.get(case_id)

    def release(self, lease: Lease, now: Instant) -> bool:
        """End a lease; False when it is not good any more."""
        held = self._leases.get(lease.case_id)
        if held is None or held.expires_at <= now:
            return False
        if (held.id, held.officer_id) != (lease.id, lease.officer_id):
            return False
        self._journal.set(self._leases, lease.case_id, replace(held, expires_at=now))
        return True

    def live_leases(self, now: Instant) -> tuple[Lease, ...]:
        """Every lease that is good."""
        live = [one for one in self._leases.values() if one.expires_at > now]
        return tuple(sorted(live, key=lambda one: one.case_id))

    def add_vote(self, vote: Vote) -> bool:
        """Keep a vote; False when this officer voted on this case before."""
        key = (vote.case_id, vote.officer_id)
        if key in self._votes:
            return False
        self._journal.set(self._votes, key, vote)
        return True

    def votes(self, case_id: str) -> tuple[Vote, ...]:
        """The votes on a case, oldest first."""
        found = [one for one in self._votes.values() if one.case_id == case_id]
        return tuple(sorted(found, key=lambda one: (one.at, one.officer_id)))

    def add_decision(self, decision: Decision) -> bool:
        """Keep a decision; False when the case is decided already."""
        if decision.case_id in self._decisions:
            return False
        self._journal.set(self._decisions, decision.case_id, decision)
        return True

    def decision(self, case_id: str) -> Decision | None:
        """What was decided."""
        return self._decisions.get(case_id)

    def attempt(self, case_id: str, now: Instant, *, until: Instant) -> bool:
        """Be the one to carry a decision out."""
        stored = self._decisions.get(case_id)
        if stored is None or not _waits(stored, now):
            return False
        self._journal.set(self._decisions, case_id, replace(stored, attempt_until=until))
        return True

    def carried_out(self, case_id: str, now: Instant) -> bool:
        """Note that the registration was told."""
        stored = self._decisions.get(case_id)
        if stored is None or stored.carried_out_at is not None:
            return False
        self._journal.set(self._decisions, case_id, replace(stored, carried_out_at=now))
        return True

    def waiting_decisions(self, now: Instant, *, limit: int = 100) -> tuple[Decision, ...]:
        """Decisions that nobody carried out or is carrying out."""
        found = [one for one in self._decisions.values() if _waits(one, now)]
        return tuple(sorted(found, key=lambda one: one.decided_at)[:limit])

    def decided_since(self, moment: Instant, *, limit: int = 10_000) -> tuple[Decision, ...]:
        """Decisions from ``moment`` on, oldest first."""
        found = [one for one in self._decisions.values() if one.decided_at >= moment]
        return tuple(sorted(found, key=lambda one: (one.decided_at, one.case_id))[:limit])


def _waits(decision: Decision, now: Instant) -> bool:
    return decision.carried_out_at is None and decision.attempt_until <= now
