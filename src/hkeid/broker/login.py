"""Logging in with a passkey.

What a kill leaves behind, step by step: *start* keeps an unused ceremony, which expires; *claim*
burns it, and the resident starts again; *finish* is one transaction - counter, session and audit
record are there together or not at all. A reference that never reached the browser is of no use to
anybody, and its session ends by idleness.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NoReturn

from hkeid.broker.assurance import passkey_authentication
from hkeid.broker.ending import suspend_credential
from hkeid.broker.errors import LoginRefused
from hkeid.broker.events import LoginWasRefused, credential_reference
from hkeid.broker.records import BrokerTransaction
from hkeid.broker.sessions import LoggedInSession, Sessions
from hkeid.broker.settings import BrokerSettings
from hkeid.broker.standing import require_may_log_in
from hkeid.identity.assurance import Acr, acr_reached
from hkeid.identity.authentication import AuthenticationRequest
from hkeid.kernel.errors import HkeidError, MalformedInput, Refused, TooManyAttempts
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents.records import Credential, CredentialStatus, Resident
from hkeid.webauthn import (
    Ceremony,
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

_KINDS = frozenset({CeremonyKind.LOGIN, CeremonyKind.STEP_UP})
_ATTEMPTS = 3
_BUDGET = "failed_login"
_COUNTER = "counter_regressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The credential that an answer names, and whose it is."""

    credential: Credential
    resident: Resident


class Login:
    """The login ceremony."""

    def __init__(
        self,
        store: Store[BrokerTransaction],
        policy: WebAuthnPolicy,
        sessions: Sessions,
        clock: Clock,
        random: Random,
        settings: BrokerSettings,
    ) -> None:
        self._store = store
        self._policy = policy
        self._sessions = sessions
        self._clock = clock
        self._random = random
        self._settings = settings

    def start(
        self, request: AuthenticationRequest, *, browser: str, session_reference: str | None
    ) -> CeremonyStart:
        """Begin. Any discoverable passkey may answer, unless the request is for one resident.

        For one resident, the credentials they may use are listed only in a browser where they are
        logged in: credential ids are not told to whoever has an old ID token (WebAuthn L3 §14.6.3).
        Whose passkey it was is checked at the end either way.
        """
        now = self._clock.now()
        wanted = request.resident_id
        with self._store.transaction() as tx:
            allow: tuple[Credential, ...] = ()
            if wanted is not None:
                session = self._sessions.live(tx, session_reference, now)
                if session is not None and session.resident_id == wanted:
                    allow = _usable(tx, wanted, request.acr)
            return begin_authentication(
                tx,
                self._policy,
                kind=CeremonyKind.LOGIN if wanted is None else CeremonyKind.STEP_UP,
                binding=browser,
                allow=allow,
                resident_id=wanted,
                context={"client_id": request.client_id},
                now=now,
                random=self._random,
            )

    def finish(
        self,
        ceremony_id: str,
        response: ResponseInput,
        *,
        browser: str,
        session_reference: str | None,
        network: str,
        agent: str,
    ) -> LoggedInSession:
        """Verify the answer and open (or renew) the session.

        :param network: coarse network the request came from; budgets are counted by it.
        :param agent: coarse words for browser and system, for the resident's own list.
        :raises hkeid.webauthn.CeremonyRefused: a rule of WebAuthn, by its reason.
        :raises hkeid.webauthn.MalformedResponse: the answer does not parse.
        :raises LoginRefused: see there.
        :raises hkeid.kernel.errors.TooManyAttempts: ``login_attempts_exhausted``; a right answer is
            never turned away for that.
        """
        now = self._clock.now()
        ceremony = claim_ceremony(self._store, ceremony_id, kinds=_KINDS, binding=browser, now=now)
        found: _Found | None = None
        try:
            credential_id = presented_credential_id(response)
            for attempt in range(_ATTEMPTS):
                found = self._find(credential_id)
                _check_owner(ceremony, found)
                proof = self._verify(response, ceremony, found, now, again=attempt > 0)
                given = self._conclude(
                    ceremony,
                    found,
                    proof,
                    now,
                    previous=session_reference,
                    network=network,
                    agent=agent,
                )
                if given is not None:
                    return given
            raise LoginRefused("credential_contended")
        except (Refused, MalformedInput) as error:
            self._refuse(error, ceremony, found, network, now)

    def _find(self, credential_id: bytes) -> _Found:
        with self._store.transaction() as tx:
            credential = tx.credentials.get(credential_id)
            resident = None if credential is None else tx.residents.get(credential.resident_id)
        if credential is None or resident is None:
            raise LoginRefused("credential_unknown")
        return _Found(credential=credential, resident=resident)

    def _verify(
        self,
        response: ResponseInput,
        ceremony: Ceremony,
        found: _Found,
        now: Instant,
        *,
        again: bool,
    ) -> VerifiedAssertion:
        if found.credential.status is not CredentialStatus.ACTIVE:
            raise LoginRefused(f"credential_{found.credential.status.value}")
        try:
            return verify_assertion(
                response, ceremony, found.credential, found.resident.user_handle, self._policy
            )
        except CeremonyRefused as error:
            if error.reason != _COUNTER:
                raise
            if again:
                # It was in order at the first look: two logins of one device overtook each other.
                raise LoginRefused("credential_contended") from None
            with self._store.transaction() as tx:
                suspend_credential(tx, found.credential, now, reason=_COUNTER)
            raise

    def _conclude(
        self,
        ceremony: Ceremony,
        found: _Found,
        proof: VerifiedAssertion,
        now: Instant,
        *,
        previous: str | None,
        network: str,
        agent: str,
    ) -> LoggedInSession | None:
        """The one transaction of a login; None when something changed since it was looked at."""
        credential = found.credential
        require_may_log_in(found.resident)
        authentication = passkey_authentication(
            found.resident, credential, user_verified=proof.user_verified, at=now
        )
        opening = self._sessions.prepare(authentication, credential_id=credential.id, agent=agent)
        with self._store.transaction() as tx:
            if tx.residents.get(credential.resident_id) != found.resident:
                return None
            used = tx.credentials.record_use(
                credential.id,
                old_count=credential.sign_count,
                new_count=proof.sign_count,
                backed_up=proof.backed_up,
                now=now,
            )
            if not used:
                return None
            tx.budgets.refund(_BUDGET, _subject(network, credential))
            return self._sessions.open(
                tx, opening, previous=previous, client_id=ceremony.context.get("client_id")
            )

    def _refuse(
        self,
        error: HkeidError,
        ceremony: Ceremony,
        found: _Found | None,
        network: str,
        now: Instant,
    ) -> NoReturn:
        """Record the refusal as far as the budget goes, in a transaction of its own, and raise."""
        settings = self._settings
        known = found is not None
        with self._store.transaction() as tx:
            budget = tx.budgets.spend(
                _BUDGET,
                _subject(network, found.credential) if found is not None else b"unknown",
                limit=settings.failed_logins if known else settings.unknown_logins,
                window=settings.failed_login_window,
                now=now,
            )
            if budget.allowed:
                tx.audit.append(
                    LoginWasRefused(
                        reason=error.reason,
                        resident_id=found.resident.id if found is not None else None,
                        credential=(
                            credential_reference(found.credential.id) if found is not None else None
                        ),
                        client_id=ceremony.context.get("client_id"),
                    )
                )
        if known and not budget.allowed:
            raise TooManyAttempts("login_attempts_exhausted", retry_after=budget.retry_after)
        raise error


def _usable(tx: BrokerTransaction, resident_id: str, acr: Acr | None) -> tuple[Credential, ...]:
    """A resident's active credentials; where some reach the wanted rung, only those."""
    resident = tx.residents.get(resident_id)
    if resident is None:
        return ()
    active = tuple(
        credential
        for credential in tx.credentials.of_resident(resident_id)
        if credential.status is CredentialStatus.ACTIVE
    )
    if acr is None:
        return active
    high = tuple(
        credential
        for credential in active
        if (
            reached := acr_reached(
                resident.proofed,
                user_verified=True,
                backup_eligible=credential.backup_eligible,
                attestation_verified=credential.attestation == "verified",
            )
        )
        is not None
        and reached.at_least(acr)
    )
    return high or active


def _check_owner(ceremony: Ceremony, found: _Found) -> None:
    if ceremony.resident_id is not None and found.resident.id != ceremony.resident_id:
        raise LoginRefused("resident_mismatch")


def _subject(network: str, credential: Credential) -> bytes:
    return hashlib.sha256(network.encode("utf-8", "surrogatepass") + b"\0" + credential.id).digest()
