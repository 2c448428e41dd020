"""``tx.logout_notices``: taken up by one, gone when done."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hkeid.doors.logout.records import LogoutNotice
from hkeid.kernel.instants import Instant
from hkeid.testing.store_contract.everything import NOW, SECOND, AnyStore, fresh_id
from hkeid.testing.store_contract.refusals import reason_of

_PAST = NOW - timedelta(days=20_000)


def a_logout_notice(
    *, client_id: str | None = None, session_id: str | None = None, at: Instant = NOW
) -> LogoutNotice:
    """A fresh notice that is due."""
    return LogoutNotice(
        session_id=session_id or fresh_id(),
        client_id=client_id or fresh_id(),
        subject=fresh_id(),
        ended_at=at,
        next_at=at,
    )


class LogoutNoticesContract:
    """``tx.logout_notices``."""

    def test_a_logout_notice_is_due_when_its_time_has_come(self, store: AnyStore) -> None:
        """A client's own only, the oldest first, as many as asked for."""
        client_id = fresh_id()
        older = a_logout_notice(client_id=client_id, at=NOW - SECOND)
        younger = a_logout_notice(client_id=client_id)
        with store.transaction() as tx:
            for notice in (younger, older, a_logout_notice()):
                tx.logout_notices.add(notice)
            due = tx.logout_notices.due
            assert due(client_id, NOW, limit=9) == (older, younger)
            assert due(client_id, NOW - SECOND, limit=9) == (older,)
            assert due(client_id, NOW, limit=1) == (older,)
            assert due(client_id, NOW - 2 * SECOND, limit=9) == ()
            assert tx.logout_notices.of_session(older.session_id) == (older,)

    def test_clients_come_by_how_long_they_have_waited(self, store: AnyStore) -> None:
        """Each once, however much it is to be told."""
        first, second, later = (fresh_id() for _ in range(3))
        with store.transaction() as tx:
            for client_id, at in (
                (second, _PAST + SECOND),
                (second, _PAST),
                (first, _PAST - SECOND),
            ):
                tx.logout_notices.add(a_logout_notice(client_id=client_id, at=at))
            tx.logout_notices.add(a_logout_notice(client_id=later, at=NOW + timedelta(days=1)))
            found = tx.logout_notices.clients_due(NOW, limit=100_000)
            assert [one for one in found if one in (first, second, later)] == [first, second]
            assert len(tx.logout_notices.clients_due(NOW, limit=1)) == 1
            tx.logout_notices.purge(_PAST + 2 * SECOND, limit=100_000)

    def test_a_logout_notice_is_kept_once(self, store: AnyStore) -> None:
        """A second one of that session and client is refused; other clients have their own."""
        notice = a_logout_notice()
        other = replace(notice, client_id=fresh_id())
        with store.transaction() as tx:
            tx.logout_notices.add(notice)
            tx.logout_notices.add(other)
            both = sorted((notice, other), key=lambda one: one.client_id)
            assert tx.logout_notices.of_session(notice.session_id) == tuple(both)
        assert reason_of(store, lambda tx: tx.logout_notices.add(notice)) == "record_exists"

    def test_a_service_of_saml_waits_beside_clients(self, store: AnyStore) -> None:
        """Under its entity ID, of up to 1024 characters (saml-core §8.3.6), whatever clients are called."""
        entity_id = f"https://sp.example/{fresh_id()}/".ljust(1024, "x")
        service = a_logout_notice(client_id=f"saml {entity_id}")
        client = replace(service, client_id=entity_id)
        with store.transaction() as tx:
            tx.logout_notices.add(service)
            tx.logout_notices.add(client)
            assert tx.logout_notices.of_session(service.session_id) == (client, service)
            assert tx.logout_notices.due(service.client_id, NOW, limit=9) == (service,)
            assert tx.logout_notices.remove(service)
            assert tx.logout_notices.of_session(service.session_id) == (client,)

    def test_one_of_two_takes_a_logout_notice_up(self, store: AnyStore) -> None:
        """Who comes second holds an old version, and can neither change nor remove it."""
        notice = a_logout_notice()
        mine = replace(notice, attempts=1, next_at=NOW + 5 * SECOND)
        with store.transaction() as tx:
            tx.logout_notices.add(notice)
            assert tx.logout_notices.take(notice, mine)
            assert not tx.logout_notices.take(notice, mine)
            assert not tx.logout_notices.remove(notice)
            assert tx.logout_notices.of_session(notice.session_id) == (mine,)
            assert tx.logout_notices.remove(mine)
            assert not tx.logout_notices.remove(mine)
            assert tx.logout_notices.of_session(notice.session_id) == ()

    def test_what_a_client_is_to_be_told_can_wait(self, store: AnyStore) -> None:
        """All that is due, and nobody else's."""
        client_id = fresh_id()
        due = [a_logout_notice(client_id=client_id, at=NOW - n * SECOND) for n in range(2)]
        ahead = a_logout_notice(client_id=client_id, at=NOW + SECOND)
        other = a_logout_notice()
        with store.transaction() as tx:
            for notice in (*due, ahead, other):
                tx.logout_notices.add(notice)
            assert tx.logout_notices.postpone(client_id, NOW, NOW + 9 * SECOND) == 2
            assert tx.logout_notices.due(client_id, NOW + SECOND, limit=9) == (ahead,)
            waiting = tx.logout_notices.due(client_id, NOW + 9 * SECOND, limit=9)
            assert {one.attempts for one in waiting} == {0}
            assert len(waiting) == 3
            assert tx.logout_notices.of_session(other.session_id) == (other,)

    def test_old_logout_notices_are_purged(self, store: AnyStore) -> None:
        """At most ``limit`` at a time, by when the session ended."""
        long_ago = _PAST - timedelta(days=1)
        with store.transaction() as tx:
            while tx.logout_notices.purge(long_ago + SECOND):
                pass
            for _ in range(3):
                tx.logout_notices.add(replace(a_logout_notice(at=long_ago), next_at=NOW))
        with store.transaction() as tx:
            assert len(tx.logout_notices.purge(long_ago)) == 0
            assert len(tx.logout_notices.purge(long_ago + SECOND, limit=2)) == 2
            assert len(tx.logout_notices.purge(long_ago + SECOND, limit=2)) == 1
