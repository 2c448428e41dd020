"""A reader that comes over TLS: admitted, refused, silent, lying."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from hkeid.adapters.card_relay import RelayListener, RelayPeer, offer_reader
from hkeid.adapters.card_relay.frames import Hello, Kind, decode_hello, gone_reason, send
from hkeid.kernel.errors import MalformedInput, Refused
from hkeid.ports.cards import CardUnavailable


class Card:
    atr = bytes.fromhex("3B80800101")
    extended_length = 4096
    resets = 0

    def transmit(self, command: bytes) -> bytes:
        if command == b"gone":
            raise CardUnavailable("card_removed")
        return command[::-1] + b"\x90\x00"

    def reset(self) -> None:
        self.resets += 1


class Reader:
    name = "tablet"

    def __init__(self) -> None:
        self.card = Card()

    @contextmanager
    def connect(self, *, timeout: float = 10.0) -> Iterator[Card]:
        yield self.card


def _certificate(folder: Path, name: str, issuer=None):
    """A key and certificate in PEM files; signed by ``issuer`` (key, certificate) or itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer[1].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(
                (key if issuer is None else issuer[0]).public_key()
            ),
            critical=False,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    certificate = builder.sign(key if issuer is None else issuer[0], hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return key, certificate


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("relay")
    authority = _certificate(place, "authority")
    _certificate(place, "server", authority)
    _certificate(place, "station", authority)
    _certificate(place, "stranger")
    return place


@pytest.fixture
def server_tls(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    context.load_verify_locations(folder / "authority.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_tls(folder: Path, name: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(folder / "authority.pem"))
    if name:
        context.load_cert_chain(folder / f"{name}.pem")
    return context


@pytest.fixture
def peers() -> list[RelayPeer]:
    return []


@pytest.fixture
def listener(server_tls: ssl.SSLContext, peers: list[RelayPeer]) -> Iterator[RelayListener]:
    tickets = {"good"}

    def admit(peer: RelayPeer) -> None:
        if peer.ticket not in tickets:
            raise Refused("relay_ticket_unknown")
        tickets.remove(peer.ticket)
        peers.append(peer)

    made = RelayListener("127.0.0.1", 0, tls=server_tls, admit=admit, patience=2)
    yield made
    made.close()


def offering(
    listener: RelayListener, folder: Path, *, name: str | None = "station", ticket: str = "good"
) -> tuple[Future[int], Reader]:
    reader = Reader()
    pool = ThreadPoolExecutor(1)
    future = pool.submit(
        offer_reader,
        reader,
        ("127.0.0.1", listener.port),
        tls=client_tls(folder, name),
        ticket=ticket,
        silence=5,
    )
    pool.shutdown(wait=False)
    return future, reader


def test_the_card_is_reached_through_it(listener, folder, peers) -> None:
    future, far = offering(listener, folder)
    with listener.accept(timeout=5) as reader, reader.connect() as card:
        assert (reader.name, card.atr, card.extended_length) == ("tablet", Card.atr, 4096)
        assert card.transmit(b"abc") == b"cba\x90\x00"
        card.reset()
        assert card.transmit(bytes(65_000)) == bytes(65_000) + b"\x90\x00"
    assert future.result(5) == 2
    assert far.card.resets == 1
    certificate = x509.load_der_x509_certificate(peers[0].certificate)
    assert certificate.subject.rfc4514_string() == "CN=station"


def test_a_card_is_relayed_once(listener, folder) -> None:
    future, _ = offering(listener, folder)
    with listener.accept(timeout=5) as reader:
        with reader.connect():
            pass
        with pytest.raises(CardUnavailable) as error, reader.connect():
            pass
    assert error.value.reason == "card_absent"
    future.result(5)


def test_a_card_that_goes_away_there_is_gone_here(listener, folder) -> None:
    future, _ = offering(listener, folder)
    with listener.accept(timeout=5) as reader, reader.connect() as card:
        for command in (b"gone", b"anything"):
            with pytest.raises(CardUnavailable) as error:
                card.transmit(command)
            assert error.value.reason == "card_removed"
    assert isinstance(future.exception(5), CardUnavailable)


@pytest.mark.parametrize("name", [None, "stranger"])
def test_only_certified_stations_come_in(listener, folder, name: str | None) -> None:
    future, _ = offering(listener, folder, name=name)
    with pytest.raises(CardUnavailable) as error, listener.accept(timeout=1):
        pass
    assert error.value.reason == "reader_absent"
    assert isinstance(future.exception(8), CardUnavailable)


def test_a_wrong_ticket_is_refused_and_the_next_one_served(listener, folder) -> None:
    refused, _ = offering(listener, folder, ticket="wrong")
    with pytest.raises(CardUnavailable), listener.accept(timeout=1):
        pass
    assert isinstance(refused.exception(5), Refused)
    good, _ = offering(listener, folder)
    with listener.accept(timeout=5) as reader, reader.connect() as card:
        assert card.transmit(b"x") == b"x\x90\x00"
    assert good.result(5) == 1
    again, _ = offering(listener, folder)
    with pytest.raises(CardUnavailable), listener.accept(timeout=1):
        pass
    assert again.exception(5).reason == "relay_refused"


def test_an_unverified_server_is_not_spoken_to(listener, folder) -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with pytest.raises(Refused) as error:
        offer_reader(Reader(), ("127.0.0.1", listener.port), tls=context, ticket="good")
    assert error.value.reason == "relay_tls_unverified"


def test_a_foreign_server_is_not_spoken_to(listener, folder) -> None:
    context = ssl.create_default_context(cafile=str(folder / "stranger.pem"))
    pool = ThreadPoolExecutor(1)
    future = pool.submit(
        offer_reader, Reader(), ("127.0.0.1", listener.port), tls=context, ticket="good"
    )
    with pytest.raises(CardUnavailable), listener.accept(timeout=1):
        pass
    assert isinstance(future.exception(5), CardUnavailable)
    pool.shutdown()


def _raw(listener: RelayListener, folder: Path) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", listener.port), timeout=5)
    return client_tls(folder, "station").wrap_socket(plain, server_hostname="127.0.0.1")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((Kind.ANSWER, b""), "card_removed"),
        ((Kind.ANSWER, b"\x90"), "card_removed"),
        ((Kind.HELLO, b"{}"), "reader_removed"),
        ((Kind.GONE, b"a very strange reason"), "card_removed"),
        ((Kind.GONE, b"card_silent"), "card_silent"),
        (None, "card_silent"),
    ],
)
def test_a_far_end_that_misbehaves(listener, folder, answer, reason: str) -> None:
    with ThreadPoolExecutor(1) as pool:

        def far() -> None:
            with _raw(listener, folder) as link:
                hello = Hello(ticket="good", reader="r", atr=b"\x3b", extended=256)
                send(link, Kind.HELLO, hello.encode())
                link.recv(5)
                link.recv(64)
                if answer is not None:
                    send(link, *answer)
                link.recv(64)

        future = pool.submit(far)
        with listener.accept(timeout=5) as reader, reader.connect() as card:
            with pytest.raises(CardUnavailable) as error:
                card.transmit(b"\x00\xa4\x04\x0c")
            assert error.value.reason == reason
        future.exception(5)


@pytest.mark.parametrize(
    "message", [b"GET / HTTP/1.1\r\n\r\n", b"\xff\xff\xff\xff\x01", b"\0\0\0\2\x01{}"]
)
def test_something_else_than_a_greeting_is_dropped(listener, folder, message: bytes) -> None:
    with ThreadPoolExecutor(1) as pool:

        def far() -> bytes:
            with _raw(listener, folder) as link:
                link.sendall(message)
                return link.recv(64)

        future = pool.submit(far)
        with pytest.raises(CardUnavailable) as error, listener.accept(timeout=1):
            pass
        assert error.value.reason == "reader_absent"
        future.exception(5)


@given(st.binary(max_size=300))
def test_a_greeting_parses_or_is_refused(body: bytes) -> None:
    try:
        decode_hello(body)
    except MalformedInput as error:
        assert error.reason in {"relay_hello_malformed", "relay_version_unknown"}


def test_a_greeting_survives_the_way() -> None:
    hello = Hello(ticket="t", reader="r", atr=b"\x3b\x00", extended=65_536)
    assert decode_hello(hello.encode()) == hello


@given(st.binary(max_size=40))
def test_reasons_are_from_the_list(body: bytes) -> None:
    assert gone_reason(body).startswith(("card_", "reader_"))
