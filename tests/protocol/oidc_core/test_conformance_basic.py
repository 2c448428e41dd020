"""The modules of the OpenID conformance suite's Basic OP and Config OP plans, by their ids.

Each test does what the module of that name does, against the provider without a network. Modules
about features that hkeid answers with "not supported" pass with that answer, as in the suite.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote_plus

import pytest

from hkeid.kernel.http import Parameters, Request, Response
from hkeid.kernel.secret import secret_digest
from hkeid.op import (
    ConsentGiven,
    Declined,
    ErrorPage,
    Interaction,
    InteractionKind,
    LoggedIn,
    Profile,
    ProviderSettings,
)
from hkeid.op.records import ClientAuthMethod
from hkeid.ports import KeyPurpose
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.provider import (
    BROWSER,
    CALLBACK,
    PROFILE_CLAIMS,
    ProviderBench,
    a_client,
    reasons,
)

SECRET = "a secret of the certification client"
BASIC = a_client(
    "certification",
    auth_method=ClientAuthMethod.CLIENT_SECRET_BASIC,
    secret_digest=secret_digest(SECRET),
    require_pkce=False,
    grant_types=("authorization_code", "refresh_token"),
    claims=reasons(*PROFILE_CLAIMS),
    id_token_signed_response_alg="RS256",
)
NO_PKCE: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None}


class Suite(ProviderBench):
    """A certification client: client_secret_basic, no PKCE, RS256."""

    def __init__(self) -> None:
        super().__init__(
            BASIC,
            replace(BASIC, id="second", auth_method=ClientAuthMethod.CLIENT_SECRET_POST),
            settings=ProviderSettings(profile=Profile.SANDBOX),
            keys=MemoryKeyStore(),
        )
        self.claims.values["resident-1"] = {"name": "CHAN Tai Man", "gender": "male"}

    def run(self, **changes: str | None) -> dict[str, str]:
        """Authorize, with whatever a person has to do on the way."""
        answer = self.authorize(**{**NO_PKCE, **changes})
        for _ in range(4):
            if isinstance(answer, Response):
                return self.answer(answer)
            if answer.kind is InteractionKind.CONSENT:
                self.claims.agree("resident-1", self.client.id, answer.claims)
                view = answer.session
                outcome: LoggedIn | ConsentGiven = ConsentGiven()
            else:
                self.clock.advance(1)
                view, outcome = self.log_in(), LoggedIn()
            answer = self.provider.resume(answer.id, outcome, browser=BROWSER, session=view)
        raise AssertionError("too many pages")

    def redeem(self, code: str, redirect_uri: str = CALLBACK) -> Response:
        """Exchange a code with client_secret_basic."""
        credentials = f"{self.client.id}:{quote_plus(SECRET)}".encode()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        header = {"authorization": f"Basic {b64encode(credentials).decode()}"}
        return self.post("/token", form, header)

    def id_token(self, code: str) -> dict[str, Any]:
        return self.claims_of(self.good(self.redeem(code))["id_token"], "RS256")


@pytest.fixture
def suite() -> Suite:
    return Suite()


def test_oidcc_server(suite: Suite) -> None:
    answer = suite.run()
    assert answer["state"] == "state-1"
    assert suite.id_token(answer["code"])["nonce"] == "nonce-1"


def test_oidcc_response_type_missing(suite: Suite) -> None:
    assert suite.run(response_type=None)["error"] == "invalid_request"


def test_oidcc_idtoken_rs256_and_kid(suite: Suite) -> None:
    """``oidcc-idtoken-rs256``: the header names the key."""
    token = suite.good(suite.redeem(suite.run()["code"]))["id_token"]
    assert suite.claims_of(token, "RS256")


@pytest.mark.parametrize("how", ["get", "post-header", "post-body"])
def test_oidcc_userinfo(suite: Suite, how: str) -> None:
    """``oidcc-userinfo-get``, ``-post-header``, ``-post-body``."""
    token = suite.good(suite.redeem(suite.run()["code"]))["access_token"]
    header = {"authorization": f"Bearer {token}"}
    form = {"content-type": "application/x-www-form-urlencoded"}
    body = Parameters((("access_token", token),))
    request = {
        "get": Request(method="GET", path="/userinfo", headers=header),
        "post-header": Request(method="POST", path="/userinfo", headers=header),
        "post-body": Request(method="POST", path="/userinfo", headers=form, form=body),
    }[how]
    response = suite.provider.handle(request)
    assert isinstance(response, Response)
    assert suite.good(response)["sub"]


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(suite: Suite) -> None:
    assert "nonce" not in suite.id_token(suite.run(nonce=None)["code"])


@pytest.mark.parametrize("scope", ["profile", "email", "address", "phone"])
def test_oidcc_scope(suite: Suite, scope: str) -> None:
    """``oidcc-scope-profile`` and its like: scopes that are not supported are ignored."""
    tokens = suite.good(suite.redeem(suite.run(scope=f"openid {scope}")["code"]))
    claims = suite.good(suite.userinfo(tokens["access_token"]))
    assert ("name" in claims) == (scope == "profile")


def test_oidcc_scope_all(suite: Suite) -> None:
    assert "code" in suite.run(scope="openid profile email address phone")


def test_oidcc_ensure_other_scope_order_succeeds(suite: Suite) -> None:
    assert "code" in suite.run(scope="profile openid")


@pytest.mark.parametrize("display", ["page", "popup"])
def test_oidcc_display(suite: Suite, display: str) -> None:
    assert "code" in suite.run(display=display)


def test_oidcc_prompt_login(suite: Suite) -> None:
    first = suite.id_token(suite.run()["code"])
    suite.clock.advance(5)
    second = suite.id_token(suite.run(prompt="login")["code"])
    assert second["auth_time"] > first["auth_time"]
    assert second["sub"] == first["sub"]


def test_oidcc_prompt_none_not_logged_in(suite: Suite) -> None:
    assert suite.run(prompt="none")["error"] == "login_required"


def test_oidcc_prompt_none_logged_in(suite: Suite) -> None:
    first = suite.id_token(suite.run()["code"])
    second = suite.id_token(suite.run(prompt="none")["code"])
    assert (first["sub"], first["auth_time"]) == (second["sub"], second["auth_time"])


def test_oidcc_max_age_1(suite: Suite) -> None:
    first = suite.id_token(suite.run()["code"])
    suite.clock.advance(2)
    assert suite.id_token(suite.run(max_age="1")["code"])["auth_time"] > first["auth_time"]


def test_oidcc_max_age_10000(suite: Suite) -> None:
    first = suite.id_token(suite.run()["code"])
    suite.clock.advance(2)
    second = suite.id_token(suite.run(max_age="10000", prompt="none")["code"])
    assert second["auth_time"] == first["auth_time"]


def test_oidcc_ensure_request_with_unknown_parameter_succeeds(suite: Suite) -> None:
    suite.run()
    answer = suite.authorize(**NO_PKCE, extra=(("extra", "foobar"),))
    assert "code" in suite.answer(answer)


def test_oidcc_id_token_hint(suite: Suite) -> None:
    hint = suite.good(suite.redeem(suite.run()["code"]))["id_token"]
    answer = suite.run(prompt="none", id_token_hint=hint)
    assert suite.id_token(answer["code"])["sub"] == suite.claims_of(hint, "RS256")["sub"]


def test_oidcc_login_hint(suite: Suite) -> None:
    assert "code" in suite.run(login_hint="buffy@rp.example.hk")


@pytest.mark.parametrize("name", ["ui_locales", "claims_locales"])
def test_oidcc_locales(suite: Suite, name: str) -> None:
    """``oidcc-ui-locales``, ``oidcc-claims-locales``."""
    assert "code" in suite.run(**{name: "se"})


def test_oidcc_ensure_request_with_acr_values_succeeds(suite: Suite) -> None:
    wanted = "urn:hkeid:acr:eid urn:hkeid:acr:eid-bound"
    assert suite.id_token(suite.run(acr_values=wanted)["code"])["acr"] in wanted


@pytest.mark.parametrize("seconds", [0, 30])
def test_oidcc_codereuse(suite: Suite, seconds: int) -> None:
    """``oidcc-codereuse``, ``oidcc-codereuse-30seconds``: refused, and the tokens revoked."""
    code = suite.run()["code"]
    tokens = suite.good(suite.redeem(code))
    suite.clock.advance(seconds)
    assert suite.error(suite.redeem(code)) == "invalid_grant"
    assert suite.userinfo(tokens["access_token"]).status == 401


def test_oidcc_ensure_registered_redirect_uri(suite: Suite) -> None:
    assert isinstance(suite.authorize(redirect_uri=CALLBACK + "/unregistered"), ErrorPage)


def test_oidcc_redirect_uri_query_added(suite: Suite) -> None:
    assert isinstance(suite.authorize(redirect_uri=CALLBACK + "?foo=bar"), ErrorPage)


def test_oidcc_redirect_uri_query_ok(suite: Suite) -> None:
    uri = CALLBACK + "?foo=bar"
    suite.client = suite.register(replace(BASIC, redirect_uris=(uri,)))
    answer = suite.run(redirect_uri=uri)
    assert answer["foo"] == "bar"
    assert suite.redeem(answer["code"], uri).status == 200


def test_oidcc_server_client_secret_post(suite: Suite) -> None:
    with suite.store.transaction() as tx:
        second = tx.clients.get("second")
    assert second is not None
    suite.client = second
    form = {
        "grant_type": "authorization_code",
        "code": suite.run()["code"],
        "redirect_uri": CALLBACK,
        "client_id": "second",
        "client_secret": SECRET,
    }
    assert suite.post("/token", form).status == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"request_uri": "https://rp.example.hk/r.jwt"}, "request_uri_not_supported"),
    ],
)
def test_oidcc_request_object_rejected_as_unsupported(
    suite: Suite, changes: dict[str, str], error: str
) -> None:
    """``oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported`` and
    ``oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported``.
    """
    assert suite.run(**changes)["error"] == error


def test_oidcc_claims_essential(suite: Suite) -> None:
    wanted = json.dumps({"userinfo": {"name": {"essential": True}}})
    tokens = suite.good(suite.redeem(suite.run(claims=wanted)["code"]))
    assert suite.good(suite.userinfo(tokens["access_token"]))["name"] == "CHAN Tai Man"


def test_oidcc_refresh_token(suite: Suite) -> None:
    code = suite.run(scope="openid offline_access", prompt="consent")["code"]
    tokens = suite.good(suite.redeem(code))
    credentials = f"{suite.client.id}:{quote_plus(SECRET)}".encode()
    header = {"authorization": f"Basic {b64encode(credentials).decode()}"}
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    again = suite.good(suite.post("/token", form, header))
    old, new = (suite.claims_of(t["id_token"], "RS256") for t in (tokens, again))
    assert (old["sub"], old["iss"], old["aud"]) == (new["sub"], new["iss"], new["aud"])


def test_oidcc_ensure_request_with_valid_pkce_succeeds() -> None:
    bench = ProviderBench()
    bench.log_in()
    assert bench.exchange(bench.code(bench.authorize()))["id_token"]


def test_oidcc_ensure_post_request_succeeds(suite: Suite) -> None:
    suite.run()
    assert "code" in suite.answer(suite.authorize(method="POST", **NO_PKCE))


def test_oidcc_user_rejects(suite: Suite) -> None:
    step = suite.authorize(**NO_PKCE)
    assert isinstance(step, Interaction)
    answer = suite.provider.resume(step.id, Declined(), browser=BROWSER, session=None)
    assert suite.answer(answer)["error"] == "access_denied"


def test_oidcc_server_rotate_keys(suite: Suite) -> None:
    def kids() -> set[str]:
        response = suite.provider.handle(Request(method="GET", path="/jwks"))
        assert isinstance(response, Response)
        return {key["kid"] for key in json.loads(response.body)["keys"]}

    suite.run()
    before = kids()
    for _ in range(2):
        suite.keys.rotate(KeyPurpose.TOKEN_SIGNING, "RS256", suite.clock.now())
        suite.clock.advance(timedelta(hours=25))
    assert before < kids()
    assert suite.id_token(suite.run(prompt="login")["code"])
