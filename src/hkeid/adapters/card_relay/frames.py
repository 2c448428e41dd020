"""The messages of the relay: length (4 bytes, big endian), kind (1 byte), body.

The card's end begins with ``HELLO`` (JSON: version, ticket, reader, atr, extended), the server answers
``WELCOME`` or ``REFUSED``. Then the server sends ``COMMAND`` and ``RESET``; the card's end answers
``ANSWER`` or ``GONE`` (a reason). ``BYE`` ends it from either side.
"""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from time import monotonic
from typing import Any, Final

from hkeid.kernel.errors import MalformedInput
from hkeid.ports.cards import CardUnavailable

VERSION: Final = 1
LONGEST: Final = 66_000
"""Most bytes of a body: an extended APDU of full length and its frame."""
_HELLO_KEYS: Final = frozenset({"version", "ticket", "reader", "atr", "extended"})
_GONE: Final = frozenset(
    {
        "card_absent",
        "card_removed",
        "card_silent",
        "reader_absent",
        "reader_removed",
        "reader_in_use",
    }
)


class Kind(IntEnum):
    """What a message is."""

    HELLO = 1
    WELCOME = 2
    REFUSED = 3
    COMMAND = 4
    ANSWER = 5
    RESET = 6
    GONE = 7
    BYE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What the card's end says of itself.

    :ivar ticket: single-use word that says which session this card is for.
    """

    ticket: str = field(repr=False)
    reader: str
    atr: bytes
    extended: int

    def encode(self) -> bytes:
        """As the body of a message."""
        return json.dumps(
            {
                "version": VERSION,
                "ticket": self.ticket,
                "reader": self.reader,
                "atr": self.atr.hex(),
                "extended": self.extended,
            }
        ).encode()


def decode_hello(body: bytes) -> Hello:
    """The inverse of :meth:`Hello.encode`.

    :raises hkeid.kernel.errors.MalformedInput: ``relay_hello_malformed``, ``relay_version_unknown``.
    """
    try:
        said: Any = json.loads(body.decode("utf-8"))
        if not isinstance(said, dict) or set(said) != _HELLO_KEYS:
            raise MalformedInput("relay_hello_malformed")
        if said["version"] != VERSION:
            raise MalformedInput("relay_version_unknown")
        ticket, reader, atr, extended = (
            said[key] for key in ("ticket", "reader", "atr", "extended")
        )
        texts = all(isinstance(one, str) and len(one) <= 256 for one in (ticket, reader, atr))
        if not texts or type(extended) is not int or not 256 <= extended <= 65_536:
            raise MalformedInput("relay_hello_malformed")
        return Hello(ticket=ticket, reader=reader, atr=bytes.fromhex(atr), extended=extended)
    except (ValueError, RecursionError):
        raise MalformedInput("relay_hello_malformed") from None


def gone_reason(body: bytes) -> str:
    """The reason in a ``GONE``; anything else than a known one is a card that was removed."""
    word = body.decode("ascii", "replace")
    return word if word in _GONE else "card_removed"


def send(link: socket.socket, kind: Kind, body: bytes = b"") -> None:
    """Send one message.

    :raises CardUnavailable: ``reader_removed``: the connection is over.
    """
    try:
        link.sendall(len(body).to_bytes(4, "big") + bytes([kind]) + body)
    except OSError as error:
        raise CardUnavailable("reader_removed", detail=type(error).__name__) from None


def receive(link: socket.socket) -> tuple[Kind, bytes]:
    """Receive one message.

    The socket's time-out is for the whole message: one that comes byte by byte gets no more.

    :raises CardUnavailable: ``reader_removed`` (the connection is over), ``card_silent`` (not all of it
        within the socket's time-out).
    :raises hkeid.kernel.errors.MalformedInput: ``relay_message_malformed``.
    """
    patience = link.gettimeout()
    ends = None if patience is None else monotonic() + patience
    try:
        head = _exactly(link, 5, ends)
        length = int.from_bytes(head[:4], "big")
        if length > LONGEST or head[4] not in Kind._value2member_map_:
            raise MalformedInput("relay_message_malformed")
        return Kind(head[4]), _exactly(link, length, ends)
    finally:
        with suppress(OSError):
            link.settimeout(patience)


def _exactly(link: socket.socket, count: int, ends: float | None) -> bytes:
    received = bytearray()
    while len(received) < count:
        left = None if ends is None else ends - monotonic()
        if left is not None and left <= 0:
            raise CardUnavailable("card_silent", detail="the far end says too little")
        try:
            link.settimeout(left)
            part = link.recv(count - len(received))
        except TimeoutError:
            raise CardUnavailable("card_silent", detail="the far end says nothing") from None
        except OSError as error:
            raise CardUnavailable("reader_removed", detail=type(error).__name__) from None
        if not part:
            raise CardUnavailable("reader_removed", detail="the far end went away")
        received += part
    return bytes(received)
