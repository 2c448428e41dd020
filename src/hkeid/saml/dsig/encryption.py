"""Encrypting an assertion for a peer: AES-GCM under a key that RSA-OAEP carries (XML Encryption 1.1)."""

from __future__ import annotations

from base64 import b64encode
from enum import Enum

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hkeid.ports import Random
from hkeid.saml.dsig.algorithms import SHA1_DIGEST, SHA256_DIGEST
from hkeid.saml.dsig.errors import NotWritable
from hkeid.saml.dsig.key_transport import (
    MGF1_SHA256,
    OAEP_MGF1P,
    OAEP_XENC11,
    OaepParameters,
)
from hkeid.saml.dsig.reasons import Reason
from hkeid.saml.dsig.writer import Element, write

_XENC11 = "http://www.w3.org/2009/xmlenc11#"
_NONCE_BYTES = 12


class ContentCipher(Enum):
    """What the assertion is encrypted with; the value is the key's bytes."""

    AES128_GCM = 16
    AES256_GCM = 32

    @property
    def uri(self) -> str:
        """Value of ``Algorithm``."""
        return f"{_XENC11}aes{8 * self.value}-gcm"


OAEP_SHA256 = OaepParameters(algorithm=OAEP_XENC11, digest=SHA256_DIGEST, mgf=MGF1_SHA256)
"""XML Encryption 1.1 §5.5.2, the default."""

OAEP_SHA1 = OaepParameters(algorithm=OAEP_MGF1P, digest=SHA1_DIGEST)
"""What every peer knows. OAEP does not rest on its hash being free of collisions, so this is no weak choice."""


def encrypt_assertion(
    assertion: Element,
    recipient: rsa.RSAPublicKey,
    random: Random,
    *,
    cipher: ContentCipher = ContentCipher.AES256_GCM,
    transport: OaepParameters = OAEP_SHA256,
) -> Element:
    """A saml:EncryptedAssertion that only the holder of the recipient's key can open (saml-core §2.3.4).

    :param assertion: signed beforehand, if it is to be signed.
    :param random: where content key and nonce come from.
    :raises NotWritable: ``saml_not_writable`` (no Assertion, or as :func:`hkeid.saml.dsig.writer.write`).
    """
    if assertion.name != "saml:Assertion":
        raise NotWritable(Reason.NOT_WRITABLE, detail=f"{assertion.name} is no Assertion")
    return _encrypted("saml:EncryptedAssertion", assertion, recipient, random, cipher, transport)


def encrypt_name_id(
    name_id: Element,
    recipient: rsa.RSAPublicKey,
    random: Random,
    *,
    cipher: ContentCipher = ContentCipher.AES256_GCM,
    transport: OaepParameters = OAEP_SHA256,
) -> Element:
    """A saml:EncryptedID, likewise (saml-core §2.2.4).

    :raises NotWritable: ``saml_not_writable`` (no NameID, or as :func:`hkeid.saml.dsig.writer.write`).
    """
    if name_id.name != "saml:NameID":
        raise NotWritable(Reason.NOT_WRITABLE, detail=f"{name_id.name} is no NameID")
    return _encrypted("saml:EncryptedID", name_id, recipient, random, cipher, transport)


def _encrypted(
    name: str,
    element: Element,
    recipient: rsa.RSAPublicKey,
    random: Random,
    cipher: ContentCipher,
    transport: OaepParameters,
) -> Element:
    key, nonce = random.token_bytes(cipher.value), random.token_bytes(_NONCE_BYTES)
    sealed = nonce + AESGCM(key).encrypt(nonce, write(element), None)
    wrapped = recipient.encrypt(key, transport.padding())
    encrypted_key = Element(
        "xenc:EncryptedKey", {}, [_transport_method(transport), _cipher_data(wrapped)]
    )
    content = Element(
        "xenc:EncryptedData",
        {"Type": "http://www.w3.org/2001/04/xmlenc#Element"},
        [
            Element("xenc:EncryptionMethod", {"Algorithm": cipher.uri}),
            Element("ds:KeyInfo", {}, [encrypted_key]),
            _cipher_data(sealed),
        ],
    )
    return Element(name, {}, [content])


def _transport_method(transport: OaepParameters) -> Element:
    parts = [Element("ds:DigestMethod", {"Algorithm": transport.digest})]
    if transport.algorithm == OAEP_XENC11:
        parts.append(Element("xenc11:MGF", {"Algorithm": transport.mgf}))
    return Element("xenc:EncryptionMethod", {"Algorithm": transport.algorithm}, parts)


def _cipher_data(octets: bytes) -> Element:
    value = Element("xenc:CipherValue", {}, [b64encode(octets).decode("ascii")])
    return Element("xenc:CipherData", {}, [value])
