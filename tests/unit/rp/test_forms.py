"""Having forms filled: without a framework, and in both kits."""

from __future__ import annotations

import re
from hashlib import sha256
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import django
import flask
import pytest
from django.conf import settings

if not settings.configured:
    settings.configure(SECRET_KEY="outside of any test: nothing is sealed with it")
    django.setup()

from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import ConfigurationError, MalformedInput
from hkeid.oidc.forms import FORM_DETAIL
from hkeid.ports.surroundings import HttpAnswer
from hkeid.rp import FormNotSent, LoginDeclined, LoginFailed, RelyingParty, StartAgain
from hkeid.rp.django import fill_form
from hkeid.rp.errors import ProviderMisbehaved
from hkeid.rp.flask import EidLogin
from hkeid.rp.form_records import FormRequestState, wanted_forms
from hkeid.testing.fake_forms import FakeForms
from hkeid.testing.fake_provider import AccountHolder, FakeProvider

BACK = "https://service.example.hk/eid/filled"
VISIT = {"visit": {"name": "CHAN, Tai Man", "name#zh-Hant-HK": "陳大文"}}


@pytest.fixture
def forms() -> FakeForms:
    return FakeForms(FakeProvider())


@pytest.fixture
def rp(forms: FakeForms) -> RelyingParty:
    return RelyingParty(forms.provider.issuer, client_id="service", http=forms)


def test_a_form_without_a_login(rp: RelyingParty, forms: FakeForms) -> None:
    asked = rp.start_form({"visit": ["name"], "bill": None}, redirect_uri=BACK)
    filled = rp.finish_form(asked.state, forms.fill(asked.url, VISIT))
    [request] = forms.asked
    assert "scope" not in request, "nobody is asked to log in"
    detail = canonical_json.loads(request["authorization_details"])
    assert detail == [
        {"type": FORM_DETAIL, "forms": [{"form": "visit", "fields": ["name"]}, {"form": "bill"}]}
    ]
    assert list(filled) == ["visit"], "the other one was not sent"
    assert len(filled) == 1
    assert filled.resident is None
    form = filled["visit"]
    assert (form.claim("name"), form.claim("name", "zh-Hant-HK")) == ("CHAN, Tai Man", "陳大文")
    assert (form.sub, form.standing, form.id) == (None, False, "a-disclosure")
    assert form.signed.count(".") == 2
    assert "CHAN" not in repr(filled)


def test_a_form_with_a_login_and_later(rp: RelyingParty, forms: FakeForms) -> None:
    asked = rp.start_form("visit", redirect_uri=BACK, login=True, lasting=True)
    filled = rp.finish_form(asked.state, forms.fill(asked.url, VISIT))
    request = forms.asked[0]
    assert request["scope"].split() == ["openid", "offline_access"]
    assert request["prompt"] == "consent"
    resident = filled.resident
    assert resident is not None
    assert filled["visit"].sub == resident.sub
    forms.changes = {"standing": True}
    assert rp.fetch_form(resident, "visit").standing is True
    with pytest.raises(FormNotSent, match="form_not_available"):
        rp.fetch_form(resident, "bill")
    forms.answer = HttpAnswer(status=401)
    with pytest.raises(LoginDeclined, match="form_refused_invalid_token"):
        rp.fetch_form(resident, "visit")


def test_only_the_resident_who_is_logged_in(rp: RelyingParty, forms: FakeForms) -> None:
    asked = rp.start_form("visit", redirect_uri=BACK, login=True, subject="me")
    with pytest.raises(ProviderMisbehaved, match="id_token_subject_changed"):
        rp.finish_form(asked.state, forms.fill(asked.url, VISIT, AccountHolder(sub="other")))


def test_a_form_that_is_not_sent(rp: RelyingParty, forms: FakeForms) -> None:
    asked = rp.start_form("visit", redirect_uri=BACK)
    with pytest.raises(FormNotSent, match="form_declined") as declined:
        rp.finish_form(asked.state, forms.fill(asked.url, {}))
    assert declined.value.error == "access_denied"


def test_a_request_is_finished_once_and_by_the_browser_that_began_it(
    rp: RelyingParty, forms: FakeForms
) -> None:
    asked, other = (rp.start_form("visit", redirect_uri=BACK) for _ in range(2))
    back = forms.fill(asked.url, VISIT)
    with pytest.raises(StartAgain, match="state_mismatch"):
        rp.finish_form(other.state, back)
    rp.finish_form(asked.state, back)
    with pytest.raises(StartAgain, match="login_already_finished"):
        rp.finish_form(asked.state, back)


@pytest.mark.parametrize("state", ["", "{}", "[]", '{"v":1}', '{"v":2,"login":"","forms":[]}'])
def test_a_state_that_is_none(rp: RelyingParty, state: str) -> None:
    with pytest.raises(StartAgain, match="form_state_malformed"):
        rp.finish_form(state, f"{BACK}?code=x&state=y")


def test_one_form_of_several_that_is_gone_meanwhile(rp: RelyingParty, forms: FakeForms) -> None:
    asked = rp.start_form(("visit", "bill"), redirect_uri=BACK)
    address = forms.fill(asked.url, {**VISIT, "bill": {"name": "CHAN"}})
    forms.gone = frozenset({"bill"})
    assert list(rp.finish_form(asked.state, address)) == ["visit"]


def test_a_form_that_nobody_asked_for_is_not_fetched(rp: RelyingParty, forms: FakeForms) -> None:
    asked = rp.start_form("visit", redirect_uri=BACK)
    with pytest.raises(FormNotSent):
        rp.finish_form(asked.state, forms.fill(asked.url, {"bill": {"name": "CHAN"}}))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://elsewhere.example"}, "form_issuer_mismatch"),
        ({"aud": "another-service"}, "form_audience_mismatch"),
        ({"aud": None}, "form_audience_mismatch"),
        ({"form": "bill"}, "form_other"),
        ({"sub": "somebody"}, "form_subject_mismatch"),
        ({"iat": 1_000_000_000}, "form_not_fresh"),
        ({"iat": None}, "form_malformed"),
        ({"iat": True}, "form_malformed"),
        ({"claims": None}, "form_malformed"),
        ({"claims": ["name"]}, "form_malformed"),
        ({"sources": "self"}, "form_malformed"),
        ({"standing": "no"}, "form_malformed"),
        ({"jti": 7}, "form_malformed"),
        ({"claims": {"name": "\ud800"}}, "claims_malformed"),
    ],
)
def test_an_answer_at_fault(
    rp: RelyingParty, forms: FakeForms, changes: dict[str, Any], reason: str
) -> None:
    asked = rp.start_form("visit", redirect_uri=BACK)
    forms.changes = changes
    with pytest.raises(ProviderMisbehaved, match=reason):
        rp.finish_form(asked.state, forms.fill(asked.url, VISIT))


@pytest.mark.parametrize("typ", ["JWT", "at+jwt", "logout+jwt"])
def test_another_kind_of_token_is_no_form(rp: RelyingParty, forms: FakeForms, typ: str) -> None:
    """RFC 8725 §3.11."""
    asked = rp.start_form("visit", redirect_uri=BACK)
    forms.typ = typ
    with pytest.raises(ProviderMisbehaved, match="form_typ_unexpected"):
        rp.finish_form(asked.state, forms.fill(asked.url, VISIT))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (HttpAnswer(status=200, headers={"content-type": "application/json"}, body=b"{}"), "form_not_signed"),
        (HttpAnswer(status=418), "form_status_unexpected"),
        (HttpAnswer(status=302), "form_redirected"),
        (HttpAnswer(status=503), "form_server_error"),
        (HttpAnswer(status=200, headers={"content-type": "application/jwt"}, body=b"a.b.c"), "form_"),
    ],
)  # fmt: skip
def test_an_endpoint_at_fault(
    rp: RelyingParty, forms: FakeForms, answer: HttpAnswer, reason: str
) -> None:
    asked = rp.start_form("visit", redirect_uri=BACK)
    forms.answer = answer
    with pytest.raises(LoginFailed, match=reason):
        rp.finish_form(asked.state, forms.fill(asked.url, VISIT))


def test_a_provider_that_fills_no_forms() -> None:
    provider = FakeProvider()
    rp = RelyingParty(provider.issuer, client_id="service", http=provider)
    asked = rp.start_form("visit", redirect_uri=BACK, login=True)
    resident = rp.finish_login(
        FormRequestState.decode(asked.state).login.encode(), provider.log_in(asked.url)
    )
    with pytest.raises(ProviderMisbehaved, match="form_unsupported"):
        rp.fetch_form(resident, "visit")


def test_what_is_asked_for() -> None:
    assert wanted_forms("visit") == {"visit": None}
    assert wanted_forms(("a", "b")) == {"a": None, "b": None}
    with pytest.raises(MalformedInput, match="forms_missing"):
        wanted_forms(())
    with pytest.raises(MalformedInput, match="forms_too_many"):
        wanted_forms([f"form-{number}" for number in range(11)])


# --- Flask -------------------------------------------------------------------------------------------


@pytest.fixture
def service(forms: FakeForms) -> Any:
    app = flask.Flask(__name__)
    app.secret_key = "a secret of enough characters"

    def filled(sent: Any, context: str) -> str:
        who = "nobody" if sent.resident is None else sent.resident.sub
        return f"{context}|{who}|{sent['visit'].claim('name')}"

    eid = EidLogin(
        app,
        issuer=forms.provider.issuer,
        client_id="service",
        http=forms,
        base_url="https://localhost",
        filled=filled,
    )

    @app.get("/book")
    def book() -> flask.Response:
        return eid.fill_form("visit", context="slot-7")

    @app.get("/account")
    @eid.login_required
    def account() -> str:
        return "account"

    return app.test_client()


def back(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def test_a_visitor_of_a_flask_application(service: Any, forms: FakeForms) -> None:
    begun = service.get("/book", base_url="https://localhost")
    assert begun.status_code == 303
    address = back(forms.fill(begun.headers["Location"], VISIT))
    assert forms.asked[0]["redirect_uri"] == "https://localhost/eid/filled"
    answer = service.get(address, base_url="https://localhost")
    assert answer.text == "slot-7|nobody|CHAN, Tai Man"
    assert answer.headers["Cache-Control"] == "no-store"
    again = service.get(address, base_url="https://localhost")
    assert (again.status_code, "did not arrive here" in again.text) == (400, True)


def test_who_is_logged_in_there_fills_it(service: Any, forms: FakeForms) -> None:
    begun = service.get("/eid/login?next=/account", base_url="https://localhost")
    me = AccountHolder(sub="me")
    service.get(
        back(forms.provider.log_in(begun.headers["Location"], me)), base_url="https://localhost"
    )
    begun = service.get("/book", base_url="https://localhost")
    other = forms.fill(begun.headers["Location"], VISIT, AccountHolder(sub="other"))
    assert service.get(back(other), base_url="https://localhost").status_code == 403
    begun = service.get("/book", base_url="https://localhost")
    own = forms.fill(begun.headers["Location"], VISIT, me)
    assert "|me|" in service.get(back(own), base_url="https://localhost").text


@pytest.mark.parametrize("before", [None, "somebody"])
def test_a_form_is_not_taken_for_who_logged_in_meanwhile(
    service: Any, forms: FakeForms, before: str | None
) -> None:
    def log_in(sub: str) -> None:
        begun = service.get("/eid/login?next=/account", base_url="https://localhost")
        back_to = back(forms.provider.log_in(begun.headers["Location"], AccountHolder(sub=sub)))
        assert service.get(back_to, base_url="https://localhost").status_code == 303

    if before is not None:
        log_in(before)
    begun = service.get("/book", base_url="https://localhost")
    who = None if before is None else AccountHolder(sub=before)
    filled = forms.fill(begun.headers["Location"], VISIT, *filter(None, (who,)))
    for cookie in ("", "__Host-"):
        name = f"{cookie}eid-{sha256(b'service').hexdigest()[:8]}"
        service.delete_cookie(name, domain="localhost")
    log_in("another")
    page = service.get(back(filled), base_url="https://localhost")
    assert page.status_code == 400
    assert "CHAN" not in page.text
    assert re.search(r'id="eid-retry"[^>]*href="/book"', page.text)


def test_a_visitor_who_turns_back_is_led_to_the_page_before(service: Any, forms: FakeForms) -> None:
    begun = service.get("/book", base_url="https://localhost")
    page = service.get(
        back(forms.fill(begun.headers["Location"], {})), base_url="https://localhost"
    )
    assert "You did not send the form" in page.text
    assert re.search(r'id="eid-retry"[^>]*href="/book"', page.text)
    assert any("-form-" in one for one in page.headers.getlist("Set-Cookie"))


def test_forms_that_were_begun_and_left_do_not_fill_the_request(service: Any) -> None:
    """Another site can begin one after the other, with a long address."""
    for number in range(12):
        begun = service.get(f"/book?{'x' * 700}{number}", base_url="https://localhost")
        assert begun.status_code == 303
        service.get(f"/eid/login?next=/{'y' * 700}{number}", base_url="https://localhost")
    sent = service.get("/account", base_url="https://localhost").request.headers["Cookie"]
    assert "-form-" in sent
    assert len(sent) < 8_000


def test_an_application_without_a_view_for_forms() -> None:
    provider = FakeProvider()
    app = flask.Flask(__name__)
    app.secret_key = "a secret of enough characters"
    eid = EidLogin(app, issuer=provider.issuer, client_id="service", http=provider)
    with (
        app.test_request_context("/"),
        pytest.raises(ConfigurationError, match="filled_view_missing"),
    ):
        eid.fill_form("visit")


# --- Django ------------------------------------------------------------------------------------------


def _filled(_request: HttpRequest, sent: Any, context: str) -> HttpResponse:
    return HttpResponse(f"{context}|{sent['visit'].claim('name')}")


def _book(request: HttpRequest) -> HttpResponse:
    return fill_form(request, "visit", context="slot-7")


URLS = ModuleType("urls_of_forms")
URLS.urlpatterns = [  # type: ignore[attr-defined]
    path("eid/", include("hkeid.rp.django.urls")),
    path("book", _book),
]


def _settings(forms: FakeForms, **more: Any) -> Any:
    return override_settings(
        SECRET_KEY="a secret of enough characters for Django, fifty of them",
        ROOT_URLCONF=URLS,
        ALLOWED_HOSTS=["testserver"],
        INSTALLED_APPS=["hkeid.rp.django"],
        MIDDLEWARE=["hkeid.rp.django.middleware.EidMiddleware"],
        HKEID={
            "ISSUER": forms.provider.issuer,
            "CLIENT_ID": "service",
            "HTTP": forms,
            "BASE_URL": "https://testserver",
            **more,
        },
    )


def test_a_visitor_of_a_django_project(forms: FakeForms) -> None:
    with _settings(forms, FILLED=_filled):
        client = Client()
        begun = client.get("/book")
        assert begun.status_code == 303
        answer = client.get(back(forms.fill(begun["Location"], VISIT)))
        assert answer.content.decode() == "slot-7|CHAN, Tai Man"
        begun = client.get("/book")
        page = client.get(back(forms.fill(begun["Location"], {})))
        assert "You did not send the form" in page.content.decode()
        assert 'href="/book"' in page.content.decode()


def test_a_project_without_a_view_for_forms(forms: FakeForms) -> None:
    with _settings(forms):
        client = Client()
        with pytest.raises(ConfigurationError, match="filled_view_missing"):
            client.get("/book")
        assert client.get("/eid/filled").status_code == 404
