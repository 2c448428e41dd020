"""The ``claims`` parameter (OpenID Connect Core §5.5)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hkeid.oidc.claims_request import ClaimsRequest, WantedClaim, base_name, parse_claims
from hkeid.oidc.errors import OAuthError


def parse(value: Any) -> ClaimsRequest:
    return parse_claims(json.dumps(value))


def test_the_example_of_the_specification() -> None:
    found = parse(
        {
            "userinfo": {
                "given_name": {"essential": True},
                "nickname": None,
                "http://example.info/claims/groups": None,
            },
            "id_token": {
                "auth_time": {"essential": True},
                "acr": {"values": ["urn:mace:incommon:iap:silver"]},
            },
        }
    )
    assert found.userinfo["given_name"] == WantedClaim(essential=True)
    assert found.userinfo["nickname"] == WantedClaim()
    assert found.id_token["acr"] == WantedClaim(values=("urn:mace:incommon:iap:silver",))


def test_members_that_are_not_understood_are_ignored() -> None:
    assert parse({"other": 5, "userinfo": {"name": {"purpose": "x"}}}).userinfo == {
        "name": WantedClaim()
    }
    assert parse({"userinfo": None}) == ClaimsRequest()


def test_a_value_that_is_no_text_can_not_be_satisfied() -> None:
    wanted = parse({"id_token": {"sub": {"value": 5}}}).id_token["sub"]
    assert wanted.values
    assert all(value == "\x00" for value in wanted.values)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "5",
        '{"userinfo":[]}',
        '{"id_token":"x"}',
        '{"userinfo":{"name":true}}',
        '{"userinfo":{"name":{"essential":"yes"}}}',
        '{"userinfo":{"name":{"values":"x"}}}',
        '{"userinfo":{},"userinfo":{}}',
        '{"userinfo":' + json.dumps({f"c{n}": None for n in range(65)}) + "}",
        "[" * 5000,
    ],
)
def test_malformed_claims(text: str) -> None:
    with pytest.raises(OAuthError) as caught:
        parse_claims(text)
    assert caught.value.reason == "claims_malformed"


def test_base_name() -> None:
    assert base_name("name#zh-Hant-HK") == "name"
    assert base_name("name") == "name"


@pytest.mark.parametrize("value", ["\ud800", "\udfff\ud800", "天"])
def test_nor_can_text_that_no_subject_or_rung_is_made_of(value: str) -> None:
    """Core §2: ``sub`` is ASCII. JSON can spell half a surrogate pair, which is no text at all."""
    text = json.dumps({"id_token": {"sub": {"values": [value]}, "acr": {"value": value}}})
    wanted = parse_claims(text).id_token
    assert wanted["sub"].values == wanted["acr"].values == ("\x00",)
