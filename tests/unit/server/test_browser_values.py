"""Cookies, form tokens, reference numbers, networks, headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hkeid.adapters.system import SystemRandom
from hkeid.op.records import Client, ClientAuthMethod
from hkeid_server.browser import CookieNames, form_token, form_token_matches, read_cookies
from hkeid_server.headers import page_headers
from hkeid_server.names import client_domain, client_name, form_targets, who_asks
from hkeid_server.network import NetworkReader, coarse_agent, coarse_network
from hkeid_server.references import REFERENCE_FORM, new_reference, visit_of

HTTPS = CookieNames.for_issuer("https://eid.example.hk")
LOCAL = CookieNames.for_issuer("http://localhost:8000")


def test_cookies_under_https_are_bound_to_the_host() -> None:
    _, value = HTTPS.set_cookie(HTTPS.session, "v")
    assert value == "__Host-hkeid-session=v; Path=/; HttpOnly; SameSite=Lax; Secure"


def test_cookies_on_localhost_have_names_of_their_own() -> None:
    _, value = LOCAL.set_cookie(LOCAL.language, "en", max_age=5)
    assert value == "hkeid_language=en; Path=/; Max-Age=5; HttpOnly; SameSite=Lax"
    assert "Max-Age=0" in LOCAL.drop_cookie(LOCAL.session)[1]


def test_form_token_belongs_to_one_browser() -> None:
    assert form_token_matches("browser-a", form_token("browser-a"))
    assert not form_token_matches("browser-b", form_token("browser-a"))
    assert not form_token_matches(None, form_token("browser-a"))
    assert not form_token_matches("browser-a", None)
    assert "browser-a" not in form_token("browser-a")


@given(st.text(), st.text())
def test_no_text_breaks_the_form_token(browser: str, token: str) -> None:
    assert not form_token_matches(browser, token)


@given(st.text())
def test_no_cookie_header_breaks_a_visit(header: str) -> None:
    visit = visit_of(header, LOCAL, SystemRandom(), reference="r")
    assert visit.new_browser
    assert len(visit.browser) == 43


def test_first_of_a_repeated_cookie_counts() -> None:
    assert read_cookies("a=1; b=2; a=3; broken") == {"a": "1", "b": "2"}


def test_visit_keeps_a_browser_that_is_known() -> None:
    value, session = "b" * 43, "s" * 43
    header = f"x=y; hkeid_browser={value}; hkeid_session={session}"
    visit = visit_of(header, LOCAL, SystemRandom(), reference="r")
    assert (visit.browser, visit.new_browser, visit.session) == (value, False, session)
    assert value not in repr(visit)
    assert session not in repr(visit)


def test_reference_numbers_can_be_read_out() -> None:
    numbers = {new_reference(SystemRandom()) for _ in range(100)}
    assert len(numbers) == 100
    assert all(REFERENCE_FORM.match(number) for number in numbers)


@pytest.mark.parametrize(
    ("remote", "forwarded", "expected"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        ("127.0.0.1", "", "127.0.0.1"),
    ],
)
def test_only_our_proxies_are_believed(remote: str, forwarded: str, expected: str) -> None:
    reader = NetworkReader(("127.0.0.1", "10.0.0.1"))
    environ = {"REMOTE_ADDR": remote, "HTTP_X_FORWARDED_FOR": forwarded}
    assert reader.address(environ) == expected


def test_networks_are_coarse() -> None:
    assert coarse_network("203.0.113.77") == "203.0.113.0/24"
    assert coarse_network("2001:db8:1:2ff::1") == "2001:db8:1:200::/56"
    assert coarse_network("::ffff:203.0.113.77") == "203.0.113.0/24", "of a socket of both families"
    assert coarse_network("not an address") == ""


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (iPhone; CPU OS 19) Version/19 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140", "Edge, Windows"),
        ("curl/8", ""),
    ],
)
def test_agents_are_two_words(header: str, words: str) -> None:
    assert coarse_agent(header) == words


def test_policy_of_a_page_of_our_own() -> None:
    policy = page_headers(secure=True, leads_to=())["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert policy.endswith("form-action 'self'")


def test_hsts_under_https_only() -> None:
    assert "Strict-Transport-Security" in page_headers(secure=True, leads_to=())
    assert "Strict-Transport-Security" not in page_headers(secure=False, leads_to=())


def client(*redirect_uris: str) -> Client:
    return Client(
        id="rp",
        name={"en": "Library"},
        redirect_uris=redirect_uris,
        auth_method=ClientAuthMethod.NONE,
        sector_identifier="sector.example",
        claims={},
    )


def test_form_may_lead_where_the_client_registered() -> None:
    assert form_targets(None) == ("https:",)
    found = form_targets(
        client("https://a.hk/", "http://127.0.0.1/cb", "http://[::1]/cb", "hk.app:/cb")
    )
    assert found == ("https:", "http://127.0.0.1:*", "http:", "hk.app:")


def test_a_client_is_shown_with_the_domain_it_cannot_choose() -> None:
    assert client_domain(client("https://library.example.hk/cb")) == "library.example.hk"
    assert client_domain(client("hk.app:/cb")) == "sector.example"
    assert client_domain(client()) == "sector.example"
    assert client_name(client(), "zh-Hans") == "Library"
    assert who_asks(client("https://a.hk/"), "en").initial == "L"
