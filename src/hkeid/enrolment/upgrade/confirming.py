"""The resident's own word: a user-verified passkey, asked for this upgrade and nothing else.

What a kill leaves behind: the ceremony is burnt first, so that an answer counts once; then one
transaction notes the passkey's use, makes the eID an eID+, ends the upgrade, and records it - all or
nothing. The evidence is destroyed after that; if a kill keeps it, the housekeeping does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hkeid.broker.ending import suspend_credential
from hkeid.broker.events import credential_reference
from hkeid.enrolment.notices.telling import tell
from hkeid.enrolment.proofs import keep_station_proofing
from hkeid.enrolment.stations import Station
from hkeid.enrolment.upgrade.errors import UpgradeRefused
from hkeid.enrolment.upgrade.events import EidUpgraded
from hkeid.enrolment.upgrade.parts import UpgradeParts, move
from hkeid.enrolment.upgrade.records import Upgrade, UpgradeStep, UpgradeTransaction
from hkeid.enrolment.upgrade.register_answers import RegisterAnswers
from hkeid.enrolment.upgrade.station_status import check_station, require_station
from hkeid.identity.assurance import Acr
from hkeid.identity.state import EidState, check_transition
from hkeid.kernel.instants import Instant
from hkeid.residents.proofing import ProofingProcedure
from hkeid.residents.records import Credential, CredentialStatus, Resident
from hkeid.webauthn import (
    CeremonyKind,
    CeremonyRefused,
    CeremonyStart,
    ResponseInput,
    VerifiedAssertion,
    WebAuthnPolicy,
    begin_authentication,
    claim_ceremony,
    presented_credential_id,
    verify_assertion,
)

_KINDS = frozenset({CeremonyKind.UPGRADE})
_COUNTER = "counter_regressed"


class Confirmations:
    """Asks for the passkey and makes the eID an eID+."""

    def __init__(
        self, parts: UpgradeParts, policy: WebAuthnPolicy, register: RegisterAnswers
    ) -> None:
        self._parts = parts
        self._register = register
        self._policy = policy

    def start(
        self,
        upgrade_id: str,
        *,
        binding: str,
        station: Station | None = None,
        resident_id: str | None = None,
    ) -> CeremonyStart:
        """Begin the ceremony, at the station or on the resident's own page.

        :param binding: browser-binding value of the browser that asks.
        :raises UpgradeRefused: ``upgrade_unknown``, ``upgrade_other_step``, ``upgrade_expired``,
            ``confirm_at_station``, ``station_revoked``, ``station_suspended``, ``registry_…``.
        :raises hkeid.kernel.errors.Unavailable: ``registry_unavailable``: the answer kept is old.
        """
        parts = self._parts
        upgrade = self._upgrade_of(upgrade_id, station, resident_id)
        with parts.store.transaction() as tx:
            held = tx.credentials.of_resident(upgrade.resident_id or "")
            return begin_authentication(
                tx,
                self._policy,
                kind=CeremonyKind.UPGRADE,
                binding=binding,
                allow=[one for one in held if one.status is CredentialStatus.ACTIVE],
                resident_id=upgrade.resident_id,
                context={"upgrade": upgrade.id},
                now=parts.clock.now(),
                random=parts.random,
            )

    def finish(
        self,
        upgrade_id: str,
        ceremony_id: str,
        response: ResponseInput,
        *,
        binding: str,
        station: Station | None = None,
        resident_id: str | None = None,
    ) -> Upgrade:
        """Verify the answer; the eID is an eID+ when this returns.

        :raises hkeid.webauthn.CeremonyRefused: a rule of WebAuthn, by its reason.
        :raises hkeid.webauthn.MalformedResponse: the answer does not parse.
        :raises UpgradeRefused: ``ceremony_other_upgrade``, ``credential_unknown`` …,
            ``eid_not_active``, ``upgrade_other_step``, ``upgrade_changed``.
        """
        parts, now = self._parts, self._parts.clock.now()
        ceremony = claim_ceremony(parts.store, ceremony_id, kinds=_KINDS, binding=binding, now=now)
        upgrade = self._upgrade_of(upgrade_id, station, resident_id)
        if ceremony.context.get("upgrade") != upgrade.id:
            raise UpgradeRefused("ceremony_other_upgrade")
        credential, resident = self._find(upgrade, presented_credential_id(response))
        try:
            proof = verify_assertion(
                response, ceremony, credential, resident.user_handle, self._policy
            )
        except CeremonyRefused as error:
            if error.reason == _COUNTER:
                with parts.store.transaction() as tx:
                    suspend_credential(tx, credential, now, reason=_COUNTER)
            raise
        if not proof.user_verified:
            raise UpgradeRefused("uv_missing")
        done = self._upgrade(upgrade, credential, resident, proof, now)
        parts.vault.destroy(upgrade.id)
        return done

    # --- details ---------------------------------------------------------------------------------

    def _upgrade_of(
        self, upgrade_id: str, station: Station | None, resident_id: str | None
    ) -> Upgrade:
        upgrade = self._parts.find(
            upgrade_id, {UpgradeStep.CONFIRM}, station=station, resident_id=resident_id
        )
        if station is None and not upgrade.confirmed_anywhere:
            raise UpgradeRefused("confirm_at_station")
        require_station(self._parts, upgrade)
        return self._register.recheck(upgrade)

    def _find(self, upgrade: Upgrade, credential_id: bytes) -> tuple[Credential, Resident]:
        with self._parts.store.transaction() as tx:
            credential = tx.credentials.get(credential_id)
            resident = tx.residents.get(upgrade.resident_id or "")
        if credential is None or resident is None or credential.resident_id != resident.id:
            raise UpgradeRefused("credential_unknown")
        if credential.status is not CredentialStatus.ACTIVE:
            raise UpgradeRefused(f"credential_{credential.status.value}")
        return credential, resident

    def _upgrade(
        self,
        upgrade: Upgrade,
        credential: Credential,
        resident: Resident,
        proof: VerifiedAssertion,
        now: Instant,
    ) -> Upgrade:
        if resident.state is not EidState.ACTIVE:
            raise UpgradeRefused("eid_not_active")
        check_transition(resident.state, EidState.UPGRADED)
        proofed = resident.proofed if resident.proofed.at_least(Acr.EID_PLUS) else Acr.EID_PLUS
        after = replace(resident, state=EidState.UPGRADED, proofed=proofed, updated_at=now)
        with self._parts.store.transaction() as tx:
            check_station(tx, upgrade)
            used = tx.credentials.record_use(
                credential.id,
                old_count=credential.sign_count,
                new_count=proof.sign_count,
                backed_up=proof.backed_up,
                now=now,
            )
            if not used or not tx.residents.change(resident, after):
                raise UpgradeRefused("upgrade_changed")
            done = move(
                tx, upgrade, now, step=UpgradeStep.DONE, nonce=b"", number=None, expires_at=now
            )
            self._record(tx, done, credential, proofed, upgrade.facts)
            procedure = (
                ProofingProcedure.COUNTER_REGISTRATION
                if upgrade.registers
                else ProofingProcedure.CHIP_UPGRADE
            )
            keep_station_proofing(
                tx, self._parts.fields, upgrade, procedure, self._parts.policy.version, now
            )
        return done

    def _record(
        self,
        tx: UpgradeTransaction,
        upgrade: Upgrade,
        credential: Credential,
        proofed: Acr,
        facts: Mapping[str, object],
    ) -> None:
        tx.audit.append(
            EidUpgraded(
                upgrade_id=upgrade.id,
                resident_id=credential.resident_id,
                station_id=upgrade.station_id or "",
                channel=upgrade.channel.value if upgrade.channel is not None else "",
                credential=credential_reference(credential.id),
                proofed=proofed.value,
                genuine=str(facts.get("genuine", "")),
                policy=self._parts.policy.version,
                officer=upgrade.officer,
            )
        )
        tell(
            tx,
            credential.resident_id,
            "eid_upgraded",
            now=self._parts.clock.now(),
            random=self._parts.random,
        )
