"""Members of a request's JSON body, each of the type it must have."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.signing.csc.errors import CscError, invalid

MOST_HASHES: Final = 100
"""Hashes in one authorisation."""
_LONGEST: Final = 8192
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object; members that nobody asks for are ignored."""

    members: Mapping[str, Any]

    @classmethod
    def read(cls, content_type: str, body: bytes) -> Fields:
        """The body of a request.

        :raises CscError: ``body_not_json``.
        """
        if not body:
            return cls({})
        if content_type.partition(";")[0].strip().lower() != _JSON:
            raise invalid("body_not_json", "The body must be a JSON object.")
        try:
            members = canonical_json.loads_object(body)
            canonical_json.dumps(members)  # half a surrogate pair is no text
        except (MalformedInput, ValueError):
            raise invalid("body_not_json", "The body must be a JSON object.") from None
        return cls(members)

    def text(self, *names: str, longest: int = _LONGEST) -> str | None:
        """Text under the first of the names that is there; None where there is none.

        :raises CscError: ``parameter_malformed``.
        """
        for name in names:
            value = self.members.get(name)
            if value is None:
                continue
            if type(value) is not str:
                raise missing(name)
            if len(value) > longest:
                raise malformed(name)
            return value or None
        return None

    def needed(self, *names: str, longest: int = _LONGEST) -> str:
        """As :meth:`text`, and there must be one.

        :raises CscError: ``parameter_missing``, ``parameter_malformed``.
        """
        value = self.text(*names, longest=longest)
        if value is None:
            raise missing(names[0])
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean; null is as good as none (v2 §7.1).

        :raises CscError: ``parameter_missing``.
        """
        value = self.members.get(name)
        if value is None:
            return default
        if type(value) is not bool:
            raise missing(name, "boolean")
        return value

    def count(self, name: str) -> int | None:
        """A positive whole number; some clients send it as text.

        :raises CscError: ``parameter_malformed``.
        """
        value = self.members.get(name)
        if value is None:
            return None
        if type(value) is str and value.isascii() and value.isdigit() and len(value) < 6:
            value = int(value)
        if type(value) is not int:
            raise missing(name, "integer")
        if not 0 < value < 100_000:
            raise malformed(name)
        return value

    def listed(self, *names: str, most: int = MOST_HASHES) -> list[Any] | None:
        """An array of 1 to ``most`` elements, or None where there is none.

        :raises CscError: ``parameter_malformed``.
        """
        for name in names:
            value = self.members.get(name)
            if value is None:
                continue
            if not isinstance(value, list):
                raise missing(name, "array")
            if not 0 < len(value) <= most:
                raise malformed(name)
            return value
        return None

    def hashes(self) -> tuple[bytes, ...]:
        """``hashes`` (v2) or ``hash`` (v1), base64 each; refused in the words of v2 §11.10.

        :raises CscError: ``parameter_missing``, ``parameter_malformed``, ``hashes_empty``.
        """
        if [] in (self.members.get("hashes"), self.members.get("hash")):
            raise invalid("hashes_empty", "Empty hash array")
        found = self.listed("hashes", "hash")
        if found is None:
            raise missing("hash", "array")
        return tuple(decoded_hash(one) for one in found)


def decoded(value: object, name: str) -> bytes:
    """Base64 in either alphabet, with or without padding: clients send all four.

    :raises CscError: ``parameter_malformed``.
    """
    if type(value) is not str or not 0 < len(value) <= _LONGEST or not value.isascii():
        raise malformed(name)
    plain = value.rstrip("=").translate(_STANDARD)
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise malformed(name) from None


_STANDARD = str.maketrans("-_", "+/")


def decoded_hash(value: object) -> bytes:
    """As :func:`decoded`, for a hash (v2 §11.10, §11.13).

    :raises CscError: ``hash_malformed``.
    """
    try:
        return decoded(value, "hash")
    except CscError:
        raise invalid("hash_malformed", "Invalid Base64 hash string parameter") from None


def require_length(digest: bytes, length: int) -> None:
    """A hash is as long as its hash function says (v2 §11.10, §11.13).

    :raises CscError: ``hash_length``.
    """
    if len(digest) != length:
        raise invalid("hash_length", "Invalid digest value length")


def encoded(value: bytes) -> str:
    """Base64 (RFC 4648 §4)."""
    return base64.b64encode(value).decode("ascii")


def missing(name: str, kind: str = "string") -> CscError:
    """The error for a parameter that must be there, or is of another type."""
    return invalid("parameter_missing", f"Missing (or invalid type) {kind} parameter {name}")


def malformed(name: str) -> CscError:
    """The error for a parameter that cannot be meant."""
    return invalid("parameter_malformed", f"Invalid parameter {name}")
