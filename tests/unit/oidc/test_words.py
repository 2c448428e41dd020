"""Scopes, prompts, locales, PKCE, hashes: the small words of the wire."""

from __future__ import annotations

from hashlib import sha512

import pytest

from hkeid.kernel import base64url
from hkeid.oidc import pkce
from hkeid.oidc.errors import OAuthError
from hkeid.oidc.hashes import at_hash
from hkeid.oidc.locales import best_locale, parse_ui_locales
from hkeid.oidc.prompts import Prompt, parse_prompt
from hkeid.oidc.scopes import claims_of, parse_scope


@pytest.mark.parametrize(
    ("text", "scopes"),
    [
        ("openid", ("openid",)),
        ("openid profile openid", ("openid", "profile")),
        ("a!#[]~", ("a!#[]~",)),
        ("", None),
        (" openid", None),
        ("openid ", None),
        ("openid  profile", None),
        ("openid\n", None),
        ('a"b', None),
        ("a\\b", None),
        ("é", None),
    ],
)
def test_scope(text: str, scopes: tuple[str, ...] | None) -> None:
    assert parse_scope(text) == scopes


def test_claims_of_scopes() -> None:
    assert claims_of(("openid", "offline_access")) == ()
    assert claims_of(("openid", "email", "phone")) == ("email", "phone_number")
    assert "birthdate" in claims_of(("openid", "profile"))


@pytest.mark.parametrize(
    ("text", "prompts"),
    [
        ("none", {Prompt.NONE}),
        ("login consent", {Prompt.LOGIN, Prompt.CONSENT}),
        ("login  login", {Prompt.LOGIN}),
        ("select_account", {Prompt.SELECT_ACCOUNT}),
    ],
)
def test_prompt(text: str, prompts: set[Prompt]) -> None:
    assert parse_prompt(text) == prompts


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("none login", "prompt_none_with_others"),
        ("none consent select_account", "prompt_none_with_others"),
        ("None", "prompt_unknown"),
        ("create", "prompt_unknown"),
        (" ", "prompt_unknown"),
    ],
)
def test_prompts_that_are_none(text: str, reason: str) -> None:
    with pytest.raises(OAuthError) as caught:
        parse_prompt(text)
    assert caught.value.reason == reason


def test_ui_locales_are_a_wish() -> None:
    assert parse_ui_locales("zh-Hant-HK en  ../../etc <b> en") == ("zh-Hant-HK", "en")
    assert parse_ui_locales("") == ()
    assert len(parse_ui_locales(" ".join(f"a{n}a" for n in "bcdefghijklmnop"))) <= 10


@pytest.mark.parametrize(
    ("wanted", "locale"),
    [
        ((), "en"),
        (("fr",), "en"),
        (("fr", "zh-HK"), "zh-Hant-HK"),
        (("zh-TW",), "zh-Hant-HK"),
        (("yue",), "zh-Hant-HK"),
        (("zh-CN",), "zh-Hans"),
        (("zh-Hans-HK",), "zh-Hans"),
        (("en-GB", "zh"), "en"),
    ],
)
def test_the_nearest_script(wanted: tuple[str, ...], locale: str) -> None:
    assert best_locale(wanted) == locale


def test_pkce_vector() -> None:
    """RFC 7636 appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert pkce.challenge_of(verifier) == challenge
    assert pkce.matches(verifier, challenge)
    assert not pkce.matches(verifier[:-1] + "l", challenge)
    assert not pkce.matches(challenge, challenge)


@pytest.mark.parametrize("verifier", ["a" * 42, "a" * 129, "a" * 43 + "\n", "é" * 43, "a b" * 20])
def test_pkce_verifiers_that_are_none(verifier: str) -> None:
    assert not pkce.is_verifier(verifier)
    assert not pkce.matches(verifier, pkce.challenge_of(verifier))


def test_at_hash_vector() -> None:
    """OpenID Connect Core appendix A.3: the example's access token and at_hash."""
    token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
    assert at_hash(token, "RS256") == "77QmUPtjPfzWtF2AnpK9RQ"


@pytest.mark.parametrize("algorithm", ["Ed25519", "EdDSA"])
def test_at_hash_of_ed25519_is_half_of_sha512(algorithm: str) -> None:
    assert at_hash("token", algorithm) == base64url.encode(sha512(b"token").digest()[:32])


def test_at_hash_never_fails_open() -> None:
    with pytest.raises(KeyError):
        at_hash("token", "ES256K")
