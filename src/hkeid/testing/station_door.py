"""A stand-in for nginx in front of the stations' interface: mutual TLS ends here, in this process.

For the demonstration and for tests on machines without nginx. It does what the configuration that
``hkeid stations nginx`` prints does: verifies the client's certificate against the stations' authority,
and forwards with the headers that the server believes from the proxy alone.
"""

from __future__ import annotations

import socket
import ssl
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlsplit

from hkeid.testing.station_tls import server_certificate

_LONGEST = 2 * 1024 * 1024
_OURS = frozenset(
    {"hkeid-client-verify", "hkeid-client-cert", "hkeid-proxy-secret", "connection", "host"}
)


class StationDoor:
    """Listens on localhost while its ``with`` block lasts.

    :ivar url: where stations connect.
    :ivar authority: certificate that its own one is checked against (PEM file).
    :param upstream: base URL of the server.
    :param client_ca: the stations' authority (PEM file).
    :param source: address from which it connects to the server (``stations.proxies``).
    """

    def __init__(
        self,
        upstream: str,
        *,
        client_ca: Path,
        secret: str,
        folder: Path,
        source: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        parts = urlsplit(upstream)
        self._upstream = (parts.hostname or "localhost", parts.port or 80)
        self._secret = secret
        self._source = source
        certificate, self.authority = server_certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"https://localhost:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def forward(
        self, method: str, path: str, headers: dict[str, str], body: bytes, der: bytes | None
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Send a request on, with what the handshake proved."""
        sent = {name: value for name, value in headers.items() if name.lower() not in _OURS}
        pem = "" if der is None else ssl.DER_cert_to_PEM_cert(der)
        sent["HKEID-Client-Verify"] = "NONE" if der is None else "SUCCESS"
        sent["HKEID-Client-Cert"] = quote(pem, safe="")
        sent["HKEID-Proxy-Secret"] = self._secret
        connection = HTTPConnection(*self._upstream, timeout=60, source_address=(self._source, 0))
        try:
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


def _handler(door: StationDoor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if length > _LONGEST or not self.path.startswith("/station/"):
                self.send_error(404)
                return
            secured: ssl.SSLSocket = self.connection
            der = secured.getpeercert(binary_form=True)
            try:
                status, headers, body = door.forward(
                    "POST", self.path, dict(self.headers.items()), self.rfile.read(length), der
                )
            except OSError:
                self.send_error(502)
                return
            self.send_response(status)
            for name, value in headers:
                if name.lower() in {"content-type", "hkeid-reference"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except (OSError, socket.timeout, ssl.SSLError):  # noqa: UP041 - a client that gave up
                self.close_connection = True

    return Handler
