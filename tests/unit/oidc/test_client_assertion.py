"""What an assertion may not be, rule by rule (RFC 7523 §3); the endpoint's view is in protocol/."""

from __future__ import annotations

from typing import Any

import pytest

from hkeid.jose import JoseRefused
from hkeid.kernel.instants import epoch_seconds
from hkeid.oidc.client_assertion import claimed_client, verify_assertion
from hkeid.testing.fake_hub import START
from hkeid.testing.provider import ISSUER, RelyingPartyKey

KEY = RelyingPartyKey()
NOW = epoch_seconds(START)
GOOD = {"iss": "rp", "sub": "rp", "aud": ISSUER, "jti": "1", "iat": NOW, "exp": NOW + 60}


def verify(claims: dict[str, Any], **header: Any) -> str:
    return verify_assertion(
        KEY.sign(claims, **header),
        client_id="rp",
        keys=KEY.jwks()["keys"],
        audiences=(ISSUER,),
        now=START,
    ).jti


def test_a_good_one() -> None:
    assert verify(GOOD) == "1"
    assert verify(GOOD, typ="client-authentication+jwt") == "1"
    assert verify(GOOD, typ="JWT") == "1"
    assert claimed_client(KEY.sign(GOOD)) == "rp"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"iss": "other"}, "assertion_issuer"),
        ({"iss": None}, "assertion_issuer"),
        ({"sub": "other"}, "assertion_subject"),
        ({"aud": "https://other.example"}, "assertion_audience"),
        ({"aud": [ISSUER]}, "assertion_audience"),
        ({"aud": [ISSUER, "https://other.example"]}, "assertion_audience"),
        ({"aud": ISSUER + "/"}, "assertion_audience"),
        ({"aud": None}, "assertion_audience"),
        ({"exp": NOW - 10}, "jwt_expired"),
        ({"exp": None}, "jwt_claim_malformed"),
        ({"exp": "later"}, "jwt_claim_malformed"),
        ({"exp": NOW + 311}, "assertion_too_long_lived"),
        ({"iat": NOW + 11}, "jwt_issued_in_future"),
        ({"iat": NOW - 311}, "assertion_too_old"),
        ({"nbf": NOW + 11}, "jwt_not_yet_valid"),
        ({"jti": None}, "assertion_jti"),
        ({"jti": ""}, "assertion_jti"),
        ({"jti": 5}, "assertion_jti"),
        ({"jti": "j" * 257}, "assertion_jti"),
    ],
)
def test_a_rule_that_is_broken(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(JoseRefused) as caught:
        verify({**GOOD, **change})
    assert caught.value.reason == reason


def test_exp_is_required_and_iat_is_not() -> None:
    with pytest.raises(JoseRefused, match="jwt_claim_missing"):
        verify({name: value for name, value in GOOD.items() if name != "exp"})
    assert verify({name: value for name, value in GOOD.items() if name != "iat"})


@pytest.mark.parametrize("typ", ["at+jwt", "dpop+jwt", "secevent+jwt"])
def test_a_token_of_another_type_is_no_assertion(typ: str) -> None:
    with pytest.raises(JoseRefused, match="jws_typ_unexpected"):
        verify(GOOD, typ=typ)


@pytest.mark.parametrize("text", ["", "a", "a.b.c", "a.e30.c", "a.W10.c", "a.eyJzdWIiOjV9.c"])
def test_nobody_is_claimed_by_what_does_not_parse(text: str) -> None:
    with pytest.raises(JoseRefused) as caught:
        claimed_client(text)
    assert caught.value.reason in ("jws_malformed", "assertion_subject_missing")
