"""The real check: a willing person passes, dishonest answers do not, each with its own reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hkeid.adapters.liveness import HeadTurnCheck, HeadTurnSettings
from hkeid.kernel.errors import Expired
from hkeid.ports.documents import ImageRefused
from hkeid.ports.faces import (
    CapturedFrame,
    CaptureIntegrity,
    LivenessChallenge,
    LivenessEvidence,
    LivenessResult,
    LivenessVerdict,
    PadClaim,
)
from hkeid.testing.portraits import answer_time, film, head_turn, portrait
from hkeid.testing.portraits.motion import schedule

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
SULAN, LAIKING = "ho-sau-lan", "kwok-lai-king"


class Lot:
    """Chance that is the same in every run: bytes of a counter, so that turns go both ways."""

    def __init__(self) -> None:
        self.count = 0

    def token_bytes(self, length: int) -> bytes:
        self.count += 1
        return bytes([self.count // 2 % 256] * length)

    def token(self, length: int = 32) -> str:
        return "nonce-of-the-test"[:length]


@pytest.fixture(scope="module")
def check() -> Iterator[HeadTurnCheck]:
    settings = HeadTurnSettings(turns=2, hold_ms=2000, pause_ms=(1000, 1100))
    with HeadTurnCheck(settings, timeout=120) as one:
        yield one


@pytest.fixture(scope="module")
def challenge(check: HeadTurnCheck) -> LivenessChallenge:
    challenge = check.start(NOW, Lot())
    assert [step["turn"] for step in challenge.client["steps"]] == ["left", "right"]
    return challenge


@pytest.fixture(scope="module")
def honest(challenge: LivenessChallenge) -> LivenessEvidence:
    return head_turn(SULAN, challenge)


def _judged(
    check: HeadTurnCheck, challenge: LivenessChallenge, evidence: LivenessEvidence
) -> LivenessResult:
    return check.finish(challenge, evidence, NOW + answer_time(challenge))


def _not_live(result: LivenessResult) -> tuple[str, str]:
    assert result.best_frame is None
    assert result.pad_claim is PadClaim.NONE
    return result.reason, result.verdict.value


def _with(evidence: LivenessEvidence, frames: Any) -> LivenessEvidence:
    return replace(evidence, frames=tuple(frames))


@pytest.mark.faces
def test_a_willing_person_is_live_and_no_more_is_claimed(
    check: HeadTurnCheck, challenge: LivenessChallenge, honest: LivenessEvidence
) -> None:
    result = _judged(check, challenge, honest)
    assert (result.verdict, result.reason) == (LivenessVerdict.LIVE, "turns_in_order")
    assert result.pad_claim is PadClaim.NONE
    assert result.integrity is CaptureIntegrity.UNKNOWN
    assert result.best_frame in {one.image for one in honest.frames}


@pytest.mark.faces
def test_a_still_photograph_is_not(check: HeadTurnCheck, challenge: LivenessChallenge) -> None:
    times = [at_ms for at_ms, _ in schedule(challenge)]
    still = LivenessEvidence(
        nonce=challenge.nonce, frames=tuple(film(SULAN, [(one, 0.0) for one in times]))
    )
    assert _not_live(_judged(check, challenge, still)) == ("turn_missing", "inconclusive")
    same = [CapturedFrame(at_ms=one, image=portrait(SULAN)) for one in times]
    assert _not_live(_judged(check, challenge, _with(still, same))) == ("frames_repeated", "spoof")


@pytest.mark.faces
def test_the_wrong_order_is_not(
    check: HeadTurnCheck, challenge: LivenessChallenge, honest: LivenessEvidence
) -> None:
    """A film of somebody else's challenge."""
    mirrored = tuple(film(SULAN, [(at_ms, -angle) for at_ms, angle in schedule(challenge)]))
    evidence = _with(honest, mirrored)
    assert _not_live(_judged(check, challenge, evidence)) == ("turn_wrong", "inconclusive")


@pytest.mark.faces
def test_a_person_who_is_swapped_midway_is_a_spoof(
    check: HeadTurnCheck, challenge: LivenessChallenge, honest: LivenessEvidence
) -> None:
    """Whoever turns is not who is compared with the card."""
    other = head_turn(LAIKING, challenge).frames
    half = challenge.client["steps"][1]["after_ms"] - 300
    swapped = [
        mine if mine.at_ms < half else theirs
        for mine, theirs in zip(honest.frames, other, strict=True)
    ]
    result = _judged(check, challenge, _with(honest, swapped))
    assert _not_live(result) == ("person_changed", "spoof")


@pytest.mark.faces
def test_two_persons_in_a_frame_are_refused(
    check: HeadTurnCheck, challenge: LivenessChallenge, honest: LivenessEvidence
) -> None:
    import numpy as np

    from hkeid.adapters.images import decode, encode_jpeg

    one, other = (
        decode(honest.frames[0].image),
        decode(head_turn(LAIKING, challenge).frames[0].image),
    )
    both = np.hstack([one[:, 100:380], other[:, 100:380]])
    frames = [replace(honest.frames[0], image=encode_jpeg(np.ascontiguousarray(both)))]
    result = _judged(check, challenge, _with(honest, frames + list(honest.frames[1:])))
    assert _not_live(result) == ("two_faces", "inconclusive")


@pytest.mark.faces
def test_a_frame_that_is_no_picture_is_refused(
    check: HeadTurnCheck, challenge: LivenessChallenge, honest: LivenessEvidence
) -> None:
    frames = [*honest.frames[:-1], replace(honest.frames[-1], image=b"\xff\xd8\xff and so on")]
    with pytest.raises(ImageRefused) as caught:
        _judged(check, challenge, _with(honest, frames))
    assert caught.value.reason == "image_malformed"


# --- what is refused before anything is decoded: the worker is not even started ----------------------


@pytest.fixture
def unstarted() -> Iterator[HeadTurnCheck]:
    with HeadTurnCheck(HeadTurnSettings(turns=2)) as one:
        yield one
        assert one._worker.pid is None


def _dummy(challenge: LivenessChallenge, *, size: int = 10) -> LivenessEvidence:
    frames = [CapturedFrame(at_ms=at_ms, image=bytes(size)) for at_ms, _ in schedule(challenge)]
    return LivenessEvidence(nonce=challenge.nonce, frames=frames)


def test_no_frames_are_nothing(unstarted: HeadTurnCheck) -> None:
    challenge = unstarted.start(NOW, Lot())
    result = _judged(unstarted, challenge, _with(_dummy(challenge), ()))
    assert _not_live(result) == ("no_frames", "inconclusive")


def test_thousands_of_frames_are_not_looked_at(unstarted: HeadTurnCheck) -> None:
    challenge = unstarted.start(NOW, Lot())
    many = [CapturedFrame(at_ms=at_ms, image=b"x") for at_ms in range(0, 9000, 2)]
    result = _judged(unstarted, challenge, _with(_dummy(challenge), many))
    assert _not_live(result) == ("too_many_frames", "inconclusive")


def test_an_answer_to_another_challenge_is_none(unstarted: HeadTurnCheck) -> None:
    challenge = unstarted.start(NOW, Lot())
    for nonce in ("", "another"):
        result = _judged(unstarted, challenge, replace(_dummy(challenge), nonce=nonce))
        assert _not_live(result) == ("challenge_unknown", "inconclusive")
    forged = replace(challenge, secret=b"{}")
    assert _not_live(_judged(unstarted, forged, _dummy(challenge)))[0] == "challenge_unknown"


def test_a_film_that_is_too_fast_is_refused(unstarted: HeadTurnCheck) -> None:
    """Sent before it can have been taken, or with times that were pressed together."""
    challenge = unstarted.start(NOW, Lot())
    evidence = _dummy(challenge)
    early = unstarted.finish(challenge, evidence, NOW + timedelta(seconds=2))
    assert _not_live(early) == ("answered_too_early", "inconclusive")
    pressed = [replace(one, at_ms=one.at_ms // 4) for one in evidence.frames]
    result = _judged(unstarted, challenge, _with(evidence, pressed))
    assert _not_live(result) == ("frames_missing", "inconclusive")


def test_large_frames_are_refused(unstarted: HeadTurnCheck) -> None:
    challenge = unstarted.start(NOW, Lot())
    for size in (200_001, 190_000):  # one too large; all together too large
        with pytest.raises(ImageRefused) as caught:
            _judged(unstarted, challenge, _dummy(challenge, size=size))
        assert caught.value.reason == "image_too_large"


def test_an_old_challenge_has_expired(unstarted: HeadTurnCheck) -> None:
    challenge = unstarted.start(NOW, Lot())
    with pytest.raises(Expired) as caught:
        unstarted.finish(challenge, _dummy(challenge), challenge.expires_at)
    assert caught.value.reason == "liveness_expired"
