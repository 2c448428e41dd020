"""Passive authentication: outcomes, and the examples of EF.CardSecurity that were published."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hkeid.chip.asn1 import read_signed_message
from hkeid.chip.evidence import PassiveOutcome
from hkeid.chip.passive_authentication import authenticate_passively, open_card_security
from hkeid.chip.signatures import TrustPolicy
from hkeid.chip.signed_messages import faults_of, named_certificate
from hkeid.chip.trust import CountrySigners
from hkeid.testing.card_issuer import ICAO, CardIssuer, draft_card
from hkeid.testing.card_issuer.certificates import signed_data
from hkeid.testing.card_issuer.issuer import LDS_SECURITY_OBJECT, lds_content, wrap_security_object
from hkeid.testing.der import context, moment, octets, oid, sequence, set_of
from hkeid.testing.personas import PERSONAS

VECTORS = json.loads(
    (Path(__file__).resolve().parents[2] / "vectors" / "icao-9303.json").read_text("utf-8")
)
WHO = PERSONAS["chan-tai-man"]


@pytest.fixture(scope="module")
def issuer() -> CardIssuer:
    return CardIssuer()


@pytest.fixture(scope="module")
def files(issuer: CardIssuer) -> dict[str, bytes]:
    return dict(draft_card(WHO, issuer=issuer, features=ICAO.but(groups=frozenset())).image().files)


def test_an_honest_document(issuer: CardIssuer, files: dict[str, bytes]) -> None:
    result = authenticate_passively(files, trust=issuer.trust(), at=issuer.now)
    assert result.outcome is PassiveOutcome.TRUSTED
    assert result.findings == ()
    assert result.verified == {"DG1", "DG2", "DG14"}
    assert result.sod_digest == hashlib.sha256(files["SOD"]).digest()
    assert result.signer.startswith("UT, hkeid test documents, Document Signer 1 (serial ")


def test_a_good_signature_of_nobody_we_know(issuer: CardIssuer, files: dict[str, bytes]) -> None:
    result = authenticate_passively(files, trust=CountrySigners(), at=issuer.now)
    assert result.outcome is PassiveOutcome.SIGNATURE_OK_UNTRUSTED
    assert [one.code.value for one in result.findings] == ["signer_unknown"]


def test_no_trust_makes_up_for_a_wrong_hash(issuer: CardIssuer, files: dict[str, bytes]) -> None:
    changed = files | {"DG2": files["DG2"] + b"\0"}
    result = authenticate_passively(changed, trust=issuer.trust(), at=issuer.now)
    assert result.outcome is PassiveOutcome.FAILED
    assert result.verified == {"DG1", "DG14"}
    assert [(one.code.value, one.detail) for one in result.findings] == [
        ("group_hash_wrong", "DG2")
    ]


def test_without_ef_sod_nothing_is_verified(issuer: CardIssuer, files: dict[str, bytes]) -> None:
    result = authenticate_passively({"DG1": files["DG1"]}, trust=issuer.trust(), at=issuer.now)
    assert result.outcome is PassiveOutcome.FAILED
    assert [one.code.value for one in result.findings] == ["sod_missing"]
    assert (result.verified, result.sod_digest) == (frozenset(), b"")


@pytest.mark.parametrize("name", ["DG13", "DG15", "DG14"])
def test_a_group_that_was_never_signed(
    name: str, issuer: CardIssuer, files: dict[str, bytes]
) -> None:
    sod = issuer.security_object({"DG1": files["DG1"]}, lds_version="0107")
    read = {"SOD": sod, "DG1": files["DG1"], name: b"\x6d\x00", "COM": files["COM"]}
    result = authenticate_passively(read, trust=issuer.trust(), at=issuer.now)
    own = {"DG14": "dg14_not_in_sod", "DG15": "dg15_not_in_sod"}
    found = [one.code.value for one in result.findings]
    assert own.get(name, "group_not_in_sod") in found
    assert name not in result.verified


def test_ef_com_missing_or_malformed_is_a_warning(
    issuer: CardIssuer, files: dict[str, bytes]
) -> None:
    for com, code in ((None, "com_missing"), (b"\x60\x00", "com_malformed")):
        read = {name: content for name, content in files.items() if name != "COM"}
        read |= {} if com is None else {"COM": com}
        result = authenticate_passively(read, trust=issuer.trust(), at=issuer.now)
        assert [one.code.value for one in result.findings] == [code]
        assert result.outcome is PassiveOutcome.TRUSTED


def test_ef_com_of_another_version(issuer: CardIssuer, files: dict[str, bytes]) -> None:
    groups = {name: content for name, content in files.items() if name.startswith("DG")}
    sod = issuer.security_object(groups, lds_version="0108")
    result = authenticate_passively(files | {"SOD": sod}, trust=issuer.trust(), at=issuer.now)
    assert [(one.code.value, one.detail) for one in result.findings] == [
        ("com_sod_different", "version")
    ]


def _dated(issuer: CardIssuer, files: dict[str, bytes], when: datetime) -> dict[str, bytes]:
    groups = {name: content for name, content in files.items() if name.startswith("DG")}
    content = lds_content(groups, digest="sha256", lds_version="0107")
    attributes = (
        sequence(oid("1.2.840.113549.1.9.3"), set_of(oid(LDS_SECURITY_OBJECT))),
        sequence(oid("1.2.840.113549.1.9.4"), set_of(octets(hashlib.sha256(content).digest()))),
        sequence(oid("1.2.840.113549.1.9.5"), set_of(moment(when))),
    )
    message = signed_data(
        content_type=LDS_SECURITY_OBJECT,
        content=content,
        signer=issuer.signer,
        certificates=[issuer.signer.der],
        attributes=attributes,
    )
    return files | {"SOD": wrap_security_object(message)}


@pytest.mark.parametrize(("days", "codes"), [(0, []), (-400, ["signer_not_yet_valid"])])
def test_the_signing_time_must_lie_in_the_signers_validity(
    days: int, codes: list[str], issuer: CardIssuer, files: dict[str, bytes]
) -> None:
    dated = _dated(issuer, files, issuer.now + timedelta(days=days))
    result = authenticate_passively(dated, trust=issuer.trust(), at=issuer.now)
    assert [one.code.value for one in result.findings] == codes


def test_a_signer_named_by_its_key_identifier(issuer: CardIssuer, files: dict[str, bytes]) -> None:
    from hkeid.testing.card_issuer.certificates import key_identifier

    groups = {name: content for name, content in files.items() if name.startswith("DG")}
    for named, code in ((issuer.signer.signer.public_key, []), (b"?", ["sod_certificate_missing"])):
        message = signed_data(
            content_type=LDS_SECURITY_OBJECT,
            content=lds_content(groups, digest="sha256", lds_version="0107"),
            signer=issuer.signer,
            certificates=[issuer.root.der, issuer.signer.der],
            identifier=context(0, key_identifier(named), primitive=True),
        )
        read = files | {"SOD": wrap_security_object(message)}
        result = authenticate_passively(read, trust=issuer.trust(), at=issuer.now)
        assert [one.code.value for one in result.findings] == code


def test_old_hashes_are_findings_where_policy_allows_them() -> None:
    issuer = CardIssuer(digest="sha1")
    features = ICAO.but(digest="sha1")
    files = draft_card(WHO, issuer=issuer, features=features).image().files
    trust = CountrySigners.of(
        [issuer.root.der], crls=[issuer.crl()], policy=TrustPolicy(allow_sha1=True)
    )
    result = authenticate_passively(files, trust=trust, at=issuer.now)
    assert result.outcome is PassiveOutcome.TRUSTED
    assert [(one.code.value, one.detail) for one in result.findings] == [
        ("sod_digest_algorithm_weak", "signer"),
        ("sod_digest_algorithm_weak", "data groups"),
    ]


@pytest.mark.parametrize("name", ["tr03110_eac_ecdh", "tr03110_eac_dh"])
def test_ef_card_security_of_the_bsi_examples(name: str) -> None:
    """Signed with RSA PSS; its CSCA is not part of the example, so that it stays untrusted."""
    data = bytes.fromhex(VECTORS[name]["ef_cardsecurity"])
    message = read_signed_message(data)
    certificate = named_certificate(message, message.certificates)
    assert certificate is not None
    assert certificate.label == "DE, HJP Consulting, HJP PB DS"
    assert faults_of(message, certificate, TrustPolicy()) == ()
    when = datetime(2009, 12, 1, tzinfo=UTC)
    content, findings = open_card_security(data, trust=CountrySigners(), at=when, country="DE")
    assert content is None
    assert [(one.code.value, one.detail) for one in findings] == [
        ("card_security_untrusted", "signer_unknown")
    ]


@pytest.mark.parametrize("name", ["tr03110_eac_ecdh", "tr03110_eac_dh"])
def test_every_changed_byte_of_its_content_or_signature_is_noticed(name: str) -> None:
    data = bytes.fromhex(VECTORS[name]["ef_cardsecurity"])
    message = read_signed_message(data)
    content = data.index(message.content)
    for place in (content, content + 40, content + len(message.content) - 1, len(data) - 1):
        changed = read_signed_message(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        certificate = named_certificate(changed, changed.certificates)
        assert certificate is not None
        assert faults_of(changed, certificate, TrustPolicy())


def test_card_security_of_a_known_country(issuer: CardIssuer) -> None:
    infos = set_of(sequence(oid("1.2.3")))
    data = issuer.card_security(infos)
    assert open_card_security(data, trust=issuer.trust(), at=issuer.now, country="UT") == (
        infos,
        (),
    )
    for broken in (b"", data[:-1], issuer.security_object({"DG1": b"a"})[4:]):
        content, findings = open_card_security(
            broken, trust=issuer.trust(), at=issuer.now, country="UT"
        )
        assert content is None
        assert [one.code.value for one in findings] == ["card_security_malformed"]
