"""OpenID Connect Core 1.0 §3.1.3.7, "ID Token Validation": the steps, each at its boundary."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hkeid.oidc.hashes import at_hash
from hkeid.rp import ProviderMisbehaved
from hkeid.rp.id_token import Expected, check_id_token

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
T = int(NOW.timestamp())
HONEST: dict[str, Any] = {
    "iss": "https://eid.example.hk",
    "aud": "service",
    "sub": "24400320",
    "exp": T + 300,
    "iat": T,
    "nonce": "n-0S6_WzA2Mj",
}


def _check(claims: dict[str, Any], **expected: Any) -> None:
    known = {
        "issuer": "https://eid.example.hk",
        "client_id": "service",
        "nonce": "n-0S6_WzA2Mj",
        "access_token": "token",
        "not_before": NOW,
    }
    check_id_token(claims, Expected(**{**known, **expected}), NOW, algorithm="ES256")


def _reason(claims: dict[str, Any], **expected: Any) -> str:
    with pytest.raises(ProviderMisbehaved) as caught:
        _check(claims, **expected)
    return caught.value.reason


@pytest.mark.parametrize("issuer", ["https://eid.example.hk/", "http://eid.example.hk", None, 7])
def test_2_the_issuer_must_exactly_match(issuer: Any) -> None:
    assert _reason({**HONEST, "iss": issuer}) == "id_token_issuer_mismatch"


def test_3_the_audience_may_be_an_array_with_one_element() -> None:
    _check({**HONEST, "aud": ["service"]})


@pytest.mark.parametrize("audience", ["SERVICE", [], ["other"], "service other", {"a": 1}, None])
def test_3_the_audience_must_contain_the_client(audience: Any) -> None:
    assert _reason({**HONEST, "aud": audience}) == "id_token_audience_mismatch"


@pytest.mark.parametrize("others", [["other"], [None], [["service"]]])
def test_3_additional_audiences_are_not_trusted(others: list[Any]) -> None:
    assert _reason({**HONEST, "aud": ["service", *others]}) == "id_token_audience_untrusted"


def test_5_azp_is_the_client() -> None:
    _check({**HONEST, "azp": "service"})
    assert _reason({**HONEST, "azp": "other"}) == "id_token_azp_mismatch"
    assert _reason({**HONEST, "azp": None}) == "id_token_azp_mismatch"


def test_9_current_time_is_before_exp_with_a_small_leeway() -> None:
    _check({**HONEST, "exp": T - 59})
    assert _reason({**HONEST, "exp": T - 60}) == "id_token_expired"


def test_10_iat_too_far_away_is_rejected() -> None:
    _check({**HONEST, "iat": T + 60})
    _check({**HONEST, "iat": T - 60})
    assert _reason({**HONEST, "iat": T + 61}) == "id_token_from_the_future"
    assert _reason({**HONEST, "iat": T - 61}) == "id_token_older_than_login"


@pytest.mark.parametrize("value", ["", True, [], {}, -1, 0, 2**50, "1764000000"])
def test_numeric_dates_are_numbers(value: Any) -> None:
    assert _reason({**HONEST, "exp": value}) == "id_token_exp_malformed"


def test_11_the_nonce_is_compared_whole_and_with_case() -> None:
    assert _reason({**HONEST, "nonce": "N-0S6_WzA2Mj"}) == "id_token_nonce_mismatch"
    assert _reason({**HONEST, "nonce": ["n-0S6_WzA2Mj"]}) == "id_token_nonce_mismatch"


def test_11_no_nonce_is_expected_after_a_refresh() -> None:
    """§12.2: "it SHOULD NOT have a nonce Claim"."""
    _check({name: value for name, value in HONEST.items() if name != "nonce"}, nonce=None)


@pytest.mark.parametrize(
    ("reached", "wanted", "good"),
    [
        ("urn:hkeid:acr:eid", "urn:hkeid:acr:eid", True),
        ("urn:hkeid:acr:eid-plus", "urn:hkeid:acr:eid-bound", True),
        ("urn:hkeid:acr:eid-bound", "urn:hkeid:acr:eid-plus", False),
        ("urn:other:high", "urn:hkeid:acr:eid", False),
        ("urn:other:high", "urn:other:high", True),
        ("urn:hkeid:acr:eid-plus", "urn:other:high", False),
        ("", "urn:hkeid:acr:eid", False),
    ],
)
def test_12_acr_is_at_least_the_one_asked_for(reached: str, wanted: str, good: bool) -> None:
    claims = {**HONEST, "acr": reached}
    if good:
        _check(claims, acr=wanted)
    else:
        assert _reason(claims, acr=wanted) == "id_token_acr_too_low"


def test_13_auth_time_is_as_young_as_max_age() -> None:
    _check({**HONEST, "auth_time": T - 660}, max_age=600)
    old = {**HONEST, "auth_time": T - 661}
    assert _reason(old, max_age=600) == "id_token_auth_time_too_old"
    assert _reason(HONEST, max_age=600) == "id_token_auth_time_missing"
    _check(HONEST)


def test_at_hash_of_3_1_3_8() -> None:
    _check({**HONEST, "at_hash": at_hash("token", "ES256")})
    for wrong in ("", None, at_hash("other", "ES256"), at_hash("token", "Ed25519")):
        assert _reason({**HONEST, "at_hash": wrong}) == "id_token_at_hash_mismatch"
