"""Forms and direct marketing: purposes of their own, with questions of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.profile.conftest import NOW, evidence

from hkeid.adapters.memory import MemoryStore
from hkeid.doors.relying_party import DIRECT_MARKETING, MarketingChannel
from hkeid.kernel.errors import Refused
from hkeid.op.records import Client
from hkeid.profile import Answer, ConsentLedger
from hkeid.profile.purposes import purposes_of

RESIDENT, SHOP = "resident-1", "shop"
EVERYTHING = ("name", "birthdate", "gender", "family_name", "hkic_number")


def answer(
    ledger: ConsentLedger,
    client: Client,
    purpose: str,
    agreed: set[str],
    refused: set[str] | None = None,
    **more: Any,
) -> None:
    """Answer the question about a purpose."""
    refused = refused or set()
    question = ledger.question(client, RESIDENT, agreed | refused, "en", purpose=purpose)
    members = {"evidence": evidence(f"page-{purpose}"), **more}
    ledger.decide(
        RESIDENT,
        SHOP,
        Answer(
            agreed=frozenset(agreed),
            refused=frozenset(refused),
            statement=question.statement.version,
            language="en",
            purpose=purpose,
            **members,
        ),
    )


def release(ledger: ConsentLedger, clock: Any, purpose: str = "") -> set[str]:
    return set(ledger.release(RESIDENT, SHOP, EVERYTHING, clock.now(), purpose=purpose))


def test_the_purposes_of_a_client(client: Client) -> None:
    found = {one.id: one for one in purposes_of(client)}
    assert list(found) == ["", "member", "order", "direct_marketing"]
    assert found["member"].claims == ("name", "family_name", "birthdate"), "in the order of pages"
    assert found["member"].voluntary == {"birthdate", "family_name"}
    assert found["member"].longest == timedelta(days=90)
    assert not found["order"].standing
    assert found[DIRECT_MARKETING].voluntary == {"name", "gender"}, "nothing of it is required"
    plain = replace(client, forms=(), direct_marketing=None)
    assert [one.id for one in purposes_of(plain)] == [""]


def test_agreement_to_a_form_is_none_to_anything_else(
    ledger: ConsentLedger, client: Client, clock: Any
) -> None:
    answer(ledger, client, "member", {"name", "birthdate"}, {"family_name"})
    assert release(ledger, clock, "member") == {"name", "name#zh-Hant-HK", "birthdate"}
    for other in ("", "order", DIRECT_MARKETING, "nothing"):
        assert release(ledger, clock, other) == set()
    assert ledger.unconsented(RESIDENT, SHOP, ["name"], clock.now()) == {"name"}
    undecided = ledger.unconsented(RESIDENT, SHOP, EVERYTHING, clock.now(), purpose="member")
    assert undecided == set()
    assert ledger.disclosures(RESIDENT)[0].purpose == "member"


def test_what_a_form_does_not_name_is_refused(ledger: ConsentLedger, client: Client) -> None:
    """A request outside the registered purposes is refused."""
    with pytest.raises(Refused) as refused:
        answer(ledger, client, "member", {"name", "hkic_number"})
    assert refused.value.reason == "claim_not_registered"
    with pytest.raises(Refused) as refused:
        ledger.question(client, RESIDENT, ["name"], "en", purpose="nothing")
    assert refused.value.reason == "purpose_not_registered"
    assert ledger.unconsented(RESIDENT, SHOP, ["name"], NOW, purpose="nothing") == frozenset()


def test_a_standing_consent_ends_by_itself(
    ledger: ConsentLedger, client: Client, clock: Any
) -> None:
    answer(ledger, client, "member", {"name"})
    (standing,) = ledger.standing(RESIDENT)
    assert standing.expires_at == NOW + timedelta(days=90), "as long as the form says"
    clock.tick(days=90, seconds=-1)
    assert release(ledger, clock, "member")
    clock.tick(seconds=1)
    assert release(ledger, clock, "member") == set()
    assert ledger.standing(RESIDENT) == ()
    asked = ledger.unconsented(RESIDENT, SHOP, ["name"], clock.now(), purpose="member")
    assert asked == {"name"}, "asked anew"
    assert (
        ledger.question(client, RESIDENT, ["name"], "en", purpose="member").items[0].decided is None
    )


def test_the_resident_may_end_it_sooner_and_never_later(
    ledger: ConsentLedger, client: Client
) -> None:
    week = NOW + timedelta(days=7)
    answer(ledger, client, "member", {"name"}, until=week)
    assert ledger.standing(RESIDENT)[0].expires_at == week
    answer(ledger, client, "member", {"name"}, until=NOW + timedelta(days=900))
    assert ledger.standing(RESIDENT)[0].expires_at == NOW + timedelta(days=90)
    answer(ledger, client, "", {"name"}, until=week)
    assert ledger.standing(RESIDENT)[0].expires_at == week, "for logins, too"


def test_a_form_without_a_term_is_filled_once_each_time(
    ledger: ConsentLedger, client: Client
) -> None:
    with pytest.raises(Refused) as refused:
        answer(ledger, client, "order", {"name"})
    assert refused.value.reason == "consent_not_standing"


def test_the_words_of_a_form(ledger: ConsentLedger, client: Client) -> None:
    question = ledger.question(client, RESIDENT, EVERYTHING, "en", purpose="member")
    assert (question.purpose, question.form_name) == ("member", "Membership")
    assert [(i.claim, i.why, i.required) for i in question.items] == [
        ("name", "your membership card", True),
        ("family_name", "your membership card", False),
        ("birthdate", "your membership card", False),
    ]
    assert "“Membership”" in question.text.opening
    assert any("90 days" in paragraph for paragraph in question.text.paragraphs)
    assert question.statement.version != ledger.statement(client, EVERYTHING).version


def test_other_words_of_a_form_are_another_purpose(
    ledger: ConsentLedger, client: Client, store: MemoryStore, clock: Any
) -> None:
    answer(ledger, client, "member", {"name"})
    (member, order) = client.forms
    with store.transaction() as tx:
        tx.clients.put(replace(client, forms=(replace(member, purpose={"en": "advice"}), order)))
    assert release(ledger, clock, "member") == set()
    with store.transaction() as tx:
        tx.clients.put(replace(client, forms=(order,)))
    assert release(ledger, clock, "member") == set()


def test_direct_marketing_is_off_and_asked_about_in_the_words_of_the_ordinance(
    ledger: ConsentLedger, client: Client
) -> None:
    question = ledger.question(client, RESIDENT, EVERYTHING, "en", purpose=DIRECT_MARKETING)
    assert [(item.claim, item.on) for item in question.items] == [
        ("name", False),
        ("gender", False),
    ]
    text = " ".join((question.text.title, question.text.opening, *question.text.paragraphs))
    for said in ("may not do so unless you agree", "books", "e-mail, post", "free of charge"):
        assert said in text
    assert question.text.purposes == ("Name", "Sex")


def test_direct_marketing_is_agreed_to_and_withdrawn_by_itself(
    ledger: ConsentLedger, client: Client, clock: Any
) -> None:
    answer(ledger, client, "", {"name"})
    answer(ledger, client, DIRECT_MARKETING, {"name", "gender"})
    assert release(ledger, clock, DIRECT_MARKETING) == {"name", "name#zh-Hant-HK", "gender"}
    assert ledger.withdraw(RESIDENT, SHOP, purpose=DIRECT_MARKETING) == ("gender", "name")
    assert release(ledger, clock, DIRECT_MARKETING) == set()
    assert release(ledger, clock) == {"name", "name#zh-Hant-HK"}


@pytest.mark.parametrize("first", ["", "member"])
def test_no_page_asks_about_direct_marketing_and_something_else(
    ledger: ConsentLedger, client: Client, clock: Any, first: str
) -> None:
    page = evidence("one page")
    answer(ledger, client, first, {"name"}, evidence=page)
    with pytest.raises(Refused) as refused:
        answer(ledger, client, DIRECT_MARKETING, {"name"}, evidence=page)
    assert refused.value.reason == "consent_bundled"
    assert release(ledger, clock, DIRECT_MARKETING) == set()
    answer(ledger, client, DIRECT_MARKETING, {"name"}, evidence=evidence("another page"))
    with pytest.raises(Refused):
        answer(ledger, client, first, {"name"}, evidence=evidence("another page"))


def test_other_goods_or_channels_are_another_question(
    ledger: ConsentLedger, client: Client, store: MemoryStore, clock: Any
) -> None:
    answer(ledger, client, DIRECT_MARKETING, {"name"})
    assert client.direct_marketing is not None
    for change in (
        {"goods": {"en": "insurance"}},
        {"channels": (MarketingChannel.EMAIL, MarketingChannel.TELEPHONE)},
    ):
        with store.transaction() as tx:
            marketing = replace(client.direct_marketing, **change)
            tx.clients.put(replace(client, direct_marketing=marketing))
        assert release(ledger, clock, DIRECT_MARKETING) == set()
