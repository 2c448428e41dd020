"""Registration at the counter, for whoever has no phone: chip, officer, security key with PIN.

Whether somebody is registered is decided before, by the proofing policy that decides on every registration
(:mod:`hkeid.enrolment.upgrade.proofing`).

What a kill leaves behind: the resident's entry is made first and noted in the upgrade; then the key is
bound by an activation of its own, which is all or nothing. Whoever is interrupted goes on at the step
where they were: an entry without a key is found by its number and used again.
"""

from __future__ import annotations

from dataclasses import replace

from hkeid.broker import Broker
from hkeid.enrolment.activation import Activation, ActivationStart
from hkeid.enrolment.errors import EnrolmentRefused
from hkeid.enrolment.settings import EnrolmentSettings
from hkeid.enrolment.stations import Station, StationPermission
from hkeid.enrolment.stations.permissions import require
from hkeid.enrolment.upgrade.errors import UpgradeRefused
from hkeid.enrolment.upgrade.parts import TICKET, UpgradeParts, move
from hkeid.enrolment.upgrade.proofing import check_registration
from hkeid.enrolment.upgrade.records import Upgrade, UpgradeStep
from hkeid.enrolment.upgrade.register_answers import RegisterAnswers
from hkeid.enrolment.upgrade.returning import check_compared
from hkeid.enrolment.upgrade.serving import refuse_own_record
from hkeid.identity.state import EidState
from hkeid.residents import find_by_hkic
from hkeid.webauthn import ResponseInput, WebAuthnPolicy


def security_key_policy(policy: WebAuthnPolicy) -> WebAuthnPolicy:
    """The provider's policy, for a hardware key with PIN in the station's browser: never the station's
    own authenticator, never one that is copied.
    """
    return replace(policy, attachment="cross-platform", hints=("security-key",), allow_synced=False)


class CounterRegistration:
    """Binds a security key to a person whose chip and face were accepted."""

    def __init__(
        self,
        parts: UpgradeParts,
        policy: WebAuthnPolicy,
        broker: Broker,
        settings: EnrolmentSettings | None = None,
        *,
        register: RegisterAnswers,
    ) -> None:
        self._parts = parts
        self._register = register
        self._broker = broker
        self._activation = Activation(
            parts.store,
            security_key_policy(policy),
            parts.fields,
            broker,
            parts.keys,
            parts.clock,
            parts.random,
            settings,
        )

    def start(
        self, station: Station, upgrade_id: str, officer: str | None, *, binding: str
    ) -> ActivationStart | None:
        """Begin making the passkey on the key; None when it is there already (go on to confirm).

        :raises UpgradeRefused: ``officer_missing``, ``own_record``, ``registration_not_decided``,
            ``person_not_compared``, ``registry_…``; and as :meth:`UpgradeParts.find`.
        :raises hkeid.kernel.errors.Unavailable: ``registry_unavailable``.
        """
        require(station, StationPermission.REGISTER)
        if not officer:
            raise UpgradeRefused("officer_missing")
        parts = self._parts
        found = parts.find(upgrade_id, {UpgradeStep.BIND}, station=station)
        refuse_own_record(parts, found, officer)
        check_compared(found, officer, parts.clock.now())
        self._check(found)
        upgrade = self._entered(self._register.recheck(found))
        resident_id = upgrade.resident_id or ""
        with parts.store.transaction() as tx:
            resident = tx.residents.get(resident_id)
        if resident is not None and resident.state is EidState.ACTIVE:
            self._bound(upgrade)
            return None
        code = self._activation.issue_ticket(resident_id).reveal()
        parts.vault.put(upgrade.id, TICKET, code.encode("ascii"))
        return self._activation.start(code, browser=binding, network=f"station:{station.id}")

    def finish(
        self,
        station: Station,
        upgrade_id: str,
        ceremony_id: str,
        response: ResponseInput,
        *,
        binding: str,
        label: str,
        officer: str | None = None,
    ) -> Upgrade:
        """Bind the key. Nobody stays logged in at the station.

        :param officer: who sits there: where the person was accepted in a review, it has to be the one
            who compared them when they came back.
        :raises UpgradeRefused: ``person_not_compared``.
        :raises hkeid.kernel.errors.HkeidError: as :meth:`hkeid.enrolment.Activation.finish`.
        """
        found = self._parts.find(upgrade_id, {UpgradeStep.BIND}, station=station)
        check_compared(found, officer, self._parts.clock.now())
        upgrade = self._register.recheck(found)
        session = self._activation.finish(
            ceremony_id,
            response,
            browser=binding,
            network=f"station:{station.id}",
            label=label,
        )
        self._broker.logout(session.reference.reveal())
        if session.view.authentication.resident_id != upgrade.resident_id:
            raise UpgradeRefused("upgrade_other_resident")
        return self._bound(upgrade)

    def _check(self, upgrade: Upgrade) -> None:
        if not upgrade.registers:
            raise UpgradeRefused("upgrade_other_step", detail="recovery")
        check_registration(upgrade)

    def _entered(self, upgrade: Upgrade) -> Upgrade:
        """The upgrade with an entry for its person in the registry of residents."""
        parts = self._parts
        if upgrade.resident_id is not None:
            return upgrade
        person = parts.holder(upgrade).person
        assert person.hkic_number is not None
        try:
            resident_id = self._activation.register_applicant(person)
        except EnrolmentRefused as error:
            if error.reason != "already_registered":
                raise
            # Made before a kill, or by somebody else at this moment.
            with parts.store.transaction() as tx:
                found = find_by_hkic(tx, parts.keys, person.hkic_number)
                known = None if found is None else tx.residents.get(found)
            if known is None or known.state is not EidState.APPLICANT:
                raise UpgradeRefused("eid_not_active") from None
            resident_id = known.id
        with parts.store.transaction() as tx:
            return move(tx, upgrade, parts.clock.now(), resident_id=resident_id)

    def _bound(self, upgrade: Upgrade) -> Upgrade:
        with self._parts.store.transaction() as tx:
            return move(tx, upgrade, self._parts.clock.now(), step=UpgradeStep.CONFIRM)
