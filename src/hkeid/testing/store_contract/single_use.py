"""What every store promises about single-use things and attempt budgets."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hkeid.ports.storage import Lost, Vanished, Won
from hkeid.testing.store_contract.everything import (
    LATER,
    NOW,
    SECOND,
    AnyStore,
    a_single_use,
    fresh_bytes,
    fresh_id,
)

_CODE = "authorization_code"


class SingleUseContract:
    """``tx.single_use``."""

    def test_what_is_put_is_what_is_read(self, store: AnyStore) -> None:
        """Every member comes back as it was, to the microsecond."""
        record = replace(
            a_single_use(family=fresh_id(), payload=b'{"a":1}'),
            used_at=NOW + SECOND,
            result=b"\x00\xff",
            revoked_at=NOW + 2 * SECOND,
        )
        with store.transaction() as tx:
            assert tx.single_use.put(record)
        with store.transaction() as tx:
            assert tx.single_use.look(record.kind, record.digest) == record

    def test_the_second_put_changes_nothing(self, store: AnyStore) -> None:
        """A ``jti`` is used up by being put."""
        record = a_single_use()
        with store.transaction() as tx:
            assert tx.single_use.put(record)
            assert not tx.single_use.put(replace(record, payload=b'{"other":1}'))
        with store.transaction() as tx:
            assert not tx.single_use.put(replace(record, payload=b'{"other":1}'))
            assert tx.single_use.look(record.kind, record.digest) == record

    def test_the_kind_is_part_of_the_key(self, store: AnyStore) -> None:
        """A refresh token is no code, whatever its digest."""
        record = a_single_use()
        with store.transaction() as tx:
            tx.single_use.put(record)
            assert tx.single_use.use_up("refresh_token", record.digest, NOW) == Vanished()
            assert tx.single_use.put(replace(record, kind="refresh_token"))

    def test_the_first_use_wins_and_later_ones_read_its_result(self, store: AnyStore) -> None:
        """Won once, then Lost with what the winner left."""
        record = a_single_use(family=fresh_id())
        used = replace(record, used_at=NOW + SECOND, result=b"successor")
        with store.transaction() as tx:
            tx.single_use.put(record)
        with store.transaction() as tx:
            won = tx.single_use.use_up(_CODE, record.digest, NOW + SECOND, result=b"successor")
            assert won == Won(used)
            assert tx.single_use.use_up(_CODE, record.digest, NOW, result=b"no") == Lost(used)
        with store.transaction() as tx:
            assert tx.single_use.use_up(_CODE, record.digest, LATER + SECOND) == Lost(used)
            assert tx.single_use.look(_CODE, record.digest) == used

    def test_what_never_was_has_vanished(self, store: AnyStore) -> None:
        """Nothing to win, nothing to read."""
        with store.transaction() as tx:
            assert tx.single_use.use_up(_CODE, fresh_bytes(), NOW) == Vanished()
            assert tx.single_use.look(_CODE, fresh_bytes()) is None

    def test_it_can_be_used_until_just_before_it_expires(self, store: AnyStore) -> None:
        """``now < expires_at``, to the microsecond."""
        early, late = a_single_use(), a_single_use()
        with store.transaction() as tx:
            tx.single_use.put(early)
            tx.single_use.put(late)
            just_before = LATER - timedelta(microseconds=1)
            assert isinstance(tx.single_use.use_up(_CODE, early.digest, just_before), Won)
            assert tx.single_use.use_up(_CODE, late.digest, LATER) == Vanished(late)
            assert tx.single_use.look(_CODE, late.digest) == late

    def test_a_rollback_gives_it_back(self, store: AnyStore) -> None:
        """A failed PKCE check does not burn the code (RFC 7636 §4.6)."""
        record = a_single_use()
        with store.transaction() as tx:
            tx.single_use.put(record)
        try:
            with store.transaction() as tx:
                assert isinstance(tx.single_use.use_up(_CODE, record.digest, NOW), Won)
                raise _ChecksFailed
        except _ChecksFailed:
            pass
        with store.transaction() as tx:
            assert tx.single_use.look(_CODE, record.digest) == record
            assert isinstance(tx.single_use.use_up(_CODE, record.digest, NOW), Won)

    def test_a_family_is_revoked_as_a_whole(self, store: AnyStore) -> None:
        """Used or not, of any kind; other families stay."""
        family = fresh_id()
        used, unused = a_single_use(family=family), a_single_use(family=family, kind="refresh")
        other = a_single_use(family=fresh_id())
        with store.transaction() as tx:
            for record in (used, unused, other):
                tx.single_use.put(record)
            tx.single_use.use_up(_CODE, used.digest, NOW, result=b"x")
        with store.transaction() as tx:
            assert tx.single_use.revoke_family(family, NOW + SECOND) == 2
            assert tx.single_use.revoke_family(family, NOW + 2 * SECOND) == 0
        with store.transaction() as tx:
            gone = replace(used, used_at=NOW, result=b"x", revoked_at=NOW + SECOND)
            assert tx.single_use.use_up(_CODE, used.digest, NOW) == Vanished(gone)
            gone = replace(unused, revoked_at=NOW + SECOND)
            assert tx.single_use.use_up("refresh", unused.digest, NOW) == Vanished(gone)
            assert isinstance(tx.single_use.use_up(_CODE, other.digest, NOW), Won)

    def test_a_family_that_nobody_has_is_revoked_in_vain(self, store: AnyStore) -> None:
        """Nothing to revoke is no error."""
        with store.transaction() as tx:
            assert tx.single_use.revoke_family(fresh_id(), NOW) == 0

    def test_purging_takes_the_expired_and_no_more_than_the_limit(self, store: AnyStore) -> None:
        """The used and the revoked go as well; what has not expired stays."""
        past = NOW - timedelta(days=900)
        expired = [replace(a_single_use(family=fresh_id()), expires_at=past) for _ in range(3)]
        kept = replace(a_single_use(), expires_at=past + SECOND)
        with store.transaction() as tx:
            while tx.single_use.purge(past + SECOND):
                pass
            for record in (*expired, kept):
                tx.single_use.put(record)
        with store.transaction() as tx:
            assert len(tx.single_use.purge(past + SECOND, limit=2)) == 2
            assert len(tx.single_use.purge(past + SECOND, limit=2)) == 1
            assert len(tx.single_use.purge(past + SECOND, limit=2)) == 0
            assert tx.single_use.look(kept.kind, kept.digest) == kept
            assert all(tx.single_use.look(one.kind, one.digest) is None for one in expired)


class _ChecksFailed(Exception):
    pass


class AttemptBudgetsContract:
    """``tx.budgets``."""

    def test_a_budget_runs_dry_and_says_when_it_is_full_again(self, store: AnyStore) -> None:
        """Fixed window from the first attempt."""
        subject, window = fresh_bytes(), timedelta(minutes=10)
        moments = [NOW, NOW + SECOND, NOW + 2 * SECOND]
        with store.transaction() as tx:
            answers = [
                tx.budgets.spend("ticket", subject, limit=2, window=window, now=moment)
                for moment in moments
            ]
        assert [answer.allowed for answer in answers] == [True, True, False]
        assert [answer.remaining for answer in answers] == [1, 0, 0]
        assert [answer.retry_after for answer in answers] == [0, 0, 598]

    def test_a_new_window_begins_when_the_old_one_has_ended(self, store: AnyStore) -> None:
        """Not a microsecond before."""
        subject, window = fresh_bytes(), timedelta(seconds=30)
        with store.transaction() as tx:
            spend = tx.budgets.spend
            assert spend("ticket", subject, limit=1, window=window, now=NOW).allowed
            almost = NOW + window - timedelta(microseconds=1)
            refused = spend("ticket", subject, limit=1, window=window, now=almost)
            assert (refused.allowed, refused.retry_after) == (False, 1)
            assert spend("ticket", subject, limit=1, window=window, now=NOW + window).allowed
            late = NOW + window + SECOND
            assert spend("ticket", subject, limit=1, window=window, now=late).retry_after == 29

    def test_budgets_are_apart_by_kind_and_subject(self, store: AnyStore) -> None:
        """One person's guesses are not another's."""
        subject, other, window = fresh_bytes(), fresh_bytes(), timedelta(minutes=1)
        with store.transaction() as tx:
            spend = tx.budgets.spend
            assert spend("ticket", subject, limit=1, window=window, now=NOW).allowed
            assert spend("ticket", other, limit=1, window=window, now=NOW).allowed
            assert spend("network", subject, limit=1, window=window, now=NOW).allowed
            assert not spend("ticket", subject, limit=1, window=window, now=NOW).allowed

    def test_no_budget_allows_nothing(self, store: AnyStore) -> None:
        """A limit of 0 closes."""
        with store.transaction() as tx:
            answer = tx.budgets.spend(
                "ticket", fresh_bytes(), limit=0, window=timedelta(minutes=1), now=NOW
            )
        assert (answer.allowed, answer.remaining, answer.retry_after) == (False, 0, 60)

    def test_a_lower_limit_holds_at_once(self, store: AnyStore) -> None:
        """What was spent under the old one counts."""
        subject, window = fresh_bytes(), timedelta(minutes=1)
        with store.transaction() as tx:
            for _ in range(3):
                tx.budgets.spend("ticket", subject, limit=5, window=window, now=NOW)
            answer = tx.budgets.spend("ticket", subject, limit=2, window=window, now=NOW)
        assert (answer.allowed, answer.remaining) == (False, 0)

    def test_a_refund_forgets_what_was_spent(self, store: AnyStore) -> None:
        """An owner who succeeds never runs dry."""
        subject, window = fresh_bytes(), timedelta(minutes=1)
        with store.transaction() as tx:
            tx.budgets.spend("ticket", subject, limit=1, window=window, now=NOW)
            tx.budgets.refund("ticket", subject)
            tx.budgets.refund("ticket", fresh_bytes())
            assert tx.budgets.spend("ticket", subject, limit=1, window=window, now=NOW).allowed

    def test_budgets_of_ended_windows_are_purged(self, store: AnyStore) -> None:
        """At most ``limit`` of them."""
        past, window = NOW - timedelta(days=900), timedelta(minutes=1)
        before = past + timedelta(minutes=2)
        with store.transaction() as tx:
            while tx.budgets.purge(before):
                pass
            for _ in range(3):
                tx.budgets.spend("ticket", fresh_bytes(), limit=1, window=window, now=past)
        with store.transaction() as tx:
            assert len(tx.budgets.purge(past + window, limit=2)) == 0
            assert len(tx.budgets.purge(before, limit=2)) == 2
            assert len(tx.budgets.purge(before, limit=2)) == 1
