"""How an upgrade begins: a number on the resident's own page, taken up by a station; or the card alone.

What a kill leaves behind: each verb is one transaction, so an upgrade is at one step or the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hkeid.enrolment.stations import Station, StationMode, StationPermission
from hkeid.enrolment.stations.permissions import require
from hkeid.enrolment.upgrade.errors import UpgradeRefused, UpgradeUnknown
from hkeid.enrolment.upgrade.events import UpgradeClaimed, UpgradeOffered, UpgradeResumed
from hkeid.enrolment.upgrade.numbers import (
    new_receipt,
    number_digest,
    number_of,
    parse_number,
    parse_receipt,
)
from hkeid.enrolment.upgrade.parts import ACCESS, UpgradeParts, end, move
from hkeid.enrolment.upgrade.records import (
    RECOVERS,
    SERVED,
    Upgrade,
    UpgradeStep,
    UpgradeTransaction,
)
from hkeid.enrolment.upgrade.returning import forget_return
from hkeid.enrolment.upgrade.serving import refuse_own_record
from hkeid.enrolment.upgrade.station_status import STATION_REVOKED, end_of_revoked, station_fault
from hkeid.identity.authentication import SessionView
from hkeid.identity.state import EidState
from hkeid.kernel.errors import HkeidError, MalformedInput, TooManyAttempts
from hkeid.kernel.instants import Instant
from hkeid.ports.evidence import EvidenceVault
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock

_NUMBERS = "upgrade_number"
_TURNS = 20
_CAN_DIGITS = 6


class Offers:
    """Begins upgrades, takes them up, lets them go."""

    def __init__(self, parts: UpgradeParts) -> None:
        self._parts = parts

    def offer(self, session: SessionView) -> Upgrade:
        """An upgrade for the resident of a session, waiting for a station; the one under way, if
        there is one. One that a station read which is revoked meanwhile is ended by it: nobody accepts
        that.

        :raises UpgradeRefused: ``eid_not_active``, ``upgraded_already``.
        """
        parts, now = self._parts, self._parts.clock.now()
        resident_id = session.authentication.resident_id
        with parts.store.transaction() as tx:
            resident = tx.residents.get(resident_id)
            if resident is None or resident.state is not EidState.ACTIVE:
                known = resident is not None and resident.state is EidState.UPGRADED
                raise UpgradeRefused("upgraded_already" if known else "eid_not_active")
            ended = []
            for known_one in tx.upgrades.of_resident(resident_id):
                under_way = not known_one.step.over and now < known_one.expires_at
                if not under_way or known_one.recovers:
                    continue
                if station_fault(tx, known_one) != STATION_REVOKED:
                    return known_one
                end(tx, known_one, UpgradeStep.REFUSED, STATION_REVOKED, now)
                ended.append(known_one.id)
            upgrade = Upgrade(
                id=parts.random.token(16),
                receipt=new_receipt(parts.random),
                step=UpgradeStep.OFFERED,
                resident_id=resident_id,
                created_at=now,
                updated_at=now,
                expires_at=now + parts.policy.offer,
            )
            upgrade = self._with_number(tx, upgrade, now, new=True)
            tx.audit.append(UpgradeOffered(upgrade_id=upgrade.id, resident_id=resident_id))
        self._forget(tuple(ended))
        return upgrade

    def number(self, upgrade: Upgrade) -> str | None:
        """The number to show; None when it is no longer good."""
        good = (
            upgrade.step is UpgradeStep.OFFERED
            and upgrade.number_ends is not None
            and self._parts.clock.now() < upgrade.number_ends
        )
        return number_of(self._parts.keys, upgrade.id, upgrade.round) if good else None

    def extend(self, upgrade_id: str, resident_id: str) -> Upgrade:
        """More time for the number, or a new one where it has run out.

        :raises UpgradeRefused: ``upgrade_expired``: the offer itself is over.
        """
        upgrade = self._parts.find(upgrade_id, {UpgradeStep.OFFERED}, resident_id=resident_id)
        now = self._parts.clock.now()
        with self._parts.store.transaction() as tx:
            if self.number(upgrade) is not None:
                ends = min(now + self._parts.policy.number_lifetime, upgrade.expires_at)
                return move(tx, upgrade, now, number_ends=ends)
            return self._with_number(tx, upgrade, now, new=False)

    def claim(self, station: Station, typed: str) -> Upgrade:
        """A station takes up the upgrade whose number was typed or scanned there.

        Wrong numbers are counted by station; whose number it is loses nothing by them.

        :raises hkeid.kernel.errors.MalformedInput: ``number_malformed``.
        :raises UpgradeRefused: ``number_unknown``, ``number_expired``.
        :raises hkeid.kernel.errors.TooManyAttempts: ``station_attempts_exhausted``.
        """
        require(station, StationPermission.UPGRADE_WITH_NUMBER)
        parts, now = self._parts, self._parts.clock.now()
        digest = number_digest(parts.keys, parse_number(typed))
        self._spend(station, now)
        with parts.store.transaction() as tx:
            upgrade = tx.upgrades.by_number(digest)
            if upgrade is None or upgrade.step is not UpgradeStep.OFFERED:
                raise UpgradeRefused("number_unknown")
            if upgrade.number_ends is None or now >= min(upgrade.number_ends, upgrade.expires_at):
                raise UpgradeRefused("number_expired")
            tx.budgets.refund(_NUMBERS, station.id.encode())
            left = self._clear(tx, station, now)
            taken = move(tx, upgrade, now, **self._claimed(station, None, now), number=None)
            self._audit(tx, taken)
        self._forget(left)
        return taken

    def begin_with_card(self, station: Station, officer: str | None) -> Upgrade:
        """Begin with nothing but a card, an officer being present: whose it is, the chip tells.

        :raises UpgradeRefused: ``officer_missing``.
        """
        require(station, StationPermission.UPGRADE_WITH_CARD)
        return self._begin_alone(station, officer, {})

    def begin_recovery(self, station: Station, officer: str | None) -> Upgrade:
        """Begin with the card of somebody who lost every passkey: whose eID it is, the chip tells.

        :raises UpgradeRefused: ``officer_missing``.
        :raises hkeid.enrolment.stations.StationRefused: ``station_not_allowed``: no counter.
        """
        require(station, StationPermission.RECOVER)
        return self._begin_alone(station, officer, {RECOVERS: True})

    def resume(self, station: Station, typed: str, officer: str | None) -> Upgrade:
        """Go on with somebody whom officers accepted and who comes back to the counter. Where a key is to
        be made, the officer who sits there compares them first, each time (:mod:`.returning`).

        :param typed: the reference number.
        :raises hkeid.kernel.errors.MalformedInput: ``receipt_malformed``.
        :raises UpgradeRefused: ``officer_missing``, ``receipt_unknown``, ``own_record``.
        :raises hkeid.kernel.errors.TooManyAttempts: ``station_attempts_exhausted``.
        """
        require(station, StationPermission.UPGRADE_WITH_CARD)
        if not officer:
            raise UpgradeRefused("officer_missing")
        receipt, parts, now = parse_receipt(typed), self._parts, self._parts.clock.now()
        self._spend(station, now)
        with parts.store.transaction() as tx:
            found = [
                one
                for one in tx.upgrades.at_station(station.id)
                if one.receipt == receipt and one.accepted_in_review and now < one.expires_at
            ]
        if not found:
            raise UpgradeRefused("receipt_unknown")
        upgrade = found[0]
        refuse_own_record(parts, upgrade, officer)
        with parts.store.transaction() as tx:
            tx.budgets.refund(_NUMBERS, station.id.encode())
            left = self._clear(tx, station, now)
            upgrade = tx.upgrades.get(upgrade.id) or upgrade
            tx.audit.append(
                UpgradeResumed(
                    upgrade_id=upgrade.id,
                    station_id=station.id,
                    officer=officer,
                    resident_id=upgrade.resident_id,
                )
            )
        self._forget(left)
        return upgrade

    def give_access(self, station: Station, upgrade_id: str, digits: str) -> Upgrade:
        """The six digits printed on the card, by which its chip lets a reader in. Kept with the
        evidence, for the station's program alone.

        :raises hkeid.kernel.errors.MalformedInput: ``card_access_number_malformed``.
        """
        kept = "".join(digits.split())
        if len(kept) != _CAN_DIGITS or not (kept.isascii() and kept.isdigit()):
            raise MalformedInput("card_access_number_malformed", field="access")
        parts = self._parts
        upgrade = parts.find(upgrade_id, {UpgradeStep.CHIP}, station=station)
        parts.vault.open(upgrade.id, expires_at=upgrade.expires_at)
        parts.vault.put(upgrade.id, ACCESS, kept.encode("ascii"))
        return parts.note(upgrade, {"access": "typed", "trouble": None})

    def cancel(
        self,
        upgrade_id: str,
        *,
        station: Station | None = None,
        resident_id: str | None = None,
        sure: bool = False,
    ) -> None:
        """Stop; nothing was changed. May be repeated.

        :param sure: asked at a station whether all of it is to be lost, somebody said yes. Without it,
            whoever leaves a station, or stands idle there, does not undo what officers accepted.
        """
        open_steps = set(UpgradeStep)
        upgrade = self._parts.find(upgrade_id, open_steps, station=station, resident_id=resident_id)
        if station is None and upgrade.recovers:
            # Whoever is still logged in may be who took the devices.
            raise UpgradeUnknown("upgrade_unknown")
        if upgrade.step.over:
            return
        if station is not None and upgrade.accepted_in_review and not sure:
            with self._parts.store.transaction() as tx:
                forget_return(tx, upgrade, self._parts.clock.now())
            return
        reason = "cancelled_at_station" if station is not None else "cancelled_by_resident"
        with self._parts.store.transaction() as tx:
            end(tx, upgrade, UpgradeStep.CANCELLED, reason, self._parts.clock.now())
        self._parts.vault.destroy(upgrade.id)

    def sweep(self, *, limit: int = 100) -> int:
        """End what is out of time and destroy its evidence; returns how many."""
        parts = self._parts
        return end_overdue(parts.store, parts.vault, parts.clock, limit=limit)

    # --- details ---------------------------------------------------------------------------------

    def _begin_alone(
        self, station: Station, officer: str | None, facts: Mapping[str, Any]
    ) -> Upgrade:
        if not officer:
            raise UpgradeRefused("officer_missing")
        parts, now = self._parts, self._parts.clock.now()
        with parts.store.transaction() as tx:
            left = self._clear(tx, station, now)
            upgrade = Upgrade(
                id=parts.random.token(16),
                receipt=new_receipt(parts.random),
                facts={**facts, SERVED: [officer]},
                created_at=now,
                updated_at=now,
                **self._claimed(station, officer, now),
            )
            if not tx.upgrades.add(upgrade):
                raise HkeidError("upgrade_id_repeated")
            self._audit(tx, upgrade)
        self._forget(left)
        return upgrade

    def _with_number(
        self, tx: UpgradeTransaction, upgrade: Upgrade, now: Instant, *, new: bool
    ) -> Upgrade:
        """Give it a number that no other waiting upgrade has."""
        parts = self._parts
        ends = min(now + parts.policy.number_lifetime, upgrade.expires_at)
        for turn in range(upgrade.round + 1, upgrade.round + 1 + _TURNS):
            digest = number_digest(parts.keys, number_of(parts.keys, upgrade.id, turn))
            if tx.upgrades.by_number(digest) is not None:
                continue
            changes: dict[str, Any] = {"number": digest, "round": turn, "number_ends": ends}
            if not new:
                return move(tx, upgrade, now, **changes)
            made = replace(upgrade, **changes)
            if tx.upgrades.add(made):
                return made
        raise HkeidError("upgrade_numbers_spent")

    def _claimed(self, station: Station, officer: str | None, now: Instant) -> dict[str, Any]:
        return {
            "step": UpgradeStep.CHIP,
            "station_id": station.id,
            "channel": StationMode(station.mode),
            "officer": officer,
            "nonce": self._parts.random.token_bytes(32),
            "claimed_at": now,
            "expires_at": now + self._parts.policy.window,
        }

    def _clear(self, tx: UpgradeTransaction, station: Station, now: Instant) -> tuple[str, ...]:
        """A station serves one person at a time: who was there before has left."""
        left: list[str] = []
        for upgrade in tx.upgrades.at_station(station.id):
            # They may still come back with the reference number, or confirm on their own page.
            if upgrade.accepted_in_review:
                forget_return(tx, upgrade, now)
            elif upgrade.step is not UpgradeStep.CONFIRM or not upgrade.confirmed_anywhere:
                end(tx, upgrade, UpgradeStep.CANCELLED, "station_left", now)
                left.append(upgrade.id)
        return tuple(left)

    def _forget(self, upgrade_ids: tuple[str, ...]) -> None:
        for upgrade_id in upgrade_ids:
            self._parts.vault.destroy(upgrade_id)

    def _audit(self, tx: UpgradeTransaction, upgrade: Upgrade) -> None:
        assert upgrade.station_id is not None
        assert upgrade.channel is not None
        tx.audit.append(
            UpgradeClaimed(
                upgrade_id=upgrade.id,
                station_id=upgrade.station_id,
                channel=upgrade.channel.value,
                resident_id=upgrade.resident_id,
                officer=upgrade.officer,
                recovers=upgrade.recovers,
            )
        )

    def _spend(self, station: Station, now: Instant) -> None:
        settings = self._parts.stations.settings
        with self._parts.store.transaction() as tx:
            budget = tx.budgets.spend(
                _NUMBERS,
                station.id.encode(),
                limit=settings.number_attempts,
                window=settings.window,
                now=now,
            )
        if not budget.allowed:
            raise TooManyAttempts("station_attempts_exhausted", retry_after=budget.retry_after)


def end_overdue(
    store: Store[UpgradeTransaction], vault: EvidenceVault, clock: Clock, *, limit: int = 100
) -> int:
    """End upgrades that are out of time, or of a revoked station, and destroy their evidence; returns how many."""
    now = clock.now()
    with store.transaction() as tx:
        late = tx.upgrades.due(now, limit=limit)
    done = 0
    for upgrade in late:
        try:
            with store.transaction() as tx:
                end(tx, upgrade, UpgradeStep.EXPIRED, "upgrade_expired", now)
        except UpgradeRefused:
            continue  # somebody acted at the same moment
        vault.destroy(upgrade.id)
        done += 1
    return done + end_of_revoked(store, vault, now) + _forget_ended(store, vault)


def _forget_ended(store: Store[UpgradeTransaction], vault: EvidenceVault) -> int:
    """Destroy evidence of upgrades that are over: whoever ended one was killed before doing it."""
    forgotten, after = 0, ""
    while page := vault.sessions(after):
        with store.transaction() as tx:
            found = [tx.upgrades.get(session_id) for session_id in page]
        for upgrade in found:
            if upgrade is not None and upgrade.step.over:
                vault.destroy(upgrade.id)
                forgotten += 1
        after = page[-1]
    return forgotten
