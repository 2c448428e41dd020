"""Form Post Response Mode."""

from __future__ import annotations

import html
import re

import pytest

from hkeid.kernel.http import Request, Response
from hkeid.testing.provider import CALLBACK, ProviderBench, a_client


@pytest.fixture
def bench() -> ProviderBench:
    bench = ProviderBench(
        a_client(redirect_uris=(CALLBACK, "hk.example.app:/cb", CALLBACK + "?a=1&b"))
    )
    bench.log_in()
    return bench


def page(bench: ProviderBench, **changes: str | None) -> Response:
    response = bench.authorize(response_mode="form_post", **changes)
    assert isinstance(response, Response)
    assert response.status == 200
    return response


def fields(response: Response) -> dict[str, str]:
    found = re.findall(
        r'<input type="hidden" name="([^"]*)" value="([^"]*)">', response.body.decode()
    )
    return {html.unescape(name): html.unescape(value) for name, value in found}


def test_the_code_is_in_a_form(bench: ProviderBench) -> None:
    """§2: "encoded as HTML form values that are auto-submitted … via the HTTP POST method"."""
    found = fields(page(bench))
    assert set(found) == {"code", "state", "iss"}
    assert bench.exchange(found["code"])


def test_values_are_escaped_for_html(bench: ProviderBench) -> None:
    state = """a%20b"><script>x</script>&c='e'<"""
    response = page(bench, state=state)
    assert fields(response)["state"] == state
    assert b"<script>x" not in response.body
    assert response.body.count(b"<script") == 1


def test_the_redirect_uri_is_escaped(bench: ProviderBench) -> None:
    response = page(bench, redirect_uri=CALLBACK + "?a=1&b")
    assert f'action="{CALLBACK}?a=1&amp;b"'.encode() in response.body


def test_errors_are_in_a_form_too(bench: ProviderBench) -> None:
    assert fields(page(bench, scope="x"))["error"] == "invalid_scope"
    assert fields(page(bench, prompt="none", max_age="0"))["error"] == "login_required"


def test_the_page_works_without_a_script(bench: ProviderBench) -> None:
    text = page(bench).body.decode()
    assert '<button type="submit">Continue</button>' in text
    assert re.search(r"<script[^>]*>[^<]", text) is None, "no inline script"
    assert " onload=" not in text
    assert "style=" not in text


@pytest.mark.parametrize(
    ("locales", "lang", "button"),
    [("zh-HK", "zh-Hant-HK", "繼續"), ("zh-CN en", "zh-Hans", "继续"), ("fr", "en", "Continue")],
)
def test_the_page_speaks_three_scripts(
    bench: ProviderBench, locales: str, lang: str, button: str
) -> None:
    text = page(bench, ui_locales=locales).body.decode()
    assert f'<html lang="{lang}">' in text
    assert button in text


def test_headers(bench: ProviderBench) -> None:
    response = page(bench)
    assert response.header("Cache-Control") == "no-store"
    assert response.header("Referrer-Policy") == "no-referrer"
    assert response.header("X-Content-Type-Options") == "nosniff"
    assert response.header("Content-Security-Policy") == (
        "default-src 'none'; script-src https://eid.example.hk; "
        "form-action https://rp.example.hk; base-uri 'none'; frame-ancestors 'none'"
    )


def test_the_script_is_served(bench: ProviderBench) -> None:
    script = bench.provider.handle(Request(method="GET", path="/form-post.js"))
    assert isinstance(script, Response)
    assert (script.header("Content-Type") or "").startswith("text/javascript")
    assert b"submit()" in script.body
    assert b'src="https://eid.example.hk/form-post.js"' in page(bench).body


def test_a_private_use_scheme_takes_no_form() -> None:
    bench = ProviderBench(
        a_client(application_type="native", redirect_uris=("hk.example.app:/cb",))
    )
    answer = bench.answer(bench.authorize(response_mode="form_post"))
    assert answer["error"] == "invalid_request"


def test_query_may_be_said(bench: ProviderBench) -> None:
    assert "code" in bench.answer(bench.authorize(response_mode="query"))
