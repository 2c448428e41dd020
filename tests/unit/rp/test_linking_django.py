"""Linking through the kit for Django: settings, Django's own form token, pages, ``request.eid.account``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import django
import pytest
from django.conf import settings

if not settings.configured:
    settings.configure(SECRET_KEY="outside of any test: nothing is sealed with it")
    django.setup()

from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path

from hkeid.testing.account_links import MemoryAccountLinks
from hkeid.testing.fake_provider import AccountHolder, FakeProvider, Fault

CHAN = AccountHolder(sub="sub-of-chan")
BASE = "https://testserver"


def who(request: HttpRequest) -> HttpResponse:
    resident = request.eid.resident  # type: ignore[attr-defined]
    account = request.eid.account  # type: ignore[attr-defined]
    return HttpResponse(f"{resident and resident.sub}|{account}")


def current(request: HttpRequest) -> str | None:
    return request.COOKIES.get("account")


def has_password(account: str) -> bool:
    return account != "passwordless"


def fresh(request: HttpRequest) -> bool:
    return request.COOKIES.get("fresh") == "yes"


URLS = ModuleType("urls_of_a_test")
URLS.urlpatterns = [  # type: ignore[attr-defined]
    path("eid/", include("hkeid.rp.django.urls")),
    path("who", who),
]


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def links() -> MemoryAccountLinks:
    return MemoryAccountLinks()


@pytest.fixture
def configured(provider: FakeProvider, links: MemoryAccountLinks) -> Iterator[dict[str, Any]]:
    hkeid = {
        "ISSUER": provider.issuer,
        "CLIENT_ID": "service",
        "HTTP": provider,
        "BASE_URL": BASE,
        "ACCOUNT_LINKS": {
            "LINKS": links,
            "CURRENT_ACCOUNT": f"{__name__}.current",
            "ACCOUNT_LOGIN": "/login",
            "HAS_OTHER_LOGIN": f"{__name__}.has_password",
            "ACCOUNT_LOGIN_IS_FRESH": fresh,
        },
    }
    with override_settings(
        SECRET_KEY="a secret of enough characters for Django, fifty of them",
        ROOT_URLCONF=URLS,
        ALLOWED_HOSTS=["testserver"],
        INSTALLED_APPS=["hkeid.rp.django"],
        MIDDLEWARE=[
            "django.middleware.csrf.CsrfViewMiddleware",
            "hkeid.rp.django.middleware.EidMiddleware",
        ],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        HKEID=hkeid,
    ):
        yield hkeid


@pytest.fixture
def client(configured: dict[str, Any]) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.cookies["account"] = "chan"
    return client


def hidden(html: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', html))


def press(client: Client, page: str = "/eid/link", **fields: str) -> Any:
    given = {**hidden(client.get(page).content.decode()), **fields}
    return client.post(page, given, secure=True, headers={"referer": BASE + page})


def come_back(client: Client, provider: FakeProvider, begun: Any) -> Any:
    url = provider.log_in(begun["Location"], CHAN).removeprefix(BASE)
    return client.get(url, secure=True)


def kind_in(response: Any) -> str:
    return re.findall(r'data-kind="([^"]+)"', response.content.decode())[0]


def test_link_and_unlink(client: Client, provider: FakeProvider, links: MemoryAccountLinks) -> None:
    page = client.get("/eid/link")
    assert kind_in(page) == "confirm"
    assert "form-action 'self' https://eid.example.hk;" in page["Content-Security-Policy"]
    assert page["Referrer-Policy"] == "same-origin", "or browsers post with the origin null"
    assert set(hidden(page.content.decode())) == {"eid_form", "next", "csrfmiddlewaretoken"}
    back = come_back(client, provider, press(client))
    assert back["Location"] == "/eid/link?next=%2F"
    assert kind_in(client.get(back["Location"])) == "linked"
    assert client.get("/who").content == b"sub-of-chan|chan"
    back = come_back(client, provider, press(client, "/eid/unlink", by="eid"))
    assert kind_in(client.get(back["Location"])) == "unlinked"
    assert client.get("/who").content == b"sub-of-chan|None"
    assert [event.kind for event in links.events] == ["linked", "unlinked"]


def test_a_forged_form(client: Client, links: MemoryAccountLinks) -> None:
    fields = hidden(client.get("/eid/link").content.decode())
    for missing in ("csrfmiddlewaretoken", "eid_form"):
        given = {name: value for name, value in fields.items() if name != missing}
        referer = {"referer": f"{BASE}/eid/link"}
        refused = client.post("/eid/link", given, secure=True, headers=referer)
        assert refused.status_code in (400, 403)
    assert [event.reason for event in links.events] == ["link_form_invalid"]


def test_another_account_by_the_time_of_the_return(
    client: Client, provider: FakeProvider, links: MemoryAccountLinks
) -> None:
    begun = press(client)
    client.cookies["account"] = "mallory"
    answer = come_back(client, provider, begun)
    assert (answer.status_code, kind_in(answer)) == (403, "link_again")
    assert b'href="/eid/link?next=%2F"' in answer.content
    assert links.find(provider.issuer, CHAN.sub) is None


def test_a_failed_login_leads_back_to_the_page(client: Client, provider: FakeProvider) -> None:
    begun = press(client)
    provider.fault = Fault.CALLBACK_ACCESS_DENIED
    answer = come_back(client, provider, begun)
    assert (answer.status_code, kind_in(answer)) == (403, "declined")
    assert b'id="eid-retry" class="primary" href="/eid/link?next=%2F"' in answer.content


def test_unlink_after_a_recent_login_to_the_account(
    client: Client, provider: FakeProvider, links: MemoryAccountLinks
) -> None:
    come_back(client, provider, press(client))
    assert kind_in(press(client, "/eid/unlink", by="account")) == "link_again"
    client.cookies["fresh"] = "yes"
    assert press(client, "/eid/unlink", by="account").status_code == 303
    assert links.find(provider.issuer, CHAN.sub) is None


def test_never_without_another_way_in(client: Client, provider: FakeProvider) -> None:
    client.cookies["account"] = "passwordless"
    come_back(client, provider, press(client))
    assert kind_in(client.get("/eid/unlink")) == "link_only_way_in"


def test_a_project_dresses_the_pages(configured: dict[str, Any], client: Client) -> None:
    templates = {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.locmem.Loader",
                    {"link.html": "own: {{ page.kind }} {{ page.account }}"},
                )
            ]
        },
    }
    linking = {**configured["ACCOUNT_LINKS"], "TEMPLATE": "link.html"}
    hkeid = {**configured, "ACCOUNT_LINKS": linking}
    with override_settings(HKEID=hkeid, TEMPLATES=[templates]):
        assert client.get("/eid/link").content == b"own: confirm chan"


def test_a_project_that_links_nothing(configured: dict[str, Any], client: Client) -> None:
    with override_settings(HKEID={**configured, "ACCOUNT_LINKS": None}):
        assert client.get("/eid/link").status_code == 404
        assert client.get("/eid/unlink").status_code == 404
        assert client.get("/who").content == b"None|None"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"CURENT_ACCOUNT": "x"}, "did you mean 'CURRENT_ACCOUNT'"),
        ({"LINKS": None}, r"ACCOUNT_LINKS'\]\['LINKS'\]"),
        ({"ACCOUNT_LOGIN": "https://evil.example"}, "account_login_not_local"),
        ({"NOTIFY": "no.such.module"}, r"hkeid\.E002"),
    ],
)
def test_settings_that_do_not_fit(
    changes: dict[str, Any], words: str, configured: dict[str, Any]
) -> None:
    linking = {**configured["ACCOUNT_LINKS"], **changes}
    with (
        override_settings(HKEID={**configured, "ACCOUNT_LINKS": linking}),
        pytest.raises(SystemCheckError, match=words),
    ):
        call_command("check")
