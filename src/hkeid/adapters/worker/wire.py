"""What goes over the socket between a worker and its child: a length, then a pickle.

The parent writes pickles and the child trusts them. The other way round the child may have been
taken over by a hostile picture, so the parent unpickles only values: builtins, and from hkeid
dataclasses, enumerations and errors. Nothing that is looked up there runs a command.
"""

from __future__ import annotations

import io
import pickle
import socket
import struct
import sys
from collections.abc import Sequence
from dataclasses import is_dataclass
from enum import Enum
from importlib import import_module
from typing import Any, NoReturn

from hkeid.kernel.errors import HkeidError

LARGEST = 256 * 1024 * 1024
"""Bytes in one message."""
MOST_HANDLES = 4
"""Open files that go with one message."""

_LENGTH = struct.Struct(">Q")
_ANSWERS = ("hkeid.ports.", "hkeid.kernel.", "hkeid.identity.")
"""Where the values of answers are declared."""
_PLAIN = {
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("builtins", "bytearray"),
    ("builtins", "complex"),
    ("datetime", "date"),
    ("datetime", "datetime"),
    ("datetime", "timedelta"),
    ("datetime", "timezone"),
    ("collections", "OrderedDict"),
    ("copyreg", "__newobj__"),
}


class WireError(Exception):
    """The other end sent what this one does not take. Stays inside this package."""


class _ValuesOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Classes of plain values, nothing else. A module that is not loaded yet is imported only
        where answers come from (:data:`_ANSWERS`): a child that was taken over names what it likes.
        """
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        found: Any = sys.modules.get(module)
        if found is None and module.startswith(_ANSWERS):
            try:
                found = import_module(module)
            except ImportError:
                found = None
        for part in name.split("."):
            found = getattr(found, part, None)
        if isinstance(found, type) and (
            is_dataclass(found) or issubclass(found, Enum | HkeidError)
        ):
            return found
        raise WireError(f"not a value: {module}.{name}")


def pack(value: Any) -> bytes:
    """A message."""
    return pickle.dumps(value, protocol=5)


def unpack_trusted(message: bytes) -> Any:
    """What the parent said, in the child."""
    return pickle.loads(message)  # noqa: S301 - from our own parent


def unpack_values(message: bytes) -> Any:
    """What the child said, in the parent.

    :raises WireError: anything but plain values.
    """
    try:
        return _ValuesOnly(io.BytesIO(message)).load()
    except WireError:
        raise
    except Exception as error:
        raise WireError(f"unreadable: {type(error).__name__}") from error


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


def error_parts(error: HkeidError) -> tuple[Any, ...]:
    """An error as plain values: its class, its arguments, its members."""
    members = {
        name: value
        for name, value in vars(error).items()
        if isinstance(value, str | int | float | bool | None)
    }
    return (type(error), error.args, members)


def raise_again(parts: tuple[Any, ...]) -> NoReturn:
    """Raise an error that :func:`error_parts` took apart.

    :raises WireError: it is none of ours.
    """
    kind, arguments, members = parts
    if not (isinstance(kind, type) and issubclass(kind, HkeidError)):
        raise WireError("not one of our errors")
    error = kind.__new__(kind)
    error.args = tuple(arguments)
    vars(error).update(members)
    raise error
