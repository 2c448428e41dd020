"""The hub as the server and the rooms above see it."""

from __future__ import annotations

from hkeid.broker.ending import EndedSession
from hkeid.broker.login import Login
from hkeid.broker.records import BrokerTransaction
from hkeid.broker.sessions import LoggedInSession, SessionEntry, Sessions
from hkeid.broker.settings import BrokerSettings
from hkeid.identity.authentication import AuthenticationRequest, SessionView
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents import PersonalFields
from hkeid.webauthn import CeremonyStart, ResponseInput, WebAuthnPolicy


class Broker:
    """Answers "who is there?" for every front door; implements :class:`hkeid.ports.SessionReader`.

    :param policy: what a passkey ceremony must fulfil.
    :param fields: seals what sessions say about the resident's browser.
    """

    def __init__(
        self,
        store: Store[BrokerTransaction],
        policy: WebAuthnPolicy,
        fields: PersonalFields,
        clock: Clock,
        random: Random,
        settings: BrokerSettings | None = None,
    ) -> None:
        settings = settings or BrokerSettings()
        self.sessions = Sessions(store, fields, clock, random, settings)
        self._login = Login(store, policy, self.sessions, clock, random, settings)

    def start_login(
        self,
        request: AuthenticationRequest,
        *,
        browser: str,
        session_reference: str | None = None,
    ) -> CeremonyStart:
        """Begin a login: see :meth:`hkeid.broker.login.Login.start`."""
        return self._login.start(request, browser=browser, session_reference=session_reference)

    def finish_login(
        self,
        ceremony_id: str,
        response_json: ResponseInput,
        *,
        browser: str,
        session_reference: str | None = None,
        network: str,
        agent: str = "",
    ) -> LoggedInSession:
        """Finish a login: see :meth:`hkeid.broker.login.Login.finish` for what it raises."""
        return self._login.finish(
            ceremony_id,
            response_json,
            browser=browser,
            session_reference=session_reference,
            network=network,
            agent=agent,
        )

    def current(self, reference: str | None, now: Instant) -> SessionView | None:
        """The live session behind the browser's reference, or None; notes the use."""
        return self.sessions.current(reference, now)

    def is_live(self, session_id: str, now: Instant) -> bool:
        """Whether the session with this internal id is still live."""
        return self.sessions.is_live(session_id, now)

    def logout(self, session_reference: str | None) -> EndedSession | None:
        """End the browser's session; None when there is nothing to end. May be repeated."""
        return self.sessions.logout(session_reference)

    def end_session(self, resident_id: str, session_id: str) -> EndedSession | None:
        """End one of the resident's own sessions; None when it ended before.

        :raises hkeid.kernel.errors.NotFound: ``session_unknown``.
        """
        return self.sessions.end(resident_id, session_id)

    def end_other_sessions(self, resident_id: str, keep: str) -> tuple[EndedSession, ...]:
        """End all of the resident's sessions but the one whose id is ``keep``."""
        return self.sessions.end_others(resident_id, keep)

    def sessions_of(
        self, resident_id: str, *, current: str | None = None
    ) -> tuple[SessionEntry, ...]:
        """The resident's live sessions for the account page, newest first.

        :param current: id of the session in which the page is looked at.
        """
        return self.sessions.of_resident(resident_id, current=current)
