"""Forms through the pages: each value seen, some written anew, some left out; sent once or standing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jws
from joserfc.jwk import KeySet
from tests.unit.server.conftest import REDIRECT_URI, VERIFIER, MovingClock, Person
from werkzeug.test import Client

from hkeid.doors.relying_party import DataForm
from hkeid.oidc.forms import FORM_DETAIL, form_detail
from hkeid_server.form_state import read_state
from hkeid_server.house import House

Authorize = Callable[..., str]
NAMES = {"en": "Appointment", "zh-Hant-HK": "預約", "zh-Hans": "预约"}
WHY = {"en": "To book your visit", "zh-Hant-HK": "為你預約", "zh-Hans": "为你预约"}
TAX = {"en": "Inland Revenue Department", "zh-Hant-HK": "稅務局", "zh-Hans": "税务局"}
LICENCES = {"en": "Transport Department", "zh-Hant-HK": "運輸署", "zh-Hans": "运输署"}
FORMS = (
    DataForm(
        id="visit", name=NAMES, purpose=WHY, required=("name", "phone_number"),
        voluntary=("birthdate", "email"), keeps_for=30,
    ),
    DataForm(id="tax", name=NAMES, purpose=WHY, required=("address",), recipient=TAX),
    DataForm(id="licence", name=NAMES, purpose=WHY, required=("address",), recipient=LICENCES),
)  # fmt: skip


@pytest.fixture(autouse=True)
def clinic(house: House) -> None:
    """The client fills forms."""
    with house.store.transaction() as tx:
        client = tx.clients.get("rp")
        tx.clients.put(
            replace(
                client,
                forms=FORMS,
                scopes=("openid", "offline_access"),
                grant_types=("authorization_code", "refresh_token"),
            )
        )


@pytest.fixture
def patient(resident: Any) -> Any:
    """A resident with a telephone number in the profile."""
    resident.get("/account/profile")
    resident.post("/account/profile/start")
    resident.get("/account/profile/mobile_telephone")
    assert (
        resident.post("/account/profile/mobile_telephone", {"value": "9123 4567"}).status_code
        == 303
    )
    return resident


def details(*forms: str, **narrowed: list[str]) -> str:
    return json.dumps([form_detail({**dict.fromkeys(forms), **narrowed})])


def fields(page: Any) -> dict[str, str]:
    """Hidden inputs of the form's page."""
    found = re.search(r'<form [^>]*id="(?:fill|field)-form".*?</form>', page.text, re.DOTALL)
    assert found, page.text
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', found[0])
    return {name: unescape(value) for name, value in hidden if name != "csrf"}


def send(person: Any, **more: Any) -> Any:
    """Press a button of the page."""
    action = re.search(r'action="([^"]+)"[^>]*id="(?:fill|field)-form"', person.page.text)
    assert action, person.page.text
    return person.post(action[1], {**fields(person.page), **more})


def answer(person: Any) -> dict[str, str]:
    return {
        name: one[0]
        for name, one in parse_qs(urlsplit(person.page.headers["Location"]).query).items()
    }


def tokens(front: Any, code: str, **more: str) -> Any:
    asked = {
        "client_id": "rp", "grant_type": "authorization_code", "code": code,
        "code_verifier": VERIFIER, "redirect_uri": REDIRECT_URI,
    }  # fmt: skip
    return Client(front).post("/token", data={**asked, **more})


def fetch(front: Any, house: House, token: str, form: str = "visit") -> Any:
    got = Client(front).get(f"/forms?form={form}", headers={"Authorization": f"Bearer {token}"})
    if got.status_code != 200:
        return got
    assert got.headers["Content-Type"] == "application/jwt"
    keys = KeySet.import_key_set(Client(front).get("/jwks").json)
    signed = jws.deserialize_compact(got.text, keys, algorithms=["ES256"])
    assert signed.headers()["typ"] == "form+jwt"
    return json.loads(signed.payload)


def test_a_form_is_seen_written_anew_and_sent_once(
    patient: Person, front: Any, house: House, authorize: Authorize
) -> None:
    patient.get(authorize(authorization_details=details("visit")))
    page = patient.follow()
    assert page.status_code == 200
    for text in (
        "Appointment",
        "To book your visit",
        "CHAN, Tai Man",
        "9123 4567",
        "Entered by you",
    ):
        assert text in page.text
    # A voluntary value that is not there is written for this form alone.
    assert "Write it" in page.text
    page = send(patient, change="email")
    assert "for this form alone" in page.text
    page = send(patient, value="not an address", decision="keep")
    assert page.status_code == 422
    page = send(patient, value="chan@mail.example.hk", decision="keep")
    assert "chan@mail.example.hk" in page.text
    assert re.search(r'id="send-email"[^>]* checked', page.text), (
        "whoever writes it wants to send it"
    )
    assert "Written for this form" in page.text
    page = send(patient, claim=["email"], decision="send")
    assert page.status_code == 303, page.text
    got = tokens(front, answer(patient)["code"]).json
    assert got["authorization_details"] == [
        {
            "type": FORM_DETAIL,
            "forms": [{"form": "visit", "fields": ["email", "name", "phone_number"]}],
        }
    ]
    form = fetch(front, house, got["access_token"])
    assert form["claims"] == {
        "name": "CHAN, Tai Man", "name#zh-Hant-HK": "陳大文",
        "phone_number": "+85291234567", "email": "chan@mail.example.hk",
    }  # fmt: skip
    assert form["sources"]["phone_number"]["source"] == "self"
    assert (form["aud"], form["standing"]) == ("rp", False)
    assert form["sub"]
    # What was left out was refused, and what was written did not go into the profile.
    assert "email" not in house.profile.overview(resident_of(house)).values
    again = fetch(front, house, got["access_token"])
    assert (again.status_code, again.json["error"]) == (404, "form_not_available")
    [told] = house.ledger.disclosures(resident_of(house))
    assert (told.purpose, told.id, set(told.claims)) == ("visit", form["jti"], set(form["claims"]))
    assert house.ledger.prove(told, "email", "chan@mail.example.hk")
    assert not house.ledger.standing(resident_of(house))


def resident_of(house: House) -> str:
    with house.store.transaction() as tx:
        return next(one.id for one in tx.residents if tx.consents.history(one.id))


def test_a_form_that_stands_is_filled_later_until_it_is_withdrawn(
    patient: Person, front: Any, house: House, authorize: Authorize, clock: MovingClock
) -> None:
    patient.get(authorize(authorization_details=details("visit"), scope="openid offline_access",
                          prompt="consent"))  # fmt: skip
    patient.follow()
    if "fill-form" not in patient.page.text:  # prompt=consent asks about no claims at all
        action = re.search(r'action="([^"]+/decide)"', patient.page.text)[1]
        shown = dict(re.findall(r'name="(statement|shown)" value="([^"]*)"', patient.page.text))
        patient.post(action, {**shown, "decision": "agree"})
        patient.follow()
    assert "for 30 days" in patient.page.text
    assert send(patient, often="standing", decision="send").status_code == 303
    got = tokens(front, answer(patient)["code"]).json
    assert fetch(front, house, got["access_token"])["standing"] is False
    later = fetch(front, house, got["access_token"])
    assert later["standing"] is True
    assert set(later["claims"]) == {
        "name",
        "name#zh-Hant-HK",
        "phone_number",
    }
    patient.get("/account/profile/mobile_telephone")
    patient.post("/account/profile/mobile_telephone", {"value": "6123 4567"})
    assert fetch(front, house, got["access_token"])["claims"]["phone_number"] == "+85261234567"
    clock.wait(days=10)
    got = tokens(front, "", grant_type="refresh_token", refresh_token=got["refresh_token"]).json
    assert fetch(front, house, got["access_token"])["standing"] is True
    house.ledger.withdraw(resident_of(house), "rp")
    assert fetch(front, house, got["access_token"]).status_code == 401


def test_a_standing_form_ends_with_its_term(
    patient: Person, front: Any, house: House, authorize: Authorize, clock: MovingClock
) -> None:
    patient.get(authorize(authorization_details=details("visit")))
    patient.follow()
    send(patient, often="standing", decision="send")
    got = tokens(front, answer(patient)["code"]).json
    resident = resident_of(house)
    clock.wait(days=30, seconds=1)
    with house.store.transaction() as tx:
        client = tx.clients.get("rp")
    assert house.ledger.release(resident, "rp", ["name"], clock.now(), purpose="visit") == {}
    assert client is not None
    assert got


def test_several_departments_each_with_its_own_consent(
    patient: Person, front: Any, house: House, authorize: Authorize
) -> None:
    """MyGovHK's change of address: one value, written once, for several departments."""
    patient.get(authorize(authorization_details=details("tax", "licence")))
    page = patient.follow()
    assert "Form 1 of 2" in page.text
    assert "Inland Revenue Department" in page.text
    page = send(patient, decision="send")
    assert page.status_code == 422
    assert "needs a value that is missing" in page.text
    page = send(patient, change="residential_address")
    page = send(patient, form_wanted="lines")
    assert 'name="en_line1"' in page.text
    page = send(
        patient, district="sham_shui_po", en_line1="Flat A, Specimen House", decision="keep"
    )
    assert "Flat A, Specimen House" in page.text
    page = send(patient, decision="send")
    assert "Form 2 of 2" in page.text
    assert "Transport Department" in page.text
    assert "Flat A, Specimen House" in page.text, "written once"
    assert not house.ledger.history(patient_id(house)), "nothing is decided before the last answer"
    page = send(patient, decision="refuse")
    assert page.status_code == 303
    got = tokens(front, answer(patient)["code"]).json
    assert [one["form"] for one in got["authorization_details"][0]["forms"]] == ["tax"]
    form = fetch(front, house, got["access_token"], "tax")
    assert "Specimen House" in form["claims"]["address"]["formatted"]
    assert fetch(front, house, got["access_token"], "licence").status_code == 404
    assert {one.purpose for one in house.ledger.history(patient_id(house))} == {"tax"}


def patient_id(house: House) -> str:
    with house.store.transaction() as tx:
        return next(
            one.id for one in tx.residents if "eme_mobile_telephone" in tx.sealed_fields.all(one.id)
        )


def test_refusing_all_forms_sends_nothing(
    patient: Person, house: House, authorize: Authorize
) -> None:
    patient.get(authorize(authorization_details=details("visit")))
    patient.follow()
    assert send(patient, decision="refuse").status_code == 303
    assert answer(patient)["error"] == "access_denied"
    assert not house.ledger.history(patient_id(house))


def test_a_form_without_a_login_tells_no_name(
    patient: Person, front: Any, house: House, authorize: Authorize
) -> None:
    """A request without ``scope``: nobody is logged in by it."""
    address = re.sub(r"&?scope=[^&]*", "", authorize(authorization_details=details("visit")))
    patient.get(address)
    page = patient.follow()
    assert "You are not logged in at this service by this" in page.text
    send(patient, decision="send")
    got = tokens(front, answer(patient)["code"]).json
    assert "id_token" not in got
    assert "refresh_token" not in got
    form = fetch(front, house, got["access_token"])
    assert "sub" not in form
    assert form["claims"]["phone_number"] == "+85291234567"
    told = Client(front).get(
        "/userinfo", headers={"Authorization": f"Bearer {got['access_token']}"}
    )
    assert told.status_code == 403


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ([{"type": FORM_DETAIL, "forms": [{"form": "elsewhere"}]}], "not registered"),
        ([{"type": FORM_DETAIL, "forms": [{"form": "tax", "fields": ["hkic_number"]}]}], "not registered"),
        ([{"type": FORM_DETAIL, "forms": []}], "malformed"),
        ([{"type": FORM_DETAIL, "forms": [{"form": "tax"}, {"form": "tax"}]}], "malformed"),
        ([{"type": FORM_DETAIL, "forms": [{"form": "tax", "purpose": "mine"}]}], "malformed"),
        ([{"type": FORM_DETAIL}], "malformed"),
        ([form_detail({"tax": None}), form_detail({"visit": None})], "at a time"),
    ],
)  # fmt: skip
def test_what_is_not_registered_is_refused(
    patient: Person, authorize: Authorize, asked: Any, reason: str
) -> None:
    """RFC 9396 §5."""
    patient.get(authorize(authorization_details=json.dumps(asked)))
    found = answer(patient)
    assert found["error"] == "invalid_authorization_details"
    assert reason in found["error_description"]


def test_a_form_sent_but_withdrawn_or_too_old_is_not_fetched(
    patient: Person, front: Any, house: House, authorize: Authorize, clock: MovingClock
) -> None:
    for what in ("withdraw", "wait"):
        patient.get(authorize(authorization_details=details("visit", tax=["address"])))
        patient.follow()
        send(patient, decision="send")
        send(patient, decision="refuse")
        got = tokens(front, answer(patient)["code"]).json
        if what == "withdraw":
            house.ledger.withdraw(patient_id(house), "rp", purpose="visit")
            # Nothing stands any more, so the token has ended as well.
            assert fetch(front, house, got["access_token"]).status_code == 401
        else:
            clock.wait(minutes=10)
            left = fetch(front, house, got["access_token"])
            assert left.status_code in (401, 404)
    assert not house.ledger.disclosures(patient_id(house))


def test_a_state_that_was_tampered_with_begins_anew(patient: Person, authorize: Authorize) -> None:
    patient.get(authorize(authorization_details=details("visit")))
    patient.follow()
    page = send(patient, state="AAAA", decision="send")
    assert page.status_code == 409
    assert "The page has changed" in page.text
    kept = read_state(fields(page)["state"])
    assert not kept.edits
    assert not kept.answered


def test_the_switch_of_language_keeps_what_was_filled_in(
    patient: Person, authorize: Authorize
) -> None:
    patient.get(authorize(authorization_details=details("visit")))
    patient.follow()
    send(patient, change="email")
    page = send(patient, value="chan@mail.example.hk", decision="keep")
    action = unescape(re.search(r'action="([^"]+lang=zh-Hant-HK)"', page.text)[1])
    again = dict(re.findall(r'<input type="hidden" name="(state|form)" value="([^"]*)"', page.text))
    page = patient.post(action, again)
    assert page.status_code == 200
    assert "chan@mail.example.hk" in page.text
    assert "為你預約" in page.text
