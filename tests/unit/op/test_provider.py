"""Building a provider, and what reaches which endpoint."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.http import Request, Response
from hkeid.op import Declined, ErrorPage, Interaction, Profile, Provider, ProviderSettings
from hkeid.op.records import ClientAuthMethod
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.provider import BROWSER, CALLBACK, ProviderBench, a_client

SANDBOX = ProviderSettings(profile=Profile.SANDBOX)


def build(bench: ProviderBench, kind: Any, issuer: str, **settings: Any) -> Provider:
    provider: Provider = kind(
        issuer,
        bench.store,
        bench.keys,
        bench.sessions,
        bench.claims,
        bench.clock,
        None,
        ProviderSettings(**settings) if settings else None,
    )
    return provider


@pytest.mark.parametrize("issuer", ["https://eid.example.hk", "https://h:8443/a/b"])
def test_issuers(issuer: str) -> None:
    assert build(ProviderBench(), Provider.production, issuer).issuer == issuer


@pytest.mark.parametrize(
    ("issuer", "reason"),
    [
        ("", "issuer_malformed"),
        ("eid.example.hk", "issuer_malformed"),
        ("https://", "issuer_malformed"),
        ("https://eid.example.hk/", "issuer_malformed"),
        ("https://eid.example.hk?x", "issuer_malformed"),
        ("https://eid.example.hk#x", "issuer_malformed"),
        ("https://u@eid.example.hk", "issuer_malformed"),
        ("https://eid.example.hk:port", "issuer_malformed"),
        ("https://[", "issuer_malformed"),
        ("http://eid.example.hk", "issuer_not_https"),
        ("http://localhost:8000", "issuer_not_https"),
        ("ftp://eid.example.hk", "issuer_not_https"),
    ],
)
def test_issuers_that_production_refuses(issuer: str, reason: str) -> None:
    """OpenID Connect Discovery §3: https, without query and fragment."""
    with pytest.raises(ConfigurationError, match=reason):
        build(ProviderBench(), Provider.production, issuer)


def test_the_sandbox_allows_http_on_localhost_only() -> None:
    for host in ("localhost:8000", "127.0.0.1:8000", "[::1]:8000"):
        assert build(ProviderBench(), Provider.sandbox, f"http://{host}")
    with pytest.raises(ConfigurationError, match="issuer_not_https"):
        build(ProviderBench(), Provider.sandbox, "http://eid.example.hk")


@pytest.mark.parametrize(
    "client",
    [
        a_client("bad", auth_method=ClientAuthMethod.CLIENT_SECRET_BASIC, secret_digest=b"x"),
        a_client("bad", auth_method=ClientAuthMethod.CLIENT_SECRET_POST, secret_digest=b"x"),
        a_client("bad", require_pkce=False),
        a_client("bad", redirect_uris=("http://localhost:5001/cb",)),
        a_client("bad", post_logout_redirect_uris=("http://localhost:5001/",)),
    ],
)
def test_production_refuses_clients_of_the_sandbox(client: Any) -> None:
    with pytest.raises(ConfigurationError, match="client_for_sandbox") as caught:
        ProviderBench(a_client(), client)
    assert "bad: " in (caught.value.detail or "")
    assert ProviderBench(a_client(), client, settings=SANDBOX)
    late = ProviderBench()
    late.register(client)
    page = late.authorize(client_id="bad", redirect_uri=client.redirect_uris[0])
    assert isinstance(page, ErrorPage)


def test_production_refuses_sandbox_settings() -> None:
    with pytest.raises(ConfigurationError, match="settings_for_sandbox"):
        build(ProviderBench(), Provider.production, "https://a.example", profile=Profile.SANDBOX)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("code_lifetime", timedelta(seconds=61)),
        ("code_lifetime", timedelta(0)),
        ("access_token_lifetime", timedelta(hours=2)),
        ("refresh_grace", timedelta(minutes=5)),
        ("refresh_grace", timedelta(seconds=-1)),
        ("interaction_lifetime", timedelta(days=1)),
        ("clock_leeway", timedelta(minutes=2)),
        ("client_cache", timedelta(hours=1)),
        ("id_token_lifetime", timedelta(0)),
        ("refusals", 0),
        ("refusal_window", timedelta(0)),
    ],
)
def test_settings_that_can_not_be_meant(name: str, value: timedelta | int) -> None:
    with pytest.raises(ConfigurationError, match=f"setting_out_of_range: {name}"):
        ProviderSettings(**{name: value}).check()  # type: ignore[arg-type]


def test_a_provider_needs_a_signing_key() -> None:
    with pytest.raises(ConfigurationError, match="signing_key_missing"):
        ProviderBench(keys=MemoryKeyStore(algorithms=()))


def test_every_path_has_its_methods() -> None:
    bench = ProviderBench()
    for path, methods in Provider.paths.items():
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
            answer = bench.provider.handle(Request(method=method, path=path))
            status = answer.status if isinstance(answer, Response) else 200
            assert (status != 405) == (method in methods), (path, method)


@pytest.mark.parametrize("path", ["", "/", "/Token", "/token/", "//token", "/.well-known/"])
def test_other_paths_are_not_ours(path: str) -> None:
    answer = ProviderBench().provider.handle(Request(method="GET", path=path))
    assert isinstance(answer, Response)
    assert answer.status == 404


def test_a_client_is_kept_in_memory_for_a_moment() -> None:
    bench = ProviderBench(settings=ProviderSettings(client_cache=timedelta(seconds=5)))
    bench.log_in()
    assert "code" in bench.answer(bench.authorize())
    bench.register(a_client(enabled=False))
    bench.clock.advance(4.9)
    assert "code" in bench.answer(bench.authorize())
    bench.clock.advance(0.1)
    assert isinstance(bench.authorize(), ErrorPage)


def test_guesses_fill_no_memory() -> None:
    bench = ProviderBench(settings=ProviderSettings())
    for n in range(50):
        bench.authorize(client_id=f"guess-{n}")
    assert not bench.provider._parts.clients._known


def test_every_authorization_is_in_the_audit_trail_once() -> None:
    bench = ProviderBench()
    bench.log_in()
    code = bench.code(bench.authorize())
    bench.exchange(code)
    assert bench.events() == ["op:code:issued", "op:code:redeemed"]


def test_nobody_fills_the_audit_trail_with_failures() -> None:
    """A client's id is no secret, and the trail never shrinks: a client's failures have a budget."""
    settings = ProviderSettings(refusals=3)
    public = a_client("app", auth_method=ClientAuthMethod.NONE)
    bench = ProviderBench(a_client(), public, settings=settings)
    guess = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code": "guess"}
    for _ in range(10):
        forged = bench.assertion(iss="somebody")
        assert bench.error(bench.token(client_assertion=forged, **guess)) == "invalid_client"
        assert bench.error(bench.token(public, **guess)) == "invalid_grant"
    assert bench.events().count("op:client:refused") == 3
    assert bench.events().count("op:code:refused") == 3
    bench.clock.advance(settings.refusal_window)
    assert bench.error(bench.token(public, **guess)) == "invalid_grant"
    assert bench.events().count("op:code:refused") == 4


def test_nor_with_requests_that_nobody_meant() -> None:
    """To begin an authorization and to decline it takes no resident."""
    bench = ProviderBench(settings=ProviderSettings(refusals=3))
    for _ in range(10):
        asked = bench.authorize(session=None)
        assert isinstance(asked, Interaction)
        answer = bench.provider.resume(asked.id, Declined(), browser=BROWSER, session=None)
        assert bench.answer(answer)["error"] == "access_denied"
    assert bench.events() == ["op:authorization:declined"] * 3
