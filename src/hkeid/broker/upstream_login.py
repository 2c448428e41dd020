"""Logging in, and linking, at an identity provider behind us.

What a kill leaves behind: *begin* leaves a record that expires; *claim* burns it, and the person begins
again; an account's data key without an account is of no use to anybody; the end is one transaction - link,
account, session and audit records are there together or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NoReturn

from hkeid.broker.departures import (
    VISITS,
    Departed,
    DepartureKind,
    record_of,
    state_of,
    use_up,
)
from hkeid.broker.discovery import doors_for
from hkeid.broker.errors import LoginRefused, StepUpRequired
from hkeid.broker.events import UpstreamLoginWasRefused
from hkeid.broker.level import highest_rung
from hkeid.broker.linking import Linking
from hkeid.broker.records import Session
from hkeid.broker.sessions import LoggedInSession, Sessions
from hkeid.broker.settings import BrokerSettings
from hkeid.broker.standing import require_may_log_in
from hkeid.broker.upstream_records import UpstreamSession, UpstreamTransaction
from hkeid.broker.upstreams import Upstreams
from hkeid.identity.assurance import Acr
from hkeid.identity.authentication import AuthenticationRequest, AuthenticationResult, SessionView
from hkeid.kernel.errors import HkeidError, NotFound
from hkeid.kernel.http import Request
from hkeid.kernel.instants import Instant
from hkeid.ports.keys import KeyStore
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents import PersonalFields
from hkeid.residents.links import subject_digest, upstream_session_digest
from hkeid.residents.records import Resident
from hkeid.upstream.contract import (
    STATE_BYTES,
    Departure,
    UpstreamAuthentication,
    UpstreamRequest,
)
from hkeid.upstream.errors import UpstreamRefused

_BUDGET = "failed_upstream_login"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """The browser that goes to an upstream or comes from one.

    :ivar browser: what ties requests to this browser.
    :ivar session_reference: the session it presents, or None.
    :ivar network: coarse network; refusals are recorded by it.
    :ivar agent: coarse words for browser and system, for the resident's own list.
    :ivar user_agent: its ``User-Agent``, for upstreams that must know the kind of browser.
    """

    browser: str = field(repr=False)
    session_reference: str | None = field(default=None, repr=False)
    network: str = ""
    agent: str = ""
    user_agent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Somebody who came back.

    :ivar back_to: where in our own pages the person was.
    :ivar session: LOGIN: the session that was opened; LINK: None, it goes on.
    """

    kind: DepartureKind
    provider: str
    back_to: str
    session: LoggedInSession | None = None


class ReturnRefused(HkeidError):
    """Somebody came back from an upstream and is not let in.

    :ivar why: what was raised; its reason and text are this error's.
    :ivar back_to: where in our own pages the person was.
    """

    def __init__(self, why: HkeidError, departed: Departed) -> None:
        super().__init__(why.reason, why.safe_text, detail=why.detail)
        self.why = why
        self.back_to = departed.back_to
        self.kind = departed.kind
        self.provider = departed.provider


class UpstreamLogin:
    """Begins and ends visits at upstreams."""

    def __init__(
        self,
        store: Store[UpstreamTransaction],
        upstreams: Upstreams,
        linking: Linking,
        sessions: Sessions,
        fields: PersonalFields,
        keys: KeyStore,
        clock: Clock,
        random: Random,
        settings: BrokerSettings,
    ) -> None:
        self._store = store
        self._upstreams = upstreams
        self._linking = linking
        self._sessions = sessions
        self._fields = fields
        self._keys = keys
        self._clock = clock
        self._random = random
        self._settings = settings

    def begin(
        self,
        upstream_id: str,
        asked: AuthenticationRequest,
        visitor: Visitor,
        *,
        callback: str,
        back_to: str,
        client_name: str | None = None,
    ) -> Departure:
        """Send somebody to log in.

        :param callback: our address for answers of this upstream.
        :param back_to: where in our own pages the person is; given back by :meth:`finish`.
        :raises hkeid.kernel.errors.NotFound: ``upstream_unknown``: none, or not offered for this login.
        :raises hkeid.upstream.errors.UpstreamFailed: the upstream cannot be asked, or not for this.
        """
        if not doors_for(self._upstreams, asked).offers(upstream_id):
            raise NotFound("upstream_unknown", detail="none, or not offered for this login")
        departed = Departed(
            kind=DepartureKind.LOGIN,
            provider=upstream_id,
            kept=b"",
            back_to=back_to,
            client_id=asked.client_id,
            audience=asked.audience,
        )
        return self._depart(departed, asked, visitor, callback, client_name)

    def begin_linking(
        self,
        upstream_id: str,
        session: SessionView,
        visitor: Visitor,
        *,
        callback: str,
        back_to: str,
    ) -> Departure:
        """Send a resident who is logged in here to log in there as well, so that both are linked. The other
        login will be a way in: it takes what adding a device takes.

        :raises hkeid.kernel.errors.NotFound: ``upstream_unknown``: none, or not for our own pages.
        :raises hkeid.broker.errors.StepUpRequired: ``authentication_too_old``.
        :raises LoginRefused: ``session_ended``, ``eid_cools``.
        :raises hkeid.upstream.errors.UpstreamFailed: the upstream cannot be asked.
        """
        if not self._upstreams.named(upstream_id).policy.serves(None):
            raise NotFound("upstream_unknown", detail="not for our own pages")
        resident_id = session.authentication.resident_id
        now = self._clock.now()
        with self._store.transaction() as tx:
            found = self._sessions.live_by_id(tx, session.session_id, now)
            live, _ = self._who_links(tx, found, session.session_id, now)
        if now - live.authenticated_at > self._settings.recent:
            raise StepUpRequired("authentication_too_old")
        departed = Departed(
            kind=DepartureKind.LINK,
            provider=upstream_id,
            kept=b"",
            back_to=back_to,
            resident_id=resident_id,
            session_id=session.session_id,
        )
        # Whoever sits at the machine shows that the other login is theirs, too.
        asked = AuthenticationRequest(client_id="", fresh=True)
        return self._depart(departed, asked, visitor, callback, None)

    def _depart(
        self,
        departed: Departed,
        asked: AuthenticationRequest,
        visitor: Visitor,
        callback: str,
        client_name: str | None,
    ) -> Departure:
        now = self._clock.now()
        state = self._random.token(STATE_BYTES)
        provider = self._upstreams.named(departed.provider).provider
        departure = provider.begin(
            UpstreamRequest(
                state=state,
                callback=callback,
                acr=asked.acr,
                fresh=asked.fresh,
                max_age=asked.max_age,
                ui_locales=asked.ui_locales,
                client_name=client_name,
                user_agent=visitor.user_agent,
            )
        )
        record = record_of(
            replace(departed, kept=departure.kept),
            state,
            browser=visitor.browser,
            nonce=self._random.token_bytes(12),
            now=now,
        )
        with self._store.transaction() as tx:
            if not tx.single_use.put(record):
                raise HkeidError("state_repeated")
        return departure

    def finish(self, upstream_id: str, request: Request, visitor: Visitor) -> Arrival:
        """Read what a browser brought back from an upstream; log in, or link.

        :raises hkeid.upstream.errors.AnswerUnexpected: no departure of this browser fits.
        :raises ReturnRefused: one does, and nobody is let in: the upstream's refusal, or a
            :class:`~hkeid.broker.errors.LoginRefused` of ours.
        :raises hkeid.kernel.errors.NotFound: ``upstream_unknown``.
        """
        now = self._clock.now()
        provider = self._upstreams.named(upstream_id).provider
        state = state_of(request)
        with self._store.transaction() as tx:
            departed = use_up(
                tx, state, kinds=VISITS, provider=upstream_id, browser=visitor.browser, now=now
            )
        try:
            answer = provider.finish(departed.kept, request, now)
            if answer.provider != upstream_id:
                raise LoginRefused("link_unknown", detail="another upstream's answer")
            if departed.kind is DepartureKind.LINK:
                self._link(departed, answer, visitor, now)
                session = None
            else:
                session = self._log_in(departed, answer, visitor, now)
        except HkeidError as error:
            self._refuse(error, departed, visitor, now)
        return Arrival(
            kind=departed.kind,
            provider=upstream_id,
            back_to=departed.back_to,
            session=session,
        )

    def _log_in(
        self, departed: Departed, answer: UpstreamAuthentication, visitor: Visitor, now: Instant
    ) -> LoggedInSession:
        if now - answer.authenticated_at >= self._settings.session_lifetime:
            raise LoginRefused("upstream_authentication_too_old")
        if answer.ends_at is not None and now >= answer.ends_at:
            raise LoginRefused("upstream_session_over")
        if not _may_be_told(answer, departed.audience):
            raise UpstreamRefused("upstream_forbids_proxying")
        upstream = self._upstreams.named(answer.provider)
        account = self._linking.new_account(upstream, answer, now)
        with self._store.transaction() as tx:
            resident = self._linking.resident_of(tx, upstream, answer, account, now)
            require_may_log_in(resident)
            opening = self._sessions.prepare(
                AuthenticationResult(
                    resident_id=resident.id,
                    # Who recovered a lost eID remotely was proved by less than what is linked to it.
                    acr=Acr.EID if resident.cools(now) else answer.acr,
                    amr=answer.amr,
                    authenticated_at=answer.authenticated_at,
                ),
                credential_id=None,
                agent=visitor.agent,
                now=now,
                ends_at=answer.ends_at,
                proxying=answer.proxying,
            )
            given = self._sessions.open(
                tx, opening, previous=visitor.session_reference, client_id=departed.client_id
            )
            tx.upstream_sessions.put(self._kept(answer, given, resident.id))
        return given

    def _kept(
        self, answer: UpstreamAuthentication, given: LoggedInSession, resident_id: str
    ) -> UpstreamSession:
        session_id = given.view.session_id
        return UpstreamSession(
            session_id=session_id,
            provider=answer.provider,
            subject=self._linking.subject(answer),
            holder=(
                None
                if answer.session_subject is None
                else subject_digest(self._keys, answer.provider, answer.session_subject)
            ),
            upstream_session=(
                None
                if answer.session is None
                else upstream_session_digest(self._keys, answer.provider, answer.session)
            ),
            kept=(
                b""
                if answer.logout is None
                else self._fields.seal_upstream_logout(resident_id, session_id, answer.logout)
            ),
            expires_at=given.expires_at,
        )

    def _link(
        self, departed: Departed, answer: UpstreamAuthentication, visitor: Visitor, now: Instant
    ) -> None:
        with self._store.transaction() as tx:
            found = self._sessions.live(tx, visitor.session_reference, now)
            live, resident = self._who_links(tx, found, departed.session_id, now)
            # As for a device (NIST SP 800-63B-4 §4.1.2.1): a copied passkey never buys a better way in.
            if live.acr.rung < min(highest_rung(tx, resident), answer.acr.rung):
                raise StepUpRequired("authentication_too_low")
            upstream = self._upstreams.named(answer.provider)
            self._linking.link(tx, upstream, answer, resident.id, now)

    @staticmethod
    def _who_links(
        tx: UpstreamTransaction, session: Session | None, session_id: str | None, now: Instant
    ) -> tuple[Session, Resident]:
        if session is None or session.id != session_id:
            raise LoginRefused("session_ended")
        resident = tx.residents.get(session.resident_id)
        if resident is None or resident.cools(now):
            raise LoginRefused("eid_cools")
        return session, resident

    def _refuse(
        self, error: HkeidError, departed: Departed, visitor: Visitor, now: Instant
    ) -> NoReturn:
        """Record the refusal as far as the budget goes, and raise."""
        with self._store.transaction() as tx:
            budget = tx.budgets.spend(
                _BUDGET,
                visitor.network.encode("utf-8", "surrogatepass"),
                limit=self._settings.unknown_logins,
                window=self._settings.failed_login_window,
                now=now,
            )
            if budget.allowed:
                tx.audit.append(
                    UpstreamLoginWasRefused(
                        provider=departed.provider,
                        reason=error.reason,
                        upstream_said=getattr(error, "upstream_code", None),
                        client_id=departed.client_id,
                    )
                )
        raise ReturnRefused(error, departed) from error


def _may_be_told(answer: UpstreamAuthentication, audience: str | None) -> bool:
    """saml-core §2.5.1.6. Our own pages tell nobody; which services their session may serve is looked at when
    one asks.
    """
    return audience is None or answer.proxying is None or answer.proxying.reaches(audience)
