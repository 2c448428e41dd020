"""Whom officers accepted comes back for the key: the officer who sits there says whether it is them.

A reference number is written on paper, and proves nothing about who brings it. The officer sees whose case
it is, with the chip's picture, and says whether that person stands there; without it no key is made. The
answer is the officer's own, holds for this time, and is forgotten when anybody leaves, or comes next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hkeid.enrolment.stations import Station
from hkeid.enrolment.upgrade.errors import UpgradeRefused
from hkeid.enrolment.upgrade.events import ReturnCompared
from hkeid.enrolment.upgrade.officers import OnDuty, note_service
from hkeid.enrolment.upgrade.parts import PORTRAIT, UpgradeParts, move
from hkeid.enrolment.upgrade.records import Upgrade, UpgradeStep, UpgradeTransaction
from hkeid.enrolment.upgrade.serving import refuse_own_record, words_of
from hkeid.identity.names import PersonName
from hkeid.kernel.errors import Expired
from hkeid.kernel.instants import Instant, epoch_seconds

RETURNED = "returned"
"""Fact of an upgrade whose person came back: who was shown it (``shown``), and the officer who found that it
is them (``officer``), until when that holds (``until``, seconds)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedPerson:
    """Whose case it is, as the chip says."""

    name: PersonName
    portrait: bytes = field(repr=False)


class Returns:
    """Shows the officer at a counter who was accepted, and takes their answer."""

    def __init__(self, parts: UpgradeParts) -> None:
        self._parts = parts

    def shows(self, station: Station, upgrade_id: str, duty: OnDuty) -> AcceptedPerson:
        """Who was accepted, for the officer who sits there. The person concerned sees that somebody
        looked, once for each officer and each time.

        :raises UpgradeRefused: ``own_record``, ``chip_not_trusted``; and as :meth:`UpgradeParts.find`.
        :raises hkeid.kernel.errors.Expired: ``evidence_destroyed``.
        """
        parts = self._parts
        upgrade = self._accepted(station, upgrade_id, duty.officer)
        name, portrait = parts.holder(upgrade).person.name, parts.vault.get(upgrade.id, PORTRAIT)
        if portrait is None:
            raise Expired("evidence_destroyed")
        with parts.store.transaction() as tx:
            self._note(tx, upgrade, duty, parts.clock.now())
        return AcceptedPerson(name=name, portrait=portrait)

    def says(
        self, station: Station, upgrade_id: str, duty: OnDuty | None, *, same: bool
    ) -> Upgrade:
        """The officer's answer. A no leaves the case as it is, for the person who was accepted.

        :raises UpgradeRefused: ``officer_missing``, ``own_record``; and as :meth:`UpgradeParts.find`.
        """
        if duty is None:
            raise UpgradeRefused("officer_missing")
        parts, now = self._parts, self._parts.clock.now()
        upgrade = self._accepted(station, upgrade_id, duty.officer)
        with parts.store.transaction() as tx:
            upgrade = self._note(tx, upgrade, duty, now)
            tx.audit.append(
                ReturnCompared(
                    upgrade_id=upgrade.id,
                    station_id=station.id,
                    officer=duty.officer,
                    same=same,
                    resident_id=upgrade.resident_id,
                )
            )
            if not same:
                return forget_return(tx, upgrade, now)
            until = epoch_seconds(now + parts.policy.window)
            found = {**_returned(upgrade), "officer": duty.officer, "until": until}
            return move(tx, upgrade, now, facts={**upgrade.facts, RETURNED: found})

    # --- details ---------------------------------------------------------------------------------

    def _accepted(self, station: Station, upgrade_id: str, officer: str) -> Upgrade:
        upgrade = self._parts.find(upgrade_id, {UpgradeStep.BIND}, station=station)
        if not upgrade.accepted_in_review:
            raise UpgradeRefused("upgrade_other_step", detail="nobody comes back")
        refuse_own_record(self._parts, upgrade, officer)
        return upgrade

    def _note(
        self, tx: UpgradeTransaction, upgrade: Upgrade, duty: OnDuty, now: Instant
    ) -> Upgrade:
        """Keep that this officer was shown it, if it is not kept yet."""
        known = _returned(upgrade)
        shown = words_of(known, "shown")
        if duty.officer in shown:
            return upgrade
        if duty.role is not None:
            access = self._parts.random.token(16)
            note_service(tx, upgrade, duty.officer, duty.role, access, now)
        facts = {**upgrade.facts, RETURNED: {**known, "shown": [*shown, duty.officer]}}
        return move(tx, upgrade, now, facts=facts)


def awaits_comparison(upgrade: Upgrade, officer: str | None, now: Instant) -> bool:
    """Whether it waits for this officer to say that the person accepted is the one who stands there."""
    if upgrade.step is not UpgradeStep.BIND or not upgrade.accepted_in_review:
        return False
    known = _returned(upgrade)
    mine = officer is not None and known.get("officer") == officer
    return not mine or epoch_seconds(now) >= int(known.get("until", 0))


def check_compared(upgrade: Upgrade, officer: str | None, now: Instant) -> None:
    """Before a key is made.

    :raises UpgradeRefused: ``person_not_compared``.
    """
    if awaits_comparison(upgrade, officer, now):
        raise UpgradeRefused("person_not_compared")


def forget_return(tx: UpgradeTransaction, upgrade: Upgrade, now: Instant) -> Upgrade:
    """Whoever came back has left: the next one is looked at anew.

    :raises UpgradeRefused: ``upgrade_changed``.
    """
    if RETURNED not in upgrade.facts:
        return upgrade
    facts = {name: value for name, value in upgrade.facts.items() if name != RETURNED}
    return move(tx, upgrade, now, facts=facts)


def _returned(upgrade: Upgrade) -> Mapping[str, Any]:
    known = upgrade.facts.get(RETURNED)
    return known if isinstance(known, Mapping) else {}
