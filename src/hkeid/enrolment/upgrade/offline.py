"""Mobile teams without a network: readings sealed on the road, uploaded once, decided by an officer.

While it has a network the team begins a *shift*: the server makes a key pair, keeps the private half
wrapped, and gives the public half and a nonce. Each reading of the shift has a number; the challenge
that a chip signs is derived from nonce and number, so that a reading cannot be older than its shift, and
none serves twice. Nothing uploaded ever upgrades by itself: it waits for an officer's review and then
for the resident's passkey (there was no live challenge, and no register to ask).

What a kill leaves behind: an upload counts by one transaction, which moves the station's sequence number,
uses up the reading and makes the upgrade. Sent again after that it is ``upload_replayed``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from hkeid.chip.document import ChipDocument
from hkeid.chip.evidence import ChipEvidence
from hkeid.enrolment.stations import Station, StationMode, StationPermission
from hkeid.enrolment.stations.permissions import require
from hkeid.enrolment.upgrade.challenge import active_challenge, evidence_digest, signed_message
from hkeid.enrolment.upgrade.document_text import loads
from hkeid.enrolment.upgrade.errors import UpgradeRefused
from hkeid.enrolment.upgrade.events import EvidenceRejected, ReadingUploaded, UpgradeReferred
from hkeid.enrolment.upgrade.judging import Refusal, check_fresh, judge_card
from hkeid.enrolment.upgrade.numbers import new_receipt
from hkeid.enrolment.upgrade.parts import DOCUMENT, PORTRAIT, UpgradeParts
from hkeid.enrolment.upgrade.reading import EVIDENCE_KIND, facts_of, identify
from hkeid.enrolment.upgrade.records import TEAM, Upgrade, UpgradeStep, UpgradeTransaction
from hkeid.enrolment.upgrade.sealed_reading import KEY, public_half, unseal
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import HkeidError, MalformedInput, Refused
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import secret_digest
from hkeid.ports.keys import KeyPurpose
from hkeid.ports.storage import SingleUseRecord

SHIFT_KIND = "station_shift"
_WRAP_LABEL = b"hkeid-station-shift-1:"
_HIGHEST = 1_000_000
_MOST_READINGS = 1_000
"""Of one shift: whoever holds a station's key for a while cannot use all its numbers up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What a team takes along.

    :ivar public_key: readings are sealed to it (X25519).
    :ivar nonce: challenges are derived from it.
    :ivar sequence: the number of the last reading that the server took; the next one is higher.
    """

    id: str
    public_key: bytes
    nonce: bytes = field(repr=False)
    sequence: int
    expires_at: Instant


def reading_name(shift_id: str, sequence: int) -> str:
    """What challenge, signature and seal of an offline reading are bound to."""
    return f"{shift_id}:{sequence}"


class OfflineReadings:
    """Begins shifts and takes what they bring."""

    def __init__(self, parts: UpgradeParts) -> None:
        self._parts = parts

    def begin(self, station: Station, officer: str | None = None) -> Shift:
        """Begin a shift. What the one before it has read may still be uploaded until that one's time is out.

        :param officer: who sits at the station; they go along, and decide on none of its readings.
        """
        require(station, StationPermission.UPLOAD)
        parts, now = self._parts, self._parts.clock.now()
        private = parts.random.token_bytes(KEY)
        shift = Shift(
            id=parts.random.token(16),
            public_key=public_half(private),
            nonce=parts.random.token_bytes(32),
            sequence=station.sequence,
            expires_at=now + parts.policy.offline_age,
        )
        wrapped = parts.keys.wrap(KeyPurpose.EVIDENCE, private, context=_context(shift.id))
        payload = {
            "station": station.id,
            "key": base64url.encode(wrapped),
            "nonce": base64url.encode(shift.nonce),
            "officer": officer,
            "from": station.sequence,
        }
        with parts.store.transaction() as tx:
            kept = tx.single_use.put(
                SingleUseRecord(
                    kind=SHIFT_KIND,
                    digest=secret_digest(shift.id),
                    family=_family(station),
                    payload=canonical_json.dumps(payload),
                    created_at=now,
                    expires_at=shift.expires_at,
                )
            )
            if not kept:
                raise HkeidError("station_shift_repeated")
        return shift

    def upload(
        self, station: Station, shift_id: str, sequence: int, sealed: bytes, signature: bytes
    ) -> Upgrade:
        """Take one reading. A bad card gives a refused upgrade (look at ``reason``); what is not this
        shift's, or came before, is turned away.

        :param signature: the station's, over :func:`signed_message` of nonce, name and sealed bytes.
        :raises UpgradeRefused: ``shift_unknown``, ``shift_expired``, ``evidence_signature_wrong``,
            ``upload_replayed``, ``evidence_stale``, ``evidence_challenge_wrong``,
            ``evidence_replayed``, ``officer_says_other_person``.
        :raises hkeid.kernel.errors.MalformedInput: ``sequence_malformed``, ``chip_document_malformed``
            …
        """
        require(station, StationPermission.UPLOAD)
        try:
            return self._take(station, shift_id, sequence, sealed, signature)
        except (Refused, MalformedInput) as error:
            with self._parts.store.transaction() as tx:
                tx.audit.append(EvidenceRejected(reason=error.reason, station_id=station.id))
            raise

    # --- details ---------------------------------------------------------------------------------

    def _take(
        self, station: Station, shift_id: str, sequence: int, sealed: bytes, signature: bytes
    ) -> Upgrade:
        parts, now = self._parts, self._parts.clock.now()
        if not 0 < sequence <= _HIGHEST:
            raise MalformedInput("sequence_malformed", field="sequence")
        record, private, nonce = self._shift(station, shift_id, now)
        if sequence > _last_number(record):
            raise MalformedInput("sequence_malformed", field="sequence")
        name = reading_name(shift_id, sequence)
        message = signed_message(nonce, name, sealed)
        if not parts.stations.authority.verify(station.public_key, message, signature):
            raise UpgradeRefused("evidence_signature_wrong")
        if sequence <= station.sequence:
            raise UpgradeRefused("upload_replayed")
        content = canonical_json.loads_object(unseal(sealed, private, place=name.encode()))
        if set(content) != {"document", "same"} or not isinstance(content["document"], str):
            raise MalformedInput("sealed_reading_malformed")
        text = content["document"].encode("utf-8", "surrogatepass")
        document = loads(text)
        check_fresh(
            document,
            since=record.created_at,
            challenge=active_challenge(nonce, name),
            policy=parts.policy,
            now=now,
        )
        if content["same"] != "yes":
            raise UpgradeRefused("officer_says_other_person")
        evidence = parts.verifier.verify(document, at=now)
        refusal = judge_card(document, evidence, parts.policy, StationMode(station.mode))
        upgrade = self._new(station, document, evidence, record, now)
        if refusal is None:
            assert evidence.holder is not None
            assert evidence.holder.portrait is not None
            parts.vault.open(upgrade.id, expires_at=upgrade.expires_at)
            parts.vault.put(upgrade.id, DOCUMENT, text)
            parts.vault.put(upgrade.id, PORTRAIT, evidence.holder.portrait)
        made = self._keep(station, sequence, upgrade, evidence, refusal)
        if made.step is not UpgradeStep.REVIEW:
            parts.vault.destroy(upgrade.id)
        return made

    def _shift(
        self, station: Station, shift_id: str, now: Instant
    ) -> tuple[SingleUseRecord, bytes, bytes]:
        with self._parts.store.transaction() as tx:
            record = tx.single_use.look(SHIFT_KIND, secret_digest(shift_id))
        if record is None:
            raise UpgradeRefused("shift_unknown")
        kept = canonical_json.loads_object(record.payload)
        if kept["station"] != station.id:
            raise UpgradeRefused("shift_unknown")
        if now >= record.expires_at:
            raise UpgradeRefused("shift_expired")
        private = self._parts.keys.unwrap(
            KeyPurpose.EVIDENCE, base64url.decode(kept["key"]), context=_context(shift_id)
        )
        return record, private, base64url.decode(kept["nonce"])

    def _new(
        self,
        station: Station,
        document: ChipDocument,
        evidence: ChipEvidence,
        shift: SingleUseRecord,
        now: Instant,
    ) -> Upgrade:
        parts, team = self._parts, canonical_json.loads_object(shift.payload).get("officer")
        return Upgrade(
            id=parts.random.token(16),
            receipt=new_receipt(parts.random),
            step=UpgradeStep.REVIEW,
            station_id=station.id,
            channel=StationMode(station.mode),
            evidence=evidence_digest(document),
            facts={**facts_of(document, evidence), "offline": True, TEAM: team},
            reason="read_offline",
            created_at=now,
            claimed_at=now,
            updated_at=now,
            expires_at=now + parts.policy.review,
        )

    def _keep(
        self,
        station: Station,
        sequence: int,
        upgrade: Upgrade,
        evidence: ChipEvidence,
        refusal: Refusal | None,
    ) -> Upgrade:
        parts, now = self._parts, upgrade.created_at
        with parts.store.transaction() as tx:
            self._count(tx, station, sequence)
            assert upgrade.evidence is not None
            fresh = tx.single_use.put(
                SingleUseRecord(
                    kind=EVIDENCE_KIND,
                    digest=upgrade.evidence,
                    created_at=now,
                    expires_at=now + 2 * parts.policy.offline_age,
                )
            )
            if not fresh:
                raise UpgradeRefused("evidence_replayed")
            if refusal is None:
                assert evidence.holder is not None
                whose = identify(parts, tx, station, upgrade, evidence.holder)
                if isinstance(whose, Refusal):
                    refusal = whose
                else:
                    upgrade = replace(upgrade, resident_id=whose[0])
            if refusal is not None:
                changes: dict[str, Any] = {"step": UpgradeStep.REFUSED, "reason": refusal.reason}
                upgrade = replace(upgrade, **changes, expires_at=now)
            if not tx.upgrades.add(upgrade):
                raise HkeidError("upgrade_id_repeated")
            self._audit(tx, station, sequence, upgrade)
        return upgrade

    def _count(self, tx: UpgradeTransaction, station: Station, sequence: int) -> None:
        """Move the station's sequence number: of two uploads with one number, one counts."""
        present = tx.stations.get(station.id)
        if present is None or sequence <= present.sequence:
            raise UpgradeRefused("upload_replayed")
        if not tx.stations.change(present, replace(present, sequence=sequence)):
            raise UpgradeRefused("upload_replayed")

    def _audit(
        self, tx: UpgradeTransaction, station: Station, sequence: int, upgrade: Upgrade
    ) -> None:
        if upgrade.resident_id is not None:
            tx.audit.append(
                ReadingUploaded(
                    upgrade_id=upgrade.id,
                    station_id=station.id,
                    sequence=sequence,
                    resident_id=upgrade.resident_id,
                )
            )
        if upgrade.step is UpgradeStep.REVIEW:
            tx.audit.append(
                UpgradeReferred(
                    upgrade_id=upgrade.id,
                    reason="read_offline",
                    resident_id=upgrade.resident_id,
                )
            )
        else:
            tx.audit.append(
                EvidenceRejected(
                    reason=upgrade.reason or "", station_id=station.id, upgrade_id=upgrade.id
                )
            )


def _last_number(shift: SingleUseRecord) -> int:
    """The highest number that a reading of this shift may have; shifts of old say none."""
    begun = canonical_json.loads_object(shift.payload).get("from")
    return _HIGHEST if not isinstance(begun, int) else min(_HIGHEST, begun + _MOST_READINGS)


def _family(station: Station) -> str:
    return f"{SHIFT_KIND}:{station.id}"


def _context(shift_id: str) -> bytes:
    return _WRAP_LABEL + shift_id.encode("ascii", "replace")
