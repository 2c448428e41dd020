"""What every step of an upgrade works with, and the few moves that all of them make."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from hkeid.chip.document import ChipDocument
from hkeid.chip.evidence import ChipEvidence, ChipHolder
from hkeid.enrolment.proofing_policy import ProofingPolicy
from hkeid.enrolment.registration.settings import RegistrationSettings
from hkeid.enrolment.stations import Station, Stations
from hkeid.enrolment.upgrade.document_text import loads
from hkeid.enrolment.upgrade.errors import UpgradeRefused, UpgradeUnknown
from hkeid.enrolment.upgrade.events import UpgradeEnded, UpgradeReferred
from hkeid.enrolment.upgrade.officers import DUTY
from hkeid.enrolment.upgrade.policy import UpgradePolicy
from hkeid.enrolment.upgrade.records import SERVED, Upgrade, UpgradeStep, UpgradeTransaction
from hkeid.kernel.errors import Expired
from hkeid.kernel.instants import Instant
from hkeid.ports.evidence import EvidenceVault
from hkeid.ports.faces import FaceMatcher, LivenessCheck
from hkeid.ports.keys import KeyStore
from hkeid.ports.registry import PersonRegistry
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents import PersonalFields

DOCUMENT = "document"
PORTRAIT = "portrait"
FACE = "face"
ACCESS = "access"
CHALLENGE = "liveness"
TICKET = "ticket"


class DocumentVerifier(Protocol):
    """Verifies a reading with the country signers that this server trusts."""

    def verify(self, document: ChipDocument, *, at: Instant) -> ChipEvidence:
        """What the document proves; never raises because of the card."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeParts:
    """What an upgrade needs.

    :ivar liveness: None: no face check by machine, every face goes to an officer.
    :ivar matcher: the same.
    :ivar proofing: the policy by which anybody is registered; at a counter, too.
    :ivar registration: how far earlier registrations count there.
    """

    store: Store[UpgradeTransaction]
    fields: PersonalFields
    keys: KeyStore
    clock: Clock
    random: Random
    stations: Stations
    vault: EvidenceVault
    verifier: DocumentVerifier
    registry: PersonRegistry
    liveness: LivenessCheck | None = None
    matcher: FaceMatcher | None = None
    policy: UpgradePolicy
    proofing: ProofingPolicy
    registration: RegistrationSettings = field(default_factory=RegistrationSettings)

    def find(
        self,
        upgrade_id: str,
        steps: Collection[UpgradeStep],
        *,
        station: Station | None = None,
        resident_id: str | None = None,
    ) -> Upgrade:
        """An upgrade that is at one of ``steps``, in time, and belongs to the caller.

        :param station: it must be at this station.
        :param resident_id: it must be this resident's.
        :raises UpgradeUnknown: ``upgrade_unknown``: there is none, or it is somebody else's.
        :raises UpgradeRefused: ``upgrade_expired``, ``upgrade_other_step``.
        """
        now = self.clock.now()
        with self.store.transaction() as tx:
            upgrade = tx.upgrades.get(upgrade_id)
            if upgrade is None or (station is not None and upgrade.station_id != station.id):
                raise UpgradeUnknown("upgrade_unknown")
            if resident_id is not None and upgrade.resident_id != resident_id:
                raise UpgradeUnknown("upgrade_unknown")
            late = not upgrade.step.over and now >= upgrade.expires_at
            if late:
                end(tx, upgrade, UpgradeStep.EXPIRED, "upgrade_expired", now)
        if late:
            self.vault.destroy(upgrade.id)
            raise UpgradeRefused("upgrade_expired")
        if upgrade.step is UpgradeStep.EXPIRED:
            raise UpgradeRefused("upgrade_expired")
        if upgrade.step not in steps:
            raise UpgradeRefused("upgrade_other_step", detail=upgrade.step.value)
        return upgrade

    def refuse(self, upgrade: Upgrade, reason: str, *, finding: str | None = None) -> Upgrade:
        """End it as refused; the evidence goes."""
        with self.store.transaction() as tx:
            ended = end(tx, upgrade, UpgradeStep.REFUSED, reason, self.clock.now(), finding=finding)
        self.vault.destroy(upgrade.id)
        return ended

    def refer(self, upgrade: Upgrade, reason: str, facts: Mapping[str, Any]) -> Upgrade:
        """Let an officer decide; the evidence stays until then."""
        now = self.clock.now()
        until = self.review_ends(upgrade, now)
        self.vault.extend(upgrade.id, until)
        with self.store.transaction() as tx:
            referred = move(
                tx,
                upgrade,
                now,
                step=UpgradeStep.REVIEW,
                reason=reason,
                facts={**upgrade.facts, **facts},
                expires_at=until,
            )
            tx.audit.append(
                UpgradeReferred(
                    upgrade_id=upgrade.id, reason=reason, resident_id=upgrade.resident_id
                )
            )
        return referred

    def review_ends(self, upgrade: Upgrade, now: Instant) -> Instant:
        """How long it waits for officers; who recovers an eID stands at the counter meanwhile."""
        return now + (self.policy.recovery_wait if upgrade.recovers else self.policy.review)

    def note(self, upgrade: Upgrade, facts: Mapping[str, Any]) -> Upgrade:
        """Keep facts; the step stays."""
        with self.store.transaction() as tx:
            return move(tx, upgrade, self.clock.now(), facts={**upgrade.facts, **facts})

    def holder(self, upgrade: Upgrade) -> ChipHolder:
        """Whom the accepted reading is about, verified once more.

        :raises hkeid.kernel.errors.Expired: ``evidence_destroyed``.
        """
        text = self.vault.get(upgrade.id, DOCUMENT)
        if text is None:
            raise Expired("evidence_destroyed")
        evidence = self.verifier.verify(loads(text), at=upgrade.updated_at)
        if not evidence.accepted or evidence.holder is None:
            raise UpgradeRefused("chip_not_trusted")
        return evidence.holder


_SERVING = frozenset({UpgradeStep.OFFERED, UpgradeStep.CHIP, UpgradeStep.FACE})
"""Steps at whose end something was found about person and card."""


def seated_at(tx: UpgradeTransaction, station_id: str | None, now: Instant) -> str | None:
    """Who sits at a station. Neither a session that ended meanwhile nor a seat that was lost for being
    idle undoes that: whoever has not signed off, and whom nobody followed, may still sit there.
    """
    station = None if station_id is None else tx.stations.get(station_id)
    if station is None or station.officer is None or station.officer_until is None:
        return None
    return station.officer if now < station.officer_until + DUTY else None


def _with_seat(tx: UpgradeTransaction, upgrade: Upgrade, now: Instant) -> Upgrade:
    """Whoever sits there now has served the person, whatever they press, or leave to the camera."""
    seat = seated_at(tx, upgrade.station_id, now)
    served = upgrade.facts.get(SERVED, [])
    if seat is None or seat in served:
        return upgrade
    return replace(upgrade, facts={**upgrade.facts, SERVED: [*served, seat]})


def move(tx: UpgradeTransaction, old: Upgrade, now: Instant, **changes: Any) -> Upgrade:
    """One step, by compare-and-set.

    :raises UpgradeRefused: ``upgrade_changed``: somebody else was faster.
    """
    new = replace(old, updated_at=now, **changes)
    if old.step in _SERVING:
        new = _with_seat(tx, new, now)
    if not tx.upgrades.change(old, new):
        raise UpgradeRefused("upgrade_changed")
    return replace(new, version=old.version + 1)


def end(
    tx: UpgradeTransaction,
    old: Upgrade,
    step: UpgradeStep,
    reason: str,
    now: Instant,
    *,
    finding: str | None = None,
) -> Upgrade:
    """End it without an eID+; the caller destroys the evidence after the transaction."""
    ended = move(tx, old, now, step=step, reason=reason, number=None, nonce=b"", expires_at=now)
    tx.audit.append(
        UpgradeEnded(
            upgrade_id=old.id,
            step=step.value,
            reason=reason,
            resident_id=old.resident_id,
            station_id=old.station_id,
            finding=finding,
        )
    )
    return ended
