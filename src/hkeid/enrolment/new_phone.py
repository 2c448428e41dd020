"""A new phone with the old one at hand: the old one shows a code, the new one types it.

Whoever holds the old phone has just used its passkey, and stays logged in until the new one is bound:
the code is good for that session only, for ten minutes, once. What it opens is the making of a passkey
in the new phone's browser and nothing else; the resident is told by every channel.

A code can be read to a stranger on the telephone. So the page on the old phone says what it does, the
new phone shows whose eID it will be only in part, and the old phone lists what was bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, NoReturn

from hkeid.broker.assurance import passkey_authentication
from hkeid.broker.ending import end_sessions, revoke_grants_by
from hkeid.broker.errors import StepUpRequired
from hkeid.broker.events import credential_reference
from hkeid.broker.hub import Broker
from hkeid.broker.records import Session
from hkeid.broker.sessions import LoggedInSession
from hkeid.enrolment.cooling import check_not_cooling
from hkeid.enrolment.device_level import check_has_eid, check_level, check_own_level
from hkeid.enrolment.errors import EnrolmentRefused, ResidentUnknown
from hkeid.enrolment.events import CredentialAdded, CredentialNotAdded, CredentialRevoked
from hkeid.enrolment.labels import parse_label
from hkeid.enrolment.notices.telling import tell
from hkeid.enrolment.records import EnrolmentTransaction
from hkeid.enrolment.settings import EnrolmentSettings
from hkeid.enrolment.tickets import Tickets
from hkeid.identity.authentication import SessionView
from hkeid.identity.state import EidState
from hkeid.kernel import base64url
from hkeid.kernel.errors import HkeidError, MalformedInput, Refused
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret
from hkeid.ports.keys import KeyStore
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents import PersonalFields
from hkeid.residents.records import Credential, CredentialStatus, Resident
from hkeid.webauthn import (
    Ceremony,
    CeremonyKind,
    ResponseInput,
    WebAuthnPolicy,
    begin_registration,
    claim_ceremony,
    verify_registration,
)

NEW_PHONE_KIND: Final = "new_phone_ticket"
_LIFETIME: Final = timedelta(minutes=10)
_KINDS: Final = frozenset({CeremonyKind.ADD_DEVICE})
_STATES: Final = frozenset({EidState.ACTIVE, EidState.UPGRADED})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPhoneOffer:
    """What the old phone shows."""

    code: Secret
    expires_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPhoneStart:
    """What the new phone needs to make its passkey.

    :ivar options: argument of ``PublicKeyCredential.parseCreationOptionsFromJSON()``.
    :ivar initials: whose eID it will be, in part: enough to notice a mistake, too little to learn a name.
    """

    id: str
    options: dict[str, Any]
    initials: str
    expires_at: Instant


class NewPhone:
    """Binds a phone that is not logged in, on the word of one that is."""

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
        self._clock = clock
        self._random = random
        self._settings = settings or EnrolmentSettings()
        self._tickets = Tickets(
            store,
            keys,
            clock,
            random,
            self._settings,
            kind=NEW_PHONE_KIND,
            states=_STATES,
            lifetime=_LIFETIME,
        )

    def offer(self, view: SessionView, *, keep_old: bool = True) -> NewPhoneOffer:
        """A code for the old phone to show; an earlier one loses its force.

        :param keep_old: False: the device of this session is taken out of use when the new one is bound.
        :raises hkeid.broker.StepUpRequired: ``authentication_too_old``, ``authentication_too_low``: the
            new phone would be refused for it.
        :raises EnrolmentRefused: ``session_ended``, ``too_many_devices``, ``eid_not_applicant`` (this
            eID cannot be used at present), ``account_without_eid``.
        """
        now = self._clock.now()
        with self._store.transaction() as tx:
            session = self._live(tx, view.session_id, now)
            if session.resident_id != view.authentication.resident_id:
                raise EnrolmentRefused("session_ended")
            if now - session.authenticated_at > self._settings.recent:
                raise StepUpRequired("authentication_too_old")
            check_has_eid(tx, session.resident_id)
            check_not_cooling(tx, session.resident_id, now)
            check_own_level(tx, session)
            self._check_room(tx, session.resident_id, replaces=not keep_old)
        context = {"session": session.id, "old": "keep" if keep_old else "revoke"}
        code = self._tickets.issue(session.resident_id, context)
        return NewPhoneOffer(code=code, expires_at=now + _LIFETIME)

    def admit(self, view: SessionView) -> None:
        """Let a session pass that is as good as its own passkey, before it is asked anything.

        :raises hkeid.broker.StepUpRequired: ``authentication_too_low``.
        :raises EnrolmentRefused: ``session_ended``, ``account_without_eid``.
        """
        with self._store.transaction() as tx:
            session = self._live(tx, view.session_id, self._clock.now())
            check_has_eid(tx, session.resident_id)
            check_own_level(tx, session)

    def start(self, code: str, *, browser: str, network: str) -> NewPhoneStart:
        """The new phone typed the code.

        :raises hkeid.kernel.errors.HkeidError: as :meth:`hkeid.enrolment.tickets.Tickets.attempt`.
        :raises EnrolmentRefused: ``session_ended``: the old phone is no longer logged in.
        """
        ticket = self._tickets.attempt(code, network=network)
        now = self._clock.now()
        with self._store.transaction() as tx:
            session = self._live(tx, ticket.context["session"], now)
            resident = _resident(tx, session.resident_id)
            shown = self._fields.read(tx, resident.id, ("name_english", "name_chinese"))
            english = shown.get("name_english", "")
            begun = begin_registration(
                tx,
                self._policy,
                kind=CeremonyKind.ADD_DEVICE,
                resident=resident,
                account_name=english,
                display_name=shown.get("name_chinese") or english,
                exclude=_usable(tx.credentials.of_resident(resident.id)),
                binding=browser,
                context={
                    "ticket": base64url.encode(ticket.digest),
                    "session": session.id,
                    "old": ticket.context["old"],
                },
                now=now,
                random=self._random,
            )
        return NewPhoneStart(
            id=begun.id,
            options=begun.options,
            initials=initials(english),
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
        """Bind the new phone and log it in.

        :raises hkeid.webauthn.CeremonyRefused: a rule of WebAuthn, by its reason.
        :raises hkeid.kernel.errors.MalformedInput: the answer or the label does not parse.
        :raises hkeid.broker.StepUpRequired: ``authentication_too_low``: the old phone's login does not
            carry so good a device.
        :raises EnrolmentRefused: ``ticket_used``, ``ticket_expired``, ``session_ended``,
            ``ceremony_other_session``, ``credential_registered``, ``too_many_devices``.
        """
        words = parse_label(label or agent or "Passkey")
        now = self._clock.now()
        ceremony = claim_ceremony(self._store, ceremony_id, kinds=_KINDS, binding=browser, now=now)
        try:
            credential = self._verified(ceremony, response, words, now)
            with self._store.transaction() as tx:
                resident = _resident(tx, credential.resident_id)
            opening = self._broker.sessions.prepare(
                passkey_authentication(resident, credential, user_verified=True, at=now),
                credential_id=credential.id,
                agent=agent,
            )
            with self._store.transaction() as tx:
                self._bind(tx, ceremony, credential, network=network, now=now)
                return self._broker.sessions.open(tx, opening, previous=session_reference)
        except (Refused, MalformedInput) as error:
            self._refuse(error, ceremony)

    # --- details ---------------------------------------------------------------------------------

    def _verified(
        self, ceremony: Ceremony, response: ResponseInput, label: str, now: Instant
    ) -> Credential:
        if "ticket" not in ceremony.context:
            raise EnrolmentRefused("ceremony_other_session")
        new = verify_registration(response, ceremony, self._policy, now=now)
        if not new.user_verified:
            raise EnrolmentRefused("ceremony_other_session")
        resident_id = ceremony.resident_id or ""
        sealed = self._fields.seal_device_label(resident_id, new.credential_id, label)
        return new.as_credential(resident_id, sealed, now)

    def _bind(
        self,
        tx: EnrolmentTransaction,
        ceremony: Ceremony,
        credential: Credential,
        *,
        network: str,
        now: Instant,
    ) -> None:
        session = self._live(tx, ceremony.context["session"], now)
        ticket = base64url.decode(ceremony.context["ticket"])
        resident_id = credential.resident_id
        self._tickets.use_up(tx, ticket, resident_id=resident_id, network=network, now=now)
        if session.resident_id != resident_id:
            raise EnrolmentRefused("ceremony_other_session")
        replaces = ceremony.context["old"] == "revoke"
        self._check_room(tx, resident_id, replaces=replaces)
        check_has_eid(tx, resident_id)
        check_not_cooling(tx, resident_id, now)
        check_level(tx, session, credential)
        if not tx.credentials.add(credential):
            raise EnrolmentRefused("credential_registered")
        tx.audit.append(
            CredentialAdded(
                resident_id=resident_id,
                credential=credential_reference(credential.id),
                by="new_phone",
                backup_eligible=credential.backup_eligible,
                attestation=credential.attestation,
                session_id=session.id,
            )
        )
        tell(tx, resident_id, "device_added", now=now, random=self._random)
        if replaces and session.credential_id is not None:
            self._retire(tx, resident_id, session.credential_id, now)

    def _retire(
        self, tx: EnrolmentTransaction, resident_id: str, credential_id: bytes, now: Instant
    ) -> None:
        """Take the old phone out of use, with its sessions and what was given by it."""
        if not tx.credentials.set_status(credential_id, CredentialStatus.REVOKED, now):
            return
        ended = end_sessions(
            tx, resident_id, now, reason="credential_revoked", credential_id=credential_id
        )
        revoke_grants_by(tx, resident_id, credential_id, now)
        tx.audit.append(
            CredentialRevoked(
                resident_id=resident_id,
                credential=credential_reference(credential_id),
                last=False,
                sessions_ended=len(ended),
            )
        )
        tell(tx, resident_id, "device_revoked", now=now, random=self._random)

    def _live(self, tx: EnrolmentTransaction, session_id: str, now: Instant) -> Session:
        session = self._broker.sessions.live_by_id(tx, session_id, now)
        if session is None:
            raise EnrolmentRefused("session_ended")
        return session

    def _check_room(self, tx: EnrolmentTransaction, resident_id: str, *, replaces: bool) -> None:
        held = len(_usable(tx.credentials.of_resident(resident_id))) - replaces
        if held >= self._settings.most_devices:
            raise EnrolmentRefused("too_many_devices")

    def _refuse(self, error: HkeidError, ceremony: Ceremony) -> NoReturn:
        """Record a refusal in a transaction of its own, and raise it."""
        with self._store.transaction() as tx:
            tx.audit.append(
                CredentialNotAdded(resident_id=ceremony.resident_id or "", reason=error.reason)
            )
        raise error


def initials(name: str) -> str:
    """The first letter of each part of a name: ``C., T. M.`` for ``CHAN, Tai Man``."""
    parts = [part.split() for part in name.split(",", 1)]
    return ", ".join(" ".join(f"{word[0]}." for word in part) for part in parts if part)


def _usable(credentials: tuple[Credential, ...]) -> tuple[Credential, ...]:
    return tuple(one for one in credentials if one.status is not CredentialStatus.REVOKED)


def _resident(tx: EnrolmentTransaction, resident_id: str) -> Resident:
    resident = tx.residents.get(resident_id)
    if resident is None:
        raise ResidentUnknown("resident_unknown")
    return resident
