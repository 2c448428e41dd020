"""An identity provider with pysaml2: HTTP on loopback, sessions in memory, one person.

Runs in an environment of its own, which has nothing of hkeid in it:
``python python_identity_provider.py SETTINGS.json``
"""

from __future__ import annotations

import json
import secrets
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
URI = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
ALGORITHMS = {"sign_alg": RSA_SHA256, "digest_alg": SHA256}
LOGIN = (
    '<form method="post" action="/login"><input name="query" type="hidden" value="{query}">'
    '<input name="username"><input name="password" type="password"></form>'
)


class IdentityProvider:
    """With the xmlsec1 command."""

    def __init__(self, settings: dict, folder: Path) -> None:
        from saml2.config import IdPConfig
        from saml2.metadata import create_metadata_string
        from saml2.server import Server

        origin = f"http://localhost:{settings['port']}"
        (folder / "idp.key").write_text(settings["key"])
        (folder / "idp.pem").write_text(settings["certificate"])
        files = []
        for number, metadata in enumerate(settings["services"]):
            (folder / f"sp{number}.xml").write_text(metadata)
            files.append(str(folder / f"sp{number}.xml"))
        self._attributes = settings["attributes"]
        self._encrypted = settings["encrypted"]
        configuration = IdPConfig().load(
            {
                "entityid": f"{origin}/metadata",
                "service": {
                    "idp": {
                        "endpoints": {
                            "single_sign_on_service": [(f"{origin}/sso", REDIRECT)],
                            "single_logout_service": [(f"{origin}/slo", REDIRECT)],
                        },
                        "want_authn_requests_signed": True,
                        "name_id_format": [PERSISTENT],
                        "policy": {
                            "default": {
                                "name_form": URI,
                                "fail_on_missing_requested": False,
                                "lifetime": {"minutes": 5},
                            }
                        },
                    }
                },
                "metadata": {"local": files},
                "xmlsec_binary": settings["xmlsec1"],
                "key_file": str(folder / "idp.key"),
                "cert_file": str(folder / "idp.pem"),
                "signing_algorithm": RSA_SHA256,
                "digest_algorithm": SHA256,
            }
        )
        self._server = Server(config=configuration)
        self.metadata = create_metadata_string(None, configuration, sign=False)

    def asked(self, query: str):
        """The request that was verified."""
        got = dict(parse_qsl(query))
        read = self._server.parse_authn_request(
            got["SAMLRequest"],
            REDIRECT,
            relay_state=got.get("RelayState"),
            sigalg=got.get("SigAlg"),
            signature=got.get("Signature"),
        )
        return read.message, got.get("RelayState", "")

    def answer(self, message, relay_state: str, session: dict) -> str:
        """The page with the form."""
        place = self._server.response_args(message, [POST])
        sp = place["sp_entity_id"]
        response = self._server.create_authn_response(
            self._attributes,
            userid="tai-man",
            authn={"class_ref": PASSWORD},
            sign_response=True,
            sign_assertion=True,
            encrypt_assertion=sp == self._encrypted,
            **ALGORITHMS,
            **{
                name: place[name]
                for name in ("in_response_to", "destination", "sp_entity_id", "name_id_policy")
            },
        )
        session[sp] = self._server.ident.find_nameid("tai-man", sp_name_qualifier=sp)[0]
        made = self._server.apply_binding(
            POST, str(response), place["destination"], relay_state, response=True
        )
        return str(made["data"])

    def logout(self, query: str) -> str | None:
        """Where the browser goes after a message of a service; None after an answer."""
        got = dict(parse_qsl(query))
        if "SAMLResponse" in got:
            self._server.parse_logout_request_response(got["SAMLResponse"], REDIRECT)
            return None
        read = self._server.parse_logout_request(
            got["SAMLRequest"],
            REDIRECT,
            relay_state=got.get("RelayState"),
            sigalg=got.get("SigAlg"),
            signature=got.get("Signature"),
        )
        place = self._server.response_args(read.message, [REDIRECT])
        response = self._server.create_logout_response(read.message, [REDIRECT])
        return self._redirect(
            response, place["destination"], got.get("RelayState", ""), answers=True
        )

    def begin_logout(self, session: dict) -> str:
        """Where the browser goes with a request for the one service where the person is logged in."""
        ((sp, name_id),) = session.items()
        services = self._server.metadata.single_logout_service(sp, REDIRECT, "spsso")
        place = services[0]["location"]
        statements = self._server.session_db.get_authn_statements(name_id)
        indexes = [one.session_index for found in statements for one in found]
        _, request = self._server.create_logout_request(
            place, sp, name_id=name_id, session_indexes=indexes
        )
        return self._redirect(request, place, "kept", answers=False)

    def _redirect(self, message, place: str, relay_state: str, *, answers: bool) -> str:
        made = self._server.apply_binding(
            REDIRECT,
            str(message),
            place,
            relay_state,
            response=answers,
            sign=True,
            sigalg=RSA_SHA256,
        )
        return dict(made["headers"])["Location"]


class Handler(BaseHTTPRequestHandler):
    """Its pages."""

    provider: IdentityProvider
    sessions: ClassVar[dict[str, dict]] = {}

    def _session(self) -> dict | None:
        cookie = self.headers.get("Cookie", "").partition("session=")[2]
        return self.sessions.get(cookie.partition(";")[0])

    def _send(
        self, status: int, text: str | bytes, media_type: str = "text/html", **headers: str
    ) -> None:
        body = text if isinstance(text, bytes) else text.encode()
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
            self._send(403, f"{type(error).__name__}: {error}", "text/plain")

    def do_GET(self) -> None:
        self._serve(self._get)

    def do_POST(self) -> None:
        self._serve(self._log_in)

    def _get(self) -> None:
        parts = urlsplit(self.path)
        session = self._session()
        match parts.path:
            case "/metadata":
                self._send(200, self.provider.metadata, "application/samlmetadata+xml")
            case "/sso":
                asked = self.provider.asked(parts.query)
                if session is None:
                    self._send(200, LOGIN.format(query=parts.query.replace("&", "&amp;")))
                else:
                    self._send(200, self.provider.answer(*asked, session))
            case "/slo":
                where = self.provider.logout(parts.query)
                self._end()
                self._send(303, "", Location=where or "/")
            case "/begin-logout" if session is not None:
                self._send(303, "", Location=self.provider.begin_logout(session))
            case _:
                self._send(200, "Good day")

    def _end(self) -> None:
        session = self._session()
        for name in [name for name, one in self.sessions.items() if one is session]:
            del self.sessions[name]

    def _log_in(self) -> None:
        octets = self.rfile.read(int(self.headers["Content-Length"]))
        fields = dict(parse_qsl(octets.decode()))
        if (fields["username"], fields["password"]) != ("tai-man", "open sesame"):
            raise PermissionError("wrong password")
        name = secrets.token_urlsafe(16)
        session = self.sessions[name] = {}
        page = self.provider.answer(*self.provider.asked(fields["query"]), session)
        self._send(200, page, Set_Cookie=f"session={name}; HttpOnly; Path=/")

    def log_message(self, *_: object) -> None:
        """Nothing."""


def main() -> None:
    file = Path(sys.argv[1])
    settings = json.loads(file.read_text())
    Handler.provider = IdentityProvider(settings, file.parent)
    ThreadingHTTPServer(("127.0.0.1", settings["port"]), Handler).serve_forever()


if __name__ == "__main__":
    main()
