"""Secrets that do not print."""

from __future__ import annotations

import hashlib
import hmac


class Secret:
    """A token, code or key in text form that never shows itself by accident.

    ``str()``, ``repr()``, ``format()`` and pickling do not reveal the value; :meth:`reveal` does,
    and is easy to search for. Comparison takes constant time.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one place that must send it."""
        return self._value

    def digest(self) -> bytes:
        """SHA-256 of the value: what stores keep in its place."""
        return secret_digest(self._value)

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(self.digest())

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not pickled")


def secret_digest(value: str) -> bytes:
    """SHA-256 of a high-entropy secret's UTF-8 bytes (32 bytes).

    Only for values of at least 128 bits of chance: short codes and identity-card numbers go through
    a keyed function instead (``KeyStore.mac``).
    """
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()
