"""What officers say: of the person before them at a counter, and of a referred upgrade."""

from __future__ import annotations

from dataclasses import replace

from hkeid.enrolment.stations import Station
from hkeid.enrolment.upgrade.errors import UpgradeRefused
from hkeid.enrolment.upgrade.events import FaceCompared, UpgradeReviewed
from hkeid.enrolment.upgrade.officers import OnDuty, note_service
from hkeid.enrolment.upgrade.parts import PORTRAIT, UpgradeParts, end, move
from hkeid.enrolment.upgrade.policy import FaceJudge
from hkeid.enrolment.upgrade.proofing import COMPARED_BY
from hkeid.enrolment.upgrade.records import Upgrade, UpgradeStep, UpgradeTransaction
from hkeid.enrolment.upgrade.register_answers import FACE_PASSED, Asked, RegisterAnswers
from hkeid.enrolment.upgrade.serving import LOOKED, refuse_own_record, words_of
from hkeid.enrolment.upgrade.station_status import STATION_REVOKED, station_fault
from hkeid.kernel.errors import MalformedInput


class OfficerDecisions:
    """The officer at the counter compares; officers at the desk decide."""

    def __init__(self, parts: UpgradeParts, register: RegisterAnswers) -> None:
        self._parts = parts
        self._register = register

    def says(
        self, station: Station, upgrade_id: str, officer: str | None, *, same: bool
    ) -> Upgrade:
        """An officer compared the person with the chip's portrait.

        :raises UpgradeRefused: ``officer_missing``, ``own_record``.
        """
        if not officer:
            raise UpgradeRefused("officer_missing")
        parts = self._parts
        upgrade = parts.find(upgrade_id, {UpgradeStep.FACE}, station=station)
        refuse_own_record(parts, upgrade, officer)
        outcome = FACE_PASSED if same else "no_match"
        with parts.store.transaction() as tx:
            upgrade = move(
                tx,
                upgrade,
                parts.clock.now(),
                officer=officer,
                facts={
                    **upgrade.facts,
                    "face": outcome,
                    "face_by": "officer",
                    COMPARED_BY: officer,
                },
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
        return self._register.proceed(upgrade)

    def looks(self, station: Station, upgrade_id: str, duty: OnDuty) -> bytes | None:
        """The chip's portrait for the officer who sits at this station; None when it is gone. The
        person concerned sees that somebody looked, once for each officer.

        :raises UpgradeRefused: ``own_record``.
        """
        parts, now = self._parts, self._parts.clock.now()
        upgrade = parts.find(upgrade_id, {UpgradeStep.FACE}, station=station)
        refuse_own_record(parts, upgrade, duty.officer)
        looked = words_of(upgrade.facts, LOOKED)
        if duty.officer not in looked:
            with parts.store.transaction() as tx:
                move(tx, upgrade, now, facts={**upgrade.facts, LOOKED: [*looked, duty.officer]})
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
            register this person, or the station is revoked, or suspended.
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
                finding=self._register.ask(upgrade),
                judge=FaceJudge.DESK,
                holder=self._register.binding(upgrade),
                officers=officers,
                reason=reason.strip()[:60],
            )
        # Who recovers an eID stands at the counter and goes on at once.
        now = parts.clock.now()
        until = now + (parts.policy.window if upgrade.recovers else parts.policy.review)
        if not upgrade.recovers:
            until = max(upgrade.expires_at, until)
        if accept and upgrade.registers:
            # Before it is decided: what a kill in between keeps too long goes with the case.
            parts.vault.extend(upgrade.id, until)
        with parts.store.transaction() as tx:
            if accept:
                _check_station(tx, upgrade, officers)
            said = UpgradeReviewed(
                upgrade_id=upgrade.id,
                accepted=accept,
                reason=reason.strip()[:60],
                officers=officers,
                resident_id=upgrade.resident_id,
            )
            tx.audit.append(said)
            facts = {"face": FACE_PASSED if accept else "no_match", "face_by": "officer"}
            known = replace(
                upgrade,
                officer=officers[0],
                facts={**upgrade.facts, **facts},
                expires_at=until,
            )
            if asked is None:
                decided = end(tx, known, UpgradeStep.REFUSED, "review_refused", now)
            else:
                decided = self._register.follow(tx, known, asked)
        return self._register.settled(decided)


def _check_station(tx: UpgradeTransaction, upgrade: Upgrade, officers: tuple[str, ...]) -> None:
    """Nobody accepts what a revoked station read; what a suspended one read takes two."""
    fault = station_fault(tx, upgrade)
    if fault == STATION_REVOKED:
        raise UpgradeRefused("case_not_acceptable", detail=fault)
    if fault is not None and len(set(officers)) < 2:
        raise UpgradeRefused("second_officer_needed", detail=fault)
