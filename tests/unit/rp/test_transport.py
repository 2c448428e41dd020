"""The HTTP client against a real loopback listener that behaves badly."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from hkeid.kernel.errors import MalformedInput, Unavailable
from hkeid.rp.transport import DirectHttpClient, check_url, is_loopback

Serve = Callable[[bytes], str]


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Listen, answer each connection with the given pieces, one every ``pause`` seconds."""
    listeners: list[socket.socket] = []
    received: list[bytes] = []

    def start(*pieces: bytes, pause: float = 0.0) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def answer() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    request = b""
                    while not _whole(request):
                        request += connection.recv(65_536)
                    received.append(request)
                    try:
                        for piece in pieces:
                            connection.sendall(piece)
                            time.sleep(pause)
                    except OSError:
                        continue

        threading.Thread(target=answer, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/path?query=1"

    start.received = received  # type: ignore[attr-defined]
    yield start
    for listener in listeners:
        listener.close()


def _whole(request: bytes) -> bool:
    """Head and body are there, or it is no HTTP (a TLS hello begins with 22)."""
    if request[:1] == b"\x16":
        return True
    head, found, body = request.partition(b"\r\n\r\n")
    return bool(found) and (b"Content-Length: 3" not in head or len(body) == 3)


def _answer(body: bytes = b"{}", status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def test_an_answer_comes_back_whole(serve: Callable[..., str]) -> None:
    url = serve(_answer(b'{"a": 1}', "200 OK", "Content-Type: application/json", "X-Twice: 1"))
    answer = DirectHttpClient().send(
        "POST", url, headers={"Accept": "application/json"}, body=b"x=1"
    )
    assert (answer.status, answer.body) == (200, b'{"a": 1}')
    assert answer.headers["content-type"] == "application/json"
    sent = serve.received[0].decode()  # type: ignore[attr-defined]
    assert sent.startswith("POST /path?query=1 HTTP/1.1\r\n")
    assert "Content-Length: 3\r\n" in sent
    assert "Accept-Encoding: identity\r\n" in sent
    assert sent.endswith("\r\n\r\nx=1")


def test_redirects_are_not_followed(serve: Callable[..., str]) -> None:
    url = serve(_answer(b"", "302 Found", "Location: http://127.0.0.1:1/"))
    assert DirectHttpClient().send("GET", url).status == 302


def test_chunked_answers_are_read(serve: Callable[..., str]) -> None:
    body = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    assert DirectHttpClient().send("GET", serve(body)).body == b"{}"


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        ([_answer(b"x" * 2_000)], "http_answer_too_large"),
        (
            [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"fff\r\n" + b"x" * 4095],
            "http_answer_too_large",
        ),
        ([b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2_000], "http_answer_too_large"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"], "http_answer_malformed"),
        ([b"not HTTP at all\r\n\r\n"], "http_answer_malformed"),
        ([b""], "http_answer_malformed"),
        ([b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n"], "http_answer_malformed"),
        (
            [b"HTTP/1.1 200 OK\r\nContent-Length: nine\r\n\r\n{}" + b" " * 2_000],
            "http_answer_too_large",
        ),
    ],
)
def test_bad_answers_are_unavailable(
    pieces: list[bytes], reason: str, serve: Callable[..., str]
) -> None:
    with pytest.raises(Unavailable) as caught:
        DirectHttpClient().send("GET", serve(*pieces), limit=1_000)
    assert caught.value.reason == reason


def test_a_dripping_answer_ends_at_the_deadline(serve: Callable[..., str]) -> None:
    """One byte now and then must not hold us: the limit is for the whole exchange."""
    url = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", *[b"x"] * 100, pause=0.1)
    began = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        DirectHttpClient().send("GET", url, timeout=0.5)
    assert caught.value.reason == "http_timeout"
    assert time.monotonic() - began < 3


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unavailable) as caught:
        DirectHttpClient().send("GET", f"http://127.0.0.1:{port}/")
    assert caught.value.reason == "http_unreachable"


def test_a_peer_that_speaks_no_tls(serve: Callable[..., str]) -> None:
    url = serve(_answer()).replace("http:", "https:")
    with pytest.raises(Unavailable) as caught:
        DirectHttpClient().send("GET", url, timeout=2)
    assert caught.value.reason in ("http_tls_failed", "http_unreachable")


def test_an_unknown_certificate_is_refused(tmp_path: object) -> None:
    import datetime as dt
    import ssl
    from pathlib import Path

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = Path(str(tmp_path)) / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(times: int) -> None:
        for _ in range(times):
            connection, _ = listener.accept()
            with connection:
                try:
                    with context.wrap_socket(connection, server_side=True) as secure:
                        secure.recv(65_536)
                        secure.sendall(_answer())
                except (ssl.SSLError, OSError):
                    continue

    thread = threading.Thread(target=answer, args=(3,), daemon=True)
    thread.start()
    url = f"https://localhost:{listener.getsockname()[1]}/"
    try:
        with pytest.raises(Unavailable) as caught:
            DirectHttpClient().send("GET", url, timeout=5)
        assert caught.value.reason == "http_tls_failed"
        trusting = DirectHttpClient(ca_file=str(path))
        assert trusting.send("GET", url, timeout=5).status == 200
        # And the right authority does not make up for the wrong name.
        with pytest.raises(Unavailable):
            trusting.send("GET", url.replace("localhost", "127.0.0.1"), timeout=5)
    finally:
        thread.join(5)
        listener.close()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://eid.example.hk/", "url_not_https"),
        ("ftp://localhost/", "url_not_https"),
        ("http://localhost.evil.example/", "url_not_https"),
        ("http://127.0.0.1.evil.example/", "url_not_https"),
        ("https://localhost@evil.example/", "url_malformed"),
        ("https://eid.example.hk/#fragment", "url_malformed"),
        ("https://eid.example.hk/a b", "url_malformed"),
        ("https://eid.example.hk/\r\nHost: evil", "url_malformed"),
        ("https://eid.example.hk\\@evil.example/", "url_malformed"),
        ("https:///path", "url_malformed"),
        ("https://[::1/", "url_malformed"),
        ("https://eid.example.hk:port/", "url_malformed"),
        ("https://eid.example.hk:99999/", "url_malformed"),
        ("https://身份.example/", "url_malformed"),
        ("/path", "url_malformed"),
        ("", "url_malformed"),
        ("https://e.hk/" + "a" * 3_000, "url_malformed"),
    ],
)
def test_addresses_that_are_not_allowed(url: str, reason: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        check_url(url, field="url")
    assert caught.value.reason == reason
    with pytest.raises(MalformedInput):
        DirectHttpClient().send("GET", url)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)
    shown = f"[{host}]" if ":" in host else host
    assert check_url(f"http://{shown}:8000/", field="url").hostname == host
