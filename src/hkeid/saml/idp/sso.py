"""Logins: requests that come in, the people who are asked, and the answers that go out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hkeid.doors import interactions
from hkeid.doors.interactions import (
    Approved,
    Declined,
    Interaction,
    InteractionKind,
    LoggedIn,
    Outcome,
)
from hkeid.identity.authentication import AuthenticationRequest, SessionView
from hkeid.kernel.errors import MalformedInput, Refused
from hkeid.kernel.http import Request, Response
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds
from hkeid.saml.idp.attributes import attributes
from hkeid.saml.idp.delivery import deliver
from hkeid.saml.idp.events import AssertionIssued, SamlLoginRefused
from hkeid.saml.idp.forms import told
from hkeid.saml.idp.issuing import issue, refusal, status_of
from hkeid.saml.idp.naming import persistent_name
from hkeid.saml.idp.parts import Parts
from hkeid.saml.idp.records import IdentityProviderTransaction
from hkeid.saml.idp.responses import error_page
from hkeid.saml.idp.trust import Peer, default_acs, peer_of, trusted_request
from hkeid.saml.idp.visits import (
    OUTCOMES,
    RECORD_KIND,
    Ask,
    Replayed,
    Visit,
    bare,
    finish,
    moment,
    or_passive,
)
from hkeid.saml.idp.wanted import Wanted, from_record, unasked, understand
from hkeid.saml.messages import MessageReason, MessageRefused
from hkeid.saml.messages.bindings import arrival
from hkeid.saml.messages.freshness import once

REQUEST_KIND = "saml_idp_request"
_TARGET = re.compile(r"[\x20-\x7e]{1,1024}")
_DECLINED_AS = {
    "unmet_authentication_requirements": MessageReason.AUTHN_CONTEXT_UNREACHABLE,
    "login_required": MessageReason.LOGIN_FAILED,
    "temporarily_unavailable": MessageReason.UPSTREAM_UNAVAILABLE,
    "server_error": MessageReason.UPSTREAM_UNAVAILABLE,
}


class SsoEndpoint:
    """``/saml/sso``, ``/saml/login``, and what becomes of their interactions."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def handle(self, request: Request) -> Response | Interaction:
        """Answer an AuthnRequest (saml-profiles §4.1.4.1)."""
        parts = self._parts
        now = parts.clock.now()
        try:
            trusted = trusted_request(arrival(request), parts, now)
        except (MalformedInput, Refused) as error:
            return error_page(error)
        try:
            wanted = understand(trusted, parts)
        except MessageRefused as error:
            return self._refuse(bare(trusted), trusted.peer, error, now)
        return self._enter(wanted, trusted.peer, request, now)

    def begin(self, request: Request) -> Response | Interaction:
        """A login that begins here: only for services that are registered for that (saml-profiles §4.1.5)."""
        parts = self._parts
        now = parts.clock.now()
        entity_id, target = request.query.get("sp"), request.query.get("target")
        try:
            if request.query.repeated() or (target is not None and not _TARGET.fullmatch(target)):
                raise MessageRefused(MessageReason.BINDING_PARAMETERS)
            peer = peer_of(entity_id, parts, now)
            if not peer.service.idp_initiated:
                raise MessageRefused(MessageReason.IDP_INITIATED)
            wanted = unasked(peer, default_acs(peer.role), target, parts)
        except (MalformedInput, Refused) as error:
            return error_page(error)
        return self._enter(wanted, peer, request, now)

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
        :raises Refused: ``outcome_unexpected``, ``interaction_other_session``, ``session_ended``; as
            :func:`hkeid.saml.idp.trust.peer_of`, ``saml_acs_unknown``: the service is not what it was.
        """
        kind = InteractionKind(payload["kind"])
        wanted = from_record(payload["wanted"], payload["private"])
        peer = self._peer(wanted, now)
        if isinstance(outcome, Declined):
            reason = _DECLINED_AS.get(outcome.reason, MessageReason.DECLINED)
            refused = MessageRefused(reason, detail=outcome.reason)
            return self._refuse(wanted, peer, refused, now, used=digest)
        if not isinstance(outcome, OUTCOMES.get(kind, LoggedIn)):
            raise Refused("outcome_unexpected", detail=type(outcome).__name__)
        if session is None or not self._parts.sessions.is_live(session.session_id, now):
            raise Refused("session_ended")
        same = session.session_id == payload["session"]
        if kind in OUTCOMES and not same:
            raise Refused("interaction_other_session")
        done = frozenset(map(InteractionKind, payload["done"]))
        # Consent is the resident's own: in another session it is asked for again.
        done = (done if same else done - OUTCOMES.keys()) | {kind}
        return self._proceed(
            Visit(
                wanted=wanted,
                peer=peer,
                session=session,
                browser=browser,
                now=now,
                began=from_epoch_microseconds(payload["began"]),
                stale=moment(payload["stale"]),
                done=done,
                used=digest,
                approved=outcome if isinstance(outcome, Approved) else None,
            )
        )

    def interaction(
        self,
        interaction_id: str,
        payload: Mapping[str, Any],
        session: SessionView | None,
        expires_at: Instant,
    ) -> Interaction:
        """An interaction as its record tells it, for a page that is shown again.

        :raises Refused: ``interaction_other_session``; as :func:`hkeid.saml.idp.trust.peer_of`.
        """
        kind = InteractionKind(payload["kind"])
        if kind in OUTCOMES and session is not None and session.session_id != payload["session"]:
            raise Refused("interaction_other_session")
        wanted = from_record(payload["wanted"], payload["private"])
        ask = Ask(kind, tuple(payload["claims"]), payload["fresh"])
        peer = self._peer(wanted, self._parts.clock.now())
        return self._present(interaction_id, ask, wanted, peer, session, expires_at)

    def _peer(self, wanted: Wanted, now: Instant) -> Peer:
        peer = peer_of(wanted.entity_id, self._parts, now)
        if not any(
            one.location == wanted.acs and one.binding == wanted.acs_binding
            for one in peer.role.assertion_consumer_services
        ):
            raise MessageRefused(MessageReason.ACS_UNKNOWN)
        return peer

    def _enter(
        self, wanted: Wanted, peer: Peer, request: Request, now: Instant
    ) -> Response | Interaction:
        session = self._parts.sessions.current(request.session, now)
        at = None if session is None else session.authentication.authenticated_at
        return self._proceed(
            Visit(
                wanted=wanted,
                peer=peer,
                session=session,
                browser=request.browser,
                now=now,
                began=now,
                stale=None if at == now else at,
            )
        )

    def _proceed(self, visit: Visit) -> Response | Interaction:
        """Decide what comes next, and do it."""
        try:
            ask = self._decide(visit)
            if ask is not None:
                return self._ask(visit, ask)
            return self._issue(visit)
        except MessageRefused as error:
            return self._refuse(visit.wanted, visit.peer, error, visit.now, used=visit.used)

    def _decide(self, visit: Visit) -> Ask | None:
        """Whether a human is needed.

        :raises MessageRefused: nobody may be asked (``saml_passive``), or asking did not help.
        """
        wanted, session = visit.wanted, visit.session
        logged_in = InteractionKind.LOGIN in visit.done
        if session is None:
            return or_passive(wanted, Ask(InteractionKind.LOGIN))
        if not session.serves(wanted.entity_id):
            # saml-core §2.5.1.6: an upstream proved it for others, or for us alone.
            if logged_in:
                raise MessageRefused(MessageReason.PROXY_COUNT, detail="upstream_forbids_proxying")
            return or_passive(wanted, Ask(InteractionKind.LOGIN))
        if wanted.force_authn and not (logged_in and self._fresh(visit, session)):
            return or_passive(wanted, Ask(InteractionKind.LOGIN, fresh=True))
        if wanted.assurance.stated(session.authentication.acr) is None:
            if logged_in:
                raise MessageRefused(MessageReason.AUTHN_CONTEXT_UNREACHABLE)
            return or_passive(wanted, Ask(InteractionKind.LOGIN))
        if wanted.own_only and self._parts.origins.authority(session) is not None:
            raise MessageRefused(MessageReason.PROXY_COUNT)
        self._check_expected(visit, session)
        undecided = self._undecided(visit, session)
        if undecided:
            asked = tuple(name for name in wanted.claims if name in undecided)
            return or_passive(wanted, Ask(InteractionKind.CONSENT, asked))
        if wanted.form is not None and visit.approved is None:
            return or_passive(wanted, Ask(InteractionKind.APPROVAL))
        return None

    def _fresh(self, visit: Visit, session: SessionView) -> bool:
        """saml-core §3.4.1: ForceAuthn: not on the strength of a session that was there before."""
        at = session.authentication.authenticated_at
        return at >= visit.began and at != visit.stale

    def _check_expected(self, visit: Visit, session: SessionView) -> None:
        """saml-core §3.4.1.4: a Subject in the request that is not the one who is there."""
        expected = visit.wanted.expected
        resident = session.authentication.resident_id
        if expected is not None and expected != persistent_name(
            self._parts.keys, visit.peer.service, resident
        ):
            raise MessageRefused(MessageReason.SUBJECT_IN_REQUEST)

    def _undecided(self, visit: Visit, session: SessionView) -> frozenset[str]:
        wanted = visit.wanted.claims
        if not wanted or InteractionKind.CONSENT in visit.done:
            return frozenset()
        resident = session.authentication.resident_id
        party = visit.peer.service.relying_party.id
        return self._parts.claims.unconsented(resident, party, wanted, visit.now)

    def _ask(self, visit: Visit, ask: Ask) -> Response | Interaction:
        """Keep what is wanted, and hand it to a human."""
        parts, wanted = self._parts, visit.wanted
        if visit.browser is None:
            raise MessageRefused(MessageReason.PASSIVE, detail="no browser to ask in")
        payload = {
            "kind": ask.kind.value,
            "wanted": wanted.as_record(),
            "claims": list(ask.claims),
            "fresh": ask.fresh,
            "began": epoch_microseconds(visit.began),
            "stale": None if visit.stale is None else epoch_microseconds(visit.stale),
            # What was sent counts for the answer that follows, or not at all.
            "done": sorted(visit.done - {InteractionKind.APPROVAL}),
            "session": None if visit.session is None else visit.session.session_id,
        }
        interaction_id = parts.random.token()
        record = interactions.new_record(
            RECORD_KIND,
            interaction_id,
            visit.browser,
            payload,
            visit.now,
            parts.settings.interaction_lifetime,
            private=wanted.private(),
            nonce=parts.random.token_bytes(12),
        )
        with parts.store.transaction() as tx:
            finish(tx, visit.used, visit.now)
            tx.single_use.put(record)
        return self._present(
            interaction_id, ask, wanted, visit.peer, visit.session, record.expires_at
        )

    def _present(
        self,
        interaction_id: str,
        ask: Ask,
        wanted: Wanted,
        peer: Peer,
        session: SessionView | None,
        expires_at: Instant,
    ) -> Interaction:
        party = peer.service.relying_party
        request = None
        if ask.kind is InteractionKind.LOGIN:
            request = AuthenticationRequest(
                client_id=party.id,
                audience=wanted.entity_id,
                acr=wanted.assurance.least,
                fresh=ask.fresh,
            )
        return Interaction(
            id=interaction_id,
            kind=ask.kind,
            client=party,
            request=request,
            claims=ask.claims,
            detail=wanted.form if ask.kind is InteractionKind.APPROVAL else None,
            session=session,
            expires_at=expires_at,
        )

    def _issue(self, visit: Visit) -> Response:
        """Answer, in one transaction with what is kept and recorded. A request is answered once."""
        parts, wanted, session, now = self._parts, visit.wanted, visit.session, visit.now
        if session is None:  # _decide never lets this pass
            raise Refused("session_ended")
        about = session.authentication
        class_ref = wanted.assurance.stated(about.acr)
        if class_ref is None:
            raise MessageRefused(MessageReason.AUTHN_CONTEXT_UNREACHABLE)
        party = visit.peer.service.relying_party
        released: Mapping[str, Any] = {}
        if wanted.form is not None and visit.approved is not None:
            released = told(wanted.form, visit.approved, visit.peer, about.resident_id, parts)
        elif wanted.claims:
            released = parts.claims.release(about.resident_id, party.id, wanted.claims, now)
        said = attributes(released)
        made = issue(wanted, visit.peer, session, class_ref, said, parts, now)
        with parts.store.transaction() as tx:
            finish(tx, visit.used, now)
            self._answer_once(tx, wanted, now)
            tx.participations.put(made.participation)
            tx.audit.append(
                AssertionIssued(
                    assertion_id=made.assertion_id,
                    entity_id=wanted.entity_id,
                    resident_id=about.resident_id,
                    session_id=session.session_id,
                    acr=about.acr.value,
                    claims=tuple(sorted({name.partition("#")[0] for name in released})),
                    solicited=wanted.request_id is not None,
                )
            )
            answer = deliver(made.response, wanted, parts, tx, now)
        if not parts.sessions.is_live(session.session_id, now):
            # It has ended meanwhile, perhaps before this service was among those that are told of it. Whoever ends
            # it from here on finds the service.
            return error_page(Refused("session_ended"))
        return answer

    def _answer_once(self, tx: IdentityProviderTransaction, wanted: Wanted, now: Instant) -> None:
        if wanted.request_id is None:
            return
        settings = self._parts.settings
        until = now + settings.message_lifetime + settings.interaction_lifetime + 2 * settings.skew
        record = once(REQUEST_KIND, wanted.entity_id, wanted.request_id, now=now, until=until)
        if not tx.single_use.put(record):
            raise Replayed(MessageReason.REPLAYED)

    def _refuse(
        self,
        wanted: Wanted,
        peer: Peer,
        error: MessageRefused,
        now: Instant,
        *,
        used: bytes | None = None,
    ) -> Response:
        """Tell the service that nobody is logged in; or the person, where the service was answered before."""
        if isinstance(error, Replayed):
            return error_page(error)
        status = status_of(error)
        event = SamlLoginRefused(
            entity_id=wanted.entity_id, status=status.codes[-1], reason=error.reason
        )
        response = refusal(wanted, peer.role, status, self._parts, now)
        with self._parts.store.transaction() as tx:
            finish(tx, used, now)
            self._parts.append_within_budget(tx, event)
            return deliver(response, wanted, self._parts, tx, now)
