"""The kits: a page with the code, the way to eID, and back with the signed document."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import flask
import pytest

from hkeid.rp.flask import EidLogin
from hkeid.testing.fake_provider import AccountHolder, FakeProvider
from hkeid.testing.fake_signing import FakeSigning

PDF = b"%PDF-1.7 a document"


@pytest.fixture
def signing() -> FakeSigning:
    return FakeSigning(FakeProvider())


@pytest.fixture
def client(signing) -> Any:
    app = flask.Flask(__name__)
    app.secret_key = "a secret of enough characters"

    def signed(result: Any, context: str) -> str:
        return f"{context}|{result.sub}|{len(result.pdf)}"

    eid = EidLogin(
        app, issuer=signing.provider.issuer, client_id="service", http=signing, signed=signed
    )

    @app.get("/")
    def home() -> str:
        return "home"

    @app.post("/sign")
    def sign() -> flask.Response:
        asked = eid.request_signature(PDF, document_name="Paper.pdf", context="draft-7")
        return asked.remember(f"{asked.code} {asked.url}")

    @app.get("/account")
    @eid.login_required
    def account() -> str:
        assert eid.resident is not None
        return eid.resident.sub

    return app.test_client()


def back(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def test_a_visitor_signs_and_the_application_gets_the_document(client, signing) -> None:
    code, url = client.post("/sign").text.split()
    assert code == "K7WM"
    answer = client.get(back(signing.sign(url)))
    assert answer.status_code == 200
    assert answer.text.startswith("draft-7|a-fictional-resident|")
    assert answer.headers["Cache-Control"] == "no-store"
    again = client.get(back(signing.sign(url)))
    assert again.status_code == 400, "what was kept for it is gone"


def test_only_who_is_logged_in_may_sign(client, signing) -> None:
    begun = client.get("/eid/login?next=/account")
    client.get(back(signing.provider.log_in(begun.headers["Location"], AccountHolder(sub="me"))))
    assert client.get("/account").text == "me"
    url = client.post("/sign").text.split()[1]
    (request,) = signing._requests.values()
    assert request.members["subject"] == "me"
    assert client.get(back(signing.sign(url))).status_code == 502
    signing.sub = "me"
    url = client.post("/sign").text.split()[1]
    assert client.get(back(signing.sign(url))).text.startswith("draft-7|me|")


def test_a_refusal_becomes_a_page_that_leads_back(client, signing) -> None:
    url = client.post("/sign", headers={"Referer": "http://localhost/form?x=1"}).text.split()[1]
    answer = client.get(back(signing.refuse(url)), headers={"Accept-Language": "en"})
    assert answer.status_code == 403
    assert 'data-kind="not_signed"' in answer.text
    assert 'href="/form?x=1"' in answer.text
    assert "Go back and try again" in answer.text


def test_what_eid_does_not_take_becomes_a_page(client, signing) -> None:
    signing.refusal = (422, {"error": "document_refused", "reason": "pdf_xfa", "document": 1})
    answer = client.post("/sign", headers={"Accept-Language": "zh-HK"})
    assert answer.status_code == 403
    assert 'data-kind="not_taken"' in answer.text
    assert "不能以 eID 簽署" in answer.text


def test_another_browser_gets_nothing(client, signing) -> None:
    url = client.post("/sign").text.split()[1]
    other = client.application.test_client()
    answer = other.get(back(signing.sign(url)))
    assert answer.status_code == 400
    assert 'data-kind="signature_lost"' in answer.text


def test_an_application_that_signs_nothing_has_no_such_page(signing) -> None:
    app = flask.Flask(__name__)
    app.secret_key = "a secret of enough characters"
    EidLogin(app, issuer=signing.provider.issuer, client_id="service", http=signing)
    assert app.test_client().get("/eid/signed").status_code == 404
