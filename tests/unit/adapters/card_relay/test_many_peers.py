"""Many peers at one listener: nobody who is slow, silent or gone holds up another."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from hkeid.adapters.card_relay import RelayListener, RelayPeer, offer_reader
from hkeid.adapters.card_relay.frames import Hello, Kind, receive, send
from hkeid.kernel.errors import ConfigurationError, Refused
from hkeid.ports.cards import CardUnavailable

from .test_relay import Reader, client_tls, folder, server_tls  # noqa: F401 - fixtures

Offer = Callable[..., Future[int]]


@pytest.fixture
def used() -> list[str]:
    """The tickets that were used up."""
    return []


@pytest.fixture
def listen(server_tls: ssl.SSLContext, used: list[str]) -> Iterator[Callable[..., RelayListener]]:  # noqa: F811
    with ExitStack() as stack:

        def make(**limits: Any) -> RelayListener:
            def admit(peer: RelayPeer) -> None:
                if peer.ticket in used or not peer.ticket.startswith("good"):
                    raise Refused("relay_ticket_unknown")
                used.append(peer.ticket)

            made = RelayListener("127.0.0.1", 0, tls=server_tls, admit=admit, **limits)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def offer(folder: Path) -> Iterator[Offer]:  # noqa: F811
    with ThreadPoolExecutor(16) as pool:

        def start(listener: RelayListener, ticket: str = "good", silence: float = 8) -> Future[int]:
            return pool.submit(
                offer_reader,
                Reader(),
                ("127.0.0.1", listener.port),
                tls=client_tls(folder, "station"),
                ticket=ticket,
                silence=silence,
            )

        yield start


@pytest.fixture
def connect(folder: Path) -> Iterator[Callable[..., socket.socket]]:  # noqa: F811
    with ExitStack() as stack:

        def open_link(listener: RelayListener, *, secured: bool, source: str = "") -> socket.socket:
            plain = stack.enter_context(
                socket.create_connection(
                    ("127.0.0.1", listener.port),
                    timeout=10,
                    source_address=(source, 0) if source else None,
                )
            )
            if not secured:
                return plain
            tls = client_tls(folder, "station")
            return stack.enter_context(tls.wrap_socket(plain, server_hostname="127.0.0.1"))

        yield open_link


def use(listener: RelayListener, timeout: float = 5) -> bytes:
    with listener.accept(timeout=timeout) as reader, reader.connect() as card:
        return card.transmit(b"ab")


def is_over(link: socket.socket, seconds: float) -> bool:
    """Whether the server ends a connection within this time."""
    link.settimeout(seconds)
    try:
        while link.recv(64):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


def test_silent_peers_hold_up_nobody(listen, offer, connect) -> None:
    listener = listen(patience=30)
    for secured in (False, True, False, True):
        connect(listener, secured=secured)
    half = connect(listener, secured=True)
    half.sendall((200).to_bytes(4, "big") + bytes([Kind.HELLO]) + b'{"ver')
    began = time.monotonic()
    lent = offer(listener)
    assert use(listener) == b"ba\x90\x00"
    assert time.monotonic() - began < 5
    assert lent.result(5) == 1


def test_several_readers_are_served_at_once(listen, offer, used) -> None:
    listener = listen()
    together = threading.Barrier(4)
    lent = [offer(listener, f"good {number}") for number in range(4)]

    def serve() -> bytes:
        with listener.accept(timeout=8) as reader, reader.connect() as card:
            together.wait(8)  # broken, and an error, unless all four are in use at this moment
            return card.transmit(reader.peer.ticket.encode())

    with ThreadPoolExecutor(4) as pool:
        answers = [one.result(20) for one in [pool.submit(serve) for _ in range(4)]]
    assert sorted(answers) == [f"good {number}".encode()[::-1] + b"\x90\x00" for number in range(4)]
    assert sorted(used) == [f"good {number}" for number in range(4)]
    assert [one.result(5) for one in lent] == [1, 1, 1, 1]


def test_one_who_says_a_byte_at_a_time_has_no_more_time_than_others(listen, connect) -> None:
    listener = listen(patience=1)
    link = connect(listener, secured=True)
    message = (300).to_bytes(4, "big") + bytes([Kind.HELLO]) + bytes(300)
    began = time.monotonic()
    with suppress(OSError):
        for byte in message:
            link.sendall(bytes([byte]))
            time.sleep(0.1)
    assert time.monotonic() - began < 5
    assert is_over(link, 1)


def test_a_card_that_answers_a_byte_at_a_time_is_silent(listen, connect) -> None:
    listener = listen(patience=1)
    link = connect(listener, secured=True)
    send(link, Kind.HELLO, Hello(ticket="good", reader="r", atr=b"\x3b", extended=256).encode())

    def drip() -> None:
        receive(link)
        receive(link)
        with suppress(OSError):
            for byte in (200).to_bytes(4, "big") + bytes([Kind.ANSWER]) + bytes(200):
                link.sendall(bytes([byte]))
                time.sleep(0.1)

    with ThreadPoolExecutor(1) as pool, listener.accept(timeout=5) as reader:
        dripping = pool.submit(drip)
        began = time.monotonic()
        with pytest.raises(CardUnavailable) as error, reader.connect() as card:
            card.transmit(b"ab")
        assert error.value.reason == "card_silent"
        assert time.monotonic() - began < 3
        reader.close()
        dripping.result(30)


def test_a_crowd_from_one_address_pushes_only_itself_out(listen, offer, connect) -> None:
    listener = listen(patience=30, callers=4)
    crowd = [connect(listener, secured=False, source="127.0.0.2") for _ in range(4)]
    lent = offer(listener)
    time.sleep(1)
    later = [connect(listener, secured=False, source="127.0.0.2") for _ in range(8)]
    assert use(listener) == b"ba\x90\x00"
    assert lent.result(5) == 1
    ended = [is_over(link, 0.5) for link in (*crowd, *later)]
    assert ended.count(False) <= 4
    assert not ended[-1], "the newest still has its time"


def test_nobody_is_kept_for_ever_and_no_ticket_lost_by_waiting(listen, offer, used) -> None:
    listener = listen(waiting=0.5)
    gone = offer(listener)
    assert isinstance(gone.exception(8), CardUnavailable)
    assert used == []
    again = offer(listener)
    assert use(listener) == b"ba\x90\x00"
    assert again.result(5) == 1
    assert used == ["good"]


def test_a_session_ends_in_time(listen, offer) -> None:
    listener = listen(session=0.6)
    lent = offer(listener)
    with listener.accept(timeout=5) as reader, reader.connect() as card:
        assert card.transmit(b"ab") == b"ba\x90\x00"
        time.sleep(0.7)
        for _ in range(2):
            with pytest.raises(CardUnavailable) as error:
                card.transmit(b"ab")
            assert error.value.reason == "card_silent"
    assert lent.result(5) == 1


def test_closing_wakes_who_waits_and_sends_callers_away(listen, offer, connect) -> None:
    listener = listen(patience=30)
    silent = connect(listener, secured=False)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(use, listener, 30)
        time.sleep(0.3)
        began = time.monotonic()
        listener.close()
        assert waiting.exception(5).reason == "reader_absent"
        assert time.monotonic() - began < 5
    assert is_over(silent, 3)
    with pytest.raises(OSError, match=r"refused|reset"):
        socket.create_connection(("127.0.0.1", listener.port), timeout=2)


@pytest.mark.parametrize("limit", ["patience", "waiting", "session", "callers"])
def test_limits_that_cannot_work(listen, limit: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        listen(**{limit: 0})
    assert error.value.reason == "relay_limits_invalid"
