"""Answers to requests for verified claims (OpenID Connect for Identity Assurance 1.0 §5.4, §5.5, §5.7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from hkeid.oidc.verified_claims import parse_verified_claims
from hkeid.oidc.verified_claims_answer import (
    answer,
    as_text,
    from_text,
    last_second,
    with_digests,
)

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CHIP = {"check_method": "vcrypt", "time": "2026-11-01T00:00+08:00"}
FACE = {"check_method": "pvp", "time": "2026-11-01T00:00+08:00"}
DOCUMENT = {
    "type": "document",
    "method": "pipp",
    "check_details": [CHIP, FACE],
    "document_details": {"type": "idcard", "issuer": {"name": "Immigration", "country": "HK"}},
}
RECORD = {"type": "electronic_record", "record": {"type": "population_register"}}
HELD = {
    "trust_framework": "hk_eid",
    "assurance_level": "eid-plus",
    "assurance_process": {
        "policy": "p1",
        "procedure": "chip-upgrade",
        "assurance_details": [{"assurance_type": "verification"}],
    },
    "time": "2026-11-01T00:00+08:00",
    "evidence": [DOCUMENT, RECORD],
}
CLAIMS = {"name": "CHAN, Tai Man", "name#zh-Hant-HK": "陳大文", "birthdate": "1985-04-12"}


def told(claims: Any = None, /, **verification: Any) -> Any:
    wanted = {
        "verification": {"trust_framework": None, **verification},
        "claims": {"name": None} if claims is None else claims,
    }
    (request,) = parse_verified_claims(wanted)
    return answer(request, HELD, CLAIMS, NOW)


def verification(**wanted: Any) -> Any:
    found = told(**wanted)
    return None if found is None else found["verification"]


def test_5_4_nothing_that_was_not_asked_for() -> None:
    assert told() == {
        "verification": {"trust_framework": "hk_eid"},
        "claims": {"name": "CHAN, Tai Man", "name#zh-Hant-HK": "陳大文"},
    }
    assert told({}) == {"verification": {"trust_framework": "hk_eid"}, "claims": {}}


def test_5_4_elements_one_by_one() -> None:
    found = verification(time=None, assurance_process={"policy": None, "assurance_details": [{}]})
    assert found == {
        "trust_framework": "hk_eid",
        "time": HELD["time"],
        "assurance_process": {
            "policy": "p1",
            "assurance_details": [{"assurance_type": "verification"}],
        },
    }
    assert verification(assurance_process=None)["assurance_process"] == HELD["assurance_process"]


def test_5_4_evidence_is_filter_and_template() -> None:
    found = verification(
        evidence=[{"type": {"value": "document"}, "document_details": {"issuer": {"name": None}}}]
    )
    # What is Required beside what was asked for comes with it (the Schema §5.4.4.2).
    assert found["evidence"] == [
        {
            "type": "document",
            "document_details": {"type": "idcard", "issuer": {"name": "Immigration"}},
        }
    ]


def test_5_4_several_filters_are_linked_by_or() -> None:
    found = verification(
        evidence=[
            {"type": {"value": "vouch"}},
            {"type": {"value": "electronic_record"}},
            {"type": {"value": "document"}, "method": None},
        ]
    )
    assert found["evidence"] == [
        {"type": "document", "method": "pipp"},
        {"type": "electronic_record"},
    ]


def test_5_4_check_details_filter_too() -> None:
    def checks(*wanted: Any) -> Any:
        found = verification(
            evidence=[{"type": {"value": "document"}, "check_details": list(wanted)}]
        )
        return None if found is None else found["evidence"][0]["check_details"]

    assert checks({"check_method": {"value": "vcrypt"}}) == [{"check_method": "vcrypt"}]
    assert checks({"check_method": {"values": ["pvp", "bvr"]}, "time": None}) == [FACE]
    assert checks({"check_method": {"value": "x"}}, {"check_method": {"value": "pvp"}}) == [
        {"check_method": "pvp"}
    ]
    assert checks({"check_method": {"value": "bvr"}}) is None
    assert checks({"organization": None}) == [{"check_method": "vcrypt"}, {"check_method": "pvp"}]


@pytest.mark.parametrize(
    "wanted",
    [
        {"trust_framework": {"value": "de_aml"}},
        {"trust_framework": {"values": ["de_aml", "eidas"]}},
        {"assurance_level": {"value": "eid"}},
        {"assurance_process": {"policy": {"value": "p2"}}},
        {"time": {"max_age": 3600}},
        {"evidence": [{"type": {"value": "vouch"}}]},
        {"evidence": [{"type": {"value": "document"}, "method": {"value": "uripp"}}]},
        {"evidence": [{"type": {"value": "document"}, "record": {"type": {"value": "x"}}}]},
        {"unknown": {"value": "x"}},
    ],
)
def test_5_7_4_an_unmet_verification_takes_everything_with_it(wanted: Any) -> None:
    assert told(**wanted) is None


def test_5_7_4_an_unmet_claim_goes_alone() -> None:
    claims = {"name": {"value": "CHAN, Tai Man"}, "birthdate": {"value": "1985-04-13"}}
    assert told(claims)["claims"] == {"name": "CHAN, Tai Man"}
    assert told({"birthdate": {"values": ["1", "1985-04-12"]}})["claims"] == {
        "birthdate": "1985-04-12"
    }
    # With nothing left of what was asked for, nothing is told of how it was verified either.
    assert told({"birthdate": {"value": "x"}}) is None
    assert told({"nickname": None}) is None


def test_core_5_2_a_tag_asks_for_one_form() -> None:
    assert told({"name#ZH-hant-hk": None})["claims"] == {"name#zh-Hant-HK": "陳大文"}


def test_5_5_1_met() -> None:
    assert verification(
        trust_framework={"values": ["x", "hk_eid"]},
        assurance_level={"value": "eid-plus", "essential": True},
        time={"max_age": 2 * 86400},
    ) == {name: HELD[name] for name in ("trust_framework", "assurance_level", "time")}


def test_5_5_2_age_is_counted_from_the_last_valid_second() -> None:
    (request,) = parse_verified_claims(
        {"verification": {"trust_framework": None, "time": {"max_age": 60}}, "claims": None}
    )
    for text, seconds in (
        ("2026-11-02T08:58Z", 61),
        ("2026-11-02T08:58:30Z", 90),
        ("2026-11-02T16:58+08:00", 61),
        ("2026-11-01", 9 * 3600 + 1),
    ):
        last = last_second(text)
        assert last == NOW - timedelta(seconds=seconds), text
        held = {"trust_framework": "x", "time": text}
        assert answer(request, held, {}, last + timedelta(seconds=60)) is not None
        assert answer(request, held, {}, last + timedelta(seconds=61)) is None


@pytest.mark.parametrize(
    "text",
    [
        None,
        5,
        "",
        "2026",
        "2026-13-01",
        "2026-11-02T25:00Z",
        "2026-11-02T09:00",
        "0001-01-01T00:00+08:00",
        "2026-11-02T09:00+99:00",
        "2026-11-02T09:00Z\n",
        "٢٠٢٦-١١-٠٢",
    ],
)
def test_what_is_no_moment_is_never_young_enough(text: Any) -> None:
    assert last_second(text) is None


def test_a_request_is_kept_without_the_values_it_wants() -> None:
    (request,) = parse_verified_claims(
        {
            "verification": {
                "trust_framework": {"value": "hk_eid"},
                "evidence": [{"type": {"value": "document"}, "check_details": [{"time": None}]}],
            },
            "claims": {"name": {"value": "CHAN, Tai Man"}, "birthdate": None},
        }
    )

    def digest(text: str) -> str:
        return sha256(b"key" + text.encode()).hexdigest()

    text = as_text(with_digests(request, digest))
    assert "CHAN" not in text
    again = from_text(text)
    assert as_text(again) == text
    found = answer(again, HELD, CLAIMS, NOW, digest)
    assert found is not None
    assert found["claims"] == {"name": "CHAN, Tai Man", "birthdate": "1985-04-12"}
    assert found == answer(request, HELD, CLAIMS, NOW)
    assert answer(again, HELD, {"name": "CHAN, Siu Ming"}, NOW, digest) is None
