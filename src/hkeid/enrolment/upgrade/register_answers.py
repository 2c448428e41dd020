"""What follows from the register's answer at an upgrade: on, to officers, or the end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from hkeid.chip.evidence import ChipHolder
from hkeid.enrolment.proofing_policy import Decision, Outcome
from hkeid.enrolment.recheck import registered_person
from hkeid.enrolment.stations import Station
from hkeid.enrolment.upgrade.errors import UpgradeRefused
from hkeid.enrolment.upgrade.events import RegistryAsked, UpgradeReferred
from hkeid.enrolment.upgrade.parts import FACE, UpgradeParts, end, move
from hkeid.enrolment.upgrade.policy import FaceJudge
from hkeid.enrolment.upgrade.proofing import decide_registration, seat_officer
from hkeid.enrolment.upgrade.records import Upgrade, UpgradeStep, UpgradeTransaction
from hkeid.identity.person import Person
from hkeid.kernel.instants import epoch_seconds
from hkeid.ports.faces import FaceBand
from hkeid.ports.registry import RegistryFinding, RegistryQuery, RegistryStatus

FACE_PASSED = "match"
"""Fact ``face`` of an upgrade whose face somebody, or a machine, found to be the chip's."""

REGISTRY_AT = "registry_at"
"""Fact of an upgrade: when the register answered last (seconds)."""

_DOUBT = "register_face_unclear"
_POLICY = "registration_unclear"
SECOND_OFFICER = "recovery_second_officer"
"""Why a recovery waits: the officer at the counter compared the faces, and another one has to agree."""
_KNOWN = frozenset({_DOUBT, _POLICY, SECOND_OFFICER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The register's answer, who compared the faces before it, and who accepted in a review.

    :ivar holder: whom the chip is about, where a security key will be registered.
    """

    finding: RegistryFinding
    judge: FaceJudge
    holder: ChipHolder | None
    officers: tuple[str, ...] = ()
    reason: str = ""


class RegisterAnswers:
    """Asks the register, and goes where its answer leads."""

    def __init__(self, parts: UpgradeParts) -> None:
        self._parts = parts

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
        if upgrade.step is not UpgradeStep.FACE or upgrade.facts.get("face") != FACE_PASSED:
            raise UpgradeRefused("upgrade_other_step", detail=upgrade.step.value)
        finding = self.ask(upgrade)
        by_officer = upgrade.facts.get("face_by") == "officer"
        judge = FaceJudge.OFFICER if by_officer else FaceJudge.MACHINE
        asked = Asked(finding=finding, judge=judge, holder=self.binding(upgrade))
        with parts.store.transaction() as tx:
            decided = self.follow(tx, upgrade, asked)
        if decided.step is UpgradeStep.REVIEW:
            # Killed before this, the evidence runs out, nobody can accept, and the person comes again.
            parts.vault.extend(upgrade.id, decided.expires_at)
        return self.settled(decided)

    def settled(self, decided: Upgrade) -> Upgrade:
        """What is decided leaves no evidence; only who has yet to register needs what the chip said."""
        kept = decided.step is UpgradeStep.REVIEW or decided.registers
        if decided.step is UpgradeStep.REFUSED or not kept:
            self._parts.vault.destroy(decided.id)
        return decided

    def ask(self, upgrade: Upgrade) -> RegistryFinding:
        """Ask about the person on the chip.

        :raises hkeid.kernel.errors.Unavailable: ``registry_unavailable``.
        """
        parts = self._parts
        query = RegistryQuery(
            person=parts.holder(upgrade).person,
            portrait=parts.vault.get(upgrade.id, FACE),
            purpose="recovery" if upgrade.recovers else "upgrade",
        )
        return parts.registry.check(query)

    def recheck(self, upgrade: Upgrade) -> Upgrade:
        """Ask the register again before a key is bound or the passkey confirms, where its answer is old:
        people die, and cards are reported lost, between a decision and its use. The pictures are gone by
        now, so that only the particulars are asked about.

        :raises UpgradeRefused: ``registry_…``: the answer does not allow to go on, and it is ended.
        :raises hkeid.kernel.errors.Unavailable: ``registry_unavailable``; nothing changed.
        """
        parts, now = self._parts, self._parts.clock.now()
        age = timedelta(seconds=epoch_seconds(now) - int(upgrade.facts.get(REGISTRY_AT, 0)))
        if age <= parts.registration.register_age:
            return upgrade
        purpose = "recovery" if upgrade.recovers else "upgrade"
        finding = parts.registry.check(RegistryQuery(person=self._person(upgrade), purpose=purpose))
        refusal = None
        if finding.status is not RegistryStatus.MATCH:
            refusal = f"registry_{finding.status.value}"
        elif finding.face is FaceBand.NO_MATCH:
            refusal = "registry_no_match"
        with parts.store.transaction() as tx:
            tx.audit.append(_asked(upgrade, finding))
            known = {"registry": finding.status.value, REGISTRY_AT: epoch_seconds(now)}
            if refusal is None:
                return move(tx, upgrade, now, facts={**upgrade.facts, **known})
            end(tx, upgrade, UpgradeStep.REFUSED, refusal, now)
        parts.vault.destroy(upgrade.id)
        raise UpgradeRefused(refusal)

    def _person(self, upgrade: Upgrade) -> Person:
        """Whom it is about: as the eID says, or the chip while there is none."""
        parts = self._parts
        if upgrade.resident_id is None:
            return parts.holder(upgrade).person
        with parts.store.transaction() as tx:
            return registered_person(tx, parts.fields, upgrade.resident_id)

    def binding(self, upgrade: Upgrade) -> ChipHolder | None:
        """Whom it is about, where a security key will be registered; before a transaction, because the
        vault has its own.
        """
        return self._parts.holder(upgrade) if upgrade.binds else None

    def follow(self, tx: UpgradeTransaction, upgrade: Upgrade, asked: Asked) -> Upgrade:
        """Go on, or end, by what the register said; the caller destroys the evidence of what ended."""
        now, finding = self._parts.clock.now(), asked.finding
        status = finding.status
        tx.audit.append(_asked(upgrade, finding))
        said = {
            "registry": status.value,
            "register_face": finding.face.value,
            REGISTRY_AT: epoch_seconds(now),
        }
        known = replace(upgrade, facts={**upgrade.facts, **said})
        decision = None
        if asked.holder is not None:
            decision, facts = decide_registration(
                self._parts, tx, known, asked.holder, finding, asked.officers, asked.reason
            )
            known = replace(known, facts={**known.facts, **facts})
        refusal = self._refusal(upgrade, asked, decision)
        if refusal is not None:
            return end(tx, known, UpgradeStep.REFUSED, refusal, now)
        doubt = self._doubt(upgrade, asked, decision)
        if doubt is not None:
            return self._refer(tx, known, doubt)
        step = UpgradeStep.BIND if upgrade.binds else UpgradeStep.CONFIRM
        return move(tx, known, now, step=step)

    def _refusal(self, upgrade: Upgrade, asked: Asked, decision: Decision | None) -> str | None:
        """Why it ends here, or None."""
        status, face = asked.finding.status, asked.finding.face
        if status is not RegistryStatus.MATCH:
            return f"registry_{status.value}"
        if face is FaceBand.NO_MATCH:
            return "registry_no_match"
        if decision is not None and decision.outcome is Outcome.REFUSE:
            return decision.reason or "cannot_register_here"
        if asked.judge is FaceJudge.DESK and self._face_in_doubt(upgrade, asked):
            return _DOUBT  # they accepted without knowing of it, and a case is decided once
        return None

    def _doubt(self, upgrade: Upgrade, asked: Asked, decision: Decision | None) -> str | None:
        """Why officers have to decide, or None."""
        if decision is not None and decision.outcome is Outcome.REVIEW:
            return SECOND_OFFICER if _compared_in_person(upgrade) else _POLICY
        return _DOUBT if self._face_in_doubt(upgrade, asked) else None

    def _face_in_doubt(self, upgrade: Upgrade, asked: Asked) -> bool:
        """Whether policy wants officers to look at what the register says of the face."""
        if asked.finding.face in self._parts.policy.register_face[asked.judge]:
            return False
        return not (asked.judge is FaceJudge.DESK and upgrade.reason in _KNOWN)

    def _refer(self, tx: UpgradeTransaction, upgrade: Upgrade, reason: str) -> Upgrade:
        now = self._parts.clock.now()
        tx.audit.append(
            UpgradeReferred(upgrade_id=upgrade.id, reason=reason, resident_id=upgrade.resident_id)
        )
        until = self._parts.review_ends(upgrade, now)
        return move(tx, upgrade, now, step=UpgradeStep.REVIEW, reason=reason, expires_at=until)


def _asked(upgrade: Upgrade, finding: RegistryFinding) -> RegistryAsked:
    return RegistryAsked(
        upgrade_id=upgrade.id,
        status=finding.status.value,
        reference=finding.reference[:64],
        resident_id=upgrade.resident_id,
        face=finding.face.value,
    )


def _compared_in_person(upgrade: Upgrade) -> bool:
    """Whether the officer at the counter is one of the two that a recovery needs."""
    return upgrade.recovers and seat_officer(upgrade) is not None
