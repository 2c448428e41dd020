"""What a worker's child may say: plain values, and of classes those that the parent named beforehand.

The child looks at hostile pictures and may have been taken over by one. So its answers are data and
nothing else: a JSON tree, byte strings behind it. No answer names something that is looked up and
changed, and the members of a value are held against their declared types before it is made.
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from importlib import import_module
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from hkeid.adapters.worker.wire import WireError
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.instants import epoch_microseconds, from_epoch_microseconds

_LENGTH = struct.Struct(">I")
_SCALARS = (str, int, float, bool, NoneType)
_MEMBERS = ("reason", "detail", "field", "retry_after")
"""Of an error. Its safe text is the class's own: a child words nothing that people read."""
_ERRORS = ("hkeid.kernel.", "hkeid.ports.", "hkeid.adapters.")


def write_answer(outcome: str, value: Any) -> bytes:
    """An answer as bytes.

    :raises TypeError: a value that cannot travel.
    """
    blobs: list[bytes] = []
    tree = json.dumps([outcome, _taken_apart(value, blobs), [len(one) for one in blobs]]).encode()
    return _LENGTH.pack(len(tree)) + tree + b"".join(blobs)


def read_answer(message: bytes, classes: Mapping[str, type]) -> tuple[str, Any]:
    """Outcome and value of an answer.

    :param classes: dataclasses and enumerations that may come, by :func:`name_of`.
    :raises WireError: anything else.
    """
    try:
        (length,) = _LENGTH.unpack_from(message)
        begin = _LENGTH.size + length
        outcome, tree, lengths = json.loads(message[_LENGTH.size : begin])
        blobs = []
        for size in lengths:
            blobs.append(message[begin : begin + size])
            begin += size
        if type(outcome) is not str or begin != len(message) or min(lengths, default=0) < 0:
            raise WireError("malformed answer")
        return outcome, _put_together(tree, blobs, classes)
    except WireError:
        raise
    except Exception as error:
        raise WireError(f"unreadable: {type(error).__name__}") from error


def name_of(kind: type) -> str:
    """By what name a class travels."""
    return f"{kind.__module__}:{kind.__qualname__}"


def _taken_apart(value: Any, blobs: list[bytes]) -> Any:
    if type(value) in _SCALARS:
        return value
    if isinstance(value, bytes | bytearray):
        blobs.append(bytes(value))
        return ["bytes", len(blobs) - 1]
    if type(value) in {tuple, list}:
        return [type(value).__name__, [_taken_apart(one, blobs) for one in value]]
    if isinstance(value, Enum):
        return ["enum", name_of(type(value)), value.name]
    if isinstance(value, HkeidError):
        members = {name: getattr(value, name) for name in _MEMBERS if hasattr(value, name)}
        arguments = [one for one in value.args if type(one) in _SCALARS]
        return ["error", name_of(type(value)), arguments, members]
    if is_dataclass(value) and not isinstance(value, type):
        members = {one.name: _taken_apart(getattr(value, one.name), blobs) for one in fields(value)}
        return ["value", name_of(type(value)), members]
    if isinstance(value, Mapping):
        pairs = [[_taken_apart(key, blobs), _taken_apart(one, blobs)] for key, one in value.items()]
        return ["mapping", pairs]
    if isinstance(value, datetime):
        return ["instant", epoch_microseconds(value)]
    raise TypeError(type(value).__name__)


def _put_together(tree: Any, blobs: Sequence[bytes], classes: Mapping[str, type]) -> Any:
    if type(tree) in _SCALARS:
        return tree
    match tree:
        case ["bytes", int(number)] if number >= 0:
            return blobs[number]
        case ["tuple", list(parts)]:
            return tuple(_put_together(one, blobs, classes) for one in parts)
        case ["list", list(parts)]:
            return [_put_together(one, blobs, classes) for one in parts]
        case ["mapping", list(pairs)]:
            return {
                _put_together(key, blobs, classes): _put_together(one, blobs, classes)
                for key, one in pairs
            }
        case ["instant", int(moment)]:
            return from_epoch_microseconds(moment)
        case ["enum", str(name), str(member)]:
            return _named(name, classes)[member]
        case ["value", str(name), dict(members)]:
            made = {key: _put_together(one, blobs, classes) for key, one in members.items()}
            return _made(_named(name, classes), made)
        case ["error", str(name), list(arguments), dict(members)]:
            return _error(name, arguments, members)
    raise WireError("not a value")


def _named(name: str, classes: Mapping[str, type]) -> Any:
    kind = classes.get(name)
    if kind is None:
        raise WireError(f"not a value: {name}")
    return kind


def _made(kind: type, members: Mapping[str, Any]) -> Any:
    checks = _checks(kind)
    if members.keys() != checks.keys():
        raise WireError(f"other members than those of {kind.__name__}")
    for name, value in members.items():
        if not checks[name](value):
            raise WireError(f"{kind.__name__}.{name} of another type")
    return kind(**members)


_Check = Callable[[Any], bool]


@lru_cache(maxsize=64)
def _checks(kind: type) -> Mapping[str, _Check]:
    hints = get_type_hints(kind)
    return {one.name: _check_of(hints[one.name]) for one in fields(kind)}


def _check_of(hint: Any) -> _Check:
    """Whether a value is of a declared type; looked up once for each member of a class."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return lambda _: True
    if origin in {Union, UnionType}:
        either = tuple(map(_check_of, arguments))
        return lambda value: any(check(value) for check in either)
    if hint is None or hint is NoneType:
        return lambda value: value is None
    if origin is tuple:
        return _check_of_tuple(arguments)
    if origin is not None and issubclass(origin, Mapping):
        key_check, value_check = map(_check_of, arguments)
        return lambda value: (
            isinstance(value, Mapping)
            and all(key_check(key) and value_check(one) for key, one in value.items())
        )
    if origin is not None and issubclass(origin, Sequence):
        item = _check_of(arguments[0])
        return lambda value: isinstance(value, origin) and all(map(item, value))
    if hint is float:
        return lambda value: type(value) in {float, int}
    if hint is int:
        return lambda value: type(value) is int
    if not isinstance(hint, type):
        return lambda _: False
    return lambda value: isinstance(value, hint)


def _check_of_tuple(arguments: tuple[Any, ...]) -> _Check:
    if arguments[-1:] == (...,):
        each = _check_of(arguments[0])
        return lambda value: isinstance(value, tuple) and all(map(each, value))
    places = tuple(map(_check_of, arguments))
    return lambda value: (
        isinstance(value, tuple)
        and len(value) == len(places)
        and all(check(one) for check, one in zip(places, value, strict=True))
    )


def _error(name: str, arguments: Sequence[Any], members: Mapping[str, Any]) -> HkeidError:
    module, _, qualified = name.partition(":")
    found: Any = sys.modules.get(module)
    if found is None and module.startswith(_ERRORS):
        found = import_module(module)
    for part in qualified.split("."):
        found = getattr(found, part, None)
    plain = all(type(one) in _SCALARS for one in (*arguments, *members.values()))
    if not (isinstance(found, type) and issubclass(found, HkeidError) and plain):
        raise WireError(f"not one of our errors: {name}")
    if not set(members) <= set(_MEMBERS) or type(members.get("reason")) is not str:
        raise WireError("an error with other members")
    error = found.__new__(found)
    error.args = tuple(arguments)
    error.safe_text = found.default_safe_text
    for member, value in members.items():
        setattr(error, member, value)
    return error
