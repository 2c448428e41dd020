"""Consent receipts: made from the ledger, signed, checked offline; what is withdrawn says so."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.profile.conftest import NOW, evidence

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.system import SystemRandom
from hkeid.doors.relying_party import DIRECT_MARKETING
from hkeid.doors.subjects import pairwise_subject
from hkeid.jose import public_jwks, sign_jwt
from hkeid.kernel.errors import HkeidError, NotFound
from hkeid.op.records import Client
from hkeid.ports.keys import KeyPurpose
from hkeid.profile import (
    Answer,
    ConsentLedger,
    Receipts,
    VerifiedReceipt,
    receipt_file,
    verify_receipt,
)
from hkeid.testing.keys import MemoryKeyStore

RESIDENT, SHOP, ISSUER = "resident-1", "shop", "https://eid.example.hk"


@pytest.fixture
def receipts(store: MemoryStore, keys: MemoryKeyStore, clock: Any) -> Receipts:
    return Receipts(store, keys, ISSUER, clock, SystemRandom())


@pytest.fixture
def jwks(keys: MemoryKeyStore) -> dict[str, Any]:
    """What the issuer publishes."""
    return public_jwks(keys, KeyPurpose.TOKEN_SIGNING)


def answer(
    ledger: ConsentLedger,
    client: Client,
    agreed: set[str],
    refused: set[str] | None = None,
    purpose: str = "",
    language: str = "en",
) -> None:
    claims = agreed | (refused or set())
    statement = ledger.statement(client, claims, purpose=purpose).version
    given = Answer(
        agreed=frozenset(agreed),
        refused=frozenset(refused or ()),
        statement=statement,
        language=language,
        evidence=evidence(f"page {purpose}"),
        purpose=purpose,
    )
    ledger.decide(RESIDENT, SHOP, given)


def states(receipt: VerifiedReceipt, record: int = 0) -> dict[str, str]:
    purpose = receipt.records[record]["pii_processing"]["purposes"][0]
    return {one["pii_attribute_id"]: one["state"] for one in purpose["pii_information"]}


def reason(text: str, jwks: Any, **more: Any) -> str:
    with pytest.raises(HkeidError) as refused:
        verify_receipt(text, jwks, **more)
    return refused.value.reason


def test_a_record_has_the_sections_and_mandatory_fields_of_the_specification(
    ledger: ConsentLedger, client: Client, receipts: Receipts, jwks: Any, keys: MemoryKeyStore
) -> None:
    """ISO/IEC TS 27560:2023, 6.3.2 to 6.3.7 and 6.4.5."""
    answer(ledger, client, {"name"}, {"gender"})
    receipt = verify_receipt(receipts.issue(RESIDENT), jwks, issuer=ISSUER)
    assert (receipt.issuer, receipt.issued_at) == (ISSUER, NOW)
    (record,) = receipt.records
    subject = pairwise_subject(keys, client.sector_identifier, RESIDENT)
    header, processing = record["header"], record["pii_processing"]
    assert header["pii_principal_id"] == subject, "the name that the service knows, not ours"
    assert {"schema_version", "record_id"} <= header.keys()
    (purpose,) = processing["purposes"]
    assert {
        *("purpose", "purpose_type", "lawful_basis", "pii_information", "pii_controllers"),
        *("collection_method", "storage_locations", "retention_period", "jurisdiction"),
        *("recipient_third_parties", "withdrawal_method", "privacy_rights"),
    } <= purpose.keys()
    assert purpose["pii_controllers"] == [SHOP]
    assert [
        (i["pii_type"], i["pii_optional"], i["state"], i["reason"]["en"])
        for i in purpose["pii_information"]
    ] == [("Name", False, "given", "delivery"), ("Sex", True, "refused", "salutation")]
    controller, keeper = record["party_identification"]
    assert (controller["party_id"], controller["party_role"]) == (SHOP, "PII controller")
    assert controller["party_name"]["zh-Hant-HK"] == "商店"
    assert {"party_address", "party_contact", "party_type"} <= controller.keys()
    assert keeper["party_id"] == ISSUER
    events = {one["event_state"]: one for one in record["event"]}
    assert {state: one["pii_attribute_ids"] for state, one in events.items()} == {
        "given": ["name"],
        "refused": ["gender"],
    }
    event = events["given"]
    assert (event["event_time"], event["event_type"]) == ("2026-11-02T09:00:00Z", "explicit")
    assert event["entity_id"] == subject
    assert event["validity_duration"] == "until withdrawn"
    assert event["evidence"]["acr"] == "urn:hkeid:acr:eid"
    (notice,) = processing["privacy_notice"]
    assert notice["version"] == event["privacy_notice"]
    assert notice["title"] == "Personal information collection statement"


def test_no_value_no_internal_id_and_no_session_is_in_it(
    ledger: ConsentLedger, client: Client, receipts: Receipts
) -> None:
    answer(ledger, client, {"name", "birthdate", "hkic_number"})
    text = receipt_file(receipts.issue(RESIDENT)).decode()
    for secret in ("CHAN", "陳大文", "1985-04-12", "A123456", RESIDENT, "session-1"):
        assert secret not in text


def test_what_was_withdrawn_shows_when(
    ledger: ConsentLedger, client: Client, receipts: Receipts, jwks: Any, clock: Any
) -> None:
    answer(ledger, client, {"name", "gender"}, language="zh-Hans")
    clock.tick(days=3)
    ledger.withdraw(RESIDENT, SHOP, ["gender"], evidence=evidence("account"))
    receipt = verify_receipt(receipts.issue(RESIDENT, SHOP), jwks)
    assert states(receipt) == {"name": "given", "gender": "withdrawn"}
    (record,) = receipt.records
    newest = record["event"][-1]
    assert (newest["event_state"], newest["event_time"]) == ("withdrawn", "2026-11-05T09:00:00Z")
    assert "validity_duration" not in newest
    gender = record["pii_processing"]["purposes"][0]["pii_information"][1]
    assert gender["since"] == "2026-11-05T09:00:00Z"


def test_what_ended_by_itself_shows_when(
    ledger: ConsentLedger, client: Client, receipts: Receipts, jwks: Any, clock: Any
) -> None:
    answer(ledger, client, {"name", "birthdate"}, purpose="member")
    given = verify_receipt(receipts.issue(RESIDENT), jwks)
    assert given.records[0]["event"][0]["validity_duration"] == "until 2027-01-31T09:00:00Z"
    clock.tick(days=100)
    receipt = verify_receipt(receipts.issue(RESIDENT), jwks)
    assert states(receipt) == {"name": "expired", "birthdate": "expired"}
    events = [(e["event_state"], e["event_time"]) for e in receipt.records[0]["event"]]
    assert events[-1] == ("expired", "2027-01-31T09:00:00Z")
    assert receipt.records[0]["header"] == given.records[0]["header"], "the same record"
    ledger.withdraw(RESIDENT, SHOP)
    answer(ledger, client, {"name"}, purpose="member")
    later = verify_receipt(receipts.issue(RESIDENT), jwks)
    assert states(later)["name"] == "given"


def test_one_record_for_each_client_and_purpose(
    ledger: ConsentLedger, client: Client, receipts: Receipts, store: MemoryStore, jwks: Any
) -> None:
    answer(ledger, client, {"name"})
    answer(ledger, client, {"name"}, purpose="member")
    answer(ledger, client, {"gender"}, purpose=DIRECT_MARKETING)
    kinds = [
        one["pii_processing"]["purposes"][0]["purpose_type"]
        for one in verify_receipt(receipts.issue(RESIDENT), jwks).records
    ]
    assert kinds == ["login", "direct marketing", "form"]
    (only,) = verify_receipt(receipts.issue(RESIDENT, SHOP, "member"), jwks).records
    assert only["pii_processing"]["purposes"][0]["purpose"]["en"] == "Membership"
    for nothing in (("nobody", None), (SHOP, "order")):
        with pytest.raises(NotFound) as unknown:
            receipts.issue(RESIDENT, *nothing)
        assert unknown.value.reason == "consent_unknown"


def test_the_words_are_those_of_then(
    ledger: ConsentLedger, client: Client, receipts: Receipts, store: MemoryStore, jwks: Any
) -> None:
    """The registration has changed since, or is gone."""
    answer(ledger, client, {"name"}, language="zh-Hant-HK")
    other = {"en": "Another Name"}
    with store.transaction() as tx:
        tx.clients.put(replace(client, name=other, claims={"name": {"en": "advertising"}}))
    for _ in range(2):
        (record,) = verify_receipt(receipts.issue(RESIDENT), jwks).records
        purpose = record["pii_processing"]["purposes"][0]
        assert purpose["pii_information"][0]["reason"]["en"] == "delivery"
        assert record["party_identification"][0]["party_name"]["en"] == "The Shop"
        (notice,) = record["pii_processing"]["privacy_notice"]
        assert (notice["language"], notice["title"]) == ("zh-Hant-HK", "收集個人資料聲明")
        with store.transaction() as tx:
            tx.clients.delete(SHOP)


def test_decisions_of_earlier_releases_have_receipts_without_texts(
    ledger: ConsentLedger, client: Client, receipts: Receipts, store: MemoryStore, jwks: Any
) -> None:
    answer(ledger, client, {"name"})
    (decision,) = ledger.history(RESIDENT)
    old = replace(decision, id="old", statement="gone.digest", evidence=None, client_id="elder")
    with store.transaction() as tx:
        tx.consents.append((old,))
    (record,) = verify_receipt(receipts.issue(RESIDENT, "elder"), jwks).records
    assert record["pii_processing"]["privacy_notice"] == [{"version": "gone", "language": "en"}]
    assert "evidence" not in record["event"][0]


def test_the_file_of_my_eid(
    ledger: ConsentLedger, client: Client, receipts: Receipts, jwks: Any
) -> None:
    answer(ledger, client, {"name"})
    jws = receipts.issue(RESIDENT)
    document = json.loads(receipt_file(jws))
    assert document["jws"] == jws
    assert verify_receipt(json.dumps(document, indent=2), jwks) == verify_receipt(jws, jwks)
    purposes = document["consent_receipt"]["consent_records"][0]["pii_processing"]["purposes"]
    purposes[0]["pii_information"][0]["state"] = "withdrawn"
    assert reason(json.dumps(document), jwks) == "receipt_copy_differs"


def test_what_is_not_a_receipt_is_refused(
    ledger: ConsentLedger, client: Client, receipts: Receipts, keys: MemoryKeyStore, jwks: Any
) -> None:
    answer(ledger, client, {"name"})
    jws = receipts.issue(RESIDENT)
    header, payload, signature = jws.split(".")
    assert reason(f"{header}.{payload[:-4]}AAAA.{signature}", jwks) == "jws_signature_invalid"
    assert reason("", jwks) == "jws_malformed"
    assert reason("{", jwks) == "receipt_malformed"
    assert reason('{"jws": 1}', jwks) == "receipt_malformed"
    assert reason(jws, {"keys": []}) == "jws_key_unknown"
    assert reason(jws, {}) == "jwks_malformed"
    assert reason(jws, {"keys": ["x"]}) == "jwks_malformed"
    strangers = public_jwks(MemoryKeyStore(algorithms=("ES256",)), KeyPurpose.TOKEN_SIGNING)
    assert reason(jws, strangers) == "jws_key_unknown"
    assert reason(jws, jwks, issuer="https://other.example") == "receipt_of_other_issuer"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"receipt_metadata": None}, "receipt_malformed"),
        ({"receipt_metadata": {"schema_version": "else"}}, "receipt_schema_unknown"),
        ({"consent_records": []}, "receipt_malformed"),
        ({"consent_records": [{"header": {}}]}, "receipt_malformed"),
        ({"iss": 7}, "receipt_malformed"),
        ({"iat": "today"}, "jwt_claim_malformed"),
        ({"iat": 999_999_999_999}, "receipt_malformed"),
    ],
)
def test_signed_but_of_another_shape(
    ledger: ConsentLedger,
    client: Client,
    receipts: Receipts,
    keys: MemoryKeyStore,
    jwks: Any,
    change: dict[str, Any],
    expected: str,
) -> None:
    answer(ledger, client, {"name"})
    claims = json.loads(receipt_file(receipts.issue(RESIDENT)))["consent_receipt"] | change
    kind = "consent-receipt+jwt"
    jws = sign_jwt(keys, KeyPurpose.TOKEN_SIGNING, claims, algorithm="ES256", typ=kind)
    assert reason(jws, jwks) == expected


def test_other_tokens_of_the_same_key_are_no_receipts(keys: MemoryKeyStore, jwks: Any) -> None:
    """RFC 8725 §3.11: each kind has a ``typ`` of its own."""
    for typ in (None, "logout+jwt", "JWT"):
        token = sign_jwt(
            keys, KeyPurpose.TOKEN_SIGNING, {"iss": ISSUER}, algorithm="ES256", typ=typ
        )
        assert reason(token, jwks) == "jws_typ_unexpected"


def test_a_receipt_is_good_after_the_key_was_rotated(
    ledger: ConsentLedger, client: Client, receipts: Receipts, jwks: Any, clock: Any
) -> None:
    """It does not expire: whoever keeps the keys with it can check it for good."""
    answer(ledger, client, {"name"})
    jws = receipts.issue(RESIDENT)
    clock.moment += timedelta(days=4000)
    assert verify_receipt(jws, json.loads(json.dumps(jwks))).issued_at == NOW
