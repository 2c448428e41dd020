"""Officers' sessions: short, bound to one browser, ended at once where something is wrong."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace

from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret, secret_digest
from hkeid.officers.events import OfficerLoggedIn, OfficerSessionEnded, credential_reference
from hkeid.officers.records import Officer, OfficerSession, OfficerStatus, OfficersTransaction
from hkeid.officers.roles import Permission, Role, permissions_of
from hkeid.officers.settings import OfficerSettings
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents.records import Credential


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerView:
    """A live session as the pages use it.

    :ivar fresh_until: until when the latest use of the passkey counts as a step-up.
    """

    session_id: str
    officer_id: str
    roles: tuple[Role, ...]
    fresh_until: Instant
    expires_at: Instant

    def may(self, permission: Permission) -> bool:
        """Whether the roles allow it (what is shown); :meth:`Officers.require` decides anew."""
        return permission in permissions_of(self.roles)

    def is_fresh(self, now: Instant) -> bool:
        """Whether the passkey was used lately."""
        return now < self.fresh_until


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerLoggedInSession:
    """What a login gives to the browser; ``reference`` is shown here once and never again."""

    reference: Secret
    view: OfficerView


class OfficerSessions:
    """Sessions: opened at a login, looked up by reference, ended."""

    def __init__(
        self,
        store: Store[OfficersTransaction],
        clock: Clock,
        random: Random,
        settings: OfficerSettings,
    ) -> None:
        self._store = store
        self._clock = clock
        self._random = random
        self._settings = settings

    def open(
        self,
        tx: OfficersTransaction,
        officer: Officer,
        credential: Credential,
        browser: str,
        previous: str | None,
        now: Instant,
    ) -> OfficerLoggedInSession:
        """Open a session inside the login's transaction; one behind ``previous`` ends."""
        if previous:
            old = tx.officer_sessions.by_digest(secret_digest(previous))
            if old is not None and tx.officer_sessions.end(old.id, now):
                tx.audit.append(_ended(old, "replaced"))
        reference = Secret(self._random.token(32))
        session = OfficerSession(
            id=self._random.token(16),
            digest=reference.digest(),
            browser=secret_digest(browser),
            officer_id=officer.id,
            credential_id=credential.id,
            authenticated_at=now,
            stepped_up_at=now,
            expires_at=self.idle_limit(now, now),
        )
        tx.officer_sessions.add(session)
        tx.audit.append(
            OfficerLoggedIn(
                officer_id=officer.id,
                session_id=session.id,
                credential=credential_reference(credential.id),
            )
        )
        return OfficerLoggedInSession(reference=reference, view=self.view(session, officer))

    def current(self, reference: str | None, *, browser: str) -> OfficerView | None:
        """The live session behind a reference in this browser; notes the use.

        A reference that comes from another browser was stolen: its session ends at once.
        """
        if not reference:
            return None
        now = self._clock.now()
        with self._store.transaction() as tx:
            session = self.live(tx, reference, browser, now)
            if session is None:
                return None
            officer = tx.officers.get(session.officer_id)
            if officer is None or officer.status is not OfficerStatus.ACTIVE:
                return None
            limit = self.idle_limit(now, session.authenticated_at)
            if limit - session.expires_at >= self._settings.touch_every:
                tx.officer_sessions.touch(session.id, digest=session.digest, expires_at=limit)
                session = replace(session, expires_at=limit)
            return self.view(session, officer)

    def live(
        self, tx: OfficersTransaction, reference: str | None, browser: str, now: Instant
    ) -> OfficerSession | None:
        """The live session behind a reference, inside a transaction."""
        if not reference:
            return None
        session = tx.officer_sessions.by_digest(secret_digest(reference))
        if session is None or session.ended_at is not None or now >= session.expires_at:
            return None
        if not hmac.compare_digest(session.browser, secret_digest(browser)):
            tx.officer_sessions.end(session.id, now)
            tx.audit.append(_ended(session, "other_browser"))
            return None
        return session

    def logout(self, reference: str | None) -> bool:
        """End the session behind a reference; False when there is none."""
        if not reference:
            return False
        now = self._clock.now()
        with self._store.transaction() as tx:
            session = tx.officer_sessions.by_digest(secret_digest(reference))
            if session is None or not tx.officer_sessions.end(session.id, now):
                return False
            tx.audit.append(_ended(session, "logout"))
            return True

    def view(self, session: OfficerSession, officer: Officer) -> OfficerView:
        """A session as the pages use it."""
        return OfficerView(
            session_id=session.id,
            officer_id=officer.id,
            roles=officer.roles,
            fresh_until=session.stepped_up_at + self._settings.step_up,
            expires_at=session.expires_at,
        )

    def idle_limit(self, now: Instant, authenticated_at: Instant) -> Instant:
        """When a session that is used now ends, if it is not used again."""
        absolute = authenticated_at + self._settings.session_lifetime
        return min(now + self._settings.session_idle, absolute)


def _ended(session: OfficerSession, reason: str) -> OfficerSessionEnded:
    return OfficerSessionEnded(officer_id=session.officer_id, session_id=session.id, reason=reason)
