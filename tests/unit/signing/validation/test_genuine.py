"""What was signed honestly is valid: every level, every key, several signers, later validation material."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from hkeid.kernel.errors import NotFound, Unavailable
from hkeid.ports.certificates import ValidationMaterial
from hkeid.signing import Certification, fields_in_order, prepare_fields, sign_pdf, signature_stamp
from hkeid.signing.legal import LegalContext
from hkeid.signing.validation import (
    FindingCode,
    Indication,
    SignatureKind,
    ValidationTrust,
    validate_pdf,
)
from hkeid.testing.papers import paper
from hkeid.testing.signing_authority import SigningAuthority

PLACES = {"applicant": (60, 60, 260, 120), "guardian": (300, 60, 500, 120), "officer": None}


@pytest.fixture
def codes(validate):
    def run(pdf, **wishes):
        return {one.code for one in validate(pdf, **wishes).findings}

    return run


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT", "B-LTA"])
@pytest.mark.parametrize("compact", [False, True])
def test_every_level(level, compact, bench, validate) -> None:
    report = validate(bench.sign(paper(pages=2, compact=compact), level=level))
    assert report.valid, report.to_text()
    (signature,) = report.signatures
    assert signature.level == level
    assert signature.signer == "CN=SPECIMEN 樣本 CHAN Tai Man,C=HK"
    assert len(signature.observed.chain) == 3
    assert (signature.proved_time is not None) == (level != "B-B")
    assert len(report.document_timestamps) == (level == "B-LTA")


@pytest.mark.parametrize("kind", ["p384", "rsa2048", "ed25519"])
def test_every_key(kind, authority, engine, plain, validate) -> None:
    assert validate(sign_pdf(plain, authority.signer(kind), engine=engine)).valid


def test_several_signers_in_prepared_fields(engine, bench, plain, validate, authority) -> None:
    form = prepare_fields(plain, fields_in_order(PLACES), engine=engine)
    stamp = signature_stamp("陳大文", authority.since)
    signed = bench.sign(form, field="applicant", certify=Certification.FILL_IN, stamp=stamp)
    signed = bench.sign(signed, field="guardian", stamp=stamp, level="B-LTA")
    signed = bench.sign(signed, field="officer", level="B-LTA")
    report = validate(signed)
    assert report.valid, report.to_text()
    assert [one.field_name for one in report.signatures] == list(PLACES)
    assert FindingCode.SIGNED_LATER in {one.code for one in report.signatures[0].findings}
    first = report.signed_revision(signed, "applicant")
    assert [one.field_name for one in validate(first).signatures] == ["applicant"]


def test_two_signers_who_are_seen_nowhere(bench, plain, validate) -> None:
    assert validate(bench.sign(bench.sign(plain, level="B-LTA"), level="B-LTA")).valid


def test_no_signature_is_not_valid(plain, validate) -> None:
    report = validate(plain)
    assert (report.valid, report.sub_indication) == (False, "SIGNED_DATA_NOT_FOUND")
    with pytest.raises(NotFound):
        report.entry("Signature1")


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "document_unreadable"), (b"%PDF-1.7\n%%EOF", "document_unreadable")],
)
def test_what_is_no_document(content, code, codes) -> None:
    assert codes(content) == {FindingCode(code)}


def test_too_large(plain, codes) -> None:
    assert codes(plain, largest=100) == {FindingCode.DOCUMENT_TOO_LARGE}


class _Failing:
    """A validator whose worker does not serve."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def examine(self, parts, request):
        raise Unavailable(self.reason)


def test_a_validator_that_fails_is_no_verdict(plain, trust) -> None:
    report = validate_pdf(plain, trust=trust, validator=_Failing("pdf_validator_failed"))
    assert report.indication is Indication.INDETERMINATE
    assert {one.code for one in report.findings} == {FindingCode.VALIDATOR_FAILED}
    with pytest.raises(Unavailable):
        validate_pdf(plain, trust=trust, validator=_Failing("pdf_validator_busy"))


def test_nobody_is_trusted_by_default(bench, codes) -> None:
    assert FindingCode.CHAIN_NOT_TRUSTED in codes(bench.signed, trust=ValidationTrust())


def test_trust_in_a_key_alone(bench, authority, validate) -> None:
    from hkeid.signing.legal import key_hash

    der = authority.certificate.public_bytes(Encoding.DER)
    assert validate(
        bench.signed, trust=ValidationTrust(anchor_keys=frozenset({key_hash(der)}))
    ).valid
    own = bench.authority.signer().identity.certificate
    strange = ValidationTrust(anchor_keys=frozenset({key_hash(own)}))
    assert not validate(bench.signed, trust=strange).valid


def test_an_expired_certificate(authority, engine, plain, codes, validate, bench) -> None:
    later = datetime.now(UTC) + timedelta(days=400)
    pdf = sign_pdf(plain, authority.signer(days=30), engine=engine)
    assert validate(pdf).valid
    assert FindingCode.CERTIFICATE_OUT_OF_TIME in codes(pdf, at=later)


def _revocation_list(authority: SigningAuthority, serial: int, at: datetime) -> bytes:
    revoked = (
        x509.RevokedCertificateBuilder()
        .serial_number(serial)
        .revocation_date(at - timedelta(minutes=30))
        .build()
    )
    builder = (
        x509.CertificateRevocationListBuilder(
            authority.certificate.subject, at - timedelta(minutes=20), at + timedelta(days=1)
        )
        .add_extension(x509.CRLNumber(2), critical=False)
        .add_revoked_certificate(revoked)
    )
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_a_revoked_certificate(authority, engine, plain, trust, validate) -> None:
    signer = authority.signer()
    pdf = sign_pdf(plain, signer, engine=engine)
    serial = x509.load_der_x509_certificate(signer.identity.certificate).serial_number
    at = datetime.now(UTC)
    root = authority.material((b"x",), at)
    material = ValidationMaterial(crls=(_revocation_list(authority, serial, at), root.crls[1]))
    trusted = ValidationTrust.of([authority.root], material=material)
    report = validate(pdf, trust=trusted, legal=LegalContext(government_party=True))
    assert FindingCode.CERTIFICATE_REVOKED in {one.code for one in report.findings}
    assert report.signatures[0].observed.revoked_at is not None
    assert report.cap553 is not None


def test_evidence_is_asked_for_where_the_file_has_none(bench, authority, validate) -> None:
    report = validate(bench.signed, revocation=authority)
    assert report.valid
    (signature,) = report.signatures
    assert signature.observed.revocation_checked
    assert {one.kind for one in signature.observed.revocation} == {"crl"}
    assert FindingCode.REVOCATION_UNCHECKED not in {one.code for one in report.findings}


class _Silent:
    def material(self, chain, at):
        raise Unavailable("revocation_unavailable")


def test_a_source_that_does_not_answer(bench, validate) -> None:
    report = validate(bench.signed, revocation=_Silent())
    assert report.valid
    assert FindingCode.REVOCATION_UNAVAILABLE in {one.code for one in report.findings}


def test_signed_revisions_of_another_file(bench, validate) -> None:
    report = validate(bench.signed)
    with pytest.raises(NotFound) as refused:
        report.signed_revision(bench.stamped, "Signature1")
    assert refused.value.reason == "revision_absent"
    assert report.digest == hashlib.sha256(bench.signed).hexdigest()


def test_kinds_of_entries(bench, validate) -> None:
    kinds = [one.kind for one in validate(bench.archived).entries]
    assert kinds == [SignatureKind.SIGNATURE, SignatureKind.DOCUMENT_TIMESTAMP]
