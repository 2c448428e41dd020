"""Release: only what is registered, agreed to, held and still allowed at that moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.profile.conftest import evidence

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.system import SystemRandom
from hkeid.identity import EidState
from hkeid.kernel import canonical_json
from hkeid.op.records import Client
from hkeid.ports import ClaimsSource
from hkeid.profile import CLAIMS, Answer, ConsentLedger
from hkeid.residents import PersonalFields
from hkeid.residents.records import Resident

ALL = ("name", "birthdate", "gender", "hkic_number", "updated_at", "family_name", "given_name")
RESIDENT, CLIENT = "resident-1", "shop"


def agree(
    ledger: ConsentLedger, client: Client, agreed: Iterable[str], refused: Iterable[str] = ()
) -> None:
    agreed, refused = frozenset(agreed), frozenset(refused)
    question = ledger.question(client, RESIDENT, agreed | refused, "en")
    answer = Answer(
        agreed=agreed,
        refused=refused,
        statement=question.statement.version,
        language="en",
        evidence=evidence(),
    )
    ledger.decide(RESIDENT, client.id, answer)


def events(store: MemoryStore, name: str) -> list[dict[str, Any]]:
    with store.transaction() as tx:
        return [
            canonical_json.loads(record.body)
            for writer in tx.audit_records.writers()
            for record in tx.audit_records.of_writer(writer)
            if record.name == name
        ]


def test_it_is_a_claims_source(ledger: ConsentLedger) -> None:
    source: ClaimsSource = ledger
    assert source.supported() == set(CLAIMS)
    assert {*ALL, "verified_claims", "eid_risk"} < set(CLAIMS)


def test_nothing_by_default(ledger: ConsentLedger, store: MemoryStore, clock: Any) -> None:
    assert ledger.release(RESIDENT, CLIENT, ALL, clock.now()) == {}
    assert ledger.disclosures(RESIDENT) == ()
    assert events(store, "profile:claims:disclosed") == []


def test_what_was_agreed_to(ledger: ConsentLedger, client: Client, clock: Any) -> None:
    agree(ledger, client, ["name", "birthdate", "gender", "hkic_number", "updated_at"])
    assert ledger.release(RESIDENT, CLIENT, ALL, clock.now()) == {
        "name": "CHAN, Tai Man",
        "name#zh-Hant-HK": "陳大文",
        "birthdate": "1985-04-12",
        "gender": "male",
        "hkic_number": "A123456(3)",
        "updated_at": 1793610000,
        # family_name and given_name are not registered for this client
    }


def test_only_what_is_asked_for_now(ledger: ConsentLedger, client: Client, clock: Any) -> None:
    agree(ledger, client, ["name", "birthdate", "gender"])
    assert ledger.release(RESIDENT, CLIENT, ["gender", "shoe_size"], clock.now()) == {
        "gender": "male"
    }
    assert ledger.release(RESIDENT, CLIENT, ["shoe_size"], clock.now()) == {}
    assert ledger.release(RESIDENT, CLIENT, [], clock.now()) == {}


@pytest.mark.parametrize("asked", ["name#zh-Hant-HK", "name#ZH-hant-hk"])
def test_a_language_tag_narrows(
    ledger: ConsentLedger, client: Client, clock: Any, asked: str
) -> None:
    agree(ledger, client, ["name"])
    assert ledger.release(RESIDENT, CLIENT, [asked], clock.now()) == {"name#zh-Hant-HK": "陳大文"}
    assert ledger.release(RESIDENT, CLIENT, ["name#ja"], clock.now()) == {}


def test_refused_is_not_released(ledger: ConsentLedger, client: Client, clock: Any) -> None:
    agree(ledger, client, ["name"], ["gender"])
    assert set(ledger.release(RESIDENT, CLIENT, ALL, clock.now())) == {"name", "name#zh-Hant-HK"}


def test_undecided_is_not_released(ledger: ConsentLedger, client: Client, clock: Any) -> None:
    agree(ledger, client, ["name"])
    assert ledger.release(RESIDENT, CLIENT, ["birthdate"], clock.now()) == {}


def test_consent_to_one_client_is_none_to_another(
    ledger: ConsentLedger, client: Client, store: MemoryStore, clock: Any
) -> None:
    agree(ledger, client, ["name"])
    with store.transaction() as tx:
        tx.clients.put(replace(client, id="other"))
    assert ledger.release(RESIDENT, "other", ALL, clock.now()) == {}
    assert ledger.release(RESIDENT, "nobody", ALL, clock.now()) == {}


def test_withdrawal_holds_at_once(ledger: ConsentLedger, client: Client, clock: Any) -> None:
    agree(ledger, client, ["name", "gender"])
    assert ledger.withdraw(RESIDENT, CLIENT, ["gender"]) == ("gender",)
    assert "gender" not in ledger.release(RESIDENT, CLIENT, ALL, clock.now())
    assert ledger.withdraw(RESIDENT, CLIENT) == ("name",)
    assert ledger.release(RESIDENT, CLIENT, ALL, clock.now()) == {}
    assert ledger.withdraw(RESIDENT, CLIENT) == ()


def test_withdrawal_holds_even_if_another_clock_ran_ahead(
    ledger: ConsentLedger, client: Client, clock: Any
) -> None:
    clock.tick(seconds=30)
    agree(ledger, client, ["name"])
    clock.tick(seconds=-30)
    ledger.withdraw(RESIDENT, CLIENT)
    assert ledger.release(RESIDENT, CLIENT, ALL, clock.now()) == {}


@pytest.mark.parametrize("state", [s for s in EidState if not s.may_log_in])
def test_an_eid_out_of_use_releases_nothing(
    ledger: ConsentLedger,
    client: Client,
    store: MemoryStore,
    resident: Resident,
    clock: Any,
    state: EidState,
) -> None:
    agree(ledger, client, ["name"])
    with store.transaction() as tx:
        assert tx.residents.change(resident, replace(resident, state=state))
    assert ledger.release(RESIDENT, CLIENT, ALL, clock.now()) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"enabled": False},
        {"claims": {"gender": {"en": "salutation"}}},
        {"claims": {"name": {"en": "advertising"}}},  # another purpose (DPP3)
        {"claims": {"name": {}}},
        {"voluntary_claims": ("name",)},
    ],
)
def test_the_registration_of_this_moment_counts(
    ledger: ConsentLedger, client: Client, store: MemoryStore, clock: Any, change: dict[str, Any]
) -> None:
    agree(ledger, client, ["name"])
    assert ledger.release(RESIDENT, CLIENT, ALL, clock.now())
    with store.transaction() as tx:
        tx.clients.put(replace(client, **change))
    assert ledger.release(RESIDENT, CLIENT, ALL, clock.now()) == {}
    with store.transaction() as tx:
        tx.clients.put(client)
    assert ledger.release(RESIDENT, CLIENT, ALL, clock.now()), "the old purpose is back"


def test_a_client_that_asks_for_more_keeps_what_it_had(
    ledger: ConsentLedger, client: Client, store: MemoryStore, clock: Any
) -> None:
    agree(ledger, client, ["name"])
    more = {**client.claims, "family_name": {"en": "sorting"}}
    with store.transaction() as tx:
        tx.clients.put(replace(client, claims=more))
    assert set(ledger.release(RESIDENT, CLIENT, ALL, clock.now())) == {"name", "name#zh-Hant-HK"}


def test_an_erased_resident_has_nothing_to_tell(
    ledger: ConsentLedger, client: Client, vault: Any, clock: Any
) -> None:
    agree(ledger, client, ["name"])
    vault.destroy(RESIDENT, clock.now())  # the rows are still there
    assert ledger.release(RESIDENT, CLIENT, ALL, clock.now()) == {}
    assert ledger.disclosures(RESIDENT) == ()


def test_each_release_is_recorded_without_values(
    ledger: ConsentLedger, client: Client, store: MemoryStore, clock: Any
) -> None:
    agree(ledger, client, ["name", "gender"])
    first = clock.tick(minutes=1)
    ledger.release(RESIDENT, CLIENT, ["name", "gender"], first)
    second = clock.tick(minutes=1)
    ledger.release(RESIDENT, CLIENT, ["gender"], second)
    kept = ledger.disclosures(RESIDENT)
    assert [(d.client_id, d.claims, d.disclosed_at) for d in kept] == [
        (CLIENT, ("gender",), second),
        (CLIENT, ("name", "name#zh-Hant-HK", "gender"), first),
    ]
    recorded = events(store, "profile:claims:disclosed")
    assert [event["disclosure_id"] for event in recorded] == [kept[1].id, kept[0].id]
    assert "CHAN" not in str(recorded) + repr(kept)
    assert len(ledger.disclosures(RESIDENT, limit=1)) == 1


def test_what_is_not_recorded_is_not_released(
    ledger: ConsentLedger,
    client: Client,
    store: MemoryStore,
    clock: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    agree(ledger, client, ["name"])

    def full(*_: object) -> None:
        raise OSError("disk full")

    with store.transaction() as tx:
        monkeypatch.setattr(type(tx.audit), "append", full)
    with pytest.raises(OSError, match="disk full"):
        ledger.release(RESIDENT, CLIENT, ALL, clock.now())
    monkeypatch.undo()
    assert ledger.disclosures(RESIDENT) == (), "rolled back together"


def test_what_is_not_held_is_left_out(
    ledger: ConsentLedger, client: Client, store: MemoryStore, fields: PersonalFields, clock: Any
) -> None:
    agree(ledger, client, ["name", "birthdate", "gender"])
    with store.transaction() as tx:
        tx.sealed_fields.delete(RESIDENT)
        fields.put(
            tx, RESIDENT, {"name_english": "CONTOHWATI", "birth_date": "1961-11"}, clock.now()
        )
    assert ledger.release(RESIDENT, CLIENT, ["name", "birthdate", "gender"], clock.now()) == {
        "name": "CONTOHWATI",
        "birthdate": "1961",
    }
    with store.transaction() as tx:
        tx.sealed_fields.delete(RESIDENT)
    assert ledger.release(RESIDENT, CLIENT, ALL, clock.now()) == {}
    assert len(ledger.disclosures(RESIDENT)) == 1


def test_each_disclosure_may_be_told_in_its_own_transaction(
    store: MemoryStore, fields: PersonalFields, clock: Any, client: Client, resident: Resident
) -> None:
    told: list[tuple[str, str, int]] = []

    def tell(tx: Any, resident_id: str, about: str, now: Any) -> None:
        assert now == at
        told.append((resident_id, about, len(tx.disclosures.of_resident(resident_id))))

    ledger = ConsentLedger(store, fields, clock, SystemRandom(), tell=tell)
    at = clock.now()
    assert ledger.release(resident.id, client.id, ALL, at) == {}
    assert told == [], "nothing was sent"
    agree(ledger, client, ["name"])
    at = clock.now()
    assert ledger.release(resident.id, client.id, ALL, at)
    assert told == [(RESIDENT, "data_disclosed", 1)]
