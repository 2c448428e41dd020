"""What goes over the socket between a worker and its child: a length, then the message.

The parent writes pickles and the child trusts them. The other way round nothing is unpickled: the child
may have been taken over by a hostile picture (see :mod:`hkeid.adapters.worker.answers`).
"""

from __future__ import annotations

import pickle
import socket
import struct
from typing import Any

LARGEST = 256 * 1024 * 1024
"""Bytes in one message."""

_LENGTH = struct.Struct(">Q")


class WireError(Exception):
    """The other end sent what this one does not take. Stays inside this package."""


def pack(value: Any) -> bytes:
    """A message."""
    return pickle.dumps(value, protocol=5)


def unpack_trusted(message: bytes) -> Any:
    """What the parent said, in the child."""
    return pickle.loads(message)  # noqa: S301 - from our own parent


def send(channel: socket.socket, message: bytes) -> None:
    """Write a message; the socket's time-out holds for all of it."""
    channel.sendall(_LENGTH.pack(len(message)) + message)


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
    (length,) = _LENGTH.unpack(receive_exactly(channel, _LENGTH.size))
    if length > LARGEST:
        raise WireError(f"{length} bytes announced")
    return receive_exactly(channel, length)
