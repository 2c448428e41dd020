"""What every store promises about services that were told of a session by SAML."""

from __future__ import annotations

from dataclasses import replace

from hkeid.saml.idp.records import Participation
from hkeid.testing.store_contract.everything import LATER, NOW, SECOND, AnyStore, fresh_id


def a_participation(
    *, session_id: str | None = None, entity_id: str | None = None, name_id: str | None = None
) -> Participation:
    """A fresh one that expires at :data:`LATER`."""
    return Participation(
        session_id=session_id or fresh_id(),
        entity_id=entity_id or f"https://sp.example/{fresh_id()}",
        session_index=fresh_id(),
        name_id=name_id or fresh_id(),
        name_id_format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
        created_at=NOW,
        expires_at=LATER,
    )


class ParticipationsContract:
    """``tx.participations``."""

    def test_services_of_a_session_are_found(self, store: AnyStore) -> None:
        """In order of their names; those of other sessions are not."""
        session_id = fresh_id()
        kept = [a_participation(session_id=session_id) for _ in range(3)]
        with store.transaction() as tx:
            for one in (*kept, a_participation()):
                tx.participations.put(one)
        with store.transaction() as tx:
            found = tx.participations.of_session(session_id)
            assert found == tuple(sorted(kept, key=lambda one: one.entity_id))
            assert tx.participations.of_session(fresh_id()) == ()

    def test_a_later_login_replaces_the_earlier_one(self, store: AnyStore) -> None:
        """Of the same session, service and name; another name stays beside it."""
        one = a_participation()
        later = replace(one, created_at=NOW + SECOND, expires_at=LATER + SECOND)
        other = replace(one, name_id=fresh_id())
        with store.transaction() as tx:
            for each in (one, other, later):
                tx.participations.put(each)
        with store.transaction() as tx:
            assert set(tx.participations.of_session(one.session_id)) == {later, other}

    def test_sessions_of_a_name_are_found_newest_first(self, store: AnyStore) -> None:
        """At the service that was given the name."""
        one = a_participation()
        newer = replace(one, session_id=fresh_id(), created_at=NOW + SECOND)
        elsewhere = replace(one, entity_id="https://other.example")
        with store.transaction() as tx:
            for each in (one, newer, elsewhere):
                tx.participations.put(each)
        with store.transaction() as tx:
            assert tx.participations.of_name(one.entity_id, one.name_id) == (newer, one)
            assert tx.participations.of_name(one.entity_id, "nobody") == ()
            assert tx.participations.of_name(one.entity_id, "no\x00body") == ()

    def test_a_service_of_a_session_is_forgotten(self, store: AnyStore) -> None:
        """With all its names there; others stay, and it is forgotten once."""
        one = a_participation()
        again = replace(one, name_id=fresh_id())
        other = a_participation(session_id=one.session_id)
        with store.transaction() as tx:
            for each in (one, again, other):
                tx.participations.put(each)
        with store.transaction() as tx:
            assert tx.participations.remove(one.session_id, one.entity_id) == 2
            assert tx.participations.remove(one.session_id, one.entity_id) == 0
        with store.transaction() as tx:
            assert tx.participations.of_session(one.session_id) == (other,)
            assert tx.participations.of_name(one.entity_id, one.name_id) == ()

    def test_expired_participations_are_purged(self, store: AnyStore) -> None:
        """Strictly before, and no more than the limit."""
        kept = [a_participation() for _ in range(3)]
        with store.transaction() as tx:
            for one in kept:
                tx.participations.put(one)
        with store.transaction() as tx:
            tx.participations.purge(LATER)
            assert all(tx.participations.of_session(one.session_id) for one in kept)
        with store.transaction() as tx:
            assert len(tx.participations.purge(LATER + SECOND, limit=2)) == 2
        with store.transaction() as tx:
            tx.participations.purge(LATER + SECOND)
            assert not any(tx.participations.of_session(one.session_id) for one in kept)
