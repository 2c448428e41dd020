"""XML security written elsewhere accepts what our writer makes, and we accept what it signs.

signxml, python3-saml (libxmlsec) and pysaml2 run in an environment of their own; xmlsec1 is the command.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from hkeid.adapters.system import SystemRandom
from hkeid.kernel.errors import HkeidError
from hkeid.saml.dsig import (
    METADATA_LIMITS,
    OAEP_SHA1,
    ContentCipher,
    Reason,
    XmlSigner,
    encrypt_assertion,
    read_redirect,
    sign_element,
    verify_message,
    verify_response,
    write,
)
from hkeid.testing.saml_specimens import (
    Kind,
    SignedWhere,
    SpecimenPeer,
    assertion,
    authn_request,
    message,
    metadata,
    response,
)

pytestmark = pytest.mark.peer

SCRIPT = Path(__file__).parent / "saml" / "peers.py"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
PEER = SpecimenPeer(key=RSA)
DS = "http://www.w3.org/2000/09/xmldsig#"


def certificate(key: Any) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer.example")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, SHA256())
    )


def pem(key: Any) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


CERTIFICATE = certificate(RSA)
CERTIFICATE_PEM = CERTIFICATE.public_bytes(Encoding.PEM).decode()
EC_CERTIFICATE_PEM = certificate(EC).public_bytes(Encoding.PEM).decode()


class Peers:
    """The process with the other implementations."""

    def __init__(self, python: str) -> None:
        self._process = subprocess.Popen(
            [python, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={"PATH": os.environ["PATH"]},
        )  # fmt: skip

    def ask(self, command: str, **rest: Any) -> Any:
        """One answer; ``error: …`` where the other side raised."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"command": command, **rest}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return answer["ok"] if "ok" in answer else f"error: {answer['error']}"

    def close(self) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()


@pytest.fixture(scope="module")
def peers() -> Iterator[Peers]:
    default = Path(__file__).parents[2] / ".envs" / "saml" / "bin" / "python"
    python = os.environ.get("HKEID_TEST_SAML_PEERS") or str(default)
    assert Path(python).exists(), "run scripts/test --install-only"
    assert shutil.which("xmlsec1"), "run scripts/test --install-only"
    opened = Peers(python)
    yield opened
    opened.close()


def xmlsec1(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["xmlsec1", *arguments], capture_output=True, check=False, timeout=60)


def ids(kind: Kind) -> str:
    """``--id-attr`` of xmlsec1 for a kind."""
    prefix, _, local = kind.value.partition(":")
    space = {"samlp": "protocol", "saml": "assertion", "md": "metadata"}[prefix]
    return f"urn:oasis:names:tc:SAML:2.0:{space}:{local}"


def identifier(kind: Kind) -> str:
    return str(verify_message(octets(kind), PEER.keys, limits=METADATA_LIMITS).id)


def octets(kind: Kind) -> bytes:
    return PEER.specimen(kind, SignedWhere.MESSAGE).octets


def tampered(xml: bytes) -> str:
    assert b"example" in xml
    return xml.replace(b"example", b"invalid", 1).decode()


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name.lower())
def test_signxml_accepts_ours(kind: Kind, peers: Peers) -> None:
    xml, name = octets(kind), identifier(kind)
    asked = {"certificate": CERTIFICATE_PEM, "identifier": name}
    assert peers.ask("signxml_verify", xml=xml.decode(), **asked) == name
    assert "error" in peers.ask("signxml_verify", xml=tampered(xml), **asked)


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name.lower())
def test_pysaml2_accepts_ours(kind: Kind, peers: Peers) -> None:
    xml, name = octets(kind), identifier(kind)
    asked = {"certificate": CERTIFICATE_PEM, "identifier": name}
    assert peers.ask("pysaml2_verify", xml=xml.decode(), **asked) is True
    assert peers.ask("pysaml2_verify", xml=tampered(xml), **asked) is not True


@pytest.mark.parametrize("signed", SignedWhere)
def test_python3_saml_accepts_ours(signed: SignedWhere, peers: Peers) -> None:
    xml = PEER.specimen(Kind.RESPONSE, signed).octets
    other = xml.replace(b"resident-4711", b"resident-4712")
    verify, certificate_pem = "python3_saml_verify", CERTIFICATE_PEM
    assert peers.ask(verify, xml=xml.decode(), certificate=certificate_pem) is True
    assert peers.ask(verify, xml=other.decode(), certificate=certificate_pem) is not True


def test_python3_saml_accepts_our_metadata(peers: Peers) -> None:
    xml, verify = octets(Kind.METADATA), "python3_saml_verify_metadata"
    assert peers.ask(verify, xml=xml.decode(), certificate=CERTIFICATE_PEM) is True
    assert peers.ask(verify, xml=tampered(xml), certificate=CERTIFICATE_PEM) is not True


@pytest.mark.parametrize("key", [RSA, EC], ids=["rsa", "ec"])
def test_xmlsec1_accepts_ours(key: Any, tmp_path: Path, peers: Peers) -> None:
    made = write(sign_element(response(XmlSigner.from_key(key)), XmlSigner.from_key(key)))
    (tmp_path / "key.pem").write_bytes(certificate(key).public_bytes(Encoding.PEM))
    for number, xml in enumerate((made, tampered(made).encode())):
        path = tmp_path / f"{number}.xml"
        path.write_bytes(xml)
        ended = xmlsec1(
            "--verify", "--pubkey-cert-pem", str(tmp_path / "key.pem"),
            "--id-attr:ID", ids(Kind.RESPONSE), "--id-attr:ID", ids(Kind.ASSERTION), str(path),
        )  # fmt: skip
        assert (ended.returncode == 0) is (number == 0), ended.stderr


@pytest.mark.parametrize(
    ("key", "method"),
    [(RSA, "rsa-sha256"), (RSA, "rsa-sha512"), (EC, "ecdsa-sha256")],
    ids=["rsa256", "rsa512", "ec"],
)
@pytest.mark.parametrize("make", [assertion, authn_request, metadata, response])
def test_we_accept_what_signxml_signs(key: Any, method: str, make: Any, peers: Peers) -> None:
    element = make()
    xml = peers.ask(
        "signxml_sign", xml=write(element).decode(), key=pem(key),
        certificate=certificate(key).public_bytes(Encoding.PEM).decode(),
        method=f"http://www.w3.org/2001/04/xmldsig-more#{method}",
    )  # fmt: skip
    keys = [key.public_key()]
    signed = verify_message(xml.encode(), keys, limits=METADATA_LIMITS)
    assert signed.octets == write(element)
    with pytest.raises(HkeidError) as caught:
        verify_message(tampered(xml.encode()).encode(), keys, limits=METADATA_LIMITS)
    assert caught.value.reason == Reason.DIGEST_MISMATCH


@pytest.mark.parametrize("make", [assertion, authn_request, response])
def test_we_accept_what_python3_saml_signs(make: Any, peers: Peers) -> None:
    element = make()
    xml = peers.ask(
        "python3_saml_sign", xml=write(element).decode(), key=pem(RSA), certificate=CERTIFICATE_PEM
    )
    assert verify_message(xml.encode(), PEER.keys).octets == write(element)


def template(xml: bytes, name: str) -> str:
    """``xml`` with a Signature that waits for its values, as xmlsec1 wants it."""
    waiting = (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>'
        '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
        '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>'
        f'<ds:Reference URI="#{name}"><ds:Transforms>'
        f'<ds:Transform Algorithm="{DS}enveloped-signature"/>'
        '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>'
        '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/>'
        "</ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>"
    )
    begin = xml.index(b"</saml:Issuer>") + len(b"</saml:Issuer>")
    return f"{xml[:begin].decode()}{waiting}{xml[begin:].decode()}"


@pytest.mark.parametrize("make", [assertion, authn_request, response])
def test_we_accept_what_pysaml2_has_xmlsec1_sign(make: Any, peers: Peers) -> None:
    element = make()
    name = element.attributes["ID"]
    xml = peers.ask(
        "pysaml2_sign", xml=template(write(element), name), key=pem(RSA), identifier=name
    )
    assert verify_message(xml.encode(), PEER.keys).octets == write(element)


def test_we_accept_a_query_that_pysaml2_signs(peers: Peers) -> None:
    xml = write(authn_request())
    query = peers.ask("pysaml2_redirect", message=xml.decode(), key=pem(RSA), relay_state="a b/+")
    found = read_redirect(query)
    assert found.relay_state == "a b/+"
    assert found.verify(PEER.keys).octets == xml


@pytest.mark.parametrize("cipher", ContentCipher)
def test_others_open_what_we_encrypt(cipher: ContentCipher, tmp_path: Path, peers: Peers) -> None:
    inside = sign_element(assertion(), PEER.signer)
    sealed = encrypt_assertion(
        inside, RSA.public_key(), SystemRandom(), cipher=cipher, transport=OAEP_SHA1
    )
    xml = write(message("samlp:Response", "_r", sealed))
    opened = peers.ask("python3_saml_decrypt", xml=xml.decode(), key=pem(RSA))
    assert verify_message(opened.encode(), PEER.keys).octets == write(assertion())

    (tmp_path / "key.pem").write_text(pem(RSA))
    (tmp_path / "sealed.xml").write_bytes(xml)
    ended = xmlsec1(
        "--decrypt", "--privkey-pem", str(tmp_path / "key.pem"), str(tmp_path / "sealed.xml")
    )
    assert b"resident-4711" in ended.stdout, ended.stderr


def test_xmlsec1_encrypts_for_us(tmp_path: Path) -> None:
    """AES-256-GCM under RSA-OAEP, by the template of the other side."""
    from hkeid.saml.dsig import decrypt_assertions, unwrapper

    xenc = "http://www.w3.org/2001/04/xmlenc#"
    (tmp_path / "template.xml").write_text(
        f'<xenc:EncryptedData xmlns:xenc="{xenc}" Type="{xenc}Element">'
        '<xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"/>'
        f'<ds:KeyInfo xmlns:ds="{DS}"><xenc:EncryptedKey>'
        f'<xenc:EncryptionMethod Algorithm="{xenc}rsa-oaep-mgf1p"/>'
        "<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>"
        "<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedData>"
    )
    (tmp_path / "public.pem").write_text(CERTIFICATE_PEM)
    (tmp_path / "plain.xml").write_bytes(write(sign_element(assertion(), PEER.signer)))
    ended = xmlsec1(
        "--encrypt", "--pubkey-cert-pem", str(tmp_path / "public.pem"), "--session-key", "aes-256",
        "--xml-data", str(tmp_path / "plain.xml"), str(tmp_path / "template.xml"),
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    data = ended.stdout.decode().partition("?>")[2].strip()
    sealed = f'<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{data}'
    xml = write(message("samlp:Response", "_r")).decode()
    xml = xml.replace("</samlp:Response>", f"{sealed}</saml:EncryptedAssertion></samlp:Response>")
    found = verify_response(xml.encode(), PEER.keys)
    (opened,) = decrypt_assertions(found, [unwrapper(RSA)], PEER.keys)
    assert opened.octets == write(assertion())
