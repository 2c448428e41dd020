"""What a person did at iAM Smart, as one word for the assurance table and as RFC 8176 values."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Final


class Method(StrEnum):
    """Ways to prove oneself. FIDO always runs first; the others come with re-authentication."""

    FIDO = "fido"
    FACE = "face"
    NFC = "nfc"
    """The identity card's chip is tapped."""


FIDO: Final[frozenset[Method]] = frozenset({Method.FIDO})
_AMR: Final = {Method.FIDO: ("hwk", "user"), Method.FACE: ("face",), Method.NFC: ("sc",)}


def authentication_word(methods: AbstractSet[Method], *, signs: bool) -> str:
    """``fido``, ``fido+nfc:sign`` …: the methods in order, and the type of account."""
    joined = "+".join(method.value for method in Method if method in methods)
    return f"{joined}:sign" if signs else joined


def amr_of(methods: AbstractSet[Method]) -> tuple[str, ...]:
    """``amr``: FIDO is ``hwk`` and ``user``, the face ``face``, the card ``sc``."""
    return tuple(value for method in Method if method in methods for value in _AMR[method])
