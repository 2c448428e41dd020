"""The token endpoint: RFC 6749 §2.3, §3.2, §4.1.3, §5."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from urllib.parse import quote_plus

import pytest

from hkeid.identity.state import EidState
from hkeid.kernel.http import Parameters, Request, Response
from hkeid.kernel.secret import secret_digest
from hkeid.oidc import pkce
from hkeid.op import Profile, ProviderSettings
from hkeid.op.records import ClientAuthMethod
from hkeid.testing.provider import CALLBACK, VERIFIER, ProviderBench, a_client

SECRET = "a secret: of é 天 + and % signs"
BASIC = a_client(
    "basic",
    auth_method=ClientAuthMethod.CLIENT_SECRET_BASIC,
    secret_digest=secret_digest(SECRET),
)
POST = replace(BASIC, id="post", auth_method=ClientAuthMethod.CLIENT_SECRET_POST)
PUBLIC = a_client("public", auth_method=ClientAuthMethod.NONE)
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def bench() -> ProviderBench:
    bench = ProviderBench(
        a_client(),
        BASIC,
        POST,
        PUBLIC,
        a_client("other"),
        settings=ProviderSettings(profile=Profile.SANDBOX),
    )
    bench.log_in()
    return bench


def exchange(
    bench: ProviderBench, given: str, client: str = "hko", /, **form: str | None
) -> Response:
    with bench.store.transaction() as tx:
        registered = tx.clients.get(client)
    values: dict[str, str | None] = {
        "grant_type": "authorization_code",
        "code": given,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        **form,
    }
    return bench.token(registered, **values)


def test_a_good_answer_has_the_headers_and_members_of_the_spec(bench: ProviderBench) -> None:
    """§5.1; OpenID Connect Core §3.1.3.3."""
    response = exchange(bench, bench.code(bench.authorize()))
    assert response.status == 200
    assert response.header("Content-Type") == "application/json"
    assert response.header("Cache-Control") == "no-store"
    assert response.header("Pragma") == "no-cache"
    answer = json.loads(response.body)
    assert set(answer) == {"access_token", "token_type", "expires_in", "scope", "id_token"}
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 600)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": "implicit"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "unauthorized_client"),
        ({"code": None}, "invalid_request"),
        ({"code": ""}, "invalid_request"),
        ({"code": "c" * 513}, "invalid_request"),
        ({"code": "unknown"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"redirect_uri": CALLBACK + "/"}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_grant"),
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": "short"}, "invalid_grant"),
        ({"code_verifier": pkce.challenge_of(VERIFIER)}, "invalid_grant"),
        ({"client_id": "other"}, "invalid_request"),
        ({"client_assertion": None}, "invalid_request"),
        ({"client_assertion_type": None}, "invalid_request"),
        ({"client_assertion_type": "urn:other"}, "invalid_request"),
        ({"client_assertion": "garbage"}, "invalid_client"),
        ({"client_secret": "x"}, "invalid_request"),
    ],
)
def test_a_failed_request_leaves_the_code_usable(
    bench: ProviderBench, form: dict[str, str | None], error: str
) -> None:
    """§5.2 for the error; a code that was presented wrongly is not used up."""
    code = bench.code(bench.authorize())
    response = exchange(bench, code, **form)
    assert bench.error(response) == error
    assert response.status == (401 if error == "invalid_client" else 400)
    assert response.header("Cache-Control") == "no-store"
    assert exchange(bench, code).status == 200


def test_a_code_is_good_for_its_client_only(bench: ProviderBench) -> None:
    """§4.1.3: "ensure that the authorization code was issued to the authenticated client"."""
    code = bench.code(bench.authorize())
    assert bench.error(exchange(bench, code, "other")) == "invalid_grant"
    assert bench.error(exchange(bench, code, "public")) == "invalid_grant"
    assert exchange(bench, code).status == 200


def test_a_code_expires_after_a_minute(bench: ProviderBench) -> None:
    """§4.1.2: "The authorization code MUST expire shortly after it is issued"."""
    in_time, too_late = (bench.code(bench.authorize()) for _ in range(2))
    bench.clock.advance(59.9)
    assert exchange(bench, in_time).status == 200
    bench.clock.advance(0.1)
    assert bench.error(exchange(bench, too_late)) == "invalid_grant"


def test_a_replayed_code_revokes_everything_that_came_of_it(bench: ProviderBench) -> None:
    """§4.1.2: "the authorization server MUST deny the request and SHOULD revoke … all tokens
    previously issued based on that authorization code".
    """
    code = bench.code(bench.authorize())
    tokens = bench.good(exchange(bench, code))
    assert bench.userinfo(tokens["access_token"]).status == 200
    assert bench.error(exchange(bench, code)) == "invalid_grant"
    assert bench.userinfo(tokens["access_token"]).status == 401
    assert bench.events()[-1] == "op:code:replayed"


def test_whoever_replays_a_code_revokes(bench: ProviderBench) -> None:
    code = bench.code(bench.authorize())
    tokens = bench.good(exchange(bench, code))
    assert bench.error(exchange(bench, code, "public", code_verifier=None)) == "invalid_grant"
    assert bench.userinfo(tokens["access_token"]).status == 401


def test_a_replay_after_a_failed_attempt_is_no_replay(bench: ProviderBench) -> None:
    code = bench.code(bench.authorize())
    assert exchange(bench, code, code_verifier="w" * 43).status == 400
    tokens = bench.good(exchange(bench, code))
    assert bench.userinfo(tokens["access_token"]).status == 200
    assert "op:code:replayed" not in bench.events()
    assert "op:code:refused" in bench.events()


@pytest.mark.parametrize("state", [EidState.SUSPENDED, EidState.REVOKED])
def test_no_tokens_for_a_resident_who_may_not_log_in(bench: ProviderBench, state: EidState) -> None:
    code = bench.code(bench.authorize())
    bench.set_state("resident-1", state)
    assert bench.error(exchange(bench, code)) == "invalid_grant"


def test_no_tokens_when_the_session_has_ended(bench: ProviderBench) -> None:
    code = bench.code(bench.authorize())
    bench.sessions.end("session-reference")
    assert bench.error(exchange(bench, code)) == "invalid_grant"
    assert bench.events()[-1] == "op:grant:revoked"
    bench.log_in()
    assert bench.error(exchange(bench, code)) == "invalid_grant", "it does not come back to life"


def test_no_tokens_when_the_grant_was_revoked(bench: ProviderBench) -> None:
    code = bench.code(bench.authorize())
    with bench.store.transaction() as tx:
        (grant,) = tx.grants.of_resident("resident-1")
        tx.grants.revoke(grant.id, bench.clock.now())
    assert bench.error(exchange(bench, code)) == "invalid_grant"


def test_the_body_must_be_a_form(bench: ProviderBench) -> None:
    """§3.2, appendix B: ``application/x-www-form-urlencoded``; parameters of the URL do not count."""
    code = bench.code(bench.authorize())
    form = Parameters.of({**bench.credentials(), "grant_type": "authorization_code", "code": code})
    for request in (
        Request(method="POST", path="/token", form=form),
        Request(method="POST", path="/token", query=form),
        Request(
            method="POST",
            path="/token",
            headers={"content-type": "application/json"},
            body=b'{"grant_type":"authorization_code"}',
        ),
    ):
        response = bench.provider.handle(request)
        assert isinstance(response, Response)
        assert bench.error(response) == "invalid_request"
    charset = {"content-type": FORM + "; charset=utf-8"}
    good = {"redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    form = Parameters((*form.pairs, *good.items()))
    response = bench.provider.handle(
        Request(method="POST", path="/token", form=form, headers=charset)
    )
    assert isinstance(response, Response)
    assert response.status == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "PATCH"])
def test_the_method_is_post(bench: ProviderBench, method: str) -> None:
    """§3.2: "The client MUST use the HTTP "POST" method"."""
    response = bench.provider.handle(Request(method=method, path="/token"))
    assert isinstance(response, Response)
    assert response.status == 405
    assert response.header("Allow") == "POST, OPTIONS"


@pytest.mark.parametrize("name", ["code", "grant_type", "client_id", "scope"])
def test_repeated_parameters(bench: ProviderBench, name: str) -> None:
    """§3.2: "Request and response parameters MUST NOT be included more than once"."""
    pairs = (*bench.credentials().items(), (name, "a"), (name, "a"))
    response = bench.provider.handle(
        Request(
            method="POST", path="/token", form=Parameters(pairs), headers={"content-type": FORM}
        )
    )
    assert isinstance(response, Response)
    assert bench.error(response) == "invalid_request"


def basic(client_id: str, secret: str, scheme: str = "Basic") -> dict[str, str]:
    text = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return {"authorization": f"{scheme} {base64.b64encode(text.encode()).decode()}"}


def by_secret(
    bench: ProviderBench, client: str, headers: dict[str, str], /, **form: str
) -> Response:
    code = bench.code(bench.authorize(client_id=client))
    return bench.post(
        "/token",
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
            **form,
        },
        headers,
    )


def test_client_secret_basic(bench: ProviderBench) -> None:
    """§2.3.1: id and secret are form-urlencoded before they go into Basic."""
    assert by_secret(bench, "basic", basic("basic", SECRET)).status == 200
    assert by_secret(bench, "basic", basic("basic", SECRET, "bASIC")).status == 200
    assert by_secret(bench, "basic", basic("basic", SECRET), client_id="basic").status == 200


def test_client_secret_post(bench: ProviderBench) -> None:
    assert by_secret(bench, "post", {}, client_id="post", client_secret=SECRET).status == 200


def test_a_public_client_only_says_who_it_is(bench: ProviderBench) -> None:
    assert by_secret(bench, "public", {}, client_id="public").status == 200


@pytest.mark.parametrize(
    ("client_id", "headers", "form"),
    [
        ("basic", basic("basic", "wrong"), {}),
        ("basic", basic("basic", ""), {}),
        ("basic", basic("unknown", SECRET), {}),
        ("basic", {"authorization": "Basic !"}, {}),
        ("basic", {"authorization": "Basic"}, {}),
        ("basic", {"authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()}, {}),
        ("basic", {"authorization": "Basic " + base64.b64encode(b"basic").decode()}, {}),
        ("basic", {"authorization": "Bearer x"}, {}),
        ("post", basic("post", SECRET), {}),
    ],
)
def test_a_failed_authentication_by_header_is_challenged(
    bench: ProviderBench, client_id: str, headers: dict[str, str], form: dict[str, str]
) -> None:
    """§5.2: 401 and "the "WWW-Authenticate" response header field" when the header was used."""
    response = by_secret(bench, client_id, headers, **form)
    assert (response.status, bench.error(response)) == (401, "invalid_client")
    assert response.header("WWW-Authenticate") == 'Basic realm="hkeid"'


@pytest.mark.parametrize(
    ("client_id", "form"),
    [
        ("post", {"client_id": "post", "client_secret": "wrong"}),
        ("post", {"client_id": "post", "client_secret": "wröng"}),
        ("post", {"client_id": "post"}),
        ("basic", {"client_id": "basic", "client_secret": SECRET}),
        ("hko", {"client_id": "hko"}),
        ("public", {"client_id": "public", "client_secret": SECRET}),
        ("public", {"client_id": "unknown"}),
        ("public", {}),
    ],
)
def test_a_failed_authentication_by_form_is_not(
    bench: ProviderBench, client_id: str, form: dict[str, str]
) -> None:
    response = by_secret(bench, client_id, {}, **form)
    assert (response.status, bench.error(response)) == (401, "invalid_client")
    assert response.header("WWW-Authenticate") is None


@pytest.mark.parametrize(
    ("headers", "form"),
    [
        (basic("basic", SECRET), {"client_secret": SECRET}),
        (basic("basic", SECRET), {"client_secret": SECRET, "client_id": "basic"}),
        (basic("basic", SECRET), {"client_id": "post"}),
        (basic("basic", SECRET), {"client_assertion": "a.b.c"}),
    ],
)
def test_more_than_one_method(
    bench: ProviderBench, headers: dict[str, str], form: dict[str, str]
) -> None:
    """§2.3: the client "MUST NOT use more than one authentication method in each request"."""
    response = by_secret(bench, "basic", headers, **form)
    assert (response.status, bench.error(response)) == (400, "invalid_request")


def test_failures_of_known_clients_are_recorded(bench: ProviderBench) -> None:
    by_secret(bench, "basic", basic("basic", "wrong"))
    assert bench.events()[-1] == "op:client:refused"
    by_secret(bench, "basic", basic("unknown", "wrong"))
    assert bench.events()[-1] == "op:code:issued", "nobody fills the trail with invented clients"


def test_secrets_are_for_the_sandbox() -> None:
    bench = ProviderBench()
    bench.register(BASIC)
    bench.log_in()
    assert bench.provider.settings.profile is Profile.PRODUCTION
    response = bench.post("/token", {"grant_type": "authorization_code"}, basic("basic", SECRET))
    assert bench.error(response) == "invalid_client"


def test_browsers_of_other_origins_may_call(bench: ProviderBench) -> None:
    """Without credentials: no cookie is looked at."""
    response = bench.provider.handle(Request(method="OPTIONS", path="/token"))
    assert isinstance(response, Response)
    assert response.status == 204
    assert response.header("Access-Control-Allow-Origin") == "*"
    assert response.header("Access-Control-Allow-Credentials") is None
    assert response.header("Access-Control-Allow-Methods") == "POST, OPTIONS"
    assert exchange(bench, "x").header("Access-Control-Allow-Origin") == "*"
