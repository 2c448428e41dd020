"""RSA keys whose public exponent makes them costly, or of no use at all."""

from __future__ import annotations

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from hkeid.saml.dsig import Element, read_unsigned, write
from hkeid.saml.dsig.namespaces import SAMLP
from hkeid.saml.metadata import IdpRole, MetadataReason
from hkeid.saml.metadata.reader import read_entity

MODULUS = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key().public_numbers().n
)


def role_with(exponent: int) -> IdpRole:
    octets = [value.to_bytes((value.bit_length() + 7) // 8, "big") for value in (MODULUS, exponent)]
    parts = [
        Element(name, {}, [b64encode(value).decode()])
        for name, value in zip(("ds:Modulus", "ds:Exponent"), octets, strict=True)
    ]
    value = Element("ds:KeyValue", {}, [Element("ds:RSAKeyValue", {}, parts)])
    key = Element("md:KeyDescriptor", {}, [Element("ds:KeyInfo", {}, [value])])
    role = Element("md:IDPSSODescriptor", {"protocolSupportEnumeration": SAMLP}, [key])
    made = write(Element("md:EntityDescriptor", {"entityID": "urn:x:y"}, [role]))
    found = read_entity(read_unsigned(made).element).idp
    assert found is not None
    return found


@pytest.mark.parametrize("exponent", [3, 65537, 2**64 - 1])
def test_usual_exponents(exponent: int) -> None:
    (key,) = role_with(exponent).verification_keys
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.public_numbers().e == exponent


@pytest.mark.parametrize(
    ("exponent", "reason"),
    [
        (2**64 + 1, MetadataReason.KEY_TOO_LARGE),
        (2**2040 + 1, MetadataReason.KEY_TOO_LARGE),
        (1, MetadataReason.KEY_SYNTAX),
        (65536, MetadataReason.KEY_SYNTAX),
    ],
)
def test_others_are_refused(exponent: int, reason: str) -> None:
    role = role_with(exponent)
    assert role.keys == ()
    assert [one.reason for one in role.refused_keys] == [reason]
