"""Whatever is asked for as verified claims, it parses strictly, and no answer tells more (IDA §5)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hkeid.kernel.errors import HkeidError, MalformedInput
from hkeid.oidc.claims_request import parse_claims
from hkeid.oidc.errors import ErrorCode, OAuthError
from hkeid.oidc.verified_claims import EVIDENCE, VERIFICATION, parse_verified_claims
from hkeid.oidc.verified_claims_answer import answer, as_text, from_text, last_second
from hkeid.rp import KnowYourCustomerRecord
from hkeid.rp.errors import ProviderMisbehaved
from hkeid.rp.verified_claims import read_verified_claims

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
HELD: dict[str, Any] = {
    "trust_framework": "hk_eid",
    "assurance_level": "eid",
    "assurance_process": {"policy": "p", "procedure": "q", "assurance_details": [{"a": "b"}]},
    "time": "2026-11-01T00:00+08:00",
    "evidence": [
        {
            "type": "document",
            "method": "pipp",
            "check_details": [{"check_method": "vcrypt", "time": "2026-11-01T00:00+08:00"}],
            "document_details": {"type": "idcard", "issuer": {"name": "I", "country": "HK"}},
        },
        {"type": "electronic_record", "record": {"type": "population_register"}},
    ],
}
CLAIMS = {"name": "CHAN, Tai Man", "name#zh-Hant-HK": "陳大文", "birthdate": "1985-04-12"}

TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=8)
WORDS = st.sampled_from(
    [
        "value",
        "values",
        "max_age",
        "essential",
        "purpose",
        "verification",
        "claims",
        *VERIFICATION,
        *EVIDENCE,
        "check_method",
        "issuer",
        "name",
        "birthdate",
        "name#ZH-hant-hk",
    ]
)
VALUES = st.sampled_from(["hk_eid", "eid", "document", "vcrypt", "idcard", "CHAN, Tai Man"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | VALUES | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | TEXT, inner, max_size=4),
    max_leaves=20,
)
LEAF = st.none() | st.fixed_dictionaries(
    {}, optional={"value": VALUES, "essential": st.booleans(), "max_age": st.integers(0, 10**6)}
)
CHECK = st.dictionaries(st.sampled_from(["check_method", "time", "organization"]), LEAF, max_size=3)
ENTRY = st.fixed_dictionaries(
    {"type": st.fixed_dictionaries({"value": VALUES})},
    optional={
        "method": LEAF,
        "check_details": st.lists(CHECK, min_size=1, max_size=2),
        "document_details": st.fixed_dictionaries({}, optional={"type": LEAF, "issuer": st.none()}),
        "unknown": JSON,
    },
)
REQUEST = st.fixed_dictionaries(
    {
        "verification": st.fixed_dictionaries(
            {"trust_framework": LEAF},
            optional={
                "assurance_level": LEAF,
                "time": LEAF,
                "evidence": st.lists(ENTRY, min_size=1, max_size=3),
                "unknown": JSON,
            },
        ),
        "claims": st.none() | st.dictionaries(st.sampled_from([*CLAIMS, "x"]), LEAF, max_size=3),
    }
)


@given(value=st.one_of(JSON, REQUEST, st.lists(REQUEST, max_size=4)))
def test_it_parses_or_is_refused_by_the_right_error(value: Any) -> None:
    text = json.dumps({"userinfo": {"verified_claims": value}})
    try:
        requests = parse_claims(text).verified_userinfo
    except OAuthError as error:
        assert error.code is ErrorCode.INVALID_REQUEST
        assert error.reason in {"verified_claims_malformed", "claims_malformed"}
        assert error.description.isascii()
        return
    assert requests
    for request in requests:
        kept = as_text(request)
        kept.encode("utf-8")
        assert as_text(from_text(kept)) == kept


def _within(told: Any, held: Any) -> bool:
    """Whether everything told is there in what is held."""
    if isinstance(told, dict):
        return isinstance(held, dict) and all(
            name in held and _within(one, held[name]) for name, one in told.items()
        )
    if isinstance(told, list):
        return all(any(_within(one, other) for other in held) for one in told)
    return bool(told == held)


@given(value=REQUEST)
def test_an_answer_tells_what_is_held_and_was_asked_for_and_nothing_else(value: Any) -> None:
    try:
        (request,) = parse_verified_claims(value)
    except OAuthError:
        return
    told = answer(request, HELD, CLAIMS, NOW)
    if told is None:
        return
    assert _within(told["verification"], HELD)
    asked = set(value["verification"])
    assert set(told["verification"]) <= asked
    assert "trust_framework" in told["verification"]
    bases = {name.partition("#")[0] for name in value["claims"] or {}}
    assert {name.partition("#")[0] for name in told["claims"]} <= bases
    assert _within(told["claims"], CLAIMS)
    # Whatever was restricted holds.
    for name in ("trust_framework", "assurance_level"):
        wish = value["verification"].get(name) or {}
        assert "value" not in wish or wish["value"] == told["verification"][name]
    # And a relying party can read it.
    (read,) = read_verified_claims(told)
    assert read.claims == told["claims"]


@given(text=TEXT | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)"))
def test_moments(text: str) -> None:
    moment = last_second(text)
    assert moment is None or moment.utcoffset() is not None


@given(value=JSON)
def test_a_relying_party_reads_or_refuses(value: Any) -> None:
    try:
        read_verified_claims(value)
    except ProviderMisbehaved as error:
        assert error.reason == "verified_claims_malformed"


@given(value=JSON, text=TEXT)
def test_records_read_or_are_refused(value: Any, text: str) -> None:
    for one in (text, json.dumps(value)):
        try:
            KnowYourCustomerRecord.from_json(one)
        except MalformedInput as error:
            assert error.reason == "record_malformed"
            assert isinstance(error, HkeidError)
