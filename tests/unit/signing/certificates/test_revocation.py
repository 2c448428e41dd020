"""Revocation lists and OCSP, as OpenSSL and ``cryptography`` read them."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from tests.unit.signing.certificates.conftest import write_pem

from hkeid.kernel.errors import HkeidError
from hkeid.kernel.http import Request
from hkeid.ports.certificates import CertificateState, RevocationReason
from hkeid.signing.certificates import (
    Credential,
    MemoryKey,
    OcspResponder,
    OcspStatus,
    RepositoryDoor,
    read_certificate,
)
from hkeid.signing.certificates.ocsp_requests import (
    build_ocsp_request,
    certificate_id,
    read_ocsp_request,
)

SECOND = timedelta(seconds=1)


def reason(act) -> str:
    with pytest.raises(HkeidError) as caught:
        act()
    return caught.value.reason


def serial_of(issued) -> int:
    return read_certificate(issued.certificate).serial


def listed(certification) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(certification.authority.revocation_list().encoded)


def test_a_revoked_certificate_is_on_the_next_list(certification) -> None:
    issued, other = certification.issue(), certification.issue()
    assert listed(certification).get_revoked_certificate_by_serial_number(serial_of(issued)) is None
    certification.clock.moment += SECOND
    suspected = certification.clock.now() - timedelta(days=1)
    certification.authority.revoke(serial_of(issued), RevocationReason.KEY_COMPROMISE, suspected)
    certification.clock.moment += SECOND
    found = listed(certification)
    entry = found.get_revoked_certificate_by_serial_number(serial_of(issued))
    assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason is (
        x509.ReasonFlags.key_compromise
    )
    invalid = entry.extensions.get_extension_for_class(x509.InvalidityDate).value
    assert invalid.invalidity_date_utc == suspected
    assert found.get_revoked_certificate_by_serial_number(serial_of(other)) is None
    assert found.is_signature_valid(certification.authority.certificate.key)
    assert found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 2


def test_a_list_is_kept_for_a_day_and_good_for_longer(certification) -> None:
    first = certification.authority.revocation_list()
    certification.clock.moment += timedelta(hours=23)
    assert certification.authority.revocation_list() == first
    certification.clock.moment += timedelta(hours=1)
    second = certification.authority.revocation_list()
    assert (first.number, second.number) == (1, 2)
    assert first.next_update > second.this_update + timedelta(days=1)


def test_expired_certificates_stay_on_the_list(certification) -> None:
    """ITU-T X.509 expiredCertsOnCRL: a signature is judged long after."""
    issued = certification.issue()
    certification.authority.revoke(serial_of(issued), RevocationReason.SUPERSEDED)
    certification.clock.moment += timedelta(days=1500)
    found = listed(certification)
    assert found.get_revoked_certificate_by_serial_number(serial_of(issued)) is not None
    since = found.extensions.get_extension_for_oid(x509.ObjectIdentifier("2.5.29.60"))
    begun = certification.authority.certificate.not_before.strftime("%Y%m%d%H%M%SZ").encode()
    assert since.value.value == b"\x18\x0f" + begun


def test_openssl_refuses_what_is_revoked(certification, openssl, folder) -> None:
    good, bad = certification.issue(), certification.issue()
    certification.authority.revoke(serial_of(bad), RevocationReason.PRIVILEGE_WITHDRAWN)
    write_pem(folder / "issuing.crl", "X509 CRL", certification.authority.revocation_list().encoded)
    at = int((certification.clock.now() + SECOND).timestamp())
    for issued, status in ((good, 0), (bad, 2)):
        write_pem(folder / "leaf.pem", "CERTIFICATE", issued.certificate)
        answer = openssl(
            "verify", "-crl_check_all", "-x509_strict", "-attime", at,
            *("-CAfile", folder / "root.pem", "-untrusted", folder / "issuing.pem"),
            *("-CRLfile", folder / "root.crl", "-CRLfile", folder / "issuing.crl"),
            folder / "leaf.pem", status=status,
        )  # fmt: skip
        assert ("certificate revoked" in answer) == (status == 2)


def test_what_cannot_be_revoked(certification) -> None:
    revoke = certification.authority.revoke
    issued, short = certification.issue(), certification.issue(profile="resident-short")
    why = RevocationReason.UNSPECIFIED
    assert reason(lambda: revoke(4711, why)) == "certificate_unknown"
    assert reason(lambda: revoke(serial_of(short), why)) == "certificate_not_revocable"
    future = certification.clock.now() + SECOND
    assert reason(lambda: revoke(serial_of(issued), why, future)) == "invalid_since_in_future"
    revoke(serial_of(issued), why)
    assert reason(lambda: revoke(serial_of(issued), why)) == "certificate_revoked_already"
    assert certification.authority.status(serial_of(issued)).state is CertificateState.REVOKED
    assert certification.authority.status(serial_of(short)).state is CertificateState.GOOD
    assert certification.authority.status(-5).state is CertificateState.UNKNOWN


def test_everything_of_a_person_is_revoked_at_once(certification) -> None:
    first, second = certification.issue(), certification.issue()
    certification.issue(profile="resident-short")
    certification.authority.revoke(serial_of(first), RevocationReason.SUPERSEDED)
    reference = "k3Zq9-Vt7Lw2Pd8Ysd"
    revoke_all = certification.authority.revoke_all
    assert revoke_all(reference, RevocationReason.CESSATION_OF_OPERATION) == 1
    assert revoke_all(reference, RevocationReason.CESSATION_OF_OPERATION) == 0
    assert certification.authority.status(serial_of(second)).reason is (
        RevocationReason.CESSATION_OF_OPERATION
    )


# --- OCSP --------------------------------------------------------------------------------------------------


def asked(certification, issued, *, hash_=None, nonce: bytes | None = None) -> bytes:
    issuer = x509.load_der_x509_certificate(certification.authority.certificate.encoded)
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        x509.load_der_x509_certificate(issued.certificate), issuer, hash_ or hashes.SHA1()
    )
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


@pytest.mark.parametrize("hash_", [hashes.SHA1(), hashes.SHA256(), hashes.SHA512()])
@pytest.mark.parametrize("revoked", [False, True])
def test_ocsp_says_how_it_stands(certification, hash_, revoked) -> None:
    issued = certification.issue()
    if revoked:
        certification.authority.revoke(serial_of(issued), RevocationReason.KEY_COMPROMISE)
    answer = certification.responder.answer(
        asked(certification, issued, hash_=hash_, nonce=b"n" * 32)
    )
    found = ocsp.load_der_ocsp_response(answer.encoded)
    assert found.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    assert found.certificate_status is (
        ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD
    )
    assert found.serial_number == serial_of(issued)
    assert found.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"n" * 32
    assert found.next_update_utc - found.this_update_utc == timedelta(hours=12)
    (responder,) = found.certificates
    responder.public_key().verify(
        found.signature, found.tbs_response_bytes, ec.ECDSA(found.signature_hash_algorithm)
    )
    if revoked:
        assert found.revocation_reason is x509.ReasonFlags.key_compromise
        assert found.revocation_time_utc == certification.clock.now()


def test_ocsp_does_not_vouch_for_what_was_never_issued(certification) -> None:
    own = certification.authority.certificate
    request = build_ocsp_request((certificate_id(own.subject, own.public_key, 4711),), None)
    found = ocsp.load_der_ocsp_response(certification.responder.answer(request).encoded)
    assert found.certificate_status is ocsp.OCSPCertStatus.UNKNOWN


def test_ocsp_is_silent_about_other_authorities(certification) -> None:
    """RFC 6960 §2.3: unauthorized."""
    root = read_certificate(certification.root.certificate)
    request = build_ocsp_request((certificate_id(root.subject, root.public_key, 1),), None)
    answer = certification.responder.answer(request)
    assert answer.status is OcspStatus.UNAUTHORIZED
    assert answer.encoded == b"\x30\x03\x0a\x01\x06"


@pytest.mark.parametrize("request_", [b"", b"\x30\x00", b"\x30\x80", bytes(50_000), b"\xff" * 40])
def test_ocsp_answers_whatever_comes(certification, request_) -> None:
    assert certification.responder.answer(request_).status is OcspStatus.MALFORMED_REQUEST


def test_every_altered_ocsp_request_gets_an_answer_to_what_it_asks(certification) -> None:
    issued = certification.issue()
    request = asked(certification, issued, nonce=b"n" * 16)
    own = x509.load_der_x509_certificate(issued.certificate).serial_number
    for place in range(len(request)):
        altered = bytearray(request)
        altered[place] ^= 0x81
        answer = certification.responder.answer(bytes(altered))
        read = ocsp.load_der_ocsp_response(answer.encoded)
        assert read.response_status.value == answer.status
        if answer.status is OcspStatus.SUCCESSFUL:
            (wanted,) = read_ocsp_request(bytes(altered)).certificates
            assert read.serial_number == wanted.serial
            good = read.certificate_status is ocsp.OCSPCertStatus.GOOD
            assert good is (wanted.serial == own)


def test_nonces_of_no_length_or_too_long_are_malformed(certification) -> None:
    """RFC 9654 §2.1: 1 to 128 octets."""
    own = certification.authority.certificate
    one = (certificate_id(own.subject, own.public_key, 5),)
    for size, good in ((0, False), (1, True), (128, True), (129, False)):
        answer = certification.responder.answer(build_ocsp_request(one, b"n" * size))
        assert (answer.status is OcspStatus.SUCCESSFUL) is good
    assert read_ocsp_request(build_ocsp_request(one, None)).nonce is None


def test_openssl_accepts_the_ocsp_answer(certification, openssl, folder) -> None:
    """As the clock is: OpenSSL compares it with the answer's times."""
    from datetime import UTC, datetime

    issued = certification.issue()
    write_pem(folder / "leaf.pem", "CERTIFICATE", issued.certificate)
    request, answer = folder / "ocsp.req", folder / "ocsp.rsp"
    openssl(
        "ocsp", "-issuer", folder / "issuing.pem", "-cert", folder / "leaf.pem",
        "-reqout", request,
    )  # fmt: skip
    certification.clock.moment = datetime.now(UTC)
    answer.write_bytes(certification.responder.answer(request.read_bytes()).encoded)
    said = openssl(
        "ocsp", "-no_nonce", "-reqin", request, "-respin", answer, "-issuer", folder / "issuing.pem",
        "-cert", folder / "leaf.pem", "-CAfile", folder / "root.pem",
        "-verify_other", folder / "issuing.pem",
    )  # fmt: skip
    assert "Response verify OK" in said
    assert "leaf.pem: good" in said


def test_answers_are_made_beforehand(certification) -> None:
    """For a place that serves files: one for each certificate, without a nonce."""
    made = {serial_of(certification.issue()) for _ in range(3)}
    answers = dict(certification.responder.all_answers())
    assert made < answers.keys()
    found = ocsp.load_der_ocsp_response(answers[min(made)])
    assert found.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert not list(found.extensions)


def test_only_a_delegate_of_the_authority_responds(certification) -> None:
    """RFC 6960 §4.2.2.2."""
    key = MemoryKey()
    stamp = certification.service("time-stamp", key)
    for credential in (stamp, Credential(MemoryKey(), stamp.certificate)):
        act = lambda credential=credential: OcspResponder(  # noqa: E731
            certification.store,
            certification.authority.certificate,
            credential,
            certification.clock,
        )
        assert reason(act) == "authority_unfit"


def test_evidence_for_a_signature(certification) -> None:
    issued = certification.issue()
    chain = (issued.certificate, certification.authority.certificate.encoded)
    material = certification.revocation.material(chain, certification.clock.now())
    assert material.crls == (
        certification.authority.revocation_list().encoded,
        certification.root_list,
    )
    (answer,) = material.ocsps
    assert ocsp.load_der_ocsp_response(answer).serial_number == serial_of(issued)
    assert material.certificates == (chain[1], certification.root.certificate)
    with pytest.raises(HkeidError, match="revocation_unavailable"):
        certification.revocation.material(chain[1:], certification.clock.now())


# --- HTTP --------------------------------------------------------------------------------------------------


@pytest.fixture
def door(certification) -> RepositoryDoor:
    return RepositoryDoor(
        certification.authority,
        certification.responder,
        (certification.root.certificate, certification.root_list),
    )


def get(door, path: str, method: str = "GET"):
    return door.handle(Request(method=method, path=path))


def test_certificates_and_lists_are_fetched(certification, door) -> None:
    expected = {
        "/pki/root.cer": certification.root.certificate,
        "/pki/root.crl": certification.root_list,
        "/pki/issuing.cer": certification.authority.certificate.encoded,
        "/pki/issuing.crl": certification.authority.revocation_list().encoded,
    }
    for path, content in expected.items():
        answer = get(door, path)
        assert (answer.status, answer.body) == (200, content)
        kind = "pkix-cert" if path.endswith("cer") else "pkix-crl"
        assert answer.header("content-type") == f"application/{kind}"
    assert get(door, "/pki/root.key").status == 404
    assert get(door, "/pki/root.cer", "PUT").status == 405


def test_ocsp_over_http_both_ways(certification, door) -> None:
    """RFC 6960 appendix A.1: GET with base64 in the path may be cached, POST may not."""
    request = asked(certification, certification.issue())
    headers = {"content-type": "application/ocsp-request"}
    posted = door.handle(Request(method="POST", path="/pki/ocsp", body=request, headers=headers))
    fetched = get(door, "/pki/ocsp/" + quote(b64encode(request).decode(), safe=""))
    for answer in (posted, fetched):
        assert answer.header("content-type") == "application/ocsp-response"
        assert ocsp.load_der_ocsp_response(answer.body).certificate_status is (
            ocsp.OCSPCertStatus.GOOD
        )
    assert posted.header("cache-control") == "no-store"
    assert fetched.header("cache-control") == "max-age=3600, public, no-transform"
    assert get(door, "/pki/ocsp/!!!").status == 400
    assert door.handle(Request(method="POST", path="/pki/ocsp", body=request)).status == 415
    large = Request(method="POST", path="/pki/ocsp", body=bytes(20_000), headers=headers)
    assert door.handle(large).status == 413
