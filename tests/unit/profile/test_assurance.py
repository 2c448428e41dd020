"""Verified claims out of the registry, under the ledger (S7, S10; Identity Assurance Schema §5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.profile.conftest import evidence

from hkeid.adapters.memory import MemoryStore
from hkeid.identity import Language
from hkeid.identity.assurance import Acr
from hkeid.kernel.errors import MalformedInput
from hkeid.oidc.verified_claims import parse_verified_claims
from hkeid.oidc.verified_claims_answer import answer, last_second
from hkeid.op.records import Client
from hkeid.profile import Answer, ConsentLedger
from hkeid.profile.assurance import (
    SUPPORTED,
    VERIFIABLE,
    VERIFIED_FIELDS,
    level_of,
    verification_of,
)
from hkeid.profile.claims import CLAIMS
from hkeid.profile.ledger import ConsentLedger as Ledger
from hkeid.residents import PersonalFields
from hkeid.residents.proofing import (
    PROOFING,
    Proofing,
    ProofingCheck,
    ProofingPlace,
    ProofingProcedure,
)
from hkeid.residents.records import Resident

CHIP = dict.fromkeys(
    (ProofingCheck.CARD_CHIP, ProofingCheck.FACE_BY_OFFICER, ProofingCheck.REGISTER), True
)
REMOTE = dict.fromkeys(
    (ProofingCheck.CARD_IMAGE, ProofingCheck.FACE_BY_MACHINE, ProofingCheck.REGISTER), True
)


class Wanted:
    """A wish as the provider makes one."""

    def __init__(self, *names: str, **verification: Any) -> None:
        (self.request,) = parse_verified_claims(
            {
                "verification": {"trust_framework": None, **verification},
                "claims": dict.fromkeys(names),
            }
        )

    @property
    def names(self) -> tuple[str, ...]:
        return self.request.names

    def answer(self, verification: Mapping[str, Any], claims: Mapping[str, Any], now: Any) -> Any:
        return answer(self.request, verification, claims, now)


def a_proofing(now: Any, found: dict[ProofingCheck, bool], place: str = "counter") -> Proofing:
    remote = place == "remote"
    procedure = (
        ProofingProcedure.REMOTE_REGISTRATION if remote else ProofingProcedure.COUNTER_REGISTRATION
    )
    return Proofing.of(now, procedure, ProofingPlace(place), "policy-1", found)


@pytest.fixture
def bank(store: MemoryStore, client: Client) -> Client:
    why = {"en": "law", "zh-Hant-HK": "法例", "zh-Hans": "法例"}
    bank = replace(client, claims={**client.claims, "verified_claims": why, "eid_risk": why})
    with store.transaction() as tx:
        tx.clients.put(bank)
    return bank


@pytest.fixture
def proved(store: MemoryStore, fields: PersonalFields, resident: Resident, clock: Any) -> Resident:
    with store.transaction() as tx:
        fields.put(tx, resident.id, a_proofing(clock.now(), CHIP).as_field(), clock.now())
        after = replace(resident, proofed=Acr.EID_PLUS)
        assert tx.residents.change(resident, after)
    return after


def agree(ledger: Ledger, bank: Client, *claims: str) -> None:
    statement = ledger.statement(bank, claims).version
    answer = Answer(
        agreed=frozenset(claims),
        refused=frozenset(),
        statement=statement,
        language="en",
        evidence=evidence(),
    )
    ledger.decide("resident-1", bank.id, answer)


def release(ledger: ConsentLedger, clock: Any, *wishes: Wanted, names: Any = ()) -> dict[str, Any]:
    return dict(ledger.release("resident-1", "shop", names, clock.now(), wishes))


def test_consented_and_proved(ledger: Any, bank: Client, proved: Resident, clock: Any) -> None:
    agree(ledger, bank, "name", "birthdate", "verified_claims")
    told = release(ledger, clock, Wanted("name", "birthdate", "gender", time=None), names=["name"])
    assert told["name"] == "CHAN, Tai Man"
    assert told["verified_claims"] == {
        "verification": {"trust_framework": "hk_eid", "time": "2026-11-02T00:00+08:00"},
        "claims": {
            "name": "CHAN, Tai Man",
            "name#zh-Hant-HK": "陳大文",
            "birthdate": "1985-04-12",
        },
    }
    # The ledger has what went out, those within included.
    (disclosure,) = ledger.disclosures("resident-1")
    assert set(disclosure.claims) == {"name", "name#zh-Hant-HK", "birthdate", "verified_claims"}
    assert ledger.prove(disclosure, "birthdate", "1985-04-12")
    assert ledger.prove(disclosure, "verified_claims", told["verified_claims"])


def test_without_consent_to_the_verification_nothing_is_told(
    ledger: Any, bank: Client, proved: Resident, clock: Any
) -> None:
    agree(ledger, bank, "name", "birthdate")
    assert release(ledger, clock, Wanted("name")) == {}
    assert ledger.disclosures("resident-1") == ()
    asked = ("name", "verified_claims")
    assert ledger.unconsented("resident-1", bank.id, asked, clock.now()) == {"verified_claims"}


def test_withdrawal_holds_from_the_next_release_on(
    ledger: Any, bank: Client, proved: Resident, clock: Any
) -> None:
    agree(ledger, bank, "name", "verified_claims")
    assert release(ledger, clock, Wanted("name"))
    ledger.withdraw("resident-1", bank.id, ["verified_claims"])
    assert release(ledger, clock, Wanted("name"), names=["name"]).keys() == {
        "name",
        "name#zh-Hant-HK",
    }
    assert "verified_claims" not in release(ledger, clock, Wanted("name"))


def test_a_resident_of_whom_no_proof_is_kept(ledger: Any, bank: Client, clock: Any) -> None:
    """An account that another identity provider's word made: its particulars are nobody's proof."""
    agree(ledger, bank, "name", "verified_claims")
    assert release(ledger, clock, Wanted("name")) == {}


def test_what_a_later_release_kept_is_not_told_by_halves(
    ledger: Any, bank: Client, proved: Resident, clock: Any, store: Any, fields: Any
) -> None:
    agree(ledger, bank, "name", "verified_claims")
    with store.transaction() as tx:
        fields.put(tx, proved.id, {PROOFING: '{"v":2}'}, clock.now())
    assert release(ledger, clock, Wanted("name")) == {}


def test_several_wishes(ledger: Any, bank: Client, proved: Resident, clock: Any) -> None:
    agree(ledger, bank, "name", "hkic_number", "verified_claims")
    told = release(
        ledger,
        clock,
        Wanted("name", assurance_level={"value": "eid-plus"}),
        Wanted("hkic_number", assurance_level={"value": "eid"}),
        Wanted("hkic_number", assurance_level=None),
    )["verified_claims"]
    assert [sorted(one["claims"]) for one in told] == [
        ["name", "name#zh-Hant-HK"],
        ["hkic_number"],
    ]
    assert told[1]["verification"]["assurance_level"] == "eid-plus"


def test_only_what_was_compared_with_card_and_register_can_be_verified() -> None:
    assert set(VERIFIABLE) >= {"name", "family_name", "given_name", "birthdate", "hkic_number"}
    for name in set(CLAIMS) - set(VERIFIABLE):
        assert not VERIFIED_FIELDS.issuperset(CLAIMS[name].fields), name
    assert not {name for name in VERIFIABLE if "updated_at" in name or "eme" in name}


def test_schema_5_4_by_chip_at_a_counter(clock: Any) -> None:
    found = verification_of(a_proofing(clock.now(), CHIP), Acr.EID_PLUS)
    issuer = found["evidence"][0]["document_details"]["issuer"]
    assert issuer["country_code"] == "HKG"
    day = "2026-11-02T00:00+08:00"
    assert found == {
        "trust_framework": "hk_eid",
        "assurance_level": "eid-plus",
        "assurance_process": {
            "policy": "policy-1",
            "procedure": "counter-registration",
            "assurance_details": [
                {
                    "assurance_type": "evidence_validation",
                    "assurance_classification": "card-chip",
                },
                {
                    "assurance_type": "verification",
                    "assurance_classification": "face-by-officer",
                },
                {
                    "assurance_type": "evidence_validation",
                    "assurance_classification": "register",
                },
            ],
        },
        "time": day,
        "evidence": [
            {
                "type": "document",
                "method": "pipp",
                "check_details": [
                    {"check_method": "vcrypt", "time": day},
                    {"check_method": "pvp", "time": day},
                ],
                "document_details": {"type": "idcard", "issuer": issuer},
            },
            {
                "type": "electronic_record",
                "check_details": [
                    {"check_method": "data", "organization": issuer["name"], "time": day}
                ],
                "record": {
                    "type": "population_register",
                    "source": {
                        **issuer,
                        "name": "Registration of Persons, Immigration Department",
                    },
                },
            },
        ],
    }


def test_schema_5_4_remotely(clock: Any) -> None:
    found = verification_of(a_proofing(clock.now(), REMOTE, "remote"), Acr.EID_BOUND)
    assert found["assurance_level"] == "eid"
    document = found["evidence"][0]
    assert document["method"] == "uripp"
    assert [one["check_method"] for one in document["check_details"]] == ["vri", "bvr"]


def test_nothing_proved_nothing_claimed(clock: Any) -> None:
    found = verification_of(a_proofing(clock.now(), {}), Acr.EID)
    assert "evidence" not in found
    assert "assurance_details" not in found["assurance_process"]


def test_the_day_is_never_later_than_the_moment(clock: Any) -> None:
    """Only the day in Hong Kong is told: the second would tie two services' subjects together."""
    for hours in range(0, 48, 5):
        at = clock.now() + timedelta(hours=hours, seconds=17)
        told = verification_of(a_proofing(at, CHIP), Acr.EID)["time"]
        moment = last_second(told)
        assert moment is not None
        assert timedelta(0) <= at - moment + timedelta(seconds=59) < timedelta(days=1)


def test_metadata_says_what_there_can_be(clock: Any) -> None:
    checks = dict.fromkeys(ProofingCheck, True)
    for place in ProofingPlace:
        found = verification_of(a_proofing(clock.now(), checks, place.value), Acr.EID)
        document, record = found["evidence"]
        assert {document["type"], record["type"]} == set(SUPPORTED.evidence)
        assert document["method"] in SUPPORTED.methods
        assert document["document_details"]["type"] in SUPPORTED.documents
        assert record["record"]["type"] in SUPPORTED.records
        methods = {one["check_method"] for one in document["check_details"]}
        # A picture of a card that lies before an officer is in no procedure of ours.
        assert methods - {"vpip"} <= set(SUPPORTED.checks)


def test_levels() -> None:
    assert [level_of(acr) for acr in Acr] == ["eid", "eid", "eid-plus", "eid-plus"]


def test_proofing_is_kept_and_read(clock: Any) -> None:
    proofing = a_proofing(clock.now(), CHIP, "kiosk")
    assert Proofing.from_text(proofing.as_text()) == proofing


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"v":2}',
        '{"v":1,"at":"x","procedure":"x","place":"x","policy":"","checks":[]}',
    ],
)
def test_proofing_malformed(text: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        Proofing.from_text(text)
    assert caught.value.reason == "proofing_malformed"


def test_the_resident_sees_what_would_be_told(clock: Any) -> None:
    texts = a_proofing(clock.now(), CHIP).as_field()
    show = CLAIMS["verified_claims"].show
    assert show(texts, Language.ENGLISH, clock.now()) == (
        "2 November 2026  At a counter  Card chip read  Register of persons agrees  "
        "Face matches the card"
    )
    assert show(texts, Language.TRADITIONAL, clock.now()) == (
        "2026年11月2日  於櫃位辦理  已讀取身份證晶片  已與人事登記紀錄核對  已比對容貌與身份證"
    )
    for place in ProofingPlace:
        for language in Language:
            full = a_proofing(clock.now(), dict.fromkeys(ProofingCheck, True), place.value)
            assert show(full.as_field(), language, clock.now())
    assert show({PROOFING: "x"}, Language.ENGLISH, clock.now()) is None


def test_the_consent_page_has_a_line_for_it(
    ledger: Any, bank: Client, proved: Resident, clock: Any
) -> None:
    question = ledger.question(bank, proved.id, ("name", "verified_claims", "eid_risk"), "en")
    shown = {item.claim: item for item in question.items}
    assert shown["verified_claims"].label == "How your identity was verified"
    assert "Card chip read" in str(shown["verified_claims"].value)
    assert shown["eid_risk"].value is not None
