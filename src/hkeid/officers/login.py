"""Officers' passkeys: enrolment, login, step-up.

Ceremonies are of kinds of their own and credentials lie in a table of their own: a resident's passkey
opens nothing here, and an officer's nothing there, also where both share a domain (localhost).
"""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from hkeid.kernel import base64url
from hkeid.kernel.errors import HkeidError, MalformedInput, Refused
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret
from hkeid.officers.errors import OfficerLoginRefused
from hkeid.officers.events import (
    OfficerCredentialSuspended,
    OfficerEnrolled,
    OfficerLoginWasRefused,
    OfficerSteppedUp,
    credential_reference,
)
from hkeid.officers.records import Officer, OfficerStatus, OfficersTransaction
from hkeid.officers.sessions import OfficerLoggedInSession, OfficerSessions, OfficerView
from hkeid.officers.settings import OfficerSettings
from hkeid.officers.staff import Staff, known_officer
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents.records import Credential, CredentialStatus
from hkeid.webauthn import (
    Ceremony,
    CeremonyKind,
    CeremonyRefused,
    CeremonyStart,
    ResponseInput,
    VerifiedAssertion,
    WebAuthnPolicy,
    begin_authentication,
    begin_registration,
    claim_ceremony,
    presented_credential_id,
    verify_assertion,
    verify_registration,
)

_BUDGET = "officer_login"
_COUNTER = "counter_regressed"


class OfficerLogin:
    """Enrolment, login, step-up.

    :ivar sessions: the sessions that come of them.
    """

    def __init__(
        self,
        store: Store[OfficersTransaction],
        policy: WebAuthnPolicy,
        staff: Staff,
        clock: Clock,
        random: Random,
        settings: OfficerSettings,
    ) -> None:
        self._store = store
        self._policy = policy
        self._staff = staff
        self._clock = clock
        self._random = random
        self._settings = settings
        self.sessions = OfficerSessions(store, clock, random, settings)

    # --- enrolment -------------------------------------------------------------------------------

    def start_enrolment(self, code: str, *, browser: str, network: str) -> CeremonyStart:
        """Begin to bind a passkey to the officer whose code this is.

        :raises EnrolmentCodeRefused: and what else :meth:`Staff.try_code` raises.
        :raises OfficerLoginRefused: ``officer_suspended``.
        """
        digest, officer_id = self._staff.try_code(code, network=network)
        with self._store.transaction() as tx:
            officer = _not_suspended(known_officer(tx, officer_id))
            name = self._staff.name(officer)
            return begin_registration(
                tx,
                self._policy,
                kind=CeremonyKind.OFFICER_ENROL,
                resident=officer,
                account_name=name,
                display_name=name,
                exclude=_active(tx, officer_id),
                binding=browser,
                context={"code": base64url.encode(digest)},
                now=self._clock.now(),
                random=self._random,
            )

    def finish_enrolment(
        self, ceremony_id: str, response: ResponseInput, *, browser: str
    ) -> OfficerLoggedInSession:
        """Bind the passkey, use the code up and log in: one transaction.

        :raises hkeid.webauthn.CeremonyRefused: a rule of WebAuthn, by its reason.
        :raises EnrolmentCodeRefused: somebody else used the code.
        :raises OfficerLoginRefused: ``credential_registered``, ``officer_suspended``.
        """
        now = self._clock.now()
        ceremony = self._claim(ceremony_id, CeremonyKind.OFFICER_ENROL, browser, now)
        try:
            new = verify_registration(response, ceremony, self._policy, now=now)
            officer_id = ceremony.resident_id or ""
            credential = new.as_credential(officer_id, b"", now)
            with self._store.transaction() as tx:
                self._staff.use_code(tx, base64url.decode(ceremony.context["code"]), now)
                old = _not_suspended(known_officer(tx, officer_id))
                officer = replace(old, status=OfficerStatus.ACTIVE, updated_at=now)
                if not tx.officers.change(old, officer):
                    raise OfficerLoginRefused("officer_contended")
                if not tx.officer_credentials.add(credential):
                    raise OfficerLoginRefused("credential_registered")
                tx.audit.append(
                    OfficerEnrolled(
                        officer_id=officer_id,
                        credential=credential_reference(credential.id),
                        backup_eligible=credential.backup_eligible,
                        attestation=credential.attestation,
                    )
                )
                return self.sessions.open(tx, officer, credential, browser, None, now)
        except (Refused, MalformedInput) as error:
            self._refuse(error, ceremony, None, now)

    # --- login and step-up -----------------------------------------------------------------------

    def start_login(self, *, browser: str) -> CeremonyStart:
        """Begin a login; nobody is known yet."""
        with self._store.transaction() as tx:
            return begin_authentication(
                tx,
                self._policy,
                kind=CeremonyKind.OFFICER_LOGIN,
                binding=browser,
                now=self._clock.now(),
                random=self._random,
            )

    def finish_login(
        self,
        ceremony_id: str,
        response: ResponseInput,
        *,
        browser: str,
        previous: str | None = None,
    ) -> OfficerLoggedInSession:
        """Verify the answer and open a session; one behind ``previous`` ends.

        :raises hkeid.webauthn.CeremonyRefused: a rule of WebAuthn, by its reason.
        :raises OfficerLoginRefused: see there.
        """
        now = self._clock.now()
        ceremony = self._claim(ceremony_id, CeremonyKind.OFFICER_LOGIN, browser, now)
        credential: Credential | None = None
        try:
            credential, officer = self._find(presented_credential_id(response))
            proof = self._verify(response, ceremony, credential, officer, now)
            with self._store.transaction() as tx:
                officer = _usable(tx, officer.id)
                _note_use(tx, credential, proof, now)
                return self.sessions.open(tx, officer, credential, browser, previous, now)
        except (Refused, MalformedInput) as error:
            self._refuse(error, ceremony, credential, now)

    def start_step_up(self, view: OfficerView, *, browser: str) -> CeremonyStart:
        """Begin a fresh use of one of the officer's own passkeys."""
        with self._store.transaction() as tx:
            return begin_authentication(
                tx,
                self._policy,
                kind=CeremonyKind.OFFICER_STEP_UP,
                binding=browser,
                allow=_active(tx, view.officer_id),
                resident_id=view.officer_id,
                context={"session": view.session_id},
                now=self._clock.now(),
                random=self._random,
            )

    def finish_step_up(
        self, reference: str | None, ceremony_id: str, response: ResponseInput, *, browser: str
    ) -> OfficerLoggedInSession:
        """Verify the answer and renew the session's reference; its absolute limit stays.

        :raises hkeid.webauthn.CeremonyRefused: a rule of WebAuthn, by its reason.
        :raises OfficerLoginRefused: see there.
        """
        now = self._clock.now()
        ceremony = self._claim(ceremony_id, CeremonyKind.OFFICER_STEP_UP, browser, now)
        credential: Credential | None = None
        try:
            credential, officer = self._find(presented_credential_id(response))
            proof = self._verify(response, ceremony, credential, officer, now)
            with self._store.transaction() as tx:
                session = self.sessions.live(tx, reference, browser, now)
                if session is None:
                    raise OfficerLoginRefused("officer_session_ended")
                if ceremony.context.get("session") != session.id:
                    raise OfficerLoginRefused("ceremony_other_session")
                officer = _usable(tx, officer.id)
                _note_use(tx, credential, proof, now)
                new = Secret(self._random.token(32))
                renewed = replace(
                    session,
                    digest=new.digest(),
                    credential_id=credential.id,
                    stepped_up_at=now,
                    expires_at=self.sessions.idle_limit(now, session.authenticated_at),
                )
                if not tx.officer_sessions.renew(renewed, old_digest=session.digest):
                    raise OfficerLoginRefused("officer_session_ended")
                tx.audit.append(
                    OfficerSteppedUp(
                        officer_id=officer.id,
                        session_id=session.id,
                        credential=credential_reference(credential.id),
                    )
                )
                return OfficerLoggedInSession(
                    reference=new, view=self.sessions.view(renewed, officer)
                )
        except (Refused, MalformedInput) as error:
            self._refuse(error, ceremony, credential, now)

    def current(self, reference: str | None, *, browser: str) -> OfficerView | None:
        """See :meth:`OfficerSessions.current`."""
        return self.sessions.current(reference, browser=browser)

    def logout(self, reference: str | None) -> bool:
        """See :meth:`OfficerSessions.logout`."""
        return self.sessions.logout(reference)

    # --- details ---------------------------------------------------------------------------------

    def _claim(self, ceremony_id: str, kind: CeremonyKind, browser: str, now: Instant) -> Ceremony:
        return claim_ceremony(
            self._store, ceremony_id, kinds=frozenset({kind}), binding=browser, now=now
        )

    def _find(self, credential_id: bytes) -> tuple[Credential, Officer]:
        with self._store.transaction() as tx:
            credential = tx.officer_credentials.get(credential_id)
            officer = None if credential is None else tx.officers.get(credential.resident_id)
        if credential is None or officer is None:
            raise OfficerLoginRefused("credential_unknown")
        if credential.status is not CredentialStatus.ACTIVE:
            raise OfficerLoginRefused(f"credential_{credential.status.value}")
        return credential, officer

    def _verify(
        self,
        response: ResponseInput,
        ceremony: Ceremony,
        credential: Credential,
        officer: Officer,
        now: Instant,
    ) -> VerifiedAssertion:
        try:
            return verify_assertion(
                response, ceremony, credential, officer.user_handle, self._policy
            )
        except CeremonyRefused as error:
            if error.reason == _COUNTER:
                with self._store.transaction() as tx:
                    tx.officer_credentials.set_status(
                        credential.id, CredentialStatus.SUSPENDED, now
                    )
                    tx.officer_sessions.end_of_officer(officer.id, now)
                    tx.audit.append(
                        OfficerCredentialSuspended(
                            officer_id=officer.id, credential=credential_reference(credential.id)
                        )
                    )
            raise

    def _refuse(
        self, error: HkeidError, ceremony: Ceremony, credential: Credential | None, now: Instant
    ) -> NoReturn:
        """Record a refusal, as far as the budget goes, in a transaction of its own; and raise it."""
        settings = self._settings
        with self._store.transaction() as tx:
            budget = tx.budgets.spend(
                _BUDGET, b"", limit=settings.refused_logins, window=settings.code_window, now=now
            )
            if budget.allowed:
                owner = None if credential is None else credential.resident_id
                tx.audit.append(
                    OfficerLoginWasRefused(
                        reason=error.reason,
                        officer_id=ceremony.resident_id or owner,
                        credential=(
                            None if credential is None else credential_reference(credential.id)
                        ),
                    )
                )
        raise error


def _active(tx: OfficersTransaction, officer_id: str) -> tuple[Credential, ...]:
    found = tx.officer_credentials.of_officer(officer_id)
    return tuple(one for one in found if one.status is CredentialStatus.ACTIVE)


def _not_suspended(officer: Officer) -> Officer:
    if officer.status is OfficerStatus.SUSPENDED:
        raise OfficerLoginRefused("officer_suspended")
    return officer


def _usable(tx: OfficersTransaction, officer_id: str) -> Officer:
    officer = _not_suspended(known_officer(tx, officer_id))
    if officer.status is not OfficerStatus.ACTIVE:
        raise OfficerLoginRefused("officer_not_enrolled")
    return officer


def _note_use(
    tx: OfficersTransaction, credential: Credential, proof: VerifiedAssertion, now: Instant
) -> None:
    used = tx.officer_credentials.record_use(
        credential.id,
        old_count=credential.sign_count,
        new_count=proof.sign_count,
        backed_up=proof.backed_up,
        now=now,
    )
    if not used:
        raise OfficerLoginRefused("credential_contended")
