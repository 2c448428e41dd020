"""``/logout``: a relying party wants the resident signed out here too."""

from __future__ import annotations

from typing import Any

from hkeid.doors.subjects import session_identifier
from hkeid.identity.authentication import SessionView
from hkeid.kernel.errors import Refused
from hkeid.kernel.http import Request, Response, redirect, with_query
from hkeid.kernel.instants import Instant
from hkeid.oidc.errors import OAuthError, invalid_request
from hkeid.oidc.scopes import OFFLINE_ACCESS
from hkeid.op import interactions
from hkeid.op.events import GrantRevoked, LogoutAnswered
from hkeid.op.interactions import (
    Interaction,
    InteractionKind,
    LogoutConfirmed,
    LogoutDeclined,
    Outcome,
)
from hkeid.op.logout.front_channel import front_channel_addresses
from hkeid.op.logout.request import LogoutRequest, parse, understand
from hkeid.op.parts import Parts
from hkeid.op.records import ProviderTransaction
from hkeid.op.responses import error_page, logout_page


class LogoutEndpoint:
    """``/logout`` and what becomes of its interaction."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def handle(self, request: Request) -> Response | Interaction:
        """Answer a logout request (RP-Initiated Logout §2)."""
        now = self._parts.clock.now()
        try:
            wanted = understand(parse(request), self._parts, now)
        except OAuthError as error:
            return error_page(error)
        session = self._parts.sessions.current(request.session, now)
        if session is None:
            return _leave(wanted.redirect_uri, wanted.state)
        if request.browser is None:
            return error_page(invalid_request("browser_unknown", "A browser is needed to go on."))
        return self._ask(wanted, session, request.browser, now)

    def _ask(
        self, wanted: LogoutRequest, session: SessionView, browser: str, now: Instant
    ) -> Interaction:
        """§2: "At the Logout Endpoint, the OP SHOULD ask the End-User whether to log out of the OP";
        it need not where the hint proves that the request is about this very session.
        """
        payload = {
            "kind": InteractionKind.LOGOUT.value,
            "request": wanted.as_record(),
            "session": session.session_id,
            "ask": not self._is_about(wanted, session),
        }
        interaction_id = self._parts.random.token()
        lifetime = self._parts.settings.interaction_lifetime
        record = interactions.new_record(interaction_id, browser, payload, now, lifetime)
        with self._parts.store.transaction() as tx:
            tx.single_use.put(record)
        return self.interaction(interaction_id, payload, session, record.expires_at)

    def _is_about(self, wanted: LogoutRequest, session: SessionView) -> bool:
        hint = wanted.hint
        if hint is None or hint.session is None:
            return False
        present = session_identifier(self._parts.keys, hint.client_id, session.session_id)
        return hint.session == present

    def interaction(
        self,
        interaction_id: str,
        payload: dict[str, Any],
        session: SessionView | None,
        expires_at: Instant,
    ) -> Interaction:
        """An interaction as its record tells it."""
        wanted = payload["request"]
        known = None
        if wanted["client_id"] is not None:
            known = self._parts.clients.find(wanted["client_id"], self._parts.clock.now())
        return Interaction(
            id=interaction_id,
            kind=InteractionKind.LOGOUT,
            client=None if known is None else known.client,
            ui_locales=tuple(wanted["ui_locales"]),
            session=session,
            expires_at=expires_at,
            ask=payload["ask"],
        )

    def resume(
        self, payload: dict[str, Any], digest: bytes, outcome: Outcome, *, now: Instant
    ) -> Response:
        """Go on after the resident has answered.

        :raises Refused: ``outcome_unexpected``; ``session_still_live``: confirmed, but whoever
            confirmed has not ended the session.
        """
        if not isinstance(outcome, LogoutConfirmed | LogoutDeclined):
            raise Refused("outcome_unexpected", detail=type(outcome).__name__)
        confirmed = isinstance(outcome, LogoutConfirmed)
        session_id = payload["session"]
        if confirmed and self._parts.sessions.is_live(session_id, now):
            raise Refused("session_still_live")
        wanted = payload["request"]
        frames: tuple[str, ...] = ()
        with self._parts.store.transaction() as tx:
            interactions.use_up(tx.single_use, digest, now)
            if confirmed:
                _revoke_grants(tx, session_id, now)
                frames = front_channel_addresses(tx, self._parts, session_id)
            tx.audit.append(
                LogoutAnswered(
                    client_id=wanted["client_id"], session_id=session_id, confirmed=confirmed
                )
            )
        if confirmed:
            return _leave(wanted["redirect_uri"], wanted["state"], frames)
        return logout_page(signed_out=False)

    def frames(self, session_id: str) -> tuple[str, ...]:
        """Addresses that a page loads after a logout which no relying party began."""
        with self._parts.store.transaction() as tx:
            return front_channel_addresses(tx, self._parts, session_id)


def _revoke_grants(tx: ProviderTransaction, session_id: str, now: Instant) -> None:
    """End what was given within the session; §6: what was given for ``offline_access`` stays."""
    for grant in tx.grants.of_session(session_id):
        if OFFLINE_ACCESS in grant.scopes:
            continue
        # Codes and tokens before the grant, as everywhere: another order could deadlock with a
        # replay that is being answered at the same moment.
        tx.single_use.revoke_family(grant.id, now)
        if tx.grants.revoke(grant.id, now):
            tx.audit.append(
                GrantRevoked(grant_id=grant.id, client_id=grant.client_id, reason="logout")
            )


def _leave(redirect_uri: str | None, state: str | None, frames: tuple[str, ...] = ()) -> Response:
    """§3: to the registered URI, with ``state`` if there was one; or the end.

    With relying parties to be told in this browser there is a page between (Front-Channel Logout §3).
    """
    onward = None
    if redirect_uri is not None:
        onward = with_query(redirect_uri, () if state is None else (("state", state),))
    if frames or onward is None:
        return logout_page(signed_out=True, frames=frames, onward=onward)
    return redirect(onward)
