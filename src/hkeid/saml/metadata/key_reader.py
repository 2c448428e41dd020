"""KeyDescriptor elements: the public key, and why one is not used (saml-metadata §2.4.1.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hkeid.saml.dsig import PublicKey, SamlMalformed, base64_text
from hkeid.saml.dsig.parsing import XmlElement
from hkeid.saml.metadata import syntax
from hkeid.saml.metadata.errors import MetadataMalformed, MetadataReason
from hkeid.saml.metadata.keys import EncryptionMethod, KeyUse, RefusedKey, RoleKey

RSA_BITS = (2048, 8192)
"""Least and most bits of an RSA modulus."""
_EXPONENT_BITS = 64
"""Most bits of a public exponent. OpenSSL uses no longer one with a modulus above 3072 bits, which is seen only
when something is encrypted; with a smaller one it costs as much as a signature, for each key and message."""
_MOST_KEYS = 32
_CURVES: Mapping[str, Callable[[], ec.EllipticCurve]] = MappingProxyType(
    {
        "urn:oid:1.2.840.10045.3.1.7": ec.SECP256R1,
        "urn:oid:1.3.132.0.34": ec.SECP384R1,
        "urn:oid:1.3.132.0.35": ec.SECP521R1,
    }
)
"""By ``URI`` of dsig11:NamedCurve."""


class UnusableKey(MetadataMalformed):
    """A key that cannot be used; ``reason`` begins with ``saml_key``."""

    default_safe_text = "A key in the SAML metadata cannot be used."


def read_keys(role: XmlElement) -> tuple[tuple[RoleKey, ...], tuple[RefusedKey, ...]]:
    """Usable keys of a role, and the others.

    :raises MetadataMalformed: ``saml_metadata_value`` (an unknown ``use``), ``saml_metadata_structure``
        (more than 32 of them).
    """
    keys: list[RoleKey] = []
    refused: list[RefusedKey] = []
    descriptors = list(syntax.children(role, "md:KeyDescriptor"))
    if len(descriptors) > _MOST_KEYS:
        raise MetadataMalformed(MetadataReason.STRUCTURE, field="KeyDescriptor")
    for one in descriptors:
        use = _use(one)
        try:
            keys.append(_key(one, use))
        except UnusableKey as error:
            refused.append(RefusedKey(reason=error.reason, use=use))
    return tuple(keys), tuple(refused)


def _use(descriptor: XmlElement) -> KeyUse | None:
    value = syntax.attribute(descriptor, "use")
    if value is None:
        return None
    try:
        return KeyUse(value)
    except ValueError:
        raise MetadataMalformed(MetadataReason.VALUE, field="use") from None


def _key(descriptor: XmlElement, use: KeyUse | None) -> RoleKey:
    key_info = syntax.child(descriptor, "ds:KeyInfo")
    certificates = [
        _octets(one)
        for x509_data in syntax.children(key_info, "ds:X509Data")
        for one in syntax.children(x509_data, "ds:X509Certificate")
    ]
    found = [certificate_key(one) for one in certificates]
    found += [_key_value(one) for one in syntax.children(key_info, "ds:KeyValue")]
    if not found:
        raise UnusableKey(MetadataReason.KEY_KIND, detail="neither certificate nor key value")
    if any(one != found[0] for one in found):
        # Metadata Interoperability Profile §2.5.1: several representations of one key, never several keys.
        raise UnusableKey(MetadataReason.KEY_SYNTAX, detail="several keys in one KeyInfo")
    return RoleKey(
        public=usable(found[0]),
        use=use,
        certificate=certificates[0] if certificates else None,
        names=syntax.texts(key_info, "ds:KeyName"),
        encryption_methods=tuple(
            _encryption_method(one) for one in syntax.children(descriptor, "md:EncryptionMethod")
        ),
    )


def certificate_key(der: bytes) -> object:
    """The key of a certificate, of which nothing else is looked at.

    :raises UnusableKey: ``saml_key_syntax``, ``saml_key_kind``.
    """
    try:
        return x509.load_der_x509_certificate(der).public_key()
    except UnsupportedAlgorithm:
        raise UnusableKey(MetadataReason.KEY_KIND) from None
    except (ValueError, TypeError):
        raise UnusableKey(MetadataReason.KEY_SYNTAX, detail="certificate") from None


def usable(key: object) -> PublicKey:
    """``key`` if signatures under it, or content encrypted to it, mean anything.

    :raises UnusableKey: ``saml_key_kind``, ``saml_key_too_small`` (RSA below 2048 bits),
        ``saml_key_too_large`` (a modulus above 8192 bits, an exponent above 64). That an exponent is a trapdoor is seen to by cryptography when it loads a key.
    """
    if isinstance(key, rsa.RSAPublicKey):
        least, most = RSA_BITS
        if key.key_size < least:
            raise UnusableKey(MetadataReason.KEY_TOO_SMALL, detail=f"{key.key_size} bits")
        if key.key_size > most:
            raise UnusableKey(MetadataReason.KEY_TOO_LARGE, detail=f"{key.key_size} bits")
        if key.public_numbers().e.bit_length() > _EXPONENT_BITS:
            raise UnusableKey(MetadataReason.KEY_TOO_LARGE, detail="public exponent")
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(
        key.curve, ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1
    ):
        return key
    raise UnusableKey(MetadataReason.KEY_KIND)


def curve_uri(key: ec.EllipticCurvePublicKey) -> str:
    """``URI`` of the NamedCurve of a key on one of the curves that are read."""
    return next(uri for uri, curve in _CURVES.items() if curve().name == key.curve.name)


def _octets(element: XmlElement | None) -> bytes:
    try:
        return base64_text.decode(syntax.text(element) or "", whitespace=b" \t\r\n")
    except SamlMalformed:
        raise UnusableKey(MetadataReason.KEY_SYNTAX, detail="base64") from None


def _key_value(element: XmlElement) -> object:
    """XML Signature 1.1 §4.5.2."""
    numbers = syntax.child(element, "ds:RSAKeyValue")
    curve = syntax.child(element, "dsig11:ECKeyValue")
    try:
        if numbers is not None:
            modulus, exponent = (
                int.from_bytes(_octets(syntax.child(numbers, name)), "big")
                for name in ("ds:Modulus", "ds:Exponent")
            )
            return rsa.RSAPublicNumbers(exponent, modulus).public_key()
        named = syntax.child(curve, "dsig11:NamedCurve")
        known = None if named is None else _CURVES.get(syntax.attribute(named, "URI") or "")
        if known is None:
            raise UnusableKey(MetadataReason.KEY_KIND)
        point = _octets(syntax.child(curve, "dsig11:PublicKey"))
        return ec.EllipticCurvePublicKey.from_encoded_point(known(), point)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnusableKey(MetadataReason.KEY_SYNTAX, detail="key value") from None


def _encryption_method(element: XmlElement) -> EncryptionMethod:
    """XML Encryption 1.1 §3.2."""
    bits = syntax.text(syntax.child(element, "xenc:KeySize"))
    digest = syntax.child(element, "ds:DigestMethod")
    mask = syntax.child(element, "xenc11:MGF")
    return EncryptionMethod(
        algorithm=syntax.required(element, "Algorithm"),
        key_bits=None if bits is None else syntax.number(bits, "KeySize"),
        digest=None if digest is None else syntax.required(digest, "Algorithm"),
        mask=None if mask is None else syntax.required(mask, "Algorithm"),
    )
