"""The code that both screens show."""

from __future__ import annotations

from typing import Final

from hkeid.ports.surroundings import Random

LENGTH: Final = 4
ALPHABET: Final = "234679ACDEFHJKMNPRTUVWXY"
"""Capital letters and digits that nobody takes for another one (no 0/O, 1/I/L, 5/S, 8/B, Q, G, Z)."""

_WHOLE: Final = 256 - 256 % len(ALPHABET)


def new_code(random: Random) -> str:
    """Four characters. They tell requests apart on two screens; they are no secret."""
    code = ""
    while len(code) < LENGTH:
        (byte,) = random.token_bytes(1)
        if byte < _WHOLE:
            code += ALPHABET[byte % len(ALPHABET)]
    return code
