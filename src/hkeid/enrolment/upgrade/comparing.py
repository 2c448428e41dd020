"""The face, by machine: is it the cardholder who stands at the station? What no machine can assure goes
to an officer, never through.

What a kill leaves behind: a try is counted before it is looked at. One that nobody looked at - the check
or the matcher had no time, the challenge had run out - is given back; killed in between it is lost, and
when none is left an officer decides.
"""

from __future__ import annotations

from hkeid.enrolment.stations import Station
from hkeid.enrolment.upgrade.errors import UpgradeRefused
from hkeid.enrolment.upgrade.events import FaceCompared
from hkeid.enrolment.upgrade.parts import CHALLENGE, FACE, PORTRAIT, UpgradeParts
from hkeid.enrolment.upgrade.records import Upgrade, UpgradeStep
from hkeid.enrolment.upgrade.register_answers import FACE_PASSED, RegisterAnswers
from hkeid.kernel.errors import Expired, Unavailable
from hkeid.ports.documents import ImageRefused
from hkeid.ports.faces import (
    FaceBand,
    FaceComparison,
    FacePurpose,
    FaceRefused,
    LivenessChallenge,
    LivenessEvidence,
    LivenessResult,
    LivenessVerdict,
)

_SPENT = "face_tries_spent"


class Faces:
    """Compares faces."""

    def __init__(self, parts: UpgradeParts, register: RegisterAnswers) -> None:
        self._parts = parts
        self._register = register

    @property
    def by_machine(self) -> bool:
        """Whether a machine compares faces."""
        return self._parts.liveness is not None and self._parts.matcher is not None

    def start(self, station: Station, upgrade_id: str) -> LivenessChallenge | None:
        """A new challenge for the station's camera; None where no machine compares faces here (an
        officer has to).

        :raises UpgradeRefused: ``face_tries_spent``: an officer decides now.
        """
        parts = self._parts
        upgrade = parts.find(upgrade_id, {UpgradeStep.FACE}, station=station)
        if parts.liveness is None or parts.matcher is None:
            return None
        if not self._tries_left(upgrade):
            # The process died over the last answer.
            parts.refer(upgrade, _SPENT, {"face": "none"})
            raise UpgradeRefused(_SPENT)
        challenge = parts.liveness.start(parts.clock.now(), parts.random)
        parts.vault.put(upgrade.id, CHALLENGE, challenge.as_bytes())
        return challenge

    def give(self, station: Station, upgrade_id: str, evidence: LivenessEvidence) -> Upgrade:
        """Judge what the camera brought. The challenge is used up by it.

        :raises UpgradeRefused: ``face_not_started``.
        :raises hkeid.ports.documents.ImageRefused: a frame is none; the try counts.
        :raises hkeid.kernel.errors.Expired: ``liveness_expired``; the try does not count.
        :raises hkeid.kernel.errors.Unavailable: check, matcher or register did not answer; the try does
            not count.
        """
        parts = self._parts
        upgrade = parts.find(upgrade_id, {UpgradeStep.FACE}, station=station)
        kept = parts.vault.get(upgrade.id, CHALLENGE)
        portrait = parts.vault.get(upgrade.id, PORTRAIT)
        if not self.by_machine or not kept or portrait is None or not self._tries_left(upgrade):
            raise UpgradeRefused("face_not_started")
        # Counted before it is looked at, so that two answers to one challenge never both count.
        counted = {"face_tries": _tries(upgrade) + 1, "face_advice": None}
        upgrade = parts.note(upgrade, counted)
        parts.vault.put(upgrade.id, CHALLENGE, b"")
        try:
            return self._judge(upgrade, LivenessChallenge.from_bytes(kept), evidence, portrait)
        except ImageRefused:
            if not self._tries_left(upgrade):
                return parts.refer(upgrade, _SPENT, {"face": "none"})
            raise

    # --- details ---------------------------------------------------------------------------------

    def _judge(
        self,
        upgrade: Upgrade,
        challenge: LivenessChallenge,
        evidence: LivenessEvidence,
        portrait: bytes,
    ) -> Upgrade:
        liveness = self._parts.liveness
        assert liveness is not None
        try:
            result = liveness.finish(challenge, evidence, self._parts.clock.now())
            found = self._compare(upgrade, result, portrait)
        except (Expired, Unavailable):
            self._parts.note(upgrade, {"face_tries": _tries(upgrade) - 1})
            raise
        if result.verdict is LivenessVerdict.SPOOF:
            return self._no(upgrade, "face_not_live", result)
        if isinstance(found, str):
            return self._again(upgrade, found, result)
        return self._conclude(upgrade, result, found)

    def _compare(
        self, upgrade: Upgrade, result: LivenessResult, portrait: bytes
    ) -> FaceComparison | str:
        """The comparison, or why there is none."""
        matcher = self._parts.matcher
        assert matcher is not None
        if result.verdict is not LivenessVerdict.LIVE or result.best_frame is None:
            return result.reason
        try:
            return matcher.compare(result.best_frame, portrait, _purpose(upgrade))
        except FaceRefused as error:
            return error.reason

    def _conclude(
        self, upgrade: Upgrade, result: LivenessResult, comparison: FaceComparison
    ) -> Upgrade:
        parts = self._parts
        assert result.best_frame is not None
        if comparison.band is FaceBand.NO_MATCH:
            return self._again(upgrade, "face_no_match", result, comparison)
        parts.vault.put(upgrade.id, FACE, result.best_frame)
        doubt = None
        if comparison.band is not FaceBand.MATCH:
            doubt = "face_unclear"
        elif parts.policy.calibrated and comparison.calibration is None:
            doubt = "face_not_calibrated"
        elif result.pad_claim not in parts.policy.liveness:
            doubt = "liveness_not_assured"
        self._audit(upgrade, comparison.band.value, result, comparison)
        if doubt is not None:
            return parts.refer(upgrade, doubt, {"face": comparison.band.value})
        found = {
            "face": FACE_PASSED,
            "face_by": "matcher",
            "calibrated": comparison.calibration is not None,
            "pad": result.pad_claim.value,
        }
        return self._register.proceed(parts.note(upgrade, found))

    def _again(
        self,
        upgrade: Upgrade,
        reason: str,
        result: LivenessResult,
        comparison: FaceComparison | None = None,
    ) -> Upgrade:
        """Another try, if there is one left; then it is refused, or an officer decides."""
        parts = self._parts
        if self._tries_left(upgrade):
            self._audit(upgrade, reason, result, comparison)
            return parts.note(upgrade, {"face_advice": reason})
        if comparison is not None:
            return self._no(upgrade, "face_no_match", result, comparison)
        self._audit(upgrade, reason, result, comparison)
        return parts.refer(upgrade, _SPENT, {"face": "none"})

    def _no(
        self,
        upgrade: Upgrade,
        reason: str,
        result: LivenessResult,
        comparison: FaceComparison | None = None,
    ) -> Upgrade:
        self._audit(upgrade, reason, result, comparison)
        return self._parts.refuse(upgrade, reason)

    def _audit(
        self,
        upgrade: Upgrade,
        outcome: str,
        result: LivenessResult,
        comparison: FaceComparison | None,
    ) -> None:
        with self._parts.store.transaction() as tx:
            tx.audit.append(
                FaceCompared(
                    upgrade_id=upgrade.id,
                    by="matcher",
                    outcome=outcome,
                    resident_id=upgrade.resident_id,
                    provider=result.provider,
                    model=None if comparison is None else comparison.model,
                    calibration=None if comparison is None else comparison.calibration,
                    pad_claim=result.pad_claim.value,
                )
            )

    def _tries_left(self, upgrade: Upgrade) -> bool:
        return _tries(upgrade) < self._parts.policy.face_tries


def _tries(upgrade: Upgrade) -> int:
    return int(upgrade.facts.get("face_tries", 0))


def _purpose(upgrade: Upgrade) -> FacePurpose:
    return FacePurpose.RECOVERY if upgrade.recovers else FacePurpose.STATION_WITH_CHIP
