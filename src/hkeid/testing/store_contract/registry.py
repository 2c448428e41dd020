"""What every store promises about residents, credentials, sealed fields and the blind index."""

from __future__ import annotations

from dataclasses import replace

from hkeid.identity.assurance import Acr
from hkeid.identity.state import EidState
from hkeid.residents.records import CredentialStatus
from hkeid.testing.store_contract.everything import (
    NOW,
    SECOND,
    AnyStore,
    a_credential,
    a_resident,
    fresh_bytes,
    fresh_id,
)


class ResidentsContract:
    """``tx.residents``."""

    def test_a_resident_is_found_by_id_and_by_handle(self, store: AnyStore) -> None:
        """As it was added."""
        resident = a_resident()
        with store.transaction() as tx:
            assert tx.residents.add(resident)
        with store.transaction() as tx:
            assert tx.residents.get(resident.id) == resident
            assert tx.residents.by_user_handle(resident.user_handle) == resident
            assert tx.residents.get(fresh_id()) is None
            assert tx.residents.by_user_handle(fresh_bytes(64)) is None

    def test_id_and_user_handle_are_unique(self, store: AnyStore) -> None:
        """False, and the first one stays."""
        resident = a_resident()
        with store.transaction() as tx:
            assert tx.residents.add(resident)
            assert not tx.residents.add(replace(resident, user_handle=fresh_bytes(64)))
            assert not tx.residents.add(replace(resident, id=fresh_id()))
            assert tx.residents.get(resident.id) == resident

    def test_a_change_counts_versions(self, store: AnyStore) -> None:
        """Compare-and-set: the stored version becomes ``old.version + 1``."""
        old = a_resident()
        new = replace(
            old,
            state=EidState.ACTIVE,
            proofed=Acr.EID_PLUS,
            updated_at=NOW + SECOND,
            version=99,
            cooling_until=NOW + 2 * SECOND,
        )
        with store.transaction() as tx:
            tx.residents.add(old)
            assert tx.residents.change(old, new)
            assert tx.residents.get(old.id) == replace(new, version=2)

    def test_whoever_read_an_older_version_changes_nothing(self, store: AnyStore) -> None:
        """A lost update is refused."""
        old = a_resident()
        active = replace(old, state=EidState.ACTIVE)
        with store.transaction() as tx:
            tx.residents.add(old)
            assert tx.residents.change(old, active)
            assert not tx.residents.change(old, replace(old, state=EidState.REVOKED))
            assert tx.residents.get(old.id) == replace(active, version=2)
            assert not tx.residents.change(a_resident(), active)

    def test_all_residents_come_in_order_of_id(self, store: AnyStore) -> None:
        """By code point, whatever the locale of the database."""
        mine = {mark + fresh_id() for mark in ("a", "B", "_", "-", "0", "Z", "z")}
        with store.transaction() as tx:
            for resident_id in mine:
                tx.residents.add(replace(a_resident(), id=resident_id))
        with store.transaction() as tx:
            found = [resident.id for resident in tx.residents if resident.id in mine]
        assert found == sorted(mine)


class CredentialsContract:
    """``tx.credentials``."""

    def test_what_is_added_is_what_is_read(self, store: AnyStore) -> None:
        """Every member."""
        credential = a_credential(fresh_id())
        with store.transaction() as tx:
            assert tx.credentials.add(credential)
        with store.transaction() as tx:
            assert tx.credentials.get(credential.id) == credential
            assert tx.credentials.get(fresh_bytes()) is None

    def test_an_id_is_registered_once_for_all(self, store: AnyStore) -> None:
        """WebAuthn L3 §7.1: a credential id that anybody has is refused."""
        credential = a_credential(fresh_id())
        with store.transaction() as tx:
            assert tx.credentials.add(credential)
            assert not tx.credentials.add(replace(credential, resident_id=fresh_id()))
            assert tx.credentials.get(credential.id) == credential

    def test_a_residents_credentials_come_oldest_first(self, store: AnyStore) -> None:
        """Revoked ones too, other residents' not."""
        resident_id = fresh_id()
        young = a_credential(resident_id, created_at=NOW + SECOND)
        old = a_credential(resident_id)
        with store.transaction() as tx:
            for credential in (young, old, a_credential(fresh_id())):
                tx.credentials.add(credential)
            tx.credentials.set_status(old.id, CredentialStatus.REVOKED, NOW)
            found = tx.credentials.of_resident(resident_id)
        assert [credential.id for credential in found] == [old.id, young.id]

    def test_a_use_is_recorded_if_the_counter_is_what_it_was(self, store: AnyStore) -> None:
        """WebAuthn L3 §7.2: nobody else used it in between."""
        credential = replace(a_credential(fresh_id()), sign_count=7)
        with store.transaction() as tx:
            tx.credentials.add(credential)
            record = tx.credentials.record_use
            wrong = record(credential.id, old_count=6, new_count=8, backed_up=True, now=NOW)
            right = record(credential.id, old_count=7, new_count=8, backed_up=True, now=NOW)
            again = record(credential.id, old_count=7, new_count=9, backed_up=True, now=NOW)
            assert (wrong, right, again) == (False, True, False)
            used = replace(credential, sign_count=8, backed_up=True, last_used_at=NOW)
            assert tx.credentials.get(credential.id) == used
            assert not record(fresh_bytes(), old_count=0, new_count=1, backed_up=False, now=NOW)

    def test_only_an_active_credential_is_used(self, store: AnyStore) -> None:
        """Suspended and revoked ones are not."""
        for status in (CredentialStatus.SUSPENDED, CredentialStatus.REVOKED):
            credential = replace(a_credential(fresh_id()), sign_count=0)
            with store.transaction() as tx:
                tx.credentials.add(credential)
                assert tx.credentials.set_status(credential.id, status, NOW)
                assert not tx.credentials.record_use(
                    credential.id, old_count=0, new_count=1, backed_up=False, now=NOW
                )

    def test_a_suspended_credential_can_come_back_a_revoked_one_cannot(
        self, store: AnyStore
    ) -> None:
        """Revocation is for good and remembers when."""
        credential = a_credential(fresh_id())
        with store.transaction() as tx:
            tx.credentials.add(credential)
            change = tx.credentials.set_status
            assert change(credential.id, CredentialStatus.SUSPENDED, NOW)
            assert change(credential.id, CredentialStatus.ACTIVE, NOW)
            assert tx.credentials.get(credential.id) == credential
            assert change(credential.id, CredentialStatus.REVOKED, NOW)
            assert not change(credential.id, CredentialStatus.ACTIVE, NOW + SECOND)
            assert not change(credential.id, CredentialStatus.REVOKED, NOW + SECOND)
            revoked = replace(credential, status=CredentialStatus.REVOKED, revoked_at=NOW)
            assert tx.credentials.get(credential.id) == revoked
            assert not change(fresh_bytes(), CredentialStatus.REVOKED, NOW)

    def test_a_label_is_replaced(self, store: AnyStore) -> None:
        """And nothing else."""
        credential = a_credential(fresh_id())
        with store.transaction() as tx:
            tx.credentials.add(credential)
            assert tx.credentials.set_label(credential.id, b"sealed")
            assert tx.credentials.get(credential.id) == replace(credential, label=b"sealed")
            assert not tx.credentials.set_label(fresh_bytes(), b"sealed")


class SealedFieldsContract:
    """``tx.sealed_fields``."""

    def test_fields_are_set_replaced_and_read(self, store: AnyStore) -> None:
        """One or all of a resident's."""
        resident_id = fresh_id()
        with store.transaction() as tx:
            fields = tx.sealed_fields
            fields.put(resident_id, "sex", b"1", NOW)
            fields.put(resident_id, "sex", b"2", NOW + SECOND)
            fields.put(resident_id, "birth_date", b"3", NOW)
            fields.put(fresh_id(), "sex", b"other", NOW)
        with store.transaction() as tx:
            assert tx.sealed_fields.get(resident_id, "sex") == b"2"
            assert tx.sealed_fields.get(resident_id, "name") is None
            assert tx.sealed_fields.all(resident_id) == {"sex": b"2", "birth_date": b"3"}
            assert tx.sealed_fields.all(fresh_id()) == {}

    def test_fields_are_deleted_one_or_all(self, store: AnyStore) -> None:
        """The answer counts them."""
        resident_id, other = fresh_id(), fresh_id()
        with store.transaction() as tx:
            fields = tx.sealed_fields
            for name in ("a", "b", "c"):
                fields.put(resident_id, name, b"1", NOW)
            fields.put(other, "a", b"1", NOW)
            assert fields.delete(resident_id, "a") == 1
            assert fields.delete(resident_id, "a") == 0
            assert fields.delete(resident_id) == 2
            assert fields.delete(resident_id) == 0
            assert fields.all(resident_id) == {}
            assert fields.all(other) == {"a": b"1"}


class BlindIndexContract:
    """``tx.blind_index``."""

    def test_a_digest_is_bound_once(self, store: AnyStore) -> None:
        """False when it is bound already, to anyone."""
        digest, resident_id = fresh_bytes(), fresh_id()
        with store.transaction() as tx:
            assert tx.blind_index.put("hkic", digest, resident_id)
            assert not tx.blind_index.put("hkic", digest, fresh_id())
            assert not tx.blind_index.put("hkic", digest, resident_id)
            assert tx.blind_index.put("passport", digest, fresh_id())
        with store.transaction() as tx:
            assert tx.blind_index.find("hkic", digest) == resident_id
            assert tx.blind_index.find("hkic", fresh_bytes()) is None

    def test_a_residents_digests_are_forgotten(self, store: AnyStore) -> None:
        """All of them, and they are free again."""
        resident_id, mine, theirs = fresh_id(), [fresh_bytes(), fresh_bytes()], fresh_bytes()
        with store.transaction() as tx:
            for digest in mine:
                tx.blind_index.put("hkic", digest, resident_id)
            tx.blind_index.put("hkic", theirs, fresh_id())
            assert tx.blind_index.delete(resident_id) == 2
            assert tx.blind_index.delete(resident_id) == 0
            assert tx.blind_index.find("hkic", mine[0]) is None
            assert tx.blind_index.find("hkic", theirs) is not None
            assert tx.blind_index.put("hkic", mine[0], fresh_id())
