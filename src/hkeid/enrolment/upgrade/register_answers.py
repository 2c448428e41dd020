"""What follows from the register's answer at an upgrade: on, to officers, or the end."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hkeid.chip.evidence import ChipHolder
from hkeid.enrolment.proofing_policy import Decision, Outcome
from hkeid.enrolment.upgrade.events import RegistryAsked, UpgradeReferred
from hkeid.enrolment.upgrade.parts import FACE, UpgradeParts, end, move
from hkeid.enrolment.upgrade.policy import FaceJudge
from hkeid.enrolment.upgrade.proofing import decide_registration
from hkeid.enrolment.upgrade.records import Upgrade, UpgradeStep, UpgradeTransaction
from hkeid.ports.faces import FaceBand
from hkeid.ports.registry import RegistryFinding, RegistryQuery, RegistryStatus

_DOUBT = "register_face_unclear"
_POLICY = "registration_unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The register's answer, who compared the faces before it, and who accepted in a review.

    :ivar holder: whom the chip is about, where the person has yet to be registered.
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

    def ask(self, upgrade: Upgrade) -> RegistryFinding:
        """Ask about the person on the chip.

        :raises hkeid.kernel.errors.Unavailable: ``registry_unavailable``.
        """
        parts = self._parts
        query = RegistryQuery(
            person=parts.holder(upgrade).person,
            portrait=parts.vault.get(upgrade.id, FACE),
            purpose="upgrade",
        )
        return parts.registry.check(query)

    def registering(self, upgrade: Upgrade) -> ChipHolder | None:
        """Whom it is about, where the person has yet to be registered; before a transaction, because
        the vault has its own.
        """
        return self._parts.holder(upgrade) if upgrade.registers else None

    def follow(self, tx: UpgradeTransaction, upgrade: Upgrade, asked: Asked) -> Upgrade:
        """Go on, or end, by what the register said; the caller destroys the evidence of what ended."""
        now, finding = self._parts.clock.now(), asked.finding
        status = finding.status
        tx.audit.append(
            RegistryAsked(
                upgrade_id=upgrade.id,
                status=status.value,
                reference=finding.reference[:64],
                resident_id=upgrade.resident_id,
                face=finding.face.value,
            )
        )
        said = {"registry": status.value, "register_face": finding.face.value}
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
        step = UpgradeStep.BIND if upgrade.registers else UpgradeStep.CONFIRM
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
            return _POLICY
        return _DOUBT if self._face_in_doubt(upgrade, asked) else None

    def _face_in_doubt(self, upgrade: Upgrade, asked: Asked) -> bool:
        """Whether policy wants officers to look at what the register says of the face."""
        if asked.finding.face in self._parts.policy.register_face[asked.judge]:
            return False
        return not (asked.judge is FaceJudge.DESK and upgrade.reason in (_DOUBT, _POLICY))

    def _refer(self, tx: UpgradeTransaction, upgrade: Upgrade, reason: str) -> Upgrade:
        now = self._parts.clock.now()
        tx.audit.append(
            UpgradeReferred(upgrade_id=upgrade.id, reason=reason, resident_id=upgrade.resident_id)
        )
        until = now + self._parts.policy.review
        return move(tx, upgrade, now, step=UpgradeStep.REVIEW, reason=reason, expires_at=until)
