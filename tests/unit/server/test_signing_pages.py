"""A relying party asks, a resident signs on the pages, the relying party has the signed document."""

from __future__ import annotations

import hashlib
import io
import json
import re
from typing import Any

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from tests.unit.server.signing_town import BACK, ORIGIN, back_link, sign, sign_page
from werkzeug.test import Client

from hkeid.identity.state import EidState
from hkeid.rp import SignatureDeclined, SignatureNotTaken, StartAgain
from hkeid.rp.signature_records import DocumentToSign
from hkeid.signing.activation import SignatureEvidence
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.papers import UNFIT, paper


@pytest.fixture
def person(town, make_person) -> Any:
    return make_person(town.front)


def test_from_the_relying_partys_wish_to_the_signed_document(town, person) -> None:
    town.resident(person, "chan-tai-man")
    asked = town.ask()
    assert asked.url == f"{ORIGIN}/sign/{asked.request_id}"
    page = sign(person, asked.url)
    assert 'data-kind="signed"' in page.text
    assert "Declaration.pdf" in page.text
    signed = town.party.finish_signature(asked.state, back_link(page.text))
    reader = PdfFileReader(io.BytesIO(signed.pdf))
    assert len(reader.embedded_regular_signatures) == 1
    assert len(reader.embedded_timestamp_signatures) == 1
    assert signed.evidence.startswith(b'{"activation"')
    account = person.get("/account").text
    assert "Signed documents" in account
    assert "Declaration.pdf" in account


def test_the_page_shows_document_purpose_and_the_same_code(town, person) -> None:
    town.resident(person, "chan-tai-man")
    asked = town.ask()
    person.get(asked.url)
    assert "asks for your signature" in person.page.text
    person.ceremony()
    person.follow()
    assert "Before your first signature" in person.page.text
    assert "CHAN, Tai Man" in person.page.text
    person.post(f"/sign/{asked.request_id}/certificate")
    text = person.follow().text
    assert f">{asked.code}<" in text
    assert "To try" in text
    assert "Declaration.pdf" in text
    pictures = re.findall(r'<img src="([^"]+)"', text)
    assert len(pictures) == 2
    for address in pictures:
        picture = person.get(address)
        assert picture.mimetype == "image/png"
        assert picture.data.startswith(b"\x89PNG")
        assert picture.headers["Cache-Control"] == "no-store"
    file = person.get(f"/sign/{asked.request_id}/documents/1/file.pdf")
    assert file.data.startswith(b"%PDF")
    assert "attachment" in file.headers["Content-Disposition"]


def test_the_page_shows_what_will_stand_in_the_signature(town, person) -> None:
    """A relying party's reason is signed in the resident's name."""
    town.resident(person, "chan-tai-man")
    reason = "I guarantee <one million>"
    documents = [DocumentToSign(name="Note.pdf", pdf=paper(), reason=reason)]
    asked = town.ask(pdf=None, document_name="", documents=documents)
    assert "I guarantee &lt;one million&gt;" in sign_page(person, asked.url).text
    page = sign(person, asked.url)
    signed = town.party.finish_signature(asked.state, back_link(page.text))
    display = json.loads(SignatureEvidence.loads(signed.evidence).display)
    assert display["documents"][0]["reason"] == reason
    asked = town.ask(pdf=None, document_name="", documents=documents * 2)
    assert sign_page(person, asked.url).text.count("I guarantee &lt;") == 2
    one = person.get(f"/sign/{asked.request_id}/documents/2").text
    assert one.count("I guarantee &lt;") == 1


def test_a_stranger_sees_who_asks_and_nothing_else(town, person, make_person) -> None:
    town.resident(person, "chan-tai-man")
    asked = town.ask(document_name="Secret matter.pdf")
    other = make_person(town.front)
    page = other.get(asked.url)
    assert page.status_code == 200
    assert "Secret matter" not in page.text
    assert asked.code not in page.text
    for path in ("documents/1/file.pdf", "documents/1/pages/1.png"):
        assert other.get(f"{asked.url}/{path}").status_code == 404
    assert other.get("/sign/" + "A" * 22).status_code == 404
    assert other.get("/sign/nonsense").status_code == 404


def test_another_residents_request_stays_closed(town, person, make_person) -> None:
    town.resident(person, "chan-tai-man")
    asked = town.ask()
    sign_page(person, asked.url)
    other = make_person(town.front)
    town.resident(other, "chan-siu-mei")
    person_page = sign(other, asked.url)
    assert person_page.status_code == 403
    assert 'data-kind="other-person"' in person_page.text
    assert "Declaration" not in person_page.text
    assert other.get(f"{asked.url}/documents/1/file.pdf").status_code == 404


def test_refusing_is_told_to_the_relying_party(town, person) -> None:
    town.resident(person, "chan-tai-man")
    asked = town.ask()
    sign_page(person, asked.url)
    person.post(f"/sign/{asked.request_id}/refuse")
    text = person.follow().text
    assert 'data-kind="refused"' in text
    with pytest.raises(SignatureDeclined, match="signature_refused"):
        town.party.finish_signature(asked.state, back_link(text))


def test_different_codes_refuse_too(town, person) -> None:
    town.resident(person, "chan-tai-man")
    asked = town.ask()
    sign_page(person, asked.url)
    person.post(f"/sign/{asked.request_id}/code-differs")
    assert 'data-kind="refused"' in person.follow().text
    with pytest.raises(SignatureDeclined):
        town.party.finish_signature(asked.state, back_link(person.page.text))


def test_before_the_decision_there_is_nothing_to_fetch(town) -> None:
    asked = town.ask()
    state = json.loads(asked.state)
    back = f"{BACK}?request_id={asked.request_id}&state={state['state']}&iss={ORIGIN}"
    with pytest.raises(SignatureDeclined, match="signature_waiting"):
        town.party.finish_signature(asked.state, back)
    with pytest.raises(StartAgain, match="state_mismatch"):
        town.party.finish_signature(asked.state, back.replace("state=", "state=x"))
    with pytest.raises(StartAgain, match="signature_request_other"):
        town.party.finish_signature(asked.state, back.replace("request_id=", "request_id=x"))


def test_without_an_eid_plus_the_page_says_what_to_do(town, person) -> None:
    town.resident(person, "chan-tai-man", EidState.ACTIVE)
    asked = town.ask()
    page = sign(person, asked.url)
    assert page.status_code == 403
    assert 'data-kind="not-plus"' in page.text
    person.post(f"/sign/{asked.request_id}/refuse")
    assert 'data-kind="refused"' in person.follow().text


def test_a_synced_passkey_is_asked_for_a_stronger_one(town, make_person) -> None:
    person = make_person(town.front)
    person.phone = SoftwareAuthenticator(synced=True)
    town.resident(person, "chan-tai-man")
    asked = town.ask()
    person.get(asked.url)
    person.ceremony()
    page = person.follow()
    assert 'id="stronger"' in page.text
    assert 'id="sign-now"' not in page.text


def test_a_batch_shows_a_list_and_each_document_by_itself(town, person) -> None:
    town.resident(person, "chan-tai-man")
    documents = [DocumentToSign(name=f"Paper {n}.pdf", pdf=paper(pages=n)) for n in (1, 2)] + [
        DocumentToSign(name="Kept there", hash=hashlib.sha256(b"kept").digest())
    ]
    asked = town.ask(pdf=None, document_name="", documents=documents)
    text = sign_page(person, asked.url).text
    assert "Sign all 3" in text
    assert "You cannot see this document here" in text
    assert "<img" not in text
    one = person.get(f"/sign/{asked.request_id}/documents/2").text
    assert one.count("<img src=") == 2
    assert f'href="/sign/{asked.request_id}/documents/3"' in one
    assert (
        "You cannot see this document here"
        in person.get(f"/sign/{asked.request_id}/documents/3").text
    )
    assert person.get(f"/sign/{asked.request_id}/documents/4").status_code == 404
    text = person.get(asked.url).text
    assert text.count(">Opened<") == 1
    person.ceremony()
    signed = town.party.finish_signature(asked.state, back_link(person.follow().text))
    assert [one.name for one in signed.documents] == ["Paper 1.pdf", "Paper 2.pdf", "Kept there"]
    assert signed.documents[2].signature


def test_what_cannot_be_signed_is_told_to_the_relying_party_at_once(town) -> None:
    with pytest.raises(SignatureNotTaken) as refused:
        town.ask(pdf=unfit())
    assert refused.value.reason.startswith("signature_not_taken_pdf_")
    assert refused.value.document == 1


def counted(name: str, **labels: str) -> float:
    from prometheus_client import REGISTRY

    return REGISTRY.get_sample_value(name, labels) or 0.0


def unfit() -> bytes:
    return next(make() for trait, make in UNFIT.values() if trait.value == "pdf_javascript")


def test_an_old_page_and_a_wrong_passkey_are_explained(town, person, make_person) -> None:
    town.resident(person, "chan-tai-man")
    asked = town.ask()
    old = sign_page(person, asked.url)
    person.get(asked.url)
    person.page = old
    refused = counted("hkeid_refusals_total", reason="page_outdated")
    logins = counted("hkeid_logins_total", outcome="page_outdated")
    signed = counted("hkeid_signature_requests_total", outcome="signed")
    person.ceremony()
    assert person.page.status_code == 403
    assert 'data-problem="expired"' in person.page.text
    assert counted("hkeid_refusals_total", reason="page_outdated") == refused + 1
    assert counted("hkeid_logins_total", outcome="page_outdated") == logins
    assert person.ceremony().status_code == 303
    assert counted("hkeid_signature_requests_total", outcome="signed") == signed + 1
    assert 'data-kind="signed"' in person.follow().text


def test_a_form_from_elsewhere_does_not_decide(town, person) -> None:
    town.resident(person, "chan-tai-man")
    asked = town.ask()
    sign_page(person, asked.url)
    answer = person.post(
        f"/sign/{asked.request_id}/refuse", {"csrf": "x"}, **{"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403
    assert 'id="sign-now"' in person.get(asked.url).text


@pytest.mark.parametrize("language", ["zh-Hant-HK", "zh-Hans"])
def test_the_pages_speak_chinese(town, make_person, language) -> None:
    person = make_person(town.front, language)
    town.resident(person, "chan-tai-man")
    asked = town.ask()
    page = sign(person, asked.url)
    assert 'data-kind="signed"' in page.text
    assert {"zh-Hant-HK": "你已簽署", "zh-Hans": "你已签署"}[language] in page.text


def test_documents_and_texts_are_in_no_log(town, person) -> None:
    town.resident(person, "chan-tai-man")
    asked = town.ask(document_name="QWXZ Vkjh Plmr.pdf", purpose="Canary of purposes")
    page = sign(person, asked.url)
    town.party.finish_signature(asked.state, back_link(page.text))
    said = town.log.getvalue()
    assert "Vkjh" not in said
    assert "Canary of purposes" not in said
    assert asked.request_id not in said
    assert asked.code not in re.findall(r'"([A-Z0-9]{4})"', said)


def test_the_door_answers_in_json_and_never_with_a_500(town) -> None:
    client = Client(town.front)
    for body in (
        b"",
        b"[]",
        b'{"a":' * 2000,
        b"\xff\xfe",
        b"{}",
        b'{"client_id":"hko-suggestions"}',
    ):
        answer = client.post(
            "/signing/requests", base_url=ORIGIN, data=body, content_type="application/json"
        )
        assert 400 <= answer.status_code < 500, body[:20]
        assert answer.is_json
        answer.close()
    answer = client.get("/signing/requests", base_url=ORIGIN)
    assert answer.status_code == 405
    answer.close()
