"""The platforms' own attestation formats (WebAuthn L3 §8.3, §8.4, §8.6, §8.8), in the manner of the
FIDO server tests' suites AttestationResponse-Resp-8, -9, -A. Every case is pinned to its reason.

A reason under ``weighed`` leaves the credential ``unverified`` where attestation is not required.
"""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.authenticator_ca import AAGUID, AttestationAuthority
from hkeid.testing.authenticator_dishonesty import HONEST, Dishonesty
from hkeid.testing.authenticator_formats import (
    AndroidKeyAttestor,
    AppleAttestor,
    TpmAttestor,
    U2fAttestor,
    der,
    explicit,
    named,
    tpm_names,
    tpm_public_area,
)
from hkeid.testing.authenticator_keys import new_key
from hkeid.webauthn import AttestationRules

STATEMENT = "response.attestationObject.attStmt"
NONE = bytes(16)
OTHER = ec.generate_private_key(ec.SECP256R1()).public_key()


def _required(authority: Any, **rules: Any) -> dict[str, Any]:
    return {
        "attestation": "direct",
        "attestation_required": True,
        "trust": authority,
        "attestation_rules": AttestationRules(**rules),
    }


def _judge(
    attestor: Any,
    expected: str,
    bench: Any,
    expect: Any,
    authority: Any,
    *,
    dishonesty: Dishonesty = HONEST,
    weighed: bool = False,
    aaguid: bytes = AAGUID,
    algorithms: tuple[int, ...] = (-7,),
) -> None:
    phone = SoftwareAuthenticator(attestation=attestor, aaguid=aaguid, algorithms=algorithms)
    answer = bench.create(phone, dishonesty)
    expect(expected, lambda: bench.register(answer, **_required(authority)))
    if weighed:
        new = bench.register(answer, attestation="direct", trust=authority)
        assert (new.attestation, new.attestation_finding) == ("unverified", expected)
    else:
        expect(expected, lambda: bench.register(answer))


def _statement(**changes: Any) -> Dishonesty:
    def rewrite(format_: str, statement: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        merged = {**statement, **changes}
        return format_, {key: value for key, value in merged.items() if value is not ...}

    return Dishonesty(statement=rewrite)


def _spoiled(member: str) -> Dishonesty:
    def rewrite(format_: str, statement: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        value = statement[member]
        return format_, {**statement, member: value[:-1] + bytes([value[-1] ^ 1])}

    return Dishonesty(statement=rewrite)


U2F: dict[str, tuple[dict[str, Any], Dishonesty, str]] = {
    "P-1": ({}, HONEST, "ok"),
    "F-2 sig wrong": ({}, _spoiled("sig"), "attestation_signature_invalid"),
    "sig missing": ({}, _statement(sig=...), f"member_missing@{STATEMENT}.sig"),
    "x5c missing": ({}, _statement(x5c=...), f"member_missing@{STATEMENT}.x5c"),
    "with alg": ({}, _statement(alg=-7), "attestation_member_unknown"),
    "two certificates": (
        {"more": [AttestationAuthority().root]},
        HONEST,
        "u2f_certificate_count",
    ),
    "certificate over P-384": ({"curve": ec.SECP384R1()}, HONEST, "u2f_certificate_key"),
}


@pytest.mark.parametrize("case", U2F)
def test_resp8_fido_u2f(case: str, bench: Any, expect: Any, authority: Any) -> None:
    settings, dishonesty, expected = U2F[case]
    attestor = U2fAttestor(authority=authority, **settings)
    _judge(attestor, expected, bench, expect, authority, dishonesty=dishonesty, aaguid=NONE)


def test_resp8_f1_aaguid_not_zero(bench: Any, expect: Any, authority: Any) -> None:
    attestor = U2fAttestor(authority=authority)
    _judge(attestor, "u2f_aaguid_not_zero", bench, expect, authority, weighed=True)
    answer = bench.create(SoftwareAuthenticator(attestation=attestor))
    policy = _required(authority, u2f_zero_aaguid=False)
    assert bench.register(answer, **policy).attestation == "verified"


def test_u2f_is_es256_only(bench: Any, expect: Any, authority: Any) -> None:
    """A U2F statement around a key that U2F cannot have."""
    key = new_key(-8)

    def attestor(credential: Any, auth_data: bytes, digest: bytes) -> Any:
        credential.key = new_key(-7)
        return U2fAttestor(authority=authority)(credential, auth_data, digest)

    phone = SoftwareAuthenticator(attestation=attestor, algorithms=(-8,), aaguid=NONE)
    answer = bench.create(phone)
    expect("attestation_algorithm_mismatch", lambda: bench.register(answer))
    assert key is not None


APPLE: dict[str, tuple[dict[str, Any], Dishonesty, str]] = {
    "P": ({}, HONEST, "ok"),
    "nonce another": ({"nonce": bytes(32)}, HONEST, "apple_nonce_mismatch"),
    "nonce of 16 bytes": ({"nonce": bytes(16)}, HONEST, "apple_nonce_mismatch"),
    "no nonce": ({"without_extension": True}, HONEST, "apple_nonce_missing"),
    "nonce unwrapped": ({"extension": der(4, bytes(32))}, HONEST, "apple_nonce_missing"),
    "nonce under another tag": (
        {"extension": der(0x30, explicit(2, der(4, bytes(32))))},
        HONEST,
        "apple_nonce_missing",
    ),
    "two nonces": (
        {"extension": der(0x30, explicit(1, der(4, bytes(32))) * 2)},
        HONEST,
        "apple_nonce_missing",
    ),
    "noise for a nonce": ({"extension": b"\x30\x84"}, HONEST, "apple_nonce_missing"),
    "key of another": ({"key": OTHER}, HONEST, "attestation_key_mismatch"),
    "x5c missing": ({}, _statement(x5c=...), f"member_missing@{STATEMENT}.x5c"),
    "with sig": ({}, _statement(sig=b"x"), "attestation_member_unknown"),
}


@pytest.mark.parametrize("case", APPLE)
def test_apple(case: str, bench: Any, expect: Any, authority: Any) -> None:
    settings, dishonesty, expected = APPLE[case]
    attestor = AppleAttestor(authority=authority, **settings)
    _judge(attestor, expected, bench, expect, authority, dishonesty=dishonesty)


ANDROID: dict[str, tuple[dict[str, Any], Dishonesty, str]] = {
    "P-1": ({}, HONEST, "ok"),
    "P StrongBox": ({"level": 2}, HONEST, "ok"),
    "P without the root": ({"with_root": False}, HONEST, "ok"),
    "F-1 challenge another": ({"challenge": bytes(32)}, HONEST, "android_key_challenge_mismatch"),
    "challenge empty": ({"challenge": b""}, HONEST, "android_key_challenge_mismatch"),
    "F-2 key of another": ({"key": OTHER}, HONEST, "attestation_key_mismatch"),
    "F-3 wrong order": ({"reverse": True}, HONEST, "attestation_key_mismatch"),
    "sig wrong": ({}, _spoiled("sig"), "attestation_signature_invalid"),
    "alg another": ({"algorithm": -257}, HONEST, "attestation_algorithm_mismatch"),
    "sig missing": ({}, _statement(sig=...), f"member_missing@{STATEMENT}.sig"),
    "x5c missing": ({}, _statement(x5c=...), f"member_missing@{STATEMENT}.x5c"),
    "with ver": ({}, _statement(ver="1"), "attestation_member_unknown"),
    "no description": (
        {"without_description": True},
        HONEST,
        "android_key_description_missing",
    ),
    "for all applications": (
        {"all_applications": True},
        HONEST,
        "android_key_all_applications",
    ),
    "for all applications, says software": (
        {"all_applications": True, "in_software": True},
        HONEST,
        "android_key_all_applications",
    ),
    "imported": ({"origin": 2}, HONEST, "android_key_not_generated"),
    "for encryption as well": ({"purposes": (0, 2)}, HONEST, "android_key_not_for_signing"),
    "for nothing": ({"purposes": ()}, HONEST, "android_key_not_for_signing"),
    "description noise": (
        {"description": b"\x30\x80"},
        HONEST,
        "android_key_description_malformed",
    ),
    "description short": (
        {"description": der(0x30, der(2, b"\x01"))},
        HONEST,
        "android_key_description_malformed",
    ),
    "description with bytes after": (
        {"description": der(0x30, b"") + b"\x00"},
        HONEST,
        "android_key_description_malformed",
    ),
    "an authorisation twice": (
        {"authorisations": explicit(702, der(2, b"\x00")) * 2},
        HONEST,
        "android_key_description_malformed",
    ),
    "an authorisation untagged": (
        {"authorisations": der(2, b"\x00")},
        HONEST,
        "android_key_description_malformed",
    ),
    "an origin in long form": (
        {"authorisations": explicit(702, der(2, b"\x00\x00"))},
        HONEST,
        "android_key_description_malformed",
    ),
    "an origin that is text": (
        {"authorisations": explicit(702, der(0x0C, b"0"))},
        HONEST,
        "android_key_description_malformed",
    ),
}


@pytest.mark.parametrize("case", ANDROID)
def test_respa_android_key(case: str, bench: Any, expect: Any, authority: Any) -> None:
    settings, dishonesty, expected = ANDROID[case]
    attestor = AndroidKeyAttestor(authority=authority, **settings)
    _judge(attestor, expected, bench, expect, authority, dishonesty=dishonesty)


@pytest.mark.parametrize(
    ("settings", "finding"),
    [
        ({"origin": None}, "android_key_authorisation_missing"),
        ({"purposes": None}, "android_key_authorisation_missing"),
        ({"authorisations": b""}, "android_key_authorisation_missing"),
        ({"in_software": True}, "android_key_not_in_hardware"),
        ({"level": 0}, "android_key_not_in_hardware"),
    ],
)
def test_android_key_short_of_trust(
    settings: dict[str, Any], finding: str, bench: Any, expect: Any, authority: Any
) -> None:
    attestor = AndroidKeyAttestor(authority=authority, **settings)
    _judge(attestor, finding, bench, expect, authority, weighed=True)
    answer = bench.create(SoftwareAuthenticator(attestation=attestor))
    lenient = _required(authority, android_authorisation=False, android_hardware=False)
    assert bench.register(answer, **lenient).attestation == "verified"


def _cut(count: int) -> Any:
    return lambda info: info[:-count]


TPM: dict[str, tuple[dict[str, Any], Dishonesty, str]] = {
    "P-1": ({}, HONEST, "ok"),
    "P-1 RSA identity key": ({"rsa_identity": True}, HONEST, "ok"),
    "P AAGUID in the certificate": ({"aaguid": AAGUID}, HONEST, "ok"),
    "P manufacturer in lower case": ({"names": tpm_names("id:49424d00")}, HONEST, "ok"),
    "F-2 extraData another": ({"extra_data": bytes(32)}, HONEST, "tpm_extra_data_mismatch"),
    "F-3 magic another": ({"magic": b"\xffTCH"}, HONEST, "tpm_magic"),
    "F-4 unique another": (
        {"public_area": tpm_public_area(OTHER)},
        HONEST,
        "attestation_key_mismatch",
    ),
    "type another": ({"type": b"\x80\x18"}, HONEST, "tpm_type"),
    "name another": ({"name": b"\x00\x0b" + bytes(32)}, HONEST, "tpm_name_mismatch"),
    "certInfo truncated": (
        {"cert_info": _cut(1)},
        HONEST,
        f"tpm_cert_info_malformed@{STATEMENT}.certInfo",
    ),
    "certInfo cut at the front": (
        {"cert_info": lambda info: info[:7]},
        HONEST,
        f"tpm_cert_info_malformed@{STATEMENT}.certInfo",
    ),
    "certInfo with bytes after": (
        {"cert_info": lambda info: info + b"\x00"},
        HONEST,
        f"tpm_cert_info_malformed@{STATEMENT}.certInfo",
    ),
    "certInfo another than signed": ({}, _spoiled("certInfo"), "attestation_signature_invalid"),
    "certInfo empty": (
        {},
        _statement(certInfo=b""),
        f"member_empty@{STATEMENT}.certInfo",
    ),
    "pubArea noise": (
        {"public_area": b"\x00\x23\x00"},
        HONEST,
        f"tpm_pub_area_malformed@{STATEMENT}.pubArea",
    ),
    "pubArea of an unknown kind": (
        {"public_area": b"\x00\x25" + bytes(40)},
        HONEST,
        f"tpm_pub_area_malformed@{STATEMENT}.pubArea",
    ),
    "pubArea on a curve unknown": (
        {"public_area": tpm_public_area(OTHER).replace(b"\x00\x03\x00\x10", b"\x00\x20\x00\x10")},
        HONEST,
        f"tpm_pub_area_malformed@{STATEMENT}.pubArea",
    ),
    "version 1.2": ({}, _statement(ver="1.2"), "tpm_version"),
    "version a number": ({}, _statement(ver=2), "tpm_version"),
    "sig wrong": ({}, _spoiled("sig"), "attestation_signature_invalid"),
    "alg EdDSA": ({}, _statement(alg=-8), "attestation_signature_invalid"),
    "alg RS1": ({}, _statement(alg=-65535), "attestation_algorithm_unsupported"),
    "x5c missing": ({}, _statement(x5c=...), f"member_missing@{STATEMENT}.x5c"),
    "ecdaaKeyId": ({}, _statement(ecdaaKeyId=b"x"), "attestation_member_unknown"),
    "certificate with a subject": ({"subject": named("TPM")}, HONEST, "tpm_certificate_subject"),
    "certificate of a CA": ({"ca": True}, HONEST, "attestation_certificate_is_ca"),
    "certificate without names": ({"names": None}, HONEST, "tpm_certificate_names"),
    "certificate with a DNS name": (
        {"names": x509.SubjectAlternativeName([x509.DNSName("tpm.test")])},
        HONEST,
        "tpm_certificate_names",
    ),
    "certificate with empty names": (
        {"names": x509.SubjectAlternativeName([x509.DirectoryName(named("x"))])},
        HONEST,
        "tpm_certificate_names",
    ),
    "certificate without usage": ({"usage": None}, HONEST, "tpm_certificate_usage"),
    "certificate for servers": (
        {"usage": (ExtendedKeyUsageOID.SERVER_AUTH,)},
        HONEST,
        "tpm_certificate_usage",
    ),
    "AAGUID another": ({"aaguid": bytes(16)}, HONEST, "attestation_aaguid_mismatch"),
}


@pytest.mark.parametrize("case", TPM)
def test_resp9_tpm(case: str, bench: Any, expect: Any, authority: Any) -> None:
    settings, dishonesty, expected = TPM[case]
    attestor = TpmAttestor(authority=authority, **settings)
    _judge(attestor, expected, bench, expect, authority, dishonesty=dishonesty)


def test_resp9_f1_wrong_order(bench: Any, expect: Any, authority: Any) -> None:
    def backwards(statement: dict[str, Any]) -> dict[str, Any]:
        root = authority.root.public_bytes(x509_der)
        return {**statement, "x5c": [root, *statement["x5c"]]}

    from cryptography.hazmat.primitives.serialization import Encoding

    x509_der = Encoding.DER
    attestor = TpmAttestor(authority=authority, statement=backwards)
    _judge(attestor, "attestation_certificate_is_ca", bench, expect, authority)


def test_tpm_of_an_unknown_maker(bench: Any, expect: Any, authority: Any) -> None:
    attestor = TpmAttestor(authority=authority, names=tpm_names("id:FFFFF1D0"))
    _judge(attestor, "tpm_manufacturer_unknown", bench, expect, authority, weighed=True)
    answer = bench.create(SoftwareAuthenticator(attestation=attestor))
    lenient = _required(authority, tpm_manufacturers=None)
    assert bench.register(answer, **lenient).attestation == "verified"


def test_tpm_with_an_rsa_credential(bench: Any, expect: Any, authority: Any) -> None:
    attestor = TpmAttestor(authority=authority)
    _judge(attestor, "ok", bench, expect, authority, algorithms=(-257,))


def test_platform_statement_around_a_key_of_another_kind(
    bench: Any, expect: Any, authority: Any
) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    attestor = TpmAttestor(authority=authority, public_area=tpm_public_area(other))
    _judge(attestor, "attestation_key_mismatch", bench, expect, authority)
