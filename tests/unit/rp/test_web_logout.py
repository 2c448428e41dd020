"""The provider ends sessions at the kits (OpenID Connect Back-Channel Logout §2.5 to §2.8): Flask, then Django."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import ModuleType
from typing import Any

import django
import flask
import pytest
from django.conf import settings

if not settings.configured:
    settings.configure(SECRET_KEY="outside of any test: nothing is sealed with it")
    django.setup()

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path

from hkeid.rp.flask import EidLogin
from hkeid.rp.web_session import MemorySessionStore
from hkeid.testing.fake_provider import SID, AccountHolder, FakeProvider

ENDPOINT = "/eid/backchannel-logout"


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def make(provider: FakeProvider) -> Callable[..., flask.Flask]:
    def build(**options: Any) -> flask.Flask:
        app = flask.Flask(__name__)
        app.secret_key = "a secret of enough characters"
        eid = EidLogin(app, issuer=provider.issuer, client_id="service", http=provider, **options)

        @app.get("/")
        def home() -> str:
            return "nobody" if eid.resident is None else eid.resident.sub

        return app

    return build


def log_in(client: Any, provider: FakeProvider, person: AccountHolder | None = None) -> None:
    begun = client.get("/eid/login")
    back = provider.log_in(begun.headers["Location"], person)
    assert client.get(back.removeprefix("http://localhost")).status_code == 303


def who(client: Any) -> str:
    return str(client.get("/").text)


class TestFlask:
    def test_2_7_the_session_that_is_named_ends(self, make, provider) -> None:
        client = make().test_client()
        log_in(client, provider)
        assert who(client) == AccountHolder().sub
        answer = client.post(ENDPOINT, data={"logout_token": provider.logout_jwt()})
        assert (answer.status_code, answer.data) == (200, b"")
        assert answer.headers["Cache-Control"] == "no-store"
        assert who(client) == "nobody"

    def test_another_session_goes_on(self, make, provider) -> None:
        client = make().test_client()
        log_in(client, provider)
        token = provider.logout_jwt(sid="another")
        assert client.post(ENDPOINT, data={"logout_token": token}).status_code == 200
        assert who(client) == AccountHolder().sub

    def test_a_login_with_the_session_that_ended_is_none(self, make, provider) -> None:
        """It was under way when the session ended."""
        client = make().test_client()
        client.post(ENDPOINT, data={"logout_token": provider.logout_jwt()})
        log_in(client, provider)
        assert who(client) == "nobody"

    def test_2_7_without_sid_all_of_the_residents_sessions_end(
        self, make, provider, monkeypatch
    ) -> None:
        app = make()
        phone, laptop, other = (app.test_client() for _ in range(3))
        log_in(phone, provider)
        log_in(laptop, provider)
        log_in(other, provider, AccountHolder(sub="somebody-else"))
        token = provider.logout_jwt(sid=None)
        assert phone.post(ENDPOINT, data={"logout_token": token}).status_code == 200
        assert (who(phone), who(laptop), who(other)) == ("nobody", "nobody", "somebody-else")
        later = app.extensions["hkeid"]._clock.now() + timedelta(seconds=2)
        monkeypatch.setattr(
            app.extensions["hkeid"]._keeper, "_clock", type("Later", (), {"now": lambda _: later})()
        )
        log_in(phone, provider)
        assert who(phone) == AccountHolder().sub, "logged in after that"
        assert who(laptop) == "nobody"

    @pytest.mark.parametrize("fields", [{}, {"logout_token": ""}, {"logout_token": "a.b.c"}])
    def test_2_8_a_bad_request(self, make, provider, fields, caplog) -> None:
        client = make().test_client()
        log_in(client, provider)
        with caplog.at_level(logging.WARNING, "hkeid.rp"):
            answer = client.post(ENDPOINT, data=fields)
        assert answer.status_code == 400
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.mimetype == "application/json"
        assert answer.json["error"] == "invalid_request"
        assert answer.json["error_description"].startswith("logout_token_")
        assert "logout by the provider refused" in caplog.text
        assert who(client) == AccountHolder().sub

    def test_2_8_a_token_that_is_not_in_order_ends_nothing(self, make, provider, caplog) -> None:
        client = make().test_client()
        log_in(client, provider)
        token = provider.logout_jwt(aud="other")
        answer = client.post(ENDPOINT, data={"logout_token": token})
        assert answer.json["error_description"] == "logout_token_audience_mismatch"
        assert who(client) == AccountHolder().sub
        assert AccountHolder().sub not in caplog.text
        assert SID not in caplog.text

    def test_two_tokens_at_once_are_one_too_many(self, make, provider) -> None:
        tokens = [provider.logout_jwt() for _ in range(2)]
        answer = make().test_client().post(ENDPOINT, data={"logout_token": tokens})
        assert answer.json["error_description"] == "logout_token_twice"

    def test_2_8_when_keys_cannot_be_fetched_the_logout_failed(self, make, provider) -> None:
        """The provider tries again, with another token."""
        client = make().test_client()
        log_in(client, provider)
        party = client.application.extensions["hkeid"].party
        party.provider._keys.kept = None
        token, sound = provider.logout_jwt(), provider.send

        def down(*words: Any, **more: Any) -> Any:
            from hkeid.kernel.errors import Unavailable

            raise Unavailable("http_no_answer")

        party._http = party.provider._http = type("Down", (), {"send": staticmethod(down)})()
        answer = client.post(ENDPOINT, data={"logout_token": token})
        assert (answer.status_code, answer.json["error_description"]) == (400, "jwks_unreachable")
        party.provider._http = provider
        assert sound == provider.send
        assert client.post(ENDPOINT, data={"logout_token": token}).status_code == 200
        assert who(client) == "nobody"

    def test_only_a_post(self, make) -> None:
        assert make().test_client().get(ENDPOINT).status_code == 405

    def test_processes_that_share_a_store(self, make, provider) -> None:
        """Or a session store, which then remembers both."""
        for options in (
            {"logout_store": MemorySessionStore()},
            {"session_store": MemorySessionStore()},
        ):
            first, second = make(**options).test_client(), make(**options).test_client()
            log_in(first, provider)
            token = provider.logout_jwt()
            assert second.post(ENDPOINT, data={"logout_token": token}).status_code == 200
            assert who(first) == "nobody"

    def test_a_session_on_the_servers_side_is_deleted(self, make, provider) -> None:
        store = MemorySessionStore()
        client = make(session_store=store).test_client()
        log_in(client, provider)
        before = set(store._kept)
        client.post(ENDPOINT, data={"logout_token": provider.logout_jwt()})
        assert who(client) == "nobody"
        assert not before & set(store._kept)

    def test_the_store_sees_no_name(self, make, provider) -> None:
        store = MemorySessionStore()
        client = make(logout_store=store).test_client()
        client.post(ENDPOINT, data={"logout_token": provider.logout_jwt()})
        client.post(ENDPOINT, data={"logout_token": provider.logout_jwt(sid=None)})
        assert len(store._kept) == 2
        assert SID not in repr(store._kept)
        assert AccountHolder().sub not in repr(store._kept)

    def test_a_session_of_an_older_release_ends_by_sub(self, make, provider) -> None:
        app = make()
        client = app.test_client()
        keep = app.extensions["hkeid"]._sealer.seal

        def older(purpose: str, members: Any, *words: Any) -> str:
            return keep(purpose, {k: v for k, v in members.items() if k != "began"}, *words)

        app.extensions["hkeid"]._sealer.seal = older
        log_in(client, provider)
        assert who(client) == AccountHolder().sub
        client.post(ENDPOINT, data={"logout_token": provider.logout_jwt(sid=None)})
        assert who(client) == "nobody"


def _home(request: HttpRequest) -> HttpResponse:
    resident = request.eid.resident  # type: ignore[attr-defined]
    return HttpResponse("nobody" if resident is None else resident.sub)


_URLS = ModuleType("urls_of_test_web_logout")
_URLS.urlpatterns = [  # type: ignore[attr-defined]
    path("eid/", include("hkeid.rp.django.urls")),
    path("", _home),
]


class TestDjango:
    @pytest.fixture
    def visit(self, provider) -> Iterator[Client]:
        with override_settings(
            SECRET_KEY="a secret of enough characters",
            ROOT_URLCONF=_URLS,
            ALLOWED_HOSTS=["testserver"],
            MIDDLEWARE=[
                "django.middleware.csrf.CsrfViewMiddleware",
                "hkeid.rp.django.middleware.EidMiddleware",
            ],
            HKEID={"ISSUER": provider.issuer, "CLIENT_ID": "service", "HTTP": provider,
                   "BASE_URL": "http://localhost"},
        ):  # fmt: skip
            cache.clear()
            yield Client(enforce_csrf_checks=True)

    def _log_in(self, client: Client, provider: FakeProvider) -> None:
        begun = client.get("/eid/login")
        back = provider.log_in(begun["Location"])
        assert client.get(back.removeprefix("http://localhost")).status_code == 303

    def test_2_7_the_session_that_is_named_ends(self, visit, provider) -> None:
        """The provider has no token against forged forms, and needs none."""
        self._log_in(visit, provider)
        assert visit.get("/").content.decode() == AccountHolder().sub
        told = Client(enforce_csrf_checks=True)
        answer = told.post(ENDPOINT, {"logout_token": provider.logout_jwt()})
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer["Cache-Control"] == "no-store"
        assert visit.get("/").content == b"nobody"

    def test_2_8_a_bad_request(self, visit, provider) -> None:
        self._log_in(visit, provider)
        answer = visit.post(ENDPOINT, {"logout_token": provider.logout_jwt(nonce="n")})
        assert answer.status_code == 400
        assert answer["Cache-Control"] == "no-store"
        assert json.loads(answer.content) == {
            "error": "invalid_request",
            "error_description": "logout_token_has_nonce",
        }
        assert visit.get("/").content.decode() == AccountHolder().sub
        assert visit.get(ENDPOINT).status_code == 405

    def test_the_cache_remembers_it(self, visit, provider) -> None:
        """So that processes with a cache in common know it all."""
        from hkeid.rp.django.conf import web_login

        self._log_in(visit, provider)
        visit.post(ENDPOINT, {"logout_token": provider.logout_jwt()})
        web_login.cache_clear()
        assert visit.get("/").content == b"nobody"
        cache.clear()
        assert visit.get("/").content.decode() == AccountHolder().sub

    def test_a_store_of_ones_own(self, provider) -> None:
        from hkeid.rp.django.conf import web_login

        store = MemorySessionStore()
        values = {"ISSUER": provider.issuer, "CLIENT_ID": "service", "HTTP": provider}
        for name in ("LOGOUT_STORE", "SESSION_STORE"):
            with override_settings(
                SECRET_KEY="a secret of enough characters", HKEID={**values, name: store}
            ):
                assert web_login().told_of_logout([provider.logout_jwt()]).status == 200
        assert len(store._kept) == 1

    @pytest.mark.parametrize(
        ("caches", "more", "found"),
        [
            ({"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}, {}, ["W004", "W005"]),
            (
                {
                    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
                    "OPTIONS": {"MAX_ENTRIES": 10_000},
                },
                {},
                ["W004"],
            ),
            (
                {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": "x"},
                {},
                ["W005"],
            ),
            (
                {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
                {"LOGOUT_STORE": MemorySessionStore()},
                [],
            ),
        ],
    )
    def test_a_cache_that_forgets_is_said_at_deployment(self, caches, more, found) -> None:
        """Django's own caches drop entries beyond a number: a session that ended would come back."""
        from hkeid.rp.django.checks import check_deployment

        values = {
            "ISSUER": "https://eid.example.hk",
            "CLIENT_ID": "service",
            "BASE_URL": "https://service.example.hk",
            **more,
        }
        with override_settings(HKEID=values, CACHES={"default": caches}):
            assert [one.id for one in check_deployment()] == [f"hkeid.{one}" for one in found]
