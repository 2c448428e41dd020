"""Devices of a resident: add, rename, revoke, reinstate.

Each change is one transaction; adding burns its ceremony first, in a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NoReturn

from hkeid.broker.assurance import passkey_authentication
from hkeid.broker.ending import EndedSession, end_sessions, revoke_grants_by
from hkeid.broker.errors import StepUpRequired
from hkeid.broker.events import credential_reference
from hkeid.broker.hub import Broker
from hkeid.broker.records import Session
from hkeid.enrolment.cooling import check_not_cooling
from hkeid.enrolment.device_level import check_has_eid, check_level
from hkeid.enrolment.errors import DeviceUnknown, EnrolmentRefused, ResidentUnknown
from hkeid.enrolment.events import (
    CredentialAdded,
    CredentialNotAdded,
    CredentialReinstated,
    CredentialRenamed,
    CredentialRevoked,
)
from hkeid.enrolment.labels import parse_label
from hkeid.enrolment.notices.telling import tell
from hkeid.enrolment.records import EnrolmentTransaction
from hkeid.enrolment.settings import EnrolmentSettings
from hkeid.identity.authentication import SessionView
from hkeid.kernel.errors import HkeidError, MalformedInput, Refused
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents import PersonalFields
from hkeid.residents.records import Credential, CredentialStatus, Resident
from hkeid.webauthn import (
    Ceremony,
    CeremonyKind,
    CeremonyStart,
    ResponseInput,
    WebAuthnPolicy,
    begin_registration,
    claim_ceremony,
    verify_registration,
)

_KINDS = frozenset({CeremonyKind.ADD_DEVICE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A credential as its resident sees it.

    :ivar synced: it may be copied to the resident's other devices (BE=1).
    :ivar current: the session in which the list is looked at was opened with it.
    """

    id: bytes
    label: str
    status: CredentialStatus
    synced: bool
    attestation: str
    aaguid: str
    created_at: Instant
    last_used_at: Instant | None
    current: bool = False


class Devices:
    """What residents do with their devices on their account page."""

    def __init__(
        self,
        store: Store[EnrolmentTransaction],
        policy: WebAuthnPolicy,
        fields: PersonalFields,
        broker: Broker,
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

    def of_resident(self, resident_id: str, *, session_id: str | None = None) -> tuple[Device, ...]:
        """A resident's devices that were not revoked, oldest first.

        :param session_id: the session in which the list is looked at.
        """
        with self._store.transaction() as tx:
            credentials = tx.credentials.of_resident(resident_id)
            session = None if session_id is None else tx.sessions.get(session_id)
        current = None if session is None else session.credential_id
        return tuple(
            self._device(credential, current=credential.id == current)
            for credential in credentials
            if credential.status is not CredentialStatus.REVOKED
        )

    def start_adding(
        self,
        view: SessionView,
        *,
        browser: str,
        account_name: str | None = None,
        display_name: str | None = None,
    ) -> CeremonyStart:
        """Begin making a passkey on a further device.

        :param view: the resident's session; the authentication must be recent.
        :param account_name: what the passkey chooser shows; the English name if left out.
        :param display_name: the Chinese name, or the English one, if left out.
        :raises hkeid.broker.StepUpRequired: ``authentication_too_old``.
        :raises EnrolmentRefused: ``session_ended``, ``too_many_devices``, ``account_without_eid``.
        """
        now = self._clock.now()
        with self._store.transaction() as tx:
            session = self._recent(tx, view, now)
            resident = _resident(tx, session.resident_id)
            check_has_eid(tx, resident.id)
            check_not_cooling(tx, resident.id, now)
            held = _not_revoked(tx.credentials.of_resident(resident.id))
            if len(held) >= self._settings.most_devices:
                raise EnrolmentRefused("too_many_devices")
            shown = self._fields.read(tx, resident.id, ("name_english", "name_chinese"))
            english = shown.get("name_english", "")
            return begin_registration(
                tx,
                self._policy,
                kind=CeremonyKind.ADD_DEVICE,
                resident=resident,
                account_name=account_name or english,
                display_name=display_name or shown.get("name_chinese") or english,
                exclude=held,
                binding=browser,
                context={"session": session.id},
                now=now,
                random=self._random,
            )

    def finish_adding(
        self,
        view: SessionView,
        ceremony_id: str,
        response: ResponseInput,
        *,
        browser: str,
        label: str = "",
        agent: str = "",
    ) -> Device:
        """Bind the further device.

        NIST SP 800-63B-4 §4.1.2.1: whoever binds an authenticator has authenticated at the highest
        level available to them, or at the one that the new authenticator will reach, whichever is
        lower. So a copied passkey never buys a better one.

        :param agent: coarse words for browser and system; the label if none is given.
        :raises hkeid.webauthn.CeremonyRefused: a rule of WebAuthn, by its reason.
        :raises hkeid.kernel.errors.MalformedInput: the answer or the label does not parse.
        :raises hkeid.broker.StepUpRequired: ``authentication_too_low``.
        :raises EnrolmentRefused: ``session_ended``, ``ceremony_other_session``,
            ``credential_registered``, ``too_many_devices``.
        """
        words = parse_label(label or agent or "Passkey")
        now = self._clock.now()
        ceremony = claim_ceremony(self._store, ceremony_id, kinds=_KINDS, binding=browser, now=now)
        try:
            credential = self._verified(view, ceremony, response, words, now)
            with self._store.transaction() as tx:
                self._add(tx, view, credential, now)
        except (Refused, MalformedInput) as error:
            self._refuse(error, view)
        return self._device(credential)

    def rename(self, resident_id: str, credential_id: bytes, label: str) -> None:
        """Give a device another label.

        :raises DeviceUnknown: ``device_unknown``.
        :raises hkeid.kernel.errors.MalformedInput: ``label_malformed``.
        """
        sealed = self._fields.seal_device_label(resident_id, credential_id, parse_label(label))
        with self._store.transaction() as tx:
            credential = _own(tx, resident_id, credential_id)
            if credential.status is CredentialStatus.REVOKED:
                raise DeviceUnknown("device_unknown")
            tx.credentials.set_label(credential_id, sealed)
            tx.audit.append(
                CredentialRenamed(
                    resident_id=resident_id, credential=credential_reference(credential_id)
                )
            )

    def revoke(
        self, resident_id: str, credential_id: bytes, *, last_confirmed: bool = False
    ) -> tuple[EndedSession, ...]:
        """Take a device out of use for good, end its sessions and revoke what was given with it;
        revoking again changes nothing.

        Needs no fresh authentication: whoever lost a phone must be able to act at once, and a thief
        gains nothing by it.

        :param last_confirmed: the resident knows that this is the last one they can log in with.
        :raises DeviceUnknown: ``device_unknown``.
        :raises EnrolmentRefused: ``last_device``; ``eid_changed``, something else happened at the
            same moment.
        """
        now = self._clock.now()
        with self._store.transaction() as tx:
            credential = _own(tx, resident_id, credential_id)
            resident = _resident(tx, resident_id)
            # Two revocations at once must not each take the other for the device that remains.
            if not tx.residents.change(resident, replace(resident, updated_at=now)):
                raise EnrolmentRefused("eid_changed")
            last = credential.status is CredentialStatus.ACTIVE and not any(
                other.status is CredentialStatus.ACTIVE and other.id != credential_id
                for other in tx.credentials.of_resident(resident_id)
            )
            if last and not last_confirmed:
                raise EnrolmentRefused("last_device")
            if not tx.credentials.set_status(credential_id, CredentialStatus.REVOKED, now):
                return ()
            ended = end_sessions(
                tx, resident_id, now, reason="credential_revoked", credential_id=credential_id
            )
            revoke_grants_by(tx, resident_id, credential_id, now)
            tx.audit.append(
                CredentialRevoked(
                    resident_id=resident_id,
                    credential=credential_reference(credential_id),
                    last=last,
                    sessions_ended=len(ended),
                )
            )
            tell(tx, resident_id, "device_revoked", now=now, random=self._random)
        return ended

    def reinstate(self, view: SessionView, credential_id: bytes) -> None:
        """Use a suspended device again; the resident vouches for it with another one.

        :raises hkeid.broker.StepUpRequired: ``authentication_too_old``, ``authentication_too_low``.
        :raises DeviceUnknown: ``device_unknown``.
        :raises EnrolmentRefused: ``device_not_suspended``, ``session_ended``.
        """
        now = self._clock.now()
        with self._store.transaction() as tx:
            session = self._recent(tx, view, now)
            credential = _own(tx, session.resident_id, credential_id)
            if credential.status is not CredentialStatus.SUSPENDED:
                raise EnrolmentRefused("device_not_suspended")
            check_level(tx, session, credential)
            tx.credentials.set_status(credential_id, CredentialStatus.ACTIVE, now)
            tx.audit.append(
                CredentialReinstated(
                    resident_id=session.resident_id,
                    credential=credential_reference(credential_id),
                )
            )
            tell(tx, session.resident_id, "device_reinstated", now=now, random=self._random)

    # --- details ---------------------------------------------------------------------------------

    def _verified(
        self,
        view: SessionView,
        ceremony: Ceremony,
        response: ResponseInput,
        label: str,
        now: Instant,
    ) -> Credential:
        resident_id = view.authentication.resident_id
        if (
            ceremony.context.get("session") != view.session_id
            or ceremony.resident_id != resident_id
        ):
            raise EnrolmentRefused("ceremony_other_session")
        new = verify_registration(response, ceremony, self._policy, now=now)
        sealed = self._fields.seal_device_label(resident_id, new.credential_id, label)
        credential = new.as_credential(resident_id, sealed, now)
        with self._store.transaction() as tx:
            resident = _resident(tx, resident_id)
        # A key that could never log in is not kept.
        passkey_authentication(resident, credential, user_verified=new.user_verified, at=now)
        return credential

    def _add(
        self, tx: EnrolmentTransaction, view: SessionView, credential: Credential, now: Instant
    ) -> None:
        session = self._live(tx, view, now)
        check_has_eid(tx, session.resident_id)
        check_not_cooling(tx, session.resident_id, now)
        held = _not_revoked(tx.credentials.of_resident(session.resident_id))
        if len(held) >= self._settings.most_devices:
            raise EnrolmentRefused("too_many_devices")
        check_level(tx, session, credential)
        if not tx.credentials.add(credential):
            raise EnrolmentRefused("credential_registered")
        tx.audit.append(
            CredentialAdded(
                resident_id=session.resident_id,
                credential=credential_reference(credential.id),
                by="resident",
                backup_eligible=credential.backup_eligible,
                attestation=credential.attestation,
                session_id=session.id,
            )
        )
        tell(tx, session.resident_id, "device_added", now=now, random=self._random)

    def _live(self, tx: EnrolmentTransaction, view: SessionView, now: Instant) -> Session:
        session = self._broker.sessions.live_by_id(tx, view.session_id, now)
        if session is None or session.resident_id != view.authentication.resident_id:
            raise EnrolmentRefused("session_ended")
        return session

    def _recent(self, tx: EnrolmentTransaction, view: SessionView, now: Instant) -> Session:
        session = self._live(tx, view, now)
        if now - session.authenticated_at > self._settings.recent:
            raise StepUpRequired("authentication_too_old")
        return session

    def _refuse(self, error: HkeidError, view: SessionView) -> NoReturn:
        """Record a refusal in a transaction of its own, and raise it."""
        with self._store.transaction() as tx:
            tx.audit.append(
                CredentialNotAdded(resident_id=view.authentication.resident_id, reason=error.reason)
            )
        raise error

    def _device(self, credential: Credential, *, current: bool = False) -> Device:
        return Device(
            id=credential.id,
            label=self._fields.device_label(
                credential.resident_id, credential.id, credential.label
            ),
            status=credential.status,
            synced=credential.backup_eligible,
            attestation=credential.attestation,
            aaguid=credential.aaguid,
            created_at=credential.created_at,
            last_used_at=credential.last_used_at,
            current=current,
        )


def _not_revoked(credentials: Iterable[Credential]) -> tuple[Credential, ...]:
    return tuple(one for one in credentials if one.status is not CredentialStatus.REVOKED)


def _resident(tx: EnrolmentTransaction, resident_id: str) -> Resident:
    resident = tx.residents.get(resident_id)
    if resident is None:
        raise ResidentUnknown("resident_unknown")
    return resident


def _own(tx: EnrolmentTransaction, resident_id: str, credential_id: bytes) -> Credential:
    credential = tx.credentials.get(credential_id)
    if credential is None or credential.resident_id != resident_id:
        raise DeviceUnknown("device_unknown")
    return credential
