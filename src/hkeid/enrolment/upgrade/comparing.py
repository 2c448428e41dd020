"""The face: is it the cardholder who stands at the station? By machine at a kiosk, by an officer at a
counter. What no machine can assure goes to an officer, never through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hkeid.enrolment.stations import Station
from hkeid.enrolment.upgrade.errors import UpgradeRefused
from hkeid.enrolment.upgrade.events import (
    FaceCompared,
    UpgradeReviewed,
)
from hkeid.enrolment.upgrade.officers import OnDuty, note_service
from hkeid.enrolment.upgrade.parts import CHALLENGE, FACE, PORTRAIT, UpgradeParts, end, move
from hkeid.enrolment.upgrade.policy import FaceJudge
from hkeid.enrolment.upgrade.records import Upgrade, UpgradeStep
from hkeid.enrolment.upgrade.register_answers import Asked, RegisterAnswers
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import epoch_microseconds, from_epoch_microseconds
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

_PASSED = "match"


class Faces:
    """Compares faces and asks the register of persons."""

    def __init__(self, parts: UpgradeParts) -> None:
        self._parts = parts
        self._answers = RegisterAnswers(parts)

    @property
    def by_machine(self) -> bool:
        """Whether a machine compares faces."""
        return self._parts.liveness is not None and self._parts.matcher is not None

    def start(self, station: Station, upgrade_id: str) -> LivenessChallenge | None:
        """A new challenge for the station's camera; None where no machine compares faces here (an
        officer has to).

        :raises UpgradeRefused: ``face_tries_spent``.
        """
        parts = self._parts
        upgrade = parts.find(upgrade_id, {UpgradeStep.FACE}, station=station)
        if parts.liveness is None or parts.matcher is None:
            return None
        if int(upgrade.facts.get("face_tries", 0)) >= parts.policy.face_tries:
            raise UpgradeRefused("face_tries_spent")
        challenge = parts.liveness.start(parts.clock.now(), parts.random)
        parts.vault.put(upgrade.id, CHALLENGE, _challenge_text(challenge))
        return challenge

    def give(self, station: Station, upgrade_id: str, evidence: LivenessEvidence) -> Upgrade:
        """Judge what the camera brought. The challenge is used up by it.

        :raises UpgradeRefused: ``face_not_started``, ``face_tries_spent``.
        :raises hkeid.kernel.errors.Unavailable: check or register did not answer; try again.
        """
        parts = self._parts
        upgrade = parts.find(upgrade_id, {UpgradeStep.FACE}, station=station)
        kept = parts.vault.get(upgrade.id, CHALLENGE)
        portrait = parts.vault.get(upgrade.id, PORTRAIT)
        if parts.liveness is None or parts.matcher is None or not kept or portrait is None:
            raise UpgradeRefused("face_not_started")
        tries = int(upgrade.facts.get("face_tries", 0)) + 1
        if tries > parts.policy.face_tries:
            raise UpgradeRefused("face_tries_spent")
        # Counted before it is looked at, so that two answers to one challenge never both count.
        upgrade = parts.note(upgrade, {"face_tries": tries, "face_advice": None})
        parts.vault.put(upgrade.id, CHALLENGE, b"")
        result = parts.liveness.finish(_challenge(kept), evidence, parts.clock.now())
        if result.verdict is LivenessVerdict.SPOOF:
            return self._no(upgrade, "face_not_live", result)
        if result.verdict is not LivenessVerdict.LIVE or result.best_frame is None:
            return self._again(upgrade, result.reason, result, tries)
        try:
            comparison = parts.matcher.compare(
                result.best_frame, portrait, FacePurpose.STATION_WITH_CHIP
            )
        except FaceRefused as error:
            return self._again(upgrade, error.reason, result, tries)
        return self._conclude(upgrade, result, comparison, tries)

    def officer_says(
        self, station: Station, upgrade_id: str, officer: str | None, *, same: bool
    ) -> Upgrade:
        """An officer compared the person with the chip's portrait.

        :raises UpgradeRefused: ``officer_missing``.
        """
        if not officer:
            raise UpgradeRefused("officer_missing")
        parts = self._parts
        upgrade = parts.find(upgrade_id, {UpgradeStep.FACE}, station=station)
        outcome = _PASSED if same else "no_match"
        with parts.store.transaction() as tx:
            upgrade = move(
                tx,
                upgrade,
                parts.clock.now(),
                officer=officer,
                facts={**upgrade.facts, "face": outcome, "face_by": "officer"},
            )
            tx.audit.append(
                FaceCompared(
                    upgrade_id=upgrade.id,
                    by="officer",
                    outcome=outcome,
                    resident_id=upgrade.resident_id,
                    officer=officer,
                )
            )
        if not same:
            return parts.refuse(upgrade, "officer_says_other_person")
        return self.proceed(upgrade)

    def officer_looks(self, station: Station, upgrade_id: str, duty: OnDuty) -> bytes | None:
        """The chip's portrait for the officer who sits at this station; None when it is gone. The
        person concerned sees that somebody looked, once for each officer.
        """
        parts, now = self._parts, self._parts.clock.now()
        upgrade = parts.find(upgrade_id, {UpgradeStep.FACE}, station=station)
        if upgrade.facts.get("looked") != duty.officer:
            with parts.store.transaction() as tx:
                move(tx, upgrade, now, facts={**upgrade.facts, "looked": duty.officer})
                if duty.role is not None:
                    note_service(tx, upgrade, duty.officer, duty.role, parts.random.token(16), now)
        return parts.vault.get(upgrade.id, PORTRAIT)

    def decide(
        self, upgrade_id: str, *, accept: bool, reason: str, officers: tuple[str, ...]
    ) -> Upgrade:
        """Officers decided a referred upgrade; the resident confirms it afterwards at home.

        One transaction decides; before it the register is asked, so that while the register does not
        answer nothing is decided, and the same may be said again.

        :raises UpgradeRefused: ``officer_missing``, ``upgrade_other_step``: decided before;
            ``case_not_acceptable``, ``second_officer_needed``: the proofing policy does not let them
            register this person.
        :raises hkeid.kernel.errors.MalformedInput: ``review_reason_missing``.
        :raises hkeid.kernel.errors.Unavailable: ``registry_unavailable``.
        """
        if not officers:
            raise UpgradeRefused("officer_missing")
        if not reason.strip():
            raise MalformedInput("review_reason_missing", field="reason")
        parts = self._parts
        upgrade = parts.find(upgrade_id, {UpgradeStep.REVIEW})
        asked = None
        if accept:
            asked = Asked(
                finding=self._answers.ask(upgrade),
                judge=FaceJudge.DESK,
                holder=self._answers.registering(upgrade),
                officers=officers,
                reason=reason.strip()[:60],
            )
        until = parts.clock.now() + parts.policy.review
        with parts.store.transaction() as tx:
            said = UpgradeReviewed(
                upgrade_id=upgrade.id,
                accepted=accept,
                reason=reason.strip()[:60],
                officers=officers,
                resident_id=upgrade.resident_id,
            )
            tx.audit.append(said)
            facts = {"face": _PASSED if accept else "no_match", "face_by": "officer"}
            known = replace(
                upgrade,
                officer=officers[0],
                facts={**upgrade.facts, **facts},
                expires_at=max(upgrade.expires_at, until),
            )
            if asked is None:
                decided = end(tx, known, UpgradeStep.REFUSED, "review_refused", parts.clock.now())
            else:
                decided = self._answers.follow(tx, known, asked)
        return self._after(decided)

    def retry(self, station: Station, upgrade_id: str) -> Upgrade:
        """Ask the register again, after it did not answer."""
        upgrade = self._parts.find(upgrade_id, {UpgradeStep.FACE}, station=station)
        return self.proceed(upgrade)

    def proceed(self, upgrade: Upgrade) -> Upgrade:
        """Ask the register about a person whose face was found to match, and go on; where the
        register's picture leaves a doubt, officers decide.

        :raises UpgradeRefused: ``upgrade_other_step``: no face was found to match yet.
        :raises hkeid.kernel.errors.Unavailable: ``registry_unavailable``; nothing was decided.
        """
        parts = self._parts
        if upgrade.step is not UpgradeStep.FACE or upgrade.facts.get("face") != _PASSED:
            raise UpgradeRefused("upgrade_other_step", detail=upgrade.step.value)
        finding = self._answers.ask(upgrade)
        by_officer = upgrade.facts.get("face_by") == "officer"
        judge = FaceJudge.OFFICER if by_officer else FaceJudge.MACHINE
        asked = Asked(finding=finding, judge=judge, holder=self._answers.registering(upgrade))
        with parts.store.transaction() as tx:
            decided = self._answers.follow(tx, upgrade, asked)
        if decided.step is UpgradeStep.REVIEW:
            # Killed before this, the evidence runs out, nobody can accept, and the person comes again.
            parts.vault.extend(upgrade.id, decided.expires_at)
        return self._after(decided)

    # --- details ---------------------------------------------------------------------------------

    def _after(self, decided: Upgrade) -> Upgrade:
        """What is decided leaves no evidence; only who has yet to register needs what the chip said."""
        if decided.step in {UpgradeStep.REFUSED, UpgradeStep.CONFIRM}:
            self._parts.vault.destroy(decided.id)
        return decided

    def _conclude(
        self, upgrade: Upgrade, result: LivenessResult, comparison: FaceComparison, tries: int
    ) -> Upgrade:
        parts = self._parts
        assert result.best_frame is not None
        if comparison.band is FaceBand.NO_MATCH:
            return self._again(upgrade, "face_no_match", result, tries, comparison)
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
            "face": _PASSED,
            "face_by": "matcher",
            "calibrated": comparison.calibration is not None,
            "pad": result.pad_claim.value,
        }
        return self.proceed(parts.note(upgrade, found))

    def _again(
        self,
        upgrade: Upgrade,
        reason: str,
        result: LivenessResult,
        tries: int,
        comparison: FaceComparison | None = None,
    ) -> Upgrade:
        """Another try, if there is one left; then it is refused, or an officer decides."""
        parts = self._parts
        if tries < parts.policy.face_tries:
            self._audit(upgrade, reason, result, comparison)
            return parts.note(upgrade, {"face_advice": reason})
        if comparison is not None:
            return self._no(upgrade, "face_no_match", result, comparison)
        self._audit(upgrade, reason, result, comparison)
        return parts.refer(upgrade, "face_tries_spent", {"face": "none"})

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


def _challenge_text(challenge: LivenessChallenge) -> bytes:
    return canonical_json.dumps(
        {
            "nonce": challenge.nonce,
            "expires_at": epoch_microseconds(challenge.expires_at),
            "client": _plain(challenge.client),
            "secret": base64url.encode(challenge.secret),
        }
    )


def _challenge(text: bytes) -> LivenessChallenge:
    kept = canonical_json.loads_object(text)
    return LivenessChallenge(
        nonce=kept["nonce"],
        expires_at=from_epoch_microseconds(kept["expires_at"]),
        client=kept["client"],
        secret=base64url.decode(kept["secret"]),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
