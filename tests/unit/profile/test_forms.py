"""Forms: the detail that asks for them, what is written into them, sending and fetching."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.profile.conftest import CLIENT, NOW, PERSON, Ticking, evidence, reasons

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.system import SystemRandom
from hkeid.doors.relying_party import DataForm
from hkeid.identity import EidState
from hkeid.kernel.errors import MalformedInput, NotFound, Refused
from hkeid.oidc.forms import FORM_DETAIL, form_detail
from hkeid.profile import ConsentLedger, EmeValue, Source
from hkeid.profile.forms import FormAnswer, FormDetail, FormFetching, FormFilling, asked_forms
from hkeid.profile.forms.question import read_edits
from hkeid.residents import PersonalFields

ME = "resident-1"
VISIT = DataForm(
    id="visit",
    name=reasons("a visit"),
    purpose=reasons("booking"),
    required=("name", "phone_number"),
    voluntary=("birthdate", "email"),
    keeps_for=30,
)
BILL = replace(VISIT, id="bill", voluntary=(), required=("name",), keeps_for=None)
CLINIC = replace(CLIENT, forms=(VISIT, BILL))
TYPE = FormDetail()
MAIL = {"address": "chan@mail.example.hk", "proved": False}


# --- the detail (RFC 9396 §2, §5) ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"forms": [{"form": "visit"}], "purpose": "mine"}, "members"),
        ({}, "members"),
        ({"forms": []}, "forms"),
        ({"forms": "visit"}, "forms"),
        ({"forms": [{"form": f"f{number}"} for number in range(11)]}, "forms"),
        ({"forms": [{"form": "visit"}, {"form": "visit"}]}, "forms"),
        ({"forms": ["visit"]}, "forms"),
        ({"forms": [{"form": "visit", "name": "Free money"}]}, "forms"),
        ({"forms": [{"fields": ["name"]}]}, "forms"),
        ({"forms": [{"form": "Visit"}]}, "form"),
        ({"forms": [{"form": 7}]}, "form"),
        ({"forms": [{"form": "visit", "fields": []}]}, "fields"),
        ({"forms": [{"form": "visit", "fields": ["name#zh"]}]}, "fields"),
        ({"forms": [{"form": "visit", "fields": [7]}]}, "fields"),
        ({"forms": [{"form": "visit", "fields": "name"}]}, "fields"),
    ],
)
def test_what_is_no_request_for_forms(members: dict[str, Any], field: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        TYPE.parse({"type": FORM_DETAIL, **members})
    assert (refused.value.reason, refused.value.field) == ("detail_malformed", field)


def test_a_request_in_its_one_form() -> None:
    asked = form_detail({"visit": ["name", "name", "email"], "bill": None})
    assert TYPE.parse(asked)["forms"] == [
        {"form": "visit", "fields": ["name", "email"]},
        {"form": "bill"},
    ]


@pytest.mark.parametrize(
    ("forms", "may"),
    [
        ({"visit": None}, True),
        ({"visit": ["email"], "bill": None}, True),
        ({"visit": ["hkic_number"]}, False),
        ({"loan": None}, False),
        ({"visit": None, "loan": None}, False),
    ],
)
def test_only_registered_forms_and_fields(forms: dict[str, Any], may: bool) -> None:
    assert TYPE.may_ask(CLINIC, TYPE.parse(form_detail(forms))) is may


def test_a_token_request_may_have_less_of_what_was_granted() -> None:
    """RFC 9396 §6.1."""
    granted = form_detail({"visit": ["name", "email"]})
    assert TYPE.covers(granted, form_detail({"visit": ["email"]}))
    assert TYPE.covers(granted, form_detail({"visit": None}))
    assert not TYPE.covers(granted, form_detail({"visit": ["birthdate"]}))
    assert not TYPE.covers(granted, form_detail({"bill": None}))


def test_a_registration_that_changed_meanwhile() -> None:
    asked = form_detail({"visit": ["email", "name"]})
    [found] = asked_forms(CLINIC, asked)
    assert found.claims == ("name", "email"), "in the order of the registration"
    narrower = replace(CLINIC, forms=(replace(VISIT, voluntary=("birthdate",)),))
    for client in (replace(CLINIC, forms=()), narrower):
        with pytest.raises(Refused, match="form_not_registered"):
            asked_forms(client, asked)


# --- what is written --------------------------------------------------------------------------------


def test_what_is_written_is_the_residents_own_word() -> None:
    read = read_edits({"email": MAIL, "mobile_telephone": "9123 4567"}, VISIT.claims, NOW)
    assert read.values["mobile_telephone"] == EmeValue(
        value="+85291234567", source=Source.SELF, kept_at=NOW
    )
    assert "9123" not in repr(read)


@pytest.mark.parametrize(
    "edits",
    [
        {"name": "CHAN"},
        {"email": {"address": "chan@mail.example.hk", "proved": True}},
        {"email": "chan@mail.example.hk"},
        {"mobile_telephone": "2123 4567"},
        {"mobile_telephone": None},
    ],
)
def test_what_cannot_be_written(edits: dict[str, Any]) -> None:
    """Particulars that registration proves, and what was only typed as if it were proved."""
    with pytest.raises(MalformedInput):
        read_edits(edits, VISIT.claims, NOW)


def test_what_the_form_does_not_ask_for_is_left_out() -> None:
    assert not read_edits({"marital_status": "married"}, VISIT.claims, NOW).values


# --- sending and fetching -----------------------------------------------------------------------------


@pytest.fixture
def ledger(
    store: MemoryStore, fields: PersonalFields, clock: Ticking, resident: Any
) -> ConsentLedger:
    with store.transaction() as tx:
        tx.clients.put(CLINIC)
        value = EmeValue(value="+85291234567", source=Source.SELF, kept_at=NOW)
        fields.put(tx, ME, {"eme_mobile_telephone": value.text()}, NOW)
    return ConsentLedger(store, fields, clock, SystemRandom())


@pytest.fixture
def filling(store: MemoryStore, fields: PersonalFields, clock: Ticking, ledger: Any) -> FormFilling:
    return FormFilling(store, fields, clock, SystemRandom())


@pytest.fixture
def fetching(store: MemoryStore, fields: PersonalFields, clock: Ticking) -> FormFetching:
    return FormFetching(store, fields, clock, SystemRandom())


def answer(ledger: ConsentLedger, *agreed: str, form: DataForm = VISIT, **more: Any) -> FormAnswer:
    statement = ledger.statement(CLINIC, form.claims, purpose=form.id).version
    given = frozenset((*form.required, *agreed))
    return FormAnswer(
        form=form.id,
        agreed=given,
        refused=frozenset(form.claims) - given,
        statement=statement,
        language="en",
        evidence=evidence(more.pop("page", "page-1")),
        **more,
    )


ASKED = form_detail({"visit": None})


def test_the_page_says_what_where_from_and_what_may_be_written(filling: FormFilling) -> None:
    [asked] = asked_forms(CLINIC, ASKED)
    question = filling.question(CLINIC, ME, asked, "zh-Hant-HK", {"email": MAIL})
    items = {one.asked.claim: one for one in question.items}
    assert list(items) == ["name", "birthdate", "phone_number", "email"]
    assert items["name"].field is None
    assert items["name"].source is not None
    assert items["phone_number"].source.source is Source.SELF
    assert items["email"].edited
    assert items["email"].asked.value == "chan@mail.example.hk"
    assert (question.days, question.recipient, question.missing) == (30, "", ())


def test_a_required_value_that_is_missing_keeps_the_form_back(
    filling: FormFilling, ledger: ConsentLedger, store: MemoryStore
) -> None:
    with store.transaction() as tx:
        tx.sealed_fields.delete(ME, "eme_mobile_telephone")
    [asked] = asked_forms(CLINIC, ASKED)
    assert filling.question(CLINIC, ME, asked, "en", {}).missing == ("phone_number",)
    with pytest.raises(MalformedInput, match="form_value_missing"):
        filling.send(ME, CLINIC, ASKED, [answer(ledger)])
    assert not ledger.history(ME), "nothing was decided"


def test_what_was_sent_is_fetched_once_with_proof(
    filling: FormFilling, fetching: FormFetching, ledger: ConsentLedger
) -> None:
    sent = filling.send(ME, CLINIC, ASKED, [answer(ledger, "email", edits={"email": MAIL})])
    assert sent.detail == form_detail({"visit": ["email", "name", "phone_number"]})
    got = fetching.fetch(ME, CLINIC, "visit", sent.secret)
    assert got.claims["email"] == "chan@mail.example.hk"
    assert "email_verified" not in got.claims
    assert got.sources["email"] == {"source": "self", "date": "2026-11-02"}
    [told] = ledger.disclosures(ME)
    assert (told.id, told.purpose) == (got.id, "visit")
    assert all(ledger.prove(told, name, value) for name, value in got.claims.items())
    with pytest.raises(NotFound, match="form_not_available"):
        fetching.fetch(ME, CLINIC, "visit", sent.secret)


def test_a_form_that_was_fetched_may_be_told(
    filling: FormFilling,
    store: MemoryStore,
    fields: PersonalFields,
    clock: Ticking,
    ledger: ConsentLedger,
) -> None:
    told: list[tuple[str, str]] = []

    def tell(_tx: Any, resident_id: str, about: str, _now: Any) -> None:
        told.append((resident_id, about))

    fetching = FormFetching(store, fields, clock, SystemRandom(), tell=tell)
    sent = filling.send(ME, CLINIC, ASKED, [answer(ledger, "email", edits={"email": MAIL})])
    assert told == [], "it was not fetched yet"
    fetching.fetch(ME, CLINIC, "visit", sent.secret)
    with pytest.raises(NotFound, match="form_not_available"):
        fetching.fetch(ME, CLINIC, "visit", sent.secret)
    assert told == [(ME, "form_sent")]


@pytest.mark.parametrize("what", ["another secret", "none", "another client", "another resident"])
def test_only_with_the_secret_of_its_own_token(
    filling: FormFilling,
    fetching: FormFetching,
    ledger: ConsentLedger,
    store: MemoryStore,
    what: str,
) -> None:
    sent = filling.send(ME, CLINIC, ASKED, [answer(ledger)])
    other = filling.send(ME, CLINIC, form_detail({"bill": None}), [answer(ledger, form=BILL)])
    who, client, secret = ME, CLINIC, sent.secret
    match what:
        case "another secret":
            secret = other.secret
        case "none":
            secret = None
        case "another client":
            client = replace(CLINIC, id="other")
            with store.transaction() as tx:
                tx.clients.put(client)
        case "another resident":
            who = "x" * 22
    with pytest.raises(NotFound):
        fetching.fetch(who, client, "visit", secret)


@pytest.mark.parametrize("end", ["time", "withdrawn", "words", "suspended", "erased", "disabled"])
def test_what_keeps_it_from_being_fetched(
    filling: FormFilling,
    fetching: FormFetching,
    ledger: ConsentLedger,
    store: MemoryStore,
    clock: Ticking,
    vault: Any,
    end: str,
) -> None:
    sent = filling.send(ME, CLINIC, ASKED, [answer(ledger)])
    match end:
        case "time":
            clock.tick(minutes=10)
        case "withdrawn":
            ledger.withdraw(ME, CLINIC.id, purpose="visit")
        case "words":
            changed = replace(VISIT, purpose=reasons("advertising"))
            with store.transaction() as tx:
                tx.clients.put(replace(CLINIC, forms=(changed, BILL)))
        case "suspended":
            with store.transaction() as tx:
                kept = tx.residents.get(ME)
                assert kept is not None
                tx.residents.change(kept, replace(kept, state=EidState.SUSPENDED))
        case "erased":
            vault.destroy(ME, clock.now())
        case "disabled":
            with store.transaction() as tx:
                tx.clients.put(replace(CLINIC, enabled=False))
    with pytest.raises(NotFound, match="form_not_available"):
        fetching.fetch(ME, CLINIC, "visit", sent.secret)
    assert not ledger.disclosures(ME)


def test_a_claim_that_was_withdrawn_meanwhile_is_left_out(
    filling: FormFilling, fetching: FormFetching, ledger: ConsentLedger
) -> None:
    sent = filling.send(ME, CLINIC, ASKED, [answer(ledger)])
    ledger.withdraw(ME, CLINIC.id, ["phone_number"], purpose="visit")
    got = fetching.fetch(ME, CLINIC, "visit", sent.secret)
    assert set(got.claims) == {"name", "name#zh-Hant-HK"}
    assert set(got.sources) == {"name"}


def test_a_page_that_is_sent_twice_at_once(
    filling: FormFilling, fetching: FormFetching, ledger: ConsentLedger
) -> None:
    """The first answer's form is fetched all the same: the second decision is from the same page."""
    first = filling.send(ME, CLINIC, ASKED, [answer(ledger)])
    filling.send(ME, CLINIC, ASKED, [answer(ledger)])
    assert fetching.fetch(ME, CLINIC, "visit", first.secret).claims["name"]


def test_a_later_answer_counts_for_a_form_that_waits(
    filling: FormFilling, fetching: FormFetching, ledger: ConsentLedger
) -> None:
    first = filling.send(ME, CLINIC, ASKED, [answer(ledger, "birthdate")])
    filling.send(ME, CLINIC, ASKED, [answer(ledger, page="page-2")])
    with pytest.raises(NotFound):
        fetching.fetch(ME, CLINIC, "visit", first.secret)


def test_standing_and_once(
    filling: FormFilling, fetching: FormFetching, ledger: ConsentLedger, clock: Ticking
) -> None:
    filling.send(ME, CLINIC, ASKED, [answer(ledger, standing=True)])
    assert fetching.fetch(ME, CLINIC, "visit", None).standing
    assert {one.claim for one in ledger.standing(ME)} == {"name", "phone_number"}
    [asked] = asked_forms(CLINIC, ASKED)
    until = filling.question(CLINIC, ME, asked, "en", {}).agreed_until
    assert until == NOW + timedelta(days=30)
    clock.tick(hours=1)
    filling.send(ME, CLINIC, ASKED, [answer(ledger, page="page-2")])
    with pytest.raises(NotFound):
        fetching.fetch(ME, CLINIC, "visit", None)
    assert not ledger.standing(ME), "once, from then on"


@pytest.mark.parametrize(
    ("form", "more", "reason"),
    [
        (BILL, {"standing": True}, "consent_not_standing"),
        (VISIT, {"refused": frozenset()}, "form_answer_other"),
        (VISIT, {"statement": "another"}, "statement_outdated"),
        (
            VISIT,
            {"agreed": frozenset({"name"}), "refused": frozenset(VISIT.claims) - {"name"}},
            "consent_required_claim_refused",
        ),
    ],
)
def test_answers_that_do_not_fit(
    filling: FormFilling,
    ledger: ConsentLedger,
    form: DataForm,
    more: dict[str, Any],
    reason: str,
) -> None:
    given = replace(answer(ledger, form=form), **more)
    with pytest.raises(Refused, match=reason):
        filling.send(ME, CLINIC, form_detail({form.id: None}), [given])
    assert not ledger.history(ME)


def test_answers_about_other_forms(filling: FormFilling, ledger: ConsentLedger) -> None:
    bill = answer(ledger, form=BILL)
    with pytest.raises(Refused, match="form_answer_other"):
        filling.send(ME, CLINIC, ASKED, [bill])
    with pytest.raises(Refused, match="form_nothing_sent"):
        filling.send(ME, CLINIC, ASKED, [])
    with pytest.raises(Refused, match="form_answer_other"):
        filling.send(ME, CLINIC, form_detail({"bill": None}), [bill, bill])
    assert not ledger.history(ME), "all or nothing"


def test_nothing_of_it_is_in_the_clear(
    filling: FormFilling, ledger: ConsentLedger, store: MemoryStore
) -> None:
    filling.send(ME, CLINIC, ASKED, [answer(ledger, "email", edits={"email": MAIL})])
    with store.transaction() as tx:
        texts = [
            bytes(record.body)
            for writer in tx.audit_records.writers()
            for record in tx.audit_records.of_writer(writer)
        ]
    assert any(b"profile:form:sent" in text or b"visit" in text for text in texts)
    assert not any(b"chan@mail" in text or PERSON.name.english.encode() in text for text in texts)


def test_a_value_other_than_on_the_page_is_not_sent(
    filling: FormFilling, fetching: FormFetching, ledger: ConsentLedger, store: MemoryStore
) -> None:
    [asked] = asked_forms(CLINIC, ASKED)
    page = filling.question(CLINIC, ME, asked, "en", {"email": MAIL}).values
    assert filling.question(CLINIC, ME, asked, "zh-Hans", {"email": MAIL}).values == page
    with pytest.raises(Refused, match="form_values_changed"):
        filling.send(ME, CLINIC, ASKED, [answer(ledger, "email", values=page)])
    given = answer(ledger, "email", edits={"email": MAIL}, values=page)
    with store.transaction() as tx:
        number = tx.sealed_fields.get(ME, "eme_mobile_telephone")
        assert number is not None
        tx.sealed_fields.delete(ME, "eme_mobile_telephone")
    with pytest.raises(Refused, match="form_values_changed"):
        filling.send(ME, CLINIC, ASKED, [given])
    assert not ledger.history(ME), "nothing was decided"
    with store.transaction() as tx:
        tx.sealed_fields.put(ME, "eme_mobile_telephone", number, NOW)
    sent = filling.send(ME, CLINIC, ASKED, [given])
    assert fetching.fetch(ME, CLINIC, "visit", sent.secret).claims["email"] == MAIL["address"]


def test_what_is_written_belongs_to_one_form(
    filling: FormFilling, fetching: FormFetching, ledger: ConsentLedger, store: MemoryStore
) -> None:
    both = replace(BILL, required=("phone_number",))
    client = replace(CLINIC, forms=(VISIT, both))
    with store.transaction() as tx:
        tx.clients.put(client)
    statement = ledger.statement(client, both.claims, purpose="bill").version
    edits = {"mobile_telephone": "6123 4567"}
    bill = replace(answer(ledger, form=both), statement=statement, edits=edits)
    asked = form_detail({"visit": None, "bill": None})
    sent = filling.send(ME, client, asked, [answer(ledger), bill])
    numbers = [
        fetching.fetch(ME, client, form, sent.secret).claims["phone_number"]
        for form in ("visit", "bill")
    ]
    assert numbers == ["+85291234567", "+85261234567"]


def test_only_this_time_ends_fields_that_were_not_asked_for_as_well(
    filling: FormFilling, fetching: FormFetching, ledger: ConsentLedger, clock: Ticking
) -> None:
    """The page says that it ends what was agreed to before, and a service may ask for one field only."""
    filling.send(ME, CLINIC, ASKED, [answer(ledger, standing=True)])
    clock.tick(hours=1)
    narrow = form_detail({"visit": ["name"]})
    [asked] = asked_forms(CLINIC, narrow)
    assert filling.question(CLINIC, ME, asked, "en", {}).agreed_until is not None
    given = replace(
        answer(ledger, page="page-2"),
        agreed=frozenset({"name"}),
        refused=frozenset(),
        statement=ledger.statement(CLINIC, ["name"], purpose="visit").version,
    )
    filling.send(ME, CLINIC, narrow, [given])
    assert not ledger.standing(ME)
    with pytest.raises(NotFound):
        fetching.fetch(ME, CLINIC, "visit", None)
