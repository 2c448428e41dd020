"""The first assertion, and the one transaction that makes an eID of a registration."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hkeid.broker.assurance import passkey_authentication
from hkeid.broker.events import credential_reference
from hkeid.broker.sessions import LoggedInSession, Opening
from hkeid.enrolment.events import ApplicantRegistered, CredentialAdded, EidActivated
from hkeid.enrolment.notices.telling import tell
from hkeid.enrolment.proofs import remote_proofing
from hkeid.enrolment.recovering import end_former
from hkeid.enrolment.registration.binding import LABEL, Binding, number_of, pending_credential
from hkeid.enrolment.registration.cases import Cases, particulars_of
from hkeid.enrolment.registration.errors import RegistrationRefused
from hkeid.enrolment.registration.events import RegistrationConcluded
from hkeid.enrolment.registration.guardianship import GUARDIAN, kept_approval
from hkeid.enrolment.registration.particulars import Texts, person_of
from hkeid.enrolment.registration.parts import RegistrationParts
from hkeid.enrolment.registration.records import (
    RegistrationPurpose,
    RegistrationRecord,
    RegistrationStep,
    RegistrationTransaction,
)
from hkeid.enrolment.tickets import ticket_family
from hkeid.identity.assurance import Acr
from hkeid.identity.state import EidState, check_transition
from hkeid.kernel.errors import MalformedInput, Refused
from hkeid.kernel.instants import Instant
from hkeid.residents import bind_hkic, find_by_hkic
from hkeid.residents.guardians import GuardianApproval
from hkeid.residents.proofing import Proofing
from hkeid.residents.records import Credential, Resident
from hkeid.webauthn import Ceremony, CeremonyKind, ResponseInput, verify_assertion

_CONFIRM = frozenset({CeremonyKind.CONFIRM})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Binding:
    """Everything that the transaction needs."""

    record: RegistrationRecord
    texts: Texts
    owner: Resident
    credential: Credential
    opening: Opening
    proofed: Acr
    proofing: Proofing
    policy: str
    now: Instant
    approval: GuardianApproval | None


class Confirming:
    """From a pending passkey to an eID."""

    def __init__(self, parts: RegistrationParts, cases: Cases, binding: Binding) -> None:
        self._parts = parts
        self._cases = cases
        self._binding = binding

    def finish(
        self,
        registration_id: str,
        ceremony_id: str,
        response: ResponseInput,
        *,
        browser: str,
        agent: str,
        session_reference: str | None,
    ) -> LoggedInSession:
        """See :meth:`hkeid.enrolment.Registration.finish_confirmation`."""
        ceremony = self._binding.claim(registration_id, ceremony_id, _CONFIRM, browser)
        try:
            record = self._cases.load(
                registration_id, browser=browser, steps=(RegistrationStep.CONFIRM,)
            )
            ready = self._verified(record, ceremony, response, agent)
            with self._parts.store.transaction() as tx:
                logged_in, done = self._activate(tx, ready, session_reference)
        except RegistrationRefused as error:
            if error.reason == "already_registered":
                self._cases.end(record, RegistrationStep.REFUSED, error.reason)
            self._binding.refuse(registration_id, error)
        except (Refused, MalformedInput) as error:
            self._binding.refuse(registration_id, error)
        self._cases.settle(done)
        return logged_in

    def _verified(
        self, record: RegistrationRecord, ceremony: Ceremony, response: ResponseInput, agent: str
    ) -> _Binding:
        """Verify the assertion, and prepare what needs no transaction."""
        decision = self._cases.decision(record)
        if decision is None or decision.proofed is None or record.user_handle is None:
            raise RegistrationRefused("registration_changed")
        now = self._cases.now
        texts = self._binding.texts(record)
        pending = pending_credential(record, now)
        proof = verify_assertion(
            response, ceremony, pending, record.user_handle, self._parts.passkeys
        )
        owner = self._owner(record, now)
        proofed = decision.proofed
        self._make_key(owner)
        label = self._parts.evidence.get(particulars_of(record.id), LABEL) or b"Passkey"
        credential = replace(
            pending,
            label=self._parts.fields.seal_device_label(owner.id, pending.id, label.decode()),
            sign_count=proof.sign_count,
            backed_up=proof.backed_up,
            last_used_at=now,
        )
        authentication = passkey_authentication(
            replace(owner, proofed=proofed), credential, user_verified=proof.user_verified, at=now
        )
        recovering = record.purpose is RegistrationPurpose.RECOVERY
        if recovering:
            authentication = replace(authentication, acr=Acr.EID)
        opening = self._parts.broker.sessions.prepare(
            authentication, credential_id=credential.id, agent=agent
        )
        return _Binding(
            record=record,
            texts=texts,
            owner=owner,
            credential=credential,
            opening=opening,
            proofed=proofed,
            proofing=remote_proofing(
                self._cases.findings(record), decision, now, recovering=recovering
            ),
            policy=decision.policy,
            now=now,
            approval=self._approval(record, owner),
        )

    def _approval(self, record: RegistrationRecord, owner: Resident) -> GuardianApproval | None:
        """The guardian's, where the applicant is a minor."""
        kept = self._parts.evidence.get(particulars_of(record.id), GUARDIAN)
        return None if kept is None else kept_approval(kept, record.id, owner.id)

    def _owner(self, record: RegistrationRecord, now: Instant) -> Resident:
        """The entry that is there, or the one to be made."""
        resident_id, user_handle = record.resident_id, record.user_handle
        if resident_id is None or user_handle is None:
            raise RegistrationRefused("registration_changed")
        with self._parts.store.transaction() as tx:
            known = tx.residents.get(resident_id)
        if known is not None:
            return known
        return Resident(
            id=resident_id,
            user_handle=user_handle,
            state=EidState.APPLICANT,
            created_at=now,
            updated_at=now,
        )

    def _make_key(self, owner: Resident) -> None:
        """The data key of a new entry. One that a killed process left opens nothing yet, and is
        used.
        """
        try:
            self._parts.fields.create_key(owner.id)
        except Refused as error:
            if error.reason != "data_key_exists":
                raise

    def _activate(
        self, tx: RegistrationTransaction, ready: _Binding, session_reference: str | None
    ) -> tuple[LoggedInSession, RegistrationRecord]:
        """All of it, or nothing."""
        record, owner, now = ready.record, ready.owner, ready.now
        recovering = record.purpose is RegistrationPurpose.RECOVERY
        if recovering:
            end_former(tx, owner.id, now)
            self._parts.hooks.recovered(tx, owner.id, now)
        self._enter(tx, ready)
        if not tx.credentials.add(ready.credential):
            raise RegistrationRefused("credential_registered")
        texts = {**person_of(ready.texts).as_fields(), **ready.proofing.as_field()}
        self._parts.fields.put(tx, owner.id, texts, now)
        done = self._cases.move_in(
            tx,
            record,
            replace(record, step=RegistrationStep.DONE, number_digest=None, reason=None),
        )
        # Officers who looked at the case looked at this resident: My eID says so from the beginning.
        tx.record_accesses.bind_case(record.id, owner.id)
        if ready.approval is not None:
            tx.guardian_approvals.add(ready.approval)
        self._record(tx, ready, recovering=recovering)
        logged_in = self._parts.broker.sessions.open(tx, ready.opening, previous=session_reference)
        return logged_in, done

    def _enter(self, tx: RegistrationTransaction, ready: _Binding) -> None:
        """The resident's entry and the index, as the decision allows.

        :raises RegistrationRefused: ``already_registered``: somebody was faster.
        """
        record, owner, now = ready.record, ready.owner, ready.now
        number = number_of(ready.texts)
        state = EidState.UPGRADED if ready.proofed.at_least(Acr.EID_PLUS) else EidState.ACTIVE
        found = find_by_hkic(tx, self._parts.keys, number)
        recovering = record.purpose is RegistrationPurpose.RECOVERY
        entry = replace(
            owner,
            state=state,
            proofed=ready.proofed,
            updated_at=now,
            cooling_until=now + self._parts.settings.cooling if recovering else None,
        )
        if found == owner.id:
            self._check_taking(owner, record)
            if owner.state is not state:
                check_transition(owner.state, EidState.ACTIVE)
            tx.single_use.revoke_family(ticket_family(owner.id), now)
            if not tx.residents.change(owner, entry):
                raise RegistrationRefused("eid_changed")
            return
        if recovering:
            raise RegistrationRefused("eid_changed")
        if found is not None:
            former = tx.residents.get(found)
            if former is not None and former.state is not EidState.REVOKED:
                raise RegistrationRefused("already_registered")
            tx.blind_index.delete(found)
        if not tx.residents.add(entry):
            raise RegistrationRefused("eid_changed")
        if not bind_hkic(tx, self._parts.keys, number, owner.id):
            raise RegistrationRefused("already_registered")
        tx.audit.append(ApplicantRegistered(resident_id=owner.id, proofed=ready.proofed.value))

    def _check_taking(self, owner: Resident, record: RegistrationRecord) -> None:
        """The entry is still as the decision found it.

        :raises RegistrationRefused: ``already_registered``, ``eid_changed``.
        """
        recovering = record.purpose is RegistrationPurpose.RECOVERY
        active = (EidState.ACTIVE, EidState.UPGRADED, EidState.SUSPENDED)
        if owner.state not in (active if recovering else (EidState.APPLICANT,)):
            raise RegistrationRefused("already_registered")
        found = self._cases.findings(record).existing
        if owner.state is EidState.SUSPENDED and found != EidState.SUSPENDED.value:
            raise RegistrationRefused("eid_changed", detail="suspended since the decision")

    def _record(self, tx: RegistrationTransaction, ready: _Binding, *, recovering: bool) -> None:
        record, owner, credential = ready.record, ready.owner, ready.credential
        tx.audit.append(
            CredentialAdded(
                resident_id=owner.id,
                credential=credential_reference(credential.id),
                by="recovery" if recovering else "registration",
                backup_eligible=credential.backup_eligible,
                attestation=credential.attestation,
            )
        )
        if not recovering:
            tx.audit.append(EidActivated(resident_id=owner.id))
        tx.audit.append(
            RegistrationConcluded(
                registration=record.id,
                resident_id=owner.id,
                purpose=record.purpose.value,
                proofed=ready.proofed.value,
                policy=ready.policy,
                evidence=(record.evidence_digest or b"").hex(),
            )
        )
        about = "eid_recovered" if recovering else "eid_activated"
        tell(tx, owner.id, about, now=self._cases.now, random=self._parts.random)
