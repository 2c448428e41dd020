"""The upgrade as the server sees it."""

from __future__ import annotations

from hkeid.broker import Broker
from hkeid.chip.evidence import ChipHolder
from hkeid.enrolment.settings import EnrolmentSettings
from hkeid.enrolment.upgrade.comparing import Faces
from hkeid.enrolment.upgrade.confirming import Confirmations
from hkeid.enrolment.upgrade.counter import CounterRegistration
from hkeid.enrolment.upgrade.offers import Offers
from hkeid.enrolment.upgrade.officer_decisions import OfficerDecisions
from hkeid.enrolment.upgrade.offline import OfflineReadings
from hkeid.enrolment.upgrade.parts import UpgradeParts
from hkeid.enrolment.upgrade.reading import Readings
from hkeid.enrolment.upgrade.records import Upgrade
from hkeid.enrolment.upgrade.recovery import CounterRecovery
from hkeid.enrolment.upgrade.register_answers import RegisterAnswers
from hkeid.enrolment.upgrade.returning import Returns
from hkeid.webauthn import WebAuthnPolicy


class Upgrades:
    """All steps, by who takes them.

    :ivar offers: begin, take up, cancel.
    :ivar readings: the station's chip readings.
    :ivar faces: comparison by machine.
    :ivar officers: comparison at a counter, and decisions of referred upgrades.
    :ivar returns: whom officers accepted comes back to a counter.
    :ivar register: the register of persons, asked again where it did not answer.
    :ivar confirmations: the resident's passkey.
    :ivar offline: readings of mobile teams without a network.
    :ivar counter: a security key for whoever has no phone.
    :ivar recovery: another one for whoever lost it, with every other passkey.
    """

    def __init__(
        self,
        parts: UpgradeParts,
        policy: WebAuthnPolicy,
        broker: Broker,
        settings: EnrolmentSettings | None = None,
    ) -> None:
        self._parts = parts
        self.offers = Offers(parts)
        self.readings = Readings(parts)
        self.register = RegisterAnswers(parts)
        self.faces = Faces(parts, self.register)
        self.officers = OfficerDecisions(parts, self.register)
        self.returns = Returns(parts)
        self.confirmations = Confirmations(parts, policy, self.register)
        self.offline = OfflineReadings(parts)
        self.counter = CounterRegistration(parts, policy, broker, settings, register=self.register)
        self.recovery = CounterRecovery(parts, policy, self.register)

    def look(
        self,
        upgrade_id: str,
        *,
        station_id: str | None = None,
        resident_id: str | None = None,
    ) -> Upgrade | None:
        """An upgrade as it stands, for a page; None unless it belongs to the caller."""
        with self._parts.store.transaction() as tx:
            found = tx.upgrades.get(upgrade_id)
        if found is None or (station_id is not None and found.station_id != station_id):
            return None
        if resident_id is not None and found.resident_id != resident_id:
            return None
        return found

    def at_station(self, station_id: str) -> Upgrade | None:
        """What a station is busy with; who was accepted in a review may be anywhere meanwhile."""
        now = self._parts.clock.now()
        with self._parts.store.transaction() as tx:
            found = tx.upgrades.at_station(station_id)
        busy = (one for one in found if now < one.expires_at and not one.accepted_in_review)
        return next(busy, None)

    def of_resident(self, resident_id: str) -> Upgrade | None:
        """A resident's latest upgrade; a recovery at a counter is none."""
        with self._parts.store.transaction() as tx:
            found = tx.upgrades.of_resident(resident_id)
        return next((one for one in found if not one.recovers), None)

    def holder(self, upgrade: Upgrade) -> ChipHolder:
        """Whom the chip is about, for an officer who decides.

        :raises hkeid.kernel.errors.Expired: ``evidence_destroyed``.
        :raises UpgradeRefused: ``chip_not_trusted``: the card is not trusted any more.
        """
        return self._parts.holder(upgrade)

    def sweep(self) -> int:
        """End what is out of time; returns how many."""
        return len(self._parts.vault.expire(self._parts.clock.now())) + self.offers.sweep()
