"""Erasure: the key first, then the rows; and again after a restore."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hkeid.adapters.memory import MemoryStore
from hkeid.identity import EidState, HkicNumber
from hkeid.kernel.errors import NotFound, Unavailable
from hkeid.ports.certificates import RevocationReason
from hkeid.residents import PersonalFields, bind_hkic, find_by_hkic, replay_erasures
from hkeid.residents.records import Credential, CredentialStatus, Resident
from hkeid.signing.activation import SigningKeyState
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.store_contract.signing import a_signing_key

NUMBER = HkicNumber.parse("A123456(3)")
PARTICULARS = {"name_english": "CHAN, Tai Man", "sex": "M"}


def _fill(
    store: MemoryStore, fields: PersonalFields, keys: MemoryKeyStore, resident: Resident, clock: Any
) -> None:
    with store.transaction() as tx:
        fields.put(tx, resident.id, PARTICULARS, clock.now())
        bind_hkic(tx, keys, NUMBER, resident.id)
        tx.credentials.add(
            Credential(
                id=b"c1",
                resident_id=resident.id,
                public_key=b"k",
                algorithm=-7,
                sign_count=0,
                backup_eligible=False,
                backed_up=False,
                aaguid="0" * 32,
                rp_id="localhost",
                label=fields.seal_device_label(resident.id, b"c1", "phone"),
                created_at=clock.now(),
            )
        )


def _events(store: MemoryStore) -> list[str]:
    with store.transaction() as tx:
        return [
            record.name
            for writer in tx.audit_records.writers()
            for record in tx.audit_records.of_writer(writer)
        ]


def test_nothing_is_left_to_read(
    store: MemoryStore,
    fields: PersonalFields,
    keys: MemoryKeyStore,
    resident: Resident,
    vault: Any,
    clock: Any,
) -> None:
    _fill(store, fields, keys, resident, clock)
    with store.transaction() as tx:
        stolen = tx.sealed_fields.all(resident.id)  # an old backup of the data
    fields.erase(store, resident.id, clock.now())
    assert vault.get(resident.id) is None
    assert list(vault.erased()) == [(resident.id, clock.now())]
    with store.transaction() as tx:
        assert tx.sealed_fields.all(resident.id) == {}
        assert find_by_hkic(tx, keys, NUMBER) is None
        credential = tx.credentials.get(b"c1")
        assert credential is not None
        assert (credential.status, credential.label) == (CredentialStatus.REVOKED, b"")
        entry = tx.residents.get(resident.id)
        assert entry is not None
        assert entry.state is EidState.REVOKED
        tx.sealed_fields.put(resident.id, "sex", stolen["sex"], clock.now())
        with pytest.raises(NotFound) as refused:
            fields.read(tx, resident.id, ["sex"])
    assert refused.value.reason == "data_key_missing"
    with pytest.raises(Exception, match="data_key_exists"):
        fields.create_key(resident.id)


def test_the_key_goes_even_when_the_store_fails(
    fields: PersonalFields, resident: Resident, vault: Any, clock: Any
) -> None:
    class Broken:
        def transaction(self) -> Any:
            raise Unavailable("store_unreachable")

    with pytest.raises(Unavailable):
        fields.erase(Broken(), resident.id, clock.now())
    assert vault.get(resident.id) is None


def test_proofs_are_kept_from_the_erasure_on_although_the_eid_ended_before(
    store: MemoryStore,
    fields: PersonalFields,
    keys: MemoryKeyStore,
    resident: Resident,
    clock: Any,
) -> None:
    _fill(store, fields, keys, resident, clock)
    with store.transaction() as tx:
        found = tx.residents.get(resident.id)
        assert found is not None
        assert tx.residents.change(found, replace(found, state=EidState.REVOKED))
        assert tx.erased_records.oldest() is None, "only ended, not erased"
    erased = clock.tick(days=400)
    fields.erase(store, resident.id, erased)
    with store.transaction() as tx:
        assert tx.erased_records.oldest() == erased
        assert tx.erased_records.purge(erased) == ()


def test_erasing_twice_changes_nothing_more(
    store: MemoryStore,
    fields: PersonalFields,
    keys: MemoryKeyStore,
    resident: Resident,
    vault: Any,
    clock: Any,
) -> None:
    _fill(store, fields, keys, resident, clock)
    signing = a_signing_key(resident_id=resident.id)
    with store.transaction() as tx:
        tx.signing_keys.add(signing)
    first = clock.now()
    fields.erase(store, resident.id, first)
    fields.erase(store, resident.id, clock.tick(days=1))
    assert list(vault.erased()) == [(resident.id, first)]
    with store.transaction() as tx:
        ended = tx.signing_keys.get(signing.id)
    assert ended is not None
    assert (ended.state, ended.revoked_at) == (SigningKeyState.RETIRED, first)
    assert ended.reason is RevocationReason.CESSATION_OF_OPERATION
    assert fields.replay_erasures(store, clock.now()) == 0


def test_a_restore_replays_the_list(
    store: MemoryStore,
    fields: PersonalFields,
    keys: MemoryKeyStore,
    resident: Resident,
    clock: Any,
) -> None:
    _fill(store, fields, keys, resident, clock)
    fields.erase(store, resident.id, clock.now())
    with store.transaction() as tx:  # the data comes back from an older backup
        entry = tx.residents.get(resident.id)
        assert entry is not None
        tx.residents.change(entry, replace(entry, state=EidState.ACTIVE))
        tx.sealed_fields.put(resident.id, "sex", b"old ciphertext", clock.now())
        bind_hkic(tx, keys, NUMBER, resident.id)
    assert fields.replay_erasures(store, clock.now()) == 1
    with store.transaction() as tx:
        assert tx.sealed_fields.all(resident.id) == {}
        assert find_by_hkic(tx, keys, NUMBER) is None
        entry = tx.residents.get(resident.id)
        assert entry is not None
        assert entry.state is EidState.REVOKED


def test_a_vault_restored_too_is_told_what_was_erased_since(
    store: MemoryStore,
    fields: PersonalFields,
    keys: MemoryKeyStore,
    resident: Resident,
    vault: Any,
    clock: Any,
) -> None:
    _fill(store, fields, keys, resident, clock)
    known = [(resident.id, clock.now())]  # the list as it was exported elsewhere
    assert replay_erasures(store, vault, clock.tick(days=1), known=known) == 1
    assert vault.get(resident.id) is None
    assert list(vault.erased()) == known


def test_somebody_faster_does_not_undo_it(
    store: MemoryStore,
    fields: PersonalFields,
    resident: Resident,
    clock: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with store.transaction() as tx:
        repository = type(tx.residents)
    change = repository.change
    lost = iter([True, False])

    def racing(self: Any, old: Resident, new: Resident) -> bool:
        return False if next(lost) else change(self, old, new)

    monkeypatch.setattr(repository, "change", racing)
    fields.erase(store, resident.id, clock.now())
    with store.transaction() as tx:
        entry = tx.residents.get(resident.id)
        assert entry is not None
        assert entry.state is EidState.REVOKED
    monkeypatch.setattr(repository, "change", lambda *_: False)
    with store.transaction() as tx:
        tx.residents.add(replace(resident, id="resident-2", user_handle=b"i" * 64))
    with pytest.raises(Unavailable) as refused:
        fields.erase(store, "resident-2", clock.now())
    assert refused.value.reason == "erasure_contended"
