"""Certificates of the embedded authority, as OpenSSL and ``cryptography`` read them."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tests.unit.signing.certificates.conftest import write_pem

from hkeid.kernel.errors import HkeidError
from hkeid.ports.certificates import CertificateSubject
from hkeid.signing import der
from hkeid.signing.certificates import (
    PROFILES,
    CertificateProfile,
    CertificateRefused,
    Credential,
    EmbeddedAuthority,
    MemoryKey,
    RequestMalformed,
    build_request,
    read_certificate,
)
from hkeid.signing.certificates.building import new_serial
from hkeid.signing.certificates.reading import chain_to
from hkeid.testing.certification import ARC, RESIDENT

HKIC = "Z683365"


def parsed(certificate: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate)


def reason(act) -> str:
    with pytest.raises(HkeidError) as caught:
        act()
    return caught.value.reason


def test_a_residents_certificate_keeps_its_profile(certification) -> None:
    """ETSI EN 319 412-2 §4.3.2: nonRepudiation alone, critical; the name in both scripts; an opaque
    serialNumber; policy below our own arc with the address of the statement."""
    certificate = parsed(certification.issue().certificate)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.content_commitment
    others = ("digital_signature", "key_encipherment", "data_encipherment", "key_agreement")
    assert not any(getattr(usage.value, name) for name in (*others, "key_cert_sign", "crl_sign"))
    names = {one.oid: one for one in certificate.subject}
    common = names[NameOID.COMMON_NAME]
    assert common.value == "SPECIMEN CHAN Tai Man 樣本陳大文"
    assert b"\x0c" + bytes((len(common.value.encode()),)) + common.value.encode() in (
        certificate.subject.public_bytes()
    )
    assert names[NameOID.SERIAL_NUMBER].value == RESIDENT.reference
    assert names[NameOID.SURNAME].value == "CHAN"
    (policy,) = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert policy.policy_identifier.dotted_string == f"{ARC}.1"
    assert policy.policy_qualifiers == ["https://example.hk/cps"]
    access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert [one.access_location.value for one in access] == [
        "http://pki.example.hk/pki/ocsp",
        "http://pki.example.hk/pki/issuing.cer",
    ]


def test_a_short_term_certificate_points_to_no_revocation(certification) -> None:
    """ETSI EN 319 412-1 §5.2: valassured; at most 24 hours, both ends included (RFC 5280 §4.1.2.5)."""
    certificate = parsed(certification.issue(profile="resident-short").certificate)
    found = {one.oid.dotted_string: one for one in certificate.extensions}
    assert found["0.4.0.194121.2.1"].value.value == b"\x05\x00"
    assert not found["0.4.0.194121.2.1"].critical
    assert x509.CRLDistributionPoints.oid.dotted_string not in found
    access = found[x509.AuthorityInformationAccess.oid.dotted_string].value
    assert [one.access_location.value for one in access] == [
        "http://pki.example.hk/pki/issuing.cer"
    ]
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert life + timedelta(seconds=1) == timedelta(hours=24)


@pytest.mark.parametrize(
    ("profile", "purpose", "critical"),
    [("time-stamp", "1.3.6.1.5.5.7.3.8", True), ("ocsp", "1.3.6.1.5.5.7.3.9", False)],
)
def test_certificates_of_services(certification, profile, purpose, critical) -> None:
    """RFC 3161 §2.3: sole and critical. RFC 6960 §4.2.2.2: a delegated responder, with nocheck."""
    key = MemoryKey(ec.generate_private_key(ec.SECP256R1()))
    certificate = parsed(certification.service(profile, key).certificate)
    extended = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert [one.dotted_string for one in extended.value] == [purpose]
    assert extended.critical is critical
    no_check = [one for one in certificate.extensions if one.oid == x509.OCSPNoCheck.oid]
    assert len(no_check) == (profile == "ocsp")


def test_the_root_is_an_authority_over_issuing_ones_only(certification) -> None:
    root, issuing = parsed(certification.root.certificate), certification.authority.certificate
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 1
    assert issuing.path_length == 0
    assert isinstance(root.public_key(), ec.EllipticCurvePublicKey)
    assert root.public_key().curve.name == "secp384r1"
    assert root.signature_hash_algorithm.name == "sha384"


@pytest.mark.parametrize("profile", ["resident", "resident-short", "officer", "time-stamp", "ocsp"])
def test_openssl_accepts_the_chain_strictly(certification, openssl, folder, profile) -> None:
    issued = certification.issue(profile=profile)
    write_pem(folder / "leaf.pem", "CERTIFICATE", issued.certificate)
    at = int(certification.clock.now().timestamp())
    answer = openssl(
        "verify", "-x509_strict", "-policy_check", "-attime", at,
        *("-CAfile", folder / "root.pem", "-untrusted", folder / "issuing.pem"),
        folder / "leaf.pem",
    )  # fmt: skip
    assert answer.strip().endswith("OK")


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP384R1()),
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["p256", "p384", "rsa2048", "ed25519"],
)
def test_requests_of_others_are_understood(certification, key) -> None:
    """PKCS#10 made by another library, whose name is not believed."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "I am the Chief Executive")])
    hash_ = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hash_)
    issued = certification.authority.issue(
        request.public_bytes(Encoding.DER), profile="resident", subject=RESIDENT
    )
    assert b"Chief Executive" not in issued.certificate
    assert parsed(issued.certificate).public_key() == key.public_key()


def test_a_request_is_proof_of_possession(certification) -> None:
    """RFC 2986: whoever cannot sign with the key gets no certificate for it."""
    request = bytearray(build_request(MemoryKey()))
    other = build_request(MemoryKey(), b"\x30\x00")
    stolen = der.sequence(
        der.elements(der.only_element(bytes(request))[1])[0][2],
        *(one[2] for one in der.elements(der.only_element(other)[1])[1:]),
    )
    issue = certification.authority.issue
    assert (
        reason(lambda: issue(stolen, profile="resident", subject=RESIDENT))
        == "request_signature_wrong"
    )


@pytest.mark.parametrize("place", range(0, 300, 7))
def test_altered_requests_are_refused_in_our_own_words(certification, place) -> None:
    request = bytearray(build_request(MemoryKey()))
    request[place % len(request)] ^= 0x5A
    with pytest.raises((RequestMalformed, CertificateRefused)):
        certification.authority.issue(bytes(request), profile="resident", subject=RESIDENT)


@pytest.mark.parametrize("request_", [b"", b"\x30", b"\x30\x80\x00\x00", bytes(20_000), b"-----"])
def test_what_is_no_request_is_malformed(certification, request_) -> None:
    act = lambda: certification.authority.issue(request_, profile="resident", subject=RESIDENT)  # noqa: E731
    assert reason(act) == "certificate_request_malformed"


def test_keys_that_are_too_short_are_refused(certification) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    encoded = request.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    act = lambda: certification.authority.issue(encoded, profile="resident", subject=RESIDENT)  # noqa: E731
    assert reason(act) == "request_key_refused"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"reference": HKIC}, "subject_is_identity_card"),
        ({"reference": "Z683365(5)"}, "subject_is_identity_card"),
        ({"reference": "z6833655"}, "subject_is_identity_card"),
        ({"reference": "Z-683365-5"}, "subject_is_identity_card"),
        ({"reference": "short"}, "subject_refused"),
        ({"reference": "with space in it"}, "subject_refused"),
        ({"name": ""}, "subject_refused"),
        ({"name": "x" * 65}, "subject_refused"),
        ({"name": "two\nlines"}, "subject_refused"),
        ({"name": "right\u202eleft"}, "subject_refused"),
        ({"name": " spaces "}, "subject_refused"),
    ],
)
def test_subjects_that_are_refused(certification, change, expected) -> None:
    subject = dataclasses.replace(RESIDENT, **{"chinese_name": "", **change})
    assert reason(lambda: certification.issue(subject=subject)) == expected


def test_profiles_that_are_not_given_out(certification) -> None:
    assert reason(lambda: certification.issue(profile="root")) == "profile_not_for_requests"
    assert reason(lambda: certification.issue(profile="issuing")) == "profile_not_for_requests"
    assert reason(lambda: certification.issue(profile="wish")) == "profile_unknown"


@pytest.mark.parametrize(
    "change",
    [
        {"key_usage": ("nonRepudiation", "digitalSignature")},
        {"key_usage": ("keyCertSign",)},
        {"key_usage": ()},
        {"key_usage": ("decipherOnly",)},
        {"lifetime": timedelta(0)},
        {"short_term": True},
        {"no_check": True},
        {"extended_key_usage": ("1.3.6.1.5.5.7.3.8",)},
        {
            "extended_key_usage": ("1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.36"),
            "extended_critical": True,
        },
    ],
)
def test_no_profile_breaks_its_clause(change) -> None:
    with pytest.raises(ValueError, match="profile resident"):
        dataclasses.replace(PROFILES["resident"], **change)


def test_serial_numbers_are_long_and_random(certification) -> None:
    """RFC 5280 §4.1.2.2: positive, at most 20 octets; more than 64 bits of chance."""
    numbers = {new_serial(certification.random) for _ in range(1000)}
    assert len(numbers) == 1000
    assert all(0 < one < 1 << 127 and one.bit_length() == 127 for one in numbers)
    assert len({one >> 62 & (1 << 64) - 1 for one in numbers}) == 1000


def test_issuing_is_recorded_and_audited(certification) -> None:
    """Law 5: in one transaction; and nobody's name is kept."""
    issued = certification.issue()
    serial = f"{read_certificate(issued.certificate).serial:x}"
    with certification.store.transaction() as tx:
        record = tx.issued_certificates.get(certification.authority.id, serial)
        (event,) = [
            one
            for writer in tx.audit_records.writers()
            for one in tx.audit_records.of_writer(writer)
            if one.name == "signing:certificate:issued" and serial.encode() in one.body
        ]
    assert record.reference == RESIDENT.reference
    assert record.fingerprint == parsed(issued.certificate).fingerprint(hashes.SHA256())
    assert b"CHAN" not in event.body


def test_nothing_is_given_out_that_was_not_recorded(certification, monkeypatch) -> None:
    from hkeid.signing.certificates import authority

    monkeypatch.setattr(authority, "new_serial", lambda _: 0x55)
    certification.issue()
    assert reason(certification.issue) == "record_exists"


def test_an_authority_does_not_outlive_its_certificate(certification) -> None:
    ends = certification.authority.certificate.not_after
    certification.clock.moment = ends - timedelta(days=3)
    issued = certification.issue()
    assert read_certificate(issued.certificate).not_after == ends
    certification.clock.moment = ends + timedelta(seconds=1)
    assert reason(certification.issue) == "authority_expired"


def test_an_authority_needs_its_own_key_and_certificate(certification) -> None:
    leaf = MemoryKey(ec.generate_private_key(ec.SECP256R1()))
    for credential in (
        Credential(MemoryKey(), certification.authority.certificate.encoded),
        Credential(leaf, certification.issue(leaf).certificate),
    ):
        parts = (certification.store, credential, certification.clock, certification.random)
        assert reason(lambda parts=parts: EmbeddedAuthority(*parts)) == "authority_unfit"


def test_chains_are_built_to_an_anchor_only(certification) -> None:
    leaf = read_certificate(certification.issue().certificate)
    issuing, root = certification.authority.certificate, certification.root.certificate
    at = certification.clock.now()
    chain = chain_to(leaf, [issuing], [root], at)
    assert chain is not None
    assert [one.encoded for one in chain] == [leaf.encoded, issuing.encoded, root]
    assert chain_to(leaf, [], [root], at) is None
    assert chain_to(leaf, [issuing], [], at) is None
    assert chain_to(leaf, [issuing], [root], at + timedelta(days=4000)) is None
    # A leaf is no authority: what its key signed leads nowhere.
    assert not leaf.issued_by(leaf)


def test_subjects_print_no_name() -> None:
    subject = CertificateSubject(reference="abcdefgh", name="CHAN Tai Man")
    assert "CHAN" not in repr(subject)
    assert isinstance(PROFILES["resident"], CertificateProfile)
