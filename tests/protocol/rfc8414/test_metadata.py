"""What the provider says about itself (RFC 8414, OpenID Connect Discovery 1.0)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oidc.discovery import OpenIDProviderMetadata
from authlib.oidc.rpinitiated import OpenIDProviderMetadata as LogoutMetadata

from hkeid.kernel.http import Request, Response
from hkeid.op import Profile, ProviderSettings
from hkeid.ports import KeyPurpose
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.provider import ISSUER, ProviderBench, a_client


def get(bench: ProviderBench, path: str) -> Response:
    response = bench.provider.handle(Request(method="GET", path=path))
    assert isinstance(response, Response)
    return response


@pytest.fixture(scope="module")
def bench() -> ProviderBench:
    return ProviderBench(keys=MemoryKeyStore())


@pytest.fixture(scope="module")
def document(bench: ProviderBench) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(get(bench, "/.well-known/openid-configuration").body)
    return body


def test_authlib_finds_nothing_wrong(document: dict[str, Any]) -> None:
    OpenIDProviderMetadata(document).validate(metadata_classes=[LogoutMetadata])
    AuthorizationServerMetadata(document).validate()


def test_both_well_known_places_say_the_same(bench: ProviderBench) -> None:
    """RFC 8414 §3 and §5."""
    places = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")
    assert len({get(bench, place).body for place in places}) == 1


def test_every_endpoint_that_is_named_answers(
    bench: ProviderBench, document: dict[str, Any]
) -> None:
    named = [value for name, value in document.items() if name.endswith(("_endpoint", "jwks_uri"))]
    assert len(named) == 8
    for url in named:
        assert url.startswith(ISSUER + "/")
        response = bench.provider.handle(Request(method="GET", path=urlsplit(url).path))
        assert getattr(response, "status", 200) != 404


def test_what_is_supported_is_said(document: dict[str, Any]) -> None:
    assert document["issuer"] == ISSUER
    assert document["response_types_supported"] == ["code"]
    assert document["response_modes_supported"] == ["query", "form_post"]
    assert document["grant_types_supported"] == ["authorization_code", "refresh_token"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["subject_types_supported"] == ["pairwise"]
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["prompt_values_supported"] == ["none", "login", "consent", "select_account"]
    assert document["acr_values_supported"][0] == "urn:hkeid:acr:eid"
    assert document["ui_locales_supported"] == ["en", "zh-Hant-HK", "zh-Hans"]
    assert {"sub", "name", "birthdate", "hkic_number"} <= set(document["claims_supported"])
    assert document["claims_parameter_supported"] is True


def test_what_is_not_supported_is_said(document: dict[str, Any]) -> None:
    """OpenID Connect Discovery §3: ``request_uri_parameter_supported`` defaults to true."""
    assert document["request_parameter_supported"] is False
    assert document["request_uri_parameter_supported"] is False
    assert "registration_endpoint" not in document
    assert "none" not in document["id_token_signing_alg_values_supported"]


def test_algorithms_are_those_there_are_keys_for(document: dict[str, Any]) -> None:
    assert set(document["id_token_signing_alg_values_supported"]) == {
        "ES256",
        "RS256",
        "Ed25519",
        "EdDSA",
    }
    few = ProviderBench(keys=MemoryKeyStore(algorithms=("ES256",)))
    body = json.loads(get(few, "/.well-known/openid-configuration").body)
    assert body["id_token_signing_alg_values_supported"] == ["ES256"]


def test_secrets_are_said_to_be_supported_in_the_sandbox_only(document: dict[str, Any]) -> None:
    name = "token_endpoint_auth_methods_supported"
    assert document[name] == ["none", "private_key_jwt"]
    sandbox = ProviderBench(settings=ProviderSettings(profile=Profile.SANDBOX))
    body = json.loads(get(sandbox, "/.well-known/openid-configuration").body)
    assert {"client_secret_basic", "client_secret_post"} < set(body[name])


def test_optional_members() -> None:
    settings = ProviderSettings(
        service_documentation="https://eid.example.hk/docs", policy_uri="https://eid.example.hk/p"
    )
    body = json.loads(
        get(ProviderBench(settings=settings), "/.well-known/openid-configuration").body
    )
    assert body["service_documentation"] == "https://eid.example.hk/docs"
    assert body["op_policy_uri"] == "https://eid.example.hk/p"


def test_the_jwks_has_public_keys_only_and_may_be_cached(bench: ProviderBench) -> None:
    """RFC 7517 §5; OpenID Connect Discovery §3: ``jwks_uri``."""
    response = get(bench, "/jwks")
    keys = json.loads(response.body)["keys"]
    assert {key["kty"] for key in keys} == {"EC", "OKP", "RSA"}
    assert all(not {"d", "p", "q", "dp", "dq", "qi", "k"} & key.keys() for key in keys)
    assert len({key["kid"] for key in keys}) == len(keys)
    assert response.header("Cache-Control") == "public, max-age=900"
    assert response.header("Access-Control-Allow-Origin") == "*"


def test_the_jwks_follows_a_rotation(bench: ProviderBench) -> None:
    rotating = ProviderBench()
    before = get(rotating, "/jwks")
    assert get(rotating, "/jwks") is before, "made once"
    rotating.keys.rotate(KeyPurpose.TOKEN_SIGNING, "ES256", rotating.clock.now())
    assert len(json.loads(get(rotating, "/jwks").body)["keys"]) == (
        len(json.loads(before.body)["keys"]) + 1
    )


def test_an_issuer_may_have_a_path() -> None:
    bench = ProviderBench(a_client(), issuer="https://example.hk/eid")
    body = json.loads(get(bench, "/.well-known/openid-configuration").body)
    assert body["token_endpoint"] == "https://example.hk/eid/token"
