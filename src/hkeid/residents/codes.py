"""Codes that people read off paper and type: 12 characters of Crockford's base 32.

``7Q4K-M2ZD-9HXR``: 60 bits of chance in three groups. Letters that look like digits are not in the
alphabet and are understood when typed; case, spaces and hyphens do not matter, nor do the full-width
forms that a Chinese keyboard produces.
"""

from __future__ import annotations

import unicodedata

from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.secret import Secret
from hkeid.ports.surroundings import Random

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12

_GROUP = 4
_LONGEST_INPUT = 64
_READ_AS = str.maketrans("OIL", "011")
_HYPHENS = frozenset("-‐‑‒–—―−ー－")


def new_code(random: Random) -> Secret:
    """A new code, in groups as it is printed."""
    value = int.from_bytes(random.token_bytes(8), "big")
    characters = "".join(ALPHABET[value >> (5 * place) & 31] for place in range(LENGTH))
    groups = (characters[at : at + _GROUP] for at in range(0, LENGTH, _GROUP))
    return Secret("-".join(groups))


def parse_code(typed: str) -> str:
    """The 12 characters that ``typed`` means, without groups.

    :raises hkeid.kernel.errors.MalformedInput: ``code_malformed``; not a guess, so no budget is
        spent on it.
    """
    if len(typed) > _LONGEST_INPUT:
        raise MalformedInput("code_malformed", field="code")
    kept = (
        character
        for character in unicodedata.normalize("NFKC", typed)
        if not character.isspace() and character not in _HYPHENS
    )
    code = "".join(kept).upper().translate(_READ_AS)
    if len(code) != LENGTH or any(character not in ALPHABET for character in code):
        raise MalformedInput("code_malformed", field="code")
    return code
