"""``private_key_jwt`` at the token endpoint (RFC 7523, OpenID Connect Core §9)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization as s
from joserfc import jwt
from joserfc.jwk import import_key

from hkeid.jose.signatures import generate, public_jwk
from hkeid.kernel.http import Response
from hkeid.kernel.instants import epoch_seconds
from hkeid.testing.provider import (
    CALLBACK,
    ISSUER,
    VERIFIER,
    ProviderBench,
    RelyingPartyKey,
    a_client,
)


@pytest.fixture
def bench() -> ProviderBench:
    bench = ProviderBench(a_client(), a_client("other"))
    bench.log_in()
    return bench


def exchange(bench: ProviderBench, assertion: str, code: str | None = None) -> Response:
    return bench.token(
        bench.client,
        client_assertion=assertion,
        grant_type="authorization_code",
        code=code or bench.code(bench.authorize()),
        redirect_uri=CALLBACK,
        code_verifier=VERIFIER,
    )


@pytest.mark.parametrize("audience", [ISSUER, ISSUER + "/token"])
def test_the_audience_is_the_issuer_or_the_token_endpoint(
    bench: ProviderBench, audience: str
) -> None:
    assert exchange(bench, bench.assertion(aud=audience)).status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": [ISSUER]},
        {"aud": ISSUER + "/userinfo"},
        {"aud": None},
        {"iss": "other"},
        {"sub": "other", "iss": "other"},
        {"sub": "unknown"},
        {"sub": None},
        {"sub": "\ud800"},
        {"exp": None},
        {"exp": 1},
        {"exp": 99999999999},
        {"jti": None},
    ],
)
def test_an_assertion_that_breaks_a_rule(bench: ProviderBench, changes: dict[str, Any]) -> None:
    code = bench.code(bench.authorize())
    response = exchange(bench, bench.assertion(**changes), code)
    if changes.get("sub") == "other":
        # A perfectly good assertion of another client (it has the same key here) …
        assert bench.error(response) == "invalid_grant"
    else:
        assert (response.status, bench.error(response)) == (401, "invalid_client")
        assert response.header("WWW-Authenticate") is None
    assert exchange(bench, bench.assertion(), code).status == 200


def test_the_description_does_not_tell_which_rule(bench: ProviderBench) -> None:
    answers = {
        exchange(bench, assertion).body
        for assertion in (
            bench.assertion(sub="unknown"),
            bench.assertion(jti=None),
            bench.assertion()[:-4] + "AAAA",
        )
    }
    assert len(answers) == 1


def test_an_assertion_is_good_once(bench: ProviderBench) -> None:
    """§3 (7): "MAY ensure that JWTs are not replayed"."""
    assertion = bench.assertion()
    assert exchange(bench, assertion).status == 200
    code = bench.code(bench.authorize())
    assert bench.error(exchange(bench, assertion, code)) == "invalid_client"
    assert exchange(bench, bench.assertion(), code).status == 200, "the code was not burnt by it"


def test_an_assertion_is_used_up_by_a_failed_request_too(bench: ProviderBench) -> None:
    assertion = bench.assertion()
    assert bench.error(exchange(bench, assertion, "unknown")) == "invalid_grant"
    assert bench.error(exchange(bench, assertion)) == "invalid_client"


def test_two_clients_may_use_the_same_jti(bench: ProviderBench) -> None:
    assert exchange(bench, bench.assertion(jti="same")).status == 200
    with bench.store.transaction() as tx:
        other = tx.clients.get("other")
    response = bench.token(
        other,
        client_assertion=bench.assertion("other", jti="same"),
        grant_type="authorization_code",
        code=bench.code(bench.authorize(client_id="other")),
        redirect_uri=CALLBACK,
        code_verifier=VERIFIER,
    )
    assert response.status == 200


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "RS256", "EdDSA", "Ed25519"])
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_every_allowed_algorithm_by_another_library(bench: ProviderBench, algorithm: str) -> None:
    kind = {"PS256": "RS256", "EdDSA": "Ed25519"}.get(algorithm, algorithm)
    private = generate(kind)
    public = {k: v for k, v in public_jwk(private).items() if k != "alg"}
    bench.register(a_client(jwks={"keys": [public]}))
    now = epoch_seconds(bench.clock.now())
    claims = {"iss": "hko", "sub": "hko", "aud": ISSUER, "jti": algorithm, "exp": now + 60}
    header = {"alg": algorithm, "kid": public["kid"]}
    assertion = jwt.encode(
        header, claims, import_key(_pem(private), public["kty"]), algorithms=[algorithm]
    )
    assert exchange(bench, assertion).status == 200


def _pem(private: Any) -> bytes:
    pem: bytes = private.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    return pem


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"alg": "ES384"}])
def test_other_algorithms_are_not_allowed(bench: ProviderBench, header: dict[str, str]) -> None:
    now = epoch_seconds(bench.clock.now())
    claims = {"iss": "hko", "sub": "hko", "aud": ISSUER, "jti": "1", "exp": now + 60}
    response = exchange(bench, bench.key.sign(claims, **header))
    assert bench.error(response) == "invalid_client"


def test_somebody_elses_key(bench: ProviderBench) -> None:
    now = epoch_seconds(bench.clock.now())
    claims = {"iss": "hko", "sub": "hko", "aud": ISSUER, "jti": "1", "exp": now + 60}
    stranger = RelyingPartyKey()
    kid = bench.key.jwks()["keys"][0]["kid"]
    for assertion in (stranger.sign(claims), stranger.sign(claims, kid=kid)):
        assert bench.error(exchange(bench, assertion)) == "invalid_client"


def test_a_client_may_have_several_keys(bench: ProviderBench) -> None:
    """So that it can rotate them."""
    both = {"keys": [*RelyingPartyKey().jwks()["keys"], *bench.key.jwks()["keys"]]}
    bench.register(a_client(jwks=both))
    assert exchange(bench, bench.assertion()).status == 200


def test_the_secret_of_the_assertion_is_in_no_error(bench: ProviderBench) -> None:
    response = exchange(bench, bench.assertion(aud="canary"))
    assert b"canary" not in response.body
    assert set(json.loads(response.body)) == {"error", "error_description"}


@pytest.mark.parametrize(
    "form", [{"grant_type": "authorization_code"}, {"grant_type": "password"}, {}]
)
def test_a_request_that_is_turned_down_uses_up_the_assertion(
    bench: ProviderBench, form: dict[str, str]
) -> None:
    """§3 (7): the assertion has proved who the client is; it does not do so again."""
    assertion = bench.assertion()
    assert bench.token(bench.client, client_assertion=assertion, **form).status == 400
    assert bench.error(exchange(bench, assertion)) == "invalid_client"
