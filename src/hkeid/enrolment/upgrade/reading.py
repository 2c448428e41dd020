"""The chip: what a station is asked to read, and what the server makes of what it brings.

What a kill leaves behind: the reading goes into the vault first and counts only by the transaction
after it, which uses up its digest and moves the upgrade on. A station that never heard the answer sends
the same reading again and gets the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hkeid.chip.document import ChipDocument
from hkeid.chip.evidence import ChipEvidence, ChipHolder
from hkeid.chip.findings import FindingCode
from hkeid.enrolment.registration.particulars import age_group
from hkeid.enrolment.stations import Station, StationPermission
from hkeid.enrolment.upgrade.challenge import (
    active_challenge,
    evidence_digest,
    signed_message,
)
from hkeid.enrolment.upgrade.document_text import loads
from hkeid.enrolment.upgrade.errors import UpgradeRefused
from hkeid.enrolment.upgrade.events import ChipAccepted, EvidenceRejected
from hkeid.enrolment.upgrade.judging import Refusal, check_fresh, judge_card, same_name
from hkeid.enrolment.upgrade.parts import (
    ACCESS,
    DOCUMENT,
    PORTRAIT,
    UpgradeParts,
    move,
    seated_at,
)
from hkeid.enrolment.upgrade.records import Upgrade, UpgradeStep, UpgradeTransaction
from hkeid.enrolment.upgrade.serving import denied_own_record, servers_of, serves_own_record
from hkeid.identity.hkic_number import HkicNumber
from hkeid.identity.state import EidState
from hkeid.kernel.errors import MalformedInput, Refused
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import SingleUseRecord
from hkeid.residents import blind_digest, find_by_hkic
from hkeid.residents.records import Resident

EVIDENCE_KIND = "chip_evidence"
"""``SingleUseRecord.kind`` of readings that were used."""

_REMEMBERED = timedelta(days=30)
_TROUBLES = frozenset(code.value for code in FindingCode)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingTask:
    """What a station is to read now.

    :ivar challenge: what the chip signs in active authentication.
    :ivar access: the six digits printed on the card, where the person typed them on the page.
    """

    upgrade_id: str
    nonce: bytes = field(repr=False)
    challenge: bytes = field(repr=False)
    access: str | None = field(repr=False)
    expires_at: Instant


class Readings:
    """Asks for readings and judges them."""

    def __init__(self, parts: UpgradeParts) -> None:
        self._parts = parts

    def task(self, station: Station) -> ReadingTask | None:
        """What this station is to read; None when there is nothing to do."""
        parts, now = self._parts, self._parts.clock.now()
        with parts.store.transaction() as tx:
            waiting = [
                upgrade
                for upgrade in tx.upgrades.at_station(station.id)
                if upgrade.step is UpgradeStep.CHIP and now < upgrade.expires_at
            ]
        if not waiting:
            return None
        upgrade = waiting[0]
        access = parts.vault.get(upgrade.id, ACCESS)
        return ReadingTask(
            upgrade_id=upgrade.id,
            nonce=upgrade.nonce,
            challenge=active_challenge(upgrade.nonce, upgrade.id),
            access=None if access is None else access.decode("ascii"),
            expires_at=upgrade.expires_at,
        )

    def trouble(self, station: Station, upgrade_id: str, reason: str) -> Upgrade:
        """The station could not read the card; the page says what to do. Wrong digits are asked anew.

        :param reason: the code of a finding.
        :raises hkeid.kernel.errors.MalformedInput: ``trouble_unknown``.
        """
        if reason not in _TROUBLES:
            raise MalformedInput("trouble_unknown", field="reason")
        parts = self._parts
        upgrade = parts.find(upgrade_id, {UpgradeStep.CHIP}, station=station)
        facts: dict[str, Any] = {"trouble": reason}
        if reason == FindingCode.ACCESS_KEY_WRONG.value:
            parts.vault.open(upgrade.id, expires_at=upgrade.expires_at)
            parts.vault.put(upgrade.id, ACCESS, b"")
            facts["access"] = None
        return parts.note(upgrade, facts)

    def submit(self, station: Station, upgrade_id: str, text: bytes, signature: bytes) -> Upgrade:
        """Judge what a station read. A bad card ends the upgrade (look at ``reason``); a reading that
        is not this upgrade's is turned away and changes nothing.

        :param text: the reading as :func:`hkeid.enrolment.upgrade.document_text.dumps` writes it.
        :param signature: the station's, over :func:`hkeid.enrolment.upgrade.challenge.signed_message`.
        :raises hkeid.kernel.errors.MalformedInput: ``chip_document_malformed`` …
        :raises UpgradeRefused: ``evidence_signature_wrong``, ``evidence_stale``,
            ``evidence_challenge_wrong``, ``evidence_replayed``, ``upgrade_other_step`` …
        """
        parts, now = self._parts, self._parts.clock.now()
        try:
            upgrade = parts.find(upgrade_id, set(UpgradeStep), station=station)
            document = self._received(station, upgrade, text, signature, now)
        except (Refused, MalformedInput) as error:
            self._reject(station, upgrade_id, error.reason)
            raise
        if upgrade.step is not UpgradeStep.CHIP:
            return upgrade  # heard before: the same reading, the same answer
        evidence = parts.verifier.verify(document, at=now)
        assert upgrade.channel is not None
        refusal = judge_card(document, evidence, parts.policy, upgrade.channel)
        if refusal is not None:
            return parts.refuse(upgrade, refusal.reason, finding=refusal.finding)
        assert evidence.holder is not None
        assert evidence.holder.portrait is not None
        parts.vault.open(upgrade.id, expires_at=upgrade.expires_at)
        parts.vault.put(upgrade.id, DOCUMENT, text)
        parts.vault.put(upgrade.id, PORTRAIT, evidence.holder.portrait)
        return self._accept(station, upgrade, document, evidence, now)

    # --- details ---------------------------------------------------------------------------------

    def _received(
        self, station: Station, upgrade: Upgrade, text: bytes, signature: bytes, now: Instant
    ) -> ChipDocument:
        """The reading, if it is this station's, for this upgrade and of this moment."""
        again = upgrade.evidence is not None and not upgrade.step.over
        if upgrade.step is not UpgradeStep.CHIP and not again:
            raise UpgradeRefused("upgrade_other_step", detail=upgrade.step.value)
        message = signed_message(upgrade.nonce, upgrade.id, text)
        if not self._parts.stations.authority.verify(station.public_key, message, signature):
            raise UpgradeRefused("evidence_signature_wrong")
        document = loads(text)
        if again:
            if evidence_digest(document) != upgrade.evidence:
                raise UpgradeRefused("upgrade_other_step", detail=upgrade.step.value)
            return document
        if upgrade.claimed_at is None:
            raise UpgradeRefused("evidence_stale")
        check_fresh(
            document,
            since=upgrade.claimed_at,
            challenge=active_challenge(upgrade.nonce, upgrade.id),
            policy=self._parts.policy,
            now=now,
        )
        return document

    def _accept(
        self,
        station: Station,
        upgrade: Upgrade,
        document: ChipDocument,
        evidence: ChipEvidence,
        now: Instant,
    ) -> Upgrade:
        digest = evidence_digest(document)
        assert evidence.holder is not None
        refusal: Refusal | None = None
        with self._parts.store.transaction() as tx:
            if not self._use_up(tx, digest, now):
                tx.audit.append(
                    EvidenceRejected(
                        reason="evidence_replayed", station_id=station.id, upgrade_id=upgrade.id
                    )
                )
                replayed = True
            else:
                replayed = False
                whose = identify(self._parts, tx, station, upgrade, evidence.holder)
                if isinstance(whose, Refusal):
                    refusal = whose
                else:
                    upgrade = move(
                        tx,
                        upgrade,
                        now,
                        step=UpgradeStep.FACE,
                        resident_id=whose[0],
                        registers=whose[1],
                        evidence=digest,
                        facts={**upgrade.facts, **facts_of(document, evidence)},
                    )
                    self._audit(tx, station, upgrade, evidence)
        if replayed:
            raise UpgradeRefused("evidence_replayed")
        if refusal is not None:
            return self._parts.refuse(upgrade, refusal.reason, finding=refusal.finding)
        return upgrade

    def _use_up(self, tx: UpgradeTransaction, digest: bytes, now: Instant) -> bool:
        return tx.single_use.put(
            SingleUseRecord(
                kind=EVIDENCE_KIND,
                digest=digest,
                created_at=now,
                expires_at=now + _REMEMBERED,
            )
        )

    def _reject(self, station: Station, upgrade_id: str, reason: str) -> None:
        with self._parts.store.transaction() as tx:
            known = tx.upgrades.get(upgrade_id) is not None
            tx.audit.append(
                EvidenceRejected(
                    reason=reason,
                    station_id=station.id,
                    upgrade_id=upgrade_id if known else None,
                )
            )

    def _audit(
        self, tx: UpgradeTransaction, station: Station, upgrade: Upgrade, evidence: ChipEvidence
    ) -> None:
        tx.audit.append(
            ChipAccepted(
                upgrade_id=upgrade.id,
                station_id=station.id,
                genuine=evidence.genuine.value,
                signer=evidence.signer[:200],
                findings=tuple(found.code.value for found in evidence.findings),
                resident_id=upgrade.resident_id,
            )
        )


def identify(
    parts: UpgradeParts,
    tx: UpgradeTransaction,
    station: Station,
    upgrade: Upgrade,
    holder: ChipHolder,
) -> tuple[str | None, bool] | Refusal:
    """Whose upgrade it is by the number on the chip, and whether they have yet to register."""
    number = holder.person.hkic_number
    assert number is not None
    found = find_by_hkic(tx, parts.keys, number)
    own = _own_record(parts, tx, upgrade, number, found)
    return own or _whose(parts, tx, station, upgrade, holder, found)


def _whose(
    parts: UpgradeParts,
    tx: UpgradeTransaction,
    station: Station,
    upgrade: Upgrade,
    holder: ChipHolder,
    found: str | None,
) -> tuple[str | None, bool] | Refusal:
    if upgrade.resident_id is not None and found != upgrade.resident_id:
        return Refusal(reason="chip_other_person")
    resident = None if found is None else tx.residents.get(found)
    if upgrade.recovers:
        return _recovering(parts, tx, resident, holder)
    if resident is None:
        if station.may(StationPermission.REGISTER) and upgrade.officer is not None:
            return _registering(None, holder, parts.clock.now())
        return Refusal(reason="eid_unknown")
    if resident.state is EidState.UPGRADED:
        return Refusal(reason="upgraded_already")
    if resident.state not in {EidState.ACTIVE, EidState.APPLICANT}:
        return Refusal(reason="eid_not_active")
    if not _same_name(parts, tx, resident, holder):
        return Refusal(reason="chip_name_different")
    if resident.state is EidState.ACTIVE:
        return resident.id, False
    if station.may(StationPermission.REGISTER) and upgrade.officer is not None:
        return _registering(resident.id, holder, parts.clock.now())
    return Refusal(reason="eid_not_active")


def _own_record(
    parts: UpgradeParts,
    tx: UpgradeTransaction,
    upgrade: Upgrade,
    number: HkicNumber,
    resident_id: str | None,
) -> Refusal | None:
    """The card of an officer who serves here: nobody upgrades themselves."""
    seat = seated_at(tx, upgrade.station_id, parts.clock.now())
    officers = servers_of(upgrade) | ({seat} if seat else set())
    digest = blind_digest(parts.keys, number)
    for officer in sorted(officers):
        if serves_own_record(tx, (officer,), resident_id=resident_id, number_digest=digest):
            tx.audit.append(denied_own_record(upgrade, officer))
            return Refusal(reason="own_record")
    return None


def _recovering(
    parts: UpgradeParts, tx: UpgradeTransaction, resident: Resident | None, holder: ChipHolder
) -> tuple[str | None, bool] | Refusal:
    """Whose eID is recovered: somebody's of age who has one; whether it is frozen, policy looks at."""
    if resident is None or resident.state is EidState.APPLICANT:
        return Refusal(reason="eid_unknown")
    if resident.state is EidState.REVOKED:
        return Refusal(reason="eid_revoked")
    if not _same_name(parts, tx, resident, holder):
        return Refusal(reason="chip_name_different")
    of_age = _registering(resident.id, holder, parts.clock.now())
    return of_age if isinstance(of_age, Refusal) else (resident.id, False)


def _same_name(
    parts: UpgradeParts, tx: UpgradeTransaction, resident: Resident, holder: ChipHolder
) -> bool:
    kept = parts.fields.read(tx, resident.id, ("name_english", "name_chinese"))
    return same_name(holder.person.name, kept)


def _registering(
    resident_id: str | None, holder: ChipHolder, now: Instant
) -> tuple[str | None, bool] | Refusal:
    """Who registers here is of age: for a minor a guardian agrees first, and no station asks one."""
    born = holder.person.birth_date
    if born is None or age_group(born, now) != "adult":
        return Refusal(reason="registers_adults_only")
    return resident_id, True


def facts_of(document: ChipDocument, evidence: ChipEvidence) -> dict[str, Any]:
    """What is kept of a reading: nothing about the person."""
    return {
        "access_protocol": document.access.value,
        "cipher": document.cipher,
        "profile": document.profile,
        "genuine": evidence.genuine.value,
        "passive": evidence.passive.value,
        "signer": evidence.signer[:200],
        "findings": [found.code.value for found in evidence.findings],
        "trouble": None,
    }
