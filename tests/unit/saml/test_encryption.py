"""Encrypted assertions: what opens, for whom, and what is refused without saying why."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from hkeid.adapters.system import SystemRandom
from hkeid.kernel.errors import HkeidError
from hkeid.saml.dsig import (
    OAEP_SHA1,
    OAEP_SHA256,
    ContentCipher,
    Element,
    EncryptionPolicy,
    NotWritable,
    OaepParameters,
    Reason,
    decrypt_assertions,
    encrypt_assertion,
    sign_element,
    unwrapper,
    verify_response,
    write,
)
from hkeid.testing.saml_specimens import SpecimenPeer, assertion, message

PEER = SpecimenPeer()
OURS = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NEXT = rsa.generate_private_key(public_exponent=65537, key_size=2048)
RANDOM = SystemRandom()
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
CBC = EncryptionPolicy(cbc=True)


def sealed(inside: Element, **named: Any) -> Element:
    return encrypt_assertion(inside, OURS.public_key(), RANDOM, **named)


def around(encrypted: Element, *, signed: bool) -> bytes:
    made = message("samlp:Response", "_r", encrypted)
    return write(sign_element(made, PEER.signer) if signed else made)


def opened(octets: bytes, *keys: rsa.RSAPrivateKey, **named: Any) -> Any:
    response = verify_response(octets, PEER.keys)
    unwrappers = [unwrapper(key) for key in keys or (OURS,)]
    return decrypt_assertions(response, unwrappers, PEER.keys, **named)


def reason(octets: bytes, *keys: rsa.RSAPrivateKey, **named: Any) -> str:
    with pytest.raises(HkeidError) as caught:
        opened(octets, *keys, **named)
    return caught.value.reason


@pytest.mark.parametrize("cipher", ContentCipher)
@pytest.mark.parametrize("transport", [OAEP_SHA256, OAEP_SHA1], ids=["sha256", "sha1"])
@pytest.mark.parametrize("signed", [True, False])
def test_there_and_back(cipher: ContentCipher, transport: OaepParameters, signed: bool) -> None:
    inside = sign_element(assertion(), PEER.signer)
    octets = around(sealed(inside, cipher=cipher, transport=transport), signed=signed)
    assert b"resident-4711" not in octets
    (found,) = opened(octets, NEXT, OURS)
    assert (found.own, found.octets) == (True, write(assertion()))


def test_an_assertion_without_signature_needs_one_around_it() -> None:
    (found,) = opened(around(sealed(assertion()), signed=True))
    assert (found.own, found.octets) == (False, write(assertion()))
    assert reason(around(sealed(assertion()), signed=False)) == Reason.ASSERTION_UNSIGNED


def test_a_signature_inside_is_verified_under_one_around_as_well() -> None:
    stranger = SpecimenPeer()
    inside = sign_element(assertion(), stranger.signer)
    for signed in (True, False):
        assert reason(around(sealed(inside), signed=signed)) == Reason.SIGNATURE_INVALID


def test_only_assertions_are_encrypted() -> None:
    with pytest.raises(NotWritable):
        sealed(message("samlp:Response", "_r"))


def encrypted_data(
    algorithm: str, content: bytes, key: bytes, *, method: Element | None = None, wrapped: bytes | None = None
) -> Element:  # fmt: skip
    """An EncryptedAssertion of one's own making."""
    wrapped = wrapped or OURS.public_key().encrypt(key, OAEP_SHA256.padding())
    if method is None:
        parts = [
            Element("ds:DigestMethod", {"Algorithm": OAEP_SHA256.digest}),
            Element("xenc11:MGF", {"Algorithm": OAEP_SHA256.mgf}),
        ]
        method = Element("xenc:EncryptionMethod", {"Algorithm": OAEP_SHA256.algorithm}, parts)

    def cipher_data(octets: bytes) -> Element:
        value = Element("xenc:CipherValue", {}, [b64encode(octets).decode()])
        return Element("xenc:CipherData", {}, [value])

    encrypted_key = Element("xenc:EncryptedKey", {}, [method, cipher_data(wrapped)])
    data = Element(
        "xenc:EncryptedData", {},
        [Element("xenc:EncryptionMethod", {"Algorithm": algorithm}), cipher_data(content)],
    )  # fmt: skip
    return Element("saml:EncryptedAssertion", {}, [data, encrypted_key])


def cbc(plain: bytes, key: bytes, last: int | None = None) -> bytes:
    size = 16 - len(plain) % 16
    iv = RANDOM.token_bytes(16)
    stream = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    padded = plain + bytes(size - 1) + bytes([size if last is None else last])
    return iv + stream.update(padded) + stream.finalize()


@pytest.mark.parametrize("size", [16, 24, 32])
def test_cbc_only_by_policy_and_within_a_signed_response(size: int) -> None:
    key = RANDOM.token_bytes(size)
    inside = write(sign_element(assertion(), PEER.signer))
    made = encrypted_data(f"{XENC}aes{8 * size}-cbc", cbc(inside, key), key)
    (found,) = opened(around(made, signed=True), encryption=CBC)
    assert found.octets == write(assertion())
    assert reason(around(made, signed=True)) == Reason.CBC_REFUSED
    assert reason(around(made, signed=False), encryption=CBC) == Reason.CBC_REFUSED


def _content(name: str, key: bytes) -> tuple[str, bytes, bytes]:
    inside = write(assertion())
    return {
        "padding": (f"{XENC}aes128-cbc", cbc(inside, key, last=0), key),
        "padding_too_long": (f"{XENC}aes128-cbc", cbc(inside, key, last=17), key),
        "no_block": (f"{XENC}aes128-cbc", bytes(16), key),
        "half_a_block": (f"{XENC}aes128-cbc", bytes(40), key),
        "tag": (f"{XENC11}aes128-gcm", bytes(100), key),
        "short": (f"{XENC11}aes128-gcm", bytes(20), key),
        "key_of_another_size": (f"{XENC11}aes256-gcm", bytes(100), key),
    }[name]


@pytest.mark.parametrize(
    "name",
    ["padding", "padding_too_long", "no_block", "half_a_block", "tag", "short", "key_of_another_size"],
)  # fmt: skip
def test_one_reason_for_whatever_does_not_open(name: str) -> None:
    made = encrypted_data(*_content(name, RANDOM.token_bytes(16)))
    assert reason(around(made, signed=True), encryption=CBC) == Reason.DECRYPTION_FAILED


def test_a_key_for_somebody_else() -> None:
    octets = around(sealed(assertion()), signed=True)
    assert reason(octets, NEXT) == Reason.DECRYPTION_FAILED


def test_a_wrapped_key_that_was_altered() -> None:
    made = encrypted_data(f"{XENC11}aes128-gcm", bytes(100), b"", wrapped=bytes(256))
    assert reason(around(made, signed=True)) == Reason.DECRYPTION_FAILED


def test_rsa_1_5_is_refused_before_any_key_is_used() -> None:
    key = RANDOM.token_bytes(16)
    wrapped = OURS.public_key().encrypt(key, padding.PKCS1v15())
    method = Element("xenc:EncryptionMethod", {"Algorithm": f"{XENC}rsa-1_5"})
    made = encrypted_data(f"{XENC11}aes128-gcm", bytes(100), key, method=method, wrapped=wrapped)
    used: list[bytes] = []
    response = verify_response(around(made, signed=True), PEER.keys)
    with pytest.raises(HkeidError) as caught:
        decrypt_assertions(response, [lambda one, _: used.append(one) or b""], PEER.keys)
    assert (caught.value.reason, used) == (Reason.ENCRYPTION_REFUSED, [])


@pytest.mark.parametrize(
    "algorithm",
    [f"{XENC}tripledes-cbc", f"{XENC}kw-aes128", "", f"{XENC11}aes512-gcm", f"{XENC}aes128-gcm"],
)
def test_ciphers_that_are_not_in_the_table(algorithm: str) -> None:
    made = encrypted_data(algorithm, bytes(100), bytes(16))
    assert reason(around(made, signed=True), encryption=CBC) == Reason.ENCRYPTION_REFUSED


@pytest.mark.parametrize(
    "parts",
    [
        [Element("ds:DigestMethod", {"Algorithm": "http://www.w3.org/2001/04/xmldsig-more#md5"})],
        [Element("xenc11:MGF", {"Algorithm": "urn:x"})],
        [Element("xenc:OAEPparams", {}, ["QUJD"])],
    ],
    ids=["digest", "mask", "label"],
)
def test_parameters_of_oaep_that_are_not_in_the_table(parts: list[Element]) -> None:
    method = Element("xenc:EncryptionMethod", {"Algorithm": OAEP_SHA256.algorithm}, parts)
    made = encrypted_data(f"{XENC11}aes128-gcm", bytes(100), bytes(16), method=method)
    assert reason(around(made, signed=True)) == Reason.ENCRYPTION_REFUSED


def test_a_mask_has_no_place_in_the_older_name() -> None:
    parts = [Element("xenc11:MGF", {"Algorithm": OAEP_SHA256.mgf})]
    method = Element("xenc:EncryptionMethod", {"Algorithm": OAEP_SHA1.algorithm}, parts)
    made = encrypted_data(f"{XENC11}aes128-gcm", bytes(100), bytes(16), method=method)
    assert reason(around(made, signed=True)) == Reason.ENCRYPTION_REFUSED


@pytest.mark.parametrize(
    "inside",
    [
        [],
        [Element("xenc:EncryptedKey")],
        [Element("xenc:EncryptedData")],
        [Element("xenc:EncryptedData", {}, [Element("xenc:EncryptionMethod", {"Algorithm": f"{XENC11}aes128-gcm"})])],
    ],
    ids=["empty", "key", "no_method", "no_key"],
)  # fmt: skip
def test_what_is_no_encrypted_assertion(inside: list[Element]) -> None:
    made = Element("saml:EncryptedAssertion", {}, inside)
    assert reason(around(made, signed=True)) == Reason.ENCRYPTION_SYNTAX


def test_content_elsewhere_is_not_fetched() -> None:
    made = encrypted_data(f"{XENC11}aes128-gcm", bytes(100), bytes(16))
    octets = around(made, signed=False)
    begin, end = octets.index(b"<xenc:CipherValue>"), octets.index(b"</xenc:CipherValue>") + 19
    reference = b'<xenc:CipherReference URI="http://attacker.example/"></xenc:CipherReference>'
    assert reason(octets[:begin] + reference + octets[end:]) == Reason.ENCRYPTION_SYNTAX


def test_what_is_inside_passes_the_gate_as_well() -> None:
    key = RANDOM.token_bytes(16)
    for inside, expected in (
        (b"<!DOCTYPE r><r/>", Reason.DOCUMENT_TYPE),
        (write(message("samlp:Response", "_x")), Reason.MESSAGE_KIND),
    ):
        made = encrypted_data(f"{XENC}aes128-cbc", cbc(inside, key), key)
        assert reason(around(made, signed=True), encryption=CBC) == expected
