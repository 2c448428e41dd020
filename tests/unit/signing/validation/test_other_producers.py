"""Signatures that others made: pyHanko as it is set up elsewhere, and OpenSSL. What is sound is valid; what cannot be
examined is refused with the reason that is true.
"""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest
from asn1crypto import cms, keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import cms_embedder
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp
from pyhanko_certvalidator.registry import SimpleCertificateStore

from hkeid.ports.certificates import ValidationMaterial
from hkeid.signing import der
from hkeid.signing.validation import FindingCode, Indication, ValidationTrust
from hkeid.testing.own_loop import run_in_own_loop
from hkeid.testing.papers import paper
from hkeid.testing.pdf_attacks.updates import contents, with_contents
from hkeid.testing.signing_authority import SigningAuthority

KEYS: dict[str, Callable[[], Any]] = {
    "rsa": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "brainpool256": lambda: ec.generate_private_key(ec.BrainpoolP256R1()),
    "brainpool384": lambda: ec.generate_private_key(ec.BrainpoolP384R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ed448": ed448.Ed448PrivateKey.generate,
}


def loaded(certificate: Any) -> asn1_x509.Certificate:
    if isinstance(certificate, asn1_x509.Certificate):
        return certificate
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def by_pyhanko(
    authority: SigningAuthority,
    pdf: bytes,
    *,
    kind: str = "rsa",
    hash_name: str = "sha256",
    subfilter: SigSeedSubFilter = SigSeedSubFilter.ADOBE_PKCS7_DETACHED,
    password: str | None = None,
    certificate: Any = None,
    key: Any = None,
    **wishes: Any,
) -> bytes:
    """Signed by pyHanko's own signer, in the form that Acrobat calls its own."""
    key = key or KEYS[kind]()
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    store = SimpleCertificateStore()
    store.register_multiple([loaded(authority.certificate)])
    signer = signers.SimpleSigner(
        signing_cert=loaded(certificate or authority.issue(key)),
        signing_key=keys.PrivateKeyInfo.load(der),
        cert_registry=store,
        **wishes,
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    if writer.prev.encrypted:
        writer.encrypt(password or "")
    meta = signers.PdfSignatureMetadata(
        field_name="Signature1", md_algorithm=hash_name, subfilter=subfilter
    )
    signing = signers.PdfSigner(meta, signer=signer)
    done: io.BytesIO = run_in_own_loop(signing.async_sign_pdf(writer))
    return done.getvalue()


@pytest.mark.parametrize(
    ("kind", "hash_name", "wishes"),
    [
        ("rsa", "sha256", {}),
        ("rsa", "sha384", {}),
        ("rsa", "sha512", {"prefer_pss": True}),
        ("p256", "sha512", {}),
        ("p521", "sha512", {}),
        ("brainpool256", "sha256", {}),
        ("brainpool384", "sha384", {}),
        ("ed25519", "sha512", {}),
        ("ed448", "shake256", {}),
    ],
)
@pytest.mark.parametrize("subfilter", list(SigSeedSubFilter)[:2])
def test_every_algorithm(kind, hash_name, wishes, subfilter, authority, plain, validate) -> None:
    pdf = by_pyhanko(
        authority, plain, kind=kind, hash_name=hash_name, subfilter=subfilter, **wishes
    )
    report = validate(pdf)
    assert report.valid, report.to_text()
    assert report.signatures[0].observed.subfilter == subfilter.value.removeprefix("/")


def saved(pdf: bytes, **wishes: Any) -> bytes:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        kept = io.BytesIO()
        document.save(kept, **wishes)
    return kept.getvalue()


FORMS: dict[str, dict[str, Any]] = {
    "linearised": {"linearize": True},
    "object streams": {"object_stream_mode": pikepdf.ObjectStreamMode.generate},
    "2.0": {"force_version": "2.0"},
    "AES-256": {"encryption": pikepdf.Encryption(owner="owner", user="", R=6)},
    "AES-128": {"encryption": pikepdf.Encryption(owner="owner", user="", R=4)},
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_file(form, authority, validate) -> None:
    report = validate(by_pyhanko(authority, saved(paper(), **FORMS[form])))
    assert report.valid, report.to_text()


def test_a_file_that_wants_a_password_is_called_locked(authority, validate) -> None:
    """ISO 32000-2 §7.6.4.1: nothing in it can be read, and it is not damaged."""
    locked = saved(paper(), encryption=pikepdf.Encryption(owner="owner", user="user"))
    report = validate(by_pyhanko(authority, locked, password="user"))
    assert report.indication is Indication.INDETERMINATE
    assert {one.code for one in report.findings} == {FindingCode.DOCUMENT_LOCKED}


def covered(pdf: bytes) -> bytes:
    found = re.search(rb"/ByteRange ?\[ ?0 (\d+) (\d+) (\d+)", pdf)
    assert found is not None
    first, second, rest = (int(one) for one in found.groups())
    return pdf[:first] + pdf[second : second + rest]


@pytest.fixture(scope="module")
def by_openssl(authority, bench, tmp_path_factory) -> Callable[..., bytes]:
    """``openssl cms`` signs what a signature of ours covers."""
    folder = tmp_path_factory.mktemp("openssl")
    key = KEYS["rsa"]()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(pem)
    (folder / "own.pem").write_bytes(authority.issue(key).public_bytes(Encoding.PEM))
    (folder / "ca.pem").write_bytes(authority.certificate.public_bytes(Encoding.PEM))

    def run(*options: str) -> bytes:
        (folder / "content").write_bytes(covered(bench.stamped))
        command = ["openssl", "cms", "-sign", "-binary", "-outform", "DER", "-md", "sha256"]
        names = {"-in": "content", "-signer": "own.pem", "-inkey": "key.pem", "-certfile": "ca.pem"}
        for option, name in names.items():
            command += [option, str(folder / name)]
        done = subprocess.run([*command, *options], capture_output=True, check=True)
        return with_contents(bench.stamped, done.stdout)

    return run


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-cades",),
        ("-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:32"),
        ("-keyid",),
        ("-nosmimecap",),
    ],
)
def test_openssl(options, by_openssl, validate) -> None:
    report = validate(by_openssl(*options))
    assert report.valid, report.to_text()
    assert FindingCode.PADDING_NOT_EMPTY not in {one.code for one in report.findings}


def streamed(message: bytes) -> bytes:
    """ContentInfo as software writes it that does not know yet how long it will be."""
    kind, signed = (whole for _, _, whole in der.elements(der.only_element(message)[1]))
    inner = der.only_element(der.only_element(signed)[1])[1]
    end = b"\x00\x00"
    return b"\x30\x80" + kind + b"\xa0\x80" + b"\x30\x80" + inner + end * 3


def test_lengths_of_the_indefinite_form(by_openssl, validate) -> None:
    """X.690 §8.1.3.6: the padding begins behind the last two zeros; what stands behind it is seen."""
    pdf = by_openssl()
    message = streamed(contents(pdf).rstrip(b"\x00"))
    report = validate(with_contents(pdf, message))
    assert report.valid, report.to_text()
    assert FindingCode.PADDING_NOT_EMPTY not in {one.code for one in report.findings}
    report = validate(with_contents(pdf, message + b"\x00more"))
    assert FindingCode.PADDING_NOT_EMPTY in {one.code for one in report.findings}


def test_no_certificate_inside(by_openssl, validate) -> None:
    message = cms.ContentInfo.load(contents(by_openssl()))
    message["content"]["certificates"] = cms.CertificateSet([])
    report = validate(with_contents(by_openssl(), message.dump(force=True)))
    assert report.sub_indication == "NO_SIGNING_CERTIFICATE_FOUND"
    assert FindingCode.CERTIFICATE_ABSENT in {one.code for one in report.findings}


@pytest.mark.parametrize("name", ["adbe.pkcs7.sha1", "adbe.x509.rsa_sha1", "PBAD.PAdES"])
def test_formats_that_are_not_examined_are_named(name, bench, validate) -> None:
    """ISO 32000-2 §12.8.3.3: both of Adobe's older ones are with SHA-1, and deprecated."""
    old = b"/ETSI.CAdES.detached"
    assert bench.signed.count(old) == 1
    report = validate(bench.signed.replace(old, f"/{name}".encode().ljust(len(old))))
    assert not report.valid
    assert FindingCode.FORMAT_UNSUPPORTED in {one.code for one in report.findings}


@pytest.mark.parametrize("identifier", ["2.16.840.1.101.3.4.3.14", "0.4.0.127.0.7.1.1.4.1.3"])
def test_algorithms_that_are_not_examined_are_named(identifier, by_openssl, validate) -> None:
    """RSA with SHA3-256, and ECDSA in the plain form of BSI TR-03111."""
    message = cms.ContentInfo.load(contents(by_openssl()))
    info = message["content"]["signer_infos"][0]
    info["signature_algorithm"] = cms.SignedDigestAlgorithm({"algorithm": identifier})
    report = validate(with_contents(by_openssl(), message.dump(force=True)))
    assert report.indication is Indication.INDETERMINATE
    assert report.sub_indication == "CRYPTO_CONSTRAINTS_FAILURE"
    assert FindingCode.ALGORITHM_UNKNOWN in {one.code for one in report.findings}


def pointing(authority: SigningAuthority, key: Any) -> x509.Certificate:
    """A certificate that says where its revocation list is."""
    plain = authority.issue(key)
    builder = x509.CertificateBuilder(
        plain.issuer, plain.subject, key.public_key(), x509.random_serial_number()
    ).not_valid_before(plain.not_valid_before_utc)
    builder = builder.not_valid_after(plain.not_valid_after_utc)
    for one in plain.extensions:
        builder = builder.add_extension(one.value, critical=one.critical)
    place = x509.DistributionPoint(
        [x509.UniformResourceIdentifier("http://crl.example/1.crl")], None, None, None
    )
    builder = builder.add_extension(x509.CRLDistributionPoints([place]), critical=False)
    return builder.sign(authority.key, hashes.SHA256())


def test_revocation_that_nobody_knows_of_is_not_called_an_untrusted_chain(
    authority, plain, validate, trust
) -> None:
    """EN 319 102-1 §5.2.6: TRY_LATER; and with the list at hand it is valid."""
    key = KEYS["p256"]()
    pdf = by_pyhanko(authority, plain, key=key, certificate=pointing(authority, key))
    report = validate(pdf)
    assert report.sub_indication == "TRY_LATER"
    codes = {one.code for one in report.findings}
    assert FindingCode.REVOCATION_MISSING in codes
    assert FindingCode.CHAIN_NOT_TRUSTED not in codes
    stranger = validate(pdf, trust=ValidationTrust())
    assert FindingCode.CHAIN_NOT_TRUSTED in {one.code for one in stranger.findings}
    known = authority.material([loaded(authority.certificate).dump()], report.validated_at)
    anchors = ValidationTrust.of([authority.root], material=known)
    assert validate(pdf, trust=anchors).valid
    nothing = ValidationTrust.of([authority.root], material=ValidationMaterial())
    assert not validate(pdf, trust=nothing).valid


def test_a_time_stamp_of_an_unknown_authority_is_not_called_wrong(bench, validate) -> None:
    trusted = ValidationTrust.of([bench.authority.root], timestamp_anchors=[])
    codes = {one.code for one in validate(bench.stamped, trust=trusted).findings}
    assert FindingCode.TIMESTAMP_NOT_TRUSTED in codes
    assert FindingCode.TIMESTAMP_WRONG not in codes


@pytest.mark.parametrize("kind", ["/DocTimeStamp", "/Sig"])
def test_a_document_time_stamp_that_calls_itself_a_signature(kind, bench, validate) -> None:
    """Products of the time of ISO 32000-1 write ``/Type /Sig``; what it is, ``/SubFilter`` says."""
    writer = IncrementalPdfFileWriter(io.BytesIO(bench.signed))
    made: io.BytesIO = run_in_own_loop(_stamped(writer, bench, kind))
    assert made.getvalue().startswith(bench.signed)
    assert kind.encode() in made.getvalue()[len(bench.signed) :]
    report = validate(made.getvalue())
    assert report.valid, report.to_text()
    (stamp,) = report.document_timestamps
    assert stamp.indication is Indication.TOTAL_PASSED
    assert FindingCode.LONG_TERM_ADDED in {one.code for one in report.signatures[0].findings}


async def _stamped(writer: IncrementalPdfFileWriter, bench: Any, kind: str) -> io.BytesIO:
    placeholder = DocumentTimestamp(bytes_reserved=16_384)
    placeholder[pdf_name("/Type")] = pdf_name(kind)
    embedding = cms_embedder.PdfCMSEmbedder().write_cms(field_name="Stamp", writer=writer)
    next(embedding)
    embedding.send(cms_embedder.SigObjSetup(sig_placeholder=placeholder))
    digest, output = embedding.send(cms_embedder.SigIOSetup(md_algorithm="sha256"))
    token = bench.timestamps.stamp(digest.document_digest)
    embedding.send(cms.ContentInfo.load(token))
    return output


def test_a_key_that_is_no_number(authority, plain, validate) -> None:
    """X.690 §8.3: moduli whose first octet makes them negative, as an authority once wrote them."""
    key = KEYS["rsa"]()
    issued = loaded(authority.issue(key))
    body = issued["tbs_certificate"]
    public = body["subject_public_key_info"]["public_key"].parsed
    negative = int(public["modulus"].native) - (1 << 2048)
    body["subject_public_key_info"]["public_key"] = keys.RSAPublicKey(
        {"modulus": negative, "public_exponent": 65537}
    )
    value = authority.key.sign(body.dump(force=True), ec.ECDSA(hashes.SHA256()))
    issued["signature_value"] = value
    wrong = issued.dump(force=True)
    pdf = by_pyhanko(authority, plain, key=key, certificate=asn1_x509.Certificate.load(wrong))
    report = validate(pdf)
    assert FindingCode.CERTIFICATE_MALFORMED in {one.code for one in report.findings}
    assert not report.valid


def responder(authority: SigningAuthority) -> tuple[Any, x509.Certificate]:
    """A responder of which nobody says that it need not be asked about (RFC 6960 §4.2.2.2.1)."""
    key = KEYS["p256"]()
    usage = x509.KeyUsage(**dict.fromkeys(USES, False) | {"digital_signature": True})
    return key, authority.issue(
        key, "SPECIMEN Responder", usage=usage, purpose=ExtendedKeyUsageOID.OCSP_SIGNING
    )


USES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


def test_responders_in_a_circle_are_no_evidence_and_no_failure(authority, plain, validate) -> None:
    """The responder's own certificate is vouched for by nobody but itself."""
    from datetime import UTC, datetime, timedelta

    own = KEYS["p256"]()
    certificate = pointing(authority, own)
    pdf = by_pyhanko(authority, plain, key=own, certificate=certificate)
    key, speaker = responder(authority)
    now = datetime.now(UTC)
    answers = []
    for about in (certificate, speaker):
        builder = ocsp.OCSPResponseBuilder().add_response(
            about, authority.certificate, hashes.SHA256(), ocsp.OCSPCertStatus.GOOD,
            now - timedelta(minutes=5), now + timedelta(days=1), None, None,
        )  # fmt: skip
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, speaker)
        builder = builder.certificates([speaker])
        answers.append(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER))
    material = ValidationMaterial(ocsps=tuple(answers))
    report = validate(pdf, trust=ValidationTrust.of([authority.root], material=material))
    assert report.sub_indication in {"TRY_LATER", ""}, report.to_text()
    codes = {one.code for one in report.findings}
    assert not codes & {FindingCode.VALIDATION_FAILED, FindingCode.VALIDATOR_FAILED}
