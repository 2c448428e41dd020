"""How consent was given, on whose word, and what can be proved about a disclosure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.profile.conftest import NOW, evidence

from hkeid.adapters.memory import MemoryStore
from hkeid.identity import Acr
from hkeid.identity.authentication import AuthenticationResult, SessionView
from hkeid.kernel import base64url
from hkeid.kernel.errors import NotFound, Refused
from hkeid.op.records import Client
from hkeid.profile import Answer, ConsentEvidence, ConsentLedger
from hkeid.profile.proofs import proves
from hkeid.residents import PersonalFields
from hkeid.residents.guardians import GuardianApproval

RESIDENT, SHOP = "resident-1", "shop"


def agree(ledger: ConsentLedger, client: Client, *claims: str, refused: str | None = None) -> None:
    agreed = frozenset(claims)
    no = frozenset() if refused is None else frozenset({refused})
    statement = ledger.statement(client, agreed | no).version
    answer = Answer(
        agreed=agreed, refused=no, statement=statement, language="en", evidence=evidence()
    )
    ledger.decide(RESIDENT, SHOP, answer)


def approval(resident_id: str = RESIDENT) -> GuardianApproval:
    return GuardianApproval(
        id="approval-1",
        resident_id=resident_id,
        guardian_id="father",
        registration="r1",
        approved_at=NOW,
    )


def born(store: MemoryStore, fields: PersonalFields, date: str) -> None:
    with store.transaction() as tx:
        fields.put(tx, RESIDENT, {"birth_date": date}, NOW)


def test_a_decision_says_how_it_was_given(ledger: ConsentLedger, client: Client) -> None:
    agree(ledger, client, "name", refused="gender")
    assert {decision.evidence for decision in ledger.history(RESIDENT)} == {evidence()}
    session = SessionView(
        session_id="s",
        authentication=AuthenticationResult(
            resident_id=RESIDENT, acr=Acr.EID_BOUND, amr=("hwk",), authenticated_at=NOW
        ),
    )
    assert ConsentEvidence.of(session, "page") == ConsentEvidence(
        session_id="s", acr=Acr.EID_BOUND, authenticated_at=NOW, question="page"
    )


def test_a_withdrawal_says_so_too(ledger: ConsentLedger, client: Client) -> None:
    agree(ledger, client, "name")
    ledger.withdraw(RESIDENT, SHOP, evidence=evidence("account"))
    newest = ledger.history(RESIDENT)[0]
    assert (newest.agreed, newest.evidence) == (False, evidence("account"))


@pytest.mark.parametrize("date", ["2008-11-03", "2013-06-18", "2009"])
def test_a_minor_agrees_to_nothing_without_a_guardian(
    ledger: ConsentLedger,
    client: Client,
    store: MemoryStore,
    fields: PersonalFields,
    date: str,
) -> None:
    born(store, fields, date)
    with store.transaction() as tx:
        tx.guardian_approvals.add(replace(approval("somebody else")))
    with pytest.raises(Refused) as refused:
        agree(ledger, client, "name")
    assert refused.value.reason == "guardian_missing"
    assert ledger.history(RESIDENT) == ()


def test_a_minors_consent_refers_to_the_guardians_approval(
    ledger: ConsentLedger,
    client: Client,
    store: MemoryStore,
    fields: PersonalFields,
    clock: Any,
) -> None:
    born(store, fields, "2013-06-18")
    with store.transaction() as tx:
        tx.guardian_approvals.add(approval())
    agree(ledger, client, "name")
    (decision,) = ledger.history(RESIDENT)
    assert decision.evidence == replace(evidence(), guardian="approval-1")
    assert ledger.release(RESIDENT, SHOP, ["name"], clock.now())


@pytest.mark.parametrize("date", ["2008-11-02", "2008", "1985-04-12", "0000-02-29"])
def test_who_may_be_of_age_needs_no_guardian(
    ledger: ConsentLedger,
    client: Client,
    store: MemoryStore,
    fields: PersonalFields,
    date: str,
) -> None:
    """The day counts in Hong Kong; officers decided about partial dates at the registration."""
    born(store, fields, date)
    agree(ledger, client, "name")
    (decision,) = ledger.history(RESIDENT)
    assert decision.evidence is not None
    assert decision.evidence.guardian is None


def test_a_minor_refuses_without_anybody(
    ledger: ConsentLedger, client: Client, store: MemoryStore, fields: PersonalFields
) -> None:
    born(store, fields, "2013-06-18")
    statement = ledger.statement(client, ["gender"]).version
    no = Answer(
        agreed=frozenset(),
        refused=frozenset({"gender"}),
        statement=statement,
        language="en",
        evidence=evidence(),
    )
    ledger.decide(RESIDENT, SHOP, no)
    assert [decision.agreed for decision in ledger.history(RESIDENT)] == [False]


def test_what_was_sent_can_be_proved(
    ledger: ConsentLedger, client: Client, store: MemoryStore, clock: Any
) -> None:
    agree(ledger, client, "name", "birthdate")
    ledger.release(RESIDENT, SHOP, ["name", "birthdate"], clock.now())
    (disclosure,) = ledger.disclosures(RESIDENT)
    assert set(disclosure.digests) == {"name", "name#zh-Hant-HK", "birthdate"}
    assert ledger.prove(disclosure, "birthdate", "1985-04-12")
    assert ledger.prove(disclosure, "name#zh-Hant-HK", "陳大文")
    assert not ledger.prove(disclosure, "birthdate", "1985-04-13")
    assert not ledger.prove(disclosure, "name", "陳大文")
    assert not ledger.prove(disclosure, "gender", "male"), "never sent"
    assert not ledger.prove(disclosure, "name", object()), "no JSON value"
    assert set(disclosure.decisions) == {one.id for one in ledger.history(RESIDENT)}


def test_the_ledger_alone_proves_and_betrays_nothing(
    ledger: ConsentLedger, client: Client, vault: Any, clock: Any
) -> None:
    """Few values are possible: without the salt nobody tries them out."""
    agree(ledger, client, "name", "birthdate", "gender")
    for _ in range(2):
        ledger.release(RESIDENT, SHOP, ["gender"], clock.now())
    second, first = ledger.disclosures(RESIDENT)
    assert first.digests["gender"] != second.digests["gender"], "a salt each"
    salt = ledger.disclosure_salt(first)
    assert salt not in first.salt
    assert proves(first.digests, salt, first.id, "gender", "male")
    assert not proves(second.digests, salt, second.id, "gender", "male")
    assert base64url.encode(salt) not in repr(first)
    vault.destroy(RESIDENT, clock.now())
    with pytest.raises(NotFound) as gone:
        ledger.prove(first, "gender", "male")
    assert gone.value.reason == "data_key_missing"


def test_a_salt_belongs_to_its_disclosure(
    ledger: ConsentLedger, client: Client, clock: Any
) -> None:
    agree(ledger, client, "name")
    for _ in range(2):
        ledger.release(RESIDENT, SHOP, ["name"], clock.now())
    second, first = ledger.disclosures(RESIDENT)
    with pytest.raises(Refused) as refused:
        ledger.prove(replace(first, salt=second.salt), "name", "CHAN, Tai Man")
    assert refused.value.reason == "sealed_value_altered"
    with pytest.raises(Refused) as refused:
        ledger.prove(replace(first, salt=b"", digests={}), "name", "CHAN, Tai Man")
    assert refused.value.reason == "disclosure_without_digests"
