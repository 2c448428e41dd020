"""What every store promises about links to upstreams and the sessions that they opened."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hkeid.broker.upstream_records import UpstreamSession
from hkeid.residents.links import Link, LinkOrigin
from hkeid.testing.store_contract.everything import (
    LATER,
    NOW,
    SECOND,
    AnyStore,
    fresh_bytes,
    fresh_id,
)


def a_link(resident_id: str) -> Link:
    """A link that no other test has."""
    return Link(
        provider="company",
        subject=fresh_bytes(),
        resident_id=resident_id,
        origin=LinkOrigin.CREATED,
        linked_at=NOW,
        used_at=NOW,
    )


def an_upstream_session() -> UpstreamSession:
    """One that no other test has."""
    return UpstreamSession(
        session_id=fresh_id(),
        provider="company",
        subject=fresh_bytes(),
        upstream_session=fresh_bytes(),
        kept=fresh_bytes(),
        expires_at=LATER,
    )


class LinksContract:
    """``tx.links``."""

    def test_a_subject_is_linked_once(self, store: AnyStore) -> None:
        """To whomever; the same subject of another upstream is somebody else."""
        link = a_link(fresh_id())
        with store.transaction() as tx:
            assert tx.links.add(link)
            assert not tx.links.add(replace(link, resident_id=fresh_id()))
            assert tx.links.add(replace(link, provider="other"))
        with store.transaction() as tx:
            assert tx.links.find("company", link.subject) == link
            assert tx.links.find("company", fresh_bytes()) is None
            assert tx.links.find("", b"") is None

    def test_a_residents_links_come_oldest_first(self, store: AnyStore) -> None:
        """And nobody else's."""
        resident_id = fresh_id()
        new = replace(a_link(resident_id), linked_at=NOW + SECOND)
        old = a_link(resident_id)
        with store.transaction() as tx:
            for one in (new, a_link(fresh_id()), old):
                assert tx.links.add(one)
            assert tx.links.of_resident(resident_id) == (old, new)
            assert tx.links.of_resident(fresh_id()) == ()

    def test_a_link_moves_only_from_whom_it_belongs_to(self, store: AnyStore) -> None:
        """So that of two who move it one wins."""
        link = a_link(fresh_id())
        new = replace(
            link, resident_id=fresh_id(), origin=LinkOrigin.RESIDENT, linked_at=NOW + SECOND
        )
        with store.transaction() as tx:
            assert tx.links.add(link)
            assert not tx.links.move(replace(link, resident_id=fresh_id()), new)
            assert tx.links.move(link, new)
            assert not tx.links.move(link, new)
            assert tx.links.find("company", link.subject) == new

    def test_use_is_noted(self, store: AnyStore) -> None:
        """Of a link that is there."""
        link = a_link(fresh_id())
        with store.transaction() as tx:
            assert not tx.links.note_use("company", link.subject, LATER)
            assert tx.links.add(link)
            assert tx.links.note_use("company", link.subject, LATER)
            assert tx.links.find("company", link.subject) == replace(link, used_at=LATER)

    def test_links_are_forgotten_one_by_one_and_all_at_once(self, store: AnyStore) -> None:
        """Those of this resident."""
        mine, also_mine, other = a_link("x"), a_link("x"), a_link(fresh_id())
        resident_id = fresh_id()
        mine, also_mine = (
            replace(mine, resident_id=resident_id),
            replace(also_mine, resident_id=resident_id),
        )
        with store.transaction() as tx:
            for one in (mine, also_mine, other):
                assert tx.links.add(one)
            assert not tx.links.remove(resident_id, "company", other.subject)
            assert tx.links.remove(resident_id, "company", mine.subject)
            assert not tx.links.remove(resident_id, "company", mine.subject)
            assert tx.links.delete(resident_id) == 1
            assert tx.links.of_resident(resident_id) == ()
            assert tx.links.find("company", other.subject) == other


class UpstreamSessionsContract:
    """``tx.upstream_sessions``."""

    def test_one_is_kept_for_a_session_and_replaced(self, store: AnyStore) -> None:
        """By the latest login."""
        session = an_upstream_session()
        later = replace(
            session,
            subject=fresh_bytes(),
            upstream_session=None,
            kept=b"",
            expires_at=NOW,
            holder=fresh_bytes(),
        )
        with store.transaction() as tx:
            tx.upstream_sessions.put(session)
            assert tx.upstream_sessions.of_session(session.session_id) == session
            tx.upstream_sessions.put(later)
        with store.transaction() as tx:
            assert tx.upstream_sessions.of_session(session.session_id) == later
            assert tx.upstream_sessions.of_session(fresh_id()) is None

    def test_they_are_found_by_holder_by_name_and_by_both(self, store: AnyStore) -> None:
        """As an upstream's logout names them."""
        one = an_upstream_session()
        two = replace(an_upstream_session(), subject=one.subject)
        foreign = replace(one, session_id=fresh_id(), provider="other")
        name = one.upstream_session
        assert name is not None
        with store.transaction() as tx:
            for session in (one, two, foreign):
                tx.upstream_sessions.put(session)
            find = tx.upstream_sessions.find
            both = tuple(sorted((one, two), key=lambda found: found.session_id))
            assert find("company", holder=one.subject) == both
            assert find("company", holder=one.subject, sessions=(name,)) == (one,)
            assert find("company", holder=None, sessions=(name, name)) == (one,)
            assert find("company", holder=None) == ()
            assert find("company", holder=fresh_bytes(), sessions=(name,)) == ()

    def test_who_holds_them_may_have_another_name(self, store: AnyStore) -> None:
        """Whom the upstream names to end a session, and who opened it, are asked for apart."""
        one = replace(an_upstream_session(), holder=fresh_bytes())
        two = replace(an_upstream_session(), subject=one.subject)
        with store.transaction() as tx:
            for session in (one, two):
                tx.upstream_sessions.put(session)
            kept = tx.upstream_sessions
            assert kept.find("company", holder=one.holder) == (one,)
            assert kept.find("company", holder=one.subject) == (two,)
            both = tuple(sorted((one, two), key=lambda found: found.session_id))
            assert kept.of_subject("company", one.subject) == both
            assert kept.of_subject("other", one.subject) == ()
            assert one.holder is not None
            assert kept.of_subject("company", one.holder) == ()

    def test_they_are_purged_after_their_time(self, store: AnyStore) -> None:
        """And not before."""
        session = replace(an_upstream_session(), expires_at=NOW - timedelta(days=400))
        fresh = an_upstream_session()
        with store.transaction() as tx:
            tx.upstream_sessions.put(session)
            tx.upstream_sessions.put(fresh)
            assert len(tx.upstream_sessions.purge(NOW - timedelta(days=399))) >= 1
            assert tx.upstream_sessions.of_session(session.session_id) is None
            assert tx.upstream_sessions.of_session(fresh.session_id) == fresh
