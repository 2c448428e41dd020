"""signxml, python3-saml and pysaml2 (with xmlsec1) behind one pipe: a JSON command a line, a JSON answer a line.

Runs in an environment of its own, which has nothing of hkeid in it.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path

from lxml import etree

FOLDER = Path(tempfile.mkdtemp(prefix="saml-peers-"))
DS = "http://www.w3.org/2000/09/xmldsig#"


def _file(name: str, text: str) -> str:
    path = FOLDER / name
    path.write_text(text)
    return str(path)


def _signed_element(xml: str, identifier: str) -> etree._Element:
    root = etree.fromstring(xml.encode())
    return root.xpath("//*[@ID=$id]", id=identifier)[0]


def signxml_verify(xml: str, certificate: str, identifier: str) -> str:
    from signxml import DigestAlgorithm, SignatureConfiguration, SignatureMethod, XMLVerifier

    element = _signed_element(xml, identifier)
    expect = SignatureConfiguration(
        signature_methods=frozenset(SignatureMethod), digest_algorithms=frozenset(DigestAlgorithm)
    )
    found = XMLVerifier().verify(
        element, x509_cert=certificate, id_attribute="ID", expect_config=expect
    )
    return found.signed_xml.get("ID")


def signxml_sign(xml: str, certificate: str, key: str, method: str) -> str:
    from signxml import CanonicalizationMethod, SignatureMethod, XMLSigner

    root = etree.fromstring(xml.encode())
    signer = XMLSigner(
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
        signature_algorithm=SignatureMethod(method),
    )
    place = etree.Element(f"{{{DS}}}Signature", Id="placeholder", nsmap={"ds": DS})
    issuer = root.find("{urn:oasis:names:tc:SAML:2.0:assertion}Issuer")
    if issuer is None:
        root.insert(0, place)
    else:
        issuer.addnext(place)
    signed = signer.sign(
        root, key=key, cert=certificate, reference_uri=root.get("ID"), id_attribute="ID"
    )
    return etree.tostring(signed).decode()


def python3_saml_verify(xml: str, certificate: str) -> bool:
    from onelogin.saml2.utils import OneLogin_Saml2_Utils as Utils

    return bool(Utils.validate_sign(xml, cert=certificate, validatecert=False, debug=False))


def python3_saml_verify_metadata(xml: str, certificate: str) -> bool:
    from onelogin.saml2.utils import OneLogin_Saml2_Utils as Utils

    return bool(Utils.validate_metadata_sign(xml, cert=certificate))


def python3_saml_sign(xml: str, certificate: str, key: str) -> str:
    from onelogin.saml2.utils import OneLogin_Saml2_Utils as Utils

    return Utils.add_sign(xml, key, certificate).decode()


def python3_saml_decrypt(xml: str, key: str) -> str:
    from onelogin.saml2.utils import OneLogin_Saml2_Utils as Utils

    element = etree.fromstring(xml.encode()).find(".//{*}EncryptedData")
    return etree.tostring(Utils.decrypt_element(element, key)).decode()


def pysaml2_verify(xml: str, certificate: str, identifier: str) -> bool:
    from saml2.sigver import CryptoBackendXmlSec1, get_xmlsec_binary

    backend = CryptoBackendXmlSec1(get_xmlsec_binary())
    local, namespace = _names(xml, identifier)
    return backend.validate_signature(
        xml,
        cert_file=_file("certificate.pem", certificate),
        cert_type="pem",
        node_name=f"{namespace}:{local}",
        node_id=identifier,
    )


def pysaml2_sign(xml: str, key: str, identifier: str) -> str:
    """``xml`` with a Signature that waits for its values."""
    from saml2.sigver import CryptoBackendXmlSec1, get_xmlsec_binary

    backend = CryptoBackendXmlSec1(get_xmlsec_binary())
    local, namespace = _names(xml, identifier)
    signed = backend.sign_statement(xml, f"{namespace}:{local}", _file("key.pem", key), identifier)
    return signed if isinstance(signed, str) else signed.decode()


def pysaml2_redirect(message: str, key: str, relay_state: str) -> str:
    from saml2.cryptography.asymmetric import load_pem_private_key
    from saml2.pack import http_redirect_message
    from saml2.sigver import SIGNER_ALGS

    signer = SIGNER_ALGS["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"]
    signer.key = load_pem_private_key(key.encode())

    class Backend:
        @staticmethod
        def get_signer(_algorithm: str) -> object:
            return signer

    sent = http_redirect_message(
        message, "https://sp.example/", relay_state, "SAMLRequest",
        sign=True, sigalg="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", backend=Backend(),
    )  # fmt: skip
    return dict(sent["headers"])["Location"].partition("?")[2]


def _names(xml: str, identifier: str) -> tuple[str, str]:
    name = etree.QName(_signed_element(xml, identifier))
    return name.localname, name.namespace


COMMANDS = {
    name: made
    for name, made in list(globals().items())
    if re.match("(signxml|python3_saml|pysaml2)_", name)
}


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"ok": COMMANDS[asked.pop("command")](**asked)}
        except Exception as error:  # noqa: BLE001 - whatever the other side says
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
