"""Pages: headers, form protection, errors, languages, what the sandbox alone has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hkeid.kernel.errors import HkeidError, Unavailable
from hkeid_server.gallery import SAMPLES
from hkeid_server.house import House
from hkeid_server.wsgi import serve_house


@pytest.mark.parametrize("path", ["/", "/help", "/privacy", "/activate", "/login", "/sandbox"])
def test_pages_carry_the_headers(stranger: Any, path: str) -> None:
    page = stranger.get(path)
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "publickey-credentials-get=(self)" in page.headers["Permissions-Policy"]


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("language", ["en", "zh-Hant-HK", "zh-Hans", "en-XA"])
def test_every_sample_renders_without_inline_script_or_style(
    stranger: Any, name: str, language: str
) -> None:
    page = stranger.get(f"/sandbox/pages/{name}?lang={language}")
    assert page.status_code == 200
    assert page.text.count("<h1") == 1
    assert " style=" not in page.text
    assert "<style" not in page.text
    # Modules of our own only: every script has an address, and nothing in it.
    assert page.text.count("<script") == page.text.count('<script type="module" src="/static/') > 0
    assert " onclick" not in page.text


def test_browser_cookie_is_set_once(stranger: Any) -> None:
    assert "hkeid_browser=" in stranger.get("/").headers["Set-Cookie"]
    assert "Set-Cookie" not in stranger.get("/").headers


def test_static_files_may_be_kept_under_their_fingerprint(stranger: Any) -> None:
    kept = stranger.get("/static/hkeid.css?v=123")
    assert "immutable" in kept.headers["Cache-Control"]
    assert "Set-Cookie" not in kept.headers
    assert stranger.get("/static/webauthn.js").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_forms_of_other_sites_are_refused(stranger: Any, headers: dict[str, str]) -> None:
    stranger.get("/activate")
    page = stranger.post("/activate", {"code": "0000-0000-0000"}, **headers)
    assert page.status_code == 403
    assert 'data-problem="form"' in page.text


def test_forms_without_or_with_a_wrong_token_are_refused(stranger: Any, log: Any) -> None:
    stranger.get("/activate")
    assert stranger.post("/activate", {"csrf": "", "code": "x"}).status_code == 403
    stranger.get("/activate")
    assert stranger.post("/activate", {"csrf": "x" * 43, "code": "x"}).status_code == 403
    assert log.events("server:form:refused")


def test_forms_of_an_unknown_browser_are_refused(front: Any, stranger: Any) -> None:
    stranger.get("/activate")
    stranger.client.delete_cookie("hkeid_browser", domain="localhost")
    assert stranger.post("/activate", {"code": "x"}).status_code == 403


def test_page_that_is_not_there(stranger: Any) -> None:
    page = stranger.get("/no/such/page")
    assert page.status_code == 404
    assert 'data-problem="not-found"' in page.text
    assert page.headers["HKEID-Reference"] in page.text


def test_method_that_is_not_allowed(stranger: Any) -> None:
    stranger.get("/activate")
    assert stranger.post("/help").status_code == 405


def test_too_much_at_once(stranger: Any) -> None:
    stranger.get("/activate")
    page = stranger.post("/activate", {"code": "x" * 70_000})
    assert page.status_code == 413
    assert 'data-problem="too-large"' in page.text


def test_error_page_again_in_another_language(stranger: Any) -> None:
    page = stranger.get("/problem/internal/7F3K-9Q2M-XA4D?lang=zh-Hans")
    assert "7F3K-9Q2M-XA4D" in page.text
    assert 'lang="zh-Hans"' in page.text
    assert stranger.get("/problem/internal/<script>").status_code == 404
    assert stranger.get("/problem/nonsense/7F3K-9Q2M-XA4D").status_code == 404


class Broken:
    """A part that fails in a way of its own."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def current(self, reference: str | None, now: object) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (Unavailable("store_busy", detail="inside"), 503, "unavailable"),
        (ValueError("the secret word is sesame"), 500, "internal"),
        (HkeidError("odd_thing", detail="inside"), 500, "internal"),
    ],
)
def test_what_happened_inside_stays_inside(
    house: House, stranger: Any, log: Any, error: Exception, status: int, kind: str
) -> None:
    broken = replace(house, broker=Broken(error))
    person = type(stranger)(serve_house(broken))
    page = person.get("/account")
    assert page.status_code == status
    assert f'data-problem="{kind}"' in page.text
    for word in ("sesame", "Traceback", "inside", type(error).__name__):
        assert word not in page.text
    (line,) = [one for one in log.events() if one["event"].startswith("server:request:")]
    assert line["reference"] == page.headers["HKEID-Reference"]
    assert "sesame" not in log.getvalue()


def test_log_has_templates_and_no_queries(stranger: Any, log: Any) -> None:
    stranger.get("/problem/internal/7F3K-9Q2M-XA4D?secret=sesame")
    (line,) = log.events("http:request:answered")
    assert line["route"] == "/problem/<kind>/<reference>"
    assert "7F3K" not in log.getvalue()
    assert "sesame" not in log.getvalue()


def test_production_has_no_sandbox(make_house: Callable[..., House], stranger: Any) -> None:
    house = make_house()
    plain = replace(house, pages=replace(house.pages, sandbox=False))
    person = type(stranger)(serve_house(plain))
    for path in ("/sandbox", "/sandbox/pages/home", "/help?lang=en-XA"):
        page = person.get(path)
        assert "sandbox-band" not in page.text
        assert path.startswith("/help") or page.status_code == 404
    assert "~lang~" not in person.page.text
