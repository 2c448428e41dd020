"""The report: JSON, XML after ETSI TS 119 102-2, text in three scripts, and the opinion under Cap. 553."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from hkeid.identity.language import Language
from hkeid.kernel.errors import MalformedInput
from hkeid.signing.legal import LegalContext, Verdict, key_hash, read_trust_list
from hkeid.signing.validation import FindingCode, ValidationTrust
from hkeid.signing.validation.findings import finding_text, found
from hkeid.testing.cap553 import GENERAL_POLICY, RECOGNISED_KEY, specimen_trust_list_file
from hkeid.testing.pdf_attacks import ATTACKS

VR = {"vr": "http://uri.etsi.org/19102/v1.2.1#", "ds": "http://www.w3.org/2000/09/xmldsig#"}
GOVERNMENT = LegalContext(
    government_party=True,
    document_type="tax-return",
    ordinance="Cap. 112",
    ordinance_excluded=False,
    method_specified=False,
    other_requirement_defeated=False,
)


@pytest.mark.parametrize("code", FindingCode)
@pytest.mark.parametrize("language", Language)
def test_every_finding_has_its_words(code, language) -> None:
    text = finding_text(code, language)
    assert text
    assert text == text.strip()
    assert found(code, "x", fields=("a", "b")).text(language)


def test_json(bench, validate) -> None:
    members = json.loads(json.dumps(validate(bench.archived, legal=GOVERNMENT).to_json()))
    assert members["valid"] is True
    assert members["indication"] == "total-passed"
    assert members["document"]["sha256"] == hashlib.sha256(bench.archived).hexdigest()
    signature, stamp = members["signatures"]
    assert signature["level"] == "B-LTA"
    assert signature["cryptography"]["digest_matches"] is True
    assert signature["revocation"]["checked"] is True
    assert signature["time"]["timestamps"][0]["indication"] == "total-passed"
    assert signature["changes"]["fields"][0]["field"] == stamp["field"]
    assert signature["cap553"]["law"] == "Cap. 553"
    assert stamp["cap553"] is None
    assert members["cap553"] == "undetermined"


@pytest.mark.parametrize(
    "name", ["", "shadow_replace", "usf_range_null", "copied_document_timestamp"]
)
def test_the_gate_decides_in_the_xml_too(name, bench, validate) -> None:
    """ETSI TS 119 102-2: main indication, sub-indication, and the objects they rest on."""
    report = validate(ATTACKS[name].make(bench) if name else bench.archived)
    root = etree.fromstring(report.to_etsi_xml())
    assert root.tag == f"{{{VR['vr']}}}ValidationReport"
    first = root.find("vr:SignatureValidationReport", VR)
    status = first.find("vr:SignatureValidationStatus", VR)
    main = status.findtext("vr:MainIndication", namespaces=VR)
    assert main.rsplit(":", 1)[1] == report.indication.value
    sub = status.findtext("vr:SubIndication", namespaces=VR)
    assert (sub or "").rsplit(":", 1)[-1] == report.sub_indication
    names = set(root.xpath("//vr:ValidationObject/@id", namespaces=VR))
    assert {one for ref in root.xpath("//@VOReference") for one in ref.split()} <= names
    if not name:
        process = first.findtext(".//vr:SignatureValidationProcessID", namespaces=VR)
        assert process == "urn:etsi:019102:validationprocess:LTA"


def test_no_signature_is_said_in_the_xml(plain, validate) -> None:
    root = etree.fromstring(validate(plain).to_etsi_xml())
    sub = root.findtext(".//vr:SubIndication", namespaces=VR)
    assert sub == "urn:etsi:019102:subindication:SIGNED_DATA_NOT_FOUND"


def test_what_xml_has_no_character_for(bench, validate) -> None:
    report = validate(bench.sign(bench.plain, reason="a\x00b\x0bc"))
    root = etree.fromstring(report.to_etsi_xml())
    assert root.findtext(".//vr:ReasonElement", namespaces=VR).startswith("a")


@pytest.mark.parametrize("language", Language)
def test_text(language, bench, validate) -> None:
    good = validate(bench.archived, legal=GOVERNMENT).to_text(language)
    assert "B-LTA" in good
    assert "Cap. 553" in good or "553" in good
    bad = validate(ATTACKS["shadow_replace"].make(bench)).to_text(language)
    assert "payee" in bad
    assert "(fields_changed)" in bad


def test_without_a_context_there_is_no_opinion(bench, validate) -> None:
    assert validate(bench.archived).cap553 is None


def test_a_claimed_time_alone_decides_nothing(bench, validate) -> None:
    """S.6(1A): a B-B signature is undetermined."""
    opinion = validate(bench.signed, legal=GOVERNMENT).cap553
    assert opinion.verdict is Verdict.UNDETERMINED
    assert "time_only_claimed" in opinion.codes


def test_a_tampered_document_is_not_signed_in_law(bench, validate) -> None:
    report = validate(ATTACKS["content_replaced"].make(bench), legal=GOVERNMENT)
    assert report.cap553.verdict is Verdict.NOT_SATISFIED
    assert "signature_invalid" in report.cap553.codes


def _recognised(bench) -> object:
    """A list that recognises the specimen authority, and every certificate of it."""
    key = key_hash(bench.authority.certificate.public_bytes(Encoding.DER))
    content = specimen_trust_list_file().decode().replace(RECOGNISED_KEY, key)
    content = content.replace(f'policies = ["{GENERAL_POLICY}"]', "all_certificates = true", 1)
    encoded = content.replace("policies = []", "").encode()
    return read_trust_list(encoded, sha256=hashlib.sha256(encoded).hexdigest())


def test_a_recognised_authority_at_a_proved_time(bench, validate) -> None:
    """A list of recognised authorities is trust enough, as in the user's code of the documents."""
    listed = _recognised(bench)
    report = validate(bench.archived, trust=listed, legal=GOVERNMENT)
    assert report.valid, report.to_text()
    assert "issuer_not_listed" not in report.cap553.codes


def test_the_embedded_authority_is_never_recognised(bench, validate) -> None:
    """Even where a list says so."""
    trust = replace(
        ValidationTrust.of([], embedded=[bench.authority.certificate, bench.authority.root]),
        recognised=_recognised(bench),
    )
    report = validate(bench.archived, trust=trust, legal=GOVERNMENT)
    assert report.valid
    assert report.cap553.verdict is Verdict.NOT_SATISFIED
    assert "embedded_authority" in report.cap553.codes


def test_certificates_in_pem_are_refused_where_trust_is_made() -> None:
    with pytest.raises(MalformedInput, match="certificate_malformed"):
        ValidationTrust.of([b"-----BEGIN CERTIFICATE-----\n"])
