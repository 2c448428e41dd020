"""What a mutated card is: an honest one with one thing changed, and the finding it must end in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from hkeid.chip.access import AccessKey, CardAccessNumber, MrzKey
from hkeid.chip.findings import FindingCode
from hkeid.testing.card_issuer import ICAO, CardDraft, CardFeatures
from hkeid.testing.virtual_card.card import ChipImage, Hook, VirtualCard
from hkeid.testing.virtual_card.points import Point

Hooks = Mapping[Point, Hook]


class Layer(StrEnum):
    """Where a card lies."""

    ACCESS = "access"
    MESSAGING = "messaging"
    TRANSPORT = "transport"
    PASSIVE = "passive"
    HOLDER = "holder"
    CHIP = "chip"


def no_hooks() -> Hooks:
    """Honest conduct."""
    return {}


def no_change(_draft: CardDraft) -> None:
    """An honest draft."""


def as_sealed(image: ChipImage, _draft: CardDraft) -> ChipImage:
    """An honest chip."""
    return image


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One way to be dishonest.

    :ivar finding: the finding that reading and verifying must end in.
    :ivar rarely: findings that chance may lead to instead, where the lie rests on random numbers.
    :ivar features: the card that is changed.
    :ivar draft: changes what will be signed, before it is signed.
    :ivar chip: changes what is in the chip, after it was signed.
    :ivar hooks: changes the chip's conduct; called for every card anew, so that it may count.
    :ivar with_mrz: the reader is given the machine-readable zone instead of the card access number.
    """

    name: str
    layer: Layer
    description: str
    finding: FindingCode
    rarely: frozenset[FindingCode] = frozenset()
    features: CardFeatures = ICAO
    draft: Callable[[CardDraft], None] = no_change
    chip: Callable[[ChipImage, CardDraft], ChipImage] = as_sealed
    hooks: Callable[[], Hooks] = no_hooks
    with_mrz: bool = False

    @property
    def findings(self) -> frozenset[FindingCode]:
        """Those of which one has to be found."""
        return self.rarely | {self.finding}


@dataclass(frozen=True, slots=True, kw_only=True)
class MutatedCard:
    """A card with what is printed on it.

    :ivar access: the key that an honest reader reads off the card.
    """

    card: VirtualCard
    can: str = field(repr=False)
    mrz: tuple[str, str, date] = field(repr=False)
    with_mrz: bool = False

    @property
    def access(self) -> AccessKey:
        """What to open the chip with."""
        return MrzKey(*self.mrz) if self.with_mrz else CardAccessNumber(self.can)


def files_changed(**contents: bytes | None) -> Callable[[ChipImage, CardDraft], ChipImage]:
    """Other contents of files in the chip; None removes one."""

    def change(image: ChipImage, _draft: CardDraft) -> ChipImage:
        files = {**image.files, **{name: value for name, value in contents.items() if value}}
        for name, value in contents.items():
            if value is None:
                files.pop(name, None)
        return replace(image, files=files)

    return change


def file_edited(
    name: str, edit: Callable[[bytes], bytes]
) -> Callable[[ChipImage, CardDraft], ChipImage]:
    """One file of the chip rewritten."""

    def change(image: ChipImage, _draft: CardDraft) -> ChipImage:
        return replace(image, files={**image.files, name: edit(image.files[name])})

    return change


def always(point: Point, value: Callable[[Any], Any]) -> Callable[[], Hooks]:
    """The value at ``point`` replaced every time."""
    return lambda: {point: lambda honest, _card: value(honest)}


def in_file(name: str, point: Point, value: Callable[[Any], Any]) -> Callable[[], Hooks]:
    """The value at ``point`` replaced while file ``name`` is read."""

    def hook(honest: Any, card: VirtualCard) -> Any:
        reading = card.command is not None and card.command.ins in {0xB0, 0xB1}
        return value(honest) if reading and card.files.current == name else honest

    return lambda: {point: hook}


def on_instruction(
    instruction: int, point: Point, value: Callable[[Any], Any]
) -> Callable[[], Hooks]:
    """The value at ``point`` replaced when the command has this instruction byte."""

    def hook(honest: Any, card: VirtualCard) -> Any:
        fits = card.command is not None and card.command.ins == instruction
        return value(honest) if fits else honest

    return lambda: {point: hook}


def flipped(value: bytes) -> bytes:
    """The last bit different."""
    return value[:-1] + bytes([value[-1] ^ 1])
