"""A station for the demonstration: enrolled over mutual TLS, with a reader and personas' cards.

The reader is a virtual one of the real ``pcscd`` where this machine lets us start it (root, Debian's
``pcscd`` and ``vsmartcard-vpcd``); elsewhere the card answers in this process, and ``reader_kind`` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hkeid.kernel.errors import ConfigurationError, HkeidError, MissingExtra
from hkeid.ports import CardReader
from hkeid.testing.card_issuer import HKIC, CardIssuer, card_access_number_of, issue_card
from hkeid.testing.personas import PERSONAS
from hkeid.testing.portraits import portrait
from hkeid.testing.virtual_card import VirtualCard
from hkeid.testing.virtual_card.reader import ReaderInProcess

SIGNERS = "country-signers"
"""Folder of an installation that holds the country signers it trusts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoReader:
    """A reader, and what puts cards into it.

    :ivar kind: what it is, in words.
    """

    reader: CardReader
    kind: str
    hold: Callable[[VirtualCard], AbstractContextManager[None]]


def trust_country(issuer: CardIssuer, installation: Path) -> None:
    """Let an installation trust the fictional country's signer."""
    folder = installation / SIGNERS
    folder.mkdir(exist_ok=True)
    root = x509.load_der_x509_certificate(issuer.root.der)
    (folder / "csca.pem").write_bytes(root.public_bytes(Encoding.PEM))


@contextmanager
def demo_reader() -> Iterator[DemoReader]:
    """The best reader that this machine can have."""
    with ExitStack() as stack:
        try:
            from hkeid.testing.pcscd import virtual_readers

            running = stack.enter_context(virtual_readers(1))
        except (ConfigurationError, MissingExtra) as error:
            inside = ReaderInProcess(None)

            @contextmanager
            def put(card: VirtualCard) -> Iterator[None]:
                inside.card = card
                try:
                    yield
                finally:
                    inside.card = None

            yield DemoReader(reader=inside, kind=f"in process ({error.reason})", hold=put)
            return
        yield DemoReader(
            reader=running.reader(), kind="pcscd, a virtual reader", hold=running.slot().holding
        )


@contextmanager
def inserted(reader: DemoReader, issuer: CardIssuer, persona: str) -> Iterator[str]:
    """A persona's card in the reader, for the length of the block; gives its six digits."""
    who = PERSONAS[persona]
    card = issue_card(who, portrait=portrait(persona), issuer=issuer, features=HKIC)
    with reader.hold(card):
        yield card_access_number_of(who)


@contextmanager
def station_link(address: Callable[[], str], port: int) -> Iterator[str]:
    """An address on this machine that leads a browser to a station's pages, as often as it is opened.

    :param address: makes an address that is good once; it is asked for each visit.
    :param port: where to listen; 0 takes a free one.
    """

    class Link(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Send the browser on."""
            if self.path != "/":
                self.send_error(404)
                return
            try:
                place = address()
            except HkeidError as error:
                self.send_error(503, "The station cannot be reached", error.reason)
                return
            self.send_response(303)
            self.send_header("Location", place)
            self.send_header("Cache-Control", "no-store")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet: the address in the answer is a secret for two minutes."""

    with ThreadingHTTPServer(("127.0.0.1", port), Link) as server:
        Thread(target=server.serve_forever, daemon=True, name="station-link").start()
        try:
            yield f"http://localhost:{server.server_port}/"
        finally:
            server.shutdown()
