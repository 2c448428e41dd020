"""Binding the device: a passkey is made, waits, and counts from its first use on (WebAuthn L3 §7).

The pending passkey is in the registration's record and nowhere else: it is no credential of anybody
and cannot log in. Its first user-verified assertion, in the same browser, activates everything in one
transaction: entry, index, particulars, credential, evidence digest, session.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn

from hkeid.enrolment.labels import parse_label
from hkeid.enrolment.registration.cases import Cases, particulars_of
from hkeid.enrolment.registration.conclusion import Conclusion
from hkeid.enrolment.registration.errors import RegistrationRefused
from hkeid.enrolment.registration.events import BindingRefused
from hkeid.enrolment.registration.particulars import Texts, kept_texts, person_of
from hkeid.enrolment.registration.parts import RegistrationParts
from hkeid.enrolment.registration.records import (
    RegistrationPurpose,
    RegistrationRecord,
    RegistrationStep,
)
from hkeid.enrolment.registration.showing import DETAILS, Showing
from hkeid.enrolment.registration.views import RegistrationView
from hkeid.identity.hkic_number import HkicNumber
from hkeid.identity.state import EidState
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import HkeidError, MalformedInput, Refused
from hkeid.kernel.instants import Instant
from hkeid.ports.documents import CardField
from hkeid.residents import find_by_hkic
from hkeid.residents.records import Credential, Resident
from hkeid.webauthn import (
    Ceremony,
    CeremonyKind,
    CeremonyStart,
    NewCredential,
    ResponseInput,
    begin_authentication,
    begin_registration,
    claim_ceremony,
    verify_registration,
)

LABEL = "label"
_REGISTER = frozenset({CeremonyKind.REGISTER})
_BINDING = (RegistrationStep.BIND, RegistrationStep.CONFIRM)


class Binding:
    """From a decision to a pending passkey."""

    def __init__(
        self, parts: RegistrationParts, cases: Cases, showing: Showing, conclusion: Conclusion
    ) -> None:
        self._parts = parts
        self._cases = cases
        self._showing = showing
        self._conclusion = conclusion

    def start(self, registration_id: str, *, browser: str) -> CeremonyStart:
        """See :meth:`hkeid.enrolment.Registration.start_binding`."""
        record = self._cases.load(registration_id, browser=browser, steps=_BINDING)
        texts = self.texts(record)
        record = self._rechecked(record, texts)
        now = self._cases.now
        resident = self._owner(record, number_of(texts), now)
        taken = resident.state not in (EidState.APPLICANT, EidState.REVOKED)
        if taken and record.purpose is not RegistrationPurpose.RECOVERY:
            # Somebody was faster since the decision.
            self._cases.end(record, RegistrationStep.REFUSED, "already_registered")
            raise RegistrationRefused("already_registered")
        bound = replace(
            record,
            step=RegistrationStep.BIND,
            pending=None,
            resident_id=resident.id,
            user_handle=resident.user_handle,
        )
        english = texts[CardField.NAME_ENGLISH]
        with self._parts.store.transaction() as tx:
            if bound != record:
                self._cases.move_in(tx, record, bound)
            return begin_registration(
                tx,
                self._parts.passkeys,
                kind=CeremonyKind.REGISTER,
                resident=resident,
                account_name=english,
                display_name=texts.get(CardField.NAME_CHINESE) or english,
                exclude=(),
                binding=browser,
                context={"registration": record.id},
                now=now,
                random=self._parts.random,
            )

    def finish(
        self,
        registration_id: str,
        ceremony_id: str,
        response: ResponseInput,
        *,
        browser: str,
        agent: str,
        label: str,
    ) -> RegistrationView:
        """See :meth:`hkeid.enrolment.Registration.finish_binding`."""
        words = parse_label(label or agent or "Passkey")
        ceremony = self.claim(registration_id, ceremony_id, _REGISTER, browser)
        try:
            record = self._cases.load(
                registration_id, browser=browser, steps=(RegistrationStep.BIND,)
            )
            new = verify_registration(response, ceremony, self._parts.passkeys, now=self._cases.now)
            if ceremony.user_handle != record.user_handle or not new.user_verified:
                raise RegistrationRefused("registration_changed")
        except (Refused, MalformedInput) as error:
            self.refuse(registration_id, error)
        self._parts.evidence.put(particulars_of(record.id), LABEL, words.encode("utf-8"))
        confirming = replace(record, step=RegistrationStep.CONFIRM, pending=_kept(new))
        return self._showing.applicant(self._cases.move(record, confirming))

    def start_confirmation(self, registration_id: str, *, browser: str) -> CeremonyStart:
        """See :meth:`hkeid.enrolment.Registration.start_confirmation`."""
        record = self._cases.load(
            registration_id, browser=browser, steps=(RegistrationStep.CONFIRM,)
        )
        record = self._rechecked(record, self.texts(record))
        now = self._cases.now
        with self._parts.store.transaction() as tx:
            return begin_authentication(
                tx,
                self._parts.passkeys,
                kind=CeremonyKind.CONFIRM,
                binding=browser,
                allow=(pending_credential(record, now),),
                resident_id=record.resident_id,
                context={"registration": record.id},
                now=now,
                random=self._parts.random,
            )

    def claim(
        self,
        registration_id: str,
        ceremony_id: str,
        kinds: frozenset[CeremonyKind],
        browser: str,
    ) -> Ceremony:
        """Use a ceremony up.

        :raises hkeid.webauthn.CeremonyRefused: by its reason.
        :raises RegistrationRefused: ``ceremony_other_registration``.
        """
        ceremony = claim_ceremony(
            self._parts.store, ceremony_id, kinds=kinds, binding=browser, now=self._cases.now
        )
        if ceremony.context.get("registration") != registration_id:
            raise RegistrationRefused("ceremony_other_registration")
        return ceremony

    def refuse(self, registration_id: str, error: HkeidError) -> NoReturn:
        """Record a refusal in a transaction of its own, and raise it."""
        with self._parts.store.transaction() as tx:
            tx.audit.append(BindingRefused(registration=registration_id, reason=error.reason))
        raise error

    def texts(self, record: RegistrationRecord) -> Texts:
        """The particulars that were decided on.

        :raises RegistrationRefused: ``registration_expired``: they are gone.
        """
        kept = self._parts.evidence.get(particulars_of(record.id), DETAILS)
        if kept is None:
            raise RegistrationRefused("registration_expired")
        return kept_texts(kept)

    def _rechecked(self, record: RegistrationRecord, texts: Texts) -> RegistrationRecord:
        """The record, if the register still says what the decision rests on.

        :raises RegistrationRefused: ``registration_other_step``: it says something else by now.
        """
        rechecked = self._conclusion.recheck(record, texts)
        return self._cases.at(rechecked, _BINDING)

    def _owner(self, record: RegistrationRecord, number: HkicNumber, now: Instant) -> Resident:
        """Whose passkey it will be: an entry that is there already, or one that will be made.

        A number that has no eID gets a new entry; so does one whose eID was revoked.
        """
        with self._parts.store.transaction() as tx:
            found = find_by_hkic(tx, self._parts.keys, number)
            known = None if found is None else tx.residents.get(found)
        if known is not None and known.state is not EidState.REVOKED:
            return known
        taken = known is not None and record.resident_id == known.id
        if record.resident_id is None or record.user_handle is None or taken:
            resident_id = self._parts.random.token(16)
            user_handle = self._parts.random.token_bytes(64)
        else:
            resident_id, user_handle = record.resident_id, record.user_handle
        return Resident(
            id=resident_id,
            user_handle=user_handle,
            state=EidState.APPLICANT,
            created_at=now,
            updated_at=now,
        )


def number_of(texts: Texts) -> HkicNumber:
    """The identity-card number among the particulars.

    :raises RegistrationRefused: ``details_incomplete``.
    """
    number = person_of(texts).hkic_number
    if number is None:
        raise RegistrationRefused("details_incomplete")
    return number


def pending_credential(record: RegistrationRecord, now: Instant) -> Credential:
    """The pending passkey in the form of a credential, for the check of its assertion only.

    :raises RegistrationRefused: ``registration_changed``: there is none.
    """
    if record.pending is None or record.resident_id is None:
        raise RegistrationRefused("registration_changed")
    kept: dict[str, Any] = canonical_json.loads_object(record.pending)
    binary = {name: base64url.decode(kept[name]) for name in ("id", "public_key", "evidence")}
    return Credential(
        **{**kept, **binary, "transports": tuple(kept["transports"])},
        resident_id=record.resident_id,
        created_at=now,
    )


def _kept(new: NewCredential) -> bytes:
    return canonical_json.dumps(
        {
            "id": base64url.encode(new.credential_id),
            "public_key": base64url.encode(new.public_key),
            "algorithm": new.algorithm,
            "sign_count": new.sign_count,
            "backup_eligible": new.backup_eligible,
            "backed_up": new.backed_up,
            "aaguid": new.aaguid,
            "transports": list(new.transports),
            "attestation_format": new.attestation_format,
            "attestation": new.attestation,
            "rp_id": new.rp_id,
            "evidence": base64url.encode(new.evidence),
        }
    )
