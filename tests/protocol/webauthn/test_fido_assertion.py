"""Authentication assertions, in the manner of the FIDO server tests' suites AssertionResponse-Resp-1
(F-12…F-21) and -3, with the rules of WebAuthn L3 §7.2 that those leave out. Pinned to reasons.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hkeid.residents.records import CredentialStatus
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.authenticator_dishonesty import Dishonesty
from hkeid.testing.authenticator_keys import new_key
from hkeid.webauthn import CeremonyKind

DATA = "response.authenticatorData"


def _response(name: str, value: Any) -> Dishonesty:
    def edit(answer: dict[str, Any]) -> dict[str, Any]:
        if value is ...:
            del answer["response"][name]
        else:
            answer["response"][name] = value
        return answer

    return Dishonesty(response=edit)


def _flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


CASES: dict[str, tuple[Dishonesty, str]] = {
    "P-1": (Dishonesty(), "ok"),
    "F-12 authenticatorData missing": (
        _response("authenticatorData", ...),
        f"member_missing@{DATA}",
    ),
    "F-13 authenticatorData no string": (
        _response("authenticatorData", 1),
        f"member_type@{DATA}",
    ),
    "F-14 authenticatorData not base64url": (
        _response("authenticatorData", "+"),
        f"base64url_malformed@{DATA}",
    ),
    "F-15 authenticatorData empty": (
        _response("authenticatorData", ""),
        f"member_empty@{DATA}",
    ),
    "F-16 signature missing": (
        _response("signature", ...),
        "member_missing@response.signature",
    ),
    "F-17 signature no string": (
        _response("signature", None),
        "member_type@response.signature",
    ),
    "F-18 signature not base64url": (
        _response("signature", "a="),
        "base64url_malformed@response.signature",
    ),
    "F-19 signature empty": (_response("signature", ""), "member_empty@response.signature"),
    "signature huge": (
        _response("signature", "A" * 20_000),
        "member_too_large@response.signature",
    ),
    "F-20 signature wrong": (
        Dishonesty(signature=lambda s: _flip(s, len(s) - 1)),
        "signature_invalid",
    ),
    "signature of another key": (Dishonesty(signing_key=new_key(-7)), "signature_invalid"),
    "signature raw, not DER": (Dishonesty(signature=lambda _: bytes(64)), "signature_invalid"),
    "signature of one byte": (Dishonesty(signature=lambda _: b"0"), "signature_invalid"),
    "signature with bytes after": (
        Dishonesty(signature=lambda s: s + b"\x00"),
        "signature_invalid",
    ),
    "F-21 userHandle no string": (
        _response("userHandle", 7),
        "member_type@response.userHandle",
    ),
    "userHandle empty": (_response("userHandle", ""), "member_empty@response.userHandle"),
    "userHandle not base64url": (
        _response("userHandle", "a+"),
        "base64url_malformed@response.userHandle",
    ),
    "userHandle of 65 bytes": (
        Dishonesty(user_handle=bytes(65)),
        "member_too_large@response.userHandle",
    ),
    "userHandle of another": (Dishonesty(user_handle=bytes(64)), "user_handle_mismatch"),
    "userHandle missing": (Dishonesty(user_handle=...), "user_handle_missing"),
    "userHandle null": (_response("userHandle", None), "user_handle_missing"),
    "Resp-3 F-1 leftover bytes": (
        Dishonesty(auth_data=lambda d: d + b"\x00"),
        f"auth_data_leftover@{DATA}",
    ),
    "36 bytes": (Dishonesty(auth_data=lambda d: d[:36]), f"auth_data_too_short@{DATA}"),
    "Resp-3 F-2 RP ID of another": (Dishonesty(rp_id="example.com"), "rp_id_mismatch"),
    "Resp-3 F-3 client data another than signed": (
        Dishonesty(client_data_json_after=lambda raw: raw.replace(b"}", b',"x":1}')),
        "signature_invalid",
    ),
    "authenticator data another than signed": (
        Dishonesty(auth_data_after=lambda d: _flip(d, 36)),
        "signature_invalid",
    ),
    "UP clear": (Dishonesty(flags_cleared=0x01), "up_missing"),
    "Resp-3 F-5 UV clear": (Dishonesty(flags_cleared=0x04), "uv_missing"),
    "BS without BE": (Dishonesty(flags_set=0x10), "bs_without_be"),
    "BE set since": (Dishonesty(flags_set=0x08), "be_changed"),
    "BE and BS set since": (Dishonesty(flags_set=0x18), "be_changed"),
    "attested data": (
        Dishonesty(
            auth_data=lambda d: d[:32] + bytes([d[32] | 0x40]) + d[33:] + bytes(18) + b"\xa0"
        ),
        f"attested_data_unexpected@{DATA}",
    ),
    "AT set, no data": (Dishonesty(flags_set=0x40), f"attested_data_malformed@{DATA}"),
    "ED set, no data": (Dishonesty(flags_set=0x80), f"cbor_malformed@{DATA}.extensions"),
    "extension nobody asked for": (
        Dishonesty(extensions={"uvm": []}),
        "extension_unsolicited",
    ),
    "P-7 extension data": (Dishonesty(extensions={"credProtect": 2}), "ok"),
    "Resp-3 F-4 counter the same": (Dishonesty(sign_count=5), "counter_regressed"),
    "counter back": (Dishonesty(sign_count=4), "counter_regressed"),
    "counter to zero": (Dishonesty(sign_count=0), "counter_regressed"),
    "P counter leaps": (Dishonesty(sign_count=2**32 - 1), "ok"),
    "P counter by one": (Dishonesty(sign_count=6), "ok"),
}


@pytest.mark.parametrize("case", CASES)
def test_assertion(case: str, bench: Any, expect: Any) -> None:
    """Against a bound credential whose counter stood at five."""
    dishonesty, expected = CASES[case]
    phone = SoftwareAuthenticator()
    credential = replace(bench.credential(phone), sign_count=5)
    phone.credentials[0].sign_count = 5
    answer = bench.get(phone, dishonesty)
    expect(expected, lambda: bench.log_in(answer, credential))


@pytest.mark.parametrize(
    ("stored", "received", "expected"),
    [
        (0, 0, "ok"),  # P-1: no counter
        (0, 1, "ok"),
        (1, 0, "counter_regressed"),
        (1, 1, "counter_regressed"),
        (1, 2, "ok"),
        (2**32 - 1, 0, "counter_regressed"),
    ],
)
def test_counter(stored: int, received: int, expected: str, bench: Any, expect: Any) -> None:
    """§7.2 step 22: where either is not zero, the new one is greater."""
    phone = SoftwareAuthenticator()
    credential = replace(bench.credential(phone), sign_count=stored)
    answer = bench.get(phone, Dishonesty(sign_count=received))
    expect(expected, lambda: bench.log_in(answer, credential))


@pytest.mark.parametrize(
    ("synced", "flags", "expected"),
    [
        (True, {}, "ok"),
        (True, {"flags_cleared": 0x10}, "ok"),  # not backed up at present
        (True, {"flags_cleared": 0x08}, "bs_without_be"),
        (True, {"flags_cleared": 0x18}, "be_changed"),
        (False, {}, "ok"),
    ],
)
def test_backup_flags(
    flags: dict[str, int], expected: str, bench: Any, expect: Any, *, synced: bool
) -> None:
    phone = SoftwareAuthenticator(synced=synced)
    credential = bench.credential(phone)
    answer = bench.get(phone, Dishonesty(**flags))
    expect(expected, lambda: bench.log_in(answer, credential))


@pytest.mark.parametrize("verified", [True, False])
@pytest.mark.parametrize("required", [True, False])
def test_user_verification(bench: Any, expect: Any, *, verified: bool, required: bool) -> None:
    """Resp-3 P-2…P-6 and F-5."""
    phone = SoftwareAuthenticator()
    credential = bench.credential(phone)
    answer = bench.get(phone, Dishonesty(flags_cleared=0 if verified else 0x04))
    expected = "ok" if verified or not required else "uv_missing"
    expect(expected, lambda: bench.log_in(answer, credential, user_verification=required))


@pytest.mark.parametrize(
    ("ceremony", "record", "expected"),
    [
        ({"allowed": (b"another",)}, {}, "credential_not_allowed"),
        ({"resident_id": "resident"}, {}, "ok"),
        ({"resident_id": "somebody"}, {}, "resident_mismatch"),
        ({}, {"id": b"another"}, "credential_mismatch"),
        ({}, {"rp_id": "example.com"}, "rp_id_mismatch"),
        ({}, {"status": CredentialStatus.REVOKED}, "credential_not_active"),
        ({}, {"status": CredentialStatus.SUSPENDED}, "credential_not_active"),
        ({}, {"algorithm": -257}, "signature_invalid"),
        ({"challenge": bytes(32)}, {}, "challenge_mismatch"),
        ({"kind": CeremonyKind.ACTIVATE}, {}, "ceremony_other_kind"),
    ],
)
def test_which_credential_may_answer(
    ceremony: dict[str, Any], record: dict[str, Any], expected: str, bench: Any, expect: Any
) -> None:
    phone = SoftwareAuthenticator()
    credential = replace(bench.credential(phone), **record)
    answer = bench.get(phone)
    kind = {"kind": CeremonyKind.LOGIN, **ceremony}
    from hkeid.webauthn import verify_assertion

    built = bench.ceremony(kind.pop("kind"), **kind)
    handle = bytes(range(1, 65))
    expect(expected, lambda: verify_assertion(answer, built, credential, handle, bench.policy))


def test_the_credential_named_may_answer_without_user_handle(bench: Any, expect: Any) -> None:
    """§7.2 step 6: it must come only where nobody was known before."""
    phone = SoftwareAuthenticator()
    credential = bench.credential(phone)
    answer = bench.get(phone, Dishonesty(user_handle=...))
    known = {"resident_id": "resident", "allowed": (credential.id,)}
    expect("ok", lambda: bench.log_in(answer, credential, known))
    expect(
        "user_handle_missing",
        lambda: bench.log_in(answer, credential, {"allowed": (credential.id,)}),
    )


@pytest.mark.parametrize("algorithm", [-8, -257])
def test_other_algorithms_refuse_as_well(algorithm: int, bench: Any, expect: Any) -> None:
    phone = SoftwareAuthenticator(algorithms=(algorithm,))
    credential = bench.credential(phone)
    for signature in (b"x", bytes(64), bytes(256)):
        answer = bench.get(phone, Dishonesty(signature=lambda _, s=signature: s))
        expect("signature_invalid", lambda a=answer: bench.log_in(a, credential))


def test_a_stored_key_that_is_damaged_is_no_crash(bench: Any, expect: Any) -> None:
    phone = SoftwareAuthenticator()
    credential = replace(bench.credential(phone), public_key=b"\xa0")
    answer = bench.get(phone)
    expect("public_key_malformed@credentialPublicKey", lambda: bench.log_in(answer, credential))


def test_registration_answer_sent_to_login(bench: Any, expect: Any) -> None:
    phone = SoftwareAuthenticator()
    answer = bench.create(phone)
    credential = bench.register(answer).as_credential(
        "resident", b"", bench.ceremony(CeremonyKind.LOGIN).created_at
    )
    expect(
        "member_missing@response.signature",
        lambda: bench.log_in(json.dumps(answer), credential),
    )
