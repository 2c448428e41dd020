"""What every store promises about signing keys and made signatures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hkeid.ports.certificates import RevocationReason
from hkeid.ports.signing_keys import SigningKeyKind
from hkeid.signing.activation.records import MadeSignature, SigningKey, SigningKeyState
from hkeid.testing.store_contract.everything import (
    LATER,
    NOW,
    SECOND,
    AnyStore,
    fresh_bytes,
    fresh_id,
)

_OWN = ("id", "handle", "public_key", "certificates")


def a_signing_key(*, resident_id: str | None = None) -> SigningKey:
    """A fresh key with something in every member."""
    return SigningKey(
        id=fresh_id(),
        resident_id=resident_id or fresh_id(),
        kind=SigningKeyKind.P256,
        handle=fresh_bytes(120),
        public_key=fresh_bytes(91),
        certificates=(fresh_bytes(300), fresh_bytes(200)),
        created_at=NOW,
    )


def a_made_signature(*, resident_id: str | None = None) -> MadeSignature:
    """A fresh record of a use."""
    return MadeSignature(
        id=fresh_id(),
        resident_id=resident_id or fresh_id(),
        client_id="client",
        key_id=fresh_id(),
        documents=2,
        evidence=b'{"format":"x"}',
        made_at=NOW,
    )


class SigningKeysContract:
    """``tx.signing_keys``."""

    def test_a_signing_key_is_found_by_id_and_by_resident(self, store: AnyStore) -> None:
        """As it was added; its id is taken then."""
        key = a_signing_key()
        later = replace(
            a_signing_key(resident_id=key.resident_id),
            created_at=LATER,
            kind=SigningKeyKind.RSA3072,
        )
        with store.transaction() as tx:
            assert tx.signing_keys.add(later)
            assert tx.signing_keys.add(key)
            assert not tx.signing_keys.add(replace(key, resident_id="somebody else"))
        with store.transaction() as tx:
            assert tx.signing_keys.get(key.id) == key
            assert tx.signing_keys.get(fresh_id()) is None
            assert tx.signing_keys.of_resident(key.resident_id) == (key, later)

    def test_a_signing_key_changes_once_for_each_version(self, store: AnyStore) -> None:
        """Compare-and-set; whose key it is never changes."""
        key = a_signing_key()
        changed = replace(
            key,
            resident_id="somebody else",
            public_key=b"another",
            certificates=(),
            state=SigningKeyState.REVOKED,
            revoked_at=LATER,
        )
        with store.transaction() as tx:
            tx.signing_keys.add(key)
            assert tx.signing_keys.change(key, changed)
            assert not tx.signing_keys.change(key, changed)
        expected = replace(
            changed, resident_id=key.resident_id, public_key=key.public_key, version=2
        )
        with store.transaction() as tx:
            assert tx.signing_keys.get(key.id) == expected

    def test_retiring_takes_every_active_key_of_a_resident_and_no_other(
        self, store: AnyStore
    ) -> None:
        """Whatever their versions; a second time there is none left."""
        resident_id = fresh_id()
        first, second = (a_signing_key(resident_id=resident_id) for _ in range(2))
        gone = replace(a_signing_key(resident_id=resident_id), state=SigningKeyState.REVOKED)
        other = a_signing_key()
        with store.transaction() as tx:
            for key in (first, second, gone, other):
                tx.signing_keys.add(key)
            tx.signing_keys.change(first, first)
            taken = tx.signing_keys.retire(resident_id, RevocationReason.SUPERSEDED, LATER)
            assert set(taken) == {first.id, second.id}
            assert tx.signing_keys.retire(resident_id, RevocationReason.UNSPECIFIED, LATER) == ()
        expected = replace(
            second,
            state=SigningKeyState.RETIRED,
            reason=RevocationReason.SUPERSEDED,
            revoked_at=LATER,
            version=2,
        )
        with store.transaction() as tx:
            assert tx.signing_keys.get(second.id) == expected
            assert tx.signing_keys.get(first.id) == replace(
                expected, **{name: getattr(first, name) for name in _OWN}, version=3
            )
            assert tx.signing_keys.get(gone.id) == gone
            assert tx.signing_keys.get(other.id) == other

    def test_retired_keys_are_listed_until_they_are_revoked(self, store: AnyStore) -> None:
        """In order of id, page by page."""
        keys = sorted((a_signing_key() for _ in range(3)), key=lambda one: one.id)
        with store.transaction() as tx:
            for key in keys:
                tx.signing_keys.add(key)
                tx.signing_keys.retire(key.resident_id, RevocationReason.KEY_COMPROMISE, LATER)

        def listed(**more: Any) -> list[str]:
            with store.transaction() as tx:
                found = tx.signing_keys.retired(**{"limit": 1000, **more})
            assert all(one.state is SigningKeyState.RETIRED for one in found)
            return [one.id for one in found]

        wanted = [one.id for one in keys]
        assert [one for one in listed() if one in wanted] == wanted
        assert listed() == sorted(listed())
        assert [one for one in listed(after=wanted[0]) if one in wanted] == wanted[1:]
        assert len(listed(limit=1)) == 1
        with store.transaction() as tx:
            kept = tx.signing_keys.get(wanted[0])
            assert kept is not None
            tx.signing_keys.change(kept, replace(kept, state=SigningKeyState.REVOKED))
        assert wanted[0] not in listed()


class MadeSignaturesContract:
    """``tx.made_signatures``."""

    def test_made_signatures_stay_as_they_were_added(self, store: AnyStore) -> None:
        """Newest first, up to the limit."""
        first = a_made_signature()
        second = replace(a_made_signature(resident_id=first.resident_id), made_at=NOW + SECOND)
        with store.transaction() as tx:
            assert tx.made_signatures.add(first)
            assert tx.made_signatures.add(second)
            assert not tx.made_signatures.add(replace(first, evidence=b"other"))
        with store.transaction() as tx:
            assert tx.made_signatures.get(first.id) == first
            assert tx.made_signatures.get(fresh_id()) is None
            assert tx.made_signatures.of_resident(first.resident_id) == (second, first)
            assert tx.made_signatures.of_resident(first.resident_id, limit=1) == (second,)
