"""Outgoing HTTPS against a server with a certificate made on the spot."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hkeid.adapters.http import HttpsClient
from hkeid.adapters.timed_connection import is_public
from hkeid.kernel.errors import MalformedInput, Unavailable


class Answers(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        match self.path:
            case "/redirect":
                self.send_response(302)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()
            case "/long":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"x" * 5000)
            case "/slow":
                self.send_response(200)
                self.end_headers()
                for _ in range(40):
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    time.sleep(0.1)
            case "/drip":
                for letter in b"HTTP/1.1 201 " + b"x" * 200:
                    self.wfile.write(bytes([letter]))
                    self.wfile.flush()
                    time.sleep(0.1)
            case "/nonsense":
                self.wfile.write(b"this is no HTTP\r\n\r\n")
            case _:
                said = f"{self.command} {self.path} {self.headers.get('X-Word')} ".encode() + body
                self.send_response(201)
                self.send_header("Content-Length", str(len(said)))
                self.send_header("X-Name", "Value")
                self.end_headers()
                self.wfile.write(said)

    do_GET = do_POST = _answer  # noqa: N815 - names of the standard library


def certificate(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


def serve(file: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"), "127.0.0.1")


@pytest.fixture(scope="module")
def place(file: Path) -> Iterator[str]:
    yield from serve(file)


@pytest.fixture(scope="module")
def client(file: Path) -> HttpsClient:
    return HttpsClient(ca_file=str(file))


def test_a_request_and_its_answer(client: HttpsClient, place: str) -> None:
    answer = client.send(
        "POST", f"{place}/a?b=c", headers={"X-Word": "hello"}, body=b"body", timeout=5
    )
    assert answer.status == 201
    assert answer.body == b"POST /a?b=c hello body"
    assert answer.headers["x-name"] == "Value"


def test_redirects_are_not_followed(client: HttpsClient, place: str) -> None:
    assert client.send("GET", f"{place}/redirect", timeout=5).status == 302


@pytest.mark.parametrize(
    ("path", "more", "reason"),
    [
        ("/long", {"limit": 4999}, "http_answer_too_long"),
        ("/slow", {"timeout": 0.5}, "http_no_answer"),
        ("/drip", {"timeout": 0.5}, "http_no_answer"),
        ("/nonsense", {"timeout": 5}, "http_no_answer"),
    ],
)
def test_answers_that_are_refused(
    client: HttpsClient, place: str, path: str, more: dict[str, float], reason: str
) -> None:
    with pytest.raises(Unavailable) as caught:
        client.send("GET", place + path, **more)  # type: ignore[arg-type]
    assert caught.value.reason == reason


def test_an_unknown_certificate(place: str) -> None:
    with pytest.raises(Unavailable) as caught:
        HttpsClient().send("GET", place, timeout=5)
    assert caught.value.reason == "http_no_answer"
    assert caught.value.detail == "SSLCertVerificationError"


def test_a_certificate_for_another_name(tmp_path: Path) -> None:
    other = certificate(tmp_path, "127.0.0.2")
    for place in serve(other):
        with pytest.raises(Unavailable) as caught:
            HttpsClient(ca_file=str(other)).send("GET", place, timeout=5)
        assert caught.value.detail == "SSLCertVerificationError"


def test_a_deadline_holds_for_the_handshake_and_for_every_line(file: Path) -> None:
    """A peer that sends a byte now and then would hold the thread for days."""
    hello, sent = b"\x16\x03\x03\x40\x00\x02" + b"x" * 200, []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                for letter in hello:
                    connection.sendall(bytes([letter]))
                    sent.append(letter)
                    time.sleep(0.1)

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        with pytest.raises(Unavailable):
            HttpsClient(ca_file=str(file)).send(
                "GET", f"https://127.0.0.1:{server.getsockname()[1]}/", timeout=0.5
            )
        thread.join()
    assert len(sent) < len(hello)


def test_addresses_of_our_own_are_refused_under_any_name(file: Path, place: str) -> None:
    port = place.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost"):
        with pytest.raises(Unavailable) as caught:
            HttpsClient(ca_file=str(file), public_only=True).send("GET", f"https://{host}:{port}/")
        assert caught.value.detail == "OSError"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("203.0.114.1", True),
        ("2001:4860:4860::8888", True),
        ("10.0.0.5", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("::ffff:10.0.0.5", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", True),
        ("2002:7f00:1::", False),
        ("::127.0.0.1", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("2001:0:7f00:1::", False),
    ],
)
def test_which_addresses_are_public(address: str, *, public: bool) -> None:
    assert is_public(ip_address(address)) is public


def test_nobody_there(client: HttpsClient) -> None:
    with pytest.raises(Unavailable):
        client.send("GET", "https://127.0.0.1:1/", timeout=2)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.hk/",
        "https://",
        "https://user@example.hk/",
        "https://example.hk/a b",
        "https://example.hk/\r\nX: y",
        "https://example.hk:port/",
        "https://[::1/",
        "https://例.hk/",
        "https://example.hk/" + "x" * 5000,
        "",
    ],
)
def test_what_is_no_address(client: HttpsClient, url: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        client.send("GET", url)
    assert caught.value.reason == "url_malformed"


def test_plain_http_is_for_those_who_ask_for_it() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = f"http://127.0.0.1:{server.server_port}/there?a=b"
        try:
            answer = HttpsClient(plain=True).send("POST", place, body=b"asked")
            with pytest.raises(MalformedInput):
                HttpsClient().send("GET", place)
            with pytest.raises(Unavailable):
                HttpsClient(plain=True, public_only=True).send("GET", place, timeout=5)
        finally:
            server.shutdown()
    assert answer.body == b"POST /there?a=b None asked"
    with pytest.raises(MalformedInput):
        HttpsClient(plain=True).send("GET", place.replace("http:", "ftp:"))
