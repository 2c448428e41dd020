"""What every store promises about broker sessions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hkeid.identity.assurance import Acr
from hkeid.identity.authentication import Proxying
from hkeid.testing.store_contract.everything import (
    NOW,
    SECOND,
    AnyStore,
    a_session,
    fresh_bytes,
    fresh_id,
)
from hkeid.testing.store_contract.refusals import reason_of


class SessionsContract:
    """``tx.sessions``."""

    def test_a_session_is_found_by_id_and_by_digest(self, store: AnyStore) -> None:
        """As it was added."""
        session = replace(a_session(fresh_id()), credential_id=None)
        with store.transaction() as tx:
            tx.sessions.add(session)
        with store.transaction() as tx:
            assert tx.sessions.get(session.id) == session
            assert tx.sessions.by_digest(session.digest) == session
            assert tx.sessions.get(fresh_id()) is None
            assert tx.sessions.by_digest(fresh_bytes()) is None

    def test_id_and_digest_are_unique(self, store: AnyStore) -> None:
        """No two browsers share a reference."""
        session = a_session(fresh_id())
        with store.transaction() as tx:
            tx.sessions.add(session)
        for twin in (replace(session, id=fresh_id()), replace(session, digest=fresh_bytes())):
            assert reason_of(store, lambda tx, twin=twin: tx.sessions.add(twin)) == "record_exists"  # type: ignore[misc]

    def test_a_login_renews_the_session_and_its_reference(self, store: AnyStore) -> None:
        """The old reference is worth nothing afterwards."""
        limits = Proxying(count=0, audiences=frozenset({"b", "a"}))
        session = replace(a_session(fresh_id()), proxying=limits)
        renewed = replace(
            session,
            digest=fresh_bytes(),
            credential_id=fresh_bytes(),
            acr=Acr.EID_PLUS,
            amr=("hwk", "user", "pop"),
            authenticated_at=NOW + SECOND,
            expires_at=NOW + timedelta(hours=2),
            ends_at=NOW + timedelta(hours=3),
            proxying=None,
        )
        with store.transaction() as tx:
            tx.sessions.add(session)
            assert tx.sessions.get(session.id) == session
            assert tx.sessions.renew(renewed)
        with store.transaction() as tx:
            assert tx.sessions.get(session.id) == renewed
            assert tx.sessions.by_digest(session.digest) is None
            assert tx.sessions.by_digest(renewed.digest) == renewed

    def test_only_a_live_session_of_the_same_resident_is_renewed(self, store: AnyStore) -> None:
        """An ended one is not, nor is anything handed to somebody else."""
        session = a_session(fresh_id())
        with store.transaction() as tx:
            tx.sessions.add(session)
            assert not tx.sessions.renew(replace(session, resident_id=fresh_id()))
            assert not tx.sessions.renew(a_session(fresh_id()))
            assert tx.sessions.end(session.id, NOW)
            assert not tx.sessions.renew(replace(session, digest=fresh_bytes()))
            assert tx.sessions.get(session.id) == replace(session, ended_at=NOW)

    def test_a_page_view_moves_the_idle_limit_of_this_reference_only(self, store: AnyStore) -> None:
        """It never undoes a login's new reference."""
        session = a_session(fresh_id())
        later = NOW + timedelta(hours=3)
        with store.transaction() as tx:
            tx.sessions.add(session)
            touch = tx.sessions.touch
            assert touch(session.id, digest=session.digest, expires_at=later)
            assert tx.sessions.get(session.id) == replace(session, expires_at=later)
            assert not touch(session.id, digest=fresh_bytes(), expires_at=NOW)
            assert not touch(fresh_id(), digest=session.digest, expires_at=NOW)
            tx.sessions.end(session.id, NOW)
            assert not touch(session.id, digest=session.digest, expires_at=NOW)

    def test_a_session_ends_once(self, store: AnyStore) -> None:
        """And remembers when."""
        session = a_session(fresh_id())
        with store.transaction() as tx:
            tx.sessions.add(session)
            assert tx.sessions.end(session.id, NOW + SECOND)
            assert not tx.sessions.end(session.id, NOW + 2 * SECOND)
            assert not tx.sessions.end(fresh_id(), NOW)
            assert tx.sessions.get(session.id) == replace(session, ended_at=NOW + SECOND)

    def test_a_residents_sessions_come_newest_first(self, store: AnyStore) -> None:
        """Ended ones are left out, expired ones not."""
        resident_id = fresh_id()
        old = replace(a_session(resident_id), expires_at=NOW)
        young = a_session(resident_id, created_at=NOW + SECOND)
        ended = a_session(resident_id)
        with store.transaction() as tx:
            for session in (old, ended, young, a_session(fresh_id())):
                tx.sessions.add(session)
            tx.sessions.end(ended.id, NOW)
            assert tx.sessions.of_resident(resident_id) == (young, old)

    def test_expired_sessions_are_purged(self, store: AnyStore) -> None:
        """At most ``limit`` at a time, and their references with them."""
        past = NOW - timedelta(days=900)
        with store.transaction() as tx:
            while tx.sessions.purge(past + SECOND):
                pass
            sessions = [replace(a_session(fresh_id()), expires_at=past) for _ in range(3)]
            for session in sessions:
                tx.sessions.add(session)
        with store.transaction() as tx:
            assert len(tx.sessions.purge(past)) == 0
            assert len(tx.sessions.purge(past + SECOND, limit=2)) == 2
            assert len(tx.sessions.purge(past + SECOND, limit=2)) == 1
            assert [tx.sessions.by_digest(session.digest) for session in sessions] == [None] * 3
