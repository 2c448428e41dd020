"""Activation: an applicant with a ticket binds a first device and has an eID (S3).

What a kill leaves behind, step by step:

* *register*: the data key comes first, then one transaction with everything else. A key without a
  resident opens nothing and is nobody's.
* *issue*: one transaction.
* *start*: counts the attempt in a transaction of its own, then keeps an unused ceremony. The ticket is
  looked at, not used up: whoever is interrupted types it again.
* *finish*: the ceremony is burnt first, so that an answer counts once; then one transaction uses up
  the ticket, keeps the credential, makes the eID active and opens the session - all or nothing. A
  passkey left on the phone by a kill in between is unknown here; the resident starts again with the
  same ticket.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NoReturn

from hkeid.broker.assurance import passkey_authentication
from hkeid.broker.events import credential_reference
from hkeid.broker.hub import Broker
from hkeid.broker.sessions import LoggedInSession, Opening
from hkeid.enrolment.errors import EnrolmentRefused, ResidentUnknown
from hkeid.enrolment.events import (
    ActivationRefused,
    ApplicantRegistered,
    CredentialAdded,
    EidActivated,
)
from hkeid.enrolment.labels import parse_label
from hkeid.enrolment.notices.telling import tell
from hkeid.enrolment.records import EnrolmentTransaction
from hkeid.enrolment.settings import EnrolmentSettings
from hkeid.enrolment.tickets import Tickets
from hkeid.identity.assurance import Acr
from hkeid.identity.person import Person
from hkeid.identity.state import EidState, check_transition
from hkeid.kernel import base64url
from hkeid.kernel.errors import HkeidError, MalformedInput, Refused
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret
from hkeid.ports.keys import KeyStore
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents import PersonalFields, bind_hkic, find_by_hkic
from hkeid.residents.proofing import Proofing
from hkeid.residents.records import Credential, Resident
from hkeid.webauthn import (
    Ceremony,
    CeremonyKind,
    ResponseInput,
    WebAuthnPolicy,
    begin_registration,
    claim_ceremony,
    verify_registration,
)

_KINDS = frozenset({CeremonyKind.ACTIVATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationStart:
    """What the page needs to make the passkey.

    :ivar id: ceremony id to send back with the answer.
    :ivar options: argument of ``PublicKeyCredential.parseCreationOptionsFromJSON()``.
    :ivar resident_id: whose ticket it is; for the server, not for the page.
    :ivar expires_at: when the ticket's time is over.
    """

    id: str
    options: dict[str, Any]
    resident_id: str
    expires_at: Instant


class Activation:
    """From a person's particulars to an active eID."""

    def __init__(
        self,
        store: Store[EnrolmentTransaction],
        policy: WebAuthnPolicy,
        fields: PersonalFields,
        broker: Broker,
        keys: KeyStore,
        clock: Clock,
        random: Random,
        settings: EnrolmentSettings | None = None,
    ) -> None:
        self._store = store
        self._policy = policy
        self._fields = fields
        self._broker = broker
        self._keys = keys
        self._clock = clock
        self._random = random
        self._tickets = Tickets(store, keys, clock, random, settings or EnrolmentSettings())

    def register_applicant(
        self, person: Person, *, proofed: Acr = Acr.EID, proofing: Proofing | None = None
    ) -> str:
        """Enter a person whose identity was proved; returns the resident's internal id.

        :param proofed: the highest rung that the proof of identity allows.
        :param proofing: how it was proved; None: not known, or kept later.
        :raises EnrolmentRefused: ``already_registered``: one eID for one identity-card number.
        :raises hkeid.kernel.errors.MalformedInput: ``hkic_number_missing``.
        """
        number = person.hkic_number
        if number is None:
            raise MalformedInput("hkic_number_missing", field="hkic_number")
        now = self._clock.now()
        with self._store.transaction() as tx:
            if find_by_hkic(tx, self._keys, number) is not None:
                raise EnrolmentRefused("already_registered")
        resident = Resident(
            id=self._random.token(16),
            user_handle=self._random.token_bytes(64),
            state=EidState.APPLICANT,
            proofed=proofed,
            created_at=now,
            updated_at=now,
        )
        self._fields.create_key(resident.id)
        with self._store.transaction() as tx:
            if not tx.residents.add(resident):
                raise HkeidError("resident_id_repeated")
            if not bind_hkic(tx, self._keys, number, resident.id):
                raise EnrolmentRefused("already_registered")
            kept = {} if proofing is None else proofing.as_field()
            self._fields.put(tx, resident.id, {**person.as_fields(), **kept}, now)
            tx.audit.append(ApplicantRegistered(resident_id=resident.id, proofed=proofed.value))
        return resident.id

    def issue_ticket(self, resident_id: str) -> Secret:
        """A new activation code: see :meth:`hkeid.enrolment.tickets.Tickets.issue`."""
        return self._tickets.issue(resident_id)

    def start(
        self,
        code: str,
        *,
        browser: str,
        network: str,
        account_name: str | None = None,
        display_name: str | None = None,
    ) -> ActivationStart:
        """Look at the ticket behind a typed code and begin making a passkey.

        :param browser: browser-binding value; the answer must come from the same browser.
        :param network: coarse network the request came from; attempts are counted by it.
        :param account_name: what the passkey chooser shows; the English name if left out.
        :param display_name: the Chinese name, or the English one, if left out.
        :raises hkeid.kernel.errors.HkeidError: as :meth:`hkeid.enrolment.tickets.Tickets.attempt`;
            and :class:`EnrolmentRefused`, ``eid_not_applicant``.
        """
        ticket = self._tickets.attempt(code, network=network)
        now = self._clock.now()
        with self._store.transaction() as tx:
            resident = _applicant(tx, ticket.resident_id)
            shown = self._fields.read(tx, resident.id, ("name_english", "name_chinese"))
            english = shown.get("name_english", "")
            begun = begin_registration(
                tx,
                self._policy,
                kind=CeremonyKind.ACTIVATE,
                resident=resident,
                account_name=account_name or english,
                display_name=display_name or shown.get("name_chinese") or english,
                exclude=(),
                binding=browser,
                context={"ticket": base64url.encode(ticket.digest)},
                now=now,
                random=self._random,
            )
        return ActivationStart(
            id=begun.id,
            options=begun.options,
            resident_id=resident.id,
            expires_at=ticket.expires_at,
        )

    def finish(
        self,
        ceremony_id: str,
        response: ResponseInput,
        *,
        browser: str,
        network: str,
        agent: str = "",
        label: str = "",
        session_reference: str | None = None,
    ) -> LoggedInSession:
        """Bind the device, make the eID active and log its resident in.

        :param agent: coarse words for browser and system; also the device's label if none is given.
        :param label: what the resident calls the device.
        :param session_reference: the session the browser presented, if any; it ends.
        :raises hkeid.webauthn.CeremonyRefused: a rule of WebAuthn, by its reason.
        :raises hkeid.kernel.errors.MalformedInput: the answer or the label does not parse.
        :raises EnrolmentRefused: ``ticket_used``, ``ticket_expired``, ``ticket_revoked``,
            ``eid_not_applicant``, ``credential_registered``, ``eid_changed``.
        """
        words = parse_label(label or agent or "Passkey")
        now = self._clock.now()
        ceremony = claim_ceremony(self._store, ceremony_id, kinds=_KINDS, binding=browser, now=now)
        try:
            return self._bind(
                ceremony,
                response,
                label=words,
                agent=agent,
                network=network,
                session_reference=session_reference,
                now=now,
            )
        except (Refused, MalformedInput) as error:
            self._refuse(error, ceremony)

    def _bind(
        self,
        ceremony: Ceremony,
        response: ResponseInput,
        *,
        label: str,
        agent: str,
        network: str,
        session_reference: str | None,
        now: Instant,
    ) -> LoggedInSession:
        new = verify_registration(response, ceremony, self._policy, now=now)
        resident_id = ceremony.resident_id or ""
        with self._store.transaction() as tx:
            seen = _applicant(tx, resident_id)
        sealed = self._fields.seal_device_label(resident_id, new.credential_id, label)
        credential = new.as_credential(resident_id, sealed, now)
        authentication = passkey_authentication(
            seen, credential, user_verified=new.user_verified, at=now
        )
        opening = self._broker.sessions.prepare(
            authentication, credential_id=credential.id, agent=agent
        )
        ticket = base64url.decode(ceremony.context["ticket"])
        with self._store.transaction() as tx:
            self._tickets.use_up(tx, ticket, resident_id=resident_id, network=network, now=now)
            return self._activate(
                tx, seen, credential, opening, session_reference=session_reference, now=now
            )

    def _activate(
        self,
        tx: EnrolmentTransaction,
        seen: Resident,
        credential: Credential,
        opening: Opening,
        *,
        session_reference: str | None,
        now: Instant,
    ) -> LoggedInSession:
        if not tx.credentials.add(credential):
            raise EnrolmentRefused("credential_registered")
        check_transition(seen.state, EidState.ACTIVE)
        if not tx.residents.change(seen, replace(seen, state=EidState.ACTIVE, updated_at=now)):
            raise EnrolmentRefused("eid_changed")
        tx.audit.append(
            CredentialAdded(
                resident_id=seen.id,
                credential=credential_reference(credential.id),
                by="activation",
                backup_eligible=credential.backup_eligible,
                attestation=credential.attestation,
            )
        )
        tx.audit.append(EidActivated(resident_id=seen.id))
        tell(tx, seen.id, "eid_activated", now=now, random=self._random)
        return self._broker.sessions.open(tx, opening, previous=session_reference)

    def _refuse(self, error: HkeidError, ceremony: Ceremony) -> NoReturn:
        """Record a refusal in a transaction of its own, and raise it."""
        with self._store.transaction() as tx:
            tx.audit.append(
                ActivationRefused(resident_id=ceremony.resident_id, reason=error.reason)
            )
        raise error


def _applicant(tx: EnrolmentTransaction, resident_id: str) -> Resident:
    resident = tx.residents.get(resident_id)
    if resident is None:
        raise ResidentUnknown("resident_unknown")
    if resident.state is not EidState.APPLICANT:
        raise EnrolmentRefused("eid_not_applicant")
    return resident
