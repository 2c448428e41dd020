"""Certificates, lists and messages out of hostile bytes: a value or our error, nothing else."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hkeid.chip import asn1
from hkeid.chip.lds.security_object import read_security_object
from hkeid.chip.trust import CountrySigners, der_blocks
from hkeid.kernel.errors import HkeidError
from hkeid.testing.card_issuer import CardIssuer
from hkeid.testing.card_issuer.issuer import lds_content
from hkeid.testing.chip_fuzz import mutate

READERS: dict[str, Callable[[bytes], Any]] = {
    "certificate": asn1.read_certificate,
    "revocation_list": asn1.read_revocation_list,
    "signed_message": asn1.read_signed_message,
    "master_list": asn1.read_master_list,
    "strings": asn1.read_strings,
    "key_usage": asn1.read_key_usage,
    "purposes": asn1.read_purposes,
    "constraints": asn1.read_constraints,
    "security_object": read_security_object,
    "pem": der_blocks,
}
_ROUNDS = 400


@given(name=st.sampled_from(sorted(READERS)), data=st.binary(max_size=300))
def test_any_bytes_raise_only_our_errors(name: str, data: bytes) -> None:
    try:
        READERS[name](data)
    except HkeidError as error:
        assert error.reason


def _seeds(kind: str) -> dict[str, bytes]:
    issuer = CardIssuer(root_key=kind, signer_key=kind)
    master, _ = issuer.master_list([issuer.root.der, issuer.signer.der])
    message = asn1.read_signed_message(master)
    return {
        "certificate": issuer.signer.der,
        "revocation_list": issuer.crl(),
        "signed_message": issuer.security_object({"DG1": b"a", "DG2": b"b"})[4:],
        "master_list": message.content,
        "security_object": lds_content({"DG1": b"a"}, digest="sha256"),
    }


@pytest.mark.parametrize("kind", ["secp256r1", "brainpoolP256r1-explicit", "rsa-2048-pss"])
def test_damaged_structures_raise_only_our_errors(kind: str) -> None:
    chance = random.Random(9303)
    refused = 0
    for name, seed in _seeds(kind).items():
        for _ in range(_ROUNDS):
            try:
                READERS[name](mutate(seed, chance))
            except HkeidError:
                refused += 1
    assert refused > _ROUNDS


@pytest.mark.parametrize("kind", ["secp256r1", "brainpoolP256r1-explicit", "rsa-2048-pss"])
def test_a_damaged_certificate_is_never_vouched_for(kind: str) -> None:
    """Trust is not built on, nor lent to, bytes that the country did not sign."""
    chance = random.Random(12)
    issuer = CardIssuer(root_key=kind, signer_key=kind)
    trust = issuer.trust()
    signed = asn1.read_certificate(issuer.signer.der).signed
    for _ in range(_ROUNDS):
        damaged = mutate(issuer.signer.der, chance)
        try:
            certificate = asn1.read_certificate(damaged)
        except HkeidError:
            continue
        judgement = trust.judge(certificate, at=issuer.now)
        assert certificate.signed == signed or not judgement.trusted
    for _ in range(_ROUNDS):
        damaged = mutate(issuer.root.der, chance)
        for one in CountrySigners.of([damaged]).anchors:
            assert one.signed == asn1.read_certificate(issuer.root.der).signed


def test_deep_nesting_ends() -> None:
    deep = b"\x30\x80" * 40_000
    for read in READERS.values():
        try:
            read(deep)
        except HkeidError as error:
            assert error.reason
