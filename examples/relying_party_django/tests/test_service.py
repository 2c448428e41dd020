"""The whole visit, with a provider that lives in the test."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import django
import pytest
from django.conf import settings

if not settings.configured:
    settings.configure(SECRET_KEY="outside of any test: nothing is sealed with it")
    django.setup()

from django.core.management import call_command
from django.test import Client, override_settings

from hkeid.testing.fake_provider import AccountHolder, FakeProvider, Fault
from hkeid.testing.fake_signing import FakeSigning

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

CHAN = AccountHolder(
    claims={
        "name": "CHAN, Tai Man",
        "name#zh-Hant-HK": "陳大文",
        "birthdate": "1985-03-09",
        "hkic_number": "A123456(3)",
    }
)
BOUND = AccountHolder(acr="urn:hkeid:acr:eid-bound", claims=CHAN.claims)
BASE = "http://localhost:5002"
TAGS = {"en": "en", "zh-hant": "zh-Hant-HK", "zh-hans": "zh-Hans"}


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider("http://localhost:8000", client_id="ird-etax")


@pytest.fixture
def client(provider: FakeProvider) -> Iterator[Client]:
    own = import_module("relying_party_django.settings")
    values = {name: getattr(own, name) for name in dir(own) if name.isupper() and name != "HERE"}
    hkeid = {**values["HKEID"], "HTTP": provider, "PRIVATE_KEY": None}
    with override_settings(**{**values, "HKEID": hkeid}):
        from relying_party_django.views import CONFIRMATIONS

        CONFIRMATIONS.__init__()  # type: ignore[misc]
        yield Client(enforce_csrf_checks=True, headers={"host": "localhost:5002"})


def come_back(
    client: Client, provider: FakeProvider, page: str, person: AccountHolder = CHAN
) -> str:
    begun = client.get(page)
    if begun["Location"].startswith("/eid/login"):
        begun = client.get(begun["Location"])
    back = client.get(provider.log_in(begun["Location"], person).removeprefix(BASE))
    return back.get("Location") or back.content.decode()


def csrf(html: str) -> str:
    return re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', html)[-1]


def text(client: Client, page: str) -> str:
    return client.get(page).content.decode()


def test_the_return_is_signed_with_eid(provider: FakeProvider) -> None:
    own = import_module("relying_party_django.settings")
    values = {name: getattr(own, name) for name in dir(own) if name.isupper() and name != "HERE"}
    signing = FakeSigning(provider, sub=BOUND.sub)
    hkeid = {**values["HKEID"], "HTTP": signing, "PRIVATE_KEY": None}
    with override_settings(**{**values, "HKEID": hkeid}):
        from relying_party_django.signing import RETURNS

        RETURNS.__init__()  # type: ignore[misc]
        client = Client(enforce_csrf_checks=True, headers={"host": "localhost:5002"})
        come_back(client, provider, "/confirm", BOUND)
        form = text(client, "/confirm")
        client.post("/confirm", {"csrfmiddlewaretoken": csrf(form)})
        assert client.get("/signed")["Location"] == "/summary"
        page = text(client, "/confirmed")
        asked = client.post("/sign", {"csrfmiddlewaretoken": csrf(page)}).content.decode()
        assert ">K7WM<" in asked
        url = re.search(r'id="go-sign" href="([^"]+)"', asked)[1]  # type: ignore[index]
        back = client.get(signing.sign(url).removeprefix(BASE))
        assert back["Location"] == "/signed"
        assert 'id="signed"' in text(client, "/signed")
        pdf = client.get("/signed/return.pdf").content
        assert pdf.startswith(b"%PDF-1.7")
        assert b"Tax to pay" in pdf


def test_a_return_that_is_not_signed_is_told(provider: FakeProvider) -> None:
    own = import_module("relying_party_django.settings")
    values = {name: getattr(own, name) for name in dir(own) if name.isupper() and name != "HERE"}
    signing = FakeSigning(provider, sub=BOUND.sub)
    hkeid = {**values["HKEID"], "HTTP": signing, "PRIVATE_KEY": None}
    with override_settings(**{**values, "HKEID": hkeid}):
        client = Client(enforce_csrf_checks=True, headers={"host": "localhost:5002"})
        come_back(client, provider, "/confirm", BOUND)
        client.post("/confirm", {"csrfmiddlewaretoken": csrf(text(client, "/confirm"))})
        page = text(client, "/confirmed")
        asked = client.post("/sign", {"csrfmiddlewaretoken": csrf(page)}).content.decode()
        url = re.search(r'id="go-sign" href="([^"]+)"', asked)[1]  # type: ignore[index]
        back = client.get(signing.refuse(url).removeprefix(BASE))
        assert back.status_code == 403
        signing.refusal = (403, {"error": "access_denied", "reason": "too_many_open"})
        page = text(client, "/confirmed")
        refused = client.post("/sign", {"csrfmiddlewaretoken": csrf(page)})
        assert refused.status_code == 403


def test_the_whole_visit(client: Client, provider: FakeProvider) -> None:
    assert 'id="log-in"' in text(client, "/")
    assert come_back(client, provider, "/summary") == "/summary"
    summary = text(client, "/summary")
    assert "CHAN, Tai Man" in summary
    assert re.search(r"HK\$\d{1,3},\d{3}", summary)
    # Confirming asks for more than this login proved.
    assert client.get("/confirm").status_code == 303
    assert "needs a stronger eID login" in come_back(client, provider, "/confirm")
    assert come_back(client, provider, "/confirm", BOUND) == "/confirm"
    page = text(client, "/confirm")
    assert client.post("/confirm").status_code == 403
    done = client.post("/confirm", {"csrfmiddlewaretoken": csrf(page)})
    assert done["Location"] == "/confirmed"
    assert "Your return is confirmed" in text(client, "/confirmed")
    account = text(client, "/account")
    assert 'data-acr="urn:hkeid:acr:eid-bound"' in account
    assert "9 March 1985" in account
    assert "A123***(*)" in account
    assert "A123456" not in account
    gone = client.post("/eid/logout", {"csrfmiddlewaretoken": csrf(account)})
    assert gone["Location"].startswith("http://localhost:8000/logout?")
    assert client.get("/summary").status_code == 303


def test_a_resident_who_shares_nothing_sees_a_return_too(
    client: Client, provider: FakeProvider
) -> None:
    come_back(client, provider, "/summary", AccountHolder(sub="another"))
    assert "HK$" in text(client, "/summary")
    assert "not shared" in text(client, "/account")


def test_there_is_nothing_to_show_before_confirming(client: Client, provider: FakeProvider) -> None:
    come_back(client, provider, "/summary")
    assert client.get("/confirmed")["Location"] == "/summary"


@pytest.mark.parametrize(("code", "tag"), TAGS.items())
def test_every_page_in_every_language(
    code: str, tag: str, client: Client, provider: FakeProvider
) -> None:
    assert client.get(f"/language/{code}?next=/privacy")["Location"] == "/privacy"
    assert f"ui_locales={code}" in client.get("/eid/login")["Location"]
    come_back(client, provider, "/confirm", BOUND)
    for page in ("/", "/summary", "/confirm", "/account", "/privacy", "/missing"):
        answer = client.get(page)
        html = answer.content.decode()
        assert f'<html lang="{tag}">' in html
        assert answer["Content-Security-Policy"].startswith("default-src 'none'")
        assert "script-src" not in answer["Content-Security-Policy"]
        assert "<script" not in html
        assert not re.search(r"\sstyle=|\son[a-z]+=", html)


@pytest.mark.parametrize("page", ["//evil.example", "https://evil.example", "/\\evil", ""])
def test_the_language_switch_stays_here(page: str, client: Client) -> None:
    assert client.get("/language/en", {"next": page})["Location"] == "/"


def test_a_failure_wears_the_services_dress(client: Client, provider: FakeProvider) -> None:
    provider.fault = Fault.CALLBACK_ACCESS_DENIED
    page = come_back(client, provider, "/summary")
    assert "You did not log in" in page
    assert 'id="languages"' in page


@pytest.mark.usefixtures("client")
def test_system_checks() -> None:
    call_command("check")


def test_figures_are_the_same_for_the_same_resident() -> None:
    from relying_party_django.figures import tax_return

    assert tax_return("a") == tax_return("a") != tax_return("b")
    for sub in map(str, range(200)):
        one = tax_return(sub)
        assert one.first_instalment + one.second_instalment == one.tax
        assert 0 <= one.tax < one.chargeable or one.chargeable == 0


def test_texts_exist_in_all_three_scripts() -> None:
    from relying_party_django.texts import TEXTS

    assert all(len(three) == 3 and all(three) for three in TEXTS.values())


def test_a_logout_at_eid_ends_the_session_here(client: Client, provider: FakeProvider) -> None:
    from django.core.cache import cache

    cache.clear()
    assert come_back(client, provider, "/summary") == "/summary"
    assert client.get("/account").status_code == 200
    told = Client(enforce_csrf_checks=True, headers={"host": "localhost:5002"}).post(
        "/eid/backchannel-logout", {"logout_token": provider.logout_jwt()}
    )
    assert told.status_code == 200
    after = client.get("/account")
    assert (after.status_code, after["Location"].partition("?")[0]) == (303, "/eid/login")
    cache.clear()
