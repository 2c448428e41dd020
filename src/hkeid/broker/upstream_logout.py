"""Logout that crosses to an upstream, and from one.

Ours ends first, whatever the upstream does: a person who logs out is logged out here even if the upstream never
answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hkeid.broker.departures import Departed, DepartureKind, record_of, state_of, use_up
from hkeid.broker.ending import EndedSession, end_session
from hkeid.broker.upstream_records import UpstreamSession, UpstreamTransaction
from hkeid.broker.upstreams import Upstreams
from hkeid.kernel.errors import HkeidError, NotFound
from hkeid.kernel.http import Request, Response
from hkeid.kernel.instants import Instant
from hkeid.ports.keys import KeyStore
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents import PersonalFields
from hkeid.residents.links import subject_digest, upstream_session_digest
from hkeid.upstream.contract import (
    STATE_BYTES,
    Departure,
    EndsSessions,
    LogoutOutcome,
    UpstreamLogout,
    UpstreamLogoutRequest,
)
from hkeid.upstream.errors import UpstreamFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedFromLogout:
    """Somebody who came back from logging out at an upstream.

    :ivar outcome: how it went there; here the session had ended before.
    :ivar back_to: where in our own pages the person was.
    """

    outcome: LogoutOutcome
    back_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardLogout:
    """A logout that an upstream sent.

    :ivar answer: what the upstream gets, directly or through the browser.
    :ivar ended: sessions of ours that it ended.
    :ivar error: why it was refused, for the journal: it may be an attack, or a key of the upstream that we do not
        know yet. None: it was a good one.
    """

    answer: Response | Departure
    ended: tuple[EndedSession, ...] = ()
    error: UpstreamFailed | None = None


class UpstreamLogouts:
    """Both directions."""

    def __init__(
        self,
        store: Store[UpstreamTransaction],
        upstreams: Upstreams,
        fields: PersonalFields,
        keys: KeyStore,
        clock: Clock,
        random: Random,
    ) -> None:
        self._store = store
        self._upstreams = upstreams
        self._fields = fields
        self._keys = keys
        self._clock = clock
        self._random = random

    def begin(
        self,
        ended: EndedSession,
        *,
        browser: str,
        callback: Callable[[str], str],
        back_to: str,
        ui_locales: tuple[str, ...] = (),
    ) -> Departure | None:
        """Where to send the browser so that the upstream's session ends too; None: nowhere.

        An upstream that cannot be asked keeps nobody from logging out here.

        :param callback: our address for the answer of an upstream, by its id.
        :param back_to: where in our own pages the person is; given back by :meth:`finish`.
        """
        with self._store.transaction() as tx:
            kept = tx.upstream_sessions.of_session(ended.session_id)
        asked = (
            None if kept is None else self._asked(kept, ended, callback(kept.provider), ui_locales)
        )
        if kept is None or asked is None:
            return None
        provider, request = asked
        try:
            departure = provider.begin_logout(request)
        except UpstreamFailed:
            return None
        if departure is None:
            return None
        record = record_of(
            Departed(
                kind=DepartureKind.LOGOUT,
                provider=kept.provider,
                kept=departure.kept,
                back_to=back_to,
            ),
            request.state,
            browser=browser,
            nonce=self._random.token_bytes(12),
            now=self._clock.now(),
        )
        with self._store.transaction() as tx:
            if not tx.single_use.put(record):
                raise HkeidError("state_repeated")
        return departure

    def _asked(
        self,
        kept: UpstreamSession,
        ended: EndedSession,
        callback: str,
        ui_locales: tuple[str, ...],
    ) -> tuple[EndsSessions, UpstreamLogoutRequest] | None:
        upstream = self._upstreams.get(kept.provider)
        if upstream is None or not upstream.policy.ends_there or not kept.kept:
            return None
        provider = upstream.provider
        if not isinstance(provider, EndsSessions):
            return None
        try:
            logout = self._fields.upstream_logout(ended.resident_id, ended.session_id, kept.kept)
        except NotFound:  # erased meanwhile
            return None
        return provider, UpstreamLogoutRequest(
            logout=logout,
            state=self._random.token(STATE_BYTES),
            callback=callback,
            ui_locales=ui_locales,
        )

    def finish(self, upstream_id: str, request: Request, *, browser: str) -> ReturnedFromLogout:
        """Read what the browser brought back.

        :raises hkeid.upstream.errors.AnswerUnexpected: no departure of this browser fits.
        :raises hkeid.kernel.errors.NotFound: ``upstream_unknown``, ``upstream_ends_no_sessions``.
        """
        now = self._clock.now()
        provider = self._ending(upstream_id)
        state = state_of(request)
        with self._store.transaction() as tx:
            departed = use_up(
                tx,
                state,
                kinds=(DepartureKind.LOGOUT,),
                provider=upstream_id,
                browser=browser,
                now=now,
            )
        try:
            outcome = provider.finish_logout(departed.kept, request, now)
        except UpstreamFailed:
            outcome = LogoutOutcome.FAILED
        return ReturnedFromLogout(outcome=outcome, back_to=departed.back_to)

    def hear(self, upstream_id: str, request: Request) -> HeardLogout:
        """A logout that an upstream sends, by the browser or directly: verified, done once, answered.

        :raises hkeid.kernel.errors.NotFound: ``upstream_unknown``, ``upstream_ends_no_sessions``.
        """
        now = self._clock.now()
        provider = self._ending(upstream_id)
        try:
            logout = provider.read_logout(request, now)
        except UpstreamFailed as error:
            return HeardLogout(answer=provider.refuse_logout(error), error=error)
        ended = self._end(upstream_id, logout, now)
        return HeardLogout(
            answer=provider.answer_logout(logout, LogoutOutcome.DONE), ended=tuple(ended)
        )

    def _end(
        self, upstream_id: str, logout: UpstreamLogout, now: Instant
    ) -> Sequence[EndedSession]:
        holder = (
            None
            if logout.subject is None
            else subject_digest(self._keys, upstream_id, logout.subject)
        )
        names = tuple(
            upstream_session_digest(self._keys, upstream_id, one) for one in logout.sessions
        )
        ended = []
        with self._store.transaction() as tx:
            if not tx.single_use.put(logout.once):
                return ()
            for kept in tx.upstream_sessions.find(upstream_id, holder=holder, sessions=names):
                session = tx.sessions.get(kept.session_id)
                if session is not None:
                    ended.append(end_session(tx, session, now, reason="upstream_logout"))
        return [one for one in ended if one is not None]

    def _ending(self, upstream_id: str) -> EndsSessions:
        provider = self._upstreams.named(upstream_id).provider
        if not isinstance(provider, EndsSessions):
            raise NotFound("upstream_ends_no_sessions")
        return provider
