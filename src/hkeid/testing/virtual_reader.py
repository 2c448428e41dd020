"""A slot of a virtual reader: puts a card object into the real ``pcscd`` (protocol of vpcd).

We connect to the driver; a message is a length (two bytes, big endian) and a body. Bodies of one byte
are control codes (off, on, reset, give the ATR), longer ones are command APDUs.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from threading import Event, Thread
from types import TracebackType
from typing import Protocol, Self

from hkeid.testing.virtual_card.points import CardGone, CardSilent

_OFF, _ON, _RESET, _ATR = b"\x00", b"\x01", b"\x02", b"\x04"
_PATIENCE = 1.5
_GAP = 0.7
"""Seconds without a card that the service needs to notice: it looks every 0.4 s, and a card that took
another's place in between stays unknown to it."""

Dial = Callable[[], socket.socket]
"""Connects to the driver's port."""


class Card(Protocol):
    """What can be put into a slot."""

    @property
    def atr(self) -> bytes: ...

    def power(self, on: bool) -> None:  # noqa: FBT001 - the line is up or down
        """Power comes or goes."""
        ...

    def reset(self) -> None:
        """Warm reset."""
        ...

    def transmit(self, command: bytes) -> bytes:
        """Answer a command APDU.

        :raises EOFError: or ``CardGone``: the card leaves the reader by itself.
        :raises CardSilent: it answers no more until it is taken out.
        """
        ...


class CardSlot:
    """Where cards are put in and taken out. A context manager.

    :param dial: connects to the driver.
    """

    def __init__(self, dial: Dial) -> None:
        self._dial = dial
        self._link: socket.socket | None = None
        self._thread: Thread | None = None
        self._stop = Event()
        self._ended = time.monotonic() - _GAP

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()

    def insert(self, card: Card) -> None:
        """Put a card in; the reader sees it within a second or so."""
        self.remove()
        time.sleep(max(0.0, self._ended + _GAP - time.monotonic()))
        self._stop = Event()
        self._link = self._dial()
        self._thread = Thread(
            target=self._serve, args=(card, self._stop), name="hkeid-virtual-card", daemon=True
        )
        self._thread.start()

    def remove(self) -> None:
        """Take the card out, at once, whatever it is doing."""
        self._stop.set()
        if self._link is not None:
            with contextlib.suppress(OSError):
                self._link.shutdown(socket.SHUT_RDWR)
            self._link.close()
            self._link = None
            self._ended = time.monotonic()
        if self._thread is not None:
            self._thread.join(2)
            self._thread = None

    @contextlib.contextmanager
    def holding(self, card: Card) -> Iterator[None]:
        """A card that is in for the length of a block."""
        self.insert(card)
        try:
            yield
        finally:
            self.remove()

    def _serve(self, card: Card, stop: Event) -> None:
        """Serve the driver. One that has not seen our predecessor's end leaves us waiting at its door:
        then we knock again.
        """
        while not stop.is_set() and (link := self._link) is not None:
            try:
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                link.settimeout(_PATIENCE)
                _answer(link, card)
                link.settimeout(None)
                while not stop.is_set():
                    _answer(link, card)
            except TimeoutError:
                link.close()
                self._link = self._dial()
            except CardSilent:
                stop.wait()
            except (CardGone, EOFError, OSError):
                link.close()
                return


def _answer(link: socket.socket, card: Card) -> None:
    body = _receive(link, int.from_bytes(_receive(link, 2), "big"))
    if body == _OFF:
        card.power(False)  # noqa: FBT003
    elif body == _ON:
        card.power(True)  # noqa: FBT003
    elif body == _RESET:
        card.reset()
    elif body == _ATR:
        _send(link, card.atr)
    elif body:
        _send(link, card.transmit(body))


def _send(link: socket.socket, body: bytes) -> None:
    link.sendall(len(body).to_bytes(2, "big") + body)


def _receive(link: socket.socket, count: int) -> bytes:
    received = bytearray()
    while len(received) < count:
        # The driver sends length and body apart; without this, delayed acknowledgements cost 40 ms
        # each. The option does not stick.
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = link.recv(count - len(received))
        if not part:
            raise EOFError
        received += part
    return bytes(received)
