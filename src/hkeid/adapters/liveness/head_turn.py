"""The check itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Self

from hkeid import __version__
from hkeid.adapters.liveness.capture import assess_capture
from hkeid.adapters.liveness.challenge import HeadTurnChallenge, HeadTurnSettings, draw
from hkeid.adapters.liveness.judging import Judgement, judge_times
from hkeid.adapters.worker import Worker
from hkeid.kernel.errors import Expired, Unavailable
from hkeid.kernel.instants import Instant, epoch_microseconds
from hkeid.ports.documents import ImageRefused
from hkeid.ports.faces import (
    CapturedFrame,
    LivenessChallenge,
    LivenessEvidence,
    LivenessResult,
    LivenessVerdict,
    PadClaim,
)
from hkeid.ports.surroundings import Random

FACTORY = "hkeid.adapters.liveness.seeing:build"
PROVIDER = f"hkeid-head-turn/{__version__}"


class HeadTurnCheck:
    """Asks for turns of the head, in an order and at times drawn by lot, and looks for them.

    It stops a photograph and most replays. It does not stop a mask, a face swapped live or a film that
    is computed to order, and nobody tested it: ``pad_claim`` is always ``none``.

    :param folder: where the weights lie if no package brings them.
    """

    def __init__(
        self,
        settings: HeadTurnSettings | None = None,
        *,
        folder: Path | None = None,
        timeout: float = 60,
        memory_mib: int = 1024,
        waiting: int = 4,
    ) -> None:
        self._settings = settings or HeadTurnSettings()
        self._worker = Worker(
            FACTORY,
            name="liveness",
            answers=(Judgement,),
            settings={
                "longest_px": self._settings.longest_px,
                "folder": None if folder is None else str(folder),
            },
            timeout=timeout,
            memory_mib=memory_mib,
            waiting=waiting,
        )

    def load(self) -> None:
        """Load the models now; raises as the matcher's ``start``."""
        self._worker.start()

    def close(self) -> None:
        """End the worker."""
        self._worker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, now: Instant, random: Random) -> LivenessChallenge:
        """A new challenge; see :class:`hkeid.ports.faces.LivenessCheck`."""
        challenge = draw(now, random, self._settings)
        return LivenessChallenge(
            nonce=random.token(16),
            expires_at=now + timedelta(seconds=self._settings.valid_seconds),
            client=challenge.client(self._settings),
            secret=challenge.dumps(),
        )

    def finish(
        self, challenge: LivenessChallenge, evidence: LivenessEvidence, now: Instant
    ) -> LivenessResult:
        """Judge an answer; see :class:`hkeid.ports.faces.LivenessCheck`."""
        if now >= challenge.expires_at:
            raise Expired("liveness_expired")
        judgement = self._judge(challenge, evidence, now)
        times = [one.at_ms for one in evidence.frames[: self._settings.most_frames]]
        live = judgement.reason == "turns_in_order" and judgement.best is not None
        verdict = LivenessVerdict.SPOOF if judgement.spoof else LivenessVerdict.INCONCLUSIVE
        return LivenessResult(
            verdict=LivenessVerdict.LIVE if live else verdict,
            pad_claim=PadClaim.NONE,
            integrity=assess_capture(evidence.capture, times),
            reason=judgement.reason,
            best_frame=evidence.frames[judgement.best].image
            if live and judgement.best is not None
            else None,
            provider=PROVIDER,
        )

    def _judge(
        self, challenge: LivenessChallenge, evidence: LivenessEvidence, now: Instant
    ) -> Judgement:
        asked = HeadTurnChallenge.loads(challenge.secret)
        if asked is None or not evidence.nonce or evidence.nonce != challenge.nonce:
            return Judgement("challenge_unknown")
        if len(evidence.frames) > self._settings.most_frames:
            return Judgement("too_many_frames")
        elapsed_ms = (epoch_microseconds(now) - asked.begun_us) // 1000
        times = [one.at_ms for one in evidence.frames]
        wrong = judge_times(times, asked, elapsed_ms)
        if wrong is not None:
            return Judgement(wrong)
        self._refuse_large(evidence.frames)
        frames = [one.image for one in evidence.frames]
        judgement = self._worker.call("judge", frames, times, challenge.secret)
        if not isinstance(judgement, Judgement):
            raise Unavailable("liveness_failed", detail="no judgement")
        return judgement

    def _refuse_large(self, frames: Sequence[CapturedFrame]) -> None:
        sizes = [len(one.image) for one in frames]
        if max(sizes) > self._settings.most_frame_bytes or sum(sizes) > self._settings.most_bytes:
            raise ImageRefused("image_too_large", detail=f"{max(sizes)} bytes, {sum(sizes)} in all")
