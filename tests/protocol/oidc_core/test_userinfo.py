"""The UserInfo endpoint (OpenID Connect Core §5.3; RFC 6750)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hkeid.identity.state import EidState
from hkeid.kernel.http import Parameters, Request, Response
from hkeid.testing.provider import (
    ISSUER,
    PROFILE_CLAIMS,
    ProviderBench,
    a_client,
    reasons,
)

FORM = {"content-type": "application/x-www-form-urlencoded"}


def send(bench: ProviderBench, **request: Any) -> Response:
    response = bench.provider.handle(Request(**{"method": "GET", "path": "/userinfo", **request}))
    assert isinstance(response, Response)
    return response


@pytest.fixture
def access_token(agreed: ProviderBench) -> str:
    token: str = agreed.exchange(agreed.code(agreed.authorize(scope="openid profile")))[
        "access_token"
    ]
    return token


def test_claims_of_the_scope(agreed: ProviderBench, access_token: str) -> None:
    response = agreed.userinfo(access_token)
    assert response.header("Content-Type") == "application/json"
    assert response.header("Cache-Control") == "no-store"
    claims = agreed.good(response)
    assert len(claims.pop("sub")) == 43
    assert claims == {
        "name": "CHAN Tai Man",
        "name#zh-Hant-HK": "陳大文",
        "given_name": "Tai Man",
        "family_name": "CHAN",
        "birthdate": "1990-02",
        "gender": "male",
    }
    assert agreed.claims.released == [("resident-1", "hko", PROFILE_CLAIMS)]


def test_claims_that_were_asked_for_one_by_one(agreed: ProviderBench) -> None:
    wanted = json.dumps({"userinfo": {"hkic_number": None, "name#zh-Hant-HK": None, "x": None}})
    tokens = agreed.exchange(agreed.code(agreed.authorize(claims=wanted)))
    claims = agreed.good(agreed.userinfo(tokens["access_token"]))
    assert set(claims) == {"sub", "hkic_number", "name", "name#zh-Hant-HK"}


def test_without_claims_there_is_the_sub_and_no_disclosure(agreed: ProviderBench) -> None:
    tokens = agreed.exchange(agreed.code(agreed.authorize()))
    assert set(agreed.good(agreed.userinfo(tokens["access_token"]))) == {"sub"}
    assert agreed.claims.released == []


def test_the_sub_is_that_of_the_id_token(agreed: ProviderBench) -> None:
    """§5.3.2: "The sub Claim in the UserInfo Response MUST be verified to exactly match"."""
    tokens = agreed.exchange(agreed.code(agreed.authorize()))
    sub = agreed.good(agreed.userinfo(tokens["access_token"]))["sub"]
    assert sub == agreed.claims_of(tokens["id_token"])["sub"]


def test_consent_counts_at_that_moment(agreed: ProviderBench, access_token: str) -> None:
    agreed.claims.agreed.discard(("resident-1", "hko", "name"))
    assert "name" not in agreed.good(agreed.userinfo(access_token))


def test_a_claim_that_the_client_lost_is_not_released(
    agreed: ProviderBench, access_token: str
) -> None:
    agreed.register(a_client(claims=reasons("gender")))
    assert set(agreed.good(agreed.userinfo(access_token))) == {"sub", "gender"}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_token_in_the_header(
    agreed: ProviderBench, access_token: str, method: str, scheme: str
) -> None:
    """RFC 6750 §2.1; OpenID Connect Core §5.3.1: GET and POST."""
    headers = {"authorization": f"{scheme} {access_token}"}
    assert send(agreed, method=method, headers=headers).status == 200


def test_the_token_in_the_body(agreed: ProviderBench, access_token: str) -> None:
    """RFC 6750 §2.2."""
    form = Parameters((("access_token", access_token),))
    assert send(agreed, method="POST", form=form, headers=FORM).status == 200
    assert send(agreed, method="POST", form=form).status == 401, "not a form"
    assert send(agreed, method="GET", form=form, headers=FORM).status == 401


def test_the_token_does_not_go_in_the_query(agreed: ProviderBench, access_token: str) -> None:
    """RFC 9700 §4.3.2: "MUST NOT pass access tokens in a URI query parameter"."""
    response = send(agreed, query=Parameters((("access_token", access_token),)))
    assert (response.status, agreed.error(response)) == (400, "invalid_request")


def test_one_token_at_one_place(agreed: ProviderBench, access_token: str) -> None:
    """RFC 6750 §2: "Clients MUST NOT use more than one method"."""
    twice = Parameters((("access_token", access_token),) * 2)
    once = Parameters(twice.pairs[:1])
    header = {"authorization": f"Bearer {access_token}", **FORM}
    for form, headers in ((once, header), (twice, FORM)):
        response = send(agreed, method="POST", form=form, headers=headers)
        assert agreed.error(response) == "invalid_request"


@pytest.mark.parametrize("headers", [{}, {"authorization": "Basic eDp5"}])
def test_without_a_token_there_is_a_bare_challenge(
    agreed: ProviderBench, headers: dict[str, str]
) -> None:
    """RFC 6750 §3.1: "SHOULD NOT include an error code or other error information"."""
    response = send(agreed, headers=headers)
    assert (response.status, response.body) == (401, b"")
    assert response.header("WWW-Authenticate") == 'Bearer realm="hkeid"'


@pytest.mark.parametrize("token", ["", "a b", "天", "a\nb", "=", "x" * 600])
def test_a_token_that_is_none(agreed: ProviderBench, token: str) -> None:
    response = send(agreed, headers={"authorization": f"Bearer {token}"})
    assert (response.status, agreed.error(response)) == (400, "invalid_request")


def refused(bench: ProviderBench, token: str) -> None:
    """RFC 6750 §3.1: 401 with ``invalid_token`` in challenge and body."""
    response = bench.userinfo(token)
    assert (response.status, bench.error(response)) == (401, "invalid_token")
    challenge = response.header("WWW-Authenticate") or ""
    assert challenge.startswith('Bearer realm="hkeid", error="invalid_token"')


def test_unknown_and_expired_tokens(agreed: ProviderBench, access_token: str) -> None:
    refused(agreed, "unknown")
    agreed.clock.advance(599)
    assert agreed.userinfo(access_token).status == 200
    agreed.clock.advance(1)
    refused(agreed, access_token)


@pytest.mark.parametrize("state", [EidState.SUSPENDED, EidState.REVOKED])
def test_a_resident_who_may_not_log_in(
    agreed: ProviderBench, access_token: str, state: EidState
) -> None:
    agreed.set_state("resident-1", state)
    refused(agreed, access_token)


def test_a_revoked_grant_and_a_disabled_client(agreed: ProviderBench, access_token: str) -> None:
    agreed.register(a_client(enabled=False))
    refused(agreed, access_token)
    agreed.register(a_client())
    assert agreed.userinfo(access_token).status == 200
    with agreed.store.transaction() as tx:
        (grant,) = tx.grants.of_resident("resident-1")
        tx.grants.revoke(grant.id, agreed.clock.now())
    refused(agreed, access_token)


def test_a_refresh_token_or_a_code_is_no_access_token(
    agreed: ProviderBench, offline: dict[str, Any]
) -> None:
    refused(agreed, offline["refresh_token"])
    refused(agreed, agreed.code(agreed.authorize()))
    refused(agreed, offline["id_token"][:500])


def test_signed_answers(agreed: ProviderBench) -> None:
    """§5.3.2: a JWT with ``iss`` and ``aud``, media type ``application/jwt``."""
    client = a_client(userinfo_signed_response_alg="Ed25519", claims=reasons("gender"))
    agreed.client = agreed.register(client)
    tokens = agreed.exchange(agreed.code(agreed.authorize(scope="openid profile")))
    response = agreed.userinfo(tokens["access_token"])
    assert response.header("Content-Type") == "application/jwt"
    claims = agreed.claims_of(response.body.decode(), "Ed25519")
    assert claims.pop("sub")
    signed_at = int(agreed.clock.now().timestamp())
    assert claims == {"iss": ISSUER, "aud": "hko", "iat": signed_at, "gender": "male"}


def test_browsers_of_other_origins_may_call(agreed: ProviderBench, access_token: str) -> None:
    preflight = send(agreed, method="OPTIONS")
    assert preflight.status == 204
    assert "authorization" in (preflight.header("Access-Control-Allow-Headers") or "")
    for response in (agreed.userinfo(access_token), agreed.userinfo("x"), send(agreed)):
        assert response.header("Access-Control-Allow-Origin") == "*"
        assert response.header("Access-Control-Allow-Credentials") is None
