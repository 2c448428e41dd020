"""Upgrades that need an officer as cases: what the chip said beside what is known of the person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hkeid.chip.evidence import ChipHolder
from hkeid.enrolment.review.errors import ReviewRefused
from hkeid.enrolment.review.policy import ReviewPolicy
from hkeid.enrolment.review.records import Lease, Vote
from hkeid.enrolment.review.sources import CaseKind, Held, Referred, ReviewTransaction, Stage
from hkeid.enrolment.upgrade.parts import FACE, PORTRAIT
from hkeid.enrolment.upgrade.records import CASE_PREFIX, TEAM, Upgrade, UpgradeStep
from hkeid.enrolment.upgrade.serving import servers_of
from hkeid.enrolment.upgrade.station_status import STATION_REVOKED, station_fault
from hkeid.enrolment.upgrade.upgrades import Upgrades
from hkeid.kernel.instants import Instant
from hkeid.ports.evidence import EvidenceVault
from hkeid.ports.keys import KeyStore
from hkeid.ports.storage import Store
from hkeid.residents import PersonalFields, blind_digest

PICTURES = (PORTRAIT, FACE)
"""The chip's portrait, and the best frame of the station's camera, where there is one."""

FACTS = ("genuine", "passive", "access_protocol", "cipher", "face", "face_tries", "register_face")
"""What was found of a reading, in the order in which officers read it."""

_FIELDS = ("name_english", "name_chinese", "hkic_number", "birth_date")


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeField:
    """What the chip says of the person, beside what the eID says."""

    name: str
    chip: str = field(repr=False)
    kept: str = field(repr=False)

    @property
    def differs(self) -> bool:
        """Whether both are known and are not the same."""
        return bool(self.chip and self.kept) and self.chip != self.kept


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeFile:
    """Everything about an upgrade that an officer has taken.

    :ivar station: the station's name; ``channel`` its kind, "" where it is gone.
    :ivar officer: an officer had signed on there.
    :ivar offline: read by a mobile team without a network, whose officer compared the faces.
    :ivar facts: what was found, as name and word.
    :ivar findings: codes of what was odd about the card.
    :ivar registers: the person has no eID yet and gets one by this.
    :ivar recovers: the person lost every passkey and gets the eID back by this.
    """

    id: str
    reference: str = field(repr=False)
    reason: str | None
    referred_at: Instant
    stage: Stage
    risks: tuple[str, ...]
    hindrances: tuple[str, ...]
    lease: Lease
    station: str
    channel: str
    read_at: Instant | None
    officer: bool
    offline: bool
    registers: bool
    recovers: bool
    signer: str
    fields: tuple[UpgradeField, ...] = field(repr=False)
    facts: tuple[tuple[str, str], ...]
    findings: tuple[str, ...]
    pictures: tuple[str, ...]
    votes: tuple[Vote, ...] = ()


class UpgradeCases:
    """:class:`hkeid.enrolment.review.sources.CaseSource` of upgrades."""

    def __init__(
        self,
        store: Store[ReviewTransaction],
        upgrades: Upgrades,
        evidence: EvidenceVault,
        fields: PersonalFields,
        keys: KeyStore,
        policy: ReviewPolicy,
    ) -> None:
        self._store = store
        self._upgrades = upgrades
        self._evidence = evidence
        self._fields = fields
        self._keys = keys
        self._policy = policy

    @property
    def kind(self) -> CaseKind:
        """Upgrades."""
        return CaseKind.UPGRADE

    def waiting(self, tx: ReviewTransaction, *, limit: int) -> tuple[Referred, ...]:
        """Those that wait."""
        found = tx.upgrades.in_step(UpgradeStep.REVIEW, limit=limit)
        return tuple(self._referred(tx, one) for one in found)

    def find(self, tx: ReviewTransaction, case_id: str) -> Referred | None:
        """One."""
        upgrade = tx.upgrades.get(upgrade_of(case_id))
        return None if upgrade is None else self._referred(tx, upgrade)

    def number_digest(self, case_id: str) -> bytes | None:
        """The blind digest of the number on the chip."""
        upgrade = self._upgrades.look(upgrade_of(case_id))
        if upgrade is None or upgrade.step is not UpgradeStep.REVIEW:
            return None
        number = self._upgrades.holder(upgrade).person.hkic_number
        return None if number is None else blind_digest(self._keys, number)

    def file(self, held: Held) -> UpgradeFile:
        """All that is known of it.

        :raises ReviewRefused: ``case_not_waiting``.
        """
        case = held.referred
        upgrade = self._upgrades.look(upgrade_of(case.id))
        if upgrade is None or upgrade.step is not UpgradeStep.REVIEW:
            raise ReviewRefused("case_not_waiting")
        holder = self._upgrades.holder(upgrade)
        with self._store.transaction() as tx:
            station = tx.stations.get(upgrade.station_id or "")
            kept: Mapping[str, str] = {}
            if upgrade.resident_id is not None:
                kept = self._fields.read(tx, upgrade.resident_id, _FIELDS)
        facts = upgrade.facts
        return UpgradeFile(
            id=case.id,
            reference=upgrade.receipt,
            reason=upgrade.reason,
            referred_at=case.referred_at,
            stage=held.stage,
            risks=case.risks,
            hindrances=case.hindrances,
            lease=held.lease,
            station="" if station is None else station.name,
            channel="" if upgrade.channel is None else upgrade.channel.value,
            read_at=upgrade.claimed_at,
            officer=upgrade.officer is not None or facts.get(TEAM) is not None,
            offline=bool(facts.get("offline")),
            registers=upgrade.registers,
            recovers=upgrade.recovers,
            signer=str(facts.get("signer", "")),
            fields=_fields(holder, kept),
            facts=tuple((name, str(facts[name])) for name in FACTS if facts.get(name) is not None),
            findings=tuple(str(code) for code in facts.get("findings", ())),
            pictures=tuple(name for name in PICTURES if self._evidence.get(upgrade.id, name)),
            votes=held.votes if held.stage is Stage.CONFLICT else (),
        )

    def picture(self, case_id: str, name: str) -> bytes | None:
        """A picture of it."""
        return self._evidence.get(upgrade_of(case_id), name) if name in PICTURES else None

    def tell(self, case_id: str, *, accept: bool, reason: str, officers: tuple[str, ...]) -> None:
        """Tell the upgrade."""
        self._upgrades.officers.decide(
            upgrade_of(case_id), accept=accept, reason=reason, officers=officers
        )

    def _referred(self, tx: ReviewTransaction, upgrade: Upgrade) -> Referred:
        fault = station_fault(tx, upgrade)
        distrust = () if fault is None else (fault,)
        hindrances = self._policy.upgrade_hindrances_of(upgrade.reason)
        return Referred(
            id=upgrade.case_id,
            kind=CaseKind.UPGRADE,
            reference=upgrade.receipt,
            reason=upgrade.reason,
            referred_at=upgrade.updated_at,
            placed_at=upgrade.updated_at,
            expires_at=upgrade.expires_at,
            waits=upgrade.step is UpgradeStep.REVIEW,
            risks=self._policy.upgrade_risks_of(upgrade.reason, upgrade.facts) + distrust,
            hindrances=hindrances + (distrust if fault == STATION_REVOKED else ()),
            resident_id=upgrade.resident_id,
            served_by=servers_of(upgrade),
        )


def upgrade_of(case_id: str) -> str:
    """The upgrade that a case is about."""
    return case_id.removeprefix(CASE_PREFIX)


def _fields(holder: ChipHolder, kept: Mapping[str, str]) -> tuple[UpgradeField, ...]:
    chip = holder.person.as_fields()
    return tuple(
        UpgradeField(name=name, chip=chip.get(name, ""), kept=kept.get(name, ""))
        for name in _FIELDS
        if chip.get(name) or kept.get(name)
    )
