"""Verified claims at a relying party, and the record for a customer's file (S10)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from joserfc import jwt
from joserfc.jwk import ECKey, import_key

from hkeid.kernel.errors import ConfigurationError, MalformedInput
from hkeid.oidc.verified_claims import parse_verified_claims
from hkeid.oidc.verified_claims_answer import answer
from hkeid.rp import (
    KnowYourCustomerRecord,
    LoginFailed,
    ProviderMisbehaved,
    RecordRefused,
    RelyingParty,
    Resident,
    VerificationPolicy,
    verify_record,
)
from hkeid.rp.verified_claims import read_verified_claims
from hkeid.testing.fake_provider import AccountHolder, FakeProvider
from hkeid_server.cli.rp import rp_group

VERIFICATION = {
    "trust_framework": "hk_eid",
    "assurance_level": "eid-plus",
    "time": "2026-11-01T00:00+08:00",
    "evidence": [
        {
            "type": "document",
            "check_details": [{"check_method": "vcrypt"}, {"check_method": "pvp"}],
            "document_details": {"type": "idcard"},
        },
        {"type": "electronic_record", "record": {"type": "population_register"}},
    ],
}
CLAIMS = {"name": "CHAN, Tai Man", "name#zh-Hant-HK": "陳大文", "birthdate": "1985-04-12"}
VERIFIED = {"verification": VERIFICATION, "claims": CLAIMS}
CHIP = VerificationPolicy(
    max_age=timedelta(days=730),
    assurance_levels=("eid-plus",),
    evidence=("document", "electronic_record"),
    check_methods=("vcrypt",),
)
Make = Callable[..., RelyingParty]


def changed(**verification: Any) -> dict[str, Any]:
    elements = {**VERIFICATION, **verification}
    return {
        "verification": {name: one for name, one in elements.items() if one is not None},
        "claims": CLAIMS,
    }


def log_in(
    party: RelyingParty, provider: FakeProvider, callback: str, verified: Any = VERIFIED
) -> Resident:
    claims = {"gender": "male", "verified_claims": verified}
    wanted = {"userinfo": {"verified_claims": CHIP.request(["name", "birthdate"])}}
    login = party.start_login(redirect_uri=callback, claims=wanted)
    there = provider.log_in(login.url, AccountHolder(claims=claims))
    return party.finish_login(login.state, there)


def test_typed(party: RelyingParty, provider: FakeProvider, callback: str) -> None:
    resident = log_in(party, provider, callback)
    (found,) = resident.verified_claims
    assert found.trust_framework == "hk_eid"
    assert found.assurance_level == "eid-plus"
    assert found.time is not None
    assert found.time.isoformat() == "2026-10-31T16:00:59+00:00"
    assert found.claim("name", "zh-Hant-HK") == "陳大文"
    assert found.claim("birthdate", "en") == "1985-04-12"
    assert found.check_methods == {"vcrypt", "pvp"}
    assert [one["type"] for one in found.evidence] == ["document", "electronic_record"]
    # Never mixed with the claims that nobody verified.
    assert resident.claim("name") is None
    assert resident.claim("gender") == "male"
    assert "CHAN" not in repr(found)


def test_in_the_id_token(party: RelyingParty, provider: FakeProvider, callback: str) -> None:
    login = party.start_login(redirect_uri=callback)
    there = provider.log_in(login.url, AccountHolder(claims={"verified_claims": VERIFIED}))
    # The fake provider puts claims into UserInfo alone, which is not asked here.
    resident = party.finish_login(login.state, there)
    assert resident.verified_claims == ()


@pytest.mark.parametrize(
    ("verified", "why"),
    [
        (changed(trust_framework="eidas"), "trust_framework"),
        (changed(assurance_level="eid"), "assurance_level"),
        (changed(assurance_level=None), "assurance_level"),
        (changed(time="2024-10-01T00:00+08:00"), "time"),
        (changed(time="2026-12-24T00:00+08:00"), "time"),
        (changed(time=None), "time"),
        (changed(evidence=VERIFICATION["evidence"][:1]), "evidence"),  # type: ignore[index]
        (changed(evidence=None), "evidence"),
        (changed(evidence=[{"type": "document"}, {"type": "electronic_record"}]), "check_methods"),
    ],
)
def test_what_the_policy_does_not_accept_is_not_there(
    make_party: Make, provider: FakeProvider, callback: str, clock: Any, verified: Any, why: str
) -> None:
    resident = log_in(make_party(verification=CHIP), provider, callback, verified)
    assert resident.verified_claims == ()
    assert "verified_claims" not in resident.claims
    (found,) = read_verified_claims(verified)
    assert CHIP.objection(found, clock.now()) == why


def test_of_several_those_that_will_do(
    make_party: Make, provider: FakeProvider, callback: str
) -> None:
    several = [changed(trust_framework="eidas"), VERIFIED, changed(assurance_level="eid")]
    resident = log_in(make_party(verification=CHIP), provider, callback, several)
    assert [one.assurance_level for one in resident.verified_claims] == ["eid-plus"]


def test_schema_5_4_an_unknown_trust_framework_is_ignored_by_default(
    party: RelyingParty, provider: FakeProvider, callback: str
) -> None:
    resident = log_in(party, provider, callback, changed(trust_framework="eidas"))
    assert resident.verified_claims == ()


@pytest.mark.parametrize(
    "verified",
    [
        None,
        [],
        "x",
        [VERIFIED] * 33,
        {"claims": {}},
        {"verification": {"trust_framework": "hk_eid"}},
        {"verification": {}, "claims": {}},
        {"verification": {"trust_framework": 5}, "claims": {}},
        {"verification": {"trust_framework": "x"}, "claims": []},
        changed(time="yesterday"),
        changed(assurance_level=5),
        changed(evidence={}),
        changed(evidence=[{}]),
        changed(evidence=[{"type": "document", "check_details": [{}]}]),
        changed(evidence=[{"type": "document", "check_details": {}}]),
    ],
)
def test_malformed(
    party: RelyingParty, provider: FakeProvider, callback: str, verified: Any
) -> None:
    with pytest.raises(ProviderMisbehaved) as caught:
        log_in(party, provider, callback, verified)
    assert caught.value.reason == "verified_claims_malformed"


def test_the_policy_asks_for_what_it_holds_the_answer_against(clock: Any) -> None:
    (request,) = parse_verified_claims(CHIP.request(["name", "birthdate"]))
    told = answer(request, VERIFICATION, CLAIMS, clock.now())
    assert told is not None
    (found,) = read_verified_claims(told)
    assert CHIP.objection(found, clock.now()) is None
    assert answer(request, {**VERIFICATION, "assurance_level": "eid"}, CLAIMS, clock.now()) is None
    plain = VerificationPolicy().request(["name"])
    assert plain["verification"]["trust_framework"] == {"values": ["hk_eid"]}
    parse_verified_claims(plain)


@pytest.mark.parametrize(
    "options",
    [
        {"trust_frameworks": ()},
        {"trust_frameworks": "hk_eid"},
        {"evidence": "document"},
        {"max_age": timedelta(days=-1)},
    ],
)
def test_a_policy_that_cannot_be_meant(options: Any) -> None:
    with pytest.raises(ConfigurationError):
        VerificationPolicy(**options)


# --- the record ------------------------------------------------------------------------------------


@pytest.fixture
def bank(make_party: Make, provider: FakeProvider) -> RelyingParty:
    provider.signed_userinfo = True
    return make_party(verification=CHIP, userinfo_algorithm="ES256")


@pytest.fixture
def record(bank: RelyingParty, provider: FakeProvider, callback: str) -> KnowYourCustomerRecord:
    return bank.customer_record(log_in(bank, provider, callback))


def test_a_record_verifies_years_later_and_offline(
    record: KnowYourCustomerRecord, provider: FakeProvider, clock: Any
) -> None:
    signed = clock.now()
    asked = len(provider.seen)
    clock.forward(days=6 * 365)
    provider.rotate_key()
    kept = KnowYourCustomerRecord.from_json(record.as_json())
    assert kept == record
    proved = verify_record(kept, clock.now(), policy=CHIP)
    assert proved.signed_at == signed
    assert proved.sub == AccountHolder().sub
    assert proved.claims == {"gender": "male"}
    assert proved.verified_claims[0].claims == CLAIMS
    assert len(provider.seen) == asked
    # RFC 7638, by another library.
    assert proved.key_thumbprint == import_key(dict(record.keys[0])).thumbprint()


def test_the_signature_by_another_library(record: KnowYourCustomerRecord) -> None:
    read = jwt.decode(record.userinfo, ECKey.import_key(dict(record.keys[0])), ["ES256"])
    assert read.claims["verified_claims"] == VERIFIED


def test_keys_from_an_archive(record: KnowYourCustomerRecord, clock: Any) -> None:
    assert verify_record(record, clock.now(), keys=record.keys)
    from hkeid.jose.signatures import generate, public_jwk

    with pytest.raises(RecordRefused) as caught:
        verify_record(record, clock.now(), keys=[public_jwk(generate("ES256"))])
    assert caught.value.reason == "record_key_unknown"
    # A stranger's key under the provider's key id.
    stranger = {**public_jwk(generate("ES256")), "kid": record.keys[0]["kid"]}
    with pytest.raises(RecordRefused) as caught:
        verify_record(record, clock.now(), keys=[stranger])
    assert caught.value.reason == "record_signature_invalid"


def test_every_character_of_the_signed_answer_counts(
    record: KnowYourCustomerRecord, clock: Any
) -> None:
    text = record.userinfo
    for at in range(0, len(text), 7):
        other = "A" if text[at] != "A" else "B"
        with pytest.raises(RecordRefused):
            verify_record(replace(record, userinfo=text[:at] + other + text[at + 1 :]), clock.now())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"issuer": "https://other.example.hk"}, "record_issuer_mismatch"),
        ({"client_id": "other"}, "record_audience_mismatch"),
        ({"sub": "other"}, "record_subject_mismatch"),
        ({"keys": ()}, "record_key_unknown"),
    ],
)
def test_about_somebody_else(
    record: KnowYourCustomerRecord, clock: Any, changes: Any, reason: str
) -> None:
    with pytest.raises(RecordRefused) as caught:
        verify_record(replace(record, **changes), clock.now())
    assert caught.value.reason == reason


def test_the_policy_is_held_against_the_day_of_signing(
    record: KnowYourCustomerRecord, clock: Any
) -> None:
    strict = VerificationPolicy(max_age=timedelta(days=1))
    with pytest.raises(RecordRefused) as caught:
        verify_record(record, clock.now(), policy=strict)
    assert caught.value.reason == "record_policy_time"
    assert verify_record(record, clock.now() + timedelta(days=7300), policy=CHIP)
    with pytest.raises(RecordRefused) as caught:
        verify_record(record, clock.now() - timedelta(hours=1))
    assert caught.value.reason == "record_from_the_future"


def signed(provider: FakeProvider, record: KnowYourCustomerRecord, **claims: Any) -> Any:
    """The record with another answer that the provider's key signed."""
    from hkeid.testing.provider_faults import Where, forge

    base = {
        "iss": record.issuer,
        "aud": record.client_id,
        "sub": record.sub,
        "iat": 1_795_000_000,
        "verified_claims": VERIFIED,
        **claims,
    }
    told = {name: one for name, one in base.items() if one is not None}
    text = forge(told, provider.key, provider.jwk, None, Where.USERINFO)
    return replace(record, userinfo=text)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"verified_claims": None, "name": "CHAN"}, "record_without_verified_claims"),
        ({"verified_claims": 5}, "record_claims_malformed"),
        ({"iat": None}, "record_without_time"),
        ({"nonce": "n"}, "record_not_userinfo"),
        ({"at_hash": "h"}, "record_not_userinfo"),
    ],
)
def test_what_is_no_answer_about_a_customer(
    record: KnowYourCustomerRecord, provider: FakeProvider, clock: Any, claims: Any, reason: str
) -> None:
    assert verify_record(signed(provider, record), clock.now() + timedelta(days=365))
    with pytest.raises(RecordRefused) as caught:
        verify_record(signed(provider, record, **claims), clock.now() + timedelta(days=365))
    assert caught.value.reason == reason


def test_there_is_no_record_of_an_answer_that_was_not_signed(
    party: RelyingParty, provider: FakeProvider, callback: str
) -> None:
    resident = log_in(party, provider, callback)
    with pytest.raises(ConfigurationError, match="userinfo_not_signed"):
        party.customer_record(resident)


def test_there_is_no_record_of_what_was_not_kept(
    bank: RelyingParty, provider: FakeProvider, callback: str
) -> None:
    resident = log_in(bank, provider, callback)
    with pytest.raises(LoginFailed) as caught:
        bank.customer_record(replace(resident, signed_userinfo=None))
    assert caught.value.reason == "userinfo_not_kept"


def test_nor_of_verified_claims_that_will_not_do(
    bank: RelyingParty, provider: FakeProvider, callback: str
) -> None:
    resident = log_in(bank, provider, callback, changed(assurance_level="eid"))
    with pytest.raises(RecordRefused) as caught:
        bank.customer_record(resident)
    assert caught.value.reason == "record_policy_assurance_level"


def test_malformed_records(record: KnowYourCustomerRecord) -> None:
    good = json.loads(record.as_json())
    texts = ["", "5", "[]", "{}", "\ud800"]
    for name in good:
        texts += [json.dumps({k: v for k, v in good.items() if k != name})]
        texts += [json.dumps({**good, name: wrong}) for wrong in (None, 1.5, [], [5], {}, "")]
    texts.append(json.dumps({**good, "more": 1}))
    for text in texts:
        with pytest.raises(MalformedInput) as caught:
            KnowYourCustomerRecord.from_json(text)
        assert caught.value.reason == "record_malformed"


def test_a_record_does_not_print_the_person(record: KnowYourCustomerRecord) -> None:
    assert record.sub not in repr(record)
    assert record.userinfo not in repr(record)


@pytest.mark.parametrize(
    "key",
    [{}, {"kty": "EC"}, {"kty": 5, "kid": []}, {"kty": "oct", "k": "AAAA"}, {"kid": "\ud800"}],
)
def test_keys_that_are_none(record: KnowYourCustomerRecord, clock: Any, key: Any) -> None:
    with pytest.raises(RecordRefused):
        verify_record(record, clock.now(), keys=[key])
    with_kid = {**key, "kid": record.keys[0]["kid"]}
    with pytest.raises(RecordRefused):
        verify_record(record, clock.now(), keys=[with_kid])
    assert verify_record(record, clock.now(), keys=[key, *record.keys])


def test_the_command(
    record: KnowYourCustomerRecord, tmp_path: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hkeid_server.cli.rp.SystemClock", lambda: clock)
    file, archive = tmp_path / "customer.json", tmp_path / "keys.json"
    file.write_text(record.as_json(), "utf-8")
    archive.write_text(json.dumps({"keys": [dict(key) for key in record.keys]}), "utf-8")
    run = CliRunner().invoke
    found = run(rp_group, ["verify-record", str(file), "--json", "--keys", str(archive)])
    assert found.exit_code == 0, found.output
    shown = json.loads(found.output)
    assert shown["verified"][0]["claims"] == CLAIMS
    assert shown["sub"] == record.sub
    assert "CHAN, Tai Man" in run(rp_group, ["verify-record", str(file)]).output
    archive.write_text('{"keys": 5}', "utf-8")
    broken = run(rp_group, ["verify-record", str(file), "--keys", str(archive)])
    assert (broken.exit_code, "no JWK Set" in broken.output) == (1, True)
    file.write_text("{}", "utf-8")
    broken = run(rp_group, ["verify-record", str(file)])
    assert (broken.exit_code, "record_malformed" in broken.output) == (1, True)
