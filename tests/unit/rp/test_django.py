"""The kit for Django: settings, decorator, pages, system checks."""

from __future__ import annotations

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
from django.middleware.csrf import get_token
from django.template import Context, Template
from django.test import Client, override_settings
from django.urls import include, path

from hkeid.kernel.errors import ConfigurationError
from hkeid.rp.django import login_required
from hkeid.rp.django.conf import given, web_login
from hkeid.testing.fake_provider import AccountHolder, FakeProvider, Fault


def home(request: HttpRequest) -> HttpResponse:
    resident = request.eid.resident  # type: ignore[attr-defined]
    return HttpResponse("nobody" if resident is None else resident.sub)


@login_required(acr="urn:hkeid:acr:eid")
def account(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"Hello {request.eid.resident.sub}")  # type: ignore[attr-defined]


@login_required
def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse(get_token(request))


@login_required(acr="urn:hkeid:acr:eid-bound")
def strong(request: HttpRequest) -> HttpResponse:
    return HttpResponse("strong")


def _urls(*patterns: Any) -> ModuleType:
    """A URL configuration without a file."""
    module = ModuleType("urls_of_a_test")
    module.urlpatterns = list(patterns)  # type: ignore[attr-defined]
    return module


URLS = _urls(
    *[
        path("eid/", include("hkeid.rp.django.urls")),
        path("", home),
        path("account", account),
        path("form", form),
        path("strong", strong),
    ]
)


@pytest.fixture
def live_provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def configured(live_provider: FakeProvider) -> Iterator[dict[str, Any]]:
    hkeid = {"ISSUER": live_provider.issuer, "CLIENT_ID": "service", "HTTP": live_provider}
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
        HKEID={**hkeid, "BASE_URL": "https://testserver"},
    ):
        yield hkeid


@pytest.fixture
def client(configured: dict[str, Any]) -> Client:
    return Client(enforce_csrf_checks=True)


def log_in(
    client: Client, provider: FakeProvider, page: str = "/account", person: Any = None
) -> Any:
    begun = client.get(page)
    if begun["Location"].startswith("/eid/login"):
        begun = client.get(begun["Location"])
    url = provider.log_in(begun["Location"], person)
    return client.get(url.removeprefix("https://testserver"))


def test_the_readme_example(client: Client, live_provider: FakeProvider) -> None:
    assert client.get("/").content == b"nobody"
    back = log_in(client, live_provider)
    assert (back.status_code, back["Location"]) == (303, "/account")
    page = client.get("/account")
    assert page.content.decode() == f"Hello {AccountHolder().sub}"
    assert page["Cache-Control"] == "no-store"
    assert "Cookie" in page["Vary"]
    assert client.get("/").content.decode() == AccountHolder().sub


def test_step_up(client: Client, live_provider: FakeProvider) -> None:
    log_in(client, live_provider)
    refused = log_in(client, live_provider, "/strong")
    assert refused.status_code == 403
    assert b'data-kind="stronger"' in refused.content
    log_in(client, live_provider, "/strong", AccountHolder(acr="urn:hkeid:acr:eid-plus"))
    assert client.get("/strong").content == b"strong"


def test_log_out_needs_djangos_token(client: Client, live_provider: FakeProvider) -> None:
    log_in(client, live_provider)
    token = client.get("/form").content.decode()
    assert client.get("/eid/logout").status_code == 405
    assert client.post("/eid/logout").status_code == 403
    assert client.get("/account").status_code == 200
    gone = client.post("/eid/logout", {"csrfmiddlewaretoken": token})
    assert gone.status_code == 303
    assert gone["Location"].startswith("https://eid.example.hk/logout?id_token_hint=")
    assert client.get("/").content == b"nobody"


def test_cookies_are_hard_to_misuse(client: Client) -> None:
    answer = client.get("/eid/login")
    (cookie,) = answer.cookies.values()
    assert cookie.key.startswith("__Host-eid-")
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")


def test_a_failure_is_a_page(client: Client, live_provider: FakeProvider) -> None:
    live_provider.fault = Fault.CALLBACK_ACCESS_DENIED
    page = log_in(client, live_provider)
    assert page.status_code == 403
    assert b'data-kind="declined"' in page.content
    assert b'href="/eid/kit.css"' in page.content
    assert client.get("/eid/kit.css")["Content-Type"].startswith("text/css")


def test_sessions_in_djangos_cache(configured: dict[str, Any], live_provider: FakeProvider) -> None:
    store = "hkeid.rp.django.store.CacheSessionStore"
    hkeid = {**configured, "BASE_URL": "https://testserver", "SESSION_STORE": store}
    with override_settings(HKEID=hkeid):
        client = Client()
        log_in(client, live_provider)
        assert client.get("/account").status_code == 200
        token = client.get("/form").content.decode()
        client.post("/eid/logout", {"csrfmiddlewaretoken": token})
        assert client.get("/").content == b"nobody"


def test_templates_see_the_resident(client: Client, live_provider: FakeProvider) -> None:
    log_in(client, live_provider)
    request = client.get("/account").wsgi_request
    shown = Template("{{ request.eid.resident.acr }}").render(Context({"request": request}))
    assert shown == "urn:hkeid:acr:eid"


class TestSettings:
    @pytest.mark.parametrize(
        ("changes", "reason", "hint"),
        [
            ({"ISUER": "x"}, "setting_unknown", "did you mean 'ISSUER'?"),
            ({"client_id": "x"}, "setting_unknown", "did you mean 'CLIENT_ID'?"),
            ({"BOGUS": 1}, "setting_unknown", "known:"),
            ({"ISSUER": ""}, "setting_missing", "ISSUER"),
            ({"CLIENT_ID": None}, "setting_missing", "CLIENT_ID"),
        ],
    )
    def test_unknown_and_missing_ones(
        self, changes: dict[str, Any], reason: str, hint: str, configured: dict[str, Any]
    ) -> None:
        with override_settings(HKEID={**configured, **changes}):
            with pytest.raises(ConfigurationError) as caught:
                given()
            assert caught.value.reason == reason
            assert hint in str(caught.value)
            with pytest.raises(SystemCheckError, match=reason):
                call_command("check")

    def test_every_setting_arrives(self, configured: dict[str, Any]) -> None:
        more = {
            "BASE_URL": "https://testserver",
            "ACR": "urn:hkeid:acr:eid",
            "CLAIMS": ["name"],
            "SESSION_LIFETIME": 60,
            "TIMEOUT": 3.0,
            "ID_TOKEN_ALGORITHMS": ["ES256", "RS256"],
        }
        with override_settings(HKEID={**configured, **more}):
            web = web_login().settings
            assert (web.acr, web.claims) == ("urn:hkeid:acr:eid", ("name",))
            assert web.session_lifetime.total_seconds() == 60

    def test_checks_pass(self, configured: dict[str, Any]) -> None:
        call_command("check")

    def test_pages_must_be_where_the_prefix_says(self, configured: dict[str, Any]) -> None:
        with (
            override_settings(HKEID={**configured, "PREFIX": "/elsewhere"}),
            pytest.raises(SystemCheckError, match=r"hkeid\.E004"),
        ):
            call_command("check")
        urls = _urls(path("", home))
        with (
            override_settings(ROOT_URLCONF=urls),
            pytest.raises(SystemCheckError, match=r"hkeid\.E003"),
        ):
            call_command("check")

    def test_values_that_do_not_fit(self, configured: dict[str, Any]) -> None:
        for changes in ({"HTTP": "no.such.module"}, {"SESSION_LIFETIME": "soon", "CLAIMS": 5}):
            with (
                override_settings(HKEID={**configured, **changes}),
                pytest.raises(SystemCheckError, match=r"hkeid\.E002"),
            ):
                call_command("check")

    def test_deployment_checks_say_what_is_for_laptops(self, configured: dict[str, Any]) -> None:
        from hkeid.rp.django.checks import check_deployment

        laptop = {"ISSUER": "http://localhost:8000", "CLIENT_ID": "service", "CLIENT_SECRET": "s"}
        with override_settings(HKEID=laptop):
            assert [one.id for one in check_deployment()] == [
                "hkeid.W001",
                "hkeid.W002",
                "hkeid.W003",
                "hkeid.W004",
                "hkeid.W005",
            ]
