"""The worked examples, and what replays them: a card on a tape and chance on a list."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "icao-9303.json"


class Tape:
    """A card that expects these very commands, in order, and gives these answers."""

    def __init__(self, *exchanges: tuple[bytes, bytes]) -> None:
        self.left = list(exchanges)

    def transmit(self, command: bytes) -> bytes:
        expected, answer = self.left.pop(0)
        assert command.hex() == expected.hex()
        return answer


class Chance:
    """Random bytes from a list; asking for another number of them is a failure."""

    def __init__(self, *values: bytes) -> None:
        self.left = list(values)

    def token_bytes(self, length: int) -> bytes:
        value = self.left.pop(0)
        assert len(value) == length
        return value

    def token(self, length: int = 32) -> str:
        raise NotImplementedError


@pytest.fixture(scope="session")
def vectors() -> dict[str, Any]:
    return dict(json.loads(VECTORS.read_text("utf-8")))


@pytest.fixture
def tape() -> Callable[..., Tape]:
    return Tape


@pytest.fixture
def chance() -> Callable[..., Chance]:
    return Chance
