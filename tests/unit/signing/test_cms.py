"""Our CMS, byte by byte against pyHanko's, and as OpenSSL reads it."""

from __future__ import annotations

import subprocess

import pytest
from asn1crypto import algos, cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign.signers import ExternalSigner
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko_certvalidator.registry import SimpleCertificateStore

from hkeid.kernel.errors import MalformedInput
from hkeid.signing import der
from hkeid.signing.cms import (
    issuer_and_serial,
    longest_signed_data,
    signed_attributes,
    signed_data,
    token_chain,
)
from hkeid.testing.own_loop import run_in_own_loop

KINDS = ["p256", "p384", "rsa2048", "rsa3072", "ed25519"]


def _der(certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _pyhanko(identity, signature: bytes, digest: bytes, timestamp: bytes | None) -> bytes:
    """pyHanko's CMS around the same signature value."""
    registry = SimpleCertificateStore()
    registry.register_multiple([asn1_x509.Certificate.load(one) for one in identity.chain])
    signer = ExternalSigner(
        signing_cert=asn1_x509.Certificate.load(identity.certificate),
        cert_registry=registry,
        signature_value=signature,
    )
    name = identity.algorithm.hash_name
    made = run_in_own_loop(
        signer.async_sign(
            digest,
            name,
            use_pades=True,
            signed_attr_settings=PdfCMSSignedAttributes(),
        )
    )
    signed = made["content"]
    # RFC 5754 §2: SHA-2 identifiers are generated without parameters; asn1crypto writes NULL.
    bare = algos.DigestAlgorithm.load(der.algorithm(algos.DigestAlgorithmId(name).dotted))
    read = signed["signer_infos"][0]
    parts = ("version", "sid", "signature_algorithm", "signed_attrs", "signature")
    information = {"digest_algorithm": bare, **{one: read[one] for one in parts}}
    if timestamp is not None:
        token = cms.ContentInfo.load(timestamp)
        attribute = {"type": "signature_time_stamp_token", "values": [token]}
        information["unsigned_attrs"] = [cms.CMSAttribute(attribute)]
    parts = ("version", "encap_content_info", "certificates")
    content = {
        "digest_algorithms": cms.DigestAlgorithms([bare]),
        "signer_infos": [cms.SignerInfo(information)],
        **{one: signed[one] for one in parts},
    }
    whole = {"content_type": "signed_data", "content": cms.SignedData(content)}
    return cms.ContentInfo(whole).dump()


@pytest.mark.parametrize("stamped", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_bytes_are_those_of_pyhanko(kind, stamped, authority, timestamps) -> None:
    signer = authority.signer(kind)
    identity = signer.identity
    digest = identity.algorithm.digest(b"a document")
    attributes = signed_attributes(digest, identity.certificate)
    signature = signer.sign(attributes)
    token = timestamps.stamp(identity.algorithm.digest(signature)) if stamped else None
    ours = signed_data(
        attributes=attributes,
        signature=signature,
        algorithm=identity.algorithm,
        certificate=identity.certificate,
        chain=identity.chain,
        timestamp=token,
    )
    assert ours == _pyhanko(identity, signature, digest, token)


@pytest.mark.parametrize("kind", KINDS)
def test_the_room_is_enough_and_not_much_more(kind, authority, timestamps) -> None:
    signer = authority.signer(kind)
    identity = signer.identity
    attributes = signed_attributes(identity.algorithm.digest(b""), identity.certificate)
    common = {
        "attributes": attributes,
        "algorithm": identity.algorithm,
        "certificate": identity.certificate,
        "chain": identity.chain,
    }
    made = signed_data(signature=signer.sign(attributes), **common)
    longest = longest_signed_data(**common)
    assert len(made) <= longest <= len(made) + 20
    token = timestamps.stamp(identity.algorithm.digest(b""))
    made = signed_data(signature=signer.sign(attributes), timestamp=token, **common)
    assert len(made) <= longest_signed_data(**common, timestamp_room=len(token))


def test_attributes_are_sorted_as_der_wants(authority) -> None:
    """X.690 §11.6."""
    certificate = authority.signer().identity.certificate
    _, content = der.only_element(signed_attributes(bytes(32), certificate))
    whole = [one for _, _, one in der.elements(content)]
    assert len(whole) == 3
    assert whole == sorted(whole)


def test_names_are_cut_out_and_never_written_anew(authority) -> None:
    certificate = authority.certificate
    named = issuer_and_serial(_der(certificate))
    read = asn1_x509.Certificate.load(_der(certificate))
    assert named.issuer == read.issuer.dump()
    assert named.serial == read["tbs_certificate"]["serial_number"].dump()


@pytest.mark.parametrize(
    "broken", [b"", b"\x30", b"\x30\x00", b"\x30\x80\x00\x00", b"\x04\x02ab", b"\x30\x03\x02\x01"]
)
def test_what_is_no_certificate_is_malformed(broken) -> None:
    with pytest.raises(MalformedInput) as refused:
        issuer_and_serial(broken)
    assert refused.value.reason == "der_malformed"
    with pytest.raises(MalformedInput) as refused:
        token_chain(broken)
    assert refused.value.reason == "der_malformed"


def test_the_chain_of_a_token_begins_with_its_signer(authority, timestamps) -> None:
    token = timestamps.stamp(bytes(32))
    assert tsp.TSTInfo.load(
        cms.ContentInfo.load(token)["content"]["encap_content_info"]["content"].parsed.dump()
    )
    leaf, issuing = token_chain(token)
    subject = asn1_x509.Certificate.load(leaf).subject.native
    assert subject["common_name"] == "SPECIMEN Time"
    assert issuing == _der(authority.certificate)


def test_openssl_prints_it(authority, tmp_path) -> None:
    signer = authority.signer()
    identity = signer.identity
    attributes = signed_attributes(bytes(32), identity.certificate)
    path = tmp_path / "cms.der"
    path.write_bytes(
        signed_data(
            attributes=attributes,
            signature=signer.sign(attributes),
            algorithm=identity.algorithm,
            certificate=identity.certificate,
            chain=identity.chain,
        )
    )
    command = ["openssl", "cms", "-cmsout", "-print", "-inform", "DER", "-in", str(path), "-noout"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "id-smime-aa-signingCertificateV2" in printed
    assert "signingTime" not in printed
    assert printed.count("algorithm: sha256 (2.16.840.1.101.3.4.2.1)") == 2
    assert printed.count("parameter: <ABSENT>") >= 2
