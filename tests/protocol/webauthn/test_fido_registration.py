"""Attestation object, authenticator data and credential key, in the manner of the FIDO server tests:
suites AttestationResponse-Resp-1 (F-12…F-15), -3, -4, -6, -7. Every case is pinned to its reason.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed448, rsa
from fido2.cbor import encode

from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.authenticator_dishonesty import Dishonesty
from hkeid.testing.authenticator_keys import cose_key, new_key

OBJECT = "response.attestationObject"
DATA = f"{OBJECT}.authData"
STATEMENT = f"{OBJECT}.attStmt"


def _response(name: str, value: Any) -> Dishonesty:
    def edit(answer: dict[str, Any]) -> dict[str, Any]:
        if value is ...:
            del answer["response"][name]
        else:
            answer["response"][name] = value
        return answer

    return Dishonesty(response=edit)


def _extensions(results: Any) -> Dishonesty:
    return Dishonesty(response=lambda answer: {**answer, "clientExtensionResults": results})


RESPONSE: dict[str, tuple[Dishonesty, str]] = {
    "F-12 attestationObject missing": (
        _response("attestationObject", ...),
        f"member_missing@{OBJECT}",
    ),
    "F-13 attestationObject no string": (
        _response("attestationObject", 1),
        f"member_type@{OBJECT}",
    ),
    "F-14 attestationObject empty": (
        _response("attestationObject", ""),
        f"member_empty@{OBJECT}",
    ),
    "attestationObject not base64url": (
        _response("attestationObject", "/w=="),
        f"base64url_malformed@{OBJECT}",
    ),
    "attestationObject huge": (
        _response("attestationObject", "A" * 100_000),
        f"member_too_large@{OBJECT}",
    ),
    "transports no array": (
        _response("transports", "usb"),
        "member_type@response.transports",
    ),
    "transports not strings": (
        _response("transports", ["usb", 1]),
        "member_type@response.transports",
    ),
    "transports too many": (
        _response("transports", ["usb"] * 17),
        "member_too_large@response.transports",
    ),
    "transports with control characters": (
        _response("transports", ["usb\n"]),
        "transport_malformed@response.transports",
    ),
    "transports too long": (
        _response("transports", ["x" * 33]),
        "transport_malformed@response.transports",
    ),
    "P transports missing": (_response("transports", ...), "ok"),
    "P transports unknown": (_response("transports", ["telepathy"]), "ok"),
    "not discoverable": (_extensions({"credProps": {"rk": False}}), "credential_not_discoverable"),
    "credProps no object": (
        _extensions({"credProps": True}),
        "member_type@clientExtensionResults.credProps",
    ),
    "rk no boolean": (
        _extensions({"credProps": {"rk": "yes"}}),
        "member_type@clientExtensionResults.credProps.rk",
    ),
    "P no extension results": (_extensions(None), "ok"),
    "P rk not said": (_extensions({"credProps": {}}), "ok"),
    "P credProps not said": (_extensions({}), "ok"),
}


def _members(**changes: Any) -> Dishonesty:
    def rewrite(members: dict[str, Any]) -> dict[str, Any]:
        merged = {**members, **changes}
        return {name: value for name, value in merged.items() if value is not ...}

    return Dishonesty(members=rewrite)


def _encoded(rewrite: Callable[[bytes], bytes]) -> Dishonesty:
    return Dishonesty(attestation_object=rewrite)


OBJECTS: dict[str, tuple[Dishonesty, str]] = {
    "F-1 no map": (Dishonesty(members=lambda m: list(m.values())), f"cbor_not_map@{OBJECT}"),
    "F-2 fmt missing": (_members(fmt=...), f"member_missing@{OBJECT}.fmt"),
    "F-3 fmt no string": (_members(fmt=1), f"member_type@{OBJECT}.fmt"),
    "F-4 attStmt missing": (_members(attStmt=...), f"member_missing@{OBJECT}.attStmt"),
    "F-5 attStmt no map": (_members(attStmt=[]), f"member_type@{OBJECT}.attStmt"),
    "F-6 authData missing": (_members(authData=...), f"member_missing@{OBJECT}.authData"),
    "F-7 authData no bytes": (_members(authData="x"), f"member_type@{OBJECT}.authData"),
    "F-8 authData empty": (_members(authData=b""), f"auth_data_too_short@{DATA}"),
    "Resp-5 F-1 fmt unknown": (_members(fmt="unheard-of"), "attestation_format_unsupported"),
    "fmt in capitals": (_members(fmt="NONE"), "attestation_format_unsupported"),
    "fmt android-safetynet": (_members(fmt="android-safetynet"), "attestation_format_unsupported"),
    "fmt compound": (_members(fmt="compound"), "attestation_format_unsupported"),
    "fmt empty": (_members(fmt=""), "attestation_format_unsupported"),
    "Resp-7 F-1 none with a statement": (
        _members(attStmt={"alg": -7, "sig": b"x"}),
        "attestation_none_not_empty",
    ),
    "none with an unknown key": (_members(attStmt={"x": 1}), "attestation_none_not_empty"),
    "bytes after the object": (_encoded(lambda raw: raw + b"\x00"), f"cbor_leftover@{OBJECT}"),
    "truncated": (_encoded(lambda raw: raw[:-1]), f"cbor_malformed@{OBJECT}"),
    "truncated within a length": (_encoded(lambda _: b"\xa3\x63fm"), f"cbor_malformed@{OBJECT}"),
    "a head without argument": (_encoded(lambda _: b"\xb9\x00"), f"cbor_malformed@{OBJECT}"),
    "length beyond the end": (
        _encoded(lambda _: b"\x5b" + b"\xff" * 8),
        f"cbor_malformed@{OBJECT}",
    ),
    "more members than there are": (
        _encoded(lambda raw: b"\xa4" + raw[1:]),
        f"cbor_malformed@{OBJECT}",
    ),
    "a map of a million": (
        _encoded(lambda _: b"\xba\x00\x0f\x42\x40"),
        f"cbor_malformed@{OBJECT}",
    ),
    "a key twice": (
        _encoded(lambda raw: b"\xa4" + raw[1:] + encode("fmt") + encode("none")),
        f"cbor_malformed@{OBJECT}",
    ),
    "indefinite length": (
        _encoded(lambda raw: b"\xbf" + raw[1:] + b"\xff"),
        f"cbor_malformed@{OBJECT}",
    ),
    "a tag": (_encoded(lambda raw: b"\xc0" + raw), f"cbor_malformed@{OBJECT}"),
    "a float": (_encoded(lambda _: b"\xf9\x3c\x00"), f"cbor_malformed@{OBJECT}"),
    "a bad simple value": (_encoded(lambda _: b"\xf8\x15"), f"cbor_malformed@{OBJECT}"),
    "a key that is an array": (_encoded(lambda _: b"\xa1\x80\x01"), f"cbor_malformed@{OBJECT}"),
    "a key that is true": (_encoded(lambda _: b"\xa1\xf5\x01"), f"cbor_malformed@{OBJECT}"),
    "text that is no UTF-8": (
        _encoded(lambda _: b"\xa1\x61\xff\x01"),
        f"cbor_malformed@{OBJECT}",
    ),
    "nested without end": (_encoded(lambda _: b"\x81" * 5000), f"cbor_malformed@{OBJECT}"),
    "nothing but zero": (_encoded(lambda _: b"\x00"), f"cbor_not_map@{OBJECT}"),
}


def _data(rewrite: Callable[[bytes], bytes]) -> Dishonesty:
    return Dishonesty(auth_data=rewrite)


def _flags(data: bytes, *, put: int = 0, take: int = 0) -> bytes:
    return data[:32] + bytes([(data[32] | put) & ~take]) + data[33:]


AUTH_DATA: dict[str, tuple[Dishonesty, str]] = {
    "Resp-1 F-15 UV clear": (Dishonesty(flags_cleared=0x04), "uv_missing"),
    "UP clear": (Dishonesty(flags_cleared=0x01), "up_missing"),
    "BS without BE": (Dishonesty(flags_set=0x10), "bs_without_be"),
    "P BE without BS": (Dishonesty(flags_set=0x08), "ok"),
    "P reserved bits": (Dishonesty(flags_set=0x22), "ok"),
    "RP ID of another": (Dishonesty(rp_id="example.hk"), "rp_id_mismatch"),
    "RP ID of the origin": (Dishonesty(rp_id="https://id.example.hk"), "rp_id_mismatch"),
    "F-9 AT clear, data there": (Dishonesty(flags_cleared=0x40), f"auth_data_leftover@{DATA}"),
    "F-10 AT clear, no data": (
        _data(lambda d: _flags(d[:37], take=0x40)),
        f"attested_data_missing@{OBJECT}",
    ),
    "F-11 AT set, no data": (_data(lambda d: d[:37]), f"attested_data_malformed@{DATA}"),
    "F-12 leftover bytes": (_data(lambda d: d + b"\x00"), f"auth_data_leftover@{DATA}"),
    "36 bytes": (_data(lambda d: d[:36]), f"auth_data_too_short@{DATA}"),
    "cut within the AAGUID": (_data(lambda d: d[:45]), f"attested_data_malformed@{DATA}"),
    "cut within the id": (_data(lambda d: d[:60]), f"attested_data_malformed@{DATA}"),
    "cut within the key": (
        _data(lambda d: d[:-1]),
        f"cbor_malformed@{DATA}.credentialPublicKey",
    ),
    "id length beyond the end": (
        _data(lambda d: d[:53] + b"\xff\xff" + d[55:]),
        f"attested_data_malformed@{DATA}",
    ),
    "ED set, no data": (Dishonesty(flags_set=0x80), f"cbor_malformed@{DATA}.extensions"),
    "ED clear, data there": (
        Dishonesty(extensions={"credProtect": 2}, flags_cleared=0x80),
        f"auth_data_leftover@{DATA}",
    ),
    "extensions no map": (
        _data(lambda d: _flags(d, put=0x80) + b"\x80"),
        f"extensions_malformed@{DATA}.extensions",
    ),
    "extensions with a number for a name": (
        _data(lambda d: _flags(d, put=0x80) + b"\xa1\x01\x01"),
        f"extensions_malformed@{DATA}.extensions",
    ),
    "extension nobody asked for": (
        Dishonesty(extensions={"hmac-secret": True}),
        "extension_unsolicited",
    ),
    "P-1 extension data": (Dishonesty(extensions={"credProtect": 2}), "ok"),
    "id of another credential": (Dishonesty(attested_id=bytes(32)), "credential_id_mismatch"),
    "id empty": (Dishonesty(attested_id=b""), "credential_id_length"),
    "id of 1024 bytes": (Dishonesty(attested_id=bytes(1024)), "credential_id_length"),
}

ES256 = new_key(-7)
GOOD = {1: 2, 3: -7, -1: 1, -2: cose_key(ES256, -7)[10:42], -3: cose_key(ES256, -7)[45:]}
RSA_2048 = rsa.generate_private_key(public_exponent=65537, key_size=2048)
N = RSA_2048.public_key().public_numbers().n.to_bytes(256, "big")
KEY = "credentialPublicKey"


def _cose(changes: dict[int, Any], base: dict[int, Any] = GOOD) -> bytes:
    members = {**base, **changes}
    return encode({label: value for label, value in members.items() if value is not ...})


RSA_KEY: dict[int, Any] = {1: 3, 3: -257, -1: N, -2: b"\x01\x00\x01"}
OKP: dict[int, Any] = {1: 1, 3: -8, -1: 6, -2: bytes(31) + b"\x02"}

KEYS: dict[str, tuple[bytes, str]] = {
    "P the key itself": (_cose({}), "ok"),
    "RS1": (_cose({3: -65535}, RSA_KEY), "algorithm_not_offered"),
    "unknown algorithm": (_cose({3: -9999}), "algorithm_not_offered"),
    "ES256K": (_cose({3: -47, -1: 8}), "algorithm_not_offered"),
    "ES384 not offered": (_cose({3: -35, -1: 2}), "algorithm_not_offered"),
    "PS256 not offered": (_cose({3: -37}, RSA_KEY), "algorithm_not_offered"),
    "no alg": (_cose({3: ...}), f"public_key_malformed@{KEY}"),
    "alg a text": (_cose({3: "ES256"}), f"public_key_malformed@{KEY}"),
    "alg true": (_cose({3: True}), f"public_key_malformed@{KEY}"),
    "point off the curve": (_cose({-3: bytes(32)}), "public_key_invalid"),
    "point at zero": (_cose({-2: bytes(32), -3: bytes(32)}), "public_key_invalid"),
    "x beyond the field": (_cose({-2: b"\xff" * 32}), "public_key_invalid"),
    "x of 31 bytes": (_cose({-2: GOOD[-2][1:]}), "public_key_invalid"),
    "x with a zero before": (_cose({-2: b"\x00" + GOOD[-2]}), "public_key_invalid"),
    "x a number": (_cose({-2: 7}), f"public_key_malformed@{KEY}"),
    "y a sign bit": (_cose({-3: True}), f"public_key_malformed@{KEY}"),
    "no y": (_cose({-3: ...}), f"public_key_malformed@{KEY}"),
    "another curve": (_cose({-1: 2}), "public_key_invalid"),
    "curve a text": (_cose({-1: "P-256"}), f"public_key_malformed@{KEY}"),
    "another key type": (_cose({1: 3}), f"public_key_malformed@{KEY}"),
    "no key type": (_cose({1: ...}), f"public_key_malformed@{KEY}"),
    "with the private key": (_cose({-4: bytes(32)}), f"public_key_malformed@{KEY}"),
    "with key operations": (_cose({4: [2]}), f"public_key_malformed@{KEY}"),
    "no map": (encode([1, 2]), f"public_key_malformed@{KEY}"),
    "P RSA": (_cose({}, RSA_KEY), "ok"),
    "RSA of 1024 bits": (_cose({-1: N[:128]}, RSA_KEY), "public_key_invalid"),
    "RSA of 16384 bits": (_cose({-1: N * 8}, RSA_KEY), "public_key_invalid"),
    "RSA even": (_cose({-1: N[:-1] + b"\x02"}, RSA_KEY), "public_key_invalid"),
    "RSA exponent 1": (_cose({-2: b"\x01"}, RSA_KEY), "public_key_invalid"),
    "RSA exponent even": (_cose({-2: b"\x01\x00\x00"}, RSA_KEY), "public_key_invalid"),
    "RSA modulus a text": (_cose({-1: "n"}, RSA_KEY), f"public_key_malformed@{KEY}"),
    "Ed25519 of 31 bytes": (_cose({-2: bytes(31)}, OKP), "public_key_invalid"),
    "Ed448 as EdDSA": (
        _cose({-1: 7, -2: ed448.Ed448PrivateKey.generate().public_key().public_bytes_raw()}, OKP),
        "public_key_invalid",
    ),
    "Ed25519 x a text": (_cose({-2: "x"}, OKP), f"public_key_malformed@{KEY}"),
}


def _register(bench: Any, dishonesty: Dishonesty, **settings: Any) -> Any:
    return bench.register(bench.create(SoftwareAuthenticator(**settings), dishonesty))


@pytest.mark.parametrize("case", RESPONSE)
def test_response(case: str, bench: Any, expect: Any) -> None:
    dishonesty, expected = RESPONSE[case]
    expect(expected, lambda: _register(bench, dishonesty))


@pytest.mark.parametrize("case", OBJECTS)
def test_attestation_object(case: str, bench: Any, expect: Any) -> None:
    dishonesty, expected = OBJECTS[case]
    expect(expected, lambda: _register(bench, dishonesty))


@pytest.mark.parametrize("case", AUTH_DATA)
def test_authenticator_data(case: str, bench: Any, expect: Any) -> None:
    dishonesty, expected = AUTH_DATA[case]
    expect(expected, lambda: _register(bench, dishonesty))


@pytest.mark.parametrize("case", KEYS)
def test_credential_key(case: str, bench: Any, expect: Any) -> None:
    key, expected = KEYS[case]
    expect(expected, lambda: _register(bench, Dishonesty(public_key=key)))


@pytest.mark.parametrize("length", [1, 16, 1023])
def test_ids_of_every_allowed_length(length: int, bench: Any) -> None:
    answer = bench.create(SoftwareAuthenticator(credential_id_length=length))
    assert len(bench.register(answer).credential_id) == length


def test_uv_may_be_missing_where_policy_does_not_ask(bench: Any) -> None:
    answer = bench.create(SoftwareAuthenticator(user_verified=False))
    assert bench.register(answer, user_verification=False).user_verified is False


def test_synced_credentials_can_be_kept_out(bench: Any, expect: Any) -> None:
    answer = bench.create(SoftwareAuthenticator(synced=True))
    expect("synced_not_allowed", lambda: bench.register(answer, allow_synced=False))
    expect("ok", lambda: bench.register(answer))


def test_the_whole_of_a_random_attestation_object_is_noise(bench: Any, expect: Any) -> None:
    dishonesty = Dishonesty(attestation_object=lambda _: b"\xff" + os.urandom(64))
    expect(f"cbor_malformed@{OBJECT}", lambda: _register(bench, dishonesty))
