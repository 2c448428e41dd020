"""The number on the resident's own page, which a station is told: eight digits, spoken in two groups.

It is derived from the upgrade and shown again at every look; the store keeps its MAC.
"""

from __future__ import annotations

import unicodedata

from hkeid.kernel.errors import MalformedInput
from hkeid.ports.keys import KeyPurpose, KeyStore
from hkeid.ports.surroundings import Random

DIGITS = 8
_LONGEST_INPUT = 64
_SCANNED = "HKEIDUPGRADE"
_HYPHENS = frozenset("-‐‑‒–—―−－")
_RECEIPT = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RECEIPT_SIGNS = 12
_ALIKE = {"O": "0", "I": "1", "L": "1"}


def number_of(keys: KeyStore, upgrade_id: str, turn: int) -> str:
    """The number of an upgrade; another one for each turn."""
    made = keys.mac(KeyPurpose.SHORT_CODE, f"upgrade_number_of:{upgrade_id}:{turn}".encode())
    return f"{int.from_bytes(made, 'big') % 10**DIGITS:0{DIGITS}d}"


def number_digest(keys: KeyStore, number: str) -> bytes:
    """What the store keeps of a number."""
    return keys.mac(KeyPurpose.SHORT_CODE, f"upgrade_number:{number}".encode("ascii"))


def scanned_text(number: str) -> str:
    """What the QR code says (alphanumeric mode)."""
    return _SCANNED + number


def parse_number(typed: str) -> str:
    """The eight digits of what was typed or scanned.

    :raises hkeid.kernel.errors.MalformedInput: ``number_malformed``; not a guess.
    """
    if len(typed) > _LONGEST_INPUT:
        raise MalformedInput("number_malformed", field="number")
    kept = (
        character
        for character in unicodedata.normalize("NFKC", typed)
        if not character.isspace() and character not in _HYPHENS
    )
    digits = "".join(kept).upper().removeprefix(_SCANNED)
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        raise MalformedInput("number_malformed", field="number")
    return digits


def parse_receipt(typed: str) -> str:
    """A reference number as a person types it, in the form of :func:`new_receipt`.

    :raises hkeid.kernel.errors.MalformedInput: ``receipt_malformed``.
    """
    if len(typed) > _LONGEST_INPUT:
        raise MalformedInput("receipt_malformed", field="receipt")
    kept = (
        _ALIKE.get(character, character)
        for character in unicodedata.normalize("NFKC", typed).upper()
        if not character.isspace() and character not in _HYPHENS
    )
    signs = "".join(kept)
    if len(signs) != _RECEIPT_SIGNS or not set(signs) <= set(_RECEIPT):
        raise MalformedInput("receipt_malformed", field="receipt")
    return _in_groups(signs)


def new_receipt(random: Random) -> str:
    """A reference number for people: 60 bits as ``7F3K-9Q2M-XA4D``."""
    value = int.from_bytes(random.token_bytes(8), "big")
    signs = "".join(_RECEIPT[value >> shift & 31] for shift in range(0, 60, 5))
    return _in_groups(signs)


def _in_groups(signs: str) -> str:
    return "-".join((signs[:4], signs[4:8], signs[8:]))
