"""The rules of the head-turn challenge on invented observations: each breach has its own reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from hkeid.adapters.liveness.capture import assess_capture
from hkeid.adapters.liveness.challenge import (
    HeadTurnChallenge,
    HeadTurnSettings,
    Turn,
    draw,
)
from hkeid.adapters.liveness.judging import (
    SAME_STRAIGHT,
    SAME_TURNED,
    Judgement,
    Moment,
    Seen,
    judge,
    judge_faces,
    judge_times,
)
from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.kernel.instants import from_epoch_seconds
from hkeid.ports.faces import CaptureIntegrity

LEFT, RIGHT = 1, -1
CHALLENGE = HeadTurnChallenge(
    0, (Turn(LEFT, 1500, 3700), Turn(RIGHT, 5000, 7200), Turn(RIGHT, 8500, 10700)), 11600
)
TIMES = tuple(range(100, 11600, 200))


def _angle(at_ms: int) -> float:
    for turn in CHALLENGE.turns:
        if turn.begins_ms + 600 <= at_ms <= turn.ends_ms - 100:
            return 0.3 * turn.side
    return 0.0


def _moments(change: Callable[[Moment], Moment] = lambda one: one) -> list[Moment]:
    return [
        change(
            Moment(
                at_ms,
                Seen(
                    faces=1,
                    turn=0.03 + _angle(at_ms),
                    width=0.4,
                    sharpness=50 + at_ms % 7,
                    digest=str(at_ms),
                ),
            )
        )
        for at_ms in TIMES
    ]


def _seen(between: tuple[int, int], **changes: object) -> Callable[[Moment], Moment]:
    """Change what is seen from one moment to another."""

    def change(one: Moment) -> Moment:
        if between[0] <= one.at_ms <= between[1]:
            return replace(one, seen=replace(one.seen, **changes))
        return one

    return change


def test_a_willing_person_is_there() -> None:
    judged = judge(_moments(), CHALLENGE)
    assert judged.reason == "turns_in_order"
    assert judged.best is not None
    moments = _moments()
    assert abs(moments[judged.best].seen.turn - 0.03) < 0.01
    assert not 1500 < moments[judged.best].at_ms < 10700, "the best frame looks straight ahead"
    assert len(judged.straight) == 4
    assert [moments[index].seen.turn > 0 for index in judged.turned] == [True, False, False]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_seen((0, 20_000), turn=0.03), "turn_missing"),
        (_seen((5000, 7500), turn=0.03), "turn_missing"),
        (_seen((1900, 4000), turn=-0.27), "turn_wrong"),
        (_seen((8900, 10_700), turn=0.33), "turn_wrong"),
        (_seen((4500, 7500), turn=-0.27), "turn_too_early"),
        (_seen((1300, 1700), turn=0.33), "turn_too_early"),
        (_seen((2000, 2700), faces=2), "two_faces"),
        (_seen((0, 20_000), faces=0), "no_face"),
        (_seen((5000, 9000), faces=0), "no_face"),
        (_seen((0, 20_000), width=0.1), "face_too_small"),
        (_seen((0, 1500), turn=0.4), "not_straight_at_first"),
        (_seen((0, 1500), faces=0), "not_straight_at_first"),
        (_seen((3700, 5400), turn=0.13), "not_straight_between"),
        (_seen((10_700, 12_000), turn=-0.3), "not_straight_between"),
    ],
)
def test_every_breach_has_its_reason(change: Callable[[Moment], Moment], reason: str) -> None:
    judged = judge(_moments(change), CHALLENGE)
    assert (judged.reason, judged.best, judged.spoof) == (reason, None, False)


def test_the_order_counts() -> None:
    other = replace(
        CHALLENGE, turns=(replace(CHALLENGE.turns[0], side=RIGHT), *CHALLENGE.turns[1:])
    )
    assert judge(_moments(), other).reason == "turn_wrong"


def test_frames_that_are_exactly_alike_are_a_replay() -> None:
    """No camera takes the same picture twice."""
    judged = judge(_moments(_seen((0, 3000), digest="same")), CHALLENGE)
    assert (judged.reason, judged.spoof) == ("frames_repeated", True)


@pytest.mark.parametrize(
    ("times", "elapsed_ms", "reason"),
    [
        ((), 12_000, "no_frames"),
        (TIMES, 12_000, None),
        (TIMES, 5000, "answered_too_early"),
        (tuple(one // 10 for one in TIMES), 12_000, "frames_missing"),
        (tuple(one // 20 for one in TIMES), 12_000, "frame_times_implausible"),
        (TIMES[::-1], 12_000, "frame_times_implausible"),
        ((-5, *TIMES), 12_000, "frame_times_implausible"),
        (TIMES[:20] + TIMES[28:], 12_000, "frames_missing"),
        (TIMES[:20], 12_000, "frames_missing"),
        (TIMES[8:], 12_000, "frames_missing"),
        ((*TIMES, 12_300, 13_100), 20_000, "frames_missing"),
    ],
)
def test_times(times: tuple[int, ...], elapsed_ms: int, reason: str | None) -> None:
    assert judge_times(times, CHALLENGE, elapsed_ms) == reason


def test_one_person_throughout() -> None:
    judged = judge(_moments(), CHALLENGE)
    near = [SAME_STRAIGHT] * 4 + [SAME_TURNED] * 3
    assert judge_faces(judged, near) is judged
    for place in range(7):
        far = list(near)
        far[place] += 0.01
        assert judge_faces(judged, far) == Judgement("person_changed", spoof=True)
    assert judge_faces(judged, []).spoof, "nothing compared is nothing shown"
    assert judge_faces(judged, [float("nan")] * 7).spoof


def test_challenges_differ_and_keep_their_limits() -> None:
    settings, random = HeadTurnSettings(), SystemRandom()
    drawn = [draw(SystemClock().now(), random, settings) for _ in range(300)]
    assert {tuple(turn.side for turn in one.turns) for one in drawn} == {
        (a, b, c) for a in (1, -1) for b in (1, -1) for c in (1, -1)
    }
    assert len({one.turns[0].begins_ms for one in drawn}) > 100
    for one in drawn:
        assert 1200 <= one.turns[0].begins_ms <= 2000
        assert all(turn.ends_ms - turn.begins_ms == 2200 for turn in one.turns)
        assert one.duration_ms <= 14_000
        assert HeadTurnChallenge.loads(one.dumps()) == one


@pytest.mark.parametrize(
    "secret", [b"", b"{}", b"[]", b"\xff", b'{"begun_us":1,"duration_ms":1,"turns":[]}',
               b'{"begun_us":1,"duration_ms":1,"turns":[[2,1,1]]}', b'{"begun_us":1,"turns":[[1]]}'],
)  # fmt: skip
def test_a_secret_that_is_none_of_ours_is_no_challenge(secret: bytes) -> None:
    assert HeadTurnChallenge.loads(secret) is None


def test_the_client_learns_what_to_show() -> None:
    one = draw(from_epoch_seconds(0), SystemRandom(), HeadTurnSettings())
    client = one.client(HeadTurnSettings())
    assert client["kind"] == "head-turn"
    assert [step["turn"] for step in client["steps"]] == [
        "left" if turn.side == LEFT else "right" for turn in one.turns
    ]
    assert client["duration_ms"] == one.duration_ms


JITTER = tuple(at_ms + at_ms % 13 for at_ms in TIMES)


@pytest.mark.parametrize(
    ("label", "times", "integrity"),
    [
        ("FaceTime HD Camera", JITTER, CaptureIntegrity.UNKNOWN),
        ("", JITTER, CaptureIntegrity.UNKNOWN),
        ("Observatory webcam", JITTER, CaptureIntegrity.UNKNOWN),
        ("OBS Virtual Camera", JITTER, CaptureIntegrity.SUSPICIOUS),
        ("OBS-Camera", JITTER, CaptureIntegrity.SUSPICIOUS),
        ("fake_device_0", JITTER, CaptureIntegrity.SUSPICIOUS),
        ("Dummy video device (0x0000)", JITTER, CaptureIntegrity.SUSPICIOUS),
        ("FaceTime HD Camera", TIMES, CaptureIntegrity.SUSPICIOUS),
    ],
)
def test_hints_of_a_virtual_camera(
    label: str, times: tuple[int, ...], integrity: CaptureIntegrity
) -> None:
    """A browser's camera is never attested, whatever it says."""
    assert assess_capture({"label": label, "attested": "yes"}, times) is integrity
