"""Verified claims at the provider (OpenID Connect for Identity Assurance 1.0, "IDA")."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from hkeid.kernel.http import Request, Response
from hkeid.kernel.secret import secret_digest
from hkeid.op import ConsentGiven, Interaction, InteractionKind
from hkeid.op.codes import CODE_KIND
from hkeid.testing.provider import BROWSER, ISSUER, PROFILE_CLAIMS, ProviderBench, a_client, reasons

VERIFICATION = {
    "trust_framework": "hk_eid",
    "assurance_level": "eid-plus",
    "time": "2026-10-20T00:00+08:00",
    "evidence": [
        {
            "type": "document",
            "check_details": [{"check_method": "vcrypt"}],
            "document_details": {"type": "idcard"},
        }
    ],
}
VALUES = {
    "name": "CHAN Tai Man",
    "name#zh-Hant-HK": "陳大文",
    "birthdate": "1990-02",
    "gender": "male",
    "hkic_number": "Z683365(5)",
}
BANK = a_client(
    claims=reasons(*PROFILE_CLAIMS, "hkic_number", "verified_claims"),
    grant_types=("authorization_code", "refresh_token"),
)
SIGNED = replace(BANK, userinfo_signed_response_alg="ES256")


def a_bench(client: Any = BANK) -> ProviderBench:
    bench = ProviderBench(client)
    bench.claims.values["resident-1"] = dict(VALUES)
    bench.claims.verification["resident-1"] = json.loads(json.dumps(VERIFICATION))
    bench.log_in()
    bench.claims.agree("resident-1", "hko", client.claims)
    return bench


@pytest.fixture
def bench() -> ProviderBench:
    """The resident is logged in and has agreed to everything."""
    return a_bench()


def wanting(*names: str, **verification: Any) -> dict[str, Any]:
    """A ``verified_claims`` request object."""
    return {
        "verification": {"trust_framework": None, **verification},
        "claims": dict.fromkeys(names),
    }


def claims(place: str, verified: Any, **others: Any) -> str:
    """The ``claims`` parameter with it."""
    return json.dumps({place: {"verified_claims": verified, **others}})


def log_in(bench: ProviderBench, parameter: str, **changes: str | None) -> dict[str, Any]:
    return bench.exchange(bench.code(bench.authorize(claims=parameter, **changes)))


def userinfo(bench: ProviderBench, parameter: str, **changes: str | None) -> dict[str, Any]:
    return bench.good(bench.userinfo(log_in(bench, parameter, **changes)["access_token"]))


def test_5_2_in_userinfo_where_asked_there(bench: ProviderBench) -> None:
    wanted = wanting("name", "birthdate", time=None)
    tokens = log_in(bench, claims("userinfo", wanted, gender=None))
    told = bench.good(bench.userinfo(tokens["access_token"]))
    assert told["verified_claims"] == {
        "verification": {"trust_framework": "hk_eid", "time": VERIFICATION["time"]},
        "claims": {
            "name": "CHAN Tai Man",
            "name#zh-Hant-HK": "陳大文",
            "birthdate": "1990-02",
        },
    }
    # §5.1: "This way, it is explicit which claims are verified": plain ones only where asked for.
    assert set(told) == {"sub", "gender", "verified_claims"}
    assert "verified_claims" not in bench.claims_of(tokens["id_token"])


def test_5_2_in_the_id_token_where_asked_there(bench: ProviderBench) -> None:
    tokens = log_in(bench, claims("id_token", wanting("name")))
    inside = bench.claims_of(tokens["id_token"])
    assert inside["verified_claims"]["claims"]["name"] == "CHAN Tai Man"
    assert inside["verified_claims"]["verification"] == {"trust_framework": "hk_eid"}
    assert set(bench.good(bench.userinfo(tokens["access_token"]))) == {"sub"}


def test_5_2_as_a_signed_jwt_that_another_library_reads() -> None:
    bench = a_bench(SIGNED)
    tokens = log_in(bench, claims("userinfo", wanting("hkic_number", evidence=_document())))
    answer = bench.userinfo(tokens["access_token"])
    assert answer.header("Content-Type") == "application/jwt"
    jwks = bench.good(bench.provider.handle(Request(method="GET", path="/jwks")))  # type: ignore[arg-type]
    read = jwt.decode(answer.body.decode(), KeySet.import_key_set(jwks), algorithms=["ES256"])
    assert read.claims["iss"] == ISSUER
    assert read.claims["aud"] == "hko"
    assert read.claims["iat"] == int(bench.clock.now().timestamp())
    assert read.claims["verified_claims"] == {
        "verification": {
            "trust_framework": "hk_eid",
            "evidence": [{"type": "document", "check_details": [{"check_method": "vcrypt"}]}],
        },
        "claims": {"hkic_number": "Z683365(5)"},
    }


def _document(method: str = "vcrypt") -> list[dict[str, Any]]:
    return [
        {"type": {"value": "document"}, "check_details": [{"check_method": {"value": method}}]},
    ]


def test_5_6_an_array(bench: ProviderBench) -> None:
    wanted = [
        wanting("name", assurance_level={"value": "eid-plus"}),
        wanting("birthdate", trust_framework={"value": "eidas"}),
        wanting("gender", assurance_level={"values": ["eid", "eid-plus"]}),
    ]
    found = userinfo(bench, claims("userinfo", wanted))["verified_claims"]
    assert [set(one["claims"]) for one in found] == [{"name", "name#zh-Hant-HK"}, {"gender"}]
    only = userinfo(bench, claims("userinfo", wanted[:2]))["verified_claims"]
    assert set(only["claims"]) == {"name", "name#zh-Hant-HK"}


@pytest.mark.parametrize(
    "verification",
    [
        {"trust_framework": {"value": "eidas"}},
        {"assurance_level": {"value": "eid", "essential": True}},
        {"time": {"max_age": 60}},
        {"evidence": _document("vri")},
        {"verification_process": {"value": "x"}},
    ],
)
def test_5_7_4_what_does_not_match_is_left_out_without_an_error(
    bench: ProviderBench, verification: dict[str, Any]
) -> None:
    told = userinfo(bench, claims("userinfo", wanting("name", **verification), gender=None))
    assert set(told) == {"sub", "gender"}


def test_5_7_4_a_claim_with_another_value_is_left_out(bench: ProviderBench) -> None:
    wanted = wanting("gender")
    wanted["claims"] |= {"birthdate": {"value": "1990-03"}, "hkic_number": {"value": "Z683365(5)"}}
    told = userinfo(bench, claims("userinfo", wanted))["verified_claims"]["claims"]
    assert told == {"gender": "male", "hkic_number": "Z683365(5)"}


def test_values_that_are_wanted_are_not_kept_in_the_clear(bench: ProviderBench) -> None:
    wanted = wanting()
    wanted["claims"] = {"hkic_number": {"value": "Z683365(5)"}}
    code = bench.code(bench.authorize(claims=claims("userinfo", wanted)))
    with bench.store.transaction() as tx:
        record = tx.single_use.look(CODE_KIND, secret_digest(code))
        assert record is not None
        grant = tx.grants.get(record.family or "")
    assert grant is not None
    assert grant.claims["verified_userinfo"]
    assert "Z683365" not in repr(grant)
    assert b"Z683365" not in record.payload


@pytest.mark.parametrize(
    "parameter",
    [
        claims("userinfo", None),
        claims("userinfo", []),
        claims("id_token", {"claims": {"name": None}}),
        claims("userinfo", wanting("name", evidence=[{"type": None}])),
    ],
)
def test_5_7_6_a_malformed_request(bench: ProviderBench, parameter: str) -> None:
    answer = bench.answer(bench.authorize(claims=parameter))
    assert answer["error"] == "invalid_request"
    pushed = bench.push(claims=parameter)
    assert pushed.status == 400
    assert json.loads(pushed.body)["error"] == "invalid_request"


def test_5_3_in_a_pushed_request(bench: ProviderBench) -> None:
    pushed = bench.push(claims=claims("userinfo", wanting("name")))
    uri = json.loads(pushed.body)["request_uri"]
    tokens = bench.exchange(bench.code(bench.authorize_pushed(uri)))
    assert "verified_claims" in bench.good(bench.userinfo(tokens["access_token"]))


def test_5_7_3_each_claim_and_the_verification_need_consent(bench: ProviderBench) -> None:
    bench.claims.agreed.clear()
    asked = bench.authorize(claims=claims("userinfo", wanting("name", "birthdate")))
    assert isinstance(asked, Interaction)
    assert asked.kind is InteractionKind.CONSENT
    assert set(asked.claims) == {"name", "birthdate", "verified_claims"}
    bench.claims.agree("resident-1", "hko", ["birthdate", "verified_claims"])
    view = bench.sessions.current("session-reference", bench.clock.now())
    answer = bench.provider.resume(asked.id, ConsentGiven(), browser=BROWSER, session=view)
    assert isinstance(answer, Response)
    tokens = bench.exchange(bench.code(answer))
    told = bench.good(bench.userinfo(tokens["access_token"]))
    assert told["verified_claims"]["claims"] == {"birthdate": "1990-02"}
    # Withdrawn: from now on nothing (S7).
    bench.claims.agreed.discard(("resident-1", "hko", "verified_claims"))
    assert set(bench.good(bench.userinfo(tokens["access_token"]))) == {"sub"}


def test_what_is_not_registered_is_neither_asked_nor_told(bench: ProviderBench) -> None:
    bench.register(replace(bench.client, claims=reasons("name", "verified_claims")))
    told = userinfo(bench, claims("userinfo", wanting("name", "birthdate")))
    assert set(told["verified_claims"]["claims"]) == {"name", "name#zh-Hant-HK"}
    # All of what was wanted is out of bounds: not even the verification is told.
    assert set(userinfo(bench, claims("userinfo", wanting("birthdate")))) == {"sub"}
    bench.register(replace(bench.client, claims=reasons("name")))
    assert set(userinfo(bench, claims("userinfo", wanting("name")))) == {"sub"}
    assert set(userinfo(bench, claims("userinfo", wanting()))) == {"sub"}


def test_schema_5_3_the_verification_alone(bench: ProviderBench) -> None:
    told = userinfo(bench, claims("userinfo", wanting(assurance_level=None)))
    assert told["verified_claims"] == {
        "verification": {"trust_framework": "hk_eid", "assurance_level": "eid-plus"},
        "claims": {},
    }


def test_a_client_that_loses_the_registration_gets_nothing_more(bench: ProviderBench) -> None:
    tokens = log_in(bench, claims("userinfo", wanting("name")))
    assert "verified_claims" in bench.good(bench.userinfo(tokens["access_token"]))
    bench.register(replace(bench.client, claims=reasons("name")))
    assert set(bench.good(bench.userinfo(tokens["access_token"]))) == {"sub"}


def test_who_was_not_identified_by_us_has_no_verified_claims(bench: ProviderBench) -> None:
    bench.claims.verification.clear()
    assert set(userinfo(bench, claims("userinfo", wanting("name")))) == {"sub"}


def test_8_metadata(bench: ProviderBench) -> None:
    answer = bench.provider.handle(Request(method="GET", path="/.well-known/openid-configuration"))
    assert isinstance(answer, Response)
    document = bench.good(answer)
    assert document["claims_parameter_supported"] is True
    assert document["trust_frameworks_supported"] == ["hk_eid"]
    assert set(document["claims_in_verified_claims_supported"]) >= {"name", "birthdate"}
    assert document["evidence_supported"] == ["document"]
    assert document["documents_supported"] == ["idcard"]
    # "When present this array shall have at least one member."
    assert all(document[name] for name in document if name.endswith("_supported") and "doc" in name)
    assert "verified_claims" in document["claims_supported"]
