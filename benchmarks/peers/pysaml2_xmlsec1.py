"""pysaml2 with the xmlsec1 command as an identity provider, asked through a pipe by ``benchmarks/saml.py``.

A line ``{"issue": n}`` makes n signed responses, ``{"verify": n, "xml": …}`` verifies one n times; the answer is
CPU milliseconds of this process and of the commands it started.
"""

from __future__ import annotations

import json
import logging
import resource
import sys

from saml2 import BINDING_HTTP_POST
from saml2.config import IdPConfig
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
from saml2.server import Server
from saml2.sigver import get_xmlsec_binary

SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ISSUER = "https://idp.example/metadata"


def server(key: str, certificate: str) -> Server:
    """An identity provider that knows no peers."""
    config = IdPConfig().load(
        {
            "entityid": ISSUER,
            "service": {
                "idp": {
                    "endpoints": {
                        "single_sign_on_service": [("https://idp.example/sso", BINDING_HTTP_POST)]
                    },
                    "policy": {
                        "default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None}
                    },
                }
            },
            "key_file": key,
            "cert_file": certificate,
            "xmlsec_binary": get_xmlsec_binary(),
        }
    )
    return Server(config=config)


def issue(idp: Server) -> str:
    """One signed response."""
    identity = {name: f"value of {name}" for name in ("givenName", "sn", "mail", "title", "o")}
    answer = idp.create_authn_response(
        identity,
        "_request",
        "https://sp.example/acs",
        sp_entity_id="https://sp.example/metadata",
        name_id=NameID(format=NAMEID_FORMAT_PERSISTENT, text="resident-4711"),
        authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:X509", "authn_auth": ISSUER},
        sign_assertion=True,
        sign_response=False,
        sign_alg=RSA_SHA256,
        digest_alg=SHA256,
    )
    return answer if isinstance(answer, str) else str(answer)


def cpu_ms() -> float:
    """Of this process and its children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return 1000 * sum(one.ru_utime + one.ru_stime for one in used)


def main(key: str, certificate: str) -> None:
    """Answer until the pipe ends."""
    logging.disable(logging.CRITICAL)
    idp = server(key, certificate)
    for line in sys.stdin:
        asked = json.loads(line)
        began, made = cpu_ms(), ""
        for _ in range(asked.get("issue", 0)):
            made = issue(idp)
        for _ in range(asked.get("verify", 0)):
            assert idp.sec.crypto.validate_signature(
                asked["xml"], cert_file=certificate, cert_type="pem",
                node_name="urn:oasis:names:tc:SAML:2.0:assertion:Assertion", node_id="_assertion",
            )  # fmt: skip
        sys.stdout.write(json.dumps({"cpu_ms": cpu_ms() - began, "made": made}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
