"""Client metadata: what is accepted, what is refused, and how helpful the refusal is."""

from __future__ import annotations

from typing import Any

import pytest

from hkeid.identity.assurance import Acr
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.secret import secret_digest
from hkeid.op.records import ClientAuthMethod
from hkeid.op.redirect_uris import check_redirect_uri
from hkeid.op.registration import client_from_metadata
from hkeid.op.settings import Profile
from hkeid.testing.provider import RelyingPartyKey, reasons

KEY = RelyingPartyKey()
LEAST = {
    "client_id": "hko",
    "client_name": "Observatory",
    "redirect_uris": ["https://rp.example.hk/cb"],
    "jwks": KEY.jwks(),
}
PRODUCTION, SANDBOX = Profile.PRODUCTION, Profile.SANDBOX


def test_the_least_that_is_needed() -> None:
    client = client_from_metadata(LEAST, profile=PRODUCTION)
    assert client.auth_method is ClientAuthMethod.PRIVATE_KEY_JWT
    assert client.sector_identifier == "rp.example.hk"
    assert client.scopes == ("openid",)
    assert client.require_pkce
    assert client.id_token_signed_response_alg == "ES256"
    assert client.name == {
        "en": "Observatory",
        "zh-Hant-HK": "Observatory",
        "zh-Hans": "Observatory",
    }


SCRIPTS = {"en": "x", "zh-Hant-HK": "x", "zh-Hans": "x"}
FORM: dict[str, Any] = {
    "name": SCRIPTS,
    "purpose": SCRIPTS,
    "fields": {"birthdate": "voluntary", "name": "required"},
    "keeps_for": 90,
}
ADS: dict[str, Any] = {"goods": SCRIPTS, "channels": ["sms", "post", "sms"], "claims": ["name"]}


def test_forms_and_direct_marketing() -> None:
    once = {name: value for name, value in FORM.items() if name != "keeps_for"}
    client = client_from_metadata(
        {**LEAST, "forms": {"order": once, "card": FORM}, "direct_marketing": ADS},
        profile=PRODUCTION,
    )
    card, order = client.forms
    assert (card.id, card.required, card.voluntary) == ("card", ("name",), ("birthdate",))
    assert (card.keeps_for, order.keeps_for) == (90, None)
    assert card.claims == ("name", "birthdate")
    assert client.direct_marketing is not None
    assert [one.value for one in client.direct_marketing.channels] == ["sms", "post"]
    assert client_from_metadata(LEAST, profile=PRODUCTION).direct_marketing is None


def test_everything() -> None:
    client = client_from_metadata(
        {
            **LEAST,
            "client_name#zh-Hant-HK": "天文台",
            "application_type": "web",
            "response_types": ["code"],
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": "openid profile offline_access",
            "subject_type": "pairwise",
            "sector_identifier": "gov.hk",
            "id_token_signed_response_alg": "RS256",
            "userinfo_signed_response_alg": "EdDSA",
            "default_max_age": 3600,
            "default_acr_values": [Acr.EID_PLUS.value, Acr.EID_BOUND.value],
            "require_auth_time": True,
            "post_logout_redirect_uris": ["https://rp.example.hk/bye"],
            "client_uri": "https://rp.example.hk",
            "policy_uri": "https://rp.example.hk/privacy",
            "claims": reasons("name", "birthdate"),
            "voluntary_claims": ["birthdate"],
            "enabled": False,
        },
        profile=PRODUCTION,
    )
    assert client.name["zh-Hant-HK"] == "天文台"
    assert client.name["zh-Hans"] == "Observatory"
    assert client.default_acr is Acr.EID_BOUND
    assert client.sector_identifier == "gov.hk"
    assert client.voluntary_claims == ("birthdate",)
    assert client.claims["name"]["en"]
    assert not client.enabled


def test_names_as_a_table() -> None:
    names = {"en": "O", "zh-Hant-HK": "天文台", "zh-Hans": "天文台"}
    assert client_from_metadata({**LEAST, "client_name": names}, profile=PRODUCTION).name == names


def test_a_secret_is_kept_as_its_digest() -> None:
    client = client_from_metadata(
        {
            **LEAST,
            "token_endpoint_auth_method": "client_secret_basic",
            "client_secret": "a secret of some length",
        },
        profile=SANDBOX,
    )
    assert client.secret_digest == secret_digest("a secret of some length")


@pytest.mark.parametrize("missing", list(LEAST))
def test_what_is_needed(missing: str) -> None:
    metadata = {name: value for name, value in LEAST.items() if name != missing}
    with pytest.raises(MalformedInput) as caught:
        client_from_metadata(metadata, profile=PRODUCTION)
    assert (caught.value.reason, caught.value.field) == ("client_metadata_missing", missing)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("redirect_uri", "redirect_uris"),
        ("scopes", "scope"),
        ("claim", "claims"),
        ("token_endpoint_auth", "token_endpoint_auth_method"),
        ("client_name#fr", "client_name"),
        ("sector_identifier_uri", "sector_identifier"),
    ],
)
def test_an_unknown_name_brings_a_suggestion(name: str, nearest: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        client_from_metadata({**LEAST, name: "x"}, profile=PRODUCTION)
    assert caught.value.reason == "client_metadata_unknown"
    assert repr(nearest) in caught.value.safe_text


@pytest.mark.parametrize(
    "name",
    ["jwks_uri", "request_uris", "dpop_bound_access_tokens", "id_token_encrypted_response_alg"],
)
def test_what_is_not_supported_is_not_ignored(name: str) -> None:
    with pytest.raises(MalformedInput, match="client_metadata_unknown"):
        client_from_metadata({**LEAST, name: "x"}, profile=PRODUCTION)


SECRET = {"client_secret": "a secret of some length"}


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        (
            {"token_endpoint_auth_method": "client_secret_basic", **SECRET},
            "s",
            "token_endpoint_auth_method",
        ),
        (
            {"token_endpoint_auth_method": "client_secret_post", **SECRET},
            "s",
            "token_endpoint_auth_method",
        ),
        ({"require_pkce": False}, "s", "require_pkce"),
        (SECRET, "i", "client_secret"),
        ({"client_id": ""}, "i", "client_id"),
        ({"client_id": "天文台"}, "i", "client_id"),
        ({"client_id": "a b"}, "i", "client_id"),
        ({"client_id": 5}, "i", "client_id"),
        ({"client_name": ""}, "i", "client_name"),
        ({"client_name": {"fr": "x"}}, "i", "client_name"),
        ({"client_name": {}}, "m", "client_name"),
        ({"token_endpoint_auth_method": "client_secret_jwt"}, "i", "token_endpoint_auth_method"),
        ({"token_endpoint_auth_method": None}, "i", "token_endpoint_auth_method"),
        ({"jwks": {}}, "i", "jwks"),
        ({"jwks": {"keys": []}}, "i", "jwks"),
        ({"jwks": {"keys": [5]}}, "i", "jwks"),
        ({"jwks": {"keys": [{"kty": "oct", "k": "AA"}]}}, "i", "jwks"),
        ({"jwks": {"keys": [{**KEY.jwks()["keys"][0], "d": "AA"}]}}, "i", "jwks"),
        ({"jwks": "x"}, "i", "jwks"),
        ({"redirect_uris": []}, "m", "redirect_uris"),
        ({"redirect_uris": "https://rp.example.hk"}, "i", "redirect_uris"),
        ({"redirect_uris": ["https://rp.example.hk/"] * 2}, "i", "redirect_uris"),
        ({"redirect_uris": ["http://rp.example.hk/"]}, "r", "redirect_uris"),
        ({"redirect_uris": ["https://a.hk/", "https://b.hk/"]}, "m", "sector_identifier"),
        ({"sector_identifier": "UPPER.hk"}, "i", "sector_identifier"),
        ({"post_logout_redirect_uris": ["x"]}, "r", "post_logout_redirect_uris"),
        ({"response_types": ["token"]}, "i", "response_types"),
        ({"response_types": ["code id_token"]}, "i", "response_types"),
        ({"grant_types": ["implicit"]}, "i", "grant_types"),
        ({"grant_types": ["refresh_token"]}, "i", "grant_types"),
        ({"scope": "profile"}, "i", "scope"),
        ({"scope": "openid shoes"}, "i", "scope"),
        ({"subject_type": "public"}, "i", "subject_type"),
        ({"application_type": "service"}, "i", "application_type"),
        ({"id_token_signed_response_alg": "none"}, "i", "id_token_signed_response_alg"),
        ({"id_token_signed_response_alg": "HS256"}, "i", "id_token_signed_response_alg"),
        ({"userinfo_signed_response_alg": "PS256"}, "i", "userinfo_signed_response_alg"),
        ({"default_max_age": -1}, "i", "default_max_age"),
        ({"default_max_age": "60"}, "i", "default_max_age"),
        ({"default_max_age": True}, "i", "default_max_age"),
        ({"default_acr_values": ["urn:x"]}, "i", "default_acr_values"),
        ({"require_auth_time": "yes"}, "i", "require_auth_time"),
        ({"enabled": 1}, "i", "enabled"),
        ({"client_uri": "not a uri"}, "i", "client_uri"),
        ({"policy_uri": "ftp://x.example/"}, "i", "policy_uri"),
        ({"claims": []}, "i", "claims"),
        ({"claims": {"name": "why"}}, "i", "claims.name"),
        ({"claims": {"name": {"en": "why"}}}, "i", "claims.name"),
        ({"claims": {"name": {"en": "a", "zh-Hant-HK": "", "zh-Hans": "c"}}}, "i", "claims.name"),
        ({"claims": {"name#en": reasons("x")["x"]}}, "i", "claims.name#en"),
        ({"voluntary_claims": ["name"]}, "i", "voluntary_claims"),
        ({"forms": []}, "i", "forms"),
        ({"forms": {"Card": FORM}}, "i", "forms.Card"),
        ({"forms": {"direct_marketing": FORM}}, "i", "forms.direct_marketing"),
        ({"forms": {"card": "x"}}, "i", "forms.card"),
        ({"forms": {"card": {**FORM, "until": 1}}}, "i", "forms.card.until"),
        ({"forms": {"card": {**FORM, "fields": {}}}}, "i", "forms.card.fields"),
        ({"forms": {"card": {**FORM, "fields": ["name"]}}}, "i", "forms.card.fields"),
        ({"forms": {"card": {**FORM, "fields": {"name": "all"}}}}, "i", "forms.card.fields.name"),
        (
            {"forms": {"card": {**FORM, "fields": {"a#b": "required"}}}},
            "i",
            "forms.card.fields.a#b",
        ),
        ({"forms": {"card": {**FORM, "keeps_for": 0}}}, "i", "forms.card.keeps_for"),
        ({"forms": {"card": {**FORM, "keeps_for": True}}}, "i", "forms.card.keeps_for"),
        ({"forms": {"card": {**FORM, "keeps_for": 4000}}}, "i", "forms.card.keeps_for"),
        ({"forms": {"card": {**FORM, "name": {"en": "x"}}}}, "i", "forms.card.name"),
        ({"forms": {"card": {**FORM, "purpose": "x"}}}, "i", "forms.card.purpose"),
        ({"forms": {f"f{n}": FORM for n in range(51)}}, "i", "forms"),
        ({"direct_marketing": "yes"}, "i", "direct_marketing"),
        ({"direct_marketing": {**ADS, "price": 1}}, "i", "direct_marketing.price"),
        ({"direct_marketing": {**ADS, "goods": {}}}, "i", "direct_marketing.goods"),
        ({"direct_marketing": {**ADS, "channels": []}}, "i", "direct_marketing.channels"),
        ({"direct_marketing": {**ADS, "channels": ["fax"]}}, "i", "direct_marketing.channels"),
        ({"direct_marketing": {**ADS, "claims": []}}, "i", "direct_marketing.claims"),
        ({"direct_marketing": {**ADS, "claims": [1]}}, "i", "direct_marketing.claims"),
    ],
)
def test_what_is_refused(change: dict[str, Any], reason: str, field: str) -> None:
    expected = {
        "i": "client_metadata_invalid",
        "m": "client_metadata_missing",
        "r": "redirect_uri_not_allowed",
        "s": "client_for_sandbox_only",
    }[reason]
    with pytest.raises(MalformedInput) as caught:
        client_from_metadata({**LEAST, **change}, profile=PRODUCTION)
    assert (caught.value.reason, caught.value.field) == (expected, field)
    assert field.partition(".")[0] in caught.value.safe_text


def test_secrets_in_the_sandbox() -> None:
    by_secret = {**LEAST, "token_endpoint_auth_method": "client_secret_post"}
    with pytest.raises(MalformedInput, match="client_metadata_missing"):
        client_from_metadata(by_secret, profile=SANDBOX)
    with pytest.raises(MalformedInput, match="client_metadata_invalid"):
        client_from_metadata({**by_secret, "client_secret": "short"}, profile=SANDBOX)
    exempt = client_from_metadata({**LEAST, "require_pkce": False}, profile=SANDBOX)
    assert not exempt.require_pkce


GOOD = [
    ("https://rp.example.hk/cb", False, PRODUCTION),
    ("https://rp.example.hk:8443/cb?a=b&c=%20", False, PRODUCTION),
    ("https://rp.example.hk", False, PRODUCTION),
    ("https://xn--fiqs8s.example/", False, PRODUCTION),
    ("http://localhost:5001/eid/callback", False, SANDBOX),
    ("http://127.0.0.1:5001/", False, SANDBOX),
    ("http://[::1]:5001/", False, SANDBOX),
    ("http://127.0.0.1/cb", True, PRODUCTION),
    ("http://[::1]/cb", True, PRODUCTION),
    ("hk.example.app:/cb", True, PRODUCTION),
    ("https://app.example.hk/cb", True, PRODUCTION),
]
BAD = [
    ("", False, SANDBOX),
    ("/cb", False, SANDBOX),
    ("rp.example.hk/cb", False, SANDBOX),
    ("//rp.example.hk/cb", False, SANDBOX),
    ("https:///cb", False, SANDBOX),
    ("https://rp.example.hk/cb#", False, SANDBOX),
    ("https://rp.example.hk/cb#x", False, SANDBOX),
    ("https://*.example.hk/cb", False, SANDBOX),
    ("https://rp.example.hk/*", False, SANDBOX),
    ("https://u:p@rp.example.hk/", False, SANDBOX),
    ("https://rp.example.hk@evil.example/", False, SANDBOX),
    ("https://rp.example.hk\\@evil.example/", False, SANDBOX),
    ("https://rp.example.hk:99999/", False, SANDBOX),
    ("https://rp.example.hk:/", False, SANDBOX),
    ("https://rp.example.hk:x/", False, SANDBOX),
    ("https://RP.example.hk/", False, SANDBOX),
    ("HTTPS://rp.example.hk/", False, SANDBOX),
    ("https://rp..example.hk/", False, SANDBOX),
    ("https://rp.example.hk/a/../b", False, SANDBOX),
    ("https://rp.example.hk/..", False, SANDBOX),
    ("https://rp.example.hk/é", False, SANDBOX),
    ("https://rp.example.hk/\n", False, SANDBOX),
    ("https://rp.example.hk/cb\n", False, SANDBOX),
    ("https://[::1/", False, SANDBOX),
    ("https://rp.example.hk/" + "x" * 2048, False, SANDBOX),
    ("http://rp.example.hk/cb", False, SANDBOX),
    ("http://localhost.evil.example/", False, SANDBOX),
    ("http://localhost:5001/", False, PRODUCTION),
    ("http://127.0.0.1:5001/", False, PRODUCTION),
    ("http://localhost/cb", True, PRODUCTION),
    ("http://rp.example.hk/cb", True, PRODUCTION),
    ("hk.example.app:/cb", False, SANDBOX),
    ("app:/cb", True, PRODUCTION),
    ("hk.example.app://cb", True, PRODUCTION),
    ("hk.example.app:cb", True, PRODUCTION),
    ("javascript:alert(1)", True, SANDBOX),
    ("data:text/html,x", True, SANDBOX),
    ("file:///etc/passwd", True, SANDBOX),
]


@pytest.mark.parametrize(("uri", "native", "profile"), GOOD)
def test_redirect_uris(uri: str, native: bool, profile: Profile) -> None:
    check_redirect_uri(uri, field="redirect_uris", native=native, profile=profile)


@pytest.mark.parametrize(("uri", "native", "profile"), BAD)
def test_redirect_uris_that_are_refused(uri: str, native: bool, profile: Profile) -> None:
    with pytest.raises(MalformedInput) as caught:
        check_redirect_uri(uri, field="redirect_uris", native=native, profile=profile)
    assert caught.value.reason == "redirect_uri_not_allowed"
