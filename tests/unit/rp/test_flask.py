"""The kit for Flask: three lines in an application, everything else by itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from hkeid.kernel.errors import ConfigurationError
from hkeid.rp.flask import EidLogin
from hkeid.rp.web_session import MemorySessionStore
from hkeid.testing.fake_provider import AccountHolder, FakeProvider, Fault


@pytest.fixture
def live_provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def make(live_provider: FakeProvider) -> Callable[..., flask.Flask]:
    def build(**options: Any) -> flask.Flask:
        app = flask.Flask(__name__)
        app.secret_key = "a secret of enough characters"
        eid = EidLogin(
            app,
            issuer=live_provider.issuer,
            client_id="service",
            http=live_provider,
            **options,
        )

        @app.get("/")
        def home() -> str:
            return "nobody" if eid.resident is None else eid.resident.sub

        @app.get("/account")
        @eid.login_required(acr="urn:hkeid:acr:eid")
        def account() -> str:
            assert eid.resident is not None
            return f"Hello {eid.resident.sub}"

        @app.get("/bare")
        @eid.login_required
        async def bare() -> str:
            return "seen"

        @app.get("/strong")
        @eid.login_required(acr="urn:hkeid:acr:eid-plus")
        def strong() -> str:
            return "strong"

        @app.get("/form")
        def form() -> str:
            return flask.render_template_string(
                '<a href="{{ eid.login_url("/account") }}"></a>{{ eid.form_token }}'
            )

        return app

    return build


@pytest.fixture
def client(make: Callable[..., flask.Flask]) -> FlaskClient:
    return make().test_client()


def log_in(
    client: FlaskClient, provider: FakeProvider, path: str = "/account", person: Any = None
) -> Any:
    begun = client.get(path)
    if begun.headers["Location"].startswith("/eid/login"):
        begun = client.get(begun.headers["Location"])
    url = provider.log_in(begun.headers["Location"], person)
    return client.get(url.removeprefix("http://localhost"))


def test_the_readme_example(client: FlaskClient, live_provider: FakeProvider) -> None:
    assert client.get("/").text == "nobody"
    back = log_in(client, live_provider)
    assert (back.status_code, back.headers["Location"]) == (303, "/account")
    page = client.get("/account")
    assert page.text == f"Hello {AccountHolder().sub}"
    assert page.headers["Cache-Control"] == "no-store"


def test_the_callback_is_where_it_was_promised(
    client: FlaskClient, live_provider: FakeProvider
) -> None:
    location = client.get("/eid/login").headers["Location"]
    assert "redirect_uri=http%3A%2F%2Flocalhost%2Feid%2Fcallback" in location


def test_bare_decorator_and_async_view(client: FlaskClient, live_provider: FakeProvider) -> None:
    log_in(client, live_provider, "/bare")
    # In a thread of its own: a browser test may have left an event loop in this one.
    with ThreadPoolExecutor(1) as elsewhere:
        assert elsewhere.submit(client.get, "/bare").result().text == "seen"


def test_step_up(client: FlaskClient, live_provider: FakeProvider) -> None:
    log_in(client, live_provider)
    assert client.get("/strong").status_code == 303
    refused = log_in(client, live_provider, "/strong")
    assert refused.status_code == 403
    assert 'data-kind="stronger"' in refused.text
    log_in(client, live_provider, "/strong", AccountHolder(acr="urn:hkeid:acr:eid-plus"))
    assert client.get("/strong").text == "strong"


def test_log_out(client: FlaskClient, live_provider: FakeProvider) -> None:
    log_in(client, live_provider)
    assert client.get("/eid/logout").status_code == 405
    assert client.post("/eid/logout").status_code == 400
    assert client.get("/account").status_code == 200
    token = client.get("/form").text.split("</a>")[1]
    gone = client.post("/eid/logout", data={"eid_form": token})
    assert gone.status_code == 303
    assert gone.headers["Location"].startswith("https://eid.example.hk/logout?id_token_hint=")
    assert client.get("/").text == "nobody"


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        (Fault.CALLBACK_ACCESS_DENIED, 403, "declined"),
        (Fault.CALLBACK_STATE_OTHER, 400, "again"),
        (Fault.CALLBACK_STATE_REPEATED, 502, "unverified"),
        (Fault.ID_TOKEN_NONCE_OTHER, 502, "unverified"),
        (Fault.TOKEN_DOWN, 503, "unavailable"),
    ],
)
def test_failures_are_pages_with_a_way_out(
    fault: Fault,
    status: int,
    kind: str,
    client: FlaskClient,
    live_provider: FakeProvider,
    caplog: pytest.LogCaptureFixture,
) -> None:
    live_provider.fault = fault
    with caplog.at_level(logging.DEBUG):
        page = log_in(client, live_provider, "/account")
    assert page.status_code == status
    assert f'data-kind="{kind}"' in page.text
    assert 'id="eid-retry" class="primary" href="/eid/login?next=' in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert page.headers["Cache-Control"] == "no-store"
    (record,) = [one for one in caplog.records if one.name == "hkeid.rp"]
    reference = page.text.split('id="eid-reference">')[1].split("<")[0]
    assert reference in record.getMessage()
    assert client.get("/").text == "nobody"


def test_a_failed_login_can_be_tried_again(
    client: FlaskClient, live_provider: FakeProvider
) -> None:
    live_provider.fault = Fault.CALLBACK_ACCESS_DENIED
    page = log_in(client, live_provider)
    live_provider.fault = None
    retry = page.text.split('id="eid-retry" class="primary" href="')[1].split('"')[0]
    assert log_in(client, live_provider, retry).headers["Location"] == "/account"


def test_a_provider_that_is_down_is_a_page_too(
    client: FlaskClient, live_provider: FakeProvider
) -> None:
    live_provider.fault = Fault.METADATA_DOWN
    page = client.get("/eid/login", headers={"Accept-Language": "zh-HK"})
    assert page.status_code == 503
    assert '<html lang="zh-Hant-HK">' in page.text
    assert "eID 登入服務暫時未能使用" in page.text


def test_the_pages_language_goes_along(client: FlaskClient) -> None:
    headers = {"Accept-Language": "zh-Hans;q=0.5, fr;q=0.9"}
    location = client.get("/eid/login", headers=headers).headers["Location"]
    assert "ui_locales=fr+zh-Hans" in location


def test_an_application_dresses_failures_itself(
    make: Callable[..., flask.Flask], live_provider: FakeProvider
) -> None:
    client = make(failure_view=lambda page: f"own: {page.kind}").test_client()
    live_provider.fault = Fault.CALLBACK_ACCESS_DENIED
    page = log_in(client, live_provider)
    assert (page.status_code, page.text) == (403, "own: declined")


def test_sessions_on_the_server(
    make: Callable[..., flask.Flask], live_provider: FakeProvider
) -> None:
    client = make(session_store=MemorySessionStore()).test_client()
    log_in(client, live_provider)
    assert client.get("/account").status_code == 200


def test_https_means_host_cookies(
    make: Callable[..., flask.Flask], live_provider: FakeProvider
) -> None:
    client = make(base_url="https://service.example.hk").test_client()
    answer = client.get("/eid/login", headers={"Host": "evil.example"})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-eid-")
    for part in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert part in cookie
    assert "evil" not in answer.headers["Location"]


def test_a_secret_key_comes_first() -> None:
    with pytest.raises(ConfigurationError) as caught:
        EidLogin(flask.Flask(__name__), issuer="https://eid.example.hk", client_id="service")
    assert caught.value.reason == "sealing_secret_missing"


def test_the_style_sheet_is_there(client: FlaskClient) -> None:
    answer = client.get("/eid/kit.css")
    assert answer.mimetype == "text/css"
    assert b"main" in answer.data
