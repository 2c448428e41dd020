"""The resident's own profile: opt-in, edited by its owner alone, given up whole."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.system import SystemRandom
from hkeid.broker.errors import StepUpRequired
from hkeid.identity import Acr, AuthenticationResult, EidState, SessionView
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import Expired, MalformedInput, NotFound, Refused, TooManyAttempts
from hkeid.op.records import Client
from hkeid.profile import Answer, ConsentLedger, EmeProfile, Source
from hkeid.profile.editing import CHANGES_A_DAY
from hkeid.residents import PersonalFields, bind_hkic
from hkeid.residents.records import Resident
from hkeid.testing.keys import MemoryKeyStore

from .conftest import PERSON, Ticking, evidence, reasons

RESIDENT = "resident-1"
MAIL = "tai-man@mail.example.hk"


@pytest.fixture
def profile(
    store: MemoryStore,
    fields: PersonalFields,
    keys: MemoryKeyStore,
    clock: Ticking,
    ledger: ConsentLedger,
) -> EmeProfile:
    return EmeProfile(store, fields, keys, clock, SystemRandom(), ledger)


@pytest.fixture
def view(clock: Ticking, resident: Resident) -> SessionView:
    return SessionView(
        session_id="session-1",
        authentication=AuthenticationResult(
            resident_id=resident.id,
            acr=Acr.EID,
            amr=("user",),
            authenticated_at=clock.now(),
        ),
    )


def audited(store: MemoryStore) -> list[tuple[str, dict[str, Any]]]:
    with store.transaction() as tx:
        return [
            (record.name.removeprefix("profile:eme:"), canonical_json.loads(record.body))
            for writer in tx.audit_records.writers()
            for record in tx.audit_records.of_writer(writer)
            if record.name.startswith("profile:eme:")
        ]


def words(found: Iterable[tuple[str, dict[str, Any]]]) -> list[str]:
    return [name for name, _ in found]


def test_nothing_is_kept_before_the_resident_opts_in(
    profile: EmeProfile, view: SessionView, store: MemoryStore
) -> None:
    assert profile.overview(RESIDENT).since is None
    with pytest.raises(Refused, match="eme_not_opted_in"):
        profile.keep(view, "mobile_telephone", "9123 4567")
    with pytest.raises(Refused, match="eme_not_opted_in"):
        profile.start_email(view, MAIL)
    with store.transaction() as tx:
        assert not [name for name in tx.sealed_fields.all(RESIDENT) if name.startswith("eme_")]
    assert audited(store) == []


def test_a_value_has_its_source_and_its_date(
    profile: EmeProfile, view: SessionView, clock: Ticking
) -> None:
    profile.opt_in(view)
    since = clock.now()
    kept_at = clock.tick(minutes=3)
    profile.keep(view, "mobile_telephone", "9123 4567")
    found = profile.overview(RESIDENT)
    assert found.since == since
    assert list(found.values) == ["mobile_telephone"]
    value = found.values["mobile_telephone"]
    assert (value.value, value.source, value.kept_at) == ("+85291234567", Source.SELF, kept_at)


def test_it_is_ciphertext_at_rest(
    profile: EmeProfile, view: SessionView, store: MemoryStore
) -> None:
    profile.opt_in(view)
    profile.keep(view, "former_name", "WONG, Siu Ming")
    with store.transaction() as tx:
        sealed = tx.sealed_fields.all(RESIDENT)["eme_former_name"]
    assert b"WONG" not in sealed


def test_each_change_is_audited_by_its_name_alone(
    profile: EmeProfile, view: SessionView, store: MemoryStore
) -> None:
    profile.opt_in(view)
    profile.opt_in(view)
    profile.keep(view, "former_name", "WONG, Siu Ming")
    profile.keep(view, "former_name", "WONG, Siu Man")
    profile.remove(view, "former_name")
    profile.remove(view, "former_name")
    profile.keep(view, "marital_status", "married")
    profile.opt_out(view)
    profile.opt_out(view)
    found = audited(store)
    assert words(found) == ["opted-in", "changed", "changed", "removed", "changed", "opted-out"]
    assert "WONG" not in str(found)
    assert "married" not in str(found)
    assert found[-1][1]["fields"] == ["marital_status"]


def test_giving_up_erases_everything(
    profile: EmeProfile, view: SessionView, store: MemoryStore
) -> None:
    profile.opt_in(view)
    profile.keep(view, "marital_status", "married")
    profile.keep(view, "mobile_telephone", "9123 4567")
    proof = profile.start_email(view, MAIL)
    assert profile.opt_out(view) == ("mobile_telephone", "marital_status")
    with store.transaction() as tx:
        kept = tx.sealed_fields.all(RESIDENT)
    assert not [name for name in kept if name.startswith("eme_")]
    assert "name_english" in kept
    with pytest.raises(Refused):
        profile.finish_email(view, proof.code.reveal())
    assert profile.overview(RESIDENT).since is None


def test_an_email_address_is_proved_by_a_code(
    profile: EmeProfile, view: SessionView, clock: Ticking
) -> None:
    profile.opt_in(view)
    with pytest.raises(Refused, match="eme_email_unproved"):
        profile.keep(view, "email", {"address": MAIL, "proved": True})
    proof = profile.start_email(view, "tai-man@MAIL.example.hk")
    code = proof.code.reveal()
    with pytest.raises(Refused, match="email_code_wrong"):
        profile.finish_email(view, f"{(int(code) + 1) % 1_000_000:06}")
    assert "email" not in profile.overview(RESIDENT).values
    assert profile.finish_email(view, code) == MAIL
    assert profile.overview(RESIDENT).values["email"].value == {"address": MAIL, "proved": True}
    with pytest.raises(Expired):
        profile.finish_email(view, code)
    late = profile.start_email(view, MAIL)
    clock.tick(minutes=16)
    with pytest.raises(Expired):
        profile.finish_email(view, late.code.reveal())


def test_a_code_of_the_profile_is_good_for_nothing_else(
    profile: EmeProfile, view: SessionView, store: MemoryStore
) -> None:
    profile.opt_in(view)
    profile.start_email(view, MAIL)
    for _ in range(5):
        with pytest.raises((Refused, MalformedInput)):
            profile.finish_email(view, "000000")
    with pytest.raises(TooManyAttempts, match="email_code_attempts"):
        profile.finish_email(view, "000000")
    assert words(audited(store))[1:] == ["email-proof-refused"] * 5


@pytest.mark.parametrize("age", [timedelta(minutes=31), timedelta(days=1)])
def test_a_change_needs_a_recent_login(
    profile: EmeProfile, view: SessionView, clock: Ticking, age: timedelta
) -> None:
    profile.opt_in(view)
    profile.keep(view, "marital_status", "married")
    clock.moment += age
    for change in (
        lambda: profile.opt_in(view),
        lambda: profile.keep(view, "marital_status", "divorced"),
        lambda: profile.start_email(view, MAIL),
        lambda: profile.remove(view, "marital_status"),
        lambda: profile.opt_out(view),
    ):
        with pytest.raises(StepUpRequired, match="authentication_too_old"):
            change()
    assert profile.overview(RESIDENT).values["marital_status"].value == "married"


def test_in_the_cooling_period_nothing_is_added_but_anything_removed(
    profile: EmeProfile, view: SessionView, store: MemoryStore, clock: Ticking, resident: Resident
) -> None:
    profile.opt_in(view)
    profile.keep(view, "marital_status", "married")
    with store.transaction() as tx:
        cooling = replace(resident, cooling_until=clock.now() + timedelta(hours=48))
        assert tx.residents.change(resident, cooling)
    with pytest.raises(Refused, match="eid_cooling"):
        profile.keep(view, "mobile_telephone", "9123 4567")
    with pytest.raises(Refused, match="eid_cooling"):
        profile.start_email(view, MAIL)
    profile.remove(view, "marital_status")
    profile.opt_out(view)
    assert profile.overview(RESIDENT).since is None


def test_a_frozen_eid_keeps_nothing_new(
    profile: EmeProfile, view: SessionView, store: MemoryStore, resident: Resident
) -> None:
    with store.transaction() as tx:
        assert tx.residents.change(resident, replace(resident, state=EidState.SUSPENDED))
    with pytest.raises(Refused, match="resident_not_active"):
        profile.opt_in(view)


def test_unknown_fields_and_dates_ahead(profile: EmeProfile, view: SessionView) -> None:
    profile.opt_in(view)
    for change in (profile.remove, lambda v, name: profile.keep(v, name, "x")):
        with pytest.raises(NotFound, match="eme_field_unknown"):
            change(view, "shoe_size")
        with pytest.raises(NotFound, match="eme_field_unknown"):
            change(view, "hkic_number")
    bill = {"kind": "utility_bill", "issuer": "X", "issued_on": "2026-11-04"}
    with pytest.raises(MalformedInput, match="address_document_date_ahead"):
        profile.keep(view, "address_document", bill)
    profile.keep(view, "address_document", {**bill, "issued_on": "2026-11-03"})


def test_changes_have_an_end_for_the_day(
    profile: EmeProfile, view: SessionView, clock: Ticking
) -> None:
    profile.opt_in(view)
    for _ in range(CHANGES_A_DAY):
        profile.keep(view, "marital_status", "married")
    with pytest.raises(TooManyAttempts, match="eme_changes_exhausted"):
        profile.keep(view, "marital_status", "divorced")
    profile.remove(view, "marital_status")


def registered(client: Client, *claims: str) -> Client:
    return replace(client, claims={claim: reasons(claim) for claim in claims})


def agree(ledger: ConsentLedger, client: Client, *claims: str) -> None:
    question = ledger.question(client, RESIDENT, claims, "en")
    answer = Answer(
        agreed=frozenset(claims),
        refused=frozenset(),
        statement=question.statement.version,
        language="en",
        evidence=evidence(),
    )
    ledger.decide(RESIDENT, client.id, answer)


def test_services_get_what_was_agreed_and_after_giving_up_nothing_even_later(
    profile: EmeProfile,
    view: SessionView,
    ledger: ConsentLedger,
    store: MemoryStore,
    client: Client,
    clock: Ticking,
) -> None:
    with store.transaction() as tx:
        client = registered(client, "name", "phone_number", "marital_status")
        tx.clients.put(client)
    profile.opt_in(view)
    profile.keep(view, "mobile_telephone", "9123 4567")
    agree(ledger, client, "name", "phone_number")
    asked = ("phone_number", "marital_status")
    assert ledger.release(RESIDENT, client.id, asked, clock.now()) == {
        "phone_number": "+85291234567"
    }
    profile.opt_out(view, language="zh-Hant-HK")
    assert ledger.release(RESIDENT, client.id, asked, clock.now()) == {}
    profile.opt_in(view)
    profile.keep(view, "mobile_telephone", "9765 4321")
    assert ledger.release(RESIDENT, client.id, asked, clock.now()) == {}
    assert [one.claim for one in ledger.standing(RESIDENT)] == ["name"]


def test_a_number_is_called_verified_where_the_register_gave_it_for_this_eid(
    ledger: ConsentLedger,
    store: MemoryStore,
    keys: MemoryKeyStore,
    client: Client,
    clock: Ticking,
    resident: Resident,
) -> None:
    with store.transaction() as tx:
        client = registered(client, "hkic_number_verified")
        tx.clients.put(client)
    agree(ledger, client, "hkic_number_verified")
    asked = ("hkic_number_verified",)
    assert ledger.release(RESIDENT, client.id, asked, clock.now()) == {}
    assert PERSON.hkic_number is not None
    with store.transaction() as tx:
        assert bind_hkic(tx, keys, PERSON.hkic_number, resident.id)
    assert ledger.release(RESIDENT, client.id, asked, clock.now()) == {"hkic_number_verified": True}


def test_nothing_is_kept_by_one_request_while_another_gives_up(
    profile: EmeProfile, view: SessionView, store: MemoryStore
) -> None:
    for _ in range(20):
        profile.opt_in(view)
        outcomes: list[str] = []
        start = threading.Barrier(2)

        def keep(outcomes: list[str] = outcomes, start: threading.Barrier = start) -> None:
            start.wait()
            try:
                profile.keep(view, "marital_status", "married")
            except Refused as error:
                outcomes.append(error.reason)

        def give_up(start: threading.Barrier = start) -> None:
            start.wait()
            profile.opt_out(view)

        threads = [threading.Thread(target=keep), threading.Thread(target=give_up)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert outcomes in ([], ["eme_not_opted_in"])
        with store.transaction() as tx:
            kept = tx.sealed_fields.all(RESIDENT)
        assert not [name for name in kept if name.startswith("eme_")]
