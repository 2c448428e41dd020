"""Opening a saml:EncryptedAssertion (saml-core §2.3.4, XML Encryption 1.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hkeid.kernel.errors import HkeidError
from hkeid.saml.dsig import base64_text
from hkeid.saml.dsig.algorithms import PublicKey
from hkeid.saml.dsig.errors import EncryptionRefused, SamlMalformed, SignatureRefused
from hkeid.saml.dsig.gate import read_document
from hkeid.saml.dsig.key_transport import (
    LABELS,
    MASKS,
    OAEP_MGF1P,
    OAEP_XENC11,
    KeyUnwrapper,
    OaepParameters,
)
from hkeid.saml.dsig.limits import MESSAGE_LIMITS, Limits
from hkeid.saml.dsig.namespaces import DS, ENCRYPTED_ASSERTION, ENCRYPTED_ID, NAME_ID, XENC, XENC11
from hkeid.saml.dsig.parsing import XmlElement
from hkeid.saml.dsig.policy import DEFAULT_POLICY, SignaturePolicy
from hkeid.saml.dsig.reasons import Reason
from hkeid.saml.dsig.signed import SignedElement
from hkeid.saml.dsig.verification import VerifiedResponse, verify_decrypted

_GCM = {f"{XENC11}aes{bits}-gcm": bits // 8 for bits in (128, 192, 256)}
_CBC = {f"{XENC}aes{bits}-cbc": bits // 8 for bits in (128, 192, 256)}
_MOST_KEYS = 4
_GCM_NONCE, _GCM_TAG, _BLOCK = 12, 16, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionPolicy:
    """What is opened.

    :ivar cbc: open AES-CBC as well, where the message around it is signed and verified. CBC has no
        integrity of its own, and whoever may send altered ciphertexts and watch what comes of them reads it.
    """

    cbc: bool = False


def decrypt_assertions(
    response: VerifiedResponse,
    unwrappers: Sequence[KeyUnwrapper],
    keys: Sequence[PublicKey],
    *,
    encryption: EncryptionPolicy = EncryptionPolicy(),
    policy: SignaturePolicy = DEFAULT_POLICY,
    limits: Limits = MESSAGE_LIMITS,
) -> tuple[SignedElement, ...]:
    """The assertions in ``response.encrypted``.

    Each has a signature of its own that verifies, or none and stands in a signed Response.

    :param unwrappers: our keys, the current one first (key roll-over).
    :param keys: the peer's signature keys.
    :raises EncryptionRefused: ``saml_encryption_syntax``, ``saml_encryption_refused``, ``saml_cbc_refused``,
        ``saml_decryption_failed``.
    :raises SamlMalformed: as :func:`hkeid.saml.dsig.gate.read_document`, for what was inside.
    :raises SignatureRefused: as :func:`hkeid.saml.dsig.verification.verify_response`.
    """
    around = response.signed_message
    return tuple(
        verify_decrypted(
            _opened(one, unwrappers, cbc=encryption.cbc and around is not None),
            around,
            keys,
            policy=policy,
            limits=limits,
        )
        for one in response.encrypted
    )


def decrypt_name_id(
    encrypted: XmlElement,
    unwrappers: Sequence[KeyUnwrapper],
    *,
    encryption: EncryptionPolicy = EncryptionPolicy(),
    limits: Limits = MESSAGE_LIMITS,
) -> XmlElement:
    """The saml:NameID in a saml:EncryptedID (saml-core §2.2.4) that stands in a signed element.

    :param encrypted: out of an element that is answered for.
    :raises EncryptionRefused: as :func:`decrypt_assertions`.
    :raises SamlMalformed: as :func:`hkeid.saml.dsig.gate.read_document`, for what was inside.
    :raises SignatureRefused: likewise; ``saml_message_kind``: something else was inside.
    """
    document = read_document(_opened(encrypted, unwrappers, cbc=encryption.cbc), limits)
    if document.root.tag != NAME_ID:
        raise SignatureRefused(Reason.MESSAGE_KIND)
    return document.root


def _opened(encrypted: XmlElement, unwrappers: Sequence[KeyUnwrapper], *, cbc: bool) -> bytes:
    """The plaintext. One reason for whatever goes wrong with secret values."""
    data = encrypted.getchildren()
    if (
        encrypted.tag not in (ENCRYPTED_ASSERTION, ENCRYPTED_ID)
        or not data
        or data[0].tag != f"{{{XENC}}}EncryptedData"
    ):
        raise EncryptionRefused(Reason.ENCRYPTION_SYNTAX)
    content = data[0]
    algorithm = _method(content).get("Algorithm", "")
    if algorithm in _CBC and not cbc:
        raise EncryptionRefused(Reason.CBC_REFUSED)
    opener, size = _opener(algorithm)
    wrapped_keys = list(encrypted.iter(f"{{{XENC}}}EncryptedKey"))
    if not 0 < len(wrapped_keys) <= _MOST_KEYS:
        raise EncryptionRefused(Reason.ENCRYPTION_SYNTAX)
    transports = [(_cipher_value(one), _transport(_method(one))) for one in wrapped_keys]
    sealed = _cipher_value(content)
    for wrapped, parameters in transports:
        for unwrap in unwrappers:
            try:
                key = unwrap(wrapped, parameters)
                if len(key) == size:
                    return opener(key, sealed)
            except (ValueError, InvalidTag, HkeidError):
                continue
    raise EncryptionRefused(Reason.DECRYPTION_FAILED)


def _opener(algorithm: str) -> tuple[Callable[[bytes, bytes], bytes], int]:
    if algorithm in _GCM:
        return _open_gcm, _GCM[algorithm]
    if algorithm in _CBC:
        return _open_cbc, _CBC[algorithm]
    raise EncryptionRefused(Reason.ENCRYPTION_REFUSED, detail=algorithm[:120])


def _open_gcm(key: bytes, sealed: bytes) -> bytes:
    """xmlenc-core1 §5.2.4: a 96-bit IV, the ciphertext, a 128-bit tag."""
    if len(sealed) < _GCM_NONCE + _GCM_TAG:
        raise ValueError("too short")
    return AESGCM(key).decrypt(sealed[:_GCM_NONCE], sealed[_GCM_NONCE:], None)


def _open_cbc(key: bytes, sealed: bytes) -> bytes:
    """xmlenc-core1 §5.2.2: the last byte says how many bytes of padding there are."""
    if len(sealed) < 2 * _BLOCK or len(sealed) % _BLOCK:
        raise ValueError("no whole blocks")
    stream = Cipher(algorithms.AES(key), modes.CBC(sealed[:_BLOCK])).decryptor()
    padded = stream.update(sealed[_BLOCK:]) + stream.finalize()
    if not 1 <= padded[-1] <= _BLOCK:
        raise ValueError("padding")
    return padded[: -padded[-1]]


def _method(element: XmlElement) -> XmlElement:
    method = element.find(f"{{{XENC}}}EncryptionMethod")
    if method is None:
        raise EncryptionRefused(Reason.ENCRYPTION_SYNTAX)
    return method


def _transport(method: XmlElement) -> OaepParameters:
    """RSA-OAEP with no label (xmlenc-core1 §5.5.2); RSA-1_5 and anything else is refused."""
    algorithm = method.get("Algorithm", "")
    if algorithm not in (OAEP_MGF1P, OAEP_XENC11):
        raise EncryptionRefused(Reason.ENCRYPTION_REFUSED, detail=algorithm[:120])
    named = {"algorithm": algorithm}
    for child in method:
        if child.tag == f"{{{DS}}}DigestMethod" and child.get("Algorithm") in LABELS:
            named["digest"] = child.get("Algorithm")
        elif child.tag == f"{{{XENC11}}}MGF" and child.get("Algorithm") in MASKS:
            named["mgf"] = child.get("Algorithm")
        else:
            raise EncryptionRefused(Reason.ENCRYPTION_REFUSED, detail=str(child.tag)[:120])
    if algorithm == OAEP_MGF1P and "mgf" in named:
        raise EncryptionRefused(Reason.ENCRYPTION_REFUSED, detail="MGF of rsa-oaep-mgf1p")
    return OaepParameters(**named)


def _cipher_value(element: XmlElement) -> bytes:
    """CipherData with a CipherValue; a CipherReference is refused."""
    value = element.find(f"{{{XENC}}}CipherData/{{{XENC}}}CipherValue")
    if value is None or len(value):
        raise EncryptionRefused(Reason.ENCRYPTION_SYNTAX)
    try:
        return base64_text.decode(value.text or "", whitespace=b" \t\r\n")
    except SamlMalformed as error:
        raise EncryptionRefused(Reason.ENCRYPTION_SYNTAX) from error
