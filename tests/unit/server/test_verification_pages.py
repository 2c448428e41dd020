"""Anybody checks a signed PDF on a page; nothing of it is kept."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from typing import Any
from xml.etree import ElementTree as ET

import cv2
import pikepdf
import pypdfium2
import pytest
from tests.unit.server.signing_town import ORIGIN, back_link, sign, sign_page

from hkeid.rp import SignatureNotTaken
from hkeid.rp.signature_records import VisibleStamp
from hkeid.testing.papers import UNFIT, paper
from hkeid_server.intake import PDF_LIMIT


@pytest.fixture
def person(town, make_person) -> Any:
    return make_person(town.front)


@pytest.fixture
def anybody(town, make_person) -> Any:
    return make_person(town.front)


@pytest.fixture
def signed(town, person) -> bytes:
    town.resident(person, "chan-tai-man")
    asked = town.ask()
    link = back_link(sign(person, asked.url).text)
    content: bytes = town.party.finish_signature(asked.state, link).pdf
    return content


def send(
    who: Any, pdf: bytes, name: str = "paper.pdf", path: str = "/verify", **fields: Any
) -> Any:
    if path == "/verify":
        who.get("/verify")
    return who.post(path, {**fields, "file": (io.BytesIO(pdf), name)})


def verdict(page: Any) -> str:
    return re.search(r'id="report" data-verdict="([a-z]+)"', page.text)[1]


def hidden(page: Any) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    return {name: unescape(value) for name, value in found if name != "csrf"}


def test_what_a_resident_signed_is_valid_for_everybody(town, anybody, signed) -> None:
    page = send(anybody, signed)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert verdict(page) == "valid"
    assert "CHAN Tai Man" in page.text
    assert "Proved by a time-stamp" in page.text
    assert 'data-verdict="undetermined"' in page.text
    assert 'href="#q-government_party"' in page.text


def test_the_facts_that_were_missing_are_answered_without_the_file(anybody, signed) -> None:
    page = send(anybody, signed)
    before = set(re.findall(r'data-fact="([a-z_.0-9]+)"', page.text))
    said = {"government_party": "no", "recipient_consents": "yes", "document_type": "contract"}
    page = anybody.post("/verify/report", {**hidden(page), **said, "common_law": "yes"})
    assert page.status_code == 200
    after = set(re.findall(r'data-fact="([a-z_.0-9]+)"', page.text))
    gone = {"context.government_party", "context.document_type", "context.ordinance"}
    assert gone <= before
    assert not gone & after
    assert re.search(r'value="no" checked|value="no"[^>]*checked', page.text)
    assert '<option value="contract" selected>' in page.text


def test_an_answer_that_cannot_be_meant_counts_as_not_known(anybody, signed) -> None:
    page = send(anybody, signed, ordinance="Chapter nine", document_type="nonsense")
    assert page.status_code == 200
    assert 'id="q-ordinance-error"' in page.text
    assert 'data-fact="context.ordinance"' in page.text
    assert 'data-fact="context.document_type"' in page.text


def test_the_language_switch_shows_the_same_report(anybody, signed) -> None:
    page = send(anybody, signed)
    form = hidden(page)
    page = anybody.post("/verify/report?lang=zh-Hant-HK", form)
    assert verdict(page) == "valid"
    assert "簽署有效" in page.text
    assert anybody.get("/verify/report").headers["Location"] == "/verify"


def test_the_report_is_taken_along(anybody, signed) -> None:
    page = send(anybody, signed)
    form = hidden(page)
    said = anybody.post("/verify/report.json", {**form, "government_party": "yes"})
    assert said.mimetype == "application/json"
    assert said.headers["Cache-Control"] == "no-store"
    report = json.loads(said.data)
    assert report["valid"] is True
    (opinion,) = [one["cap553"] for one in report["signatures"] if one["kind"] == "signature"]
    # Our own authority is never a recognised one, which s.6(1A) asks for where the Government is a party.
    assert opinion["verdict"] == "not_satisfied"
    assert "context.government_party" not in opinion["missing"]
    anybody.page = page
    xml = anybody.post("/verify/report.xml", form)
    root = ET.fromstring(xml.data)
    assert root.tag == "{http://uri.etsi.org/19102/v1.2.1#}ValidationReport"
    assert 'filename="validation-report.xml"' in xml.headers["Content-Disposition"]


def test_the_signed_revision_is_cut_out_of_the_same_file(anybody, signed) -> None:
    page = send(anybody, signed)
    form = {**hidden(page), "signature": "1"}
    got = send(anybody, signed, path="/verify/signed-revision", **form)
    assert got.mimetype == "application/pdf"
    assert signed.startswith(got.data)
    assert len(got.data) < len(signed)
    assert got.data.rstrip().endswith(b"%%EOF")
    anybody.page = page
    other = send(anybody, paper(), path="/verify/signed-revision", **form)
    assert other.status_code == 422
    assert 'data-problem="other-file"' in other.text
    anybody.page = page
    absent = send(anybody, signed, path="/verify/signed-revision", **{**form, "signature": "9"})
    assert absent.status_code == 404


def test_a_changed_document_says_what_is_wrong(anybody, signed) -> None:
    at = signed.index(b"stream") + 40
    page = send(anybody, signed[:at] + b"X" + signed[at + 1 :])
    assert verdict(page) == "invalid"
    assert 'data-code="digest_mismatch"' in page.text
    assert "HASH_FAILURE" in page.text


HOSTILE = (
    b"%PDF-1.7\n" + b"<<" * 10_000,
    b"\x00" * 5000,
    b"MZ\x90\x00" + b"A" * 100,
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/AcroForm<</Fields[2 0 R]>>>>endobj\ntrailer<</Root 1 0 R>>",
    b"<script>alert(1)</script>",
    *(make() for _, (_, make) in sorted(UNFIT.items())),
)


def test_whatever_comes_there_is_a_page(anybody) -> None:
    for hostile in HOSTILE:
        page = send(anybody, hostile, name="../../etc/passwd")
        assert page.status_code == 200
        assert verdict(page) in {"unreadable", "unsigned"}
        assert "<script>alert" not in page.text


def multipart(file: bytes, **fields: str) -> bytes:
    """A form with a file (RFC 7578)."""
    head = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    named = 'Content-Disposition: form-data; name="file"; filename="a.pdf"'
    return f"{head}--x\r\n{named}\r\n\r\n".encode() + file + b"\r\n--x--\r\n"


def test_no_file_and_too_large_a_file_are_told(anybody) -> None:
    page = send(anybody, b"")
    assert page.status_code == 422
    assert 'data-problem="empty"' in page.text
    token = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]
    for more, told in ((1, True), (100_000, False)):
        # Not by the client's own encoder, which leaves a temporary file behind.
        answer = anybody.client.post(
            "/verify",
            base_url=ORIGIN,
            data=multipart(b"0" * (PDF_LIMIT + more), csrf=token),
            content_type="multipart/form-data; boundary=x",
        )
        assert answer.status_code == 413
        assert ('data-problem="large"' in answer.text) is told


def test_a_form_of_another_site_is_refused(anybody, signed) -> None:
    anybody.get("/verify")
    anybody.page = anybody.client.get("/robots.txt", base_url="http://localhost:8000")
    refused = anybody.post("/verify", {"file": (io.BytesIO(signed), "a.pdf")})
    assert refused.status_code == 403


def test_a_report_is_good_in_its_browser_for_half_an_hour(
    town, anybody, make_person, signed, monkeypatch
) -> None:
    page = send(anybody, signed)
    form = hidden(page)
    other = make_person(town.front)
    other.get("/verify")
    refused = other.post("/verify/report", form)
    assert (refused.status_code, 'data-problem="expired"' in refused.text) == (409, True)
    for broken in ("", "x", "1.2.3", form["report"][:-8] + "AAAAAAAA", "9" + form["report"]):
        anybody.get("/verify")
        for path in ("/verify/report", "/verify/report.json", "/verify/report.xml"):
            anybody.get("/verify")
            assert anybody.post(path, {"report": broken}).status_code == 409
    clock = town.house.verification._parts.clock
    later = clock.now().timestamp() + 31 * 60

    class Later:
        def now(self) -> Any:
            return datetime.fromtimestamp(later, UTC)

    monkeypatch.setattr(
        town.house.verification,
        "_parts",
        replace(town.house.verification._parts, clock=Later()),
    )
    anybody.get("/verify")
    assert anybody.post("/verify/report", form).status_code == 409


def test_one_network_has_so_many_an_hour(town, anybody, monkeypatch) -> None:
    room = town.house.verification
    monkeypatch.setattr(room, "_parts", replace(room._parts, per_hour=2))
    assert [send(anybody, paper()).status_code for _ in range(3)] == [200, 200, 429]
    assert 'data-problem="attempts"' in anybody.page.text
    assert int(anybody.page.headers["Retry-After"]) > 0


def test_who_finds_no_place_is_told_at_once(town, anybody) -> None:
    places = town.house.verification._places
    held = 0
    while places.acquire(blocking=False):
        held += 1
    try:
        page = send(anybody, paper())
    finally:
        places.release(held)
    assert held == 2
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert 'data-problem="busy"' in page.text


def test_neither_file_nor_name_is_kept_or_logged(town, anybody, signed, tmp_path) -> None:
    name = "Geheimnis-Wong.pdf"
    before = {one: one.stat().st_size for one in tmp_path.rglob("*") if one.is_file()}
    page = send(anybody, signed, name=name)
    assert verdict(page) == "valid"
    log = town.log.getvalue()
    assert "Geheimnis" not in log
    assert "CHAN" not in log
    assert name not in page.text
    (event,) = town.log.events("validation:document:checked")
    assert event["indication"] == "total-passed"
    marks = (b"Geheimnis", signed[:400])
    for one in tmp_path.rglob("*"):
        if one.is_file() and (one not in before or one.suffix.startswith(".sqlite")):
            assert not any(mark in one.read_bytes() for mark in marks), one


def test_home_leads_there(anybody) -> None:
    assert 'href="/verify"' in anybody.get("/").text


BOX = (60.0, 60.0, 300.0, 130.0)


def test_a_visible_stamp_leads_here(town, person, anybody) -> None:
    """The QR code of the stamp is the page's address, and what it is on is valid there."""
    town.resident(person, "chan-tai-man")
    asked = town.ask(stamp=VisibleStamp(page=2, box=BOX))
    text = sign_page(person, asked.url).text
    assert "Your name and the time will stand on page 2" in text
    link = back_link(sign(person, asked.url).text)
    pdf = town.party.finish_signature(asked.state, link).pdf
    with pikepdf.open(io.BytesIO(pdf)) as document:
        (field,) = document.pages[1].Annots
        assert [float(one) for one in field.Rect] == list(BOX)
    assert read_qr(pdf, page=1) == f"{ORIGIN}/verify"
    page = send(anybody, pdf)
    assert verdict(page) == "valid"


def read_qr(pdf: bytes, *, page: int) -> str:
    document = pypdfium2.PdfDocument(pdf)
    document.init_forms()
    picture = document[page].render(scale=4, may_draw_forms=True).to_numpy()
    found, *_ = cv2.QRCodeDetector().detectAndDecode(picture)
    return str(found)


def test_a_stamp_that_cannot_stand_there_is_turned_down_before_anybody_is_asked(town) -> None:
    wrong = [
        {"stamp": VisibleStamp(page=9, box=BOX)},
        {"stamp": VisibleStamp(box=(0, 0, 20, 20))},
        {"stamp": VisibleStamp()},
        {"stamp": VisibleStamp(box=BOX), "pdf": None, "hash": b"h" * 32},
    ]
    reasons = []
    for one in wrong:
        with pytest.raises(SignatureNotTaken) as refused:
            town.ask(**one)
        reasons.append(refused.value.reason.removeprefix("signature_not_taken_"))
    assert reasons == ["page_absent", "stamp_malformed", "stamp_malformed", "document_malformed"]


def test_a_signed_document_gets_no_further_visible_field(town, signed) -> None:
    with pytest.raises(SignatureNotTaken, match="stamp_needs_prepared_field"):
        town.ask(pdf=signed, stamp=VisibleStamp(box=BOX))
