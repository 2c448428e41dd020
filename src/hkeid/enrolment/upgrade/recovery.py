"""Recovery at the counter, for whoever has no phone and lost the security key: chip, officers, a new key.

It goes the steps of a registration at the counter, and the proofing policy decides on it for the purpose
``recovery``. Nothing about the eID changes before the new key is made.

What a kill leaves behind: the ceremony is burnt first, so that an answer counts once; then one transaction
ends everything earlier, keeps the new passkey, begins the cooling period, ends the case, tells the owner
and records it - all or nothing. Whoever is interrupted puts the key in again; a passkey left on it by a
kill in between is unknown here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NoReturn

from hkeid.broker.events import credential_reference
from hkeid.enrolment.events import CredentialAdded
from hkeid.enrolment.labels import parse_label
from hkeid.enrolment.notices.telling import tell
from hkeid.enrolment.proofing_policy import Decision
from hkeid.enrolment.proofs import keep_station_proofing
from hkeid.enrolment.recovering import end_former
from hkeid.enrolment.registration.events import BindingRefused, RegistrationConcluded
from hkeid.enrolment.stations import Station, StationPermission
from hkeid.enrolment.stations.permissions import require
from hkeid.enrolment.upgrade.counter import security_key_policy
from hkeid.enrolment.upgrade.errors import UpgradeRefused
from hkeid.enrolment.upgrade.parts import UpgradeParts, move
from hkeid.enrolment.upgrade.proofing import (
    REGISTRATION,
    check_registration,
    registration_digest,
)
from hkeid.enrolment.upgrade.records import Upgrade, UpgradeStep, UpgradeTransaction
from hkeid.enrolment.upgrade.register_answers import RegisterAnswers
from hkeid.enrolment.upgrade.serving import refuse_own_record
from hkeid.identity.assurance import Acr
from hkeid.identity.state import EidState, check_transition
from hkeid.kernel.errors import HkeidError, MalformedInput, Refused
from hkeid.kernel.instants import Instant
from hkeid.residents.proofing import ProofingProcedure
from hkeid.residents.records import Credential, Resident
from hkeid.webauthn import (
    CeremonyKind,
    CeremonyStart,
    ResponseInput,
    WebAuthnPolicy,
    begin_registration,
    claim_ceremony,
    verify_registration,
)

_KINDS = frozenset({CeremonyKind.REGISTER})
_RECOVERABLE = frozenset({EidState.ACTIVE, EidState.UPGRADED, EidState.SUSPENDED})
_NAMES = ("name_english", "name_chinese")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recovery:
    """Everything that the transaction needs."""

    upgrade: Upgrade
    decision: Decision
    credential: Credential
    officer: str
    now: Instant


class CounterRecovery:
    """Binds a new security key to the eID of a person whose chip and face were accepted."""

    def __init__(
        self, parts: UpgradeParts, policy: WebAuthnPolicy, register: RegisterAnswers
    ) -> None:
        self._parts = parts
        self._register = register
        self._policy = security_key_policy(policy)

    def start(
        self, station: Station, upgrade_id: str, officer: str | None, *, binding: str
    ) -> CeremonyStart:
        """Begin making the passkey on the key.

        :param binding: browser-binding value of the station's browser.
        :raises hkeid.enrolment.stations.StationRefused: ``station_not_allowed``.
        :raises UpgradeRefused: ``officer_missing``, ``registration_not_decided``, ``eid_not_active``,
            ``eid_changed``; and as :meth:`UpgradeParts.find`.
        """
        parts = self._parts
        upgrade = self._decided(station, upgrade_id, officer)
        with parts.store.transaction() as tx:
            resident = _owner(tx, upgrade)
            shown = parts.fields.read(tx, resident.id, _NAMES)
            english = shown.get("name_english", "")
            return begin_registration(
                tx,
                self._policy,
                kind=CeremonyKind.REGISTER,
                resident=resident,
                account_name=english,
                display_name=shown.get("name_chinese") or english,
                exclude=(),
                binding=binding,
                context={"upgrade": upgrade.id},
                now=parts.clock.now(),
                random=parts.random,
            )

    def finish(
        self,
        station: Station,
        upgrade_id: str,
        ceremony_id: str,
        response: ResponseInput,
        officer: str | None,
        *,
        binding: str,
        label: str,
    ) -> Upgrade:
        """Bind the key; the eID is recovered when this returns. Nobody is logged in at the station.

        :raises hkeid.webauthn.CeremonyRefused: a rule of WebAuthn, by its reason.
        :raises hkeid.kernel.errors.MalformedInput: the answer or the label does not parse.
        :raises UpgradeRefused: as :meth:`start`; ``ceremony_other_upgrade``,
            ``credential_registered``, ``upgrade_changed``.
        """
        parts, now = self._parts, self._parts.clock.now()
        words = parse_label(label or "Passkey")
        ceremony = claim_ceremony(parts.store, ceremony_id, kinds=_KINDS, binding=binding, now=now)
        try:
            upgrade = self._decided(station, upgrade_id, officer)
            if ceremony.context.get("upgrade") != upgrade.id:
                raise UpgradeRefused("ceremony_other_upgrade")
            new = verify_registration(response, ceremony, self._policy, now=now)
            owner = upgrade.resident_id or ""
            sealed = parts.fields.seal_device_label(owner, new.credential_id, words)
            ready = _Recovery(
                upgrade=upgrade,
                decision=check_registration(upgrade),
                credential=new.as_credential(owner, sealed, now),
                officer=officer or "",
                now=now,
            )
            with parts.store.transaction() as tx:
                done = self._recover(tx, ready)
        except (Refused, MalformedInput) as error:
            self._refuse(upgrade_id, error)
        parts.vault.destroy(done.id)
        return done

    # --- details ---------------------------------------------------------------------------------

    def _decided(self, station: Station, upgrade_id: str, officer: str | None) -> Upgrade:
        """A recovery that policy or officers allowed, an officer being present."""
        require(station, StationPermission.RECOVER)
        if not officer:
            raise UpgradeRefused("officer_missing")
        upgrade = self._parts.find(upgrade_id, {UpgradeStep.BIND}, station=station)
        if not upgrade.recovers:
            raise UpgradeRefused("upgrade_other_step", detail="registration")
        refuse_own_record(self._parts, upgrade, officer)
        check_registration(upgrade)
        return self._register.recheck(upgrade)

    def _recover(self, tx: UpgradeTransaction, ready: _Recovery) -> Upgrade:
        """All of it, or nothing."""
        parts, now, upgrade = self._parts, ready.now, ready.upgrade
        owner = _owner(tx, upgrade)
        proved = ready.decision.proofed or Acr.EID
        # Never higher than what was proved now, and never higher than before.
        proofed = min(owner.proofed, proved, key=lambda one: one.rung)
        state = EidState.UPGRADED if proofed.at_least(Acr.EID_PLUS) else EidState.ACTIVE
        if owner.state is not state:
            check_transition(owner.state, state)
        after = replace(
            owner,
            state=state,
            proofed=proofed,
            updated_at=now,
            cooling_until=now + parts.registration.cooling,
        )
        end_former(tx, owner.id, now)
        if not tx.credentials.add(ready.credential):
            raise UpgradeRefused("credential_registered")
        if not tx.residents.change(owner, after):
            raise UpgradeRefused("upgrade_changed")
        done = move(tx, upgrade, now, step=UpgradeStep.DONE, nonce=b"", expires_at=now)
        self._record(tx, ready, proofed)
        procedure = ProofingProcedure.COUNTER_RECOVERY
        keep_station_proofing(tx, parts.fields, upgrade, procedure, ready.decision.policy, now)
        tell(tx, owner.id, "eid_recovered", now=now, random=parts.random)
        return done

    def _record(self, tx: UpgradeTransaction, ready: _Recovery, proofed: Acr) -> None:
        upgrade, credential = ready.upgrade, ready.credential
        tx.audit.append(
            CredentialAdded(
                resident_id=credential.resident_id,
                credential=credential_reference(credential.id),
                by="recovery",
                backup_eligible=credential.backup_eligible,
                attestation=credential.attestation,
            )
        )
        tx.audit.append(
            RegistrationConcluded(
                registration=upgrade.id,
                resident_id=credential.resident_id,
                purpose="recovery",
                proofed=proofed.value,
                policy=ready.decision.policy,
                evidence=registration_digest(upgrade),
                station_id=upgrade.station_id or "",
                officer=ready.officer,
            )
        )

    def _refuse(self, upgrade_id: str, error: HkeidError) -> NoReturn:
        """Record a refusal in a transaction of its own, and raise it."""
        with self._parts.store.transaction() as tx:
            tx.audit.append(BindingRefused(registration=upgrade_id, reason=error.reason))
        raise error


def _owner(tx: UpgradeTransaction, upgrade: Upgrade) -> Resident:
    """Whose eID it is, still as the decision found it.

    :raises UpgradeRefused: ``eid_not_active``, ``eid_changed``: frozen since the decision.
    """
    resident = tx.residents.get(upgrade.resident_id or "")
    if resident is None or resident.state not in _RECOVERABLE:
        raise UpgradeRefused("eid_not_active")
    found = upgrade.facts[REGISTRATION]["findings"].get("existing")
    if resident.state is EidState.SUSPENDED and found != EidState.SUSPENDED.value:
        raise UpgradeRefused("eid_changed")
    return resident
