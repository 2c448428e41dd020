"""Risk signals: coarse facts about an eID, under consent like any claim (S10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.profile.conftest import evidence

from hkeid.adapters.memory import MemoryStore
from hkeid.identity import Language
from hkeid.identity.assurance import Acr
from hkeid.op.records import Client
from hkeid.profile import Answer
from hkeid.profile.claims import CLAIMS
from hkeid.profile.signals import age_band, eid_risk, render_risk
from hkeid.residents.records import Credential, CredentialStatus, Resident


def a_credential(number: int, now: Any, **changes: Any) -> Credential:
    values: dict[str, Any] = {
        "id": bytes([number]) * 16,
        "resident_id": "resident-1",
        "public_key": b"k",
        "algorithm": -7,
        "sign_count": 0,
        "backup_eligible": False,
        "backed_up": False,
        "aaguid": "0" * 32,
        "rp_id": "eid.example.hk",
        "created_at": now,
        **changes,
    }
    return Credential(**values)


def signals(store: MemoryStore, now: Any) -> dict[str, Any]:
    with store.transaction() as tx:
        found: dict[str, Any] = render_risk(eid_risk(tx, "resident-1", now))["eid_risk"]
    return found


def test_of_a_new_eid(store: MemoryStore, resident: Resident, clock: Any) -> None:
    assert signals(store, clock.now()) == {
        "chip_read": False,
        "device_binding": [],
        "eid_age": "under_1_week",
    }


def test_chip_and_kinds_of_passkeys(store: MemoryStore, resident: Resident, clock: Any) -> None:
    with store.transaction() as tx:
        assert tx.residents.change(resident, replace(resident, proofed=Acr.EID_PLUS))
        for number, changes in enumerate(
            (
                {"backup_eligible": True, "attestation": "verified"},
                {"attestation": "verified"},
                {"attestation": "none", "status": CredentialStatus.REVOKED},
            )
        ):
            assert tx.credentials.add(a_credential(number, clock.now(), **changes))
    found = signals(store, clock.tick(days=400))
    assert found == {
        "chip_read": True,
        "device_binding": ["synced", "attested"],
        "eid_age": "over_1_year",
    }


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (timedelta(0), "under_1_week"),
        (timedelta(days=7) - timedelta(seconds=1), "under_1_week"),
        (timedelta(days=7), "under_1_month"),
        (timedelta(days=30), "under_1_year"),
        (timedelta(days=365), "over_1_year"),
    ],
)
def test_bands(age: timedelta, band: str) -> None:
    assert age_band(age) == band


def test_nobody(store: MemoryStore, clock: Any) -> None:
    with store.transaction() as tx:
        assert eid_risk(tx, "nobody", clock.now()) == {}
    assert render_risk({}) == {}


def test_registered_asked_and_agreed_like_any_claim(
    ledger: Any, store: MemoryStore, resident: Resident, client: Client, clock: Any
) -> None:
    def released() -> Any:
        return ledger.release(resident.id, client.id, ["eid_risk"], clock.now())

    assert released() == {}
    why = {"en": "fraud", "zh-Hant-HK": "防騙", "zh-Hans": "防骗"}
    client = replace(client, claims={**client.claims, "eid_risk": why})
    with store.transaction() as tx:
        tx.clients.put(client)
    assert released() == {}
    statement = ledger.statement(client, ["eid_risk"]).version
    answer = Answer(
        agreed=frozenset({"eid_risk"}),
        refused=frozenset(),
        statement=statement,
        language="en",
        evidence=evidence(),
    )
    ledger.decide(resident.id, client.id, answer)
    found = released()["eid_risk"]
    assert found["eid_age"] == "under_1_week"
    (disclosure,) = ledger.disclosures(resident.id)
    assert disclosure.claims == ("eid_risk",)
    # What nothing sealed is part of can be proved to have been sent as well.
    assert ledger.prove(disclosure, "eid_risk", found)
    assert not ledger.prove(disclosure, "eid_risk", {**found, "chip_read": True})


def test_shown_in_three_scripts(store: MemoryStore, resident: Resident, clock: Any) -> None:
    with store.transaction() as tx:
        tx.credentials.add(a_credential(1, clock.now()))
        texts = eid_risk(tx, resident.id, clock.now())
    show = CLAIMS["eid_risk"].show
    assert show(texts, Language.ENGLISH, clock.now()) == (
        "Card chip not read  Passkey in one device  eID under a week old"
    )
    assert show(texts, Language.SIMPLIFIED, clock.now()) == (
        "未读取身份证芯片  有密钥只存于一部设备  eID 启用不足一星期"
    )
    assert show({}, Language.TRADITIONAL, clock.now()) is None
