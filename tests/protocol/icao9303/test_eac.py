"""BSI TR-03110, EAC worked example 1.01: certificates, terminal and chip authentication, CardSecurity."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from hkeid.chip.chip_authentication import (
    chip_key,
    second_version_channel,
    second_version_token,
)
from hkeid.chip.cv_certificates import (
    parse_cv_certificate,
    verification_key,
    verify_chain,
    verify_terminal_signature,
)
from hkeid.chip.errors import CardMalformed, CardRefused
from hkeid.chip.findings import FindingCode
from hkeid.chip.groups import standardised_group
from hkeid.chip.kdf import CipherName, session_keys
from hkeid.chip.public_keys import AgreementKey, RsaKey
from hkeid.chip.security_infos import parse_security_infos
from hkeid.chip.terminal_authentication import signed_message

H = bytes.fromhex
AES = CipherName.AES_128
EXAMPLES = [("tr03110_eac_ecdh", 13), ("tr03110_eac_dh", 0)]
NAMES = [name for name, _ in EXAMPLES]


@pytest.mark.parametrize("name", NAMES)
def test_the_certificate_chain(name: str, vectors: dict[str, Any]) -> None:
    """TR-03110-3 §C: CVCA, document verifier, terminal."""
    v = vectors[name]
    cvca, dv, terminal = (
        parse_cv_certificate(H(v[k])) for k in ("cvca_cert", "dv_cert", "ta_cert")
    )
    key = verify_chain(cvca, (dv, terminal), on=max(dv.effective, terminal.effective))
    private = _terminal_key(v)
    if isinstance(private, rsa.RSAPrivateKey):
        assert isinstance(key, RsaKey)
        assert key.modulus == private.public_key().public_numbers().n
    else:
        assert isinstance(key, AgreementKey)
        numbers = private.public_key().public_numbers()
        assert key.public[1:65] == numbers.x.to_bytes(64, "big")
        assert key.group.compressed(key.public) == numbers.x.to_bytes(64, "big")


@pytest.mark.parametrize("name", NAMES)
def test_a_chain_with_a_fault_is_refused(name: str, vectors: dict[str, Any]) -> None:
    v = vectors[name]
    cvca, dv, terminal = (
        parse_cv_certificate(H(v[k])) for k in ("cvca_cert", "dv_cert", "ta_cert")
    )
    for chain, detail in (
        ((terminal,), "names"),
        ((), "length of chain"),
        ((parse_cv_certificate(_flipped(v["dv_cert"])), terminal), "signature"),
    ):
        with pytest.raises(CardRefused) as caught:
            verify_chain(cvca, chain)
        assert caught.value.reason == "terminal_chain_wrong"
        assert caught.value.detail == detail
    with pytest.raises(CardRefused) as caught:
        verify_chain(cvca, (dv, terminal), on=date(2040, 1, 1))
    assert caught.value.detail == "validity"
    with pytest.raises(CardMalformed):
        parse_cv_certificate(H(v["dv_cert"])[:-1])


def _flipped(text: str) -> bytes:
    data = bytearray(H(text))
    data[-1] ^= 1
    return bytes(data)


def _terminal_key(v: dict[str, Any]) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    """The terminal's key; OpenSSL takes the example's explicit curve parameters only by name."""
    try:
        key = serialization.load_der_private_key(H(v["ta_pcd_key"]), None)
    except UnsupportedAlgorithm:
        key = ec.derive_private_key(_scalar(H(v["ta_pcd_key"])), ec.BrainpoolP512R1())
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    return key


def _scalar(pkcs8: bytes) -> int:
    from hkeid.chip import tlv

    inner = tlv.parse_one(pkcs8, 0x30).children()[2].value
    return int.from_bytes(tlv.parse_one(inner, 0x30).children()[1].value, "big")


@pytest.mark.parametrize(("name", "number"), EXAMPLES)
def test_the_signature_of_the_terminal(name: str, number: int, vectors: dict[str, Any]) -> None:
    """TR-03110-2 §3.3: over the card's PACE key, its challenge, and our chip authentication key."""
    v = vectors[name]
    group = standardised_group(number)
    assert group is not None
    message = signed_message(
        group.compressed(H(v["picc_pub_key"])),
        H(v["ta_nonce"]),
        group.compressed(H(v["ca_pcd_pub_key"])),
    )
    cvca, terminal = (parse_cv_certificate(H(v[k])) for k in ("cvca_cert", "ta_cert"))
    key = verification_key(terminal, cvca.group)
    signature = H(v["ta_pcd_signature"])
    assert verify_terminal_signature(terminal.oid, key, message, signature)
    assert not verify_terminal_signature(terminal.oid, key, message + b"\0", signature)
    assert not verify_terminal_signature(terminal.oid, key, message, signature[:-1])


@pytest.mark.parametrize(("name", "number"), EXAMPLES)
def test_chip_authentication_version_two(name: str, number: int, vectors: dict[str, Any]) -> None:
    """TR-03110-2 §3.4: agreement with the static key, keys with the card's nonce, token."""
    v = vectors[name]
    group = standardised_group(number)
    assert group is not None
    private, public = int(v["ca_pcd_priv_key"], 16), H(v["ca_pcd_pub_key"])
    assert group.public(private) == public
    secret = group.shared(private, H(v["ca_picc_pub_key"]))
    assert secret == H(v["ca_shared_secret_k"])
    keys = session_keys(secret, AES, nonce=H(v["ca_nonce"]))
    assert (keys.encryption, keys.mac) == (H(v["ca_k_enc"]), H(v["ca_k_mac"]))
    elliptic = number == 13
    arguments = (secret, AES, H(v["ca_nonce"]), v["ca_oid"], public)
    assert second_version_token(*arguments, elliptic=elliptic) == H(v["ca_picc_token"])
    channel = second_version_channel(*arguments, H(v["ca_picc_token"]), elliptic=elliptic)
    assert channel._keys == keys
    with pytest.raises(CardRefused) as caught:
        second_version_channel(*arguments, bytes(8), elliptic=elliptic)
    assert caught.value.reason == "chip_session_wrong"


@pytest.mark.parametrize(("name", "number"), EXAMPLES)
def test_card_access_and_card_security(name: str, number: int, vectors: dict[str, Any]) -> None:
    """EF.CardAccess offers what the example runs; EF.CardSecurity holds the chip's key."""
    from asn1crypto import cms

    v = vectors[name]
    access = parse_security_infos(H(v["ef_cardaccess"]), code=FindingCode.CARD_ACCESS_MALFORMED)
    assert [info.oid for info in access.pace] == [v["pace_oid"]]
    assert v["ca_oid"] in {way.oid for way in access.chip_authentication}
    assert access.terminal_authentication
    signed = cms.ContentInfo.load(H(v["ef_cardsecurity"]))["content"]
    infos = parse_security_infos(
        signed["encap_content_info"]["content"].contents, code=FindingCode.CARD_SECURITY_MALFORMED
    )
    keys = [chip_key(key) for key in infos.chip_keys]
    assert H(v["ca_picc_pub_key"]) in [key.public for key in keys]


@pytest.mark.parametrize("name", NAMES)
def test_the_signature_of_card_security(name: str, vectors: dict[str, Any]) -> None:
    """RFC 5652 §5.4: message digest, and the signature over the re-encoded attributes."""
    from asn1crypto import cms

    signed = cms.ContentInfo.load(H(vectors[name]["ef_cardsecurity"]))["content"]
    (signer,) = signed["signer_infos"]
    attributes = {one["type"].native: one["values"][0] for one in signer["signed_attrs"]}
    content = signed["encap_content_info"]["content"].contents
    assert attributes["message_digest"].native == hashlib.sha256(content).digest()
    (certificate,) = signed["certificates"]
    key = serialization.load_der_public_key(certificate.chosen.public_key.dump())
    covered = signer["signed_attrs"].untag().dump()
    signature = signer["signature"].native
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(
        signature,
        covered,
        padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=32),
        hashes.SHA256(),
    )
