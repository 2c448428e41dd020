"""Requests for verified claims (OpenID Connect for Identity Assurance 1.0 §5.3 to §5.6)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hkeid.oidc.claims_request import ClaimsRequest, parse_claims
from hkeid.oidc.errors import OAuthError
from hkeid.oidc.verified_claims import VerifiedClaimsRequest, parse_verified_claims

SIMPLE = {"verification": {"trust_framework": None}, "claims": {"given_name": None}}


def one(value: Any) -> VerifiedClaimsRequest:
    (found,) = parse_verified_claims(value)
    return found


def with_verification(**elements: Any) -> dict[str, Any]:
    return {"verification": {"trust_framework": None, **elements}, "claims": {"name": None}}


def document(**elements: Any) -> dict[str, Any]:
    return with_verification(evidence=[{"type": {"value": "document"}, **elements}])


def parse(value: Any) -> ClaimsRequest:
    return parse_claims(json.dumps(value))


def test_5_3_in_both_places_beside_other_claims() -> None:
    found = parse(
        {
            "id_token": {"given_name": None, "verified_claims": SIMPLE},
            "userinfo": {"verified_claims": {**SIMPLE, "claims": {"family_name": None}}},
        }
    )
    assert set(found.id_token) == {"given_name"}
    assert found.userinfo == {}
    assert found.verified_id_token[0].names == ("given_name",)
    assert found.verified_userinfo[0].names == ("family_name",)


def test_5_3_claims_with_restrictions() -> None:
    wanted = {
        "name": {"value": "陳大文"},
        "x": {"values": ["a", 5, True]},
        "y": {"essential": True},
    }
    claims = one({**SIMPLE, "claims": wanted}).claims
    assert claims == {"name": ('"陳大文"',), "x": ('"a"', "5", "true"), "y": None}


@pytest.mark.parametrize("claims", [None, {}])
def test_schema_5_3_no_claims_at_all(claims: Any) -> None:
    """ "The claims element may be empty, to support use cases where verification is required"."""
    assert one({**SIMPLE, "claims": claims}).names == ()


def test_5_4_the_examples_of_the_specification() -> None:
    issuer = {"country": None, "name": None}
    details = {"type": None, "issuer": issuer, "document_number": None, "date_of_issuance": None}
    found = one({**document(method=None, document_details=details)})
    assert found.satisfiable
    # What we never hold is not even kept.
    assert found.verification["evidence"] == [
        {
            "type": {"values": ["document"]},
            "method": None,
            "document_details": {"type": None, "issuer": issuer},
        }
    ]


def test_5_5_1_restrictions() -> None:
    found = one(with_verification(assurance_level={"values": ["eid", "eid-plus"]}))
    assert found.verification["assurance_level"] == {"values": ["eid", "eid-plus"]}


def test_5_5_2_max_age() -> None:
    assert one(with_verification(time={"max_age": 63113852})).verification["time"] == {
        "max_age": 63113852
    }
    assert one(with_verification(time={"max_age": 1.9})).verification["time"] == {"max_age": 1}
    assert one(with_verification(time={"max_age": 10**400})).verification["time"]["max_age"] > 10**9


def test_5_6_several() -> None:
    found = parse_verified_claims([SIMPLE, with_verification(time=None)])
    assert [sorted(request.verification) for request in found] == [
        ["trust_framework"],
        ["time", "trust_framework"],
    ]


@pytest.mark.parametrize(
    "value",
    [
        {**SIMPLE, "unknown": {"value": "x"}},
        with_verification(unknown=None),
        with_verification(unknown={"essential": True}),
        with_verification(unknown={"deep": [{"er": 5}]}),
        document(attachments=None),
        {**SIMPLE, "claims": {"given_name": None, "naïve": None, "": None}},
    ],
)
def test_schema_5_what_is_not_defined_is_ignored(value: Any) -> None:
    """ "Implementations shall ignore any sub-element not defined in this specification"."""
    assert one(value).satisfiable


@pytest.mark.parametrize(
    "value",
    [
        with_verification(unknown={"value": "x"}),
        with_verification(unknown={"deep": [{"er": {"max_age": 5}}]}),
        with_verification(verification_process={"value": "x"}),
        document(document_details={"type": None, "document_number": {"value": "A123456(3)"}}),
        document(document_details={"type": None, "date_of_expiry": {"max_age": 5}}),
    ],
)
def test_5_5_1_a_restriction_that_nobody_can_meet_is_not_ignored(value: Any) -> None:
    """ "The OP shall not ignore some or all of the query restrictions on possible values"."""
    found = one(value)
    assert not found.satisfiable
    assert "A123456" not in repr(found)
    assert "A123456" not in json.dumps(dict(found.verification))


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        "x",
        [],
        [None],
        [SIMPLE] * 9,
        {},
        {"claims": {"name": None}},
        {"verification": {"trust_framework": None}},
        {**SIMPLE, "verification": None},
        {**SIMPLE, "verification": {}},
        {**SIMPLE, "claims": []},
        {**SIMPLE, "claims": {"name": True}},
        {**SIMPLE, "claims": {"name": {"essential": "yes"}}},
        {**SIMPLE, "claims": {"name": {"values": []}}},
        {**SIMPLE, "claims": {"name": {"values": "x"}}},
        {**SIMPLE, "claims": {"name": {"value": "x", "values": ["x"]}}},
        {**SIMPLE, "claims": {"name": {"max_age": 5}}},
        {**SIMPLE, "claims": {"name": {"value": "\ud800"}}},
        {**SIMPLE, "claims": {"name": {"value": "x" * 400}}},
        {**SIMPLE, "claims": {"name": {"purpose": "no"}}},
        {**SIMPLE, "claims": {"name": {"purpose": "x" * 301}}},
        {**SIMPLE, "claims": {f"c{n}": None for n in range(65)}},
        with_verification(trust_framework="hk_eid"),
        with_verification(trust_framework={"value": 5}),
        with_verification(trust_framework={"value": "\udfff"}),
        with_verification(trust_framework={"values": ["x"] * 33}),
        with_verification(trust_framework={"max_age": 5}),
        with_verification(time={"max_age": -1}),
        with_verification(time={"max_age": True}),
        with_verification(time={"max_age": "5"}),
        with_verification(assurance_process=[]),
        with_verification(evidence=None),
        with_verification(evidence=[]),
        with_verification(evidence=[5]),
        with_verification(evidence=[{}]),
        with_verification(evidence=[{"type": None}]),
        with_verification(evidence=[{"type": {"values": ["document"]}}]),
        with_verification(evidence=[{"type": {"value": "document"}}] * 17),
        document(check_details={}),
        document(check_details=[]),
        document(document_details=[]),
        document(document_details={"document_number": "A123456(3)"}),
    ],
)
def test_malformed(value: Any) -> None:
    """IDA §5.7.6, Core §3.1.2.6: a request that is none is an error."""
    with pytest.raises(OAuthError) as caught:
        parse_verified_claims(value)
    assert caught.value.reason == "verified_claims_malformed"
    assert caught.value.code.value == "invalid_request"


def test_the_purpose_is_looked_at_and_forgotten() -> None:
    found = one({**SIMPLE, "claims": {"name": {"purpose": "We need it"}}})
    assert found.claims == {"name": None}
