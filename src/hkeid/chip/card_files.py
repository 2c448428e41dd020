"""The files of an eMRTD (Doc 9303-10 §3.11, §4): short identifiers, tags, and how long each may be."""

from __future__ import annotations

from dataclasses import dataclass

APPLICATION = bytes.fromhex("A0000002471001")
"""The eMRTD application's identifier."""

_KIB = 1024


@dataclass(frozen=True, slots=True)
class CardFile:
    """One elementary file.

    :ivar short_id: its short identifier, in the master file or in the application.
    :ivar tag: the tag that its content starts with.
    :ivar limit: most bytes that are read of it.
    """

    name: str
    short_id: int
    tag: int
    limit: int


CARD_ACCESS = CardFile("CardAccess", 0x1C, 0x31, 4 * _KIB)
CARD_SECURITY = CardFile("CardSecurity", 0x1D, 0x30, 32 * _KIB)
COM = CardFile("COM", 0x1E, 0x60, _KIB)
SOD = CardFile("SOD", 0x1D, 0x77, 64 * _KIB)

_TAGS = (
    0x61,
    0x75,
    0x63,
    0x76,
    0x65,
    0x66,
    0x67,
    0x68,
    0x69,
    0x6A,
    0x6B,
    0x6C,
    0x6D,
    0x6E,
    0x6F,
    0x70,
)
_LARGE = {2, 3, 4, 5, 7}

GROUPS = {
    f"DG{number}": CardFile(f"DG{number}", number, tag, (512 if number in _LARGE else 32) * _KIB)
    for number, tag in enumerate(_TAGS, start=1)
}
"""Data groups by name."""

LOCKED_GROUPS = frozenset({"DG3", "DG4"})
"""Fingerprints and irises: behind terminal authentication, and not read unless asked for."""
