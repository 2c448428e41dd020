"""Signatures made elsewhere: two steps, a small state between them."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from hkeid.kernel.errors import HkeidError, MalformedInput
from hkeid.signing import (
    CredentialRefused,
    DocumentRefused,
    Prepared,
    SignatureAlgorithm,
    SignerIdentity,
    complete_pdf,
    prepare_pdf,
)
from hkeid.testing.papers import paper
from hkeid.testing.signing_authority import new_key


@pytest.fixture
def remote(authority):
    """A key that is elsewhere, and the identity that is known here."""
    key = new_key("p256")
    return key, SignerIdentity.of(authority.issue(key), [authority.certificate])


def _signed_hash(key, digest: bytes) -> bytes:
    return key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))


def test_a_hash_goes_out_and_a_value_comes_back(remote, engine, plain, judge) -> None:
    key, identity = remote
    prepared = prepare_pdf(plain, identity, engine=engine)
    signature = _signed_hash(key, prepared.to_be_signed)
    judge.require_good(complete_pdf(plain, prepared, signature, engine=engine))


def test_the_state_is_small_and_travels(remote, engine, judge) -> None:
    key, identity = remote
    document = paper(300_000)
    state = prepare_pdf(document, identity, level="B-B", engine=engine).to_bytes()
    assert len(state) < 4096
    again = Prepared.from_bytes(state)
    assert again.to_bytes() == state
    signature = _signed_hash(key, again.to_be_signed)
    judge.require_good(complete_pdf(document, again, signature, engine=engine))


def test_the_state_holds_neither_document_nor_secret(remote, engine, plain) -> None:
    _, identity = remote
    state = prepare_pdf(plain, identity, engine=engine).to_bytes()
    assert b"SPECIMEN page" not in state
    assert set(json.loads(state)) == {
        *("form", "level", "hash", "field", "size", "room", "digest", "before", "after"),
        *("certificate", "chain"),
    }


def test_b_lta_is_finished_with_the_value(
    remote, authority, engine, plain, judge, timestamps
) -> None:
    key, identity = remote
    prepared = prepare_pdf(plain, identity, level="B-LTA", engine=engine)
    signed = complete_pdf(
        plain, prepared, _signed_hash(key, prepared.to_be_signed),
        timestamp_authority=timestamps, revocation=authority, engine=engine,
    )  # fmt: skip
    judge.require_good(signed, coverage="ENTIRE_REVISION")


def test_ed25519_signs_the_attributes_themselves(authority, engine, plain, judge) -> None:
    """RFC 8419 §3.1."""
    key = new_key("ed25519")
    identity = SignerIdentity.of(authority.issue(key), [authority.certificate])
    prepared = prepare_pdf(plain, identity, engine=engine)
    signed = complete_pdf(plain, prepared, key.sign(prepared.signed_attributes), engine=engine)
    judge.require_good(signed)


def test_the_form_of_jws_becomes_der(remote, engine, plain, judge) -> None:
    key, identity = remote
    prepared = prepare_pdf(plain, identity, engine=engine)
    numbers = utils.decode_dss_signature(_signed_hash(key, prepared.to_be_signed))
    raw = b"".join(one.to_bytes(32, "big") for one in numbers)
    algorithm = SignatureAlgorithm.of_key(key.public_key())
    judge.require_good(complete_pdf(plain, prepared, algorithm.from_raw(raw), engine=engine))


def test_another_document_is_noticed(remote, engine, plain) -> None:
    key, identity = remote
    prepared = prepare_pdf(plain, identity, engine=engine)
    signature = _signed_hash(key, prepared.to_be_signed)
    for other in (plain + b"\n", plain[:-1], plain[:40] + b"9" + plain[41:], b""):
        with pytest.raises(DocumentRefused) as refused:
            complete_pdf(other, prepared, signature, engine=engine)
        assert refused.value.reason == "pdf_changed"


@pytest.mark.parametrize("value", [b"", b"0", bytes(64), bytes(10_000)])
def test_a_wrong_value_is_noticed(value, remote, engine, plain) -> None:
    _, identity = remote
    prepared = prepare_pdf(plain, identity, engine=engine)
    with pytest.raises(CredentialRefused) as refused:
        complete_pdf(plain, prepared, value, engine=engine)
    assert refused.value.reason == "signature_wrong"


def test_a_value_for_another_document_is_noticed(remote, engine, plain) -> None:
    key, identity = remote
    first = prepare_pdf(plain, identity, engine=engine)
    second = prepare_pdf(paper(), identity, engine=engine)
    with pytest.raises(CredentialRefused):
        complete_pdf(plain, first, _signed_hash(key, second.to_be_signed), engine=engine)


@pytest.mark.parametrize(
    "part", ["digest", "before", "after", "size", "room", "certificate", "level"]
)
def test_an_altered_state_completes_nothing(part, remote, authority, engine, plain) -> None:
    key, identity = remote
    prepared = prepare_pdf(plain, identity, engine=engine)
    signature = _signed_hash(key, prepared.to_be_signed)
    read = json.loads(prepared.to_bytes())
    other = prepare_pdf(paper(), authority.signer().identity, engine=engine)
    replaced = {**json.loads(other.to_bytes()), "size": 1, "room": 3, "level": "B-LTA"}
    assert replaced[part] != read[part]
    read[part] = replaced[part]
    with pytest.raises(HkeidError):
        complete_pdf(
            plain, Prepared.from_bytes(json.dumps(read).encode()), signature, engine=engine
        )


@pytest.mark.parametrize(
    "change",
    [
        {"form": "hkeid-prepared-0"},
        {"level": "B-Z"},
        {"size": -1},
        {"size": True},
        {"room": "12"},
        {"before": "***"},
        {"before": None},
        {"chain": "x"},
        {"field": 1},
    ],
)
def test_a_malformed_state_is_refused(change, remote, engine, plain) -> None:
    _, identity = remote
    read = json.loads(prepare_pdf(plain, identity, engine=engine).to_bytes()) | change
    with pytest.raises(MalformedInput) as refused:
        Prepared.from_bytes(json.dumps(read).encode())
    assert refused.value.reason == "prepared_malformed"


def test_every_member_is_needed(remote, engine, plain) -> None:
    _, identity = remote
    read = json.loads(prepare_pdf(plain, identity, engine=engine).to_bytes())
    for name in read:
        short = {key: value for key, value in read.items() if key != name}
        with pytest.raises(MalformedInput) as refused:
            Prepared.from_bytes(json.dumps(short).encode())
        assert refused.value.reason == "prepared_malformed"
