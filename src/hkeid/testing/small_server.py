"""A sans-IO application behind a real socket: for simulators, which have no framework."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final, Self
from urllib.parse import urlsplit

from hkeid.kernel.errors import HkeidError
from hkeid.kernel.http import EMPTY_PARAMETERS, Parameters, Request, Response

LARGEST: Final = 11 * 1_048_576
_FORM: Final = "application/x-www-form-urlencoded"
Application = Callable[[Request], Response]


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    """A crowd of visitors waits instead of being turned away."""


class SmallServer:
    """Serves an application on loopback, in a thread as a context manager or in this one (:meth:`serve`).

    :param port: 0: a free one.
    """

    def __init__(self, application: Application, port: int = 0, *, host: str = "127.0.0.1") -> None:
        self._server = _Listener((host, port), _handler(application))
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """``http://localhost:…``."""
        return f"http://localhost:{self._server.server_address[1]}"

    def serve(self) -> None:
        """Serve in this thread, until interrupted."""
        with suppress(KeyboardInterrupt):
            self._server.serve_forever()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=10)


def _handler(application: Application) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One connection; nothing is logged, since requests are personal."""

        timeout = 30
        server_version = "hkeid-simulator"
        sys_version = ""

        def do_GET(self) -> None:
            """Answer."""
            self._answer(b"")

        def do_POST(self) -> None:
            """Answer."""
            length = self.headers.get("Content-Length", "0")
            if not length.isdigit() or int(length) > LARGEST:
                self._write(Response(status=413))
                return
            self._answer(self.rfile.read(int(length)))

        def _answer(self, body: bytes) -> None:
            try:
                answer = application(self._request(body))
            except HkeidError as error:
                answer = Response(status=400, body=error.reason.encode())
            self._write(answer)

        def _request(self, body: bytes) -> Request:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            is_form = headers.get("content-type", "").partition(";")[0] == _FORM
            return Request(
                method=self.command,
                path=parts.path,
                query=Parameters.parse(parts.query),
                raw_query=parts.query,
                form=Parameters.parse(body) if is_form else EMPTY_PARAMETERS,
                headers=headers,
                body=body,
                network=str(self.client_address[0]),
            )

        def _write(self, answer: Response) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    return Handler
