"""Judging what was seen against what was asked: pure rules, each with its reason.

Turns are measured from the person's own straight look, for no face is symmetrical and no camera
stands in the middle.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from hkeid.adapters.liveness.challenge import HeadTurnChallenge, Turn

TURNED = 0.14
"""So far from the straight look counts as turned."""

STRAIGHT = 0.08
"""So near to it counts as straight."""

LOPSIDED = 0.25
"""A straight look further from the middle than this is none."""

REACTION_MS = 150
"""Nobody follows an instruction sooner."""

GRACE_MS = 300
"""How long after an instruction a turn still counts."""

LONGEST_GAP_MS = 900
SHORTEST_GAP_MS = 15
FACELESS = 0.25
"""Part of the frames in which a face may be missed."""

REPEATED = 0.2
"""Part of the frames that may be exactly like another."""

SMALLEST_FACE = 0.17
"""Part of the picture's width."""

SAME_STRAIGHT = 0.45
SAME_TURNED = 0.58
"""Largest distances (Dlib) within one challenge, where light and camera are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen in a frame.

    :ivar faces: 0, 1, or 2 for more than one that counts.
    :ivar turn: see :func:`~hkeid.adapters.faces.landmarks.turn_of`; 0 without a face.
    :ivar width: of the face, as part of the picture's width.
    :ivar sharpness: variance of the Laplacian over the face.
    :ivar digest: over the pixels; the same for the same picture only.
    """

    faces: int
    turn: float = 0.0
    width: float = 0.0
    sharpness: float = 0.0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """A frame's time and what was seen in it."""

    at_ms: int
    seen: Seen


@dataclass(frozen=True, slots=True)
class Judgement:
    """``reason`` is ``turns_in_order`` or what is wrong; indices of frames are into the answer.

    :ivar spoof: something was done that honest cameras and persons do not do.
    :ivar straight: other frames that must show the person of ``best`` straight; ``turned`` turned.
    """

    reason: str
    spoof: bool = False
    best: int | None = None
    straight: tuple[int, ...] = ()
    turned: tuple[int, ...] = ()


def judge_times(times: Sequence[int], challenge: HeadTurnChallenge, elapsed_ms: int) -> str | None:
    """A reason against the times, before anything is decoded; None: they are plausible."""
    if not times:
        return "no_frames"
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    if any(gap < SHORTEST_GAP_MS for gap in gaps) or times[0] < 0:
        return "frame_times_implausible"
    if times[-1] > elapsed_ms:
        return "answered_too_early"
    edges = (times[0], challenge.duration_ms - times[-1], *gaps)
    if max(edges) > LONGEST_GAP_MS or times[-1] > challenge.duration_ms + LONGEST_GAP_MS:
        return "frames_missing"
    return None


def judge(moments: Sequence[Moment], challenge: HeadTurnChallenge) -> Judgement:
    """All rules but the comparison of faces, in order."""
    general = _in_general(moments)
    if general is not None:
        return general
    numbered = [(index, one) for index, one in enumerate(moments) if one.seen.faces]
    ahead = [one.seen.turn for _, one in numbered if one.at_ms < challenge.turns[0].begins_ms]
    base = statistics.median(ahead) if ahead else math.inf
    if not abs(base) <= LOPSIDED:
        return Judgement("not_straight_at_first")
    angles = [(index, one.at_ms, one.seen.turn - base) for index, one in numbered]
    turned, last_end = [], 0
    for turn in challenge.turns:
        outcome = _turn(angles, turn, last_end)
        if isinstance(outcome, str):
            return Judgement(outcome)
        turned.append(outcome)
        last_end = turn.ends_ms
    straight = _straight_looks(angles, challenge)
    if any(not one for one in straight):
        return Judgement("not_straight_between")
    best = max(
        (index for look in (straight[0], straight[-1]) for index in look),
        key=lambda index: moments[index].seen.sharpness,
    )
    others = tuple(look[len(look) // 2] for look in straight)
    return Judgement("turns_in_order", best=best, straight=others, turned=tuple(turned))


def judge_faces(judgement: Judgement, distances: Sequence[float]) -> Judgement:
    """Whether it was one person throughout; distances from ``best`` to ``straight``, then ``turned``."""
    limits = [SAME_STRAIGHT] * len(judgement.straight) + [SAME_TURNED] * len(judgement.turned)
    same = len(limits) == len(distances) and all(
        distance <= limit for distance, limit in zip(distances, limits, strict=True)
    )
    return judgement if same else Judgement("person_changed", spoof=True)


def _in_general(moments: Sequence[Moment]) -> Judgement | None:
    count = len(moments)
    if any(one.seen.faces > 1 for one in moments):
        return Judgement("two_faces")
    if sum(not one.seen.faces for one in moments) > FACELESS * count:
        return Judgement("no_face")
    if count - len({one.seen.digest for one in moments}) > REPEATED * count:
        return Judgement("frames_repeated", spoof=True)
    if statistics.median(one.seen.width for one in moments if one.seen.faces) < SMALLEST_FACE:
        return Judgement("face_too_small")
    return None


def _turn(angles: Sequence[tuple[int, int, float]], turn: Turn, last_end: int) -> int | str:
    """The frame that shows a turn, or what is wrong with it."""
    early = [
        angle
        for _, at_ms, angle in angles
        if max(turn.begins_ms - 250, last_end + 600) <= at_ms <= turn.begins_ms + REACTION_MS
    ]
    if any(abs(angle) >= TURNED for angle in early):
        return "turn_too_early"
    inside = [
        (index, angle * turn.side)
        for index, at_ms, angle in angles
        if turn.begins_ms + REACTION_MS < at_ms <= turn.ends_ms + GRACE_MS
    ]
    pairs = list(itertools.pairwise(inside))
    if any(one[1] <= -TURNED and other[1] <= -TURNED for one, other in pairs):
        return "turn_wrong"
    shown = [one for one, other in pairs if one[1] >= TURNED and other[1] >= TURNED]
    if not shown:
        return "turn_missing"
    return min(shown, key=lambda one: one[1])[0]


def _straight_looks(
    angles: Sequence[tuple[int, int, float]], challenge: HeadTurnChallenge
) -> list[list[int]]:
    """Frames with a straight look: before the first turn, between any two, after the last."""
    ends = [0, *(turn.ends_ms for turn in challenge.turns)]
    begins = [*(turn.begins_ms + 400 for turn in challenge.turns), challenge.duration_ms + 1000]
    return [
        [index for index, at_ms, angle in angles if end < at_ms < begin and abs(angle) <= STRAIGHT]
        for end, begin in zip(ends, begins, strict=True)
    ]
