"""Asking, deciding, withdrawing: append-only, bound to purpose and statement."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.profile.conftest import NOW, evidence

from hkeid.adapters.memory import MemoryStore
from hkeid.identity import EidState, Language
from hkeid.kernel.errors import HkeidError, MalformedInput, Refused
from hkeid.op.records import Client
from hkeid.profile import Answer, ConsentLedger, ConsentQuestion
from hkeid.residents.records import Resident

RESIDENT, SHOP = "resident-1", "shop"
ASKED = ("name", "birthdate", "gender")


@pytest.fixture
def question(ledger: ConsentLedger, client: Client) -> ConsentQuestion:
    return ledger.question(client, RESIDENT, ASKED, "en")


def decide(
    ledger: ConsentLedger,
    question: ConsentQuestion,
    agreed: set[str],
    refused: set[str],
    language: str = "en",
) -> None:
    ledger.decide(
        RESIDENT,
        question.client_id,
        Answer(
            agreed=frozenset(agreed),
            refused=frozenset(refused),
            statement=question.statement.version,
            language=language,
            evidence=evidence(),
        ),
    )


def test_the_page_shows_each_value_and_why(question: ConsentQuestion) -> None:
    shown = [(i.claim, i.label, i.value, i.why, i.required, i.on) for i in question.items]
    assert shown == [
        ("name", "Name", "CHAN, Tai Man  陳大文", "delivery", True, True),
        ("birthdate", "Date of birth", "12 April 1985", "age check", True, True),
        ("gender", "Sex", "Male", "salutation", False, False),
    ]
    assert question.client_name == "The Shop"
    assert question.required == {"name", "birthdate"}
    assert question.voluntary == {"gender"}
    assert all(item.decided is None for item in question.items)
    assert "CHAN" not in repr(question)


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("zh-Hant-HK", ["姓名", "出生日期", "1985年4月12日", "性別", "男", "為了salutation"]),
        ("zh-Hans", ["姓名", "出生日期", "1985年4月12日", "性别", "男", "为了salutation"]),
    ],
)
def test_the_page_speaks_chinese(
    ledger: ConsentLedger, client: Client, language: str, shown: list[str]
) -> None:
    question = ledger.question(client, RESIDENT, ASKED, language)
    page = " ".join(f"{i.label} {i.value} {i.why}" for i in question.items)
    assert all(text in page for text in shown)
    assert question.client_name == "商店"
    assert question.text is question.statement.texts[Language.parse(language)]


def test_the_number_is_masked_on_the_page(ledger: ConsentLedger, client: Client) -> None:
    question = ledger.question(client, RESIDENT, ["hkic_number", "updated_at"], "en")
    assert [item.value for item in question.items] == ["A123***(*)", "2 November 2026"]


def test_what_is_not_registered_is_not_asked(ledger: ConsentLedger, client: Client) -> None:
    question = ledger.question(client, RESIDENT, ["family_name", "shoe_size", "name#ja"], "en")
    assert [item.claim for item in question.items] == ["name"]


def test_unconsented_until_decided(
    ledger: ConsentLedger, question: ConsentQuestion, clock: Any
) -> None:
    asked = [*ASKED, "name#zh-Hant-HK", "family_name", "shoe_size"]
    assert ledger.unconsented(RESIDENT, SHOP, asked, clock.now()) == set(ASKED)
    decide(ledger, question, {"name", "birthdate"}, {"gender"})
    assert ledger.unconsented(RESIDENT, SHOP, asked, clock.now()) == set()
    assert ledger.unconsented(RESIDENT, SHOP, ["hkic_number"], clock.now()) == {"hkic_number"}
    assert ledger.unconsented(RESIDENT, "nobody", asked, clock.now()) == set()
    assert ledger.unconsented(RESIDENT, SHOP, [], clock.now()) == set()


def test_a_voluntary_refusal_is_final_a_required_claim_withdrawn_is_asked_again(
    ledger: ConsentLedger, question: ConsentQuestion, clock: Any
) -> None:
    decide(ledger, question, {"name", "birthdate", "gender"}, set())
    ledger.withdraw(RESIDENT, SHOP, language="zh-Hant-HK")
    assert ledger.unconsented(RESIDENT, SHOP, ASKED, clock.now()) == {"name", "birthdate"}


def test_the_page_remembers(ledger: ConsentLedger, client: Client, question: Any) -> None:
    decide(ledger, question, {"name", "birthdate", "gender"}, set())
    again = ledger.question(client, RESIDENT, ASKED, "en")
    assert [(i.claim, i.decided, i.on) for i in again.items] == [
        ("name", True, True),
        ("birthdate", True, True),
        ("gender", True, True),
    ]
    ledger.withdraw(RESIDENT, SHOP, ["gender"])
    again = ledger.question(client, RESIDENT, ASKED, "en")
    assert (again.items[2].decided, again.items[2].on) == (False, False)


def test_a_new_purpose_is_asked_about(
    ledger: ConsentLedger, client: Client, store: MemoryStore, question: Any, clock: Any
) -> None:
    decide(ledger, question, {"name", "birthdate"}, {"gender"})
    changed = replace(client, claims={**client.claims, "gender": {"en": "advertising"}})
    with store.transaction() as tx:
        tx.clients.put(changed)
    assert ledger.unconsented(RESIDENT, SHOP, ASKED, clock.now()) == {"gender"}
    assert ledger.question(changed, RESIDENT, ["gender"], "en").items[0].decided is None


def test_nothing_is_ever_changed(
    ledger: ConsentLedger, client: Client, question: Any, clock: Any
) -> None:
    decide(ledger, question, {"name", "birthdate"}, {"gender"}, "zh-Hans")
    first = ledger.history(RESIDENT)
    clock.tick(days=1)
    ledger.withdraw(RESIDENT, SHOP, ["name"], language="en")
    history = ledger.history(RESIDENT)
    assert history[-len(first) :] == first
    newest = history[0]
    assert (newest.claim, newest.agreed, newest.language) == ("name", False, "en")
    assert {(d.claim, d.agreed, d.language) for d in first} == {
        ("name", True, "zh-Hans"),
        ("birthdate", True, "zh-Hans"),
        ("gender", False, "zh-Hans"),
    }
    assert all(d.statement.startswith(question.statement.version + ".") for d in history)
    assert len({d.id for d in history}) == len(history)


def test_standing_consents(ledger: ConsentLedger, question: Any, clock: Any) -> None:
    decide(ledger, question, {"name", "birthdate"}, {"gender"})
    agreed_at = clock.now()
    clock.tick(days=1)
    ledger.withdraw(RESIDENT, SHOP, ["name"])
    standing = ledger.standing(RESIDENT)
    assert [(s.client_id, s.claim, s.agreed_at) for s in standing] == [
        (SHOP, "birthdate", agreed_at)
    ]


def test_withdrawal_from_a_client_that_is_gone(
    ledger: ConsentLedger, store: MemoryStore, question: Any
) -> None:
    decide(ledger, question, {"name", "birthdate"}, {"gender"})
    with store.transaction() as tx:
        tx.clients.delete(SHOP)
    assert ledger.withdraw(RESIDENT, SHOP) == ("birthdate", "name")


REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"language": "fr"}, "language_unknown"),
    ({"agreed": {"name"}, "refused": {"name"}}, "consent_contradictory"),
    ({"agreed": set(), "refused": set()}, "consent_contradictory"),
    ({"client_id": "nobody"}, "client_unknown"),
    ({"purpose": "nothing"}, "purpose_not_registered"),
    ({"until": NOW}, "consent_expiry_past"),
    ({"agreed": {"name", "family_name"}}, "claim_not_registered"),
    ({"agreed": {"name"}, "refused": {"birthdate"}}, "consent_required_claim_refused"),
    ({"statement": "x"}, "statement_outdated"),
    ({"agreed": {"name"}, "refused": {"gender"}}, "statement_outdated"),
]


@pytest.mark.parametrize(("change", "reason"), REFUSALS)
def test_answers_that_are_refused(
    ledger: ConsentLedger, question: ConsentQuestion, change: dict[str, Any], reason: str
) -> None:
    answer: dict[str, Any] = {
        "agreed": {"name", "birthdate"},
        "refused": {"gender"},
        "statement": question.statement.version,
        "language": "en",
        "evidence": evidence(),
        **change,
    }
    client_id = answer.pop("client_id", SHOP)
    for part in ("agreed", "refused"):
        answer[part] = frozenset(answer[part])
    with pytest.raises(HkeidError) as refused:
        ledger.decide(RESIDENT, client_id, Answer(**answer))
    assert refused.value.reason == reason
    assert ledger.history(RESIDENT) == ()


def test_an_eid_out_of_use_decides_nothing(
    ledger: ConsentLedger, store: MemoryStore, resident: Resident, question: ConsentQuestion
) -> None:
    with store.transaction() as tx:
        tx.residents.change(resident, replace(resident, state=EidState.SUSPENDED))
    with pytest.raises(Refused) as refused:
        decide(ledger, question, {"name", "birthdate"}, {"gender"})
    assert refused.value.reason == "resident_not_active"


def test_a_page_that_went_stale_is_shown_again(
    ledger: ConsentLedger, client: Client, store: MemoryStore, question: ConsentQuestion
) -> None:
    with store.transaction() as tx:
        tx.clients.put(replace(client, claims={**client.claims, "name": {"en": "advertising"}}))
    with pytest.raises(Refused) as refused:
        decide(ledger, question, {"name", "birthdate"}, {"gender"})
    assert refused.value.reason == "statement_outdated"


def test_other_words_for_language_are_refused(ledger: ConsentLedger, client: Client) -> None:
    with pytest.raises(MalformedInput):
        ledger.question(client, RESIDENT, ASKED, "zh-TW")
    with pytest.raises(MalformedInput):
        ledger.withdraw(RESIDENT, SHOP, language="zh-TW")


def test_many_clients_do_not_fill_the_memory(
    ledger: ConsentLedger, client: Client, store: MemoryStore, clock: Any
) -> None:
    with store.transaction() as tx:
        for number in range(1100):
            tx.clients.put(replace(client, id=f"shop-{number}"))
    for number in range(1100):
        ledger.unconsented(RESIDENT, f"shop-{number}", ["name"], clock.now())
    assert len(ledger._holding._purposes) <= 1024
