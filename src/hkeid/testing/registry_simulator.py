"""A person registry that knows the personas, as a process of its own.

::

    $ python -m hkeid.testing.registry_simulator --port 8010
    $ python -m hkeid.testing.registry_simulator --port 8010 --faces
    $ python -m hkeid.testing.registry_simulator --tls-cert a.pem --tls-key a.key --client-ca b.pem

It speaks ``docs/reference/person-registry-openapi.yaml``. Faults by name make it unhelpful.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import ssl
import time
from collections.abc import Callable, Sequence
from datetime import date
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Self

from hkeid.adapters.registry.wire import LARGEST_PORTRAIT, PATH, PURPOSES
from hkeid.identity.person import Person
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import HkeidError, MalformedInput
from hkeid.ports.faces import FaceComparison, FacePurpose
from hkeid.ports.registry import RegistryFinding, RegistryQuery
from hkeid.testing.fakes_proofing import look_up

Compare = Callable[[bytes, bytes, FacePurpose], FaceComparison]
_USUAL = {"status": "match", "differing": [], "face": "match", "reference": "SIM-1"}
_LONGEST = LARGEST_PORTRAIT * 4 // 3 + 4096
_KNOWN = frozenset(
    {
        "purpose",
        "hkic_number",
        "name_english",
        "name_chinese",
        "name_commercial_code",
        "birth_date",
        "sex",
        "issued",
        "portrait",
    }
)


class RegistryFault(StrEnum):
    """How a register can fail its callers."""

    UNAVAILABLE = "unavailable"
    """Answers 503."""
    SILENT = "silent"
    """Takes the question and says nothing."""
    CUT = "cut"
    """Hangs up in the middle of the answer."""
    NO_JSON = "no-json"
    UNKNOWN_STATUS = "unknown-status"
    MORE_MEMBERS = "more-members"
    CONTRADICTION = "contradiction"
    """Says match and that fields differ."""
    REDIRECT = "redirect"
    HUGE = "huge"


def read_question(body: bytes) -> RegistryQuery:
    """A question from its JSON.

    :raises hkeid.kernel.errors.MalformedInput: ``registry_question_malformed``, or that of the
        particular at fault.
    """
    asked = canonical_json.loads_object(body)
    if not {"purpose", "hkic_number", "name_english"} <= set(asked) <= _KNOWN or not all(
        isinstance(value, str) for value in asked.values()
    ):
        raise MalformedInput("registry_question_malformed")
    if asked["purpose"] not in PURPOSES:
        raise MalformedInput("registry_question_malformed", field="purpose")
    try:
        issued = date.fromisoformat(asked["issued"]) if "issued" in asked else None
        portrait = (
            base64.b64decode(asked["portrait"], validate=True) if "portrait" in asked else None
        )
    except (ValueError, binascii.Error):
        raise MalformedInput("registry_question_malformed") from None
    return RegistryQuery(
        person=Person.from_fields(asked),
        issued=issued,
        portrait=portrait,
        purpose=asked["purpose"],
    )


def write_finding(finding: RegistryFinding) -> bytes:
    """An answer as JSON."""
    return canonical_json.dumps(
        {
            "status": finding.status.value,
            "differing": list(finding.differing),
            "face": finding.face.value,
            "reference": finding.reference,
        }
    )


class RegistrySimulator:
    """The simulator as an object: serves in a thread until :meth:`close`.

    :param port: 0: a free one.
    :param compare: how faces are compared; None: they are not assessed.
    :param portrait: the register's own picture of a persona, by key.
    :param tls: certificate, key, and the authority of callers' certificates; None: plain HTTP.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        compare: Compare | None = None,
        portrait: Callable[[str], bytes | None] | None = None,
        tls: tuple[Path, Path, Path] | None = None,
    ) -> None:
        self.fault: RegistryFault | None = None
        self.questions = 0
        self._compare = compare
        self._portrait = portrait or (lambda _key: None)
        self._server = ThreadingHTTPServer((host, port), _handler(self))
        self._server.daemon_threads = True
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            certificate, key, callers = tls
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.load_cert_chain(str(certificate), str(key))
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cafile=str(callers))
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Its address, for ``[registry] url``."""
        return f"{self._scheme}://localhost:{self._server.server_address[1]}"

    def answer(self, body: bytes) -> RegistryFinding:
        """What the register says to a question."""
        self.questions += 1
        return look_up(read_question(body), compare=self._compare, portrait=self._portrait)

    def serve(self) -> None:
        """Serve in this thread, until interrupted."""
        self._server.serve_forever()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=10)


class _Answering(BaseHTTPRequestHandler):
    """Sends answers, and logs nothing."""

    def _send(
        self,
        status: int,
        body: bytes,
        *,
        kind: str = "application/json",
        claimed: int | None = None,
        location: str | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if claimed is None else claimed))
        if location is not None:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: questions are personal."""


def _handler(simulator: RegistrySimulator) -> type[BaseHTTPRequestHandler]:
    class Handler(_Answering):
        """One connection."""

        timeout = 10
        server_version = "hkeid-registry-simulator"
        sys_version = ""

        def do_POST(self) -> None:
            """Answer a question."""
            length = self.headers.get("Content-Length", "")
            if self.path != PATH or not length.isdigit() or int(length) > _LONGEST:
                self._send(400, b"{}")
                return
            body = self.rfile.read(int(length))
            if simulator.fault is not None:
                self._fail(simulator.fault)
                return
            try:
                self._send(200, write_finding(simulator.answer(body)))
            except HkeidError as error:
                self._send(400, canonical_json.dumps({"error": error.reason}))

        def _fail(self, fault: RegistryFault) -> None:
            answers: dict[RegistryFault, Callable[[], Any]] = {
                RegistryFault.UNAVAILABLE: lambda: self._send(503, b"{}"),
                RegistryFault.SILENT: lambda: time.sleep(3),
                RegistryFault.CUT: lambda: self._send(200, b'{"status":', claimed=500),
                RegistryFault.NO_JSON: lambda: self._send(200, b"<html>", kind="text/html"),
                RegistryFault.UNKNOWN_STATUS: lambda: self._said(status="perhaps"),
                RegistryFault.MORE_MEMBERS: lambda: self._said(person="CHAN"),
                RegistryFault.CONTRADICTION: lambda: self._said(differing=["sex"]),
                RegistryFault.REDIRECT: lambda: self._send(302, b"", location="/elsewhere"),
                RegistryFault.HUGE: lambda: self._send(200, b" " * 100_000),
            }
            answers[fault]()

        def _said(self, **other: Any) -> None:
            self._send(200, canonical_json.dumps({**_USUAL, **other}))

    return Handler


def _with_faces() -> tuple[Compare, Callable[[str], bytes | None]]:
    """The sandbox's matcher, and the personas' portraits."""
    from hkeid.adapters.faces import DeepfaceMatcher
    from hkeid.testing.portraits import has_face, portrait

    matcher = DeepfaceMatcher.sandbox()
    return matcher.compare, lambda key: portrait(key) if has_face(key) else None


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the simulator."""
    parser = argparse.ArgumentParser(description="A person registry that knows the personas.")
    parser.add_argument("--port", type=int, default=8010)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--faces", action="store_true", help="compare faces (needs hkeid[face])")
    parser.add_argument("--fault", choices=[fault.value for fault in RegistryFault])
    parser.add_argument("--tls-cert", type=Path)
    parser.add_argument("--tls-key", type=Path)
    parser.add_argument("--client-ca", type=Path)
    given = parser.parse_args(arguments)
    files = (given.tls_cert, given.tls_key, given.client_ca)
    if any(files) and not all(files):
        parser.error("--tls-cert, --tls-key and --client-ca go together")
    compare, portrait = _with_faces() if given.faces else (None, None)
    simulator = RegistrySimulator(
        given.port,
        host=given.host,
        compare=compare,
        portrait=portrait,
        tls=files if all(files) else None,
    )
    simulator.fault = None if given.fault is None else RegistryFault(given.fault)
    print(f"person registry of the personas at {simulator.url}", flush=True)  # noqa: T201
    try:
        simulator.serve()
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
