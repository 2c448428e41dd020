"""What goes over the socket between a worker and its child: a length, then the message.

The parent writes pickles and the child trusts them. The other way round nothing is unpickled: the child
may have been taken over by a hostile picture (see :mod:`hkeid.adapters.worker.answers`).
"""

from __future__ import annotations

import pickle
import socket
import struct
from collections.abc import Sequence
from typing import Any

LARGEST = 256 * 1024 * 1024
"""Bytes in one message."""
MOST_HANDLES = 4
"""Open files that go with one message."""

_LENGTH = struct.Struct(">Q")


class WireError(Exception):
    """The other end sent what this one does not take. Stays inside this package."""


def pack(value: Any) -> bytes:
    """A message."""
    return pickle.dumps(value, protocol=5)


def unpack_trusted(message: bytes) -> Any:
    """What the parent said, in the child."""
    return pickle.loads(message)  # noqa: S301 - from our own parent


def send(channel: socket.socket, message: bytes, handles: Sequence[int] = ()) -> None:
    """Write a message; the socket's time-out holds for all of it.

    :param handles: open files that the other end gets its own descriptors of.
    """
    framed = _LENGTH.pack(len(message)) + message
    if handles:
        # They travel with the first byte, which is always taken.
        framed = framed[socket.send_fds(channel, [framed], list(handles)) :]
    channel.sendall(framed)


def receive_exactly(channel: socket.socket, length: int) -> bytes:
    """Read so many bytes.

    :raises EOFError: the other end is gone.
    """
    content = bytearray()
    while len(content) < length:
        part = channel.recv(min(length - len(content), 1 << 20))
        if not part:
            raise EOFError
        content += part
    return bytes(content)


def receive(channel: socket.socket) -> bytes:
    """Read a message.

    :raises EOFError: the other end is gone.
    :raises WireError: it announces more than :data:`LARGEST`.
    """
    return _rest(channel, receive_exactly(channel, _LENGTH.size))


def receive_with_handles(channel: socket.socket) -> tuple[bytes, list[int]]:
    """Read a message and the descriptors that came with it; they are the caller's to close.

    :raises EOFError: the other end is gone.
    :raises WireError: it announces more than :data:`LARGEST`.
    """
    begun, handles, _, _ = socket.recv_fds(channel, _LENGTH.size, MOST_HANDLES)
    if not begun:
        raise EOFError
    begun += receive_exactly(channel, _LENGTH.size - len(begun))
    return _rest(channel, begun), handles


def _rest(channel: socket.socket, begun: bytes) -> bytes:
    (length,) = _LENGTH.unpack(begun)
    if length > LARGEST:
        raise WireError(f"{length} bytes announced")
    return receive_exactly(channel, length)
