"""``tx.notices``: taken up once, done once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hkeid.enrolment.notices.records import DueNotice, NoticeOutcome
from hkeid.kernel.instants import Instant
from hkeid.ports.notices import Channel
from hkeid.testing.store_contract.everything import NOW, SECOND, AnyStore, fresh_id
from hkeid.testing.store_contract.refusals import reason_of

_PAST = NOW - timedelta(days=20_000)


def a_notice(*, at: Instant = NOW, resident_id: str | None = None) -> DueNotice:
    """A fresh notice that is due."""
    return DueNotice(
        id=fresh_id(),
        resident_id=resident_id or fresh_id(),
        about="device_added",
        due_at=at,
        next_at=at,
    )


class NoticesContract:
    """``tx.notices``."""

    def test_a_notice_is_due_when_its_time_has_come(self, store: AnyStore) -> None:
        """The oldest first, as many as asked for."""
        older, younger = a_notice(at=_PAST), a_notice(at=_PAST + SECOND)
        with store.transaction() as tx:
            tx.notices.add(younger)
            tx.notices.add(older)
        with store.transaction() as tx:
            found = tx.notices.due(_PAST + SECOND, limit=10_000)
            assert [one for one in found if one in (older, younger)] == [older, younger]
            assert younger not in tx.notices.due(_PAST, limit=10_000)
            assert len(tx.notices.due(_PAST + SECOND, limit=1)) == 1
        with store.transaction() as tx:
            tx.notices.change(older, replace(older, done_at=NOW, outcome=NoticeOutcome.NOBODY))
            tx.notices.change(younger, replace(younger, done_at=NOW, outcome=NoticeOutcome.TOLD))
            assert older not in tx.notices.due(NOW, limit=10_000)

    def test_a_notice_is_kept_once(self, store: AnyStore) -> None:
        """A second one of that id is refused."""
        notice = a_notice()
        with store.transaction() as tx:
            tx.notices.add(notice)
        assert reason_of(store, lambda tx: tx.notices.add(notice)) == "record_exists"

    def test_one_of_two_takes_it_up(self, store: AnyStore) -> None:
        """Who comes second holds an old version."""
        notice = a_notice()
        mine = replace(notice, attempts=1, next_at=NOW + 5 * SECOND)
        with store.transaction() as tx:
            tx.notices.add(notice)
            assert tx.notices.change(notice, mine)
            assert not tx.notices.change(notice, mine)
            told = replace(mine, told=(Channel.EMAIL, Channel.SMS))
            assert tx.notices.change(mine, told)
            assert tx.notices.of_resident(notice.resident_id) == (told,)

    def test_what_is_done_stays_done(self, store: AnyStore) -> None:
        """And says how it ended."""
        notice = a_notice()
        done = replace(notice, done_at=NOW + SECOND, outcome=NoticeOutcome.GAVE_UP)
        with store.transaction() as tx:
            tx.notices.add(notice)
            assert tx.notices.change(notice, done)
            assert not tx.notices.change(notice, replace(notice, attempts=9))
            assert tx.notices.of_resident(notice.resident_id) == (done,)

    def test_a_residents_notices_come_newest_first(self, store: AnyStore) -> None:
        """Up to the limit, and nobody else's."""
        resident_id = fresh_id()
        made = [a_notice(at=NOW + n * SECOND, resident_id=resident_id) for n in range(3)]
        with store.transaction() as tx:
            for notice in (*made, a_notice()):
                tx.notices.add(notice)
            assert tx.notices.of_resident(resident_id, limit=2) == (made[2], made[1])

    def test_old_notices_are_purged(self, store: AnyStore) -> None:
        """At most ``limit`` at a time."""
        long_ago = _PAST - timedelta(days=1)
        with store.transaction() as tx:
            while tx.notices.purge(long_ago + SECOND):
                pass
            for _ in range(3):
                tx.notices.add(a_notice(at=long_ago))
        with store.transaction() as tx:
            assert len(tx.notices.purge(long_ago)) == 0
            assert len(tx.notices.purge(long_ago + SECOND, limit=2)) == 2
            assert len(tx.notices.purge(long_ago + SECOND, limit=2)) == 1


class NoticeChoicesContract:
    """``tx.notice_choices``."""

    def test_a_choice_is_kept_changed_and_forgotten(self, store: AnyStore) -> None:
        """By resident, topic and channel; those of others stay."""
        chooser, other = fresh_id(), fresh_id()
        with store.transaction() as tx:
            assert tx.notice_choices.of_resident(chooser) == {}
            tx.notice_choices.put(chooser, "profile", "email", wanted=False)
            tx.notice_choices.put(chooser, "profile", "sms", wanted=True)
            tx.notice_choices.put(other, "profile", "email", wanted=True)
            tx.notice_choices.put(chooser, "profile", "email", wanted=True)
            tx.notice_choices.put(chooser, "profile", "sms", wanted=False)
        with store.transaction() as tx:
            assert tx.notice_choices.of_resident(chooser) == {
                ("profile", "email"): True,
                ("profile", "sms"): False,
            }
            assert tx.notice_choices.delete(chooser) == 2
            assert tx.notice_choices.delete(chooser) == 0
        with store.transaction() as tx:
            assert tx.notice_choices.of_resident(chooser) == {}
            assert tx.notice_choices.of_resident(other) == {("profile", "email"): True}
