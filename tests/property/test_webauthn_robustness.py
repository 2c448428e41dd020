"""Whatever comes, only errors of hkeid's own tree escape, and what we accept others read the same."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from fido2 import cbor as fido2_cbor
from fido2.webauthn import AuthenticatorData as Fido2AuthenticatorData
from hypothesis import given, settings
from hypothesis import strategies as st

from hkeid.kernel import base64url
from hkeid.kernel.errors import HkeidError
from hkeid.residents.records import Credential
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.authenticator_ca import AttestationAuthority, new_batch
from hkeid.testing.authenticator_formats import (
    AndroidKeyAttestor,
    AppleAttestor,
    TpmAttestor,
    U2fAttestor,
)
from hkeid.webauthn import (
    Ceremony,
    CeremonyKind,
    CeremonyRefused,
    MalformedResponse,
    WebAuthnPolicy,
    cbor,
    presented_credential_id,
    verify_assertion,
    verify_registration,
)
from hkeid.webauthn.attestation import der
from hkeid.webauthn.authenticator_data import parse_authenticator_data
from hkeid.webauthn.public_key import load_public_key

# A certificate that fuzzing has damaged may still be readable with a warning.
pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ORIGIN = "https://id.example.hk"
CHALLENGE = bytes(32)
HANDLE = bytes(range(64))
AUTHORITY = AttestationAuthority()
POLICY = WebAuthnPolicy(
    rp_id="id.example.hk",
    rp_name="eID",
    origins=frozenset({ORIGIN}),
    attestation="direct",
    trust=AUTHORITY,
)
FORMATS = ("none", "self", "packed", "tpm", "android-key", "apple", "fido-u2f")


def _ceremony(kind: CeremonyKind) -> Ceremony:
    return Ceremony(
        id="fuzz",
        kind=kind,
        challenge=CHALLENGE,
        binding=bytes(32),
        resident_id=None,
        user_handle=None,
        allowed=(),
        context={},
        created_at=NOW,
        expires_at=NOW + timedelta(minutes=5),
    )


CREATING, GETTING = _ceremony(CeremonyKind.ACTIVATE), _ceremony(CeremonyKind.LOGIN)
OPTIONS: dict[str, Any] = {
    "rp": {"id": "id.example.hk"},
    "rpId": "id.example.hk",
    "user": {"id": base64url.encode(HANDLE), "name": "eID", "displayName": "Resident"},
    "challenge": base64url.encode(CHALLENGE),
    "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
    "authenticatorSelection": {"userVerification": "required"},
    "attestation": "direct",
}


@cache
def _phone(format_: str) -> SoftwareAuthenticator:
    attestors: dict[str, Any] = {
        "tpm": TpmAttestor(authority=AUTHORITY),
        "android-key": AndroidKeyAttestor(authority=AUTHORITY),
        "apple": AppleAttestor(authority=AUTHORITY),
        "fido-u2f": U2fAttestor(authority=AUTHORITY),
    }
    return SoftwareAuthenticator(
        attestation=attestors.get(format_, format_), batch=new_batch(AUTHORITY)
    )


@cache
def _created(format_: str) -> str:
    return json.dumps(_phone(format_).create(OPTIONS, ORIGIN))


@cache
def _credential() -> Credential:
    new = verify_registration(_created("none"), CREATING, POLICY)
    return new.as_credential("resident", b"", NOW)


@cache
def _got() -> str:
    _credential()
    return json.dumps(_phone("none").get(OPTIONS, ORIGIN))


def _answers() -> list[str]:
    return [_got(), *map(_created, FORMATS)]


def _everything(answer: Any) -> None:
    """Give it to every entrance; nothing but our own errors may come out."""
    for entrance in (
        lambda: presented_credential_id(answer),
        lambda: verify_registration(answer, CREATING, POLICY),
        lambda: verify_assertion(answer, GETTING, _credential(), HANDLE, POLICY),
    ):
        try:
            entrance()
        except (MalformedResponse, CeremonyRefused) as error:
            assert error.reason == error.reason.lower()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=12,
)
cbor_values = st.recursive(
    st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.binary(max_size=40)
    | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.integers(-(2**64), 2**64 - 1) | st.text(st.characters(codec="utf-8"), max_size=8),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(st.text(max_size=400) | st.binary(max_size=400) | json_values)
def test_anything_at_all(answer: Any) -> None:
    _everything(answer)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        inner = enumerate(value)  # type: ignore[assignment]
    return [path] + [found for key, item in inner for found in _paths(item, (*path, key))]


def _replaced(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    if not path:
        return other
    value = copy.copy(value)
    value[path[0]] = _replaced(value[path[0]], path[1:], other)
    return value


@settings(max_examples=300)
@given(data=st.data())
def test_a_member_of_a_real_answer_replaced(data: st.DataObject) -> None:
    answer = json.loads(data.draw(st.sampled_from(_answers())))
    path = data.draw(st.sampled_from(_paths(answer)))
    _everything(_replaced(answer, path, data.draw(json_values)))


def _mutated(data: st.DataObject, raw: bytes) -> bytes:
    """Cut, grown or changed in one place."""
    at = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(at, min(len(raw), at + 8)))
    return raw[:at] + data.draw(st.binary(max_size=8)) + raw[end:]


@settings(max_examples=400)
@given(data=st.data())
def test_bytes_of_a_real_answer_changed(data: st.DataObject) -> None:
    answer = json.loads(data.draw(st.sampled_from(_answers())))
    binary = sorted(
        set(answer["response"])
        & {"clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"}
    )
    name = data.draw(st.sampled_from(binary))
    raw = base64url.decode(answer["response"][name])
    answer["response"][name] = base64url.encode(_mutated(data, raw))
    _everything(answer)


@settings(max_examples=300)
@given(data=st.data())
def test_a_part_of_a_real_statement_replaced(data: st.DataObject) -> None:
    """Structure intact, meaning not: reaches the inside of every attestation format."""
    answer = json.loads(_created(data.draw(st.sampled_from(FORMATS))))
    attestation = dict(fido2_cbor.decode(base64url.decode(answer["response"]["attestationObject"])))
    path = data.draw(st.sampled_from(_paths(attestation)))
    old = attestation
    for step in path:
        old = old[step]
    new = data.draw(cbor_values)
    if isinstance(old, bytes) and data.draw(st.booleans()):
        new = _mutated(data, old)
    changed = _replaced(attestation, path, new)
    answer["response"]["attestationObject"] = base64url.encode(fido2_cbor.encode(changed))
    _everything(answer)


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_cbor_reads_or_refuses(raw: bytes) -> None:
    try:
        value = cbor.decode(raw, field="x")
    except MalformedResponse:
        return
    if b"\xf6" not in raw:  # python-fido2 has no null
        assert value == fido2_cbor.decode(raw)


@given(cbor_values)
def test_cbor_reads_what_others_write(value: Any) -> None:
    assert cbor.decode(fido2_cbor.encode(value), field="x") == value


@given(st.binary(max_size=120))
def test_der_reads_or_refuses(raw: bytes) -> None:
    try:
        elements = der.read_all(raw)
        for element in elements:
            der.integer(element.content)
    except der.NotDer:
        return


@given(st.binary(max_size=200) | cbor_values.map(fido2_cbor.encode))
def test_public_keys_load_or_are_refused(raw: bytes) -> None:
    with pytest.raises(HkeidError):
        load_public_key(raw)


@settings(max_examples=200)
@given(data=st.data())
def test_authenticator_data_read_as_others_read_them(data: st.DataObject) -> None:
    raw = base64url.decode(json.loads(_created("none"))["response"]["authenticatorData"])
    changed = _mutated(data, raw) if data.draw(st.booleans()) else raw
    try:
        ours = parse_authenticator_data(changed, field="x")
    except MalformedResponse:
        return
    if ours.attested is not None and 3 not in ours.attested.cose:
        return  # python-fido2 wants to know the algorithm already here
    theirs = Fido2AuthenticatorData(changed)
    assert ours.rp_id_hash == theirs.rp_id_hash
    assert ours.sign_count == theirs.counter
    assert ours.flags == theirs.flags
    if ours.attested is not None:
        assert theirs.credential_data is not None
        assert ours.attested.credential_id == theirs.credential_data.credential_id
        assert ours.attested.cose == dict(theirs.credential_data.public_key)


@given(
    stored=st.integers(0, 2**32 - 1),
    received=st.integers(0, 2**32 - 1),
)
def test_a_counter_never_goes_back(stored: int, received: int) -> None:
    """WebAuthn L3 §7.2 step 22, for every pair."""
    from dataclasses import replace

    from hkeid.webauthn.assertion import check_counter

    credential = replace(_credential(), sign_count=stored)
    raw = bytes(32) + b"\x05" + received.to_bytes(4, "big")
    parsed = parse_authenticator_data(raw, field="x")
    accepted = True
    try:
        check_counter(parsed, credential)
    except CeremonyRefused as refusal:
        assert refusal.reason == "counter_regressed"
        accepted = False
    assert accepted == (received > stored or received == stored == 0)


def test_the_samples_are_good() -> None:
    """Fuzzing starts from answers that are accepted."""
    words = {
        format_: verify_registration(_created(format_), CREATING, POLICY).attestation
        for format_ in FORMATS
    }
    verified = {"packed", "tpm", "android-key", "apple"}
    assert {format_ for format_, word in words.items() if word == "verified"} == verified
    assert words["fido-u2f"] == "unverified"  # its AAGUID is not zero
    assert verify_assertion(_got(), GETTING, _credential(), HANDLE, POLICY)
