"""Malformed authorization requests: which error, and whether it may travel to the redirect URI.

RFC 6749 §3.1, §4.1.1, §4.1.2.1; OpenID Connect Core §3.1.2.1, §3.1.2.6.
"""

from __future__ import annotations

import pytest

from hkeid.kernel.http import Parameters, Request, Response
from hkeid.op import ErrorPage, Interaction, InteractionKind
from hkeid.testing.provider import CALLBACK, ISSUER, ProviderBench, a_client


@pytest.fixture(scope="module")
def bench() -> ProviderBench:
    bench = ProviderBench(
        a_client(),
        a_client("code-less", grant_types=("refresh_token",)),
        a_client("off", enabled=False),
        a_client("bound", sender_constrained=True),
        a_client(
            "app",
            application_type="native",
            redirect_uris=("hk.example.app:/cb", "http://127.0.0.1/cb", "http://[::1]/cb?a=b"),
        ),
    )
    bench.log_in()
    return bench


@pytest.mark.parametrize(
    ("changes", "extra", "reason"),
    [
        ({"client_id": None}, (), "client_id_missing"),
        ({"client_id": ""}, (), "client_id_missing"),
        ({"client_id": "unknown"}, (), "client_unknown"),
        ({"client_id": "off"}, (), "client_unknown"),
        ({"client_id": "bound"}, (), "client_unknown"),
        ({"client_id": "x" * 256}, (), "parameter_too_long"),
        ({"client_id": "h\nko"}, (), "parameter_control_character"),
        ({"client_id": "天文台"}, (), "client_unknown"),
        ({}, (("client_id", "hko"),), "parameter_repeated"),
        ({"redirect_uri": None}, (), "redirect_uri_missing"),
        ({"redirect_uri": ""}, (), "redirect_uri_missing"),
        ({}, (("redirect_uri", CALLBACK),), "parameter_repeated"),
        ({}, (("redirect_uri", ""),), "parameter_repeated"),
        ({"redirect_uri": CALLBACK + "/"}, (), "redirect_uri_unregistered"),
        ({"redirect_uri": CALLBACK + "?a=b"}, (), "redirect_uri_unregistered"),
        ({"redirect_uri": CALLBACK + "#x"}, (), "redirect_uri_unregistered"),
        ({"redirect_uri": CALLBACK.upper()}, (), "redirect_uri_unregistered"),
        ({"redirect_uri": CALLBACK.replace("https", "http")}, (), "redirect_uri_unregistered"),
        ({"redirect_uri": CALLBACK + "/../x"}, (), "redirect_uri_unregistered"),
        ({"redirect_uri": "https://rp.example.hk.evil.example/"}, (), "redirect_uri_unregistered"),
        ({"redirect_uri": "https://rp.example.hk@evil.example/"}, (), "redirect_uri_unregistered"),
        ({"redirect_uri": CALLBACK + "\n"}, (), "parameter_control_character"),
        ({"redirect_uri": "https://rp.example.hk/" + "x" * 2048}, (), "parameter_too_long"),
        (
            {"client_id": "app", "redirect_uri": "http://127.0.0.1:80@evil.example/cb"},
            (),
            "redirect_uri_unregistered",
        ),
        (
            {"client_id": "app", "redirect_uri": "http://127.0.0.1:8080/other"},
            (),
            "redirect_uri_unregistered",
        ),
        (
            {"client_id": "app", "redirect_uri": "http://localhost:8080/cb"},
            (),
            "redirect_uri_unregistered",
        ),
        (
            {"client_id": "app", "redirect_uri": "http://127.0.0.1:123456/cb"},
            (),
            "redirect_uri_unregistered",
        ),
    ],
)
def test_errors_before_the_redirect_uri_is_trusted_never_redirect(
    bench: ProviderBench,
    changes: dict[str, str | None],
    extra: tuple[tuple[str, str], ...],
    reason: str,
) -> None:
    """§4.1.2.1: the server "MUST NOT automatically redirect the user-agent to the invalid
    redirection URI".
    """
    page = bench.authorize(extra=extra, **changes)
    assert isinstance(page, ErrorPage)
    assert page.error.reason == reason
    assert page.status == 400
    assert page.header("Location") is None
    assert page.header("Cache-Control") == "no-store"


@pytest.mark.parametrize(
    ("changes", "extra", "error"),
    [
        ({"response_type": None}, (), "invalid_request"),
        ({"response_type": ""}, (), "invalid_request"),
        ({"response_type": "token"}, (), "unsupported_response_type"),
        ({"response_type": "id_token"}, (), "unsupported_response_type"),
        ({"response_type": "code id_token"}, (), "unsupported_response_type"),
        ({"response_type": "code token"}, (), "unsupported_response_type"),
        ({"response_type": "none"}, (), "unsupported_response_type"),
        ({"response_type": "CODE"}, (), "unsupported_response_type"),
        ({}, (("response_type", "code"),), "invalid_request"),
        ({}, (("scope", "openid"),), "invalid_request"),
        ({}, (("nonce", ""),), "invalid_request"),
        ({}, (("state", "x"),), "invalid_request"),
        ({}, (("claims", "{}"), ("claims", "{}")), "invalid_request"),
        ({"scope": None}, (), "invalid_scope"),
        ({"scope": "profile"}, (), "invalid_scope"),
        ({"scope": "openid  profile"}, (), "invalid_scope"),
        ({"scope": 'openid "x"'}, (), "invalid_scope"),
        ({"scope": "openid\tprofile"}, (), "invalid_request"),
        ({"response_mode": "fragment"}, (), "invalid_request"),
        ({"response_mode": "bogus"}, (), "invalid_request"),
        ({"response_mode": "form_post.jwt"}, (), "invalid_request"),
        ({"request": "abc"}, (), "request_not_supported"),
        ({"request_uri": "https://rp.example.hk/r"}, (), "request_uri_not_supported"),
        ({"registration": "{}"}, (), "registration_not_supported"),
        ({"prompt": "none login"}, (), "invalid_request"),
        ({"prompt": "none consent"}, (), "invalid_request"),
        ({"prompt": "sometimes"}, (), "invalid_request"),
        ({"max_age": "-1"}, (), "invalid_request"),
        ({"max_age": "1.5"}, (), "invalid_request"),
        ({"max_age": "ten"}, (), "invalid_request"),
        ({"max_age": "１"}, (), "invalid_request"),
        ({"max_age": "9" * 17}, (), "invalid_request"),
        ({"claims": "{"}, (), "invalid_request"),
        ({"claims": "[]"}, (), "invalid_request"),
        ({"claims": '{"userinfo":{"name":1}}'}, (), "invalid_request"),
        ({"claims": "{" + " " * 8200 + "}"}, (), "invalid_request"),
        ({"id_token_hint": "garbage"}, (), "invalid_request"),
        ({"id_token_hint": "a.b.c"}, (), "invalid_request"),
        ({"nonce": "n" * 1025}, (), "invalid_request"),
        ({"nonce": "a\x00b"}, (), "invalid_request"),
        ({"login_hint": "a\x07"}, (), "invalid_request"),
        ({"ui_locales": "e" * 513}, (), "invalid_request"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_all_other_errors_are_sent_back(
    bench: ProviderBench,
    changes: dict[str, str | None],
    extra: tuple[tuple[str, str], ...],
    error: str,
    method: str,
) -> None:
    response = bench.authorize(method=method, extra=extra, **changes)
    answer = bench.answer(response)
    assert isinstance(response, Response)
    assert response.status == 303
    assert answer["error"] == error
    assert answer["iss"] == ISSUER
    assert "code" not in answer
    assert answer.get("state") == (None if ("state", "x") in extra else "state-1")
    allowed = set(map(chr, (*range(0x20, 0x7F),))) - {'"', "\\"}
    assert set(answer["error_description"]) <= allowed, "RFC 6749 §4.1.2.1: error_description"


@pytest.mark.parametrize("state", ["s" * 4097, "a\nb", "a\x7f"])
def test_a_state_that_is_no_state_is_not_sent_back(bench: ProviderBench, state: str) -> None:
    answer = bench.answer(bench.authorize(state=state))
    assert answer["error"] == "invalid_request"
    assert "state" not in answer


def test_state_comes_back_as_it_was(bench: ProviderBench) -> None:
    """§4.1.2: "The exact value received from the client"."""
    state = 'a%20b"><x>&c=1 +é天'
    assert bench.answer(bench.authorize(state=state))["state"] == state


def test_without_state_there_is_none(bench: ProviderBench) -> None:
    assert set(bench.answer(bench.authorize(state=None))) == {"code", "iss"}
    assert set(bench.answer(bench.authorize(state=""))) == {"code", "iss"}


def test_unknown_parameters_are_ignored(bench: ProviderBench) -> None:
    """§3.1: "The authorization server MUST ignore unrecognized request parameters." Repeated ones
    too: ``resource`` (RFC 8707) may repeat.
    """
    extra = (("resource", "a"), ("resource", "b"), ("x" * 3000, "\x00"), ("display", "popup"))
    assert "code" in bench.answer(bench.authorize(extra=extra))


def test_empty_parameters_are_omitted_ones(bench: ProviderBench) -> None:
    """§3.1: "Parameters sent without a value MUST be treated as if they were omitted"."""
    empty = dict.fromkeys(("prompt", "max_age", "claims", "request", "id_token_hint"), "")
    assert "code" in bench.answer(bench.authorize(**empty))


def test_a_client_without_the_grant_type_may_not_ask(bench: ProviderBench) -> None:
    answer = bench.answer(bench.authorize(client_id="code-less"))
    assert answer["error"] == "unauthorized_client"


@pytest.mark.parametrize(
    "uri",
    [
        "hk.example.app:/cb",
        "http://127.0.0.1/cb",
        "http://127.0.0.1:51004/cb",
        "http://[::1]:51004/cb?a=b",
    ],
)
def test_native_clients_may_use_any_loopback_port(bench: ProviderBench, uri: str) -> None:
    """RFC 8252 §7.3: the server "MUST allow any port to be specified at the time of the request"."""
    response = bench.authorize(client_id="app", redirect_uri=uri)
    assert isinstance(response, Response)
    location = response.header("Location")
    assert location is not None
    assert location.startswith(uri + ("&" if "?" in uri else "?"))
    assert "code" in bench.answer(response)


def test_web_clients_have_no_loopback_rule() -> None:
    bench = ProviderBench(
        a_client(application_type="native", redirect_uris=("http://127.0.0.1/a",))
    )
    bench.register(a_client("web", redirect_uris=("https://rp.example.hk/cb",)))
    page = bench.authorize(client_id="web", redirect_uri="https://rp.example.hk:444/cb")
    assert isinstance(page, ErrorPage)


def test_a_post_does_not_read_the_query(bench: ProviderBench) -> None:
    everything = Parameters.of(bench.parameters())
    page = bench.provider.handle(Request(method="POST", path="/authorize", query=everything))
    assert isinstance(page, ErrorPage)
    assert page.error.reason == "client_id_missing"


def test_a_parameter_may_be_in_the_query_of_the_redirect_uri() -> None:
    """§3.1.2: a query of the redirect URI "MUST be retained when adding"."""
    uri = CALLBACK + "?tenant=1&x=%20"
    bench = ProviderBench(a_client(redirect_uris=(uri,)))
    bench.log_in()
    response = bench.authorize()
    assert isinstance(response, Response)
    assert (response.header("Location") or "").startswith(uri + "&code=")


def test_answers_are_not_cached_and_send_no_referrer(bench: ProviderBench) -> None:
    """RFC 9700 §4.2.4, §4.12 (303 and not 307)."""
    response = bench.authorize()
    assert isinstance(response, Response)
    assert (response.status, response.header("Cache-Control")) == (303, "no-store")
    assert response.header("Referrer-Policy") == "no-referrer"


def test_without_a_browser_nobody_can_be_asked() -> None:
    bench = ProviderBench()
    assert bench.answer(bench.authorize(browser=None))["error"] == "interaction_required"
    answer = bench.authorize()
    assert isinstance(answer, Interaction)
    assert answer.kind is InteractionKind.LOGIN
