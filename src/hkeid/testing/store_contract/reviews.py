"""What every store promises about reviews: leases, votes, decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hkeid.enrolment.review.records import Decision, DecisionReason, Lease, Vote
from hkeid.testing.store_contract.everything import LATER, NOW, SECOND, AnyStore, fresh_id


def a_lease(case_id: str, officer_id: str) -> Lease:
    """A fresh lease that ends at :data:`LATER`."""
    return Lease(case_id=case_id, id=fresh_id(), officer_id=officer_id, expires_at=LATER)


def a_vote(case_id: str) -> Vote:
    """A fresh vote of a fresh officer."""
    return Vote(
        case_id=case_id,
        officer_id=f"officer:{fresh_id()}",
        accept=True,
        reason=DecisionReason.SAME_PERSON,
        settles=False,
        at=NOW,
    )


def a_decision_on(case_id: str) -> Decision:
    """A fresh decision that somebody is carrying out until :data:`LATER`."""
    return Decision(
        case_id=case_id,
        accept=False,
        reason=DecisionReason.CARD_NOT_GENUINE,
        officers=("officer:a", "officer:b"),
        risks=("no_calibration",),
        waited=3600,
        decided_at=NOW,
        attempt_until=LATER,
    )


class ReviewsContract:
    """``tx.reviews``."""

    def test_a_case_is_one_officers_until_the_lease_is_over(self, store: AnyStore) -> None:
        """The same officer may take it again, and gets another lease."""
        case_id = fresh_id()
        first, again = a_lease(case_id, "a"), a_lease(case_id, "a")
        rival = replace(a_lease(case_id, "b"), expires_at=LATER + timedelta(minutes=5))
        with store.transaction() as tx:
            assert tx.reviews.lease(case_id) is None
            assert tx.reviews.take(first, NOW)
            assert not tx.reviews.take(rival, NOW)
            assert tx.reviews.take(again, NOW)
            assert tx.reviews.lease(case_id) == again
            assert not tx.reviews.take(rival, LATER - SECOND)
            assert tx.reviews.take(rival, LATER)
            assert rival in tx.reviews.live_leases(LATER)
            assert rival not in tx.reviews.live_leases(rival.expires_at)

    def test_a_lease_ends_once_and_by_its_holder_alone(self, store: AnyStore) -> None:
        """Neither another's nor an earlier lease ends it."""
        case_id = fresh_id()
        lease = a_lease(case_id, "a")
        with store.transaction() as tx:
            assert not tx.reviews.release(lease, NOW)
            assert tx.reviews.take(lease, NOW)
            assert not tx.reviews.release(replace(lease, id=fresh_id()), NOW)
            assert not tx.reviews.release(replace(lease, officer_id="b"), NOW)
            assert not tx.reviews.release(lease, LATER)
            assert tx.reviews.release(lease, NOW)
            assert not tx.reviews.release(lease, NOW)
            assert tx.reviews.take(a_lease(case_id, "b"), NOW)

    def test_an_officer_votes_once_on_a_case(self, store: AnyStore) -> None:
        """Votes stand in order of time."""
        case_id = fresh_id()
        second = replace(a_vote(case_id), at=LATER, settles=True, accept=False)
        first = a_vote(case_id)
        with store.transaction() as tx:
            assert tx.reviews.votes(case_id) == ()
            assert tx.reviews.add_vote(second)
            assert tx.reviews.add_vote(first)
            assert not tx.reviews.add_vote(replace(first, accept=False))
        with store.transaction() as tx:
            assert tx.reviews.votes(case_id) == (first, second)

    def test_a_case_is_decided_once_and_carried_out_once(self, store: AnyStore) -> None:
        """By one at a time."""
        case_id = fresh_id()
        decision = a_decision_on(case_id)
        with store.transaction() as tx:
            keep = tx.reviews
            assert keep.decision(case_id) is None
            assert keep.add_decision(decision)
            assert not keep.add_decision(replace(decision, accept=True))
            assert keep.decision(case_id) == decision
            assert decision not in keep.waiting_decisions(LATER - SECOND)
            assert not keep.attempt(case_id, NOW, until=LATER)
            assert decision in keep.waiting_decisions(LATER)
            assert keep.attempt(case_id, LATER, until=LATER + SECOND)
            assert not keep.attempt(case_id, LATER, until=LATER + SECOND)
            assert keep.carried_out(case_id, LATER)
            assert not keep.carried_out(case_id, LATER)
            assert not keep.attempt(case_id, LATER + timedelta(days=1), until=LATER)
            done = replace(decision, attempt_until=LATER + SECOND, carried_out_at=LATER)
            assert keep.decision(case_id) == done
            assert done in keep.decided_since(NOW)
            assert done not in keep.decided_since(NOW + SECOND)
