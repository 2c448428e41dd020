"""What the kits share: where a browser may be led, sealed cookies, sessions, parallel logins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.http import Parameters
from hkeid.rp import LoginFailed, RelyingParty, StartAgain, VerificationPolicy
from hkeid.rp.pages import accepted_locales
from hkeid.rp.sealing import Sealer
from hkeid.rp.surroundings import SystemRandom
from hkeid.rp.web import Answer, BrowserRequest, WebLogin, WebSettings, is_local_path
from hkeid.rp.web_session import COOKIE_LIMIT, MemorySessionStore
from hkeid.testing.fake_provider import AccountHolder, FakeProvider, Fault

SECRET = "a secret of enough characters"
BASE = "https://service.example.hk"


class Browser:
    """Keeps cookies and follows a kit's answers."""

    def __init__(self, web: WebLogin, provider: FakeProvider) -> None:
        self.web = web
        self.provider = provider
        self.cookies: dict[str, str] = {}

    def request(self, path: str = "/", **options: Any) -> BrowserRequest:
        query = Parameters(tuple(parse_qsl(urlsplit(path).query, keep_blank_values=True)))
        return BrowserRequest(
            **{
                "method": "GET",
                "base_url": BASE,
                "path": path,
                "query": query,
                "cookies": dict(self.cookies),
                **options,
            }
        )

    def take(self, answer: Answer) -> str:
        for cookie in answer.cookies:
            if cookie.value is None:
                self.cookies.pop(cookie.name, None)
            else:
                self.cookies[cookie.name] = cookie.value
        return answer.location

    def begin(self, path: str = "/eid/login?next=/page") -> str:
        return self.take(self.web.begin(self.request(path)))

    def come_back(self, url: str) -> str:
        return self.take(self.web.finish(self.request(url.removeprefix(BASE))))

    def log_in(
        self, path: str = "/eid/login?next=/page", person: AccountHolder | None = None
    ) -> str:
        return self.come_back(self.provider.log_in(self.begin(path), person))


@pytest.fixture
def real_provider() -> FakeProvider:
    """The kits' own clock is the machine's, so the provider's is too."""
    return FakeProvider()


@pytest.fixture
def make(real_provider: FakeProvider) -> Callable[..., Browser]:
    def build(store: Any = None, **settings: Any) -> Browser:
        party = RelyingParty(real_provider.issuer, client_id="service", http=real_provider)
        web = WebLogin(
            party,
            secrets=[SECRET],
            settings=WebSettings(**{"base_url": BASE, **settings}),
            store=store,
        )
        return Browser(web, real_provider)

    return build


@pytest.fixture
def browser(make: Callable[..., Browser]) -> Browser:
    return make()


def _resident(browser: Browser) -> Any:
    signed_in = browser.web.current(browser.request())
    return None if signed_in is None else signed_in.resident


class TestRoundTrip:
    def test_log_in_leads_back_to_the_page(self, browser: Browser) -> None:
        assert browser.log_in("/eid/login?next=/page%3Fa%3D1") == "/page?a=1"
        assert _resident(browser).sub == AccountHolder().sub
        assert len(browser.cookies) == 1

    def test_the_cookie_hides_everything(self, browser: Browser) -> None:
        browser.log_in(person=AccountHolder(claims={"name": "CHAN Tai Man"}))
        assert not [v for v in browser.cookies.values() if "CHAN" in v or AccountHolder().sub in v]
        assert all(name.startswith("__Host-eid-") for name in browser.cookies)

    def test_without_a_store_only_the_id_token_is_kept(self, browser: Browser) -> None:
        browser.log_in()
        signed_in = browser.web.current(browser.request())
        assert signed_in is not None
        assert signed_in.resident.tokens is None
        assert signed_in.id_token

    def test_a_large_id_token_is_left_out(
        self, make: Callable[..., Browser], real_provider: FakeProvider
    ) -> None:
        browser = make(claims=("address",))
        browser.log_in(person=AccountHolder(claims={"address": "x" * 2_000}))
        signed_in = browser.web.current(browser.request())
        assert signed_in is not None
        assert signed_in.id_token is None
        assert max(map(len, browser.cookies.values())) <= COOKIE_LIMIT

    def test_claims_that_fit_no_cookie_need_a_store(self, make: Callable[..., Browser]) -> None:
        large = AccountHolder(claims={"address": "x" * 4_000})
        with pytest.raises(ConfigurationError) as caught:
            make(claims=("address",)).log_in(person=large)
        assert caught.value.reason == "session_too_large"
        browser = make(store=MemorySessionStore(), claims=("address",))
        browser.log_in(person=large)
        assert len(_resident(browser).claims["address"]) == 4_000

    def test_with_a_store_all_tokens_are_kept_and_logging_out_ends_copies(
        self, make: Callable[..., Browser]
    ) -> None:
        browser = make(store=MemorySessionStore())
        browser.log_in()
        assert _resident(browser).tokens.refresh_token is not None
        copy = dict(browser.cookies)
        signed_in = browser.web.current(browser.request())
        assert signed_in is not None
        form = {"eid_form": signed_in.form_token}
        browser.take(browser.web.end(browser.request("/eid/logout", method="POST", form=form)))
        browser.cookies = copy
        assert _resident(browser) is None

    def test_logging_out_leads_to_the_provider_and_back(self, browser: Browser) -> None:
        browser.log_in()
        signed_in = browser.web.current(browser.request())
        assert signed_in is not None
        request = browser.request(method="POST", form={"eid_form": signed_in.form_token})
        location = browser.take(browser.web.end(request))
        asked = dict(parse_qsl(urlsplit(location).query))
        assert location.startswith("https://eid.example.hk/logout?")
        assert asked["post_logout_redirect_uri"] == f"{BASE}/"
        assert asked["id_token_hint"] == signed_in.id_token
        assert not browser.cookies

    def test_logging_out_here_works_while_the_provider_does_not(
        self, make: Callable[..., Browser], real_provider: FakeProvider
    ) -> None:
        browser = make()
        browser.log_in()
        signed_in = browser.web.current(browser.request())
        assert signed_in is not None
        browser.web.party = RelyingParty(
            real_provider.issuer, client_id="service", http=real_provider
        )
        real_provider.fault = Fault.METADATA_DOWN
        request = browser.request(method="POST", form={"eid_form": signed_in.form_token})
        assert browser.take(browser.web.end(request)) == "/"
        assert not browser.cookies

    @pytest.mark.parametrize("form", [{}, {"eid_form": "guess"}, {"eid_form": "é"}])
    def test_a_forged_logout_is_refused(self, form: dict[str, str], browser: Browser) -> None:
        browser.log_in()
        with pytest.raises(StartAgain) as caught:
            browser.web.end(browser.request(method="POST", form=form))
        assert caught.value.reason == "logout_form_invalid"
        assert _resident(browser) is not None

    def test_logging_out_twice_is_no_error(self, browser: Browser) -> None:
        assert browser.take(browser.web.end(browser.request(method="POST"))) == "/"

    def test_a_mounted_application_stays_below_its_root(self, browser: Browser) -> None:
        request = replace(browser.request("/app/eid/login?next=/app/page"), root="/app")
        url = browser.take(browser.web.begin(request))
        asked = dict(parse_qsl(urlsplit(url).query))
        assert asked["redirect_uri"] == f"{BASE}/app/eid/callback"


class TestLevels:
    def test_a_page_asks_for_a_login(self, browser: Browser) -> None:
        answer = browser.web.demand(browser.request("/page?x=1"), None)
        assert answer is not None
        assert answer.location == "/eid/login?next=%2Fpage%3Fx%3D1"

    def test_a_form_leads_back_to_the_page_that_held_it(self, browser: Browser) -> None:
        request = browser.request("/send", method="POST", referrer=f"{BASE}/form?a=1")
        answer = browser.web.demand(request, None)
        assert answer is not None
        assert answer.location == "/eid/login?next=%2Fform%3Fa%3D1"

    def test_step_up(self, browser: Browser) -> None:
        browser.log_in()
        assert browser.web.demand(browser.request("/page"), None) is None
        answer = browser.web.demand(browser.request("/page"), "urn:hkeid:acr:eid-bound")
        assert answer is not None
        url = browser.begin(answer.location)
        asked = dict(parse_qsl(urlsplit(url).query))
        assert asked["acr_values"] == "urn:hkeid:acr:eid-bound"
        assert asked["id_token_hint"]
        strong = AccountHolder(acr="urn:hkeid:acr:eid-bound")
        browser.come_back(browser.provider.log_in(url, strong))
        assert browser.web.demand(browser.request(), "urn:hkeid:acr:eid-bound") is None

    def test_step_up_as_somebody_else_changes_nothing(self, browser: Browser) -> None:
        browser.log_in()
        step_up = "/eid/login?next=/page&acr=urn:hkeid:acr:eid-bound"
        with pytest.raises(LoginFailed) as caught:
            browser.log_in(step_up, AccountHolder(sub="another", acr="urn:hkeid:acr:eid-bound"))
        assert caught.value.reason == "id_token_subject_changed"
        assert _resident(browser).sub == AccountHolder().sub

    def test_a_link_cannot_lower_the_applications_level(self, make: Callable[..., Browser]) -> None:
        browser = make(acr="urn:hkeid:acr:eid-plus")
        for asked in ("urn:hkeid:acr:eid", "", "a b", "x" * 300, "身份"):
            url = browser.begin(f"/eid/login?acr={asked}")
            assert dict(parse_qsl(urlsplit(url).query))["acr_values"] == "urn:hkeid:acr:eid-plus"

    def test_nothing_left_to_prove_leads_straight_on(self, browser: Browser) -> None:
        browser.log_in()
        assert browser.begin("/eid/login?next=/other") == "/other"


class TestCookies:
    def test_two_tabs_log_in_side_by_side(self, browser: Browser) -> None:
        first, second = browser.begin("/eid/login?next=/1"), browser.begin("/eid/login?next=/2")
        assert browser.come_back(browser.provider.log_in(second)) == "/2"
        assert browser.come_back(browser.provider.log_in(first)) == "/1"
        assert len(browser.cookies) == 1

    def test_logins_under_way_do_not_pile_up(self, browser: Browser) -> None:
        for _ in range(10):
            browser.begin()
        assert len(browser.cookies) == 3

    def test_another_browser_cannot_finish(
        self, browser: Browser, make: Callable[..., Browser]
    ) -> None:
        """The callback alone is of no use (RFC 9700 §4.7: login CSRF)."""
        url = browser.provider.log_in(browser.begin())
        with pytest.raises(StartAgain) as caught:
            make().come_back(url)
        assert caught.value.reason == "login_state_missing"

    def test_a_callback_works_once_even_with_the_old_cookies(self, browser: Browser) -> None:
        url = browser.provider.log_in(browser.begin())
        before = dict(browser.cookies)
        browser.come_back(url)
        browser.cookies = before
        with pytest.raises(StartAgain) as caught:
            browser.come_back(url)
        assert caught.value.reason == "login_already_finished"

    def test_a_cookie_of_another_name_is_none(self, browser: Browser) -> None:
        browser.begin()
        ((name, value),) = browser.cookies.items()
        browser.cookies = {name.split("-login-")[0]: value}
        assert _resident(browser) is None

    def test_plain_http_on_loopback_has_plain_cookies(self, make: Callable[..., Browser]) -> None:
        browser = make(base_url="http://localhost:5001")
        answer = browser.web.begin(browser.request("/eid/login"))
        assert [cookie.secure for cookie in answer.cookies] == [False]
        assert not answer.cookies[0].name.startswith("__Host-")

    def test_services_on_one_host_do_not_share_names(self, real_provider: FakeProvider) -> None:
        names = set()
        for client_id in ("hko-suggestions", "ird-etax"):
            real_provider.client_id = client_id
            party = RelyingParty(real_provider.issuer, client_id=client_id, http=real_provider)
            web = WebLogin(party, secrets=[SECRET], settings=WebSettings(base_url=BASE))
            browser = Browser(web, real_provider)
            browser.log_in()
            names |= set(browser.cookies)
        assert len(names) == 2

    @pytest.mark.parametrize("value", ["", "x", "A" * 40, "=" * 60, "é", "A" * 5_000])
    def test_tampered_cookies_mean_nobody(self, value: str, browser: Browser) -> None:
        browser.log_in()
        browser.cookies = dict.fromkeys(browser.cookies, value)
        assert _resident(browser) is None


class TestSealing:
    def test_old_secrets_open_new_ones_seal(self) -> None:
        from datetime import UTC, datetime

        now = datetime(2026, 11, 23, tzinfo=UTC)
        old = Sealer(["an old secret of length"], SystemRandom())
        both = Sealer(["a new secret of length!", "an old secret of length"], SystemRandom())
        later = now + timedelta(hours=1)
        sealed = old.seal("p", {"a": 1}, later)
        assert both.open("p", sealed, now) == {"a": 1}
        assert old.open("p", both.seal("p", {"a": 1}, later), now) is None
        assert both.open("q", sealed, now) is None
        assert both.open("p", sealed, later) is None
        assert both.open("p", sealed[:-2] + "AA", now) is None

    @pytest.mark.parametrize(
        ("secrets", "reason"),
        [([], "sealing_secret_missing"), (["short"], "sealing_secret_too_short")],
    )
    def test_a_secret_is_needed(self, secrets: list[str], reason: str) -> None:
        with pytest.raises(ConfigurationError) as caught:
            Sealer(secrets, SystemRandom())
        assert caught.value.reason == reason


@pytest.mark.parametrize(
    "page",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/a\\b",
        "javascript:alert(1)",
        "page",
        "",
        "/\tpage",
        "/\n/evil.example",
        " /page",
        "/é",
        "/" + "a" * 3_000,
    ],
)
def test_next_never_leaves_this_host(page: str, browser: Browser) -> None:
    assert not is_local_path(page)
    begun = browser.web.begin(browser.request(query=Parameters((("next", page),))))
    url = browser.provider.log_in(browser.take(begun))
    assert browser.come_back(url) == "/"


def test_next_does_not_run_in_circles(browser: Browser) -> None:
    assert browser.log_in("/eid/login?next=/eid/login") == "/"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("zh-HK,zh;q=0.9,en;q=0.8", ("zh-HK", "zh", "en")),
        ("en;q=0.1, zh-Hans", ("zh-Hans", "en")),
        ("*", ()),
        ("en;q=0", ()),
        ("en;q=x, fr", ("fr",)),
        ("<script>, en", ("en",)),
        (None, ()),
        ("", ()),
    ],
)
def test_accepted_languages(header: str | None, expected: tuple[str, ...]) -> None:
    assert accepted_locales(header) == expected


@pytest.mark.parametrize("url", [f"{BASE}/app", "http://service.example.hk", "service"])
def test_a_base_url_is_scheme_and_host(url: str) -> None:
    from hkeid.kernel.errors import HkeidError

    with pytest.raises(HkeidError):
        WebSettings(base_url=url)


def test_a_whole_claims_parameter_and_verified_claims_in_the_session(
    real_provider: FakeProvider,
) -> None:
    policy = VerificationPolicy(check_methods=("vcrypt",))
    verified = {
        "verification": {
            "trust_framework": "hk_eid",
            "evidence": [{"type": "document", "check_details": [{"check_method": "vcrypt"}]}],
        },
        "claims": {"name": "CHAN, Tai Man"},
    }
    wanted = {"userinfo": {"verified_claims": policy.request(["name"])}}
    party = RelyingParty(
        real_provider.issuer, client_id="service", http=real_provider, verification=policy
    )
    settings = WebSettings(claims=wanted)
    browser = Browser(WebLogin(party, secrets=(SECRET,), settings=settings), real_provider)
    browser.log_in(person=AccountHolder(claims={"verified_claims": verified}))
    signed_in = browser.web.current(browser.request())
    assert signed_in is not None
    (found,) = signed_in.resident.verified_claims
    assert found.claims == {"name": "CHAN, Tai Man"}
    assert WebSettings(claims=["name"]).claims == ("name",)


def test_a_customers_record_from_a_session_that_the_server_keeps(
    real_provider: FakeProvider,
) -> None:
    real_provider.signed_userinfo = True
    verified = {"verification": {"trust_framework": "hk_eid"}, "claims": {"name": "CHAN"}}
    wanted = {"userinfo": {"verified_claims": VerificationPolicy().request(["name"])}}
    party = RelyingParty(
        real_provider.issuer,
        client_id="service",
        http=real_provider,
        userinfo_algorithm="ES256",
    )
    web = WebLogin(
        party,
        secrets=(SECRET,),
        settings=WebSettings(claims=wanted),
        store=MemorySessionStore(),
    )
    browser = Browser(web, real_provider)
    browser.log_in(person=AccountHolder(claims={"verified_claims": verified}))
    signed_in = web.current(browser.request())
    assert signed_in is not None
    resident = party.userinfo(signed_in.resident)
    assert party.customer_record(resident).sub == resident.sub
