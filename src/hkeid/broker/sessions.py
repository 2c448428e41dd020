"""Sessions: opened at a login, looked up by reference, ended by the resident, by logout or by time.

The browser holds a random reference of 256 bits; the store holds its digest. Every login replaces the
reference, so that whoever planted or saw an older one has nothing (session fixation). The session's
own id stays as long as the same resident goes on, because relying parties' ``sid`` and grants hang on
it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hkeid.broker.ending import EndedSession, end_session, end_sessions
from hkeid.broker.events import SessionRenewed, SessionStarted, credential_reference
from hkeid.broker.records import BrokerTransaction, Session
from hkeid.broker.settings import BrokerSettings
from hkeid.identity.assurance import Acr
from hkeid.identity.authentication import AuthenticationResult, Proxying, SessionView
from hkeid.kernel.errors import NotFound
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret, secret_digest
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents import PersonalFields
from hkeid.residents.records import CredentialStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedInSession:
    """What a login gives to the browser.

    :ivar reference: value for the session cookie; shown here once and never again.
    :ivar expires_at: when the session ends at the latest; idleness may end it before.
    """

    reference: Secret
    view: SessionView
    expires_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEntry:
    """A live session as its resident sees it.

    :ivar agent: coarse words for browser and system; "" where none were kept.
    :ivar current: it is the one in which the list is looked at.
    """

    id: str
    agent: str
    acr: Acr
    credential_id: bytes | None
    created_at: Instant
    authenticated_at: Instant
    expires_at: Instant
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A session about to be opened: all that needs no transaction is done.

    :ivar now: when it is opened, which may be later than the authentication (an upstream's session).
    """

    reference: Secret
    session: Session
    now: Instant


class Sessions:
    """The hub's sessions; implements :class:`hkeid.ports.SessionReader`."""

    def __init__(
        self,
        store: Store[BrokerTransaction],
        fields: PersonalFields,
        clock: Clock,
        random: Random,
        settings: BrokerSettings,
    ) -> None:
        self._store = store
        self._fields = fields
        self._clock = clock
        self._random = random
        self._settings = settings

    # --- opening ---------------------------------------------------------------------------------

    def prepare(
        self,
        authentication: AuthenticationResult,
        *,
        credential_id: bytes | None,
        agent: str,
        now: Instant | None = None,
        ends_at: Instant | None = None,
        proxying: Proxying | None = None,
    ) -> Opening:
        """Make reference and record; nothing is kept until :meth:`open`.

        :param agent: coarse words for browser and system; kept sealed.
        :param now: when it is opened; the moment of the authentication where that is now.
        :param ends_at: when it ends at the latest, where an upstream says so.
        :param proxying: to whom it may be told, where an upstream limits that.
        """
        reference = Secret(self._random.token(32))
        session_id = self._random.token(16)
        at = authentication.authenticated_at
        session = Session(
            id=session_id,
            digest=reference.digest(),
            resident_id=authentication.resident_id,
            credential_id=credential_id,
            acr=authentication.acr,
            amr=authentication.amr,
            authenticated_at=at,
            created_at=now or at,
            expires_at=min((now or at) + self._settings.session_idle, self._end(at, ends_at)),
            agent=self._fields.seal_session_agent(authentication.resident_id, session_id, agent),
            ends_at=ends_at,
            proxying=proxying,
        )
        return Opening(reference=reference, session=session, now=now or at)

    def open(
        self,
        tx: BrokerTransaction,
        opening: Opening,
        *,
        previous: str | None,
        client_id: str | None = None,
    ) -> LoggedInSession:
        """Keep the session inside the login's transaction.

        A live session of the same resident behind ``previous`` goes on under the new reference; any
        other one ends, so that a browser never holds two.

        :param previous: the reference that the browser presented.
        :param client_id: the relying party that asked.
        """
        session = opening.session
        now = opening.now
        old = self._presented(tx, previous)
        if old is not None and old.resident_id == session.resident_id and now < old.expires_at:
            renewed = replace(session, id=old.id, created_at=old.created_at, agent=old.agent)
            if tx.sessions.renew(renewed):
                tx.audit.append(_told(SessionRenewed, renewed, client_id))
                return self._given(opening, renewed)
        elif old is not None:
            end_session(tx, old, now, reason="replaced")
        tx.sessions.add(session)
        tx.audit.append(_told(SessionStarted, session, client_id))
        return self._given(opening, session)

    # --- looking up ------------------------------------------------------------------------------

    def current(self, reference: str | None, now: Instant) -> SessionView | None:
        """See :meth:`hkeid.ports.SessionReader.current`; notes the use."""
        if not reference:
            return None
        with self._store.transaction() as tx:
            session = self.live(tx, reference, now)
            if session is None:
                return None
            limit = min(
                now + self._settings.session_idle,
                self._end(session.authenticated_at, session.ends_at),
            )
            if limit - session.expires_at >= self._settings.touch_every:
                tx.sessions.touch(session.id, digest=session.digest, expires_at=limit)
        return _view(session)

    def is_live(self, session_id: str, now: Instant) -> bool:
        """See :meth:`hkeid.ports.SessionReader.is_live`."""
        with self._store.transaction() as tx:
            return _is_live(tx, tx.sessions.get(session_id), now)

    def live(self, tx: BrokerTransaction, reference: str | None, now: Instant) -> Session | None:
        """The live session behind a reference, inside a transaction."""
        session = self._presented(tx, reference)
        return session if session is not None and _is_live(tx, session, now) else None

    def live_by_id(self, tx: BrokerTransaction, session_id: str, now: Instant) -> Session | None:
        """The live session with this internal id, inside a transaction."""
        session = tx.sessions.get(session_id)
        return session if _is_live(tx, session, now) else None

    def of_resident(
        self, resident_id: str, *, current: str | None = None
    ) -> tuple[SessionEntry, ...]:
        """A resident's live sessions, newest first.

        :param current: id of the session in which the list is looked at.
        """
        now = self._clock.now()
        with self._store.transaction() as tx:
            found = tx.sessions.of_resident(resident_id)
            live = [session for session in found if _is_live(tx, session, now)]
        return tuple(
            SessionEntry(
                id=session.id,
                agent=self._fields.session_agent(resident_id, session.id, session.agent),
                acr=session.acr,
                credential_id=session.credential_id,
                created_at=session.created_at,
                authenticated_at=session.authenticated_at,
                expires_at=session.expires_at,
                current=session.id == current,
            )
            for session in live
        )

    # --- ending ----------------------------------------------------------------------------------

    def logout(self, reference: str | None) -> EndedSession | None:
        """End the session behind a reference, expired or not; None when there is nothing to end.

        Services of SAML are told by the request of this browser; a minute later by whoever delivers.
        """
        now = self._clock.now()
        with self._store.transaction() as tx:
            session = self._presented(tx, reference)
            if session is None:
                return None
            return end_session(tx, session, now, reason="logout", by_request=True)

    def end(self, resident_id: str, session_id: str) -> EndedSession | None:
        """End one of the resident's own sessions; None when it ended before.

        :raises hkeid.kernel.errors.NotFound: ``session_unknown``: none, or somebody else's.
        """
        now = self._clock.now()
        with self._store.transaction() as tx:
            session = tx.sessions.get(session_id)
            if session is None or session.resident_id != resident_id:
                raise NotFound("session_unknown")
            return end_session(tx, session, now, reason="ended_by_resident")

    def end_others(self, resident_id: str, keep: str) -> tuple[EndedSession, ...]:
        """End all of the resident's sessions but ``keep``."""
        now = self._clock.now()
        with self._store.transaction() as tx:
            return end_sessions(tx, resident_id, now, reason="ended_by_resident", keep=keep)

    # --- details ---------------------------------------------------------------------------------

    def _presented(self, tx: BrokerTransaction, reference: str | None) -> Session | None:
        if not reference:
            return None
        session = tx.sessions.by_digest(secret_digest(reference))
        return None if session is None or session.ended_at is not None else session

    def _end(self, authenticated_at: Instant, ends_at: Instant | None) -> Instant:
        """When a session is over, used or not."""
        absolute = authenticated_at + self._settings.session_lifetime
        return absolute if ends_at is None else min(absolute, ends_at)

    def _given(self, opening: Opening, session: Session) -> LoggedInSession:
        return LoggedInSession(
            reference=opening.reference,
            view=_view(session),
            expires_at=self._end(session.authenticated_at, session.ends_at),
        )


def _is_live(tx: BrokerTransaction, session: Session | None, now: Instant) -> bool:
    if session is None or session.ended_at is not None or now >= session.expires_at:
        return False
    resident = tx.residents.get(session.resident_id)
    if resident is None or not resident.state.may_log_in:
        return False
    if session.credential_id is None:
        return True
    credential = tx.credentials.get(session.credential_id)
    return credential is not None and credential.status is CredentialStatus.ACTIVE


def _view(session: Session) -> SessionView:
    return SessionView(
        session_id=session.id,
        authentication=AuthenticationResult(
            resident_id=session.resident_id,
            acr=session.acr,
            amr=session.amr,
            authenticated_at=session.authenticated_at,
        ),
        ends_at=session.ends_at,
        proxying=session.proxying,
    )


def _told(
    event: type[SessionStarted | SessionRenewed], session: Session, client_id: str | None
) -> SessionStarted | SessionRenewed:
    credential = session.credential_id
    return event(
        session_id=session.id,
        resident_id=session.resident_id,
        credential=None if credential is None else credential_reference(credential),
        acr=session.acr.value,
        client_id=client_id,
    )
