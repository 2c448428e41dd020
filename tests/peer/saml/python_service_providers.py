"""Service providers with pysaml2 and with python3-saml: HTTP on loopback, sessions in memory.

Runs in an environment of its own, which has nothing of hkeid in it:
``python python_service_providers.py pysaml2|python3-saml SETTINGS.json``
"""

from __future__ import annotations

import json
import logging
import secrets
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


class Refused(Exception):
    """What the library says of a message."""


class Pysaml2:
    """With the xmlsec1 command."""

    def __init__(self, settings: dict, folder: Path) -> None:
        from saml2.client import Saml2Client
        from saml2.config import SPConfig
        from saml2.metadata import create_metadata_string

        origin = f"http://localhost:{settings['port']}"
        files = {"key": "sp.key", "certificate": "sp.pem", "metadata": "idp.xml"}
        for name, file in files.items():
            (folder / file).write_text(settings[name])
        self._idp = settings["idp"]
        pair = {"key_file": str(folder / "sp.key"), "cert_file": str(folder / "sp.pem")}
        configuration = SPConfig().load(
            {
                "entityid": f"{origin}/metadata",
                "service": {
                    "sp": {
                        "endpoints": {
                            "assertion_consumer_service": [(f"{origin}/acs", POST)],
                            "single_logout_service": [(f"{origin}/slo", REDIRECT)],
                        },
                        "authn_requests_signed": True,
                        "logout_requests_signed": True,
                        "logout_responses_signed": True,
                        "want_response_signed": False,
                        "want_assertions_signed": False,
                        "want_assertions_or_response_signed": True,
                        "allow_unsolicited": False,
                    }
                },
                "allow_unknown_attributes": True,
                "metadata": {"local": [str(folder / "idp.xml")]},
                "xmlsec_binary": settings["xmlsec1"],
                "encryption_keypairs": [pair],
                "signing_algorithm": RSA_SHA256,
                "digest_algorithm": SHA256,
                **pair,
            }
        )
        # By itself it would send logout requests by SOAP, for which this test has no network.
        configuration.preferred_binding["single_logout_service"] = [REDIRECT]
        self._client = Saml2Client(config=configuration)
        self._asked: dict[str, str] = {}
        self._metadata = create_metadata_string(None, configuration, sign=False)

    def metadata(self) -> bytes:
        return self._metadata

    def begin(self) -> tuple[str, str]:
        identifier, made = self._client.prepare_for_authenticate(
            entityid=self._idp, binding=REDIRECT, sign=True, sigalg=RSA_SHA256, relay_state="/who"
        )
        self._asked[identifier] = "/who"
        return dict(made["headers"])["Location"], identifier

    def finish(self, fields: dict, asked: str) -> dict:
        read = self._client.parse_authn_request_response(
            fields["SAMLResponse"], POST, outstanding=self._asked
        )
        if read is None:
            raise Refused("no response")
        # The library leaves it to its caller to close a request.
        self._asked.pop(read.in_response_to, None)
        session = read.session_info()
        return {
            "name_id": session["name_id"].text,
            "attributes": session["ava"],
            "subject": session["name_id"],
        }

    def begin_logout(self, session: dict) -> str:
        answers = self._client.global_logout(session["subject"], sign=True, sign_alg=RSA_SHA256)
        _, made = answers[self._idp]
        return dict(made["headers"])["Location"]

    def logout(self, query: str, session: dict | None) -> str:
        got = dict(parse_qsl(query))
        if "SAMLResponse" in got:
            read = self._client.parse_logout_request_response(got["SAMLResponse"], REDIRECT)
            self._client.handle_logout_response(read)
            return "/"
        if session is None:
            raise Refused("nobody is logged in")
        made = self._client.handle_logout_request(
            got["SAMLRequest"],
            session["subject"],
            REDIRECT,
            sign=True,
            sign_alg=RSA_SHA256,
            relay_state=got.get("RelayState"),
            sigalg=got.get("SigAlg"),
            signature=got.get("Signature"),
        )
        return dict(made["headers"])["Location"]


class Python3Saml:
    """With libxmlsec."""

    def __init__(self, settings: dict, folder: Path) -> None:
        from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser as Parser

        self._port = settings["port"]
        origin = f"http://localhost:{self._port}"
        own = {
            "strict": True,
            "sp": {
                "entityId": f"{origin}/metadata",
                "assertionConsumerService": {"url": f"{origin}/acs", "binding": POST},
                "singleLogoutService": {"url": f"{origin}/slo", "binding": REDIRECT},
                "NameIDFormat": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
                "x509cert": settings["certificate"],
                "privateKey": settings["key"],
            },
            "security": {
                "authnRequestsSigned": True,
                "logoutRequestSigned": True,
                "logoutResponseSigned": True,
                "wantMessagesSigned": False,
                "wantAssertionsSigned": False,
                "wantNameIdEncrypted": False,
                "requestedAuthnContext": False,
                "signatureAlgorithm": RSA_SHA256,
                "digestAlgorithm": SHA256,
                "rejectDeprecatedAlgorithm": True,
            },
        }
        self._settings = Parser.merge_settings(own, Parser.parse(settings["metadata"]))

    def _with(self, **security: bool) -> dict:
        return {**self._settings, "security": {**self._settings["security"], **security}}

    def _auth(self, query: str = "", fields: dict | None = None):
        from onelogin.saml2.auth import OneLogin_Saml2_Auth

        request = {
            "https": "off",
            "http_host": f"localhost:{self._port}",
            "script_name": "/acs" if fields else "/slo",
            "get_data": dict(parse_qsl(query)),
            "post_data": fields or {},
            "query_string": query,
            "validate_signature_from_qs": True,
        }
        # Of a Response one signature is enough; a logout message has but one.
        settings = self._with(wantMessagesSigned=not fields)
        return OneLogin_Saml2_Auth(request, old_settings=settings)

    def metadata(self) -> bytes:
        from onelogin.saml2.settings import OneLogin_Saml2_Settings

        # It names its encryption key only where it wants every assertion encrypted.
        settings = self._with(wantAssertionsEncrypted=True)
        return OneLogin_Saml2_Settings(settings, sp_validation_only=True).get_sp_metadata()

    def begin(self) -> tuple[str, str]:
        auth = self._auth()
        url = auth.login(return_to="/who")
        return url, auth.get_last_request_id()

    def finish(self, fields: dict, asked: str) -> dict:
        auth = self._auth(fields=fields)
        auth.process_response(request_id=asked)
        if auth.get_errors() or not auth.is_authenticated():
            raise Refused(f"{auth.get_errors()} {auth.get_last_error_reason()}")
        return {
            "name_id": auth.get_nameid(),
            "attributes": auth.get_attributes(),
            "session": auth.get_session_index(),
            "format": auth.get_nameid_format(),
        }

    def begin_logout(self, session: dict) -> str:
        return self._auth().logout(
            name_id=session["name_id"],
            session_index=session["session"],
            name_id_format=session["format"],
            return_to="/",
        )

    def logout(self, query: str, session: dict | None) -> str:
        auth = self._auth(query)
        url = auth.process_slo()
        if auth.get_errors():
            raise Refused(f"{auth.get_errors()} {auth.get_last_error_reason()}")
        return url or "/"


LIBRARIES = {"pysaml2": Pysaml2, "python3-saml": Python3Saml}


class Handler(BaseHTTPRequestHandler):
    """The pages of a small application."""

    library: Pysaml2 | Python3Saml
    sessions: ClassVar[dict[str, dict]] = {}

    def _cookie(self, wanted: str) -> str:
        for part in self.headers.get("Cookie", "").split("; "):
            name, _, value = part.partition("=")
            if name == wanted:
                return value
        return ""

    def _send(
        self, status: int, body: bytes, media_type: str = "text/plain", **headers: str
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{media_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _serve(self, page) -> None:
        try:
            page()
        except Exception as error:  # noqa: BLE001 - whatever the library says
            self._send(403, f"{type(error).__name__}: {error}".encode())

    def do_GET(self) -> None:
        self._serve(self._get)

    def _get(self) -> None:
        parts = urlsplit(self.path)
        session = self.sessions.get(self._cookie("session"))
        if parts.path == "/metadata":
            self._send(200, self.library.metadata(), "application/samlmetadata+xml")
        elif parts.path == "/who" and session is not None:
            said = {name: session[name] for name in ("name_id", "attributes")}
            self._send(200, json.dumps(said).encode(), "application/json")
        elif parts.path == "/who":
            where, asked = self.library.begin()
            self._send(303, b"", Location=where, Set_Cookie=f"asked={asked}; HttpOnly; Path=/")
        elif parts.path == "/logout" and session is not None:
            self._send(303, b"", Location=self.library.begin_logout(session))
        elif parts.path == "/slo":
            where = self.library.logout(parts.query, session)
            self.sessions.pop(self._cookie("session"), None)
            self._send(303, b"", Location=where)
        else:
            self._send(200, b"Good day")

    def do_POST(self) -> None:
        self._serve(self._post)

    def _post(self) -> None:
        octets = self.rfile.read(int(self.headers["Content-Length"]))
        session = self.library.finish(dict(parse_qsl(octets.decode())), self._cookie("asked"))
        name = secrets.token_urlsafe(16)
        self.sessions[name] = session
        self._send(303, b"", Location="/who", Set_Cookie=f"session={name}; HttpOnly; Path=/")

    def log_message(self, *_: object) -> None:
        """Nothing."""


def main() -> None:
    logging.basicConfig(level=logging.INFO)
    file = Path(sys.argv[2])
    settings = json.loads(file.read_text())
    Handler.library = LIBRARIES[sys.argv[1]](settings, file.parent)
    ThreadingHTTPServer(("127.0.0.1", settings["port"]), Handler).serve_forever()


if __name__ == "__main__":
    main()
