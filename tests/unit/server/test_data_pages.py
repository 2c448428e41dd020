"""My data through the pages: a copy, requests with their date, erasing the eID."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pikepdf
import pypdfium2
import pytest
from tests.unit.profile.rights.conftest import Rights
from tests.unit.profile.rights.test_own_copy import fill

from hkeid.identity.state import EidState
from hkeid.profile.rights import LEFT_OUT, RequestKind
from hkeid_server.house import House
from hkeid_server.rights.copy_document import FOR_MACHINES
from hkeid_server.wiring.rights import finish_erasures, remind_of_requests

PAGE = "/account/data"
WISH = {"field": "birth_date", "wish": "12 April 1986", "words": "Canary words 陳"}


def resident_of(house: House) -> str:
    """The one who was activated."""
    with house.store.transaction() as tx:
        (found,) = (one.id for one in tx.residents if tx.credentials.of_resident(one.id))
    return found


def trail(house: House) -> str:
    with house.store.transaction() as tx:
        return "\n".join(
            record.body.decode()
            for writer in tx.audit_records.writers()
            for record in tx.audit_records.of_writer(writer)
        )


def copy_of(person: Any) -> dict[str, Any]:
    answer = person.get(f"{PAGE}/copy.json")
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text)


def ask(person: Any, **fields: Any) -> Any:
    person.get(f"{PAGE}/correction")
    return person.post(f"{PAGE}/correction", {**WISH, **fields})


def request_id(person: Any) -> str:
    found = re.search(r'id="request-([0-9A-Z-]+)"', person.get(PAGE).text)
    assert found
    return found[1]


def test_my_eid_leads_there(resident: Any) -> None:
    assert 'href="/account/data"' in resident.get("/account").text
    page = resident.get(PAGE)
    for there in ("copy-pdf", "copy-json", "ask-access", "ask-correction", "erase-eid"):
        assert f'id="{there}"' in page.text


def test_nobody_comes_in_without_logging_in(stranger: Any) -> None:
    for path in ("", "/copy.json", "/copy.pdf", "/access", "/correction", "/erase"):
        answer = stranger.get(f"{PAGE}{path}")
        assert answer.status_code == 303, path
        assert "/login" in answer.headers["Location"], path


def test_a_copy_for_programs(resident: Any, house: House) -> None:
    made = copy_of(resident)
    assert resident.page.headers["Content-Disposition"].startswith("attachment;")
    assert resident.page.headers["Cache-Control"] == "no-store"
    rows = {one["field"]: one["value"] for one in made["sections"]["particulars"]["records"]}
    assert rows["name_english"] == "CHAN, Tai Man"
    assert made["sections"]["devices"]["records"]
    assert made["sections"]["sessions"]["records"]
    assert {one["field"] for one in made["left_out"]} == set(LEFT_OUT)
    assert resident_of(house) not in resident.page.text, "internal ids never leave"


@pytest.mark.parametrize(
    ("language", "title", "name"),
    [
        ("en", "Everything that we hold about you", "English name"),
        ("zh-Hant-HK", "我們持有關於你的一切資料", "英文姓名"),
        ("zh-Hans", "我们持有关于你的一切资料", "英文姓名"),
    ],
)
def test_a_copy_for_reading(resident: Any, language: str, title: str, name: str) -> None:
    resident.headers["Accept-Language"] = language
    answer = resident.get(f"{PAGE}/copy.pdf")
    assert answer.mimetype == "application/pdf"
    text = "".join(
        page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(answer.data)
    )
    assert title in text
    assert name in text
    assert "CHAN, Tai Man" in text
    assert "陳大文" in text
    file = pikepdf.open(BytesIO(answer.data))
    assert str(file.Root.Lang) == language
    assert str(file.Root.StructTreeRoot.K.K[0].S) == "/H1"


def test_every_member_of_the_copy_has_words(
    make_hub: Callable[..., Any], house: House, resident: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a copy with a record in every section: what is not for machines is on paper."""
    rights = Rights(make_hub())
    fill(rights)
    everything = rights.copy.make(rights.view, "pdf")
    monkeypatch.setattr(type(house.rights.copy), "make", lambda *_: everything)
    answer = resident.get(f"{PAGE}/copy.pdf")
    assert answer.status_code == 200, answer.text
    text = "".join(
        page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(answer.data)
    )
    for said in (
        "canary@example.hk", "+852 9123 0000", "canary_claim", "canary words", "canary answer",
        "Privacy officer", "Opened your request about your data", "canary_face", "Canary Bank",
        "You say that this is wrong", "We are not satisfied that the data is wrong",
    ):  # fmt: skip
        assert said in text.replace("\r\n", " "), said
    assert "public_key" in FOR_MACHINES
    assert "canary-salt" not in text


def test_without_a_font_the_other_file_is_offered(
    resident: Any, house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    from hkeid.adapters.pdf.readable import PdfPrinter

    fontless = replace(house.rights, printer=PdfPrinter(tmp_path / "none.ttc"))
    object.__setattr__(house, "rights", fontless)
    answer = resident.get(f"{PAGE}/copy.pdf")
    assert answer.status_code == 503
    assert "no font to make a PDF with" in answer.text
    assert 'id="copy-json"' in answer.text
    object.__setattr__(house, "rights", replace(fontless, printer=None))
    assert 'id="copy-pdf"' not in resident.get(PAGE).text
    assert resident.get(f"{PAGE}/copy.pdf").status_code == 404


@pytest.mark.parametrize("path", ["/copy.json", "/copy.pdf", "/erase", "/access", "/correction"])
def test_a_stale_login_is_refreshed_first(
    resident: Any, house: House, clock: Any, path: str
) -> None:
    clock.wait(minutes=5, seconds=1)
    page = resident.get(f"{PAGE}{path}")
    assert "First show that it is you" in page.text
    assert "own-copy" not in trail(house)
    assert resident.ceremony().status_code == 303
    assert resident.follow().status_code == 200
    assert resident.get(f"{PAGE}{path}").status_code == 200


def test_a_request_is_shown_with_its_date_and_withdrawn(resident: Any, house: House) -> None:
    assert ask(resident).status_code == 303
    page = resident.follow()
    assert "Your request has arrived" in page.text
    assert "Correction: Date of birth" in page.text
    assert "13 December 2026" in page.text
    assert "12 April 1986" in page.text
    assert 'id="ask-correction"' not in page.text
    wanted = request_id(resident)
    assert resident.post(f"{PAGE}/requests/{wanted}/withdraw").status_code == 303
    page = resident.follow()
    assert "Your request is withdrawn" in page.text
    resident.get("/account")
    again = resident.post(f"{PAGE}/requests/{wanted}/withdraw")
    assert again.status_code == 409
    assert "already answered or withdrawn" in again.text
    assert "12 April 1986" not in trail(house)


def test_a_request_is_ones_own(resident: Any, house: House, make_person: Any, front: Any) -> None:
    from hkeid_server.sandbox import issue_ticket

    ask(resident)
    wanted = request_id(resident)
    other = make_person(front)
    other.get("/activate")
    other.post("/activate", {"code": issue_ticket(house, "lee-sze").reveal()})
    assert other.ceremony().status_code == 303
    page = other.get(PAGE)
    assert wanted not in page.text
    other.get("/account")
    assert other.post(f"{PAGE}/requests/{wanted}/withdraw").status_code == 404
    assert 'data-state="received"' in resident.get(PAGE).text
    assert "12 April 1986" not in json.dumps(copy_of(other))


@pytest.mark.parametrize(
    ("fields", "said", "at_fault"),
    [
        ({"field": []}, "Choose what is wrong", "field-1"),
        ({"field": "address"}, "Choose what is wrong", "field-1"),
        ({"wish": ""}, "Write what it should say", "wish"),
        ({"wish": "x" * 301}, "Write what it should say", "wish"),
        ({"words": "y" * 2001}, "Write at most 2,000 characters", "words"),
        ({"words": "a\u202eb"}, "Write at most 2,000 characters", "words"),
    ],
)
def test_what_is_wrong_is_said(resident: Any, fields: Any, said: str, at_fault: str) -> None:
    answer = ask(resident, **fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert f'href="#{at_fault}"' in answer.text
    assert f'id="{at_fault}"' in answer.text
    assert 'id="request-' not in resident.get(PAGE).text


def test_what_was_typed_is_kept_when_one_waits_already(resident: Any) -> None:
    ask(resident)
    resident.get(f"{PAGE}/correction")
    answer = resident.post(f"{PAGE}/correction", {**WISH, "field": ["sex", "birth_date"]})
    assert answer.status_code == 422
    assert "One such request waits already" in answer.text
    assert "Canary words 陳" in answer.text
    assert re.search(r'value="sex" checked', answer.text)


def test_too_many_requests_a_year(resident: Any, clock: Any) -> None:
    for _ in range(24):
        clock.wait(seconds=1)
        resident.get(f"{PAGE}/access")
        assert resident.post(f"{PAGE}/access", {"words": ""}).status_code == 303
        resident.post(f"{PAGE}/requests/{request_id(resident)}/withdraw")
    resident.get(f"{PAGE}/access")
    answer = resident.post(f"{PAGE}/access")
    assert answer.status_code == 429
    assert "very often this year" in answer.text


def test_an_erasure_is_explained_confirmed_and_done(
    resident: Any, house: House, clock: Any
) -> None:
    resident_id = resident_of(house)
    page = resident.get(f"{PAGE}/erase")
    for said in ("What goes", "What stays, and why", "list of erased eIDs", "Take a copy"):
        assert said in page.text
    unsaid = resident.post(f"{PAGE}/erase")
    assert unsaid.status_code == 422
    assert "Tick the box" in unsaid.text
    assert house.rights.erasing.finish() == 0
    answer = resident.post(f"{PAGE}/erase", {"confirm": "yes"})
    assert answer.status_code == 200
    assert "Your eID is erased" in answer.text
    reference = re.search(r'id="erasure-reference">([0-9A-Z-]+)<', answer.text)
    assert reference
    assert resident.cookie("hkeid-session") is None
    assert resident.get("/account").status_code == 303, "logged out"
    with house.store.transaction() as tx:
        assert tx.residents.get(resident_id).state is EidState.REVOKED
        assert tx.sealed_fields.all(resident_id) == {}
        order = tx.data_requests.get(reference[1])
    assert (order.kind, order.resident_id) == (RequestKind.ERASURE, resident_id)
    assert not order.open
    resident.get("/login")
    assert resident.ceremony().status_code == 403, "the passkey opens nothing"


def test_an_erasure_that_comes_twice_or_late_erases_nothing_more(
    resident: Any, house: House, clock: Any
) -> None:
    resident.get(f"{PAGE}/erase")
    clock.wait(minutes=5, seconds=1)
    stale = resident.post(f"{PAGE}/erase", {"confirm": "yes"})
    assert "First show that it is you" in stale.text
    assert "Next: erase your eID" in stale.text
    assert "profile:erasure" not in trail(house)
    resident.ceremony()
    resident.follow()
    assert resident.post(f"{PAGE}/erase", {"confirm": "yes"}).status_code == 200
    replay = resident.post(f"{PAGE}/erase", {"confirm": "yes"})
    assert replay.status_code in {303, 403}
    resident_id = resident_of(house)
    with house.store.transaction() as tx:
        orders = tx.data_requests.of_resident(resident_id)
    assert len(orders) == 1


def test_another_site_cannot_erase(resident: Any, house: House) -> None:
    resident.get(f"{PAGE}/erase")
    elsewhere = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert resident.post(f"{PAGE}/erase", {"confirm": "yes"}, **elsewhere).status_code == 403
    assert resident.post(f"{PAGE}/erase", {"confirm": "yes", "csrf": "x"}).status_code == 403
    resident_id = resident_of(house)
    with house.store.transaction() as tx:
        assert tx.residents.get(resident_id).state is EidState.ACTIVE


def test_after_a_recovery_there_is_a_waiting_time(resident: Any, house: House, clock: Any) -> None:
    resident_id, until = resident_of(house), clock.now() + timedelta(days=3)
    with house.store.transaction() as tx:
        entry = tx.residents.get(resident_id)
        tx.residents.change(entry, replace(entry, cooling_until=until))
    page = resident.get(PAGE)
    assert "no copy is given out" in page.text
    assert 'id="copy-json"' not in page.text
    for path in ("copy.json", "copy.pdf"):
        answer = resident.get(f"{PAGE}/{path}")
        assert answer.status_code == 403
        assert "no copy is given out" in answer.text
    assert 'id="erase-now"' not in resident.get(f"{PAGE}/erase").text
    resident.get("/account")
    answer = resident.post(f"{PAGE}/erase", {"confirm": "yes"})
    assert answer.status_code == 422
    assert "no copy is given out" in answer.text
    assert ask(resident).status_code == 303, "the forty days run all the same"


def test_no_copy_is_in_a_log_or_the_trail(resident: Any, house: House, log: Any) -> None:
    ask(resident)
    made = copy_of(resident)
    resident.get(f"{PAGE}/copy.pdf")
    ask(resident, words="y" * 2001)
    values = {one["value"] for one in made["sections"]["particulars"]["records"]
              if isinstance(one["value"], str) and len(one["value"]) > 3}  # fmt: skip
    values |= {"12 April 1986", "Canary words"}
    assert len(values) > 4
    for place in (log.getvalue(), trail(house)):
        assert not [value for value in values if value in place]
    assert trail(house).count('"form":"json"') == 1
    assert trail(house).count('"form":"pdf"') == 1


def test_housekeeping_notices_and_finishes(resident: Any, house: House, clock: Any) -> None:
    ask(resident)
    clock.wait(days=40)
    assert remind_of_requests(house.store, clock) == 1
    assert remind_of_requests(house.store, clock) == 0
    assert "overdue" in trail(house)
    assert finish_erasures(house.config, house.store, house.keys, clock) == 0
