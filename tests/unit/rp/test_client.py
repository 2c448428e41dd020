"""The relying party's side of an honest login, and what a browser can do wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from hkeid.kernel.errors import ConfigurationError, MalformedInput
from hkeid.rp import LoginDeclined, LoginFailed, ProviderMisbehaved, RelyingParty, StartAgain
from hkeid.testing.fake_provider import AccountHolder, FakeProvider, Fault

Make = Callable[..., RelyingParty]


def _query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def test_a_login_from_end_to_end(
    party: RelyingParty, provider: FakeProvider, callback: str, clock: Any
) -> None:
    login = party.start_login(redirect_uri=callback, acr="urn:hkeid:acr:eid", claims=["name"])
    person = AccountHolder(claims={"name": "CHAN Tai Man", "name#zh-Hant-HK": "陳大文"})
    resident = party.finish_login(login.state, provider.log_in(login.url, person))
    assert resident.sub == person.sub
    assert resident.acr == "urn:hkeid:acr:eid"
    assert resident.amr == ("hwk", "user")
    assert resident.auth_time == clock.now() - timedelta(seconds=5)
    assert resident.claim("name", "zh-Hant-HK") == "陳大文"
    assert resident.claim("name", "zh-Hans") == "CHAN Tai Man"
    assert resident.claim("gender") is None
    assert set(resident.claims) == {"name", "name#zh-Hant-HK"}
    assert resident.tokens is not None
    assert resident.tokens.expires_at == clock.now() + timedelta(seconds=300)


def test_nothing_personal_or_secret_shows_in_a_repr(
    party: RelyingParty, provider: FakeProvider, callback: str
) -> None:
    login = party.start_login(redirect_uri=callback, claims=["name"])
    resident = party.finish_login(
        login.state, provider.log_in(login.url, AccountHolder(claims={"name": "CHAN Tai Man"}))
    )
    assert resident.tokens is not None
    shown = f"{login!r} {resident!r} {resident.tokens!r}"
    secrets = [
        "CHAN",
        resident.sub,
        json.loads(login.state)["verifier"],
        resident.tokens.access_token.reveal(),
        resident.tokens.id_token.reveal(),
    ]
    assert not [secret for secret in secrets if secret in shown]


def test_the_request_says_what_was_asked(party: RelyingParty, callback: str) -> None:
    login = party.start_login(
        redirect_uri=callback,
        acr="urn:hkeid:acr:eid-plus",
        scope="profile",
        claims={"id_token": {"name": {"essential": True}}},
        max_age=0,
        prompt="login consent",
        ui_locales=["zh-Hant-HK", "en"],
        login_hint="hint",
    )
    asked = _query(login.url)
    assert asked["scope"] == "openid profile"
    assert asked["acr_values"] == "urn:hkeid:acr:eid-plus"
    assert json.loads(asked["claims"]) == {"id_token": {"name": {"essential": True}}}
    assert asked["max_age"] == "0"
    assert asked["prompt"] == "login consent"
    assert asked["ui_locales"] == "zh-Hant-HK en"
    assert asked["login_hint"] == "hint"
    assert asked["redirect_uri"] == callback
    state = json.loads(login.state)
    assert (state["max_age"], state["again"]) == (0, True)


def test_two_logins_share_nothing(party: RelyingParty, callback: str) -> None:
    first, second = (_query(party.start_login(redirect_uri=callback).url) for _ in range(2))
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]
        assert len(first[name]) >= 43


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"redirect_uri": "http://service.example.hk/eid/callback"}, "url_not_https"),
        ({"redirect_uri": "/eid/callback"}, "url_malformed"),
        ({"scope": "openid  profile"}, "scope_malformed"),
        ({"scope": 'a"b'}, "scope_malformed"),
        ({"prompt": "password"}, "prompt_unknown"),
        ({"prompt": "none login"}, "prompt_unknown"),
    ],
)
def test_requests_that_cannot_be_made(
    options: dict[str, str], reason: str, party: RelyingParty, callback: str
) -> None:
    with pytest.raises(MalformedInput) as caught:
        party.start_login(**{"redirect_uri": callback, **options})
    assert caught.value.reason == reason


def test_a_plain_login_asks_no_userinfo(
    party: RelyingParty, provider: FakeProvider, callback: str
) -> None:
    login = party.start_login(redirect_uri=callback)
    party.finish_login(login.state, provider.log_in(login.url))
    assert ("GET", "/userinfo") not in provider.seen


def test_metadata_and_keys_are_fetched_once(
    party: RelyingParty, provider: FakeProvider, callback: str, clock: Any
) -> None:
    for _ in range(3):
        login = party.start_login(redirect_uri=callback)
        party.finish_login(login.state, provider.log_in(login.url))
        clock.forward(minutes=1)
    assert provider.seen.count(("GET", "/.well-known/openid-configuration")) == 1
    assert provider.seen.count(("GET", "/jwks")) == 1


def test_a_callback_comes_as_url_query_mapping_or_pairs(
    party: RelyingParty, provider: FakeProvider, callback: str
) -> None:
    shapes: list[Callable[[str], Any]] = [
        lambda url: url,
        lambda url: urlsplit(url).query,
        _query,
        lambda url: list(_query(url).items()),
    ]
    for shape in shapes:
        login = party.start_login(redirect_uri=callback)
        assert party.finish_login(login.state, shape(provider.log_in(login.url))).sub


class TestBrowserAtFault:
    def test_a_callback_is_finished_once(
        self, party: RelyingParty, provider: FakeProvider, callback: str
    ) -> None:
        login = party.start_login(redirect_uri=callback)
        url = provider.log_in(login.url)
        party.finish_login(login.state, url)
        with pytest.raises(StartAgain) as caught:
            party.finish_login(login.state, url)
        assert caught.value.reason == "login_already_finished"
        assert provider.seen.count(("POST", "/token")) == 1

    def test_a_failed_login_is_over_too(
        self, party: RelyingParty, provider: FakeProvider, callback: str
    ) -> None:
        login = party.start_login(redirect_uri=callback)
        url = provider.log_in(login.url)
        provider.fault = Fault.TOKEN_DOWN
        with pytest.raises(LoginFailed):
            party.finish_login(login.state, url)
        provider.fault = None
        with pytest.raises(StartAgain):
            party.finish_login(login.state, url)

    def test_another_process_cannot_redeem_the_code_again(
        self, make_party: Make, provider: FakeProvider, callback: str
    ) -> None:
        first, second = make_party(), make_party()
        login = first.start_login(redirect_uri=callback)
        url = provider.log_in(login.url)
        first.finish_login(login.state, url)
        with pytest.raises(LoginDeclined) as caught:
            second.finish_login(login.state, url)
        assert caught.value.reason == "token_refused_invalid_grant"

    def test_an_answer_of_another_browsers_login(
        self, party: RelyingParty, provider: FakeProvider, callback: str
    ) -> None:
        """Login CSRF: the attacker's answer, the victim's browser."""
        victim = party.start_login(redirect_uri=callback)
        attacker = party.start_login(redirect_uri=callback)
        with pytest.raises(StartAgain) as caught:
            party.finish_login(victim.state, provider.log_in(attacker.url))
        assert caught.value.reason == "state_mismatch"
        # And the victim's own login is not spoilt by it.
        assert party.finish_login(victim.state, provider.log_in(victim.url)).sub

    def test_a_code_injected_from_another_login(
        self, party: RelyingParty, provider: FakeProvider, callback: str
    ) -> None:
        """PKCE ties the code to the verifier in this browser (RFC 9700 §4.5)."""
        victim = party.start_login(redirect_uri=callback)
        attacker = party.start_login(redirect_uri=callback)
        stolen = _query(provider.log_in(attacker.url))["code"]
        answer = {**_query(provider.log_in(victim.url)), "code": stolen}
        with pytest.raises(LoginDeclined) as caught:
            party.finish_login(victim.state, answer)
        assert caught.value.reason == "token_refused_invalid_grant"

    @pytest.mark.parametrize("seconds", [15 * 60, 24 * 3600])
    def test_a_login_that_took_too_long(
        self,
        seconds: int,
        party: RelyingParty,
        provider: FakeProvider,
        callback: str,
        clock: Any,
    ) -> None:
        login = party.start_login(redirect_uri=callback)
        clock.forward(seconds=seconds)
        with pytest.raises(StartAgain) as caught:
            party.finish_login(login.state, provider.log_in(login.url))
        assert caught.value.reason == "login_state_expired"

    def test_a_state_of_another_service(
        self, make_party: Make, provider: FakeProvider, callback: str
    ) -> None:
        login = make_party().start_login(redirect_uri=callback)
        with pytest.raises(StartAgain) as caught:
            make_party(client_id="another").finish_login(login.state, "code=a&state=b")
        assert caught.value.reason == "login_state_foreign"

    @pytest.mark.parametrize(
        "state",
        ["", "{}", "null", '{"v":1}', '{"v":1,"created":"now"}', "x" * 100, '{"v":2}', "[1]"],
    )
    def test_a_state_that_does_not_parse(self, state: str, party: RelyingParty) -> None:
        with pytest.raises(StartAgain) as caught:
            party.finish_login(state, "code=a&state=b")
        assert caught.value.reason == "login_state_malformed"


class TestStepUp:
    def test_the_same_resident_passes(
        self, party: RelyingParty, provider: FakeProvider, callback: str
    ) -> None:
        login = party.start_login(redirect_uri=callback, subject=AccountHolder().sub)
        assert (
            party.finish_login(login.state, provider.log_in(login.url)).sub == AccountHolder().sub
        )

    def test_somebody_else_does_not(
        self, party: RelyingParty, provider: FakeProvider, callback: str
    ) -> None:
        login = party.start_login(redirect_uri=callback, subject=AccountHolder().sub)
        with pytest.raises(ProviderMisbehaved) as caught:
            party.finish_login(
                login.state, provider.log_in(login.url, AccountHolder(sub="another"))
            )
        assert caught.value.reason == "id_token_subject_changed"

    def test_a_higher_rung_than_asked_passes(
        self, party: RelyingParty, provider: FakeProvider, callback: str
    ) -> None:
        login = party.start_login(redirect_uri=callback, acr="urn:hkeid:acr:eid-bound")
        person = AccountHolder(acr="urn:hkeid:acr:eid-plus-attested")
        resident = party.finish_login(login.state, provider.log_in(login.url, person))
        assert resident.reaches("urn:hkeid:acr:eid-plus")
        assert resident.acr != AccountHolder().acr

    def test_prompt_login_wants_a_new_authentication(
        self, party: RelyingParty, provider: FakeProvider, callback: str
    ) -> None:
        login = party.start_login(redirect_uri=callback, prompt="login")
        with pytest.raises(ProviderMisbehaved) as caught:
            party.finish_login(
                login.state, provider.log_in(login.url, AccountHolder(age_seconds=300))
            )
        assert caught.value.reason == "id_token_not_authenticated_again"

    def test_max_age_zero_wants_a_new_authentication(
        self, party: RelyingParty, provider: FakeProvider, callback: str
    ) -> None:
        login = party.start_login(redirect_uri=callback, max_age=0)
        with pytest.raises(ProviderMisbehaved) as caught:
            party.finish_login(
                login.state, provider.log_in(login.url, AccountHolder(age_seconds=300))
            )
        assert caught.value.reason == "id_token_auth_time_too_old"


class TestKeyRotation:
    def test_a_new_key_is_fetched_at_once(
        self, party: RelyingParty, provider: FakeProvider, callback: str, clock: Any
    ) -> None:
        login = party.start_login(redirect_uri=callback)
        party.finish_login(login.state, provider.log_in(login.url))
        clock.forward(seconds=11)
        provider.rotate_key()
        login = party.start_login(redirect_uri=callback)
        assert party.finish_login(login.state, provider.log_in(login.url)).sub

    def test_unknown_keys_do_not_make_us_ask_without_end(
        self, party: RelyingParty, provider: FakeProvider, callback: str, clock: Any
    ) -> None:
        provider.fault = Fault.ID_TOKEN_KID_UNKNOWN
        for _ in range(20):
            login = party.start_login(redirect_uri=callback)
            with pytest.raises(ProviderMisbehaved):
                party.finish_login(login.state, provider.log_in(login.url))
            clock.forward(seconds=1)
        assert provider.seen.count(("GET", "/jwks")) <= 3

    def test_keys_and_metadata_outlive_a_short_silence(
        self, party: RelyingParty, provider: FakeProvider, callback: str, clock: Any
    ) -> None:
        login = party.start_login(redirect_uri=callback)
        party.finish_login(login.state, provider.log_in(login.url))
        clock.forward(minutes=50)
        provider.fault = Fault.JWKS_DOWN
        login = party.start_login(redirect_uri=callback)
        assert party.finish_login(login.state, provider.log_in(login.url)).sub
        clock.forward(minutes=15)
        login = party.start_login(redirect_uri=callback)
        with pytest.raises(LoginFailed) as caught:
            party.finish_login(login.state, provider.log_in(login.url))
        assert caught.value.reason == "jwks_unreachable"


class TestAfterwards:
    @pytest.fixture
    def resident(self, party: RelyingParty, provider: FakeProvider, callback: str) -> Any:
        login = party.start_login(redirect_uri=callback, claims=["name"])
        person = AccountHolder(claims={"name": "CHAN Tai Man"})
        return party.finish_login(login.state, provider.log_in(login.url, person))

    def test_refresh_brings_new_tokens_and_keeps_the_login(
        self, party: RelyingParty, resident: Any
    ) -> None:
        again = party.refresh(resident)
        assert again.tokens.access_token != resident.tokens.access_token
        assert (again.sub, again.acr, again.auth_time, again.claims) == (
            resident.sub,
            resident.acr,
            resident.auth_time,
            resident.claims,
        )

    def test_a_refresh_token_is_used_once(self, party: RelyingParty, resident: Any) -> None:
        party.refresh(resident)
        with pytest.raises(LoginDeclined) as caught:
            party.refresh(resident)
        assert caught.value.reason == "token_refused_invalid_grant"

    def test_a_refreshed_login_is_still_the_same_one(
        self, party: RelyingParty, provider: FakeProvider, resident: Any
    ) -> None:
        provider.fault = Fault.ID_TOKEN_AUTH_TIME_OLD
        with pytest.raises(ProviderMisbehaved) as caught:
            party.refresh(resident)
        assert caught.value.reason == "id_token_auth_time_changed"

    def test_revocation_gives_both_tokens_back(
        self, party: RelyingParty, provider: FakeProvider, resident: Any
    ) -> None:
        party.revoke(resident)
        tokens = resident.tokens
        assert provider.revoked == [tokens.refresh_token.reveal(), tokens.access_token.reveal()]
        with pytest.raises(LoginDeclined) as caught:
            party.userinfo(resident)
        assert caught.value.reason == "userinfo_refused_invalid_token"

    def test_logout_url(self, party: RelyingParty, resident: Any) -> None:
        url = party.logout_url(
            id_token=resident.tokens.id_token,
            post_logout_redirect_uri="https://service.example.hk/",
            state="s",
            ui_locales=["zh-Hans"],
        )
        assert url is not None
        asked = parse_qs(urlsplit(url).query)
        assert asked == {
            "id_token_hint": [resident.tokens.id_token.reveal()],
            "client_id": ["service"],
            "post_logout_redirect_uri": ["https://service.example.hk/"],
            "state": ["s"],
            "ui_locales": ["zh-Hans"],
        }

    def test_without_tokens_nothing_can_be_done(self, party: RelyingParty, resident: Any) -> None:
        from dataclasses import replace

        for act in (party.refresh, party.revoke, party.userinfo):
            with pytest.raises(LoginFailed) as caught:
                act(replace(resident, tokens=None))
            assert caught.value.reason == "tokens_not_kept"


class TestClientAuthentication:
    def test_private_key_jwt(
        self,
        make_party: Make,
        provider: FakeProvider,
        client_pem: str,
        client_jwk: dict[str, object],
        callback: str,
    ) -> None:
        provider.client_jwk = client_jwk
        party = make_party(private_key=client_pem)
        for _ in range(2):
            login = party.start_login(redirect_uri=callback)
            assert party.finish_login(login.state, provider.log_in(login.url)).sub

    def test_a_key_that_is_not_registered(
        self,
        make_party: Make,
        provider: FakeProvider,
        client_pem: str,
        client_jwk: dict[str, object],
        callback: str,
    ) -> None:
        provider.client_jwk = {**client_jwk, "x": client_jwk["y"]}
        login = (party := make_party(private_key=client_pem)).start_login(redirect_uri=callback)
        with pytest.raises(LoginDeclined) as caught:
            party.finish_login(login.state, provider.log_in(login.url))
        assert caught.value.reason == "token_refused_invalid_client"

    def test_a_secret_in_the_sandbox(
        self, make_party: Make, provider: FakeProvider, callback: str
    ) -> None:
        provider.client_secret = "only for trying out"
        party = make_party(client_secret="only for trying out")
        login = party.start_login(redirect_uri=callback)
        assert party.finish_login(login.state, provider.log_in(login.url)).sub

    def test_a_provider_that_takes_no_keys(
        self, make_party: Make, provider: FakeProvider, client_pem: str, callback: str
    ) -> None:
        party = make_party(private_key=client_pem)
        login = party.start_login(redirect_uri=callback)
        with pytest.raises(ConfigurationError) as caught:
            party.finish_login(login.state, provider.log_in(login.url))
        assert caught.value.reason == "client_authentication_unsupported"

    def test_key_and_secret_exclude_each_other(self, make_party: Make, client_pem: str) -> None:
        with pytest.raises(ConfigurationError) as caught:
            make_party(private_key=client_pem, client_secret="s")
        assert caught.value.reason == "client_key_and_secret"

    @pytest.mark.parametrize("algorithms", [(), "ES256"])
    def test_an_allow_list_is_a_list(self, make_party: Make, algorithms: object) -> None:
        with pytest.raises(ConfigurationError):
            make_party(id_token_algorithms=algorithms)


@pytest.mark.parametrize("value", ["\ud800", ["a", {"b": "\udfff"}], float("1e999")])
def test_claims_that_nobody_could_store(
    value: object, party: RelyingParty, provider: FakeProvider, callback: str
) -> None:
    login = party.start_login(redirect_uri=callback, claims=["name"])
    with pytest.raises(ProviderMisbehaved) as caught:
        party.finish_login(
            login.state, provider.log_in(login.url, AccountHolder(claims={"name": value}))
        )
    assert caught.value.reason in ("claims_malformed", "userinfo_not_json")


def test_discover_fetches_at_once(provider: FakeProvider) -> None:
    party = RelyingParty.discover(provider.issuer, client_id="service", http=provider)
    assert provider.seen == [("GET", "/.well-known/openid-configuration")]
    assert party.metadata.token_endpoint == f"{provider.issuer}/token"


@pytest.mark.parametrize(
    ("issuer", "reason"),
    [
        ("http://eid.example.hk", "url_not_https"),
        ("eid.example.hk", "url_malformed"),
        ("https://eid.example.hk?x=1", "issuer_has_query"),
        ("https://eid.example.hk#x", "url_malformed"),
        ("https://a@eid.example.hk", "url_malformed"),
    ],
)
def test_issuers_that_are_none(issuer: str, reason: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        RelyingParty(issuer, client_id="service")
    assert caught.value.reason == reason
