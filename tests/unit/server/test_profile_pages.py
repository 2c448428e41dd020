"""My profile through the pages: opt in, one thing per page, remove, give up."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import Client

from hkeid.kernel import canonical_json
from hkeid.profile import EME_FIELDS
from hkeid_server.house import House
from hkeid_server.profile_forms import KINDS

PAGE = "/account/profile"
MAIL = "chan@mail.example.hk"


@pytest.fixture
def owner(resident: Any) -> Any:
    """A resident who has a profile."""
    resident.get(PAGE)
    assert resident.post(f"{PAGE}/start").status_code == 303
    assert "You have a profile now" in resident.follow().text
    return resident


def keep(person: Any, name: str, **fields: str) -> Any:
    """Fill in the page of a field."""
    assert person.get(f"{PAGE}/{name}").status_code == 200
    return person.post(f"{PAGE}/{name}", fields)


def row(page: Any, name: str) -> str:
    found = re.search(rf'data-field="{name}">(.*?)</a>', page.text, re.DOTALL)
    assert found, name
    return found[1]


def names_kept(house: House) -> set[str]:
    """Fields of the profile that lie in the store, of anybody."""
    with house.store.transaction() as tx:
        return {
            name
            for resident in tx.residents
            for name in tx.sealed_fields.all(resident.id)
            if name.startswith("eme_")
        }


def audited(house: House) -> list[str]:
    with house.store.transaction() as tx:
        return [
            record.body.decode() if isinstance(record.body, bytes) else str(record.body)
            for writer in tx.audit_records.writers()
            for record in tx.audit_records.of_writer(writer)
            if record.name.startswith("profile:eme:")
        ]


def test_every_field_has_a_form() -> None:
    assert set(KINDS) == set(EME_FIELDS)


def test_nobody_has_a_profile_who_did_not_start_one(resident: Any, house: House) -> None:
    page = resident.get(PAGE)
    assert "A profile is voluntary" in page.text
    assert "edit-mobile_telephone" not in page.text
    assert "A123***" in page.text or "***(*)" in page.text
    assert resident.get(f"{PAGE}/mobile_telephone").headers["Location"].endswith(PAGE)
    resident.get(PAGE)
    answer = resident.post(f"{PAGE}/mobile_telephone", {"value": "9123 4567"})
    assert answer.headers["Location"].endswith(PAGE)
    assert names_kept(house) == set()
    assert "Keep your address" in resident.get("/account").text


def test_one_thing_at_a_time(owner: Any, house: House) -> None:
    assert keep(owner, "mobile_telephone", value="9123 4567").status_code == 303
    page = owner.follow()
    assert "It is in your profile now" in page.text
    line = row(page, "mobile_telephone")
    assert "+852 9123 4567" in line
    assert "Entered by you" in line
    assert "3 November 2026" in line
    assert 'value="+85291234567"' in owner.get(f"{PAGE}/mobile_telephone").text
    assert keep(owner, "marital_status", value="married").status_code == 303
    assert "Married" in row(owner.follow(), "marital_status")
    document = {"kind": "utility_bill", "issuer": "Specimen Power", "issued_on": "2026-10-01"}
    assert keep(owner, "address_document", **document).status_code == 303
    assert "Specimen Power, 1 October 2026" in row(owner.follow(), "address_document")
    assert "fill in forms with: 3" in owner.get("/account").text
    assert not [line for line in audited(house) if "9123" in line or "Specimen" in line]


@pytest.mark.parametrize(
    ("name", "fields", "said", "at_fault"),
    [
        ("mobile_telephone", {"value": "2123 4567"}, "does not begin with 2 or 3", "value"),
        ("home_telephone", {"value": "0123 4567"}, "eight digits", "value"),
        ("home_telephone", {"value": "x"}, "Look at the example", "value"),
        ("former_name", {"value": "A\u202eB"}, "Look at the example", "value"),
        ("former_name", {}, "Look at the example", "value"),
        ("marital_status", {"value": "M"}, "Choose one of these", "choice-1"),
        ("education_level", {}, "Choose one of these", "choice-1"),
        ("address_document", {}, "Look at the example", "issuer"),
        (
            "address_document",
            {"kind": "utility_bill", "issuer": "X", "issued_on": "2030-01-01"},
            "has not come yet",
            "issued_on",
        ),
        ("residential_address", {}, "Choose the district", "district"),
        ("residential_address", {"district": "atlantis"}, "Choose the district", "district"),
        ("residential_address", {"district": "north"}, "in English, in Chinese", "en_street"),
        (
            "residential_address",
            {"district": "north", "zh_floor": "1"},
            "Name a building",
            "zh_street",
        ),
        (
            "residential_address",
            {"district": "north", "en_building": "X", "en_street_number": "3"},
            "needs the name of its street",
            "en_street",
        ),
        ("residential_address", {"form": "lines"}, "in English, in Chinese", "en_line1"),
        (
            "residential_address",
            {"form": "lines", "zh_line2": "x" * 121},
            "Look at the example",
            "zh_line1",
        ),
        ("postal_address", {"form": "box", "box_number": "1"}, "Choose the region", "region"),
        (
            "postal_address",
            {"form": "box", "region": "NT", "en_office": "X"},
            "Look at the example",
            "box_number",
        ),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    owner: Any, house: House, name: str, fields: dict[str, str], said: str, at_fault: str
) -> None:
    page = keep(owner, name, **fields)
    assert page.status_code == 422
    assert said in page.text
    assert f'href="#{at_fault}"' in page.text
    assert f'id="{at_fault}"' in page.text
    typed = fields.get("value", "")
    assert not typed or name.endswith(("status", "level")) or f'value="{typed}"' in page.text
    assert names_kept(house) == {"eme_since"}


def test_an_address_in_two_languages(owner: Any) -> None:
    both = {
        "district": "sham_shui_po",
        "en_unit_number": "A",
        "en_floor": "12",
        "en_street": "Specimen Street",
        "en_street_number": "8",
        "zh_floor": "12",
        "zh_street": "樣本街",
        "zh_street_number": "8",
    }
    assert keep(owner, "residential_address", **both).status_code == 303
    line = row(owner.follow(), "residential_address")
    assert "Flat A, 12/F, 8 Specimen Street, Sham Shui Po, Kowloon" in line
    assert '<span lang="zh-Hant-HK">九龍深水埗區樣本街8號12樓</span>' in line
    form = owner.get(f"{PAGE}/residential_address").text
    assert '<option value="sham_shui_po" selected>' in form
    assert 'value="Specimen Street"' in form
    assert 'name="en_line1"' in owner.get(f"{PAGE}/residential_address?form=lines").text
    assert "box_number" not in owner.get(f"{PAGE}/residential_address?form=box").text


def test_a_post_office_box_is_for_letters_alone(owner: Any) -> None:
    box = {"form": "box", "box_number": "12", "region": "NT", "en_office": "Specimen"}
    assert keep(owner, "postal_address", **box).status_code == 303
    assert "P.O. Box 12, Specimen, New Territories" in row(owner.follow(), "postal_address")
    assert 'value="12"' in owner.get(f"{PAGE}/postal_address").text
    assert keep(owner, "residential_address", **box).status_code == 422


def test_lines_stay_as_they_were_written(owner: Any) -> None:
    lines = {"form": "lines", "district": "islands", "en_line1": "Flat A", "en_line3": "8 Some Way"}
    assert keep(owner, "postal_address", **lines).status_code == 303
    assert "Flat A, 8 Some Way" in row(owner.follow(), "postal_address")
    assert (
        'id="en_line2" name="en_line2" value="8 Some Way"'
        in owner.get(f"{PAGE}/postal_address").text
    )


def code_sent(house: House) -> str:
    inbox = house.notices.inbox
    assert inbox is not None
    found = re.search(r"\b(\d{6})\b", inbox.letters()[0].body)
    assert found
    return found[1]


def test_an_email_address_is_kept_once_its_code_came_back(owner: Any, house: House) -> None:
    page = keep(owner, "email", value=MAIL)
    assert "Enter the code that we sent" in page.text
    code = code_sent(house)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    page = owner.post(f"{PAGE}/email/code", {"code": wrong, "email": MAIL})
    assert page.status_code == 422
    assert "not the code that we sent" in page.text
    assert f'href="{PAGE}/email"' in page.text
    assert owner.post(f"{PAGE}/email/code", {"code": "x", "email": MAIL}).status_code == 422
    assert owner.post(f"{PAGE}/email/code", {"code": code, "email": MAIL}).status_code == 303
    assert MAIL in row(owner.follow(), "email")
    owner.get(f"{PAGE}/email")
    assert owner.post(f"{PAGE}/email/code", {"code": code, "email": MAIL}).status_code == 422
    assert keep(owner, "email", value="x").status_code == 422


def test_one_thing_is_removed(owner: Any, house: House) -> None:
    keep(owner, "mobile_telephone", value="9123 4567")
    keep(owner, "home_telephone", value="2123 4567")
    owner.get(f"{PAGE}/mobile_telephone")
    assert owner.post(f"{PAGE}/mobile_telephone/remove").status_code == 303
    page = owner.follow()
    assert "erased from your profile" in page.text
    assert "+852 2123 4567" in page.text
    assert "9123" not in page.text
    assert names_kept(house) == {"eme_since", "eme_home_telephone"}


def test_giving_up_erases_everything(owner: Any, house: House) -> None:
    keep(owner, "mobile_telephone", value="9123 4567")
    assert "Mobile telephone" in owner.get(f"{PAGE}/stop").text
    assert owner.post(f"{PAGE}/stop").status_code == 303
    page = owner.follow()
    assert "Your profile is gone" in page.text
    assert "Start my profile" in page.text
    assert names_kept(house) == set()
    events = [canonical_json.loads(body) for body in audited(house)]
    assert events[-1]["fields"] == ["mobile_telephone"]


def test_a_page_is_opened_after_a_fresh_login_and_then_there_is_time(
    owner: Any, clock: Any
) -> None:
    owner.get(f"{PAGE}/former_name")
    clock.wait(minutes=20)
    assert owner.post(f"{PAGE}/former_name", {"value": "WONG, Siu Ming"}).status_code == 303
    page = owner.get(f"{PAGE}/former_name")
    assert "First show that it is you" in page.text
    assert "Next: your profile" in page.text
    assert owner.ceremony().status_code == 303
    assert owner.page.headers["Location"].endswith(PAGE)
    assert owner.get(f"{PAGE}/former_name").status_code == 200
    clock.wait(minutes=31)
    page = owner.post(f"{PAGE}/former_name", {"value": "WONG, Siu Man"})
    assert "First show that it is you" in page.text
    for path in ("former_name/remove", "stop", "start", "email"):
        assert "First show that it is you" in owner.post(f"{PAGE}/{path}").text
    assert "WONG, Siu Ming" in owner.get(PAGE).text


@pytest.mark.parametrize("name", ["shoe_size", "hkic_number", "eme_since", "%F0%9F%92%A9"])
def test_there_is_no_page_for_anything_else(owner: Any, name: str) -> None:
    assert owner.get(f"{PAGE}/{name}").status_code == 404
    for path in (name, f"{name}/remove"):
        owner.get(f"{PAGE}/stop")
        assert owner.post(f"{PAGE}/{path}", {"value": "x"}).status_code == 404


def test_strangers_see_nothing(stranger: Any) -> None:
    for path in (PAGE, f"{PAGE}/stop", f"{PAGE}/alias"):
        answer = stranger.get(path)
        assert answer.status_code in (302, 303)
        assert "/login" in answer.headers["Location"]


def test_a_service_gets_what_the_consent_page_showed(
    owner: Any, house: House, front: Any, authorize: Any
) -> None:
    asked = ("email", "phone_number", "address", "age_over_18", "hkic_number_verified")
    with house.store.transaction() as tx:
        service = tx.clients.get("rp")
        reason = {"en": "For the form.", "zh-Hant-HK": "填表。", "zh-Hans": "填表。"}
        scopes = ("openid", "email", "phone", "address")
        changed = replace(
            service, scopes=scopes, claims=dict.fromkeys(asked, reason), voluntary_claims=()
        )
        tx.clients.put(changed)
    house.clock.wait(seconds=6)
    keep(owner, "email", value=MAIL)
    owner.post(f"{PAGE}/email/code", {"code": code_sent(house), "email": MAIL})
    keep(owner, "mobile_telephone", value="9123 4567")
    keep(owner, "residential_address", district="north", zh_village="樣本村")
    wish = '{"userinfo":{"age_over_18":null,"hkic_number_verified":null}}'
    owner.get(authorize(scope=" ".join(scopes), claims=wish))
    page = owner.follow()
    assert MAIL in page.text
    assert "+852 9123 4567" in page.text
    assert "新界北區樣本村" in page.text
    assert "Whether you are 18 or older" in page.text
    shown = dict(re.findall(r'name="(statement|shown)" value="([^"]*)"', page.text))
    action = re.search(r'action="([^"]+/decide)"', page.text)
    assert action
    owner.post(action[1], {**shown, "decision": "agree"})
    code = re.search(r"code=([^&]+)", owner.page.headers["Location"])
    assert code
    form = {
        "grant_type": "authorization_code",
        "code": code[1],
        "redirect_uri": "https://rp.example.hk/eid/callback",
        "client_id": "rp",
        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    }
    token = Client(front).post("/token", data=form).json["access_token"]

    def told() -> dict[str, Any]:
        answer = Client(front).get("/userinfo", headers={"Authorization": f"Bearer {token}"})
        return {name: value for name, value in answer.json.items() if name != "sub"}

    assert told() == {
        "email": MAIL,
        "email_verified": True,
        "phone_number": "+85291234567",
        "address#zh-Hant-HK": {
            "formatted": "新界北區\n樣本村",
            "street_address": "樣本村",
            "locality": "北區",
            "region": "新界",
            "country": "HK",
        },
        "age_over_18": True,
        "hkic_number_verified": True,
    }
    owner.get(f"{PAGE}/stop")
    owner.post(f"{PAGE}/stop")
    assert told() == {"age_over_18": True, "hkic_number_verified": True}
