"""Tokens of our own unit, checked by ourselves, by OpenSSL and by pyHanko; and the other way round."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

from hkeid.kernel.errors import HkeidError, Unavailable
from hkeid.kernel.http import Request
from hkeid.signing.certificates import Credential, MemoryKey
from hkeid.signing.timestamping import (
    FailureInfo,
    TimestampDoor,
    TimestampFault,
    TimestampRequest,
    TimestampRules,
    TimestampUnit,
    TimestampUnitSettings,
    TimestampWrong,
    check_time,
    check_token,
    read_request,
    read_response,
)
from hkeid.signing.timestamping.issuing import TokenWriter
from hkeid.signing.timestamping.messages import TstInfo
from hkeid.testing.certification import POLICY
from hkeid.testing.own_loop import run_in_own_loop

DIGEST = hashlib.sha256(b"a will").digest()
NONCE = 0x0123456789ABCDEF0123456789ABCDEF
REQUEST = TimestampRequest(digest=DIGEST, nonce=NONCE)


def fault(act) -> TimestampFault:
    with pytest.raises(TimestampWrong) as caught:
        act()
    assert caught.value.reason == "timestamp_wrong"
    return caught.value.fault


def granted(unit, request=REQUEST) -> bytes:
    response = read_response(unit.answer(request.encoded()))
    assert response.status == 0
    assert response.token is not None
    return response.token


def test_a_token_says_what_was_asked(certification, unit, rules) -> None:
    token = check_token(granted(unit), REQUEST, rules)
    assert token.info.digest == DIGEST
    assert token.info.nonce == NONCE
    assert token.info.policy == POLICY
    assert token.info.time == certification.clock.now()
    assert token.info.accuracy == timedelta(seconds=1)
    assert token.info.ordering is False
    assert token.latest - token.earliest == timedelta(seconds=2)
    assert token.chain == (
        unit.certificate.encoded,
        certification.authority.certificate.encoded,
        certification.root.certificate,
    )


@pytest.mark.parametrize(
    "accuracy",
    [
        timedelta(seconds=1),
        timedelta(milliseconds=500),
        timedelta(microseconds=7),
        timedelta(seconds=2, milliseconds=130, microseconds=999),
        timedelta(seconds=300),
    ],
)
@pytest.mark.parametrize("microsecond", [0, 1, 120_000, 999_999])
def test_times_and_accuracies_survive(certification, rules, accuracy, microsecond) -> None:
    """Also as asn1crypto reads them: fractions without zeros at the end, millis and micros implicit."""
    certification.clock.moment = certification.clock.moment.replace(microsecond=microsecond)
    unit = certification.timestamp_unit(accuracy=accuracy)
    token = granted(unit)
    info = check_token(token, REQUEST, rules).info
    assert (info.time.microsecond, info.accuracy) == (microsecond, accuracy)
    content = tsp.ContentInfo.load(token, strict=True)["content"]["encap_content_info"]["content"]
    other = content.parsed
    assert other["gen_time"].native == certification.clock.now()
    parts = other["accuracy"].native
    assert accuracy == timedelta(
        seconds=parts["seconds"] or 0, milliseconds=parts["millis"] or 0,
        microseconds=parts["micros"] or 0,
    )  # fmt: skip


def test_certificates_are_left_out_unless_asked_for(certification, unit, rules) -> None:
    """RFC 3161 §2.4.1."""
    request = dataclasses.replace(REQUEST, certificate_wanted=False)
    token = granted(unit, request)
    assert unit.certificate.encoded not in token
    assert fault(lambda: check_token(token, request, rules)) is TimestampFault.CERTIFICATE_ABSENT
    held = (unit.certificate.encoded, certification.authority.certificate.encoded)
    check_token(token, request, dataclasses.replace(rules, others=held))


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa"])
@pytest.mark.parametrize("hash_name", ["sha256", "sha384", "sha512"])
def test_kinds_of_keys_and_hashes(certification, rules, openssl, folder, kind, hash_name) -> None:
    key = {
        "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "rsa": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    }[kind]()
    unit = certification.timestamp_unit(MemoryKey(key))
    digest = hashlib.new(hash_name, b"a will").digest()
    request = TimestampRequest(digest=digest, hash_name=hash_name, nonce=5)
    check_token(granted(unit, request), request, rules)
    (folder / "answer.tsr").write_bytes(unit.answer(request.encoded()))
    at = int(certification.clock.now().timestamp())
    said = openssl(
        "ts", "-verify", "-digest", digest.hex(), "-in", folder / "answer.tsr", "-attime", at,
        "-CAfile", folder / "root.pem", "-untrusted", folder / "issuing.pem",
    )  # fmt: skip
    assert "Verification: OK" in said


def test_openssls_own_request_is_answered(certification, unit, openssl, folder) -> None:
    """Request and check by OpenSSL, nonce and policy included."""
    document = folder / "document"
    document.write_bytes(b"a will")
    query = folder / "query.tsq"
    openssl(
        "ts", "-query", "-data", document, "-sha256", "-cert", "-tspolicy", POLICY, "-out", query
    )
    asked = read_request(query.read_bytes())
    assert (asked.digest, asked.policy, asked.certificate_wanted) == (DIGEST, POLICY, True)
    (folder / "answer.tsr").write_bytes(unit.answer(query.read_bytes()))
    at = int(certification.clock.now().timestamp())
    said = openssl(
        "ts", "-verify", "-queryfile", query, "-in", folder / "answer.tsr", "-attime", at,
        "-CAfile", folder / "root.pem", "-untrusted", folder / "issuing.pem",
    )  # fmt: skip
    assert "Verification: OK" in said


def test_openssls_own_token_is_accepted(certification, openssl, folder) -> None:
    """Token by OpenSSL over our request; checked by us."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from tests.unit.signing.certificates.conftest import write_pem

    certification.clock.moment = datetime.now(UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / "tsa.key").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    credential = certification.service("time-stamp", MemoryKey(key))
    write_pem(folder / "tsa.pem", "CERTIFICATE", credential.certificate)
    (folder / "serial").write_text("07\n")
    (folder / "ts.cnf").write_text(
        "[tsa]\ndefault_tsa = ours\n[ours]\n"
        f"serial = {folder}/serial\nsigner_cert = {folder}/tsa.pem\nsigner_key = {folder}/tsa.key\n"
        f"certs = {folder}/issuing.pem\nsigner_digest = sha256\ndefault_policy = {POLICY}\n"
        "digests = sha256\naccuracy = secs:2, millisecs:7\nordering = no\ness_cert_id_chain = no\n"
        "ess_cert_id_alg = sha256\n"
    )
    (folder / "query.tsq").write_bytes(REQUEST.encoded())
    openssl(
        "ts", "-reply", "-config", folder / "ts.cnf", "-queryfile", folder / "query.tsq",
        "-out", folder / "answer.tsr",
    )  # fmt: skip
    response = read_response((folder / "answer.tsr").read_bytes())
    rules = TimestampRules(anchors=(certification.root.certificate,), policies=frozenset({POLICY}))
    token = check_token(response.token, REQUEST, rules)
    assert token.info.serial == 8
    assert token.info.accuracy == timedelta(seconds=2, milliseconds=7)
    now = datetime.now(UTC)
    check_time(token, sent=now, received=now, tolerance=timedelta(minutes=1))


class OurUnit(TimeStamper):
    """pyHanko's client over our unit."""

    def __init__(self, unit: TimestampUnit) -> None:
        super().__init__()
        self._unit = unit

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return tsp.TimeStampResp.load(self._unit.answer(req.dump()))


def test_pyhankos_client_and_validation_accept_our_token(certification, unit) -> None:
    async def stamped():
        token = await OurUnit(unit).async_timestamp(DIGEST, "sha256")
        context = ValidationContext(
            trust_roots=[asn1_x509.Certificate.load(certification.root.certificate)],
            other_certs=[asn1_x509.Certificate.load(certification.authority.certificate.encoded)],
            moment=certification.clock.now(),
            allow_fetching=False,
        )
        return await validate_tst_signed_data(token["content"], context, lambda _: DIGEST)

    status = run_in_own_loop(stamped())
    assert status["valid"]
    assert status["intact"]
    assert status["trust_problem_indic"] is None
    assert status["timestamp"] == certification.clock.now()


# --- what is refused ---------------------------------------------------------------------------------------


def test_a_token_for_something_else(unit, rules) -> None:
    token = granted(unit)

    def about(**change):
        return fault(lambda: check_token(token, dataclasses.replace(REQUEST, **change), rules))

    assert about(digest=bytes(32)) is TimestampFault.IMPRINT_DIFFERS
    assert about(digest=bytes(48), hash_name="sha384") is TimestampFault.IMPRINT_DIFFERS
    assert about(nonce=NONCE + 1) is TimestampFault.NONCE_DIFFERS
    assert about(policy="2.999.7") is TimestampFault.POLICY_DIFFERS
    other = dataclasses.replace(rules, policies=frozenset({"2.999.7"}))
    assert fault(lambda: check_token(token, REQUEST, other)) is TimestampFault.POLICY_DIFFERS
    fine = dataclasses.replace(rules, accuracy=timedelta(milliseconds=999))
    assert fault(lambda: check_token(token, REQUEST, fine)) is TimestampFault.ACCURACY_COARSE
    check_token(token, REQUEST, dataclasses.replace(rules, accuracy=timedelta(seconds=1)))


def test_a_token_without_a_nonce_does_not_answer_a_question_with_one(unit, rules) -> None:
    token = granted(unit, dataclasses.replace(REQUEST, nonce=None))
    assert fault(lambda: check_token(token, REQUEST, rules)) is TimestampFault.NONCE_DIFFERS


def test_a_token_of_a_stranger(certification, rules) -> None:
    from hkeid.testing.certification import Certification

    other = Certification()
    token = granted(other.timestamp_unit())
    assert fault(lambda: check_token(token, REQUEST, rules)) is TimestampFault.CHAIN_UNTRUSTED
    none = TimestampRules(anchors=())
    assert fault(lambda: check_token(token, REQUEST, none)) is TimestampFault.CHAIN_UNTRUSTED


def _forged(certification, certificate: bytes, key) -> bytes:
    """A token by whoever has a key and a certificate, fit for time-stamps or not."""
    info = TstInfo(
        policy=POLICY, digest=DIGEST, hash_name="sha256", serial=1,
        time=certification.clock.now(), nonce=NONCE,
    )  # fmt: skip
    credential = Credential(key, certificate, certification.authority.chain)
    return TokenWriter(credential).token(info.encoded(), with_chain=True)


def test_certificates_that_are_not_for_time_stamps(certification, rules) -> None:
    """RFC 3161 §2.3: sole and critical."""
    from hkeid.signing import der
    from hkeid.signing.certificates import profiles
    from hkeid.signing.certificates.building import CertificateBody, build_certificate
    from hkeid.signing.certificates.extensions import EXTENDED_KEY_USAGE, extension

    key = MemoryKey(ec.generate_private_key(ec.SECP256R1()))
    resident = certification.issue(key).certificate
    token = _forged(certification, resident, key)
    assert fault(lambda: check_token(token, REQUEST, rules)) is TimestampFault.PURPOSE_NOT_SOLE

    own = certification.authority.certificate
    stamping = der.oid(profiles.TIME_STAMPING)
    for purposes, critical, expected in (
        ((stamping, der.oid(profiles.DOCUMENT_SIGNING)), True, TimestampFault.PURPOSE_NOT_SOLE),
        ((stamping,), False, TimestampFault.PURPOSE_NOT_CRITICAL),
    ):
        made = build_certificate(
            CertificateBody(
                serial=7, issuer=own.subject, subject=own.subject, public_key=key.public_key,
                not_before=own.not_before, not_after=own.not_after,
                extensions=(
                    extension(EXTENDED_KEY_USAGE, der.sequence(*purposes), critical=critical),
                ),
            ),
            certification.authority._credential.key,
        )  # fmt: skip
        forged = _forged(certification, made, key)
        act = lambda forged=forged: check_token(forged, REQUEST, rules)  # noqa: E731
        assert fault(act) is expected


def test_another_certificate_of_the_same_key_is_not_the_named_one(certification, rules) -> None:
    """RFC 5816 §2.2.1: ESSCertIDv2 names one certificate, not a key."""
    key = MemoryKey(ec.generate_private_key(ec.SECP256R1()))
    first = certification.service("time-stamp", key)
    second = certification.service("time-stamp", key)
    writers = [TokenWriter(Credential(key, one.certificate, one.chain)) for one in (first, second)]
    # Outside the signed attributes the other one is named and carried.
    writers[1]._named = writers[0]._named
    info = TstInfo(
        policy=POLICY, digest=DIGEST, hash_name="sha256", serial=1,
        time=certification.clock.now(), nonce=NONCE,
    )  # fmt: skip
    for writer, good in ((writers[0], True), (writers[1], False)):
        token = writer.token(info.encoded(), with_chain=True)
        if good:
            check_token(token, REQUEST, rules)
            continue
        act = lambda token=token: check_token(token, REQUEST, rules)  # noqa: E731
        assert fault(act) is TimestampFault.CERTIFICATE_NOT_NAMED


def test_a_certificate_that_had_ended(certification, rules) -> None:
    key = MemoryKey(ec.generate_private_key(ec.SECP256R1()))
    credential = certification.service("time-stamp", key)
    certification.clock.moment += timedelta(days=2000)
    token = _forged(certification, credential.certificate, key)
    assert fault(lambda: check_token(token, REQUEST, rules)) is TimestampFault.CERTIFICATE_NOT_VALID


def test_every_changed_byte_is_noticed(unit, rules) -> None:
    """Whatever is changed: never another error, and accepted only where nothing depends on it."""
    token = granted(unit)
    good = check_token(token, REQUEST, rules)
    for place in range(len(token)):
        altered = bytearray(token)
        altered[place] ^= 0x01
        try:
            found = check_token(bytes(altered), REQUEST, rules)
        except HkeidError as error:
            assert error.reason == "timestamp_wrong"
        else:
            assert found.info == good.info
            # Of the authority's certificate nothing says how many bits of its signature are unused.
            assert (found.chain[0], found.chain[-1]) == (good.chain[0], good.chain[-1])


def test_times_far_from_ours(certification, unit, rules) -> None:
    token = check_token(granted(unit), REQUEST, rules)
    now = certification.clock.now()
    minute = timedelta(minutes=1)
    check_time(token, sent=now - minute, received=now, tolerance=timedelta(0))
    check_time(token, sent=now + minute, received=now + minute, tolerance=minute)
    for moment in (now + 3 * minute, now - 3 * minute):
        act = lambda moment=moment: check_time(  # noqa: E731
            token, sent=moment, received=moment, tolerance=minute
        )
        assert fault(act) is TimestampFault.TIME_FAR


# --- the unit ----------------------------------------------------------------------------------------------


def failure(unit, request: bytes) -> FailureInfo | None:
    response = read_response(unit.answer(request))
    assert response.status == 2
    assert response.token is None
    return response.failure


@pytest.mark.parametrize(
    "request_", [b"", b"\x30\x00", bytes(40), b"\x30\x80\x00\x00", bytes(70_000)]
)
def test_the_unit_answers_whatever_comes(unit, request_) -> None:
    assert failure(unit, request_) is FailureInfo.BAD_DATA_FORMAT


def test_the_unit_answers_every_altered_request_with_what_it_asks(unit, rules) -> None:
    encoded = REQUEST.encoded()
    for place in range(len(encoded)):
        for bit in range(8):
            altered = bytearray(encoded)
            altered[place] ^= 1 << bit
            response = read_response(unit.answer(bytes(altered)))
            if response.token is None:
                assert response.status == 2
                assert response.failure is not None
            else:
                check_token(response.token, read_request(bytes(altered)), rules)


def test_the_unit_says_why_not(unit) -> None:
    weak = tsp.TimeStampReq(
        {
            "version": 1,
            "message_imprint": {
                "hash_algorithm": {"algorithm": "sha1"},
                "hashed_message": bytes(20),
            },
        }
    )
    assert failure(unit, weak.dump()) is FailureInfo.BAD_ALG
    other = dataclasses.replace(REQUEST, policy="2.999.7")
    assert failure(unit, other.encoded()) is FailureInfo.UNACCEPTED_POLICY
    assert failure(unit, tsp.TimeStampReq(
        {
            "version": 1,
            "message_imprint": {
                "hash_algorithm": {"algorithm": "sha256"}, "hashed_message": DIGEST
            },
            "extensions": [{"extn_id": "2.999.8", "critical": False, "extn_value": b"\x05\x00"}],
        }
    ).dump()) is FailureInfo.UNACCEPTED_EXTENSION  # fmt: skip


def test_openssl_reads_our_refusal(unit, openssl, folder) -> None:
    (folder / "no.tsr").write_bytes(unit.answer(b"nonsense"))
    said = openssl("ts", "-reply", "-in", folder / "no.tsr", "-text")
    assert "Rejected" in said
    assert "the data submitted has the wrong format" in said


def test_a_unit_whose_certificate_has_ended_is_silent(certification, unit) -> None:
    certification.clock.moment += timedelta(days=2000)
    assert failure(unit, REQUEST.encoded()) is FailureInfo.TIME_NOT_AVAILABLE
    with pytest.raises(Unavailable) as caught:
        unit.stamp(DIGEST)
    assert caught.value.reason == "timestamp_unavailable"


def test_serial_numbers_are_never_given_out_twice(certification, rules) -> None:
    """Also by units that begin again: their blocks are behind them (RFC 3161 §2.4.2)."""
    key = MemoryKey(ec.generate_private_key(ec.SECP256R1()))
    credential = certification.service("time-stamp", key)
    settings = TimestampUnitSettings(policy=POLICY, block=4)
    seen = []
    for _ in range(3):
        unit = TimestampUnit(certification.store, credential, certification.clock, settings)
        seen += [check_token(granted(unit), REQUEST, rules).info.serial for _ in range(6)]
    assert len(set(seen)) == 18
    assert seen == [*range(1, 7), *range(9, 15), *range(17, 23)]


def test_ordered_tokens_are_ordered(certification, rules) -> None:
    """RFC 3161 §2.4.2: with ``ordering``, a clock that stands or goes back makes no token."""
    key = MemoryKey(ec.generate_private_key(ec.SECP256R1()))
    credential = certification.service("time-stamp", key)
    settings = TimestampUnitSettings(policy=POLICY, ordering=True)
    units = [
        TimestampUnit(certification.store, credential, certification.clock, settings)
        for _ in range(2)
    ]
    first = check_token(granted(units[0]), REQUEST, rules)
    assert first.info.ordering
    assert failure(units[1], REQUEST.encoded()) is FailureInfo.TIME_NOT_AVAILABLE
    certification.clock.moment += timedelta(microseconds=1)
    second = check_token(granted(units[1]), REQUEST, rules)
    assert second.info.time > first.info.time
    assert second.info.serial == first.info.serial + 1


def test_a_unit_needs_a_certificate_for_it(certification) -> None:
    key = MemoryKey(ec.generate_private_key(ec.SECP256R1()))
    resident = certification.issue(key)
    stamp = certification.service("time-stamp", key)
    settings = TimestampUnitSettings(policy=POLICY)
    for credential in (
        Credential(key, resident.certificate),
        Credential(MemoryKey(), stamp.certificate),
    ):
        with pytest.raises(HkeidError) as caught:
            TimestampUnit(certification.store, credential, certification.clock, settings)
        assert caught.value.reason == "authority_unfit"


def test_over_http(unit, rules) -> None:
    """RFC 3161 §3.4."""
    door = TimestampDoor(unit)
    headers = {"content-type": "application/timestamp-query"}

    def post(body: bytes, **change):
        request = Request(method="POST", path="/tsa", body=body, headers=headers)
        return door.handle(dataclasses.replace(request, **change))

    answer = post(REQUEST.encoded())
    assert answer.header("content-type") == "application/timestamp-reply"
    check_token(read_response(answer.body).token, REQUEST, rules)
    assert post(b"", method="GET").status == 405
    assert post(b"", headers={}).status == 415
    assert post(bytes(20_000)).status == 413
    assert read_response(post(b"nonsense").body).failure is FailureInfo.BAD_DATA_FORMAT
