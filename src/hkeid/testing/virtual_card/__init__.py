"""A card in software that answers as a chip does, honestly or not."""

from hkeid.testing.virtual_card.card import ChipImage, VirtualCard
from hkeid.testing.virtual_card.genuineness import ActiveKey, ChipKey
from hkeid.testing.virtual_card.pace import PaceSetting
from hkeid.testing.virtual_card.points import CardGone, CardSilent, Point
from hkeid.testing.virtual_card.reader import CardInProcess, ReaderInProcess
from hkeid.testing.virtual_card.symmetric import Suite

__all__ = [
    "ActiveKey",
    "CardGone",
    "CardInProcess",
    "CardSilent",
    "ChipImage",
    "ChipKey",
    "PaceSetting",
    "Point",
    "ReaderInProcess",
    "Suite",
    "VirtualCard",
]
