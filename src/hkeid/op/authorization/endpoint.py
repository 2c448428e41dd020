"""From request to answer: the authorization endpoint and the interactions it begins."""

from __future__ import annotations

from typing import Any

from hkeid.doors.subjects import pairwise_subject
from hkeid.identity.authentication import AuthenticationRequest, SessionView
from hkeid.kernel.errors import Refused
from hkeid.kernel.http import Request, Response
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds
from hkeid.oidc.authorization_details import Detail, approved_one
from hkeid.oidc.errors import ErrorCode, OAuthError, invalid_request
from hkeid.oidc.prompts import Prompt
from hkeid.oidc.scopes import OFFLINE_ACCESS, OPENID
from hkeid.op import interactions
from hkeid.op.authorization.checks import CHECKS
from hkeid.op.authorization.decisions import (
    Ask,
    Journey,
    decide_approval,
    decide_consent,
    decide_login,
)
from hkeid.op.authorization.parameters import parse
from hkeid.op.authorization.rendering import render_code, render_error
from hkeid.op.authorization.request import AuthorizationRequest, from_record
from hkeid.op.authorization.trust import reply_to, trusted_client, trusted_redirect_uri
from hkeid.op.authorization.understanding import understand
from hkeid.op.authorization.visits import DECLINED_AS, OUTCOMES, Visit, finish, stale_since
from hkeid.op.clients import KnownClient
from hkeid.op.codes import new_code_record
from hkeid.op.events import AuthorizationDeclined, CodeIssued
from hkeid.op.interactions import (
    Approved,
    Declined,
    Interaction,
    InteractionKind,
    LoggedIn,
    Outcome,
)
from hkeid.op.parts import Parts
from hkeid.op.pushed.records import PushedRequest, take_pushed
from hkeid.op.records import Grant
from hkeid.op.responses import error_page


class AuthorizationEndpoint:
    """``/authorize`` and what becomes of its interactions."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def handle(self, request: Request) -> Response | Interaction:
        """Answer an authorization request."""
        parts = self._parts
        now = parts.clock.now()
        received = parse(request)
        try:
            known = trusted_client(received, parts.clients, now)
            pushed = take_pushed(received, known, parts, now)
            if pushed is not None:
                # RFC 9126 §4, RFC 9101 §6.3: nothing counts but what was pushed.
                received = pushed.received
            reply = reply_to(received, trusted_redirect_uri(received, known))
        except OAuthError as error:
            return error_page(error)
        try:
            self._require_pushed(pushed, known)
            for check in CHECKS:
                check(received, known)
            code = None if pushed is None else pushed.confirmation
            wanted = understand(received, known, reply, parts, code)
        except OAuthError as error:
            return render_error(reply, error, parts.issuer)
        session = parts.sessions.current(request.session, now)
        return self._proceed(
            Visit(
                journey=Journey(request=wanted, began=now, stale=stale_since(session, now)),
                known=known,
                session=session,
                browser=request.browser,
                now=now,
            )
        )

    def _require_pushed(self, pushed: PushedRequest | None, known: KnownClient) -> None:
        """RFC 9126 §5, §6: where pushing is required, "any authorization request that is not pushed"
        is refused.
        """
        needed = (
            self._parts.settings.require_pushed_authorization_requests
            or known.client.require_pushed_authorization_requests
        )
        if needed and pushed is None:
            raise invalid_request("request_not_pushed", "The request must be pushed (RFC 9126).")

    def resume(
        self,
        payload: dict[str, Any],
        digest: bytes,
        outcome: Outcome,
        *,
        browser: str | None,
        session: SessionView | None,
        now: Instant,
    ) -> Response | Interaction:
        """Go on after an interaction.

        :param payload: the interaction's record, which belongs to this browser and is unused.
        :raises Refused: ``outcome_unexpected``, ``interaction_other_session``, ``client_unknown``,
            ``session_ended``.
        """
        kind = InteractionKind(payload["kind"])
        wanted = _request_in(payload)
        known = self._parts.clients.find(wanted.client_id, now)
        if known is None or not known.may_redirect_to(wanted.reply_to.redirect_uri):
            raise Refused("client_unknown")
        if isinstance(outcome, Declined):
            return self._decline(wanted, digest, outcome, now)
        if not isinstance(outcome, OUTCOMES.get(kind, LoggedIn)):
            raise Refused("outcome_unexpected", detail=type(outcome).__name__)
        if session is None or not self._parts.sessions.is_live(session.session_id, now):
            raise Refused("session_ended")
        if kind in OUTCOMES and session.session_id != payload["session"]:
            raise Refused("interaction_other_session")
        journey = Journey(
            request=wanted,
            began=from_epoch_microseconds(payload["began"]),
            stale=None if payload["stale"] is None else from_epoch_microseconds(payload["stale"]),
            done=frozenset(map(InteractionKind, payload["done"])),
        )
        return self._proceed(
            Visit(
                journey=journey.after(kind, same_session=session.session_id == payload["session"]),
                known=known,
                session=session,
                browser=browser,
                now=now,
                used=digest,
                approved=outcome if isinstance(outcome, Approved) else None,
            )
        )

    def interaction(
        self,
        interaction_id: str,
        payload: dict[str, Any],
        session: SessionView | None,
        expires_at: Instant,
    ) -> Interaction:
        """An interaction as its record tells it, for a page that is shown again.

        :raises Refused: ``client_unknown``; ``interaction_other_session``: a question to one resident
            is neither shown to nor answered by another who logged in meanwhile.
        """
        own = payload["kind"] in OUTCOMES
        if own and session is not None and session.session_id != payload["session"]:
            raise Refused("interaction_other_session")
        wanted = _request_in(payload)
        known = self._parts.clients.find(wanted.client_id, self._parts.clock.now())
        if known is None:
            raise Refused("client_unknown")
        ask = Ask(InteractionKind(payload["kind"]), tuple(payload["claims"]), payload["fresh"])
        return self._present(interaction_id, ask, wanted, known, session, expires_at)

    def _proceed(self, visit: Visit) -> Response | Interaction:
        """Decide what comes next, and do it."""
        parts, wanted, session = self._parts, visit.journey.request, visit.session
        subject = None
        if session is not None:
            subject = pairwise_subject(
                parts.keys,
                visit.known.client.sector_identifier,
                session.authentication.resident_id,
            )
        try:
            leeway = parts.settings.clock_leeway
            ask = decide_login(visit.journey, session, subject, visit.now, leeway)
            if ask is None and session is not None:
                ask = decide_consent(visit.journey, self._undecided(visit, session))
            if ask is None:
                ask = decide_approval(visit.journey, needed=self._needs_approval(visit))
        except OAuthError as error:
            return self._refuse(wanted, error, visit)
        if ask is not None:
            return self._ask(visit, ask)
        if session is None or subject is None:  # decide_login never lets this pass
            raise Refused("session_ended")
        return self._issue(visit, session, subject)

    def _needs_approval(self, visit: Visit) -> bool:
        details = visit.journey.request.details
        return visit.approved is None and self._approvable(details) is not None

    def _approvable(self, details: tuple[Detail, ...]) -> Detail | None:
        return approved_one(details, self._parts.details) if details else None

    def _undecided(self, visit: Visit, session: SessionView) -> frozenset[str]:
        wanted = visit.journey.request.claims
        if not wanted or InteractionKind.CONSENT in visit.journey.done:
            return frozenset()
        resident = session.authentication.resident_id
        return self._parts.claims.unconsented(resident, visit.known.id, wanted, visit.now)

    def _ask(self, visit: Visit, ask: Ask) -> Response | Interaction:
        """Keep the journey and hand it to a human."""
        parts, wanted = self._parts, visit.journey.request
        if visit.browser is None:
            error = OAuthError(
                ErrorCode.INTERACTION_REQUIRED, "browser_unknown", "A browser is needed to go on."
            )
            return self._refuse(wanted, error, visit)
        stale = visit.journey.stale
        payload = {
            "kind": ask.kind.value,
            "request": wanted.as_record(),
            "claims": list(ask.claims),
            "fresh": ask.fresh,
            "began": epoch_microseconds(visit.journey.began),
            "stale": None if stale is None else epoch_microseconds(stale),
            # An approval counts for the answer that follows it, or not at all.
            "done": sorted(visit.journey.done - {InteractionKind.APPROVAL}),
            "session": None if visit.session is None else visit.session.session_id,
        }
        interaction_id = parts.random.token()
        record = interactions.new_record(
            interaction_id,
            visit.browser,
            payload,
            visit.now,
            parts.settings.interaction_lifetime,
            private={"details": [dict(one) for one in wanted.details]} if wanted.details else None,
            nonce=parts.random.token_bytes(12),
        )
        with parts.store.transaction() as tx:
            finish(tx, visit)
            tx.single_use.put(record)
        return self._present(
            interaction_id, ask, wanted, visit.known, visit.session, record.expires_at
        )

    def _present(
        self,
        interaction_id: str,
        ask: Ask,
        wanted: AuthorizationRequest,
        known: KnownClient,
        session: SessionView | None,
        expires_at: Instant,
    ) -> Interaction:
        request = None
        if ask.kind not in OUTCOMES:
            request = self._authentication_request(ask, wanted, known, session)
        approval = ask.kind is InteractionKind.APPROVAL
        return Interaction(
            id=interaction_id,
            kind=ask.kind,
            client=known.client,
            request=request,
            claims=ask.claims,
            detail=self._approvable(wanted.details) if approval else None,
            confirmation=wanted.confirmation if approval else None,
            ui_locales=wanted.ui_locales,
            session=session,
            expires_at=expires_at,
            names_resident=OPENID in wanted.scopes,
        )

    def _authentication_request(
        self,
        ask: Ask,
        wanted: AuthorizationRequest,
        known: KnownClient,
        session: SessionView | None,
    ) -> AuthenticationRequest:
        """What the hub is asked. It must be the present resident where a hint says so: a pairwise
        ``sub`` cannot be turned back into a resident, only compared.
        """
        resident_id = None
        if session is not None and wanted.expected:
            present = session.authentication.resident_id
            sector = known.client.sector_identifier
            if pairwise_subject(self._parts.keys, sector, present) in wanted.expected:
                resident_id = present
        return AuthenticationRequest(
            client_id=known.id,
            audience=known.id,
            acr=wanted.acr,
            max_age=wanted.max_age,
            # Who has no session here may have one elsewhere (an identity provider behind us).
            fresh=ask.fresh or Prompt.LOGIN in wanted.prompts,
            resident_id=resident_id,
            ui_locales=wanted.ui_locales,
            door=wanted.door,
            domain=wanted.domain,
        )

    def _issue(self, visit: Visit, session: SessionView, subject: str) -> Response:
        """Give the grant and its code, in one transaction."""
        parts, wanted = self._parts, visit.journey.request
        grant = self._grant(visit, session, subject)
        code = parts.random.token()
        record = new_code_record(
            code,
            grant,
            wanted,
            visit.now,
            parts.settings.code_lifetime,
            details=self._granted_details(visit),
            approved=visit.approved,
            nonce=parts.random.token_bytes(12),
        )
        with parts.store.transaction() as tx:
            finish(tx, visit)
            tx.grants.add(grant)
            tx.single_use.put(record)
            tx.audit.append(
                CodeIssued(
                    grant_id=grant.id,
                    client_id=grant.client_id,
                    resident_id=grant.resident_id,
                    session_id=grant.session_id,
                    acr=grant.acr.value,
                    scopes=grant.scopes,
                )
            )
        return render_code(wanted.reply_to, code, parts.issuer)

    def _granted_details(self, visit: Visit) -> tuple[Detail, ...]:
        """What was asked for, the approved object as it was approved."""
        details, approved = visit.journey.request.details, visit.approved
        if approved is None:
            return details
        own = self._approvable(details)
        return tuple(approved.detail if one is own else one for one in details)

    def _grant(self, visit: Visit, session: SessionView, subject: str) -> Grant:
        settings, wanted = self._parts.settings, visit.journey.request
        if OFFLINE_ACCESS in wanted.scopes:
            lifetime = settings.refresh_lifetime
        else:
            lifetime = settings.code_lifetime + settings.access_token_lifetime
        return Grant(
            id=self._parts.random.token(16),
            client_id=visit.known.id,
            resident_id=session.authentication.resident_id,
            session_id=session.session_id,
            subject=subject,
            scopes=wanted.scopes,
            claims=wanted.claims_by_place,
            acr=session.authentication.acr,
            amr=session.authentication.amr,
            authenticated_at=session.authentication.authenticated_at,
            created_at=visit.now,
            expires_at=visit.now + lifetime,
        )

    def _refuse(self, wanted: AuthorizationRequest, error: OAuthError, visit: Visit) -> Response:
        """Send an error back; what an interaction led to is recorded."""
        if visit.used is not None:
            self._record_end(wanted, error, visit.used, error.reason, visit.now)
        return render_error(wanted.reply_to, error, self._parts.issuer)

    def _decline(
        self, wanted: AuthorizationRequest, digest: bytes, outcome: Declined, now: Instant
    ) -> Response:
        """The resident turned back (OpenID Connect Core §3.1.2.6)."""
        code = DECLINED_AS.get(outcome.reason, ErrorCode.ACCESS_DENIED)
        error = OAuthError(code, "resident_declined", "The resident did not go on.")
        self._record_end(wanted, error, digest, outcome.reason, now)
        return render_error(wanted.reply_to, error, self._parts.issuer)

    def _record_end(
        self,
        wanted: AuthorizationRequest,
        error: OAuthError,
        digest: bytes,
        reason: str,
        now: Instant,
    ) -> None:
        event = AuthorizationDeclined(
            client_id=wanted.client_id, error=error.code.value, reason=reason
        )
        with self._parts.store.transaction() as tx:
            interactions.use_up(tx.single_use, digest, now)
            self._parts.append_within_budget(tx, event)


def _request_in(payload: dict[str, Any]) -> AuthorizationRequest:
    """The request of an interaction's record."""
    return from_record(payload["request"], tuple(payload["private"].get("details", ())))
