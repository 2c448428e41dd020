"""What every store promises about clients, grants and access tokens."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hkeid.op.records import ClientAuthMethod
from hkeid.testing.store_contract.everything import (
    NOW,
    SECOND,
    AnyStore,
    a_client,
    a_grant,
    an_access_token,
    fresh_bytes,
    fresh_id,
)
from hkeid.testing.store_contract.refusals import reason_of


class ClientsContract:
    """``tx.clients``."""

    def test_what_is_registered_is_what_is_read(self, store: AnyStore) -> None:
        """Every member, mappings and text in three scripts included."""
        client = a_client()
        with store.transaction() as tx:
            tx.clients.put(client)
        with store.transaction() as tx:
            assert tx.clients.get(client.id) == client

    def test_the_plainest_client_comes_back_as_well(self, store: AnyStore) -> None:
        """With nothing but what must be said."""
        client = replace(
            a_client(),
            auth_method=ClientAuthMethod.NONE,
            jwks=None,
            secret_digest=None,
            claims={},
            voluntary_claims=(),
            forms=(),
            direct_marketing=None,
            default_max_age=None,
            default_acr=None,
            client_uri=None,
            enabled=False,
        )
        with store.transaction() as tx:
            tx.clients.put(client)
        with store.transaction() as tx:
            assert tx.clients.get(client.id) == client

    def test_a_registration_is_replaced_and_removed(self, store: AnyStore) -> None:
        """The newest holds, whatever was read before."""
        client = a_client()
        changed = replace(client, redirect_uris=("https://rp.example/new",), enabled=False)
        with store.transaction() as tx:
            tx.clients.put(client)
            assert tx.clients.get(client.id) == client
            tx.clients.put(changed)
            assert tx.clients.get(client.id) == changed
        with store.transaction() as tx:
            assert tx.clients.delete(client.id)
            assert not tx.clients.delete(client.id)
            assert tx.clients.get(client.id) is None

    def test_all_clients_come_in_order_of_id(self, store: AnyStore) -> None:
        """By code point."""
        mine = [replace(a_client(), id=mark + fresh_id()) for mark in ("b", "A", "_", "0")]
        with store.transaction() as tx:
            for client in mine:
                tx.clients.put(client)
            ids = {client.id for client in mine}
            found = [client for client in tx.clients if client.id in ids]
        assert found == sorted(mine, key=lambda client: client.id)

    def test_a_client_id_that_cannot_be_is_not_there(self, store: AnyStore) -> None:
        """Text from outside that a database cannot even hold is an unknown client, no crash."""
        with store.transaction() as tx:
            for text in ("", "\x00", "a\x00b", "\ud800", "x" * 100_000, "' OR 1=1 --", "客"):
                assert tx.clients.get(text) is None
            # And the transaction goes on.
            client = a_client()
            tx.clients.put(client)
            assert tx.clients.get(client.id) == client


class GrantsContract:
    """``tx.grants``."""

    def test_what_is_added_is_what_is_read(self, store: AnyStore) -> None:
        """Every member."""
        grant = a_grant()
        with store.transaction() as tx:
            tx.grants.add(grant)
        with store.transaction() as tx:
            assert tx.grants.get(grant.id) == grant
            assert tx.grants.get(fresh_id()) is None
            assert tx.grants.get("\x00") is None

    def test_a_grant_is_added_once(self, store: AnyStore) -> None:
        """A second one of that id is refused and takes its transaction with it."""
        grant = a_grant()
        with store.transaction() as tx:
            tx.grants.add(grant)
        assert reason_of(store, lambda tx: tx.grants.add(grant)) == "record_exists"

    def test_a_grant_is_revoked_once(self, store: AnyStore) -> None:
        """And remembers when."""
        grant = a_grant()
        with store.transaction() as tx:
            tx.grants.add(grant)
            assert tx.grants.revoke(grant.id, NOW + SECOND)
            assert not tx.grants.revoke(grant.id, NOW + 2 * SECOND)
            assert not tx.grants.revoke(fresh_id(), NOW)
            assert tx.grants.get(grant.id) == replace(grant, revoked_at=NOW + SECOND)

    def test_grants_of_a_resident_and_of_a_session_come_newest_first(self, store: AnyStore) -> None:
        """Revoked ones are left out, but where every one is asked for."""
        resident_id, session_id = fresh_id(), fresh_id()
        old, young, revoked = (
            a_grant(
                resident_id=resident_id, session_id=session_id, created_at=NOW + number * SECOND
            )
            for number in range(3)
        )
        with store.transaction() as tx:
            for grant in (young, old, revoked, a_grant()):
                tx.grants.add(grant)
            tx.grants.revoke(revoked.id, NOW)
            assert tx.grants.of_resident(resident_id) == (young, old)
            assert tx.grants.of_session(session_id) == (young, old)
            assert tx.grants.of_session(fresh_id()) == ()
            every = (replace(revoked, revoked_at=NOW), young, old)
            assert tx.grants.every_of_session(session_id) == every
            assert tx.grants.every_of_session(fresh_id()) == ()

    def test_a_purged_grant_takes_its_access_tokens_along(self, store: AnyStore) -> None:
        """At most ``limit`` grants at a time."""
        past = NOW - timedelta(days=900)
        grants = [replace(a_grant(), expires_at=past) for _ in range(3)]
        tokens = [an_access_token(grant) for grant in grants]
        with store.transaction() as tx:
            while tx.grants.purge(past + SECOND):
                pass
            for grant, token in zip(grants, tokens, strict=True):
                tx.grants.add(grant)
                tx.access_tokens.add(token)
        with store.transaction() as tx:
            assert len(tx.grants.purge(past)) == 0
            assert len(tx.grants.purge(past + SECOND, limit=2)) == 2
            assert len(tx.grants.purge(past + SECOND, limit=2)) == 1
            assert [tx.grants.get(grant.id) for grant in grants] == [None] * 3
            assert not any(tx.access_tokens.delete(token.digest) for token in tokens)


class AccessTokensContract:
    """``tx.access_tokens``."""

    def test_a_token_lives_as_long_as_its_grant(self, store: AnyStore) -> None:
        """Expiry is the caller's to check, revocation of the grant is not."""
        grant = a_grant()
        token = an_access_token(grant)
        with store.transaction() as tx:
            tx.grants.add(grant)
            tx.access_tokens.add(token)
        with store.transaction() as tx:
            assert tx.access_tokens.get(token.digest) == token
            assert tx.access_tokens.get(fresh_bytes()) is None
            tx.grants.revoke(grant.id, NOW)
            assert tx.access_tokens.get(token.digest) is None

    def test_a_token_needs_its_grant(self, store: AnyStore) -> None:
        """One without is refused."""
        orphan = an_access_token(a_grant())
        reason = reason_of(store, lambda tx: tx.access_tokens.add(orphan))
        assert reason == "record_without_owner"

    def test_one_token_is_revoked(self, store: AnyStore) -> None:
        """RFC 7009: the others of its grant stay."""
        grant = a_grant()
        token, other = an_access_token(grant), an_access_token(grant)
        with store.transaction() as tx:
            tx.grants.add(grant)
            tx.access_tokens.add(token)
            tx.access_tokens.add(other)
            assert tx.access_tokens.delete(token.digest)
            assert not tx.access_tokens.delete(token.digest)
            assert tx.access_tokens.get(token.digest) is None
            assert tx.access_tokens.get(other.digest) == other

    def test_expired_tokens_are_purged(self, store: AnyStore) -> None:
        """At most ``limit`` at a time; their grant stays."""
        past, grant = NOW - timedelta(days=900), a_grant()
        with store.transaction() as tx:
            while tx.access_tokens.purge(past + SECOND):
                pass
            tx.grants.add(grant)
            for _ in range(3):
                tx.access_tokens.add(replace(an_access_token(grant), expires_at=past))
        with store.transaction() as tx:
            assert len(tx.access_tokens.purge(past)) == 0
            assert len(tx.access_tokens.purge(past + SECOND, limit=2)) == 2
            assert len(tx.access_tokens.purge(past + SECOND, limit=2)) == 1
            assert tx.grants.get(grant.id) == grant
