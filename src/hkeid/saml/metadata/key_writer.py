"""KeyDescriptor elements (saml-metadata §2.4.1.1)."""

from __future__ import annotations

from base64 import b64encode

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hkeid.saml.dsig import Element, PublicKey
from hkeid.saml.metadata.key_reader import curve_uri
from hkeid.saml.metadata.keys import EncryptionMethod, RoleKey


def key_descriptor(key: RoleKey) -> Element:
    """A key, in the certificate that it came with, or bare."""
    if key.certificate is None:
        value = _key_value(key.public)
    else:
        value = Element("ds:X509Data", {}, [_octets("ds:X509Certificate", key.certificate)])
    names = [Element("ds:KeyName", {}, [name]) for name in key.names]
    return Element(
        "md:KeyDescriptor",
        {} if key.use is None else {"use": key.use.value},
        [
            Element("ds:KeyInfo", {}, [*names, value]),
            *map(_encryption_method, key.encryption_methods),
        ],
    )


def _octets(name: str, octets: bytes) -> Element:
    return Element(name, {}, [b64encode(octets).decode("ascii")])


def _key_value(key: PublicKey) -> Element:
    """XML Signature 1.1 §4.5.2."""
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        parts = [
            _octets(name, value.to_bytes((value.bit_length() + 7) // 8, "big"))
            for name, value in (("ds:Modulus", numbers.n), ("ds:Exponent", numbers.e))
        ]
        return Element("ds:KeyValue", {}, [Element("ds:RSAKeyValue", {}, parts)])
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    parts = [
        Element("dsig11:NamedCurve", {"URI": curve_uri(key)}),
        _octets("dsig11:PublicKey", point),
    ]
    return Element("ds:KeyValue", {}, [Element("dsig11:ECKeyValue", {}, parts)])


def _encryption_method(method: EncryptionMethod) -> Element:
    """XML Encryption 1.1 §3.2."""
    inside = []
    if method.key_bits is not None:
        inside.append(Element("xenc:KeySize", {}, [str(method.key_bits)]))
    if method.digest is not None:
        inside.append(Element("ds:DigestMethod", {"Algorithm": method.digest}))
    if method.mask is not None:
        inside.append(Element("xenc11:MGF", {"Algorithm": method.mask}))
    return Element("md:EncryptionMethod", {"Algorithm": method.algorithm}, inside)
