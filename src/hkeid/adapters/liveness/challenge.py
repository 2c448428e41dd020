"""The challenge: which way to turn, and when, both drawn by lot.

``left`` is the person's own left. In the camera's picture the nose then points to the right side;
a page that shows the picture mirrored shows an arrow to the left. Frames are sent unmirrored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.instants import Instant, epoch_microseconds
from hkeid.ports.surroundings import Random

SIDES = {"left": 1, "right": -1}
"""Sign of the turn that is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadTurnSettings:
    """What the built-in check asks for.

    :ivar turns: how many turns; each is to either side with the same chance.
    :ivar hold_ms: how long an instruction stands.
    :ivar first_ms: shortest and longest time before the first instruction; ``pause_ms`` between two.
    :ivar last_ms: how long the person looks ahead at the end.
    :ivar valid_seconds: how long a challenge may be answered.
    :ivar most_frames: in one answer; ``most_frame_bytes`` in one frame, ``most_bytes`` in all.
    """

    turns: int = 3
    hold_ms: int = 2200
    first_ms: tuple[int, int] = (1200, 2000)
    pause_ms: tuple[int, int] = (1000, 1800)
    last_ms: int = 900
    valid_seconds: int = 90
    every_ms: int = 200
    longest_px: int = 480
    most_frames: int = 90
    most_frame_bytes: int = 200_000
    most_bytes: int = 6_000_000


@dataclass(frozen=True, slots=True)
class Turn:
    """One instruction: from when to when it stands, and which way."""

    side: int
    begins_ms: int
    ends_ms: int


@dataclass(frozen=True, slots=True)
class HeadTurnChallenge:
    """A challenge as the check knows it.

    :ivar begun_us: microseconds since 1970.
    """

    begun_us: int
    turns: tuple[Turn, ...]
    duration_ms: int

    def dumps(self) -> bytes:
        """For ``LivenessChallenge.secret``."""
        turns = [[one.side, one.begins_ms, one.ends_ms] for one in self.turns]
        return canonical_json.dumps(
            {"begun_us": self.begun_us, "turns": turns, "duration_ms": self.duration_ms}
        )

    @classmethod
    def loads(cls, secret: bytes) -> HeadTurnChallenge | None:
        """The inverse; None if it is none of ours."""
        try:
            read = canonical_json.loads(secret)
            turns = tuple(Turn(*(int(part) for part in one)) for one in read["turns"])
            challenge = cls(int(read["begun_us"]), turns, int(read["duration_ms"]))
        except (HkeidError, KeyError, TypeError, ValueError):
            return None
        return challenge if turns and all(one.side in {1, -1} for one in turns) else None

    def client(self, settings: HeadTurnSettings) -> Mapping[str, Any]:
        """What a page needs."""
        names = {sign: name for name, sign in SIDES.items()}
        return {
            "kind": "head-turn",
            "steps": [
                {
                    "turn": names[one.side],
                    "after_ms": one.begins_ms,
                    "hold_ms": one.ends_ms - one.begins_ms,
                }
                for one in self.turns
            ],
            "duration_ms": self.duration_ms,
            "frames": {
                "every_ms": settings.every_ms,
                "longest_px": settings.longest_px,
                "most": settings.most_frames,
                "most_bytes": settings.most_frame_bytes,
            },
        }


def draw(now: Instant, random: Random, settings: HeadTurnSettings) -> HeadTurnChallenge:
    """A new challenge."""
    turns: list[Turn] = []
    at_ms = _between(random, settings.first_ms)
    for _ in range(settings.turns):
        side = 1 if random.token_bytes(1)[0] & 1 else -1
        turns.append(Turn(side, at_ms, at_ms + settings.hold_ms))
        at_ms += settings.hold_ms + _between(random, settings.pause_ms)
    duration = turns[-1].ends_ms + settings.last_ms
    return HeadTurnChallenge(epoch_microseconds(now), tuple(turns), duration)


def _between(random: Random, limits: tuple[int, int]) -> int:
    span = limits[1] - limits[0] + 1
    return limits[0] + int.from_bytes(random.token_bytes(4), "big") % span
